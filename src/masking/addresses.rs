//! Street addresses: house number and street, with the postcode after it.

use super::numbers::atom_at;
use super::tokens::Token;
use super::told_addresses;
use super::topics::{Topic, Topics};
use std::ops::Range;

/// Ends of English street names that are rarely anything else.
pub(super) const STREETS: &[&str] =
    &["street", "road", "avenue", "lane", "boulevard", "crescent", "terrace", "rd", "ave", "blvd", "st", "ln"];
/// Ends of street names that are other words too: only with capitals.
pub(super) const MAYBE_STREETS: &[&str] = &[
    "drive", "way", "place", "close", "court", "square", "gardens", "grove", "mews", "row", "walk", "circle", "hill",
    "park", "green", "parkway", "highway", "parade", "quay", "wharf", "dr", "ct", "pl", "sq", "trail", "loop", "alley",
    "plaza", "heights", "ridge", "pike", "run", "circuit", "bend", "view", "turnpike", "route",
];
/// French and Spanish words for street, which precede the name.
const STREETS_IN_FRONT: &[&str] =
    &["rue", "avenue", "boulevard", "chemin", "impasse", "allée", "quai", "route", "cours", "place"];
const CALLES: &[&str] = &["calle", "avenida", "avda", "plaza", "paseo", "carrer", "camino"];
/// German words for street, joined to the name or separate.
const STRASSEN: &[&str] =
    &["straße", "strasse", "str", "gasse", "weg", "allee", "platz", "ring", "damm", "ufer", "chaussee"];
const NO_STRASSE: &[&str] = &[
    "parkplatz",
    "arbeitsplatz",
    "sitzplatz",
    "stellplatz",
    "speicherplatz",
    "startplatz",
    "umweg",
    "hering",
    "standplatz",
    "ausweg",
    "rückweg",
    "heimweg",
];

/// Words between a number and a street that are not part of a name.
pub(super) const NO_NAMES: &[&str] = &[
    "minutes",
    "minute",
    "hours",
    "hour",
    "days",
    "day",
    "weeks",
    "week",
    "months",
    "years",
    "miles",
    "mile",
    "km",
    "percent",
    "dollars",
    "dollar",
    "euros",
    "euro",
    "pounds",
    "people",
    "cars",
    "items",
    "things",
    "of",
    "the",
    "down",
    "up",
    "on",
    "in",
    "away",
    "from",
    "per",
    "and",
    "or",
    "at",
    "to",
    "is",
    "was",
    "are",
    "a",
    "an",
    "this",
    "that",
    "my",
    "your",
    "our",
    "their",
    "off",
    "by",
    "into",
    "for",
    "with",
    "across",
    "along",
    "blocks",
    "block",
    "houses",
    "meters",
    "metres",
    "times",
    "more",
    "other",
    "different",
    "boxes",
    "parcels",
    "packages",
    "orders",
    "way",
    "one",
    "two",
    "it",
    "i",
    "you",
    "we",
    "they",
    "he",
    "she",
    "there",
    "here",
];

/// Returns the end of a house number: `12`, `221B`, `12-14`, "twelve", "two twenty one B".
fn house(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let first = atom_at(tokens, at)?;
    let mut digits = first.digits.len();
    let mut end = first.tokens.end;
    while let Some(atom) = atom_at(tokens, end).filter(|_| tokens[end].follows_with(&[' ', '-'], 1)) {
        digits += atom.digits.len();
        end = atom.tokens.end;
        if digits > 5 {
            return None;
        }
    }
    if digits > 5 {
        return None;
    }
    let letter = tokens
        .get(end)
        .filter(|token| token.is_letter() && (token.gap.is_empty() || token.gap == " ") && token.lower != "i");
    let bis = tokens.get(end).filter(|token| matches!(token.lower.as_str(), "bis" | "ter") && token.gap.len() <= 1);
    // "221 a day": a separate lower-case letter is an article.
    let letter = letter.filter(|token| token.gap.is_empty() || token.capital);
    Some(end + usize::from(letter.is_some() || bis.is_some()))
}

fn word(token: &Token<'_>) -> bool {
    token.is_letters() && matches!(token.gap, " " | ", " | "" | "-" | "'" | "’" | ". ") && !token.begins
}

/// Returns the end of an English address: "twelve Park Street", "221B Baker St".
fn english(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let name = house(tokens, at)?;
    for length in 1..=3 {
        let street = tokens.get(name + length).filter(|street| word(street) && street.gap == " ")?;
        let names = &tokens[name..name + length];
        let plain = |token: &Token<'_>| word(token) && !NO_NAMES.contains(&token.lower.as_str());
        // "12 21st Street": an ordinal may be the name.
        if !names.iter().all(plain) {
            return None;
        }
        let capitals = street.capital && names.iter().all(|token| token.capital);
        let sure = STREETS.contains(&street.lower.as_str());
        // "There is one main street": not a house number.
        let lower = length <= 2 && !street.capital && street.lower.len() > 2 && tokens[at].lower != "one";
        if sure && (capitals || lower || street.capital) || capitals && MAYBE_STREETS.contains(&street.lower.as_str()) {
            // "12 Park Street East"
            let side = |token: &Token<'_>| {
                matches!(token.lower.as_str(), "east" | "west" | "north" | "south") && token.gap == " "
            };
            let end = name + length + 1;
            return Some(end + usize::from(tokens.get(end).is_some_and(side)));
        }
    }
    None
}

/// Returns the end of a French address: "12 rue de la Paix", "12 bis, avenue Victor Hugo".
fn french(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let street = house(tokens, at)?;
    let named = tokens.get(street).filter(|token| word(token) && STREETS_IN_FRONT.contains(&token.lower.as_str()))?;
    named_behind(tokens, street, named.lower != "avenue" && named.lower != "boulevard" && named.lower != "place")
}

/// Returns the end of the name after "rue" or "calle": small words, then at least one with a capital.
fn named_behind(tokens: &[Token<'_>], street: usize, lower: bool) -> Option<usize> {
    let mut end = None;
    for (place, token) in tokens.iter().enumerate().skip(street + 1).take(6) {
        let small = matches!(
            token.lower.as_str(),
            "de" | "la" | "le" | "les" | "du" | "des" | "l" | "d" | "del" | "los" | "las" | "el"
        );
        let part = token.is_letters() && !token.begins && matches!(token.gap, " " | "'" | "’" | "-");
        if !part || !small && !token.capital && (!lower || end.is_some()) {
            break;
        }
        if !small {
            end = Some(place + 1);
        }
    }
    end
}

/// Returns the end of a Spanish address: "Calle Mayor 12", "avenida de América, 3".
fn spanish(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    CALLES.contains(&tokens[at].lower.as_str()).then_some(())?;
    let name = named_behind(tokens, at, true)?;
    let number =
        tokens.get(name).filter(|token| token.is_digits() && matches!(token.gap, " " | ", ") && !token.begins)?;
    (number.lower.len() <= 4).then_some(name + 1)
}

/// Returns the end of a German address: "Musterstraße 12", "Muster Str. 12a", "Kurze Gasse 3".
fn german(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let token = &tokens[at];
    let lower = token.lower.as_str();
    let named = STRASSEN.iter().any(|end| lower.len() > end.len() + 2 && lower.ends_with(end))
        && (token.capital || lower.ends_with("straße") || lower.ends_with("strasse"));
    let apart = matches!(lower, "straße" | "strasse" | "str" | "gasse" | "allee" | "platz" | "weg")
        && token.capital
        && at > 0
        && tokens[at - 1].capital
        && token.gap.len() <= 1;
    if !token.is_letters() || NO_STRASSE.contains(&lower) || !(named || apart) {
        return None;
    }
    let next = tokens.get(at + 1).filter(|next| !next.begins && matches!(next.gap, " " | ". " | "." | " Nr. "))?;
    if next.is_digits() && next.lower.len() > 3 {
        return None;
    }
    house(tokens, at + 1)
}

/// Returns the end of the address after the street: a flat, a town of up to three words, a postcode. Without a postcode
/// the address ends with the street.
fn with_postcode(tokens: &[Token<'_>], end: usize) -> usize {
    let flat = tokens.get(end).is_some_and(|token| {
        matches!(token.lower.as_str(), "flat" | "apt" | "apartment" | "unit" | "suite" | "floor")
            && token.gap.len() <= 2
            && !token.begins
    });
    let end = if flat && tokens.get(end + 1).is_some_and(|token| token.is_digits() || token.is_letter()) {
        end + 2
    } else {
        end
    };
    for town in 0..=4 {
        let between = tokens.get(end..end + town).unwrap_or_default();
        let plain = |token: &Token<'_>| token.is_letters() && (token.capital || token.lower == "in") && beside(token);
        if between.len() < town || !between.iter().all(plain) {
            break;
        }
        if let Some(code) = postcode_at(tokens, end + town).filter(|_| beside(&tokens[end + town])) {
            // "10115 Berlin": the town after the number is part of it.
            let town = tokens.get(code).is_some_and(|token| {
                tokens[code - 1].is_digits() && token.is_letters() && token.capital && token.gap == " "
            });
            return code + usize::from(town);
        }
    }
    end
}

pub(super) fn beside(token: &Token<'_>) -> bool {
    !token.begins && token.gap.chars().count() <= 3 && token.gap.chars().all(|c| c.is_whitespace() || ",.-".contains(c))
}

/// Returns the end of a postcode: "NW1 6XE", "62704", "62704-1234".
fn postcode_at(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let token = tokens.get(at)?;
    if token.is_digits() && token.lower.len() == 5 {
        let more = tokens.get(at + 1).is_some_and(|next| next.is_digits() && next.gap == "-" && next.lower.len() == 4);
        return Some(at + 1 + usize::from(more));
    }
    british(tokens, at)
}

/// Returns the end of a British postcode: one or two letters, one or two characters, a digit and two letters.
fn british(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let area = tokens.get(at).filter(|token| token.is_letters() && token.capital && token.lower.len() <= 2)?;
    let mut place = at + 1;
    let district =
        tokens.get(place).filter(|token| token.is_digits() && token.gap.is_empty() && token.lower.len() <= 3)?;
    place += 1;
    // "NW16XE": both parts in one token.
    let together = district.lower.len() >= 2
        && tokens.get(place).is_some_and(|token| token.gap.is_empty() && token.lower.len() == 2 && token.is_letters());
    if together {
        return Some(place + 1);
    }
    if tokens.get(place).is_some_and(|token| token.gap.is_empty() && token.is_letter()) {
        place += 1;
    }
    let inward = tokens
        .get(place)
        .filter(|token| token.is_digits() && token.lower.len() == 1 && matches!(token.gap, " " | ""))?;
    let unit =
        tokens.get(place + 1).filter(|token| token.is_letters() && token.gap.is_empty() && token.lower.len() == 2)?;
    (!area.lower.is_empty() && !inward.lower.is_empty() && !unit.lower.is_empty()).then_some(place + 2)
}

/// Returns the end of a postcode that was asked for, spelled or not: five to seven letters and digits.
fn asked_postcode(tokens: &[Token<'_>], at: usize, topics: &Topics) -> Option<usize> {
    if topics.last(tokens[at].at) != Some(Topic::Postcode) {
        return None;
    }
    if tokens[at].gap.ends_with(['\'', '’']) {
        return None;
    }
    if let Some(end) = postcode_at(tokens, at) {
        return Some(end);
    }
    let (mut place, mut signs, mut digits) = (at, 0, 0);
    while let Some(token) = tokens.get(place).filter(|token| place == at || token.goes_on || beside(token)) {
        if let Some(atom) = atom_at(tokens, place) {
            (signs, digits, place) = (signs + atom.digits.len(), digits + atom.digits.len(), atom.tokens.end);
        } else if token.is_letters() && (token.is_letter() || token.capital && token.lower.len() <= 2) {
            (signs, place) = (signs + token.lower.len(), place + 1);
        } else {
            break;
        }
    }
    ((4..=8).contains(&signs) && digits >= 2).then_some(place)
}

/// Returns the ranges of addresses.
pub(super) fn find(tokens: &[Token<'_>], topics: &Topics) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let street = english(tokens, at).or_else(|| french(tokens, at)).or_else(|| spanish(tokens, at));
        let street = street.or_else(|| german(tokens, at));
        let street = street.map(|end| with_postcode(tokens, end));
        // The answer to a question for an address continues after the street.
        let street = [street, told_addresses::find_at(tokens, at, topics)].into_iter().flatten().max();
        let end = street
            .or_else(|| asked_postcode(tokens, at, topics))
            .or_else(|| told_addresses::zip_code(tokens, at, topics));
        let Some(end) = end else {
            at += 1;
            continue;
        };
        // "Kurze Gasse 3": the word in front is the name.
        let apart = STRASSEN.contains(&tokens[at].lower.as_str()) && at > 0 && !tokens[at - 1].is_masked();
        found.push(at - usize::from(apart && found.last().is_none_or(|before| before.end < at))..end);
        at = end;
    }
    found
}
