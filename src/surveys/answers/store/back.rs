//! SQL of what is taken back after it was counted.

use crate::database::{Conn, DbError};
use crate::ids::InteractionId;
use crate::{execute, fetch_all, statements};

statements! {
    COUNTED = "SELECT 'score' AS question, score_release AS release_id, score AS value FROM responses \
            WHERE interaction_id = $1 AND score_release <> '-' \
        UNION ALL SELECT 'resolved', resolved_release, CAST(CASE WHEN resolved = 'yes' THEN 1 ELSE 0 END AS BIGINT) FROM responses \
            WHERE interaction_id = $1 AND resolved_release <> '-' \
        UNION ALL SELECT 'comment', comment_release, CAST(NULL AS BIGINT) FROM responses \
            WHERE interaction_id = $1 AND comment_release <> '-' \
        UNION ALL SELECT question, release, value FROM response_extras WHERE interaction_id = $1 AND release <> '-'";
    UNCOUNT = "UPDATE responses SET score_release = CASE WHEN score_release IS NULL THEN NULL ELSE '-' END, \
        resolved_release = CASE WHEN resolved_release IS NULL THEN NULL ELSE '-' END, \
        comment_release = CASE WHEN comment_release IS NULL THEN NULL ELSE '-' END WHERE interaction_id = $1";
    UNCOUNT_EXTRAS = "UPDATE response_extras SET release = '-' WHERE interaction_id = $1 AND release IS NOT NULL";
    COUNT_EXTRAS_AGAIN = "UPDATE response_extras SET release = NULL WHERE interaction_id = $1 AND release = '-'";
    COUNT_AGAIN = "UPDATE responses SET score_release = CASE WHEN score_release = '-' AND score IS NOT NULL THEN NULL ELSE score_release END, \
        resolved_release = CASE WHEN resolved_release = '-' AND resolved IS NOT NULL THEN NULL ELSE resolved_release END, \
        comment_release = CASE WHEN comment_release = '-' AND comment IS NOT NULL THEN NULL ELSE comment_release END, \
        extras_release = CASE WHEN EXISTS (SELECT 1 FROM response_extras e WHERE e.interaction_id = responses.interaction_id AND e.release IS NULL) \
            THEN NULL ELSE extras_release END WHERE interaction_id = $1";
    TAKE_BACK = "INSERT INTO taken_back (id, release_id, question, value, comment_id) VALUES ($1, $2, $3, $4, $5)";
}

/// An answer to one question that was counted.
#[derive(Debug, sqlx::FromRow)]
pub(in crate::surveys::answers) struct Counted {
    pub question: String,
    pub release_id: String,
    /// Nothing for a text.
    pub value: Option<i64>,
}

pub(in crate::surveys::answers) async fn counted(
    conn: Conn<'_>,
    interaction: &InteractionId,
) -> Result<Vec<Counted>, DbError> {
    fetch_all!(conn, COUNTED => Counted, interaction)
}

/// What was counted of it is marked as nothing to be counted.
pub(in crate::surveys::answers) async fn uncount(
    mut conn: Conn<'_>,
    interaction: &InteractionId,
) -> Result<(), DbError> {
    execute!(conn.again(), UNCOUNT_EXTRAS, interaction)?;
    execute!(conn, UNCOUNT, interaction).map(drop)
}

/// What was answered waits to be counted, if it does not yet.
pub(in crate::surveys::answers) async fn count_again(
    mut conn: Conn<'_>,
    interaction: &InteractionId,
) -> Result<(), DbError> {
    execute!(conn.again(), COUNT_EXTRAS_AGAIN, interaction)?;
    execute!(conn, COUNT_AGAIN, interaction).map(drop)
}

pub(in crate::surveys::answers) async fn take_back(
    conn: Conn<'_>,
    what: &Counted,
    comment_id: Option<&str>,
) -> Result<(), DbError> {
    let id = uuid::Uuid::new_v4().to_string();
    execute!(conn, TAKE_BACK, id, &what.release_id, &what.question, what.value, comment_id).map(drop)
}
