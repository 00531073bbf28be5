//! SQL of measures.

use super::Measures;
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::InteractionId;
use crate::{execute, fetch_all, fetch_optional, statements};

statements! {
    FIND = "SELECT detail FROM measures WHERE interaction_id = $1";
    PUT = "
        INSERT INTO measures (interaction_id, rules_version, dead_air_after_ms, detail, measured_at)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (interaction_id) DO UPDATE SET rules_version = excluded.rules_version,
            dead_air_after_ms = excluded.dead_air_after_ms, detail = excluded.detail,
            measured_at = excluded.measured_at";
    REMOVE = "DELETE FROM measures WHERE interaction_id = $1";
    // Interactions with words that were not measured, or by other rules; ordered by id.
    UNMEASURED = "
        SELECT w.id
        FROM (
            SELECT interaction_id AS id
            FROM transcripts
            WHERE state = 'done'
                AND interaction_id > $1
            UNION
            SELECT interaction_id
            FROM messages
            WHERE seq = 0
                AND interaction_id > $1
        ) AS w
        LEFT JOIN measures m ON m.interaction_id = w.id
        WHERE m.interaction_id IS NULL
            OR m.rules_version <> $2
            OR m.dead_air_after_ms <> $3
        ORDER BY w.id
        LIMIT $4";
}

pub(super) async fn find(conn: Conn<'_>, id: &InteractionId) -> Result<Option<Measures>, DbError> {
    let row = fetch_optional!(conn, FIND => (String,), id)?;
    // Written by other rules: nothing is shown until it is measured again.
    Ok(row.and_then(|(detail,)| serde_json::from_str(&detail).ok()))
}

pub(super) async fn put(
    conn: Conn<'_>,
    id: &InteractionId,
    measures: &Measures,
    (rules, dead_air_ms): (i64, i64),
    now: Timestamp,
) -> Result<(), DbError> {
    let detail = serde_json::json!(measures).to_string();
    execute!(conn, PUT, id, rules, dead_air_ms, detail, now).map(drop)
}

pub(super) async fn remove(conn: Conn<'_>, id: &InteractionId) -> Result<(), DbError> {
    execute!(conn, REMOVE, id).map(drop)
}

/// Returns at most `most` ids after `after`.
pub(super) async fn unmeasured(
    conn: Conn<'_>,
    after: &str,
    (rules, dead_air_ms): (i64, i64),
    most: i64,
) -> Result<Vec<InteractionId>, DbError> {
    let rows = fetch_all!(conn, UNMEASURED => (InteractionId,), after, rules, dead_air_ms, most)?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
