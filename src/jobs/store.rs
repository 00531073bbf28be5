//! SQL of the queue.

use super::{GivenUp, Kind, NewJob, RECURRING, Running, URGENT, USUAL, pause_after};
use crate::clock::{SharedClock, Timestamp};
use crate::database::{Conn, Db, DbError};
use crate::ids::JobId;
use crate::{execute, fetch_all, statements};
use std::time::Duration;

/// A job that waits and is due.
macro_rules! due {
    ($now:literal) => {
        concat!("state = 'queued' AND run_at <= ", $now)
    };
}

/// A job whose worker has been silent for longer than its lease.
macro_rules! abandoned {
    ($now:literal) => {
        concat!("state = 'running' AND lease_until < ", $now)
    };
}

/// Size limit: jobs of unknown size are larger than any.
macro_rules! fits {
    ($size:literal) => {
        concat!("COALESCE(size, 9223372036854775807) <= ", $size)
    };
}

macro_rules! taken {
    () => {
        "UPDATE jobs
        SET state = 'running', lease_until = $1, lease_owner = $2, attempts = attempts + 1
        WHERE id IN "
    };
}

/// A job that is queued again: a running one runs once more, a failed one gets new attempts, and a waiting one is
/// updated only where something changed.
macro_rules! queued_again {
    () => {
        "ON CONFLICT (kind, job_key) DO UPDATE SET
            state = CASE WHEN jobs.state = 'failed' THEN 'queued' ELSE jobs.state END,
            attempts = CASE WHEN jobs.state = 'running' THEN jobs.attempts ELSE 0 END,
            crashes = CASE WHEN jobs.state = 'running' THEN jobs.crashes ELSE 0 END,
            run_at = CASE WHEN jobs.state = 'queued' THEN jobs.run_at ELSE excluded.run_at END,
            priority = CASE WHEN jobs.state = 'queued' THEN jobs.priority ELSE excluded.priority END,
            fairness_key = excluded.fairness_key, size = excluded.size, last_error = NULL,
            rerun = (jobs.state = 'running')
        WHERE jobs.state IN ('failed', 'running')
            OR (jobs.state = 'queued' AND jobs.size <> excluded.size)"
    };
}

statements! {
    // All at once: $1 is a JSON array of {id, kind, key, priority, fairness_key, size, run_at, now}.
    SAVE = concat!("
        INSERT INTO jobs (id, kind, job_key, state, priority, fairness_key, size, run_at, attempts, created_at)
        SELECT j.value->>'id', j.value->>'kind', j.value->>'key', 'queued', CAST(j.value->>'priority' AS BIGINT),
            j.value->>'fairness_key', CAST(j.value->>'size' AS BIGINT), CAST(j.value->>'run_at' AS BIGINT), 0,
            CAST(j.value->>'now' AS BIGINT)
        FROM {rows $1} AS j
        WHERE true ", queued_again!());
    // A recurring job is queued once, whatever its present state.
    SCHEDULE = "
        INSERT INTO jobs (id, kind, job_key, state, priority, run_at, attempts, created_at)
        VALUES ($1, $2, $3, 'queued', $4, $5, 0, $5)
        ON CONFLICT (kind, job_key) DO NOTHING";
    // For each kind: the most urgent priority and the smallest size of due jobs, and the number of abandoned ones.
    DUE = concat!("
        SELECT kind, MIN(CASE WHEN state = 'queued' THEN priority END) AS priority,
            MIN(CASE WHEN state = 'queued' THEN size END) AS size,
            COUNT(CASE WHEN state = 'running' THEN 1 END) AS abandoned
        FROM jobs
        WHERE (", due!("$1"), ")
            OR (", abandoned!("$1"), ")
        GROUP BY kind");
    CLAIM = concat!("
        ", taken!(), "(
            SELECT id
            FROM jobs
            WHERE kind = $3
                AND ", due!("$4"), "
                AND priority <= $5
                AND ", fits!("$6"), "
            ORDER BY priority, run_at
            LIMIT $7
            {pg FOR UPDATE SKIP LOCKED}
        )
        RETURNING id, job_key, attempts, priority, fairness_key");
    // The first of each share, the share that was served longest ago first; then the second of each.
    CLAIM_FAIR = concat!("
        ", taken!(), "(
            {pg SELECT id FROM jobs WHERE id IN (}
                SELECT line.id
                FROM (
                    SELECT id, priority, run_at, COALESCE(fairness_key, '') AS fairness_key,
                        ROW_NUMBER() OVER (
                            PARTITION BY priority, COALESCE(fairness_key, '')
                            ORDER BY run_at, id
                        ) AS place
                    FROM jobs
                    WHERE kind = $3
                        AND ", due!("$4"), "
                        AND priority <= $5
                        AND ", fits!("$6"), "
                ) AS line
                LEFT JOIN job_turns t ON t.kind = $3
                    AND t.fairness_key = line.fairness_key
                ORDER BY line.priority, line.place, COALESCE(t.turn, 0), line.run_at, line.id
                LIMIT $7
            {pg ) AND ", due!("$4"), " FOR UPDATE SKIP LOCKED}
        )
        RETURNING id, job_key, attempts, priority, fairness_key");
    // The attempts of a job that was queued again while it ran count from 0. $3: jobs that this node still works on.
    RETURN_ABANDONED = concat!("
        UPDATE jobs
        SET state = 'queued', attempts = CASE WHEN rerun THEN 0 ELSE attempts END,
            crashes = CASE WHEN rerun THEN 0 ELSE crashes + 1 END, rerun = FALSE, lease_until = NULL,
            lease_owner = NULL
        WHERE id IN (
            SELECT id
            FROM jobs
            WHERE kind = $1
                AND ", abandoned!("$2"), "
                AND id NOT IN {list $3}
            {pg FOR UPDATE SKIP LOCKED}
        )
        RETURNING id, job_key, attempts, crashes, last_error");
    PUT_OFF = "
        UPDATE jobs
        SET run_at = $1, attempts = 0
        WHERE id = $2
            AND state = 'queued'";
    FAIL_WAITING = "
        UPDATE jobs
        SET state = 'failed', last_error = $1
        WHERE id = $2
            AND state = 'queued'";
    SERVED = "
        INSERT INTO job_turns (kind, fairness_key, turn)
        SELECT $1, $2, COALESCE(MAX(turn), 0) + 1
        FROM job_turns
        WHERE kind = $1
        ON CONFLICT (kind, fairness_key) DO UPDATE SET turn = excluded.turn";
    RENEW = "
        UPDATE jobs
        SET lease_until = $1
        WHERE id = $2
            AND state = 'running'
            AND lease_owner = $3";
    ONCE_MORE = "
        UPDATE jobs
        SET state = 'queued', attempts = 0, crashes = 0, rerun = FALSE, lease_until = NULL, lease_owner = NULL
        WHERE id = $1
            AND lease_owner = $2
            AND rerun";
    // Not where it was queued again: with READ COMMITTED a statement that waits for the transaction which queues it
    // looks once more.
    DONE = "
        DELETE FROM jobs
        WHERE id = $1
            AND lease_owner = $2
            AND NOT rerun";
    LATER = "
        UPDATE jobs
        SET state = 'queued', run_at = $1, attempts = 0, last_error = NULL, lease_until = NULL, lease_owner = NULL
        WHERE id = $2
            AND lease_owner = $3
            AND NOT rerun";
    // The next attempt is also that of a request that came while this one ran.
    AGAIN = "
        UPDATE jobs
        SET state = 'queued', run_at = $1, attempts = CASE WHEN rerun THEN 0 ELSE $2 END, rerun = FALSE,
            last_error = $3, lease_until = NULL, lease_owner = NULL
        WHERE id = $4
            AND lease_owner = $5";
    ENDED_WELL = "
        UPDATE jobs
        SET crashes = 0
        WHERE id = $1
            AND crashes > 0
            AND state = 'queued'";
    FAIL = "
        UPDATE jobs
        SET state = 'failed', last_error = $1, lease_until = NULL, lease_owner = NULL
        WHERE id = $2
            AND lease_owner = $3
            AND NOT rerun";
    HURRY = "
        UPDATE jobs
        SET priority = $1
        WHERE kind = $2
            AND job_key = $3
            AND priority > $1";
    WAKE = "
        UPDATE jobs
        SET run_at = $1
        WHERE kind = $2
            AND state = 'queued'
            AND attempts = 0
            AND run_at > $1";
    // $3: JSON array of keys.
    BRING_FORWARD = "
        UPDATE jobs
        SET run_at = $1
        WHERE kind = $2
            AND job_key IN {list $3}
            AND state = 'queued'
            AND attempts = 0
            AND run_at > $1";
    REMOVE = "
        DELETE FROM jobs
        WHERE kind = $1
            AND job_key = $2
            AND state <> 'failed'";
    // Both parameters are JSON arrays: the index is by kind, then key.
    FORGET = "DELETE FROM jobs WHERE kind IN {list $1} AND job_key IN {list $2}";
    HOLD = "
        UPDATE jobs
        SET run_at = run_at
        WHERE kind = $1
            AND job_key = $2
            AND lease_owner = $3";
}

/// Queues jobs in the caller's transaction.
pub async fn save(conn: Conn<'_>, jobs: &[NewJob], now: Timestamp) -> Result<(), DbError> {
    if jobs.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = jobs
        .iter()
        .map(|j| {
            serde_json::json!({ "id": JobId::random(), "kind": j.kind, "key": j.key, "priority": j.priority,
                "fairness_key": j.fairness_key, "size": j.size, "run_at": j.run_at, "now": now })
        })
        .collect();
    execute!(conn, SAVE, serde_json::Value::from(rows).to_string()).map(drop)
}

/// Queues a recurring job, where it is not queued yet.
pub(super) async fn schedule(conn: Conn<'_>, kind: &str, now: Timestamp) -> Result<(), DbError> {
    execute!(conn, SCHEDULE, JobId::random(), kind, RECURRING, USUAL, now).map(drop)
}

/// A claimed job.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Claimed {
    pub id: JobId,
    pub job_key: String,
    pub attempts: i64,
    pub priority: i64,
    pub fairness_key: Option<String>,
}

/// Due jobs of a kind.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Due {
    pub kind: String,
    /// Most urgent priority of waiting jobs; `None` where there are none.
    pub priority: Option<i64>,
    /// Smallest size of waiting jobs that have one.
    pub size: Option<i64>,
    /// Number of jobs that have lost their worker.
    pub abandoned: i64,
}

/// Returns the kinds with due jobs. Reads only, so that an idle node writes nothing.
pub(super) async fn due(db: &Db, now: Timestamp) -> Result<Vec<Due>, DbError> {
    let mut reader = db.read().await?;
    fetch_all!(reader.conn(), DUE => Due, now)
}

/// Limits of a claim.
pub(super) struct Claim<'a> {
    pub kind: &'a Kind,
    /// Maximum number of jobs.
    pub most: usize,
    /// Maximum priority value.
    pub priority: i64,
    /// Maximum size; jobs of unknown size only where it is `i64::MAX`.
    pub size: i64,
    /// Id of this claim, unique also on the same node.
    pub lease: &'a str,
}

/// Claims due jobs. The lease begins at the start of the transaction, however long that waited.
pub(super) async fn claim(db: &Db, clock: &SharedClock, wanted: Claim<'_>) -> Result<Vec<Claimed>, DbError> {
    let Claim { kind, most, priority, size, lease } = wanted;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let mut tx = db.begin().await?;
    let now = clock.now();
    let until = now.plus(kind.lease);
    let claimed = if kind.fair {
        fetch_all!(tx.conn(), CLAIM_FAIR => Claimed, until, lease, kind.name, now, priority, size, most)?
    } else {
        fetch_all!(tx.conn(), CLAIM => Claimed, until, lease, kind.name, now, priority, size, most)?
    };
    if kind.fair {
        for job in &claimed {
            execute!(tx.conn(), SERVED, kind.name, job.fairness_key.as_deref().unwrap_or_default())?;
        }
    }
    tx.commit().await?;
    Ok(claimed)
}

/// A job that has lost its worker.
#[derive(Debug, sqlx::FromRow)]
struct Abandoned {
    id: JobId,
    job_key: String,
    attempts: i64,
    crashes: i64,
    last_error: Option<String>,
}

impl Abandoned {
    /// Returns the reason why it is given up; `None` where it may be retried.
    fn reason(&self, kind: &Kind) -> Option<String> {
        let limit = i64::from(kind.max_attempts);
        if self.attempts < limit && self.crashes < limit {
            return None;
        }
        let times = if self.crashes == 1 { "once".to_owned() } else { format!("{} times", self.crashes) };
        let before = self.last_error.as_ref().map_or_else(String::new, |why| format!("; before that: {why}"));
        Some(format!("the program ended {times} while it worked on this {}{before}", kind.about))
    }
}

/// Requeues jobs that have lost their worker. One that has no attempts left is given up; a recurring one waits the
/// longer the more often it happened. Returns their number, except those in `at_work`.
pub(super) async fn return_abandoned(
    db: &Db,
    clock: &SharedClock,
    kind: &Kind,
    at_work: &[JobId],
) -> Result<usize, DbError> {
    let at_work = serde_json::json!(at_work).to_string();
    let mut tx = db.begin().await?;
    let now = clock.now();
    let found = fetch_all!(tx.conn(), RETURN_ABANDONED => Abandoned, kind.name, now, at_work)?;
    for job in &found {
        if kind.every.is_some() {
            let crashes = u32::try_from(job.crashes).unwrap_or(u32::MAX);
            execute!(tx.conn(), PUT_OFF, now.plus(pause_after(crashes)), &job.id)?;
        } else if let Some(why) = job.reason(kind) {
            tracing::warn!(kind = kind.name, why, "a job was given up");
            execute!(tx.conn(), FAIL_WAITING, &why, &job.id)?;
            kind.tell(tx.conn(), GivenUp { key: job.job_key.clone(), why, at: now }).await?;
        }
    }
    tx.commit().await?;
    Ok(found.len())
}

/// Makes a job urgent, as a user waits for it. False where there is none, or it is urgent already.
pub async fn hurry(db: &Db, kind: &str, key: &str) -> Result<bool, DbError> {
    let mut tx = db.begin().await?;
    let changed = execute!(tx.conn(), HURRY, URGENT, kind, key)?;
    tx.commit().await?;
    Ok(changed > 0)
}

/// Makes waiting jobs of a kind due, except failed attempts, in the caller's transaction: their condition is met.
/// Returns their number.
pub async fn wake(conn: Conn<'_>, kind: &str, now: Timestamp) -> Result<u64, DbError> {
    execute!(conn, WAKE, now, kind)
}

/// Makes the waiting jobs with these keys due, except failed attempts, in the caller's transaction.
pub async fn bring_forward(
    conn: Conn<'_>,
    kind: &str,
    keys: &[impl serde::Serialize],
    now: Timestamp,
) -> Result<(), DbError> {
    if keys.is_empty() {
        return Ok(());
    }
    execute!(conn, BRING_FORWARD, now, kind, serde_json::json!(keys).to_string()).map(drop)
}

/// Whether the job still belongs to this attempt. If so, it is locked until the caller's transaction ends: for work
/// that must not write obsolete results, or results that another worker writes now.
pub async fn hold(conn: Conn<'_>, kind: &str, job: &Running) -> Result<bool, DbError> {
    Ok(execute!(conn, HOLD, kind, &job.key, &job.lease)? > 0)
}

/// Removes a job from the queue in the caller's transaction; its worker is cancelled at the next renewal of the lease.
/// False where there is none, or it was given up already.
pub async fn remove(conn: Conn<'_>, kind: &str, key: &str) -> Result<bool, DbError> {
    Ok(execute!(conn, REMOVE, kind, key)? > 0)
}

/// Removes jobs of these kinds and keys from the queue, including failed ones, in the caller's transaction: their
/// subject was deleted.
pub async fn forget(conn: Conn<'_>, kinds: &[&str], keys: &[String]) -> Result<u64, DbError> {
    execute!(conn, FORGET, serde_json::json!(kinds).to_string(), serde_json::json!(keys).to_string())
}

/// Renews the lease; false where it was lost. The new one begins at the start of the transaction, however long that
/// waited.
pub(super) async fn renew(
    db: &Db,
    clock: &SharedClock,
    id: &JobId,
    lease: &str,
    length: Duration,
) -> Result<bool, DbError> {
    let mut tx = db.begin().await?;
    let kept = execute!(tx.conn(), RENEW, clock.now().plus(length), id, lease)?;
    tx.commit().await?;
    Ok(kept > 0)
}

pub(super) async fn done(db: &Db, id: &JobId, lease: &str) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    if execute!(tx.conn(), DONE, id, lease)? == 0 {
        execute!(tx.conn(), ONCE_MORE, id, lease)?;
    }
    tx.commit().await
}

/// Requeues a job that asks for a later time, or at once if it was queued again while it ran.
pub(super) async fn later(db: &Db, id: &JobId, lease: &str, at: Timestamp) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    if execute!(tx.conn(), LATER, at, id, lease)? == 0 {
        execute!(tx.conn(), ONCE_MORE, id, lease)?;
    }
    tx.commit().await
}

pub(super) async fn again(
    db: &Db,
    id: &JobId,
    lease: &str,
    at: Timestamp,
    attempts: i64,
    why: Option<&str>,
) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    execute!(tx.conn(), AGAIN, at, attempts, why, id, lease)?;
    tx.commit().await
}

/// Requeues a recurring job that has ended without ending the program.
pub(super) async fn come_back(db: &Db, id: &JobId, lease: &str, at: Timestamp) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    if execute!(tx.conn(), AGAIN, at, 0_i64, None::<&str>, id, lease)? > 0 {
        execute!(tx.conn(), ENDED_WELL, id)?;
    }
    tx.commit().await
}

/// Gives a job up, and runs its feature's handler in the same transaction. A job that was queued again while it ran
/// starts anew.
pub(super) async fn fail(db: &Db, kind: &Kind, id: &JobId, lease: &str, job: GivenUp) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    if execute!(tx.conn(), FAIL, &job.why, id, lease)? > 0 {
        kind.tell(tx.conn(), job).await?;
    } else {
        execute!(tx.conn(), ONCE_MORE, id, lease)?;
    }
    tx.commit().await
}
