//! Pages of accounts: signing in and out, the one-time link, the user's own account, and the administrator's lists.

mod account;
mod admin;
mod sign_in;

use super::StaffError;
use crate::web::{PageError, get, post};
use poem::Route;

/// Adds the pages of this feature.
pub fn routes(route: Route) -> Route {
    route
        .at("/sign-in", get(sign_in::show).post(sign_in::submit))
        .at("/sign-out", post(sign_in::leave))
        .at("/welcome/:token", get(sign_in::welcome).post(sign_in::begin))
        .at("/account", get(account::show))
        .at("/account/password", post(account::change_password))
        .at("/account/sessions/end", post(account::end_other_sessions))
        .at("/account/sessions/:handle/end", post(account::end_session))
        .at("/admin/teams", get(admin::show_teams).post(admin::add_team))
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
            StaffError::TooManyTries(_) => Self::TooMany,
            refused @ (StaffError::BadEmail(_)
            | StaffError::EmailTaken
            | StaffError::BadName
            | StaffError::BadId
            | StaffError::BoundKey
            | StaffError::BadPassword
            | StaffError::WeakPassword(_)
            | StaffError::WrongPassword
            | StaffError::Disabled
            | StaffError::TeamExists
            | StaffError::SameAgent
            | StaffError::FirstIdentity
            | StaffError::DeadLink
            | StaffError::LastAdmin
            | StaffError::WrongCredentials) => Self::Refused(refused.to_string()),
        }
    }
}
