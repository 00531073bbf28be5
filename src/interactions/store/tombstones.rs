//! SQL of tombstones.

use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::{execute, fetch_all, statements};

statements! {
    // $1: JSON array of hashes.
    AMONG = "SELECT id_hash FROM tombstones WHERE id_hash IN {list $1}";
    // $1: JSON array of {hash}.
    PUT = "
        INSERT INTO tombstones (id_hash, erased_at)
        SELECT j.value->>'hash', $2
        FROM {rows $1} AS j
        WHERE true
        ON CONFLICT (id_hash) DO UPDATE SET erased_at = excluded.erased_at";
    FORGET = "
        DELETE FROM tombstones
        WHERE id_hash IN (
            SELECT id_hash
            FROM tombstones
            WHERE erased_at < $1
            LIMIT $2
        )";
}

/// Returns those of these hashes that are stored.
pub(in crate::interactions) async fn among(conn: Conn<'_>, hashes: &[&str]) -> Result<Vec<String>, DbError> {
    let rows = fetch_all!(conn, AMONG => (String,), serde_json::json!(hashes).to_string())?;
    Ok(rows.into_iter().map(|(hash,)| hash).collect())
}

pub(in crate::interactions) async fn put(conn: Conn<'_>, hashes: &[String], day: Timestamp) -> Result<(), DbError> {
    let rows = hashes.iter().map(|hash| serde_json::json!({ "hash": hash }));
    execute!(conn, PUT, serde_json::Value::from_iter(rows).to_string(), day).map(drop)
}

pub(in crate::interactions) async fn forget(conn: Conn<'_>, before: Timestamp, most: i64) -> Result<u64, DbError> {
    execute!(conn, FORGET, before, most)
}
