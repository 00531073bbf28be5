//! SQL of recordings and their files: files without a row, rows without a file.

use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::InteractionId;
use crate::{execute, fetch_all, fetch_one, statements};

statements! {
    PAGE = "
        SELECT object_key, missing_since
        FROM recordings
        WHERE object_key > $1
        UNION
        SELECT object_key, missing_since
        FROM recording_parts
        WHERE object_key > $1
        ORDER BY object_key
        LIMIT $2";
    // $1: JSON array of names in the folder.
    NAMED = "
        SELECT object_key
        FROM recordings
        WHERE object_key IN {list $1}
        UNION
        SELECT object_key
        FROM recording_parts
        WHERE object_key IN {list $1}";
    MARK_MISSING = "
        UPDATE recordings
        SET missing_since = $2
        WHERE missing_since IS NULL
            AND object_key IN {list $1}";
    MARK_PARTS_MISSING = "
        UPDATE recording_parts
        SET missing_since = $2
        WHERE missing_since IS NULL
            AND object_key IN {list $1}";
    MARK_FOUND = "
        UPDATE recordings
        SET missing_since = NULL
        WHERE missing_since IS NOT NULL
            AND object_key IN {list $1}";
    MARK_PARTS_FOUND = "
        UPDATE recording_parts
        SET missing_since = NULL
        WHERE missing_since IS NOT NULL
            AND object_key IN {list $1}";
    COUNT_MISSING = "
        SELECT COUNT(*)
        FROM (
            SELECT interaction_id
            FROM recordings
            WHERE missing_since IS NOT NULL
            UNION
            SELECT interaction_id
            FROM recording_parts
            WHERE missing_since IS NOT NULL
        ) AS missing";
    MISSING = "
        SELECT interaction_id
        FROM (
            SELECT interaction_id, missing_since
            FROM recordings
            WHERE missing_since IS NOT NULL
            UNION ALL
            SELECT interaction_id, missing_since
            FROM recording_parts
            WHERE missing_since IS NOT NULL
        ) AS missing
        GROUP BY interaction_id
        ORDER BY MIN(missing_since), interaction_id
        LIMIT $1";
}

/// A row to compare with the folder.
#[derive(Debug, sqlx::FromRow)]
pub(in crate::interactions) struct FileRow {
    pub object_key: String,
    pub missing_since: Option<Timestamp>,
}

fn json(names: &[String]) -> String {
    serde_json::json!(names).to_string()
}

/// Returns rows of recordings and parts after the name `from`; one file may have two.
pub(in crate::interactions) async fn page(conn: Conn<'_>, from: &str, max: i64) -> Result<Vec<FileRow>, DbError> {
    fetch_all!(conn, PAGE => FileRow, from, max)
}

/// Returns those of these file names that the row of a recording or a part has.
pub(in crate::interactions) async fn named(conn: Conn<'_>, names: &[String]) -> Result<Vec<String>, DbError> {
    let rows = fetch_all!(conn, NAMED => (String,), json(names))?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

pub(in crate::interactions) async fn mark_missing(
    mut conn: Conn<'_>,
    names: &[String],
    now: Timestamp,
) -> Result<(), DbError> {
    execute!(conn.reborrow(), MARK_MISSING, json(names), now)?;
    execute!(conn, MARK_PARTS_MISSING, json(names), now).map(drop)
}

pub(in crate::interactions) async fn mark_found(mut conn: Conn<'_>, names: &[String]) -> Result<(), DbError> {
    execute!(conn.reborrow(), MARK_FOUND, json(names))?;
    execute!(conn, MARK_PARTS_FOUND, json(names)).map(drop)
}

pub(in crate::interactions) async fn count_missing(conn: Conn<'_>) -> Result<i64, DbError> {
    Ok(fetch_one!(conn, COUNT_MISSING => (i64,))?.0)
}

/// Returns interactions whose recording, or a part of it, has no file, in the order of detection.
pub(in crate::interactions) async fn missing(conn: Conn<'_>, max: i64) -> Result<Vec<InteractionId>, DbError> {
    let rows = fetch_all!(conn, MISSING => (InteractionId,), max)?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
