//! Intake from integrators: checked, then written in group commits.

mod facts;
mod repair;
mod write;

pub(super) use facts::Row;
pub(super) use write::{rehearse, write};

use super::kinds::{
    Channel, Direction, Phase, RecordingState, SurveyState, TOO_OLD, UNKNOWN_OUTCOME, WAITING_FOR_ADDRESS,
};
use super::store::intake::Key;
use super::warnings::{WarningCode, Warnings};
use super::{names, outcomes, tombstones};
use crate::clock::Timestamp;
use crate::contacts;
use crate::database::DbError;
use crate::ids::InteractionId;
use crate::masking::Span;
use crate::staff::{AgentRef, TeamRef};
use crate::vault::Vault;
use std::sync::Arc;
use std::time::Duration;

/// Maximum number of interactions in one transaction.
pub(super) const MAX_BATCH: usize = 512;

/// Purposes of the vault's keys: sealed for one purpose, a value opens for no other.
pub(super) const SEAL_EMAIL: &str = "interaction.customer.email";
pub(super) const SEAL_NAME: &str = "interaction.customer.name";

/// Times that decide when a survey is due.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timing {
    /// Time between the final phase and the decision of the survey.
    pub settle: Duration,
    /// Time after its end in which an interaction can still be surveyed; `None`: no limit.
    pub max_age: Option<Duration>,
}

/// Facts of an interaction; `None`: unknown.
#[derive(Debug, Clone, Default)]
pub struct Intake {
    /// Source of the interaction.
    pub source: String,
    /// Id in the source.
    pub external_id: String,
    /// Number of the occurrence, from 1: a chat that is reopened and resolved again is a new one. `None`: the last one.
    pub occurrence: Option<i64>,
    /// Time as of which all this is true, as its sender says; `None`: when it was received.
    pub as_of: Option<Timestamp>,
    /// `call` or `chat`; other values are stored as `other`.
    pub channel: Option<String>,
    /// `inbound`, `outbound`, `internal`; other values are stored as `other`.
    pub direction: Option<String>,
    /// A code of [`Outcome`](super::Outcome), or a word of the source (see `outcomes`).
    pub outcome: Option<String>,
    /// Phase of the interaction.
    pub phase: Option<Phase>,
    /// Time of ringing or of the first message.
    pub started_at: Option<Timestamp>,
    /// Time at which an agent answered.
    pub answered_at: Option<Timestamp>,
    /// Time of the end.
    pub ended_at: Option<Timestamp>,
    /// Waiting time of the customer, in ms.
    pub wait_ms: Option<i64>,
    /// Talk time, in ms.
    pub talk_ms: Option<i64>,
    /// Time on hold, in ms.
    pub hold_ms: Option<i64>,
    /// Rated agent; its source is the interaction's.
    pub agent: Option<AgentRef>,
    /// Name of the team. The agent's home team is the agent's: only `agent.team` names it.
    pub team: Option<String>,
    /// The queue.
    pub queue: Option<String>,
    /// Tags.
    pub tags: Option<Vec<String>>,
    /// Topic in words for customers.
    pub topic: Option<String>,
    /// Offset from UTC that was sent with the start, else with the end, in minutes east; see [`crate::clock::sent_offset`].
    pub utc_offset_min: Option<i64>,
    /// The customer.
    pub customer: CustomerIn,
    /// Whether the source permits a survey.
    pub survey_eligible: Option<bool>,
    /// Messages of a chat: all or some of them.
    pub messages: Vec<MessageIn>,
    /// Body as received, without the customer and the messages, as JSON; `None`: there was no body.
    pub raw: Option<String>,
    /// Warnings about the body so far.
    pub warnings: Warnings,
}

/// The customer, as far as a survey needs it.
#[derive(Debug, Clone, Default)]
pub struct CustomerIn {
    /// Address.
    pub email: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Telephone number, by which the directory of contacts is searched if there is no address.
    pub phone: Option<String>,
    /// Language.
    pub locale: Option<String>,
}

/// A received message.
#[derive(Debug, Clone, Default)]
pub struct MessageIn {
    /// Id in the source, by which lists are merged.
    pub id: Option<String>,
    /// Whether it is a note among staff.
    pub private: bool,
    /// Time of sending.
    pub at: Option<Timestamp>,
    /// `customer`, `agent`, `bot`, `system`; other values are stored as `other`.
    pub from: String,
    /// Text of the message.
    pub text: String,
}

/// Errors of intake. Nothing was stored.
#[derive(Debug, Clone, thiserror::Error)]
pub enum IntakeError {
    /// A field is not valid; `field` is its name in the body.
    #[error("{field}: {what}")]
    Invalid {
        /// Name of the field.
        field: &'static str,
        /// Stable code, for programs.
        code: &'static str,
        /// Description of the problem.
        what: String,
    },
    /// The interaction was erased. Its deliveries are not stored.
    #[error("this interaction was erased here; it is not stored again")]
    Erased,
    /// The process is stopping.
    #[error("the service is stopping")]
    Stopping,
    /// The database failed.
    #[error(transparent)]
    Database(Arc<DbError>),
}

/// A checked interaction, ready to be stored.
#[derive(Debug, Clone)]
pub struct Checked {
    pub(super) id: InteractionId,
    /// Keyed hash that its interaction has if it was erased.
    pub(super) tombstone: String,
    pub(super) intake: Intake,
    pub(super) email_sealed: Option<String>,
    /// Keyed hash of the customer's telephone number.
    pub(super) phone_hash: Option<String>,
    pub(super) name_sealed: Option<String>,
    /// Keyed hashes of the words of the customer's name.
    pub(super) name_hashes: Option<String>,
    /// Spans to mask in each message; empty if the name is not in this body: they are then found by its marks when
    /// somebody reads.
    pub(super) masks: Vec<Vec<Span>>,
}

/// Stored state after an upsert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upserted {
    /// Id of the interaction.
    pub id: InteractionId,
    /// Whether it was new.
    pub created: bool,
    /// Number of the occurrence, from 1.
    pub occurrence: i64,
    /// Phase of the interaction.
    pub phase: Phase,
    /// State of its survey.
    pub survey_state: SurveyState,
    /// Reason, if the survey was skipped or failed.
    pub survey_reason: Option<String>,
    /// Whether this update made it final.
    pub finalised: bool,
    /// State of its recording.
    pub recording_state: RecordingState,
}

impl Intake {
    /// Repairs what is optional, and seals the fields that identify the customer. `country_code`: that of telephone numbers
    /// without one.
    ///
    /// Errors: [`IntakeError::Invalid`] if it names no interaction.
    pub(super) fn check(mut self, vault: &Vault, country_code: &str, now: Timestamp) -> Result<Checked, IntakeError> {
        self.repair(now)?;
        let email_sealed = self.customer.email.take().map(|e| vault.seal(SEAL_EMAIL, e.as_bytes()));
        let phone = self.customer.phone.take().filter(|phone| !phone.trim().is_empty());
        let phone_hash = phone.as_ref().and_then(|phone| contacts::phone_hash(vault, phone, country_code));
        if phone.is_some() && phone_hash.is_none() {
            self.warnings.add(
                "customer.phone",
                WarningCode::InvalidPhone,
                "This is no telephone number; it was dropped.",
            );
        }
        let name = self.customer.name.take();
        let name_sealed = name.as_ref().map(|n| vault.seal(SEAL_NAME, n.as_bytes()));
        let name_hashes = name.as_ref().map(|n| names::marks(vault, &self.source, &self.external_id, n));
        let agent = self.agent.as_ref().and_then(|agent| agent.name.as_deref());
        let masks = name.as_ref().map(|n| names::masks_of(&self.messages, n, agent)).unwrap_or_default();
        let tombstone = tombstones::hash(vault, &self.source, &self.external_id);
        let id = InteractionId::random();
        Ok(Checked { id, tombstone, intake: self, email_sealed, phone_hash, name_sealed, name_hashes, masks })
    }
}

/// Returns the stored code of a source's value, and the value itself if it is unknown.
pub(super) fn known_or_other(
    word: Option<&str>,
    known: impl Fn(&str) -> Option<&'static str>,
) -> (Option<&'static str>, Option<&str>) {
    match word {
        None => (None, None),
        Some(word) => match known(word) {
            Some(code) => (Some(code), None),
            None => (Some("other"), Some(word)),
        },
    }
}

impl Checked {
    /// Whether a chat's measures may change: messages or the end have come; those of calls change with their
    /// recordings.
    fn may_change_words(&self) -> bool {
        let i = &self.intake;
        let is_call = i.channel.as_deref().and_then(Channel::known) == Some(Channel::Call);
        !i.messages.is_empty() || (!is_call && (i.ended_at.is_some() || i.phase.is_some_and(|p| p > Phase::InProgress)))
    }

    /// Returns the name of the interaction in its source.
    fn key(&self) -> Key {
        Key {
            source: self.intake.source.clone(),
            external_id: self.intake.external_id.clone(),
            occurrence: self.intake.occurrence,
        }
    }

    /// Whether it came when it was too old to be surveyed. Its customer is then not stored.
    fn is_too_old(&self, now: Timestamp, timing: Timing) -> bool {
        let i = &self.intake;
        let over_at = i.ended_at.or(i.started_at).filter(|_| i.phase == Some(Phase::Final));
        timing.max_age.zip(over_at).is_some_and(|(age, over_at)| over_at < now.minus(age))
    }

    /// Whether it brings a fact for which the survey of this interaction waits.
    fn is_awaited(&self, known: &Upserted) -> bool {
        let has_contact = self.email_sealed.is_some() || self.phone_hash.is_some();
        match known.survey_reason.as_deref().filter(|_| known.phase == Phase::Final) {
            Some(WAITING_FOR_ADDRESS) => has_contact,
            Some(UNKNOWN_OUTCOME) => has_contact || self.intake.outcome.is_some(),
            _ => false,
        }
    }

    /// Returns the row of a new interaction.
    fn row(&self, now: Timestamp, timing: Timing) -> Row {
        let i = &self.intake;
        let skip_reason = self.is_too_old(now, timing).then_some(TOO_OLD);
        let kept = |secret: &Option<String>| secret.clone().filter(|_| skip_reason.is_none());
        let (channel, channel_raw) = known_or_other(i.channel.as_deref(), |w| Channel::known(w).map(Channel::code));
        let (direction, direction_raw) =
            known_or_other(i.direction.as_deref(), |w| Direction::known(w).map(Direction::code));
        let outcome = outcomes::stored(i.outcome.as_deref());
        let phase = i.phase.unwrap_or_default();
        let row = serde_json::json!({
            "id": self.id, "source": i.source, "external_id": i.external_id, "occurrence": i.occurrence.unwrap_or(1),
            "channel": channel, "channel_raw": channel_raw, "direction": direction, "direction_raw": direction_raw,
            "outcome": outcome.code, "outcome_raw": outcome.raw, "outcome_key": outcome.key, "phase": phase.rank(), "phase_sent": i.phase.is_some(),
            "started_at": i.started_at, "answered_at": i.answered_at, "ended_at": i.ended_at,
            "occurred_at": i.started_at.or(i.ended_at).unwrap_or(now),
            "wait_ms": i.wait_ms, "talk_ms": i.talk_ms, "hold_ms": i.hold_ms,
            "agent": i.agent.as_ref().map(|a| &a.external_id),
            "team_key": i.team.as_deref().map(|t| TeamRef::new(t).key),
            "queue": i.queue, "tags": i.tags.as_ref().map(|tags| serde_json::json!(tags).to_string()),
            "topic": i.topic, "utc_offset": i.utc_offset_min, "locale": i.customer.locale,
            "email": kept(&self.email_sealed), "phone": kept(&self.phone_hash), "name": kept(&self.name_sealed),
            "name_hashes": self.name_hashes, "skip_reason": skip_reason, "eligible": i.survey_eligible, "raw": i.raw,
            "received_at": now, "updated_at": now, "finalised_at": (phase == Phase::Final).then_some(now),
        });
        match row {
            serde_json::Value::Object(row) => row,
            _ => Row::new(),
        }
    }
}
