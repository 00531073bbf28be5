//! Checkpoints of a transcription: the finished windows of a recording, kept until its transcript is done, so that the
//! next attempt continues after them when the program ends, a lease is lost or an error occurs.
//!
//! Windows are kept with the words recognised in them. The next attempt reads and divides the recording again, which is
//! quick, and runs the model only on the missing windows. They are stored like transcripts, and no longer than their
//! job.

use super::models::Model;
use super::store::checkpoints::Version;
use super::{HeardWindow, State, Transcription, store};
use crate::database::{DbError, Tx};
use crate::ids::InteractionId;
use crate::interactions::{Recording, TRANSCRIBE};
use crate::jobs::{self, Kind, Outcome, Running};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// Time between two searches for rows left by a crash or a stop.
const SWEEP_EVERY: Duration = Duration::from_secs(3600);

/// Returns the kind of job that deletes checkpoints without a recording or a job.
pub(super) fn sweep_job(transcription: &Transcription) -> Kind {
    let transcription = transcription.clone();
    let sweep = move |_| {
        let transcription = transcription.clone();
        async move {
            let swept = transcription.sweep_checkpoints().await;
            swept.map_or_else(|error| Outcome::Retry(error.to_string()), |_| Outcome::Done)
        }
    };
    Kind::new("transcription.sweep", sweep).every(SWEEP_EVERY)
}

impl Transcription {
    async fn sweep_checkpoints(&self) -> Result<u64, DbError> {
        let mut tx = self.db.begin().await?;
        let swept = store::checkpoints::remove_stale(tx.conn()).await?;
        tx.commit().await?;
        Ok(swept)
    }
}

/// Checkpoint of one attempt.
pub(super) struct Checkpoint<'a> {
    transcription: &'a Transcription,
    id: &'a InteractionId,
    kind: &'static str,
    job: &'a Running,
    recording: &'a Recording,
    settings: String,
}

/// Finished windows of an earlier attempt.
#[derive(Debug, Default)]
pub(super) struct FinishedWindows {
    /// Windows, in order of time.
    pub(super) windows: Vec<HeardWindow>,
    /// Time spent on them, ms.
    pub(super) took_ms: i64,
}

impl<'a> Checkpoint<'a> {
    /// Returns the checkpoint of this job, which is a [`TRANSCRIBE`] or that of an alternative transcript.
    pub(super) fn new(
        transcription: &'a Transcription,
        kind: &'static str,
        (id, job): (&'a InteractionId, &'a Running),
        recording: &'a Recording,
        (model, language): (&Model, Option<&str>),
    ) -> Self {
        let words_depend_on = serde_json::json!([
            model.name,
            model.version(),
            model.max_span_ms,
            language,
            recording.sha256,
            recording.speakers(),
            env!("CARGO_PKG_VERSION")
        ]);
        let settings = hex::encode(Sha256::digest(words_depend_on.to_string()));
        Self { transcription, id, kind, job, recording, settings }
    }

    /// Returns the kind of the job.
    pub(super) fn kind(&self) -> &'static str {
        self.kind
    }

    fn version(&self) -> Version<'_> {
        Version { kind: self.kind, recording: &self.recording.object_key, settings: &self.settings }
    }

    /// Returns a transaction in which this attempt can't lose its job; `None` where it has lost it, and its results are
    /// obsolete.
    pub(super) async fn hold(&self) -> Result<Option<Tx>, DbError> {
        let mut tx = self.transcription.db.begin().await?;
        Ok(jobs::hold(tx.conn(), self.kind, self.job).await?.then_some(tx))
    }

    /// Returns the finished windows of an earlier attempt; `None` where the job is not this attempt's any more. Windows
    /// of another recording or with other settings are deleted.
    pub(super) async fn take_up(&self, take: Option<&str>) -> Result<Option<FinishedWindows>, DbError> {
        let Some(mut tx) = self.hold().await? else { return Ok(None) };
        let now = self.transcription.clock.now();
        let (windows, took_ms) = store::checkpoints::take_up(tx.conn(), self.id, &self.version()).await?;
        let progress = self.progress(&windows);
        match take {
            None => {
                store::set_state(tx.conn(), self.id, State::Running, None, now).await?;
                store::set_progress(tx.conn(), self.id, progress, now).await?;
            }
            Some(take) => {
                store::alternatives::set_state(tx.conn(), self.id, take, (State::Running, progress, None), now).await?;
            }
        }
        tx.commit().await?;
        Ok(Some(FinishedWindows { windows, took_ms }))
    }

    fn progress(&self, windows: &[HeardWindow]) -> f32 {
        let until = windows.iter().map(|window| window.until_ms).max().unwrap_or(0);
        let length = self.recording.duration_ms.unwrap_or(0).max(1);
        ((until as f64 / length as f64) as f32).min(0.99)
    }

    /// Stores windows and progress in one transaction; does nothing where the job is not this attempt's any more.
    pub(super) async fn keep(&self, windows: &[HeardWindow], progress: f32, took: Duration) -> Result<(), DbError> {
        let Some(mut tx) = self.hold().await? else { return Ok(()) };
        let now = self.transcription.clock.now();
        let took_ms = i64::try_from(took.as_millis()).unwrap_or(i64::MAX);
        store::checkpoints::add(tx.conn(), self.id, &self.version(), windows, took_ms).await?;
        if self.kind == TRANSCRIBE {
            store::set_progress(tx.conn(), self.id, progress, now).await?;
        } else {
            store::alternatives::set_progress(tx.conn(), self.id, progress, now).await?;
        }
        tx.commit().await
    }

    /// Resets the state to waiting: the attempt is interrupted, perhaps by the end of the process, and must not be
    /// shown as running.
    pub(super) async fn wait_again(&self) -> Result<(), DbError> {
        let Some(mut tx) = self.hold().await? else { return Ok(()) };
        let now = self.transcription.clock.now();
        if self.kind == TRANSCRIBE {
            store::wait_again(tx.conn(), self.id, now).await?;
        } else {
            store::alternatives::wait_again(tx.conn(), self.id, now).await?;
        }
        tx.commit().await
    }
}
