//! `/feedback`: unread comments; `/quotes`: comments that may be quoted; and the forms of both.

use super::{Feedback, FeedbackError, Overdue};
use crate::access::Role;
use crate::access::rights::{FollowUp, SeeFeedback};
use crate::ids::InteractionId;
use crate::ratings::Released;
use crate::responses::Responses;
use crate::web::page::{html_with, sentence};
use crate::web::{EmptyForm, PageError, Posted, Shell, SiteInfo, Viewer, get, html, post, redirect};
use askama::Template;
use poem::http::StatusCode;
use poem::web::{Data, Path, Query};
use poem::{Response, Route, handler};
use serde::Deserialize;

/// Adds the pages of this feature.
pub fn routes(route: Route) -> Route {
    route
        .at("/feedback", get(show))
        .at("/feedback/interactions/:id/read", post(read_linked))
        .at("/feedback/comments/:id/read", post(read_released))
        .at("/feedback/comments/:id/kudos", post(praise))
        .at("/interactions/:id/kudos", post(commend))
        .at("/quotes", get(quotes))
        .at("/quotes/:id/removal", post(remove_quote))
}

impl From<FeedbackError> for PageError {
    fn from(error: FeedbackError) -> Self {
        match error {
            FeedbackError::NotFound => Self::NotFound,
            FeedbackError::Database(inner) => inner.into(),
            refused @ (FeedbackError::NoAgent | FeedbackError::BadWords) => Self::Refused(refused.to_string()),
        }
    }
}

const DID: &[(&str, &str)] = &[
    ("read", "Marked as read."),
    ("praised", "Marked as kudos: it is shown to the agent first."),
    ("removed", "The quote is removed."),
];

/// Query of this feature's pages.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NoticeQuery {
    did: String,
}

/// A linked comment.
struct LinkedView {
    id: String,
    comment: String,
    since: String,
}

#[derive(Template)]
#[template(path = "feedback/list.html")]
struct ListPage {
    page: Shell,
    linked: Vec<LinkedView>,
    released: Vec<Released>,
}

#[derive(Template)]
#[template(path = "feedback/overdue.html")]
struct OverduePage {
    page: Shell,
    overdue: Vec<Overdue>,
}

/// Returns a day in words: "20 Nov".
fn day(text: &str) -> String {
    text.parse::<jiff::civil::Date>().map_or_else(|_| text.to_owned(), |day| day.strftime("%-d %b %Y").to_string())
}

/// Supervisors see the comments; administrators, who do not read answers, see their numbers by team.
#[handler]
async fn show(
    who: Viewer<SeeFeedback>,
    Data(site): Data<&SiteInfo>,
    Data(feedback): Data<&Feedback>,
    Query(asked): Query<NoticeQuery>,
) -> Result<Response, PageError> {
    let page = Shell::new(&who, site, "/feedback").with_flash(Some(&asked.did), DID);
    if who.role() == Some(Role::Admin) {
        return Ok(html(&OverduePage { page, overdue: feedback.overdue(&who).await? }));
    }
    let found = feedback.to_read(&who).await?;
    let view = |c: crate::responses::UnreadComment| LinkedView {
        id: c.interaction.to_string(),
        comment: c.comment,
        since: day(&c.since),
    };
    Ok(html(&ListPage { page, linked: found.linked.into_iter().map(view).collect(), released: found.released }))
}

#[handler]
async fn read_linked(
    who: Viewer<FollowUp>,
    Data(feedback): Data<&Feedback>,
    Path(id): Path<String>,
    _form: Posted<EmptyForm>,
) -> Result<Response, PageError> {
    let id: InteractionId = id.parse().map_err(|_| PageError::NotFound)?;
    feedback.read_linked(&who, &id).await?;
    Ok(redirect("/feedback?did=read"))
}

#[handler]
async fn read_released(
    who: Viewer<FollowUp>,
    Data(feedback): Data<&Feedback>,
    Path(id): Path<String>,
    _form: Posted<EmptyForm>,
) -> Result<Response, PageError> {
    feedback.read_released(&who, &id).await?;
    Ok(redirect("/feedback?did=read"))
}

#[derive(Deserialize)]
struct PraiseForm {
    #[serde(default)]
    praise: String,
}

#[handler]
async fn praise(
    who: Viewer<FollowUp>,
    Data(feedback): Data<&Feedback>,
    Path(id): Path<String>,
    Posted(form): Posted<PraiseForm>,
) -> Result<Response, PageError> {
    feedback.praise(&who, &id, form.praise != "false").await?;
    Ok(redirect("/feedback?did=praised"))
}

#[derive(Deserialize)]
struct KudosForm {
    #[serde(default)]
    text: String,
}

#[derive(Template)]
#[template(path = "feedback/commend.html")]
struct CommendPage {
    page: Shell,
    interaction: String,
    text: String,
    problem: String,
}

/// Commends from a conversation's page; a rejected form has a page of its own.
#[handler]
async fn commend(
    who: Viewer<FollowUp>,
    Data(site): Data<&SiteInfo>,
    Data(feedback): Data<&Feedback>,
    Path(id): Path<String>,
    Posted(form): Posted<KudosForm>,
) -> Result<Response, PageError> {
    let id: InteractionId = id.parse().map_err(|_| PageError::NotFound)?;
    match feedback.commend(&who, &id, &form.text).await {
        Ok(()) => Ok(redirect(format!("/interactions/{id}?did=commended"))),
        Err(error @ (FeedbackError::BadWords | FeedbackError::NoAgent)) => {
            let problem = sentence(&format!("{error}. Nothing was kept."));
            let page = Shell::new(&who, site, "/interactions");
            let page = CommendPage { page, interaction: id.to_string(), text: form.text, problem };
            Ok(html_with(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(error) => Err(error.into()),
    }
}

/// A comment that may be quoted.
struct QuoteView {
    id: String,
    text: String,
    team: Option<String>,
    month: String,
}

#[derive(Template)]
#[template(path = "feedback/quotes.html")]
struct QuotesPage {
    page: Shell,
    quotes: Vec<QuoteView>,
}

#[handler]
async fn quotes(
    who: Viewer<SeeFeedback>,
    Data(site): Data<&SiteInfo>,
    Data(responses): Data<&Responses>,
    Query(asked): Query<NoticeQuery>,
) -> Result<Response, PageError> {
    let found = responses.quotes(&who).await?;
    let view = |q: crate::responses::Quote| QuoteView { id: q.id, text: q.text, team: q.team_name, month: q.month };
    let page = Shell::new(&who, site, "/feedback").with_flash(Some(&asked.did), DID);
    Ok(html(&QuotesPage { page, quotes: found.into_iter().map(view).collect() }))
}

#[handler]
async fn remove_quote(
    who: Viewer<SeeFeedback>,
    Data(responses): Data<&Responses>,
    Path(id): Path<String>,
    _form: Posted<EmptyForm>,
) -> Result<Response, PageError> {
    if responses.remove_quote(&who, &id).await? {
        Ok(redirect("/quotes?did=removed"))
    } else {
        Err(PageError::NotFound)
    }
}
