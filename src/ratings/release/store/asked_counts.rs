//! SQL of the numbers of invitations.

use crate::database::{Conn, DbError};
use crate::{execute, statements};
use serde_json::{Value, json};

statements! {
    FORGET = "DELETE FROM invitation_totals WHERE month = $1";
    // $1: JSON array of [agent, team, n].
    ADD = "
        INSERT INTO invitation_totals (month, agent_id, team_id, n)
        SELECT $2, j.value->>0, j.value->>1, CAST(j.value->>2 AS BIGINT)
        FROM {rows $1} AS j";
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
