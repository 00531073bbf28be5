//! Speech detection: spans of speech on one channel, as a stream.
//!
//! Whisper invents text in silence and costs the same for an empty window as for a full one, so only speech reaches it.
//! There are three steps, on frames of 16 ms. The `earshot` crate (with built-in weights) scores the similarity of a
//! frame to speech; many sounds reach its threshold, and it continues after the voice has ended. Loudness gives the
//! begin and end of speech: frames more than 34 dB below the voice are not speech. [`voice`] tells voices from noise,
//! tones and music, and [`mod@runs`] combines both: a run with little evidence of a voice is speech only next to
//! speech.
//!
//! The results on real calls are measured by a test (`tests/it/transcription/found.rs`).

mod channels;
mod crosstalk;
mod duplicate_channels;
mod file;
mod layout;
mod runs;
mod voice;

pub(crate) use channels::ChannelFinder;
pub(crate) use crosstalk::{Crosstalk, CrosstalkGate};
pub use file::speech;
pub(crate) use layout::Layout;

use super::resample::RATE;
use earshot::Detector;
use runs::{Run, runs};
use std::ops::Range;
use voice::VoiceCheck;

/// Samples of one frame of the detector.
const FRAME: usize = 256;
const FRAME_MS: u64 = FRAME as u64 * 1000 / RATE as u64;
/// Frames kept before the speech and after it: half of the silence that may lie between two spans.
const BEFORE: usize = ms_to_frames(500);
const BEHIND: usize = ms_to_frames(500);
/// Frames added before and after the loud frames: breath of an "h", the end of an "s".
const PAD_BEFORE: usize = ms_to_frames(48);
const PAD_AFTER: usize = ms_to_frames(64);
/// Length of the last part of a span, in which a span that is too long is cut: full windows cost no more than others.
const CUT_IN: usize = ms_to_frames(4_000);
/// Minimum pause in which a span is cut to fill a window (plus the parts that PAD_BEFORE and PAD_AFTER take of it), ms.
const MIN_PAUSE_MS: u64 = 200;
/// Minimum number of frames of speech: fewer are a click or a breath.
const MIN_SPEECH_FRAMES: usize = ms_to_frames(120);

/// Score from which on a frame may be speech, and below which speech ends.
const ON: f32 = 0.5;
const OFF: f32 = 0.35;

/// Energy below which a frame is not speech, whatever the score. Mean square of a frame; -63 dB of full scale.
const FLOOR: f32 = 5e-7;
/// Energy relative to the preceding voice below which a frame is not speech (-34 dB); the level of the voice decays by
/// 1 dB a second.
const BELOW_VOICE: f32 = 4e-4;
const FORGET: f32 = 0.9963;
/// Decay of 0.02 dB a second, for the level of a channel's voice.
const FORGET_SLOWLY: f32 = 0.999_926;

/// Maximum distance of speech with little evidence from speech that is certain: a digit, an "okay".
const BESIDE: usize = ms_to_frames(750);

/// Length of a pause that ends a span.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pauses {
    /// Frames of silence.
    gap: usize,
}

impl Pauses {
    /// Whole sentences.
    pub(crate) const SENTENCES: Self = Self { gap: ms_to_frames(1_000) };
    /// Short stretches, for a model that needs them.
    pub(crate) const PHRASES: Self = Self { gap: ms_to_frames(250) };
}

const fn ms_to_frames(ms: usize) -> usize {
    ms * RATE as usize / 1000 / FRAME
}

/// A span of speech, with pauses shorter than a breath.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Span {
    /// Time of the first sample, ms: a little before the speech.
    pub(crate) audio_start_ms: u64,
    /// Samples at 16 kHz, with a margin on both sides.
    pub(crate) samples: Vec<f32>,
    /// Begin and end of the speech in it, piece by piece, ms in the recording. At least one; in order, disjoint.
    pub(crate) speech: Vec<(u64, u64)>,
}

/// Measurements of 16 ms.
struct Frame {
    /// Score of the detector; 0 where the frame is too quiet.
    score: f32,
    /// Mean square.
    energy: f32,
    /// Level of the channel's voice until then: the mean square of its loudest frame, decaying slowly.
    voice_level: f32,
}

/// A span that is speech only if certain speech follows soon.
struct Held {
    span: Span,
    /// Number of the frame after it, in the whole channel.
    end: u64,
}

/// Finds the spans of one channel.
pub(crate) struct SpeechFinder {
    detector: Box<Detector>,
    voice: VoiceCheck,
    pauses: Pauses,
    /// Longest span in frames.
    longest: usize,
    /// Samples kept: a margin while there is no speech, else the whole span.
    samples: Vec<f32>,
    frames: Vec<Frame>,
    /// Number of the first frame that is kept, in the whole channel.
    first: u64,
    /// First and last kept frame of possible speech.
    open: Option<(usize, usize)>,
    partial: Vec<f32>,
    /// Recent level of the channel: the mean square of its loudest frame, decaying.
    loudest: f32,
    /// The same, decaying slowly.
    voice_level: f32,
    /// Number of the frame after the last certain speech, in the whole channel.
    certain_until: Option<u64>,
    /// In order; none is older than [`BESIDE`].
    held: Vec<Held>,
}

impl SpeechFinder {
    /// Returns a finder; spans have at most `max_span_ms`.
    pub(crate) fn new(max_span_ms: u64, pauses: Pauses) -> Self {
        let longest = ms_to_frames(usize::try_from(max_span_ms).unwrap_or(usize::MAX / RATE as usize));
        Self {
            detector: Detector::default_boxed(),
            voice: VoiceCheck::new(),
            pauses,
            longest: longest.max(4 * BEFORE),
            samples: Vec::new(),
            frames: Vec::new(),
            first: 0,
            open: None,
            partial: Vec::with_capacity(FRAME),
            loudest: 0.0,
            voice_level: 0.0,
            certain_until: None,
            held: Vec::new(),
        }
    }

    /// Takes any number of samples (16 kHz, between -1 and 1).
    pub(crate) fn push(&mut self, mut samples: &[f32], sink: &mut impl FnMut(Span)) {
        while !samples.is_empty() {
            let take = (FRAME - self.partial.len()).min(samples.len());
            self.partial.extend_from_slice(&samples[..take]);
            samples = &samples[take..];
            if self.partial.len() == FRAME {
                self.frame(sink);
            }
        }
    }

    /// Ends the channel; passes the last span to the sink.
    pub(crate) fn finish(mut self, sink: &mut impl FnMut(Span)) {
        if !self.partial.is_empty() {
            self.partial.resize(FRAME, 0.0);
            self.frame(sink);
        }
        if let Some((_, last)) = self.open {
            self.close(last, sink);
        }
    }

    fn frame(&mut self, sink: &mut impl FnMut(Span)) {
        // Resampling overshoots a little.
        self.partial.iter_mut().for_each(|sample| *sample = sample.clamp(-1.0, 1.0));
        let score = self.detector.predict_f32(&self.partial);
        let energy = self.partial.iter().map(|sample| sample * sample).sum::<f32>() / FRAME as f32;
        self.loudest = (self.loudest * FORGET).max(energy);
        self.voice_level = (self.voice_level * FORGET_SLOWLY).max(energy);
        // The detector is run on quiet frames too: it is stateful.
        let score = if energy < FLOOR.max(self.loudest * BELOW_VOICE) { 0.0 } else { score };
        self.samples.append(&mut self.partial);
        self.frames.push(Frame { score, energy, voice_level: self.voice_level });
        let now = self.frames.len() - 1;
        match self.open {
            None if score >= ON => self.open = Some((now, now)),
            None => self.forget(self.frames.len().saturating_sub(BEFORE)),
            Some((start, _)) if score >= OFF => self.open = Some((start, now)),
            Some((_, last)) if now - last >= self.pauses.gap => self.close(last, sink),
            Some(_) => {}
        }
        if self.open.is_some() && self.frames.len() >= self.longest {
            self.split(sink);
        }
    }

    /// Ends the span whose last speech is in frame `last`.
    fn close(&mut self, last: usize, sink: &mut impl FnMut(Span)) {
        let end = (last + 1 + BEHIND).min(self.frames.len());
        self.give(last, end, sink);
        self.open = None;
        self.forget(end.max(self.frames.len().saturating_sub(BEFORE)));
    }

    /// Cuts a span of the maximum length at the quietest place of its last part.
    fn split(&mut self, sink: &mut impl FnMut(Span)) {
        let Some((start, last)) = self.open else { return };
        let length = self.frames.len();
        let from = start.max(length - CUT_IN.min(length / 2));
        let until = length - 2;
        let loudness = |at: usize| self.frames[at - 2..=at + 2].iter().map(|f| f.energy * (0.1 + f.score)).sum::<f32>();
        let cut = (from.max(2)..until.max(3)).min_by(|a, b| loudness(*a).total_cmp(&loudness(*b))).unwrap_or(until);
        self.give(last.min(cut - 1), cut, sink);
        self.forget(cut);
        // The part after the cut is speech again, or just its end.
        self.open = (last >= cut).then(|| (0, last - cut));
    }

    /// Passes the speech in the kept frames up to `end` to the sink, and holds runs that are speech only if speech
    /// follows.
    fn give(&mut self, last: usize, end: usize, sink: &mut impl FnMut(Span)) {
        let Some((start, _)) = self.open else { return };
        let runs = runs(&self.frames, start..last + 1, &self.samples, &mut self.voice);
        let certain: Vec<Range<u64>> = runs.iter().filter(|run| run.certain).map(|run| self.place(run)).collect();
        let near = |a: u64, b: u64| a + BESIDE as u64 >= b;
        let (mut speech, mut waiting) = (Vec::new(), Vec::new());
        for run in runs {
            let place = self.place(&run);
            let behind = certain.iter().rfind(|one| one.end <= place.start).map(|one| one.end).or(self.certain_until);
            let before = certain.iter().find(|one| one.start >= place.end);
            let beside = behind.is_some_and(|until| near(until, place.start))
                || before.is_some_and(|next| near(place.end, next.start));
            if run.certain || beside {
                speech.push(run);
            } else if before.is_none() {
                waiting.push(run);
            }
        }
        if let Some(first) = certain.first() {
            self.held.drain(..).filter(|held| near(held.end, first.start)).for_each(|held| sink(held.span));
        }
        self.certain_until = certain.last().map(|one| one.end).or(self.certain_until);
        self.groups(speech, end).into_iter().for_each(&mut *sink);
        for span in self.groups(waiting, end) {
            let span_end = span.speech.last().map_or(0, |(_, until)| until / FRAME_MS);
            self.held.retain(|held| near(held.end, span_end));
            self.held.push(Held { span, end: span_end });
        }
    }

    /// Returns the position of a run, in frames of the whole channel.
    fn place(&self, run: &Run) -> Range<u64> {
        self.first + run.start as u64..self.first + run.end as u64
    }

    /// Groups runs with short pauses between them into spans. Music between two voices leaves a gap, which separates
    /// two spans.
    fn groups(&self, runs: Vec<Run>, end: usize) -> Vec<Span> {
        let mut groups: Vec<Vec<Run>> = Vec::new();
        for run in runs {
            match groups.last_mut() {
                Some(group) if group.last().is_some_and(|before| run.start < before.end + self.pauses.gap) => {
                    group.push(run);
                }
                _ => groups.push(vec![run]),
            }
        }
        groups.retain(|group| group.iter().map(|run| run.loud).sum::<usize>() >= MIN_SPEECH_FRAMES);
        let span = |at: usize| {
            let from = at.checked_sub(1).and_then(|before| groups[before].last()).map_or(0, |run| run.end);
            let until = groups.get(at + 1).and_then(|next| next.first()).map_or(end, |run| run.start);
            self.span(&groups[at], from..until)
        };
        (0..groups.len()).map(span).collect()
    }

    /// Returns one span; its margin is limited to the frames of `air`.
    fn span(&self, group: &[Run], air: Range<usize>) -> Span {
        let ms = |frame: usize| (self.first + frame as u64) * FRAME as u64 * 1000 / u64::from(RATE);
        let begin = group.first().map_or(0, |run| run.start.saturating_sub(BEFORE)).max(air.start);
        let end = group.last().map_or(0, |run| run.end + BEHIND).min(air.end);
        let mut speech: Vec<(u64, u64)> = Vec::with_capacity(group.len());
        for run in group {
            let (start, stop) = (run.start.saturating_sub(PAD_BEFORE).max(begin), (run.end + PAD_AFTER).min(end));
            match speech.last_mut() {
                Some((_, before)) if *before >= ms(start) => *before = ms(stop),
                _ => speech.push((ms(start), ms(stop))),
            }
        }
        Span { audio_start_ms: ms(begin), samples: self.samples[begin * FRAME..end * FRAME].to_vec(), speech }
    }

    fn forget(&mut self, frames: usize) {
        self.frames.drain(..frames);
        self.samples.drain(..frames * FRAME);
        self.first += frames as u64;
    }
}

impl Span {
    /// Cuts it in a pause, so that the first part has at most `longest_ms`, and is as long as possible.
    pub(crate) fn cut(&mut self, longest_ms: u64) -> Option<Self> {
        let pauses = self.speech.windows(2).enumerate();
        let place = |(at, pair): (usize, &[(u64, u64)])| {
            let (end, start) = (pair[0].1, pair[1].0);
            (start >= end + MIN_PAUSE_MS).then(|| (at + 1, end.midpoint(start) - self.audio_start_ms))
        };
        let (count, length_ms) = pauses.filter_map(place).take_while(|(_, ms)| *ms <= longest_ms).last()?;
        let samples = usize::try_from(length_ms).ok()? * RATE as usize / 1000;
        let first = Self {
            audio_start_ms: self.audio_start_ms,
            samples: self.samples.drain(..samples.min(self.samples.len())).collect(),
            speech: self.speech.drain(..count).collect(),
        };
        self.audio_start_ms += length_ms;
        Some(first)
    }
}

#[cfg(test)]
mod tests;
