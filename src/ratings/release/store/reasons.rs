//! SQL of the reasons of exclusions.

use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::{InteractionId, ReleaseId, TeamId};
use crate::{execute, fetch_all, statements};

statements! {
    WAITING = "
        SELECT interaction_id, team_id, reason, created_at
        FROM exclusions
        WHERE release_id IS NULL";
    // $1: JSON array of interactions.
    MARK = "
        UPDATE exclusions
        SET release_id = $2
        WHERE release_id IS NULL
            AND interaction_id IN {list $1}";
}

/// A reason that is not counted yet.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(in super::super) struct Waiting {
    pub interaction_id: InteractionId,
    pub team_id: Option<TeamId>,
    pub reason: String,
    pub created_at: Timestamp,
}

pub(in super::super) async fn waiting(conn: Conn<'_>) -> Result<Vec<Waiting>, DbError> {
    fetch_all!(conn, WAITING => Waiting)
}

/// Marks reasons as counted; returns the number of those that were not yet.
pub(in super::super) async fn mark(
    conn: Conn<'_>,
    ids: &[&InteractionId],
    release: &ReleaseId,
) -> Result<u64, DbError> {
    execute!(conn, MARK, serde_json::json!(ids).to_string(), release)
}
