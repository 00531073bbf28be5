//! Linked ratings of many interactions at once: for lists, and for interactions worth a listen.

use super::{Linked, Responses, answers};
use crate::access::Principal;
use crate::access::principal::Visible;
use crate::access::rights::{Right, SeeResponses};
use crate::audit;
use crate::database::DbError;
use crate::ids::InteractionId;
use crate::surveys::{Further, Question, Value};
use std::collections::HashMap;

impl Responses {
    /// Returns the linked answer of an interaction if `who` may see it: only supervisors of its team.
    pub async fn linked_response(&self, who: &Principal, id: &InteractionId) -> Result<Option<Linked>, DbError> {
        if !SeeResponses::has(who) || self.inner.interactions.find(&who.visible(), id).await?.is_none() {
            return Ok(None);
        }
        answers::linked(self.inner.db.read().await?.conn(), id).await
    }

    /// Returns the answers to further questions, in the wording of their version; for a caller that was shown the
    /// answer.
    pub async fn further_answers(&self, id: &InteractionId, linked: &Linked) -> Result<Vec<Further>, DbError> {
        let extras = answers::extras(self.inner.db.read().await?.conn(), id).await?;
        if extras.is_empty() {
            return Ok(Vec::new());
        }
        let version = self.inner.surveys.version(&linked.survey).await?;
        let values: HashMap<Question, Value> = extras.into_iter().filter_map(answers::Extra::value).collect();
        Ok(version.in_words(&values, &self.settings().company))
    }

    /// Records in the audit log that someone who may see a linked answer looked for one: whether or not there is one,
    /// since the entry would otherwise reveal its existence.
    pub async fn note_look(&self, who: &Principal, id: &InteractionId) -> Result<(), DbError> {
        if !SeeResponses::has(who) || self.inner.interactions.find(&who.visible(), id).await?.is_none() {
            return Ok(());
        }
        audit::look(&self.inner.db, who, "response.viewed", &format!("interaction:{id}"), self.now()).await
    }

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
}
