//! Linked answers that can't be changed any more: each is handed on once, to follow-ups, alerts and webhooks. Never at the
//! moment of answering, and never an apart one.

mod read;
mod store;

pub use read::{Unread, UnreadComment};
pub use store::STATEMENTS;

use super::Surveys;
use crate::database::{Conn, DbError};
use crate::ids::{AgentId, InteractionId, TeamId};

/// A linked answer whose time for changes is over.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Ripe {
    /// What it stands beside.
    #[sqlx(rename = "interaction_id")]
    pub interaction: InteractionId,
    /// Who is rated.
    #[sqlx(rename = "agent_id")]
    pub agent: Option<AgentId>,
    /// The team.
    #[sqlx(rename = "team_id")]
    pub team: Option<TeamId>,
    /// 1 to 5, where the survey asks for it.
    pub score: Option<i64>,
    /// In the customer's words.
    pub comment: Option<String>,
    /// Under which id the comment may be quoted.
    #[sqlx(rename = "quote_id")]
    pub quote: Option<String>,
}

impl Surveys {
    /// At most so many linked answers that have just become unchangeable, marked with the day; each comes once. Runs in the
    /// caller's transaction, which holds [`super::lock_answers`].
    pub async fn take_ripe(&self, conn: Conn<'_>, day: &str, most: usize) -> Result<Vec<Ripe>, DbError> {
        store::take_ripe(conn, day, self.ripe_at(), most).await
    }
}

/// Those of these interactions beside which no linked answer stands (any more).
pub async fn without_answer(conn: Conn<'_>, ids: &[InteractionId]) -> Result<Vec<InteractionId>, DbError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let there = store::with_answer(conn, ids).await?;
    Ok(ids.iter().filter(|id| !there.contains(id)).cloned().collect())
}
