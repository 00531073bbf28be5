//! SQL of a survey's results: totals of whole releases, and released texts.

use crate::access::principal::Visible;
use crate::database::{Conn, DbError, VisibleBinds};
use crate::ratings::Period;
use crate::ratings::store::Sums;
use crate::{fetch_all, same_person, statements};
use serde_json::json;

statements! {
    // $3: JSON array of questions; $4: whether to return all; $5: JSON array of teams; $6: one agent.
    TOTALS = concat!("
        SELECT question, block, CAST(SUM(v0) AS BIGINT) AS v0, CAST(SUM(v1) AS BIGINT) AS v1,
            CAST(SUM(v2) AS BIGINT) AS v2, CAST(SUM(v3) AS BIGINT) AS v3, CAST(SUM(v4) AS BIGINT) AS v4,
            CAST(SUM(v5) AS BIGINT) AS v5, CAST(SUM(v6) AS BIGINT) AS v6, CAST(SUM(v7) AS BIGINT) AS v7,
            CAST(SUM(v8) AS BIGINT) AS v8, CAST(SUM(v9) AS BIGINT) AS v9, CAST(SUM(v10) AS BIGINT) AS v10
        FROM release_totals
        WHERE month >= $1
            AND month <= $2
            AND question IN {list $3}
            AND ($4 = 1 OR team_id IN {list $5} OR (scope = 'agent' AND ", same_person!("agent_id", "$6"), "))
        GROUP BY question, block");
    // By id within a month: ids are random, so the order reveals nothing.
    TEXTS = concat!("
        SELECT r.month, c.text
        FROM released_comments c
        JOIN releases r ON r.id = c.release_id
        WHERE r.month >= $1
            AND r.month <= $2
            AND r.question = $3
            AND ($4 = 1 OR r.team_id IN {list $5} OR (r.scope = 'agent' AND ", same_person!("r.agent_id", "$6"), "))
        ORDER BY r.month DESC, c.id
        LIMIT 500");
}

/// A row of totals.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct TotalRow {
    pub question: String,
    #[sqlx(flatten)]
    pub sums: Sums,
}

pub(super) async fn totals(
    conn: Conn<'_>,
    sight: &Visible,
    questions: &[&str],
    period: Period,
) -> Result<Vec<TotalRow>, DbError> {
    let (b, from, to) = (VisibleBinds::from(sight), period.from().to_string(), period.to().to_string());
    fetch_all!(conn, TOTALS => TotalRow, from, to, json!(questions).to_string(), b.all, b.teams, b.agent)
}

/// Returns month and text.
pub(super) async fn comments(
    conn: Conn<'_>,
    sight: &Visible,
    question: &str,
    period: Period,
) -> Result<Vec<(String, String)>, DbError> {
    let (b, from, to) = (VisibleBinds::from(sight), period.from().to_string(), period.to().to_string());
    fetch_all!(conn, TEXTS => (String, String), from, to, question, b.all, b.teams, b.agent)
}
