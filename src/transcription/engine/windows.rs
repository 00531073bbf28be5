//! Packing of spans of speech into windows of the model.
//!
//! Spans include up to half a second of their silence at both ends, so about a second of original audio lies between
//! two of them: with less the model runs sentences together, and zeroed silence costs it words.

use super::word_timing::Stretch;
use crate::transcription::models::Times;
use crate::transcription::resample::RATE;
use crate::transcription::speech::Span;

/// Minimum pause between two stretches, ms; shorter ones are within a word or between two of a phrase.
const PAUSE_MS: u64 = 250;

/// Minimum room in a window for which a sentence is cut, ms.
const WORTH_MS: u64 = 3_000;

/// A window: the input of one run of the model.
pub(super) struct Window {
    /// Index among the windows of the recording, in the order in which they were found.
    pub(super) seq: usize,
    /// Index of the channel among those that are transcribed.
    pub(super) planned_channel: usize,
    /// Samples at 16 kHz.
    pub(super) samples: Vec<f32>,
    /// Spans in it, in order.
    pub(super) pieces: Vec<Piece>,
}

impl Window {
    /// Returns the begin of its speech in the recording, ms.
    pub(super) fn start_ms(&self) -> u64 {
        self.pieces.first().map_or(0, Piece::start_ms)
    }

    /// Returns the time in the recording up to which it reaches, ms.
    pub(super) fn until_ms(&self) -> u64 {
        self.pieces.last().map_or(0, Piece::end_ms)
    }

    /// Returns the length of its speech, ms.
    pub(super) fn speech_ms(&self) -> u64 {
        self.pieces.iter().map(Piece::speech_ms).sum()
    }

    /// Returns its stretches of speech, in order; those with a shorter pause than [`PAUSE_MS`] between them are one.
    pub(super) fn stretches(&self) -> Vec<Stretch> {
        let mut all: Vec<Stretch> = Vec::new();
        for piece in &self.pieces {
            for (start, end) in &piece.speech {
                let in_window =
                    |time: u64| piece.at_ms + time.saturating_sub(piece.audio_start_ms).min(piece.length_ms);
                let (from, to) = (in_window(*start), in_window(*end));
                match all.last_mut() {
                    Some(last) if *start < last.end_ms() + PAUSE_MS => last.window.1 = to,
                    _ => all.push(Stretch { window: (from, to), start_ms: *start }),
                }
            }
        }
        all
    }
}

/// A span within a window.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Piece {
    /// Begin of its audio in the window, ms.
    at_ms: u64,
    /// Length of its audio, ms.
    length_ms: u64,
    /// Begin of its audio in the recording, ms.
    audio_start_ms: u64,
    /// Spans of speech in it, ms in the recording.
    pub(super) speech: Vec<(u64, u64)>,
}

impl Piece {
    /// Returns the begin of its speech, ms.
    pub(super) fn start_ms(&self) -> u64 {
        self.speech.first().map_or(self.audio_start_ms, |(start, _)| *start)
    }

    /// Returns the end of its speech, ms.
    pub(super) fn end_ms(&self) -> u64 {
        self.speech.last().map_or(self.audio_start_ms + self.length_ms, |(_, end)| *end)
    }

    /// Returns the length of its speech, ms.
    pub(super) fn speech_ms(&self) -> u64 {
        self.speech.iter().map(|(start, end)| end - start).sum()
    }
}

/// Packs the spans of one channel.
pub(super) struct Packer {
    planned_channel: usize,
    max_ms: u64,
    /// Whether spans share a window. Models with useless times get each span alone: then the span's times are the
    /// segment's.
    together: bool,
    open: Option<Window>,
}

impl Packer {
    pub(super) fn new(planned_channel: usize, max_span_ms: u64, times: Times) -> Self {
        Self { planned_channel, max_ms: max_span_ms, together: times == Times::Model, open: None }
    }

    /// Takes a span; returns a window once it is full.
    pub(super) fn push(&mut self, mut span: Span) -> Option<Window> {
        let room = match &self.open {
            Some(open) if self.together => self.max_ms.saturating_sub(ms(open.samples.len())),
            _ => 0,
        };
        let full = if ms(span.samples.len()) <= room {
            None
        } else {
            // The part that fits fills the window: each window costs the same, full or not.
            if let Some(first) = (room >= WORTH_MS).then(|| span.cut(room)).flatten() {
                self.add(first);
            }
            self.open.take()
        };
        self.add(span);
        full
    }

    fn add(&mut self, span: Span) {
        let planned_channel = self.planned_channel;
        let open = self.open.get_or_insert_with(|| Window {
            seq: 0,
            planned_channel,
            samples: Vec::new(),
            pieces: Vec::new(),
        });
        open.pieces.push(Piece {
            at_ms: ms(open.samples.len()),
            length_ms: ms(span.samples.len()),
            audio_start_ms: span.audio_start_ms,
            speech: span.speech,
        });
        open.samples.extend_from_slice(&span.samples);
    }

    /// Returns the last window.
    pub(super) fn finish(self) -> Option<Window> {
        self.open
    }
}

fn ms(samples: usize) -> u64 {
    samples as u64 * 1000 / u64::from(RATE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start_ms: u64, length_ms: u64) -> Span {
        let samples = vec![0.1; (length_ms * 16) as usize];
        Span { speech: vec![(start_ms + 100, start_ms + length_ms - 100)], audio_start_ms: start_ms, samples }
    }

    #[test]
    fn short_spans_share_a_window_and_keep_their_times() {
        let mut packer = Packer::new(1, 10_000, Times::Model);
        assert!(packer.push(span(5_000, 4_000)).is_none());
        assert!(packer.push(span(60_000, 4_000)).is_none());
        let full = packer.push(span(90_000, 4_000)).expect("the third does not fit");
        assert_eq!((full.planned_channel, full.samples.len(), full.until_ms()), (1, (4_000 + 4_000) * 16, 63_900));
        let stretches = [((100, 3_900), 5_100), ((4_100, 7_900), 60_100)];
        assert_eq!(full.stretches(), stretches.map(|(window, start_ms)| Stretch { window, start_ms }));
        assert_eq!(packer.finish().map(|window| window.until_ms()), Some(93_900));
    }

    #[test]
    fn a_model_without_times_gets_each_span_alone() {
        let mut packer = Packer::new(0, 8_000, Times::Spans);
        assert!(packer.push(span(0, 1_000)).is_none());
        assert!(packer.push(span(2_000, 1_000)).is_some_and(|window| window.pieces.len() == 1));
    }

    #[test]
    fn a_window_is_filled_up_to_a_pause_of_the_next_span() {
        let mut packer = Packer::new(0, 10_000, Times::Model);
        assert!(packer.push(span(0, 4_000)).is_none());
        let speech = vec![(10_100, 12_000), (12_050, 13_000), (13_600, 17_900)];
        let full = packer.push(Span { audio_start_ms: 10_000, samples: vec![0.1; 8_000 * 16], speech });
        let full = full.expect("it is full");
        assert_eq!(full.samples.len(), (4_000 + 3_300) * 16, "up to the middle of the pause");
        assert_eq!(full.pieces[1].speech, [(10_100, 12_000), (12_050, 13_000)]);
        let rest = packer.finish().expect("the rest is open");
        assert_eq!((rest.samples.len(), rest.pieces[0].start_ms(), rest.until_ms()), (4_700 * 16, 13_600, 17_900));
    }

    #[test]
    fn short_pauses_do_not_part_a_stretch_but_a_cut_silence_does() {
        let mut packer = Packer::new(0, 10_000, Times::Model);
        let speech = vec![(100, 900), (1_100, 1_500), (1_900, 2_000)];
        assert!(packer.push(Span { audio_start_ms: 0, samples: vec![0.1; 2_100 * 16], speech }).is_none());
        assert!(packer.push(span(9_000, 1_000)).is_none());
        let stretches = packer.finish().expect("it is open").stretches();
        let expected = [((100, 1_500), 100), ((1_900, 2_000), 1_900), ((2_200, 3_000), 9_100)];
        assert_eq!(stretches, expected.map(|(window, start_ms)| Stretch { window, start_ms }));
    }
}
