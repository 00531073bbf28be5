//! SQL of checkpoints of unfinished transcripts. Reads jobs and recordings; writes neither.

use crate::database::{Conn, DbError};
use crate::ids::InteractionId;
use crate::transcription::HeardWindow;
use crate::{execute, fetch_all, statements};

statements! {
    // $5 is a JSON array of {seq, content, took_ms}.
    ADD = "
        INSERT INTO transcript_checkpoints (interaction_id, kind, recording, settings, seq, content, took_ms)
        SELECT $1, $2, $3, $4, CAST(j.value->>'seq' AS BIGINT), j.value->>'content',
            CAST(j.value->>'took_ms' AS BIGINT)
        FROM {rows $5} AS j
        WHERE true
        ON CONFLICT DO NOTHING";
    FIND = "
        SELECT content, took_ms
        FROM transcript_checkpoints
        WHERE interaction_id = $1
            AND kind = $2
        ORDER BY seq";
    REMOVE_OTHERS = "
        DELETE FROM transcript_checkpoints
        WHERE interaction_id = $1
            AND kind = $2
            AND (recording <> $3 OR settings <> $4)";
    REMOVE = "DELETE FROM transcript_checkpoints WHERE interaction_id = $1 AND kind = $2";
    REMOVE_STALE = "
        DELETE FROM transcript_checkpoints
        WHERE NOT EXISTS (
            SELECT 1
            FROM recordings r
            WHERE r.interaction_id = transcript_checkpoints.interaction_id
                AND r.object_key = transcript_checkpoints.recording
        )
            OR NOT EXISTS (
                SELECT 1
                FROM jobs j
                WHERE j.kind = transcript_checkpoints.kind
                    AND j.job_key = transcript_checkpoints.interaction_id
            )";
}

/// Version of windows: those of another recording or with other settings are useless.
pub(in crate::transcription) struct Version<'a> {
    pub kind: &'a str,
    /// Name of the recording in the store: each upload has its own.
    pub recording: &'a str,
    pub settings: &'a str,
}

/// Adds windows, and the total time spent on them.
pub(in crate::transcription) async fn add(
    conn: Conn<'_>,
    id: &InteractionId,
    of: &Version<'_>,
    windows: &[HeardWindow],
    took_ms: i64,
) -> Result<(), DbError> {
    let row = |(at, window): (usize, &HeardWindow)| {
        let took_ms = if at == 0 { took_ms } else { 0 };
        serde_json::json!({ "seq": window.seq, "content": serde_json::json!(window).to_string(), "took_ms": took_ms })
    };
    let rows: Vec<_> = windows.iter().enumerate().map(row).collect();
    let rows = serde_json::Value::from(rows).to_string();
    execute!(conn, ADD, id, of.kind, of.recording, of.settings, rows).map(drop)
}

/// Returns the windows of this version, in order, and the time spent on them, ms. Windows of other versions are
/// deleted.
pub(in crate::transcription) async fn take_up(
    mut conn: Conn<'_>,
    id: &InteractionId,
    of: &Version<'_>,
) -> Result<(Vec<HeardWindow>, i64), DbError> {
    execute!(conn.reborrow(), REMOVE_OTHERS, id, of.kind, of.recording, of.settings)?;
    let rows = fetch_all!(conn, FIND => (String, i64), id, of.kind)?;
    let took_ms = rows.iter().map(|(_, took_ms)| took_ms).sum();
    // An unreadable window is transcribed again.
    Ok((rows.iter().filter_map(|(content, _)| serde_json::from_str(content).ok()).collect(), took_ms))
}

/// Deletes the windows of a kind of job for a recording.
pub(in crate::transcription) async fn remove(conn: Conn<'_>, id: &InteractionId, kind: &str) -> Result<(), DbError> {
    execute!(conn, REMOVE, id, kind).map(drop)
}

/// Deletes windows without a recording or a job; returns their number.
pub(in crate::transcription) async fn remove_stale(conn: Conn<'_>) -> Result<u64, DbError> {
    execute!(conn, REMOVE_STALE)
}
