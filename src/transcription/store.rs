//! SQL of transcripts.

pub(super) mod alternatives;
pub(super) mod checkpoints;
pub(super) mod corrections;
pub(super) mod deletion;
pub(super) mod queue;

use super::{Segment, Speaker, State, Stored, Transcript};
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::InteractionId;
use crate::masking::Span;
use crate::{execute, fetch_all, fetch_optional, statements};

statements! {
    // The progress is kept while it waits; the transcript of a deleted interaction is not created.
    SET_STATE = "
        INSERT INTO transcripts (interaction_id, state, progress, reason, updated_at)
        SELECT i.id, $2, 0, $3, $4
        FROM interactions i
        WHERE i.id = $1
        ON CONFLICT (interaction_id) DO UPDATE SET state = excluded.state, reason = excluded.reason,
            updated_at = excluded.updated_at,
            progress = CASE WHEN excluded.state IN ('waiting', 'running')
                AND transcripts.state IN ('waiting', 'running') THEN transcripts.progress ELSE 0 END";
    SET_PROGRESS = "
        UPDATE transcripts
        SET progress = $1, updated_at = $2
        WHERE interaction_id = $3
            AND state = 'running'";
    FINISH = "
        INSERT INTO transcripts (
            interaction_id, state, progress, model, language, take, took_ms, notes, speech, updated_at
        )
        VALUES ($1, 'done', 1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (interaction_id) DO UPDATE SET state = 'done', progress = 1, reason = NULL,
            model = excluded.model, language = excluded.language, take = excluded.take, took_ms = excluded.took_ms,
            notes = excluded.notes, speech = excluded.speech, updated_at = excluded.updated_at";
    WAIT_AGAIN = "
        UPDATE transcripts
        SET state = 'waiting', updated_at = $1
        WHERE interaction_id = $2
            AND state = 'running'";
    CLEAR_SEGMENTS = "DELETE FROM segments WHERE interaction_id = $1";
    // $2 is a JSON array of {seq, start_ms, end_ms, speaker, text, confidence, words, masks}.
    ADD_SEGMENTS = "
        INSERT INTO segments (interaction_id, seq, start_ms, end_ms, speaker, text, confidence, words, masks)
        SELECT $1, CAST(j.value->>'seq' AS BIGINT), CAST(j.value->>'start_ms' AS BIGINT),
            CAST(j.value->>'end_ms' AS BIGINT), j.value->>'speaker', j.value->>'text',
            CAST(j.value->>'confidence' AS DOUBLE PRECISION), j.value->>'words', j.value->>'masks'
        FROM {rows $2} AS j";
    FIND = "
        SELECT state, progress, reason, model, language, take, took_ms, notes, speech
        FROM transcripts
        WHERE interaction_id = $1";
    STATES = "SELECT interaction_id, state FROM transcripts WHERE interaction_id IN {list $1}";
    SEGMENTS = "
        SELECT start_ms, end_ms, speaker, text, confidence, words, masks
        FROM segments
        WHERE interaction_id = $1
        ORDER BY seq";
    SET_SPEECH = "
        UPDATE transcripts
        SET speech = $1
        WHERE interaction_id = $2
            AND state = $3
            AND COALESCE(take, '') = $4";
    // $1 is a JSON array of {from, to}.
    RENAME_SPEAKERS = "
        UPDATE segments
        SET speaker = COALESCE(
            (SELECT j.value->>'to' FROM {rows $1} AS j WHERE j.value->>'from' = segments.speaker), speaker
        )
        WHERE interaction_id = $2";
    FORGET_MASKS = "UPDATE segments SET masks = NULL WHERE interaction_id = $1";
}

pub(super) async fn set_state(
    conn: Conn<'_>,
    id: &InteractionId,
    state: State,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<(), DbError> {
    execute!(conn, SET_STATE, id, state.code(), reason, now).map(drop)
}

pub(super) async fn set_progress(
    conn: Conn<'_>,
    id: &InteractionId,
    progress: f32,
    now: Timestamp,
) -> Result<(), DbError> {
    execute!(conn, SET_PROGRESS, f64::from(progress), now, id).map(drop)
}

/// Resets an interrupted transcript to waiting. One that a user stopped stays stopped.
pub(super) async fn wait_again(conn: Conn<'_>, id: &InteractionId, now: Timestamp) -> Result<(), DbError> {
    execute!(conn, WAIT_AGAIN, now, id).map(drop)
}

/// A transcript, with data on its transcription.
pub(super) struct Finished {
    pub transcript: Transcript,
    pub take: String,
    /// Duration of the transcription, ms.
    pub took_ms: Option<i64>,
}

/// Replaces the transcript. `masks` has one entry for each segment; without masks they are detected at the next read.
pub(super) async fn finish(
    mut conn: Conn<'_>,
    id: &InteractionId,
    finished: &Finished,
    masks: &[Vec<Span>],
    now: Timestamp,
) -> Result<(), DbError> {
    let Finished { transcript: t, take, took_ms } = finished;
    let notes = serde_json::json!(t.notes).to_string();
    let speech = serde_json::json!(t.speech).to_string();
    execute!(conn.reborrow(), FINISH, id, &t.model, &t.language, take, took_ms, notes, speech, now)?;
    execute!(conn.reborrow(), CLEAR_SEGMENTS, id)?;
    let row = |(seq, s): (usize, &Segment)| {
        let masks = masks.get(seq).map(|masks| serde_json::json!(masks).to_string());
        serde_json::json!({ "masks": masks, "seq": seq, "start_ms": s.start_ms, "end_ms": s.end_ms, "speaker": s.speaker, "text": s.text,
            "confidence": s.confidence, "words": serde_json::json!(s.words).to_string() })
    };
    let rows: Vec<_> = t.segments.iter().enumerate().map(row).collect();
    execute!(conn, ADD_SEGMENTS, id, serde_json::Value::from(rows).to_string()).map(drop)
}

#[derive(sqlx::FromRow)]
struct Row {
    state: String,
    progress: f64,
    reason: Option<String>,
    model: Option<String>,
    language: Option<String>,
    take: Option<String>,
    took_ms: Option<i64>,
    notes: Option<String>,
    speech: Option<String>,
}

pub(super) async fn find(conn: Conn<'_>, id: &InteractionId) -> Result<Option<Stored>, DbError> {
    let row = fetch_optional!(conn, FIND => Row, id)?;
    Ok(row.map(|row| Stored {
        state: State::from(row.state),
        progress: row.progress.clamp(0.0, 1.0) as f32,
        reason: row.reason,
        model: row.model,
        language: row.language,
        take: row.take.unwrap_or_default(),
        took_ms: row.took_ms,
        notes: row.notes.and_then(|notes| serde_json::from_str(&notes).ok()).unwrap_or_default(),
        speech: row.speech.and_then(|speech| serde_json::from_str(&speech).ok()).unwrap_or_default(),
        segments: Vec::new(),
        corrections: Vec::new(),
        masks: Vec::new(),
    }))
}

pub(super) async fn states(conn: Conn<'_>, ids: &[InteractionId]) -> Result<Vec<(InteractionId, State)>, DbError> {
    let rows = fetch_all!(conn, STATES => (InteractionId, String), serde_json::json!(ids).to_string())?;
    Ok(rows.into_iter().map(|(id, state)| (id, State::from(state))).collect())
}

/// Sets the speakers of a transcript as it was read; `pairs`: JSON array of {from, to}. Returns false where it has
/// changed since: it may have been finished.
pub(super) async fn rename_speakers(
    mut conn: Conn<'_>,
    id: &InteractionId,
    read: &Stored,
    pairs: &serde_json::Value,
) -> Result<bool, DbError> {
    let speech = serde_json::json!(read.speech).to_string();
    // The row is locked: no other transaction replaces the segments any more.
    if execute!(conn.reborrow(), SET_SPEECH, speech, id, read.state.code(), &read.take)? == 0 {
        return Ok(false);
    }
    execute!(conn, RENAME_SPEAKERS, pairs.to_string(), id).map(|_| true)
}

/// Deletes the masks; they are detected again at the next read.
pub(super) async fn forget_masks(conn: Conn<'_>, id: &InteractionId) -> Result<(), DbError> {
    execute!(conn, FORGET_MASKS, id).map(drop)
}

#[derive(sqlx::FromRow)]
struct SegmentRow {
    start_ms: i64,
    end_ms: i64,
    speaker: String,
    text: String,
    confidence: Option<f64>,
    words: String,
    masks: Option<String>,
}

/// Returns the unmasked segments, and their masks; `None` where they have not been detected yet.
pub(super) async fn segments(
    conn: Conn<'_>,
    id: &InteractionId,
) -> Result<(Vec<Segment>, Option<Vec<Vec<Span>>>), DbError> {
    let rows = fetch_all!(conn, SEGMENTS => SegmentRow, id)?;
    let ms = |value: i64| u64::try_from(value).unwrap_or_default();
    // An unreadable mask counts as not detected: detecting again is the safe side.
    let masks = rows.iter().map(|row| serde_json::from_str(row.masks.as_deref()?).ok()).collect();
    let segment = |row: SegmentRow| Segment {
        start_ms: ms(row.start_ms),
        end_ms: ms(row.end_ms),
        speaker: row.speaker.parse().unwrap_or(Speaker::Unknown),
        text: row.text,
        confidence: row.confidence.unwrap_or_default() as f32,
        words: serde_json::from_str(&row.words).unwrap_or_default(),
    };
    Ok((rows.into_iter().map(segment).collect(), masks))
}
