//! Wire types of deliveries.

use crate::clock::{self, Timestamp};
use crate::interactions::{CustomerIn, Intake, MessageIn, Phase, WarningCode, Warnings};
use crate::staff::AgentRef;
use poem_openapi::Object;

/// An interaction as other systems send it. Every field is optional; a missing field is unknown.
#[derive(Debug, Clone, Default, Object)]
#[oai(rename = "InteractionInput", example)]
pub struct InteractionBody {
    /// Time as of which all this is true (when the event happened), RFC 3339 with an offset. An older delivery completes
    /// the interaction and overwrites nothing newer, in whatever order they arrive. By default the time of receipt.
    as_of: Option<String>,
    /// Number of the occurrence, from 1. A chat that is reopened and resolved again is the next occurrence, with its own
    /// survey. By default the last one; `phase: in_progress` with an `as_of` after the end of a chat opens the next one.
    occurrence: Option<i64>,
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
    /// Name of the team that handled the interaction; created if it does not exist. By default the agent's home team.
    team: Option<String>,
    /// Name of the queue.
    queue: Option<String>,
    /// Tags for staff; customers read none of them unless `survey.customer_tags` lists it.
    tags: Option<Vec<String>>,
    /// Topic in words for customers: the survey mentions it.
    topic: Option<String>,
    /// Customer; encrypted on arrival, erased when no survey needs it any more.
    customer: Option<CustomerBody>,
    /// Whether the interaction may be surveyed.
    survey: Option<SurveyBody>,
    /// Messages of a chat, all or some of them; merged by their `id`. Up to 10,000.
    messages: Option<Vec<MessageBody>>,
    /// All who handled the interaction; kept in the raw record.
    handled_by: Option<Vec<AgentBody>>,
    /// Transfers; kept in the raw record.
    transfers: Option<Vec<TransferBody>>,
}

/// A transfer.
#[derive(Debug, Clone, Default, Object)]
#[oai(rename = "TransferInput")]
struct TransferBody {
    /// Time, RFC 3339 with an offset.
    at: Option<String>,
    /// Agent who handed over.
    from: Option<AgentBody>,
    /// Agent who took over.
    to: Option<AgentBody>,
}

/// An agent as the source system names them.
#[derive(Debug, Clone, Default, Object)]
#[oai(rename = "AgentInput")]
struct AgentBody {
    /// Id of the agent in the source system; by default the e-mail address, else the name.
    external_id: Option<String>,
    /// Name, for staff; where no `display_name` is known, customers read its first name.
    name: Option<String>,
    /// Name that customers read.
    display_name: Option<String>,
    /// E-mail address. Agents of different systems with the same work address are one person.
    email: Option<String>,
    /// Name of the agent's home team; created if it does not exist. The team of the interaction is `team`.
    team: Option<String>,
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
    /// Id of the message in the source system: the same id is the same message, edited or sent again. Without one, a
    /// message is known by its time, sender and text.
    id: Option<String>,
    /// Time of sending, RFC 3339 with an offset.
    at: Option<String>,
    /// Sender: `customer`, `agent`, `bot` or `system`; other values are stored as `other`.
    from: Option<String>,
    /// Text of the message.
    text: Option<String>,
    /// `text/html` where the text is HTML, which is turned into plain text; text that begins with an HTML element is, too.
    content_type: Option<String>,
    /// Whether it is a note among staff: never shown to customers, not clipped, not measured.
    private: Option<bool>,
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
                display_name: text("Sydney"),
                email: text("sydney@example.com"),
                team: text("Orders"),
            }),
            team: text("Orders"),
            queue: text("orders-en"),
            tags: Some(vec!["lost parcel".into()]),
            topic: text("Your lost parcel"),
            customer: Some(CustomerBody {
                email: text("jerry@example.net"),
                name: text("Jerry"),
                phone: None,
                locale: text("en"),
            }),
            survey: Some(SurveyBody { eligible: Some(true) }),
            as_of: text("2026-11-20T14:30:02+01:00"),
            ..Self::default()
        }
    }
}

/// Reads a time; one that can't be read is dropped with a warning.
fn time(field: &'static str, text: Option<&str>, warnings: &mut Warnings) -> Option<Timestamp> {
    let text = text.map(str::trim).filter(|text| !text.is_empty())?;
    let time = Timestamp::parse(text);
    if time.is_none() {
        let what = "Write a time as 2026-11-20T14:24:00+01:00 (RFC 3339, with an offset); it was dropped.";
        warnings.add(field, WarningCode::InvalidTime, what);
    }
    time
}

impl InteractionBody {
    /// Returns the facts; values that can't be read are dropped with a warning.
    pub(super) fn into_intake(
        self,
        source: &str,
        external_id: &str,
        raw: &serde_json::Value,
        mut warnings: Warnings,
    ) -> Intake {
        let w = &mut warnings;
        let phase = self.phase.as_deref().and_then(|word| {
            let phase = Phase::known(word.trim());
            if phase.is_none() {
                w.add("phase", WarningCode::UnknownPhase, "It is one of in_progress, ended, final; it was dropped.");
            }
            phase
        });
        let mut occurrence = self.occurrence;
        if occurrence.take_if(|number| *number < 1).is_some() {
            w.add("occurrence", WarningCode::OutOfRange, "It counts from 1; it was dropped.");
        }
        let messages: Vec<_> = self.messages.unwrap_or_default().into_iter().map(|m| m.into_message(w)).collect();
        let customer = self.customer.unwrap_or_default();
        let utc_offset_min =
            [&self.started_at, &self.ended_at].into_iter().flatten().find_map(|at| clock::sent_offset(at));
        Intake {
            source: source.to_owned(),
            external_id: external_id.to_owned(),
            occurrence,
            as_of: time("as_of", self.as_of.as_deref(), w),
            channel: self.channel,
            direction: self.direction,
            outcome: self.outcome,
            phase,
            started_at: time("started_at", self.started_at.as_deref(), w),
            answered_at: time("answered_at", self.answered_at.as_deref(), w),
            ended_at: time("ended_at", self.ended_at.as_deref(), w),
            wait_ms: self.wait_ms,
            talk_ms: self.talk_ms,
            hold_ms: self.hold_ms,
            agent: self.agent.and_then(|agent| agent.into_ref(source)),
            team: self.team,
            queue: self.queue,
            tags: self.tags,
            topic: filled(self.topic),
            utc_offset_min,
            customer: CustomerIn {
                email: customer.email,
                name: customer.name,
                phone: customer.phone,
                locale: customer.locale,
            },
            survey_eligible: self.survey.and_then(|s| s.eligible),
            messages,
            raw: Some(without_customer(raw)),
            warnings,
        }
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

/// Returns the trimmed text; a blank one is none.
fn filled(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

impl AgentBody {
    fn into_ref(self, source: &str) -> Option<AgentRef> {
        let (name, email) = (filled(self.name), filled(self.email).map(|e| e.to_lowercase()));
        let external_id = filled(self.external_id).or_else(|| email.clone()).or_else(|| name.clone())?;
        let (display_name, team) = (filled(self.display_name), filled(self.team));
        Some(AgentRef { source: source.to_owned(), external_id, name, display_name, email, team })
    }
}

impl MessageBody {
    fn into_message(self, warnings: &mut Warnings) -> MessageIn {
        let text = self.text.unwrap_or_default();
        MessageIn {
            id: self.id,
            private: self.private == Some(true),
            at: time("messages.at", self.at.as_deref(), warnings),
            from: self.from.unwrap_or_default(),
            text: match is_html(self.content_type.as_deref(), &text) {
                true => mail_parser::decoders::html::html_to_text(&text).trim().to_owned(),
                false => text,
            },
        }
    }
}

/// Elements that an HTML text of a chat or ticket system begins with.
const FIRST_ELEMENTS: [&str; 12] =
    ["p", "div", "html", "body", "span", "br", "br/", "table", "blockquote", "ul", "ol", "!doctype"];

/// Whether a text is HTML: its sender says so, or says nothing and it begins with an element.
fn is_html(content_type: Option<&str>, text: &str) -> bool {
    if let Some(kind) = content_type {
        return kind.trim().to_lowercase().starts_with("text/html");
    }
    let Some(element) = text.trim_start().strip_prefix('<') else { return false };
    let end = element.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(element.len());
    FIRST_ELEMENTS.iter().any(|name| element[..end].eq_ignore_ascii_case(name)) && element[end..].contains('>')
}
