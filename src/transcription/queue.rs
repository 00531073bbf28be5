//! Queue of transcription: viewed recordings have priority, unwanted ones are stopped, and the remaining time is
//! estimated.

use super::alternatives::subject;
use super::{State, Transcription, store};
use crate::clock::Timestamp;
use crate::database::DbError;
use crate::effects::{Actor, Effects};
use crate::ids::InteractionId;
use crate::interactions::TRANSCRIBE;
use crate::jobs::{self, NewJob};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A recording that waits or is being transcribed.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Waiting {
    /// Interaction of the recording.
    #[sqlx(rename = "job_key")]
    pub interaction: InteractionId,
    /// Length of the recording, ms, where it is known.
    pub duration_ms: Option<i64>,
    /// Priority; [`jobs::URGENT`] where a user waits for it.
    pub priority: i64,
    /// Progress from 0 to 1.
    pub progress: f64,
    /// Reason why it waits, other than its turn.
    pub reason: Option<String>,
    /// Time of the call.
    pub occurred_at: Timestamp,
    /// Name of the agent.
    pub agent: Option<String>,
    /// Name of the team.
    pub team: Option<String>,
}

/// A recent transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct FinishedTranscript {
    /// Time at which it was done.
    pub updated_at: Timestamp,
    /// Duration of the transcription, ms.
    pub took_ms: i64,
    /// Length of the recording, ms.
    pub duration_ms: i64,
}

/// State of the queue.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Queue {
    /// Transcriptions in progress, on all nodes.
    pub running: Vec<Waiting>,
    /// Next recordings.
    pub next: Vec<Waiting>,
    /// Number of waiting recordings.
    pub waiting: i64,
    /// Total length of waiting recordings, ms.
    pub waiting_ms: i64,
    /// Time at which the first of them became due.
    pub oldest: Option<Timestamp>,
    /// Seconds of audio transcribed per second, on all nodes together, by the latest transcripts.
    pub speed: Option<f64>,
    /// Estimated remaining time at that speed.
    pub left: Option<Duration>,
    /// Maximum length of a short recording, which has a reserved slot; `None`: no slot is reserved.
    pub short: Option<Duration>,
}

/// Reason why a transcription was not stopped or started.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The interaction has no recording.
    #[error("this interaction has no recording")]
    NoRecording,
    /// It is done, or was stopped already.
    #[error("this transcription is neither waiting nor running; there is nothing to stop")]
    NotUnderWay,
    /// It is in progress or done.
    #[error("this transcription was neither stopped nor did it fail; there is nothing to restart")]
    NotStopped,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// A transcription in this process.
#[derive(Debug, Clone, Default)]
pub struct AtWork {
    /// Set when a user waits for it.
    pub urgent: Arc<AtomicBool>,
    /// Stops it.
    pub stop: CancellationToken,
}

/// Transcriptions in this process, so that requests reach it at once; other nodes notice them when they renew their
/// lease.
#[derive(Debug, Clone, Default)]
pub(super) struct RunningHere {
    at_work: Arc<Mutex<HashMap<(&'static str, InteractionId), AtWork>>>,
}

/// Removes an entry of [`RunningHere`] when dropped.
pub(super) struct Entry {
    here: RunningHere,
    key: (&'static str, InteractionId),
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.here.lock().remove(&self.key);
    }
}

impl RunningHere {
    fn lock(&self) -> MutexGuard<'_, HashMap<(&'static str, InteractionId), AtWork>> {
        self.at_work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an entry, until the returned guard is dropped.
    pub(super) fn enter(&self, kind: &'static str, id: &InteractionId, work: AtWork) -> Entry {
        let key = (kind, id.clone());
        self.lock().insert(key.clone(), work);
        Entry { here: self.clone(), key }
    }

    pub(super) fn stop(&self, kind: &'static str, id: &InteractionId) {
        if let Some(work) = self.lock().get(&(kind, id.clone())) {
            work.stop.cancel();
        }
    }

    fn hurry(&self, id: &InteractionId) {
        if let Some(work) = self.lock().get(&(TRANSCRIBE, id.clone())) {
            work.urgent.store(true, Ordering::Relaxed);
        }
    }
}

impl Transcription {
    /// Gives this transcript priority: a user waits for it.
    pub async fn hurry(&self, id: &InteractionId) -> Result<(), DbError> {
        self.here.hurry(id);
        jobs::hurry(&self.db, TRANSCRIBE, id.as_str()).await.map(drop)
    }

    /// Stops a transcription that waits or runs. The recording is kept; [`Self::restart`] undoes it.
    pub async fn stop(&self, who: &Actor, id: &InteractionId) -> Result<(), QueueError> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        if !jobs::remove(tx.conn(), TRANSCRIBE, id.as_str()).await? {
            return Err(QueueError::NotUnderWay);
        }
        let why = format!("Stopped by {}.", who.name());
        store::set_state(tx.conn(), id, State::Cancelled, Some(&why), now).await?;
        store::checkpoints::remove(tx.conn(), id, TRANSCRIBE).await?;
        let effects = Effects::new().audit(who, "transcript.stopped", subject(id), None);
        self.changed(id, effects).save(tx.conn(), now).await?;
        tx.commit().await?;
        self.here.stop(TRANSCRIBE, id);
        Ok(())
    }

    /// Restarts a transcription that was stopped or has failed. Urgent, as the user waits for it.
    pub async fn restart(&self, who: &Actor, id: &InteractionId) -> Result<(), QueueError> {
        let recording = self.interactions.recording(id).await?.ok_or(QueueError::NoRecording)?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let stored = store::find(tx.conn(), id).await?;
        if !stored.is_some_and(|stored| matches!(stored.state, State::Cancelled | State::Failed)) {
            return Err(QueueError::NotStopped);
        }
        store::set_state(tx.conn(), id, State::Waiting, None, now).await?;
        let share = store::queue::team_of(tx.conn(), id).await?;
        let job = NewJob::new(TRANSCRIBE, id.as_str(), now).fairness_key(share).size(recording.duration_ms).urgent();
        Effects::new().job(job).audit(who, "transcript.restarted", subject(id), None).save(tx.conn(), now).await?;
        Ok(tx.commit().await?)
    }

    /// Returns the state of the queue, for the administrator's page and for metrics.
    pub async fn queue(&self) -> Result<Queue, DbError> {
        let mut reader = self.db.read().await?;
        let (waiting, waiting_ms, oldest) = store::queue::backlog(reader.conn(), TRANSCRIBE).await?;
        let running = store::queue::running(reader.conn(), TRANSCRIBE).await?;
        let next = store::queue::next(reader.conn(), TRANSCRIBE).await?;
        let speed = speed(&store::queue::done_lately(reader.conn()).await?);
        let left = speed.filter(|_| waiting + running.len() as i64 > 0).map(|speed| {
            let begun = |w: &Waiting| w.duration_ms.unwrap_or_default() as f64 * (1.0 - w.progress.clamp(0.0, 1.0));
            let rest = waiting_ms as f64 + running.iter().map(begun).sum::<f64>();
            Duration::from_secs_f64((rest / 1000.0 / speed).clamp(0.0, 1e9))
        });
        let short = (self.short_ms > 0).then(|| Duration::from_millis(self.short_ms.unsigned_abs()));
        Ok(Queue { running, next, waiting, waiting_ms, oldest, speed, left, short })
    }
}

/// Returns the length of audio per time in which at least one transcription ran, whether one after the other or several
/// at once.
fn speed(done: &[FinishedTranscript]) -> Option<f64> {
    let mut spans: Vec<(i64, i64)> = done.iter().map(|d| (d.updated_at.0 - d.took_ms, d.updated_at.0)).collect();
    spans.sort_unstable();
    let (mut busy, mut until) = (0, i64::MIN);
    for (from, to) in spans {
        busy += (to - from.max(until)).max(0);
        until = until.max(to);
    }
    let sound: i64 = done.iter().map(|d| d.duration_ms).sum();
    (busy > 0).then(|| sound as f64 / busy as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speed_counts_time_in_which_several_were_made_at_once_once() {
        let done = |at, took_ms, duration_ms| FinishedTranscript { updated_at: Timestamp(at), took_ms, duration_ms };
        assert_eq!(speed(&[]), None);
        assert_eq!(speed(&[done(10_000, 2_000, 60_000)]), Some(30.0));
        // Concurrent, one within the other, then a long pause.
        let several = [done(10_000, 4_000, 60_000), done(9_000, 2_000, 60_000), done(99_000, 2_000, 60_000)];
        assert_eq!(speed(&several), Some(30.0));
    }
}
