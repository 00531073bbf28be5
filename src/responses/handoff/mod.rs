//! Linked answers that can no longer be changed: each is handed on once, to follow-ups, alerts and webhooks. Never at
//! the moment of answering, and never an apart answer.

mod read;
mod store;

pub use read::{Unread, UnreadComment};

use super::Responses;
use crate::database::{Conn, DbError};
use crate::ids::{AgentId, InteractionId, TeamId};

/// A linked answer that can no longer be changed.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Ripe {
    /// Interaction of the answer.
    #[sqlx(rename = "interaction_id")]
    pub interaction: InteractionId,
    /// Rated agent.
    #[sqlx(rename = "agent_id")]
    pub agent: Option<AgentId>,
    /// The team.
    #[sqlx(rename = "team_id")]
    pub team: Option<TeamId>,
    /// Rating 1 to 5, if the survey asks for it.
    pub score: Option<i64>,
    /// Comment in the customer's words.
    pub comment: Option<String>,
    /// Id of the comment's quote.
    #[sqlx(rename = "quote_id")]
    pub quote: Option<String>,
}

impl Responses {
    /// Returns at most `most` linked answers that have become unchangeable, and marks them with the day; each is
    /// returned once. Runs in the caller's transaction, which holds [`super::lock_answers`].
    pub async fn take_ripe(&self, conn: Conn<'_>, day: &str, most: usize) -> Result<Vec<Ripe>, DbError> {
        store::take_ripe(conn, day, self.ripe_at(), most).await
    }
}

/// Returns those of these interactions that have no linked answer (any more).
pub async fn without_answer(conn: Conn<'_>, ids: &[InteractionId]) -> Result<Vec<InteractionId>, DbError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let there = store::with_answer(conn, ids).await?;
    Ok(ids.iter().filter(|id| !there.contains(id)).cloned().collect())
}
