//! `/admin/suspects`: answers of suspected programs. Only the reason is shown; nothing else is known here.

use crate::access::rights::Administer;
use crate::responses::{Responses, Suspicion};
use crate::web::{EmptyForm, PageError, Posted, Shell, SiteInfo, Viewer, html, redirect};
use askama::Template;
use poem::web::{Data, Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

const DID: &[(&str, &str)] = &[
    ("admitted", "The response is admitted with the next pass, unless a person has answered with the same link."),
    ("dropped", "The response is dropped."),
    ("gone", "The response no longer exists, or was already admitted."),
];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NoticeQuery {
    did: String,
}

struct SuspectRow {
    id: String,
    reason: &'static str,
    admitted: bool,
}

#[derive(Template)]
#[template(path = "admin/suspects.html")]
struct SuspectsPage {
    page: Shell,
    rows: Vec<SuspectRow>,
}

fn say(reason: Suspicion) -> &'static str {
    match reason {
        Suspicion::TooFast => "Sent too soon after its mail.",
        Suspicion::Burst => "Many links of its mail were opened within seconds.",
        Suspicion::Trap => "The hidden field was filled in.",
    }
}

/// `GET /admin/suspects`.
#[handler]
pub(super) async fn show(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(responses): Data<&Responses>,
    Query(did): Query<NoticeQuery>,
) -> Result<Response, PageError> {
    let rows = responses.suspects().await?;
    let rows = rows
        .into_iter()
        .map(|one| SuspectRow { id: one.id, reason: say(one.reason), admitted: one.admitted })
        .collect();
    Ok(html(&SuspectsPage { page: Shell::new(&who, site, "/admin").with_flash(Some(&did.did), DID), rows }))
}

/// `POST /admin/suspects/{id}/admission`.
#[handler]
pub(super) async fn admit(
    who: Viewer<Administer>,
    Data(responses): Data<&Responses>,
    Path(id): Path<String>,
    _form: Posted<EmptyForm>,
) -> Result<Response, PageError> {
    let there = responses.admit(&id, &who.actor()).await?;
    Ok(redirect(if there { "/admin/suspects?did=admitted" } else { "/admin/suspects?did=gone" }))
}

/// `POST /admin/suspects/{id}/removal`.
#[handler]
pub(super) async fn remove(
    who: Viewer<Administer>,
    Data(responses): Data<&Responses>,
    Path(id): Path<String>,
    _form: Posted<EmptyForm>,
) -> Result<Response, PageError> {
    let there = responses.drop_suspect(&id, &who.actor()).await?;
    Ok(redirect(if there { "/admin/suspects?did=dropped" } else { "/admin/suspects?did=gone" }))
}
