//! SQL of held answers.

use crate::database::{Conn, DbError};
use crate::ids::InteractionId;
use crate::{execute, fetch_all, statements};

statements! {
    // One per link: a later one replaces an earlier, unless that was admitted. Not if there is an answer, linked ($5)
    // or apart ($6), or if a person has answered before ($7).
    KEEP = "
        INSERT INTO suspects (id, sealed, reason, purge_month)
        SELECT $1, $2, $3, $4
        WHERE NOT EXISTS (SELECT 1 FROM responses WHERE interaction_id = $5)
            AND NOT EXISTS (SELECT 1 FROM spent_tokens WHERE id = $6 OR id = $7)
        ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed, reason = excluded.reason,
            purge_month = excluded.purge_month, mix_passes = 1
        WHERE suspects.admitted = 0";
    LIST = "
        SELECT id, reason, admitted
        FROM suspects
        WHERE mix_passes > 1
        ORDER BY id
        LIMIT 500";
    ADMIT = "
        UPDATE suspects
        SET admitted = 1
        WHERE id = $1
            AND admitted = 0
            AND mix_passes > 1";
    ADMITTED = "SELECT id, sealed FROM suspects WHERE admitted = 1";
    // PostgreSQL keeps rows in the order of arrival, so they are rewritten in a random one; a table that is its own
    // index does not need this.
    RENEW = sqlite "UPDATE suspects SET mix_passes = 2 WHERE mix_passes = 1",
        pg "
            WITH taken AS (DELETE FROM suspects WHERE mix_passes = 1 RETURNING id, sealed, reason, purge_month)
            INSERT INTO suspects (id, sealed, reason, purge_month, mix_passes)
            SELECT id, sealed, reason, purge_month, 2
            FROM taken
            ORDER BY random()";
    // $1: JSON array of ids.
    FORGET = "DELETE FROM suspects WHERE id IN {list $1}";
    EXPIRE = "DELETE FROM suspects WHERE purge_month < $1";
}

/// An answer to hold.
pub(super) struct NewSuspect {
    pub id: String,
    pub sealed: String,
    pub reason: &'static str,
    pub purge_month: String,
}

/// `marks`: those of an apart answer and of a person.
pub(super) async fn keep(
    conn: Conn<'_>,
    new: &NewSuspect,
    interaction: &InteractionId,
    marks: &[String; 2],
) -> Result<(), DbError> {
    let NewSuspect { id, sealed, reason, purge_month } = new;
    execute!(conn, KEEP, id, sealed, *reason, purge_month, interaction, &marks[0], &marks[1]).map(drop)
}

/// Returns id, reason, and whether it was admitted (1) or not (0); in random order.
pub(super) async fn list(conn: Conn<'_>) -> Result<Vec<(String, String, i64)>, DbError> {
    fetch_all!(conn, LIST => (String, String, i64))
}

/// Returns false if it does not exist, is not shown yet, or was already admitted.
pub(super) async fn admit(conn: Conn<'_>, id: &str) -> Result<bool, DbError> {
    Ok(execute!(conn, ADMIT, id)? > 0)
}

/// Returns id and sealed answer of each admitted one.
pub(super) async fn admitted(conn: Conn<'_>) -> Result<Vec<(String, String)>, DbError> {
    fetch_all!(conn, ADMITTED => (String, String))
}

/// Rewrites those that no pass has seen.
pub(super) async fn renew(conn: Conn<'_>) -> Result<(), DbError> {
    execute!(conn, RENEW).map(drop)
}

/// Deletes these; returns the number that existed.
pub(super) async fn forget(conn: Conn<'_>, ids: &[&str]) -> Result<u64, DbError> {
    execute!(conn, FORGET, serde_json::json!(ids).to_string())
}

/// Deletes those whose month is over.
pub(in crate::responses) async fn expire(conn: Conn<'_>, month: &str) -> Result<u64, DbError> {
    execute!(conn, EXPIRE, month)
}
