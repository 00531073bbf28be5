//! SQL of the queue and of the speed of transcription. Reads jobs and recordings; writes neither.

use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::InteractionId;
use crate::transcription::queue::{FinishedTranscript, Waiting};
use crate::{fetch_all, fetch_one, fetch_optional, statements};

statements! {
    // A recording of unknown length counts as 0 ms.
    BACKLOG = "
        SELECT COUNT(*), CAST(COALESCE(SUM(r.duration_ms), 0) AS BIGINT), MIN(j.run_at)
        FROM jobs j
        LEFT JOIN recordings r ON r.interaction_id = j.job_key
        WHERE j.kind = $1
            AND j.state = 'queued'";
    RUNNING = "
        SELECT j.job_key, r.duration_ms, j.priority, COALESCE(t.progress, 0.0) AS progress, t.reason, i.occurred_at,
            COALESCE(a.name, a.external_id) AS agent, m.name AS team
        FROM jobs j
        JOIN interactions i ON i.id = j.job_key
        LEFT JOIN recordings r ON r.interaction_id = j.job_key
        LEFT JOIN transcripts t ON t.interaction_id = j.job_key
        LEFT JOIN agents a ON a.id = i.agent_id
        LEFT JOIN teams m ON m.id = i.team_id
        WHERE j.kind = $1
            AND j.state = 'running'
        ORDER BY j.run_at
        LIMIT 50";
    NEXT = "
        SELECT j.job_key, r.duration_ms, j.priority,
            CASE WHEN t.state = 'waiting' THEN t.progress ELSE 0.0 END AS progress, t.reason, i.occurred_at,
            COALESCE(a.name, a.external_id) AS agent, m.name AS team
        FROM jobs j
        JOIN interactions i ON i.id = j.job_key
        LEFT JOIN recordings r ON r.interaction_id = j.job_key
        LEFT JOIN transcripts t ON t.interaction_id = j.job_key
        LEFT JOIN agents a ON a.id = i.agent_id
        LEFT JOIN teams m ON m.id = i.team_id
        WHERE j.kind = $1
            AND j.state = 'queued'
        ORDER BY j.priority, j.run_at
        LIMIT 25";
    DONE_LATELY = "
        SELECT t.updated_at, t.took_ms, r.duration_ms
        FROM transcripts t
        JOIN recordings r ON r.interaction_id = t.interaction_id
        WHERE t.state = 'done'
            AND t.took_ms > 0
            AND r.duration_ms > 0
        ORDER BY t.updated_at DESC
        LIMIT 100";
    TEAM_OF = "SELECT team_id FROM interactions WHERE id = $1";
}

/// Returns the number of waiting recordings, their total length in ms, and the time at which the first became due.
pub(in crate::transcription) async fn backlog(
    conn: Conn<'_>,
    kind: &str,
) -> Result<(i64, i64, Option<Timestamp>), DbError> {
    fetch_one!(conn, BACKLOG => (i64, i64, Option<Timestamp>), kind)
}

pub(in crate::transcription) async fn running(conn: Conn<'_>, kind: &str) -> Result<Vec<Waiting>, DbError> {
    fetch_all!(conn, RUNNING => Waiting, kind)
}

/// Returns the next 25: the most urgent first, then the oldest. Teams alternate among them.
pub(in crate::transcription) async fn next(conn: Conn<'_>, kind: &str) -> Result<Vec<Waiting>, DbError> {
    fetch_all!(conn, NEXT => Waiting, kind)
}

/// Returns the last hundred transcripts.
pub(in crate::transcription) async fn done_lately(conn: Conn<'_>) -> Result<Vec<FinishedTranscript>, DbError> {
    fetch_all!(conn, DONE_LATELY => FinishedTranscript)
}

/// Returns the team whose turn the interaction's job counts for.
pub(in crate::transcription) async fn team_of(conn: Conn<'_>, id: &InteractionId) -> Result<Option<String>, DbError> {
    let row = fetch_optional!(conn, TEAM_OF => (Option<String>,), id)?;
    Ok(row.and_then(|(team,)| team))
}
