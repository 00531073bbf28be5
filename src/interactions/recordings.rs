//! Recordings: what is known of each, and why one is not stored or not found.
//!
//! - `upload`: from a request's body to a file with its row.
//! - `folder`: where the files lie, and whether it is there.
//! - `compare`: which file has no row, and which row no file.
//! - `jobs`: reading recordings through, removing files.
//! - `renditions`: recordings as WAV, made while they are sent.

mod compare;
mod folder;
mod jobs;
mod renditions;
mod upload;

pub(super) use folder::Folder;
pub use folder::FolderError;
pub(super) use jobs::kinds;
pub(super) use renditions::Renditions;
pub use renditions::Reserved;

use super::{IntakeError, Interactions, store};
use crate::audio::{self, AudioError, AudioFormat};
use crate::clock::Timestamp;
use crate::database::DbError;
use crate::ids::InteractionId;
use std::path::PathBuf;

/// A stored recording.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Recording {
    /// Whose.
    pub interaction_id: InteractionId,
    /// Its name in the store.
    pub object_key: String,
    /// Its size.
    pub bytes: i64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// The code of its [`audio::AudioFormat`].
    pub format: String,
    /// For `Content-Type`.
    pub media_type: String,
    /// 1 to 8.
    pub channels: i64,
    /// Speakers of the channels, as a JSON array; see [`Recording::speakers`].
    pub(super) speakers: String,
    /// Speakers that its sender named last, likewise; `None`: none were named.
    pub(super) sent_speakers: Option<String>,
    /// Whether staff have set the speakers: any channel may be the customer's then.
    pub staff_set_speakers: bool,
    /// Hz.
    pub sample_rate: i64,
    /// How long it plays; exact once it has been read through.
    pub duration_ms: Option<i64>,
    /// The waveform as JSON, once it has been read through.
    pub peaks: Option<String>,
    /// Since when its file has been missing; `None`: it is there.
    pub missing_since: Option<Timestamp>,
    /// Language tag of the customer, as the interaction's sender gave it.
    pub locale: Option<String>,
}

impl Recording {
    /// Where a page's player finds the sound, and of which type it is: as it is stored where a browser may play that, then as
    /// WAV. `part` is a media fragment, such as `#t=3.0,7.5`, or nothing.
    pub fn sources(&self, part: &str) -> Vec<(String, String)> {
        let base = format!("/api/v1/interactions/{}/recording", self.interaction_id);
        let stored = self.browsers_may_play().then(|| (format!("{base}{part}"), self.media_type.clone()));
        stored.into_iter().chain([(format!("{base}?as=wav{part}"), "audio/wav".to_owned())]).collect()
    }

    /// Could a browser play it as it is? All can play the WAV that [`Recording::as_wav`] makes of it.
    pub fn browsers_may_play(&self) -> bool {
        AudioFormat::browsers_may_play(&self.format)
    }

    /// The same sound as WAV of 16 bits, for players that don't know its format.
    pub fn as_wav(&self) -> audio::Rendition {
        let number = |of: i64| u32::try_from(of).unwrap_or(1);
        let channels = u16::try_from(self.channels).unwrap_or(1);
        let length = u64::try_from(self.duration_ms.unwrap_or(0)).unwrap_or(0);
        audio::Rendition::new(channels, number(self.sample_rate), length)
    }

    /// Whether `sent` is the same sound, and its sender names the same speakers as before, or none.
    fn has_same_sound_and_speakers(&self, sent: &Self) -> bool {
        self.sha256 == sent.sha256 && (sent.sent_speakers.is_none() || self.sent_speakers == sent.sent_speakers)
    }

    /// The speakers of the channels, in their order: `agent`, `customer`, `unknown` or, of several channels, `channel-1`.
    pub fn speakers(&self) -> Vec<String> {
        serde_json::from_str(&self.speakers).unwrap_or_default()
    }

    /// The speakers that its sender named last; `None` where none were named.
    pub fn sent_speakers(&self) -> Option<Vec<String>> {
        serde_json::from_str(self.sent_speakers.as_deref()?).ok()
    }

    /// Checks speakers that staff set, one for each channel: `agent`, `customer` or `unknown`. Returns them as they are stored.
    ///
    /// Errors: [`RecordingError::Channels`] where they do not fit, or where several channels are all the agent's: then nothing
    /// would be masked as the customer's.
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

/// Why a recording was not stored, of which nothing was kept then; or can't be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// More bytes than are taken.
    #[error("the recording is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// The sender went away in the middle.
    #[error("the upload broke off after {received} bytes; nothing was stored, send it again")]
    BrokeOff {
        /// What had come until then.
        received: u64,
    },
    /// Not sound that can be read.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// `channels` does not fit.
    #[error("{0}")]
    Channels(String),
    /// The interaction was erased while its recording came in.
    #[error("the interaction was erased while its recording came in; nothing was stored")]
    Erased,
    /// The row is there, but the file is not.
    #[error("the file of this recording is missing; send the recording again, or restore the file from a backup")]
    FileMissing,
    /// The folder of recordings can't be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// No room.
    #[error("the disk is full; nothing was stored")]
    DiskFull,
    /// The store failed otherwise.
    #[error("the recording could not be stored: {0}")]
    Io(std::io::Error),
    /// The interaction it is for can't be named so.
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

/// What an upload came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The interaction, made where it was not known yet.
    pub interaction: InteractionId,
    /// What is stored now.
    pub recording: Recording,
    /// Was the very same recording there already?
    pub unchanged: bool,
}

impl Interactions {
    /// The recording of an interaction. Whether whoever asks may have it is for [`Interactions::find`] to say before.
    pub async fn recording(&self, id: &InteractionId) -> Result<Option<Recording>, DbError> {
        store::recording(self.inner.db.read().await?.conn(), id).await
    }

    /// Where its sound lies.
    pub fn recording_path(&self, recording: &Recording) -> PathBuf {
        self.inner.folder.path().join(&recording.object_key)
    }

    /// A place for one more recording that is made into WAV; `None` when as many are being made as may.
    pub fn reserve_rendition(&self) -> Option<Reserved> {
        self.inner.renditions.reserve()
    }

    /// How many recordings are being made into WAV, or wait for their turn or their client.
    pub fn renditions(&self) -> usize {
        self.inner.renditions.open()
    }

    /// Ends the renditions that are being made, since the process stops.
    pub fn stop_renditions(&self) {
        self.inner.renditions.stop();
    }
}
