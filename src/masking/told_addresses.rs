//! Addresses that were asked for or announced, however misheard, and ZIP codes after them.

use super::addresses::{MAYBE_STREETS, NO_NAMES, STREETS, beside};
use super::births::month;
use super::numbers::atom_at;
use super::tokens::Token;
use super::topics::{Topic, Topics};
use super::{Kind, amounts};

/// Names of states in front of a ZIP code; of two words the last.
const STATES: &[&str] = &[
    "alabama",
    "alaska",
    "arizona",
    "arkansas",
    "california",
    "carolina",
    "colorado",
    "connecticut",
    "dakota",
    "delaware",
    "florida",
    "georgia",
    "hampshire",
    "hawaii",
    "idaho",
    "illinois",
    "indiana",
    "iowa",
    "island",
    "jersey",
    "kansas",
    "kentucky",
    "louisiana",
    "maine",
    "maryland",
    "massachusetts",
    "mexico",
    "michigan",
    "minnesota",
    "mississippi",
    "missouri",
    "montana",
    "nebraska",
    "nevada",
    "ohio",
    "oklahoma",
    "oregon",
    "pennsylvania",
    "tennessee",
    "texas",
    "utah",
    "vermont",
    "virginia",
    "washington",
    "wisconsin",
    "wyoming",
    "york",
];

/// Returns the end of a ZIP code: five digits after a state, or shortly after an address: "Oregon, 15987".
pub(super) fn zip_code(tokens: &[Token<'_>], at: usize, topics: &Topics) -> Option<usize> {
    let (mut end, mut digits, mut atoms) = (at, 0, Vec::new());
    while let Some(atom) = atom_at(tokens, end).filter(|_| digits <= 5 && (end == at || beside(&tokens[end]))) {
        (end, digits) = (atom.tokens.end, digits + atom.digits.len());
        atoms.push(atom);
    }
    let state = at
        .checked_sub(1)
        .is_some_and(|before| STATES.contains(&tokens[before].lower.as_str()) && tokens[at].gap.chars().count() <= 2);
    let behind = || {
        topics.is_masked_near(tokens[at].at, &[Kind::Address], 8, 0)
            && !matches!(topics.last(tokens[at].at), Some(Topic::Reference | Topic::Phone))
    };
    (digits == 5 && !amounts::has_unit(tokens, &atoms) && (state || behind())).then_some(end)
}

/// Words that continue an address, in any letter case.
const PARTS: &[&str] = &[
    "apartment",
    "apt",
    "unit",
    "suite",
    "flat",
    "floor",
    "number",
    "zip",
    "code",
    "box",
    "po",
    "north",
    "south",
    "east",
    "west",
    "county",
];
/// Words between the parts of an address.
const BETWEEN: &[&str] = &["in", "the", "of", "and", "that", "s", "is", "on", "it", "at", "a"];
/// Words that end an address.
const ENDS: &[&str] = &[
    "do",
    "did",
    "does",
    "can",
    "could",
    "would",
    "please",
    "thank",
    "thanks",
    "but",
    "because",
    "so",
    "when",
    "what",
    "where",
    "how",
    "need",
    "needs",
    "i",
    "we",
    "you",
    "my",
    "your",
    "they",
    "have",
    "has",
    "okay",
    "ok",
    "yes",
    "no",
    "between",
    "before",
    "after",
    "until",
    "by",
    "within",
    "pm",
    "am",
    "o",
    "if",
    "is",
    "was",
    "since",
    "for",
    "order",
    "orders",
    "parcel",
    "package",
    "shipment",
    "invoice",
    "ticket",
    "reference",
    "ref",
    "tracking",
    "booking",
];

/// Returns the end of an address that was asked for or announced: the text after the house number, however misheard.
pub(super) fn find_at(tokens: &[Token<'_>], at: usize, topics: &Topics) -> Option<usize> {
    if topics.last(tokens[at].at) != Some(Topic::Address) {
        return None;
    }
    let before = at.checked_sub(1).map_or("", |before| tokens[before].lower.as_str());
    if matches!(before, "between" | "by" | "around" | "before" | "after" | "until" | "within" | "of") {
        return None;
    }
    let time = |place: usize| tokens.get(place).is_some_and(|token| token.gap.contains(':'));
    let range =
        at >= 2 && tokens[at].is_digits() && matches!(before, "and" | "to" | "or") && tokens[at - 2].is_digits();
    if time(at) || time(at + 1) || range {
        return None;
    }
    let (mut number, mut digits) = (at, 0);
    while let Some(atom) = atom_at(tokens, number)
        .filter(|_| digits <= 6 && (number == at || tokens[number].goes_on || beside(&tokens[number])))
    {
        (number, digits) = (atom.tokens.end, digits + atom.digits.len());
    }
    if number == at {
        return named_street(tokens, at).map(|street| rest_of(tokens, street));
    }
    if digits > 6 {
        return None;
    }
    let Some(next) = tokens.get(number) else { return (digits > 1).then_some(number) };
    let is_street = |token: &Token<'_>| {
        let lower = token.lower.as_str();
        let bad = NO_NAMES.contains(&lower) && !matches!(lower, "way" | "more")
            || ENDS.contains(&lower)
            || month(lower).is_some()
            || NO_STREETS.contains(&lower);
        token.is_letters() && !bad
    };
    if next.begins || !is_street(next) || !next.goes_on && !near(next) {
        let alone = next.begins || next.goes_on || next.gap.starts_with(['.', ',', '?']);
        return (digits > 1 && alone && topics.asked(tokens[at].at, Topic::Address, 8)).then_some(number);
    }
    Some(rest_of(tokens, number))
}

/// Returns the end of a street without a number: "Washington Avenue".
fn named_street(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let ends = |place: &usize| STREETS.contains(&tokens[*place].lower.as_str()) && tokens[*place].capital;
    let is_name = |token: &Token<'_>| {
        let lower = token.lower.as_str();
        token.is_letters() && token.capital && !ENDS.contains(&lower) && !BETWEEN.contains(&lower)
    };
    let street = (at + 1..tokens.len()).take(2).find(ends)?;
    (tokens[at..street].iter().all(is_name) && tokens[at + 1..=street].iter().all(near)).then_some(street)
}

/// Words after a number that are not a street.
const NO_STREETS: &[&str] = &[
    "bedroom", "bedrooms", "room", "rooms", "story", "o", "clock", "th", "st", "nd", "rd", "working", "business", "am",
    "pm",
];

fn near(token: &Token<'_>) -> bool {
    !token.begins
        && token.gap.chars().count() <= 3
        && token.gap.chars().all(|c| c.is_whitespace() || ",.-'’".contains(c))
}

/// Returns the end of an address whose street begins at a token.
fn rest_of(tokens: &[Token<'_>], street: usize) -> usize {
    let (mut end, mut between) = (street + 1, 0);
    for (place, token) in tokens.iter().enumerate().skip(street + 1).take(28) {
        if token.begins || token.is_masked() || !token.goes_on && !near(token) {
            break;
        }
        let lower = token.lower.as_str();
        let sentence = token.goes_on || token.gap.contains('.');
        let street_word = STREETS.contains(&lower) || MAYBE_STREETS.contains(&lower);
        let sure = atom_at(tokens, place).is_some() || street_word || PARTS.contains(&lower) || STATES.contains(&lower);
        if sure || token.capital && !ENDS.contains(&lower) && !BETWEEN.contains(&lower) {
            (end, between) = (place + 1, 0);
        } else if BETWEEN.contains(&lower) && between < 4 {
            between += 1;
        } else if !sentence && !ENDS.contains(&lower) && place < street + 5 {
            end = place + 1;
        } else {
            break;
        }
    }
    end
}
