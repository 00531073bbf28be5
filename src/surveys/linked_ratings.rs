//! Linked ratings beside many interactions at once: for lists, and for what is worth a listen.

use super::{Surveys, answers, store};
use crate::audit;
use crate::database::DbError;
use crate::ids::InteractionId;
use crate::web::Principal;
use crate::web::principal::Visible;
use crate::web::rights::{Right, SeeResponses};
use std::collections::HashMap;

impl Surveys {
    /// The linked scores of these interactions, where this one may see them: supervisors of their teams, nobody else. Of
    /// the others nothing is told, not even that they are there. Where there are any, the look is noted.
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

    /// Interactions with a very good (5) or a poor (1, 2) linked rating in this supervisor's teams, the newest interaction
    /// first; when the answers came shows nowhere.
    pub async fn worth_a_listen(&self, who: &Principal, most: i64) -> Result<Vec<(InteractionId, i64)>, DbError> {
        match who.visible() {
            Visible::Teams(teams) if SeeResponses::has(who) => {
                answers::extremes(self.inner.db.read().await?.conn(), &teams, most).await
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Has the mail of any survey left?
    pub async fn any_sent(&self) -> Result<bool, DbError> {
        store::any_sent(self.inner.db.read().await?.conn()).await
    }
}
