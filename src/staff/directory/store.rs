//! SQL of teams and agents.

use super::{AgentRef, AgentSummary, Team, TeamRef};
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::{AgentId, TeamId};
use crate::{execute, fetch_all, fetch_optional, statements};

statements! {
    TEAMS = "SELECT id, name FROM teams ORDER BY name, id";
    AGENTS = "
        SELECT a.id, COALESCE(a.name, a.external_id) AS name, a.display_name, a.email, a.source,
            a.external_id, a.team_id, t.name AS team_name
        FROM agents a
        LEFT JOIN teams t ON t.id = a.team_id
        ORDER BY 2, a.id";
    AGENT = "
        SELECT a.id, COALESCE(a.name, a.external_id) AS name, a.display_name, a.email, a.source,
            a.external_id, a.team_id, t.name AS team_name
        FROM agents a
        LEFT JOIN teams t ON t.id = a.team_id
        WHERE a.id = $1";
    AGENT_BY_REF = "
        SELECT a.id, COALESCE(a.name, a.external_id) AS name, a.display_name, a.email, a.source,
            a.external_id, a.team_id, t.name AS team_name
        FROM agents a
        LEFT JOIN teams t ON t.id = a.team_id
        WHERE a.source = $1
            AND a.external_id = $2";
    TEAM_BY_KEY = "SELECT id FROM teams WHERE name_key = $1";
    ADD_TEAM = "INSERT INTO teams (id, name, name_key, created_at) VALUES ($1, $2, $3, $4)";
    // $1 is a JSON array of {id, name, key}.
    UPSERT_TEAMS = "
        INSERT INTO teams (id, name, name_key, created_at)
        SELECT j.value->>'id', j.value->>'name', j.value->>'key', $2
        FROM {rows $1} AS j
        WHERE true
        ON CONFLICT DO NOTHING";
    // $1 is a JSON array of {id, source, external_id, name, display_name, email, team_key}.
    UPSERT_AGENTS = "
        INSERT INTO agents (id, source, external_id, name, display_name, email, team_id, created_at)
        SELECT j.value->>'id', j.value->>'source', j.value->>'external_id', j.value->>'name', j.value->>'display_name',
            j.value->>'email', t.id, $2
        FROM {rows $1} AS j
        LEFT JOIN teams t ON t.name_key = j.value->>'team_key'
        WHERE true
        ON CONFLICT (source, external_id) DO UPDATE SET name = COALESCE(excluded.name, agents.name),
            display_name = COALESCE(excluded.display_name, agents.display_name),
            email = COALESCE(excluded.email, agents.email), team_id = COALESCE(excluded.team_id, agents.team_id)
        WHERE COALESCE(excluded.name, agents.name, '') <> COALESCE(agents.name, '')
            OR COALESCE(excluded.display_name, agents.display_name, '') <> COALESCE(agents.display_name, '')
            OR COALESCE(excluded.email, agents.email, '') <> COALESCE(agents.email, '')
            OR COALESCE(excluded.team_id, agents.team_id, '') <> COALESCE(agents.team_id, '')";
}

pub(super) async fn teams(conn: Conn<'_>) -> Result<Vec<Team>, DbError> {
    fetch_all!(conn, TEAMS => Team)
}
pub(super) async fn agents(conn: Conn<'_>) -> Result<Vec<AgentSummary>, DbError> {
    fetch_all!(conn, AGENTS => AgentSummary)
}
pub(super) async fn agent(conn: Conn<'_>, id: &AgentId) -> Result<Option<AgentSummary>, DbError> {
    fetch_optional!(conn, AGENT => AgentSummary, id)
}
pub(super) async fn agent_by_ref(
    conn: Conn<'_>,
    source: &str,
    external_id: &str,
) -> Result<Option<AgentSummary>, DbError> {
    fetch_optional!(conn, AGENT_BY_REF => AgentSummary, source, external_id)
}
pub(super) async fn team_by_key(conn: Conn<'_>, key: &str) -> Result<Option<TeamId>, DbError> {
    Ok(fetch_optional!(conn, TEAM_BY_KEY => (TeamId,), key)?.map(|(id,)| id))
}
pub(super) async fn add_team(conn: Conn<'_>, team: &Team, key: &str, now: Timestamp) -> Result<(), DbError> {
    execute!(conn, ADD_TEAM, &team.id, &team.name, key, now).map(drop)
}

pub(super) async fn upsert_teams(conn: Conn<'_>, teams: &[TeamRef], now: Timestamp) -> Result<(), DbError> {
    let rows: Vec<_> =
        teams.iter().map(|t| serde_json::json!({ "id": TeamId::random(), "name": t.name, "key": t.key })).collect();
    execute!(conn, UPSERT_TEAMS, serde_json::Value::from(rows).to_string(), now).map(drop)
}

pub(super) async fn upsert_agents(conn: Conn<'_>, agents: &[AgentRef], now: Timestamp) -> Result<(), DbError> {
    let row = |a: &AgentRef| {
        serde_json::json!({ "id": AgentId::random(), "source": a.source, "external_id": a.external_id, "name": a.name,
            "display_name": a.display_name, "email": a.email, "team_key": a.team.as_deref().map(|t| TeamRef::new(t).key) })
    };
    let rows: Vec<_> = agents.iter().map(row).collect();
    execute!(conn, UPSERT_AGENTS, serde_json::Value::from(rows).to_string(), now).map(drop)
}
