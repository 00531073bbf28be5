//! Pages of accounts: signing in and out, the one-time link, and the administrator's lists.

mod admin;
mod sign_in;

use super::StaffError;
use crate::web::{PageError, get, post};
use poem::Route;

/// The pages of this feature.
pub fn routes(route: Route) -> Route {
    route
        .at("/sign-in", get(sign_in::show).post(sign_in::submit))
        .at("/sign-out", post(sign_in::leave))
        .at("/welcome/:token", get(sign_in::welcome).post(sign_in::begin))
        .at("/admin/teams", get(admin::show_teams).post(admin::add_team))
        .at("/admin/agents", post(admin::add_agent))
        .at("/admin/staff", get(admin::show_staff).post(admin::add_staff))
        .at("/admin/staff/:id/link", post(admin::renew_link))
        .at("/admin/staff/:id/access", post(admin::set_access))
        .at("/admin/keys", get(admin::show_keys).post(admin::add_key))
        .at("/admin/keys/:id/revocation", post(admin::revoke_key))
}

impl From<StaffError> for PageError {
    fn from(error: StaffError) -> Self {
        match error {
            StaffError::Database(inner) => inner.into(),
            StaffError::NotThere(_) => Self::NotFound,
            StaffError::TooManyTries => Self::TooMany,
            refused @ (StaffError::BadEmail(_)
            | StaffError::EmailTaken
            | StaffError::BadName
            | StaffError::BadPassword
            | StaffError::TeamExists
            | StaffError::DeadLink
            | StaffError::LastAdmin
            | StaffError::WrongCredentials) => Self::Refused(refused.to_string()),
        }
    }
}
