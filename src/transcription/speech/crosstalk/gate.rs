//! Crosstalk gate: silences the frames of a channel that hold only the other channel's leak.

use super::super::FRAME;
use super::bands::{AROUND, BANDS, BandAnalyzer, Bands, delayed};
use super::{Crosstalk, Leak};
use std::collections::VecDeque;

/// Maximum ratio of a leak's energy to the measured one (6 dB).
const MAX_LEAK_RATIO: f32 = 4.0;
/// Minimum share of a leak's energy that stays in the next frame (-3 dB): the room's echo.
const MIN_ECHO_SHARE: f32 = 0.5;
/// Minimum share of a voice's energy that is beyond the leak.
const MIN_OWN_SHARE: f32 = 0.2;
/// Number of frames on both sides that are judged with a frame.
const SMOOTH: usize = 2;
/// Look-ahead in frames: the smoothing, and leaks that come before their source.
const AHEAD: usize = SMOOTH + 2;
/// Number of frames that are kept: the longest delay, and the smoothing.
const HISTORY_FRAMES: usize = 4_800 / FRAME + 2 * SMOOTH + 4;

/// Takes two channels at 16 kHz and returns both without crosstalk, 80 ms later. Memory is bounded.
pub(crate) struct CrosstalkGate {
    crosstalk: Crosstalk,
    sides: [Side; 2],
    /// Number of the next frame of the output.
    next: usize,
}

/// One channel.
struct Side {
    analyzer: BandAnalyzer,
    /// Samples from frame `next` on.
    samples: VecDeque<f32>,
    /// Number of the first frame in `bands`.
    first: usize,
    bands: VecDeque<Bands>,
    /// Number of the first frame in `judged`.
    judged_from: usize,
    judged: VecDeque<Judged>,
    /// Leak of the frame that was judged last.
    leak: Bands,
    /// Gain of the last sample of the output.
    gain: f32,
}

/// Energies of a frame.
#[derive(Clone, Copy)]
struct Judged {
    all: f32,
    /// Energy beyond the other channel's leak.
    own: f32,
}

impl Side {
    fn new() -> Self {
        Self {
            analyzer: BandAnalyzer::new(),
            samples: VecDeque::new(),
            first: 0,
            bands: VecDeque::new(),
            judged_from: 0,
            judged: VecDeque::new(),
            leak: [0.0; BANDS],
            gain: 1.0,
        }
    }

    fn frame(&self, at: isize) -> Option<Bands> {
        let at = usize::try_from(at).ok()?.checked_sub(self.first)?;
        self.bands.get(at).copied()
    }

    /// Returns the number of frames whose energies are known.
    fn known(&self) -> usize {
        self.first + self.bands.len()
    }

    /// Judges the next frame by the leak of a source.
    fn judge(&mut self, leak: &Leak, source: &Self) {
        let at = self.judged_from + self.judged.len();
        let heard = delayed(at as isize, leak.delay, |at| source.frame(at));
        let frame = self.frame(at as isize).unwrap_or([0.0; BANDS]);
        let mut judged = Judged { all: 0.0, own: 0.0 };
        for band in 0..BANDS {
            self.leak[band] = (heard[band] * leak.gains[band] * MAX_LEAK_RATIO).max(self.leak[band] * MIN_ECHO_SHARE);
            judged.all += frame[band];
            judged.own += (frame[band] - self.leak[band]).max(0.0);
        }
        self.judged.push_back(judged);
    }

    /// Whether frame `at` holds only leak.
    fn is_leak(&self, at: usize) -> bool {
        let near = self.judged.iter().skip(at.saturating_sub(SMOOTH) - self.judged_from).take(2 * SMOOTH + 1);
        let (all, own) = near.fold((0.0, 0.0), |(all, own), frame| (all + frame.all, own + frame.own));
        own < MIN_OWN_SHARE * all
    }

    /// Returns the next frame, faded where its gain changes.
    fn take(&mut self, gain: f32) -> Vec<f32> {
        let before = std::mem::replace(&mut self.gain, gain);
        let step = (gain - before) / FRAME as f32;
        let fade = |(at, sample): (usize, f32)| sample * (before + step * (at + 1) as f32);
        self.samples.drain(..FRAME).enumerate().map(fade).collect()
    }

    fn forget(&mut self, next: usize) {
        while self.first + HISTORY_FRAMES < next {
            self.bands.pop_front();
            self.first += 1;
        }
        while self.judged_from + SMOOTH < next && !self.judged.is_empty() {
            self.judged.pop_front();
            self.judged_from += 1;
        }
    }
}

impl CrosstalkGate {
    pub(crate) fn new(crosstalk: Crosstalk) -> Self {
        Self { crosstalk, sides: [Side::new(), Side::new()], next: 0 }
    }

    /// Takes the same number of samples of both channels; passes frames of each to the sink with the number of its
    /// channel.
    pub(crate) fn push(&mut self, sound: [&[f32]; 2], sink: &mut impl FnMut(usize, &[f32])) {
        for (side, sound) in self.sides.iter_mut().zip(sound) {
            side.samples.extend(sound);
            let bands = &mut side.bands;
            side.analyzer.push(sound, &mut |energies| bands.push_back(energies));
        }
        while self.sides.iter().all(|side| side.known() > self.next + AHEAD) {
            self.give(sink);
        }
    }

    /// Passes the rest to the sink.
    pub(crate) fn finish(mut self, sink: &mut impl FnMut(usize, &[f32])) {
        let mut left = [0, 1].map(|channel| self.sides[channel].samples.len());
        let silence = vec![0.0; (AHEAD + 2) * FRAME + AROUND];
        self.push([&silence, &silence], &mut |channel, samples| {
            let count = samples.len().min(left[channel]);
            left[channel] -= count;
            sink(channel, &samples[..count]);
        });
    }

    fn give(&mut self, sink: &mut impl FnMut(usize, &[f32])) {
        for channel in [0, 1] {
            let gain = if self.is_leak(channel) { 0.0 } else { 1.0 };
            sink(channel, &self.sides[channel].take(gain));
        }
        self.next += 1;
        self.sides.iter_mut().for_each(|side| side.forget(self.next));
    }

    fn is_leak(&mut self, channel: usize) -> bool {
        let Some(leak) = &self.crosstalk.leaks[1 - channel] else { return false };
        let [left, right] = &mut self.sides;
        let (side, source) = if channel == 0 { (left, right) } else { (right, left) };
        while side.judged_from + side.judged.len() <= self.next + SMOOTH {
            side.judge(leak, source);
        }
        side.is_leak(self.next)
    }
}
