//! Duplicate channels: two channels with the same audio. Phone systems often write one mixed channel twice, sometimes
//! louder on one side, some milliseconds late, inverted, or changed by a codec.

use crate::audio::{AudioError, Decoder};
use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use std::path::Path;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Length of the audio that is compared, ms.
const COMPARED_MS: u64 = 60_000;
/// Length of a block, about half a second.
const BLOCK_MS: u32 = 500;
/// Maximum delay of one channel against the other.
const MAX_DELAY_MS: u32 = 20;
/// Minimum number of loud blocks that prove two different channels. A few blocks of a stereo call are alike: silence
/// with the same click.
const MIN_LOUD_BLOCKS: usize = 6;
/// Minimum mean energy of a block that is compared: -50 dB of full scale.
const MIN_ENERGY: f32 = 1e-5;
/// Minimum correlation of similar blocks, at their best delay, of 1. Lossy formats leave 0.95; the echo of a voice on
/// the other side is either less similar, or much quieter than the voice.
const MIN_CORRELATION: f32 = 0.9;
/// Maximum ratio of the energies of similar blocks (10 dB).
const MAX_ENERGY_RATIO: f32 = 10.0;
/// Minimum share of similar blocks.
const MIN_ALIKE_SHARE: f32 = 0.9;
/// Maximum spread of the ratio of the levels (5 dB): the louder side is the same all the time. Where it changes with
/// the speaker, the channels leak into each other.
const MAX_RATIO_SPREAD: f32 = 3.2;

/// Returns the channel to transcribe (the louder one) if both of a recording carry the same audio. Blocks. Errors:
/// [`AudioError::Cancelled`] once `stop` is cancelled.
pub(super) fn duplicate_channel(path: &Path, stop: &CancellationToken) -> Result<Option<usize>, AudioError> {
    let mut decoder = Decoder::open_until(path, stop)?;
    let mut comparison = Comparison::new(decoder.sample_rate());
    let blocks = usize::try_from(COMPARED_MS / u64::from(BLOCK_MS)).unwrap_or(usize::MAX);
    while let Some(block) = decoder.next_block()? {
        let [left, right] = block else { return Ok(None) };
        comparison.push(left, right);
        let (alike, loud) = (comparison.alike, comparison.loud);
        if loud >= blocks {
            break;
        }
        // Clearly two channels: no need to continue.
        if loud >= MIN_LOUD_BLOCKS && alike * 2 < loud {
            return Ok(None);
        }
    }
    Ok(comparison.louder())
}

struct Comparison {
    /// Samples of a block; the transform is twice as long, so that nothing wraps around.
    block: usize,
    delay: usize,
    forward: Arc<dyn RealToComplex<f32>>,
    back: Arc<dyn ComplexToReal<f32>>,
    waiting: [Vec<f32>; 2],
    loud: usize,
    alike: usize,
    /// Energy of the similar blocks.
    energy: [f64; 2],
    /// Ratio of the left side's energy to the right one's, of each similar block.
    ratios: Vec<f32>,
}

impl Comparison {
    fn new(rate: u32) -> Self {
        let block = ((rate * BLOCK_MS / 1000) as usize).next_power_of_two();
        let mut planner = RealFftPlanner::new();
        Self {
            block,
            delay: (rate * MAX_DELAY_MS / 1000) as usize,
            forward: planner.plan_fft_forward(2 * block),
            back: planner.plan_fft_inverse(2 * block),
            waiting: [Vec::new(), Vec::new()],
            loud: 0,
            alike: 0,
            energy: [0.0; 2],
            ratios: Vec::new(),
        }
    }

    fn push(&mut self, left: &[f32], right: &[f32]) {
        self.waiting[0].extend_from_slice(left);
        self.waiting[1].extend_from_slice(right);
        while self.waiting.iter().all(|side| side.len() >= self.block) {
            self.compare();
            let block = self.block;
            self.waiting.iter_mut().for_each(|side| drop(side.drain(..block)));
        }
    }

    fn compare(&mut self) {
        let energy = [0, 1].map(|side| self.waiting[side][..self.block].iter().map(|x| x * x).sum::<f32>());
        let (louder, quieter) = (energy[0].max(energy[1]), energy[0].min(energy[1]));
        if louder < MIN_ENERGY * self.block as f32 {
            return;
        }
        self.loud += 1;
        if quieter * MAX_ENERGY_RATIO < louder || !self.is_alike((energy[0] * energy[1]).sqrt()) {
            return;
        }
        self.alike += 1;
        self.ratios.push(energy[0] / energy[1]);
        for side in [0, 1] {
            self.energy[side] += f64::from(energy[side]);
        }
    }

    /// Whether the blocks are similar: the correlation at the best delay, against `whole`, that of a block with itself.
    fn is_alike(&self, whole: f32) -> bool {
        let [mut left, right] = [0, 1].map(|side| self.lines(side));
        left.iter_mut().zip(&right).for_each(|(a, b)| *a *= b.conj());
        let mut correlation = self.back.make_output_vec();
        // Fails only on buffers of a wrong length. The ends of a real spectrum are real.
        for end in [0, self.block] {
            left[end].im = 0.0;
        }
        if self.back.process(&mut left, &mut correlation).is_err() {
            return false;
        }
        let length = correlation.len();
        let near = correlation[..=self.delay].iter().chain(&correlation[length - self.delay..]);
        let best = near.map(|value| value.abs()).fold(0.0, f32::max) / length as f32;
        best >= MIN_CORRELATION * whole
    }

    fn lines(&self, side: usize) -> Vec<Complex<f32>> {
        let mut time = self.forward.make_input_vec();
        time[..self.block].copy_from_slice(&self.waiting[side][..self.block]);
        let mut lines = self.forward.make_output_vec();
        // Fails only on buffers of a wrong length.
        let _ = self.forward.process(&mut time, &mut lines);
        lines
    }

    fn louder(&mut self) -> Option<usize> {
        self.ratios.sort_by(f32::total_cmp);
        let tenth = self.ratios.len() / 10;
        let spread = self.ratios.iter().rev().nth(tenth).zip(self.ratios.get(tenth)).map(|(high, low)| high / low);
        let one_ratio = spread.is_some_and(|spread| spread <= MAX_RATIO_SPREAD);
        let same = one_ratio && self.alike as f32 >= MIN_ALIKE_SHARE * self.loud as f32;
        // Sides of nearly equal energy count as the left one.
        same.then(|| usize::from(self.energy[1] > self.energy[0] * 1.01))
    }
}
