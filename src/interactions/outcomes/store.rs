//! SQL of outcome words and their mappings.

use crate::database::{Conn, DbError, Rows};
use crate::ids::InteractionId;
use crate::{execute, fetch_all, statements};

statements! {
    USED = "
        SELECT source, COALESCE(outcome_key, '') AS word, COUNT(*) AS interactions
        FROM interactions
        WHERE outcome_key IS NOT NULL
        GROUP BY source, outcome_key
        ORDER BY COUNT(*) DESC, source, outcome_key
        LIMIT $1";
    EXAMPLES = "
        SELECT id
        FROM interactions
        WHERE source = $1
            AND outcome_key = $2
        ORDER BY occurred_at DESC
        LIMIT 3";
    MAPPINGS = "
        SELECT source, word, outcome
        FROM outcome_mappings
        ORDER BY source, word";
    SET_MAPPING = "
        INSERT INTO outcome_mappings (source, word, outcome)
        VALUES ($1, $2, $3)
        ON CONFLICT (source, word) DO UPDATE SET outcome = excluded.outcome";
    REMOVE_MAPPING = "DELETE FROM outcome_mappings WHERE source = $1 AND word = $2";
    // Postponed: skipped for want of a meaning, with the customer still stored.
    UNDECIDED = "
        SELECT id, CAST(CASE WHEN survey_state = 'skipped' THEN 1 ELSE 0 END AS BIGINT) AS is_postponed
        FROM interactions
        WHERE source = $1
            AND outcome_key = $2
            AND phase = 2
            AND (survey_state = 'waiting' OR (survey_state = 'skipped' AND survey_reason = 'unknown_outcome'
                AND (customer_email IS NOT NULL OR customer_phone IS NOT NULL)))";
}

/// An interaction whose survey is not decided.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct UndecidedRow {
    pub id: InteractionId,
    pub is_postponed: i64,
}

/// Returns source, word and number of interactions, most frequent first.
pub(super) async fn used(conn: Conn<'_>, most: i64) -> Rows<(String, String, i64)> {
    fetch_all!(conn, USED => (String, String, i64), most)
}

/// Returns the last three interactions with a word.
pub(super) async fn examples(conn: Conn<'_>, source: &str, word: &str) -> Result<Vec<InteractionId>, DbError> {
    let rows = fetch_all!(conn, EXAMPLES => (InteractionId,), source, word)?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Returns source, word and outcome of every mapping.
pub(super) async fn mappings(conn: Conn<'_>) -> Rows<(String, String, String)> {
    fetch_all!(conn, MAPPINGS => (String, String, String))
}

pub(super) async fn set_mapping(
    conn: Conn<'_>,
    source: &str,
    word: &str,
    outcome: Option<&'static str>,
) -> Result<(), DbError> {
    match outcome {
        Some(outcome) => execute!(conn, SET_MAPPING, source, word, outcome).map(drop),
        None => execute!(conn, REMOVE_MAPPING, source, word).map(drop),
    }
}

pub(super) async fn undecided(conn: Conn<'_>, source: &str, word: &str) -> Result<Vec<UndecidedRow>, DbError> {
    fetch_all!(conn, UNDECIDED => UndecidedRow, source, word)
}
