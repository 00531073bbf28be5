//! Recordings: streamed to disk under a limit, judged by their content, swapped in whole.
//!
//! A body first goes to `incoming/` and gets its place only when it is complete, synced and known to be sound that can be
//! read. A new upload gets a name of its own, so that a reader of the old one is never cut off; the old file goes when
//! nobody's row names it any more.

use super::{DISCARD, INSPECT, Intake, IntakeError, Interactions, MEASURE, TRANSCRIBE, store};
use crate::audio::{self, AudioError, AudioFormat};
use crate::database::DbError;
use crate::effects::Effects;
use crate::ids::InteractionId;
use crate::jobs::{Kind, NewJob, Outcome};
use futures_util::{Stream, StreamExt};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use tokio::io::AsyncWriteExt;

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
    /// Who speaks on which channel, as a JSON array; see [`Recording::speakers`].
    pub(super) speakers: String,
    /// Hz.
    pub sample_rate: i64,
    /// How long it plays; exact once it has been read through.
    pub duration_ms: Option<i64>,
    /// The waveform as JSON, once it has been read through.
    pub peaks: Option<String>,
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

    /// Who speaks on which channel: `agent`, `customer` or `unknown`.
    pub fn speakers(&self) -> Vec<String> {
        serde_json::from_str(&self.speakers).unwrap_or_default()
    }
}

/// Why a recording was not stored. Nothing of it was kept.
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

/// A file that goes away unless it is kept.
struct Incoming {
    path: PathBuf,
    kept: bool,
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.kept {
            // Nobody can be told here; the sweep at the next start takes what stays.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// What was received.
struct Received {
    file: Incoming,
    bytes: u64,
    sha256: String,
}

impl Interactions {
    /// Stores the recording of an interaction, which need not be known yet. `channels` says who speaks on which
    /// (`agent`, `customer`); without it two channels are taken for agent and customer, one for nobody in particular.
    /// `content_type` is believed only of what has no head of its own, such as raw GSM; everything else is told by its
    /// content.
    pub async fn store_recording<S, E>(
        &self,
        source: &str,
        external_id: &str,
        channels: Option<&str>,
        content_type: Option<&str>,
        body: S,
    ) -> Result<Upload, RecordingError>
    where
        S: Stream<Item = Result<bytes::Bytes, E>> + Unpin,
    {
        let bare = Intake {
            source: source.to_owned(),
            external_id: external_id.to_owned(),
            raw: "{}".into(),
            ..Intake::default()
        };
        bare.clone().check(&self.inner.vault)?;
        let declared = content_type.and_then(AudioFormat::declared);
        let received = self.receive(body, declared).await?;
        let path = received.file.path.clone();
        let probed = tokio::task::spawn_blocking(move || audio::probe(&path)).await;
        let info = probed.map_err(|e| AudioError::Damaged(e.to_string()))??;
        let speakers = speakers(channels, info.channels)?;
        let interaction = self.upsert_bare(bare).await?;
        let recording = Recording {
            interaction_id: interaction.clone(),
            object_key: format!("{}.{}", uuid::Uuid::new_v4(), info.format.extension()),
            bytes: i64::try_from(received.bytes).unwrap_or(i64::MAX),
            sha256: received.sha256.clone(),
            format: info.format.code().to_owned(),
            media_type: info.format.media_type().to_owned(),
            channels: i64::from(info.channels),
            speakers: serde_json::json!(speakers).to_string(),
            sample_rate: i64::from(info.sample_rate),
            duration_ms: i64::try_from(info.duration_ms).ok(),
            peaks: None,
        };
        self.swap_in(interaction, recording, received.file).await
    }

    /// Makes the interaction where it is not there, and changes nothing where it is.
    async fn upsert_bare(&self, bare: Intake) -> Result<InteractionId, RecordingError> {
        let known = store::id_of(self.inner.db.read().await?.conn(), &bare.source, &bare.external_id).await?;
        match known {
            Some(id) => Ok(id),
            None => Ok(self.upsert(bare).await?.id),
        }
    }

    async fn receive<S, E>(&self, mut body: S, declared: Option<AudioFormat>) -> Result<Received, RecordingError>
    where
        S: Stream<Item = Result<bytes::Bytes, E>> + Unpin,
    {
        let limit = self.inner.settings.max_bytes;
        let folder = self.inner.settings.recordings.join("incoming");
        tokio::fs::create_dir_all(&folder).await?;
        // The end of the name is where the sound's reader looks for what the content does not say.
        let name = format!("{}.{}", uuid::Uuid::new_v4(), declared.map_or("part", AudioFormat::extension));
        let file = Incoming { path: folder.join(name), kept: false };
        let mut to = tokio::fs::File::create_new(&file.path).await?;
        let (mut bytes, mut hash) = (0u64, Sha256::new());
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|_| RecordingError::BrokeOff { received: bytes })?;
            bytes += chunk.len() as u64;
            if bytes > limit {
                return Err(RecordingError::TooLarge { limit });
            }
            hash.update(&chunk);
            to.write_all(&chunk).await?;
        }
        if bytes == 0 {
            return Err(AudioError::Empty.into());
        }
        to.flush().await?;
        to.sync_all().await?;
        Ok(Received { file, bytes, sha256: hex::encode(hash.finalize()) })
    }

    async fn swap_in(
        &self,
        interaction: InteractionId,
        recording: Recording,
        mut file: Incoming,
    ) -> Result<Upload, RecordingError> {
        let now = self.now();
        let mut tx = self.inner.db.begin().await?;
        let before = store::recording(tx.conn(), &interaction).await?;
        if let Some(same) = before.as_ref().filter(|b| b.sha256 == recording.sha256 && b.speakers == recording.speakers)
        {
            return Ok(Upload { interaction, recording: same.clone(), unchanged: true });
        }
        // In place before the row names it; where the commit fails it goes again.
        let place = self.recording_path(&recording);
        std::fs::rename(&file.path, &place)?;
        file.path = place;
        sync_folder(&self.inner.settings.recordings)?;
        store::put_recording(tx.conn(), &recording, now).await?;
        let id = interaction.as_str();
        let team = store::team_of(tx.conn(), &interaction).await?;
        let mut effects = Effects::new()
            .job(NewJob::new(INSPECT, id, now))
            .job(NewJob::new(TRANSCRIBE, id, now).share(team).size(recording.duration_ms));
        if let Some(before) = before {
            effects = effects.job(NewJob::new(DISCARD, before.object_key, now));
        }
        effects.save(tx.conn(), now).await?;
        tx.commit().await?;
        file.kept = true;
        Ok(Upload { interaction, recording, unchanged: false })
    }

    /// The recording of an interaction. Whether whoever asks may have it is for [`Interactions::find`] to say before.
    pub async fn recording(&self, id: &InteractionId) -> Result<Option<Recording>, DbError> {
        store::recording(self.inner.db.read().await?.conn(), id).await
    }

    /// Where its sound lies.
    pub fn recording_path(&self, recording: &Recording) -> PathBuf {
        self.inner.settings.recordings.join(&recording.object_key)
    }

    /// Takes away what uploads that a crash cut off have left; call it before serving.
    pub fn sweep_incoming(&self) {
        let Ok(left) = std::fs::read_dir(self.inner.settings.recordings.join("incoming")) else { return };
        for file in left.flatten() {
            let _ = std::fs::remove_file(file.path());
        }
    }

    /// Reads the recording through for its exact length and its waveform.
    async fn inspect(&self, id: &InteractionId) -> Result<(), RecordingError> {
        let Some(recording) = self.recording(id).await? else { return Ok(()) };
        let path = self.recording_path(&recording);
        let drawn = tokio::task::spawn_blocking(move || audio::peaks(&path)).await;
        let peaks = drawn.map_err(|e| AudioError::Damaged(e.to_string()))??;
        let duration = i64::try_from(peaks.duration_ms).unwrap_or(i64::MAX);
        let mut tx = self.inner.db.begin().await?;
        store::set_peaks(tx.conn(), &recording, duration, &serde_json::json!(peaks).to_string()).await?;
        // How long it is quiet at the end hangs on the exact length.
        Effects::new().job(NewJob::new(MEASURE, id.as_str(), self.now())).save(tx.conn(), self.now()).await?;
        Ok(tx.commit().await?)
    }

    async fn discard(&self, object_key: &str) -> Result<(), RecordingError> {
        if store::key_in_use(self.inner.db.read().await?.conn(), object_key).await? {
            return Ok(());
        }
        match tokio::fs::remove_file(self.inner.settings.recordings.join(object_key)).await {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e.into()),
            _ => Ok(()),
        }
    }
}

/// A file's new name survives a power cut only when its folder is synced too.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

/// Who speaks on which of so many channels.
fn speakers(wanted: Option<&str>, channels: u16) -> Result<Vec<String>, RecordingError> {
    let Some(wanted) = wanted.map(str::trim).filter(|w| !w.is_empty()) else {
        return Ok(match channels {
            2 => vec!["agent".into(), "customer".into()],
            n => vec!["unknown".into(); usize::from(n)],
        });
    };
    let named: Vec<String> = wanted.split(',').map(|name| name.trim().to_lowercase()).collect();
    if let Some(strange) = named.iter().find(|name| !matches!(name.as_str(), "agent" | "customer" | "unknown")) {
        return Err(RecordingError::Channels(format!("channels: \"{strange}\" is none of agent, customer, unknown")));
    }
    if named.len() != usize::from(channels) {
        return Err(RecordingError::Channels(format!(
            "channels names {}, but the recording has {channels}",
            named.len()
        )));
    }
    Ok(named)
}

/// Reading through and discarding, as durable jobs.
pub(super) fn jobs(interactions: &Interactions) -> Vec<Kind> {
    let (inspecting, discarding) = (interactions.clone(), interactions.clone());
    let inspect = Kind::new(INSPECT, move |job| {
        let interactions = inspecting.clone();
        async move {
            let Ok(id) = job.key.parse() else { return Outcome::GiveUp("the key is no interaction".into()) };
            outcome(interactions.inspect(&id).await)
        }
    });
    let discard = Kind::new(DISCARD, move |job| {
        let interactions = discarding.clone();
        async move { outcome(interactions.discard(&job.key).await) }
    });
    vec![inspect.at_once(2), discard]
}

fn outcome(result: Result<(), RecordingError>) -> Outcome {
    match result {
        Ok(()) => Outcome::Done,
        Err(RecordingError::Audio(error)) if error.is_final() => Outcome::GiveUp(error.to_string()),
        Err(error) => Outcome::Retry(error.to_string()),
    }
}
