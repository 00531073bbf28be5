//! Voice detection: speech detectors take noise, ringing tones and music on hold for speech.
//!
//! A voice has a pitch, and the pitch moves. Noise has none. Tones and instruments have one that is constant until the
//! next note: their partials are where they were 80 ms before. And a tone has only one or two partials.

use super::FRAME;
use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

/// Samples analysed around a frame: 64 ms.
const WINDOW: usize = 1024;
/// Spectral lines in the range of a telephone: 156 Hz to 3.4 kHz, 15.6 Hz apart.
const BAND: Range<usize> = 10..218;
/// Periods of a voice in samples: 400 Hz to 70 Hz.
const PERIODS: Range<usize> = 40..229;
/// Minimum periodicity of a voiced frame, of 1.
const PERIODIC: f32 = 0.6;
/// Number of partials that are compared.
const PARTIALS: usize = 6;
/// Distance of the compared frames, in frames: 80 ms.
const BACK: usize = 5;
/// Maximum distance (a fifth of a semitone) of a partial that has not moved; lines of the spectrum, for the lowest
/// ones.
const SAME: f32 = 0.012;
const SAME_LINES: f32 = 0.13;
/// Maximum share of a voice's strength that has not moved.
const STILL: f32 = 0.3;
/// Share of two lines (and three next to each) in a tone.
const TONE: f32 = 0.95;
const BESIDE: usize = 3;

/// A spectral peak: position, in lines of the spectrum, and strength.
type Partials = Vec<(f32, f32)>;

/// Voice measurements of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct FrameVoice {
    /// Whether it is periodic, not a tone, and its partials move.
    pub(super) voiced: bool,
    /// Whether its spectral peaks have moved; true of noise as well.
    pub(super) moving: bool,
}

/// Analyses the audio of one channel.
pub(super) struct VoiceCheck {
    forward: Arc<dyn RealToComplex<f32>>,
    back: Arc<dyn ComplexToReal<f32>>,
    shape: Vec<f32>,
    /// Autocorrelation that the shape of the window leaves of a perfectly periodic sound, for each period.
    left: Vec<f32>,
    time: Vec<f32>,
    lines: Vec<Complex<f32>>,
    power: Vec<f32>,
    scratch: Vec<Complex<f32>>,
}

impl VoiceCheck {
    pub(super) fn new() -> Self {
        let mut planner = RealFftPlanner::new();
        let (forward, back) = (planner.plan_fft_forward(WINDOW), planner.plan_fft_inverse(WINDOW));
        let angle = |at: usize| std::f32::consts::TAU * at as f32 / (WINDOW - 1) as f32;
        let shape: Vec<f32> = (0..WINDOW).map(|at| 0.5 - 0.5 * angle(at).cos()).collect();
        let product = |period: usize| shape.iter().zip(&shape[period..]).map(|(a, b)| a * b).sum::<f32>();
        let left = PERIODS.map(|period| product(period) / product(0)).collect();
        let scratch = forward.get_scratch_len().max(back.get_scratch_len());
        Self {
            left,
            shape,
            time: forward.make_input_vec(),
            lines: forward.make_output_vec(),
            power: vec![0.0; WINDOW / 2 + 1],
            scratch: vec![Complex::default(); scratch],
            forward,
            back,
        }
    }

    /// Returns the measurements of each frame of `range`. `samples` begin with frame 0. Frames that are not `loud` are
    /// neither voiced nor moving.
    pub(super) fn check(
        &mut self,
        samples: &[f32],
        range: Range<usize>,
        loud: impl Fn(usize) -> bool,
    ) -> Vec<FrameVoice> {
        let mut before: VecDeque<Partials> = VecDeque::with_capacity(BACK + 1);
        let mut voices = Vec::with_capacity(range.len());
        for at in range.start.saturating_sub(BACK)..range.end {
            // The partials of a quiet frame are needed too, where a loud one is compared with it.
            let later = at + BACK;
            let wanted = (at >= range.start && loud(at)) || (later < range.end && loud(later));
            let partials = if wanted { self.look(samples, at) } else { Partials::new() };
            let earlier = if before.len() == BACK { before.pop_front() } else { None };
            if at >= range.start {
                let moving = loud(at) && still(&partials, earlier.as_deref().unwrap_or_default()) < STILL;
                let voiced = moving && !self.is_tone(&partials) && self.is_periodic();
                voices.push(FrameVoice { voiced, moving });
            }
            before.push_back(partials);
        }
        voices
    }

    /// Computes the spectrum around a frame; returns its peaks, the strongest first.
    fn look(&mut self, samples: &[f32], frame: usize) -> Partials {
        let begin = (frame * FRAME + FRAME / 2) as isize - (WINDOW / 2) as isize;
        for (at, (value, shape)) in self.time.iter_mut().zip(&self.shape).enumerate() {
            let sample = usize::try_from(begin + at as isize).ok().and_then(|at| samples.get(at));
            *value = sample.map_or(0.0, |sample| sample * shape);
        }
        // Fails only on buffers of a wrong length, and they were made by the plan.
        let _ = self.forward.process_with_scratch(&mut self.time, &mut self.lines, &mut self.scratch);
        self.power.fill(0.0);
        for line in BAND {
            self.power[line] = self.lines[line].norm_sqr();
        }
        let is_peak =
            |line: &usize| self.power[*line] > self.power[line - 1] && self.power[*line] >= self.power[line + 1];
        let mut peaks: Vec<usize> = BAND.filter(is_peak).collect();
        peaks.sort_by(|a, b| self.power[*b].total_cmp(&self.power[*a]));
        peaks.truncate(PARTIALS);
        peaks.iter().map(|line| (self.place(*line), self.power[*line])).collect()
    }

    /// Returns the position of a peak between its lines: the top of a parabola through three of them, in decibels.
    fn place(&self, line: usize) -> f32 {
        let level = |line: usize| (self.power[line] + 1e-12).ln();
        let (left, middle, right) = (level(line - 1), level(line), level(line + 1));
        let bend = left - 2.0 * middle + right;
        let off = if bend < 0.0 { 0.5 * (left - right) / bend } else { 0.0 };
        line as f32 + off.clamp(-0.5, 0.5)
    }

    fn is_tone(&self, partials: &Partials) -> bool {
        let all: f32 = self.power[BAND].iter().sum();
        let mut counted = [false; WINDOW / 2 + 1];
        for (place, _) in partials.iter().take(2) {
            let line = place.round() as usize;
            counted[line.saturating_sub(BESIDE)..(line + BESIDE + 1).min(WINDOW / 2)].fill(true);
        }
        let strongest: f32 = self.power.iter().zip(&counted).filter(|(_, counted)| **counted).map(|(p, _)| p).sum();
        strongest >= all * TONE
    }

    /// Whether it is periodic, by the autocorrelation, which is the transform of the power spectrum.
    fn is_periodic(&mut self) -> bool {
        for (line, power) in self.lines.iter_mut().zip(&self.power) {
            *line = Complex::new(*power, 0.0);
        }
        let _ = self.back.process_with_scratch(&mut self.lines, &mut self.time, &mut self.scratch);
        let all = self.time[0];
        all > 0.0 && self.time[PERIODS].iter().zip(&self.left).any(|(value, left)| *value > PERIODIC * all * left)
    }
}

/// Returns the share of the strength that has not moved.
fn still(now: &[(f32, f32)], before: &[(f32, f32)]) -> f32 {
    let all: f32 = now.iter().map(|(_, power)| power).sum();
    let stays = |place: f32| before.iter().any(|(other, _)| (place - other).abs() < (place * SAME).max(SAME_LINES));
    let staying: f32 = now.iter().filter(|(place, _)| stays(*place)).map(|(_, power)| power).sum();
    if all > 0.0 { staying / all } else { 0.0 }
}
