//! SQL for operators: the backlog, and failed jobs.

use crate::clock::Timestamp;
use crate::database::{Db, DbError};
use crate::ids::JobId;
use crate::{execute, fetch_all, statements};

statements! {
    BACKLOG = "
        SELECT kind, state, COUNT(*), MIN(run_at)
        FROM jobs
        GROUP BY kind, state
        ORDER BY kind, state";
    FAILED = "
        SELECT id, kind, job_key, attempts, last_error
        FROM jobs
        WHERE state = 'failed'
        ORDER BY created_at DESC
        LIMIT 100";
    RETRY_FAILED = "
        UPDATE jobs
        SET state = 'queued', attempts = 0, crashes = 0, run_at = $1
        WHERE id = $2
            AND state = 'failed'";
}

/// Number of jobs of a kind in a state.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Backlog {
    /// Name of the kind.
    pub kind: String,
    /// State: `queued`, `running` or `failed`.
    pub state: String,
    /// Number of jobs.
    pub jobs: i64,
    /// Time at which the first of them was or is due.
    pub first_due: Option<Timestamp>,
}

/// Returns the numbers of waiting, running and failed jobs, by kind.
pub async fn backlog(db: &Db) -> Result<Vec<Backlog>, DbError> {
    let mut reader = db.read().await?;
    let rows = fetch_all!(reader.conn(), BACKLOG => (String, String, i64, Option<Timestamp>))?;
    Ok(rows.into_iter().map(|(kind, state, jobs, first_due)| Backlog { kind, state, jobs, first_due }).collect())
}

/// A failed job.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct FailedJob {
    /// Id.
    pub id: JobId,
    /// Kind.
    pub kind: String,
    /// Subject.
    pub job_key: String,
    /// Number of attempts.
    pub attempts: i64,
    /// Reason of the failure.
    pub last_error: Option<String>,
}

/// Returns the last hundred failed jobs.
pub async fn failed(db: &Db) -> Result<Vec<FailedJob>, DbError> {
    let mut reader = db.read().await?;
    fetch_all!(reader.conn(), FAILED => FailedJob)
}

/// Queues a failed job again; false where it is not among the failed any more.
pub async fn retry_failed(db: &Db, id: &JobId, now: Timestamp) -> Result<bool, DbError> {
    let mut tx = db.begin().await?;
    let changed = execute!(tx.conn(), RETRY_FAILED, now, id)?;
    tx.commit().await?;
    Ok(changed > 0)
}
