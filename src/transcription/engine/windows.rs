//! Spans of speech packed into the windows that a model is given, and times inside a window brought back to the recording.

use crate::transcription::models::Times;
use crate::transcription::resample::RATE;
use crate::transcription::speech::Span;

/// Silence between two spans in one window, where there was as much.
const BETWEEN_MS: u64 = 200;

/// Less room than this is not worth the cut of a sentence.
const WORTH_MS: u64 = 3_000;

/// What the model hears in one go.
pub(super) struct Window {
    /// Its place among the windows of the recording, in the order in which they were found.
    pub(super) seq: usize,
    /// Which channel, counted among those that are listened to.
    pub(super) leg: usize,
    /// 16 kHz.
    pub(super) samples: Vec<f32>,
    /// What it is made of, in order.
    pub(super) pieces: Vec<Piece>,
}

impl Window {
    /// Where the speech in it begins in the recording.
    pub(super) fn start_ms(&self) -> u64 {
        self.pieces.first().map_or(0, Piece::start_ms)
    }

    /// Where the recording is once this was heard.
    pub(super) fn until_ms(&self) -> u64 {
        self.pieces.last().map_or(0, Piece::end_ms)
    }

    /// How much is spoken in it.
    pub(super) fn speech_ms(&self) -> u64 {
        self.pieces.iter().map(Piece::speech_ms).sum()
    }
}

/// A span inside of a window.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Piece {
    /// Where its sound begins in the window.
    at_ms: u64,
    /// How long its sound is.
    length_ms: u64,
    /// When its sound begins in the recording.
    audio_start_ms: u64,
    /// When there is speech in it, in the recording.
    pub(super) speech: Vec<(u64, u64)>,
}

impl Piece {
    /// When the speech in it begins.
    pub(super) fn start_ms(&self) -> u64 {
        self.speech.first().map_or(self.audio_start_ms, |(start, _)| *start)
    }

    /// When the speech in it ends.
    pub(super) fn end_ms(&self) -> u64 {
        self.speech.last().map_or(self.audio_start_ms + self.length_ms, |(_, end)| *end)
    }

    /// How much is spoken in it.
    pub(super) fn speech_ms(&self) -> u64 {
        self.speech.iter().map(|(start, end)| end - start).sum()
    }

    /// A time in the window as one in the recording, inside of this piece's speech whatever the model says.
    pub(super) fn to_recording(&self, window_ms: u64) -> u64 {
        let time = self.audio_start_ms + window_ms.saturating_sub(self.at_ms).min(self.length_ms);
        time.clamp(self.start_ms(), self.end_ms())
    }
}

/// The piece in which a time of the window lies, or the next one where it lies between two.
pub(super) fn piece_at(pieces: &[Piece], window_ms: u64) -> Option<(usize, &Piece)> {
    pieces
        .iter()
        .enumerate()
        .find(|(_, piece)| window_ms <= piece.at_ms + piece.length_ms)
        .or_else(|| pieces.iter().enumerate().next_back())
}

/// Packs the spans of one channel.
pub(super) struct Packer {
    leg: usize,
    max_ms: u64,
    /// Models whose own times are useless get each span alone: then the span's times are the segment's.
    together: bool,
    open: Option<Window>,
}

impl Packer {
    pub(super) fn new(leg: usize, max_span_ms: u64, times: Times) -> Self {
        Self { leg, max_ms: max_span_ms, together: times == Times::Model, open: None }
    }

    /// Takes a span; gives a window once it is full.
    pub(super) fn push(&mut self, mut span: Span) -> Option<Window> {
        let room = match &self.open {
            Some(open) if self.together => self.max_ms.saturating_sub(ms(open.samples.len()) + BETWEEN_MS),
            _ => 0,
        };
        let full = if ms(span.samples.len()) <= room {
            None
        } else {
            // What fits of it fills the window: each costs the same, full or not.
            if let Some(first) = (room >= WORTH_MS).then(|| span.cut(room)).flatten() {
                self.add(first);
            }
            self.open.take()
        };
        self.add(span);
        full
    }

    fn add(&mut self, span: Span) {
        let leg = self.leg;
        let open = self.open.get_or_insert_with(|| Window { seq: 0, leg, samples: Vec::new(), pieces: Vec::new() });
        if !open.samples.is_empty() {
            // Sound that was cut only because it is long goes on where it was cut.
            let before = open.pieces.last().map_or(0, |piece| piece.audio_start_ms + piece.length_ms);
            let silence = span.audio_start_ms.saturating_sub(before).min(BETWEEN_MS);
            open.samples.resize(open.samples.len() + samples(silence), 0.0);
        }
        open.pieces.push(Piece {
            at_ms: ms(open.samples.len()),
            length_ms: ms(span.samples.len()),
            audio_start_ms: span.audio_start_ms,
            speech: span.speech,
        });
        open.samples.extend_from_slice(&span.samples);
    }

    /// The last window.
    pub(super) fn finish(self) -> Option<Window> {
        self.open
    }
}

fn ms(samples: usize) -> u64 {
    samples as u64 * 1000 / u64::from(RATE)
}

/// No more than a window holds.
fn samples(ms: u64) -> usize {
    (ms * u64::from(RATE) / 1000) as usize
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
        assert_eq!((full.leg, full.samples.len(), full.until_ms()), (1, (4_000 + 200 + 4_000) * 16, 63_900));
        let place = |ms| piece_at(&full.pieces, ms).map(|(index, piece)| (index, piece.to_recording(ms)));
        assert_eq!(place(1_000), Some((0, 6_000)));
        assert_eq!(place(4_100), Some((1, 60_100)), "between two pieces counts for the second");
        assert_eq!(place(5_200), Some((1, 61_000)));
        assert_eq!(place(99_000), Some((1, 63_900)), "times behind the end are brought back");
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
        assert_eq!(full.samples.len(), (4_000 + 200 + 3_300) * 16, "up to the middle of the pause");
        assert_eq!(full.pieces[1].speech, [(10_100, 12_000), (12_050, 13_000)]);
        let rest = packer.finish().expect("the rest is open");
        assert_eq!((rest.samples.len(), rest.pieces[0].start_ms(), rest.until_ms()), (4_700 * 16, 13_600, 17_900));
        assert_eq!(rest.pieces[0].to_recording(0), 13_600);
    }

    #[test]
    fn what_was_cut_in_the_middle_of_a_word_is_joined_without_silence() {
        let mut packer = Packer::new(0, 10_000, Times::Model);
        for span in [span(0, 2_000), span(2_000, 2_000), span(4_050, 1_000)] {
            assert!(packer.push(span).is_none());
        }
        assert_eq!(packer.finish().map(|window| window.samples.len()), Some((2_000 + 2_000 + 50 + 1_000) * 16));
    }
}
