//! Taking personal data out of words: of calls and chats, of what enters the library, of released comments.
//!
//! [`find_in_talk`] reads a conversation and says where card numbers, e-mail addresses, phone numbers, IBANs, dates of birth,
//! street addresses and known names stand, written or spoken; [`find`] does it for one text. [`apply`] puts a plain word in
//! brackets (`[card number]`, `[e-mail]` …) where each stood, so that a reader sees that something did. Numbers of orders,
//! parcels, invoices and customers stay, and so do prices, times, years and quantities: they tell nobody who it is.
//! [`mask`] is stricter, for texts that are torn out of their conversation (released comments, what mail servers say): there
//! every long number goes.
//!
//! All of it is pure, takes time in proportion to the text, and does nothing more when it is done twice: whatever is indexed
//! or exported can be masked at any point of its way.

mod addresses;
mod amounts;
mod births;
mod bridges;
mod cards;
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

/// What kind of thing is taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The number of a payment card.
    Card,
    /// The digits on a card's back.
    SecurityCode,
    /// How long a card is valid.
    Expiry,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// A bank account by its international number.
    Iban,
    /// A bank account by its national number.
    Account,
    /// A social security number, or another number of a person with the state.
    Ssn,
    /// A PIN or a passcode.
    Pin,
    /// A password.
    Password,
    /// A date of birth.
    BirthDate,
    /// A street address or a postcode.
    Address,
    /// A known name.
    Name,
    /// A long number, where nothing says what it is.
    Number,
    /// What somebody has taken out by hand.
    Other,
}

impl Kind {
    /// All of them.
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

    /// What stands where it was.
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

    /// The same without brackets, for pages that show it as a mark.
    pub fn label(self) -> &'static str {
        self.word().trim_matches(['[', ']'])
    }
}

/// Something to be taken out.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Span {
    /// What it is.
    pub kind: Kind,
    /// Bytes of the text, on character borders.
    pub range: Range<usize>,
}

/// A line of a conversation: what one speaker says or writes in one go.
#[derive(Debug, Clone, Copy)]
pub struct Utterance<'a> {
    /// Who; a number may go on in this speaker's next line.
    pub speaker: &'a str,
    /// Whether it is or may be the customer: customers introduce themselves, agents' names stay.
    pub customer: bool,
    /// From when to when, where that is known: a number does not go on after a long pause.
    pub time_ms: Option<(u64, u64)>,
    /// The words.
    pub text: &'a str,
}

/// A round takes out what is there; the next one sees what stands beside it. Two or three are needed, no text needs more.
const MAX_ROUNDS: usize = 8;

/// What is to be taken out of each line of a conversation, in order and without overlaps. Whoever asks ("What is your date
/// of birth?") and whoever answers may be two.
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

/// Adds spans to those of each line; whether there were any.
fn add(found: &mut [Vec<Span>], new: Vec<Vec<Span>>) -> bool {
    let mut more = false;
    for (known, new) in found.iter_mut().zip(new) {
        more |= !new.is_empty();
        *known = joined(std::mem::take(known).into_iter().chain(new).collect());
    }
    more
}

/// What is to be taken out of a text that stands by itself.
pub fn find(text: &str, names: &Names) -> Vec<Span> {
    let line = Utterance { speaker: "", customer: false, time_ms: None, text };
    find_in_talk(&[line], names).pop().unwrap_or_default()
}

/// What a speaker's tokens hold, with its kind, in no order and overlapping; and the dates, which may be of a birth.
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

/// Tokens as bytes of the lines they stand in: what goes over lines is a span in each.
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

/// Spans of one text in order; what overlaps becomes one, of the kind that begins first.
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

/// The text with a word in the place of each span. Spans that are not in order, or not on character borders (of another
/// text, that is), are left out rather than trusted.
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

/// A text by itself without what [`find`] finds.
pub fn masked(text: &str, names: &Names) -> String {
    apply(text, &find(text, names))
}

/// Like [`masked`], and without every long number, written (`47291`) or spoken in English (`four seven two nine one`): for
/// texts whose conversation nobody sees, where an order number would tell whose it was.
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
    /// As it was.
    Plain(&'a str),
    /// What kind of thing stood here: `e-mail`, `phone`, `name` …
    Masked(&'a str),
}

impl<'a> Piece<'a> {
    /// The text that a page shows for it.
    pub fn shown(self) -> &'a str {
        match self {
            Self::Plain(text) | Self::Masked(text) => text,
        }
    }
}

/// Masked text in pieces, for pages that show what was taken out as such.
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

/// Puts a word in the place of each stretch; they are in order and do not overlap.
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

/// A comment as others may read it: without addresses, numbers and links.
pub fn mask_comment(comment: &str) -> String {
    /// What stands where a link was.
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
