//! Written numbers: of phones, cards, accounts, orders.

use super::Kind;
use std::ops::Range;

/// Maximum number of consecutive digits of a year, price or count.
const MAX_DIGITS_TOGETHER: usize = 4;
/// Maximum number of digits in groups of a date, time or pair of years.
const MAX_DIGITS_GROUPED: usize = 6;
/// Number of digits of a phone number: 7 to 15 (ITU-T E.164); a longer one is of a card or an account.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// Returns digits with the separators people use, where there are more than an ordinary number has.
pub(super) fn find(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(offset) = text[at..].find(|c: char| c.is_numeric()) {
        let end = end_of(text, at + offset);
        let start = with_prefix(text, at, at + offset);
        if is_long(&text[start..end]) {
            found.push(start..end);
        }
        at = end;
    }
    found
}

/// Returns the end of a number that begins here: digits, with up to two separators between them.
fn end_of(text: &str, start: usize) -> usize {
    let (mut end, mut between) = (start, 0);
    for (at, c) in text[start..].char_indices() {
        if c.is_numeric() {
            (end, between) = (start + at + c.len_utf8(), 0);
        } else if between < 2 && is_separator(c) {
            between += 1;
        } else {
            break;
        }
    }
    end
}

/// Returns the start including a plus, an opening bracket, or an IBAN's country code directly in front.
fn with_prefix(text: &str, from: usize, start: usize) -> usize {
    let before = &text[from..start];
    if let Some(rest) = before.strip_suffix(['+', '(']) {
        return from + rest.strip_suffix(['+', '(']).unwrap_or(rest).len();
    }
    let letters = before.chars().rev().take_while(char::is_ascii_uppercase).count();
    if letters == 2 { start - 2 } else { start }
}

fn is_separator(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '-' | '\u{2010}'..='\u{2013}' | '.' | '/' | '(' | ')')
}

fn is_long(found: &str) -> bool {
    let digits = count(found);
    let longest = found.split(|c: char| !c.is_numeric()).map(|run| run.chars().count()).max().unwrap_or(0);
    longest > MAX_DIGITS_TOGETHER || digits > MAX_DIGITS_GROUPED
}

fn count(found: &str) -> usize {
    found.chars().filter(|c| c.is_numeric()).count()
}

/// Returns the replacement: phone number by its form, or another number.
pub(super) fn kind(found: &str) -> &'static str {
    let national = |c: char| c == '+' || c == '(' || c.to_digit(10) == Some(0) || c == '٠' || c == '۰';
    let looks = found.starts_with(national) || count(found) <= 12 && !found.starts_with(char::is_alphabetic);
    if looks && PHONE_DIGITS.contains(&count(found)) { Kind::Phone.word() } else { Kind::Number.word() }
}
