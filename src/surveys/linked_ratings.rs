//! Linked ratings of many interactions at once: for lists, and for interactions worth a listen.

use super::{Surveys, answers, store};
use crate::access::Principal;
use crate::access::principal::Visible;
use crate::access::rights::{Right, SeeResponses};
use crate::audit;
use crate::database::DbError;
use crate::ids::InteractionId;
use std::collections::HashMap;

impl Surveys {
    /// Returns the linked scores of these interactions that `who` may see: only supervisors of their teams. Reveals
    /// nothing of the others, not even their existence. If there are any, the access is recorded in the audit log.
    pub async fn linked_scores(
        &self,
        who: &Principal,
        ids: &[InteractionId],
    ) -> Result<HashMap<InteractionId, i64>, DbError> {
        if !SeeResponses::has(who) || ids.is_empty() {
            return Ok(HashMap::new());
        }
        let seen: Vec<InteractionId> =
            self.inner.interactions.among(&who.visible(), ids).await?.into_iter().map(|i| i.id).collect();
        let scores = answers::linked_scores(self.inner.db.read().await?.conn(), &seen).await?;
        if !scores.is_empty() {
            audit::look(&self.inner.db, who, "responses.listed", "interactions", self.now()).await?;
        }
        Ok(scores.into_iter().collect())
    }

    /// Returns interactions with a very good (5) or a poor (1, 2) linked rating in this supervisor's teams, newest
    /// interaction first; the time of the answer is shown nowhere.
    pub async fn worth_a_listen(&self, who: &Principal, most: i64) -> Result<Vec<(InteractionId, i64)>, DbError> {
        match who.visible() {
            Visible::Teams(teams) if SeeResponses::has(who) => {
                answers::extremes(self.inner.db.read().await?.conn(), &teams, most).await
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Whether the mail of any survey was sent.
    pub async fn any_sent(&self) -> Result<bool, DbError> {
        store::any_sent(self.inner.db.read().await?.conn()).await
    }
}
