//! Indexed text of a line, and snippets of results.

use super::query::{MAX_PHRASE_WORDS, Query};
use super::tokens::{Token, tokens};
use crate::masking::{self, Piece};
use unicode_normalization::UnicodeNormalization;

/// Token in the index where text was masked, so that the words around it make no phrase. It cannot occur in a query.
pub(super) const GAP: &str = "\u{fffc}";
/// Maximum number of words of a part. PostgreSQL keeps no more than 255 positions of one word.
const PART: usize = 240;
/// Approximate number of characters of a snippet.
const SHOWN: usize = 180;
/// Maximum number of them before the first hit.
const BEFORE: usize = 60;

/// Returns the text of a line as it is indexed and shown, in composed Unicode. The input is masked already; the
/// original words are never indexed.
pub(super) fn visible(masked: &str) -> String {
    masked.nfc().collect()
}

/// Returns the words of a visible text, with a gap where text was masked.
pub(super) fn words(text: &str) -> Vec<Token> {
    let mut all = Vec::new();
    let mut at = 0;
    for piece in masking::pieces(text) {
        match piece {
            Piece::Plain(plain) => {
                let moved = tokens(plain).into_iter();
                all.extend(moved.map(|t| Token { start: t.start + at, end: t.end + at, ..t }));
                at += plain.len();
            }
            Piece::Masked(word) => {
                // Length including the brackets.
                let end = at + word.len() + 2;
                all.push(Token { text: GAP.to_owned(), start: at, end });
                at = end;
            }
        }
    }
    all
}

/// A part of a line: its text and its words. Long lines have several, which overlap by a phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub text: String,
    pub words: Vec<String>,
}

/// Returns the parts of a visible text; none where it has no words.
pub(super) fn parts(text: &str) -> Vec<Part> {
    let words = words(text);
    let whole = words.len() <= PART;
    let mut parts = Vec::new();
    let mut from = 0;
    while from < words.len() {
        let to = words.len().min(from + PART);
        let piece = &words[from..to];
        let shown = if whole { text } else { &text[piece[0].start..piece[piece.len() - 1].end] };
        parts.push(Part { text: shown.to_owned(), words: piece.iter().map(|t| t.text.clone()).collect() });
        if to == words.len() {
            break;
        }
        from = to - MAX_PHRASE_WORDS;
    }
    parts
}

/// A piece of a snippet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnippetPiece {
    /// Text.
    pub text: String,
    /// Whether it matches the query.
    pub hit: bool,
}

/// Returns the snippet of a visible text: around the first hit, with hits marked.
pub(super) fn snippet(text: &str, query: &Query) -> Vec<SnippetPiece> {
    let places = query.places(&words(text));
    let first = places.first().map_or(0, |place| place.start);
    let from = back(text, first, BEFORE);
    let to = forth(text, from, SHOWN);
    let mut pieces = Vec::new();
    let mut push = |text: String, hit| {
        if !text.is_empty() {
            pieces.push(SnippetPiece { text, hit });
        }
    };
    let mut at = from;
    if from > 0 {
        push("… ".into(), false);
    }
    for place in places.into_iter().filter(|place| place.start < to) {
        push(text[at..place.start].into(), false);
        // A hit is never truncated.
        push(text[place.clone()].into(), true);
        at = place.end;
    }
    push(text[at.min(to.max(at))..to.max(at)].into(), false);
    if to.max(at) < text.len() {
        push(" …".into(), false);
    }
    pieces
}

/// Returns a position at most `most` characters before, at the start of a word.
fn back(text: &str, from: usize, most: usize) -> usize {
    let Some((start, _)) = text[..from].char_indices().rev().nth(most) else { return 0 };
    text[start..from].find(char::is_whitespace).map_or(start, |space| {
        let at = start + space;
        at + text[at..].chars().next().map_or(0, char::len_utf8)
    })
}

/// Returns a position at most `most` characters after, at the end of a word.
fn forth(text: &str, from: usize, most: usize) -> usize {
    let Some((end, _)) = text[from..].char_indices().nth(most) else { return text.len() };
    let end = from + end;
    text[from..end].rfind(char::is_whitespace).filter(|space| *space > most / 2).map_or(end, |space| from + space)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str, query: &str) -> String {
        let pieces = snippet(text, &query.parse().unwrap());
        pieces.into_iter().map(|p| if p.hit { format!("<{}>", p.text) } else { p.text }).collect()
    }

    #[test]
    fn hits_are_marked_where_they_stand() {
        assert_eq!(shown("I lost my parcel, Müller.", "muller los*"), "I <lost> my parcel, <Müller>.");
        let long = format!("{}the parcel is lost{}", "word ".repeat(100), " and more".repeat(100));
        let seen = shown(&long, "\"parcel is\"");
        assert!(seen.starts_with("… word ") && seen.contains("the <parcel is> lost") && seen.ends_with(" …"), "{seen}");
        assert!(seen.chars().count() < 200);
        assert_eq!(shown("我的包裹丢了", "包裹"), "我的<包裹>丢了");
    }

    #[test]
    fn what_is_masked_is_no_word_and_makes_no_phrase() {
        let text = visible("Call [name] on [phone] today");
        let words: Vec<_> = words(&text).into_iter().map(|t| t.text).collect();
        assert_eq!(words, ["call", GAP, "on", GAP, "today"]);
        assert_eq!(shown(&text, "today OR phone"), "Call [name] on [phone] <today>");
    }

    #[test]
    fn long_lines_overlap_by_a_phrase() {
        let text: String = (0..600).map(|n| format!("w{n} ")).collect();
        let parts = parts(&text);
        assert_eq!(parts.len(), 3);
        assert!(parts.iter().all(|part| part.words.len() <= PART));
        assert!(parts[0].words.ends_with(&parts[1].words[..MAX_PHRASE_WORDS]));
        assert_eq!(parts.last().unwrap().words.last().unwrap(), "w599");
        assert!(super::parts(" 🙂 ").is_empty());
    }

    proptest! {
        #[test]
        fn any_text_can_be_shown(text in "\\PC{0,300}", query in "[a-z包é]{1,3}") {
            let text = visible(&text);
            let all: String = snippet(&text, &query.parse().unwrap()).into_iter().map(|p| p.text).collect();
            prop_assert!(text.contains(all.trim_start_matches("… ").trim_end_matches(" …")));
        }
    }
}
