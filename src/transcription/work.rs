//! The durable job that turns a recording into words.

use super::{State, TranscribeError, Transcription, TranscriptionRequest, store};
use crate::database::DbError;
use crate::ids::InteractionId;
use crate::interactions::{Recording, TRANSCRIBE};
use crate::jobs::{Kind, Outcome, Running};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// How often somebody who looks sees progress.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// How soon a recording that waits for a model looks again.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// The kind of job. Two recordings at once share the engine's threads, so that a short one is not stuck behind a long one.
pub(super) fn jobs(transcription: &Transcription) -> Vec<Kind> {
    let transcription = transcription.clone();
    let work = move |job: Running| {
        let transcription = transcription.clone();
        async move { transcription.work(job).await }
    };
    vec![Kind::new(TRANSCRIBE, work).at_once(2).most_tries(5)]
}

impl Transcription {
    async fn work(&self, job: Running) -> Outcome {
        let Ok(id) = job.key.parse::<InteractionId>() else {
            return Outcome::GiveUp("the key is no interaction".into());
        };
        match self.interactions.recording(&id).await {
            Ok(Some(recording)) => self.transcribe(&id, &recording, job).await.unwrap_or_else(retry),
            // Deleted meanwhile.
            Ok(None) => Outcome::Done,
            Err(error) => retry(error),
        }
    }

    async fn transcribe(&self, id: &InteractionId, recording: &Recording, job: Running) -> Result<Outcome, DbError> {
        if let Err(missing) = self.engine.model() {
            return self.wait_for_model(id, &missing.to_string()).await;
        }
        self.set_state(id, State::Running, None).await?;
        let heard = self.listen(id, recording, &job).await;
        // Another recording may have come meanwhile, or the lease is somebody else's: then this one's words are not wanted.
        if job.cancelled.is_cancelled() || self.is_replaced(id, recording).await? {
            return Ok(Outcome::At(self.clock.now()));
        }
        let outcome = match heard {
            Ok(transcript) => self.finish(id, &transcript).await?,
            Err(error) => self.failed(id, error, &job).await?,
        };
        // A recording that came just now queued nothing, because this job was still there.
        if self.is_replaced(id, recording).await? { Ok(Outcome::At(self.clock.now())) } else { Ok(outcome) }
    }

    async fn is_replaced(&self, id: &InteractionId, heard: &Recording) -> Result<bool, DbError> {
        let current = self.interactions.recording(id).await?;
        Ok(current.is_none_or(|current| current.object_key != heard.object_key))
    }

    async fn finish(&self, id: &InteractionId, transcript: &super::Transcript) -> Result<Outcome, DbError> {
        let mut tx = self.db.begin().await?;
        store::finish(tx.conn(), id, transcript, self.clock.now()).await?;
        tx.commit().await?;
        Ok(Outcome::Done)
    }

    /// Runs the engine, and writes down once a second how far it is.
    async fn listen(
        &self,
        id: &InteractionId,
        recording: &Recording,
        job: &Running,
    ) -> Result<super::Transcript, TranscribeError> {
        let request = TranscriptionRequest {
            path: self.interactions.recording_path(recording),
            speakers: recording.speakers().iter().filter_map(|name| name.parse().ok()).collect(),
            language: None,
        };
        let share = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&share);
        let progress = move |part: f32| seen.store(part.to_bits(), Ordering::Relaxed);
        let heard = self.engine.transcribe(request, progress, job.cancelled.clone());
        tokio::pin!(heard);
        let mut told = 0;
        loop {
            tokio::select! {
                result = &mut heard => return result,
                () = tokio::time::sleep(TELL_EVERY) => {
                    let now = share.load(Ordering::Relaxed);
                    if now != told {
                        told = now;
                        self.set_progress(id, f32::from_bits(now)).await;
                    }
                }
            }
        }
    }

    async fn set_progress(&self, id: &InteractionId, part: f32) {
        let written = async {
            let mut tx = self.db.begin().await?;
            store::set_progress(tx.conn(), id, part, self.clock.now()).await?;
            tx.commit().await
        };
        if let Err(error) = written.await {
            tracing::warn!(%error, "progress could not be written");
        }
    }

    async fn failed(&self, id: &InteractionId, error: TranscribeError, job: &Running) -> Result<Outcome, DbError> {
        if error.waits_for_model() {
            return self.wait_for_model(id, &error.to_string()).await;
        }
        let why = error.to_string();
        if error.is_final() || job.attempt >= 5 {
            self.set_state(id, State::Failed, Some(&why)).await?;
            return Ok(Outcome::GiveUp(why));
        }
        self.set_state(id, State::Waiting, Some(&why)).await?;
        Ok(Outcome::Retry(why))
    }

    async fn wait_for_model(&self, id: &InteractionId, why: &str) -> Result<Outcome, DbError> {
        self.set_state(id, State::Waiting, Some(why)).await?;
        Ok(Outcome::At(self.clock.now().plus(LOOK_AGAIN)))
    }

    async fn set_state(&self, id: &InteractionId, state: State, reason: Option<&str>) -> Result<(), DbError> {
        let mut tx = self.db.begin().await?;
        store::set_state(tx.conn(), id, state, reason, self.clock.now()).await?;
        tx.commit().await
    }
}

fn retry(error: DbError) -> Outcome {
    match error {
        // The interaction was deleted while its recording was heard.
        DbError::Missing => Outcome::Done,
        other => Outcome::Retry(other.to_string()),
    }
}
