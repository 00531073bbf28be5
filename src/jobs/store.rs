//! The queue's statements.

use super::NewJob;
use crate::clock::Timestamp;
use crate::database::{Conn, Db, DbError};
use crate::ids::JobId;
use crate::{execute, fetch_all, statements};
use std::time::Duration;

statements! {
    // All at once: $1 is a JSON array of {id, kind, key, priority, run_at, now}.
    SAVE = sqlite "INSERT INTO jobs (id, kind, job_key, state, priority, run_at, attempts, created_at) \
        SELECT j.value->>'id', j.value->>'kind', j.value->>'key', 'queued', j.value->>'priority', j.value->>'run_at', 0, j.value->>'now' \
        FROM json_each($1) AS j WHERE true \
        ON CONFLICT (kind, job_key) DO UPDATE SET state = CASE WHEN jobs.state = 'failed' THEN 'queued' ELSE jobs.state END, \
        attempts = CASE WHEN jobs.state = 'failed' THEN 0 ELSE jobs.attempts END, run_at = excluded.run_at, \
        last_error = NULL, again = (jobs.state = 'running') WHERE jobs.state IN ('failed', 'running')",
      pg "INSERT INTO jobs (id, kind, job_key, state, priority, run_at, attempts, created_at) \
        SELECT j->>'id', j->>'kind', j->>'key', 'queued', (j->>'priority')::bigint, (j->>'run_at')::bigint, 0, (j->>'now')::bigint \
        FROM jsonb_array_elements($1::jsonb) AS j \
        ON CONFLICT (kind, job_key) DO UPDATE SET state = CASE WHEN jobs.state = 'failed' THEN 'queued' ELSE jobs.state END, \
        attempts = CASE WHEN jobs.state = 'failed' THEN 0 ELSE jobs.attempts END, run_at = excluded.run_at, \
        last_error = NULL, again = (jobs.state = 'running') WHERE jobs.state IN ('failed', 'running')";
    DUE = "SELECT DISTINCT kind FROM jobs \
        WHERE (state = 'queued' AND run_at <= $1) OR (state = 'running' AND lease_until < $1)";
    CLAIM = sqlite "UPDATE jobs SET state = 'running', lease_until = $1, lease_owner = $2, attempts = attempts + 1 \
        WHERE id IN (SELECT id FROM jobs WHERE kind = $3 AND ((state = 'queued' AND run_at <= $4) OR (state = 'running' AND lease_until < $4)) \
            ORDER BY priority, run_at LIMIT $5) \
        RETURNING id, job_key, attempts",
      pg "UPDATE jobs SET state = 'running', lease_until = $1, lease_owner = $2, attempts = attempts + 1 \
        WHERE id IN (SELECT id FROM jobs WHERE kind = $3 AND ((state = 'queued' AND run_at <= $4) OR (state = 'running' AND lease_until < $4)) \
            ORDER BY priority, run_at LIMIT $5 FOR UPDATE SKIP LOCKED) \
        RETURNING id, job_key, attempts";
    RENEW = "UPDATE jobs SET lease_until = $1 WHERE id = $2 AND state = 'running' AND lease_owner = $3";
    ONCE_MORE = "UPDATE jobs SET state = 'queued', attempts = 0, again = FALSE, lease_until = NULL, lease_owner = NULL \
        WHERE id = $1 AND lease_owner = $2 AND again";
    DONE = "DELETE FROM jobs WHERE id = $1 AND lease_owner = $2";
    AGAIN = "UPDATE jobs SET state = 'queued', run_at = $1, attempts = $2, last_error = $3, lease_until = NULL, lease_owner = NULL \
        WHERE id = $4 AND lease_owner = $5";
    FAIL = "UPDATE jobs SET state = 'failed', last_error = $1, lease_until = NULL, lease_owner = NULL WHERE id = $2 AND lease_owner = $3";
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
                "run_at": j.run_at, "now": now })
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
}

/// Which kinds have something to do. Reads only, so that an idle node writes nothing.
pub(super) async fn due(db: &Db, now: Timestamp) -> Result<Vec<String>, DbError> {
    let mut reader = db.read().await?;
    let kinds = fetch_all!(reader.conn(), DUE => (String,), now)?;
    Ok(kinds.into_iter().map(|(kind,)| kind).collect())
}

pub(super) async fn claim(
    db: &Db,
    kind: &str,
    most: usize,
    owner: &str,
    lease: Duration,
    now: Timestamp,
) -> Result<Vec<Claimed>, DbError> {
    let mut tx = db.begin().await?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let claimed = fetch_all!(tx.conn(), CLAIM => Claimed, now.plus(lease), owner, kind, now, most)?;
    tx.commit().await?;
    Ok(claimed)
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
