//! Wire types.

use crate::clock::Timestamp;
use crate::interactions::{
    CustomerIn, Intake, IntakeError, Interaction, Message, MessageIn, Phase, RecordingState, Upserted,
};
use crate::paging::Page;
use crate::staff::AgentRef;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object};

/// An interaction as integrators write it. Every field may be left out; what is missing is unknown.
#[derive(Debug, Clone, Default, Object)]
#[oai(rename = "InteractionIn", example)]
pub struct InteractionBody {
    /// `call` or `chat`; another word is kept as `other`.
    channel: Option<String>,
    /// `inbound`, `outbound` or `internal`; another word is kept as `other`.
    direction: Option<String>,
    /// `in_progress`, `ended` or `final`; never goes backwards.
    phase: Option<String>,
    /// `answered`, `missed`, `abandoned` or `voicemail`; another word is kept as `other`.
    outcome: Option<String>,
    /// RFC 3339 with an offset.
    started_at: Option<String>,
    /// RFC 3339 with an offset.
    answered_at: Option<String>,
    /// RFC 3339 with an offset.
    ended_at: Option<String>,
    /// How long the customer waited, ms.
    wait_ms: Option<i64>,
    /// How long they talked, ms.
    talk_ms: Option<i64>,
    /// How long the customer was on hold, ms.
    hold_ms: Option<i64>,
    /// Who is rated: whoever handled the end of it, as of then.
    agent: Option<AgentBody>,
    /// The team by name; made where there is none of this name.
    team: Option<String>,
    /// The queue it came through.
    queue: Option<String>,
    /// What it was about.
    tags: Option<Vec<String>>,
    /// Who called or wrote; sealed on arrival, erased when no survey waits for it.
    customer: Option<CustomerBody>,
    /// What the source says about surveys.
    survey: Option<SurveyBody>,
    /// A chat's messages, from its beginning.
    messages: Option<Vec<MessageBody>>,
}

/// An agent as a source knows them.
#[derive(Debug, Clone, Default, Object)]
#[oai(rename = "AgentIn")]
struct AgentBody {
    /// The agent's id in the source; the address or the name stands in where it sends none.
    external_id: Option<String>,
    /// Name.
    name: Option<String>,
    /// Address.
    email: Option<String>,
}

/// The customer.
#[derive(Debug, Clone, Default, Object)]
#[oai(rename = "CustomerIn")]
struct CustomerBody {
    /// Where the survey goes; blank counts as missing.
    email: Option<String>,
    /// Name; used in the mail's greeting and for nothing else.
    name: Option<String>,
    /// Taken and not kept.
    phone: Option<String>,
    /// Language: `en`, `de-CH`.
    locale: Option<String>,
}

/// What the source says about surveys.
#[derive(Debug, Clone, Default, Object)]
#[oai(rename = "SurveyIn")]
struct SurveyBody {
    /// False: never ask about this one.
    eligible: Option<bool>,
}

/// A message of a chat.
#[derive(Debug, Clone, Default, Object)]
#[oai(rename = "MessageIn")]
struct MessageBody {
    /// RFC 3339 with an offset.
    at: Option<String>,
    /// `customer`, `agent`, `bot` or `system`; another word is kept as `other`.
    from: String,
    /// What it says.
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
            customer: CustomerIn { email: customer.email, name: customer.name, locale: customer.locale },
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

/// What has become of a survey.
#[derive(Debug, Clone, Object)]
#[oai(rename = "InteractionSurvey")]
struct SurveyOut {
    /// `waiting`, `scheduled`, `sent`, `held`, `failed`, `skipped` or `closed`. Never tells whether it was answered.
    state: String,
    /// Why it was skipped or failed.
    reason: Option<String>,
}

/// What has become of a recording.
#[derive(Debug, Clone, Object)]
#[oai(rename = "InteractionRecording")]
struct RecordingOut {
    /// `absent`, `stored`, or `missing`: it was stored, but its file is lost; send it again.
    state: String,
}

fn recording(state: RecordingState) -> RecordingOut {
    RecordingOut { state: state.code().into() }
}

/// What is stored now.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Upserted")]
pub(super) struct UpsertAnswer {
    /// Its id here.
    id: String,
    /// How far it is.
    phase: String,
    /// Its survey.
    survey: SurveyOut,
    /// Its recording.
    recording: RecordingOut,
}

/// 201 where it was new, else 200.
#[derive(Debug, ApiResponse)]
pub(super) enum UpsertReply {
    /// It was known already; what is new about it is stored.
    #[oai(status = 200)]
    Known(Json<UpsertAnswer>),
    /// It is stored.
    #[oai(status = 201)]
    Created(Json<UpsertAnswer>),
}

impl UpsertReply {
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

/// The rated agent.
#[derive(Debug, Clone, Object)]
#[oai(rename = "InteractionAgent")]
struct AgentOut {
    /// Id here.
    id: String,
    /// Name.
    name: Option<String>,
}

/// The team.
#[derive(Debug, Clone, Object)]
#[oai(rename = "InteractionTeam")]
struct TeamOut {
    /// Id here.
    id: String,
    /// Name.
    name: Option<String>,
}

/// A message of a chat.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Message")]
struct MessageOut {
    /// RFC 3339, UTC.
    at: Option<String>,
    /// `customer`, `agent`, `bot`, `system` or `other`.
    from: String,
    /// What it says; masked unless the original was asked for.
    text: String,
}

/// An interaction. Nothing tells who the customer is.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Interaction")]
pub(super) struct InteractionOut {
    /// Its id here.
    id: String,
    /// Where it came from.
    source: String,
    /// Its id there.
    external_id: String,
    /// `call`, `chat`, `other` or `unknown`.
    channel: String,
    /// `inbound`, `outbound`, `internal` or `other`.
    direction: Option<String>,
    /// `answered`, `missed`, `abandoned`, `voicemail` or `other`.
    outcome: Option<String>,
    /// `in_progress`, `ended` or `final`.
    phase: String,
    /// RFC 3339, UTC.
    started_at: Option<String>,
    /// RFC 3339, UTC.
    answered_at: Option<String>,
    /// RFC 3339, UTC.
    ended_at: Option<String>,
    /// ms.
    wait_ms: Option<i64>,
    /// ms.
    talk_ms: Option<i64>,
    /// ms.
    hold_ms: Option<i64>,
    /// Who is rated.
    agent: Option<AgentOut>,
    /// The team.
    team: Option<TeamOut>,
    /// The queue.
    queue: Option<String>,
    /// What it was about.
    tags: Vec<String>,
    /// The customer's language.
    locale: Option<String>,
    /// Its survey.
    survey: SurveyOut,
    /// Its recording.
    recording: RecordingOut,
    /// A chat's messages, from its beginning; null in lists.
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

/// Some interactions.
#[derive(Debug, Clone, Object)]
pub(super) struct InteractionPage {
    /// Newest first.
    items: Vec<InteractionOut>,
    /// Send it as `cursor` for the next page; null on the last.
    next: Option<String>,
}

impl From<Page<Interaction>> for InteractionPage {
    fn from(page: Page<Interaction>) -> Self {
        let items = page.items.into_iter().map(|i| InteractionOut::new(i, None)).collect();
        Self { items, next: page.next.map(|c| c.to_string()) }
    }
}
