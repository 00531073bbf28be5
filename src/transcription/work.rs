//! Durable jobs of transcription: the first one of a recording, and further ones with another model.

use super::alternatives::{AlternativeTranscript, TRANSCRIBE_AGAIN};
use super::checkpoint::{Checkpoint, FinishedWindows};
use super::engine::Step;
use super::queue::AtWork;
use super::store::Finished;
use super::{Engine, HeardWindow, State, TranscribeError, Transcript, Transcription, TranscriptionRequest, store};
use crate::database::{Conn, DbError};
use crate::effects::{Effects, Event};
use crate::ids::{AlternativeId, InteractionId};
use crate::interactions::{self, Recording, SPEAKERS_CHANGED, TRANSCRIBE};
use crate::jobs::{self, GivenUp, Kind, NewJob, Outcome, Running, URGENT};
use futures_util::FutureExt;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Time between two checkpoints, which store windows and progress.
const KEEP_EVERY: Duration = Duration::from_secs(1);
/// Time between two checks of a recording that waits for a model.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// Lease: a node that is silent for longer counts as dead, and another one continues its recording.
const LEASE: Duration = Duration::from_secs(10);
/// Maximum number of attempts at a recording.
const MAX_ATTEMPTS: u32 = 5;

/// Returns the kinds of job. One recording uses all threads of the engine; short ones have a reserved slot next to it,
/// so that none waits for an hour-long call, and a recording that a user waits for has another one. Teams alternate.
pub(super) fn jobs(transcription: &Transcription) -> Vec<Kind> {
    let (first, second) = (transcription.clone(), transcription.clone());
    let work = move |job: Running| {
        let transcription = first.clone();
        async move { transcription.work(job).await }
    };
    let work_again = move |job: Running| {
        let transcription = second.clone();
        async move { transcription.work_again(job).await }
    };
    let kind = |kind: Kind| kind.max_concurrent(1).fair().max_attempts(MAX_ATTEMPTS).lease(LEASE).about("recording");
    let transcribe = transcription.clone();
    let transcribe = kind(Kind::new(TRANSCRIBE, work)).urgent(1).on_give_up(move |conn, job| {
        let transcription = transcribe.clone();
        async move { transcription.give_up(conn, &job).await }.boxed()
    });
    let again = kind(Kind::new(TRANSCRIBE_AGAIN, work_again)).on_give_up(move |conn, job| {
        async move {
            match job.key.parse() {
                Ok(id) => store::alternatives::give_up(conn, &id, &job.why, job.at).await,
                Err(_) => Ok(()),
            }
        }
        .boxed()
    });
    vec![transcribe.small(1, transcription.short_ms), again]
}

/// A transcript, and the duration of its transcription, ms.
type Transcribed = Result<(Transcript, i64), TranscribeError>;

/// Progress reported by the engine since the last checkpoint.
#[derive(Default)]
struct Report {
    progress: f32,
    windows: Vec<HeardWindow>,
}

impl Transcription {
    async fn work(&self, job: Running) -> Outcome {
        let Ok(id) = job.key.parse::<InteractionId>() else {
            return Outcome::GiveUp("the key is no interaction".into());
        };
        match self.interactions.recording(&id).await {
            Ok(Some(recording)) => self.transcribe(&id, &recording, job).await.unwrap_or_else(retry),
            // Deleted in the meantime.
            Ok(None) => self.forget(&id, TRANSCRIBE).await.unwrap_or_else(retry),
            Err(error) => retry(error),
        }
    }

    async fn transcribe(&self, id: &InteractionId, recording: &Recording, job: Running) -> Result<Outcome, DbError> {
        let model = match self.engine.model() {
            Ok(model) => model,
            Err(missing) => {
                self.fetching.note_waiting();
                return self.wait_for_model((id, &job), &missing.to_string()).await;
            }
        };
        if let Err(error) = self.interactions.check_recordings_folder().await {
            return self.wait_for_model((id, &job), &error.to_string()).await;
        }
        let checkpoint = Checkpoint::new(self, TRANSCRIBE, (id, &job), recording, (&model, None));
        let Some(left) = checkpoint.take_up(None).await? else { return Ok(Outcome::Done) };
        let request = request(self, recording, None, &job);
        let heard = self.listen(&self.engine, request, (&checkpoint, left), &job).await;
        // The recording may have been replaced in the meantime, or the lease lost: then this transcript is obsolete.
        if job.cancelled.is_cancelled() || self.is_replaced(id, recording).await? {
            checkpoint.wait_again().await?;
            return Ok(Outcome::At(self.clock.now()));
        }
        let outcome = match heard {
            Ok(heard) => self.finish(&checkpoint, (id, recording), heard).await?,
            Err(error) => self.failed(id, error, &job).await?,
        };
        // A recording that was uploaded just now queued no job, because this one still existed.
        if self.is_replaced(id, recording).await? { Ok(Outcome::At(self.clock.now())) } else { Ok(outcome) }
    }

    async fn is_replaced(&self, id: &InteractionId, heard: &Recording) -> Result<bool, DbError> {
        let current = self.interactions.recording(id).await?;
        Ok(current.is_none_or(|current| !current.is_same_version(heard)))
    }

    async fn finish(
        &self,
        checkpoint: &Checkpoint<'_>,
        (id, recording): (&InteractionId, &Recording),
        (transcript, took_ms): (Transcript, i64),
    ) -> Result<Outcome, DbError> {
        let now = self.clock.now();
        let masks = self.look_for_masks(id, &transcript.segments).await?;
        let Some(mut tx) = checkpoint.hold().await? else { return Ok(Outcome::Done) };
        let finished =
            Finished { transcript, take: AlternativeId::random().as_str().to_owned(), took_ms: Some(took_ms) };
        let done = Event {
            kind: "transcript.done",
            subject: finished.take.clone(),
            data: serde_json::json!({ "interaction": { "id": id } }),
            by_day: false,
        };
        // Clips keep their words while a recording is transcribed again with other speakers.
        let clips = NewJob::new(SPEAKERS_CHANGED, id.as_str(), now);
        self.changed(id, Effects::new().event(done).job(clips)).save(tx.conn(), now).await?;
        // Locks the speakers: a concurrent change would not apply to these words.
        if !interactions::hold_version(tx.conn(), recording).await? {
            drop(tx);
            checkpoint.wait_again().await?;
            return Ok(Outcome::At(now));
        }
        store::finish(tx.conn(), id, &finished, &masks, now).await?;
        store::checkpoints::remove(tx.conn(), id, TRANSCRIBE).await?;
        tx.commit().await?;
        Ok(Outcome::Done)
    }

    /// Runs an engine from the last checkpoint of the previous attempt, and stores a checkpoint once a second.
    async fn listen(
        &self,
        engine: &Engine,
        request: TranscriptionRequest,
        (checkpoint, left): (&Checkpoint<'_>, FinishedWindows),
        job: &Running,
    ) -> Transcribed {
        let at_work = AtWork { urgent: Arc::clone(&request.urgent), stop: job.cancelled.clone() };
        let _entry = job.key.parse().ok().map(|id| self.here.enter(checkpoint.kind(), &id, at_work));
        let (begun, mut kept) = (Instant::now(), Instant::now());
        let told = Arc::new(Mutex::new(Report::default()));
        let listener = Arc::clone(&told);
        let tell = move |step: Step<'_>| {
            let mut told = listener.lock().unwrap_or_else(PoisonError::into_inner);
            told.progress = step.progress;
            told.windows.extend(step.window.cloned());
        };
        let request = TranscriptionRequest { known: left.windows, ..request };
        let heard = engine.transcribe(request, tell, job.cancelled.clone());
        tokio::pin!(heard);
        loop {
            let ended = tokio::select! {
                ended = &mut heard => Some(ended),
                () = tokio::time::sleep(KEEP_EVERY) => None,
            };
            if let Some(Ok(transcript)) = ended {
                let took_ms = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
                return Ok((transcript, left.took_ms.saturating_add(took_ms).max(1)));
            }
            let Report { progress, windows } =
                std::mem::take(&mut *told.lock().unwrap_or_else(PoisonError::into_inner));
            if !windows.is_empty() {
                let took = kept.elapsed();
                kept = Instant::now();
                if let Err(error) = checkpoint.keep(&windows, progress, took).await {
                    tracing::warn!(%error, "what was heard could not be written down");
                }
            }
            if let Some(Err(error)) = ended {
                return Err(error);
            }
        }
    }

    async fn failed(&self, id: &InteractionId, error: TranscribeError, job: &Running) -> Result<Outcome, DbError> {
        let why = error.to_string();
        if error.waits_for_model() {
            return self.wait_for_model((id, job), &why).await;
        }
        if error.is_final() {
            return Ok(Outcome::GiveUp(why));
        }
        self.wait((id, job), &why).await?;
        Ok(Outcome::Retry(why))
    }

    async fn wait_for_model(&self, of: (&InteractionId, &Running), why: &str) -> Result<Outcome, DbError> {
        self.wait(of, why).await?;
        Ok(Outcome::At(self.clock.now().plus(LOOK_AGAIN)))
    }

    /// Stores the reason why it waits; does nothing where the transcription was stopped in the meantime.
    async fn wait(&self, (id, job): (&InteractionId, &Running), why: &str) -> Result<(), DbError> {
        let mut tx = self.db.begin().await?;
        if jobs::hold(tx.conn(), TRANSCRIBE, job).await? {
            store::set_state(tx.conn(), id, State::Waiting, Some(why), self.clock.now()).await?;
        }
        tx.commit().await
    }

    /// Handles a job that was given up. The words of an earlier recording are removed from search.
    async fn give_up(&self, mut conn: Conn<'_>, job: &GivenUp) -> Result<(), DbError> {
        let Ok(id) = job.key.parse::<InteractionId>() else { return Ok(()) };
        store::set_state(conn.reborrow(), &id, State::Failed, Some(&job.why), job.at).await?;
        self.changed(&id, Effects::new()).save(conn, job.at).await
    }

    /// Deletes the state of a job whose recording no longer exists.
    async fn forget(&self, id: &InteractionId, kind: &str) -> Result<Outcome, DbError> {
        let mut tx = self.db.begin().await?;
        store::checkpoints::remove(tx.conn(), id, kind).await?;
        tx.commit().await?;
        Ok(Outcome::Done)
    }

    async fn work_again(&self, job: Running) -> Outcome {
        let Ok(id) = job.key.parse::<InteractionId>() else {
            return Outcome::GiveUp("the key is no interaction".into());
        };
        let found = async { Ok((self.alternative(&id).await?, self.interactions.recording(&id).await?)) };
        match found.await {
            Ok((Some(take), Some(recording))) => {
                self.transcribe_again(&id, take, &recording, job).await.unwrap_or_else(retry)
            }
            // Dropped in the meantime.
            Ok(_) => self.forget(&id, TRANSCRIBE_AGAIN).await.unwrap_or_else(retry),
            Err(error) => retry(error),
        }
    }

    async fn transcribe_again(
        &self,
        id: &InteractionId,
        take: AlternativeTranscript,
        recording: &Recording,
        job: Running,
    ) -> Result<Outcome, DbError> {
        let (wanted, name) = (take.language.clone(), take.take.as_str());
        let engine = self.engine_with(&take.model);
        let model = match engine.model() {
            Ok(model) => model,
            Err(missing) => {
                self.set_alternative(id, name, State::Failed, Some(&missing.to_string())).await?;
                return Ok(Outcome::Done);
            }
        };
        let language = (&model, wanted.as_deref());
        let checkpoint = Checkpoint::new(self, TRANSCRIBE_AGAIN, (id, &job), recording, language);
        let Some(left) = checkpoint.take_up(Some(name)).await? else { return Ok(Outcome::Done) };
        let request = request(self, recording, wanted.clone(), &job);
        let heard = self.listen(&engine, request, (&checkpoint, left), &job).await;
        if job.cancelled.is_cancelled() || self.is_replaced(id, recording).await? {
            checkpoint.wait_again().await?;
            return Ok(Outcome::At(self.clock.now()));
        }
        match heard {
            Ok((transcript, took_ms)) => {
                let Some(mut tx) = checkpoint.hold().await? else { return Ok(Outcome::Done) };
                // Locks the speakers: a concurrent change would not apply to these words.
                if !interactions::hold_version(tx.conn(), recording).await? {
                    drop(tx);
                    checkpoint.wait_again().await?;
                    return Ok(Outcome::At(self.clock.now()));
                }
                store::alternatives::finish(tx.conn(), id, name, (&transcript, took_ms), self.clock.now()).await?;
                store::checkpoints::remove(tx.conn(), id, TRANSCRIBE_AGAIN).await?;
                tx.commit().await?;
                Ok(Outcome::Done)
            }
            Err(error) => {
                let why = error.to_string();
                let last = error.is_final() || error.waits_for_model() || job.attempt >= MAX_ATTEMPTS;
                let state = if last { State::Failed } else { State::Waiting };
                self.set_alternative(id, name, state, Some(&why)).await?;
                // The failure is shown next to the transcript, to the user who requested it: the administrator need not
                // act.
                Ok(if last { Outcome::Done } else { Outcome::Retry(why) })
            }
        }
    }

    async fn set_alternative(
        &self,
        id: &InteractionId,
        take: &str,
        state: State,
        reason: Option<&str>,
    ) -> Result<(), DbError> {
        let mut tx = self.db.begin().await?;
        store::alternatives::set_state(tx.conn(), id, take, (state, 0.0, reason), self.clock.now()).await?;
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
        hint: recording.locale.clone(),
        languages: transcription.languages.clone(),
        urgent: Arc::new(AtomicBool::new(job.priority <= URGENT)),
        short: recording.duration_ms.is_some_and(|length| length <= transcription.short_ms),
        known: Vec::new(),
    }
}

fn retry(error: DbError) -> Outcome {
    match error {
        // The interaction was deleted while its recording was transcribed.
        DbError::Missing => Outcome::Done,
        other => Outcome::Retry(other.to_string()),
    }
}
