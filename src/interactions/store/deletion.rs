//! SQL of deletion: by age, or on request.

use crate::clock::Timestamp;
use crate::database::{Conn, DbError, Rows};
use crate::ids::InteractionId;
use crate::interactions::deletion::Reached;
use crate::{execute, fetch_all, fetch_one, statements};

statements! {
    // $2, $3: position of the last conversation, in the order of the index.
    WITH_RECORDINGS = "
        SELECT i.id, i.occurred_at
        FROM interactions i
        JOIN recordings r ON r.interaction_id = i.id
        WHERE i.occurred_at < $1
            AND i.occurred_at >= $2
            AND (i.occurred_at > $2 OR i.id < $3)
        ORDER BY i.occurred_at, i.id DESC
        LIMIT $4";
    TAKE_RECORDINGS = "
        DELETE FROM recordings
        WHERE interaction_id IN {list $1}
        RETURNING object_key";
    TAKE_PARTS = "
        DELETE FROM recording_parts
        WHERE interaction_id IN {list $1}
        RETURNING object_key";
    // Messages count as texts, as transcripts do.
    WITH_WORDS = "
        SELECT i.id, i.occurred_at
        FROM interactions i
        WHERE i.occurred_at < $1
            AND i.occurred_at >= $2
            AND (i.occurred_at > $2 OR i.id < $3)
            AND (EXISTS (SELECT 1 FROM transcripts t WHERE t.interaction_id = i.id)
                OR EXISTS (SELECT 1 FROM messages m WHERE m.interaction_id = i.id))
        ORDER BY i.occurred_at, i.id DESC
        LIMIT $4";
    // All occurrences of a conversation go together: a delivery of a later one would find no earlier one. A conversation
    // whose customer may still answer stays until its survey has closed: a rule may keep links open for
    // long.
    OLDER = "
        SELECT i.id
        FROM interactions i
        WHERE i.occurred_at < $1
            AND NOT EXISTS (
                SELECT 1
                FROM interactions o
                WHERE o.source = i.source
                    AND o.external_id = i.external_id
                    AND o.occurred_at >= $1
            )
            AND NOT EXISTS (
                SELECT 1
                FROM invitations v
                WHERE v.interaction_id = i.id
                    AND v.state <> 'closed'
                    AND v.address_hash <> ''
            )
        ORDER BY i.occurred_at
        LIMIT $2";
    COUNT_RECORDINGS = "
        SELECT COUNT(*)
        FROM recordings r
        JOIN interactions i ON i.id = r.interaction_id
        WHERE i.occurred_at < $1";
    COUNT_WITH_WORDS = "
        SELECT COUNT(*)
        FROM interactions i
        WHERE i.occurred_at < $1
            AND (EXISTS (SELECT 1 FROM transcripts t WHERE t.interaction_id = i.id)
                OR EXISTS (SELECT 1 FROM messages m WHERE m.interaction_id = i.id))";
    COUNT_OLDER = "SELECT COUNT(*) FROM interactions WHERE occurred_at < $1";
    REMOVE_MESSAGES = "DELETE FROM messages WHERE interaction_id IN {list $1}";
    // Waits for uploads in progress, so that none adds a file unnoticed.
    LOCK = "
        SELECT id
        FROM interactions
        WHERE id IN {list $1}
        {pg ORDER BY id FOR UPDATE}";
    OCCURRENCES = "
        SELECT DISTINCT o.id
        FROM interactions i
        JOIN interactions o ON o.source = i.source
            AND o.external_id = i.external_id
        WHERE i.id IN {list $1}
        ORDER BY o.id";
    NAMES = "SELECT DISTINCT source, external_id FROM interactions WHERE id IN {list $1}";
    REMOVE = "DELETE FROM interactions WHERE id IN {list $1}";
    WITH_CUSTOMER = "
        SELECT id, customer_email
        FROM interactions
        WHERE customer_email IS NOT NULL
            AND id > $1
        ORDER BY id
        LIMIT $2";
    // The address waits for a survey that never becomes due: the conversation was never reported as over, or its
    // outcome word was never mapped.
    STALE = "
        UPDATE interactions
        SET customer_email = NULL, customer_phone = NULL, customer_name = NULL, survey_state = 'skipped',
            survey_reason = CASE WHEN survey_reason = 'unknown_outcome' THEN survey_reason ELSE 'never_final' END,
            updated_at = $1
        WHERE id IN (
            SELECT id
            FROM interactions
            WHERE (survey_state = 'waiting' OR survey_reason = 'unknown_outcome')
                AND (customer_email IS NOT NULL OR customer_phone IS NOT NULL OR customer_name IS NOT NULL)
                AND updated_at < $2
            LIMIT $3
        )";
}

fn json(ids: &[InteractionId]) -> String {
    serde_json::json!(ids).to_string()
}

fn firsts<T>(rows: Vec<(T,)>) -> Vec<T> {
    rows.into_iter().map(|(first,)| first).collect()
}

/// Returns conversations before then that have a recording, after the position.
pub(in crate::interactions) async fn with_recordings(
    conn: Conn<'_>,
    before: Timestamp,
    reached: &Reached,
    most: i64,
) -> Result<Vec<(InteractionId, Timestamp)>, DbError> {
    fetch_all!(conn, WITH_RECORDINGS => (InteractionId, Timestamp), before, reached.at, &reached.id, most)
}

/// Deletes the rows of these conversations' recordings and their parts; returns the names of their files.
pub(in crate::interactions) async fn take_recordings(
    mut conn: Conn<'_>,
    ids: &[InteractionId],
) -> Result<Vec<String>, DbError> {
    let mut keys = firsts(fetch_all!(conn.reborrow(), TAKE_RECORDINGS => (String,), json(ids))?);
    keys.extend(firsts(fetch_all!(conn, TAKE_PARTS => (String,), json(ids))?));
    // The recording of one part is its file.
    keys.sort_unstable();
    keys.dedup();
    Ok(keys)
}

/// Returns conversations before then that have texts, after the position.
pub(in crate::interactions) async fn with_words(
    conn: Conn<'_>,
    before: Timestamp,
    reached: &Reached,
    most: i64,
) -> Result<Vec<(InteractionId, Timestamp)>, DbError> {
    fetch_all!(conn, WITH_WORDS => (InteractionId, Timestamp), before, reached.at, &reached.id, most)
}

pub(in crate::interactions) async fn older(
    conn: Conn<'_>,
    before: Timestamp,
    most: i64,
) -> Result<Vec<InteractionId>, DbError> {
    Ok(firsts(fetch_all!(conn, OLDER => (InteractionId,), before, most)?))
}

/// Returns the number of recordings before then; the next two count conversations with texts, and all conversations.
pub(in crate::interactions) async fn count_recordings(conn: Conn<'_>, before: Timestamp) -> Result<i64, DbError> {
    Ok(fetch_one!(conn, COUNT_RECORDINGS => (i64,), before)?.0)
}

pub(in crate::interactions) async fn count_with_words(conn: Conn<'_>, before: Timestamp) -> Result<i64, DbError> {
    Ok(fetch_one!(conn, COUNT_WITH_WORDS => (i64,), before)?.0)
}

pub(in crate::interactions) async fn count_older(conn: Conn<'_>, before: Timestamp) -> Result<i64, DbError> {
    Ok(fetch_one!(conn, COUNT_OLDER => (i64,), before)?.0)
}

pub(in crate::interactions) async fn remove_messages(conn: Conn<'_>, ids: &[InteractionId]) -> Result<u64, DbError> {
    execute!(conn, REMOVE_MESSAGES, json(ids))
}

/// Returns all occurrences of these conversations.
pub(in crate::interactions) async fn occurrences(
    conn: Conn<'_>,
    ids: &[InteractionId],
) -> Result<Vec<InteractionId>, DbError> {
    Ok(firsts(fetch_all!(conn, OCCURRENCES => (InteractionId,), json(ids))?))
}

/// Returns source and external id of these conversations, each once.
pub(in crate::interactions) async fn names(conn: Conn<'_>, ids: &[InteractionId]) -> Rows<(String, String)> {
    fetch_all!(conn, NAMES => (String, String), json(ids))
}

/// Deletes them with all dependent rows; returns the names of their recordings in the store.
pub(in crate::interactions) async fn remove(mut conn: Conn<'_>, ids: &[InteractionId]) -> Result<Vec<String>, DbError> {
    fetch_all!(conn.reborrow(), LOCK => (InteractionId,), json(ids))?;
    let keys = take_recordings(conn.reborrow(), ids).await?;
    execute!(conn, REMOVE, json(ids))?;
    Ok(keys)
}

/// Returns conversations after `from` whose customer is still stored, with the sealed address.
pub(in crate::interactions) async fn with_customer(
    conn: Conn<'_>,
    from: &str,
    most: i64,
) -> Result<Vec<(InteractionId, String)>, DbError> {
    fetch_all!(conn, WITH_CUSTOMER => (InteractionId, String), from, most)
}

/// Erases customers that will get no survey, as their conversation had no update since then; returns their number.
pub(in crate::interactions) async fn erase_stale(
    conn: Conn<'_>,
    untouched_since: Timestamp,
    most: i64,
    now: Timestamp,
) -> Result<u64, DbError> {
    execute!(conn, STALE, now, untouched_since, most)
}
