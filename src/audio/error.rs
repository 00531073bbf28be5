//! Errors of recordings, in words for the sender.

use std::path::PathBuf;

/// Reason why a file is not a usable recording.
#[derive(Debug, thiserror::Error)]
pub enum AudioError {
    /// The content is of no known audio format.
    #[error(
        "this is not an audio file, or its format can't be recognised; formats without a header (raw G.722, GSM, mu-law, A-law, \
         MP3 after long padding) are named by Content-Type or by the file extension"
    )]
    NotAudio,
    /// Audio of an unsupported format.
    #[error("{what} is not supported; send WAV, MP3, FLAC, Ogg (Opus, Vorbis), WebM or M4A")]
    Unsupported {
        /// Usual name of the format.
        what: String,
    },
    /// Audio of a format that is read by ffmpeg, which is not installed.
    #[error(
        "{what} is read through ffmpeg, which is not installed here; install the package ffmpeg (apt-get install ffmpeg) \
         and send it again, or send WAV, MP3, FLAC, Ogg, WebM or M4A"
    )]
    NeedsFfmpeg {
        /// Usual name of the format.
        what: String,
    },
    /// The decoder hung and was abandoned.
    #[error("the recording is damaged: its decoder got nowhere for {seconds} seconds")]
    Stuck {
        /// Time it was given.
        seconds: u64,
    },
    /// The result is no longer wanted: the request was dropped, or the process stops.
    #[error("the work on the recording was cancelled")]
    Cancelled,
    /// The file ends before any audio.
    #[error("the file is cut off before any sound begins")]
    Truncated,
    /// No bytes, or no audio in them.
    #[error("the recording is empty")]
    Empty,
    /// A header without channels.
    #[error("the recording has no channels")]
    NoChannels,
    /// Too many channels for a call.
    #[error("the recording has {found} channels; at most {MAX_CHANNELS} are taken")]
    TooManyChannels {
        /// Number of channels of the file.
        found: u16,
    },
    /// Longer than the maximum.
    #[error("the recording is longer than {} hours", MAX_DURATION_MS / 3_600_000)]
    TooLong,
    /// A known format, but nothing in it could be decoded.
    #[error("the recording is damaged: {0}")]
    Damaged(String),
    /// A span that ends before it begins, or lies after the end.
    #[error("the span {start_ms}-{end_ms} ms is not inside the recording ({duration_ms} ms)")]
    BadSpan {
        /// Requested start, ms.
        start_ms: u64,
        /// Requested end, ms.
        end_ms: u64,
        /// Length of the recording, as far as it was read, ms.
        duration_ms: u64,
    },
    /// The file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Path of the file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
}

/// Maximum number of channels.
pub const MAX_CHANNELS: u16 = 8;
/// Maximum length of a recording, ms.
pub const MAX_DURATION_MS: u64 = 6 * 3_600_000;
/// Accepted sample rates, Hz: others are not used by telephones, and make a small file expensive.
pub(super) const SAMPLE_RATES: std::ops::RangeInclusive<u32> = 4_000..=192_000;

impl AudioError {
    /// Returns a stable code for APIs and logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAudio => "not_audio",
            Self::Unsupported { .. } => "unsupported_audio",
            Self::NeedsFfmpeg { .. } => "needs_ffmpeg",
            Self::Stuck { .. } => "decoder_stuck",
            Self::Cancelled => "cancelled",
            Self::Truncated => "truncated_audio",
            Self::Empty => "empty_audio",
            Self::NoChannels => "no_channels",
            Self::TooManyChannels { .. } => "too_many_channels",
            Self::TooLong => "audio_too_long",
            Self::Damaged(_) => "damaged_audio",
            Self::BadSpan { .. } => "bad_span",
            Self::Io { .. } => "audio_io",
        }
    }

    /// Whether the file itself is at fault, so that another attempt cannot succeed.
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Io { .. } | Self::NeedsFfmpeg { .. } | Self::Cancelled)
    }

    pub(super) fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported { what: what.into() }
    }

    pub(super) fn io(path: &std::path::Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }
}
