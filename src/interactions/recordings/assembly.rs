//! Job that assembles a recording from its parts, whenever one was added, replaced, removed or told differently.
//!
//! The file is made beside the recording that is shown until then. It takes its place in one transaction, which fails if
//! the parts have changed meanwhile. As for an upload, a queued job removes the file if no row is written.

use super::folder::on_disk;
use super::parts::Arrangement;
use super::upload::{Incoming, PLACED_FOR};
use super::{Part, Recording, RecordingError};
use crate::audio::{self, Assembly, AudioFormat, PlacedFile};
use crate::database::{Conn, DbError};
use crate::effects::{Actor, Effects};
use crate::ids::InteractionId;
use crate::interactions::{ASSEMBLE, DISCARD, Interactions, RECORDING_REMOVED, store};
use crate::jobs::{self, NewJob, Running};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// Result of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attempt {
    /// The recording is that of the parts.
    UpToDate,
    /// The parts have changed meanwhile.
    Changed,
}

impl Interactions {
    /// Makes the recording of an interaction that of its parts.
    pub(super) async fn assemble(&self, id: &InteractionId, job: &Running) -> Result<(), RecordingError> {
        while self.try_assemble(id, job).await? == Attempt::Changed {}
        Ok(())
    }

    async fn try_assemble(&self, id: &InteractionId, job: &Running) -> Result<Attempt, RecordingError> {
        let (parts, before) = (self.parts(id).await?, self.recording(id).await?);
        let is_used = |part: &Part| before.as_ref().is_some_and(|before| before.object_key == part.object_key);
        match parts.as_slice() {
            [] => Ok(Attempt::UpToDate),
            [only] if is_used(only) => Ok(Attempt::UpToDate),
            [only] => self.replace_recording(only.recording(), &parts, job).await,
            _ => {
                let arrangement = Arrangement::new(&parts)?;
                if before.is_some_and(|before| Arrangement::of_recording(&before).as_ref() == Some(&arrangement)) {
                    return Ok(Attempt::UpToDate);
                }
                let (recording, file) = self.make(id, &arrangement, &job.cancelled).await?;
                self.queue_removal(&recording.object_key, self.now().plus(PLACED_FOR)).await?;
                self.place(&recording.object_key, file).await?;
                let key = recording.object_key.clone();
                match self.replace_recording(recording, &parts, job).await {
                    Ok(Attempt::UpToDate) => Ok(Attempt::UpToDate),
                    Ok(Attempt::Changed) => {
                        self.queue_removal(&key, self.now()).await?;
                        Ok(Attempt::Changed)
                    }
                    // A row may have been written: the queued job checks.
                    Err(error) => Err(error),
                }
            }
        }
    }

    /// Makes the file of an arrangement, not in place yet.
    async fn make(
        &self,
        id: &InteractionId,
        arrangement: &Arrangement,
        stop: &CancellationToken,
    ) -> Result<(Recording, Incoming), RecordingError> {
        let folder = self.inner.folder.path();
        let placed = |part: &super::parts::PlacedPart| PlacedFile {
            path: folder.join(&part.object_key),
            start_ms: u64::try_from(part.start_ms).unwrap_or(0),
            channels: part.channels.clone(),
        };
        let assembly = Assembly {
            channels: u16::try_from(arrangement.speakers.len()).unwrap_or(1),
            sample_rate: arrangement.sample_rate,
            files: arrangement.parts.iter().map(placed).collect(),
        };
        let file = self.new_incoming(AudioFormat::Wav.extension()).await?;
        let path = file.path.clone();
        let duration_ms = audio::run_blocking(stop, move |stop| assembly.write(&path, stop)).await?;
        let path = file.path.clone();
        let (bytes, sha256) = on_disk(move || digest(&path)).await?;
        let recording = Recording {
            interaction_id: id.clone(),
            object_key: format!("{}.{}", uuid::Uuid::new_v4(), AudioFormat::Wav.extension()),
            bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
            sha256,
            format: AudioFormat::Wav.code().to_owned(),
            media_type: AudioFormat::Wav.media_type().to_owned(),
            channels: i64::try_from(arrangement.speakers.len()).unwrap_or(1),
            speakers: serde_json::json!(arrangement.speakers).to_string(),
            sent_speakers: None,
            staff_set_speakers: false,
            assembled_from: Some(serde_json::json!(arrangement).to_string()),
            sample_rate: i64::from(arrangement.sample_rate),
            duration_ms: i64::try_from(duration_ms).ok(),
            peaks: None,
            missing_since: None,
            locale: None,
        };
        Ok((recording, file))
    }

    /// Replaces the recording by one that was made of these parts, unless they have changed. If staff have set speakers,
    /// the new one is masked as strictly.
    async fn replace_recording(
        &self,
        mut recording: Recording,
        parts: &[Part],
        job: &Running,
    ) -> Result<Attempt, RecordingError> {
        let (now, id) = (self.now(), recording.interaction_id.clone());
        let mut tx = self.inner.db.begin().await?;
        // Jobs first, then the interaction, as in uploads.
        if !jobs::hold(tx.conn(), ASSEMBLE, job).await? {
            return Ok(Attempt::UpToDate);
        }
        if recording.assembled_from.is_some() {
            jobs::remove(tx.conn(), DISCARD, &recording.object_key).await?;
        }
        self.recording_jobs(&mut tx, &id, recording.duration_ms).await?;
        if !store::lock(tx.conn(), &id).await? || store::parts::list(tx.conn(), &id).await? != parts {
            return Ok(Attempt::Changed);
        }
        if !tokio::fs::try_exists(self.recording_path(&recording)).await? {
            return Err(RecordingError::Io(std::io::ErrorKind::NotFound.into()));
        }
        let before = store::recording(tx.conn(), &id).await?;
        recording.staff_set_speakers = before.as_ref().is_some_and(|before| before.staff_set_speakers);
        store::put_recording(tx.conn(), &recording, now).await?;
        let is_needed = |key: &String| *key == recording.object_key || parts.iter().any(|part| part.object_key == *key);
        let replaced = before.map(|before| before.object_key).filter(|key| !is_needed(key));
        let discards = replaced.map(|key| NewJob::new(DISCARD, key, now));
        Effects::new().jobs(discards).save(tx.conn(), now).await?;
        tx.commit().await?;
        Ok(Attempt::UpToDate)
    }

    /// Removes a part. The recording is assembled again without it; with the last part, recording and transcript are
    /// removed. Returns false if there is no such part.
    pub async fn remove_part(
        &self,
        who: &Actor,
        (source, external_id): (&str, &str),
        name: &str,
    ) -> Result<bool, DbError> {
        let Some(id) = self.by_name(source, external_id).await? else { return Ok(false) };
        let now = self.now();
        let mut tx = self.inner.db.begin().await?;
        let subject = format!("interaction:{id}");
        let detail = serde_json::json!({ "part": name });
        let jobs = [ASSEMBLE, RECORDING_REMOVED].map(|kind| NewJob::new(kind, id.as_str(), now));
        let effects = Effects::new().jobs(jobs).audit(who, "recording.part_removed", subject, Some(detail));
        effects.save(tx.conn(), now).await?;
        if !store::lock(tx.conn(), &id).await? {
            return Ok(false);
        }
        let parts = store::parts::list(tx.conn(), &id).await?;
        let Some(part) = parts.iter().find(|part| part.name == name) else { return Ok(false) };
        let mut keys = vec![part.object_key.clone()];
        if parts.len() == 1 {
            let recording = store::recording(tx.conn(), &id).await?;
            store::remove_recording(tx.conn(), &id).await?;
            keys.extend(recording.map(|recording| recording.object_key).filter(|key| !keys.contains(key)));
        }
        // After the recording, in the same order as elsewhere, so that one waits for the other.
        store::parts::remove(tx.conn(), part).await?;
        let discards = keys.into_iter().map(|key| NewJob::new(DISCARD, key, now));
        Effects::new().jobs(discards).save(tx.conn(), now).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// Stores the speakers of a recording with its parts, so that they stay when the recording is assembled again.
pub(in crate::interactions) async fn keep_speakers(
    mut conn: Conn<'_>,
    recording: &Recording,
    speakers: &[String],
) -> Result<(), DbError> {
    let arrangement = Arrangement::of_recording(recording);
    let of_parts = match &arrangement {
        Some(arrangement) => arrangement.speakers_of_parts(speakers),
        None => vec![(recording.object_key.as_str(), speakers.to_vec())],
    };
    for (key, speakers) in of_parts {
        store::parts::set_speakers(conn.reborrow(), key, &serde_json::json!(speakers).to_string()).await?;
    }
    Ok(())
}

/// Returns the size of a file in bytes, and its SHA-256.
fn digest(path: &Path) -> io::Result<(u64, String)> {
    let (mut file, mut hash) = (File::open(path)?, Sha256::new());
    let (mut bytes, mut buffer) = (0, vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((bytes, hex::encode(hash.finalize()))),
            got => {
                hash.update(&buffer[..got]);
                bytes += got as u64;
            }
        }
    }
}
