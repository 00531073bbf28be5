//! Where somebody speaks: spans of one channel, found while it streams by.
//!
//! Whisper invents text in silence and costs the same for an empty window as for a full one, so only speech reaches it.
//! Detection is by the `earshot` crate (its weights are in it), 16 ms at a time.

use super::resample::RATE;
use earshot::Detector;

/// Samples in one step of the detector.
const FRAME: usize = 256;
/// Frames kept before the speech (the detector is a little late, and Whisper likes some air) and behind it.
const BEFORE: usize = ms_to_frames(240);
const BEHIND: usize = ms_to_frames(120);
/// Fewer frames of speech than this are a click or a breath.
const LEAST: usize = ms_to_frames(120);

/// Quieter than this nobody speaks, whatever the detector says: it takes a line's faint rustle for speech, and a voice for
/// seconds after it has ended. Mean square of a frame; -57 dB of full scale.
const FLOOR: f32 = 2e-6;
/// Nor that much quieter than the voice of just before (-42 dB), which forgets itself by 1 dB a second.
const BELOW_VOICE: f32 = 6.3e-5;
const FORGET: f32 = 0.9963;

/// A stretch in which loud and quiet frames (its upper and lower tenth) differ by less than this, 3 dB, is no speech.
const STEADY: f32 = 2.0;

/// How readily a span ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pauses {
    /// Score from which on somebody speaks.
    on: f32,
    /// Score under which nobody does any more.
    off: f32,
    /// Frames of silence that end a span.
    gap: usize,
}

impl Pauses {
    /// Whole sentences, and quiet voices too: 97 % of what people marked as speech in real calls.
    pub(crate) const SENTENCES: Self = Self { on: 0.65, off: 0.35, gap: ms_to_frames(440) };
    /// Short stretches, for a model that does better with them.
    pub(crate) const PHRASES: Self = Self { on: 0.5, off: 0.35, gap: ms_to_frames(250) };
}

const fn ms_to_frames(ms: usize) -> usize {
    ms * RATE as usize / 1000 / FRAME
}

/// Somebody speaking.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Span {
    /// When the speech begins.
    pub(crate) start_ms: u64,
    /// When it ends.
    pub(crate) end_ms: u64,
    /// The moment of the first sample: a little before the speech.
    pub(crate) audio_start_ms: u64,
    /// 16 kHz, with a little air on both sides.
    pub(crate) samples: Vec<f32>,
}

struct Frame {
    score: f32,
    energy: f32,
}

/// Finds the spans of one channel.
pub(crate) struct SpeechFinder {
    detector: Box<Detector>,
    pauses: Pauses,
    /// Longest span in frames.
    longest: usize,
    /// What is kept: some air while nobody speaks, the whole span while somebody does.
    samples: Vec<f32>,
    frames: Vec<Frame>,
    /// The frame number, in the whole channel, of the first that is kept.
    first: u64,
    /// First and last kept frame with speech in it.
    voice: Option<(usize, usize)>,
    partial: Vec<f32>,
    /// How loud the channel was of late: the mean square of its loudest frame, sinking.
    loudest: f32,
}

impl SpeechFinder {
    /// Spans become no longer than `max_span_ms`.
    pub(crate) fn new(max_span_ms: u64, pauses: Pauses) -> Self {
        let longest = ms_to_frames(usize::try_from(max_span_ms).unwrap_or(usize::MAX / RATE as usize));
        Self {
            detector: Detector::default_boxed(),
            pauses,
            longest: longest.max(4 * BEFORE),
            samples: Vec::new(),
            frames: Vec::new(),
            first: 0,
            voice: None,
            partial: Vec::with_capacity(FRAME),
            loudest: 0.0,
        }
    }

    /// Takes samples of any number (16 kHz, between -1 and 1).
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

    /// The channel is over: gives the last span.
    pub(crate) fn finish(mut self, sink: &mut impl FnMut(Span)) {
        if !self.partial.is_empty() {
            self.partial.resize(FRAME, 0.0);
            self.frame(sink);
        }
        if let Some((_, last)) = self.voice {
            self.close(last, sink);
        }
    }

    fn frame(&mut self, sink: &mut impl FnMut(Span)) {
        // Resampling overshoots a little.
        self.partial.iter_mut().for_each(|sample| *sample = sample.clamp(-1.0, 1.0));
        let score = self.detector.predict_f32(&self.partial);
        let energy = self.partial.iter().map(|sample| sample * sample).sum::<f32>() / FRAME as f32;
        self.loudest = (self.loudest * FORGET).max(energy);
        // The detector is asked all the same: it remembers what it heard.
        let score = if energy < FLOOR.max(self.loudest * BELOW_VOICE) { 0.0 } else { score };
        self.samples.append(&mut self.partial);
        self.frames.push(Frame { score, energy });
        let now = self.frames.len() - 1;
        match self.voice {
            None if score >= self.pauses.on => self.voice = Some((now, now)),
            None => self.forget(self.frames.len().saturating_sub(BEFORE)),
            Some((start, _)) if score >= self.pauses.off => self.voice = Some((start, now)),
            Some((_, last)) if now - last >= self.pauses.gap => self.close(last, sink),
            Some(_) => {}
        }
        if self.voice.is_some() && self.frames.len() >= self.longest {
            self.split(sink);
        }
    }

    /// Ends the span whose last speech is in frame `last`.
    fn close(&mut self, last: usize, sink: &mut impl FnMut(Span)) {
        let end = (last + 1 + BEHIND).min(self.frames.len());
        self.give(last, end, sink);
        self.voice = None;
        self.forget(end.max(self.frames.len().saturating_sub(BEFORE)));
    }

    /// The span is as long as the model can take: cuts it at its quietest place, in the second half.
    fn split(&mut self, sink: &mut impl FnMut(Span)) {
        let Some((start, last)) = self.voice else { return };
        let half = start.max(self.frames.len() / 2);
        let until = self.frames.len() - 2;
        let loudness = |at: usize| self.frames[at - 2..=at + 2].iter().map(|f| f.energy * (0.1 + f.score)).sum::<f32>();
        let cut = (half.max(2)..until.max(3)).min_by(|a, b| loudness(*a).total_cmp(&loudness(*b))).unwrap_or(until);
        self.give(last.min(cut - 1), cut, sink);
        self.forget(cut);
        // What follows the cut is speech again, or just its end.
        self.voice = (last >= cut).then(|| (0, last - cut));
    }

    /// Hands on the kept frames up to `end`, if there is enough speech in them.
    fn give(&mut self, last: usize, end: usize, sink: &mut impl FnMut(Span)) {
        let Some((start, _)) = self.voice else { return };
        let heard = &self.frames[start..=last];
        if heard.iter().filter(|frame| frame.score >= self.pauses.off).count() < LEAST || is_steady(heard) {
            return;
        }
        let ms = |frame: usize| (self.first + frame as u64) * FRAME as u64 * 1000 / u64::from(RATE);
        sink(Span {
            start_ms: ms(start),
            end_ms: ms(last + 1),
            audio_start_ms: ms(0),
            samples: self.samples[..end * FRAME].to_vec(),
        });
    }

    fn forget(&mut self, frames: usize) {
        self.frames.drain(..frames);
        self.samples.drain(..frames * FRAME);
        self.first += frames as u64;
    }
}

/// As loud all the time: a rush, a hum, a dialling tone. Voices rise and fall by ten times that much.
fn is_steady(frames: &[Frame]) -> bool {
    let mut energies: Vec<f32> = frames.iter().map(|frame| frame.energy).collect();
    energies.sort_by(f32::total_cmp);
    let tenth = energies.len() / 10;
    energies[energies.len() - 1 - tenth] < energies[tenth] * STEADY
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(samples: &[f32], max_ms: u64) -> Vec<Span> {
        let (mut finder, mut found) = (SpeechFinder::new(max_ms, Pauses::SENTENCES), Vec::new());
        samples.chunks(1000).for_each(|block| finder.push(block, &mut |span| found.push(span)));
        finder.finish(&mut |span| found.push(span));
        found
    }

    #[test]
    fn silence_and_hum_hold_no_speech() {
        assert!(spans(&vec![0.0; 16_000 * 20], 8_000).is_empty());
        let hum: Vec<f32> =
            (0..16_000 * 20).map(|n| 0.05 * (n as f32 * 50.0 / 16_000.0 * std::f32::consts::TAU).sin()).collect();
        assert!(spans(&hum, 8_000).is_empty());
        assert!(spans(&[], 8_000).is_empty());
    }
}
