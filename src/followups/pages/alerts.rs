//! `/account/alerts`: the alerts of a supervisor.

use super::{DID, FollowUpsQuery};
use crate::access::rights::FollowUp as SeeFollowUps;
use crate::followups::{Alert, FollowUps};
use crate::web::{PageError, Posted, Shell, SiteInfo, Viewer, html, redirect};
use askama::Template;
use poem::web::{Data, Query};
use poem::{Response, handler};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "followups/alerts.html")]
struct AlertsPage {
    page: Shell,
    score: bool,
    callback: bool,
}

#[handler]
pub(super) async fn show(
    who: Viewer<SeeFollowUps>,
    Data(site): Data<&SiteInfo>,
    Data(followups): Data<&FollowUps>,
    Query(asked): Query<FollowUpsQuery>,
) -> Result<Response, PageError> {
    let wanted = followups.subscriptions(&who).await?;
    Ok(html(&AlertsPage {
        page: Shell::new(&who, site, "/follow-ups").with_flash(asked.did.as_deref(), DID),
        score: wanted.contains(&Alert::Score),
        callback: wanted.contains(&Alert::CallbackRequest),
    }))
}

#[derive(Deserialize)]
struct Wanted {
    /// Codes.
    #[serde(default)]
    alerts: Vec<String>,
}

#[handler]
pub(super) async fn save(
    who: Viewer<SeeFollowUps>,
    Data(followups): Data<&FollowUps>,
    Posted(form): Posted<Wanted>,
) -> Result<Response, PageError> {
    let wanted: Vec<Alert> =
        Alert::ALL.into_iter().filter(|alert| form.alerts.iter().any(|code| code == alert.code())).collect();
    followups.subscribe(&who, &wanted).await?;
    Ok(redirect("/account/alerts?did=saved"))
}
