//! What the model heard in a window, as segments of the transcript.

use super::hear::{Heard, Token, Utterance};
use super::windows::{Piece, Window, piece_at};
use crate::transcription::models::Times;
use crate::transcription::{Segment, Speaker, Word};

/// A word whose times are still those of the window.
struct Raw {
    text: String,
    /// Sum of the tokens' probabilities, and their number.
    weight: (f32, u16),
    time_ms: Option<(u64, u64)>,
}

impl Raw {
    fn confidence(&self) -> f32 {
        self.weight.0 / f32::from(self.weight.1.max(1))
    }
}

/// Segments of one window, in order.
pub(super) fn segments(window: &Window, heard: &Heard, speaker: Speaker, times: Times) -> Vec<Segment> {
    match times {
        Times::Spans => {
            let raws = heard.utterances.iter().flat_map(|utterance| raws(&utterance.tokens)).collect::<Vec<_>>();
            let (Some(first), Some(last)) = (window.pieces.first(), window.pieces.last()) else { return Vec::new() };
            segment(&spread(&raws, first.start_ms, last.end_ms), speaker).into_iter().collect()
        }
        Times::Model => {
            heard.utterances.iter().flat_map(|utterance| by_piece(utterance, &window.pieces, speaker)).collect()
        }
    }
}

/// The model's segment, split where it runs over from one span into the next: minutes may lie between them.
fn by_piece(utterance: &Utterance, pieces: &[Piece], speaker: Speaker) -> Vec<Segment> {
    let raws = raws(&utterance.tokens);
    let timed = spread(&raws, utterance.start_ms, utterance.end_ms);
    let mut groups: Vec<(usize, Vec<Word>)> = Vec::new();
    for (word, raw) in timed.into_iter().zip(&raws) {
        let (start, end) = raw.time_ms.unwrap_or((word.start_ms, word.end_ms));
        let Some((index, piece)) = piece_at(pieces, start.midpoint(end)) else { continue };
        // Never back to a span that is over.
        let index = groups.last().map_or(index, |(last, _)| index.max(*last));
        let piece = pieces.get(index).unwrap_or(piece);
        let start_ms = piece.to_recording(start);
        let word = Word { start_ms, end_ms: piece.to_recording(end).max(start_ms), ..word };
        match groups.last_mut() {
            Some((last, words)) if *last == index => words.push(word),
            _ => groups.push((index, vec![word])),
        }
    }
    groups.iter().filter_map(|(_, words)| segment(words, speaker)).collect()
}

/// Tokens joined to words: a token that begins with a space begins a word.
fn raws(tokens: &[Token]) -> Vec<Raw> {
    let mut words: Vec<(Vec<u8>, Raw)> = Vec::new();
    for token in tokens {
        let begins = token.bytes.first().is_some_and(u8::is_ascii_whitespace);
        match words.last_mut() {
            Some((bytes, raw)) if !begins => {
                bytes.extend_from_slice(&token.bytes);
                raw.weight = (raw.weight.0 + token.probability, raw.weight.1.saturating_add(1));
                raw.time_ms = match (raw.time_ms, token.time_ms) {
                    (Some((start, _)), Some((_, end))) => Some((start, end.max(start))),
                    (known, other) => known.or(other),
                };
            }
            _ => {
                let raw = Raw { text: String::new(), weight: (token.probability, 1), time_ms: token.time_ms };
                words.push((token.bytes.clone(), raw));
            }
        }
    }
    let text = |(bytes, mut raw): (Vec<u8>, Raw)| {
        // A letter that the model did not finish becomes a replacement sign; the rest of the text is kept.
        raw.text = String::from_utf8_lossy(&bytes).split_whitespace().collect::<Vec<_>>().join(" ");
        raw
    };
    words.into_iter().map(text).filter(|raw| !raw.text.is_empty()).collect()
}

/// Words over a stretch of time, each in proportion to its letters.
fn spread(raws: &[Raw], start_ms: u64, end_ms: u64) -> Vec<Word> {
    let size = |raw: &Raw| raw.text.chars().count() as u64 + 1;
    let (all, length) = (raws.iter().map(size).sum::<u64>().max(1), end_ms.saturating_sub(start_ms));
    let mut before = 0;
    let place = |raw: &Raw| {
        let from = start_ms + length * before / all;
        before += size(raw);
        let to = start_ms + length * before / all;
        Word { start_ms: from, end_ms: to, text: raw.text.clone(), confidence: raw.confidence() }
    };
    raws.iter().map(place).collect()
}

fn segment(words: &[Word], speaker: Speaker) -> Option<Segment> {
    let (first, last) = (words.first()?, words.last()?);
    let text = words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
    // Dots, dashes and notes are what Whisper makes of noise.
    let bracketed = (text.starts_with('[') && text.ends_with(']')) || (text.starts_with('(') && text.ends_with(')'));
    if bracketed || !text.chars().any(char::is_alphanumeric) {
        return None;
    }
    let round = |value: f32| (value.clamp(0.0, 1.0) * 1000.0).round() / 1000.0;
    let confidence = words.iter().map(|word| word.confidence).sum::<f32>() / words.len() as f32;
    Some(Segment {
        start_ms: first.start_ms,
        end_ms: last.end_ms.max(first.start_ms),
        speaker,
        text,
        confidence: round(confidence),
        words: words.iter().map(|word| Word { confidence: round(word.confidence), ..word.clone() }).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &[u8], probability: f32, time_ms: Option<(u64, u64)>) -> Token {
        Token { bytes: text.to_vec(), probability, time_ms }
    }

    #[test]
    fn tokens_make_words_and_broken_letters_do_no_harm() {
        let tokens = [
            token(b" Hel", 0.5, Some((0, 100))),
            token(b"lo", 1.0, Some((100, 200))),
            token(b",", 0.9, None),
            token(b" caf\xC3", 0.8, None),
            token(b"\xA9 ", 0.8, None),
            token(b" \xF0\x9F", 0.1, None),
        ];
        let words = raws(&tokens);
        assert_eq!(words.iter().map(|raw| raw.text.as_str()).collect::<Vec<_>>(), ["Hello,", "café", "\u{FFFD}"]);
        assert_eq!(words[0].time_ms, Some((0, 200)));
        assert!((words[0].confidence() - 0.8).abs() < 1e-6);
    }

    #[test]
    fn words_share_the_time_by_length() {
        let words = spread(&raws(&[token(b" a", 1.0, None), token(b" bcdef", 1.0, None)]), 1_000, 2_000);
        assert_eq!(
            words.iter().map(|word| (word.start_ms, word.end_ms)).collect::<Vec<_>>(),
            [(1_000, 1_250), (1_250, 2_000)]
        );
    }

    #[test]
    fn noise_is_not_a_segment() {
        let of = |text: &str| segment(&spread(&raws(&[token(text.as_bytes(), 1.0, None)]), 0, 10), Speaker::Agent);
        assert!(of(" ...").is_none() && of(" [BLANK_AUDIO]").is_none() && of(" (coughs)").is_none());
        assert!(of(" Yes.").is_some());
    }
}
