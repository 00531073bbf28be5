//! Search queries, parsed to a small tree. The user's text never reaches a database: each one's own syntax is generated
//! from the tree, whose words consist of letters and digits only.

use super::tokens::{Token, tokens};
use std::fmt::Write;

/// Maximum number of characters of a query.
pub const MAX_QUERY_CHARS: usize = 500;
/// Maximum number of words and phrases of a query.
const MAX_TERMS: usize = 32;
/// Maximum number of words of a phrase; lines are split into parts that overlap by as many.
pub(super) const MAX_PHRASE_WORDS: usize = 32;

/// Reason why a query is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// It has no word.
    #[error("there is no word to search for")]
    Empty,
    /// It has only excluded words.
    #[error("add a word to search for, not only words to exclude")]
    OnlyWithout,
    /// It is too long.
    #[error("the search is too long: at most {MAX_QUERY_CHARS} characters and {MAX_TERMS} words")]
    TooLong,
}

/// A word or phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    words: Vec<String>,
    /// Whether the last word is a prefix.
    prefix: bool,
}

/// A query: matches lines with every one of `all` and none of `without`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Alternatives, of each of which one must match.
    all: Vec<Vec<Term>>,
    without: Vec<Term>,
}

/// A token of the query's text.
struct Raw<'a> {
    text: &'a str,
    quoted: bool,
    without: bool,
    prefix: bool,
}

const QUOTES: [char; 7] = ['"', '\u{201c}', '\u{201d}', '\u{201e}', '\u{ab}', '\u{bb}', '\u{201f}'];

/// Splits the first token off the text.
fn next(text: &str) -> Option<(Raw<'_>, &str)> {
    let text = text.trim_start();
    let (without, text) = match text.strip_prefix('-') {
        Some(rest) if !rest.starts_with(char::is_whitespace) => (true, rest),
        _ => (false, text),
    };
    let first = text.chars().next()?;
    let (inside, rest, quoted) = if QUOTES.contains(&first) {
        let inside = &text[first.len_utf8()..];
        match inside.char_indices().find(|(_, c)| QUOTES.contains(c)) {
            Some((at, c)) => (&inside[..at], &inside[at + c.len_utf8()..], true),
            None => (inside, "", true),
        }
    } else {
        let end = text.find(|c: char| c.is_whitespace() || QUOTES.contains(&c)).unwrap_or(text.len());
        (&text[..end], &text[end..], false)
    };
    let starred = if quoted { rest.starts_with('*') } else { inside.ends_with('*') };
    let rest = if quoted { rest.trim_start_matches('*') } else { rest };
    Some((Raw { text: inside, quoted, without, prefix: starred }, rest))
}

impl std::str::FromStr for Query {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        if text.chars().count() > MAX_QUERY_CHARS {
            return Err(QueryError::TooLong);
        }
        let mut query = Self { all: Vec::new(), without: Vec::new() };
        let (mut rest, mut or, mut terms) = (text, false, 0);
        while let Some((raw, left)) = next(rest) {
            rest = left;
            if !raw.quoted && !raw.without && matches!(raw.text, "OR" | "|") {
                or = true;
                continue;
            }
            let mut words: Vec<String> = tokens(raw.text).into_iter().map(|token| token.text).collect();
            if words.is_empty() || (!raw.quoted && raw.text == "AND") {
                continue;
            }
            let prefix = raw.prefix && words.len() <= MAX_PHRASE_WORDS;
            words.truncate(MAX_PHRASE_WORDS);
            let term = Term { words, prefix };
            match query.all.last_mut() {
                _ if raw.without => query.without.push(term),
                Some(last) if or => last.push(term),
                _ => query.all.push(vec![term]),
            }
            or = false;
            terms += 1;
        }
        match (query.all.is_empty(), query.without.is_empty()) {
            _ if terms > MAX_TERMS => Err(QueryError::TooLong),
            (true, true) => Err(QueryError::Empty),
            (true, false) => Err(QueryError::OnlyWithout),
            _ => Ok(query),
        }
    }
}

/// Query syntax of a database.
struct Dialect {
    and: &'static str,
    or: &'static str,
    without: &'static str,
    term: fn(&Term) -> String,
}

const FTS5: Dialect = Dialect {
    and: " AND ",
    or: " OR ",
    without: " NOT ",
    term: |term| format!("\"{}\"{}", term.words.join(" "), if term.prefix { " *" } else { "" }),
};

const TSQUERY: Dialect = Dialect {
    and: " & ",
    or: " | ",
    without: " & !",
    term: |term| {
        let words: Vec<String> = term.words.iter().map(|word| format!("'{word}'")).collect();
        format!("({}{})", words.join(" <-> "), if term.prefix { ":*" } else { "" })
    },
};

impl Query {
    /// Returns the query for SQLite's FTS5.
    pub(super) fn fts5(&self) -> String {
        self.written(&FTS5)
    }

    /// Returns the query for PostgreSQL's tsquery.
    pub(super) fn tsquery(&self) -> String {
        self.written(&TSQUERY)
    }

    fn written(&self, dialect: &Dialect) -> String {
        let one_of = |terms: &[Term]| {
            let terms: Vec<String> = terms.iter().map(dialect.term).collect();
            format!("({})", terms.join(dialect.or))
        };
        let all: Vec<String> = self.all.iter().map(|terms| one_of(terms)).collect();
        let mut text = format!("({})", all.join(dialect.and));
        if !self.without.is_empty() {
            // Writing to a string can't fail.
            let _ = write!(text, "{}{}", dialect.without, one_of(&self.without));
        }
        text
    }

    /// Returns the matches among these tokens: ranges in bytes of their text, in order, not overlapping.
    pub(super) fn places(&self, line: &[Token]) -> Vec<std::ops::Range<usize>> {
        let mut found: Vec<std::ops::Range<usize>> = Vec::new();
        for term in self.all.iter().flatten() {
            let here = line.windows(term.words.len()).filter(|window| term.fits(window));
            found.extend(here.map(|window| window[0].start..window[window.len() - 1].end));
        }
        found.sort_by_key(|range| range.start);
        let mut joined: Vec<std::ops::Range<usize>> = Vec::new();
        for range in found {
            match joined.last_mut().filter(|last| range.start <= last.end) {
                Some(last) => last.end = last.end.max(range.end),
                None => joined.push(range),
            }
        }
        joined
    }
}

impl Term {
    fn fits(&self, window: &[Token]) -> bool {
        let last = self.words.len() - 1;
        self.words.iter().zip(window).enumerate().all(|(n, (word, token))| {
            token.text == *word || (self.prefix && n == last && token.text.starts_with(word.as_str()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(text: &str) -> (String, String) {
        let query: Query = text.parse().unwrap();
        (query.fts5(), query.tsquery())
    }

    #[test]
    fn each_database_gets_its_own_words() {
        for (given, fts5, tsquery) in [
            ("Refund", r#"(("refund"))"#, "((('refund')))"),
            ("lost parcel", r#"(("lost") AND ("parcel"))"#, "((('lost')) & (('parcel')))"),
            ("\"lost parcel\"", r#"(("lost parcel"))"#, "((('lost' <-> 'parcel')))"),
            ("“lost par”*", r#"(("lost par" *))"#, "((('lost' <-> 'par':*)))"),
            ("los*", r#"(("los" *))"#, "((('los':*)))"),
            (
                "refund OR return -bank",
                r#"(("refund" OR "return")) NOT ("bank")"#,
                "((('refund') | ('return'))) & !(('bank'))",
            ),
            ("a AND b", r#"(("a") AND ("b"))"#, "((('a')) & (('b')))"),
            ("包裹", r#"(("包 裹"))"#, "((('包' <-> '裹')))"),
            ("don’t", r#"(("don t"))"#, "((('don' <-> 't')))"),
            ("OR or \"OR\"", r#"(("or") AND ("or"))"#, "((('or')) & (('or')))"),
            ("\"never closed", r#"(("never closed"))"#, "((('never' <-> 'closed')))"),
            (
                "- x - \"\" * ) NEAR( tokens:",
                r#"(("x") AND ("near") AND ("tokens"))"#,
                "((('x')) & (('near')) & (('tokens')))",
            ),
        ] {
            assert_eq!(written(given), (fts5.to_owned(), tsquery.to_owned()), "{given}");
        }
    }

    #[test]
    fn what_asks_for_nothing_is_refused() {
        let parse = |text: &str| text.parse::<Query>().unwrap_err();
        assert_eq!(["", "  ", "🙂", "* -", "\"\"", "OR"].map(parse), [QueryError::Empty; 6]);
        assert_eq!(parse("-refund"), QueryError::OnlyWithout);
        assert_eq!([parse(&"a ".repeat(33)), parse(&"a".repeat(501))], [QueryError::TooLong; 2]);
    }

    #[test]
    fn hits_are_found_again_in_the_line() {
        let marks = |query: &str, line: &str| {
            let places = query.parse::<Query>().unwrap().places(&tokens(line));
            places.into_iter().map(|place| line[place].to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(marks("muller los*", "Müller, I lost my losses"), ["Müller", "lost", "losses"]);
        assert_eq!(marks("包裹", "我的包裹丢了，包 裹"), ["包裹", "包 裹"]);
        assert_eq!(marks("\"a b\" OR \"b c\"", "a b c, b"), ["a b c"]);
    }

    proptest! {
        #[test]
        fn any_text_is_a_query_or_says_why_not(text in "[\\PC\"*|()&! -]{0,80}") {
            if let Ok(query) = text.parse::<Query>() {
                prop_assert!(query.fts5().matches('"').count() % 2 == 0);
                prop_assert!(query.tsquery().matches('\'').count() % 2 == 0);
            }
        }
    }
}
