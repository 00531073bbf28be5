//! Endpoints of teams, agents and staff.

mod agents;

pub use agents::AgentsApi;

use super::{Directory, NewAccount, Staff, StaffError};
use crate::access::Role;
use crate::access::rights::{Administer, SeeRatings};
use crate::clock::SharedClock;
use crate::web::problem::ApiError;
use crate::web::{Allowed, JsonBody};
use poem::http::StatusCode;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi, Tags};

#[derive(Tags)]
enum Tag {
    /// Teams, agents and staff accounts.
    Directory,
}

/// The endpoints.
#[derive(Clone)]
pub struct Api {
    /// Accounts.
    pub staff: Staff,
    /// Teams and agents.
    pub directory: Directory,
    /// The time.
    pub clock: SharedClock,
}

impl From<StaffError> for ApiError {
    fn from(error: StaffError) -> Self {
        let text = error.to_string();
        let unprocessable = |code| Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, text.clone());
        match error {
            StaffError::BadEmail(_) => unprocessable("invalid_email"),
            StaffError::BadName => unprocessable("invalid_name"),
            StaffError::BadId => unprocessable("invalid_id"),
            StaffError::BoundKey => unprocessable("bound_key"),
            StaffError::BadPassword | StaffError::WeakPassword(_) => unprocessable("invalid_password"),
            StaffError::WrongPassword => unprocessable("wrong_password"),
            StaffError::Disabled => Self::conflict("account_disabled", text),
            StaffError::EmailTaken => Self::conflict("email_taken", text),
            StaffError::TeamExists => Self::conflict("team_exists", text),
            StaffError::SameAgent => Self::conflict("same_agent", text),
            StaffError::FirstIdentity => Self::conflict("first_identity", text),
            StaffError::LastAdmin => Self::conflict("last_admin", text),
            StaffError::NotThere(_) => Self::not_found("not_found", text),
            StaffError::DeadLink => Self::not_found("dead_link", text),
            StaffError::WrongCredentials => Self::unauthorized(),
            StaffError::TooManyTries(_) => Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_tries", text),
            StaffError::Database(inner) => inner.into(),
        }
    }
}

/// A team to be created.
#[derive(Debug, Clone, Object)]
struct NewTeam {
    /// Name.
    name: String,
}

/// A team.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Team")]
struct TeamBody {
    /// Id.
    id: String,
    /// Name.
    name: String,
}

/// All teams.
#[derive(Debug, Clone, Object)]
struct TeamList {
    /// Teams by name.
    items: Vec<TeamBody>,
    /// Always null: the list is one page.
    next: Option<String>,
}

/// A staff account to be created.
#[derive(Debug, Clone, Object)]
#[oai(rename = "NewAccount")]
struct NewStaff {
    /// E-mail address.
    email: String,
    /// Name; by default the first part of the address.
    #[oai(default)]
    name: String,
    /// Role.
    role: Role,
    /// Ids of the teams that a supervisor supervises.
    #[oai(default)]
    teams: Vec<String>,
    /// Id of the agent whose account it is.
    agent: Option<String>,
}

/// A staff account.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Account")]
struct StaffBody {
    /// Id.
    id: String,
    /// E-mail address.
    email: String,
    /// Name.
    name: String,
    /// Role.
    role: Role,
    /// Ids of the teams that a supervisor supervises.
    teams: Vec<String>,
    /// Id of the agent whose account it is.
    agent: Option<String>,
}

/// All staff accounts.
#[derive(Debug, Clone, Object)]
struct AccountList {
    /// Accounts by name.
    items: Vec<StaffBody>,
    /// Always null: the list is one page.
    next: Option<String>,
}

/// A new staff account with the one-time link that sets its password.
#[derive(Debug, Clone, Object)]
#[oai(rename = "AccountLink")]
struct NewStaffBody {
    /// Id.
    id: String,
    /// Path of the one-time link; it is shown only once.
    link: String,
}

#[derive(ApiResponse)]
enum Made<T: poem_openapi::types::ToJSON> {
    /// Created.
    #[oai(status = 201)]
    Created(Json<T>),
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Directory")]
impl Api {
    /// List teams
    #[oai(path = "/teams", method = "get", operation_id = "listTeams")]
    async fn list_teams(&self, who: Allowed<SeeRatings>) -> Result<Json<TeamList>, ApiError> {
        let _ = who;
        let teams = self.directory.teams().await?;
        let items = teams.into_iter().map(|t| TeamBody { id: t.id.to_string(), name: t.name }).collect();
        Ok(Json(TeamList { items, next: None }))
    }

    /// Create a team
    #[oai(path = "/teams", method = "post", operation_id = "createTeam")]
    async fn add_team(&self, who: Allowed<Administer>, body: JsonBody<NewTeam>) -> Result<Made<TeamBody>, ApiError> {
        let team = self.directory.add_team(&body.name, &who.actor(), self.clock.now()).await?;
        Ok(Made::Created(Json(TeamBody { id: team.id.to_string(), name: team.name })))
    }

    /// List staff accounts
    #[oai(path = "/staff", method = "get", operation_id = "listStaffAccounts")]
    async fn list_staff(&self, who: Allowed<Administer>) -> Result<Json<AccountList>, ApiError> {
        let _ = who;
        let body = |a: super::Account| StaffBody {
            id: a.id.to_string(),
            email: a.email,
            name: a.name,
            role: a.role,
            teams: a.teams.iter().map(ToString::to_string).collect(),
            agent: a.agent.map(|id| id.to_string()),
        };
        let items = self.staff.accounts().await?.into_iter().map(body).collect();
        Ok(Json(AccountList { items, next: None }))
    }

    /// Create a staff account
    ///
    /// Returns the one-time link that sets the password.
    #[oai(path = "/staff", method = "post", operation_id = "createStaffAccount")]
    async fn add_staff(
        &self,
        who: Allowed<Administer>,
        body: JsonBody<NewStaff>,
    ) -> Result<Made<NewStaffBody>, ApiError> {
        let body = body.0;
        let unknown = |what| move |_| ApiError::from(StaffError::NotThere(what));
        let teams = body.teams.iter().map(|id| id.parse()).collect::<Result<_, _>>().map_err(unknown("team"))?;
        let agent = body.agent.map(|id| id.parse()).transpose().map_err(unknown("agent"))?;
        let new = NewAccount { email: body.email, name: body.name, role: body.role, teams, agent };
        let made = self.staff.add(new, &who.actor()).await?;
        Ok(Made::Created(Json(NewStaffBody { id: made.id.to_string(), link: format!("/welcome/{}", made.secret) })))
    }
}
