//! `/ratings/exclusions`: the excluded conversations.

use super::super::{Exclusion, Ratings, RatingsError, Reason};
use crate::access::rights::LeaveOut;
use crate::ids::InteractionId;
use crate::web::form::Posted;
use crate::web::page::{html_with, sentence};
use crate::web::{PageError, Shell, SiteInfo, Viewer, html, redirect};
use askama::Template;
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Response, handler};

#[derive(Template)]
#[template(path = "ratings/exclusions.html")]
struct ExclusionsPage {
    page: Shell,
    all: Vec<ExclusionRow>,
    reasons: [Reason; Reason::ALL.len()],
    k: u32,
    /// Entered values that were not accepted.
    typed: Fields,
    problem: Option<String>,
}

impl ExclusionsPage {
    async fn new(who: &Viewer<LeaveOut>, site: &SiteInfo, ratings: &Ratings) -> Result<Self, PageError> {
        Ok(Self {
            page: Shell::new(who, site, "/ratings"),
            all: ratings.exclusions().await?.into_iter().map(ExclusionRow::from).collect(),
            reasons: Reason::ALL,
            k: ratings.k(),
            typed: Fields::default(),
            problem: None,
        })
    }
}

/// A row of the list.
struct ExclusionRow {
    id: String,
    name: String,
    reason: &'static str,
    note: String,
    by: String,
    at: String,
}

impl From<Exclusion> for ExclusionRow {
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
    Ok(html(&ExclusionsPage::new(&who, site, ratings).await?))
}

#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct Fields {
    #[serde(default)]
    conversation: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    note: String,
}

/// Returns the id in a pasted text: an id, or the URL of the conversation's page.
fn id_in(text: &str) -> Option<InteractionId> {
    text.split(['/', '?', '#']).find_map(|part| part.trim().parse().ok())
}

#[handler]
pub(super) async fn leave_out(
    who: Viewer<LeaveOut>,
    Data(site): Data<&SiteInfo>,
    Data(ratings): Data<&Ratings>,
    Posted(fields): Posted<Fields>,
) -> Result<Response, PageError> {
    let why = match (id_in(&fields.conversation), Reason::known(&fields.reason)) {
        (None, _) => "That is no conversation: copy the address of its page".to_owned(),
        (_, None) => "Choose a reason".to_owned(),
        (Some(id), Some(reason)) => match ratings.exclude(&who, &id, reason, &fields.note).await {
            Ok(()) => return Ok(redirect("/ratings/exclusions")),
            Err(RatingsError::NotFound) => "There is no such conversation".to_owned(),
            Err(error @ RatingsError::Note) => sentence(&error.to_string()),
            Err(other) => return Err(other.into()),
        },
    };
    let problem = Some(format!("{why}. Nothing was changed."));
    let page = ExclusionsPage { typed: fields, problem, ..ExclusionsPage::new(&who, site, ratings).await? };
    Ok(html_with(StatusCode::UNPROCESSABLE_ENTITY, &page))
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
