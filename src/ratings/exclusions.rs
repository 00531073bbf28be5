//! Exclusions: a linked answer that is about the wrong agent, or abusive, or about what nobody at the desk could help, is not
//! counted. Whoever decides does not see whether there is an answer. An exclusion holds for what is not released yet; released
//! figures are final, because any change of them that depends on one conversation tells what its answer said
//! (docs/anonymity.md). Unlinked answers can't be excluded, since nobody knows whose they are.

use super::{Ratings, RatingsError, store};
use crate::clock::Timestamp;
use crate::effects::{Actor, Effects};
use crate::ids::{InteractionId, TeamId};
use crate::surveys;
use crate::web::principal::{Principal, Visible};

/// Maximum number of characters of a note.
pub const MAX_NOTE_CHARS: usize = 500;
/// Conversations shown in the list.
const SHOWN: i64 = 200;

/// Why a conversation is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It is about somebody else.
    WrongAgent,
    /// What it is about was in nobody's hands at the desk.
    OutsideMyHands,
    /// It insults.
    Abusive,
    /// It was no real conversation.
    Test,
    /// What the note says.
    Other,
}

impl Reason {
    /// All of them, by their value.
    pub const ALL: [Self; 5] = [Self::WrongAgent, Self::OutsideMyHands, Self::Abusive, Self::Test, Self::Other];

    /// As it stands in tables and over the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::WrongAgent => "wrong_agent",
            Self::OutsideMyHands => "outside_my_hands",
            Self::Abusive => "abusive",
            Self::Test => "test",
            Self::Other => "other",
        }
    }

    /// In words.
    pub fn label(self) -> &'static str {
        match self {
            Self::WrongAgent => "About another agent",
            Self::OutsideMyHands => "Outside the agent’s hands",
            Self::Abusive => "Abusive",
            Self::Test => "A test",
            Self::Other => "Something else",
        }
    }

    /// The one of this code.
    pub fn known(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// Its number in released counts.
    pub fn value(self) -> i64 {
        (0..).zip(Self::ALL).find(|(_, reason)| *reason == self).map_or(0, |(value, _)| value)
    }
}

/// A conversation that is left out.
#[derive(Debug, Clone)]
pub struct Exclusion {
    /// Which.
    pub interaction: InteractionId,
    /// The system that it comes from, and its name there.
    pub source: String,
    /// As above.
    pub external_id: String,
    /// Why.
    pub reason: Reason,
    /// In the words of whoever decided; may be empty.
    pub note: String,
    /// Who decided.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A decision to leave one out, about to be written.
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
    /// Excludes a conversation: its linked answer, if there is or will be one, is not counted from now on. What of it is
    /// released stays. A conversation that is excluded already keeps its reason. Audited.
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
        surveys::lock_answers(tx.conn()).await?;
        if store::exclusions::add(tx.conn(), &new).await? {
            let detail = serde_json::json!({ "reason": reason.code() });
            let subject = format!("interaction:{interaction}");
            Effects::new().audit(&who.actor(), "rating.excluded", subject, Some(detail)).save(tx.conn(), at).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Ends an exclusion: what of the linked answer was never released waits for its pool's next release. Audited.
    pub async fn include_again(&self, who: &Principal, interaction: &InteractionId) -> Result<(), RatingsError> {
        let mut tx = self.db.begin().await?;
        surveys::lock_answers(tx.conn()).await?;
        if !store::exclusions::remove(tx.conn(), interaction).await? {
            return Err(RatingsError::NotFound);
        }
        let subject = format!("interaction:{interaction}");
        Effects::new().audit(&who.actor(), "rating.included", subject, None).save(tx.conn(), self.now()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// What is left out, the newest decision first.
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
