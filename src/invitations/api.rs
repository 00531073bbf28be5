//! Endpoints of invitations and suppressions.

use super::{AgentSkips, Invitations, SkipReason, SkippedFor, Suppression, SuppressionError};
use crate::access::rights::{Administer, SeeInteractions};
use crate::interactions::{Filter, Interaction, SurveyState};
use crate::web::problem::ApiError;
use crate::web::{Allowed, JsonBody, page_size, request_cursor};
use poem::http::StatusCode;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi, Tags};

#[derive(Tags)]
enum Tag {
    /// Surveyed interactions, and those that were not; addresses that are never surveyed.
    Invitations,
}

/// State of the survey of an interaction. It never reveals whether the customer answered.
#[derive(Debug, Object)]
#[oai(rename = "Invitation", example)]
struct InvitationOut {
    /// Id of the interaction.
    interaction_id: String,
    /// Name of the system that the interaction comes from.
    source: String,
    /// Id of the interaction in that system.
    external_id: String,
    /// State of the survey.
    state: String,
    /// Reason: a stable code such as `asked_recently` if it was skipped, the answer of the mail server if it failed.
    reason: Option<String>,
    /// Reason in words.
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
            explanation: Some(SkipReason::AskedRecently.words().into()),
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
            explanation: reason.map(|reason| reason.words().to_owned()),
            reason: about.survey_reason,
        }
    }
}

/// A page of invitations.
#[derive(Debug, Object)]
struct InvitationPage {
    /// Invitations by the time of their interactions, newest first.
    items: Vec<InvitationOut>,
    /// `cursor` of the next page; null on the last page.
    next: Option<String>,
}

/// Reason for a suppression.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "lowercase")]
enum SuppressionReason {
    /// Added by a person or a program.
    Added,
    /// A mail was returned.
    Bounced,
    /// A mail was reported as spam.
    Complained,
    /// The customer unsubscribed.
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

/// An address that receives no invitations; the address itself is not stored.
#[derive(Debug, Object)]
#[oai(rename = "Suppression", example)]
struct SuppressionOut {
    /// Keyed hash of the address.
    id: String,
    /// Reason.
    reason: String,
    /// Time of the suppression, RFC 3339, UTC.
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

/// A page of suppressions.
#[derive(Debug, Object)]
struct SuppressionPage {
    /// Suppressions, newest first.
    items: Vec<SuppressionOut>,
    /// `cursor` of the next page; null on the last page.
    next: Option<String>,
}

/// An address to be suppressed.
#[derive(Debug, Object)]
#[oai(rename = "NewSuppression", example)]
struct SuppressionBody {
    /// E-mail address; only a keyed hash of it is stored.
    address: String,
    /// Reason; by default `added`.
    reason: Option<SuppressionReason>,
}

impl poem_openapi::types::Example for SuppressionBody {
    fn example() -> Self {
        Self { address: "jerry@example.net".into(), reason: None }
    }
}

/// Number of interactions that were not surveyed for a reason.
#[derive(Debug, Object)]
#[oai(rename = "SkipReasonCount")]
struct SkipReasonOut {
    /// Stable code of the reason, such as `no_address`.
    reason: String,
    /// Reason in words.
    explanation: Option<String>,
    /// Number of interactions.
    interactions: i64,
    /// Whether the reason is significantly more frequent than with all other agents, and can be influenced by the agent.
    stands_out: bool,
}

/// Surveyed and skipped interactions of an agent.
#[derive(Debug, Object)]
#[oai(rename = "AgentSkips")]
struct AgentSkipsOut {
    /// Id of the agent; null for interactions without an agent, and for the total.
    agent_id: Option<String>,
    /// Name of the agent.
    name: String,
    /// Name of the team; empty if there is none.
    team: String,
    /// Number of final interactions with a decision about their survey.
    interactions: i64,
    /// Number of them that were surveyed.
    asked: i64,
    /// Number of them that were not surveyed.
    not_asked: i64,
    /// Share that was not surveyed, 0 to 1.
    share: f64,
    /// The same share of all other agents together; null if there are none.
    share_of_others: Option<f64>,
    /// Reasons, most frequent first.
    reasons: Vec<SkipReasonOut>,
}

/// Report of skipped invitations.
#[derive(Debug, Object)]
#[oai(rename = "SkipReport")]
struct SkipsOut {
    /// Start of the period, RFC 3339, UTC.
    from: String,
    /// End of the period, exclusive, RFC 3339, UTC.
    until: String,
    /// Total.
    all: AgentSkipsOut,
    /// Agents; those that stand out first.
    agents: Vec<AgentSkipsOut>,
}

impl From<&AgentSkips> for AgentSkipsOut {
    fn from(agent: &AgentSkips) -> Self {
        let reason = |one: &SkippedFor| SkipReasonOut {
            explanation: SkipReason::known(&one.code).map(|known| known.words().to_owned()),
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
    /// The address was suppressed before, for the returned reason.
    #[oai(status = 200)]
    There(Json<SuppressionOut>),
    /// The address is suppressed.
    #[oai(status = 201)]
    Added(Json<SuppressionOut>),
}

#[derive(ApiResponse)]
enum UnsuppressReply {
    /// Deleted; the next interaction may be surveyed.
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
    pub invitations: Invitations,
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Invitations")]
impl Api {
    /// List invitations
    ///
    /// Returns the state of the survey of each interaction, and the reason if it was skipped. It never reveals whether the
    /// customer answered.
    #[oai(path = "/invitations", method = "get", operation_id = "listInvitations")]
    async fn invitations(
        &self,
        who: Allowed<SeeInteractions>,
        /// Only invitations in this state.
        state: Query<Option<String>>,
        /// `next` of the previous page, requested with the same filters.
        #[oai(name = "cursor")]
        from: Query<Option<String>>,
        /// Maximum number of items on the page.
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
        let page = self.invitations.list(&who.visible(), &filter, &from, size).await?;
        let next = page.next.map(|next| next.to_string());
        Ok(Json(InvitationPage { items: page.items.into_iter().map(InvitationOut::from).collect(), next }))
    }

    /// Get the report of skipped invitations
    ///
    /// Returns for each agent how many interactions were not surveyed and why, compared with all other agents, over whole days
    /// (UTC) up to today. It counts invitations, never answers.
    #[oai(path = "/skipped", method = "get", operation_id = "getSkipReport")]
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
        let report = self.invitations.skips_of_days(i64::from(days)).await?;
        Ok(Json(SkipsOut {
            from: report.span.from.to_rfc3339(),
            until: report.span.until.to_rfc3339(),
            all: (&report.all).into(),
            agents: report.agents.iter().map(AgentSkipsOut::from).collect(),
        }))
    }

    /// List suppressions
    ///
    /// Returns keyed hashes, since the addresses are not stored; `address` finds the entry of an address.
    #[oai(path = "/suppressions", method = "get", operation_id = "listSuppressions")]
    async fn suppressions(
        &self,
        _who: Allowed<Administer>,
        /// Only the suppression of this address.
        address: Query<Option<String>>,
        /// `next` of the previous page, requested with the same filters.
        #[oai(name = "cursor")]
        from: Query<Option<String>>,
        /// Maximum number of items on the page.
        limit: Query<Option<u32>>,
    ) -> Result<Json<SuppressionPage>, ApiError> {
        let (from, size) = (request_cursor(from.as_deref())?, page_size(limit.0, 50, 200)?);
        let page = self.invitations.suppressions(address.0.as_deref(), &from, size).await?;
        let next = page.next.map(|next| next.to_string());
        Ok(Json(SuppressionPage { items: page.items.into_iter().map(SuppressionOut::from).collect(), next }))
    }

    /// Suppress an address
    ///
    /// No more invitations are sent to the address, and queued mail to it is dropped. Suppressing it again changes nothing.
    #[oai(path = "/suppressions", method = "post", operation_id = "createSuppression")]
    async fn suppress(
        &self,
        who: Allowed<Administer>,
        body: JsonBody<SuppressionBody>,
    ) -> Result<SuppressReply, ApiError> {
        let reason = body.reason.unwrap_or(SuppressionReason::Added).code();
        let (entry, new) = self.invitations.suppress(&body.address, reason, &who.actor()).await?;
        let entry = Json(entry.into());
        Ok(if new { SuppressReply::Added(entry) } else { SuppressReply::There(entry) })
    }

    /// Delete a suppression
    #[oai(path = "/suppressions/:id", method = "delete", operation_id = "deleteSuppression")]
    async fn unsuppress(
        &self,
        who: Allowed<Administer>,
        /// Id of the suppression; `GET /suppressions?address=…` returns it.
        id: Path<String>,
    ) -> Result<UnsuppressReply, ApiError> {
        self.invitations.unsuppress(&id, &who.actor()).await?;
        Ok(UnsuppressReply::Removed)
    }
}
