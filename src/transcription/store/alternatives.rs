//! SQL of alternative transcripts.

use super::Finished;
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::InteractionId;
use crate::transcription::alternatives::AlternativeTranscript;
use crate::transcription::{Segment, State, Transcript};
use crate::{execute, fetch_optional, statements};

statements! {
    PUT = "
        INSERT INTO alternative_transcripts (
            interaction_id, take, state, progress, model, language, segments, asked_by, updated_at
        )
        VALUES ($1, $2, 'waiting', 0, $3, $4, '[]', $5, $6)
        ON CONFLICT (interaction_id) DO UPDATE SET take = excluded.take, state = 'waiting', progress = 0,
            reason = NULL, model = excluded.model, language = excluded.language, segments = '[]', took_ms = NULL,
            notes = NULL, speech = NULL, asked_by = excluded.asked_by, updated_at = excluded.updated_at";
    FIND = "
        SELECT take, state, progress, reason, model, language, segments, took_ms, notes, speech, asked_by
        FROM alternative_transcripts
        WHERE interaction_id = $1";
    SET_STATE = "
        UPDATE alternative_transcripts
        SET state = $1, progress = $2, reason = $3, updated_at = $4
        WHERE interaction_id = $5
            AND take = $6";
    SET_PROGRESS = "
        UPDATE alternative_transcripts
        SET progress = $1, updated_at = $2
        WHERE interaction_id = $3
            AND state = 'running'";
    WAIT_AGAIN = "
        UPDATE alternative_transcripts
        SET state = 'waiting', updated_at = $1
        WHERE interaction_id = $2
            AND state = 'running'";
    GIVE_UP = "
        UPDATE alternative_transcripts
        SET state = 'failed', progress = 0, reason = $1, updated_at = $2
        WHERE interaction_id = $3
            AND state IN ('waiting', 'running')";
    FINISH = "
        UPDATE alternative_transcripts
        SET state = 'done', progress = 1, reason = NULL, language = $1, segments = $2, took_ms = $3, notes = $4,
            speech = $5, updated_at = $6
        WHERE interaction_id = $7
            AND take = $8";
    SET_SPEAKERS = "
        UPDATE alternative_transcripts
        SET segments = $1, speech = $2
        WHERE interaction_id = $3
            AND take = $4
            AND state = $5";
    DROP = "DELETE FROM alternative_transcripts WHERE interaction_id = $1";
    // Replaces all of it at once with the transcript that was current.
    REPLACE = "
        UPDATE alternative_transcripts
        SET take = $1, state = 'done', progress = 1, reason = NULL, model = $2, language = $3, segments = $4,
            took_ms = $5, notes = $6, speech = $7, asked_by = $8, updated_at = $9
        WHERE interaction_id = $10";
}

#[derive(sqlx::FromRow)]
struct Row {
    take: String,
    state: String,
    progress: f64,
    reason: Option<String>,
    model: String,
    language: Option<String>,
    segments: String,
    took_ms: Option<i64>,
    notes: Option<String>,
    speech: Option<String>,
    asked_by: String,
}

/// Adds a request for one; replaces an existing one.
pub(in crate::transcription) async fn put(
    conn: Conn<'_>,
    id: &InteractionId,
    take: &str,
    wanted: (&str, Option<&str>),
    asked_by: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    execute!(conn, PUT, id, take, wanted.0, wanted.1, asked_by, now).map(drop)
}

pub(in crate::transcription) async fn find(
    conn: Conn<'_>,
    id: &InteractionId,
) -> Result<Option<AlternativeTranscript>, DbError> {
    let row = fetch_optional!(conn, FIND => Row, id)?;
    Ok(row.map(|row| AlternativeTranscript {
        take: row.take,
        state: State::from(row.state),
        progress: row.progress.clamp(0.0, 1.0) as f32,
        reason: row.reason,
        model: row.model,
        language: row.language,
        segments: serde_json::from_str::<Vec<Segment>>(&row.segments).unwrap_or_default(),
        took_ms: row.took_ms,
        notes: row.notes.and_then(|notes| serde_json::from_str(&notes).ok()).unwrap_or_default(),
        speech: row.speech.and_then(|speech| serde_json::from_str(&speech).ok()).unwrap_or_default(),
        asked_by: row.asked_by,
    }))
}

/// Changes the state, only where it is still this transcript.
pub(in crate::transcription) async fn set_state(
    conn: Conn<'_>,
    id: &InteractionId,
    take: &str,
    (state, progress, reason): (State, f32, Option<&str>),
    now: Timestamp,
) -> Result<(), DbError> {
    execute!(conn, SET_STATE, state.code(), f64::from(progress), reason, now, id, take).map(drop)
}

pub(in crate::transcription) async fn set_progress(
    conn: Conn<'_>,
    id: &InteractionId,
    progress: f32,
    now: Timestamp,
) -> Result<(), DbError> {
    execute!(conn, SET_PROGRESS, f64::from(progress), now, id).map(drop)
}

/// Resets an interrupted one to waiting.
pub(in crate::transcription) async fn wait_again(
    conn: Conn<'_>,
    id: &InteractionId,
    now: Timestamp,
) -> Result<(), DbError> {
    execute!(conn, WAIT_AGAIN, now, id).map(drop)
}

/// Records that its job was given up.
pub(in crate::transcription) async fn give_up(
    conn: Conn<'_>,
    id: &InteractionId,
    why: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    execute!(conn, GIVE_UP, why, now, id).map(drop)
}

/// Stores the result, only where it is still this transcript.
pub(in crate::transcription) async fn finish(
    conn: Conn<'_>,
    id: &InteractionId,
    take: &str,
    (transcript, took_ms): (&Transcript, i64),
    now: Timestamp,
) -> Result<(), DbError> {
    let (segments, notes) = (serde_json::json!(transcript.segments), serde_json::json!(transcript.notes));
    let (language, speech) = (&transcript.language, serde_json::json!(transcript.speech).to_string());
    execute!(conn, FINISH, language, segments.to_string(), took_ms, notes.to_string(), speech, now, id, take).map(drop)
}

/// Sets the speakers of a transcript as it was read. Returns false where it has changed since: it may have been
/// finished.
pub(in crate::transcription) async fn set_speakers(
    conn: Conn<'_>,
    id: &InteractionId,
    read: &AlternativeTranscript,
) -> Result<bool, DbError> {
    let (segments, speech) = (serde_json::json!(read.segments), serde_json::json!(read.speech));
    let (segments, speech, state) = (segments.to_string(), speech.to_string(), read.state.code());
    Ok(execute!(conn, SET_SPEAKERS, segments, speech, id, &read.take, state)? > 0)
}

/// Deletes it; false where there was none.
pub(in crate::transcription) async fn drop_alternative(conn: Conn<'_>, id: &InteractionId) -> Result<bool, DbError> {
    Ok(execute!(conn, DROP, id)? > 0)
}

/// Replaces the alternative transcript with the one that was current.
pub(in crate::transcription) async fn replace(
    conn: Conn<'_>,
    id: &InteractionId,
    shown: &Finished,
    by: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let t = &shown.transcript;
    let (segments, notes) = (serde_json::json!(t.segments).to_string(), serde_json::json!(t.notes).to_string());
    let speech = serde_json::json!(t.speech).to_string();
    execute!(conn, REPLACE, &shown.take, &t.model, &t.language, segments, shown.took_ms, notes, speech, by, now, id)
        .map(drop)
}
