//! Endpoints of webhooks.

use super::{Delivery, State, Wanted, Webhook, WebhookError, Webhooks};
use crate::access::rights::Administer;
use crate::ids::{DeliveryId, WebhookId};
use crate::web::{Allowed, ApiError, JsonBody, page_size, request_cursor};
use poem::http::StatusCode;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi, Tags};

#[derive(Tags)]
enum Tag {
    /// Events, sent to other systems.
    Webhooks,
}

impl From<WebhookError> for ApiError {
    fn from(error: WebhookError) -> Self {
        use WebhookError as E;
        let text = error.to_string();
        let refused = |code| Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, text.clone());
        match error {
            E::NotFound => Self::not_found("webhook_not_found", text),
            E::BadUrl(_) => refused("bad_url"),
            E::BadNote => refused("bad_note"),
            E::BadEvents => refused("bad_events"),
            E::Database(inner) => inner.into(),
        }
    }
}

/// Where events are sent.
#[derive(Debug, Object)]
#[oai(rename = "Webhook")]
struct Out {
    /// Id.
    id: String,
    /// Where to.
    url: String,
    /// What it is for.
    note: String,
    /// The events that it is told of.
    events: Vec<String>,
    /// active; paused by somebody; failing: stopped after days without success.
    state: State,
    /// Since when nothing succeeds (RFC 3339).
    failing_since: Option<String>,
    /// Why the last delivery failed.
    last_error: Option<String>,
}

impl From<Webhook> for Out {
    fn from(w: Webhook) -> Self {
        Self {
            events: w.events(),
            id: w.id.to_string(),
            url: w.url,
            note: w.note,
            state: w.state,
            failing_since: w.failing_since.map(|at| at.to_rfc3339()),
            last_error: w.last_error,
        }
    }
}

/// A webhook to be made.
#[derive(Debug, Object)]
#[oai(rename = "NewWebhook")]
struct In {
    /// Where to: `https://…`.
    url: String,
    /// What it is for.
    #[oai(default)]
    note: String,
    /// The events that it is to be told of.
    events: Vec<String>,
}

/// What is to be changed; what is missing stays.
#[derive(Debug, Object)]
#[oai(rename = "WebhookPatch")]
struct Patch {
    /// Where to.
    url: Option<String>,
    /// What it is for.
    note: Option<String>,
    /// The events.
    events: Option<Vec<String>>,
    /// false: paused. true: told of events (again).
    active: Option<bool>,
}

/// A webhook and its secret, told once.
#[derive(Debug, Object)]
struct WebhookWithSecret {
    /// The webhook.
    webhook: Out,
    /// `whsec_…`: what its signatures are checked with.
    secret: String,
}

/// A secret, told once.
#[derive(Debug, Object)]
struct NewSecret {
    /// `whsec_…`; for a day the old one signs too.
    secret: String,
}

/// An event on its way.
#[derive(Debug, Object)]
#[oai(rename = "WebhookDelivery")]
struct DeliveryOut {
    /// Its `webhook-id`.
    id: String,
    /// What happened.
    event: String,
    /// waiting, delivered, failed.
    state: String,
    /// Tries so far.
    attempts: i64,
    /// The last answer's code.
    status: Option<i64>,
    /// Why the last try failed.
    error: Option<String>,
    /// When it happened (RFC 3339); the day alone where it tells of answers.
    created_at: String,
    /// What is sent, as text.
    body: String,
}

impl From<Delivery> for DeliveryOut {
    fn from(d: Delivery) -> Self {
        Self {
            id: d.id.to_string(),
            event: d.kind,
            state: d.state,
            attempts: d.attempts,
            status: d.status,
            error: d.error,
            created_at: d.created_at.to_rfc3339(),
            body: d.body,
        }
    }
}

/// Deliveries, a page at a time.
#[derive(Debug, Object)]
#[oai(rename = "WebhookDeliveryPage")]
struct DeliveryPage {
    /// The deliveries.
    items: Vec<DeliveryOut>,
    /// Send it as `cursor` for the next page; null on the last.
    next: Option<String>,
}

/// A webhook was made.
#[derive(ApiResponse)]
enum Created {
    /// The webhook and its secret.
    #[oai(status = 201)]
    Webhook(Json<WebhookWithSecret>),
}

/// It is done, and there is nothing to say.
#[derive(ApiResponse)]
enum NoContent {
    /// Done.
    #[oai(status = 204)]
    Done,
}

/// A delivery was queued.
#[derive(ApiResponse)]
enum Queued {
    /// It is sent in a moment; what became of it stands among the deliveries.
    #[oai(status = 202)]
    Queued,
}

/// The endpoints.
#[derive(Debug, Clone)]
pub struct Api {
    /// The service.
    pub webhooks: Webhooks,
}

fn webhook(id: &str) -> Result<WebhookId, ApiError> {
    id.parse().map_err(|_| WebhookError::NotFound.into())
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Webhooks")]
impl Api {
    /// List webhooks
    #[oai(path = "/webhooks", method = "get", operation_id = "listWebhooks")]
    async fn list(&self, who: Allowed<Administer>) -> Result<Json<Vec<Out>>, ApiError> {
        let _ = who;
        Ok(Json(self.webhooks.list().await?.into_iter().map(Out::from).collect()))
    }

    /// Make a webhook
    ///
    /// Events: interaction.created, interaction.finalised, transcript.done, response.linked, followup.opened, followup.closed,
    /// release.made. They are signed as Standard Webhooks has it; nothing is ever sent about answers that were kept apart.
    #[oai(path = "/webhooks", method = "post", operation_id = "addWebhook")]
    async fn add(&self, who: Allowed<Administer>, body: JsonBody<In>) -> Result<Created, ApiError> {
        let In { url, note, events } = body.0;
        let (made, secret) = self.webhooks.add(&url, &note, &events, &who.actor()).await?;
        Ok(Created::Webhook(Json(WebhookWithSecret { webhook: made.into(), secret })))
    }

    /// Read a webhook
    #[oai(path = "/webhooks/:id", method = "get", operation_id = "getWebhook")]
    async fn get(&self, who: Allowed<Administer>, id: Path<String>) -> Result<Json<Out>, ApiError> {
        let _ = who;
        Ok(Json(self.webhooks.find(&webhook(&id)?).await?.into()))
    }

    /// Change a webhook, pause it, or start it again
    #[oai(path = "/webhooks/:id", method = "patch", operation_id = "changeWebhook")]
    async fn change(
        &self,
        who: Allowed<Administer>,
        id: Path<String>,
        body: JsonBody<Patch>,
    ) -> Result<Json<Out>, ApiError> {
        let Patch { url, note, events, active } = body.0;
        let wanted = Wanted { url, note, events, active };
        Ok(Json(self.webhooks.change(&webhook(&id)?, wanted, &who.actor()).await?.into()))
    }

    /// Remove a webhook with its deliveries
    #[oai(path = "/webhooks/:id", method = "delete", operation_id = "removeWebhook")]
    async fn remove(&self, who: Allowed<Administer>, id: Path<String>) -> Result<NoContent, ApiError> {
        self.webhooks.remove(&webhook(&id)?, &who.actor()).await?;
        Ok(NoContent::Done)
    }

    /// Make a new secret
    #[oai(path = "/webhooks/:id/secret", method = "post", operation_id = "rotateWebhookSecret")]
    async fn rotate(&self, who: Allowed<Administer>, id: Path<String>) -> Result<Json<NewSecret>, ApiError> {
        Ok(Json(NewSecret { secret: self.webhooks.rotate(&webhook(&id)?, &who.actor()).await? }))
    }

    /// Send a test
    #[oai(path = "/webhooks/:id/tests", method = "post", operation_id = "testWebhook")]
    async fn test(&self, who: Allowed<Administer>, id: Path<String>) -> Result<Queued, ApiError> {
        let _ = who;
        self.webhooks.test(&webhook(&id)?).await?;
        Ok(Queued::Queued)
    }

    /// List deliveries
    ///
    /// The newest first; they are kept for thirty days.
    #[oai(path = "/webhooks/:id/deliveries", method = "get", operation_id = "listDeliveries")]
    async fn deliveries(
        &self,
        who: Allowed<Administer>,
        id: Path<String>,
        /// `next` of the page before.
        cursor: Query<Option<String>>,
        /// Number of items on a page.
        limit: Query<Option<u32>>,
    ) -> Result<Json<DeliveryPage>, ApiError> {
        let _ = who;
        let (from, size) = (request_cursor(cursor.as_deref())?, page_size(limit.0, 50, 200)?);
        let page = self.webhooks.deliveries(&webhook(&id)?, &from, size).await?;
        let items = page.items.into_iter().map(DeliveryOut::from).collect();
        Ok(Json(DeliveryPage { items, next: page.next.map(|next| next.to_string()) }))
    }

    /// Send one again, under the same id
    #[oai(path = "/webhooks/:id/deliveries/:delivery/redelivery", method = "post", operation_id = "redeliver")]
    async fn redeliver(
        &self,
        who: Allowed<Administer>,
        id: Path<String>,
        delivery: Path<String>,
    ) -> Result<Queued, ApiError> {
        let _ = who;
        let delivery: DeliveryId = delivery.parse().map_err(|_| WebhookError::NotFound)?;
        self.webhooks.redeliver(&webhook(&id)?, &delivery).await?;
        Ok(Queued::Queued)
    }
}
