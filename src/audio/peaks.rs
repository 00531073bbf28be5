//! Peaks of a recording: loudness over time, small enough to be sent with a page.

use super::{AudioError, Decoder};
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// Maximum number of buckets; a recording has at least half of it unless it is very short.
pub const MAX_BUCKETS: usize = 1500;

/// Maximum amplitude of each bucket of a recording.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Peaks {
    /// Length of the recording as decoded, ms.
    pub duration_ms: u64,
    /// Whether the file ended before its audio did, or had gaps.
    pub truncated: bool,
    /// Peaks by channel, over equal stretches of time: 0 is silence, 255 is full scale.
    pub channels: Vec<Vec<u8>>,
}

/// Computes the peaks in one pass. Errors: [`AudioError::Cancelled`] once `stop` is cancelled.
pub fn peaks(path: &Path, stop: &CancellationToken) -> Result<Peaks, AudioError> {
    let mut decoder = Decoder::open_until(path, stop)?;
    let mut bars = vec![Bars::default(); usize::from(decoder.channels())];
    while let Some(block) = decoder.next_block()? {
        for (bars, samples) in bars.iter_mut().zip(block) {
            samples.iter().for_each(|sample| bars.push(sample.abs()));
        }
    }
    Ok(Peaks {
        duration_ms: decoder.position_ms(),
        truncated: decoder.truncated(),
        channels: bars.into_iter().map(Bars::finish).collect(),
    })
}

/// Buckets over a length that is not known beforehand: whenever there are too many, neighbours are merged.
#[derive(Clone)]
struct Bars {
    per_bar: u32,
    filled: u32,
    loudest: f32,
    bars: Vec<f32>,
}

impl Default for Bars {
    fn default() -> Self {
        Self { per_bar: 16, filled: 0, loudest: 0.0, bars: Vec::new() }
    }
}

impl Bars {
    fn push(&mut self, amplitude: f32) {
        self.loudest = self.loudest.max(amplitude);
        self.filled += 1;
        if self.filled == self.per_bar {
            self.close();
        }
    }

    fn close(&mut self) {
        if self.bars.len() == MAX_BUCKETS {
            self.bars = self.bars.chunks(2).map(|pair| pair.iter().copied().fold(0.0, f32::max)).collect();
            self.per_bar *= 2;
            if self.filled < self.per_bar {
                return;
            }
        }
        self.bars.push(self.loudest);
        (self.filled, self.loudest) = (0, 0.0);
    }

    fn finish(mut self) -> Vec<u8> {
        if self.filled > 0 && self.bars.len() < MAX_BUCKETS {
            self.bars.push(self.loudest);
        }
        // In range: amplitudes are between 0 and 1.
        self.bars.into_iter().map(|bar| (bar * 255.0).round().clamp(0.0, 255.0) as u8).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_bars_stays_in_its_bounds_and_the_shape_is_kept() {
        for length in [1_usize, 15, 16, 1500 * 16, 1500 * 16 + 1, 999_983] {
            let mut bars = Bars::default();
            (0..length).for_each(|at| bars.push(if at * 2 < length { 0.5 } else { 1.0 }));
            let bars = bars.finish();
            assert!(!bars.is_empty() && bars.len() <= MAX_BUCKETS, "{length}: {}", bars.len());
            if length > 1500 * 16 {
                assert!(bars.len() >= MAX_BUCKETS / 2, "{length}: {}", bars.len());
                assert_eq!((bars[bars.len() / 4], bars[bars.len() * 3 / 4]), (128, 255));
            }
        }
    }
}
