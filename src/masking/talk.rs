//! Conversation as the searches read it: the utterances of each speaker in order, and the topics.

use super::tokens::{self, Token, TokenKind};
use super::topics::{Topics, events};
use super::{Span, Utterance};
use std::collections::HashMap;

/// Maximum pause within a number, ms.
const MAX_PAUSE_MS: u64 = 20_000;
/// Maximum number of words of other speakers in between: "yes", "go on", the digits repeated.
const MAX_WORDS_BETWEEN: usize = 12;

/// A conversation in tokens.
pub(super) struct Talk<'a> {
    /// Streams, one for each speaker.
    pub streams: Vec<Stream<'a>>,
    /// Topics, of all speakers.
    pub topics: Topics,
}

/// Stream of one speaker.
pub(super) struct Stream<'a> {
    /// Tokens, in order.
    pub tokens: Vec<Token<'a>>,
    /// Whether the speaker is the customer.
    pub customer: bool,
}

impl<'a> Talk<'a> {
    /// Returns the conversation of these lines; `found` are the masked spans of each.
    pub fn new(lines: &[Utterance<'a>], found: &[Vec<Span>]) -> Self {
        let mut streams: Vec<Stream<'a>> = Vec::new();
        let mut known: HashMap<&str, usize> = HashMap::new();
        // For each speaker: end of the last line, in time and in tokens.
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
            TokenKind::Masked(kind) => Some((token.at, kind)),
            _ => None,
        });
        let topics = Topics::new(streams.iter().flat_map(|stream| events(&stream.tokens)).collect(), masked.collect());
        Self { streams, topics }
    }
}
