//! SQL of recordings.

use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::InteractionId;
use crate::interactions::recordings::Recording;
use crate::{execute, fetch_optional, statements};

statements! {
    RECORDING = "
        SELECT r.interaction_id, r.object_key, r.bytes, r.sha256, r.format, r.media_type, r.channels, r.speakers,
            r.sent_speakers, r.staff_set_speakers, r.assembled_from, r.sample_rate, r.duration_ms, r.peaks,
            r.missing_since, i.customer_locale AS locale
        FROM recordings r
        JOIN interactions i ON i.id = r.interaction_id
        WHERE r.interaction_id = $1";
    PUT_RECORDING = "
        INSERT INTO recordings (
            interaction_id, object_key, bytes, sha256, format, media_type, channels, speakers, sample_rate,
            duration_ms, peaks, stored_at, sent_speakers, staff_set_speakers, assembled_from
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULL, $11, $12, $13, $14)
        ON CONFLICT (interaction_id) DO UPDATE SET object_key = excluded.object_key, bytes = excluded.bytes,
            sha256 = excluded.sha256, format = excluded.format, media_type = excluded.media_type,
            channels = excluded.channels, speakers = excluded.speakers, sent_speakers = excluded.sent_speakers,
            staff_set_speakers = excluded.staff_set_speakers, assembled_from = excluded.assembled_from,
            sample_rate = excluded.sample_rate,
            duration_ms = excluded.duration_ms, peaks = NULL, stored_at = excluded.stored_at, missing_since = NULL";
    SET_PEAKS = "
        UPDATE recordings
        SET duration_ms = $1, peaks = $2
        WHERE interaction_id = $3
            AND object_key = $4";
    SET_SPEAKERS = "
        UPDATE recordings
        SET speakers = $1, staff_set_speakers = $2
        WHERE interaction_id = $3
            AND object_key = $4
            AND speakers = $5";
    HOLD_VERSION = "
        SELECT interaction_id
        FROM recordings
        WHERE interaction_id = $1
            AND object_key = $2
            AND speakers = $3
            AND staff_set_speakers = $4
        {pg FOR SHARE}";
    SET_SENT_SPEAKERS = "
        UPDATE recordings
        SET sent_speakers = $1
        WHERE object_key = $2";
    KEY_IN_USE = "
        SELECT interaction_id
        FROM recordings
        WHERE object_key = $1
        UNION
        SELECT interaction_id
        FROM recording_parts
        WHERE object_key = $1";
    REMOVE_RECORDING = "DELETE FROM recordings WHERE interaction_id = $1";
}

pub(in crate::interactions) async fn recording(
    conn: Conn<'_>,
    id: &InteractionId,
) -> Result<Option<Recording>, DbError> {
    fetch_optional!(conn, RECORDING => Recording, id)
}

pub(in crate::interactions) async fn put_recording(
    conn: Conn<'_>,
    r: &Recording,
    now: Timestamp,
) -> Result<(), DbError> {
    execute!(
        conn,
        PUT_RECORDING,
        &r.interaction_id,
        &r.object_key,
        r.bytes,
        &r.sha256,
        &r.format,
        &r.media_type,
        r.channels,
        &r.speakers,
        r.sample_rate,
        r.duration_ms,
        now,
        &r.sent_speakers,
        r.staff_set_speakers,
        &r.assembled_from
    )
    .map(drop)
}

/// Stores the results of reading through, unless another recording was stored meanwhile.
pub(in crate::interactions) async fn set_peaks(
    conn: Conn<'_>,
    r: &Recording,
    duration_ms: i64,
    peaks: &str,
) -> Result<u64, DbError> {
    execute!(conn, SET_PEAKS, duration_ms, peaks, &r.interaction_id, &r.object_key)
}

/// Returns false if another recording, or other speakers, were stored meanwhile.
pub(in crate::interactions) async fn set_speakers(
    conn: Conn<'_>,
    r: &Recording,
    speakers: &str,
    by_staff: bool,
) -> Result<bool, DbError> {
    Ok(execute!(conn, SET_SPEAKERS, speakers, by_staff, &r.interaction_id, &r.object_key, &r.speakers)? > 0)
}

/// Locks a recording as it was read until the transaction ends. Returns false if it, or its speakers, have changed
/// since.
pub(in crate::interactions) async fn hold_version(conn: Conn<'_>, r: &Recording) -> Result<bool, DbError> {
    let row = fetch_optional!(conn, HOLD_VERSION => (InteractionId,), &r.interaction_id, &r.object_key, &r.speakers, r.staff_set_speakers)?;
    Ok(row.is_some())
}

/// Stores the speakers named by the sender of the recording with this file, if there is one.
pub(in crate::interactions) async fn set_sent_speakers(
    conn: Conn<'_>,
    object_key: &str,
    sent: Option<&str>,
) -> Result<(), DbError> {
    execute!(conn, SET_SENT_SPEAKERS, sent, object_key).map(drop)
}

pub(in crate::interactions) async fn remove_recording(conn: Conn<'_>, id: &InteractionId) -> Result<(), DbError> {
    execute!(conn, REMOVE_RECORDING, id).map(drop)
}

/// Whether a recording or a part has the file of this name.
pub(in crate::interactions) async fn key_in_use(conn: Conn<'_>, object_key: &str) -> Result<bool, DbError> {
    Ok(fetch_optional!(conn, KEY_IN_USE => (InteractionId,), object_key)?.is_some())
}
