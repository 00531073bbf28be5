//! International bank account numbers (ISO 13616).

use super::numbers::atom_at;
use super::tokens::{Token, TokenKind};
use super::topics::{Topic, Topics};
use std::ops::Range;

/// Country codes and lengths.
const LENGTHS: &[(&str, usize)] = &[
    ("ad", 24),
    ("ae", 23),
    ("al", 28),
    ("at", 20),
    ("az", 28),
    ("ba", 20),
    ("be", 16),
    ("bg", 22),
    ("bh", 22),
    ("br", 29),
    ("by", 28),
    ("ch", 21),
    ("cr", 22),
    ("cy", 28),
    ("cz", 24),
    ("de", 22),
    ("dk", 18),
    ("do", 28),
    ("ee", 20),
    ("eg", 29),
    ("es", 24),
    ("fi", 18),
    ("fo", 18),
    ("fr", 27),
    ("gb", 22),
    ("ge", 22),
    ("gi", 23),
    ("gl", 18),
    ("gr", 27),
    ("gt", 28),
    ("hr", 21),
    ("hu", 28),
    ("ie", 22),
    ("il", 23),
    ("iq", 23),
    ("is", 26),
    ("it", 27),
    ("jo", 30),
    ("kw", 30),
    ("kz", 20),
    ("lb", 28),
    ("lc", 32),
    ("li", 21),
    ("lt", 20),
    ("lu", 20),
    ("lv", 21),
    ("ly", 25),
    ("mc", 27),
    ("md", 24),
    ("me", 22),
    ("mk", 19),
    ("mr", 27),
    ("mt", 31),
    ("mu", 30),
    ("nl", 18),
    ("no", 15),
    ("pk", 24),
    ("pl", 28),
    ("ps", 29),
    ("pt", 25),
    ("qa", 29),
    ("ro", 24),
    ("rs", 22),
    ("sa", 24),
    ("sc", 31),
    ("se", 24),
    ("si", 19),
    ("sk", 24),
    ("sm", 27),
    ("st", 25),
    ("sv", 28),
    ("tl", 23),
    ("tn", 24),
    ("tr", 26),
    ("ua", 29),
    ("va", 22),
    ("vg", 24),
    ("xk", 20),
];

/// Spelling alphabet of radio and telephone (ICAO).
const SPELLED: &[&str] = &[
    "alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliett", "kilo", "lima",
    "mike", "november", "oscar", "papa", "quebec", "romeo", "sierra", "tango", "uniform", "victor", "whiskey", "xray",
    "yankee", "zulu",
];

/// Country codes that are words in front of numbers too: "it is three three nine …".
const WORDS: &[&str] = &["at", "be", "do", "is", "it", "me", "no"];

/// Returns the letter of a token: a single letter or its spelling word.
fn letter<'t>(token: &'t Token<'_>) -> Option<&'t str> {
    if token.is_letter() {
        return Some(&token.lower);
    }
    let spelled = SPELLED.contains(&token.lower.as_str()) || token.lower == "alfa" || token.lower == "juliet";
    spelled.then(|| &token.lower[..1])
}

/// Returns the end of an explained letter, where the word repeats it: "D as in David", "D for David", "D wie Dora".
fn explained(tokens: &[Token<'_>], at: usize) -> usize {
    let word = |place: usize| tokens.get(place).map_or("", |token| token.lower.as_str());
    match (word(at), word(at + 1)) {
        ("as", "in") => 3,
        ("for" | "like" | "wie" | "comme", _) => 2,
        _ => 0,
    }
}

/// Returns the account number that begins at a token, if its check digits are right; where an account is the topic, its
/// length suffices, as a digit may have been misheard.
pub(super) fn at(tokens: &[Token<'_>], first: usize, topics: &Topics) -> Option<Range<usize>> {
    // Among letters "O" and "UN" are usually letters, "oh" and "one" usually numbers; the check digits decide.
    [2, 0, 4].into_iter().find_map(|letters| read(tokens, first, topics, letters))
}

/// Reads a number; words of at most `letters` letters are read as letters, even where they are numbers.
fn read(tokens: &[Token<'_>], first: usize, topics: &Topics, letters: usize) -> Option<Range<usize>> {
    let token = &tokens[first];
    if !token.is_letters() {
        return None;
    }
    let (mut said, mut place) = match token.lower.len() {
        2 => (token.lower.clone(), first + 1),
        _ => {
            let one = letter(token)?;
            let second = first + 1 + explained(tokens, first + 1);
            let two = letter(tokens.get(second)?)?;
            (format!("{one}{two}"), second + 1 + explained(tokens, second + 1))
        }
    };
    let spoken_of = || topics.said(token.at, &[Topic::Iban]);
    if WORDS.contains(&token.lower.as_str()) && !token.capital && !spoken_of() {
        return None;
    }
    let length = LENGTHS.iter().find(|(country, _)| *country == said).map(|(_, length)| *length)?;
    while said.len() < length {
        let token = tokens.get(place).filter(|token| !token.begins && close(token))?;
        let plain = token.is_digits() || token.lower.len() > letters;
        if let Some(atom) = atom_at(tokens, place).filter(|_| plain) {
            said.push_str(&atom.digits);
            place = atom.tokens.end;
        } else if let Some(letter) = letter(token) {
            said.push_str(letter);
            place += 1 + explained(tokens, place + 1);
        } else if !token.capital
            && matches!(token.lower.as_str(), "um" | "uh" | "er" | "and" | "then" | "dash" | "space")
        {
            place += 1;
        } else if token.what == TokenKind::Letters && token.lower.len() <= 4 && token.lower.is_ascii() {
            said.push_str(&token.lower);
            place += 1;
        } else {
            return None;
        }
        // The two check digits come first.
        if said.len() >= 4 && !said.as_bytes()[2..4].iter().all(u8::is_ascii_digit) {
            return None;
        }
    }
    let complete = said.len() == length;
    (complete && (checks(&said) || spoken_of())).then_some(first..place)
}

/// Minimum number of digits and letters of an account number without valid check digits.
const MIN_SIGNS: usize = 8;

/// Maximum number of tokens of such a number: digits one by one, with words between them.
const MAX_TOKENS: usize = 60;

/// Returns misheard account numbers: consecutive letters and digits where an account is the topic, or after two letters
/// as in country codes.
pub(super) fn misheard(tokens: &[Token<'_>], topics: &Topics) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let range = misheard_at(tokens, at, topics);
        at = range.as_ref().map_or(at + 1, |range| range.end);
        found.extend(range);
    }
    found
}

fn misheard_at(tokens: &[Token<'_>], first: usize, topics: &Topics) -> Option<Range<usize>> {
    let spoken_of = topics.last(tokens[first].at) == Some(Topic::Iban);
    let country = tokens[first].is_letters() && tokens[first].capital && tokens[first].lower.len() <= 2;
    if !spoken_of && !country
        || matches!(topics.last(tokens[first].at), Some(Topic::Reference | Topic::Card | Topic::Phone))
    {
        return None;
    }
    let (mut place, mut end, mut letters, mut digits) = (first, first, 0, 0);
    while let Some(token) =
        tokens.get(place).filter(|token| place == first || close(token) && place - first < MAX_TOKENS)
    {
        if let Some(atom) = atom_at(tokens, place).filter(|_| token.is_digits() || token.lower.len() > 1) {
            (digits, place, end) = (digits + atom.digits.len(), atom.tokens.end, atom.tokens.end);
        } else if token.is_letter() && (token.capital || spoken_of)
            || token.is_letters() && token.upper && token.lower.len() <= 4 && !WORDS.contains(&token.lower.as_str())
        {
            (letters, place, end) = (letters + token.lower.len(), place + 1, place + 1);
        } else if digits > 0
            && matches!(token.lower.as_str(), "um" | "uh" | "and" | "then" | "dash" | "space" | "to" | "for")
        {
            place += 1;
        } else {
            break;
        }
    }
    // "… 0130 00. I will wait": the first word of a sentence is not a letter of the number.
    while end > first && digits > 0 && matches!(tokens[end - 1].lower.as_str(), "i" | "a") {
        (end, letters) = (end - 1, letters - 1);
    }
    // After two letters alone, at least as many digits as the shortest of these numbers has.
    let fewest = if spoken_of { MIN_SIGNS } else { 12 };
    let unclear = !spoken_of && letters < 2;
    (digits >= fewest.min(MIN_SIGNS) && letters + digits >= fewest && !unclear).then_some(first..end)
}

fn close(token: &Token<'_>) -> bool {
    token.goes_on
        || token.gap.chars().count() <= 3 && token.gap.chars().all(|c| c.is_whitespace() || "-.,/".contains(c))
}

/// Whether the check digits are right (ISO 7064, mod 97-10).
pub(super) fn checks(iban: &str) -> bool {
    let (head, tail) = iban.split_at(4);
    let value = |c: char| c.to_digit(36);
    let rest = tail.chars().chain(head.chars()).try_fold(0_u32, |rest, c| {
        let value = value(c)?;
        let rest = if value > 9 { rest * 100 + value } else { rest * 10 + value };
        Some(rest % 97)
    });
    rest == Some(1)
}
