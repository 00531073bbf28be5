//! A query without its conditions: it returns all rows of its tables, in the same columns.

/// SQL dialect.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

/// Replacement of the conditions of joins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Joins {
    AsWritten,
    /// Every row matches every other.
    Always,
    /// Inner joins match always, outer joins never.
    OuterNever,
}

/// A word, its position, and the number of open parentheses there.
struct Word<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

/// Returns the words of a statement: letters, digits and `_`, outside of quotes.
fn words(sql: &str) -> Vec<Word<'_>> {
    let (mut words, mut depth, mut quote, mut start) = (Vec::new(), 0usize, None, None);
    for (at, c) in sql.char_indices().chain([(sql.len(), ' ')]) {
        let letter = c.is_alphanumeric() || c == '_';
        if let (Some(from), false) = (start, letter) {
            words.push(Word { text: &sql[from..at], at: from, depth });
            start = None;
        }
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            (None, _) if letter && start.is_none() => start = Some(at),
            (None, _) => {}
        }
    }
    words
}

/// Returns the position of one of these words, outside of parentheses, after `from`.
fn find(sql: &str, from: usize, wanted: &[&str]) -> Option<usize> {
    let mut words = words(sql).into_iter();
    words.find(|word| word.depth == 0 && word.at >= from && wanted.contains(&word.text)).map(|word| word.at)
}

/// Returns the statement without conditions, limits and locks; a statement that changes rows becomes a query for the
/// columns that it returns. Parameters become NULL, of these types where they are known; JSON that rows are made of
/// becomes one row without values.
pub fn loose(sql: &str, dialect: Dialect, joins: Joins, types: &[String]) -> String {
    join(&fill(&open(sql), dialect, types), joins)
}

fn open(sql: &str) -> String {
    let sql = sql.trim();
    let part = |from: &str, until: &[&str]| {
        let at = find(sql, 0, &[from])? + from.len();
        Some(sql[at..find(sql, at, until).unwrap_or(sql.len())].trim().to_owned())
    };
    let returned = part("RETURNING", &[]).unwrap_or_default();
    match words(sql).first().map(|word| word.text) {
        Some("WITH") => {
            let main = find(sql, 0, &["SELECT", "UPDATE", "DELETE", "INSERT"]).unwrap_or(sql.len());
            format!("{} {}", nested(&sql[..main]), open(&sql[main..]))
        }
        Some("UPDATE") => {
            let table = part("UPDATE", &["SET"]).unwrap_or_default();
            let others = part("FROM", &["WHERE", "RETURNING"]).map(|others| format!(", {}", nested(&others)));
            format!("SELECT {returned} FROM {table}{}", others.unwrap_or_default())
        }
        Some("DELETE") => {
            let table = part("FROM", &["WHERE", "RETURNING", "USING"]).unwrap_or_default();
            let others = part("USING", &["WHERE", "RETURNING"]).map(|others| format!(", {}", nested(&others)));
            format!("SELECT {returned} FROM {table}{}", others.unwrap_or_default())
        }
        Some("INSERT") => {
            let into = part("INTO", &["VALUES", "SELECT"]).unwrap_or_default();
            let table = into.split('(').next().unwrap_or_default();
            format!("SELECT {returned} FROM {table}")
        }
        _ => nested(&without_clauses(sql)),
    }
}

/// Removes clauses that filter rows, outside of parentheses.
fn without_clauses(sql: &str) -> String {
    const CLAUSES: [&str; 5] = ["WHERE", "HAVING", "ORDER", "LIMIT", "FOR"];
    const OTHERS: [&str; 4] = ["GROUP", "UNION", "WINDOW", "EXCEPT"];
    let (mut kept, mut at) = (String::new(), 0);
    while let Some(from) = find(sql, at, &CLAUSES) {
        kept.push_str(&sql[at..from]);
        let behind = from + 1;
        at = find(sql, behind, &[&CLAUSES[..], &OTHERS[..]].concat()).unwrap_or(sql.len());
    }
    kept + &sql[at..]
}

/// Does the same for each query in parentheses that rows are taken from.
fn nested(sql: &str) -> String {
    let (mut out, mut at) = (String::new(), 0);
    while let Some(opened) = sql[at..].find('(').map(|found| at + found) {
        let close = closing(sql, opened);
        let inner = &sql[opened + 1..close];
        let first = words(inner).first().map_or("", |word| word.text);
        let before = words(&sql[..opened]).last().map_or("", |word| word.text);
        let is_source = ["FROM", "JOIN", "AS", "MATERIALIZED", "UNION"].contains(&before)
            || sql[..opened].trim_end().ends_with(',');
        let is_query = ["SELECT", "WITH", "UPDATE", "DELETE", "INSERT"].contains(&first);
        out.push_str(&sql[at..=opened]);
        out.push_str(&match (is_query, is_source) {
            (true, true) => open(inner),
            (true, false) => inner.to_owned(),
            (false, _) => nested(inner),
        });
        out.push(')');
        at = close + 1;
    }
    out + &sql[at..]
}

fn closing(sql: &str, opened: usize) -> usize {
    let (mut depth, mut quoted) = (0, false);
    for (at, c) in sql[opened..].char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return opened + at;
        }
    }
    sql.len()
}

/// Replaces parameters by values.
fn fill(sql: &str, dialect: Dialect, types: &[String]) -> String {
    let (mut out, mut rest) = (String::new(), sql);
    while let Some(at) = rest.find('$') {
        let (before, behind) = rest.split_at(at);
        let digits = behind[1..].chars().take_while(char::is_ascii_digit).count();
        let number: usize = behind[1..=digits].parse().unwrap_or(0);
        out.push_str(before);
        let last = before.trim_end().trim_end_matches('(').rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next();
        let is_rows =
            before.ends_with('(') && last.is_some_and(|f| f.starts_with("json_each") || f.starts_with("jsonb_"));
        out.push_str(&match (dialect, types.get(number.wrapping_sub(1))) {
            _ if before.trim_end().ends_with("LIMIT") => "1".to_owned(),
            _ if is_rows => "'[{}]'".to_owned(),
            (Dialect::Postgres, Some(kind)) => format!("CAST(NULL AS {kind})"),
            _ => "NULL".to_owned(),
        });
        rest = &behind[1 + digits..];
    }
    out + rest
}

/// Replaces the conditions of joins.
fn join(sql: &str, joins: Joins) -> String {
    let (mut out, mut at, mut outer) = (String::new(), 0, false);
    let all = words(sql);
    for (index, word) in all.iter().enumerate() {
        match word.text {
            "LEFT" => outer = true,
            "JOIN" => outer &= index > 0 && ["LEFT", "OUTER"].contains(&all[index - 1].text),
            "ON" => {
                out.push_str(&sql[at..word.at]);
                out.push_str(match joins {
                    Joins::AsWritten => "ON",
                    Joins::OuterNever if outer => "ON 1 = 0 AND",
                    Joins::Always | Joins::OuterNever => "ON 1 = 1 OR",
                });
                at = word.at + 2;
            }
            _ => {}
        }
    }
    (out + &sql[at..]).replace("INDEXED BY outbox_due", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sql: &str) -> String {
        loose(sql, Dialect::Sqlite, Joins::AsWritten, &[]).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn conditions_go_and_columns_stay() {
        assert_eq!(
            of("SELECT a, (SELECT MAX(b) FROM u WHERE u.a = t.a) FROM t WHERE a = $1 GROUP BY a ORDER BY a LIMIT $2"),
            "SELECT a, (SELECT MAX(b) FROM u ) FROM t GROUP BY a"
        );
        assert_eq!(
            of("SELECT a FROM (SELECT a FROM t WHERE b = $1 LIMIT 3) AS x WHERE 'WHERE' = a"),
            "SELECT a FROM (SELECT a FROM t ) AS x"
        );
        assert_eq!(
            of("UPDATE t SET a = $1 FROM json_each($2) AS j WHERE t.id = j.value RETURNING t.id"),
            "SELECT t.id FROM t, json_each('[{}]') AS j"
        );
        assert_eq!(of("INSERT INTO t (a) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id"), "SELECT id FROM t");
        assert_eq!(of("DELETE FROM t WHERE a = $1 RETURNING a, b"), "SELECT a, b FROM t");
        let left = "SELECT 1 FROM t JOIN u ON u.a = t.a LEFT JOIN v ON v.a = t.a";
        assert_eq!(
            loose(left, Dialect::Sqlite, Joins::OuterNever, &[]),
            "SELECT 1 FROM t JOIN u ON 1 = 1 OR u.a = t.a LEFT JOIN v ON 1 = 0 AND v.a = t.a"
        );
    }
}
