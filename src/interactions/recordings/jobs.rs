//! Durable jobs that read recordings and remove files.

use super::RecordingError;
use super::folder::on_disk;
use crate::audio::{self, AudioError};
use crate::effects::Effects;
use crate::ids::InteractionId;
use crate::interactions::{ASSEMBLE, DISCARD, INSPECT, Interactions, MEASURE, store};
use crate::jobs::{self, Kind, NewJob, Outcome, Running};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Time until work that needs the folder of recordings is retried while the folder is not available.
const FOLDER_RETRY: Duration = Duration::from_secs(60);

/// Returns the kinds of job.
pub(in crate::interactions) fn kinds(interactions: &Interactions) -> Vec<Kind> {
    let (inspecting, discarding) = (interactions.clone(), interactions.clone());
    let inspect = Kind::new(INSPECT, move |job: Running| {
        let interactions = inspecting.clone();
        async move {
            let Ok(id) = job.key.parse() else { return Outcome::GiveUp("the key is no interaction".into()) };
            interactions.outcome(interactions.inspect(&id, &job.cancelled).await)
        }
    });
    let discard = Kind::new(DISCARD, move |job: Running| {
        let interactions = discarding.clone();
        async move { interactions.outcome(interactions.discard(&job).await) }
    });
    let assembling = interactions.clone();
    let assemble = Kind::new(ASSEMBLE, move |job: Running| {
        let interactions = assembling.clone();
        async move {
            let Ok(id) = job.key.parse() else { return Outcome::GiveUp("the key is no interaction".into()) };
            interactions.outcome(interactions.assemble(&id, &job).await)
        }
    });
    vec![inspect.max_concurrent(2), assemble.max_concurrent(1).about("recording"), discard]
}

impl Interactions {
    /// Reads the recording through for its exact length and its waveform.
    async fn inspect(&self, id: &InteractionId, stop: &CancellationToken) -> Result<(), RecordingError> {
        let Some(recording) = self.recording(id).await? else { return Ok(()) };
        self.inner.folder.check().await?;
        let path = self.recording_path(&recording);
        let peaks = audio::run_blocking(stop, move |stop| audio::peaks(&path, stop)).await?;
        let duration = i64::try_from(peaks.duration_ms).unwrap_or(i64::MAX);
        let mut tx = self.inner.db.begin().await?;
        store::set_peaks(tx.conn(), &recording, duration, &serde_json::json!(peaks).to_string()).await?;
        // The length of the final silence depends on the exact length.
        Effects::new().job(NewJob::new(MEASURE, id.as_str(), self.now())).save(tx.conn(), self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Removes a file without a row. An upload that writes its row removes the job from the queue in the same
    /// transaction, so that one waits for the other.
    async fn discard(&self, job: &Running) -> Result<(), RecordingError> {
        let object_key = job.key.as_str();
        self.inner.folder.check().await?;
        let mut tx = self.inner.db.begin().await?;
        let wanted = jobs::hold(tx.conn(), DISCARD, job).await?;
        if !wanted || store::key_in_use(tx.conn(), object_key).await? {
            return Ok(());
        }
        let path = self.inner.folder.path().join(object_key);
        match on_disk(move || std::fs::remove_file(path)).await {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        Ok(tx.commit().await?)
    }

    fn outcome(&self, result: Result<(), RecordingError>) -> Outcome {
        match result {
            Ok(()) => Outcome::Done,
            Err(RecordingError::Audio(AudioError::Cancelled)) => Outcome::At(self.now()),
            Err(RecordingError::Audio(error)) if error.is_final() => Outcome::GiveUp(error.to_string()),
            Err(RecordingError::Folder(error)) => {
                tracing::warn!(%error, "work on a recording waits for its folder");
                Outcome::At(self.now().plus(FOLDER_RETRY))
            }
            Err(error) => Outcome::Retry(error.to_string()),
        }
    }
}
