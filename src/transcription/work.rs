//! The durable jobs that turn a recording into words: for the first time, and once more by another model.

use super::queue::AtWork;
use super::store::Finished;
use super::takes::{TRANSCRIBE_AGAIN, Take};
use super::{Engine, State, TranscribeError, Transcript, Transcription, TranscriptionRequest, store};
use crate::database::{DbError, Tx};
use crate::effects::{Effects, Event};
use crate::ids::{InteractionId, TakeId};
use crate::interactions::{Recording, TRANSCRIBE};
use crate::jobs::{self, Kind, Outcome, Running, URGENT};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

/// How often somebody who looks sees progress.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// How soon a recording that waits for a model looks again.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// Tries before one is given up.
const MOST_TRIES: u32 = 5;

/// The kinds of job. Two recordings at once share the engine's threads, so that a short one is not stuck behind a long
/// one; a third where somebody looks at it. Teams take turns.
pub(super) fn jobs(transcription: &Transcription) -> Vec<Kind> {
    let (first, second) = (transcription.clone(), transcription.clone());
    let first = Kind::new(TRANSCRIBE, move |job: Running| {
        let transcription = first.clone();
        async move { transcription.work(job).await }
    });
    let second = Kind::new(TRANSCRIBE_AGAIN, move |job: Running| {
        let transcription = second.clone();
        async move { transcription.work_again(job).await }
    });
    vec![first.at_once(2).urgent(1).fair().most_tries(MOST_TRIES), second.at_once(1).fair().most_tries(MOST_TRIES)]
}

/// A transcript, and how long it took, ms.
type Heard = Result<(Transcript, i64), TranscribeError>;

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
        if let Err(error) = self.interactions.check_recordings_folder().await {
            return self.wait_for_model(id, &error.to_string()).await;
        }
        if !self.set_state(id, State::Running, None).await? {
            return Ok(Outcome::Done);
        }
        let progress = |part: f32| async move {
            let mut tx = self.db.begin().await?;
            store::set_progress(tx.conn(), id, part, self.clock.now()).await?;
            tx.commit().await
        };
        let heard = self.listen(&self.engine, TRANSCRIBE, request(self, recording, None, &job), &job, progress).await;
        // Another recording may have come meanwhile, or the lease is somebody else's: then this one's words are not wanted.
        if job.cancelled.is_cancelled() || self.is_replaced(id, recording).await? {
            self.wait_again(id).await?;
            return Ok(Outcome::At(self.clock.now()));
        }
        let outcome = match heard {
            Ok((transcript, took_ms)) => self.finish(id, transcript, took_ms).await?,
            Err(error) => self.failed(id, error, &job).await?,
        };
        // A recording that came just now queued nothing, because this job was still there.
        if self.is_replaced(id, recording).await? { Ok(Outcome::At(self.clock.now())) } else { Ok(outcome) }
    }

    async fn is_replaced(&self, id: &InteractionId, heard: &Recording) -> Result<bool, DbError> {
        let current = self.interactions.recording(id).await?;
        Ok(current.is_none_or(|current| current.object_key != heard.object_key))
    }

    async fn finish(&self, id: &InteractionId, transcript: Transcript, took_ms: i64) -> Result<Outcome, DbError> {
        let now = self.clock.now();
        let masks = self.look_for_masks(id, &transcript.segments).await?;
        let Some(mut tx) = self.wanted(TRANSCRIBE, id).await? else { return Ok(Outcome::Done) };
        let finished = Finished { transcript, take: TakeId::random().as_str().to_owned(), took_ms: Some(took_ms) };
        store::finish(tx.conn(), id, &finished, &masks, now).await?;
        let done = Event {
            kind: "transcript.done",
            subject: finished.take,
            data: serde_json::json!({ "interaction": { "id": id } }),
            by_day: false,
        };
        self.changed(id, Effects::new().event(done)).save(tx.conn(), now).await?;
        tx.commit().await?;
        Ok(Outcome::Done)
    }

    /// Runs an engine, and writes down once a second how far it is.
    async fn listen<F, Fut>(
        &self,
        engine: &Engine,
        kind: &'static str,
        request: TranscriptionRequest,
        job: &Running,
        tell: F,
    ) -> Heard
    where
        F: Fn(f32) -> Fut,
        Fut: Future<Output = Result<(), DbError>>,
    {
        let at_work = AtWork { urgent: Arc::clone(&request.urgent), stop: job.cancelled.clone() };
        let _entry = job.key.parse().ok().map(|id| self.here.enter(kind, &id, at_work));
        let begun = std::time::Instant::now();
        let share = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&share);
        let progress = move |part: f32| seen.store(part.to_bits(), Ordering::Relaxed);
        let heard = engine.transcribe(request, progress, job.cancelled.clone());
        tokio::pin!(heard);
        let mut told = 0;
        loop {
            tokio::select! {
                result = &mut heard => {
                    let took_ms = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX).max(1);
                    return result.map(|transcript| (transcript, took_ms));
                }
                () = tokio::time::sleep(TELL_EVERY) => {
                    let now = share.load(Ordering::Relaxed);
                    if now != told {
                        told = now;
                        if let Err(error) = tell(f32::from_bits(now)).await {
                            tracing::warn!(%error, "progress could not be written");
                        }
                    }
                }
            }
        }
    }

    async fn failed(&self, id: &InteractionId, error: TranscribeError, job: &Running) -> Result<Outcome, DbError> {
        if error.waits_for_model() {
            return self.wait_for_model(id, &error.to_string()).await;
        }
        let why = error.to_string();
        if error.is_final() || job.attempt >= MOST_TRIES {
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

    /// Interrupted, by the end of the process perhaps: nobody is to read that it is running.
    async fn wait_again(&self, id: &InteractionId) -> Result<(), DbError> {
        let mut tx = self.db.begin().await?;
        store::wait_again(tx.conn(), id, self.clock.now()).await?;
        tx.commit().await
    }

    /// A transaction in which the job can't be taken out of the queue; nothing where somebody has done so already, and
    /// what it would write is not wanted any more.
    async fn wanted(&self, kind: &str, id: &InteractionId) -> Result<Option<Tx>, DbError> {
        let mut tx = self.db.begin().await?;
        Ok(jobs::hold(tx.conn(), kind, id.as_str()).await?.then_some(tx))
    }

    /// False where the transcription was stopped meanwhile: then it stays so.
    async fn set_state(&self, id: &InteractionId, state: State, reason: Option<&str>) -> Result<bool, DbError> {
        let Some(mut tx) = self.wanted(TRANSCRIBE, id).await? else { return Ok(false) };
        store::set_state(tx.conn(), id, state, reason, self.clock.now()).await?;
        if state == State::Failed {
            // The words of an earlier recording are not to be found any more.
            self.changed(id, Effects::new()).save(tx.conn(), self.clock.now()).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    async fn work_again(&self, job: Running) -> Outcome {
        let Ok(id) = job.key.parse::<InteractionId>() else {
            return Outcome::GiveUp("the key is no interaction".into());
        };
        let found = async { Ok((self.second_take(&id).await?, self.interactions.recording(&id).await?)) };
        match found.await {
            Ok((Some(take), Some(recording))) => {
                self.transcribe_again(&id, take, &recording, job).await.unwrap_or_else(retry)
            }
            // Dropped meanwhile.
            Ok(_) => Outcome::Done,
            Err(error) => retry(error),
        }
    }

    async fn transcribe_again(
        &self,
        id: &InteractionId,
        take: Take,
        recording: &Recording,
        job: Running,
    ) -> Result<Outcome, DbError> {
        let (wanted, name) = (take.language.clone(), take.take.as_str());
        self.set_take(id, name, State::Running, 0.0, None).await?;
        let progress = |part: f32| self.set_take(id, name, State::Running, part, None);
        let engine = self.engine_with(&take.model);
        let request = request(self, recording, wanted, &job);
        let heard = self.listen(&engine, TRANSCRIBE_AGAIN, request, &job, progress).await;
        if job.cancelled.is_cancelled() {
            self.set_take(id, name, State::Waiting, 0.0, None).await?;
            return Ok(Outcome::At(self.clock.now()));
        }
        match heard {
            Ok((transcript, took_ms)) => {
                let mut tx = self.db.begin().await?;
                store::takes::finish(tx.conn(), id, name, (&transcript, took_ms), self.clock.now()).await?;
                tx.commit().await?;
                Ok(Outcome::Done)
            }
            Err(error) => {
                let why = error.to_string();
                let last = error.is_final() || error.waits_for_model() || job.attempt >= MOST_TRIES;
                let state = if last { State::Failed } else { State::Waiting };
                self.set_take(id, name, state, 0.0, Some(&why)).await?;
                // It stands beside the transcript, for whoever asked for it: nothing for the administrator to do.
                Ok(if last { Outcome::Done } else { Outcome::Retry(why) })
            }
        }
    }

    async fn set_take(
        &self,
        id: &InteractionId,
        take: &str,
        state: State,
        progress: f32,
        reason: Option<&str>,
    ) -> Result<(), DbError> {
        let mut tx = self.db.begin().await?;
        store::takes::set_state(tx.conn(), id, take, (state, progress, reason), self.clock.now()).await?;
        tx.commit().await
    }
}

fn request(
    transcription: &Transcription,
    recording: &Recording,
    language: Option<String>,
    job: &Running,
) -> TranscriptionRequest {
    TranscriptionRequest {
        path: transcription.interactions.recording_path(recording),
        speakers: recording.speakers().iter().filter_map(|name| name.parse().ok()).collect(),
        language,
        urgent: Arc::new(AtomicBool::new(job.priority <= URGENT)),
    }
}

fn retry(error: DbError) -> Outcome {
    match error {
        // The interaction was deleted while its recording was heard.
        DbError::Missing => Outcome::Done,
        other => Outcome::Retry(other.to_string()),
    }
}
