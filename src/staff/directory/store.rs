//! SQL of teams and agents.

use super::mentions::Named;
use super::{AgentIdentity, AgentMerge, AgentSummary, Team, TeamRef};
use crate::clock::Timestamp;
use crate::database::{Conn, DbError, Rows};
use crate::ids::{AgentId, AgentMergeId, TeamId};
use crate::{execute, fetch_all, fetch_optional, statements};
use serde_json::json;

/// Agents with the names of their teams.
macro_rules! agent {
    () => {
        "SELECT a.id, COALESCE(a.name, a.external_id) AS name, a.display_name, a.email, a.team_id, t.name AS team_name
        FROM agents a
        LEFT JOIN teams t ON t.id = a.team_id"
    };
}

/// Replaces a fact and its time where the received one is not older.
macro_rules! newer {
    ($fact:literal, $as_of:literal) => {
        concat!(newer!(@column $fact, $as_of), ", ", newer!(@column $as_of, $as_of))
    };
    (@column $column:literal, $as_of:literal) => {
        concat!($column, " = CASE WHEN excluded.", $as_of, " >= COALESCE(agents.", $as_of, ", excluded.", $as_of, ")
            THEN excluded.", $column, " ELSE agents.", $column, " END")
    };
}

/// Selects the newest fact among the agents that are one person with a row of `agents`.
macro_rules! newest {
    ($fact:literal, $as_of:literal) => {
        concat!(
            "(
            SELECT o.",
            $fact,
            "
            FROM agents o
            WHERE o.person_id = agents.person_id
                AND o.",
            $fact,
            " IS NOT NULL
            ORDER BY o.",
            $as_of,
            " DESC, o.source, o.external_id
            LIMIT 1
        )"
        )
    };
}

statements! {
    TEAMS = "SELECT id, name FROM teams ORDER BY name, id";
    // $1 in lower case.
    OF_ADDRESS = "
        SELECT id FROM agents WHERE own_email = $1
        UNION ALL
        SELECT id FROM staff WHERE email = $1
        LIMIT 1";
    AGENTS = concat!("
        ", agent!(), "
        WHERE a.person_id = a.id
        ORDER BY 2, a.id");
    AGENT = concat!("
        ", agent!(), "
        WHERE a.id = (SELECT o.person_id FROM agents o WHERE o.id = $1)");
    IDENTITIES = "
        SELECT id, person_id, source, external_id, own_name AS name, own_email AS email
        FROM agents
        ORDER BY source, external_id";
    // The person of the agent $1.
    IDENTITIES_OF = "
        SELECT id, person_id, source, external_id, own_name AS name, own_email AS email
        FROM agents
        WHERE person_id = (SELECT o.person_id FROM agents o WHERE o.id = $1)
        ORDER BY source, external_id";
    IDENTITY = "SELECT id, team_id FROM agents WHERE source = $1 AND external_id = $2";
    MERGED = "SELECT id, person_id FROM agents WHERE person_id <> id";
    TEAM_BY_KEY = "SELECT id FROM teams WHERE name_key = $1";
    ADD_TEAM = "INSERT INTO teams (id, name, name_key, created_at) VALUES ($1, $2, $3, $4)";
    // $1 is a JSON array of {id, name, key}.
    UPSERT_TEAMS = "
        INSERT INTO teams (id, name, name_key, created_at)
        SELECT j.value->>'id', j.value->>'name', j.value->>'key', $2
        FROM {rows $1} AS j
        WHERE true
        ON CONFLICT DO NOTHING";
    // $1 is a JSON array of rows from `Named::row`. `stale`: the facts about the person may have changed. The order keeps
    // two writers from waiting for each other.
    UPSERT_AGENTS = concat!("
        INSERT INTO agents (
            id, source, external_id, person_id, own_name, own_name_as_of, own_display_name, own_display_name_as_of,
            own_email, own_email_as_of, own_team_id, own_team_as_of, first_team_id, created_at
        )
        SELECT j.value->>'id', j.value->>'source', j.value->>'external_id', j.value->>'id', j.value->>'name',
            CAST(j.value->>'name_as_of' AS BIGINT), j.value->>'display_name',
            CAST(j.value->>'display_name_as_of' AS BIGINT), j.value->>'email',
            CAST(j.value->>'email_as_of' AS BIGINT), t.id,
            CASE WHEN t.id IS NOT NULL THEN CAST(j.value->>'team_as_of' AS BIGINT) END, f.id, $2
        FROM {rows $1} AS j
        LEFT JOIN teams t ON t.name_key = j.value->>'team_key'
        LEFT JOIN teams f ON f.name_key = j.value->>'first_team_key'
        WHERE true
        {pg ORDER BY 2, 3}
        ON CONFLICT (source, external_id) DO UPDATE SET ", newer!("own_name", "own_name_as_of"), ",
            ", newer!("own_display_name", "own_display_name_as_of"), ",
            ", newer!("own_email", "own_email_as_of"), ",
            ", newer!("own_team_id", "own_team_as_of"), ",
            first_team_id = COALESCE(agents.first_team_id, excluded.first_team_id)
        RETURNING person_id, own_email,
            CAST(CASE WHEN name IS DISTINCT FROM own_name OR display_name IS DISTINCT FROM own_display_name
                OR email IS DISTINCT FROM own_email OR team_id IS DISTINCT FROM COALESCE(own_team_id, first_team_id)
                THEN 1 ELSE 0 END AS BIGINT) AS stale");
    // $1: JSON array of persons.
    SETTLE_FACTS = concat!("
        UPDATE agents
        SET name = ", newest!("own_name", "own_name_as_of"), ",
            display_name = ", newest!("own_display_name", "own_display_name_as_of"), ",
            email = ", newest!("own_email", "own_email_as_of"), ",
            team_id = COALESCE(", newest!("own_team_id", "own_team_as_of"), ",
                ", newest!("first_team_id", "created_at"), ")
        WHERE person_id IN {list $1}");
    LOCK = sqlite "SELECT 1", pg "SELECT 1 FROM (SELECT pg_advisory_xact_lock(7261647)) AS held";
    ADDRESSED = "
        SELECT a.source, a.person_id
        FROM agents a
        JOIN agents p ON p.id = a.person_id
        WHERE a.own_email = $1
            AND NOT a.separate
        ORDER BY p.created_at, p.source, p.external_id, a.source, a.external_id";
    // Returns the agents of the person $2, which become a part of $1.
    MOVE_PERSON = "UPDATE agents SET person_id = $1, separate = FALSE WHERE person_id = $2 RETURNING id";
    // $3: JSON array of agents of a merge. They become the person $1 again, as far as they are still with $2.
    MOVE_BACK = "
        UPDATE agents
        SET person_id = $1, separate = TRUE
        WHERE person_id = $2
            AND id IN {list $3}";
    SPLIT = "
        UPDATE agents
        SET person_id = id, separate = TRUE
        WHERE id = $2
            AND person_id = $1
            AND person_id <> id";
    ADD_MERGE = "
        INSERT INTO agent_merges (id, person_id, merged_id, agents, actor_name, at)
        VALUES ($1, $2, $3, $4, $5, $6)";
    // Merges that can be undone: an agent of each is still with the person.
    MERGES = "
        SELECT m.id, m.person_id, m.merged_id, m.agents, m.actor_name, m.at
        FROM agent_merges m
        WHERE m.undone_at IS NULL
            AND EXISTS (SELECT 1 FROM agents a WHERE a.person_id = m.person_id AND a.id IN {list m.agents})
        ORDER BY m.at DESC, m.id";
    UNDO_MERGE = "
        UPDATE agent_merges
        SET undone_at = $2
        WHERE id = $1
            AND undone_at IS NULL";
}

pub(super) async fn teams(conn: Conn<'_>) -> Rows<Team> {
    fetch_all!(conn, TEAMS => Team)
}

/// Returns all persons by name, without their identities.
pub(super) async fn agents(conn: Conn<'_>) -> Rows<AgentSummary> {
    fetch_all!(conn, AGENTS => AgentSummary)
}

/// Returns the person that an agent is, without the identities.
pub(super) async fn agent(conn: Conn<'_>, id: &AgentId) -> Result<Option<AgentSummary>, DbError> {
    fetch_optional!(conn, AGENT => AgentSummary, id)
}

pub(super) async fn identities(conn: Conn<'_>) -> Rows<AgentIdentity> {
    fetch_all!(conn, IDENTITIES => AgentIdentity)
}

/// Returns the identities of the person that an agent is.
pub(super) async fn identities_of(conn: Conn<'_>, id: &AgentId) -> Rows<AgentIdentity> {
    fetch_all!(conn, IDENTITIES_OF => AgentIdentity, id)
}

/// Returns the agent of this name in a system, and the home team.
pub(super) async fn identity(
    conn: Conn<'_>,
    source: &str,
    external_id: &str,
) -> Result<Option<(AgentId, Option<TeamId>)>, DbError> {
    fetch_optional!(conn, IDENTITY => (AgentId, Option<TeamId>), source, external_id)
}
pub(super) async fn is_address_known(conn: Conn<'_>, address: &str) -> Result<bool, DbError> {
    Ok(fetch_optional!(conn, OF_ADDRESS => (String,), address)?.is_some())
}

/// Returns agents that are merged with others, each with its person.
pub(super) async fn merged(conn: Conn<'_>) -> Rows<(AgentId, AgentId)> {
    fetch_all!(conn, MERGED => (AgentId, AgentId))
}

pub(super) async fn team_by_key(conn: Conn<'_>, key: &str) -> Result<Option<TeamId>, DbError> {
    Ok(fetch_optional!(conn, TEAM_BY_KEY => (TeamId,), key)?.map(|(id,)| id))
}
pub(super) async fn add_team(conn: Conn<'_>, team: &Team, key: &str, now: Timestamp) -> Result<(), DbError> {
    execute!(conn, ADD_TEAM, &team.id, &team.name, key, now).map(drop)
}

pub(super) async fn upsert_teams(conn: Conn<'_>, teams: &[TeamRef], now: Timestamp) -> Result<(), DbError> {
    let rows: Vec<_> = teams.iter().map(|t| json!({ "id": TeamId::random(), "name": t.name, "key": t.key })).collect();
    execute!(conn, UPSERT_TEAMS, json!(rows).to_string(), now).map(drop)
}

/// An agent after an upsert.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct UpsertedRow {
    pub person_id: AgentId,
    /// Address of the agent itself.
    pub own_email: Option<String>,
    /// 1: the facts about the person may have changed.
    pub stale: i64,
}

pub(super) async fn upsert_agents(conn: Conn<'_>, agents: &[Named<'_>], now: Timestamp) -> Rows<UpsertedRow> {
    let rows: Vec<_> = agents.iter().map(Named::row).collect();
    fetch_all!(conn, UPSERT_AGENTS => UpsertedRow, json!(rows).to_string(), now)
}

/// Computes the facts about these persons from those of their agents.
pub(super) async fn settle_facts(conn: Conn<'_>, persons: &[AgentId]) -> Result<(), DbError> {
    execute!(conn, SETTLE_FACTS, json!(persons).to_string()).map(drop)
}

/// Prevents other merges and splits until the transaction ends.
pub(super) async fn lock(conn: Conn<'_>) -> Result<(), DbError> {
    match conn {
        Conn::Sqlite(_) => Ok(()),
        conn @ Conn::Pg(..) => execute!(conn, LOCK).map(drop),
    }
}

/// Returns source and person of the agents with this address that staff have not split off, those of the oldest person
/// first.
pub(super) async fn addressed(conn: Conn<'_>, email: &str) -> Rows<(String, AgentId)> {
    fetch_all!(conn, ADDRESSED => (String, AgentId), email)
}

/// Makes the agents of a person a part of another one; returns them.
pub(super) async fn move_person(conn: Conn<'_>, into: &AgentId, merged: &AgentId) -> Rows<AgentId> {
    let moved = fetch_all!(conn, MOVE_PERSON => (AgentId,), into, merged)?;
    Ok(moved.into_iter().map(|(id,)| id).collect())
}

/// Makes the agents of a merge, a JSON array, a person of their own again, as far as they are still with `from`.
pub(super) async fn move_back(conn: Conn<'_>, to: &AgentId, from: &AgentId, agents: &str) -> Result<(), DbError> {
    execute!(conn, MOVE_BACK, to, from, agents).map(drop)
}

/// Makes an agent a person of its own. Returns false if it is not merged with this person.
pub(super) async fn split(conn: Conn<'_>, person: &AgentId, agent: &AgentId) -> Result<bool, DbError> {
    Ok(execute!(conn, SPLIT, person, agent)? > 0)
}

pub(super) async fn add_merge(conn: Conn<'_>, merge: &AgentMerge) -> Result<(), DbError> {
    let m = merge;
    execute!(conn, ADD_MERGE, &m.id, &m.person, &m.merged, &m.agents, &m.actor_name, m.at).map(drop)
}

/// Returns the merges that are in force, the last one first.
pub(super) async fn merges(conn: Conn<'_>) -> Rows<AgentMerge> {
    fetch_all!(conn, MERGES => AgentMerge)
}

/// Marks a merge as undone. Returns false if it was before.
pub(super) async fn undo_merge(conn: Conn<'_>, id: &AgentMergeId, now: Timestamp) -> Result<bool, DbError> {
    Ok(execute!(conn, UNDO_MERGE, id, now)? > 0)
}
