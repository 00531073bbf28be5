//! The node's side of the queue: look what is due, claim, work, renew the lease meanwhile, say what became of it.

use super::store::{self, Claim, Claimed};
use super::{Kind, NewJob, Outcome, RECURRING, Running, URGENT, USUAL, pause_after};
use crate::clock::{SharedClock, Timestamp};
use crate::database::{Db, DbError};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Pause between tries to store what became of a job.
const SETTLE_AGAIN: Duration = Duration::from_secs(1);
/// Pause after the queue could not be read.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How a node looks for work.
#[derive(Debug, Clone)]
pub struct RunnerOptions {
    /// Pause between looks when nothing was found.
    pub poll: Duration,
    /// Only these kinds; all where it is empty.
    pub only: Vec<String>,
}

impl Default for RunnerOptions {
    fn default() -> Self {
        Self { poll: Duration::from_millis(250), only: Vec::new() }
    }
}

struct Lane {
    kind: Kind,
    free: Arc<Semaphore>,
    /// For what somebody waits for, when all else is taken.
    urgent: Arc<Semaphore>,
}

impl Lane {
    fn new(kind: Kind) -> Self {
        let places = |number| Arc::new(Semaphore::new(number));
        Self { free: places(kind.at_once), urgent: places(kind.urgent), kind }
    }

    /// Where there is room for jobs of this priority: how much, and for which priorities.
    fn room(&self, priority: i64) -> Option<(&Arc<Semaphore>, i64)> {
        let usual = (self.free.available_permits() > 0).then_some((&self.free, i64::MAX));
        let urgent = priority <= URGENT && self.urgent.available_permits() > 0;
        usual.or_else(|| urgent.then_some((&self.urgent, URGENT)))
    }
}

/// Runs jobs of the kinds that it was given.
pub struct Runner {
    db: Db,
    clock: SharedClock,
    owner: String,
    lanes: HashMap<&'static str, Lane>,
    options: RunnerOptions,
    tracker: TaskTracker,
    stop: CancellationToken,
    /// A job has ended, so that there may be room for the next.
    freed: Notify,
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runner").field("owner", &self.owner).finish_non_exhaustive()
    }
}

impl Runner {
    /// A runner for these kinds; nothing runs yet.
    pub fn new(db: Db, clock: SharedClock, kinds: Vec<Kind>, options: RunnerOptions, stop: CancellationToken) -> Self {
        let wanted = |kind: &Kind| {
            options.only.is_empty() || options.only.iter().any(|name| kind.name.starts_with(name.as_str()))
        };
        let lanes = kinds.into_iter().filter(wanted).map(|kind| (kind.name, Lane::new(kind))).collect();
        let owner = uuid::Uuid::new_v4().to_string();
        Self { db, clock, owner, lanes, options, tracker: TaskTracker::new(), stop, freed: Notify::new() }
    }

    /// Queues what comes back by itself, where it is not queued yet.
    pub async fn schedule(&self) -> Result<(), DbError> {
        let now = self.clock.now();
        let jobs: Vec<NewJob> = self
            .lanes
            .values()
            .filter(|lane| lane.kind.every.is_some())
            .map(|lane| NewJob::new(lane.kind.name, RECURRING, now))
            .collect();
        let mut tx = self.db.begin().await?;
        store::save(tx.conn(), &jobs, now).await?;
        tx.commit().await
    }

    /// Works until it is told to stop, then waits for what is running (which is told to stop too).
    pub async fn run(self: Arc<Self>) {
        while let Err(error) = self.schedule().await {
            tracing::error!(%error, "recurring jobs could not be scheduled; trying again");
            if self.pause().await {
                return;
            }
        }
        loop {
            let found = match self.start_due().await {
                Ok(found) => found,
                Err(error) => {
                    tracing::error!(%error, "the job queue does not answer; trying again");
                    if self.stopped_within(LOOK_AGAIN).await {
                        break;
                    }
                    0
                }
            };
            if self.stop.is_cancelled() || (found == 0 && self.pause().await) {
                break;
            }
        }
        self.tracker.close();
        self.tracker.wait().await;
    }

    /// Waits one poll, or until there is room again; true where the runner was told to stop.
    async fn pause(&self) -> bool {
        tokio::select! {
            () = self.stop.cancelled() => true,
            () = self.freed.notified() => false,
            () = tokio::time::sleep(self.options.poll) => false,
        }
    }

    /// Runs everything that is due now, and what becomes due by it, and returns when nothing is left: for tests.
    pub async fn drain(self: &Arc<Self>) -> Result<usize, DbError> {
        let mut all = 0;
        loop {
            let found = self.start_due().await?;
            self.tracker.close();
            self.tracker.wait().await;
            self.tracker.reopen();
            all += found;
            if found == 0 {
                return Ok(all);
            }
        }
    }

    async fn start_due(self: &Arc<Self>) -> Result<usize, DbError> {
        let now = self.clock.now();
        let mut started = 0;
        for (name, most_urgent) in store::due(&self.db, now).await? {
            let Some(lane) = self.lanes.get(name.as_str()) else { continue };
            let Some((places, priority)) = lane.room(most_urgent) else { continue };
            let most = places.available_permits();
            let wanted = Claim { kind: &lane.kind, most, priority, owner: &self.owner };
            for job in store::claim(&self.db, wanted, now).await? {
                let Ok(permit) = Arc::clone(places).acquire_owned().await else { continue };
                let (runner, kind) = (Arc::clone(self), lane.kind.clone());
                self.tracker.spawn(async move {
                    runner.work(kind, job).await;
                    drop(permit);
                    runner.freed.notify_one();
                });
                started += 1;
            }
        }
        Ok(started + self.start_found(now).await)
    }

    /// Starts one of each kind that keeps its own list, where there is something in it and room for it.
    async fn start_found(self: &Arc<Self>, now: Timestamp) -> usize {
        let mut started = 0;
        for lane in self.lanes.values() {
            let Some(look) = &lane.kind.look else { continue };
            let Ok(permit) = Arc::clone(&lane.free).try_acquire_owned() else { continue };
            if !look(now).await {
                continue;
            }
            let (runner, kind) = (Arc::clone(self), lane.kind.clone());
            self.tracker.spawn(async move {
                runner.work_found(&kind).await;
                drop(permit);
                runner.freed.notify_one();
            });
            started += 1;
        }
        started
    }

    async fn work_found(&self, kind: &Kind) {
        let cancelled = self.stop.child_token();
        let running = Running { key: RECURRING.into(), attempt: 1, priority: USUAL, cancelled };
        match tokio::spawn((kind.work)(running)).await {
            Ok(Outcome::Done | Outcome::At(_)) => {}
            Ok(Outcome::Retry(why) | Outcome::RetryAt(_, why) | Outcome::GiveUp(why)) => {
                tracing::error!(kind = kind.name, why, "work failed; it is tried again");
            }
            Err(panic) => tracing::error!(kind = kind.name, %panic, "work broke off; it is tried again"),
        }
    }

    async fn work(&self, kind: Kind, job: Claimed) {
        let cancelled = self.stop.child_token();
        let attempt = u32::try_from(job.attempts).unwrap_or(u32::MAX);
        let running =
            Running { key: job.job_key.clone(), attempt, priority: job.priority, cancelled: cancelled.clone() };
        // A task of its own: a panic costs one try, never the runner.
        let mut task = tokio::spawn((kind.work)(running));
        let outcome = loop {
            tokio::select! {
                ended = &mut task => break ended,
                () = tokio::time::sleep(kind.lease / 3) => self.renew(&kind, &job, &cancelled).await,
            }
        };
        let outcome = outcome.unwrap_or_else(|panic| Outcome::Retry(format!("it broke off: {panic}")));
        while let Err(error) = self.settle(&kind, &job, attempt, &outcome).await {
            tracing::error!(kind = kind.name, %error, "a job's outcome could not be stored");
            // What was worked for an hour is not thrown away for a minute without a database.
            if error.outage().is_none() || self.stopped_within(SETTLE_AGAIN).await {
                break;
            }
        }
    }

    /// Waits; whether the runner was told to stop meanwhile.
    async fn stopped_within(&self, time: Duration) -> bool {
        tokio::time::timeout(time, self.stop.cancelled()).await.is_ok()
    }

    async fn renew(&self, kind: &Kind, job: &Claimed, cancelled: &CancellationToken) {
        let until = self.clock.now().plus(kind.lease);
        match store::renew(&self.db, &job.id, &self.owner, until).await {
            Ok(true) => {}
            Ok(false) => cancelled.cancel(),
            Err(error) => tracing::warn!(kind = kind.name, %error, "a lease could not be renewed"),
        }
    }

    async fn settle(&self, kind: &Kind, job: &Claimed, attempt: u32, outcome: &Outcome) -> Result<(), DbError> {
        let now = self.clock.now();
        let (db, id, owner) = (&self.db, &job.id, self.owner.as_str());
        // What comes back by itself is never given up. After a failure it need not wait until its next time.
        if let Some(every) = kind.every {
            if let Outcome::Retry(why) | Outcome::RetryAt(_, why) | Outcome::GiveUp(why) = outcome {
                tracing::error!(kind = kind.name, why, "a recurring job failed");
                let at = now.plus(every.min(pause_after(attempt)));
                return store::again(db, id, owner, at, job.attempts, Some(why)).await;
            }
            return store::again(db, id, owner, now.plus(every), 0, None).await;
        }
        let (at, why) = match outcome {
            Outcome::Done => return store::done(db, id, owner).await,
            Outcome::At(at) => return store::again(db, id, owner, *at, 0, None).await,
            Outcome::GiveUp(why) => {
                tracing::warn!(kind = kind.name, why, "a job was given up");
                return store::fail(db, id, owner, why).await;
            }
            Outcome::Retry(why) => (now.plus(pause_after(attempt)), why),
            Outcome::RetryAt(at, why) => (*at, why),
        };
        if attempt >= kind.most_tries {
            tracing::warn!(kind = kind.name, why, attempt, "a job was given up after its last try");
            return store::fail(db, id, owner, why).await;
        }
        store::again(db, id, owner, at, job.attempts, Some(why)).await
    }
}
