//! Recordings: their metadata and errors.
//!
//! - `upload`: from a request's body to a file with its row.
//! - `parts`: the files of a recording that has several, and their arrangement; `assembly`: the job that joins them.
//! - `folder`: location of the files, and whether it is available.
//! - `compare`: files without a row, and rows without a file.
//! - `jobs`: reads recordings, removes files.
//! - `renditions`: recordings as WAV, converted while they are sent.

mod assembly;
mod compare;
mod folder;
mod jobs;
mod parts;
mod renditions;
mod upload;

pub(super) use assembly::keep_speakers;
pub(super) use folder::Folder;
pub use folder::FolderError;
pub(super) use jobs::kinds;
pub use parts::{MAIN_PART, MAX_PART_NAME_CHARS, MAX_PARTS, Part};
pub(super) use renditions::Renditions;
pub use renditions::Reserved;
pub use upload::{BodyError, PartAddress, PartDetails};

use super::{IntakeError, Interactions, store};
use crate::audio::{self, AudioError, AudioFormat};
use crate::clock::Timestamp;
use crate::database::DbError;
use crate::ids::InteractionId;
use std::path::PathBuf;

/// A stored recording.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Recording {
    /// Interaction of the recording.
    pub interaction_id: InteractionId,
    /// Name in the store.
    pub object_key: String,
    /// Size in bytes.
    pub bytes: i64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// Code of its [`audio::AudioFormat`].
    pub format: String,
    /// Value of `Content-Type`.
    pub media_type: String,
    /// Number of channels, 1 to 8.
    pub channels: i64,
    /// Speakers of the channels, as a JSON array; see [`Recording::speakers`].
    pub(super) speakers: String,
    /// Speakers last named by its sender, likewise; `None`: none were named.
    pub(super) sent_speakers: Option<String>,
    /// Whether staff have set the speakers: any channel may then be the customer's.
    pub staff_set_speakers: bool,
    /// Arrangement of the parts that it was assembled from, as JSON; `None`: it is the file of one part.
    pub(super) assembled_from: Option<String>,
    /// Sample rate in Hz.
    pub sample_rate: i64,
    /// Duration in ms; exact once it has been read through.
    pub duration_ms: Option<i64>,
    /// The waveform as JSON, once it has been read through.
    pub peaks: Option<String>,
    /// Time since which its file has been missing; `None`: it exists.
    pub missing_since: Option<Timestamp>,
    /// Language tag of the customer, as the interaction's sender gave it.
    pub locale: Option<String>,
}

impl Recording {
    /// Returns the sources for a page's player, as URL and media type: as stored if a browser may play that, then as
    /// WAV. `part` is a media fragment, such as `#t=3.0,7.5`, or empty.
    pub fn sources(&self, part: &str) -> Vec<(String, String)> {
        let base = format!("/api/v1/interactions/{}/recording", self.interaction_id);
        let stored = self.browsers_may_play().then(|| (format!("{base}{part}"), self.media_type.clone()));
        stored.into_iter().chain([(format!("{base}?as=wav{part}"), "audio/wav".to_owned())]).collect()
    }

    /// Whether a browser may play it as it is. All can play the WAV of [`Recording::as_wav`].
    pub fn browsers_may_play(&self) -> bool {
        AudioFormat::browsers_may_play(&self.format)
    }

    /// Returns the same sound as 16-bit WAV, for players that do not support its format.
    pub fn as_wav(&self) -> audio::Rendition {
        let number = |of: i64| u32::try_from(of).unwrap_or(1);
        let channels = u16::try_from(self.channels).unwrap_or(1);
        let length = u64::try_from(self.duration_ms.unwrap_or(0)).unwrap_or(0);
        audio::Rendition::new(channels, number(self.sample_rate), length)
    }

    /// Returns the speakers of the channels in order: `agent`, `customer`, `unknown` or, of several channels,
    /// `channel-1`.
    pub fn speakers(&self) -> Vec<String> {
        serde_json::from_str(&self.speakers).unwrap_or_default()
    }

    /// Returns the speakers last named by its sender; `None` if none were named.
    pub fn sent_speakers(&self) -> Option<Vec<String>> {
        serde_json::from_str(self.sent_speakers.as_deref()?).ok()
    }

    /// Checks speakers set by staff, one for each channel: `agent`, `customer` or `unknown`. Returns them as they are
    /// stored.
    ///
    /// Errors: [`RecordingError::Channels`] if they do not fit, or if several channels are all the agent's: nothing
    /// would then be masked as the customer's.
    pub fn check_speakers(&self, names: &[String]) -> Result<Vec<String>, RecordingError> {
        let speakers = upload::speakers(names, u16::try_from(self.channels).unwrap_or_default())?;
        if speakers.len() > 1 && speakers.iter().all(|speaker| speaker == "agent") {
            return Err(RecordingError::Channels("channels: the agent can't be alone on all of them".into()));
        }
        Ok(speakers)
    }

    /// Whether both are the same stored file with the same speakers.
    pub fn is_same_version(&self, other: &Self) -> bool {
        self.object_key == other.object_key
            && self.speakers == other.speakers
            && self.staff_set_speakers == other.staff_set_speakers
    }
}

/// Errors of storing a recording, of which nothing was kept, or of reading it.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The recording exceeds the maximum size.
    #[error("the recording is larger than {limit} bytes")]
    TooLarge {
        /// Maximum size in bytes.
        limit: u64,
    },
    /// The sender disconnected before the end.
    #[error("the upload broke off after {received} bytes; nothing was stored, send it again")]
    BrokeOff {
        /// Number of bytes received.
        received: u64,
    },
    /// The content is not readable audio.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// `channels` does not fit the recording.
    #[error("{0}")]
    Channels(String),
    /// The name or the offset of the part is not valid.
    #[error("{0}")]
    Part(String),
    /// The recording has the maximum number of parts.
    #[error("a recording has at most {MAX_PARTS} parts")]
    TooManyParts,
    /// The form has no file, or is not readable.
    #[error("{0}")]
    Form(String),
    /// The interaction was erased while its recording was received.
    #[error("the interaction was erased while its recording came in; nothing was stored")]
    Erased,
    /// The row exists, but the file does not.
    #[error("the file of this recording is missing; send the recording again, or restore the file from a backup")]
    FileMissing,
    /// The folder of recordings is not usable.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The disk is full.
    #[error("the disk is full; nothing was stored")]
    DiskFull,
    /// Another failure of the store.
    #[error("the recording could not be stored: {0}")]
    Io(std::io::Error),
    /// The interaction's name is not valid.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl From<std::io::Error> for RecordingError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Io(error),
        }
    }
}

/// Result of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Interaction, created if it was not known yet.
    pub interaction: InteractionId,
    /// Stored part.
    pub part: Part,
    /// Whether the identical file was already stored.
    pub unchanged: bool,
}

impl Interactions {
    /// Returns the recording of an interaction. The caller checks access first with [`Interactions::find`].
    pub async fn recording(&self, id: &InteractionId) -> Result<Option<Recording>, DbError> {
        store::recording(self.inner.db.read().await?.conn(), id).await
    }

    /// Returns the path of its file.
    pub fn recording_path(&self, recording: &Recording) -> PathBuf {
        self.inner.folder.path().join(&recording.object_key)
    }

    /// Returns the parts of the recording of an interaction, in the order of their first receipt. The caller checks
    /// access first.
    pub async fn parts(&self, id: &InteractionId) -> Result<Vec<Part>, DbError> {
        store::parts::list(self.inner.db.read().await?.conn(), id).await
    }

    /// Returns the part of this name.
    pub async fn part(&self, id: &InteractionId, name: &str) -> Result<Option<Part>, DbError> {
        Ok(self.parts(id).await?.into_iter().find(|part| part.name == name))
    }

    /// Returns the path of its file.
    pub fn part_path(&self, part: &Part) -> PathBuf {
        self.inner.folder.path().join(&part.object_key)
    }

    /// Reserves a conversion to WAV; `None` if all are in use.
    pub fn reserve_rendition(&self) -> Option<Reserved> {
        self.inner.renditions.reserve()
    }

    /// Returns the number of open conversions to WAV, running or waiting for their turn or their client.
    pub fn renditions(&self) -> usize {
        self.inner.renditions.open()
    }

    /// Ends the running conversions, since the process is stopping.
    pub fn stop_renditions(&self) {
        self.inner.renditions.stop();
    }
}
