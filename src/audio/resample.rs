//! Streaming resampling of one channel.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Indexing, Resampler as _};

/// Frames per step: at 8 kHz an eighth of a second.
const CHUNK: usize = 1024;

/// Resampler of one channel.
pub(crate) struct Resampler {
    /// `None` where the rates are equal and samples pass unchanged.
    fft: Option<Fft<f32>>,
    from: u32,
    to: u32,
    waiting: Vec<f32>,
    out: Vec<f32>,
    taken: u64,
    given: u64,
    /// Remaining delay of the filter, in samples to drop from the beginning.
    drop: usize,
}

impl Resampler {
    /// Returns a resampler from one sample rate to another, Hz. Errors: an internal one only, as rates were checked when
    /// the file was opened.
    pub(crate) fn new(from: u32, to: u32) -> Result<Self, String> {
        let fft = (from != to)
            .then(|| Fft::new(from as usize, to as usize, CHUNK, 1, FixedSync::Input))
            .transpose()
            .map_err(|error| error.to_string())?;
        let drop = fft.as_ref().map_or(0, |fft| fft.output_delay());
        let out = vec![0.0; fft.as_ref().map_or(0, |fft| fft.output_frames_max())];
        Ok(Self { fft, from, to, waiting: Vec::new(), out, taken: 0, given: 0, drop })
    }

    /// Takes samples, and passes the resampled ones to the sink.
    pub(crate) fn push(&mut self, samples: &[f32], sink: &mut impl FnMut(&[f32])) -> Result<(), String> {
        self.taken += samples.len() as u64;
        if self.fft.is_none() {
            sink(samples);
            return Ok(());
        }
        self.waiting.extend_from_slice(samples);
        self.drain(sink)
    }

    /// Passes the rest to the sink; the total then has the duration of the input.
    pub(crate) fn finish(mut self, sink: &mut impl FnMut(&[f32])) -> Result<(), String> {
        let Some(chunk) = self.fft.as_ref().map(|fft| fft.input_frames_next()) else { return Ok(()) };
        let wanted = (self.taken * u64::from(self.to)).div_ceil(u64::from(self.from));
        while self.given < wanted {
            let before = self.given;
            let missing = chunk - self.waiting.len().min(chunk);
            self.waiting.resize(self.waiting.len() + missing, 0.0);
            let left = wanted - self.given;
            self.drain(&mut |samples: &[f32]| sink(&samples[..samples.len().min(left as usize)]))?;
            if self.given == before && missing == 0 {
                return Err("the resampler gives nothing".to_owned());
            }
        }
        Ok(())
    }

    fn drain(&mut self, sink: &mut impl FnMut(&[f32])) -> Result<(), String> {
        let Some(fft) = &mut self.fft else { return Ok(()) };
        let mut from = 0;
        loop {
            let need = fft.input_frames_next();
            if self.waiting.len() - from < need {
                break;
            }
            let input = InterleavedSlice::new(&self.waiting[from..from + need], 1, need).map_err(|e| e.to_string())?;
            let room = self.out.len();
            let mut output = InterleavedSlice::new_mut(&mut self.out, 1, room).map_err(|e| e.to_string())?;
            let (read, written) =
                fft.process_into_buffer(&input, &mut output, None::<&Indexing>).map_err(|e| e.to_string())?;
            from += read;
            let skipped = self.drop.min(written);
            self.drop -= skipped;
            self.given += (written - skipped) as u64;
            if written > skipped {
                sink(&self.out[skipped..written]);
            }
            if read == 0 {
                break;
            }
        }
        self.waiting.drain(..from);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tone keeps its pitch, its position in time and its length.
    #[test]
    fn a_tone_stays_a_tone() -> Result<(), String> {
        for rate in [8_000_u32, 11_025, 16_000, 44_100, 48_000] {
            let tone = |at: f64| (at * 440.0 * std::f64::consts::TAU).sin() as f32;
            let input: Vec<f32> = (0..rate * 2).map(|n| tone(f64::from(n) / f64::from(rate))).collect();
            let mut output = Vec::new();
            let mut resampler = Resampler::new(rate, 16_000)?;
            for block in input.chunks(777) {
                resampler.push(block, &mut |samples| output.extend_from_slice(samples))?;
            }
            resampler.finish(&mut |samples| output.extend_from_slice(samples))?;
            assert_eq!(output.len(), 32_000, "{rate}");
            for (n, sample) in output.iter().enumerate().skip(2_000).take(28_000) {
                let wanted = tone(n as f64 / 16_000.0);
                // A whole sample late would be off by 0.17; the filter's delay is not a whole number of samples at
                // every rate.
                assert!((sample - wanted).abs() < 0.14, "{rate} Hz at {n}: {sample} not {wanted}");
            }
        }
        Ok(())
    }
}
