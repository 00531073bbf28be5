//! Text in words, numbers and signs between them: what every search for personal data reads.

use super::{Kind, Span};
use std::ops::Range;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// A run of digits.
    Digits,
    /// A run of letters.
    Letters,
    /// One sign of a script that writes no spaces.
    Han,
    /// Something that is taken out already.
    Masked(Kind),
}

/// A word, a run of digits, a Han sign, or something taken out.
#[derive(Debug, Clone)]
pub(super) struct Token<'a> {
    /// The line it stands in.
    pub line: usize,
    /// Its bytes there.
    pub range: Range<usize>,
    /// What it is.
    pub what: What,
    /// Small letters, plain digits; empty for what is taken out.
    pub lower: String,
    /// Does it begin with a capital?
    pub capital: bool,
    /// Whether all of it is capitals.
    pub upper: bool,
    /// What stands between it and the token before it in its line.
    pub gap: &'a str,
    /// Its place among all tokens of the talk, whoever speaks.
    pub at: usize,
    /// The first one of a line that goes on from an earlier line of the same speaker.
    pub goes_on: bool,
    /// Nothing before it belongs to it: the first of a line that stands for itself.
    pub begins: bool,
}

impl Token<'_> {
    /// Digits as they are written.
    pub fn is_digits(&self) -> bool {
        self.what == What::Digits
    }

    /// A word.
    pub fn is_letters(&self) -> bool {
        self.what == What::Letters
    }

    /// Taken out already.
    pub fn is_masked(&self) -> bool {
        matches!(self.what, What::Masked(_))
    }

    /// A single letter, as when somebody spells.
    pub fn is_letter(&self) -> bool {
        self.is_letters() && self.lower.chars().count() == 1
    }

    /// Nothing at all, or only `signs`, stands between the one before and it, at most `most` of them.
    pub fn follows_with(&self, signs: &[char], most: usize) -> bool {
        !self.begins && self.gap.chars().count() <= most && self.gap.chars().all(|c| signs.contains(&c))
    }
}

/// The tokens of a line; `found` is what is taken out of it already, in order.
pub(super) fn of_line<'a>(text: &'a str, line: usize, found: &[Span]) -> Vec<Token<'a>> {
    let mut tokens: Vec<Token<'a>> = Vec::new();
    let mut found = found.iter().peekable();
    let (mut at, mut end) = (0, 0);
    while at < text.len() {
        let (what, length) = match found.peek() {
            Some(span) if span.range.start <= at => {
                let whole = span.range.end.max(at) - at;
                let kind = span.kind;
                found.next();
                (Some(What::Masked(kind)), whole)
            }
            next => {
                let until = next.map_or(text.len(), |span| span.range.start);
                piece(&text[at..until])
            }
        };
        if let Some(what) = what {
            let range = at..at + length;
            tokens.push(token(text, line, range.clone(), what, &text[end..at]));
            end = range.end;
        }
        at += length;
    }
    tokens
}

fn token<'a>(text: &'a str, line: usize, range: Range<usize>, what: What, gap: &'a str) -> Token<'a> {
    let said = &text[range.clone()];
    let lower = match what {
        What::Masked(_) => String::new(),
        What::Digits => said.chars().filter_map(digit).map(|d| char::from(b'0' + d)).collect(),
        What::Letters | What::Han => said.to_lowercase(),
    };
    // Scripts without capitals have nothing to tell names by but the words themselves.
    let capital = said.chars().next().is_some_and(|c| c.is_alphabetic() && !c.is_lowercase());
    let upper = capital && said.chars().all(|c| !c.is_lowercase());
    Token { line, range, what, lower, capital, upper, gap, at: 0, goes_on: false, begins: false }
}

/// The first piece of a text that is not empty: what it is, and how many bytes.
fn piece(text: &str) -> (Option<What>, usize) {
    let Some(first) = text.chars().next() else { return (None, 0) };
    if first == '['
        && let Some((kind, word)) = Kind::ALL.into_iter().map(|k| (k, k.word())).find(|(_, w)| text.starts_with(w))
    {
        return (Some(What::Masked(kind)), word.len());
    }
    let run = |inside: fn(char) -> bool| text.find(|c| !inside(c)).unwrap_or(text.len());
    if digit(first).is_some() {
        (Some(What::Digits), run(|c| digit(c).is_some()))
    } else if is_han(first) {
        (Some(What::Han), first.len_utf8())
    } else if is_letter(first) {
        (Some(What::Letters), run(|c| is_letter(c) || ('\u{300}'..='\u{36f}').contains(&c)))
    } else {
        (None, first.len_utf8())
    }
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic() && !is_han(c) && digit(c).is_none()
}

/// Chinese and Japanese signs, which stand without spaces.
pub(super) fn is_han(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '〇')
}

/// The value of a decimal digit, in the scripts that support talk is written in.
pub(super) fn digit(c: char) -> Option<u8> {
    let zero = match c {
        '0'..='9' => '0',
        '\u{660}'..='\u{669}' => '\u{660}',
        '\u{6f0}'..='\u{6f9}' => '\u{6f0}',
        '\u{966}'..='\u{96f}' => '\u{966}',
        '\u{ff10}'..='\u{ff19}' => '\u{ff10}',
        _ => return None,
    };
    u8::try_from(u32::from(c) - u32::from(zero)).ok()
}
