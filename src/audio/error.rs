//! What can be wrong with a recording, in the words of whoever sent it.

use std::path::PathBuf;

/// Why a file is not a recording that can be used.
#[derive(Debug, thiserror::Error)]
pub enum AudioError {
    /// Nothing in the content looks like sound.
    #[error(
        "this is not an audio file, or one without a head: for raw G.722, GSM, mu-law or A-law say so in Content-Type or by \
         the end of the name"
    )]
    NotAudio,
    /// Sound, but of a kind that is not read here.
    #[error("{what} is not supported; send WAV, MP3, FLAC, Ogg (Opus, Vorbis), WebM or M4A")]
    Unsupported {
        /// The kind, by its usual name.
        what: String,
    },
    /// Sound that is read through ffmpeg, which is not there.
    #[error(
        "{what} is read through ffmpeg, which is not installed here; install the package ffmpeg (apt-get install ffmpeg) \
         and send it again, or send WAV, MP3, FLAC, Ogg, WebM or M4A"
    )]
    NeedsFfmpeg {
        /// The kind, by its usual name.
        what: String,
    },
    /// The decoder got nowhere and was left behind.
    #[error("the recording is damaged: its decoder got nowhere for {seconds} seconds")]
    Stuck {
        /// How long it was waited for.
        seconds: u64,
    },
    /// Nobody waits for the result any more: the request went away, or the process stops.
    #[error("the work on the recording was cancelled")]
    Cancelled,
    /// The file ends before any sound.
    #[error("the file is cut off before any sound begins")]
    Truncated,
    /// No bytes, or no sound in them.
    #[error("the recording is empty")]
    Empty,
    /// A header that promises no channels.
    #[error("the recording has no channels")]
    NoChannels,
    /// More channels than a call can have.
    #[error("the recording has {found} channels; at most {MAX_CHANNELS} are taken")]
    TooManyChannels {
        /// How many the file has.
        found: u16,
    },
    /// Longer than any call.
    #[error("the recording is longer than {} hours", MAX_DURATION_MS / 3_600_000)]
    TooLong,
    /// The right kind, but nothing in it could be decoded.
    #[error("the recording is damaged: {0}")]
    Damaged(String),
    /// A span that ends before it begins, or lies behind the end.
    #[error("the span {start_ms}-{end_ms} ms is not inside the recording ({duration_ms} ms)")]
    BadSpan {
        /// Wanted start.
        start_ms: u64,
        /// Wanted end.
        end_ms: u64,
        /// How long the recording is, as far as it was read.
        duration_ms: u64,
    },
    /// The file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Most channels that are taken.
pub const MAX_CHANNELS: u16 = 8;
/// Longest recording that is taken.
pub const MAX_DURATION_MS: u64 = 6 * 3_600_000;
/// Sample rates outside of this are refused: no telephone has them, and they make a small file expensive.
pub(super) const SAMPLE_RATES: std::ops::RangeInclusive<u32> = 4_000..=192_000;

impl AudioError {
    /// A stable word for APIs and logs.
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

    /// True when the file itself is at fault, so that trying again cannot help.
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
