//! Statements: written once, as constants, and expanded at compile time into the text for each database.
//!
//! In the text of a statement, white space outside of quotes counts as one space, and these directives stand for what
//! differs:
//!
//! | Directive | Stands for |
//! |---|---|
//! | `id IN {list $1}` | the elements of a JSON array |
//! | `FROM {rows $1} AS j` | a JSON array as a table: `j.value->>'name'` |
//! | `FROM {texts c.skills} AS s` | a JSON array of strings as a table: `s.value` |
//! | `SELECT {packed a, b}` | all rows as one JSON array, `[]` without rows; for `fetch_packed!` |
//! | `{sqlite …}` | text for SQLite only |
//! | `{pg …}` | text for PostgreSQL only |
//!
//! A field of a JSON object has no type on PostgreSQL: `CAST(j.value->>'n' AS BIGINT)`.

/// Text of a statement in both dialects; placeholders are `$1`, `$2`, … in both.
#[derive(Debug, Clone, Copy)]
pub struct Sql {
    /// Text for SQLite.
    pub sqlite: &'static str,
    /// Text for PostgreSQL.
    pub pg: &'static str,
}

impl Sql {
    /// Returns a statement with the same text for both. Stores use `statements!`, which also lists the statement.
    pub const fn both(text: &'static str) -> Self {
        Self { sqlite: text, pg: text }
    }
    /// Returns a statement with a text for each.
    pub const fn each(sqlite: &'static str, pg: &'static str) -> Self {
        Self { sqlite, pg }
    }
    /// Returns a statement whose texts were expanded.
    #[doc(hidden)]
    pub const fn expanded(sqlite: &'static [u8], pg: &'static [u8]) -> Self {
        match (std::str::from_utf8(sqlite), std::str::from_utf8(pg)) {
            (Ok(sqlite), Ok(pg)) => Self { sqlite, pg },
            _ => panic!("a statement is not UTF-8"),
        }
    }
}

/// Declares a store's statements as constants, and lists them for the tests that prepare every statement on both
/// databases.
///
/// ```ignore
/// statements! {
///     FIND = "SELECT id, name FROM teams WHERE id IN {list $1}";
///     RANDOM_ID = sqlite "SELECT lower(hex(randomblob(16)))", pg "SELECT gen_random_uuid()::text";
/// }
/// ```
#[macro_export]
macro_rules! statements {
    ($(#[$doc:meta])* $name:ident = sqlite $sqlite:expr, pg $pg:expr; $($rest:tt)*) => {
        $crate::statement!($(#[$doc])* $name, $sqlite, $pg);
        $crate::statements!($($rest)*);
    };
    ($(#[$doc:meta])* $name:ident = $text:expr; $($rest:tt)*) => {
        $crate::statement!($(#[$doc])* $name, $text, $text);
        $crate::statements!($($rest)*);
    };
    () => {};
}

/// Declares one statement.
#[doc(hidden)]
#[macro_export]
macro_rules! statement {
    ($(#[$doc:meta])* $name:ident, $sqlite:expr, $pg:expr) => {
        $(#[$doc])*
        const $name: $crate::database::Sql = {
            use $crate::database::Dialect::{Pg, Sqlite};
            use $crate::database::{Sql, expand, expanded_len};
            const SQLITE: [u8; expanded_len($sqlite, Sqlite)] = expand($sqlite, Sqlite);
            const PG: [u8; expanded_len($pg, Pg)] = expand($pg, Pg);
            Sql::expanded(&SQLITE, &PG)
        };
        #[cfg(debug_assertions)]
        const _: () = {
            #[linkme::distributed_slice($crate::database::STATEMENTS)]
            static STATEMENT: $crate::database::Statement =
                $crate::database::Statement { name: stringify!($name), sql: $name, file: file!() };
        };
    };
}

/// A statement of the list.
#[cfg(debug_assertions)]
#[derive(Debug, Clone, Copy)]
pub struct Statement {
    /// Name of the constant.
    pub name: &'static str,
    /// Text.
    pub sql: Sql,
    /// File of its declaration, relative to the package.
    pub file: &'static str,
}

/// Every statement that is declared with `statements!`. Release builds have no list.
#[cfg(debug_assertions)]
#[linkme::distributed_slice]
pub static STATEMENTS: [Statement];

/// SQL dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite's.
    Sqlite,
    /// PostgreSQL's.
    Pg,
}

/// Text before and after the content of a directive; `None` where the content is left out.
type Around = Option<[&'static str; 2]>;

struct Directive {
    name: &'static str,
    sqlite: Around,
    pg: Around,
}

const fn directive(name: &'static str, sqlite: Around, pg: Around) -> Directive {
    Directive { name, sqlite, pg }
}

const DIRECTIVES: [Directive; 6] = [
    directive(
        "list",
        Some(["(SELECT value FROM json_each(", "))"]),
        Some(["(SELECT jsonb_array_elements_text(", "::jsonb))"]),
    ),
    directive("rows", Some(["json_each(", ")"]), Some(["jsonb_array_elements(", "::jsonb)"])),
    directive("texts", Some(["json_each(", ")"]), Some(["jsonb_array_elements_text(", "::jsonb)"])),
    directive(
        "packed",
        Some(["json_group_array(json_array(", "))"]),
        Some(["COALESCE(json_agg(json_build_array(", ")), '[]'::json)::text"]),
    ),
    directive("sqlite", Some(["", ""]), None),
    directive("pg", None, Some(["", ""])),
];

/// Maximum number of nested directives.
const MAX_DEPTH: usize = 4;

/// Returns the length of the expanded text in bytes.
#[doc(hidden)]
pub const fn expanded_len(text: &str, dialect: Dialect) -> usize {
    Output::<0>::write(text, dialect).len
}

/// Returns the text of a statement in this dialect; `N` is its [`expanded_len`].
///
/// Panics, which is an error of the compiler in a constant: an unknown directive, a quote or a directive that is not
/// closed, or a comment (`--`), which would hide the rest of the statement.
#[doc(hidden)]
pub const fn expand<const N: usize>(text: &str, dialect: Dialect) -> [u8; N] {
    Output::<N>::write(text, dialect).bytes
}

struct Output<const N: usize> {
    bytes: [u8; N],
    /// Length of the whole text, which may be more than `N`.
    len: usize,
    /// Whether white space precedes the next byte.
    space: bool,
    /// Number of open directives whose content is left out.
    hidden: usize,
}

impl<const N: usize> Output<N> {
    const fn write(text: &str, dialect: Dialect) -> Self {
        let text = text.as_bytes();
        let mut out = Self { bytes: [0; N], len: 0, space: false, hidden: 0 };
        let (mut open, mut depth) = ([0; MAX_DEPTH], 0);
        let (mut at, mut quoted) = (0, false);
        while at < text.len() {
            let byte = text[at];
            at += 1;
            quoted ^= byte == b'\'';
            match byte {
                _ if quoted => out.push(byte),
                b'{' => {
                    open[depth] = directive_at(text, at);
                    let directive = &DIRECTIVES[open[depth]];
                    out.open(around(directive, dialect));
                    at += directive.name.len() + 1;
                    depth += 1;
                }
                b'}' => {
                    depth -= 1;
                    out.close(around(&DIRECTIVES[open[depth]], dialect));
                }
                b'-' if at < text.len() && text[at] == b'-' => panic!("a comment in a statement"),
                _ if byte.is_ascii_whitespace() => out.space = true,
                _ => out.push(byte),
            }
        }
        assert!(depth == 0 && !quoted, "a quote or a directive is not closed");
        out
    }

    const fn open(&mut self, around: Around) {
        match around {
            Some([before, _]) => self.push_all(before.as_bytes()),
            None => self.hidden += 1,
        }
    }

    const fn close(&mut self, around: Around) {
        match around {
            Some([_, after]) => self.push_all(after.as_bytes()),
            None => self.hidden -= 1,
        }
    }

    const fn push_all(&mut self, bytes: &[u8]) {
        let mut at = 0;
        while at < bytes.len() {
            self.push(bytes[at]);
            at += 1;
        }
    }

    const fn push(&mut self, byte: u8) {
        if self.hidden > 0 {
            return;
        }
        if self.space && self.len > 0 {
            self.put(b' ');
        }
        self.space = false;
        self.put(byte);
    }

    const fn put(&mut self, byte: u8) {
        if self.len < N {
            self.bytes[self.len] = byte;
        }
        self.len += 1;
    }
}

const fn around(directive: &Directive, dialect: Dialect) -> Around {
    match dialect {
        Dialect::Sqlite => directive.sqlite,
        Dialect::Pg => directive.pg,
    }
}

/// Returns the index of the directive whose name, followed by white space, is at this position.
const fn directive_at(text: &[u8], at: usize) -> usize {
    let mut index = 0;
    while index < DIRECTIVES.len() {
        let name = DIRECTIVES[index].name.as_bytes();
        let mut same = 0;
        while same < name.len() && at + same < text.len() && text[at + same] == name[same] {
            same += 1;
        }
        if same == name.len() && at + same < text.len() && text[at + same].is_ascii_whitespace() {
            return index;
        }
        index += 1;
    }
    panic!("an unknown directive in a statement")
}

#[cfg(test)]
mod tests {
    use super::*;

    statements! {
        LISTED = "
            SELECT id
            FROM teams
            WHERE id IN {list $1} AND name <> 'a  {b}'
            {pg FOR UPDATE}";
    }

    fn texts(text: &'static str) -> [String; 2] {
        [Dialect::Sqlite, Dialect::Pg].map(|dialect| {
            let Output { bytes, len, .. } = Output::<400>::write(text, dialect);
            String::from_utf8(bytes[..len].to_vec()).unwrap()
        })
    }

    #[test]
    fn constants_are_expanded_and_listed() {
        assert_eq!(
            LISTED.sqlite,
            "SELECT id FROM teams WHERE id IN (SELECT value FROM json_each($1)) AND name <> 'a  {b}'"
        );
        assert_eq!(
            LISTED.pg,
            "SELECT id FROM teams WHERE id IN (SELECT jsonb_array_elements_text($1::jsonb)) AND name <> 'a  {b}' FOR UPDATE"
        );
        assert!(STATEMENTS.iter().any(|statement| statement.name == "LISTED" && statement.file == file!()));
    }

    #[test]
    fn every_directive_has_both_texts() {
        assert_eq!(
            texts("SELECT {packed j.value->>'a', s.value} FROM {rows $1} AS j, {texts c.s} AS s"),
            [
                "SELECT json_group_array(json_array(j.value->>'a', s.value)) FROM json_each($1) AS j, json_each(c.s) AS s",
                "SELECT COALESCE(json_agg(json_build_array(j.value->>'a', s.value)), '[]'::json)::text \
                 FROM jsonb_array_elements($1::jsonb) AS j, jsonb_array_elements_text(c.s::jsonb) AS s",
            ]
        );
        assert_eq!(
            texts("a {sqlite b} {pg c {list $1}} d"),
            ["a b d", "a c (SELECT jsonb_array_elements_text($1::jsonb)) d"]
        );
    }

    #[test]
    fn faults_are_errors_of_the_compiler() {
        for text in ["SELECT {lists $1}", "SELECT {list}", "SELECT 'a", "SELECT {pg 1", "SELECT 1 -- one"] {
            assert!(std::panic::catch_unwind(|| texts(text)).is_err(), "{text}");
        }
    }
}
