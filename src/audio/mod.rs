//! Recordings: what they are, their sound, their picture, and pieces cut out of them.
//!
//! `sniff` tells what a file is, `open` finds what decodes it: `packets` (symphonia, and libopus for Opus), `gsm` (libgsm), or
//! `ffmpeg` in a process of its
//! own. All are a `source`, which `stream` brings into shape on a thread that `watch` keeps an
//! eye on; [`Decoder`] is what callers hold. The table of formats is in docs/formats.md.
//!
//! Everything here blocks and belongs into `spawn_blocking` or a thread of its own. Memory stays bounded whatever the
//! length of the recording, and no file can take the process down: a decoder's panic comes back as an error, and so does its
//! hanging.

mod amr;
mod cut;
mod decode;
mod edits;
mod error;
mod ffmpeg;
mod float;
mod format;
mod gsm;
mod guard;
mod open;
mod opus;
mod packets;
mod peaks;
mod redaction;
mod rendition;
mod sniff;
mod source;
mod stream;
mod task;
mod watch;
mod wav;

pub use cut::{cut, cut_with_silences};
pub use decode::{Decoder, probe, probe_until};
pub use error::{AudioError, MAX_CHANNELS, MAX_DURATION_MS};
pub use format::AudioFormat;
pub use peaks::{MAX_BUCKETS, Peaks, peaks};
pub use redaction::Redaction;
pub use rendition::{Rendition, Sink};
pub use sniff::sniff;
pub use task::run_blocking;

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

/// For fuzzing: what [`probe`] (`walk`) or a [`Decoder`] does, on this thread, so that what happens can be seen.
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
