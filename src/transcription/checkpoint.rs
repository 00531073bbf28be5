//! What was heard so far of a recording, kept until its transcript is finished, so that the next attempt goes on behind it: after
//! an end of the program, a lost lease or an error.
//!
//! Windows are kept with the words that were heard in them. The next attempt reads and divides the recording once more, which is
//! quick, and listens only to what is missing. They are kept as transcripts are, and no longer than their job.

use super::models::Model;
use super::store::checkpoints::Version;
use super::{HeardWindow, State, Transcription, store};
use crate::database::{DbError, Tx};
use crate::ids::InteractionId;
use crate::interactions::{Recording, TRANSCRIBE};
use crate::jobs::{self, Kind, Outcome, Running};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// How often rows are looked for that a crash or a stop has left.
const SWEEP_EVERY: Duration = Duration::from_secs(3600);

/// The kind of job that removes what belongs to no recording or no job any more.
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

/// One attempt's windows.
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
    /// In order.
    pub(super) windows: Vec<HeardWindow>,
    /// How long that took.
    pub(super) took_ms: i64,
}

impl<'a> Checkpoint<'a> {
    /// The checkpoint of this job, which is a [`TRANSCRIBE`] or the same for a second take.
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

    /// Whose it is.
    pub(super) fn kind(&self) -> &'static str {
        self.kind
    }

    fn version(&self) -> Version<'_> {
        Version { kind: self.kind, recording: &self.recording.object_key, settings: &self.settings }
    }

    /// A transaction in which this attempt can't lose its job; nothing where it has lost it, and what it would write is not
    /// wanted any more.
    pub(super) async fn hold(&self) -> Result<Option<Tx>, DbError> {
        let mut tx = self.transcription.db.begin().await?;
        Ok(jobs::hold(tx.conn(), self.kind, self.job).await?.then_some(tx))
    }

    /// Returns what an earlier attempt has left; nothing where the job is not this attempt's any more. What belongs to another
    /// recording or other settings is removed.
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

    /// Keeps windows and how far it is, in one transaction; does nothing where the job is not this attempt's any more.
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

    /// The attempt is interrupted, by the end of the process perhaps: nobody is to read that it is running.
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
