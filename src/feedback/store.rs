//! SQL of commendations.

use super::{Kudos, NewKudos};
use crate::database::{Conn, DbError};
use crate::ids::{AgentId, InteractionId};
use crate::{execute, fetch_all, fetch_one, same_person, statements};
use serde_json::json;

statements! {
    ADD = "
        INSERT INTO kudos (id, agent_id, interaction_id, text, staff_id, name, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    // $1: JSON array of conversations, in both.
    COUNT_ABOUT = "SELECT COUNT(*) FROM kudos WHERE interaction_id IN {list $1}";
    ERASE = "DELETE FROM kudos WHERE interaction_id IN {list $1}";
    OF_AGENT = concat!("
        SELECT id, text, name, at, interaction_id
        FROM kudos
        WHERE ", same_person!("agent_id", "$1"), "
        ORDER BY at DESC, id
        LIMIT $2");
}

pub(super) async fn add(conn: Conn<'_>, new: &NewKudos) -> Result<(), DbError> {
    execute!(conn, ADD, &new.id, &new.agent, &new.interaction, &new.text, &new.by, &new.name, new.at).map(drop)
}

pub(super) async fn of_agent(conn: Conn<'_>, agent: &AgentId, most: i64) -> Result<Vec<Kudos>, DbError> {
    fetch_all!(conn, OF_AGENT => Kudos, agent, most)
}

/// Returns the number of commendations for these conversations.
pub(super) async fn count_about(conn: Conn<'_>, ids: &[InteractionId]) -> Result<i64, DbError> {
    Ok(fetch_one!(conn, COUNT_ABOUT => (i64,), json!(ids).to_string())?.0)
}

/// Deletes them; returns their number.
pub(super) async fn erase(conn: Conn<'_>, ids: &[InteractionId]) -> Result<u64, DbError> {
    execute!(conn, ERASE, json!(ids).to_string())
}
