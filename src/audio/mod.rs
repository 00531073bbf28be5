//! Recordings: what they are, their sound, their picture, and pieces cut out of them.
//!
//! Everything here blocks and belongs into `spawn_blocking` or a thread of its own. Memory stays bounded whatever the
//! length of the recording, and no file can take the process down: a decoder's panic comes back as an error.

mod cut;
mod decode;
mod error;
mod guard;
mod hush;
mod peaks;
mod sniff;
mod wav;

pub use cut::{cut, cut_with_silences};
pub use decode::Decoder;
pub use error::{AudioError, MAX_CHANNELS, MAX_DURATION_MS};
pub use hush::Hush;
pub use peaks::{MAX_BUCKETS, Peaks, peaks};
pub use sniff::AudioFormat;

use std::path::Path;

/// What a recording is.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AudioInfo {
    /// The container, found in the content.
    pub format: AudioFormat,
    /// 1 to [`MAX_CHANNELS`].
    pub channels: u16,
    /// In hertz.
    pub sample_rate: u32,
    /// How long it plays.
    pub duration_ms: u64,
    /// The file ends before its sound does: what is there is used.
    pub truncated: bool,
}

/// Looks at a recording, or says why it is none that can be used.
///
/// Reads the whole file but decodes nothing, save for WAV, whose head (checked against the file's size) tells enough.
pub fn probe(path: &Path) -> Result<AudioInfo, AudioError> {
    let decoder = Decoder::open(path)?;
    let (format, channels, sample_rate) = (decoder.format(), decoder.channels(), decoder.sample_rate());
    let (duration_ms, truncated) = match decoder.promised_ms() {
        Some(ms) if format == AudioFormat::Wav => (ms, decoder.truncated()),
        _ => decoder.walk()?,
    };
    if duration_ms == 0 {
        return Err(AudioError::Empty);
    }
    Ok(AudioInfo { format, channels, sample_rate, duration_ms, truncated })
}
