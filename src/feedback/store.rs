//! SQL of commendations.

use super::{Kudos, NewKudos};
use crate::database::{Conn, DbError};
use crate::ids::AgentId;
use crate::{execute, fetch_all, statements};

statements! {
    ADD = "INSERT INTO kudos (id, agent_id, interaction_id, text, staff_id, name, at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    OF_AGENT = "SELECT id, text, name, at, interaction_id FROM kudos WHERE agent_id = $1 ORDER BY at DESC, id LIMIT $2";
}

pub(super) async fn add(conn: Conn<'_>, new: &NewKudos) -> Result<(), DbError> {
    execute!(conn, ADD, &new.id, &new.agent, &new.interaction, &new.text, &new.by, &new.name, new.at).map(drop)
}

pub(super) async fn of_agent(conn: Conn<'_>, agent: &AgentId, most: i64) -> Result<Vec<Kudos>, DbError> {
    fetch_all!(conn, OF_AGENT => Kudos, agent, most)
}
