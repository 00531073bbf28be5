//! A conversation as the searches read it: what each speaker says, one line after the other, and what is talked about.

use super::tokens::{self, Token, What};
use super::topics::{Topics, events};
use super::{Span, Utterance};
use std::collections::HashMap;

/// Maximum silence in the middle of a number, ms.
const MAX_PAUSE_MS: u64 = 20_000;
/// Maximum number of words that others say in between: "yes", "go on", the digits once more.
const MAX_WORDS_BETWEEN: usize = 12;

/// What is read.
pub(super) struct Talk<'a> {
    /// One for each speaker: all that they say.
    pub streams: Vec<Stream<'a>>,
    /// What is talked about, whoever says it.
    pub topics: Topics,
}

/// What one speaker says.
pub(super) struct Stream<'a> {
    /// In order.
    pub tokens: Vec<Token<'a>>,
    /// Is it the customer?
    pub customer: bool,
}

impl<'a> Talk<'a> {
    /// Of these lines, where `found` is what is taken out of each already.
    pub fn new(lines: &[Utterance<'a>], found: &[Vec<Span>]) -> Self {
        let mut streams: Vec<Stream<'a>> = Vec::new();
        let mut known: HashMap<&str, usize> = HashMap::new();
        // Of each speaker: where the last line ended, in time and in tokens.
        let mut ends: Vec<(Option<u64>, usize)> = Vec::new();
        let mut at = 0;
        for (number, (line, found)) in lines.iter().zip(found).enumerate() {
            let mut said = tokens::of_line(line.text, number, found);
            let which = *known.entry(line.speaker).or_insert_with(|| {
                streams.push(Stream { tokens: Vec::new(), customer: line.customer });
                ends.push((None, usize::MAX));
                streams.len() - 1
            });
            let (ended, last) = ends[which];
            let near = match (ended, line.time_ms) {
                (Some(end), Some((start, _))) => start.saturating_sub(end) <= MAX_PAUSE_MS,
                _ => true,
            };
            let goes_on = last != usize::MAX && near && at - last <= MAX_WORDS_BETWEEN;
            for (place, token) in said.iter_mut().enumerate() {
                token.at = at;
                (token.goes_on, token.begins) = (place == 0 && goes_on, place == 0 && !goes_on);
                at += 1;
            }
            if !said.is_empty() {
                ends[which] = (line.time_ms.map(|(_, end)| end), at);
            }
            streams[which].tokens.append(&mut said);
        }
        let all = || streams.iter().flat_map(|stream| &stream.tokens);
        let masked = all().filter_map(|token| match token.what {
            What::Masked(kind) => Some((token.at, kind)),
            _ => None,
        });
        let topics = Topics::new(streams.iter().flat_map(|stream| events(&stream.tokens)).collect(), masked.collect());
        Self { streams, topics }
    }
}
