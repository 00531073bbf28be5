//! Durable background jobs: a queue in the database, leases, retries with growing pauses, failure with a reason.
//!
//! A job is small (a kind and a key), idempotent, and returns an [`Outcome`]. Jobs are saved by [`crate::effects`] in
//! the transaction of the change that needs them. No transaction stays open while a job runs; a node that dies loses
//! its leases, and another one claims the jobs.

mod operations;
mod runner;
mod store;

pub use operations::{Backlog, FailedJob, backlog, failed, retry_failed};
pub use runner::{Runner, RunnerOptions};
pub use store::{bring_forward, forget, hold, hurry, remove, save, wake};

use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use futures_util::future::BoxFuture;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A job to be queued. There is at most one of a kind for a key: queueing it again while it waits changes nothing; a
/// running one runs once more when it is done; a failed one gets new attempts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// Kind, which selects the handler: `survey.decide`, `mail.deliver`, …
    pub kind: &'static str,
    /// Subject of the job, usually an id.
    pub key: String,
    /// Earliest time at which it runs.
    pub run_at: Timestamp,
    /// Priority, the smaller first; [`USUAL`] by default.
    pub priority: i64,
    /// Share for kinds that are [`Kind::fair`]: the shares take turns. Jobs without a share are one more.
    pub fairness_key: Option<String>,
    /// Size of the work, in a unit of its kind, for kinds that reserve slots for [`Kind::small`] jobs.
    pub size: Option<i64>,
}

/// Default priority.
pub const USUAL: i64 = 100;
/// Priority of a job that a user waits for. Jobs up to this one may use the slots reserved by [`Kind::urgent`].
pub const URGENT: i64 = 10;

impl NewJob {
    /// Returns a job of default priority.
    pub fn new(kind: &'static str, key: impl Into<String>, run_at: Timestamp) -> Self {
        Self { kind, key: key.into(), run_at, priority: USUAL, fairness_key: None, size: None }
    }

    /// Sets the share.
    pub fn fairness_key(self, fairness_key: Option<String>) -> Self {
        Self { fairness_key, ..self }
    }

    /// Sets the size.
    pub fn size(self, size: Option<i64>) -> Self {
        Self { size, ..self }
    }

    /// Sets the priority to [`URGENT`].
    pub fn urgent(self) -> Self {
        Self { priority: URGENT, ..self }
    }
}

/// A running job.
#[derive(Debug, Clone)]
pub struct Running {
    /// Subject of the job.
    pub key: String,
    /// Number of this attempt; 1 for the first. Attempts count when they begin, so that one that ends the program
    /// counts too.
    pub attempt: u32,
    /// Priority at the time of the claim.
    pub priority: i64,
    /// Id of this attempt; see [`hold`].
    pub lease: String,
    /// Cancelled when the lease was lost, the job was removed or the process stops: the handler must stop soon and
    /// change nothing more.
    pub cancelled: CancellationToken,
}

/// Outcome of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Done; the job is deleted.
    Done,
    /// To be run (again) at this time; not a failure.
    At(Timestamp),
    /// Failed temporarily; retried after a growing pause, given up after the kind's maximum number of attempts.
    Retry(String),
    /// The same as `Retry`, but not before this time, as given by a server.
    RetryAt(Timestamp, String),
    /// Failed permanently.
    GiveUp(String),
}

/// A job that is given up, as passed to its feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenUp {
    /// Subject of the job.
    pub key: String,
    /// Reason, in words for people.
    pub why: String,
    /// Time.
    pub at: Timestamp,
}

/// Handler that a feature runs when one of its jobs is given up, in the same transaction.
pub type OnGiveUp = Arc<dyn for<'a> Fn(Conn<'a>, GivenUp) -> BoxFuture<'a, Result<(), DbError>> + Send + Sync>;

/// Handler of a job.
pub type Work = Arc<dyn Fn(Running) -> Pin<Box<dyn Future<Output = Outcome> + Send>> + Send + Sync>;

/// Whether there is work at this time; must be cheap, as it is called often.
pub type Look = Arc<dyn Fn(Timestamp) -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync>;

/// A kind of job.
#[derive(Clone)]
pub struct Kind {
    /// Name.
    pub name: &'static str,
    /// Maximum number of concurrent jobs on a node.
    pub max_concurrent: usize,
    /// Maximum number of attempts before it is given up. An attempt counts when it begins.
    pub max_attempts: u32,
    /// Time after which a silent node loses the job. The lease is renewed three times in that time.
    pub lease: Duration,
    /// Subject of its jobs, for the reason why one was given up: `recording`.
    pub about: &'static str,
    /// Interval of a recurring job, which has the key `*`.
    pub every: Option<Duration>,
    /// Number of additional slots, reserved for urgent jobs.
    pub urgent: usize,
    /// Number of additional slots, reserved for jobs of at most this [`NewJob::size`].
    pub small: (usize, i64),
    /// Whether shares take turns.
    pub fair: bool,
    /// Check for work that is not in the queue. The outcome of such work is not stored.
    pub look: Option<Look>,
    /// Handler for a job that is given up, for whatever reason.
    pub on_give_up: Option<OnGiveUp>,
    /// Handler of the jobs.
    pub work: Work,
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kind").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Kind {
    /// Returns a kind with default limits: 4 concurrent jobs, 12 attempts, a lease of 30 s.
    pub fn new<F, Fut>(name: &'static str, work: F) -> Self
    where
        F: Fn(Running) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Outcome> + Send + 'static,
    {
        let work: Work = Arc::new(move |job| Box::pin(work(job)));
        Self {
            name,
            max_concurrent: 4,
            max_attempts: 12,
            lease: Duration::from_secs(30),
            about: "job",
            every: None,
            urgent: 0,
            small: (0, 0),
            fair: false,
            look: None,
            on_give_up: None,
            work,
        }
    }

    /// Sets the maximum number of concurrent jobs on a node.
    pub fn max_concurrent(self, max_concurrent: usize) -> Self {
        Self { max_concurrent, ..self }
    }

    /// Sets the maximum number of attempts.
    pub fn max_attempts(self, max_attempts: u32) -> Self {
        Self { max_attempts, ..self }
    }

    /// Sets the lease: a short one for long work, so that jobs of a dead node are soon claimed again. A renewal costs
    /// one small transaction for each running job, three in the time of a lease.
    pub fn lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// Sets the subject of its jobs: "the program ended 5 times while it worked on this …".
    pub fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    /// Sets the handler for jobs that are given up, by their outcome, a panic or an end of the program.
    pub fn on_give_up<F>(self, tell: F) -> Self
    where
        F: for<'a> Fn(Conn<'a>, GivenUp) -> BoxFuture<'a, Result<(), DbError>> + Send + Sync + 'static,
    {
        Self { on_give_up: Some(Arc::new(tell)), ..self }
    }

    async fn tell(&self, conn: Conn<'_>, job: GivenUp) -> Result<(), DbError> {
        match &self.on_give_up {
            Some(tell) => tell(conn, job).await,
            None => Ok(()),
        }
    }

    /// Reserves `places` additional slots for jobs of a size up to `up_to`: they never wait for a large one.
    pub fn small(self, places: usize, up_to: i64) -> Self {
        Self { small: (places, up_to), ..self }
    }

    /// Reserves additional slots for urgent jobs: a job that a user waits for does not wait for an hour-long one.
    pub fn urgent(self, urgent: usize) -> Self {
        Self { urgent, ..self }
    }

    /// Makes the shares ([`NewJob::fairness_key`]) of this kind take turns, so that a thousand jobs of one do not delay the
    /// first of another.
    pub fn fair(self) -> Self {
        Self { fair: true, ..self }
    }

    /// Makes the kind run by `look`, for a feature with its own list that processes hundreds of items at once. The work
    /// runs as long as `look` finds some, up to `max_concurrent` concurrently; it has its own leases and pauses.
    pub fn found_by<F, Fut>(self, look: F) -> Self
    where
        F: Fn(Timestamp) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = bool> + Send + 'static,
    {
        Self { look: Some(Arc::new(move |now| Box::pin(look(now)))), ..self }
    }

    /// Makes the kind recurring. Its handler returns `Done`; the next run is queued automatically.
    pub fn every(self, every: Duration) -> Self {
        Self { every: Some(every), max_concurrent: 1, ..self }
    }
}

/// States of a job in the queue.
pub const JOB_STATES: [&str; 3] = ["queued", "running", "failed"];

/// Key of a recurring kind.
pub const RECURRING: &str = "*";

/// Returns the pause before attempt number `attempt + 1`: 10 s, doubling, at most 1 h.
pub fn pause_after(attempt: u32) -> Duration {
    Duration::from_secs(10u64.saturating_mul(1 << attempt.saturating_sub(1).min(10)).min(3600))
}
