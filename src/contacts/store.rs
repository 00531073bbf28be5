//! SQL of contacts and of the last import.

use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::{execute, fetch_one, fetch_optional, statements};

statements! {
    // $1: JSON array of {phone, sealed, address}.
    PUT = "
        INSERT INTO contacts (phone_hash, contact_sealed, address_hash)
        SELECT j.value->>'phone', j.value->>'sealed', j.value->>'address'
        FROM {rows $1} AS j
        WHERE true
        ON CONFLICT (phone_hash) DO UPDATE SET contact_sealed = excluded.contact_sealed,
            address_hash = excluded.address_hash";
    FIND = "SELECT contact_sealed FROM contacts WHERE phone_hash = $1";
    COUNT = "SELECT COUNT(*) FROM contacts";
    REMOVE = "DELETE FROM contacts WHERE phone_hash IN {list $1}";
    REMOVE_ALL = "DELETE FROM contacts";
    OF_ADDRESS = "SELECT COUNT(*) FROM contacts WHERE address_hash = $1";
    REMOVE_ADDRESS = "DELETE FROM contacts WHERE address_hash = $1";
    FORGET_IMPORT = "DELETE FROM contact_imports";
    NOTE_IMPORT = "
        INSERT INTO contact_imports (at, actor_name, stored, rejected, problems)
        VALUES ($1, $2, $3, $4, $5)";
    LAST_IMPORT = "
        SELECT at, actor_name, stored, rejected, problems
        FROM contact_imports
        ORDER BY at DESC
        LIMIT 1";
}

/// A contact to store.
#[derive(Debug, serde::Serialize)]
pub(super) struct ContactRow {
    pub phone: String,
    pub sealed: String,
    pub address: String,
}

/// The last import.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct ImportRow {
    pub at: Timestamp,
    pub actor_name: String,
    pub stored: i64,
    pub rejected: i64,
    /// JSON array of {line, code}.
    pub problems: String,
}

pub(super) async fn put(conn: Conn<'_>, rows: &[ContactRow]) -> Result<(), DbError> {
    execute!(conn, PUT, serde_json::json!(rows).to_string()).map(drop)
}

/// Returns the sealed contact of a telephone number.
pub(super) async fn find(conn: Conn<'_>, phone_hash: &str) -> Result<Option<String>, DbError> {
    Ok(fetch_optional!(conn, FIND => (String,), phone_hash)?.map(|(sealed,)| sealed))
}

pub(super) async fn count(conn: Conn<'_>) -> Result<i64, DbError> {
    Ok(fetch_one!(conn, COUNT => (i64,))?.0)
}

pub(super) async fn remove(conn: Conn<'_>, phone_hashes: &[String]) -> Result<u64, DbError> {
    execute!(conn, REMOVE, serde_json::json!(phone_hashes).to_string())
}

/// Removes all contacts and the last import; returns the number of contacts.
pub(super) async fn remove_all(mut conn: Conn<'_>) -> Result<u64, DbError> {
    execute!(conn.reborrow(), FORGET_IMPORT)?;
    execute!(conn, REMOVE_ALL)
}

pub(super) async fn count_address(conn: Conn<'_>, address_hash: &str) -> Result<i64, DbError> {
    Ok(fetch_one!(conn, OF_ADDRESS => (i64,), address_hash)?.0)
}

pub(super) async fn remove_address(conn: Conn<'_>, address_hash: &str) -> Result<u64, DbError> {
    execute!(conn, REMOVE_ADDRESS, address_hash)
}

/// Replaces the record of the last import.
pub(super) async fn note_import(mut conn: Conn<'_>, row: &ImportRow) -> Result<(), DbError> {
    execute!(conn.reborrow(), FORGET_IMPORT)?;
    execute!(conn, NOTE_IMPORT, row.at, &row.actor_name, row.stored, row.rejected, &row.problems).map(drop)
}

pub(super) async fn last_import(conn: Conn<'_>) -> Result<Option<ImportRow>, DbError> {
    fetch_optional!(conn, LAST_IMPORT => ImportRow)
}
