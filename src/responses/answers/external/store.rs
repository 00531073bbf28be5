//! SQL of external answers.

use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::{AgentId, InteractionId, InvitationId, TeamId};
use crate::{execute, fetch_optional, statements};

statements! {
    ABOUT = "
        SELECT id, agent_id, team_id, channel, occurred_at
        FROM interactions
        WHERE source = $1
            AND external_id = $2";
    AGENT = "
        SELECT id, team_id
        FROM agents
        WHERE source = $1
            AND external_id = $2";
    TEAM = "SELECT id FROM teams WHERE name_key = $1";
    // An answer beside an interaction needs an invitation. This one has no address and no link; its times are that of
    // the conversation and the end of a month, never that of the answer.
    OPEN = "
        INSERT INTO invitations (
            id, interaction_id, agent_id, team_id, survey, channel, address_hash, state, created_at, expires_at
        )
        VALUES ($1, $2, $3, $4, $5, $6, '', 'sent', $7, $8)
        ON CONFLICT (interaction_id) DO NOTHING";
    // Whether it was answered externally before, rather than asked by mail.
    IS_OURS = "
        SELECT survey
        FROM invitations
        WHERE interaction_id = $1
            AND address_hash = ''
            AND state <> 'closed'";
}

#[derive(Debug, sqlx::FromRow)]
pub(super) struct AboutRow {
    pub id: InteractionId,
    pub agent_id: Option<AgentId>,
    pub team_id: Option<TeamId>,
    pub channel: String,
    pub occurred_at: Timestamp,
}

pub(super) async fn about(conn: Conn<'_>, source: &str, external_id: &str) -> Result<Option<AboutRow>, DbError> {
    fetch_optional!(conn, ABOUT => AboutRow, source, external_id)
}

pub(super) async fn agent(
    conn: Conn<'_>,
    source: &str,
    external_id: &str,
) -> Result<Option<(AgentId, Option<TeamId>)>, DbError> {
    fetch_optional!(conn, AGENT => (AgentId, Option<TeamId>), source, external_id)
}

/// `key`: the name, lower case and trimmed.
pub(super) async fn team(conn: Conn<'_>, key: &str) -> Result<Option<TeamId>, DbError> {
    Ok(fetch_optional!(conn, TEAM => (TeamId,), key)?.map(|(id,)| id))
}

/// Returns false if the interaction already has an invitation.
pub(super) async fn open(conn: Conn<'_>, about: &AboutRow, version: &str, until: Timestamp) -> Result<bool, DbError> {
    let id = InvitationId::random();
    let added = execute!(
        conn,
        OPEN,
        &id,
        &about.id,
        &about.agent_id,
        &about.team_id,
        version,
        &about.channel,
        about.occurred_at,
        until
    )?;
    Ok(added > 0)
}

/// Whether this interaction was answered externally, with this version; the answer may then be sent again.
pub(super) async fn is_ours(conn: Conn<'_>, id: &InteractionId, version: &str) -> Result<bool, DbError> {
    Ok(fetch_optional!(conn, IS_OURS => (String,), id)?.is_some_and(|(survey,)| survey == version))
}
