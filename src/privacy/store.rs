//! SQL of erasure and retention: counts of a conversation's rows, and the log of removals.

use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::InteractionId;
use crate::{execute, fetch_all, fetch_one, fetch_optional, statements};

statements! {
    HANGING = "
        SELECT (SELECT COUNT(*) FROM recordings WHERE interaction_id IN {list $1}) AS recordings,
            (SELECT COUNT(*) FROM transcripts WHERE interaction_id IN {list $1}) AS transcripts,
            (SELECT COUNT(*) FROM messages WHERE interaction_id IN {list $1}) AS messages,
            (SELECT COUNT(*) FROM measures WHERE interaction_id IN {list $1}) AS measures,
            (SELECT COUNT(*) FROM search_lines WHERE interaction_id IN {list $1}) AS lines,
            (SELECT COUNT(*) FROM invitations WHERE interaction_id IN {list $1}) AS invitations,
            (SELECT COUNT(*) FROM clips WHERE interaction_id IN {list $1}) AS clips";
    NOTE = "
        INSERT INTO retention_log (day, what, n, at)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (day, what) DO UPDATE SET n = retention_log.n + excluded.n, at = excluded.at";
    LOG = "
        SELECT day, what, n, at
        FROM retention_log
        WHERE n > 0
            AND what <> 'run'
        ORDER BY day DESC, what
        LIMIT $1";
    LAST = "
        SELECT at
        FROM retention_log
        WHERE what = 'run'
        ORDER BY at DESC
        LIMIT 1";
    // The log is kept for a year.
    TRIM = "DELETE FROM retention_log WHERE day < $1";
}

/// Numbers of rows that belong to some conversations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct Hanging {
    pub recordings: i64,
    pub transcripts: i64,
    pub messages: i64,
    pub measures: i64,
    pub lines: i64,
    pub invitations: i64,
    pub clips: i64,
}

/// Removals of a day.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct LogRow {
    pub day: String,
    pub what: String,
    pub n: i64,
    pub at: Timestamp,
}

pub(super) async fn hanging(conn: Conn<'_>, ids: &[InteractionId]) -> Result<Hanging, DbError> {
    fetch_one!(conn, HANGING => Hanging, serde_json::json!(ids).to_string())
}

pub(super) async fn note(conn: Conn<'_>, day: &str, what: &str, n: i64, now: Timestamp) -> Result<(), DbError> {
    execute!(conn, NOTE, day, what, n, now).map(drop)
}

pub(super) async fn log(conn: Conn<'_>, most: i64) -> Result<Vec<LogRow>, DbError> {
    fetch_all!(conn, LOG => LogRow, most)
}

pub(super) async fn last_run(conn: Conn<'_>) -> Result<Option<Timestamp>, DbError> {
    Ok(fetch_optional!(conn, LAST => (Timestamp,))?.map(|(at,)| at))
}

pub(super) async fn trim(conn: Conn<'_>, before_day: &str) -> Result<(), DbError> {
    execute!(conn, TRIM, before_day).map(drop)
}
