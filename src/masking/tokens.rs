//! Tokens: words, numbers and characters, the input of every search for personal data.

use super::{Kind, Span};
use std::ops::Range;

/// Type of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A run of digits.
    Digits,
    /// A run of letters.
    Letters,
    /// A character of a script without spaces.
    Han,
    /// Masked text.
    Masked(Kind),
}

/// A word, a run of digits, a Han character, or masked text.
#[derive(Debug, Clone)]
pub(super) struct Token<'a> {
    /// Index of its line.
    pub line: usize,
    /// Range in bytes of the line.
    pub range: Range<usize>,
    /// Type.
    pub what: TokenKind,
    /// Lower case, plain digits; empty for masked text.
    pub lower: String,
    /// Whether it begins with a capital.
    pub capital: bool,
    /// Whether all of it is in capitals.
    pub upper: bool,
    /// Text between it and the previous token of its line.
    pub gap: &'a str,
    /// Index among all tokens of the conversation, of all speakers.
    pub at: usize,
    /// Whether it is the first of a line that continues an earlier line of the same speaker.
    pub goes_on: bool,
    /// Whether it is the first of a separate line, to which nothing before belongs.
    pub begins: bool,
}

impl Token<'_> {
    /// Whether it consists of digits.
    pub fn is_digits(&self) -> bool {
        self.what == TokenKind::Digits
    }

    /// Whether it is a word.
    pub fn is_letters(&self) -> bool {
        self.what == TokenKind::Letters
    }

    /// Whether it is masked.
    pub fn is_masked(&self) -> bool {
        matches!(self.what, TokenKind::Masked(_))
    }

    /// Whether it is a single letter, as in spelling.
    pub fn is_letter(&self) -> bool {
        self.is_letters() && self.lower.chars().count() == 1
    }

    /// Whether the gap before it is empty or consists of at most `most` of `signs`.
    pub fn follows_with(&self, signs: &[char], most: usize) -> bool {
        !self.begins && self.gap.chars().count() <= most && self.gap.chars().all(|c| signs.contains(&c))
    }
}

/// Returns the tokens of a line; `found` are its masked spans, in order.
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
                (Some(TokenKind::Masked(kind)), whole)
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

fn token<'a>(text: &'a str, line: usize, range: Range<usize>, what: TokenKind, gap: &'a str) -> Token<'a> {
    let said = &text[range.clone()];
    let lower = match what {
        TokenKind::Masked(_) => String::new(),
        TokenKind::Digits => said.chars().filter_map(digit).map(|d| char::from(b'0' + d)).collect(),
        TokenKind::Letters | TokenKind::Han => said.to_lowercase(),
    };
    // In scripts without capitals only the words themselves tell names.
    let capital = said.chars().next().is_some_and(|c| c.is_alphabetic() && !c.is_lowercase());
    let upper = capital && said.chars().all(|c| !c.is_lowercase());
    Token { line, range, what, lower, capital, upper, gap, at: 0, goes_on: false, begins: false }
}

/// Returns the type of the first piece of a text that is not empty, and its length in bytes.
fn piece(text: &str) -> (Option<TokenKind>, usize) {
    let Some(first) = text.chars().next() else { return (None, 0) };
    if first == '['
        && let Some((kind, word)) = Kind::ALL.into_iter().map(|k| (k, k.word())).find(|(_, w)| text.starts_with(w))
    {
        return (Some(TokenKind::Masked(kind)), word.len());
    }
    let run = |inside: fn(char) -> bool| text.find(|c| !inside(c)).unwrap_or(text.len());
    if digit(first).is_some() {
        (Some(TokenKind::Digits), run(|c| digit(c).is_some()))
    } else if is_han(first) {
        (Some(TokenKind::Han), first.len_utf8())
    } else if is_letter(first) {
        (Some(TokenKind::Letters), run(|c| is_letter(c) || ('\u{300}'..='\u{36f}').contains(&c)))
    } else {
        (None, first.len_utf8())
    }
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic() && !is_han(c) && digit(c).is_none()
}

/// Whether it is a Chinese or Japanese character, written without spaces.
pub(super) fn is_han(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '〇')
}

/// Returns the value of a decimal digit, in the scripts of support conversations.
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
