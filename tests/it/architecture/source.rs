//! A Rust source, parsed just enough to find its uses.

use std::fs;
use std::path::Path;

/// A file below `src`.
pub struct Source {
    /// `staff/store.rs`.
    pub name: String,
    /// `["staff", "store"]`; `mod` is left out.
    pub module: Vec<String>,
    code: String,
}

impl Source {
    /// Leaves out comments, and the tests at the end.
    pub fn new(name: &str, text: &str) -> Self {
        let module = name.trim_end_matches(".rs").split('/').filter(|part| *part != "mod").map(str::to_owned).collect();
        let product = text.find("\n#[cfg(test)]\nmod ").map_or(text, |at| &text[..at]);
        let code = product.lines().map(without_comment).collect::<Vec<_>>().join("\n");
        Self { name: name.to_owned(), module, code }
    }

    /// Returns the paths below the crate's root that it names, in `use` or inline.
    pub fn uses(&self) -> Vec<Vec<String>> {
        let mut paths = Vec::new();
        for (at, _) in self.words("crate") {
            read_tree(&mut &self.code[at + "crate".len()..], &[], &mut paths);
        }
        for (at, _) in self.words("super") {
            // `super::super::x` is read from its first word only.
            if self.code[..at].ends_with("super::") {
                continue;
            }
            let mut rest = &self.code[at..];
            let mut parent = self.module.as_slice();
            while let Some(behind) = rest.strip_prefix("super") {
                parent = parent.split_last().map_or(&[][..], |(_, parent)| parent);
                let Some(further) = behind.strip_prefix("::").filter(|further| further.starts_with("super")) else {
                    rest = behind;
                    break;
                };
                rest = further;
            }
            read_tree(&mut rest, parent, &mut paths);
        }
        paths
    }

    /// Returns the lines in which one of these crates is named. Not in derives: a type may be made to fit a row.
    pub fn names(&self, crates: &[&str]) -> impl Iterator<Item = &str> {
        let found = crates
            .iter()
            .flat_map(|name| self.words(name))
            .filter(|(at, word)| self.code[at + word.len()..].starts_with("::") && !self.code[..*at].ends_with("::"));
        found.map(|(at, _)| self.line(at)).filter(|line| !line.contains("#[derive(") && !line.contains("#[sqlx("))
    }

    /// Returns the lines with SQL.
    pub fn sql(&self) -> impl Iterator<Item = &str> {
        const SIGNS: [&str; 6] = ["SELECT ", "INSERT INTO ", "DELETE FROM ", "UPDATE ", "sqlx::query", "statements!"];
        self.code.lines().map(str::trim).filter(|line| SIGNS.iter().any(|sign| line.contains(sign)))
    }

    /// Returns the lines that make a statement without `statements!`.
    pub fn raw_sql(&self) -> impl Iterator<Item = &str> {
        const SIGNS: [&str; 5] = ["Sql::", "Sql {", "sqlx::query", "sqlx::raw_sql", "QueryBuilder"];
        self.code.lines().map(str::trim).filter(|line| SIGNS.iter().any(|sign| line.contains(sign)))
    }

    fn line(&self, at: usize) -> &str {
        let start = self.code[..at].rfind('\n').map_or(0, |end| end + 1);
        let end = self.code[at..].find('\n').map_or(self.code.len(), |length| at + length);
        self.code[start..end].trim()
    }

    /// Returns the positions of this word.
    fn words<'a>(&'a self, word: &str) -> impl Iterator<Item = (usize, &'a str)> {
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        self.code.match_indices(word).collect::<Vec<_>>().into_iter().filter(move |(at, found)| {
            !self.code[..*at].ends_with(is_part) && !self.code[at + found.len()..].starts_with(is_part)
        })
    }
}

/// Returns every source below the folder except for the crate's root.
pub fn read_all(root: &Path) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") && path != root.join("lib.rs") {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                sources.push(Source::new(&name, &fs::read_to_string(&path).unwrap()));
            }
        }
    }
    sources.sort_by(|one, other| one.name.cmp(&other.name));
    sources
}

/// Removes a comment; a `//` within a string (a URL, for instance) stays.
fn without_comment(line: &str) -> &str {
    let starts = line.match_indices("//").map(|(at, _)| at);
    let outside = |at: &usize| line[..*at].matches('"').count().is_multiple_of(2);
    starts.into_iter().find(outside).map_or(line, |at| &line[..at])
}

/// Parses `::a::b`, `::{a, b::{c, d}}`, `::*` after a prefix, and adds the paths it stands for.
fn read_tree(rest: &mut &str, prefix: &[String], paths: &mut Vec<Vec<String>>) {
    let mut path = prefix.to_vec();
    while let Some(behind) = rest.strip_prefix("::") {
        *rest = behind.trim_start();
        if let Some(inner) = rest.strip_prefix('{') {
            *rest = inner;
            read_list(rest, &path, paths);
            return;
        }
        match read_name(rest) {
            Some(name) => path.push(name),
            None => break,
        }
    }
    paths.push(path);
}

fn read_list(rest: &mut &str, prefix: &[String], paths: &mut Vec<Vec<String>>) {
    loop {
        *rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        if rest.is_empty() {
            return;
        }
        if let Some(behind) = rest.strip_prefix('}') {
            *rest = behind;
            return;
        }
        let mut path = prefix.to_vec();
        match read_name(rest) {
            Some(name) if name == "self" => {}
            Some(name) => path.push(name),
            None => *rest = &rest[rest.chars().next().map_or(0, char::len_utf8)..],
        }
        read_tree(rest, &path, paths);
        // `as Other`
        *rest = rest.trim_start_matches(|c: char| c != ',' && c != '}');
    }
}

fn read_name(rest: &mut &str) -> Option<String> {
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    let (name, behind) = rest.split_at(end);
    *rest = behind;
    (!name.is_empty()).then(|| name.to_owned())
}
