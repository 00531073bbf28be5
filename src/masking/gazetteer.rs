//! Common first and last names (United States Census Bureau, 1990; in the public domain), and some of other countries.

use std::collections::HashSet;
use std::sync::LazyLock;

static FIRST: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("gazetteer/first.txt").split_whitespace().collect());
static LAST: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("gazetteer/last.txt").split_whitespace().collect());

/// Whether a word (in lower case) is a common first name.
pub(super) fn is_first_name(word: &str) -> bool {
    FIRST.contains(word)
}

/// Whether a word (in lower case) is a common last name.
pub(super) fn is_last_name(word: &str) -> bool {
    LAST.contains(word)
}
