//! Energies of short frames in the frequency bands of a telephone.

use super::super::FRAME;
use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};
use std::sync::Arc;

/// Samples of a spectrum: 32 ms around each frame of 16 ms.
const WINDOW: usize = 2 * FRAME;
/// Samples of a window before its frame and after it.
pub(super) const AROUND: usize = (WINDOW - FRAME) / 2;
/// Bounds of the bands in lines of 31.25 Hz: 125 Hz to 3.4 kHz.
const BOUNDS: [usize; BANDS + 1] = [4, 6, 8, 10, 12, 15, 18, 22, 26, 31, 37, 44, 52, 62, 74, 88, 108];
pub(super) const BANDS: usize = 16;

/// Energies of a frame by band.
pub(super) type Bands = [f32; BANDS];

/// Cuts one channel into frames and computes the energies of each. A frame is known once [`AROUND`] samples after it
/// are.
pub(super) struct BandAnalyzer {
    transform: Arc<dyn RealToComplex<f32>>,
    shape: Vec<f32>,
    waiting: Vec<f32>,
    time: Vec<f32>,
    lines: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
}

impl BandAnalyzer {
    pub(super) fn new() -> Self {
        let transform = RealFftPlanner::new().plan_fft_forward(WINDOW);
        let angle = |at: usize| std::f32::consts::TAU * at as f32 / WINDOW as f32;
        Self {
            shape: (0..WINDOW).map(|at| 0.5 - 0.5 * angle(at).cos()).collect(),
            waiting: vec![0.0; AROUND],
            time: transform.make_input_vec(),
            lines: transform.make_output_vec(),
            scratch: transform.make_scratch_vec(),
            transform,
        }
    }

    /// Takes any number of samples.
    pub(super) fn push(&mut self, samples: &[f32], sink: &mut impl FnMut(Bands)) {
        self.waiting.extend_from_slice(samples);
        let mut from = 0;
        while self.waiting.len() >= from + WINDOW {
            sink(self.analyze(from));
            from += FRAME;
        }
        self.waiting.drain(..from);
    }

    fn analyze(&mut self, from: usize) -> Bands {
        let samples = &self.waiting[from..from + WINDOW];
        for (at, (sample, shape)) in samples.iter().zip(&self.shape).enumerate() {
            self.time[at] = sample * shape;
        }
        // Fails only on buffers of a wrong length, and they were made by the plan.
        let _ = self.transform.process_with_scratch(&mut self.time, &mut self.lines, &mut self.scratch);
        let energy = |band: usize| self.lines[BOUNDS[band]..BOUNDS[band + 1]].iter().map(|line| line.norm_sqr()).sum();
        std::array::from_fn(energy)
    }
}

/// Returns the louder of the two frames between which a frame lies that is `delay` samples earlier than frame `at`.
/// Silence where there is none; `frame` returns a frame by its number.
pub(super) fn delayed(at: isize, delay: isize, frame: impl Fn(isize) -> Option<Bands>) -> Bands {
    let step = FRAME as isize;
    let (near, far) = (delay.div_euclid(step), (delay + step - 1).div_euclid(step));
    let silence = || [0.0; BANDS];
    let (near, far) = (frame(at - near).unwrap_or_else(silence), frame(at - far).unwrap_or_else(silence));
    std::array::from_fn(|band| near[band].max(far[band]))
}
