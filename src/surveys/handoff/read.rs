//! Who has read what customers wrote beside their linked answers. A client hopes that somebody reads it.

use super::store;
use crate::audit;
use crate::database::DbError;
use crate::ids::{InteractionId, TeamId};
use crate::surveys::Surveys;
use crate::web::Principal;
use crate::web::principal::Visible;
use crate::web::rights::{Right, SeeResponses};

/// A linked comment that nobody has read.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct UnreadComment {
    /// What it stands beside.
    #[sqlx(rename = "interaction_id")]
    pub interaction: InteractionId,
    /// In the customer's words.
    pub comment: String,
    /// The day from which on it could not be changed any more.
    #[sqlx(rename = "handed_off_on")]
    pub since: String,
}

/// How many comments wait for a reader.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Unread {
    /// In this team.
    pub team_id: Option<TeamId>,
    /// So many.
    pub n: i64,
}

impl Surveys {
    /// Linked comments of this supervisor's teams that nobody has read, the oldest day first. The look is written down.
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

    /// Marks a linked comment as read by whoever asks; false where it is not theirs to read, or was read already.
    pub async fn mark_comment_read(&self, who: &Principal, id: &InteractionId) -> Result<bool, DbError> {
        let Visible::Teams(teams) = who.visible() else { return Ok(false) };
        if !SeeResponses::has(who) {
            return Ok(false);
        }
        let mut tx = self.inner.db.begin().await?;
        let marked = store::mark_read(tx.conn(), &teams, id, &who.name, &self.now().day()).await?;
        tx.commit().await?;
        Ok(marked)
    }

    /// Who has read the comment beside this interaction, and on which day.
    pub async fn comment_read(&self, id: &InteractionId) -> Result<Option<(String, String)>, DbError> {
        store::read_by(self.inner.db.read().await?.conn(), id).await
    }

    /// How many linked comments have waited since that day or longer, by team.
    pub async fn comments_unread_since(&self, day: &str) -> Result<Vec<Unread>, DbError> {
        store::unread_since(self.inner.db.read().await?.conn(), day).await
    }
}
