//! `/admin/webhooks`, and one webhook with its deliveries.

use super::{Delivery, EVENTS, State, Wanted, Webhook, WebhookError, Webhooks};
use crate::access::rights::Administer;
use crate::ids::{DeliveryId, WebhookId};
use crate::paging::Cursor;
use crate::web::format::When;
use crate::web::page::{html_with, sentence};
use crate::web::{EmptyForm, PageError, Posted, Shell, SiteInfo, Viewer, get, html, post, redirect};
use askama::Template;
use poem::http::StatusCode;
use poem::web::{Data, Path, Query};
use poem::{Response, Route, handler};
use serde::Deserialize;

/// Number of deliveries on a page.
const SIZE: usize = 30;

/// Adds the pages of this feature.
pub fn routes(route: Route) -> Route {
    route
        .at("/admin/webhooks", get(list).post(add))
        .at("/admin/webhooks/:id", get(show).post(change))
        .at("/admin/webhooks/:id/secret", post(rotate))
        .at("/admin/webhooks/:id/state", post(set_state))
        .at("/admin/webhooks/:id/removal", post(remove))
        .at("/admin/webhooks/:id/tests", post(test))
        .at("/admin/webhooks/:id/deliveries/:delivery", post(redeliver))
}

impl From<WebhookError> for PageError {
    fn from(error: WebhookError) -> Self {
        match error {
            WebhookError::NotFound => Self::NotFound,
            WebhookError::Database(inner) => inner.into(),
            refused @ (WebhookError::BadUrl(_) | WebhookError::BadNote | WebhookError::BadEvents) => {
                Self::Refused(refused.to_string())
            }
        }
    }
}

const DID: &[(&str, &str)] = &[
    ("changed", "Saved."),
    ("paused", "The webhook is paused: no events are sent to it."),
    ("active", "The webhook receives events again."),
    ("removed", "The webhook is deleted."),
    ("tested", "A test is on its way; it appears below in a moment."),
    ("again", "The event is sent again in a moment."),
];

/// Query parameters of these pages.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WebhooksQuery {
    did: String,
    cursor: String,
}

/// An event in the list of choices.
struct EventView {
    name: &'static str,
    words: &'static str,
    chosen: bool,
}

fn events(chosen: &[String]) -> Vec<EventView> {
    let view = |(name, words): &(&'static str, &'static str)| EventView {
        name,
        words,
        chosen: chosen.iter().any(|event| event == name),
    };
    EVENTS.iter().map(view).collect()
}

/// A webhook in the list.
struct WebhookRow {
    id: String,
    url: String,
    note: String,
    events: String,
    state: &'static str,
    badge: &'static str,
    last_error: Option<String>,
    active: bool,
}

impl From<Webhook> for WebhookRow {
    fn from(w: Webhook) -> Self {
        let (state, badge) = match (w.state, w.failing_since) {
            (State::Active, None) => ("active", "ok"),
            (State::Active, Some(_)) => ("failing", "warn"),
            (State::Paused, _) => ("paused", ""),
            (State::Failing, _) => ("stopped", "bad"),
        };
        Self {
            events: w.events().join(", "),
            id: w.id.to_string(),
            active: w.state == State::Active,
            url: w.url,
            note: w.note,
            state,
            badge,
            last_error: w.last_error,
        }
    }
}

#[derive(Template)]
#[template(path = "webhooks/list.html")]
struct ListPage {
    page: Shell,
    rows: Vec<WebhookRow>,
    form: Filled,
    /// Shown once.
    secret: Option<String>,
}

async fn list_page(
    who: &Viewer<Administer>,
    site: &SiteInfo,
    webhooks: &Webhooks,
    did: &str,
    form: Filled,
) -> Result<ListPage, PageError> {
    let rows = webhooks.list().await?.into_iter().map(WebhookRow::from).collect();
    let page = Shell::new(who, site, "/admin").with_flash(Some(did), DID);
    Ok(ListPage { page, rows, form, secret: None })
}

#[handler]
async fn list(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(webhooks): Data<&Webhooks>,
    Query(asked): Query<WebhooksQuery>,
) -> Result<Response, PageError> {
    Ok(html(&list_page(&who, site, webhooks, &asked.did, Filled::default()).await?))
}

#[derive(Default, Deserialize)]
struct Form {
    #[serde(default)]
    url: String,
    #[serde(default)]
    note: String,
    /// Names.
    #[serde(default)]
    events: Vec<String>,
}

/// The form with its values: the stored ones, or those entered and the error.
struct Filled {
    url: String,
    note: String,
    events: Vec<EventView>,
    problem: Option<String>,
}

impl Default for Filled {
    fn default() -> Self {
        Self { url: String::new(), note: String::new(), events: events(&[]), problem: None }
    }
}

impl Filled {
    /// Returns the entered values with the error, where it can be corrected.
    fn refused(form: Form, error: WebhookError) -> Result<Self, PageError> {
        match error {
            WebhookError::BadUrl(_) | WebhookError::BadNote | WebhookError::BadEvents => {
                let problem = Some(sentence(&format!("{error}. Nothing was saved.")));
                Ok(Self { events: events(&form.events), url: form.url, note: form.note, problem })
            }
            WebhookError::NotFound | WebhookError::Database(_) => Err(error.into()),
        }
    }
}

#[handler]
async fn add(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(webhooks): Data<&Webhooks>,
    Posted(form): Posted<Form>,
) -> Result<Response, PageError> {
    match webhooks.add(&form.url, &form.note, &form.events, &who.actor()).await {
        Ok((_, secret)) => {
            let page = list_page(&who, site, webhooks, "", Filled::default()).await?;
            Ok(html(&ListPage { secret: Some(secret), ..page }))
        }
        Err(error) => {
            let page = list_page(&who, site, webhooks, "", Filled::refused(form, error)?).await?;
            Ok(html_with(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
    }
}

/// A delivery in the list.
struct DeliveryView {
    id: String,
    kind: String,
    state: &'static str,
    badge: &'static str,
    attempts: i64,
    answer: String,
    when: When,
    body: String,
}

impl From<Delivery> for DeliveryView {
    fn from(d: Delivery) -> Self {
        let (state, badge) = match d.state.as_str() {
            "delivered" => ("delivered", "ok"),
            "failed" => ("given up", "bad"),
            _ if d.attempts > 0 => ("tried again soon", "warn"),
            _ => ("on its way", "info"),
        };
        let answer = match (d.status, d.error) {
            (Some(code), None) => code.to_string(),
            (Some(code), Some(_)) => format!("{code}: not taken"),
            (None, Some(why)) => why,
            (None, None) => String::new(),
        };
        let when = d.created_at.into();
        Self { id: d.id.to_string(), kind: d.kind, state, badge, attempts: d.attempts, answer, when, body: d.body }
    }
}

#[derive(Template)]
#[template(path = "webhooks/one.html")]
struct OnePage {
    page: Shell,
    row: WebhookRow,
    form: Filled,
    deliveries: Vec<DeliveryView>,
    older: Option<String>,
    /// Shown once.
    secret: Option<String>,
}

async fn one_page(
    who: &Viewer<Administer>,
    site: &SiteInfo,
    webhooks: &Webhooks,
    id: &WebhookId,
    asked: &WebhooksQuery,
) -> Result<OnePage, PageError> {
    let found = webhooks.find(id).await?;
    let from = asked.cursor.parse().unwrap_or_else(|_| Cursor::start());
    let sent = webhooks.deliveries(id, &from, SIZE).await?;
    Ok(OnePage {
        page: Shell::new(who, site, "/admin").with_flash(Some(&asked.did), DID),
        form: Filled {
            url: found.url.clone(),
            note: found.note.clone(),
            events: events(&found.events()),
            problem: None,
        },
        row: found.into(),
        older: sent.next.map(|next| format!("/admin/webhooks/{id}?cursor={next}")),
        deliveries: sent.items.into_iter().map(DeliveryView::from).collect(),
        secret: None,
    })
}

fn checked(Path(id): Path<String>) -> Result<WebhookId, PageError> {
    id.parse().map_err(|_| PageError::NotFound)
}

fn back(id: &WebhookId, did: &str) -> Response {
    redirect(format!("/admin/webhooks/{id}?did={did}"))
}

#[handler]
async fn show(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(webhooks): Data<&Webhooks>,
    path: Path<String>,
    Query(asked): Query<WebhooksQuery>,
) -> Result<Response, PageError> {
    Ok(html(&one_page(&who, site, webhooks, &checked(path)?, &asked).await?))
}

#[handler]
async fn change(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(webhooks): Data<&Webhooks>,
    path: Path<String>,
    Posted(form): Posted<Form>,
) -> Result<Response, PageError> {
    let id = checked(path)?;
    let events = Some(form.events.clone());
    let wanted = Wanted { url: Some(form.url.clone()), note: Some(form.note.clone()), events, active: None };
    let Err(error) = webhooks.change(&id, wanted, &who.actor()).await else { return Ok(back(&id, "changed")) };
    let form = Filled::refused(form, error)?;
    let page = OnePage { form, ..one_page(&who, site, webhooks, &id, &WebhooksQuery::default()).await? };
    Ok(html_with(StatusCode::UNPROCESSABLE_ENTITY, &page))
}

#[derive(Deserialize)]
struct StateForm {
    #[serde(default)]
    active: String,
}

#[handler]
async fn set_state(
    who: Viewer<Administer>,
    Data(webhooks): Data<&Webhooks>,
    path: Path<String>,
    Posted(form): Posted<StateForm>,
) -> Result<Response, PageError> {
    let (id, active) = (checked(path)?, form.active == "true");
    webhooks.change(&id, Wanted { active: Some(active), ..Wanted::default() }, &who.actor()).await?;
    Ok(back(&id, if active { "active" } else { "paused" }))
}

#[handler]
async fn rotate(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(webhooks): Data<&Webhooks>,
    path: Path<String>,
    _form: Posted<EmptyForm>,
) -> Result<Response, PageError> {
    let id = checked(path)?;
    let secret = Some(webhooks.rotate(&id, &who.actor()).await?);
    let page = one_page(&who, site, webhooks, &id, &WebhooksQuery::default()).await?;
    Ok(html(&OnePage { secret, ..page }))
}

#[handler]
async fn remove(
    who: Viewer<Administer>,
    Data(webhooks): Data<&Webhooks>,
    path: Path<String>,
    _form: Posted<EmptyForm>,
) -> Result<Response, PageError> {
    webhooks.remove(&checked(path)?, &who.actor()).await?;
    Ok(redirect("/admin/webhooks?did=removed"))
}

#[handler]
async fn test(
    _who: Viewer<Administer>,
    Data(webhooks): Data<&Webhooks>,
    path: Path<String>,
    _form: Posted<EmptyForm>,
) -> Result<Response, PageError> {
    let id = checked(path)?;
    webhooks.test(&id).await?;
    Ok(back(&id, "tested"))
}

#[handler]
async fn redeliver(
    _who: Viewer<Administer>,
    Data(webhooks): Data<&Webhooks>,
    Path((id, delivery)): Path<(String, String)>,
    _form: Posted<EmptyForm>,
) -> Result<Response, PageError> {
    let id = checked(Path(id))?;
    let delivery: DeliveryId = delivery.parse().map_err(|_| PageError::NotFound)?;
    webhooks.redeliver(&id, &delivery).await?;
    Ok(back(&id, "again"))
}
