//! The statements: releases, what was counted in them, their comments, and how many were asked. Never an answer.

use super::Period;
use crate::database::{Conn, DbError};
use crate::ids::{AgentId, TeamId};
use crate::web::principal::Visible;
use crate::{fetch_all, statements};

statements! {
    // $3 everything, $4 a JSON array of teams, $5 one agent.
    COUNTS = sqlite "SELECT r.scope, r.agent_id, r.team_id, r.question, r.month, c.value, CAST(SUM(c.n) AS BIGINT) AS n \
        FROM releases r JOIN release_counts c ON c.release_id = r.id \
        WHERE r.question IN ('score', 'resolved') AND r.month >= $1 AND r.month <= $2 \
        AND ($3 = 1 OR r.team_id IN (SELECT value FROM json_each($4)) OR (r.scope = 'agent' AND r.agent_id = $5)) \
        GROUP BY r.scope, r.agent_id, r.team_id, r.question, r.month, c.value",
      pg "SELECT r.scope, r.agent_id, r.team_id, r.question, r.month, c.value, CAST(SUM(c.n) AS BIGINT) AS n \
        FROM releases r JOIN release_counts c ON c.release_id = r.id \
        WHERE r.question IN ('score', 'resolved') AND r.month >= $1 AND r.month <= $2 \
        AND ($3 = 1 OR r.team_id IN (SELECT jsonb_array_elements_text($4::jsonb)) OR (r.scope = 'agent' AND r.agent_id = $5)) \
        GROUP BY r.scope, r.agent_id, r.team_id, r.question, r.month, c.value";
    // By id within a month: ids are random, so the order tells nothing.
    AGENT_COMMENTS = sqlite "SELECT r.month, c.text FROM released_comments c JOIN releases r ON r.id = c.release_id \
        WHERE r.scope = 'agent' AND r.agent_id = $1 AND r.month >= $2 AND r.month <= $3 \
        AND ($4 = 1 OR r.team_id IN (SELECT value FROM json_each($5)) OR r.agent_id = $6) ORDER BY r.month DESC, c.id LIMIT 500",
      pg "SELECT r.month, c.text FROM released_comments c JOIN releases r ON r.id = c.release_id \
        WHERE r.scope = 'agent' AND r.agent_id = $1 AND r.month >= $2 AND r.month <= $3 \
        AND ($4 = 1 OR r.team_id IN (SELECT jsonb_array_elements_text($5::jsonb)) OR r.agent_id = $6) ORDER BY r.month DESC, c.id LIMIT 500";
    TEAM_COMMENTS = "SELECT r.month, c.text FROM released_comments c JOIN releases r ON r.id = c.release_id \
        WHERE r.scope = 'team' AND r.team_id = $1 AND r.month >= $2 AND r.month <= $3 ORDER BY r.month DESC, c.id LIMIT 500";
    // With a token a mail went out; whether it was answered stands nowhere.
    ASKED = "SELECT agent_id, team_id, COUNT(*) AS n FROM invitations \
        WHERE token_hash IS NOT NULL AND state <> 'failed' AND created_at >= $1 AND created_at < $2 GROUP BY agent_id, team_id";
}

/// A released sum.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct CountRow {
    pub scope: String,
    pub agent_id: Option<AgentId>,
    pub team_id: Option<TeamId>,
    pub question: String,
    pub month: String,
    pub value: i64,
    pub n: i64,
}

impl CountRow {
    /// The agent whom this sum is about by itself; sums of a team or of all are about nobody.
    pub(super) fn agent(&self) -> Option<&AgentId> {
        if self.scope == "agent" { self.agent_id.as_ref() } else { None }
    }
}

/// How many were asked about an agent.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct AskedRow {
    pub agent_id: Option<AgentId>,
    pub team_id: Option<TeamId>,
    pub n: i64,
}

/// What the conditions of visibility bind.
struct Binds {
    all: i64,
    teams: String,
    agent: Option<AgentId>,
}

impl From<&Visible> for Binds {
    fn from(visible: &Visible) -> Self {
        let none = Self { all: 0, teams: "[]".into(), agent: None };
        match visible {
            Visible::All => Self { all: 1, ..none },
            Visible::Teams(teams) => Self { teams: serde_json::json!(teams).to_string(), ..none },
            Visible::Own(agent) => Self { agent: Some(agent.clone()), ..none },
            Visible::None => none,
        }
    }
}

pub(super) async fn counts(conn: Conn<'_>, sight: &Visible, period: Period) -> Result<Vec<CountRow>, DbError> {
    let (b, from, to) = (Binds::from(sight), period.from().to_string(), period.to().to_string());
    fetch_all!(conn, COUNTS => CountRow, from, to, b.all, b.teams, b.agent)
}

pub(super) async fn agent_comments(
    conn: Conn<'_>,
    sight: &Visible,
    agent: &AgentId,
    period: Period,
) -> Result<Vec<(String, String)>, DbError> {
    let (b, from, to) = (Binds::from(sight), period.from().to_string(), period.to().to_string());
    fetch_all!(conn, AGENT_COMMENTS => (String, String), agent, from, to, b.all, b.teams, b.agent)
}

pub(super) async fn team_comments(
    conn: Conn<'_>,
    team: &TeamId,
    period: Period,
) -> Result<Vec<(String, String)>, DbError> {
    fetch_all!(conn, TEAM_COMMENTS => (String, String), team, period.from().to_string(), period.to().to_string())
}

pub(super) async fn asked(conn: Conn<'_>, period: Period) -> Result<Vec<AskedRow>, DbError> {
    fetch_all!(conn, ASKED => AskedRow, period.from().begin(), period.to().plus(1).begin())
}
