//! E-mail addresses, written and spoken.

use super::misheard_email::{PROVIDERS, sentence_start};
use super::numbers::atom_at;
use super::tokens::{Token, is_han};
use super::topics::{Topic, Topics};
use std::ops::Range;

/// Returns everything of the form `something@host.tld`.
pub(super) fn written(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, _) in text.match_indices('@') {
        let from = found.last().map_or(0, |span| span.end);
        if at < from {
            continue;
        }
        let local = text[from..at].chars().rev().take_while(|c| is_local(*c)).map(char::len_utf8).sum::<usize>();
        let host: usize = text[at + 1..].chars().take_while(|c| is_host(*c)).map(char::len_utf8).sum();
        let host = text[at + 1..at + 1 + host].trim_end_matches(['.', '-']);
        let dotted = host.split('.').filter(|label| !label.is_empty()).count() >= 2
            || PROVIDERS.contains(&host.to_lowercase().as_str());
        if local > 0 && dotted {
            found.push(at - local..at + 1 + host.len());
        }
    }
    found
}

fn is_local(c: char) -> bool {
    c.is_alphanumeric() && !is_han(c) || "!#$%&'*+-/=?^_`{|}~.".contains(c)
}

fn is_host(c: char) -> bool {
    c.is_alphanumeric() && !is_han(c) || matches!(c, '.' | '-')
}

/// Words for the at sign.
pub(super) const AT: &[&str] = &["at", "ät", "klammeraffe", "arobase", "arroba"];
/// Words for the dot.
pub(super) const DOT: &[&str] = &["dot", "punkt", "point", "punto"];
/// Words for other characters of an address.
pub(super) const JOINS: &[&str] = &[
    "dot",
    "punkt",
    "point",
    "punto",
    "underscore",
    "unterstrich",
    "dash",
    "hyphen",
    "minus",
    "plus",
    "tiret",
    "guion",
];
/// Top-level domains that are typed rather than spoken.
pub(super) const TOP: &[&str] = &[
    "com", "net", "org", "info", "biz", "io", "co", "eu", "uk", "de", "at", "ch", "fr", "es", "it", "nl", "be", "ie",
    "us", "ca", "au", "cn", "pl", "edu", "gov", "me", "app", "dev", "online", "mail", "example", "test",
];
/// Words in front of "at northwind dot com" that are not a local part.
const NO_LOCAL: &[&str] = &[
    "look",
    "looking",
    "looked",
    "shop",
    "shopping",
    "shops",
    "order",
    "ordered",
    "bought",
    "buy",
    "work",
    "works",
    "working",
    "worked",
    "are",
    "is",
    "was",
    "am",
    "were",
    "be",
    "been",
    "me",
    "us",
    "you",
    "him",
    "her",
    "it",
    "them",
    "that",
    "this",
    "online",
    "find",
    "found",
    "available",
    "visit",
    "here",
    "right",
    "arrived",
    "store",
    "page",
    "site",
    "website",
    "people",
    "team",
    "sold",
    "listed",
    "see",
    "seen",
    "one",
    "price",
    "prices",
    "only",
    "there",
    "back",
    "not",
    "day",
    "sign",
    "log",
    "logged",
    "registered",
    "account",
    "open",
    "start",
    "starts",
    "read",
    "check",
    "stay",
    "all",
];
/// Words at which a spoken address of several words does not begin.
const NO_PART: &[&str] = &[
    "is", "s", "it", "its", "to", "my", "your", "on", "email", "e", "mail", "address", "the", "and", "or", "for", "um",
    "uh", "er", "yes", "yeah", "so", "that", "thats", "was", "use", "under", "have", "with", "me", "i", "a", "an",
    "of", "at", "in", "sure", "okay", "ok", "well", "send", "write", "reach", "contact", "please", "you", "can", "we",
    "by", "from", "ist", "est", "es",
];

/// Returns spoken addresses: "jerry dot cruncher at example dot net".
pub(super) fn spoken(tokens: &[Token<'_>], topics: &Topics) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for place in 1..tokens.len() {
        let token = &tokens[place];
        let host = if token.gap.trim() == "@" {
            place
        } else if AT.contains(&token.lower.as_str()) && bracketed(token) {
            place + 1
        } else {
            continue;
        };
        let Some(end) = host_end(tokens, host) else { continue };
        let from = found.last().map_or(0, |before| before.end);
        let last = place - 1;
        if last < from || tokens[last].is_masked() || tokens[place].begins {
            continue;
        }
        let sign = host == place;
        if !sign && NO_LOCAL.contains(&tokens[last].lower.as_str()) {
            continue;
        }
        found.push(local_start(tokens, last, from, topics)..end);
    }
    found
}

/// Whether only spaces or brackets precede it: "jerry (at) example (dot) net".
fn bracketed(token: &Token<'_>) -> bool {
    !token.begins
        && token.gap.chars().count() <= 3
        && token.gap.chars().all(|c| c.is_whitespace() || "()[]<>{},".contains(c))
}

/// Returns the end of the host that begins here: one to four words, then at least one "dot" and a label after it.
fn host_end(tokens: &[Token<'_>], first: usize) -> Option<usize> {
    let plain = |place: usize| {
        tokens.get(place).filter(|token| {
            !token.is_masked() && !DOT.contains(&token.lower.as_str()) && !AT.contains(&token.lower.as_str())
        })
    };
    plain(first)?;
    let mut place = first + 1;
    let mut end = None;
    let mut words = 1;
    while let Some(token) = tokens.get(place) {
        let typed = token.gap == "." && !token.begins && plain(place).is_some();
        let said = DOT.contains(&token.lower.as_str()) && bracketed(token) && plain(place + 1).is_some();
        let label = if typed { place } else { place + 1 };
        if (typed || said) && is_label(&tokens[label], typed) {
            (end, place) = (Some(label + 1), label + 1);
        } else if end.is_none() && words < 4 && plain(place).is_some() && (token.gap == " " || token.gap == "-") {
            (words, place) = (words + 1, place + 1);
        } else {
            break;
        }
    }
    let end = end?;
    // A typed host must end with a top-level domain: "at home.But …" is a missing space.
    let last = &tokens[end - 1];
    (last.gap != "." || TOP.contains(&last.lower.as_str())).then_some(end)
}

fn is_label(token: &Token<'_>, typed: bool) -> bool {
    !token.is_masked()
        && (token.lower.chars().count() >= 2 || token.is_digits())
        && (typed || !token.gap.contains(['!', '?', '\n']))
}

/// Returns the start of the local part before the "at".
pub(super) fn local_start(tokens: &[Token<'_>], last: usize, from: usize, topics: &Topics) -> usize {
    let mut first = last;
    let spelled = |place: usize| {
        let token = &tokens[place];
        !token.gap.ends_with(['\'', '’'])
            && (token.is_letter() || token.is_digits() || atom_at(tokens, place).is_some())
    };
    // "It is jerry cruncher seven at …": where an address is the topic, all words before belong to it, except the
    // introduction.
    let spoken_of = topics.said(tokens[last].at, &[Topic::Email]);
    let mut words = if spoken_of { 2 } else { 0 };
    while first > from && !tokens[first].begins && last - first < 60 {
        let (gap, before) = (tokens[first].gap, &tokens[first - 1]);
        if before.is_masked() {
            break;
        }
        let word = JOINS.contains(&before.lower.as_str());
        if matches!(gap, "." | "_" | "-" | "+" | "") {
            first -= 1;
        } else if word && first >= from + 2 && !tokens[first - 2].is_masked() && !tokens[first - 1].begins {
            first -= 2;
        } else if spelled(first) && spelled(first - 1) && gap.chars().count() <= 2 {
            first -= 1;
        } else if words > 0 && gap == " " && before.is_letters() && !NO_PART.contains(&before.lower.as_str()) {
            first -= 1;
            words -= 1;
        } else {
            break;
        }
    }
    if spoken_of {
        return sentence_start(tokens, first, from);
    }
    // Two words in front of a provider are a name.
    let host = tokens[last..]
        .iter()
        .take(6)
        .any(|token| PROVIDERS.contains(&token.lower.as_str()) || token.lower.ends_with("mail"));
    if host { sentence_start(tokens, first, from.max(first.saturating_sub(3))) } else { first }
}
