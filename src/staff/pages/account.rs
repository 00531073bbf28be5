//! `/account`: the user's own password and sessions.

use crate::access::rights::SignedIn;
use crate::staff::{SessionSummary, Staff, StaffError};
use crate::web::page::{html_with, sentence};
use crate::web::{EmptyForm, PageError, Posted, Shell, SiteInfo, Viewer, access, redirect};
use askama::Template;
use poem::http::StatusCode;
use poem::web::{Data, Path, Query};
use poem::{Request, Response, handler};
use serde::Deserialize;

const DONE: &[(&str, &str)] = &[
    ("password", "Your password has been changed. You are signed out everywhere else."),
    ("session", "The session has ended."),
    ("sessions", "You are signed out everywhere else."),
];

#[derive(Template)]
#[template(path = "staff/account.html")]
struct AccountPage {
    page: Shell,
    email: String,
    sessions: Vec<SessionRow>,
    problem: Option<String>,
}

struct SessionRow {
    session: SessionSummary,
    since: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Flash {
    did: String,
}

/// Returns the token of the request's session; [`Viewer`] has verified that there is one.
fn token(request: &Request) -> String {
    access::session_token(request).unwrap_or_default()
}

async fn account_page(
    who: &Viewer<SignedIn>,
    site: &SiteInfo,
    staff: &Staff,
    token: &str,
) -> Result<AccountPage, PageError> {
    let id = who.staff_id().ok_or(PageError::Forbidden)?;
    let account = staff.account(id).await?.ok_or(PageError::NotFound)?;
    let row = |session: SessionSummary| SessionRow { since: session.since.to_rfc3339(), session };
    Ok(AccountPage {
        page: Shell::new(who, site, "/account"),
        email: account.email,
        sessions: staff.sessions(id, token).await?.into_iter().map(row).collect(),
        problem: None,
    })
}

#[handler]
pub(super) async fn show(
    who: Viewer<SignedIn>,
    Data(site): Data<&SiteInfo>,
    Data(staff): Data<&Staff>,
    Query(flash): Query<Flash>,
    request: &Request,
) -> Result<Response, PageError> {
    let mut view = account_page(&who, site, staff, &token(request)).await?;
    view.page = view.page.with_flash(Some(&flash.did), DONE);
    Ok(crate::web::html(&view))
}

#[derive(Deserialize)]
struct NewPassword {
    #[serde(default)]
    current: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    again: String,
}

#[handler]
pub(super) async fn change_password(
    who: Viewer<SignedIn>,
    Data(site): Data<&SiteInfo>,
    Data(staff): Data<&Staff>,
    request: &Request,
    Posted(form): Posted<NewPassword>,
) -> Result<Response, PageError> {
    let (id, token) = (who.staff_id().ok_or(PageError::Forbidden)?, token(request));
    let result = if form.password == form.again {
        staff.change_password(id, form.current, form.password, &token, &who.actor()).await
    } else {
        let text = "The two passwords are not the same".to_owned();
        return again(&who, site, staff, &token, StatusCode::UNPROCESSABLE_ENTITY, text).await;
    };
    match result {
        Ok(()) => Ok(redirect("/account?did=password")),
        Err(error @ (StaffError::WrongPassword | StaffError::BadPassword | StaffError::WeakPassword(_))) => {
            let text = sentence(&error.to_string());
            again(&who, site, staff, &token, StatusCode::UNPROCESSABLE_ENTITY, text).await
        }
        Err(other) => Err(other.into()),
    }
}

/// Returns the page again, with the error.
async fn again(
    who: &Viewer<SignedIn>,
    site: &SiteInfo,
    staff: &Staff,
    token: &str,
    status: StatusCode,
    problem: String,
) -> Result<Response, PageError> {
    let view = AccountPage { problem: Some(problem), ..account_page(who, site, staff, token).await? };
    Ok(html_with(status, &view))
}

#[handler]
pub(super) async fn end_session(
    who: Viewer<SignedIn>,
    Data(staff): Data<&Staff>,
    Path(handle): Path<String>,
    _form: Posted<EmptyForm>,
) -> Result<Response, PageError> {
    let id = who.staff_id().ok_or(PageError::Forbidden)?;
    staff.end_session(id, &handle, &who.actor()).await?;
    Ok(redirect("/account?did=session"))
}

#[handler]
pub(super) async fn end_other_sessions(
    who: Viewer<SignedIn>,
    Data(staff): Data<&Staff>,
    request: &Request,
    _form: Posted<EmptyForm>,
) -> Result<Response, PageError> {
    let id = who.staff_id().ok_or(PageError::Forbidden)?;
    staff.end_other_sessions(id, &token(request), &who.actor()).await?;
    Ok(redirect("/account?did=sessions"))
}
