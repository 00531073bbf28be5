//! Masking of personal data in calls and chats, in what enters the library, and in released comments.
//!
//! [`find_in_talk`] reads a conversation and returns the spans of card numbers, e-mail addresses, phone numbers, IBANs,
//! dates of birth, street addresses and known names, written or spoken; [`find`] does it for one text. [`apply`]
//! replaces each span with a plain word in brackets (`[card number]`, `[e-mail]` …), so that a reader sees that
//! something was there. Numbers of orders, parcels, invoices and customers stay, and so do prices, times, years and
//! quantities: they identify no person. [`mask`] is stricter, for texts without their conversation (released comments,
//! replies of mail servers): it masks every long number.
//!
//! All of it is pure, takes time proportional to the text, and is idempotent: texts can be masked at any point on their
//! way to the index or an export.

mod addresses;
mod amounts;
mod births;
mod bridges;
mod cards;
pub mod customer_text;
mod digits;
mod echoes;
mod email;
mod gazetteer;
mod ibans;
mod introductions;
mod misheard_email;
mod names;
mod numbers;
mod phones;
mod runs;
mod secrets;
mod spoken;
mod talk;
mod tokens;
mod told_addresses;
mod topics;
mod words;

pub use names::Names;
pub use words::{Group, distinct, goes_on, groups, join_words, occurrences, places};

use std::ops::Range;

/// Kind of personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Number of a payment card.
    Card,
    /// Security code of a payment card.
    SecurityCode,
    /// Expiry date of a payment card.
    Expiry,
    /// E-mail address.
    Email,
    /// Telephone number.
    Phone,
    /// International bank account number.
    Iban,
    /// National bank account number.
    Account,
    /// Social security number, or another national identification number.
    Ssn,
    /// PIN or passcode.
    Pin,
    /// Password.
    Password,
    /// Date of birth.
    BirthDate,
    /// Street address or postcode.
    Address,
    /// Known name.
    Name,
    /// Long number of unknown kind.
    Number,
    /// Text masked by hand.
    Other,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 15] = [
        Self::Card,
        Self::SecurityCode,
        Self::Expiry,
        Self::Email,
        Self::Phone,
        Self::Iban,
        Self::Account,
        Self::Ssn,
        Self::Pin,
        Self::Password,
        Self::BirthDate,
        Self::Address,
        Self::Name,
        Self::Number,
        Self::Other,
    ];

    /// Returns the replacement, in brackets.
    pub fn word(self) -> &'static str {
        match self {
            Self::Card => "[card number]",
            Self::SecurityCode => "[security code]",
            Self::Expiry => "[expiry date]",
            Self::Email => "[e-mail]",
            Self::Phone => "[phone]",
            Self::Iban => "[IBAN]",
            Self::Account => "[account number]",
            Self::Ssn => "[social security number]",
            Self::Pin => "[PIN]",
            Self::Password => "[password]",
            Self::BirthDate => "[date of birth]",
            Self::Address => "[address]",
            Self::Name => "[name]",
            Self::Number => "[number]",
            Self::Other => "[masked]",
        }
    }

    /// Returns the replacement without brackets, for pages that show it as a mark.
    pub fn label(self) -> &'static str {
        self.word().trim_matches(['[', ']'])
    }
}

/// A span to be masked.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Span {
    /// Kind.
    pub kind: Kind,
    /// Range in bytes of the text, on character boundaries.
    pub range: Range<usize>,
}

/// An utterance of one speaker: a line of a conversation.
#[derive(Debug, Clone, Copy)]
pub struct Utterance<'a> {
    /// Speaker; a number may continue in this speaker's next line.
    pub speaker: &'a str,
    /// Whether the speaker is or may be the customer: customers introduce themselves, agents' names stay.
    pub customer: bool,
    /// Begin and end, ms, where known: a number does not continue after a long pause.
    pub time_ms: Option<(u64, u64)>,
    /// Text.
    pub text: &'a str,
}

/// Maximum number of rounds. A round masks its findings; the next one uses them as context. Two or three are needed in
/// practice.
const MAX_ROUNDS: usize = 8;

/// Returns the spans to be masked in each line of a conversation, in order and without overlaps. A question ("What is
/// your date of birth?") and its answer may have different speakers.
pub fn find_in_talk(lines: &[Utterance<'_>], names: &Names) -> Vec<Vec<Span>> {
    let span = |kind| move |range| Span { kind, range };
    let mut found: Vec<Vec<Span>> =
        lines.iter().map(|line| email::written(line.text).into_iter().map(span(Kind::Email)).collect()).collect();
    let mut names = names.clone();
    let with_customer = lines.iter().any(|line| line.customer);
    for _ in 0..MAX_ROUNDS {
        let talk = talk::Talk::new(lines, &found);
        let mut new: Vec<Vec<Span>> = vec![Vec::new(); lines.len()];
        for stream in talk.streams.iter().filter(|stream| stream.customer) {
            for answer in misheard_email::answers(&stream.tokens, &talk.topics) {
                by_line(&stream.tokens, Kind::Email, answer, &mut new);
            }
        }
        for stream in talk.streams.iter().filter(|_| with_customer) {
            for name in introductions::find(&stream.tokens, &talk.topics, &names, stream.customer) {
                let letters = |token: &&tokens::Token<'_>| token.is_letters() && !token.is_letter();
                let parts: Vec<&str> =
                    stream.tokens[name.clone()].iter().filter(letters).map(|token| token.lower.as_str()).collect();
                names = names.and(&parts.join(" "));
                by_line(&stream.tokens, Kind::Name, name, &mut new);
            }
        }
        let mut dates = Vec::new();
        for stream in &talk.streams {
            let (candidates, said) = candidates(stream, &talk.topics, &names);
            for (kind, range) in candidates {
                by_line(&stream.tokens, kind, range, &mut new);
            }
            dates.extend(said.into_iter().map(|date| (stream.tokens.as_slice(), date)));
        }
        for (tokens, range) in births::of_birth(dates, &talk.streams, &talk.topics) {
            by_line(tokens, Kind::BirthDate, range, &mut new);
        }
        if !add(&mut found, new) {
            let echoes = echoes::find(lines, &found);
            let bridges = bridges::find(lines, &found);
            if !(add(&mut found, echoes) | add(&mut found, bridges)) {
                break;
            }
        }
    }
    found
}

/// Adds spans to those of each line; returns whether there were any.
fn add(found: &mut [Vec<Span>], new: Vec<Vec<Span>>) -> bool {
    let mut more = false;
    for (known, new) in found.iter_mut().zip(new) {
        more |= !new.is_empty();
        *known = joined(std::mem::take(known).into_iter().chain(new).collect());
    }
    more
}

/// Returns the spans to be masked in a separate text.
pub fn find(text: &str, names: &Names) -> Vec<Span> {
    let line = Utterance { speaker: "", customer: false, time_ms: None, text };
    find_in_talk(&[line], names).pop().unwrap_or_default()
}

/// Returns the findings in a speaker's tokens, with their kinds, unordered and overlapping; and the dates, which may be
/// dates of birth.
fn candidates(
    stream: &talk::Stream<'_>,
    topics: &topics::Topics,
    names: &Names,
) -> (Vec<(Kind, Range<usize>)>, Vec<births::Date>) {
    let tokens = stream.tokens.as_slice();
    let mut found: Vec<(Kind, Range<usize>)> = Vec::new();
    let mut add = |kind, ranges: Vec<Range<usize>>| found.extend(ranges.into_iter().map(|range| (kind, range)));
    add(Kind::Email, email::spoken(tokens, topics));
    add(Kind::Email, misheard_email::without_sign(tokens, topics));
    add(Kind::Email, misheard_email::without_end(tokens, topics));
    add(Kind::Password, secrets::passwords(tokens, topics));
    add(Kind::Iban, ibans::misheard(tokens, topics));
    let ibans: Vec<_> = (0..tokens.len()).filter_map(|at| ibans::at(tokens, at, topics)).collect();
    let mut dates = births::written(tokens);
    let mut skip: Vec<Range<usize>> = dates.iter().map(|date| date.tokens.clone()).chain(ibans.clone()).collect();
    skip.sort_by_key(|range| (range.start, range.end));
    add(Kind::Iban, ibans);
    dates.extend(births::in_words(tokens));
    let (mut numbers, mut rest) = (Vec::new(), Vec::new());
    for run in numbers::runs(tokens, &skip, topics) {
        let mut found = runs::classify(tokens, &run, topics);
        if found.is_empty() && stream.customer && runs::is_answer(tokens, &run, topics) {
            found.push((Kind::Number, run.tokens()));
        }
        // A date may be said digit by digit.
        if found.iter().all(|(kind, _)| *kind == Kind::Number) {
            rest.extend(births::digit_by_digit(&run));
        }
        numbers.extend(found);
    }
    dates.extend(rest);
    add(Kind::Address, addresses::find(tokens, topics));
    add(Kind::Name, names::find(tokens, names));
    found.extend(numbers);
    found.extend(secrets::spelled(tokens, topics));
    (found, dates)
}

/// Converts tokens to bytes of their lines: a range over several lines is a span in each.
fn by_line(tokens: &[tokens::Token<'_>], kind: Kind, range: Range<usize>, lines: &mut [Vec<Span>]) {
    let tokens = &tokens[range];
    for line in tokens.chunk_by(|a, b| a.line == b.line) {
        let (Some(first), Some(last)) = (line.first(), line.last()) else { continue };
        // The plus and the bracket in front belong to a phone number.
        let front = first.gap.len() - first.gap.trim_end_matches(['+', '(']).len();
        let front = if kind == Kind::Phone { front } else { 0 };
        lines[first.line].push(Span { kind, range: first.range.start - front..last.range.end });
    }
}

/// Returns the spans of one text in order; overlapping ones are merged, with the kind of the first.
pub fn joined(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|span| (span.range.start, std::cmp::Reverse(span.range.end), span.kind));
    let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match joined.last_mut() {
            Some(last) if span.range.start < last.range.end => last.range.end = last.range.end.max(span.range.end),
            _ => joined.push(span),
        }
    }
    joined
}

/// Returns the text with each span replaced. Spans that are out of order, or not on character boundaries (those of
/// another text), are ignored.
pub fn apply(text: &str, spans: &[Span]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for span in spans {
        let (Some(before), true) = (text.get(at..span.range.start), text.is_char_boundary(span.range.end)) else {
            continue;
        };
        if span.range.end <= span.range.start {
            continue;
        }
        out.push_str(before);
        out.push_str(span.kind.word());
        at = span.range.end;
    }
    out.push_str(&text[at..]);
    out
}

/// Returns a separate text with the findings of [`find`] masked.
pub fn masked(text: &str, names: &Names) -> String {
    apply(text, &find(text, names))
}

/// Returns the text masked as by [`masked`], and with every long number masked, written (`47291`) or spoken in English
/// (`four seven two nine one`): for texts without their conversation, where an order number would identify the author.
pub fn mask(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..MAX_ROUNDS {
        let once = masked(&text, &Names::none());
        let once = replace(&once, &digits::find(&once), digits::kind);
        let once = replace(&once, &spoken::find_numbers(&once), |_| Kind::Number.word());
        if once == text {
            break;
        }
        text = once;
    }
    text
}

/// A piece of masked text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Unmasked text.
    Plain(&'a str),
    /// Kind of the masked data: `e-mail`, `phone`, `name` …
    Masked(&'a str),
}

impl<'a> Piece<'a> {
    /// Returns the text that a page shows for it.
    pub fn shown(self) -> &'a str {
        match self {
            Self::Plain(text) | Self::Masked(text) => text,
        }
    }
}

/// Splits masked text into pieces, for pages that highlight the masked ones.
pub fn pieces(masked: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut plain, mut at) = (0, 0);
    while let Some(open) = masked[at..].find('[').map(|open| at + open) {
        let word = Kind::ALL.into_iter().map(Kind::word).find(|word| masked[open..].starts_with(word));
        at = open + word.map_or(1, str::len);
        if let Some(word) = word {
            if open > plain {
                pieces.push(Piece::Plain(&masked[plain..open]));
            }
            pieces.push(Piece::Masked(word.trim_matches(['[', ']'])));
            plain = at;
        }
    }
    if plain < masked.len() {
        pieces.push(Piece::Plain(&masked[plain..]));
    }
    pieces
}

/// Replaces each range; ranges are in order and do not overlap.
fn replace(text: &str, stretches: &[Range<usize>], word: impl Fn(&str) -> &'static str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for stretch in stretches {
        out.push_str(&text[at..stretch.start]);
        out.push_str(word(&text[stretch.clone()]));
        at = stretch.end;
    }
    out.push_str(&text[at..]);
    out
}

/// Returns a comment for other readers: without addresses, numbers and links.
pub fn mask_comment(comment: &str) -> String {
    /// Replacement of a link.
    const LINK: &str = "[link]";
    let is_link = |word: &str| {
        word.contains("://")
            || word.trim_start_matches(|c: char| !c.is_alphanumeric()).to_lowercase().starts_with("www.")
    };
    let mut text = String::with_capacity(comment.len());
    for piece in comment.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        if is_link(word) {
            text.push_str(LINK);
            text.push_str(&piece[word.len()..]);
        } else {
            text.push_str(piece);
        }
    }
    mask(&text)
}

#[cfg(test)]
mod tests;
