//! Telephone numbers.

use super::amounts;
use super::numbers::{Atom, Run};
use super::tokens::Token;
use super::topics::{Topic, Topics};
use std::ops::Range;

/// Number of digits of a phone number: 7 to 15 (ITU-T E.164).
const PHONE: std::ops::RangeInclusive<usize> = 7..=15;

/// Returns the telephone numbers in a run: all of it, or its parts between commas.
pub(super) fn numbers(tokens: &[Token<'_>], run: &Run, topics: &Topics) -> Vec<Range<usize>> {
    if is_phone(tokens, &run.atoms, topics) {
        return vec![run.tokens()];
    }
    let parts = |a: &Atom, b: &Atom| {
        let gap = tokens[b.tokens.start].gap;
        a.written && b.written && (gap.contains([',', '\n']) || gap.trim() == "/" || b.tokens.start > a.tokens.end)
    };
    let pieces = run.atoms.chunk_by(|a, b| !parts(a, b));
    pieces.filter(|atoms| is_phone(tokens, atoms, topics)).filter_map(span).collect()
}

fn span(atoms: &[Atom]) -> Option<Range<usize>> {
    Some(atoms.first()?.tokens.start..atoms.last()?.tokens.end)
}

/// Whether a plus precedes it, written or said.
pub(super) fn has_plus(tokens: &[Token<'_>], at: usize) -> bool {
    let said =
        at.checked_sub(1).is_some_and(|before| tokens[before].lower == "plus" && tokens[at].gap.trim().is_empty());
    said || tokens[at].gap.trim_end_matches([' ', '(']).ends_with('+')
}

fn is_phone(tokens: &[Token<'_>], atoms: &[Atom], topics: &Topics) -> bool {
    let Some(span) = span(atoms) else { return false };
    let digits: String = atoms.iter().map(|atom| atom.digits.as_str()).collect();
    let first = &tokens[span.start];
    let topic = topics.last(first.at).or_else(|| topics.stated_behind(tokens, span.end));
    if (8..=15).contains(&digits.len()) && has_plus(tokens, span.start) {
        return true;
    }
    let amount = if topic == Some(Topic::Phone) { amounts::has_unit } else { amounts::is_amount };
    if amount(tokens, atoms) || is_part_of_a_code(tokens, &span) {
        return false;
    }
    if topic == Some(Topic::Phone) {
        // Several in a row are masked together rather than not at all.
        return (4..=40).contains(&digits.len()) && (digits.len() >= 6 || is_asked(tokens, &span, topics));
    }
    if matches!(
        topic,
        Some(Topic::Reference | Topic::Card | Topic::Expiry | Topic::Code | Topic::Ssn | Topic::Account | Topic::Iban)
    ) || !PHONE.contains(&digits.len())
    {
        return false;
    }
    let international = digits.starts_with("00") && digits.len() >= 10;
    let national = digits.starts_with('0') && (9..=12).contains(&digits.len());
    let spoken = !atoms.iter().any(|atom| atom.written) && (10..=11).contains(&digits.len());
    let mobile =
        digits.len() == 11 && digits.starts_with('1') && digits[1..].starts_with(['3', '4', '5', '6', '7', '8', '9']);
    international || national || spoken || mobile && atoms.len() <= 3 || is_american(tokens, atoms)
}

/// Whether the digits are the whole answer about a phone that was mentioned just before: a part of its number.
fn is_asked(tokens: &[Token<'_>], span: &Range<usize>, topics: &Topics) -> bool {
    let alone =
        tokens.get(span.end).is_none_or(|next| next.begins || next.goes_on || next.gap.contains(['.', '?', '!']));
    alone && topics.asked(tokens[span.start].at, Topic::Phone, 6)
}

/// Whether it has the American form, three, three and four digits with separators: `(555) 010-1234`, `1-555-010-1234`.
fn is_american(tokens: &[Token<'_>], atoms: &[Atom]) -> bool {
    let groups: Vec<usize> = atoms.iter().map(|atom| atom.digits.len()).collect();
    let parted = atoms[1..].iter().all(|atom| !tokens[atom.tokens.start].gap.contains(','));
    let country = groups.first() == Some(&1) && atoms[0].digits == "1";
    parted && (groups == [3, 3, 4] || country && groups[1..] == [3, 3, 4])
}

/// Whether it is joined to letters or a hash: `AB-1234567`, `#1234567`, `v1.2.3`.
pub(super) fn is_part_of_a_code(tokens: &[Token<'_>], span: &Range<usize>) -> bool {
    let token = &tokens[span.start];
    let hangs = span.start > 0
        && !token.begins
        && !token.goes_on
        && tokens[span.start - 1].is_letters()
        && matches!(token.gap, "" | "-" | "_" | "/" | ".");
    let short = span.start > 0 && tokens[span.start - 1].lower.chars().count() <= 2;
    hangs && short || token.gap.ends_with('#')
}
