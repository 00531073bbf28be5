//! Durable background work: a queue in the database, leases, retries with growing pauses, giving up with a reason.
//!
//! A job is thin (a kind and a key), idempotent, and says in its [`Outcome`] what is to become of it. Jobs are saved by
//! [`crate::effects`] in the transaction of the change that needs them. No transaction stays open while one works; a node
//! that dies loses its lease, and another takes the job up.

mod runner;
mod store;

pub use runner::{Runner, RunnerOptions};
pub use store::{
    Backlog, FailedJob, STATEMENTS, backlog, failed, forget, hold, hurry, remove, retry_failed, save, wake,
};

use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use futures_util::future::BoxFuture;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A job to be queued. There is at most one of a kind for a key: queueing it again while it waits changes nothing; one that
/// is running runs once more when it is done; one that had failed for good gets new tries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// Which handler: `survey.decide`, `mail.deliver`, …
    pub kind: &'static str,
    /// What it is about, usually an id.
    pub key: String,
    /// Not before this time.
    pub run_at: Timestamp,
    /// Smaller goes first; [`USUAL`] unless something else is said.
    pub priority: i64,
    /// Whose it is, for kinds that are [`Kind::fair`]: those who share the kind are served in turns. Nobody's are one more.
    pub fairness_key: Option<String>,
    /// How much work it is, in a unit of its kind, for kinds that keep places for [`Kind::small`] jobs.
    pub size: Option<i64>,
}

/// The priority of a job of which nothing else was said.
pub const USUAL: i64 = 100;
/// The priority of a job that somebody waits for. Up to this one a job may take the places that [`Kind::urgent`] keeps free.
pub const URGENT: i64 = 10;

impl NewJob {
    /// A job of usual priority.
    pub fn new(kind: &'static str, key: impl Into<String>, run_at: Timestamp) -> Self {
        Self { kind, key: key.into(), run_at, priority: USUAL, fairness_key: None, size: None }
    }

    /// Whose it is.
    pub fn fairness_key(self, fairness_key: Option<String>) -> Self {
        Self { fairness_key, ..self }
    }

    /// How much work it is.
    pub fn size(self, size: Option<i64>) -> Self {
        Self { size, ..self }
    }

    /// Somebody waits for it.
    pub fn urgent(self) -> Self {
        Self { priority: URGENT, ..self }
    }
}

/// A job at work.
#[derive(Debug, Clone)]
pub struct Running {
    /// What it is about.
    pub key: String,
    /// Which try this is; 1 for the first. Tries count when they begin: one that ends the program counts too.
    pub attempt: u32,
    /// With which priority it was taken.
    pub priority: i64,
    /// Tells this attempt from every other one; see [`hold`].
    pub lease: String,
    /// Cancelled when the lease was lost, the job was removed or the process stops: stop soon, change nothing more.
    pub cancelled: CancellationToken,
}

/// What is to become of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is done and forgotten.
    Done,
    /// It is to run (again) at this time; not a failure.
    At(Timestamp),
    /// It failed in a way that may pass; tried again after a growing pause, given up after the kind's most tries.
    Retry(String),
    /// As `Retry`, but not before this time: a server said when.
    RetryAt(Timestamp, String),
    /// It failed in a way that will not pass.
    GiveUp(String),
}

/// A job that is given up, as its feature is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenUp {
    /// What it was about.
    pub key: String,
    /// Why, in words for people.
    pub why: String,
    /// When.
    pub at: Timestamp,
}

/// What a feature writes when a job of its own is given up, in the transaction that gives it up.
pub type OnGiveUp = Arc<dyn for<'a> Fn(Conn<'a>, GivenUp) -> BoxFuture<'a, Result<(), DbError>> + Send + Sync>;

/// A job's work.
pub type Work = Arc<dyn Fn(Running) -> Pin<Box<dyn Future<Output = Outcome> + Send>> + Send + Sync>;

/// Says whether there is something to do at this time; must be cheap, as it is asked often.
pub type Look = Arc<dyn Fn(Timestamp) -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync>;

/// A kind of job.
#[derive(Clone)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// How many run at once on a node.
    pub at_once: usize,
    /// Tries before it is given up. A try counts when it begins.
    pub most_tries: u32,
    /// How long a node may be silent before another takes the job. It is renewed three times in that time.
    pub lease: Duration,
    /// What its jobs are about, for the reason why one was given up: `recording`.
    pub about: &'static str,
    /// A job that comes back by itself this often, under the key `*`.
    pub every: Option<Duration>,
    /// So many more run at once, of jobs that somebody waits for.
    pub urgent: usize,
    /// So many more run at once, of jobs of at most this [`NewJob::size`].
    pub small: (usize, i64),
    /// Are those who share it served in turns?
    pub fair: bool,
    /// Its work does not stand in the queue, but is found by this. What the work returns is then not stored anywhere.
    pub look: Option<Look>,
    /// Told when a job is given up, for whatever reason.
    pub on_give_up: Option<OnGiveUp>,
    /// What it does.
    pub work: Work,
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kind").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Kind {
    /// A kind with usual limits: 4 at once, 12 tries, a lease of 30 s.
    pub fn new<F, Fut>(name: &'static str, work: F) -> Self
    where
        F: Fn(Running) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Outcome> + Send + 'static,
    {
        let work: Work = Arc::new(move |job| Box::pin(work(job)));
        Self {
            name,
            at_once: 4,
            most_tries: 12,
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

    /// So many at once on a node.
    pub fn at_once(self, at_once: usize) -> Self {
        Self { at_once, ..self }
    }

    /// Given up after so many tries.
    pub fn most_tries(self, most_tries: u32) -> Self {
        Self { most_tries, ..self }
    }

    /// Another lease: a short one for long work, so that what a dead node has begun is soon taken up again. Renewing costs one
    /// small transaction for each job that runs, three in the time of a lease.
    pub fn lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// What its jobs are about: "the program ended 5 times while it worked on this …".
    pub fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    /// What the feature writes when one is given up, be it for its outcome, a panic or an end of the program.
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

    /// So many more at once, of jobs that are no larger than `up_to`: they never wait for a large one.
    pub fn small(self, places: usize, up_to: i64) -> Self {
        Self { small: (places, up_to), ..self }
    }

    /// So many more at once, of jobs that somebody waits for: one that is looked at does not wait for an hour-long one.
    pub fn urgent(self, urgent: usize) -> Self {
        Self { urgent, ..self }
    }

    /// Whoever shares this kind ([`NewJob::share`]) is served in turns, so that a thousand jobs of one do not hold up the
    /// first of another.
    pub fn fair(self) -> Self {
        Self { fair: true, ..self }
    }

    /// Its work keeps its own list, of which `look` says whether anything is due: for a feature that does hundreds of things
    /// in one go. The work runs as long as there is, `at_once` of it side by side; it keeps leases and pauses of its own.
    pub fn found_by<F, Fut>(self, look: F) -> Self
    where
        F: Fn(Timestamp) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = bool> + Send + 'static,
    {
        Self { look: Some(Arc::new(move |now| Box::pin(look(now)))), ..self }
    }

    /// Comes back by itself this often. Its handler returns `Done`; the next run is queued for it.
    pub fn every(self, every: Duration) -> Self {
        Self { every: Some(every), at_once: 1, ..self }
    }
}

/// The states of a job in the queue.
pub const JOB_STATES: [&str; 3] = ["queued", "running", "failed"];

/// The key of a kind that comes back by itself.
pub const RECURRING: &str = "*";

/// The pause before try number `attempt + 1`: 10 s, doubling, 1 h at most.
pub fn pause_after(attempt: u32) -> Duration {
    Duration::from_secs(10u64.saturating_mul(1 << attempt.saturating_sub(1).min(10)).min(3600))
}
