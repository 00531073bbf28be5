//! `/ratings/exclusions`: what is left out, and by whom.

use super::super::{Exclusion, Ratings, RatingsError, Reason};
use crate::ids::InteractionId;
use crate::web::form::Posted;
use crate::web::rights::LeaveOut;
use crate::web::{PageError, Shell, SiteInfo, Viewer, html, redirect};
use askama::Template;
use poem::web::{Data, Path};
use poem::{Response, handler};

#[derive(Template)]
#[template(path = "ratings/exclusions.html")]
struct ExclusionsPage {
    page: Shell,
    all: Vec<Row>,
    reasons: [Reason; Reason::ALL.len()],
    k: u32,
}

/// A line of the list.
struct Row {
    id: String,
    name: String,
    reason: &'static str,
    note: String,
    by: String,
    at: String,
}

impl From<Exclusion> for Row {
    fn from(one: Exclusion) -> Self {
        Self {
            id: one.interaction.to_string(),
            name: format!("{} {}", one.source, one.external_id),
            reason: one.reason.label(),
            note: one.note,
            by: one.by,
            at: one.at.to_rfc3339(),
        }
    }
}

#[handler]
pub(super) async fn list(
    who: Viewer<LeaveOut>,
    Data(site): Data<&SiteInfo>,
    Data(ratings): Data<&Ratings>,
) -> Result<Response, PageError> {
    let all = ratings.exclusions().await?.into_iter().map(Row::from).collect();
    let page = Shell::new(&who, site, "/ratings");
    Ok(html(&ExclusionsPage { page, all, reasons: Reason::ALL, k: ratings.k() }))
}

#[derive(Debug, serde::Deserialize)]
pub(super) struct Fields {
    #[serde(default)]
    conversation: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    note: String,
}

/// The id in whatever was pasted: an id, or the address of the conversation's page.
fn id_in(text: &str) -> Option<InteractionId> {
    text.split(['/', '?', '#']).find_map(|part| part.trim().parse().ok())
}

#[handler]
pub(super) async fn leave_out(
    who: Viewer<LeaveOut>,
    Data(ratings): Data<&Ratings>,
    Posted(fields): Posted<Fields>,
) -> Result<Response, PageError> {
    let refused = |why: &str| PageError::Refused(why.to_owned());
    let id = id_in(&fields.conversation)
        .ok_or_else(|| refused("That is no conversation: copy the address of its page. Nothing was changed."))?;
    let reason = Reason::known(&fields.reason).ok_or_else(|| refused("Choose a reason. Nothing was changed."))?;
    match ratings.exclude(&who, &id, reason, &fields.note).await {
        Err(RatingsError::NotFound) => Err(refused("There is no such conversation. Nothing was changed.")),
        done => Ok(done.map(|()| redirect("/ratings/exclusions"))?),
    }
}

#[handler]
pub(super) async fn let_in_again(
    who: Viewer<LeaveOut>,
    Data(ratings): Data<&Ratings>,
    Path(id): Path<String>,
    Posted(_): Posted<serde_json::Value>,
) -> Result<Response, PageError> {
    let id: InteractionId = id.parse().map_err(|_| PageError::NotFound)?;
    ratings.include_again(&who, &id).await?;
    Ok(redirect("/ratings/exclusions"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_an_id() {
        let id = InteractionId::random();
        for text in
            [id.to_string(), format!(" https://x.example/interactions/{id} "), format!("/interactions/{id}?a=1#t")]
        {
            assert_eq!(id_in(&text), Some(id.clone()), "{text}");
        }
        assert_eq!(id_in("/interactions/4711"), None);
    }
}
