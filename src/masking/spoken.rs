//! Numbers and addresses as an English transcript writes them: word by word.

use super::Span;

/// Fewer digits than this are a count, not a number somebody can be found by.
const FEWEST: usize = 4;

const DIGITS: [&str; 12] = ["zero", "oh", "o", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
const TIMES: [&str; 2] = ["double", "triple"];

/// A word, lower case, and where it stands.
type Word = (String, Span);

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

/// Only a space, comma or hyphen stands between the two.
fn adjoin(text: &str, left: &Span, right: &Span) -> bool {
    let between = &text[left.end..right.start];
    between.chars().count() <= 2 && between.chars().all(|c| matches!(c, ' ' | ',' | '-'))
}

/// Runs of digits spelt out, with what doubles them.
pub(super) fn find_numbers(text: &str) -> Vec<Span> {
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
        if digits >= FEWEST {
            found.push(words[at].1.start..words[end - 1].1.end);
        }
        at = end.max(at + 1);
    }
    found
}

fn is_digit(word: &str) -> bool {
    DIGITS.contains(&word) || TIMES.contains(&word)
}

/// A doubling brings one digit more than the word after it, a tripling two.
fn weight(word: &str) -> usize {
    if word == "triple" { 2 } else { 1 }
}

/// `name (dot name)* at host (dot host)+`.
pub(super) fn find_addresses(text: &str) -> Vec<Span> {
    let words = words(text);
    let dot = |at: usize| words.get(at).is_some_and(|(word, _)| word == "dot");
    let mut found: Vec<Span> = Vec::new();
    for at in 1..words.len() {
        if words[at].0 != "at" || !dot(at + 2) || words.len() <= at + 3 {
            continue;
        }
        let mut first = at - 1;
        while first >= 2 && dot(first - 1) {
            first -= 2;
        }
        let mut last = at + 3;
        while dot(last + 1) && last + 2 < words.len() {
            last += 2;
        }
        let span = words[first].1.start..words[last].1.end;
        if found.last().is_none_or(|before| before.end <= span.start) {
            found.push(span);
        }
    }
    found
}
