//! Read state of linked comments: which supervisor has read a comment.

use super::store;
use crate::access::Principal;
use crate::access::principal::Visible;
use crate::access::rights::{Right, SeeResponses};
use crate::audit;
use crate::database::DbError;
use crate::ids::{InteractionId, TeamId};
use crate::responses::Responses;

/// A linked comment that no supervisor has read.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct UnreadComment {
    /// Interaction of the comment.
    #[sqlx(rename = "interaction_id")]
    pub interaction: InteractionId,
    /// Comment in the customer's words.
    pub comment: String,
    /// First day on which it could not be changed any more.
    #[sqlx(rename = "handed_off_on")]
    pub since: String,
}

/// Number of unread comments of a team.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Unread {
    /// Team of the comments.
    pub team_id: Option<TeamId>,
    /// Number of comments.
    pub n: i64,
}

impl Responses {
    /// Returns unread linked comments of this supervisor's teams, oldest day first. The access is recorded in the audit
    /// log.
    pub async fn unread_comments(&self, who: &Principal, most: i64) -> Result<Vec<UnreadComment>, DbError> {
        let Visible::Teams(teams) = who.visible() else { return Ok(Vec::new()) };
        if !SeeResponses::has(who) {
            return Ok(Vec::new());
        }
        let found = store::unread(self.inner.db.read().await?.conn(), &teams, most).await?;
        if !found.is_empty() {
            audit::look(&self.inner.db, who, "responses.listed", "interactions", self.now()).await?;
        }
        Ok(found)
    }

    /// Marks a linked comment as read by `who`; returns false if it is not accessible, or was already read.
    pub async fn mark_comment_read(&self, who: &Principal, id: &InteractionId) -> Result<bool, DbError> {
        let Visible::Teams(teams) = who.visible() else { return Ok(false) };
        if !SeeResponses::has(who) {
            return Ok(false);
        }
        let mut tx = self.inner.db.begin().await?;
        let marked = store::mark_read(tx.conn(), &teams, id, &who.name, &self.inner.clock.today()).await?;
        tx.commit().await?;
        Ok(marked)
    }

    /// Returns the reader of the comment of this interaction, and the day.
    pub async fn comment_read(&self, id: &InteractionId) -> Result<Option<(String, String)>, DbError> {
        store::read_by(self.inner.db.read().await?.conn(), id).await
    }

    /// Returns the number of linked comments unread since that day or longer, by team.
    pub async fn comments_unread_since(&self, day: &str) -> Result<Vec<Unread>, DbError> {
        store::unread_since(self.inner.db.read().await?.conn(), day).await
    }
}
