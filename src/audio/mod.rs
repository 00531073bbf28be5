//! Recordings: format, audio, peaks, and clips cut out of them.
//!
//! `sniff` detects the format of a file, `open` finds its decoder: `packets` (symphonia, and libopus for Opus), `gsm`
//! (libgsm), or `ffmpeg` in a separate process. Files that were joined end to end are `joined` again after they are
//! opened one by one. All are a `source`, which `stream` normalises on a thread that `watch` monitors; [`Decoder`] is the
//! interface for callers. The table of formats is in docs/formats.md.
//!
//! Everything here blocks and belongs into `spawn_blocking` or a separate thread. Memory is bounded whatever the length
//! of the recording, and no file can end the process: a decoder's panic or hang is returned as an error.

mod amr;
mod assembly;
mod cut;
mod decode;
mod edits;
mod error;
mod ffmpeg;
mod float;
mod format;
mod gsm;
mod guard;
mod joined;
mod mpeg;
mod open;
mod opus;
mod packets;
mod peaks;
mod redaction;
mod rendition;
mod resample;
mod scan;
mod sniff;
mod source;
mod stream;
mod task;
mod watch;
mod wav;

pub use assembly::{Assembly, PlacedFile};
pub use cut::{cut, cut_with_silences};
pub use decode::{Decoder, probe, probe_until};
pub use error::{AudioError, MAX_CHANNELS, MAX_DURATION_MS};
pub use format::AudioFormat;
pub use peaks::{MAX_BUCKETS, Peaks, peaks};
pub use redaction::Redaction;
pub use rendition::{Rendition, Sink};
pub(crate) use resample::Resampler;
pub use sniff::sniff;
pub use task::run_blocking;

/// Properties of a recording.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AudioInfo {
    /// Container, detected by the content.
    pub format: AudioFormat,
    /// Number of channels, 1 to [`MAX_CHANNELS`].
    pub channels: u16,
    /// Sample rate, Hz.
    pub sample_rate: u32,
    /// Length, ms.
    pub duration_ms: u64,
    /// Whether the file ends before its audio does; the part that exists is used.
    pub truncated: bool,
}

/// For fuzzing: runs [`probe`] (`walk`) or a [`Decoder`] on this thread, so that failures are visible.
#[cfg(fuzzing)]
pub fn examine(path: &std::path::Path, walk: bool) -> Result<u64, AudioError> {
    let mut stream = stream::Stream::open(path, &std::sync::Arc::default())?;
    let mut planes = Vec::new();
    if walk {
        stream.walk()?;
    } else {
        while stream.next(&mut planes)? {}
    }
    Ok(stream.position_ms())
}
