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
    /// What somebody has to see to.
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
    /// Why it is there.
    reason: Reason,
    /// By hand: why, in the supervisor's words.
    why: Option<String>,
    /// Where it stands.
    state: State,
    /// The day it was opened.
    opened_on: String,
    /// The day by which it is to be seen to.
    due_on: String,
    /// Is it late?
    overdue: bool,
    /// Id of the team; null: every supervisor's.
    team_id: Option<String>,
    /// Name of the team.
    team: Option<String>,
    /// Id of the interaction; null where none is named.
    interaction_id: Option<String>,
    /// Name of the agent.
    agent: Option<String>,
    /// Id of whoever has it.
    owner_id: Option<String>,
    /// Their name.
    owner: Option<String>,
    /// How it ended.
    outcome: Option<Outcome>,
    /// What was at the root.
    cause: Option<Cause>,
    /// The day it was closed.
    closed_on: Option<String>,
    /// Did the customer leave a way to reach them (`…/contact`)?
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

/// Follow-ups, a page at a time.
#[derive(Debug, Object)]
#[oai(rename = "FollowUpPage")]
struct OutPage {
    /// The follow-ups.
    items: Vec<Out>,
    /// Send it as `cursor` for the next page; null on the last.
    next: Option<String>,
}

/// Something that was done with a follow-up.
#[derive(Debug, Object)]
#[oai(rename = "FollowUpStep")]
struct StepOut {
    /// taken, assigned, due, note, finished, undone, erased.
    what: String,
    /// When (RFC 3339).
    at: String,
    /// Who.
    name: String,
    /// What was written, or what it was set to.
    note: Option<String>,
}

impl From<Step> for StepOut {
    fn from(step: Step) -> Self {
        Self { what: step.what, at: step.at.to_rfc3339(), name: step.name, note: step.note }
    }
}

/// A follow-up with what was done.
#[derive(Debug, Object)]
#[oai(rename = "FollowUpWithSteps")]
struct WithSteps {
    /// The follow-up.
    follow_up: Out,
    /// What was done, in order.
    steps: Vec<StepOut>,
}

/// A follow-up to be opened.
#[derive(Debug, Object)]
struct NewFollowUp {
    /// About this interaction.
    interaction_id: String,
    /// Why, in a few words.
    why: String,
    /// The day by which it is to be seen to; as configured where it is missing.
    due_on: Option<String>,
}

/// Who is to have it.
#[derive(Debug, Object)]
struct OwnerIn {
    /// Id of an account that supervises the team; whoever asks where it is missing.
    staff_id: Option<String>,
}

/// A day.
#[derive(Debug, Object)]
struct DueIn {
    /// `2026-11-20`.
    due_on: String,
}

/// A note.
#[derive(Debug, Object)]
struct NoteIn {
    /// What it says, 2000 characters at most.
    text: String,
}

/// How it ended.
#[derive(Debug, Object)]
struct OutcomeIn {
    /// How it ended; `withdrawn` is for customers alone.
    outcome: Outcome,
    /// What was at the root.
    cause: Cause,
    /// In words.
    #[oai(default)]
    note: String,
}

/// What a customer left.
#[derive(Debug, Object)]
#[oai(rename = "CustomerContact")]
struct ContactOut {
    /// Name.
    name: String,
    /// Telephone number or e-mail address.
    reach: String,
    /// What it is about.
    about: Option<String>,
}

impl From<Contact> for ContactOut {
    fn from(c: Contact) -> Self {
        Self { name: c.name, reach: c.reach, about: c.about }
    }
}

/// How often something was at the root.
#[derive(Debug, Object)]
#[oai(rename = "CauseCount")]
struct CauseOut {
    /// What.
    cause: Cause,
    /// How often.
    n: i64,
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
    /// Those of the teams that whoever asks supervises. What is due first comes first; closed ones the last first.
    #[oai(path = "/follow-ups", method = "get", operation_id = "listFollowUps")]
    async fn list(
        &self,
        who: Allowed<SeeFollowUps>,
        /// open, mine or closed; open unless said.
        which: Query<Option<Which>>,
        /// `next` of the page before.
        cursor: Query<Option<String>>,
        /// Number of items on a page.
        limit: Query<Option<u32>>,
    ) -> Result<Json<OutPage>, ApiError> {
        let (from, size) = (request_cursor(cursor.as_deref())?, page_size(limit.0, 50, 200)?);
        let page = self.followups.list(&who, which.0.unwrap_or_default(), &from, size).await?;
        let today = self.followups.today();
        let items = page.items.into_iter().map(|f| Out::new(f, &today)).collect();
        Ok(Json(OutPage { items, next: page.next.map(|next| next.to_string()) }))
    }

    /// Open a follow-up about a call or chat
    #[oai(path = "/follow-ups", method = "post", operation_id = "openFollowUp")]
    async fn open(&self, who: Allowed<SeeFollowUps>, body: JsonBody<NewFollowUp>) -> Result<Created, ApiError> {
        if body.due_on.as_deref().is_some_and(|day| day.trim().is_empty()) {
            return Err(FollowUpError::BadDay.into());
        }
        let interaction = body.interaction_id.parse().map_err(|_| FollowUpError::NoInteraction)?;
        let id = self.followups.open(&who, &interaction, &body.why, body.due_on.as_deref()).await?;
        let made = self.followups.find(&who, &id).await?;
        Ok(Created::FollowUp(Json(Out::new(made, &self.followups.today()))))
    }

    /// Sum up root causes
    ///
    /// Of the follow-ups that were closed within ninety days, the most frequent cause first.
    #[oai(path = "/follow-ups/causes", method = "get", operation_id = "sumCauses")]
    async fn causes(&self, who: Allowed<SeeFollowUps>) -> Result<Json<Vec<CauseOut>>, ApiError> {
        let causes = self.followups.causes(&who).await?;
        Ok(Json(causes.into_iter().map(|c| CauseOut { cause: c.cause, n: c.n }).collect()))
    }

    /// Read a follow-up and what was done with it
    #[oai(path = "/follow-ups/:id", method = "get", operation_id = "getFollowUp")]
    async fn get(&self, who: Allowed<SeeFollowUps>, id: Path<String>) -> Result<Json<WithSteps>, ApiError> {
        let id = parsed(&id)?;
        let found = self.followups.find(&who, &id).await?;
        let steps = self.followups.steps(&id).await?.into_iter().map(Into::into).collect();
        Ok(Json(WithSteps { follow_up: Out::new(found, &self.followups.today()), steps }))
    }

    /// Take a follow-up, or give it to somebody
    #[oai(path = "/follow-ups/:id/owner", method = "put", operation_id = "assignFollowUp")]
    async fn assign(
        &self,
        who: Allowed<SeeFollowUps>,
        id: Path<String>,
        body: JsonBody<OwnerIn>,
    ) -> Result<Json<Out>, ApiError> {
        let change = match &body.staff_id {
            None => Change::AssignToMe,
            Some(staff) => Change::Assign(staff.parse().map_err(|_| FollowUpError::NotAnOwner)?),
        };
        self.changed(&who, &id, change).await
    }

    /// Set the day by which a follow-up is to be seen to
    #[oai(path = "/follow-ups/:id/due", method = "put", operation_id = "setFollowUpDue")]
    async fn due(
        &self,
        who: Allowed<SeeFollowUps>,
        id: Path<String>,
        body: JsonBody<DueIn>,
    ) -> Result<Json<Out>, ApiError> {
        self.changed(&who, &id, Change::Due(body.0.due_on)).await
    }

    /// Write a note on a follow-up
    #[oai(path = "/follow-ups/:id/notes", method = "post", operation_id = "noteFollowUp")]
    async fn note(
        &self,
        who: Allowed<SeeFollowUps>,
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
        id: Path<String>,
        body: JsonBody<OutcomeIn>,
    ) -> Result<Json<Out>, ApiError> {
        let OutcomeIn { outcome, cause, note } = body.0;
        self.changed(&who, &id, Change::Finish { outcome, cause, note }).await
    }

    /// Undo the last step
    #[oai(path = "/follow-ups/:id/steps/last", method = "delete", operation_id = "undoFollowUp")]
    async fn undo(&self, who: Allowed<SeeFollowUps>, id: Path<String>) -> Result<Json<Out>, ApiError> {
        self.changed(&who, &id, Change::Undo).await
    }

    /// Open what a customer left to be contacted by
    ///
    /// Each opening is in the audit log.
    #[oai(path = "/follow-ups/:id/contact", method = "get", operation_id = "openContact")]
    async fn contact(&self, who: Allowed<SeeFollowUps>, id: Path<String>) -> Result<Json<ContactOut>, ApiError> {
        Ok(Json(self.followups.contact(&who, &parsed(&id)?).await?.into()))
    }
}
