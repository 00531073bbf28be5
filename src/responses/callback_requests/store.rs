//! SQL of callback requests.

use crate::database::{Conn, DbError};
use crate::{execute, fetch_all, fetch_optional, statements};
use serde_json::json;

statements! {
    FIND = "
        SELECT sealed, CAST(CASE WHEN handed_off_on IS NULL THEN 0 ELSE 1 END AS BIGINT)
        FROM callback_requests
        WHERE id = $1";
    PUT = "
        INSERT INTO callback_requests (id, sealed, mix_passes)
        VALUES ($1, $2, 1)
        ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed
        WHERE callback_requests.handed_off_on IS NULL";
    REMOVE = "DELETE FROM callback_requests WHERE id = $1";
    // As with the ripening of answers: PostgreSQL rewrites the rows in a random order, since a heap keeps that of
    // arrival.
    GATHER = sqlite "
            UPDATE callback_requests
            SET mix_passes = 2
            WHERE handed_off_on IS NULL
                AND mix_passes < 2",
        pg "
            WITH taken AS (
                DELETE FROM callback_requests
                WHERE handed_off_on IS NULL
                    AND mix_passes < 2
                RETURNING id, sealed
            )
            INSERT INTO callback_requests (id, sealed, mix_passes)
            SELECT id, sealed, 2
            FROM taken
            ORDER BY random()";
    HAND_OVER = "
        UPDATE callback_requests
        SET handed_off_on = $1
        WHERE handed_off_on IS NULL
            AND mix_passes >= 2
        RETURNING id, sealed";
    PAGE = "
        SELECT id, sealed
        FROM callback_requests
        WHERE id > $1
        ORDER BY id
        LIMIT $2";
    // $1: JSON array of ids.
    FORGET = "DELETE FROM callback_requests WHERE id IN {list $1}";
    ERASE_ON = "UPDATE callback_requests SET erase_on = $2 WHERE id = $1";
    ERASE = "
        DELETE FROM callback_requests
        WHERE erase_on IS NOT NULL
            AND erase_on <= $1
        RETURNING id";
    // $1: JSON array of ids.
    THERE = "SELECT id FROM callback_requests WHERE id IN {list $1}";
}

fn firsts(rows: Vec<(String,)>) -> Vec<String> {
    rows.into_iter().map(|(first,)| first).collect()
}

/// Returns the sealed request, and whether it was handed over.
pub(super) async fn find(conn: Conn<'_>, id: &str) -> Result<Option<(String, bool)>, DbError> {
    let found = fetch_optional!(conn, FIND => (String, i64), id)?;
    Ok(found.map(|(sealed, handed)| (sealed, handed == 1)))
}

/// Returns false if it was already handed over.
pub(super) async fn put(conn: Conn<'_>, id: &str, sealed: &str) -> Result<bool, DbError> {
    Ok(execute!(conn, PUT, id, sealed)? > 0)
}

pub(super) async fn remove(conn: Conn<'_>, id: &str) -> Result<bool, DbError> {
    Ok(execute!(conn, REMOVE, id)? > 0)
}

/// Returns ids and sealed requests after `from`.
pub(super) async fn page(conn: Conn<'_>, from: &str, most: i64) -> Result<Vec<(String, String)>, DbError> {
    fetch_all!(conn, PAGE => (String, String), from, most)
}

pub(super) async fn forget(conn: Conn<'_>, ids: &[String]) -> Result<u64, DbError> {
    execute!(conn, FORGET, json!(ids).to_string())
}

pub(super) async fn gather(conn: Conn<'_>) -> Result<(), DbError> {
    execute!(conn, GATHER).map(drop)
}

pub(super) async fn hand_over(conn: Conn<'_>, day: &str) -> Result<Vec<(String, String)>, DbError> {
    fetch_all!(conn, HAND_OVER => (String, String), day)
}

pub(super) async fn erase_on(conn: Conn<'_>, id: &str, day: Option<&str>) -> Result<(), DbError> {
    execute!(conn, ERASE_ON, id, day).map(drop)
}

pub(super) async fn erase(conn: Conn<'_>, day: &str) -> Result<Vec<String>, DbError> {
    Ok(firsts(fetch_all!(conn, ERASE => (String,), day)?))
}

pub(super) async fn there(conn: Conn<'_>, ids: &[String]) -> Result<Vec<String>, DbError> {
    Ok(firsts(fetch_all!(conn, THERE => (String,), json!(ids).to_string())?))
}
