//! SQL of ratings: totals of releases, their comments, and numbers of invitations. Never an answer, and never the
//! releases one by one: there are millions.

pub(super) mod exclusions;

use super::Period;
use super::release::BLOCK;
use crate::access::principal::Visible;
use crate::database::{Conn, DbError, VisibleBinds};
use crate::ids::{AgentId, TeamId};
use crate::{fetch_all, same_person, statements};

/// Sums a row of totals over months, for the questions of the figures.
macro_rules! sums {
    ($what:literal) => {
        concat!(
            "SELECT ",
            $what,
            ", question, block, CAST(SUM(v0) AS BIGINT) AS v0, CAST(SUM(v1) AS BIGINT) AS v1,
                CAST(SUM(v2) AS BIGINT) AS v2, CAST(SUM(v3) AS BIGINT) AS v3, CAST(SUM(v4) AS BIGINT) AS v4,
                CAST(SUM(v5) AS BIGINT) AS v5, CAST(SUM(v6) AS BIGINT) AS v6, CAST(SUM(v7) AS BIGINT) AS v7,
                CAST(SUM(v8) AS BIGINT) AS v8, CAST(SUM(v9) AS BIGINT) AS v9, CAST(SUM(v10) AS BIGINT) AS v10
            FROM release_totals
            WHERE month >= $1
                AND month <= $2
                AND (question IN ('score', 'resolved', 'excluded') OR question LIKE 'nps.%' OR question LIKE 'ces.%')"
        )
    };
}

statements! {
    // In the order of the primary key, so that nothing is sorted.
    COUNTS = concat!("
        ", sums!("scope, agent_id, team_id, '' AS month"), "
        GROUP BY scope, agent_id, team_id, question, block");
    // $3: JSON array of teams.
    TEAMS_COUNTS = concat!("
        ", sums!("scope, agent_id, team_id, '' AS month"), "
            AND team_id IN {list $3}
        GROUP BY scope, agent_id, team_id, question, block");
    AGENT_COUNTS = concat!("
        ", sums!("scope, agent_id, team_id, month"), "
            AND scope = 'agent'
            AND ", same_person!("agent_id", "$3"), "
        GROUP BY scope, agent_id, team_id, question, block, month");
    TEAM_COUNTS = concat!("
        ", sums!("scope, '' AS agent_id, team_id, month"), "
            AND team_id = $3
        GROUP BY scope, team_id, question, block, month");
    // By id within a month: ids are random, so the order reveals nothing.
    AGENT_COMMENTS = concat!("
        SELECT r.month, c.text
        FROM released_comments c
        JOIN releases r ON r.id = c.release_id
        WHERE r.scope = 'agent'
            AND ", same_person!("r.agent_id", "$1"), "
            AND r.month >= $2
            AND r.month <= $3
            AND ($4 = 1 OR r.team_id IN {list $5} OR ", same_person!("r.agent_id", "$6"), ")
        ORDER BY r.month DESC, c.id
        LIMIT 500");
    TEAM_COMMENTS = "
        SELECT r.month, c.text
        FROM released_comments c
        JOIN releases r ON r.id = c.release_id
        WHERE r.scope = 'team'
            AND r.team_id = $1
            AND r.month >= $2
            AND r.month <= $3
        ORDER BY r.month DESC, c.id
        LIMIT 500";
    ASKED = "
        SELECT agent_id, team_id, CAST(SUM(n) AS BIGINT) AS n
        FROM invitation_totals
        WHERE month >= $1
            AND month <= $2
        GROUP BY agent_id, team_id";
}

/// Sums in a row of totals: counts of each of a block of values.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(in crate::ratings) struct Sums {
    block: i64,
    v0: i64,
    v1: i64,
    v2: i64,
    v3: i64,
    v4: i64,
    v5: i64,
    v6: i64,
    v7: i64,
    v8: i64,
    v9: i64,
    v10: i64,
}

impl Sums {
    /// Returns values with their counts.
    pub(in crate::ratings) fn values(&self) -> impl Iterator<Item = (i64, i64)> + use<> {
        let all = [self.v0, self.v1, self.v2, self.v3, self.v4, self.v5, self.v6, self.v7, self.v8, self.v9, self.v10];
        let first = self.block * BLOCK;
        (first..).zip(all).filter(|(_, n)| *n != 0)
    }
}

/// A row of totals.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct CountRow {
    pub scope: String,
    /// Empty if none.
    pub agent_id: String,
    /// Empty if none.
    pub team_id: String,
    /// Empty for all months of the period.
    pub month: String,
    pub question: String,
    #[sqlx(flatten)]
    pub sums: Sums,
}

impl CountRow {
    /// Returns the agent of this sum; `None` for sums of a team or of all.
    pub(super) fn agent(&self) -> Option<&str> {
        (self.scope == "agent").then_some(self.agent_id.as_str())
    }
}

/// Number of invitations about an agent.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct AskedRow {
    pub agent_id: String,
    pub team_id: String,
    pub n: i64,
}

/// Returns all that a viewer may see, summed over the months by agent and team.
pub(super) async fn counts(conn: Conn<'_>, sight: &Visible, period: Period) -> Result<Vec<CountRow>, DbError> {
    let (from, to) = (period.from().to_string(), period.to().to_string());
    match sight {
        Visible::All => fetch_all!(conn, COUNTS => CountRow, from, to),
        Visible::Teams(teams) => {
            fetch_all!(conn, TEAMS_COUNTS => CountRow, from, to, serde_json::json!(teams).to_string())
        }
        Visible::Own(agent) => fetch_all!(conn, AGENT_COUNTS => CountRow, from, to, agent),
        Visible::None => Ok(Vec::new()),
    }
}

/// Returns an agent's sums, by month and team.
pub(super) async fn agent_counts(conn: Conn<'_>, id: &AgentId, period: Period) -> Result<Vec<CountRow>, DbError> {
    fetch_all!(conn, AGENT_COUNTS => CountRow, period.from().to_string(), period.to().to_string(), id)
}

/// Returns a team's sums by month: of its agents, and of the team as a whole.
pub(super) async fn team_counts(conn: Conn<'_>, id: &TeamId, period: Period) -> Result<Vec<CountRow>, DbError> {
    fetch_all!(conn, TEAM_COUNTS => CountRow, period.from().to_string(), period.to().to_string(), id)
}

pub(super) async fn agent_comments(
    conn: Conn<'_>,
    sight: &Visible,
    agent: &AgentId,
    period: Period,
) -> Result<Vec<(String, String)>, DbError> {
    let (b, from, to) = (VisibleBinds::from(sight), period.from().to_string(), period.to().to_string());
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
    fetch_all!(conn, ASKED => AskedRow, period.from().to_string(), period.to().to_string())
}
