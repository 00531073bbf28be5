//! SQL of exclusions.

use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::InteractionId;
use crate::ratings::Reason;
use crate::ratings::exclusions::{Exclusion, NewExclusion};
use crate::{execute, fetch_all, statements};
use std::collections::HashSet;

statements! {
    ADD = "
        INSERT INTO exclusions (interaction_id, reason, note, team_id, actor, actor_name, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (interaction_id) DO NOTHING";
    REMOVE = "DELETE FROM exclusions WHERE interaction_id = $1";
    AMONG = "SELECT interaction_id FROM exclusions WHERE interaction_id IN {list $1}";
    LIST = "
        SELECT e.interaction_id, i.source, i.external_id, e.reason, e.note, e.actor_name, e.created_at
        FROM exclusions e
        JOIN interactions i ON i.id = e.interaction_id
        ORDER BY e.created_at DESC, e.interaction_id
        LIMIT $1";
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    interaction_id: InteractionId,
    source: String,
    external_id: String,
    reason: String,
    note: String,
    actor_name: String,
    created_at: Timestamp,
}

/// Returns false if it is already excluded.
pub(in crate::ratings) async fn add(conn: Conn<'_>, new: &NewExclusion) -> Result<bool, DbError> {
    let reason = new.reason.code();
    let added = execute!(
        conn,
        ADD,
        &new.interaction,
        reason,
        &new.note,
        &new.team,
        new.actor.code(),
        new.actor.name(),
        new.at
    )?;
    Ok(added > 0)
}

/// Returns false if it was not excluded.
pub(in crate::ratings) async fn remove(conn: Conn<'_>, interaction: &InteractionId) -> Result<bool, DbError> {
    Ok(execute!(conn, REMOVE, interaction)? > 0)
}

/// Returns those of these interactions that are excluded.
pub(in crate::ratings) async fn among(
    conn: Conn<'_>,
    interactions: &[&str],
) -> Result<HashSet<InteractionId>, DbError> {
    let rows = fetch_all!(conn, AMONG => (InteractionId,), serde_json::json!(interactions).to_string())?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Returns the exclusions, newest first.
pub(in crate::ratings) async fn list(conn: Conn<'_>, most: i64) -> Result<Vec<Exclusion>, DbError> {
    let rows = fetch_all!(conn, LIST => Row, most)?;
    let exclusion = |row: Row| {
        Some(Exclusion {
            interaction: row.interaction_id,
            source: row.source,
            external_id: row.external_id,
            reason: Reason::known(&row.reason)?,
            note: row.note,
            by: row.actor_name,
            at: row.created_at,
        })
    };
    Ok(rows.into_iter().filter_map(exclusion).collect())
}
