//! Sample rate of speech detection and Whisper.

pub(crate) use crate::audio::Resampler;

/// Sample rate to which channels are resampled, Hz.
pub(crate) const RATE: u32 = 16_000;
