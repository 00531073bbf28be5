//! Wire types.

use crate::clock::Timestamp;
use crate::interactions::{
    CustomerIn, Intake, IntakeError, Interaction, Message, MessageIn, Phase, RecordingState, Upserted,
};
use crate::paging::Page;
use crate::staff::AgentRef;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object};

/// An interaction as other systems send it. Every field is optional; a missing field is unknown.
#[derive(Debug, Clone, Default, Object)]
#[oai(rename = "InteractionInput", example)]
pub struct InteractionBody {
    /// `call` or `chat`; other values are stored as `other`.
    channel: Option<String>,
    /// `inbound`, `outbound` or `internal`; other values are stored as `other`.
    direction: Option<String>,
    /// Phase; it never goes backwards.
    phase: Option<String>,
    /// `answered`, `missed`, `abandoned`, `voicemail` or `not_surveyed`, or a word of the source. An administrator sets the
    /// meaning of words that are not known; until then the interaction is not surveyed.
    outcome: Option<String>,
    /// Start time, RFC 3339 with an offset.
    started_at: Option<String>,
    /// Time of answering, RFC 3339 with an offset.
    answered_at: Option<String>,
    /// End time, RFC 3339 with an offset.
    ended_at: Option<String>,
    /// Time that the customer waited for an agent, ms.
    wait_ms: Option<i64>,
    /// Talk time, ms.
    talk_ms: Option<i64>,
    /// Hold time, ms.
    hold_ms: Option<i64>,
    /// Agent who is rated: the one who handled the end of the interaction.
    agent: Option<AgentBody>,
    /// Name of the team; created if it does not exist.
    team: Option<String>,
    /// Name of the queue.
    queue: Option<String>,
    /// Topics.
    tags: Option<Vec<String>>,
    /// Customer; encrypted on arrival, erased when no survey needs it any more.
    customer: Option<CustomerBody>,
    /// Whether the interaction may be surveyed.
    survey: Option<SurveyBody>,
    /// All messages of a chat, from its beginning.
    messages: Option<Vec<MessageBody>>,
}

/// An agent as the source system names them.
#[derive(Debug, Clone, Default, Object)]
#[oai(rename = "AgentInput")]
struct AgentBody {
    /// Id of the agent in the source system; by default the e-mail address, else the name.
    external_id: Option<String>,
    /// Name.
    name: Option<String>,
    /// E-mail address.
    email: Option<String>,
}

/// The customer.
#[derive(Debug, Clone, Default, Object)]
#[oai(rename = "CustomerInput")]
struct CustomerBody {
    /// E-mail address for the survey; blank means missing.
    email: Option<String>,
    /// Name; used only in the greeting of the mail.
    name: Option<String>,
    /// Telephone number; without `email` the survey is sent to its address in the contact directory. Only a keyed hash is stored,
    /// until the survey is decided.
    phone: Option<String>,
    /// Language of the customer: `en`, `de-CH`.
    locale: Option<String>,
}

/// Whether an interaction may be surveyed.
#[derive(Debug, Clone, Default, Object)]
#[oai(rename = "SurveyInput")]
struct SurveyBody {
    /// False: no survey is sent.
    eligible: Option<bool>,
}

/// A message of a chat.
#[derive(Debug, Clone, Default, Object)]
#[oai(rename = "MessageInput")]
struct MessageBody {
    /// Time of sending, RFC 3339 with an offset.
    at: Option<String>,
    /// Sender: `customer`, `agent`, `bot` or `system`; other values are stored as `other`.
    from: String,
    /// Text of the message.
    text: String,
}

impl poem_openapi::types::Example for InteractionBody {
    fn example() -> Self {
        let text = |text: &str| Some(text.to_owned());
        Self {
            channel: text("call"),
            direction: text("inbound"),
            phase: text("final"),
            outcome: text("answered"),
            started_at: text("2026-11-20T14:24:00+01:00"),
            answered_at: text("2026-11-20T14:24:31+01:00"),
            ended_at: text("2026-11-20T14:30:02+01:00"),
            wait_ms: Some(31_000),
            talk_ms: Some(280_000),
            hold_ms: Some(51_000),
            agent: Some(AgentBody {
                external_id: text("17"),
                name: text("Sydney Carton"),
                email: text("sydney@example.com"),
            }),
            team: text("Orders"),
            queue: text("orders-en"),
            tags: Some(vec!["lost parcel".into()]),
            customer: Some(CustomerBody {
                email: text("jerry@example.net"),
                name: text("Jerry"),
                phone: None,
                locale: text("en"),
            }),
            survey: Some(SurveyBody { eligible: Some(true) }),
            messages: None,
        }
    }
}

fn time(field: &'static str, text: Option<&str>) -> Result<Option<Timestamp>, IntakeError> {
    let Some(text) = text else { return Ok(None) };
    let what = || "write a time as 2026-11-20T14:24:00+01:00 (RFC 3339, with an offset)".to_owned();
    Timestamp::parse(text).map(Some).ok_or_else(|| IntakeError::Invalid { field, code: "invalid_time", what: what() })
}

impl InteractionBody {
    pub(super) fn into_intake(
        self,
        source: &str,
        external_id: &str,
        raw: &serde_json::Value,
    ) -> Result<Intake, IntakeError> {
        let phase = self.phase.as_deref().map(|word| {
            let what = || "it is one of in_progress, ended, final".to_owned();
            Phase::known(word).ok_or_else(|| IntakeError::Invalid {
                field: "phase",
                code: "unknown_phase",
                what: what(),
            })
        });
        let messages =
            self.messages.unwrap_or_default().into_iter().map(MessageBody::into_message).collect::<Result<_, _>>()?;
        let customer = self.customer.unwrap_or_default();
        Ok(Intake {
            source: source.to_owned(),
            external_id: external_id.to_owned(),
            channel: self.channel,
            direction: self.direction,
            outcome: self.outcome,
            phase: phase.transpose()?,
            started_at: time("started_at", self.started_at.as_deref())?,
            answered_at: time("answered_at", self.answered_at.as_deref())?,
            ended_at: time("ended_at", self.ended_at.as_deref())?,
            wait_ms: self.wait_ms,
            talk_ms: self.talk_ms,
            hold_ms: self.hold_ms,
            agent: self.agent.and_then(|agent| agent.into_ref(source)),
            team: self.team,
            queue: self.queue,
            tags: self.tags,
            customer: CustomerIn {
                email: customer.email,
                name: customer.name,
                phone: customer.phone,
                locale: customer.locale,
            },
            survey_eligible: self.survey.and_then(|s| s.eligible),
            messages,
            raw: without_customer(raw),
        })
    }
}

/// The raw record holds what we do not know yet how to use, and nobody's address.
fn without_customer(raw: &serde_json::Value) -> String {
    let mut raw = raw.clone();
    if let Some(fields) = raw.as_object_mut() {
        fields.remove("customer");
        fields.remove("messages");
    }
    raw.to_string()
}

impl AgentBody {
    fn into_ref(self, source: &str) -> Option<AgentRef> {
        let filled = |text: Option<String>| text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
        let (name, email) = (filled(self.name), filled(self.email).map(|e| e.to_lowercase()));
        let external_id = filled(self.external_id).or_else(|| email.clone()).or_else(|| name.clone())?;
        Some(AgentRef { source: source.to_owned(), external_id, name, email, team: None })
    }
}

impl MessageBody {
    fn into_message(self) -> Result<MessageIn, IntakeError> {
        Ok(MessageIn { at: time("messages.at", self.at.as_deref())?, from: self.from, text: self.text })
    }
}

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
}

/// A delivery of an erased interaction.
#[derive(Debug, Clone, Object)]
#[oai(rename = "ErasedInteraction", example)]
pub(super) struct ErasedAnswer {
    /// `erased`: the interaction was erased here, and nothing was stored.
    state: String,
    /// Explanation for people.
    message: String,
}

impl poem_openapi::types::Example for ErasedAnswer {
    fn example() -> Self {
        Self { state: "erased".into(), message: "This interaction was erased here; nothing was stored.".into() }
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

    pub(super) fn new(done: Upserted) -> Self {
        let answer = Json(UpsertAnswer {
            id: done.id.to_string(),
            phase: done.phase.code().into(),
            survey: SurveyOut { state: done.survey_state.code().into(), reason: done.survey_reason },
            recording: recording(done.recording_state),
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
    /// Topics.
    tags: Vec<String>,
    /// Language of the customer.
    locale: Option<String>,
    /// State of the survey.
    survey: SurveyOut,
    /// State of the recording.
    recording: RecordingOut,
    /// Messages of a chat, from its beginning; null in lists.
    messages: Option<Vec<MessageOut>>,
}

impl InteractionOut {
    pub(super) fn new(i: Interaction, messages: Option<Vec<Message>>) -> Self {
        let time = |t: Option<Timestamp>| t.map(Timestamp::to_rfc3339);
        let message = |m: Message| MessageOut { at: time(m.at), from: m.sender.code().into(), text: m.text };
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
            agent: i.agent_id.map(|id| AgentOut { id: id.to_string(), name: i.agent_name }),
            team: i.team_id.map(|id| TeamOut { id: id.to_string(), name: i.team_name }),
            queue: i.queue,
            locale: i.customer_locale,
            survey: SurveyOut { state: i.survey_state.code().into(), reason: i.survey_reason },
            recording: recording(i.recording_state),
            messages: messages.map(|messages| messages.into_iter().map(message).collect()),
        }
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
