//! Payment cards: number, security code, expiry date.

use super::numbers::Run;
use super::tokens::{Token, TokenKind};
use super::topics::{Topic, Topics};
use super::{Kind, amounts, births::month};
use std::ops::Range;

/// Number of digits of a card number: 13 to 19 (ISO/IEC 7812).
const CARD: std::ops::RangeInclusive<usize> = 13..=19;

/// Whether the check digit of a card number is right (ISO/IEC 7812-1, Luhn).
pub(super) fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let value = u32::from(digit - b'0');
            let doubled = if place % 2 == 1 { value * 2 } else { value };
            if doubled > 9 { doubled - 9 } else { doubled }
        })
        .sum();
    sum.is_multiple_of(10) && digits.iter().any(|digit| *digit != b'0')
}

/// Returns the part of a run that is a card number: its check digit is right, or a card is the topic and the length is
/// right (a digit may have been misheard).
pub(super) fn number(tokens: &[Token<'_>], run: &Run, topics: &Topics) -> Option<Range<usize>> {
    let mut found: Option<Range<usize>> = None;
    for first in 0..run.atoms.len() {
        let mut digits = String::new();
        for (place, atom) in run.atoms.iter().enumerate().skip(first) {
            digits.push_str(&atom.digits);
            if digits.len() > *CARD.end() {
                break;
            }
            let whole = first == 0 && place + 1 == run.atoms.len();
            if CARD.contains(&digits.len()) && luhn(digits.as_bytes()) && (whole || issued(&digits)) {
                let atoms = &run.atoms[first..=place];
                if topics.last(tokens[run.tokens().start].at) == Some(Topic::Card) || !amounts::is_amount(tokens, atoms)
                {
                    let span = atoms[0].tokens.start..atom.tokens.end;
                    found = Some(found.map_or(span.clone(), |found| found.start..span.end.max(found.end)));
                }
            }
        }
        // The rest of a card number is not a second one.
        if found.as_ref().is_some_and(|found| run.atoms[first].tokens.start >= found.end) {
            break;
        }
    }
    found.or_else(|| misheard(tokens, run, topics).then(|| run.tokens()))
}

/// Minimum number of digits of a misheard card number; fewer are at most a part of it.
const MIN_MISHEARD: usize = 8;

/// Whether a run is a misheard card number: a card is the topic, before or after it.
fn misheard(tokens: &[Token<'_>], run: &Run, topics: &Topics) -> bool {
    let span = run.tokens();
    let (topic, behind) = (topics.last(tokens[span.start].at), topics.stated_behind(tokens, span.end));
    if amounts::has_unit(tokens, &run.atoms) {
        return false;
    }
    match topic {
        Some(Topic::Card | Topic::Code | Topic::CodeOfCard | Topic::Expiry) => {
            let rest = || {
                run.len() >= 4
                    && topic == Some(Topic::Card)
                    && topics.is_masked_near(tokens[span.start].at, &[Kind::Card], 60, 60)
            };
            run.len() >= MIN_MISHEARD || rest() || is_last_digits(tokens, run) || is_group(tokens, run, topics)
        }
        Some(Topic::Reference | Topic::Phone) => false,
        _ => behind == Some(Topic::Card) && run.len() >= MIN_MISHEARD,
    }
}

/// Whether a run is a group of a card number of which little else was recognised: digits shortly after the word card.
fn is_group(tokens: &[Token<'_>], run: &Run, topics: &Topics) -> bool {
    let at = tokens[run.tokens().start].at;
    let near = topics.asked(at, Topic::Card, 14) && !topics.said(at, &[Topic::Expiry, Topic::Code, Topic::CodeOfCard]);
    near && run.len() >= 4
        && !amounts::has_year(run)
        && !amounts::is_amount(tokens, &run.atoms)
        && !run.digits().ends_with("00")
}

/// Whether the run is the last digits of a card: "the one ending in 4419", "the last four are 4419".
fn is_last_digits(tokens: &[Token<'_>], run: &Run) -> bool {
    let start = run.tokens().start;
    let before = &tokens[start.saturating_sub(5)..start];
    let says = |token: &Token<'_>| {
        matches!(token.lower.as_str(), "ending" | "ends" | "end" | "last" | "finishing" | "finishes")
    };
    (3..=6).contains(&run.len()) && before.iter().any(says)
}

/// Whether the first digits are assigned to a card network.
fn issued(digits: &str) -> bool {
    digits.starts_with(['2', '3', '4', '5', '6']) || digits.starts_with("9792")
}

/// Kinds that indicate that a card is the topic.
const OF_CARD: &[Kind] = &[Kind::Card, Kind::Expiry, Kind::SecurityCode];

/// Whether a card was mentioned, or its number said, shortly before this token.
fn card_near(tokens: &[Token<'_>], topics: &Topics, at: usize) -> bool {
    topics.said(tokens[at].at, &[Topic::Card]) || topics.is_masked_near(tokens[at].at, &[Kind::Card], 60, 0)
}

/// Returns the security code or the expiry date in a run, and its range.
pub(super) fn beside(tokens: &[Token<'_>], run: &Run, topics: &Topics) -> Option<(Kind, Range<usize>)> {
    let span = run.tokens();
    let first = &tokens[span.start];
    let digits = run.digits();
    // Directly after the number: "4111 1111 1111 1111, 12/27, 123".
    let behind = span.start > 0
        && tokens[span.start - 1].what == TokenKind::Masked(Kind::Card)
        && first.gap.chars().count() <= 3;
    let topic = topics.last(first.at);
    if behind && digits.len() <= 9 && topic != Some(Topic::Reference) {
        let kind = if digits.len() >= 4 && is_month(&digits[..2]) { Kind::Expiry } else { Kind::SecurityCode };
        return (digits.len() >= 3).then_some((kind, span));
    }
    let beside = [Topic::Code, Topic::CodeOfCard, Topic::Expiry];
    if amounts::has_unit(tokens, &run.atoms)
        || !matches!(topic, None | Some(Topic::Card | Topic::Code | Topic::CodeOfCard | Topic::Expiry))
    {
        return None;
    }
    let near = || card_near(tokens, topics, span.start);
    let code = (3..=4).contains(&digits.len());
    match topics.word(first.at, &beside).map(|word| word.topic) {
        Some(Topic::Code) if code => return Some((Kind::SecurityCode, span)),
        Some(Topic::CodeOfCard) if code && near() => return Some((Kind::SecurityCode, span)),
        Some(Topic::Expiry) if expiry(&digits) && near() => return Some((Kind::Expiry, span)),
        _ => {}
    }
    // Shortly after the number, without a word for its kind.
    let shortly = topics.is_masked_near(first.at, OF_CARD, 10, 0);
    match digits.len() {
        4 if shortly && is_month(&digits[..2]) => Some((Kind::Expiry, span)),
        3 | 4 if shortly => Some((Kind::SecurityCode, span)),
        _ => None,
    }
}

/// Returns an expiry date in words next to a card: "May 2027", "December twenty eight", also where the word for it was
/// misheard.
pub(super) fn expiry_in_words(tokens: &[Token<'_>], run: &Run, topics: &Topics) -> Option<Range<usize>> {
    let span = run.tokens();
    let before = span.start.checked_sub(1).map(|at| &tokens[at])?;
    let year = [2, 4].contains(&run.len());
    let spoken_of = || topics.last(before.at) == Some(Topic::Expiry) && card_near(tokens, topics, span.start);
    let shortly = || topics.is_masked_near(before.at, OF_CARD, 14, 0);
    (year && month(&before.lower).is_some() && (spoken_of() || shortly())).then_some(span.start - 1..span.end)
}

fn is_month(digits: &str) -> bool {
    digits.parse().is_ok_and(|month: u8| (1..=12).contains(&month))
}

/// Whether digits are month and year: 1227, 122027, 527.
fn expiry(digits: &str) -> bool {
    match digits.len() {
        3 => !digits.starts_with('0'),
        4 | 6 => is_month(&digits[..2]),
        _ => false,
    }
}
