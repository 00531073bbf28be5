//! Endpoints of answers, invitations and suppressions.

mod surveys;

pub use surveys::SurveysApi;

use super::{AgentSkips, Further, Linked, SkipReason, SkippedFor, Suppression, SuppressionError, Surveys};
use crate::access::rights::{Administer, SeeInteractions, SeeResponses};
use crate::ids::InteractionId;
use crate::interactions::{Filter, Interaction, SurveyState};
use crate::web::problem::ApiError;
use crate::web::{Allowed, JsonBody, page_size, request_cursor};
use poem::http::StatusCode;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi, Tags};

#[derive(Tags)]
enum Tag {
    /// Who is asked, who is not and why, and linked answers.
    Surveys,
}

/// A linked answer. Nothing here tells who gave it, or when within the month.
#[derive(Debug, Object)]
#[oai(rename = "Response", example)]
struct ResponseOut {
    /// 1 (very poor) to 5 (very good).
    score: Option<i64>,
    /// Was it resolved? Null: not answered.
    resolved: Option<bool>,
    /// In the customer's words. Null: no comment.
    comment: Option<String>,
    /// The month of the answer.
    month: String,
    /// What else was asked and answered.
    further: Vec<FurtherOut>,
}

/// An answer to a further question of the survey.
#[derive(Debug, Object)]
#[oai(rename = "FurtherAnswer")]
struct FurtherOut {
    /// The question's number in the survey.
    number: u16,
    /// The question as it was asked, in the survey's default language.
    question: String,
    /// The answer in words.
    answer: String,
}

impl poem_openapi::types::Example for ResponseOut {
    fn example() -> Self {
        let comment = Some("She told me at once where my parcel was.".into());
        Self { score: Some(4), resolved: Some(true), comment, month: "2026-11".into(), further: Vec::new() }
    }
}

impl ResponseOut {
    fn new(linked: Linked, further: Vec<Further>) -> Self {
        let resolved = linked.resolved.map(|text| text == "yes");
        let out = |f: Further| FurtherOut { number: f.number, question: f.question, answer: f.answer };
        let further = further.into_iter().map(out).collect();
        Self { score: linked.score, resolved, comment: linked.comment, month: linked.month, further }
    }
}

/// What has become of the survey of an interaction. Never tells whether it was answered.
#[derive(Debug, Object)]
#[oai(rename = "Invitation", example)]
struct InvitationOut {
    /// The interaction.
    interaction_id: String,
    /// The system it came from.
    source: String,
    /// Its id there.
    external_id: String,
    /// `waiting`, `scheduled`, `held`, `sent`, `failed`, `skipped` or `closed`.
    state: String,
    /// Skipped: a stable code such as `asked_recently`. Failed: what the mail server said.
    reason: Option<String>,
    /// The reason for people.
    explanation: Option<String>,
}

impl poem_openapi::types::Example for InvitationOut {
    fn example() -> Self {
        Self {
            interaction_id: "5f0c9f4e-0b1f-4a3e-9d55-0a9a1d3c2b11".into(),
            source: "phone".into(),
            external_id: "4711".into(),
            state: "skipped".into(),
            reason: Some(SkipReason::AskedRecently.code().into()),
            explanation: Some(SkipReason::AskedRecently.sentence().into()),
        }
    }
}

impl From<Interaction> for InvitationOut {
    fn from(about: Interaction) -> Self {
        let reason = about.survey_reason.as_deref().and_then(SkipReason::known);
        Self {
            interaction_id: about.id.to_string(),
            source: about.source,
            external_id: about.external_id,
            state: about.survey_state.code().into(),
            explanation: reason.map(|reason| reason.sentence().to_owned()),
            reason: about.survey_reason,
        }
    }
}

/// Some of them, by the time of their interactions, newest first.
#[derive(Debug, Object)]
struct InvitationPage {
    /// The invitations.
    items: Vec<InvitationOut>,
    /// Send it as `cursor` for the next page; null on the last.
    next: Option<String>,
}

/// Why an address is not asked.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "lowercase")]
enum SuppressionReason {
    /// Put here by hand or by a program.
    Added,
    /// Mail came back.
    Bounced,
    /// Mail was reported as unwanted.
    Complained,
    /// The customer asked for it.
    Unsubscribed,
}

impl SuppressionReason {
    fn code(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
            Self::Unsubscribed => "unsubscribed",
        }
    }
}

/// An address that is not asked; the address itself is not kept.
#[derive(Debug, Object)]
#[oai(rename = "Suppression", example)]
struct SuppressionOut {
    /// A keyed hash of the address.
    id: String,
    /// `unsubscribed`, `bounced`, `complained` or `added`.
    reason: String,
    /// Since when (RFC 3339, UTC).
    since: String,
}

impl poem_openapi::types::Example for SuppressionOut {
    fn example() -> Self {
        let id = "9b74c9897bac770ffc029102a200c5de4e8b6d1f0c7e5ad9b6d3c1f2a4e8d701".into();
        Self { id, reason: "unsubscribed".into(), since: "2026-11-20T13:24:00Z".into() }
    }
}

impl From<Suppression> for SuppressionOut {
    fn from(entry: Suppression) -> Self {
        Self { id: entry.id, reason: entry.reason, since: entry.created_at.to_rfc3339() }
    }
}

/// Some of the list, newest first.
#[derive(Debug, Object)]
struct SuppressionPage {
    /// The entries.
    items: Vec<SuppressionOut>,
    /// Send it as `cursor` for the next page; null on the last.
    next: Option<String>,
}

/// An address that is not to be asked.
#[derive(Debug, Object)]
#[oai(rename = "NewSuppression", example)]
struct SuppressionBody {
    /// The address; only a keyed hash of it is kept.
    address: String,
    /// Why; `added` where nothing is said.
    reason: Option<SuppressionReason>,
}

impl poem_openapi::types::Example for SuppressionBody {
    fn example() -> Self {
        Self { address: "jerry@example.net".into(), reason: None }
    }
}

/// Why customers were not asked, and how often.
#[derive(Debug, Object)]
struct SkipReasonOut {
    /// A stable code such as `no_address`.
    reason: String,
    /// In words.
    explanation: Option<String>,
    /// How often.
    interactions: i64,
    /// Clearly more often than with all the others together, for a reason that can be in the agent's hands.
    stands_out: bool,
}

/// How many of an agent's customers were not asked.
#[derive(Debug, Object)]
struct AgentSkipsOut {
    /// The agent; null: the interactions name nobody, or it is everybody together.
    agent_id: Option<String>,
    /// The name.
    name: String,
    /// The team's name; empty where there is none.
    team: String,
    /// Final interactions whose survey was decided.
    interactions: i64,
    /// Of these, asked about. Never how many answered.
    asked: i64,
    /// Of these, not asked about.
    not_asked: i64,
    /// The share that was not asked about, 0 to 1.
    share: f64,
    /// The same share of all the others together; null where there are none.
    share_of_others: Option<f64>,
    /// Why, the most frequent reason first.
    reasons: Vec<SkipReasonOut>,
}

/// Who was not asked, and why.
#[derive(Debug, Object)]
#[oai(rename = "Skips")]
struct SkipsOut {
    /// From this time on (RFC 3339, UTC).
    from: String,
    /// Before this time (RFC 3339, UTC).
    until: String,
    /// Everybody together.
    all: AgentSkipsOut,
    /// Agent by agent; who stands out first.
    agents: Vec<AgentSkipsOut>,
}

impl From<&AgentSkips> for AgentSkipsOut {
    fn from(agent: &AgentSkips) -> Self {
        let reason = |one: &SkippedFor| SkipReasonOut {
            explanation: SkipReason::known(&one.code).map(|known| known.sentence().to_owned()),
            reason: one.code.clone(),
            interactions: one.interactions,
            stands_out: one.stands_out,
        };
        Self {
            agent_id: agent.id.as_ref().map(ToString::to_string),
            name: agent.name.clone(),
            team: agent.team.clone(),
            interactions: agent.interactions,
            asked: agent.asked,
            not_asked: agent.skipped,
            share: agent.share(),
            share_of_others: agent.others,
            reasons: agent.reasons.iter().map(reason).collect(),
        }
    }
}

#[derive(ApiResponse)]
enum SuppressReply {
    /// It was on the list before, for the reason that stands here.
    #[oai(status = 200)]
    There(Json<SuppressionOut>),
    /// It is on the list now.
    #[oai(status = 201)]
    Added(Json<SuppressionOut>),
}

#[derive(ApiResponse)]
enum UnsuppressReply {
    /// It is off the list; the next interaction may be asked about.
    #[oai(status = 204)]
    Removed,
}

impl From<SuppressionError> for ApiError {
    fn from(error: SuppressionError) -> Self {
        match error {
            SuppressionError::NotAnAddress => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_email", "This is not an e-mail address.")
            }
            SuppressionError::NotAReason => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_reason", error.to_string())
            }
            SuppressionError::NotThere => {
                Self::not_found("suppression_not_found", "There is no such entry on the list.")
            }
            SuppressionError::Database(inner) => inner.into(),
        }
    }
}

/// The endpoints.
#[derive(Debug, Clone)]
pub struct Api {
    /// The service.
    pub surveys: Surveys,
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Surveys")]
impl Api {
    /// Read the linked answer of an interaction
    ///
    /// For supervisors of its team alone: no API key and no other role may. 404 where there is none, where the customer kept
    /// the answer apart, and where the interaction is not yours: these can't be told from each other. The look is in the audit log.
    #[oai(path = "/interactions/:id/response", method = "get", operation_id = "getResponse")]
    async fn response(
        &self,
        who: Allowed<SeeResponses>,
        /// The interaction.
        id: Path<String>,
    ) -> Result<Json<ResponseOut>, ApiError> {
        let none =
            || ApiError::not_found("response_not_found", "There is no linked answer here, or it is not for you.");
        let id: InteractionId = id.parse().map_err(|_| none())?;
        self.surveys.note_look(&who, &id).await?;
        let found = self.surveys.linked_response(&who, &id).await?.ok_or_else(none)?;
        let further = self.surveys.further_answers(&id, &found).await?;
        Ok(Json(ResponseOut::new(found, further)))
    }

    /// List what has become of surveys
    ///
    /// One line an interaction: is it asked about, and if not, why not? Whether somebody answered is not told here or anywhere.
    #[oai(path = "/invitations", method = "get", operation_id = "listInvitations")]
    async fn invitations(
        &self,
        who: Allowed<SeeInteractions>,
        /// Only those in this state.
        state: Query<Option<String>>,
        /// `next` of the page before.
        #[oai(name = "cursor")]
        from: Query<Option<String>>,
        /// Number of items on a page.
        limit: Query<Option<u32>>,
    ) -> Result<Json<InvitationPage>, ApiError> {
        let survey = match state.0.as_deref() {
            None => None,
            Some(code) => {
                let known = SurveyState::ALL.iter().map(|state| state.code()).collect::<Vec<_>>().join(", ");
                let wrong = || ApiError::bad_request("bad_state", format!("`state` is one of {known}."));
                Some(SurveyState::known(code).ok_or_else(wrong)?)
            }
        };
        let filter = Filter { survey, ..Filter::default() };
        let (from, size) = (request_cursor(from.as_deref())?, page_size(limit.0, 50, 200)?);
        let page = self.surveys.invitations(&who.visible(), &filter, &from, size).await?;
        let next = page.next.map(|next| next.to_string());
        Ok(Json(InvitationPage { items: page.items.into_iter().map(InvitationOut::from).collect(), next }))
    }

    /// Report who was not asked, and why
    ///
    /// Agent by agent beside all the others, over whole days (UTC) that end with today. It counts who was asked, never who answered.
    #[oai(path = "/skipped", method = "get", operation_id = "reportSkipped")]
    async fn skips(
        &self,
        _who: Allowed<Administer>,
        /// Number of days.
        days: Query<Option<u32>>,
    ) -> Result<Json<SkipsOut>, ApiError> {
        let days = days.0.unwrap_or(30);
        if !(1..=366).contains(&days) {
            return Err(ApiError::bad_request("bad_days", "`days` is a number from 1 to 366."));
        }
        let report = self.surveys.skips_of_days(i64::from(days)).await?;
        Ok(Json(SkipsOut {
            from: report.span.from.to_rfc3339(),
            until: report.span.until.to_rfc3339(),
            all: (&report.all).into(),
            agents: report.agents.iter().map(AgentSkipsOut::from).collect(),
        }))
    }

    /// List the addresses that are not asked
    ///
    /// The list holds keyed hashes: one can ask about an address, not read the addresses.
    #[oai(path = "/suppressions", method = "get", operation_id = "listSuppressions")]
    async fn suppressions(
        &self,
        _who: Allowed<Administer>,
        /// Is this address on the list? At most one entry then.
        address: Query<Option<String>>,
        /// `next` of the page before.
        #[oai(name = "cursor")]
        from: Query<Option<String>>,
        /// Number of items on a page.
        limit: Query<Option<u32>>,
    ) -> Result<Json<SuppressionPage>, ApiError> {
        let (from, size) = (request_cursor(from.as_deref())?, page_size(limit.0, 50, 200)?);
        let page = self.surveys.suppressions(address.0.as_deref(), &from, size).await?;
        let next = page.next.map(|next| next.to_string());
        Ok(Json(SuppressionPage { items: page.items.into_iter().map(SuppressionOut::from).collect(), next }))
    }

    /// Put an address on the list
    ///
    /// From now on it is not asked, and a mail to it that waits is not sent. Doing it twice changes nothing.
    #[oai(path = "/suppressions", method = "post", operation_id = "addSuppression")]
    async fn suppress(
        &self,
        who: Allowed<Administer>,
        body: JsonBody<SuppressionBody>,
    ) -> Result<SuppressReply, ApiError> {
        let reason = body.reason.unwrap_or(SuppressionReason::Added).code();
        let (entry, new) = self.surveys.suppress(&body.address, reason, &who.actor()).await?;
        let entry = Json(entry.into());
        Ok(if new { SuppressReply::Added(entry) } else { SuppressReply::There(entry) })
    }

    /// Take an address off the list
    #[oai(path = "/suppressions/:id", method = "delete", operation_id = "removeSuppression")]
    async fn unsuppress(
        &self,
        who: Allowed<Administer>,
        /// The entry's id; `GET /suppressions?address=…` tells it.
        id: Path<String>,
    ) -> Result<UnsuppressReply, ApiError> {
        self.surveys.unsuppress(&id, &who.actor()).await?;
        Ok(UnsuppressReply::Removed)
    }
}
