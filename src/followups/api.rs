//! Endpoints of follow-ups: for supervisors who are signed in, since a follow-up tells that a rating is low.

use super::{Cause, Change, Contact, FollowUp, FollowUpError, FollowUps, Outcome, Reason, State, Step, Which};
use crate::access::rights::FollowUp as SeeFollowUps;
use crate::ids::FollowUpId;
use crate::web::{Allowed, ApiError, JsonBody, page_size, request_cursor};
use poem::http::StatusCode;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi, Tags};

#[derive(Tags)]
enum Tag {
    /// Open tasks for supervisors: low ratings and callback requests.
    #[oai(rename = "Follow-ups")]
    FollowUps,
}

impl From<FollowUpError> for ApiError {
    fn from(error: FollowUpError) -> Self {
        use FollowUpError as E;
        let text = error.to_string();
        let refused = |code| Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, text.clone());
        match error {
            E::NotFound => Self::not_found("follow_up_not_found", text),
            E::NoInteraction => Self::not_found("interaction_not_found", text),
            E::NoContact => Self::not_found("no_contact", text),
            E::Changed => Self::conflict("changed_meanwhile", text),
            E::Closed => Self::conflict("follow_up_closed", text),
            E::NothingToUndo => Self::conflict("nothing_to_undo", text),
            E::NotAnOwner => refused("not_an_owner"),
            E::BadNote => refused("bad_note"),
            E::BadDay => refused("bad_day"),
            E::BadOutcome => refused("bad_outcome"),
            E::Database(inner) => inner.into(),
        }
    }
}

/// A follow-up.
#[derive(Debug, Object)]
#[oai(rename = "FollowUp")]
struct Out {
    /// Id.
    id: String,
    /// Reason for the follow-up.
    reason: Reason,
    /// Explanation by the supervisor who opened it; null if it was opened automatically.
    why: Option<String>,
    /// State.
    state: State,
    /// Day of opening.
    opened_on: String,
    /// Due day.
    due_on: String,
    /// Whether the due day has passed and the follow-up is not closed.
    overdue: bool,
    /// Id of the team; null if it belongs to all supervisors.
    team_id: Option<String>,
    /// Name of the team.
    team: Option<String>,
    /// Id of the interaction; null if there is none.
    interaction_id: Option<String>,
    /// Name of the agent.
    agent: Option<String>,
    /// Id of the owner; null if it has none.
    owner_id: Option<String>,
    /// Name of the owner.
    owner: Option<String>,
    /// Outcome; null unless it is closed.
    outcome: Option<Outcome>,
    /// Root cause; null unless it is closed.
    cause: Option<Cause>,
    /// Day of closing; null unless it is closed.
    closed_on: Option<String>,
    /// Whether the customer left contact details (`…/contact`).
    has_contact: bool,
}

impl Out {
    fn new(f: FollowUp, today: &str) -> Self {
        Self {
            overdue: f.is_overdue(today),
            outcome: f.outcome(),
            cause: f.cause(),
            has_contact: f.has_contact(),
            id: f.id.to_string(),
            reason: f.reason,
            why: f.why,
            state: f.state,
            opened_on: f.opened_on,
            due_on: f.due_on,
            team_id: f.team_id.map(|id| id.to_string()),
            team: f.team_name,
            interaction_id: f.interaction_id.map(|id| id.to_string()),
            agent: f.agent_name,
            owner_id: f.owner_id.map(|id| id.to_string()),
            owner: f.owner_name,
            closed_on: f.closed_on,
        }
    }
}

/// A page of follow-ups.
#[derive(Debug, Object)]
#[oai(rename = "FollowUpPage")]
struct OutPage {
    /// The follow-ups.
    items: Vec<Out>,
    /// `cursor` of the next page; null on the last page.
    next: Option<String>,
}

/// A step in the history of a follow-up.
#[derive(Debug, Object)]
#[oai(rename = "FollowUpStep")]
struct StepOut {
    /// Kind of the step.
    what: String,
    /// Time, RFC 3339, UTC.
    at: String,
    /// Name of the person.
    name: String,
    /// Text of the note, or the new value.
    note: Option<String>,
}

impl From<Step> for StepOut {
    fn from(step: Step) -> Self {
        Self { what: step.what, at: step.at.to_rfc3339(), name: step.name, note: step.note }
    }
}

/// A follow-up with its history.
#[derive(Debug, Object)]
#[oai(rename = "FollowUpWithSteps")]
struct WithSteps {
    /// The follow-up.
    follow_up: Out,
    /// Steps in order of time.
    steps: Vec<StepOut>,
}

/// A follow-up to be opened.
#[derive(Debug, Object)]
struct NewFollowUp {
    /// Id of the interaction.
    interaction_id: String,
    /// Reason in words.
    why: String,
    /// Due day; by default as configured.
    due_on: Option<String>,
}

/// The new owner of a follow-up.
#[derive(Debug, Object)]
#[oai(rename = "FollowUpOwner")]
struct OwnerIn {
    /// Id of an account that supervises the team; by default the caller.
    staff_id: Option<String>,
}

/// The new due day of a follow-up.
#[derive(Debug, Object)]
#[oai(rename = "FollowUpDueDay")]
struct DueIn {
    /// Due day: `2026-11-20`.
    due_on: String,
}

/// A note on a follow-up.
#[derive(Debug, Object)]
#[oai(rename = "NewFollowUpNote")]
struct NoteIn {
    /// Text of the note.
    text: String,
}

/// Outcome and root cause of a follow-up.
#[derive(Debug, Object)]
#[oai(rename = "FollowUpClosure")]
struct OutcomeIn {
    /// Outcome; `withdrawn` and `erased` can't be set by staff.
    outcome: Outcome,
    /// Root cause.
    cause: Cause,
    /// Explanation.
    #[oai(default)]
    note: String,
}

/// Contact details that a customer left.
#[derive(Debug, Object)]
#[oai(rename = "CustomerContact")]
struct ContactOut {
    /// Name.
    name: String,
    /// Telephone number or e-mail address.
    reach: String,
    /// Topic.
    about: Option<String>,
}

impl From<Contact> for ContactOut {
    fn from(c: Contact) -> Self {
        Self { name: c.name, reach: c.reach, about: c.about }
    }
}

/// Number of follow-ups with a root cause.
#[derive(Debug, Object)]
#[oai(rename = "CauseCount")]
struct CauseOut {
    /// Root cause.
    cause: Cause,
    /// Number of follow-ups.
    n: i64,
}

/// Root causes of closed follow-ups.
#[derive(Debug, Object)]
struct CauseList {
    /// Root causes, most frequent first.
    items: Vec<CauseOut>,
    /// Always null: the list is one page.
    next: Option<String>,
}

/// A follow-up was opened.
#[derive(ApiResponse)]
enum Created {
    /// The follow-up.
    #[oai(status = 201)]
    FollowUp(Json<Out>),
}

/// The endpoints.
#[derive(Debug, Clone)]
pub struct Api {
    /// The service.
    pub followups: FollowUps,
}

fn parsed(id: &str) -> Result<FollowUpId, ApiError> {
    id.parse().map_err(|_| FollowUpError::NotFound.into())
}

impl Api {
    async fn changed(&self, who: &Allowed<SeeFollowUps>, id: &str, change: Change) -> Result<Json<Out>, ApiError> {
        let changed = self.followups.change(who, &parsed(id)?, change).await?;
        Ok(Json(Out::new(changed, &self.followups.today())))
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::FollowUps")]
impl Api {
    /// List follow-ups
    ///
    /// Returns the follow-ups of the teams that the caller supervises: open ones by due day, closed ones by day of closing,
    /// latest first.
    #[oai(path = "/follow-ups", method = "get", operation_id = "listFollowUps")]
    async fn list(
        &self,
        who: Allowed<SeeFollowUps>,
        /// Which follow-ups: `open` (default), `mine` or `closed`.
        which: Query<Option<Which>>,
        /// `next` of the previous page, requested with the same filters.
        cursor: Query<Option<String>>,
        /// Maximum number of items on the page.
        limit: Query<Option<u32>>,
    ) -> Result<Json<OutPage>, ApiError> {
        let (from, size) = (request_cursor(cursor.as_deref())?, page_size(limit.0, 50, 200)?);
        let page = self.followups.list(&who, which.0.unwrap_or_default(), &from, size).await?;
        let today = self.followups.today();
        let items = page.items.into_iter().map(|f| Out::new(f, &today)).collect();
        Ok(Json(OutPage { items, next: page.next.map(|next| next.to_string()) }))
    }

    /// Open a follow-up about an interaction
    #[oai(path = "/follow-ups", method = "post", operation_id = "createFollowUp")]
    async fn open(&self, who: Allowed<SeeFollowUps>, body: JsonBody<NewFollowUp>) -> Result<Created, ApiError> {
        if body.due_on.as_deref().is_some_and(|day| day.trim().is_empty()) {
            return Err(FollowUpError::BadDay.into());
        }
        let interaction = body.interaction_id.parse().map_err(|_| FollowUpError::NoInteraction)?;
        let id = self.followups.open(&who, &interaction, &body.why, body.due_on.as_deref()).await?;
        let made = self.followups.find(&who, &id).await?;
        Ok(Created::FollowUp(Json(Out::new(made, &self.followups.today()))))
    }

    /// Count root causes
    ///
    /// Returns the root causes of the follow-ups that were closed within ninety days, most frequent first.
    #[oai(path = "/follow-ups/causes", method = "get", operation_id = "listFollowUpCauses")]
    async fn causes(&self, who: Allowed<SeeFollowUps>) -> Result<Json<CauseList>, ApiError> {
        let causes = self.followups.causes(&who).await?;
        let items = causes.into_iter().map(|c| CauseOut { cause: c.cause, n: c.n }).collect();
        Ok(Json(CauseList { items, next: None }))
    }

    /// Get a follow-up with its history
    #[oai(path = "/follow-ups/:id", method = "get", operation_id = "getFollowUp")]
    async fn get(
        &self,
        who: Allowed<SeeFollowUps>,
        /// Id of the follow-up.
        id: Path<String>,
    ) -> Result<Json<WithSteps>, ApiError> {
        let id = parsed(&id)?;
        let found = self.followups.find(&who, &id).await?;
        let steps = self.followups.steps(&id).await?.into_iter().map(Into::into).collect();
        Ok(Json(WithSteps { follow_up: Out::new(found, &self.followups.today()), steps }))
    }

    /// Assign a follow-up
    #[oai(path = "/follow-ups/:id/owner", method = "put", operation_id = "assignFollowUp")]
    async fn assign(
        &self,
        who: Allowed<SeeFollowUps>,
        /// Id of the follow-up.
        id: Path<String>,
        body: JsonBody<OwnerIn>,
    ) -> Result<Json<Out>, ApiError> {
        let change = match &body.staff_id {
            None => Change::AssignToMe,
            Some(staff) => Change::Assign(staff.parse().map_err(|_| FollowUpError::NotAnOwner)?),
        };
        self.changed(&who, &id, change).await
    }

    /// Set the due day of a follow-up
    #[oai(path = "/follow-ups/:id/due", method = "put", operation_id = "setFollowUpDueDay")]
    async fn due(
        &self,
        who: Allowed<SeeFollowUps>,
        /// Id of the follow-up.
        id: Path<String>,
        body: JsonBody<DueIn>,
    ) -> Result<Json<Out>, ApiError> {
        self.changed(&who, &id, Change::Due(body.0.due_on)).await
    }

    /// Add a note to a follow-up
    #[oai(path = "/follow-ups/:id/notes", method = "post", operation_id = "addFollowUpNote")]
    async fn note(
        &self,
        who: Allowed<SeeFollowUps>,
        /// Id of the follow-up.
        id: Path<String>,
        body: JsonBody<NoteIn>,
    ) -> Result<Json<Out>, ApiError> {
        self.changed(&who, &id, Change::Note(body.0.text)).await
    }

    /// Close a follow-up
    #[oai(path = "/follow-ups/:id/outcome", method = "put", operation_id = "closeFollowUp")]
    async fn finish(
        &self,
        who: Allowed<SeeFollowUps>,
        /// Id of the follow-up.
        id: Path<String>,
        body: JsonBody<OutcomeIn>,
    ) -> Result<Json<Out>, ApiError> {
        let OutcomeIn { outcome, cause, note } = body.0;
        self.changed(&who, &id, Change::Finish { outcome, cause, note }).await
    }

    /// Undo the last step of a follow-up
    #[oai(path = "/follow-ups/:id/steps/last", method = "delete", operation_id = "undoFollowUpStep")]
    async fn undo(
        &self,
        who: Allowed<SeeFollowUps>,
        /// Id of the follow-up.
        id: Path<String>,
    ) -> Result<Json<Out>, ApiError> {
        self.changed(&who, &id, Change::Undo).await
    }

    /// Get the contact details of a follow-up
    ///
    /// Returns what the customer left in order to be contacted. Each request is recorded in the audit log.
    #[oai(path = "/follow-ups/:id/contact", method = "get", operation_id = "getFollowUpContact")]
    async fn contact(
        &self,
        who: Allowed<SeeFollowUps>,
        /// Id of the follow-up.
        id: Path<String>,
    ) -> Result<Json<ContactOut>, ApiError> {
        Ok(Json(self.followups.contact(&who, &parsed(&id)?).await?.into()))
    }
}
