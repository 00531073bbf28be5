//! The mel filter bank that Whisper was trained with.

/// Frequencies of a spectrum of 400 samples.
const BINS: usize = 201;
const SAMPLE_RATE: f64 = 16_000.0;

/// Returns the frequency of a mel value. Below 1 kHz the scale is linear, above it logarithmic: Slaney, Auditory
/// Toolbox (1998), as in librosa.
fn to_hertz(mel: f64) -> f64 {
    if mel >= 15.0 { 1000.0 * ((6.4_f64.ln() / 27.0) * (mel - 15.0)).exp() } else { mel * 200.0 / 3.0 }
}

fn to_mel(hertz: f64) -> f64 {
    if hertz >= 1000.0 { 15.0 + (hertz / 1000.0).ln() / (6.4_f64.ln() / 27.0) } else { hertz * 3.0 / 200.0 }
}

/// Returns `mels` rows of 201 weights: triangles of equal area.
pub(super) fn filter_bank(mels: usize) -> Vec<f32> {
    let highest = to_mel(SAMPLE_RATE / 2.0);
    let corner = |n: usize| to_hertz(highest * n as f64 / (mels + 1) as f64);
    let mut bank = Vec::with_capacity(mels * BINS);
    for row in 0..mels {
        let (low, middle, high) = (corner(row), corner(row + 1), corner(row + 2));
        for bin in 0..BINS {
            let hertz = SAMPLE_RATE / 2.0 * bin as f64 / (BINS - 1) as f64;
            let rise = (hertz - low) / (middle - low);
            let fall = (high - hertz) / (high - middle);
            bank.push((rise.min(fall).max(0.0) * 2.0 / (high - low)) as f32);
        }
    }
    bank
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of librosa.filters.mel(sr=16000, n_fft=400, n_mels=80).
    #[test]
    fn the_bank_is_librosas() {
        let bank = filter_bank(80);
        assert_eq!(bank.len(), 80 * BINS);
        for (row, bin, value) in
            [(0, 1, 0.024_862_6), (0, 2, 0.0), (1, 1, 0.001_990_8), (40, 43, 0.014_735_6), (79, 198, 0.000_897_5)]
        {
            let found = bank[row * BINS + bin];
            assert!((found - value).abs() < 1e-6, "row {row}, bin {bin}: {found}");
        }
    }
}
