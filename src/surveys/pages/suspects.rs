//! `/admin/suspects`: answers that look like a program's. A reason and a day; nothing else is known of them here.

use crate::surveys::{Admitted, Surveys, Suspicion};
use crate::web::rights::Administer;
use crate::web::{PageError, Posted, Shell, SiteInfo, Viewer, html, redirect};
use askama::Template;
use poem::web::{Data, Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

const DID: &[(&str, &str)] = &[
    ("admitted", "It is let in: it counts like any other answer."),
    ("late", "It was too late: a person has answered meanwhile, or the survey has closed. It is dropped."),
    ("dropped", "It is dropped."),
    ("gone", "That one is not there any more."),
];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Did {
    did: String,
}

#[derive(Deserialize)]
pub(super) struct Nothing {}

struct Row {
    id: String,
    day: String,
    reason: &'static str,
}

#[derive(Template)]
#[template(path = "admin/suspects.html")]
struct SuspectsPage {
    page: Shell,
    rows: Vec<Row>,
}

fn say(reason: Suspicion) -> &'static str {
    match reason {
        Suspicion::TooFast => "It came sooner after its mail left than anybody reads.",
        Suspicion::Burst => "Many links of its mail were opened within seconds before.",
        Suspicion::Trap => "It filled in a field that people don’t see.",
    }
}

/// `GET /admin/suspects`
#[handler]
pub(super) async fn show(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(surveys): Data<&Surveys>,
    Query(did): Query<Did>,
) -> Result<Response, PageError> {
    let rows = surveys.suspects().await?;
    let rows = rows.into_iter().map(|one| Row { id: one.id, day: one.day, reason: say(one.reason) }).collect();
    Ok(html(&SuspectsPage { page: Shell::new(&who, site, "/admin").with_flash(Some(&did.did), DID), rows }))
}

/// `POST /admin/suspects/{id}/admission`
#[handler]
pub(super) async fn admit(
    who: Viewer<Administer>,
    Data(surveys): Data<&Surveys>,
    Path(id): Path<String>,
    _form: Posted<Nothing>,
) -> Result<Response, PageError> {
    let did = match surveys.admit(&id, &who.actor()).await? {
        Admitted::Yes => "admitted",
        Admitted::TooLate => "late",
        Admitted::Unknown => "gone",
    };
    Ok(redirect(format!("/admin/suspects?did={did}")))
}

/// `POST /admin/suspects/{id}/removal`
#[handler]
pub(super) async fn remove(
    who: Viewer<Administer>,
    Data(surveys): Data<&Surveys>,
    Path(id): Path<String>,
    _form: Posted<Nothing>,
) -> Result<Response, PageError> {
    let there = surveys.drop_suspect(&id, &who.actor()).await?;
    Ok(redirect(if there { "/admin/suspects?did=dropped" } else { "/admin/suspects?did=gone" }))
}
