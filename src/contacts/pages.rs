//! `/admin/contacts`: the number of contacts, import of a file, deletion.

use super::{ContactError, Contacts, LastImport};
use crate::access::rights::Administer;
use crate::web::format::When;
use crate::web::page::{html_with, sentence};
use crate::web::{EmptyForm, PageError, Posted, PostedFile, Shell, SiteInfo, Viewer, get, html, redirect};
use askama::Template;
use poem::http::StatusCode;
use poem::web::{Data, Query};
use poem::{Response, Route, handler};
use serde::Deserialize;

/// Maximum size of an uploaded file, in bytes; that of any form.
const MAX_FILE_BYTES: usize = 2 << 20;

/// Adds the pages of this feature.
pub fn routes(route: Route) -> Route {
    route
        .at("/admin/contacts", get(show).post(import_file))
        .at("/admin/contacts/removal", get(ask_removal).post(remove))
}

impl From<ContactError> for PageError {
    fn from(error: ContactError) -> Self {
        match error {
            ContactError::Database(inner) => inner.into(),
            refused => Self::Refused(refused.to_string()),
        }
    }
}

const DONE: &[(&str, &str)] = &[("imported", "The file was imported."), ("removed", "All contacts were deleted.")];

/// Query parameter of a redirect: the action that was done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NoticeQuery {
    did: String,
}

/// The last import.
struct ImportView {
    when: When,
    by: String,
    stored: i64,
    rejected: i64,
    /// Line and problem of the first rejected lines.
    problems: Vec<(usize, &'static str)>,
}

impl From<LastImport> for ImportView {
    fn from(import: LastImport) -> Self {
        let problems = import.problems.iter().map(|one| (one.place, one.problem.words())).collect();
        let (stored, rejected) = (import.stored, import.rejected);
        Self { when: import.at.into(), by: import.by, stored, rejected, problems }
    }
}

#[derive(Template)]
#[template(path = "admin/contacts.html")]
struct ContactsPage {
    page: Shell,
    count: i64,
    last: Option<ImportView>,
    problem: Option<String>,
}

async fn contacts_page(
    who: &Viewer<Administer>,
    site: &SiteInfo,
    contacts: &Contacts,
    did: &str,
) -> Result<ContactsPage, PageError> {
    let (count, last) = contacts.summary().await?;
    let page = Shell::new(who, site, "/admin").with_flash(Some(did), DONE);
    Ok(ContactsPage { page, count, last: last.map(Into::into), problem: None })
}

#[handler]
async fn show(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(contacts): Data<&Contacts>,
    Query(notice): Query<NoticeQuery>,
) -> Result<Response, PageError> {
    Ok(html(&contacts_page(&who, site, contacts, &notice.did).await?))
}

#[handler]
async fn import_file(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(contacts): Data<&Contacts>,
    form: PostedFile<MAX_FILE_BYTES>,
) -> Result<Response, PageError> {
    match contacts.import_csv(&form.file, &who.actor()).await {
        Ok(_) => Ok(redirect("/admin/contacts?did=imported")),
        Err(ContactError::Database(error)) => Err(error.into()),
        Err(refused) => {
            let problem = Some(sentence(&format!("{refused}. Nothing was stored.")));
            let page = contacts_page(&who, site, contacts, "").await?;
            Ok(html_with(StatusCode::UNPROCESSABLE_ENTITY, &ContactsPage { problem, ..page }))
        }
    }
}

#[derive(Template)]
#[template(path = "admin/contacts_removal.html")]
struct RemovalPage {
    page: Shell,
    count: i64,
}

/// Asks for confirmation.
#[handler]
async fn ask_removal(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(contacts): Data<&Contacts>,
) -> Result<Response, PageError> {
    let count = contacts.summary().await?.0;
    Ok(html(&RemovalPage { page: Shell::new(&who, site, "/admin"), count }))
}

#[handler]
async fn remove(
    who: Viewer<Administer>,
    Data(contacts): Data<&Contacts>,
    _form: Posted<EmptyForm>,
) -> Result<Response, PageError> {
    contacts.remove_all(&who.actor()).await?;
    Ok(redirect("/admin/contacts?did=removed"))
}
