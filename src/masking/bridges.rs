//! Bridges: words between two parts of one number, which are misheard digits.

use super::talk::Talk;
use super::tokens::{Token, TokenKind};
use super::{Kind, Span, Utterance, by_line};

/// Maximum number of words between two parts.
const MAX_WORDS: usize = 7;
/// Words that separate two numbers, or that are not misheard.
const WORDS: &[&str] = &[
    "and",
    "or",
    "the",
    "is",
    "are",
    "it",
    "s",
    "my",
    "your",
    "his",
    "her",
    "a",
    "an",
    "to",
    "for",
    "at",
    "on",
    "in",
    "with",
    "expires",
    "expiry",
    "expiration",
    "exp",
    "valid",
    "code",
    "security",
    "cvv",
    "cvc",
    "cvv2",
    "number",
    "phone",
    "card",
    "account",
    "that",
    "this",
    "was",
    "from",
    "please",
    "thanks",
    "thank",
    "yes",
    "no",
    "okay",
    "ok",
    "sorry",
    "again",
    "wait",
    "then",
    "so",
    "but",
    "i",
    "you",
    "we",
    "plus",
    "extension",
    "ext",
    "not",
];

/// Returns the kind of a masked number whose parts may be separated.
fn is_number(token: &Token<'_>) -> Option<Kind> {
    match token.what {
        TokenKind::Masked(kind @ (Kind::Card | Kind::Number | Kind::Iban | Kind::Account | Kind::Ssn)) => Some(kind),
        _ => None,
    }
}

/// Returns spans over the words between two masked numbers in one sentence of a line.
pub(super) fn find(lines: &[Utterance<'_>], found: &[Vec<Span>]) -> Vec<Vec<Span>> {
    let mut new: Vec<Vec<Span>> = vec![Vec::new(); lines.len()];
    for stream in &Talk::new(lines, found).streams {
        let tokens = stream.tokens.as_slice();
        let mut last: Option<usize> = None;
        for (at, token) in tokens.iter().enumerate() {
            if token.begins || token.goes_on || token.gap.contains(['.', '!', '?', ';', ':']) {
                last = None;
            }
            let Some(kind) = is_number(token) else { continue };
            let words = last.map(|last| last + 1..at).filter(|words| (1..=MAX_WORDS).contains(&words.len()));
            let misheard = |token: &Token<'_>| {
                !token.is_masked() && (token.gap.is_empty() || !WORDS.contains(&token.lower.as_str()))
            };
            if let Some(words) = words.filter(|words| tokens[words.clone()].iter().all(misheard)) {
                by_line(tokens, kind, words, &mut new);
            }
            last = Some(at);
        }
    }
    new
}
