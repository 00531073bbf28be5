//! Spoken English numbers in a transcript, word by word, of any kind.

use std::ops::Range;

/// Minimum number of digits of a number that identifies a person; fewer are a count.
const MIN_DIGITS: usize = 4;

const DIGITS: [&str; 12] = ["zero", "oh", "o", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
const TIMES: [&str; 2] = ["double", "triple"];

/// A word in lower case, and its range.
type Word = (String, Range<usize>);

fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (c.is_alphanumeric(), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                words.push((text[from..at].to_lowercase(), from..at));
                start = None;
            }
            _ => {}
        }
    }
    words
}

/// Whether only a space, comma or hyphen is between the two.
fn adjoin(text: &str, left: &Range<usize>, right: &Range<usize>) -> bool {
    let between = &text[left.end..right.start];
    between.chars().count() <= 2 && between.chars().all(|c| matches!(c, ' ' | ',' | '-'))
}

/// Returns runs of spelled-out digits, with words that double them.
pub(super) fn find_numbers(text: &str) -> Vec<Range<usize>> {
    let words = words(text);
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let mut end = at;
        while end < words.len()
            && is_digit(&words[end].0)
            && (end == at || adjoin(text, &words[end - 1].1, &words[end].1))
        {
            end += 1;
        }
        let digits: usize = words[at..end].iter().map(|(word, _)| weight(word)).sum();
        if digits >= MIN_DIGITS {
            found.push(words[at].1.start..words[end - 1].1.end);
        }
        at = end.max(at + 1);
    }
    found
}

fn is_digit(word: &str) -> bool {
    DIGITS.contains(&word) || TIMES.contains(&word)
}

/// Returns the number of digits that a word adds: a doubling one more than the word after it, a tripling two.
fn weight(word: &str) -> usize {
    if word == "triple" { 2 } else { 1 }
}
