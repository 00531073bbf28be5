//! Names in the context of names: "my name is …", "this is …", "… speaking", the answer to "Your name, please?".

use super::gazetteer::{is_first_name, is_last_name};
use super::names::{Names, WORDS};
use super::tokens::Token;
use super::topics::{Topic, Topics};
use std::ops::Range;

/// Maximum number of words of a name.
const MAX_PARTS: usize = 4;
/// Maximum distance of a name from the question, in words.
const ANSWER_WITHIN: usize = 14;

/// Capitalised words that are not names.
const NO_NAMES: &[&str] = &[
    "i",
    "yes",
    "yeah",
    "yep",
    "yup",
    "no",
    "nope",
    "sure",
    "the",
    "a",
    "an",
    "my",
    "your",
    "our",
    "his",
    "her",
    "their",
    "it",
    "its",
    "that",
    "this",
    "there",
    "here",
    "these",
    "those",
    "thanks",
    "thank",
    "okay",
    "ok",
    "hi",
    "hello",
    "hey",
    "and",
    "or",
    "but",
    "so",
    "well",
    "um",
    "uh",
    "oh",
    "of",
    "please",
    "hold",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "can",
    "could",
    "would",
    "should",
    "will",
    "do",
    "did",
    "does",
    "is",
    "are",
    "was",
    "am",
    "we",
    "you",
    "he",
    "she",
    "they",
    "me",
    "us",
    "him",
    "what",
    "when",
    "where",
    "who",
    "why",
    "how",
    "which",
    "let",
    "just",
    "not",
    "now",
    "then",
    "alright",
    "all",
    "right",
    "good",
    "great",
    "fine",
    "very",
    "calling",
    "looking",
    "trying",
    "sorry",
    "interested",
    "because",
    "if",
    "for",
    "from",
    "with",
    "at",
    "to",
    "in",
    "on",
    "by",
    "as",
    "about",
    "last",
    "first",
    "name",
    "spelled",
    "capital",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "january",
    "february",
    "march",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "american",
    "express",
    "visa",
    "mastercard",
    "amex",
    "master",
    "card",
    "german",
    "english",
    "spanish",
    "french",
    "british",
    "canadian",
    "mexican",
    "indian",
    "chinese",
    "italian",
    "irish",
    "australian",
    "dutch",
    "christmas",
    "easter",
    "thanksgiving",
    "god",
    "internet",
    "wifi",
    "wi",
    "fi",
    "pin",
    "id",
    "tv",
    "iban",
    "ups",
    "dhl",
    "fedex",
    "usps",
    "amazon",
    "google",
    "paypal",
    "apple",
    "windows",
    "android",
    "iphone",
    "facebook",
    "netflix",
    "speaking",
    "account",
    "order",
    "number",
    "email",
    "phone",
    "address",
    "date",
    "social",
    "credit",
    "debit",
    "bank",
    "again",
    "also",
    "maybe",
    "actually",
    "perfect",
    "ready",
    "checking",
    "saving",
    "customer",
    "sir",
    "madam",
    "ma",
    "mam",
    "mister",
];
/// Words after a name that make it a company's.
const COMPANY: &[&str] = &[
    "bank",
    "support",
    "insurance",
    "company",
    "inc",
    "corp",
    "corporation",
    "llc",
    "ltd",
    "service",
    "services",
    "store",
    "stores",
    "shop",
    "airlines",
    "airways",
    "hotel",
    "hospital",
    "university",
    "college",
    "school",
    "customer",
    "department",
    "team",
    "center",
    "centre",
    "national",
    "credit",
    "union",
    "energy",
    "mobile",
    "telecom",
    "wireless",
    "electronics",
    "street",
    "road",
    "avenue",
    "airport",
    "station",
    "group",
    "medical",
    "financial",
    "clinic",
    "office",
    "county",
    "city",
];

/// Returns the names in the tokens of one speaker; the customer's where `customer` is true.
pub(super) fn find(tokens: &[Token<'_>], topics: &Topics, names: &Names, customer: bool) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for at in 0..tokens.len() {
        let from = found.last().map_or(0, |range| range.end);
        if at < from {
            continue;
        }
        let name = if customer {
            introduced(tokens, at)
                .or_else(|| signed(tokens, at))
                .or_else(|| answered(tokens, at, topics))
                .or_else(|| known(tokens, at))
        } else {
            titled(tokens, at).or_else(|| addressed(tokens, at)).or_else(|| known(tokens, at))
        };
        let agents = |range: &Range<usize>| tokens[range.clone()].iter().any(|token| names.is_agent(&token.lower));
        if let Some(name) = name.filter(|name| name.start >= from && !agents(name)) {
            found.push(with_spelling(tokens, name));
        }
    }
    found
}

fn word<'t>(tokens: &'t [Token<'_>], at: usize) -> &'t str {
    tokens.get(at).map_or("", |token| token.lower.as_str())
}

/// Whether a word may be a part of a name.
fn is_part(token: &Token<'_>) -> bool {
    token.is_letters() && token.capital && token.lower.chars().count() > 1 && !NO_NAMES.contains(&token.lower.as_str())
}

/// Returns the name that begins at a token: capitalised words, also across the end of a line.
fn name_at(tokens: &[Token<'_>], first: usize) -> Option<Range<usize>> {
    let mut first = first;
    while matches!(word(tokens, first), "um" | "uh" | "er" | "erm" | "mr" | "mrs" | "ms" | "miss" | "dr" | "mister") {
        first += 1;
    }
    let mut end = first;
    while let Some(token) = tokens.get(end).filter(|token| end - first < MAX_PARTS && is_part(token)) {
        let near =
            end == first || token.goes_on || !token.begins && matches!(token.gap, " " | "-" | ". " | "-. " | "'" | "’");
        // A full stop ends the name, except after an initial, and a new line may begin with any word.
        let stop = end > first && token.gap == ". " && tokens[end - 1].lower.chars().count() > 1;
        let other = end > first && token.goes_on && !goes_on_as_name(tokens, end);
        if !near || stop || other {
            break;
        }
        end += 1;
    }
    // An initial: "John F. Kennedy".
    let initial = tokens
        .get(end)
        .filter(|token| end > first && token.is_letter() && token.capital && token.lower != "i" && token.gap == " ");
    if initial.is_some() && tokens.get(end + 1).is_some_and(is_part) {
        end += 2;
    }
    let company = tokens.get(end).is_some_and(|next| next.gap == " " && COMPANY.contains(&next.lower.as_str()))
        || tokens[first.min(end)..end].iter().any(|token| COMPANY.contains(&token.lower.as_str()));
    (end > first && !company).then_some(first..end)
}

/// Returns a name in lower case, as people type it and as models write it when uncertain.
fn small_name_at(tokens: &[Token<'_>], first: usize) -> Option<Range<usize>> {
    let plain =
        |place: usize| tokens.get(place).filter(|token| token.is_letters() && !token.begins && token.lower.len() > 2);
    let one = plain(first).filter(|token| is_first_name(&token.lower) && !NO_NAMES.contains(&token.lower.as_str()))?;
    let two = plain(first + 1)
        .filter(|token| is_last_name(&token.lower) && token.gap == " " && !NO_NAMES.contains(&token.lower.as_str()));
    let sure = two.is_some() || !WORDS.contains(&one.lower.as_str());
    sure.then(|| first..first + 1 + usize::from(two.is_some()))
}

/// Whether the first word of a line is the rest of a name in the line before.
fn goes_on_as_name(tokens: &[Token<'_>], at: usize) -> bool {
    let next = tokens.get(at + 1);
    let ends = next.is_none_or(|next| next.begins || next.goes_on || next.gap.starts_with(['.', ',', '!', '?']));
    ends || is_last_name(&tokens[at].lower)
}

/// Returns the name after a customer's introduction: "My name is …", "I'm …", "this is …".
fn introduced(tokens: &[Token<'_>], at: usize) -> Option<Range<usize>> {
    let (one, two, three) = (word(tokens, at), word(tokens, at + 1), word(tokens, at + 2));
    match (one, two, three) {
        ("name" | "names" | "surname", "is" | "s" | "was", _) => {
            name_at(tokens, at + 2).or_else(|| small_name_at(tokens, at + 2))
        }
        ("name", "should" | "would", "be") => name_at(tokens, at + 3),
        ("under", _, "first") if is_last_name(two) => Some(at + 1..at + 2),
        ("name", _, _)
            if tokens[at].is_letters()
                && tokens.get(at + 1).is_some_and(|next| next.gap.trim() == ":" || next.gap.trim() == ",") =>
        {
            let before = at.checked_sub(1).map_or("", |before| word(tokens, before));
            matches!(before, "first" | "last" | "full" | "my").then(|| name_at(tokens, at + 1)).flatten()
        }
        ("first" | "last", "name", _) => name_at(tokens, at + 2),
        ("ich", "heiße" | "bin", _) | ("me", "llamo", _) | ("soy", _, _) => {
            name_at(tokens, at + 1 + usize::from(one != "soy"))
        }
        ("je", "m", "appelle") | ("mein", "name", "ist") | ("je", "suis", _) => {
            name_at(tokens, at + 2 + usize::from(two != "suis"))
        }
        ("name", "of" | "for", _) | ("under", _, _) | ("registered", "to", _) | ("belongs", "to", _) => {
            let first = at + 1 + usize::from(one != "under");
            let listed = |word: &str| is_first_name(word) || is_last_name(word);
            name_at(tokens, first).filter(|name| name.len() > 1 || listed(&tokens[name.start].lower))
        }
        ("speaking" | "talking", "with" | "to", _) => name_at(tokens, at + 2),
        ("speak", "with" | "to", _) => name_at(tokens, at + 2).filter(|name| name.len() > 1),
        ("call" | "called", "me", _) => name_at(tokens, at + 2).filter(|name| is_name_word(&tokens[name.start].lower)),
        ("this", "is", _) | ("i", "m" | "am", _) => name_at(tokens, at + 2),
        ("it", "s" | "is", _) | ("that", "s" | "is", _) => {
            name_at(tokens, at + 2).filter(|name| is_here(tokens, name) || is_known(tokens, name))
        }
        _ => titled(tokens, at),
    }
}

/// Returns the name before "speaking" or "here": "David Wilson speaking.", "Karen Thompson here.", "miller speaking."
fn signed(tokens: &[Token<'_>], at: usize) -> Option<Range<usize>> {
    let small = word(tokens, at + 1) == "speaking" && !LANGUAGES.contains(&word(tokens, at));
    if small && !tokens[at + 1].begins && is_last_name(&tokens[at].lower) {
        return Some(at..at + 1);
    }
    let begins = name_at(tokens, at).is_some_and(|name| word(tokens, name.end) == "speaking")
        || at == 0
        || tokens[at].begins
        || tokens[at].goes_on
        || tokens[at].gap.contains([',', '.', '!', '?']);
    begins.then(|| name_at(tokens, at)).flatten().filter(|name| is_here(tokens, name) && !names_a_place(tokens, name))
}

/// Common last names that precede "speaking" for another reason.
const LANGUAGES: [&str; 3] = ["english", "french", "german"];

fn names_a_place(tokens: &[Token<'_>], name: &Range<usize>) -> bool {
    name.len() == 1 && word(tokens, name.end) != "speaking" && !is_name_word(&tokens[name.start].lower)
}

/// Whether the name is followed by "speaking", "here", "calling".
fn is_here(tokens: &[Token<'_>], name: &Range<usize>) -> bool {
    tokens.get(name.end).is_some_and(|next| {
        !next.begins && matches!(next.lower.as_str(), "speaking" | "here" | "calling") && matches!(next.gap, " " | ", ")
    })
}

/// Returns capitalised words in the answer to "Your name, please?".
fn answered(tokens: &[Token<'_>], at: usize, topics: &Topics) -> Option<Range<usize>> {
    let asked = topics.asked(tokens[at].at, Topic::Name, ANSWER_WITHIN);
    let whole_line = |name: &Range<usize>| {
        (name.start == 0 || tokens[name.start].line != tokens[name.start - 1].line)
            && tokens.get(name.end).is_none_or(|next| next.line != tokens[name.start].line)
    };
    if let Some(name) = asked.then(|| typed_name(tokens, at)).flatten().filter(whole_line) {
        return Some(name);
    }
    asked.then(|| name_at(tokens, at)).flatten().filter(|name| {
        // The first word of a sentence is capitalised anyway.
        let sentence = at == 0 || tokens[at].begins || tokens[at].goes_on || tokens[at].gap.contains(['.', '!', '?']);
        name.len() > 1
            || !sentence
            || is_name_word(&tokens[at].lower)
            || tokens.get(name.end).is_none_or(|next| next.begins || next.gap.contains(['.', ',']))
    })
}

/// Returns the name that the agent repeats: "Thank you, Brian."
fn addressed(tokens: &[Token<'_>], at: usize) -> Option<Range<usize>> {
    let said = match (word(tokens, at), word(tokens, at + 1)) {
        ("thank", "you") => at + 2,
        ("thanks" | "hi" | "hello" | "welcome" | "okay" | "sorry", _) => at + 1,
        _ => return None,
    };
    name_at(tokens, said).filter(|name| is_name_word(&tokens[name.start].lower))
}

/// Returns a common first name with a common last name, in any letter case, at the start of a line.
fn typed_name(tokens: &[Token<'_>], at: usize) -> Option<Range<usize>> {
    let (one, two) = (tokens.get(at)?, tokens.get(at + 1)?);
    (is_first_name(&one.lower) && is_last_name(&two.lower) && two.gap == " ").then_some(at..at + 2)
}

/// Returns a name with its title: "Mr. Garcia", "Mrs Brown".
fn titled(tokens: &[Token<'_>], at: usize) -> Option<Range<usize>> {
    let title = matches!(
        word(tokens, at),
        "mr" | "mrs" | "ms" | "miss" | "dr" | "mister" | "herr" | "frau" | "madame" | "monsieur" | "señor" | "señora"
    );
    (title && tokens[at].capital).then(|| name_at(tokens, at + 1)).flatten()
}

/// Returns a common first name with a common last name.
fn known(tokens: &[Token<'_>], at: usize) -> Option<Range<usize>> {
    if !is_part(&tokens[at]) || !is_first_name(&tokens[at].lower) {
        return None;
    }
    name_at(tokens, at).filter(|name| is_known(tokens, name))
}

fn is_known(tokens: &[Token<'_>], name: &Range<usize>) -> bool {
    let (first, last) = (&tokens[name.start].lower, &tokens[name.end - 1].lower);
    name.len() > 1
        && is_first_name(first)
        && is_last_name(last)
        && !(WORDS.contains(&first.as_str()) && WORDS.contains(&last.as_str()))
}

fn is_name_word(word: &str) -> bool {
    (is_first_name(word) || is_last_name(word)) && !WORDS.contains(&word)
}

/// Extends a name by its spelling: "Smith, S-M-I-T-H".
fn with_spelling(tokens: &[Token<'_>], name: Range<usize>) -> Range<usize> {
    let mut first = name.end;
    while matches!(word(tokens, first), "that" | "s" | "spelled" | "it" | "is" | "spelt" | "as" | "in")
        && first < name.end + 4
    {
        first += 1;
    }
    let letters = tokens
        .iter()
        .skip(first)
        .take_while(|token| token.is_letter() && !token.begins && !token.goes_on && !token.gap.contains(['\'', '’']))
        .count();
    if letters >= 2 { name.start..first + letters } else { name }
}
