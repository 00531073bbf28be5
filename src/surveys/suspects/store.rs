//! SQL of answers that were kept aside.

use crate::database::{Conn, DbError};
use crate::ids::InteractionId;
use crate::{execute, fetch_all, fetch_optional, statements};

statements! {
    // One a link: a later one takes the place of an earlier. Not where there is an answer, linked ($6) or apart ($7).
    KEEP = "INSERT INTO suspects (id, sealed, reason, day, goes) SELECT $1, $2, $3, $4, $5 \
        WHERE NOT EXISTS (SELECT 1 FROM responses WHERE interaction_id = $6) AND NOT EXISTS (SELECT 1 FROM spent WHERE id = $7) \
        ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed, reason = excluded.reason, day = excluded.day, goes = excluded.goes";
    LIST = "SELECT id, reason, day FROM suspects ORDER BY day DESC, id LIMIT 500";
    FIND = "SELECT sealed FROM suspects WHERE id = $1";
    ALL = "SELECT id, sealed FROM suspects";
    // $1: JSON array of ids.
    FORGET = sqlite "DELETE FROM suspects WHERE id IN (SELECT value FROM json_each($1))",
        pg "DELETE FROM suspects WHERE id IN (SELECT jsonb_array_elements_text($1::jsonb))";
    EXPIRE = "DELETE FROM suspects WHERE goes < $1";
}

/// An answer to be kept aside.
pub(super) struct NewSuspect {
    pub id: String,
    pub sealed: String,
    pub reason: &'static str,
    pub day: String,
    pub goes: String,
}

pub(super) async fn keep(
    conn: Conn<'_>,
    new: &NewSuspect,
    interaction: &InteractionId,
    spent: &str,
) -> Result<(), DbError> {
    execute!(conn, KEEP, &new.id, &new.sealed, new.reason, &new.day, &new.goes, interaction, spent).map(drop)
}

/// Id, reason, day; the last day first, and within it in an order that tells nothing.
pub(super) async fn list(conn: Conn<'_>) -> Result<Vec<(String, String, String)>, DbError> {
    fetch_all!(conn, LIST => (String, String, String))
}

pub(super) async fn find(conn: Conn<'_>, id: &str) -> Result<Option<String>, DbError> {
    Ok(fetch_optional!(conn, FIND => (String,), id)?.map(|(sealed,)| sealed))
}

/// Id and sealed answer of each.
pub(super) async fn all(conn: Conn<'_>) -> Result<Vec<(String, String)>, DbError> {
    fetch_all!(conn, ALL => (String, String))
}

/// Drops these; how many were there.
pub(in crate::surveys) async fn forget(conn: Conn<'_>, ids: &[&str]) -> Result<u64, DbError> {
    execute!(conn, FORGET, serde_json::json!(ids).to_string())
}

/// Drops those whose day has come.
pub(in crate::surveys) async fn expire(conn: Conn<'_>, today: &str) -> Result<u64, DbError> {
    execute!(conn, EXPIRE, today)
}
