//! Runner of a node: finds due jobs, claims them, runs them, renews their leases and stores their outcomes.

use super::store::{self, Claim, Claimed, Due};
use super::{GivenUp, Kind, Outcome, RECURRING, Running, URGENT, USUAL, pause_after};
use crate::clock::{SharedClock, Timestamp};
use crate::database::{Db, DbError};
use crate::ids::JobId;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Pause between attempts to store the outcome of a job.
const SETTLE_AGAIN: Duration = Duration::from_secs(1);
/// Pause after the queue could not be read.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Options of a runner.
#[derive(Debug, Clone)]
pub struct RunnerOptions {
    /// Pause between polls when nothing was found.
    pub poll: Duration,
    /// Kinds to run; all where it is empty.
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
    /// Slots for small jobs only, so that none waits for a large one.
    small: Arc<Semaphore>,
    /// Slots for urgent jobs, when all others are taken.
    urgent: Arc<Semaphore>,
}

/// Free slots, and the jobs that may take them.
struct Room<'a> {
    places: &'a Arc<Semaphore>,
    priority: i64,
    size: i64,
}

impl Lane {
    fn new(kind: Kind) -> Self {
        let places = |number| Arc::new(Semaphore::new(number));
        Self { free: places(kind.max_concurrent), small: places(kind.small.0), urgent: places(kind.urgent), kind }
    }

    /// Returns the slots that due jobs may take. Small jobs take their own slots first: the others stay free for large
    /// ones.
    fn rooms(&self, due: &Due) -> impl Iterator<Item = Room<'_>> {
        let (most_urgent, smallest) = (due.priority.unwrap_or(i64::MAX), due.size.unwrap_or(i64::MAX));
        let up_to = self.kind.small.1;
        let small = (smallest <= up_to).then_some(Room { places: &self.small, priority: i64::MAX, size: up_to });
        let usual = due.priority.map(|_| Room { places: &self.free, priority: i64::MAX, size: i64::MAX });
        let urgent = (most_urgent <= URGENT).then_some(Room { places: &self.urgent, priority: URGENT, size: i64::MAX });
        // Evaluated before each: urgent jobs take their own slots only when the default ones are taken.
        let has_place = move |room: &Room<'_>| {
            let kept = Arc::ptr_eq(room.places, &self.urgent) && self.free.available_permits() > 0;
            room.places.available_permits() > 0 && !kept
        };
        [small, usual, urgent].into_iter().flatten().filter(has_place)
    }
}

/// Runs jobs of the given kinds.
pub struct Runner {
    db: Db,
    clock: SharedClock,
    lanes: HashMap<&'static str, Lane>,
    options: RunnerOptions,
    tracker: TaskTracker,
    stop: CancellationToken,
    /// Jobs running here.
    at_work: Mutex<HashSet<JobId>>,
    /// Notified when a job has ended, so that there may be a free slot.
    freed: Notify,
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runner").field("kinds", &self.lanes.len()).finish_non_exhaustive()
    }
}

impl Runner {
    /// Returns a runner for these kinds; nothing runs yet.
    pub fn new(db: Db, clock: SharedClock, kinds: Vec<Kind>, options: RunnerOptions, stop: CancellationToken) -> Self {
        let wanted = |kind: &Kind| {
            options.only.is_empty() || options.only.iter().any(|name| kind.name.starts_with(name.as_str()))
        };
        let lanes = kinds.into_iter().filter(wanted).map(|kind| (kind.name, Lane::new(kind))).collect();
        let (tracker, at_work, freed) = (TaskTracker::new(), Mutex::default(), Notify::new());
        Self { db, clock, lanes, options, tracker, stop, at_work, freed }
    }

    /// Queues recurring jobs that are not queued yet.
    pub async fn schedule(&self) -> Result<(), DbError> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        for lane in self.lanes.values().filter(|lane| lane.kind.every.is_some()) {
            store::schedule(tx.conn(), lane.kind.name, now).await?;
        }
        tx.commit().await
    }

    /// Runs until it is stopped, then waits for running jobs (which are cancelled too).
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

    /// Waits one poll, or until a slot is free; true where the runner was stopped.
    async fn pause(&self) -> bool {
        tokio::select! {
            () = self.stop.cancelled() => true,
            () = self.freed.notified() => false,
            () = tokio::time::sleep(self.options.poll) => false,
        }
    }

    /// Runs all due jobs, including those that become due by them, and returns when none is left: for tests.
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

    /// Starts due jobs that have a slot, and requeues jobs that lost their worker. Returns the number of both.
    async fn start_due(self: &Arc<Self>) -> Result<usize, DbError> {
        let now = self.clock.now();
        let mut started = 0;
        for due in store::due(&self.db, now).await? {
            let Some(lane) = self.lanes.get(due.kind.as_str()) else { continue };
            if due.abandoned > 0 {
                started += self.return_abandoned(&lane.kind).await;
            }
            for room in lane.rooms(&due) {
                started += self.start(lane, &room).await?;
            }
        }
        Ok(started + self.start_found(now).await)
    }

    /// Requeues jobs that lost their worker. A feature that fails to record a job that is given up does not block
    /// others.
    async fn return_abandoned(&self, kind: &Kind) -> usize {
        let at_work: Vec<JobId> = self.at_work().iter().cloned().collect();
        store::return_abandoned(&self.db, &self.clock, kind, &at_work).await.unwrap_or_else(|error| {
            tracing::error!(kind = kind.name, %error, "jobs that lost their worker could not be put back");
            0
        })
    }

    /// Starts as many jobs as there are slots in the room.
    async fn start(self: &Arc<Self>, lane: &Lane, room: &Room<'_>) -> Result<usize, DbError> {
        let lease = uuid::Uuid::new_v4().to_string();
        let most = room.places.available_permits();
        let wanted = Claim { kind: &lane.kind, most, priority: room.priority, size: room.size, lease: &lease };
        let mut started = 0;
        for job in store::claim(&self.db, &self.clock, wanted).await? {
            let Ok(permit) = Arc::clone(room.places).acquire_owned().await else { continue };
            let (runner, kind, lease) = (Arc::clone(self), lane.kind.clone(), lease.clone());
            self.at_work().insert(job.id.clone());
            self.tracker.spawn(async move {
                runner.work(kind, &job, lease).await;
                runner.at_work().remove(&job.id);
                drop(permit);
                runner.freed.notify_one();
            });
            started += 1;
        }
        Ok(started)
    }

    fn at_work(&self) -> std::sync::MutexGuard<'_, HashSet<JobId>> {
        self.at_work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts one of each kind that keeps its own list, where there is work and a slot.
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
        let running = Running { key: RECURRING.into(), attempt: 1, priority: USUAL, lease: String::new(), cancelled };
        match tokio::spawn((kind.work)(running)).await {
            Ok(Outcome::Done | Outcome::At(_)) => {}
            Ok(Outcome::Retry(why) | Outcome::RetryAt(_, why) | Outcome::GiveUp(why)) => {
                tracing::error!(kind = kind.name, why, "work failed; it is tried again");
            }
            Err(panic) => tracing::error!(kind = kind.name, %panic, "work broke off; it is tried again"),
        }
    }

    async fn work(&self, kind: Kind, job: &Claimed, lease: String) {
        let cancelled = self.stop.child_token();
        let running = Running {
            key: job.job_key.clone(),
            attempt: u32::try_from(job.attempts).unwrap_or(u32::MAX),
            priority: job.priority,
            lease: lease.clone(),
            cancelled: cancelled.clone(),
        };
        // A separate task: a panic costs one attempt, never the runner.
        let mut task = tokio::spawn((kind.work)(running));
        let outcome = loop {
            tokio::select! {
                ended = &mut task => break ended,
                () = tokio::time::sleep(kind.lease / 3) => self.renew(&kind, job, &lease, &cancelled).await,
            }
        };
        let outcome = outcome.unwrap_or_else(|panic| Outcome::Retry(format!("it broke off: {panic}")));
        while let Err(error) = self.settle(&kind, job, &lease, &outcome).await {
            tracing::error!(kind = kind.name, %error, "a job's outcome could not be stored");
            // The result of an hour's work is not discarded for a minute without a database.
            if error.outage().is_none() || self.stopped_within(SETTLE_AGAIN).await {
                break;
            }
        }
    }

    /// Waits; returns whether the runner was stopped in the meantime.
    async fn stopped_within(&self, time: Duration) -> bool {
        tokio::time::timeout(time, self.stop.cancelled()).await.is_ok()
    }

    async fn renew(&self, kind: &Kind, job: &Claimed, lease: &str, cancelled: &CancellationToken) {
        match store::renew(&self.db, &self.clock, &job.id, lease, kind.lease).await {
            Ok(true) => {}
            Ok(false) => cancelled.cancel(),
            Err(error) => tracing::warn!(kind = kind.name, %error, "a lease could not be renewed"),
        }
    }

    async fn settle(&self, kind: &Kind, job: &Claimed, lease: &str, outcome: &Outcome) -> Result<(), DbError> {
        let (now, db, id) = (self.clock.now(), &self.db, &job.id);
        let attempt = u32::try_from(job.attempts).unwrap_or(u32::MAX);
        // A recurring job is never given up. After a failure it need not wait until its next time.
        if let Some(every) = kind.every {
            if let Outcome::Retry(why) | Outcome::RetryAt(_, why) | Outcome::GiveUp(why) = outcome {
                tracing::error!(kind = kind.name, why, "a recurring job failed");
                let at = now.plus(every.min(pause_after(attempt)));
                return store::again(db, id, lease, at, job.attempts, Some(why)).await;
            }
            return store::come_back(db, id, lease, now.plus(every)).await;
        }
        let (at, why) = match outcome {
            Outcome::Done => return store::done(db, id, lease).await,
            Outcome::At(at) => return store::later(db, id, lease, *at).await,
            Outcome::Retry(why) if attempt < kind.max_attempts => (now.plus(pause_after(attempt)), why),
            Outcome::RetryAt(at, why) if attempt < kind.max_attempts => (*at, why),
            Outcome::GiveUp(why) | Outcome::Retry(why) | Outcome::RetryAt(_, why) => {
                tracing::warn!(kind = kind.name, why, attempt, "a job was given up");
                let job = GivenUp { key: job.job_key.clone(), why: why.clone(), at: now };
                return store::fail(db, kind, id, lease, job).await;
            }
        };
        store::again(db, id, lease, at, job.attempts, Some(why)).await
    }
}
