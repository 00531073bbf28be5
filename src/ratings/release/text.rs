//! Comments as others may read them.

use crate::masking;

/// What stands where a link was.
const LINK: &str = "[link]";

/// A comment without addresses, numbers and links.
pub(super) fn masked(comment: &str) -> String {
    let is_link = |word: &str| {
        word.contains("://")
            || word.trim_start_matches(|c: char| !c.is_alphanumeric()).to_lowercase().starts_with("www.")
    };
    let mut text = String::with_capacity(comment.len());
    for piece in comment.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        if is_link(word) {
            text.push_str(LINK);
            text.push_str(&piece[word.len()..]);
        } else {
            text.push_str(piece);
        }
    }
    masking::mask(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_taken_out_too() {
        assert_eq!(masked("see https://shop.example/o/ab12?c=jerry now"), "see [link] now");
        assert_eq!(masked("(www.shop.example/me)\nthanks, jerry@example.net"), "[link]\nthanks, [e-mail]");
        assert_eq!(masked("all good: 5 of 5"), "all good: 5 of 5");
    }
}
