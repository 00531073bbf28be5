//! Wire types of answers.

use crate::clock::Timestamp;
use crate::interactions::{Interaction, Message, RecordingState, Upserted, Warning, WarningCode, Warnings};
use crate::paging::Page;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object};

/// State of the survey of an interaction.
#[derive(Debug, Clone, Object)]
#[oai(rename = "InteractionSurvey")]
struct SurveyOut {
    /// State; it does not reveal whether the customer answered.
    state: String,
    /// Reason why the survey was skipped or failed.
    reason: Option<String>,
}

/// State of the recording of an interaction.
#[derive(Debug, Clone, Object)]
#[oai(rename = "InteractionRecording")]
struct RecordingOut {
    /// State; `missing`: the file was stored and is lost, upload it again.
    state: String,
}

fn recording(state: RecordingState) -> RecordingOut {
    RecordingOut { state: state.code().into() }
}

/// Stored state of an interaction.
#[derive(Debug, Clone, Object)]
#[oai(rename = "InteractionState")]
pub(super) struct UpsertAnswer {
    /// Id of the interaction.
    id: String,
    /// Phase.
    phase: String,
    /// State of the survey.
    survey: SurveyOut,
    /// State of the recording.
    recording: RecordingOut,
    /// Number of the occurrence, from 1.
    occurrence: i64,
    /// Values that were repaired or dropped; the interaction is stored all the same.
    warnings: Vec<WarningOut>,
}

/// A value that was repaired or dropped.
#[derive(Debug, Clone, Object)]
#[oai(rename = "IntakeWarning")]
pub(super) struct WarningOut {
    /// Path of the field: `customer.email`.
    field: String,
    /// Kind: `unknown_field`, `wrong_type`, `invalid_time`, …
    code: String,
    /// Result for the value, as a sentence.
    message: String,
}

impl From<&Warning> for WarningOut {
    fn from(warning: &Warning) -> Self {
        Self { field: warning.field.clone(), code: warning.code.code().into(), message: warning.message.clone() }
    }
}

/// A delivery of an erased interaction.
#[derive(Debug, Clone, Object)]
#[oai(rename = "ErasedInteraction", example)]
pub(super) struct ErasedAnswer {
    /// `erased`: the interaction was erased here, and nothing was stored.
    state: String,
    /// The reason, with the code `erased`.
    warnings: Vec<WarningOut>,
}

impl poem_openapi::types::Example for ErasedAnswer {
    fn example() -> Self {
        let message = "This interaction was erased here; nothing was stored, and it need not be sent again.".into();
        let code = WarningCode::Erased.code().into();
        Self { state: "erased".into(), warnings: vec![WarningOut { field: String::new(), code, message }] }
    }
}

/// 201 where it was new, 202 where it was erased, else 200.
#[derive(Debug, ApiResponse)]
pub(super) enum UpsertReply {
    /// Existing interaction; changes are stored.
    #[oai(status = 200)]
    Known(Json<UpsertAnswer>),
    /// New interaction; it is stored.
    #[oai(status = 201)]
    Created(Json<UpsertAnswer>),
    /// Erased interaction; nothing is stored, and it need not be sent again.
    #[oai(status = 202)]
    Erased(Json<ErasedAnswer>),
}

impl UpsertReply {
    pub(super) fn erased() -> Self {
        Self::Erased(Json(poem_openapi::types::Example::example()))
    }

    pub(super) fn new(done: Upserted, warnings: &Warnings) -> Self {
        let answer = Json(UpsertAnswer {
            id: done.id.to_string(),
            phase: done.phase.code().into(),
            survey: SurveyOut { state: done.survey_state.code().into(), reason: done.survey_reason },
            recording: recording(done.recording_state),
            occurrence: done.occurrence,
            warnings: warnings.items().iter().map(WarningOut::from).collect(),
        });
        if done.created { Self::Created(answer) } else { Self::Known(answer) }
    }
}

/// Agent who is rated.
#[derive(Debug, Clone, Object)]
#[oai(rename = "InteractionAgent")]
struct AgentOut {
    /// Id.
    id: String,
    /// Name.
    name: Option<String>,
}

/// Team of an interaction.
#[derive(Debug, Clone, Object)]
#[oai(rename = "InteractionTeam")]
struct TeamOut {
    /// Id.
    id: String,
    /// Name.
    name: Option<String>,
}

/// A message of a chat.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Message")]
struct MessageOut {
    /// Time of sending, RFC 3339, UTC.
    at: Option<String>,
    /// Sender.
    from: String,
    /// Text; masked unless `words=original` was requested.
    text: String,
    /// Whether it is a note among staff.
    private: bool,
}

/// An interaction. It never identifies the customer.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Interaction")]
pub(super) struct InteractionOut {
    /// Id.
    id: String,
    /// Name of the system that it comes from.
    source: String,
    /// Id in that system.
    external_id: String,
    /// Channel.
    channel: String,
    /// Direction.
    direction: Option<String>,
    /// Outcome; `other`: the meaning of the source's word is unknown.
    outcome: Option<String>,
    /// Outcome word of the source, where it is not one of Afterword's.
    outcome_raw: Option<String>,
    /// Phase.
    phase: String,
    /// Start time, RFC 3339, UTC.
    started_at: Option<String>,
    /// Time of answering, RFC 3339, UTC.
    answered_at: Option<String>,
    /// End time, RFC 3339, UTC.
    ended_at: Option<String>,
    /// Time that the customer waited for an agent, ms.
    wait_ms: Option<i64>,
    /// Talk time, ms.
    talk_ms: Option<i64>,
    /// Hold time, ms.
    hold_ms: Option<i64>,
    /// Agent who is rated.
    agent: Option<AgentOut>,
    /// Team.
    team: Option<TeamOut>,
    /// Name of the queue.
    queue: Option<String>,
    /// Tags.
    tags: Vec<String>,
    /// Topic in words for customers.
    topic: Option<String>,
    /// Offset from UTC that was sent with its time, in minutes east.
    utc_offset_min: Option<i64>,
    /// Language of the customer.
    locale: Option<String>,
    /// State of the survey.
    survey: SurveyOut,
    /// State of the recording.
    recording: RecordingOut,
    /// Number of the occurrence, from 1.
    occurrence: i64,
    /// Messages of a chat in the order of their times; null in lists.
    messages: Option<Vec<MessageOut>>,
    /// Values of its deliveries that were repaired or dropped; null in lists.
    warnings: Option<Vec<WarningOut>>,
}

impl InteractionOut {
    pub(super) fn new(i: Interaction, messages: Option<Vec<Message>>) -> Self {
        let time = |t: Option<Timestamp>| t.map(Timestamp::to_rfc3339);
        let message =
            |m: Message| MessageOut { at: time(m.at), from: m.sender.code().into(), text: m.text, private: m.private };
        Self {
            tags: i.tags(),
            id: i.id.to_string(),
            source: i.source,
            external_id: i.external_id,
            channel: i.channel.code().into(),
            direction: i.direction,
            outcome: i.outcome,
            outcome_raw: i.outcome_raw,
            phase: i.phase.code().into(),
            started_at: time(i.started_at),
            answered_at: time(i.answered_at),
            ended_at: time(i.ended_at),
            wait_ms: i.wait_ms,
            talk_ms: i.talk_ms,
            hold_ms: i.hold_ms,
            agent: i.person_id.map(|id| AgentOut { id: id.to_string(), name: i.agent_name }),
            team: i.team_id.map(|id| TeamOut { id: id.to_string(), name: i.team_name }),
            queue: i.queue,
            topic: i.topic,
            utc_offset_min: i.utc_offset,
            locale: i.customer_locale,
            survey: SurveyOut { state: i.survey_state.code().into(), reason: i.survey_reason },
            recording: recording(i.recording_state),
            messages: messages.map(|messages| messages.into_iter().map(message).collect()),
            occurrence: i.occurrence,
            warnings: None,
        }
    }

    pub(super) fn with_warnings(self, warnings: &[Warning]) -> Self {
        Self { warnings: Some(warnings.iter().map(WarningOut::from).collect()), ..self }
    }
}

/// A page of interactions.
#[derive(Debug, Clone, Object)]
pub(super) struct InteractionPage {
    /// Interactions in the requested order.
    items: Vec<InteractionOut>,
    /// `cursor` of the next page; null on the last page.
    next: Option<String>,
}

impl From<Page<Interaction>> for InteractionPage {
    fn from(page: Page<Interaction>) -> Self {
        let items = page.items.into_iter().map(|i| InteractionOut::new(i, None)).collect();
        Self { items, next: page.next.map(|c| c.to_string()) }
    }
}
