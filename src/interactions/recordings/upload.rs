//! Uploads: streamed to disk under a limit, identified by their content, put in place complete.
//!
//! A body first goes to `incoming/` and is moved only when it is complete, synced and known to be readable audio. A new
//! upload gets a name of its own, so that a reader of the old one is never cut off; the old file is removed when no row
//! names it any more.
//!
//! No file is left without a row: before a file is put in place, a job is queued that removes it, and the transaction
//! that writes its row removes that job. If a crash or a disconnect interrupts the upload in between, the job removes
//! the file.
//!
//! The row of a part is written together with the row of the recording, where it is the only part. Where there are
//! others, the recording follows: a job assembles it.

use super::folder::on_disk;
use super::parts::{Arrangement, MAX_PARTS, check_name, check_offset};
use super::{Part, RecordingError, Upload};
use crate::audio::{self, AudioError, AudioFormat};
use crate::clock::Timestamp;
use crate::database::{DbError, Tx};
use crate::effects::Effects;
use crate::files::{create_private_subfolder, private_file, sync_folder};
use crate::ids::InteractionId;
use crate::interactions::{
    ASSEMBLE, DISCARD, INSPECT, Intake, IntakeError, Interactions, SPEAKERS_SENT, TRANSCRIBE, store,
};
use crate::jobs::{self, NewJob};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio_util::sync::CancellationToken;

/// Maximum time between putting a file in place and writing its row: above the time that a database may take for it,
/// and the difference between the clocks of two nodes. A longer upload is rejected.
pub(super) const PLACED_FOR: Duration = Duration::from_secs(5 * 60);

/// A file that is removed unless it is put in place.
pub(super) struct Incoming {
    pub path: PathBuf,
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

/// Part of a recording, as its sender names it.
#[derive(Debug, Clone, Copy)]
pub struct PartAddress<'a> {
    /// Source of the interaction.
    pub source: &'a str,
    /// Id of the interaction in the source.
    pub external_id: &'a str,
    /// Name of the part; [`super::MAIN_PART`] where the sender names none.
    pub part: &'a str,
}

/// Details of a part, as its sender gives them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartDetails {
    /// Speakers of the channels: `agent,customer`; empty or `None`: the default of the source.
    pub channels: Option<String>,
    /// Start within the recording, ms.
    pub offset_ms: Option<i64>,
}

/// Error of the body of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyError {
    /// The sender disconnected.
    BrokeOff,
    /// It is a form that can't be used, for this reason.
    Form(String),
}

impl BodyError {
    /// Returns the error of an upload of which so many bytes were received.
    pub(in crate::interactions) fn after(self, received: u64) -> RecordingError {
        match self {
            Self::BrokeOff => RecordingError::BrokeOff { received },
            Self::Form(why) => RecordingError::Form(why),
        }
    }
}

impl From<std::io::Error> for BodyError {
    fn from(_: std::io::Error) -> Self {
        Self::BrokeOff
    }
}

/// A received file.
struct Received {
    file: Incoming,
    bytes: u64,
    sha256: String,
}

/// Result of writing the row of a part.
enum Written {
    /// It was written.
    Stored,
    /// The same sound is stored already; nothing may be written.
    Same(Box<Part>),
    /// There are other parts after all; nothing may be written.
    NotAlone,
}

impl Interactions {
    /// Stores a part of the recording of an interaction, which need not be known yet. `details` are asked for after the
    /// body: a form may have them behind its file. Without `channels` the configured default of the source applies if
    /// it fits, else the speakers are unknown. If the same sound is already stored nothing changes, except its offset
    /// and speakers that the sender names for the first time or differently: the transcript is attributed to them.
    /// `declared` is used only for formats without a header, such as raw GSM; all others are identified by their
    /// content. File, folder and row are on disk when this returns.
    pub async fn store_part<S, E>(
        &self,
        address: PartAddress<'_>,
        declared: Option<AudioFormat>,
        body: S,
        details: impl FnOnce() -> Result<PartDetails, RecordingError>,
    ) -> Result<Upload, RecordingError>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
        E: Into<BodyError>,
    {
        check_name(address.part)?;
        let bare = Intake {
            source: address.source.to_owned(),
            external_id: address.external_id.to_owned(),
            ..Intake::default()
        };
        self.check(bare.clone())?;
        let room = self.room_for(address).await?;
        let received = self.receive(body, declared, room).await?;
        let PartDetails { channels, offset_ms } = details()?;
        check_offset(offset_ms)?;
        let path = received.file.path.clone();
        // Ends with the request: the client may disconnect while the file is read through.
        let never = CancellationToken::new();
        let info = audio::run_blocking(&never, move |stop| audio::probe_until(&path, stop)).await?;
        let told = channels.as_deref().map(str::trim).filter(|names| !names.is_empty());
        let sent = told.map(|names| speakers(names.split(','), info.channels)).transpose()?;
        let speakers = sent.clone().unwrap_or_else(|| self.default_speakers(address.source, info.channels));
        let part = Part {
            interaction_id: self.upsert_bare(bare).await?,
            name: address.part.to_owned(),
            seq: 0,
            object_key: format!("{}.{}", uuid::Uuid::new_v4(), info.format.extension()),
            bytes: i64::try_from(received.bytes).unwrap_or(i64::MAX),
            sha256: received.sha256.clone(),
            format: info.format.code().to_owned(),
            media_type: info.format.media_type().to_owned(),
            channels: i64::from(info.channels),
            speakers: serde_json::json!(speakers).to_string(),
            sent_speakers: sent.map(|sent| serde_json::json!(sent).to_string()),
            sample_rate: i64::from(info.sample_rate),
            duration_ms: i64::try_from(info.duration_ms).unwrap_or(i64::MAX),
            offset_ms,
            missing_since: None,
        };
        self.keep(part, received.file).await
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

    /// Returns the number of bytes that a part may have, next to the other parts. Errors: there are too many.
    async fn room_for(&self, address: PartAddress<'_>) -> Result<u64, RecordingError> {
        let mut reader = self.inner.db.read().await?;
        let known = store::by_source(reader.conn(), address.source, address.external_id).await?;
        let Some(known) = known else { return Ok(self.inner.settings.max_bytes) };
        let parts = store::parts::list(reader.conn(), &known.id).await?;
        self.room_beside(parts.iter().filter(|part| part.name != address.part))
    }

    fn room_beside<'a>(&self, others: impl Iterator<Item = &'a Part>) -> Result<u64, RecordingError> {
        let (mut count, mut bytes) = (0, 0_u64);
        for part in others {
            count += 1;
            bytes = bytes.saturating_add(u64::try_from(part.bytes).unwrap_or(0));
        }
        if count >= MAX_PARTS {
            return Err(RecordingError::TooManyParts);
        }
        Ok(self.inner.settings.max_bytes.saturating_sub(bytes))
    }

    /// Creates the folder of uploads; returns a name in it, without a file.
    pub(super) async fn new_incoming(&self, extension: &str) -> Result<Incoming, RecordingError> {
        self.inner.folder.check().await?;
        let folder = self.inner.folder.incoming();
        let path = folder.join(format!("{}.{extension}", uuid::Uuid::new_v4()));
        on_disk(move || create_private_subfolder(&folder)).await?;
        Ok(Incoming { path, placed: false })
    }

    /// Receives a file of at most `room` bytes.
    async fn receive<S, E>(
        &self,
        mut body: S,
        declared: Option<AudioFormat>,
        room: u64,
    ) -> Result<Received, RecordingError>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
        E: Into<BodyError>,
    {
        // The audio reader uses the file extension if the content does not identify the format.
        let file = self.new_incoming(declared.map_or("part", AudioFormat::extension)).await?;
        let mut options = private_file();
        options.create_new(true);
        let mut to = tokio::fs::OpenOptions::from(options).open(&file.path).await?;
        let (mut bytes, mut hash) = (0u64, Sha256::new());
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|error| error.into().after(bytes))?;
            bytes += chunk.len() as u64;
            if bytes > room {
                return Err(RecordingError::TooLarge { limit: self.inner.settings.max_bytes });
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
        let channels = usize::from(channels);
        fitting.unwrap_or_else(|| (1..=channels).map(|number| numbered_channel(number, channels)).collect())
    }

    /// Puts the file in place and writes its row. For a sound that is already stored, speakers set by staff since are
    /// kept, unless the sender names others than before.
    async fn keep(&self, mut part: Part, file: Incoming) -> Result<Upload, RecordingError> {
        let interaction = part.interaction_id.clone();
        if let Some(stored) = self.stored_already(&part).await? {
            return Ok(Upload { interaction, part: stored, unchanged: true });
        }
        self.queue_removal(&part.object_key, self.now().plus(PLACED_FOR)).await?;
        self.place(&part.object_key, file).await?;
        let mut alone = self.parts(&interaction).await?.iter().all(|other| other.name == part.name);
        let tx = loop {
            let mut tx = match self.inner.db.begin().await {
                Ok(tx) => tx,
                Err(error) => return Err(self.take_back(&part.object_key, error.into()).await),
            };
            match self.write_rows(&mut tx, &mut part, alone).await {
                Ok(Written::Stored) => break tx,
                Ok(Written::NotAlone) => alone = false,
                Ok(Written::Same(same)) => {
                    drop(tx);
                    self.queue_removal(&part.object_key, self.now()).await?;
                    let same = self.stored_already(&part).await?.unwrap_or(*same);
                    return Ok(Upload { interaction, part: same, unchanged: true });
                }
                Err(error) => {
                    drop(tx);
                    return Err(self.take_back(&part.object_key, error).await);
                }
            }
        };
        match tx.commit().await {
            Ok(()) => Ok(Upload { interaction, part, unchanged: false }),
            // Rejected, so there is no row. After any other error there may be one: the queued job checks.
            Err(full @ DbError::Full(_)) => Err(self.take_back(&part.object_key, full.into()).await),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns the stored part with the same sound, if its file exists. What the sender says differently about it is
    /// recorded; jobs attribute the transcript again or assemble the recording again.
    async fn stored_already(&self, sent: &Part) -> Result<Option<Part>, RecordingError> {
        let stored = self.part(&sent.interaction_id, &sent.name).await?;
        let Some(stored) = stored.filter(|stored| stored.sha256 == sent.sha256) else { return Ok(None) };
        if !tokio::fs::try_exists(self.part_path(&stored)).await? {
            return Ok(None);
        }
        if stored.is_same_delivery(sent) {
            return Ok(Some(stored));
        }
        let (now, told, id) = (self.now(), stored.told_again(sent), stored.interaction_id.as_str());
        let named = (told.sent_speakers != stored.sent_speakers).then(|| NewJob::new(SPEAKERS_SENT, id, now));
        let mut tx = self.inner.db.begin().await?;
        Effects::new().jobs(named).job(NewJob::new(ASSEMBLE, id, now)).save(tx.conn(), now).await?;
        store::set_sent_speakers(tx.conn(), &told.object_key, told.sent_speakers.as_deref()).await?;
        // Another file may have been stored meanwhile: this one then replaces it.
        if !store::parts::set_place(tx.conn(), &told).await? {
            return Ok(None);
        }
        tx.commit().await?;
        Ok(Some(told))
    }

    /// Queues the removal of a file without a row, in place of a removal queued before.
    pub(super) async fn queue_removal(&self, object_key: &str, at: Timestamp) -> Result<(), DbError> {
        let mut tx = self.inner.db.begin().await?;
        jobs::remove(tx.conn(), DISCARD, object_key).await?;
        Effects::new().job(NewJob::new(DISCARD, object_key, at)).save(tx.conn(), self.now()).await?;
        tx.commit().await
    }

    pub(super) async fn place(&self, object_key: &str, mut file: Incoming) -> Result<(), RecordingError> {
        let folder = self.inner.folder.path().to_owned();
        let (from, to) = (file.path.clone(), folder.join(object_key));
        // From here on the queued job removes it: whether the row was written is not always known here.
        file.placed = true;
        let placed = on_disk(move || std::fs::rename(&from, &to).and_then(|()| sync_folder(&folder))).await;
        match placed {
            Ok(()) => Ok(()),
            Err(error) => {
                file.placed = false;
                Err(self.take_back(object_key, error.into()).await)
            }
        }
    }

    /// Writes the rows and their effects; unless it is written, the transaction must be rolled back, as after an error.
    /// `alone`: whether it is the only part.
    async fn write_rows(&self, tx: &mut Tx, part: &mut Part, alone: bool) -> Result<Written, RecordingError> {
        let (now, id) = (self.now(), &part.interaction_id.clone());
        // Jobs first, then the interaction: in the same order as erasure, so that one waits for the other.
        jobs::remove(tx.conn(), DISCARD, &part.object_key).await?;
        if alone {
            self.recording_jobs(tx, id, Some(part.duration_ms)).await?;
        } else {
            Effects::new().job(NewJob::new(ASSEMBLE, id.as_str(), now)).save(tx.conn(), now).await?;
        }
        if !store::lock(tx.conn(), id).await? {
            return Err(RecordingError::Erased);
        }
        let mut parts = store::parts::list(tx.conn(), id).await?;
        let before = parts.iter().position(|other| other.name == part.name).map(|at| parts.remove(at));
        if alone && !parts.is_empty() {
            return Ok(Written::NotAlone);
        }
        if part.bytes > i64::try_from(self.room_beside(parts.iter())?).unwrap_or(i64::MAX) {
            return Err(RecordingError::TooLarge { limit: self.inner.settings.max_bytes });
        }
        if let Some(same) = before.as_ref().filter(|before| before.sha256 == part.sha256) {
            if tokio::fs::try_exists(self.part_path(same)).await? {
                return Ok(Written::Same(Box::new(same.clone())));
            }
            // Its file was missing.
            let told = same.told_again(part);
            (part.speakers, part.sent_speakers, part.offset_ms) = (told.speakers, told.sent_speakers, told.offset_ms);
        }
        // The queued job may have run if this took too long: it then removed the file before the job was removed here.
        if !tokio::fs::try_exists(self.part_path(part)).await? {
            return Err(RecordingError::Io(std::io::ErrorKind::NotFound.into()));
        }
        let rank = |before: &Part| before.seq;
        part.seq = before.as_ref().map_or_else(|| parts.iter().map(rank).max().unwrap_or(0) + 1, rank);
        let mut replaced: Vec<String> = before.into_iter().map(|before| before.object_key).collect();
        if alone {
            replaced.extend(self.write_recording(tx, part).await?);
        } else {
            parts.push(part.clone());
            Arrangement::new(&parts)?;
        }
        store::parts::put(tx.conn(), part, now).await?;
        replaced.sort_unstable();
        replaced.dedup();
        let discards = replaced.into_iter().map(|key| NewJob::new(DISCARD, key, now));
        Effects::new().jobs(discards).save(tx.conn(), now).await?;
        Ok(Written::Stored)
    }

    /// Writes the row of a recording that has this part only; returns the name of the file that it had before.
    ///
    /// For the same sound, whose file was missing, speakers set by staff are kept, unless the sender names others than
    /// before.
    async fn write_recording(&self, tx: &mut Tx, part: &Part) -> Result<Option<String>, RecordingError> {
        let (before, mut recording) = (store::recording(tx.conn(), &part.interaction_id).await?, part.recording());
        let same = before.as_ref().filter(|before| before.sha256 == recording.sha256);
        if let Some(same) = same.filter(|same| same.sent_speakers == recording.sent_speakers) {
            recording.speakers.clone_from(&same.speakers);
            recording.staff_set_speakers = same.staff_set_speakers;
        }
        store::put_recording(tx.conn(), &recording, self.now()).await?;
        Ok(before.map(|before| before.object_key))
    }

    /// Queues the jobs about a new recording.
    pub(super) async fn recording_jobs(
        &self,
        tx: &mut Tx,
        id: &InteractionId,
        duration_ms: Option<i64>,
    ) -> Result<(), DbError> {
        let now = self.now();
        let team = store::team_of(tx.conn(), id).await?;
        let inspect = NewJob::new(INSPECT, id.as_str(), now);
        let transcribe = NewJob::new(TRANSCRIBE, id.as_str(), now).fairness_key(team).size(duration_ms);
        Effects::new().job(inspect).job(transcribe).save(tx.conn(), now).await
    }

    /// Removes a file whose row was certainly not written; the queued job then finds nothing to do.
    pub(super) async fn take_back(&self, object_key: &str, why: RecordingError) -> RecordingError {
        if let Err(error) = tokio::fs::remove_file(self.inner.folder.path().join(object_key)).await
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
    let count = names.len();
    if count != usize::from(channels) {
        return Err(RecordingError::Channels(format!("channels names {count}, but the recording has {channels}")));
    }
    let speaker = |(number, name): (usize, String)| match name.as_str() {
        "agent" | "customer" => Ok(name),
        "unknown" => Ok(numbered_channel(number, count)),
        _ => Err(RecordingError::Channels(format!("channels: \"{name}\" is none of agent, customer, unknown"))),
    };
    (1..).zip(names).map(speaker).collect()
}

/// Returns the name of the channel of this number, from 1, of so many, if its speaker is unknown.
pub(super) fn numbered_channel(number: usize, count: usize) -> String {
    if count == 1 { "unknown".to_owned() } else { format!("channel-{number}") }
}
