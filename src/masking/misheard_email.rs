//! Misheard e-mail addresses: without the at sign, without the end, or recognised only by the question.

use super::email::{AT, DOT, JOINS, TOP, local_start};
use super::gazetteer::is_first_name;
use super::tokens::Token;
use super::topics::{Topic, Topics};
use std::ops::Range;

/// Names of providers as they occur within a word: "janesmithatgmail.com".
pub(super) const PROVIDERS: &[&str] = &[
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
/// Words in the context of a company's own website.
const OF_A_PAGE: &[&str] = &[
    "www", "website", "site", "page", "online", "visit", "app", "browser", "link", "portal", "look", "check", "go",
    "see", "our", "shop",
];

/// Minimum length of a label that is an address of joined words rather than a company's name.
const MIN_TOGETHER: usize = 15;

/// Returns addresses without their at sign: "gene.smithscagmail.com", "Karen Garcia had an example.net". Where an
/// address is the topic, any host counts; else only a provider's with text in front.
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
        // Joined words.
        let together = typed && tokens[first..place].iter().any(|token| token.lower.len() >= MIN_TOGETHER);
        if (spoken_of || named || together) && !page || provider {
            let start = local_start(tokens, first, from, topics);
            found.push(if named { sentence_start(tokens, start, from) } else { start }..end);
        }
    }
    found
}

/// Spoken top-level domains.
const SPOKEN_TOP: &[&str] = &["com", "net", "org", "co", "edu", "uk", "calm", "come"];

/// Returns the start of the answer to a question for an address, however misheard: after "it's", "that would be", or at
/// the beginning of the sentence.
pub(super) fn sentence_start(tokens: &[Token<'_>], first: usize, from: usize) -> usize {
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

/// Words in front of an address.
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

/// Returns addresses without their end, where an address is the topic: a word with a dot in it and a host, "jane.smith
/// at company".
pub(super) fn without_end(tokens: &[Token<'_>], topics: &Topics) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for place in 2..tokens.len().saturating_sub(1) {
        let token = &tokens[place];
        let pointed =
            matches!(tokens[place - 1].gap, "." | "_") && !tokens[place - 1].begins && !tokens[place - 2].is_masked();
        let host = AT.contains(&token.lower.as_str())
            && token.gap == " "
            && tokens[place + 1].gap == " "
            && tokens[place + 1].is_letters();
        let from = found.last().map_or(0, |before| before.end);
        if host && pointed && place > from + 1 && topics.said(token.at, &[Topic::Email]) {
            found.push(local_start(tokens, place - 1, from, topics)..place + 2);
        }
    }
    found
}

/// Returns answers to a question for an address that hold no address: they hold a name or are spelled.
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
            let gap = tokens[*place].gap;
            *place > start && (gap.contains(['!', '?']) || gap.contains(". "))
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

/// Words of an answer that gives no address.
const NO_ANSWER: &[&str] =
    &["don", "same", "already", "why", "need", "haven", "didn", "sorry", "what", "repeat", "can", "could", "because"];
