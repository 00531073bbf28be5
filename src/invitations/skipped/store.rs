//! SQL of the report of skipped interactions.

use super::Span;
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::AgentId;
use crate::{fetch_all, statements};

statements! {
    // '-' stands for surveyed; whether it was answered does not matter here and is not read.
    BY_AGENT = "
        SELECT a.person_id AS agent_id, COALESCE(a.name, a.external_id) AS agent, t.name AS team,
            CASE WHEN i.survey_state = 'skipped' THEN COALESCE(i.survey_reason, '') ELSE '-' END AS what,
            COUNT(*) AS interactions
        FROM interactions i
        LEFT JOIN agents a ON a.id = i.agent_id
        LEFT JOIN teams t ON t.id = i.team_id
        WHERE i.phase = 2
            AND i.survey_state <> 'waiting'
            AND i.occurred_at >= $1
            AND i.occurred_at < $2
        GROUP BY 1, 2, 3, 4";
    // Every time zone's days begin with a quarter of an hour.
    BY_TIME = "
        SELECT occurred_at / 900000 * 900000 AS begin_ms, COUNT(*) AS interactions
        FROM interactions
        WHERE survey_state = 'skipped'
            AND occurred_at >= $1
        GROUP BY 1";
}

/// Number of an agent's interactions of one team that were surveyed (`-`) or skipped for a reason.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Row {
    pub agent_id: Option<AgentId>,
    pub agent: Option<String>,
    pub team: Option<String>,
    pub what: String,
    pub interactions: i64,
}

pub(super) async fn by_agent(conn: Conn<'_>, span: Span) -> Result<Vec<Row>, DbError> {
    fetch_all!(conn, BY_AGENT => Row, span.from, span.until)
}

pub(super) async fn by_time(conn: Conn<'_>, since: Timestamp) -> Result<Vec<(Timestamp, i64)>, DbError> {
    fetch_all!(conn, BY_TIME => (Timestamp, i64), since)
}
