//! SQL of the numbers of invitations.

use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::{execute, fetch_all, statements};
use serde_json::{Value, json};

statements! {
    // An invitation with a token was sent; whether it was answered is stored nowhere. The condition of the index
    // invitations_asked.
    COUNT = "
        SELECT COALESCE(agent_id, '') AS agent, COALESCE(team_id, '') AS team, COUNT(*) AS n
        FROM invitations
        WHERE token_hash IS NOT NULL
            AND state <> 'failed'
            AND created_at >= $1
            AND created_at < $2
        GROUP BY agent_id, team_id";
    FORGET = "DELETE FROM invitation_totals WHERE month = $1";
    // $1: JSON array of [agent, team, n].
    ADD = "
        INSERT INTO invitation_totals (month, agent_id, team_id, n)
        SELECT $2, j.value->>0, j.value->>1, CAST(j.value->>2 AS BIGINT)
        FROM {rows $1} AS j";
}

/// Returns agent (or empty), team (or empty), and the number of invitations in that time.
pub(in super::super) async fn count(
    conn: Conn<'_>,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<(String, String, i64)>, DbError> {
    fetch_all!(conn, COUNT => (String, String, i64), from, to)
}

/// Replaces the counts of a month.
pub(in super::super) async fn replace(
    mut conn: Conn<'_>,
    month: &str,
    rows: &[(String, String, i64)],
) -> Result<(), DbError> {
    execute!(conn.reborrow(), FORGET, month)?;
    let rows: Vec<Value> = rows.iter().map(|(agent, team, n)| json!([agent, team, n])).collect();
    execute!(conn, ADD, json!(rows).to_string(), month).map(drop)
}
