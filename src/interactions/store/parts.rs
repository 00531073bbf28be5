//! SQL of the parts of recordings.

use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::InteractionId;
use crate::interactions::recordings::Part;
use crate::{execute, fetch_all, statements};

statements! {
    PARTS = "
        SELECT interaction_id, part AS name, seq, object_key, bytes, sha256, format, media_type, channels, speakers,
            sent_speakers, sample_rate, duration_ms, offset_ms, missing_since
        FROM recording_parts
        WHERE interaction_id = $1
        ORDER BY seq";
    PUT_PART = "
        INSERT INTO recording_parts (
            interaction_id, part, seq, object_key, bytes, sha256, format, media_type, channels, speakers,
            sent_speakers, sample_rate, duration_ms, offset_ms, stored_at
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
        ON CONFLICT (interaction_id, part) DO UPDATE SET object_key = excluded.object_key, bytes = excluded.bytes,
            sha256 = excluded.sha256, format = excluded.format, media_type = excluded.media_type,
            channels = excluded.channels, speakers = excluded.speakers, sent_speakers = excluded.sent_speakers,
            sample_rate = excluded.sample_rate, duration_ms = excluded.duration_ms, offset_ms = excluded.offset_ms,
            stored_at = excluded.stored_at, missing_since = NULL";
    SET_PLACE = "
        UPDATE recording_parts
        SET speakers = $1, sent_speakers = $2, offset_ms = $3
        WHERE interaction_id = $4
            AND part = $5
            AND object_key = $6";
    SET_PART_SPEAKERS = "
        UPDATE recording_parts
        SET speakers = $1
        WHERE object_key = $2";
    REMOVE_PART = "
        DELETE FROM recording_parts
        WHERE interaction_id = $1
            AND part = $2";
}

/// Returns the parts of a recording in the order of their first receipt.
pub(in crate::interactions) async fn list(conn: Conn<'_>, id: &InteractionId) -> Result<Vec<Part>, DbError> {
    fetch_all!(conn, PARTS => Part, id)
}

/// Adds a part or replaces its file.
pub(in crate::interactions) async fn put(conn: Conn<'_>, p: &Part, now: Timestamp) -> Result<(), DbError> {
    execute!(
        conn,
        PUT_PART,
        &p.interaction_id,
        &p.name,
        p.seq,
        &p.object_key,
        p.bytes,
        &p.sha256,
        &p.format,
        &p.media_type,
        p.channels,
        &p.speakers,
        &p.sent_speakers,
        p.sample_rate,
        p.duration_ms,
        p.offset_ms,
        now
    )
    .map(drop)
}

/// Stores speakers and offset of a part. Returns false if its file was replaced meanwhile.
pub(in crate::interactions) async fn set_place(conn: Conn<'_>, p: &Part) -> Result<bool, DbError> {
    let changed = execute!(
        conn,
        SET_PLACE,
        &p.speakers,
        &p.sent_speakers,
        p.offset_ms,
        &p.interaction_id,
        &p.name,
        &p.object_key
    )?;
    Ok(changed > 0)
}

/// Stores the speakers of the part with this file, if there is one.
pub(in crate::interactions) async fn set_speakers(
    conn: Conn<'_>,
    object_key: &str,
    speakers: &str,
) -> Result<(), DbError> {
    execute!(conn, SET_PART_SPEAKERS, speakers, object_key).map(drop)
}

pub(in crate::interactions) async fn remove(conn: Conn<'_>, p: &Part) -> Result<(), DbError> {
    execute!(conn, REMOVE_PART, &p.interaction_id, &p.name).map(drop)
}
