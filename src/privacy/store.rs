//! SQL of erasure and retention: counts of a conversation's rows, and the log of removals.

use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::InteractionId;
use crate::{execute, fetch_all, fetch_one, fetch_optional, statements};

/// Counts the rows of a table that belong to the conversations $1 (a JSON array of ids).
macro_rules! rows_of {
    (sqlite $table:literal) => {
        concat!("(SELECT COUNT(*) FROM ", $table, " WHERE interaction_id IN (SELECT value FROM json_each($1)))")
    };
    (pg $table:literal) => {
        concat!(
            "(SELECT COUNT(*) FROM ",
            $table,
            " WHERE interaction_id IN (SELECT jsonb_array_elements_text($1::jsonb)))"
        )
    };
}

macro_rules! hanging {
    ($db:tt) => {
        concat!(
            "SELECT ",
            rows_of!($db "recordings"),
            " AS recordings, ",
            rows_of!($db "transcripts"),
            " AS transcripts, ",
            rows_of!($db "messages"),
            " AS messages, ",
            rows_of!($db "measures"),
            " AS measures, ",
            rows_of!($db "search_lines"),
            " AS lines, ",
            rows_of!($db "invitations"),
            " AS invitations, ",
            rows_of!($db "clips"),
            " AS clips"
        )
    };
}

statements! {
    HANGING = sqlite hanging!(sqlite), pg hanging!(pg);
    NOTE = "INSERT INTO retention_log (day, what, n, at) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (day, what) DO UPDATE SET n = retention_log.n + excluded.n, at = excluded.at";
    LOG = "SELECT day, what, n, at FROM retention_log WHERE n > 0 AND what <> 'run' ORDER BY day DESC, what LIMIT $1";
    LAST = "SELECT at FROM retention_log WHERE what = 'run' ORDER BY at DESC LIMIT 1";
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
