//! Facts for the decision about a survey.

use super::kinds::{Channel, Direction, Outcome, Phase, SurveyState, UNKNOWN_OUTCOME};
use super::{Interactions, store};
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::{AgentId, InteractionId, TeamId};

/// Facts for the decision about a survey.
#[derive(Debug, Clone)]
pub struct ForSurvey {
    /// Id of the interaction.
    pub id: InteractionId,
    /// Source of the interaction.
    pub source: String,
    /// Call or chat.
    pub channel: Channel,
    /// Direction of the interaction.
    pub direction: Option<Direction>,
    /// Outcome of the interaction; [`Outcome::Other`]: its word has no meaning.
    pub outcome: Option<Outcome>,
    /// Phase of the interaction.
    pub phase: Phase,
    /// Rated agent.
    pub agent_id: Option<AgentId>,
    /// The team.
    pub team_id: Option<TeamId>,
    /// The queue.
    pub queue: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Topic in words for customers; `None`: none sent.
    pub topic: Option<String>,
    /// Offset from UTC that was sent with its time, in minutes east; `None`: none sent.
    pub utc_offset: Option<i64>,
    /// Language of the customer.
    pub locale: Option<String>,
    /// Talk time, in ms.
    pub talk_ms: Option<i64>,
    /// Whether the source permits a survey.
    pub survey_eligible: Option<bool>,
    /// Current state of its survey.
    pub survey_state: SurveyState,
    /// Reason of that state.
    pub survey_reason: Option<String>,
    /// Time of its end, else of its start, else of its receipt.
    pub over_at: Timestamp,
    /// Time at which it became final.
    pub finalised_at: Option<Timestamp>,
    /// Customer, if the address is known and not erased yet.
    pub customer: Option<Customer>,
    /// Name of the customer, if known and not erased yet.
    pub customer_name: Option<String>,
    /// Keyed hash of the customer's telephone number, if known and not erased yet.
    pub phone_hash: Option<String>,
    /// Sealed address, else the hash of the telephone number, as stored; empty without both.
    pub(super) contact: String,
}

impl ForSurvey {
    /// Whether its survey is to be decided: it is final, and waits, or was skipped only for want of the meaning of its
    /// outcome word.
    pub fn is_undecided(&self) -> bool {
        let is_postponed = self.survey_reason.as_deref() == Some(UNKNOWN_OUTCOME) && self.has_contact();
        self.phase == Phase::Final && (self.survey_state == SurveyState::Waiting || is_postponed)
    }

    /// Whether an address or a telephone number is stored.
    pub fn has_contact(&self) -> bool {
        !self.contact.is_empty()
    }
}

/// The customer, opened for the decision about the survey.
#[derive(Debug, Clone)]
pub struct Customer {
    /// Address as it was received.
    pub email: String,
    /// Name.
    pub name: Option<String>,
}

impl Interactions {
    /// Returns the facts for the decision about a survey.
    pub async fn for_survey(&self, id: &InteractionId) -> Result<Option<ForSurvey>, DbError> {
        let row = store::for_survey(self.inner.db.read().await?.conn(), id).await?;
        Ok(row.map(|row| row.open(&self.inner.vault)))
    }
}

/// Records in the caller's transaction that an interaction is not surveyed. Returns false, and changes nothing, if
/// another address came since it was read. `erase_customer`: the address is no longer needed.
pub async fn skip_survey(
    conn: Conn<'_>,
    about: &ForSurvey,
    reason: &str,
    erase_customer: bool,
    now: Timestamp,
) -> Result<bool, DbError> {
    store::skip_survey(conn, about, reason, erase_customer, now).await
}
