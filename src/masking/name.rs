//! A name that is known.

use super::Span;

/// Parts of fewer letters than this are no names by themselves.
const FEWEST_LETTERS: usize = 3;

/// The whole name in whatever case, or one of its parts beginning with a capital; as words of their own.
pub(super) fn find(text: &str, name: &str) -> Vec<Span> {
    let parts: Vec<String> = words(name).map(|(word, _)| word.to_lowercase()).collect();
    let said: Vec<(&str, Span)> = words(text).collect();
    let (mut found, mut at): (Vec<Span>, usize) = (Vec::new(), 0);
    while at < said.len() {
        let whole = !parts.is_empty()
            && said.len() - at >= parts.len()
            && said[at..].iter().zip(&parts).all(|((word, _), part)| word.to_lowercase() == *part);
        // A name of one word is whole as soon as it is written as one.
        if whole && (parts.len() > 1 || is_capital(said[at].0)) {
            found.push(said[at].1.start..said[at + parts.len() - 1].1.end);
            at += parts.len();
            continue;
        }
        let (word, span) = &said[at];
        let known = parts.contains(&word.to_lowercase()) && word.chars().count() >= FEWEST_LETTERS;
        if known && is_capital(word) {
            found.push(span.clone());
        }
        at += 1;
    }
    found
}

fn is_capital(word: &str) -> bool {
    // Scripts without capitals have nothing to tell names by but the words themselves.
    word.chars().next().is_some_and(|c| !c.is_lowercase())
}

/// Runs of letters and digits, and where they stand.
fn words(text: &str) -> impl Iterator<Item = (&str, Span)> {
    let pieces = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    pieces.map(move |word| {
        // The piece is a part of the text, so the distance between the two is its place.
        let start = word.as_ptr().addr() - text.as_ptr().addr();
        (word, start..start + word.len())
    })
}
