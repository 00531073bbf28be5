//! Payment cards: their number, and what stands beside it on the card.

use super::numbers::{Atom, Run};
use super::tokens::{Token, What};
use super::topics::{Topic, Topics};
use super::{Kind, births::month};
use std::ops::Range;

/// Card numbers have 13 to 19 digits (ISO/IEC 7812).
const CARD: std::ops::RangeInclusive<usize> = 13..=19;

/// The check digit of cards (ISO/IEC 7812-1, Luhn).
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

/// The part of a run that is a card number: it checks, or a card is spoken of and the length is right (a digit may have
/// been misheard).
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
                if !is_amount(tokens, atoms) {
                    let span = atoms[0].tokens.start..atom.tokens.end;
                    found = Some(found.map_or(span.clone(), |found| found.start..span.end.max(found.end)));
                }
            }
        }
        // What is left of a card's number is no second one.
        if found.as_ref().is_some_and(|found| run.atoms[first].tokens.start >= found.end) {
            break;
        }
    }
    let misheard = || {
        let spoken_of = topics.last(tokens[run.tokens().start].at) == Some(Topic::Card);
        (spoken_of && CARD.contains(&run.len()) && !is_amount(tokens, &run.atoms)).then(|| run.tokens())
    };
    found.or_else(misheard)
}

/// Do cards begin so? Of the first digits those that networks have.
fn issued(digits: &str) -> bool {
    digits.starts_with(['2', '3', '4', '5', '6']) || digits.starts_with("9792")
}

/// `1,234,567,890,123`: commas alone, between threes.
fn is_amount(tokens: &[Token<'_>], atoms: &[Atom]) -> bool {
    atoms.len() > 2
        && atoms[0].digits.len() <= 3
        && atoms[1..].iter().all(|atom| atom.digits.len() == 3 && [",", "."].contains(&tokens[atom.tokens.start].gap))
}

/// Was a card spoken of, or its number said, shortly before this token?
fn card_near(tokens: &[Token<'_>], topics: &Topics, at: usize) -> bool {
    let taken = |token: &Token<'_>| token.what == What::Masked(Kind::Card);
    topics.said(tokens[at].at, &[Topic::Card]) || tokens[at.saturating_sub(60)..at].iter().any(taken)
}

/// The security code or the expiry date that a run is, and how far it goes.
pub(super) fn beside(tokens: &[Token<'_>], run: &Run, topics: &Topics) -> Option<(Kind, Range<usize>)> {
    let span = run.tokens();
    let first = &tokens[span.start];
    let digits = run.digits();
    // Straight behind the number: "4111 1111 1111 1111, 12/27, 123".
    let behind =
        span.start > 0 && tokens[span.start - 1].what == What::Masked(Kind::Card) && first.gap.chars().count() <= 3;
    let topic = topics.last(first.at);
    if behind && digits.len() <= 9 && topic != Some(Topic::Reference) {
        let kind = if digits.len() >= 4 && is_month(&digits[..2]) { Kind::Expiry } else { Kind::SecurityCode };
        return (digits.len() >= 3).then_some((kind, span));
    }
    let near = || card_near(tokens, topics, span.start);
    let code = (3..=4).contains(&digits.len());
    let said = |topic| topics.said(first.at, &[topic]);
    match topic? {
        // "The digits on the back of my card are …"
        Topic::Code | Topic::CodeOfCard | Topic::Card
            if code && (said(Topic::Code) || said(Topic::CodeOfCard) && near()) =>
        {
            Some((Kind::SecurityCode, span))
        }
        Topic::Expiry if near() => expiry(&digits).then_some((Kind::Expiry, span)),
        _ => None,
    }
}

/// "May 2027", "December twenty eight" beside a card.
pub(super) fn expiry_in_words(tokens: &[Token<'_>], run: &Run, topics: &Topics) -> Option<Range<usize>> {
    let span = run.tokens();
    let before = span.start.checked_sub(1).map(|at| &tokens[at])?;
    let year = [2, 4].contains(&run.len());
    let spoken_of = topics.last(before.at) == Some(Topic::Expiry) && card_near(tokens, topics, span.start);
    (year && spoken_of && month(&before.lower).is_some()).then_some(span.start - 1..span.end)
}

fn is_month(digits: &str) -> bool {
    digits.parse().is_ok_and(|month: u8| (1..=12).contains(&month))
}

/// Month and year: 1227, 122027, 527.
fn expiry(digits: &str) -> bool {
    match digits.len() {
        3 => !digits.starts_with('0'),
        4 | 6 => is_month(&digits[..2]),
        _ => false,
    }
}
