//! Delay and gain of the leaks, measured at the beginning of a recording.

use super::super::super::resample::{RATE, Resampler};
use super::bands::{BANDS, BandAnalyzer, Bands, delayed};
use super::{Crosstalk, Leak, MIN_LEVEL};
use crate::audio::{AudioError, Decoder};
use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Samples of a block: half a second; blocks overlap by half.
const BLOCK: usize = 8_192;
/// Samples of the transform: twice a block, so that nothing wraps around.
const TRANSFORM: usize = 2 * BLOCK;
/// Minimum energy of a frame to be compared: -50 dB of full scale.
const LOUD: f32 = 1e-5;
/// Minimum ratio of the energies of the source and the other side.
const MIN_ENERGY_RATIO: f32 = 1.1;
/// Maximum number of blocks of each side that are measured: a minute.
const MAX_BLOCKS: usize = 240;
/// Maximum number of frames that are analysed: ten minutes.
const MAX_FRAMES: usize = 10 * 60 * RATE as usize / super::super::FRAME;
/// Range of delays that are searched, in samples: -20 ms to 300 ms.
const DELAYS: Range<isize> = -320..4_801;
/// Lines of the transform in the range of a telephone: 200 Hz to 3.4 kHz.
const LINES: Range<usize> = 205..3_482;
/// Minimum height of the correlation's peak, in standard deviations. Calls without a leak had up to 6.2, with one at
/// -30 dB 51 and more, coded as joint stereo 12 and more.
const MIN_PEAK: f32 = 8.0;
/// Minimum height of the peak where the other direction has a leak with the same delay, in standard deviations.
const MIN_PEAK_OF_BOTH: f32 = 5.0;
const SAME_DELAY: isize = 32;
/// Minimum number of frames from which gains are measured.
const MIN_FRAMES: usize = 10;

impl Crosstalk {
    /// Measures the crosstalk of a recording with two channels; `None`: there is none. Blocks.
    ///
    /// Errors: [`AudioError::Cancelled`] once `stop` is cancelled, and those of the decoder.
    pub(crate) fn measure(path: &Path, stop: &CancellationToken) -> Result<Option<Self>, AudioError> {
        let mut decoder = Decoder::open_until(path, stop)?;
        let resampler = || Resampler::new(decoder.sample_rate(), RATE).map_err(AudioError::Damaged);
        let mut resamplers = [resampler()?, resampler()?];
        let mut measurement = Measurement::new();
        let mut sound = [Vec::new(), Vec::new()];
        while let Some(block) = decoder.next_block()? {
            for ((samples, resampler), sound) in block.iter().zip(&mut resamplers).zip(&mut sound) {
                let push = &mut |samples: &[f32]| sound.extend_from_slice(samples);
                resampler.push(samples, push).map_err(AudioError::Damaged)?;
            }
            let [left, right] = &mut sound;
            measurement.push([left, right]);
            sound.iter_mut().for_each(Vec::clear);
            if measurement.is_enough() {
                break;
            }
        }
        Ok(measurement.crosstalk())
    }
}

/// Statistics of the blocks in which one side is the louder one.
struct Side {
    /// Sum of the normalised cross-spectra: the quieter side against this one.
    spectrum: Vec<Complex<f32>>,
    blocks: usize,
}

/// A delay in samples, and the height of its peak.
#[derive(Clone, Copy)]
struct Peak {
    delay: isize,
    height: f32,
}

pub(super) struct Measurement {
    transform: Arc<dyn RealToComplex<f32>>,
    shape: Vec<f32>,
    waiting: [Vec<f32>; 2],
    sides: [Side; 2],
    analyzers: [BandAnalyzer; 2],
    frames: [Vec<Bands>; 2],
}

impl Measurement {
    pub(super) fn new() -> Self {
        let transform = RealFftPlanner::new().plan_fft_forward(TRANSFORM);
        let angle = |at: usize| std::f32::consts::TAU * at as f32 / BLOCK as f32;
        let side = || Side { spectrum: vec![Complex::default(); TRANSFORM / 2 + 1], blocks: 0 };
        Self {
            transform,
            shape: (0..BLOCK).map(|at| 0.5 - 0.5 * angle(at).cos()).collect(),
            waiting: [Vec::new(), Vec::new()],
            sides: [side(), side()],
            analyzers: [BandAnalyzer::new(), BandAnalyzer::new()],
            frames: [Vec::new(), Vec::new()],
        }
    }

    /// Takes the same number of samples of both channels, 16 kHz.
    pub(super) fn push(&mut self, sound: [&[f32]; 2]) {
        for side in [0, 1] {
            self.waiting[side].extend_from_slice(sound[side]);
            let frames = &mut self.frames[side];
            self.analyzers[side].push(sound[side], &mut |bands| frames.push(bands));
        }
        while self.waiting.iter().all(|side| side.len() >= BLOCK) {
            self.compare();
            self.waiting.iter_mut().for_each(|side| drop(side.drain(..BLOCK / 2)));
        }
    }

    fn is_enough(&self) -> bool {
        self.frames[0].len() >= MAX_FRAMES || self.sides.iter().all(|side| side.blocks >= MAX_BLOCKS)
    }

    fn compare(&mut self) {
        let energy = [0, 1].map(|side| self.waiting[side][..BLOCK].iter().map(|x| x * x).sum::<f32>());
        let source = usize::from(energy[1] > energy[0]);
        let (loud, soft) = (energy[source], energy[1 - source]);
        if loud < LOUD * BLOCK as f32 || loud < soft * MIN_ENERGY_RATIO || self.sides[source].blocks >= MAX_BLOCKS {
            return;
        }
        let (loud, soft) = (self.lines(source), self.lines(1 - source));
        let side = &mut self.sides[source];
        for line in LINES {
            let product = soft[line] * loud[line].conj();
            let strength = product.norm();
            // Exact silence has no phase.
            if strength > 1e-12 {
                side.spectrum[line] += product / strength;
            }
        }
        side.blocks += 1;
    }

    fn lines(&self, side: usize) -> Vec<Complex<f32>> {
        let mut time = self.transform.make_input_vec();
        for (at, (sample, shape)) in self.waiting[side].iter().zip(&self.shape).enumerate() {
            time[at] = sample * shape;
        }
        let mut lines = self.transform.make_output_vec();
        // Fails only on buffers of a wrong length.
        let _ = self.transform.process(&mut time, &mut lines);
        lines
    }

    pub(super) fn crosstalk(self) -> Option<Crosstalk> {
        let peaks = [0, 1].map(|side| peak(&self.sides[side].spectrum));
        let is_leak = |side: usize| {
            let (this, other) = (peaks[side]?, peaks[1 - side]);
            let both = other.is_some_and(|other| {
                other.height >= MIN_PEAK
                    && (other.delay - this.delay).abs() <= SAME_DELAY
                    && this.height >= MIN_PEAK_OF_BOTH
            });
            (this.height >= MIN_PEAK || both).then_some(this.delay)
        };
        let leak = |side: usize| Some(gains(&self.frames[side], &self.frames[1 - side], is_leak(side)?));
        let leaks = [0, 1].map(|side| leak(side).filter(|leak| leak.level >= MIN_LEVEL));
        let energy = |frames: &Vec<Bands>| frames.iter().flatten().map(|energy| f64::from(*energy)).sum();
        let energy = [energy(&self.frames[0]), energy(&self.frames[1])];
        leaks.iter().any(Option::is_some).then_some(Crosstalk { leaks, energy })
    }
}

/// Returns the highest peak of the correlation of a cross-spectrum; `None` where there was nothing to compare.
fn peak(spectrum: &[Complex<f32>]) -> Option<Peak> {
    let back = RealFftPlanner::new().plan_fft_inverse(TRANSFORM);
    let (mut lines, mut correlation) = (spectrum.to_vec(), back.make_output_vec());
    back.process(&mut lines, &mut correlation).ok()?;
    let value = |delay: isize| correlation[delay.rem_euclid(TRANSFORM as isize) as usize].abs();
    let best = DELAYS.max_by(|a, b| value(*a).total_cmp(&value(*b)))?;
    let deviation = (DELAYS.map(|delay| value(delay).powi(2)).sum::<f32>() / DELAYS.len() as f32).sqrt();
    (deviation > 0.0).then(|| Peak { delay: best, height: value(best) / deviation })
}

/// Returns the gains of a leak, from the frames in which its source is loud and the louder side.
fn gains(source: &[Bands], heard: &[Bands], delay: isize) -> Leak {
    let frame = |at: isize| usize::try_from(at).ok().and_then(|at| source.get(at)).copied();
    let delayed = |at: usize| delayed(at as isize, delay, frame);
    let sum = |bands: &Bands| bands.iter().sum::<f32>();
    let energies: Vec<f32> = (0..heard.len()).map(|at| sum(&delayed(at))).collect();
    let loud = 0.03 * speech_level(&energies);
    let is_source = |at: &usize| energies[*at] > loud && energies[*at] > MIN_ENERGY_RATIO * sum(&heard[*at]);
    let pairs: Vec<(Bands, &Bands)> = (0..heard.len()).filter(is_source).map(|at| (delayed(at), &heard[at])).collect();
    let gain = |band: usize| {
        let ratio = |(source, heard): &(Bands, &Bands)| heard[band] / source[band].max(1e-12);
        let carries = |(source, _): &&(Bands, &Bands)| source[band] > 0.01 * sum(source);
        let ratios: Vec<f32> = pairs.iter().filter(carries).map(ratio).collect();
        if ratios.len() >= MIN_FRAMES { median(ratios) } else { median(pairs.iter().map(ratio).collect()) }
    };
    let gains: [f32; BANDS] = std::array::from_fn(gain);
    let level = median(pairs.iter().map(|(source, heard)| sum(heard) / sum(source).max(1e-12)).collect());
    Leak { delay, gains, level }
}

/// Returns the minimum energy of the loudest tenth of the frames that are not silent.
fn speech_level(energies: &[f32]) -> f32 {
    let mut sorted = energies.to_vec();
    sorted.sort_by(f32::total_cmp);
    let silent = sorted.last().unwrap_or(&0.0) * 1e-5;
    let audible = &sorted[sorted.partition_point(|energy| *energy <= silent)..];
    audible.get(audible.len() * 9 / 10).copied().unwrap_or_default()
}

fn median(mut values: Vec<f32>) -> f32 {
    let middle = values.len() / 2;
    if values.is_empty() { 0.0 } else { *values.select_nth_unstable_by(middle, f32::total_cmp).1 }
}
