//! Uploads: streamed to disk under a limit, identified by their content, put in place complete.
//!
//! A body first goes to `incoming/` and is moved only when it is complete, synced and known to be readable audio. A new
//! upload gets a name of its own, so that a reader of the old one is never cut off; the old file is removed when no row
//! names it any more.
//!
//! No file is left without a row: before a file is put in place, a job is queued that removes it, and the transaction
//! that writes its row removes that job. If a crash or a disconnect interrupts the upload in between, the job removes
//! the file.

use super::folder::on_disk;
use super::{Recording, RecordingError, Upload};
use crate::audio::{self, AudioError, AudioFormat};
use crate::clock::Timestamp;
use crate::database::{DbError, Tx};
use crate::effects::Effects;
use crate::files::{create_private_subfolder, private_file, sync_folder};
use crate::ids::InteractionId;
use crate::interactions::{DISCARD, INSPECT, Intake, IntakeError, Interactions, SPEAKERS_SENT, TRANSCRIBE, store};
use crate::jobs::{self, NewJob};
use futures_util::{Stream, StreamExt};
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio_util::sync::CancellationToken;

/// Maximum time between putting a file in place and writing its row: above the time that a database may take for it,
/// and the difference between the clocks of two nodes. A longer upload is rejected.
const PLACED_FOR: Duration = Duration::from_secs(5 * 60);

/// A file that is removed unless it is put in place.
struct Incoming {
    path: PathBuf,
    placed: bool,
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.placed {
            // Errors can't be reported here; the sweep removes what stays.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// A received file.
struct Received {
    file: Incoming,
    bytes: u64,
    sha256: String,
}

impl Interactions {
    /// Stores the recording of an interaction, which need not be known yet. `channels` names the speaker of each
    /// (`agent,customer`); without it the configured default of the source applies if it fits, else the speakers are
    /// unknown. If the same sound is already stored nothing changes, except speakers that the sender names for the
    /// first time or differently: the transcript is attributed to them. `content_type` is used only for formats without
    /// a header, such as raw GSM; all others are identified by their content. File, folder and row are on disk when
    /// this returns.
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
        let bare = Intake { source: source.to_owned(), external_id: external_id.to_owned(), ..Intake::default() };
        self.check(bare.clone())?;
        let declared = content_type.and_then(AudioFormat::declared);
        let received = self.receive(body, declared).await?;
        let path = received.file.path.clone();
        // Ends with the request: the client may disconnect while the file is read through.
        let never = CancellationToken::new();
        let info = audio::run_blocking(&never, move |stop| audio::probe_until(&path, stop)).await?;
        let told = channels.map(str::trim).filter(|names| !names.is_empty());
        let sent = told.map(|names| speakers(names.split(','), info.channels)).transpose()?;
        let speakers = sent.clone().unwrap_or_else(|| self.default_speakers(source, info.channels));
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
            sent_speakers: sent.map(|sent| serde_json::json!(sent).to_string()),
            staff_set_speakers: false,
            sample_rate: i64::from(info.sample_rate),
            duration_ms: i64::try_from(info.duration_ms).ok(),
            peaks: None,
            missing_since: None,
            locale: None,
        };
        self.keep(recording, received.file).await
    }

    /// Creates the interaction if it does not exist; otherwise changes nothing.
    async fn upsert_bare(&self, bare: Intake) -> Result<InteractionId, RecordingError> {
        let known = store::by_source(self.inner.db.read().await?.conn(), &bare.source, &bare.external_id).await?;
        let known = known.map(|found| found.id);
        match known {
            Some(id) => Ok(id),
            None => match self.upsert(bare).await {
                Err(IntakeError::Erased) => Err(RecordingError::Erased),
                stored => Ok(stored?.0.id),
            },
        }
    }

    async fn receive<S, E>(&self, mut body: S, declared: Option<AudioFormat>) -> Result<Received, RecordingError>
    where
        S: Stream<Item = Result<bytes::Bytes, E>> + Unpin,
    {
        self.inner.folder.check().await?;
        let limit = self.inner.settings.max_bytes;
        let folder = self.inner.folder.incoming();
        // The audio reader uses the file extension if the content does not identify the format.
        let name = format!("{}.{}", uuid::Uuid::new_v4(), declared.map_or("part", AudioFormat::extension));
        let file = Incoming { path: folder.join(name), placed: false };
        on_disk(move || create_private_subfolder(&folder)).await?;
        let mut options = private_file();
        options.create_new(true);
        let mut to = tokio::fs::OpenOptions::from(options).open(&file.path).await?;
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

    /// Returns the default speakers of the channels.
    fn default_speakers(&self, source: &str, channels: u16) -> Vec<String> {
        let configured = self.inner.settings.channels_by_source.get(source).unwrap_or(&self.inner.settings.channels);
        let fitting = Some(configured)
            .filter(|names| !names.is_empty())
            .and_then(|names| speakers(names.split(','), channels).ok());
        fitting.unwrap_or_else(|| (1..=channels).map(|number| nobody(number, channels)).collect())
    }

    /// Puts the file in place and writes its row. For a sound that is already stored, speakers set by staff since are
    /// kept, unless the sender names others than before.
    async fn keep(&self, mut recording: Recording, file: Incoming) -> Result<Upload, RecordingError> {
        let interaction = recording.interaction_id.clone();
        if let Some(stored) = self.stored_already(&recording).await? {
            return Ok(Upload { interaction, recording: stored, unchanged: true });
        }
        self.queue_removal(&recording.object_key, self.now().plus(PLACED_FOR)).await?;
        self.place(&recording, file).await?;
        let mut tx = match self.inner.db.begin().await {
            Ok(tx) => tx,
            Err(error) => return Err(self.take_back(&recording, error.into()).await),
        };
        match self.write_row(&mut tx, &mut recording).await {
            Ok(None) => {}
            Ok(Some(same)) => {
                drop(tx);
                self.queue_removal(&recording.object_key, self.now()).await?;
                let same = self.stored_already(&recording).await?.unwrap_or(same);
                return Ok(Upload { interaction, recording: same, unchanged: true });
            }
            Err(error) => {
                drop(tx);
                return Err(self.take_back(&recording, error).await);
            }
        }
        match tx.commit().await {
            Ok(()) => Ok(Upload { interaction, recording, unchanged: false }),
            // Rejected, so there is no row. After any other error there may be one: the queued job checks.
            Err(full @ DbError::Full(_)) => Err(self.take_back(&recording, full.into()).await),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns the stored recording with the same sound, if its file exists. Speakers that differ from those named
    /// before are recorded; transcription sets them and attributes the transcript again.
    async fn stored_already(&self, sent: &Recording) -> Result<Option<Recording>, RecordingError> {
        let stored = self.recording(&sent.interaction_id).await?;
        let Some(stored) = stored.filter(|stored| stored.sha256 == sent.sha256) else { return Ok(None) };
        if !tokio::fs::try_exists(self.recording_path(&stored)).await? {
            return Ok(None);
        }
        if stored.has_same_sound_and_speakers(sent) {
            return Ok(Some(stored));
        }
        let now = self.now();
        let mut tx = self.inner.db.begin().await?;
        let job = NewJob::new(SPEAKERS_SENT, stored.interaction_id.as_str(), now);
        Effects::new().job(job).save(tx.conn(), now).await?;
        // Another recording may have been stored meanwhile: this one then replaces it.
        if !store::set_sent_speakers(tx.conn(), &stored, sent.sent_speakers.as_deref()).await? {
            return Ok(None);
        }
        tx.commit().await?;
        Ok(Some(stored))
    }

    /// Queues the removal of a file without a row, in place of a removal queued before.
    async fn queue_removal(&self, object_key: &str, at: Timestamp) -> Result<(), DbError> {
        let mut tx = self.inner.db.begin().await?;
        jobs::remove(tx.conn(), DISCARD, object_key).await?;
        Effects::new().job(NewJob::new(DISCARD, object_key, at)).save(tx.conn(), self.now()).await?;
        tx.commit().await
    }

    async fn place(&self, recording: &Recording, mut file: Incoming) -> Result<(), RecordingError> {
        let (from, to) = (file.path.clone(), self.recording_path(recording));
        let folder = self.inner.folder.path().to_owned();
        // From here on the queued job removes it: whether the row was written is not always known here.
        file.placed = true;
        let placed = on_disk(move || std::fs::rename(&from, &to).and_then(|()| sync_folder(&folder))).await;
        match placed {
            Ok(()) => Ok(()),
            Err(error) => {
                file.placed = false;
                Err(self.take_back(recording, error.into()).await)
            }
        }
    }

    /// Writes the row and its effects; for the same sound, whose file is missing, speakers set by staff are kept.
    /// Returns the existing recording if the same sound was stored at the same moment; the transaction must then be
    /// rolled back, as after an error.
    async fn write_row(&self, tx: &mut Tx, recording: &mut Recording) -> Result<Option<Recording>, RecordingError> {
        let (now, id) = (self.now(), &recording.interaction_id.clone());
        // Jobs first, then the interaction: in the same order as erasure, so that one waits for the other.
        jobs::remove(tx.conn(), DISCARD, &recording.object_key).await?;
        let team = store::team_of(tx.conn(), id).await?;
        let inspect = NewJob::new(INSPECT, id.as_str(), now);
        let transcribe = NewJob::new(TRANSCRIBE, id.as_str(), now).fairness_key(team).size(recording.duration_ms);
        Effects::new().job(inspect).job(transcribe).save(tx.conn(), now).await?;
        if !store::lock(tx.conn(), id).await? {
            return Err(RecordingError::Erased);
        }
        let before = store::recording(tx.conn(), id).await?;
        if let Some(same) = before.as_ref().filter(|before| before.sha256 == recording.sha256) {
            if tokio::fs::try_exists(self.recording_path(same)).await? {
                return Ok(before);
            }
            if same.has_same_sound_and_speakers(recording) {
                recording.speakers.clone_from(&same.speakers);
                recording.sent_speakers.clone_from(&same.sent_speakers);
                recording.staff_set_speakers = same.staff_set_speakers;
            }
        }
        // The queued job may have run if this took too long: it then removed the file before the job was removed here.
        if !tokio::fs::try_exists(self.recording_path(recording)).await? {
            return Err(RecordingError::Io(std::io::ErrorKind::NotFound.into()));
        }
        store::put_recording(tx.conn(), recording, now).await?;
        if let Some(before) = before {
            Effects::new().job(NewJob::new(DISCARD, before.object_key, now)).save(tx.conn(), now).await?;
        }
        Ok(None)
    }

    /// Removes the file of a recording whose row was certainly not written; the queued job then finds nothing to do.
    async fn take_back(&self, recording: &Recording, why: RecordingError) -> RecordingError {
        if let Err(error) = tokio::fs::remove_file(self.recording_path(recording)).await
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "the file of a recording that was not stored is removed later");
        }
        why
    }
}

/// Checks the speakers of this many channels, from `agent`, `customer` and `unknown`. A channel with an unknown speaker
/// is `unknown` or, of several, has its number.
pub(super) fn speakers(
    names: impl IntoIterator<Item = impl AsRef<str>>,
    channels: u16,
) -> Result<Vec<String>, RecordingError> {
    let names: Vec<String> = names.into_iter().map(|name| name.as_ref().trim().to_lowercase()).collect();
    if names.len() != usize::from(channels) {
        let count = names.len();
        return Err(RecordingError::Channels(format!("channels names {count}, but the recording has {channels}")));
    }
    let speaker = |(number, name): (u16, String)| match name.as_str() {
        "agent" | "customer" => Ok(name),
        "unknown" => Ok(nobody(number, channels)),
        _ => Err(RecordingError::Channels(format!("channels: \"{name}\" is none of agent, customer, unknown"))),
    };
    (1..).zip(names).map(speaker).collect()
}

/// Returns the name of a channel with an unknown speaker.
fn nobody(number: u16, channels: u16) -> String {
    if channels == 1 { "unknown".to_owned() } else { format!("channel-{number}") }
}
