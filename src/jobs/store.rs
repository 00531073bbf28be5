//! The queue's statements.

use super::{Kind, NewJob, URGENT};
use crate::clock::Timestamp;
use crate::database::{Conn, Db, DbError};
use crate::ids::JobId;
use crate::{execute, fetch_all, statements};

/// It is time for it, or whoever had it is gone.
macro_rules! due {
    ($now:literal) => {
        concat!("((state = 'queued' AND run_at <= ", $now, ") OR (state = 'running' AND lease_until < ", $now, "))")
    };
}

macro_rules! taken {
    () => {
        "UPDATE jobs SET state = 'running', lease_until = $1, lease_owner = $2, attempts = attempts + 1 WHERE id IN "
    };
}

macro_rules! in_turn {
    ($kind:literal, $now:literal, $priority:literal, $most:literal) => {
        concat!(
            "SELECT line.id FROM (SELECT id, priority, run_at, COALESCE(share, '') AS share, \
             ROW_NUMBER() OVER (PARTITION BY priority, COALESCE(share, '') ORDER BY run_at, id) AS place \
             FROM jobs WHERE kind = ",
            $kind,
            " AND ",
            due!($now),
            " AND priority <= ",
            $priority,
            ") AS line LEFT JOIN job_turns t ON t.kind = ",
            $kind,
            " AND t.share = line.share \
             ORDER BY line.priority, line.place, COALESCE(t.turn, 0), line.run_at, line.id LIMIT ",
            $most
        )
    };
}

statements! {
    // All at once: $1 is a JSON array of {id, kind, key, priority, share, run_at, now}.
    SAVE = sqlite "INSERT INTO jobs (id, kind, job_key, state, priority, share, run_at, attempts, created_at) \
        SELECT j.value->>'id', j.value->>'kind', j.value->>'key', 'queued', j.value->>'priority', j.value->>'share', j.value->>'run_at', 0, j.value->>'now' \
        FROM json_each($1) AS j WHERE true \
        ON CONFLICT (kind, job_key) DO UPDATE SET state = CASE WHEN jobs.state = 'failed' THEN 'queued' ELSE jobs.state END, \
        attempts = CASE WHEN jobs.state = 'failed' THEN 0 ELSE jobs.attempts END, run_at = excluded.run_at, \
        priority = excluded.priority, share = excluded.share, \
        last_error = NULL, again = (jobs.state = 'running') WHERE jobs.state IN ('failed', 'running')",
      pg "INSERT INTO jobs (id, kind, job_key, state, priority, share, run_at, attempts, created_at) \
        SELECT j->>'id', j->>'kind', j->>'key', 'queued', (j->>'priority')::bigint, j->>'share', (j->>'run_at')::bigint, 0, (j->>'now')::bigint \
        FROM jsonb_array_elements($1::jsonb) AS j \
        ON CONFLICT (kind, job_key) DO UPDATE SET state = CASE WHEN jobs.state = 'failed' THEN 'queued' ELSE jobs.state END, \
        attempts = CASE WHEN jobs.state = 'failed' THEN 0 ELSE jobs.attempts END, run_at = excluded.run_at, \
        priority = excluded.priority, share = excluded.share, \
        last_error = NULL, again = (jobs.state = 'running') WHERE jobs.state IN ('failed', 'running')";
    DUE = concat!("SELECT kind, MIN(priority) FROM jobs WHERE ", due!("$1"), " GROUP BY kind");
    CLAIM = sqlite concat!(taken!(), "(SELECT id FROM jobs WHERE kind = $3 AND ", due!("$4"), " AND priority <= $5 \
            ORDER BY priority, run_at LIMIT $6) RETURNING id, job_key, attempts, priority, share"),
      pg concat!(taken!(), "(SELECT id FROM jobs WHERE kind = $3 AND ", due!("$4"), " AND priority <= $5 \
            ORDER BY priority, run_at LIMIT $6 FOR UPDATE SKIP LOCKED) RETURNING id, job_key, attempts, priority, share");
    // The first of each share, those first that were served longest ago; then the second of each.
    CLAIM_FAIR = sqlite concat!(taken!(), "(", in_turn!("$3", "$4", "$5", "$6"), ") RETURNING id, job_key, attempts, priority, share"),
      pg concat!(taken!(), "(SELECT id FROM jobs WHERE id IN (", in_turn!("$3", "$4", "$5", "$6"), ") AND ", due!("$4"), " \
            FOR UPDATE SKIP LOCKED) RETURNING id, job_key, attempts, priority, share");
    SERVED = "INSERT INTO job_turns (kind, share, turn) \
        SELECT $1, $2, COALESCE(MAX(turn), 0) + 1 FROM job_turns WHERE kind = $1 \
        ON CONFLICT (kind, share) DO UPDATE SET turn = excluded.turn";
    RENEW = "UPDATE jobs SET lease_until = $1 WHERE id = $2 AND state = 'running' AND lease_owner = $3";
    ONCE_MORE = "UPDATE jobs SET state = 'queued', attempts = 0, again = FALSE, lease_until = NULL, lease_owner = NULL \
        WHERE id = $1 AND lease_owner = $2 AND again";
    DONE = "DELETE FROM jobs WHERE id = $1 AND lease_owner = $2";
    AGAIN = "UPDATE jobs SET state = 'queued', run_at = $1, attempts = $2, last_error = $3, lease_until = NULL, lease_owner = NULL \
        WHERE id = $4 AND lease_owner = $5";
    FAIL = "UPDATE jobs SET state = 'failed', last_error = $1, lease_until = NULL, lease_owner = NULL WHERE id = $2 AND lease_owner = $3";
    HURRY = "UPDATE jobs SET priority = $1 WHERE kind = $2 AND job_key = $3 AND priority > $1";
    REMOVE = "DELETE FROM jobs WHERE kind = $1 AND job_key = $2 AND state <> 'failed'";
    // Both JSON arrays: the index is by kind, then key.
    FORGET = sqlite "DELETE FROM jobs WHERE kind IN (SELECT value FROM json_each($1)) AND job_key IN (SELECT value FROM json_each($2))",
        pg "DELETE FROM jobs WHERE kind IN (SELECT jsonb_array_elements_text($1::jsonb)) AND job_key IN (SELECT jsonb_array_elements_text($2::jsonb))";
    HOLD = "UPDATE jobs SET run_at = run_at WHERE kind = $1 AND job_key = $2";
    BACKLOG = "SELECT kind, state, COUNT(*), MIN(run_at) FROM jobs GROUP BY kind, state ORDER BY kind, state";
    FAILED = "SELECT id, kind, job_key, attempts, last_error FROM jobs WHERE state = 'failed' ORDER BY created_at DESC LIMIT 100";
    RETRY_FAILED = "UPDATE jobs SET state = 'queued', attempts = 0, run_at = $1 WHERE id = $2 AND state = 'failed'";
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
                "share": j.share, "run_at": j.run_at, "now": now })
        })
        .collect();
    execute!(conn, SAVE, serde_json::Value::from(rows).to_string()).map(drop)
}

/// A job that a node has taken.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Claimed {
    pub id: JobId,
    pub job_key: String,
    pub attempts: i64,
    pub priority: i64,
    pub share: Option<String>,
}

/// Which kinds have something to do, and the most urgent priority among it. Reads only, so that an idle node writes
/// nothing.
pub(super) async fn due(db: &Db, now: Timestamp) -> Result<Vec<(String, i64)>, DbError> {
    let mut reader = db.read().await?;
    fetch_all!(reader.conn(), DUE => (String, i64), now)
}

/// What a node would take.
pub(super) struct Claim<'a> {
    pub kind: &'a Kind,
    /// So many at most.
    pub most: usize,
    /// Only up to this priority.
    pub priority: i64,
    pub owner: &'a str,
}

pub(super) async fn claim(db: &Db, wanted: Claim<'_>, now: Timestamp) -> Result<Vec<Claimed>, DbError> {
    let Claim { kind, most, priority, owner } = wanted;
    let (until, most) = (now.plus(kind.lease), i64::try_from(most).unwrap_or(i64::MAX));
    let mut tx = db.begin().await?;
    let statement = if kind.fair { CLAIM_FAIR } else { CLAIM };
    let claimed = fetch_all!(tx.conn(), statement => Claimed, until, owner, kind.name, now, priority, most)?;
    if kind.fair {
        for job in &claimed {
            execute!(tx.conn(), SERVED, kind.name, job.share.as_deref().unwrap_or_default())?;
        }
    }
    tx.commit().await?;
    Ok(claimed)
}

/// Somebody waits for this job: it goes before those of usual priority. False where there is none, or it is urgent already.
pub async fn hurry(db: &Db, kind: &str, key: &str) -> Result<bool, DbError> {
    let mut tx = db.begin().await?;
    let changed = execute!(tx.conn(), HURRY, URGENT, kind, key)?;
    tx.commit().await?;
    Ok(changed > 0)
}

/// Is this job still in the queue? Where it is, nobody takes it out before the caller's transaction has ended: for work
/// that must not write down what nobody wants any more.
pub async fn hold(conn: Conn<'_>, kind: &str, key: &str) -> Result<bool, DbError> {
    Ok(execute!(conn, HOLD, kind, key)? > 0)
}

/// Takes a job out of the queue in the caller's transaction; whoever works on it is told at the next renewal of the lease.
/// False where there is none, or it was given up already.
pub async fn remove(conn: Conn<'_>, kind: &str, key: &str) -> Result<bool, DbError> {
    Ok(execute!(conn, REMOVE, kind, key)? > 0)
}

/// Takes jobs of these kinds about these keys out of the queue, those that were given up too, in the caller's transaction:
/// what they are about is gone.
pub async fn forget(conn: Conn<'_>, kinds: &[&str], keys: &[String]) -> Result<u64, DbError> {
    execute!(conn, FORGET, serde_json::json!(kinds).to_string(), serde_json::json!(keys).to_string())
}

/// False where the lease was lost.
pub(super) async fn renew(db: &Db, id: &JobId, owner: &str, until: Timestamp) -> Result<bool, DbError> {
    let mut tx = db.begin().await?;
    let kept = execute!(tx.conn(), RENEW, until, id, owner)?;
    tx.commit().await?;
    Ok(kept > 0)
}

pub(super) async fn done(db: &Db, id: &JobId, owner: &str) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    if execute!(tx.conn(), ONCE_MORE, id, owner)? == 0 {
        execute!(tx.conn(), DONE, id, owner)?;
    }
    tx.commit().await
}

pub(super) async fn again(
    db: &Db,
    id: &JobId,
    owner: &str,
    at: Timestamp,
    attempts: i64,
    why: Option<&str>,
) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    execute!(tx.conn(), AGAIN, at, attempts, why, id, owner)?;
    tx.commit().await
}

pub(super) async fn fail(db: &Db, id: &JobId, owner: &str, why: &str) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    execute!(tx.conn(), FAIL, why, id, owner)?;
    tx.commit().await
}

/// How many jobs of a kind are in a state.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Backlog {
    /// The kind's name.
    pub kind: String,
    /// `queued`, `running` or `failed`.
    pub state: String,
    /// How many.
    pub jobs: i64,
    /// When the first of them was or is due.
    pub first_due: Option<Timestamp>,
}

/// What waits, runs and failed, by kind.
pub async fn backlog(db: &Db) -> Result<Vec<Backlog>, DbError> {
    let mut reader = db.read().await?;
    let rows = fetch_all!(reader.conn(), BACKLOG => (String, String, i64, Option<Timestamp>))?;
    Ok(rows.into_iter().map(|(kind, state, jobs, first_due)| Backlog { kind, state, jobs, first_due }).collect())
}

/// A job that was given up.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct FailedJob {
    /// Its id.
    pub id: JobId,
    /// Its kind.
    pub kind: String,
    /// What it was about.
    pub job_key: String,
    /// How often it was tried.
    pub attempts: i64,
    /// Why the last try failed.
    pub last_error: Option<String>,
}

/// The last hundred jobs that were given up.
pub async fn failed(db: &Db) -> Result<Vec<FailedJob>, DbError> {
    let mut reader = db.read().await?;
    fetch_all!(reader.conn(), FAILED => FailedJob)
}

/// Gives a failed job new tries; false where it is not among the failed any more.
pub async fn retry_failed(db: &Db, id: &JobId, now: Timestamp) -> Result<bool, DbError> {
    let mut tx = db.begin().await?;
    let changed = execute!(tx.conn(), RETRY_FAILED, now, id)?;
    tx.commit().await?;
    Ok(changed > 0)
}
