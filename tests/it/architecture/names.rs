//! Names that say nothing, and comments that do not state a contract, are kept out of the sources.

use std::fs;
use std::path::{Path, PathBuf};

/// Types whose names mean nothing without their module.
const TYPES: &[&str] = &[
    "Asked", "Nothing", "Did", "Done", "Fate", "Standing", "Shelf", "Take", "Told", "Here", "Gone", "Looked", "Wish",
    "Both", "Whose", "Who", "What", "Kept", "Found", "Given", "Left", "Heard", "Shown", "Placed", "Again",
];
/// Limits that do not say what they limit.
const LIMITS: &[&str] =
    &["MOST", "AT_ONCE", "SLACK", "ENOUGH", "LEAST", "FEWEST", "LONGEST", "SHORTEST", "PATIENCE", "LATE"];
/// Modules named by pronouns, adverbs and riddles.
const MODULES: &[&str] = &[
    "hush",
    "hall",
    "twins",
    "honest",
    "hear",
    "listen",
    "legs",
    "takes",
    "press",
    "feed",
    "unsure",
    "weigh",
    "wishes",
    "elsewhere",
    "looked",
    "ripen",
    "gone",
    "erased",
    "erasing",
    "said",
    "original",
    "beside",
    "stuck",
    "smallest",
    "waits",
    "promised",
];
/// First words of comments that state no contract.
const OPENINGS: &[&str] = &["What", "Who", "Whose", "Whom", "Whoever", "And"];

fn sources() -> Vec<(PathBuf, String)> {
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}

/// The name that a line defines with one of these keywords.
fn defined<'l>(line: &'l str, keywords: &[&str]) -> Option<&'l str> {
    let words: Vec<&str> =
        line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect();
    let line = line.trim_start();
    let is_definition =
        line.starts_with("pub") || keywords.iter().any(|keyword| line.starts_with(&format!("{keyword} ")));
    let at = words.iter().position(|word| keywords.contains(word)).filter(|_| is_definition)?;
    words.get(at + 1).copied()
}

/// The fault of a line, if it has one.
fn fault(line: &str) -> Option<String> {
    if let Some(comment) = line.trim_start().strip_prefix("//") {
        let first = comment.trim_start_matches(['/', '!']).split_whitespace().next()?;
        return OPENINGS.contains(&first).then(|| format!("a comment begins with {first}"));
    }
    let is_limit = |name: &&str| {
        LIMITS.iter().any(|limit| name == limit || name.strip_prefix(limit).is_some_and(|rest| rest.starts_with('_')))
    };
    let named = defined(line, &["struct", "enum", "trait", "type"]).filter(|name| TYPES.contains(name));
    let named = named.or_else(|| defined(line, &["const", "static"]).filter(is_limit));
    let named = named.or_else(|| defined(line, &["mod"]).filter(|name| MODULES.contains(name)));
    named.map(|name| format!("{name} says nothing by itself"))
}

#[test]
fn names_and_comments_are_the_fields() {
    let mut faults = Vec::new();
    for (path, text) in sources() {
        for (number, line) in text.lines().enumerate() {
            faults.extend(fault(line).map(|fault| format!("{}:{}: {fault}", path.display(), number + 1)));
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn names_that_say_nothing_are_seen() {
    for line in [
        "pub(super) struct Asked {",
        "enum Done {",
        "const MOST_NAME: usize = 1;",
        "pub const AT_ONCE: i64 = 2;",
        "mod hush;",
        "/// Whoever asks.",
        "    //! What goes.",
    ] {
        assert!(fault(line).is_some(), "{line}");
    }
    for line in [
        "struct AskedQuestion;",
        "const MAX_NAME_CHARS: usize = 1;",
        "mod redaction;",
        "/// Whether it is there.",
        "State::Done => mod_of(line),",
    ] {
        assert_eq!(fault(line), None, "{line}");
    }
}
