//! SQL of releases.

use super::Counted;
use crate::database::{Conn, DbError};
use crate::ids::{AgentId, ReleaseId, TeamId};
use crate::surveys::Question;
use crate::{execute, fetch_all, statements};
use serde_json::{Value, json};
use std::collections::BTreeMap;

statements! {
    RIPE_SEALED = "SELECT id, sealed FROM sealed_answers WHERE id > $1 AND ripeness >= $2 ORDER BY id LIMIT $3";
    RIPE_LINKED = "SELECT interaction_id AS id, agent_id, team_id, CAST(CASE WHEN score_release IS NULL THEN 1 ELSE 0 END AS BIGINT) AS score, \
            CAST(CASE WHEN resolved_release IS NULL THEN 1 ELSE 0 END AS BIGINT) AS resolved, CAST(CASE WHEN comment_release IS NULL THEN 1 ELSE 0 END AS BIGINT) AS comment \
        FROM responses WHERE interaction_id > $1 AND ripeness >= $2 \
            AND (score_release IS NULL OR resolved_release IS NULL OR comment_release IS NULL) ORDER BY interaction_id LIMIT $3";
    // $1: JSON array of ids.
    TAKE_SEALED = sqlite "DELETE FROM sealed_answers WHERE ripeness >= $2 AND id IN (SELECT value FROM json_each($1)) RETURNING sealed",
        pg "DELETE FROM sealed_answers WHERE ripeness >= $2 AND id IN (SELECT jsonb_array_elements_text($1::jsonb)) RETURNING sealed";
    TAKE_SCORE = sqlite "UPDATE responses SET score_release = $3 WHERE score_release IS NULL AND ripeness >= $2 \
            AND interaction_id IN (SELECT value FROM json_each($1)) RETURNING team_id, score AS value, NULL AS comment",
        pg "UPDATE responses SET score_release = $3 WHERE score_release IS NULL AND ripeness >= $2 \
            AND interaction_id IN (SELECT jsonb_array_elements_text($1::jsonb)) RETURNING team_id, score AS value, NULL::text AS comment";
    TAKE_RESOLVED = sqlite "UPDATE responses SET resolved_release = $3 WHERE resolved_release IS NULL AND resolved IS NOT NULL AND ripeness >= $2 \
            AND interaction_id IN (SELECT value FROM json_each($1)) \
            RETURNING team_id, CASE WHEN resolved = 'yes' THEN 1 ELSE 0 END AS value, NULL AS comment",
        pg "UPDATE responses SET resolved_release = $3 WHERE resolved_release IS NULL AND resolved IS NOT NULL AND ripeness >= $2 \
            AND interaction_id IN (SELECT jsonb_array_elements_text($1::jsonb)) \
            RETURNING team_id, CAST(CASE WHEN resolved = 'yes' THEN 1 ELSE 0 END AS BIGINT) AS value, NULL::text AS comment";
    TAKE_COMMENT = sqlite "UPDATE responses SET comment_release = $3 WHERE comment_release IS NULL AND comment IS NOT NULL AND ripeness >= $2 \
            AND interaction_id IN (SELECT value FROM json_each($1)) RETURNING team_id, NULL AS value, comment",
        pg "UPDATE responses SET comment_release = $3 WHERE comment_release IS NULL AND comment IS NOT NULL AND ripeness >= $2 \
            AND interaction_id IN (SELECT jsonb_array_elements_text($1::jsonb)) RETURNING team_id, NULL::bigint AS value, comment";
    RIPE_EXTRAS = "SELECT e.interaction_id AS id, e.question, r.agent_id, r.team_id FROM response_extras e \
        JOIN responses r ON r.interaction_id = e.interaction_id WHERE e.release IS NULL AND r.ripeness >= $3 \
            AND (e.interaction_id > $1 OR (e.interaction_id = $1 AND e.question > $2)) ORDER BY e.interaction_id, e.question LIMIT $4";
    TAKE_EXTRA = sqlite "UPDATE response_extras SET release = $3 WHERE release IS NULL AND question = $4 \
            AND interaction_id IN (SELECT r.interaction_id FROM responses r WHERE r.ripeness >= $2 \
                AND r.interaction_id IN (SELECT value FROM json_each($1))) \
            RETURNING (SELECT r.team_id FROM responses r WHERE r.interaction_id = response_extras.interaction_id) AS team_id, value, text AS comment",
        pg "UPDATE response_extras SET release = $3 FROM responses r WHERE release IS NULL AND question = $4 \
            AND r.interaction_id = response_extras.interaction_id AND r.ripeness >= $2 \
            AND r.interaction_id IN (SELECT jsonb_array_elements_text($1::jsonb)) RETURNING r.team_id, value, text AS comment";
    // Where none of the further answers waits any more, the row need not be looked at again.
    EXTRAS_TAKEN = sqlite "UPDATE responses SET extras_release = '-' WHERE extras_release IS NULL \
            AND interaction_id IN (SELECT value FROM json_each($1)) AND NOT EXISTS (SELECT 1 FROM response_extras e \
                WHERE e.interaction_id = responses.interaction_id AND e.release IS NULL)",
        pg "UPDATE responses SET extras_release = '-' WHERE extras_release IS NULL \
            AND interaction_id IN (SELECT jsonb_array_elements_text($1::jsonb)) AND NOT EXISTS (SELECT 1 FROM response_extras e \
                WHERE e.interaction_id = responses.interaction_id AND e.release IS NULL)";
    ADD = "INSERT INTO releases (id, scope, agent_id, team_id, question, kind, month, k, n) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    // $2: JSON array of [value, n].
    ADD_COUNTS = sqlite "INSERT INTO release_counts (release_id, value, n) SELECT $1, j.value->>0, j.value->>1 FROM json_each($2) AS j",
        pg "INSERT INTO release_counts (release_id, value, n) SELECT $1, (j->>0)::bigint, (j->>1)::bigint FROM jsonb_array_elements($2::jsonb) AS j";
    // $2: JSON array of [id, text].
    ADD_COMMENTS = sqlite "INSERT INTO released_comments (id, release_id, text) SELECT j.value->>0, $1, j.value->>1 FROM json_each($2) AS j",
        pg "INSERT INTO released_comments (id, release_id, text) SELECT j->>0, $1, j->>1 FROM jsonb_array_elements($2::jsonb) AS j";
}

/// A sealed record that is ripe.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct RipeSealed {
    pub id: String,
    pub sealed: String,
}

/// A linked answer of which something is ripe and not counted.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct RipeLinked {
    pub id: String,
    pub agent_id: Option<AgentId>,
    pub team_id: Option<TeamId>,
    score: i64,
    resolved: i64,
    comment: i64,
}

impl RipeLinked {
    /// What of it is not counted.
    pub fn waiting(&self) -> impl Iterator<Item = Question> {
        let all =
            [(Question::Score, self.score), (Question::Resolved, self.resolved), (Question::Comment, self.comment)];
        all.into_iter().filter(|(_, waits)| *waits == 1).map(|(question, _)| question)
    }
}

/// A linked answer to a further question that is ripe and not counted.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct RipeExtra {
    pub id: String,
    question: String,
    pub agent_id: Option<AgentId>,
    pub team_id: Option<TeamId>,
}

impl RipeExtra {
    pub fn question(&self) -> Option<Question> {
        Question::known(&self.question)
    }

    /// Where to go on behind it.
    pub fn place(&self) -> (String, String) {
        (self.id.clone(), self.question.clone())
    }
}

/// A linked answer to one question, just counted.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct LinkedTaken {
    team_id: Option<TeamId>,
    value: Option<i64>,
    comment: Option<String>,
}

impl LinkedTaken {
    pub fn counted(self) -> Counted {
        Counted { team: self.team_id, value: self.value, comment: self.comment, quote: None }
    }
}

/// A release.
#[derive(Debug)]
pub(super) struct NewRelease {
    pub id: ReleaseId,
    pub scope: &'static str,
    pub agent: Option<AgentId>,
    pub team: Option<TeamId>,
    pub question: String,
    pub kind: &'static str,
    pub month: String,
    pub k: i64,
    pub n: i64,
}

fn many(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}

pub(super) async fn ripe_sealed(
    conn: Conn<'_>,
    from: &str,
    ripe_at: i64,
    most: usize,
) -> Result<Vec<RipeSealed>, DbError> {
    fetch_all!(conn, RIPE_SEALED => RipeSealed, from, ripe_at, many(most))
}

pub(super) async fn ripe_linked(
    conn: Conn<'_>,
    from: &str,
    ripe_at: i64,
    most: usize,
) -> Result<Vec<RipeLinked>, DbError> {
    fetch_all!(conn, RIPE_LINKED => RipeLinked, from, ripe_at, many(most))
}

/// Ripe linked answers to further questions, behind this place (interaction, question).
pub(super) async fn ripe_extras(
    conn: Conn<'_>,
    from: &(String, String),
    ripe_at: i64,
    most: usize,
) -> Result<Vec<RipeExtra>, DbError> {
    fetch_all!(conn, RIPE_EXTRAS => RipeExtra, &from.0, &from.1, ripe_at, many(most))
}

/// Takes sealed records out of the mix for good; their contents.
pub(super) async fn take_sealed(conn: Conn<'_>, ids: &[String], ripe_at: i64) -> Result<Vec<String>, DbError> {
    let rows = fetch_all!(conn, TAKE_SEALED => (String,), json!(ids).to_string(), ripe_at)?;
    Ok(rows.into_iter().map(|(sealed,)| sealed).collect())
}

/// Marks linked answers to one question as counted; what they say.
pub(super) async fn take_linked(
    mut conn: Conn<'_>,
    question: &Question,
    release: &ReleaseId,
    ids: &[String],
    ripe_at: i64,
) -> Result<Vec<LinkedTaken>, DbError> {
    let json = json!(ids).to_string();
    let take = match question {
        Question::Score => TAKE_SCORE,
        Question::Resolved => TAKE_RESOLVED,
        Question::Comment => TAKE_COMMENT,
        Question::Further(code) => {
            let taken = fetch_all!(conn.again(), TAKE_EXTRA => LinkedTaken, &json, ripe_at, release, &**code)?;
            execute!(conn, EXTRAS_TAKEN, &json)?;
            return Ok(taken);
        }
    };
    fetch_all!(conn, take => LinkedTaken, json, ripe_at, release)
}

pub(super) async fn add(conn: Conn<'_>, new: &NewRelease) -> Result<(), DbError> {
    execute!(conn, ADD, &new.id, new.scope, &new.agent, &new.team, &new.question, new.kind, &new.month, new.k, new.n)
        .map(drop)
}

pub(super) async fn add_counts(
    conn: Conn<'_>,
    release: &ReleaseId,
    counts: &BTreeMap<i64, i64>,
) -> Result<(), DbError> {
    let rows: Vec<Value> = counts.iter().map(|(value, n)| json!([value, n])).collect();
    execute!(conn, ADD_COUNTS, release, json!(rows).to_string()).map(drop)
}

pub(super) async fn add_comments(conn: Conn<'_>, release: &ReleaseId, comments: &[String]) -> Result<(), DbError> {
    let rows: Vec<Value> = comments.iter().map(|text| json!([uuid::Uuid::new_v4().to_string(), text])).collect();
    execute!(conn, ADD_COMMENTS, release, json!(rows).to_string()).map(drop)
}
