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
    /// Events that are sent to other systems.
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

/// A webhook: an address that receives events.
#[derive(Debug, Object)]
#[oai(rename = "Webhook")]
struct Out {
    /// Id.
    id: String,
    /// URL.
    url: String,
    /// Note on its purpose.
    note: String,
    /// Events that it receives.
    events: Vec<String>,
    /// State.
    state: State,
    /// Time since when no delivery has succeeded, RFC 3339, UTC; null unless deliveries fail.
    failing_since: Option<String>,
    /// Error of the last delivery; null if it succeeded.
    last_error: Option<String>,
}

/// All webhooks.
#[derive(Debug, Object)]
struct WebhookList {
    /// Webhooks.
    items: Vec<Out>,
    /// Always null: the list is one page.
    next: Option<String>,
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

/// A webhook to be created.
#[derive(Debug, Object)]
#[oai(rename = "NewWebhook")]
struct In {
    /// URL: `https://…`.
    url: String,
    /// Note on its purpose.
    #[oai(default)]
    note: String,
    /// Events that it receives.
    events: Vec<String>,
}

/// Changes to a webhook; missing fields stay as they are.
#[derive(Debug, Object)]
#[oai(rename = "WebhookUpdate")]
struct Patch {
    /// URL.
    url: Option<String>,
    /// Note on its purpose.
    note: Option<String>,
    /// Events that it receives.
    events: Option<Vec<String>>,
    /// False pauses the webhook; true resumes it.
    active: Option<bool>,
}

/// A new webhook with its secret, which is shown only once.
#[derive(Debug, Object)]
struct WebhookWithSecret {
    /// Webhook.
    webhook: Out,
    /// Secret that verifies its signatures: `whsec_…`.
    secret: String,
}

/// A new secret of a webhook, which is shown only once.
#[derive(Debug, Object)]
#[oai(rename = "WebhookSecret")]
struct NewSecret {
    /// Secret: `whsec_…`; the old one stays valid for a day.
    secret: String,
}

/// A delivery of an event.
#[derive(Debug, Object)]
#[oai(rename = "WebhookDelivery")]
struct DeliveryOut {
    /// Id; the header `webhook-id` carries it.
    id: String,
    /// Event.
    event: String,
    /// State.
    state: String,
    /// Number of attempts.
    attempts: i64,
    /// HTTP status of the last answer.
    status: Option<i64>,
    /// Error of the last attempt.
    error: Option<String>,
    /// Time of the event, RFC 3339, UTC; the time of day is 00:00 for events about answers.
    created_at: String,
    /// Body of the request, JSON as text.
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

/// A page of deliveries.
#[derive(Debug, Object)]
#[oai(rename = "WebhookDeliveryPage")]
struct DeliveryPage {
    /// Deliveries, newest first.
    items: Vec<DeliveryOut>,
    /// `cursor` of the next page; null on the last page.
    next: Option<String>,
}

/// A webhook was made.
#[derive(ApiResponse)]
enum Created {
    /// The webhook with its secret.
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
    /// Queued; `listWebhookDeliveries` shows the result.
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
    async fn list(&self, who: Allowed<Administer>) -> Result<Json<WebhookList>, ApiError> {
        let _ = who;
        let items = self.webhooks.list().await?.into_iter().map(Out::from).collect();
        Ok(Json(WebhookList { items, next: None }))
    }

    /// Create a webhook
    ///
    /// Deliveries are signed according to Standard Webhooks; docs/webhooks.md describes the events. No event is ever sent about an
    /// answer that was kept apart.
    #[oai(path = "/webhooks", method = "post", operation_id = "createWebhook")]
    async fn add(&self, who: Allowed<Administer>, body: JsonBody<In>) -> Result<Created, ApiError> {
        let In { url, note, events } = body.0;
        let (made, secret) = self.webhooks.add(&url, &note, &events, &who.actor()).await?;
        Ok(Created::Webhook(Json(WebhookWithSecret { webhook: made.into(), secret })))
    }

    /// Get a webhook
    #[oai(path = "/webhooks/:id", method = "get", operation_id = "getWebhook")]
    async fn get(
        &self,
        who: Allowed<Administer>,
        /// Id of the webhook.
        id: Path<String>,
    ) -> Result<Json<Out>, ApiError> {
        let _ = who;
        Ok(Json(self.webhooks.find(&webhook(&id)?).await?.into()))
    }

    /// Update a webhook
    ///
    /// Changes the given fields; `active` pauses or resumes it.
    #[oai(path = "/webhooks/:id", method = "patch", operation_id = "updateWebhook")]
    async fn change(
        &self,
        who: Allowed<Administer>,
        /// Id of the webhook.
        id: Path<String>,
        body: JsonBody<Patch>,
    ) -> Result<Json<Out>, ApiError> {
        let Patch { url, note, events, active } = body.0;
        let wanted = Wanted { url, note, events, active };
        Ok(Json(self.webhooks.change(&webhook(&id)?, wanted, &who.actor()).await?.into()))
    }

    /// Delete a webhook with its deliveries
    #[oai(path = "/webhooks/:id", method = "delete", operation_id = "deleteWebhook")]
    async fn remove(
        &self,
        who: Allowed<Administer>,
        /// Id of the webhook.
        id: Path<String>,
    ) -> Result<NoContent, ApiError> {
        self.webhooks.remove(&webhook(&id)?, &who.actor()).await?;
        Ok(NoContent::Done)
    }

    /// Rotate the secret of a webhook
    #[oai(path = "/webhooks/:id/secret", method = "post", operation_id = "rotateWebhookSecret")]
    async fn rotate(
        &self,
        who: Allowed<Administer>,
        /// Id of the webhook.
        id: Path<String>,
    ) -> Result<Json<NewSecret>, ApiError> {
        Ok(Json(NewSecret { secret: self.webhooks.rotate(&webhook(&id)?, &who.actor()).await? }))
    }

    /// Send a test event to a webhook
    #[oai(path = "/webhooks/:id/tests", method = "post", operation_id = "testWebhook")]
    async fn test(
        &self,
        who: Allowed<Administer>,
        /// Id of the webhook.
        id: Path<String>,
    ) -> Result<Queued, ApiError> {
        let _ = who;
        self.webhooks.test(&webhook(&id)?).await?;
        Ok(Queued::Queued)
    }

    /// List the deliveries of a webhook
    ///
    /// Returns the deliveries of the last thirty days, newest first.
    #[oai(path = "/webhooks/:id/deliveries", method = "get", operation_id = "listWebhookDeliveries")]
    async fn deliveries(
        &self,
        who: Allowed<Administer>,
        /// Id of the webhook.
        id: Path<String>,
        /// `next` of the previous page, requested with the same filters.
        cursor: Query<Option<String>>,
        /// Maximum number of items on the page.
        limit: Query<Option<u32>>,
    ) -> Result<Json<DeliveryPage>, ApiError> {
        let _ = who;
        let (from, size) = (request_cursor(cursor.as_deref())?, page_size(limit.0, 50, 200)?);
        let page = self.webhooks.deliveries(&webhook(&id)?, &from, size).await?;
        let items = page.items.into_iter().map(DeliveryOut::from).collect();
        Ok(Json(DeliveryPage { items, next: page.next.map(|next| next.to_string()) }))
    }

    /// Repeat a delivery
    ///
    /// Sends the event again with the same id.
    #[oai(
        path = "/webhooks/:id/deliveries/:delivery/redelivery",
        method = "post",
        operation_id = "repeatWebhookDelivery"
    )]
    async fn redeliver(
        &self,
        who: Allowed<Administer>,
        /// Id of the webhook.
        id: Path<String>,
        /// Id of the delivery.
        delivery: Path<String>,
    ) -> Result<Queued, ApiError> {
        let _ = who;
        let delivery: DeliveryId = delivery.parse().map_err(|_| WebhookError::NotFound)?;
        self.webhooks.redeliver(&webhook(&id)?, &delivery).await?;
        Ok(Queued::Queued)
    }
}
