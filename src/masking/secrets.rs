//! Spoken passwords, and spelled words.

use super::Kind;
use super::tokens::Token;
use super::topics::{Topic, Topics};
use std::ops::Range;

/// Maximum number of words of a password.
const MAX_WORDS: usize = 5;
/// Minimum number of consecutive single letters of a spelled word.
const MIN_SPELLED: usize = 4;

/// Returns the words after "my password is".
pub(super) fn passwords(tokens: &[Token<'_>], topics: &Topics) -> Vec<Range<usize>> {
    let begins = |at: usize| {
        at > 0
            && topics.is_word(tokens[at - 1].at, Topic::Password)
            && matches!(tokens[at - 1].lower.as_str(), "is" | "s" | "ist" | "lautet" | "est" | "es")
    };
    let ends = |token: &Token<'_>| token.begins || token.goes_on || token.gap.contains(['.', '!', '?', ',']);
    let word = |at: usize| {
        let first = usize::from(matches!(tokens[at].lower.as_str(), "capital" | "uppercase"));
        let end = (at + 1 + first..tokens.len())
            .take(MAX_WORDS - 1)
            .take_while(|place| !ends(&tokens[*place]))
            .last()
            .map_or(at + 1, |last| last + 1);
        at..end
    };
    let told = |at: &usize| !NO_PASSWORD.contains(&tokens[*at].lower.as_str()) && !tokens[*at].is_masked();
    (1..tokens.len()).filter(|at| begins(*at)).filter(told).map(word).collect()
}

/// Words after which no password follows: "My password is not accepted."
const NO_PASSWORD: &[&str] = &[
    "not",
    "wrong",
    "invalid",
    "incorrect",
    "expired",
    "too",
    "still",
    "always",
    "the",
    "a",
    "on",
    "in",
    "being",
    "locked",
    "never",
    "no",
    "required",
    "correct",
    "saved",
];

/// Returns words spelled letter by letter, where they are not a reference.
pub(super) fn spelled(tokens: &[Token<'_>], topics: &Topics) -> Vec<(Kind, Range<usize>)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let apart = |place: usize| !tokens[place].gap.ends_with(['\'', '’']);
        let letter = |place: &usize| {
            tokens[*place].is_letter()
                && apart(*place)
                && (*place == at
                    || !tokens[*place].begins
                        && tokens[*place].gap.chars().count() <= 3
                        && !tokens[*place].gap.contains(['\'', '’']))
        };
        let end = (at..tokens.len()).take_while(letter).last().map_or(at, |last| last + 1);
        let capitals = tokens[at..end].iter().filter(|token| token.capital).count();
        let kind = match topics.last(tokens[at].at) {
            Some(Topic::Reference) => None,
            Some(Topic::Email) => Some(Kind::Email),
            Some(Topic::Address | Topic::Postcode) => Some(Kind::Address),
            Some(Topic::Password) => Some(Kind::Password),
            _ => Some(Kind::Name),
        };
        if end - at >= MIN_SPELLED && capitals * 2 > end - at {
            found.extend(kind.map(|kind| (kind, at..end)));
        }
        at = end.max(at + 1);
    }
    found
}
