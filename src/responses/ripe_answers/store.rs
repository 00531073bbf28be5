//! SQL of ripe answers.

use crate::database::{Conn, DbError, Rows};
use crate::ids::{AgentId, InteractionId, ReleaseId, TeamId};
use crate::surveys::Question;
use crate::{execute, fetch_all, statements};
use serde_json::json;

/// Selects ripe linked answers to one question, among those of a list ($1), that are not counted.
macro_rules! waiting {
    ($what:literal, $release:literal) => {
        concat!(
            "SELECT interaction_id, team_id, ",
            $what,
            "
            FROM responses
            WHERE ",
            $release,
            " IS NULL
                AND mix_passes >= $2
                AND interaction_id IN {list $1}"
        )
    };
}

statements! {
    RIPE_SEALED = "
        SELECT id, sealed
        FROM sealed_answers
        WHERE id > $1
            AND mix_passes >= $2
        ORDER BY id
        LIMIT $3";
    // The condition of the index responses_unreleased: counted answers are not read again.
    RIPE_LINKED = "
        SELECT interaction_id, agent_id, team_id, min_batch_size, external,
            CAST(CASE WHEN score_release IS NULL THEN 1 ELSE 0 END AS BIGINT) AS score,
            CAST(CASE WHEN resolved_release IS NULL THEN 1 ELSE 0 END AS BIGINT) AS resolved,
            CAST(CASE WHEN comment_release IS NULL THEN 1 ELSE 0 END AS BIGINT) AS comment
        FROM responses
        WHERE interaction_id > $1
            AND mix_passes >= $2
            AND (score_release IS NULL OR resolved_release IS NULL OR comment_release IS NULL)
        ORDER BY interaction_id
        LIMIT $3";
    // $1, $2: position.
    RIPE_EXTRAS = "
        SELECT e.interaction_id, e.question, r.agent_id, r.team_id, r.min_batch_size, r.external
        FROM response_extras e
        JOIN responses r ON r.interaction_id = e.interaction_id
        WHERE e.release IS NULL
            AND r.mix_passes >= $3
            AND (e.interaction_id > $1 OR (e.interaction_id = $1 AND e.question > $2))
        ORDER BY e.interaction_id, e.question
        LIMIT $4";
    // $1: JSON array of ids.
    SEALED = "
        SELECT id, sealed
        FROM sealed_answers
        WHERE mix_passes >= $2
            AND id IN {list $1}";
    SCORES = waiting!("score AS value, CAST(NULL AS TEXT) AS comment", "score_release");
    RESOLVED = waiting!(
        "CAST(CASE WHEN resolved = 'yes' THEN 1 ELSE 0 END AS BIGINT) AS value, CAST(NULL AS TEXT) AS comment",
        "resolved_release"
    );
    COMMENTS = waiting!("CAST(NULL AS BIGINT) AS value, comment", "comment_release");
    // $1: JSON array of interactions, $3: the question's code.
    EXTRAS = "
        SELECT r.interaction_id, r.team_id, e.value, e.text AS comment
        FROM responses r
        JOIN response_extras e ON e.interaction_id = r.interaction_id
            AND e.question = $3
        WHERE e.release IS NULL
            AND r.mix_passes >= $2
            AND r.interaction_id IN {list $1}";
    DROP_SEALED = "DELETE FROM sealed_answers WHERE id IN {list $1}";
    // $1: JSON array of [interaction, release], in this and the next ones.
    MARK_SCORES = "
        UPDATE responses
        SET score_release = j.value->>1
        FROM {rows $1} AS j
        WHERE responses.interaction_id = j.value->>0";
    MARK_RESOLVED = "
        UPDATE responses
        SET resolved_release = j.value->>1
        FROM {rows $1} AS j
        WHERE responses.interaction_id = j.value->>0";
    MARK_COMMENTS = "
        UPDATE responses
        SET comment_release = j.value->>1
        FROM {rows $1} AS j
        WHERE responses.interaction_id = j.value->>0";
    // $2: the question's code.
    MARK_EXTRAS = "
        UPDATE response_extras
        SET release = j.value->>1
        FROM {rows $1} AS j
        WHERE response_extras.interaction_id = j.value->>0
            AND response_extras.question = $2";
    // If no further answer waits any more, the row need not be read again.
    EXTRAS_TAKEN = "
        UPDATE responses
        SET extras_release = '-'
        WHERE extras_release IS NULL
            AND interaction_id IN (SELECT j.value->>0 FROM {rows $1} AS j)
            AND NOT EXISTS (
                SELECT 1
                FROM response_extras e
                WHERE e.interaction_id = responses.interaction_id
                    AND e.release IS NULL
            )";
}

/// A ripe sealed record of the mix.
#[derive(Debug, sqlx::FromRow)]
pub struct RipeSealed {
    /// Id of the record.
    pub id: String,
    /// The record, for [`crate::responses::open_sealed`].
    pub sealed: String,
}

/// A linked answer with ripe parts that are not counted.
#[derive(Debug, sqlx::FromRow)]
pub struct RipeLinked {
    /// Interaction of the answer.
    #[sqlx(rename = "interaction_id")]
    pub interaction: InteractionId,
    /// Rated agent.
    #[sqlx(rename = "agent_id")]
    pub agent: Option<AgentId>,
    /// The team.
    #[sqlx(rename = "team_id")]
    pub team: Option<TeamId>,
    /// Smallest batch that the survey page promised.
    pub min_batch_size: i64,
    /// 1: an external answer.
    pub external: i64,
    pub(super) score: i64,
    pub(super) resolved: i64,
    pub(super) comment: i64,
}

/// A ripe linked answer to a further question that is not counted.
#[derive(Debug, sqlx::FromRow)]
pub struct RipeExtra {
    /// Interaction of the answer.
    #[sqlx(rename = "interaction_id")]
    pub interaction: InteractionId,
    /// Code of the question.
    pub question: String,
    /// Rated agent.
    #[sqlx(rename = "agent_id")]
    pub agent: Option<AgentId>,
    /// The team.
    #[sqlx(rename = "team_id")]
    pub team: Option<TeamId>,
    /// Smallest batch that the survey page promised.
    pub min_batch_size: i64,
    /// 1: an external answer.
    pub external: i64,
}

/// A linked answer to one question.
#[derive(Debug, sqlx::FromRow)]
pub struct LinkedAnswer {
    /// Interaction of the answer.
    #[sqlx(rename = "interaction_id")]
    pub interaction: InteractionId,
    /// The team.
    #[sqlx(rename = "team_id")]
    pub team: Option<TeamId>,
    /// Value of an answer that is a number.
    pub value: Option<i64>,
    /// Text of an answer in words.
    pub comment: Option<String>,
}

fn limit(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}

/// Returns at most `most` ripe records of the mix, in the order of their ids, after this one.
pub async fn ripe_sealed(conn: Conn<'_>, from: &str, ripe_at: i64, most: usize) -> Rows<RipeSealed> {
    fetch_all!(conn, RIPE_SEALED => RipeSealed, from, ripe_at, limit(most))
}

/// Returns at most `most` linked answers with ripe parts that are not counted, in the order of their interactions'
/// ids, after this one.
pub async fn ripe_linked(conn: Conn<'_>, from: &str, ripe_at: i64, most: usize) -> Rows<RipeLinked> {
    fetch_all!(conn, RIPE_LINKED => RipeLinked, from, ripe_at, limit(most))
}

/// Returns at most `most` ripe linked answers to further questions that are not counted, after this position
/// (interaction, question).
pub async fn ripe_extras(conn: Conn<'_>, from: (&str, &str), ripe_at: i64, most: usize) -> Rows<RipeExtra> {
    fetch_all!(conn, RIPE_EXTRAS => RipeExtra, from.0, from.1, ripe_at, limit(most))
}

/// Returns those of these records that are in the mix and ripe.
pub async fn sealed_answers(conn: Conn<'_>, ids: &[&str], ripe_at: i64) -> Rows<RipeSealed> {
    fetch_all!(conn, SEALED => RipeSealed, json!(ids).to_string(), ripe_at)
}

/// Returns the linked answers of these interactions to a question, where they are ripe and not counted.
pub async fn linked_answers(
    conn: Conn<'_>,
    question: &Question,
    interactions: &[&str],
    ripe_at: i64,
) -> Rows<LinkedAnswer> {
    let ids = json!(interactions).to_string();
    match question {
        Question::Score => fetch_all!(conn, SCORES => LinkedAnswer, ids, ripe_at),
        Question::Resolved => fetch_all!(conn, RESOLVED => LinkedAnswer, ids, ripe_at),
        Question::Comment => fetch_all!(conn, COMMENTS => LinkedAnswer, ids, ripe_at),
        Question::Further(code) => fetch_all!(conn, EXTRAS => LinkedAnswer, ids, ripe_at, &**code),
    }
}

/// Removes counted records from the mix.
pub async fn remove_released(conn: Conn<'_>, ids: &[&str]) -> Result<(), DbError> {
    execute!(conn, DROP_SEALED, json!(ids).to_string()).map(drop)
}

/// Marks linked answers to a question with the release that counts them; each answer is given by its interaction.
pub async fn mark_released(
    mut conn: Conn<'_>,
    question: &Question,
    pairs: &[(&str, &ReleaseId)],
) -> Result<(), DbError> {
    let pairs = json!(pairs).to_string();
    let mark = match question {
        Question::Score => MARK_SCORES,
        Question::Resolved => MARK_RESOLVED,
        Question::Comment => MARK_COMMENTS,
        Question::Further(code) => {
            execute!(conn.reborrow(), MARK_EXTRAS, &pairs, &**code)?;
            return execute!(conn, EXTRAS_TAKEN, pairs).map(drop);
        }
    };
    execute!(conn, mark, pairs).map(drop)
}
