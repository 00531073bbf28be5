//! Classification of runs of digits: by their form, and by the topic.

use super::numbers::Run;
use super::tokens::Token;
use super::topics::{Topic, Topics};
use super::{Kind, amounts, cards, phones};
use std::ops::Range;

/// Number of digits from which on a number is masked whatever its kind, unless it is a reference or an amount.
const MIN_NUMBER: usize = 7;

/// Number of digits from which on letters in front of a number belong to an account rather than to a code.
const MIN_ACCOUNT: usize = 12;

/// Returns the kinds in a run, and their tokens; nothing where it may stay.
pub(super) fn classify(tokens: &[Token<'_>], run: &Run, topics: &Topics) -> Vec<(Kind, Range<usize>)> {
    if run.len() <= 15 && phones::has_plus(tokens, run.tokens().start) {
        return of_kind(Kind::Phone, phones::numbers(tokens, run, topics));
    }
    if let Some(ssn) = social_security(tokens, run, topics) {
        return vec![(Kind::Ssn, ssn)];
    }
    if let Some(date) = cards::expiry_in_words(tokens, run, topics) {
        return vec![(Kind::Expiry, date)];
    }
    if let Some(card) = cards::number(tokens, run, topics) {
        return vec![(Kind::Card, card)];
    }
    if let Some(beside) = cards::beside(tokens, run, topics) {
        return vec![beside];
    }
    if let Some(kind) = spoken_of(tokens, run, topics) {
        return vec![(kind, run.tokens())];
    }
    let phones = phones::numbers(tokens, run, topics);
    if !phones.is_empty() {
        return of_kind(Kind::Phone, phones);
    }
    if let Some(kind) = beside(tokens, run, topics) {
        return vec![(kind, run.tokens())];
    }
    if is_long(tokens, run, topics) {
        // Only card numbers have this length.
        let kind = if matches!(run.len(), 15 | 16) { Kind::Card } else { Kind::Number };
        return vec![(kind, run.tokens())];
    }
    Vec::new()
}

fn of_kind(kind: Kind, ranges: Vec<Range<usize>>) -> Vec<(Kind, Range<usize>)> {
    ranges.into_iter().map(|range| (kind, range)).collect()
}

/// Returns a social security number: "123-45-6789", or digits where it is the topic, also its last four.
fn social_security(tokens: &[Token<'_>], run: &Run, topics: &Topics) -> Option<Range<usize>> {
    let span = run.tokens();
    let topic = topics.last(tokens[span.start].at).or_else(|| topics.stated_behind(tokens, span.end));
    let groups: Vec<usize> = run.atoms.iter().map(|atom| atom.digits.len()).collect();
    let written = groups == [3, 2, 4] && tokens[run.atoms[1].tokens.start].gap.trim() == "-";
    let said = topic == Some(Topic::Ssn) && run.len() >= 3;
    let other = matches!(topic, Some(Topic::Reference | Topic::Phone | Topic::Account | Topic::Iban));
    (said && !amounts::has_unit(tokens, &run.atoms) || written && !other).then_some(span)
}

/// Returns an account or a PIN, where one is the topic.
fn spoken_of(tokens: &[Token<'_>], run: &Run, topics: &Topics) -> Option<Kind> {
    let span = run.tokens();
    if amounts::has_unit(tokens, &run.atoms) {
        return None;
    }
    let topic = topics.last(tokens[span.start].at).or_else(|| topics.stated_behind(tokens, span.end));
    match topic? {
        Topic::Iban if run.len() >= 4 => Some(Kind::Iban),
        Topic::Account if run.len() >= 4 => Some(Kind::Account),
        Topic::Pin if (3..=8).contains(&run.len()) && !amounts::has_year(run) => Some(Kind::Pin),
        Topic::Number if run.len() >= 4 => Some(Kind::Number),
        Topic::Card if (3..=8).contains(&run.len()) && topics.said(tokens[span.start].at, &[Topic::Pin]) => {
            Some(Kind::Pin)
        }
        _ => None,
    }
}

/// Returns the kind of a part of a number that was split by a misheard word: digits close to a masked number.
fn beside(tokens: &[Token<'_>], run: &Run, topics: &Topics) -> Option<Kind> {
    let span = run.tokens();
    let (first, last) = (tokens[span.start].at, tokens[span.end - 1].at);
    let other = matches!(topics.last(first), Some(Topic::Reference | Topic::Amount))
        || amounts::is_amount(tokens, &run.atoms)
        || amounts::has_year(run);
    let part = run.len() >= MIN_PART && !other && !phones::is_part_of_a_code(tokens, &span);
    topics.number_beside(first, last, BESIDE).filter(|_| part)
}

/// Minimum number of digits of such a part, and its maximum distance in tokens.
const MIN_PART: usize = 3;
const BESIDE: usize = 3;

/// Whether the number is all that a customer says in a line, or is read out digit by digit: an answer whose question
/// was misheard.
pub(super) fn is_answer(tokens: &[Token<'_>], run: &Run, topics: &Topics) -> bool {
    let span = run.tokens();
    let (first, digits) = (&tokens[span.start], run.digits());
    let line = first.line;
    let alone = tokens[..span.start]
        .iter()
        .rev()
        .take_while(|token| token.line == line)
        .all(|token| BEFORE_ANSWER.contains(&token.lower.as_str()))
        && tokens[span.end..]
            .iter()
            .take_while(|token| token.line == line)
            .all(|token| BEFORE_ANSWER.contains(&token.lower.as_str()));
    let year = digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20"));
    let topic = topics.last(first.at);
    (alone || is_digit_by_digit(run))
        && digits.len() >= MIN_ANSWER
        && !year
        && !digits.ends_with("00")
        && !matches!(topic, Some(Topic::Reference | Topic::Amount))
        && !amounts::is_amount(tokens, &run.atoms)
        && !amounts::is_list(tokens, &run.atoms)
}

/// Whether it is read out digit by digit, unlike counts or prices: "7-4-1-9".
fn is_digit_by_digit(run: &Run) -> bool {
    run.atoms.iter().all(|atom| atom.written && atom.digits.len() == 1)
}

/// Minimum number of digits of a number that is an answer by itself.
const MIN_ANSWER: usize = 4;
/// Other words that may occur in such a line.
const BEFORE_ANSWER: &[&str] =
    &["it", "s", "is", "yes", "yeah", "sure", "okay", "ok", "um", "uh", "so", "that", "the", "and", "please", "thanks"];

/// Whether it is a number that identifies a person, of whatever kind.
fn is_long(tokens: &[Token<'_>], run: &Run, topics: &Topics) -> bool {
    let span = run.tokens();
    let first = &tokens[span.start];
    let reference = topics.last(first.at) == Some(Topic::Reference)
        || topics.stated_behind(tokens, span.end) == Some(Topic::Reference);
    run.len() >= MIN_NUMBER
        && !reference
        && !amounts::is_amount(tokens, &run.atoms)
        && !amounts::is_list(tokens, &run.atoms)
        && (run.len() >= MIN_ACCOUNT || !phones::is_part_of_a_code(tokens, &span))
}
