//! SQL of the handoff of linked answers.

use super::{Ripe, Unread, UnreadComment};
use crate::database::{Conn, DbError};
use crate::ids::{InteractionId, TeamId};
use crate::{execute, fetch_all, fetch_optional, statements};

statements! {
    TAKE_RIPE = "
        UPDATE responses
        SET handed_off_on = $1
        WHERE interaction_id IN (
            SELECT interaction_id
            FROM responses
            WHERE handed_off_on IS NULL
                AND mix_passes >= $2
            ORDER BY interaction_id
            LIMIT $3
        )
        RETURNING interaction_id, agent_id, team_id, score, comment, quote_id";
    // $1: JSON array of teams. Within a day ordered by id, which is random.
    UNREAD = "
        SELECT interaction_id, comment, handed_off_on
        FROM responses
        WHERE read_on IS NULL
            AND comment IS NOT NULL
            AND handed_off_on > '-'
            AND team_id IN {list $1}
        ORDER BY handed_off_on, interaction_id
        LIMIT $2";
    MARK_READ = "
        UPDATE responses
        SET read_name = $3, read_on = $4
        WHERE interaction_id = $2
            AND read_on IS NULL
            AND comment IS NOT NULL
            AND handed_off_on IS NOT NULL
            AND team_id IN {list $1}";
    READ_BY = "
        SELECT read_name, read_on
        FROM responses
        WHERE interaction_id = $1
            AND read_on IS NOT NULL";
    UNREAD_SINCE = "
        SELECT team_id, COUNT(*) AS n
        FROM responses
        WHERE read_on IS NULL
            AND comment IS NOT NULL
            AND handed_off_on > '-'
            AND handed_off_on <= $1
        GROUP BY team_id";
    // $1: JSON array of interactions.
    WITH_ANSWER = "SELECT interaction_id FROM responses WHERE interaction_id IN {list $1}";
}

pub(super) async fn take_ripe(conn: Conn<'_>, day: &str, ripe_at: i64, most: usize) -> Result<Vec<Ripe>, DbError> {
    fetch_all!(conn, TAKE_RIPE => Ripe, day, ripe_at, i64::try_from(most).unwrap_or(i64::MAX))
}

pub(super) async fn with_answer(conn: Conn<'_>, ids: &[InteractionId]) -> Result<Vec<InteractionId>, DbError> {
    let rows = fetch_all!(conn, WITH_ANSWER => (InteractionId,), serde_json::json!(ids).to_string())?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

pub(super) async fn unread(conn: Conn<'_>, teams: &[TeamId], most: i64) -> Result<Vec<UnreadComment>, DbError> {
    fetch_all!(conn, UNREAD => UnreadComment, serde_json::json!(teams).to_string(), most)
}

/// Returns false if there is nothing to read, or it was already read.
pub(super) async fn mark_read(
    conn: Conn<'_>,
    teams: &[TeamId],
    id: &InteractionId,
    name: &str,
    day: &str,
) -> Result<bool, DbError> {
    Ok(execute!(conn, MARK_READ, serde_json::json!(teams).to_string(), id, name, day)? > 0)
}

pub(super) async fn read_by(conn: Conn<'_>, id: &InteractionId) -> Result<Option<(String, String)>, DbError> {
    fetch_optional!(conn, READ_BY => (String, String), id)
}

pub(super) async fn unread_since(conn: Conn<'_>, day: &str) -> Result<Vec<Unread>, DbError> {
    fetch_all!(conn, UNREAD_SINCE => Unread, day)
}
