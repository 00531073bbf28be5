//! E-mail addresses, written and spoken.

use super::gazetteer::is_first_name;
use super::numbers::atom_at;
use super::tokens::{Token, is_han};
use super::topics::{Topic, Topics};
use std::ops::Range;

/// Everything of the form `something@host.tld`.
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
        let dotted = host.split('.').filter(|label| !label.is_empty()).count() >= 2;
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

const AT: &[&str] = &["at", "ät", "klammeraffe", "arobase", "arroba"];
const DOT: &[&str] = &["dot", "punkt", "point", "punto"];
const JOINS: &[&str] = &[
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
/// Ends of hosts that are typed rather than spoken.
const TOP: &[&str] = &[
    "com", "net", "org", "info", "biz", "io", "co", "eu", "uk", "de", "at", "ch", "fr", "es", "it", "nl", "be", "ie",
    "us", "ca", "au", "cn", "pl", "edu", "gov", "me", "app", "dev", "online", "mail", "example", "test",
];
/// Who stands in front of "at northwind dot com" without being an address.
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
/// Where an address that is spoken in several words surely does not begin yet.
const NO_PART: &[&str] = &[
    "is", "s", "it", "its", "to", "my", "your", "on", "email", "e", "mail", "address", "the", "and", "or", "for", "um",
    "uh", "er", "yes", "yeah", "so", "that", "thats", "was", "use", "under", "have", "with", "me", "i", "a", "an",
    "of", "at", "in", "sure", "okay", "ok", "well", "send", "write", "reach", "contact", "please", "you", "can", "we",
    "by", "from", "ist", "est", "es",
];

/// Addresses as they are said: "jerry dot cruncher at example dot net".
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

/// Names of providers as they are heard inside of a word: "janesmithatgmail.com".
const PROVIDERS: &[&str] = &[
    "gmail",
    "mail.com",
    "outlook",
    "yahoo",
    "hotmail",
    "hottmail",
    "icloud",
    "aol.com",
    "gmx",
    "proton",
    "live.com",
    "msn.com",
    "comcast",
    "web.de",
    "me.com",
    "verizon",
    "googlemail",
    "yandex",
    "qq.com",
    "163.com",
    "ymail",
    "zoho",
];
/// A company's own page is spoken of like this.
const OF_A_PAGE: &[&str] = &[
    "www", "website", "site", "page", "online", "visit", "app", "browser", "link", "portal", "look", "check", "go",
    "see", "our", "shop",
];

/// Addresses whose sign was lost: "gene.smithscagmail.com", "Karen Garcia had an example.net". Where an address is spoken of, any
/// host is one; else one of a provider that something stands in front of.
pub(super) fn without_sign(tokens: &[Token<'_>], topics: &Topics) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for place in 1..tokens.len() {
        let token = &tokens[place];
        let typed =
            token.gap == "." && !token.begins && TOP.contains(&token.lower.as_str()) && !tokens[place - 1].is_masked();
        let said = DOT.contains(&token.lower.as_str())
            && token.gap == " "
            && tokens.get(place + 1).is_some_and(|next| SPOKEN_TOP.contains(&next.lower.as_str()) && next.gap == " ")
            && !tokens[place - 1].is_masked();
        if !typed && !said {
            continue;
        }
        let from = found.last().map_or(0, |before| before.end);
        let end = place + 1 + usize::from(said);
        let mut first = place - 1;
        while first > from
            && place - first < 40
            && matches!(tokens[first].gap, "." | "-" | "_" | "+" | "")
            && !tokens[first].begins
            && !tokens[first - 1].is_masked()
        {
            first -= 1;
        }
        if first < from {
            continue;
        }
        let host: String = tokens[first..end]
            .iter()
            .map(|token| format!("{}{}", if token.gap == "." { "." } else { "" }, token.lower))
            .collect();
        let provider = PROVIDERS.iter().any(|provider| host.contains(provider));
        let spoken_of = topics.said(tokens[first].at, &[Topic::Email]);
        let page = tokens[first.saturating_sub(4)..first].iter().any(|token| OF_A_PAGE.contains(&token.lower.as_str()));
        let named =
            tokens[first.saturating_sub(6)..first].iter().any(|token| token.capital && is_first_name(&token.lower));
        if (spoken_of || named) && !page || provider {
            let start = local_start(tokens, first, from, topics);
            found.push(if named { sentence_start(tokens, start, from) } else { start }..end);
        }
    }
    found
}

/// Ends of hosts that are spoken.
const SPOKEN_TOP: &[&str] = &["com", "net", "org", "co", "edu", "uk", "calm", "come"];

/// Where an address begins that an address was asked for with, however it was heard: behind "it's", "that would be", or at the
/// beginning of the sentence.
fn sentence_start(tokens: &[Token<'_>], first: usize, from: usize) -> usize {
    let mut start = first;
    while start > from && first - start < 10 {
        let (token, before) = (&tokens[start], &tokens[start - 1]);
        let sentence = token.begins
            || token.goes_on
            || token.gap.contains(['!', '?', ':'])
            || token.gap.contains('.') && token.gap != ".";
        if sentence || before.is_masked() || CUES.contains(&before.lower.as_str()) {
            break;
        }
        start -= 1;
    }
    start
}

/// What stands in front of an address.
const CUES: &[&str] = &[
    "is",
    "s",
    "be",
    "to",
    "with",
    "address",
    "addresses",
    "email",
    "emails",
    "e",
    "mail",
    "yes",
    "yeah",
    "sure",
    "okay",
    "ok",
    "under",
    "me",
    "was",
    "use",
    "that",
    "it",
    "confirmation",
    "yep",
    "um",
    "uh",
    "account",
    "ist",
    "est",
    "es",
];

/// The answer to a question for an address in which nothing looks like one: it holds a name or is spelled.
pub(super) fn answers(tokens: &[Token<'_>], topics: &Topics) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let first_of_line = at == 0 || token.begins || token.goes_on;
        let before = at.checked_sub(1).map(|before| tokens[before].at);
        if !first_of_line || !topics.asked_since(before, token.at, Topic::Email) {
            continue;
        }
        let line = |place: &usize| *place == at || tokens.get(*place).is_some_and(|next| !next.begins && !next.goes_on);
        let mut start = at;
        while tokens.get(start).is_some_and(|token| {
            CUES.contains(&token.lower.as_str()) || matches!(token.lower.as_str(), "would" | "my" | "the")
        }) && line(&start)
        {
            start += 1;
        }
        let ends = |place: &usize| {
            *place > start && tokens[*place].gap.contains(['!', '?'])
                || *place > start && tokens[*place].gap.contains(". ")
        };
        let end = (start..tokens.len())
            .take(16)
            .take_while(|place| line(place) && !ends(place))
            .last()
            .map_or(start, |last| last + 1);
        let answer = &tokens[start.min(end)..end];
        let refuses = answer.iter().any(|token| NO_ANSWER.contains(&token.lower.as_str()) || token.is_masked());
        let name = answer.iter().any(|token| token.capital && is_first_name(&token.lower))
            || answer.iter().filter(|token| token.is_letter()).count() >= 3
            || answer
                .iter()
                .any(|token| JOINS.contains(&token.lower.as_str()) || matches!(token.lower.as_str(), "com" | "dotcom"));
        if !refuses && name {
            found.push(start..end);
        }
    }
    found
}

/// Whoever says this tells no address.
const NO_ANSWER: &[&str] =
    &["don", "same", "already", "why", "need", "haven", "didn", "sorry", "what", "repeat", "can", "could", "because"];

/// Only spaces or brackets stand in front: "jerry (at) example (dot) net".
fn bracketed(token: &Token<'_>) -> bool {
    !token.begins
        && token.gap.chars().count() <= 3
        && token.gap.chars().all(|c| c.is_whitespace() || "()[]<>{},".contains(c))
}

/// Where the host ends that begins here: one to four words, then at least one "dot" and what comes behind it.
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
    // What is typed must end as hosts do: "at home.But …" is a missing space.
    let last = &tokens[end - 1];
    (last.gap != "." || TOP.contains(&last.lower.as_str())).then_some(end)
}

fn is_label(token: &Token<'_>, typed: bool) -> bool {
    !token.is_masked()
        && (token.lower.chars().count() >= 2 || token.is_digits())
        && (typed || !token.gap.contains(['!', '?', '\n']))
}

/// Where the part in front of the "at" begins.
fn local_start(tokens: &[Token<'_>], last: usize, from: usize, topics: &Topics) -> usize {
    let mut first = last;
    let spelled = |place: usize| {
        let token = &tokens[place];
        !token.gap.ends_with(['\'', '’'])
            && (token.is_letter() || token.is_digits() || atom_at(tokens, place).is_some())
    };
    // "It is jerry cruncher seven at …": where an address is spoken of all words before belong to it, but for those that
    // introduce it.
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
    if spoken_of { sentence_start(tokens, first, from) } else { first }
}
