//! Spans and the words of a transcript that they cover: for text word by word, and for redacting audio by word times.

use super::{Kind, Span, apply, tokens};
use std::ops::Range;

/// Returns the range of each word of a transcript in its text; `None` where the words in order do not make up the text
/// (then only the whole line can be masked).
pub fn places<'w>(text: &str, words: impl IntoIterator<Item = &'w str>) -> Option<Vec<Range<usize>>> {
    let mut at = 0;
    let mut places = Vec::new();
    for word in words {
        let rest = &text[at..];
        let start = at + rest.len() - rest.trim_start().len();
        if word.is_empty() || !text[start..].starts_with(word) {
            return None;
        }
        at = start + word.len();
        places.push(start..at);
    }
    text[at..].trim().is_empty().then_some(places)
}

/// Whether a word follows the previous one without a space: groups of a number that is written with hyphens are
/// separate words (`4539-`, `1488-`, `0343`), and Chinese and Japanese have no spaces.
pub fn goes_on(before: &str, word: &str) -> bool {
    let hyphen = before.strip_suffix('-').is_some_and(|before| before.ends_with(char::is_alphanumeric));
    (hyphen && word.starts_with(|c: char| c.is_ascii_digit()))
        || (before.ends_with(is_unspaced) && word.starts_with(is_unspaced))
}

/// Whether it is a Chinese character, kana, or their punctuation.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{FF00}'..='\u{FFEF}' | '\u{20000}'..='\u{3FFFF}')
}

/// Joins the words of a transcript to one text.
pub fn join_words<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    let mut text = String::new();
    for word in words {
        if !text.is_empty() && !goes_on(&text, word) {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}

/// A group of words that stay separate, or are replaced together because something in them is masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Range of the words.
    pub words: Range<usize>,
    /// Replacement; `None` where the words stay.
    pub masked: Option<String>,
}

/// Groups the words: those that share a span become one, with their punctuation around the mask.
pub fn groups(text: &str, places: &[Range<usize>], spans: &[Span]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut spans = spans.iter().peekable();
    let mut word = 0;
    while word < places.len() {
        while spans.peek().is_some_and(|span| span.range.end <= places[word].start) {
            spans.next();
        }
        let first = word;
        let mut inside: Vec<Span> = Vec::new();
        let mut end = places[word].end;
        while let Some(span) = spans.peek().filter(|span| span.range.start < end) {
            inside.push((*span).clone());
            while word + 1 < places.len() && places[word + 1].start < span.range.end {
                word += 1;
            }
            end = places[word].end.max(span.range.end);
            spans.next();
        }
        word += 1;
        let masked = (!inside.is_empty()).then(|| {
            let from = places[first].start;
            let shifted = inside.into_iter().map(|span| {
                let start = span.range.start.max(from);
                Span { kind: span.kind, range: start - from..span.range.end.max(start) - from }
            });
            apply(text.get(from..end).unwrap_or_default(), &shifted.collect::<Vec<_>>())
        });
        groups.push(Group { words: first..word, masked });
    }
    groups
}

/// Returns the occurrences of a word or phrase, in any case, as separate words: for masking by hand.
pub fn occurrences(text: &str, phrase: &str) -> Vec<Span> {
    let wanted: Vec<String> = tokens::of_line(phrase, 0, &[]).into_iter().map(|token| token.lower).collect();
    let said = tokens::of_line(text, 0, &[]);
    let mut found = Vec::new();
    let mut at = 0;
    while !wanted.is_empty() && at + wanted.len() <= said.len() {
        let here = &said[at..at + wanted.len()];
        if here.iter().zip(&wanted).all(|(token, word)| token.lower == *word && !word.is_empty()) {
            found.push(Span { kind: Kind::Other, range: here[0].range.start..here[here.len() - 1].range.end });
            at += wanted.len();
        } else {
            at += 1;
        }
    }
    found
}

/// Returns every word of some texts once, in the form in which names are compared: lower case.
pub fn distinct<'t>(texts: impl IntoIterator<Item = &'t str>) -> std::collections::BTreeSet<String> {
    let words =
        |text| tokens::of_line(text, 0, &[]).into_iter().filter(|t| !t.is_masked() && !t.is_digits()).map(|t| t.lower);
    texts.into_iter().flat_map(words).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::masking::{Names, find};

    #[test]
    fn words_that_share_a_mask_become_one() {
        let text = "It is jerry@example.net, or twelve Park Street.";
        let words: Vec<&str> = text.split(' ').collect();
        let places = places(text, words.iter().copied()).unwrap();
        let spans = find(text, &Names::none());
        let groups = groups(text, &places, &spans);
        let said: Vec<String> =
            groups.iter().map(|g| g.masked.clone().unwrap_or_else(|| words[g.words.clone()].join(" "))).collect();
        assert_eq!(said, ["It", "is", "[e-mail],", "or", "[address]."]);
        assert_eq!(said.join(" "), apply(text, &spans));
        assert_eq!(groups[4].words, 4..7);
    }

    #[test]
    fn two_masks_in_one_word_are_both_there() {
        let text = "a@b.co/c@d.co x";
        let places = places(text, ["a@b.co/c@d.co", "x"]).unwrap();
        let spans = find(text, &Names::none());
        let groups = groups(text, &places, &spans);
        assert_eq!(groups[0].masked.as_deref(), Some(apply("a@b.co/c@d.co", &spans).as_str()));
        assert_eq!(groups[1].masked, None);
    }

    #[test]
    fn words_of_another_text_have_no_place() {
        assert_eq!(places("one two", ["one", "three"]), None);
        assert_eq!(places("one two", ["one"]), None);
        assert_eq!(places(" one  two ", ["one", "two"]), Some(vec![1..4, 6..9]));
        assert_eq!(places("", []), Some(vec![]));
    }

    #[test]
    fn what_is_taken_out_by_hand_is_found_in_any_case() {
        let found = occurrences("The Blue Lagoon, blue lagoons, BLUE  LAGOON", "blue lagoon");
        assert_eq!(found.iter().map(|span| span.range.clone()).collect::<Vec<_>>(), [4..15, 31..43]);
        assert!(occurrences("abc", " . ").is_empty());
    }
}
