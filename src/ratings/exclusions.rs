//! Exclusions: a linked answer that is about the wrong agent, or abusive, or about something outside the agent's
//! control, is not counted. The person who decides does not see whether there is an answer. An exclusion applies to
//! answers that are not released yet; released figures are final, because any change of them that depends on one
//! conversation reveals its answer (docs/anonymity.md). Apart answers can't be excluded, since their conversations are
//! unknown.

use super::{Ratings, RatingsError, store};
use crate::access::principal::{Principal, Visible};
use crate::clock::Timestamp;
use crate::effects::{Actor, Effects};
use crate::ids::{InteractionId, TeamId};
use crate::responses;

/// Maximum number of characters of a note.
pub const MAX_NOTE_CHARS: usize = 500;
/// Maximum number of conversations in the list.
const SHOWN: i64 = 200;

/// Reason for an exclusion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It is about another agent.
    WrongAgent,
    /// It is about something outside the agent's control.
    OutsideMyHands,
    /// It is abusive.
    Abusive,
    /// It was not a real conversation.
    Test,
    /// Another reason, given in the note.
    Other,
}

impl Reason {
    /// All reasons, by their value.
    pub const ALL: [Self; 5] = [Self::WrongAgent, Self::OutsideMyHands, Self::Abusive, Self::Test, Self::Other];

    /// Returns the code for tables and the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::WrongAgent => "wrong_agent",
            Self::OutsideMyHands => "outside_my_hands",
            Self::Abusive => "abusive",
            Self::Test => "test",
            Self::Other => "other",
        }
    }

    /// Returns the reason in words.
    pub fn label(self) -> &'static str {
        match self {
            Self::WrongAgent => "About another agent",
            Self::OutsideMyHands => "Outside the agent’s hands",
            Self::Abusive => "Abusive",
            Self::Test => "A test",
            Self::Other => "Something else",
        }
    }

    /// Returns the reason with this code.
    pub fn known(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// Returns its number in released counts.
    pub fn value(self) -> i64 {
        (0..).zip(Self::ALL).find(|(_, reason)| *reason == self).map_or(0, |(value, _)| value)
    }
}

/// An excluded conversation.
#[derive(Debug, Clone)]
pub struct Exclusion {
    /// Id of the conversation.
    pub interaction: InteractionId,
    /// System that it comes from.
    pub source: String,
    /// Id in that system.
    pub external_id: String,
    /// Reason for the exclusion.
    pub reason: Reason,
    /// Note of the person who decided; may be empty.
    pub note: String,
    /// Name of the person who decided.
    pub by: String,
    /// Time of the decision.
    pub at: Timestamp,
}

/// An exclusion to insert.
#[derive(Debug)]
pub(super) struct NewExclusion {
    pub interaction: InteractionId,
    pub team: Option<TeamId>,
    pub reason: Reason,
    pub note: String,
    pub actor: Actor,
    pub at: Timestamp,
}

impl Ratings {
    /// Excludes a conversation: its linked answer, present or future, is not counted from now on. What was released
    /// stays. A conversation that is already excluded keeps its reason. Audited.
    pub async fn exclude(
        &self,
        who: &Principal,
        interaction: &InteractionId,
        reason: Reason,
        note: &str,
    ) -> Result<(), RatingsError> {
        let note = note.trim();
        if note.chars().count() > MAX_NOTE_CHARS {
            return Err(RatingsError::Note);
        }
        let found = self.interactions.find(&Visible::All, interaction).await?.ok_or(RatingsError::NotFound)?;
        let at = self.now();
        let new = NewExclusion {
            interaction: interaction.clone(),
            team: found.team_id,
            reason,
            note: note.to_owned(),
            actor: who.actor(),
            at,
        };
        let mut tx = self.db.begin().await?;
        responses::lock_answers(tx.conn()).await?;
        if store::exclusions::add(tx.conn(), &new).await? {
            let detail = serde_json::json!({ "reason": reason.code() });
            let subject = format!("interaction:{interaction}");
            Effects::new().audit(&who.actor(), "rating.excluded", subject, Some(detail)).save(tx.conn(), at).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Ends an exclusion: the parts of the linked answer that were never released wait for their pool's next release.
    /// Audited.
    pub async fn include_again(&self, who: &Principal, interaction: &InteractionId) -> Result<(), RatingsError> {
        let mut tx = self.db.begin().await?;
        responses::lock_answers(tx.conn()).await?;
        if !store::exclusions::remove(tx.conn(), interaction).await? {
            return Err(RatingsError::NotFound);
        }
        let subject = format!("interaction:{interaction}");
        Effects::new().audit(&who.actor(), "rating.included", subject, None).save(tx.conn(), self.now()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Returns the exclusions, newest first.
    pub async fn exclusions(&self) -> Result<Vec<Exclusion>, RatingsError> {
        Ok(store::exclusions::list(self.db.read().await?.conn(), SHOWN).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_keep_their_numbers() {
        for (value, reason) in (0..).zip(Reason::ALL) {
            assert_eq!((reason.value(), Reason::known(reason.code())), (value, Some(reason)));
        }
        assert_eq!(Reason::known("because"), None);
    }
}
