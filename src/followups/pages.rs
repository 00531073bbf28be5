//! `/follow-ups`, the page of one follow-up with its forms, and `/account/alerts`.

mod alerts;
mod one;
mod views;

use super::{FollowUpError, FollowUps, Which};
use crate::access::rights::FollowUp as SeeFollowUps;
use crate::ids::FollowUpId;
use crate::paging::Cursor;
use crate::web::page::sentence;
use crate::web::{PageError, Shell, SiteInfo, Viewer, get, html, post};
use poem::http::StatusCode;
use poem::web::{Data, Path, Query};
use poem::{Response, Route, handler};
use views::ListPage;

/// Number of rows of a page.
const SIZE: usize = 30;

/// Adds the pages of this feature.
pub fn routes(route: Route) -> Route {
    route
        .at("/follow-ups", get(list))
        .at("/follow-ups/:id", get(one::show))
        .at("/follow-ups/:id/owner", post(one::assign))
        .at("/follow-ups/:id/due", post(one::set_due))
        .at("/follow-ups/:id/notes", post(one::note))
        .at("/follow-ups/:id/outcome", post(one::finish))
        .at("/follow-ups/:id/undo", post(one::undo))
        .at("/follow-ups/:id/contact", post(one::show_contact))
        .at("/interactions/:id/follow-ups", post(one::open))
        .at("/account/alerts", get(alerts::show).post(alerts::save))
}

impl From<FollowUpError> for PageError {
    fn from(error: FollowUpError) -> Self {
        match error {
            FollowUpError::NotFound | FollowUpError::NoInteraction => Self::NotFound,
            FollowUpError::Database(inner) => inner.into(),
            // Rejected forms are shown again with their values, see `again`; this is for other requests.
            refused @ (FollowUpError::Changed
            | FollowUpError::Closed
            | FollowUpError::NothingToUndo
            | FollowUpError::NotAnOwner
            | FollowUpError::BadNote
            | FollowUpError::BadDay
            | FollowUpError::BadOutcome
            | FollowUpError::NoContact) => Self::Refused(refused.to_string()),
        }
    }
}

/// Returns status and message of a rejected form; internal failures and missing objects remain errors.
fn again(error: FollowUpError) -> Result<(StatusCode, String), PageError> {
    let status = match &error {
        FollowUpError::NotFound | FollowUpError::NoInteraction | FollowUpError::Database(_) => return Err(error.into()),
        FollowUpError::NotAnOwner | FollowUpError::BadNote | FollowUpError::BadDay | FollowUpError::BadOutcome => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        FollowUpError::Changed | FollowUpError::Closed | FollowUpError::NothingToUndo | FollowUpError::NoContact => {
            StatusCode::CONFLICT
        }
    };
    Ok((status, sentence(&format!("{error}. Nothing was changed."))))
}

/// Messages after a redirect.
const DID: &[(&str, &str)] = &[
    ("opened", "The follow-up is open."),
    ("taken", "The follow-up is assigned to you."),
    ("assigned", "The follow-up is reassigned."),
    ("due", "The due date is changed."),
    ("noted", "The note is saved."),
    ("finished", "The follow-up is closed."),
    ("undone", "The last step is undone."),
    ("saved", "Saved."),
];

/// Query of this feature's pages.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct FollowUpsQuery {
    show: String,
    cursor: String,
    did: Option<String>,
}

fn id(text: &str) -> Result<FollowUpId, PageError> {
    text.parse().map_err(|_| PageError::NotFound)
}

#[handler]
async fn list(
    who: Viewer<SeeFollowUps>,
    Data(site): Data<&SiteInfo>,
    Data(followups): Data<&FollowUps>,
    Query(asked): Query<FollowUpsQuery>,
) -> Result<Response, PageError> {
    let which = match asked.show.as_str() {
        "mine" => Which::Mine,
        "closed" => Which::Closed,
        _ => Which::Open,
    };
    let from = asked.cursor.parse().unwrap_or_else(|_| Cursor::start());
    let found = followups.list(&who, which, &from, SIZE).await?;
    let (waiting, causes) = (followups.waiting(&who).await?, followups.causes(&who).await?);
    let page = Shell::new(&who, site, "/follow-ups").with_flash(asked.did.as_deref(), DID);
    Ok(html(&ListPage::new(page, which, found, waiting, causes, &followups.today())))
}

/// Redirects to the follow-up's page.
fn back(id: &str, did: &str) -> Response {
    crate::web::redirect(format!("/follow-ups/{id}?did={did}"))
}

/// Returns the id of the path, checked.
fn checked(Path(text): Path<String>) -> Result<FollowUpId, PageError> {
    id(&text)
}
