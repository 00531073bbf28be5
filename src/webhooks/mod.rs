//! Webhooks: events sent to other systems. Signed as in Standard Webhooks (standardwebhooks.com), sent by jobs from
//! rows that were saved with the change itself ([`crate::effects::Event`]), retried with growing pauses.
//!
//! Nothing is sent about apart responses, and no score, comment, name or address about anything: an event holds the id
//! to look up, for which the receiver needs the right.
//!
//! - `guard`: private addresses are rejected, whatever a name resolves to.
//! - `sign`: secrets and signatures.
//! - `send`: one delivery, the meaning of its response, the next attempt, the stop of a webhook.
//! - `under_way`: a failing webhook is tried with one delivery at a time.

pub mod api;
mod guard;
pub mod pages;
mod send;
mod sign;
mod store;
mod under_way;

pub use guard::{Allowed, GuardError};
pub use sign::{Secret, sign};

use crate::clock::{SharedClock, Timestamp};
use crate::database::{Db, DbError};
use crate::effects::{self, Actor, Effects};
use crate::ids::{DeliveryId, WebhookId};
use crate::jobs::NewJob;
use crate::paging::{Cursor, Page};
use crate::vault::Vault;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use under_way::UnderWay;

/// Events, each with its description.
pub const EVENTS: &[(&str, &str)] = &[
    ("interaction.created", "A call or chat was received"),
    ("interaction.finalised", "A call or chat is final"),
    ("transcript.done", "A transcript is ready"),
    ("response.linked", "A linked answer to a call or chat is final"),
    ("followup.opened", "A follow-up was opened"),
    ("followup.closed", "A follow-up was closed"),
    ("release.made", "A batch of answers was released"),
];
/// Event of the test button.
const TEST: &str = "webhook.test";
/// Maximum length of a URL, in bytes.
pub const MAX_URL_BYTES: usize = 2000;
/// Maximum number of characters of a note.
pub const MAX_NOTE_CHARS: usize = 200;
/// Time for which the old secret signs in addition to the new one.
const OLD_SECRET_FOR: Duration = Duration::from_secs(86_400);
/// Retention of deliveries.
const KEPT_FOR: Duration = Duration::from_secs(30 * 86_400);

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Webhooks {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    clock: SharedClock,
    vault: Vault,
    allowed: Allowed,
    under_way: Arc<UnderWay>,
}

impl std::fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Webhooks")
    }
}

/// State of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, poem_openapi::Enum)]
#[oai(rename = "WebhookState", rename_all = "lowercase")]
pub enum State {
    /// Receives events.
    Active,
    /// Paused by a person.
    Paused,
    /// Stopped after days without a successful delivery.
    Failing,
}

impl State {
    /// Returns the code, as in the table.
    pub fn code(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Failing => "failing",
        }
    }
}

impl From<String> for State {
    fn from(code: String) -> Self {
        [Self::Active, Self::Failing].into_iter().find(|state| state.code() == code).unwrap_or(Self::Paused)
    }
}

/// A webhook endpoint.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Webhook {
    /// Id.
    pub id: WebhookId,
    /// URL.
    pub url: String,
    /// Note on its purpose.
    pub note: String,
    /// JSON array; see [`Webhook::events`].
    events: String,
    /// State of a webhook.
    #[sqlx(try_from = "String")]
    pub state: State,
    /// Start of the failures; null where the last delivery succeeded.
    pub failing_since: Option<Timestamp>,
    /// Reason of the last failure.
    pub last_error: Option<String>,
    /// Time of creation.
    pub created_at: Timestamp,
}

impl Webhook {
    /// Returns the names of the events that it receives.
    pub fn events(&self) -> Vec<String> {
        serde_json::from_str(&self.events).unwrap_or_default()
    }
}

/// Delivery of an event.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Delivery {
    /// Id: the `webhook-id` that the receiver sees, the same at each attempt.
    pub id: DeliveryId,
    /// Name of the event.
    pub kind: String,
    /// Body, JSON.
    pub body: String,
    /// State: `waiting`, `delivered`, `failed`.
    pub state: String,
    /// Number of attempts so far.
    pub attempts: i64,
    /// Status of the last response.
    pub status: Option<i64>,
    /// Reason of the last failure.
    pub error: Option<String>,
    /// Time of the event; only the day where it is about responses.
    pub created_at: Timestamp,
}

/// Settings of a webhook; `None` leaves one unchanged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// URL.
    pub url: Option<String>,
    /// Note on its purpose.
    pub note: Option<String>,
    /// Names of the events.
    pub events: Option<Vec<String>>,
    /// False: paused; true: active.
    pub active: Option<bool>,
}

/// Reason why an action is rejected. The texts give the next step.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// There is no such webhook or delivery.
    #[error("there is no such webhook or delivery")]
    NotFound,
    /// The URL is rejected.
    #[error("{0}")]
    BadUrl(String),
    /// The note is too long.
    #[error("a note has 200 characters at most")]
    BadNote,
    /// No event, or an unknown one.
    #[error("choose at least one event: {}", EVENTS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "))]
    BadEvents,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl Webhooks {
    /// Returns the service. `allow`: private hosts and networks that may be called.
    pub fn new(db: Db, clock: SharedClock, vault: Vault, allow: &[String]) -> Self {
        let (allowed, under_way) = (Allowed::new(allow), Arc::default());
        Self { inner: Arc::new(Inner { db, clock, vault, allowed, under_way }) }
    }

    fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Returns all webhooks, the newest first.
    pub async fn list(&self) -> Result<Vec<Webhook>, DbError> {
        store::list(self.inner.db.read().await?.conn()).await
    }

    /// Returns one webhook.
    pub async fn find(&self, id: &WebhookId) -> Result<Webhook, WebhookError> {
        store::find(self.inner.db.read().await?.conn(), id).await?.ok_or(WebhookError::NotFound)
    }

    fn checked_url(&self, url: &str) -> Result<String, WebhookError> {
        let url = url.trim();
        if url.len() > MAX_URL_BYTES {
            return Err(WebhookError::BadUrl(format!("the address has more than {MAX_URL_BYTES} characters")));
        }
        self.inner.allowed.check(url).map_err(|error| WebhookError::BadUrl(error.to_string()))?;
        Ok(url.to_owned())
    }

    /// Creates a webhook; returns its secret, which is shown once.
    pub async fn add(
        &self,
        url: &str,
        note: &str,
        events: &[String],
        by: &Actor,
    ) -> Result<(Webhook, String), WebhookError> {
        let (secret, now) = (Secret::random(), self.now());
        let webhook = Webhook {
            id: WebhookId::random(),
            url: self.checked_url(url)?,
            note: checked_note(note)?,
            events: checked_events(events)?,
            state: State::Active,
            failing_since: None,
            last_error: None,
            created_at: now,
        };
        let mut tx = self.inner.db.begin().await?;
        store::add(tx.conn(), &webhook, &secret.seal(&self.inner.vault)).await?;
        self.audited("webhook.added", &webhook, by).save(tx.conn(), now).await?;
        tx.commit().await?;
        Ok((webhook, secret.to_string()))
    }

    /// Changes the given settings.
    pub async fn change(&self, id: &WebhookId, wanted: Wanted, by: &Actor) -> Result<Webhook, WebhookError> {
        let mut webhook = self.find(id).await?;
        if let Some(url) = &wanted.url {
            webhook.url = self.checked_url(url)?;
        }
        if let Some(note) = &wanted.note {
            webhook.note = checked_note(note)?;
        }
        if let Some(events) = &wanted.events {
            webhook.events = checked_events(events)?;
        }
        let now = self.now();
        let mut tx = self.inner.db.begin().await?;
        store::change(tx.conn(), &webhook).await?;
        // Only if it is given: the webhook may have been stopped since it was read.
        if let Some(active) = wanted.active {
            webhook.state = if active { State::Active } else { State::Paused };
            webhook.failing_since = None;
            store::set_state(tx.conn(), id, webhook.state).await?;
        }
        self.audited("webhook.changed", &webhook, by).save(tx.conn(), now).await?;
        tx.commit().await?;
        Ok(webhook)
    }

    /// Deletes it with its deliveries.
    pub async fn remove(&self, id: &WebhookId, by: &Actor) -> Result<(), WebhookError> {
        let webhook = self.find(id).await?;
        let mut tx = self.inner.db.begin().await?;
        store::remove(tx.conn(), id).await?;
        self.audited("webhook.removed", &webhook, by).save(tx.conn(), self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Returns a new secret, which is shown once; for a day the old one signs too.
    pub async fn rotate(&self, id: &WebhookId, by: &Actor) -> Result<String, WebhookError> {
        let webhook = self.find(id).await?;
        let (secret, now) = (Secret::random(), self.now());
        let mut tx = self.inner.db.begin().await?;
        store::rotate(tx.conn(), id, &secret.seal(&self.inner.vault), now.plus(OLD_SECRET_FOR)).await?;
        self.audited("webhook.rotated", &webhook, by).save(tx.conn(), now).await?;
        tx.commit().await?;
        Ok(secret.to_string())
    }

    fn audited(&self, action: &'static str, webhook: &Webhook, by: &Actor) -> Effects {
        // Only the host: the path may be a secret of the receiver.
        let host = guard::host_of(&webhook.url);
        Effects::new().audit(by, action, format!("webhook:{}", webhook.id), Some(json!({ "host": host })))
    }

    /// Sends a test event to it, whatever events it receives.
    pub async fn test(&self, id: &WebhookId) -> Result<DeliveryId, WebhookError> {
        self.find(id).await?;
        let (delivery, now) = (DeliveryId::random(), self.now());
        let body = effects::body(TEST, &json!({ "webhook_id": id }), now);
        let mut tx = self.inner.db.begin().await?;
        store::add_delivery(tx.conn(), &delivery, id, TEST, &body, now).await?;
        queue(&delivery, id, now).save(tx.conn(), now).await?;
        tx.commit().await?;
        Ok(delivery)
    }

    /// Returns its sent and waiting deliveries, the newest first.
    pub async fn deliveries(&self, id: &WebhookId, from: &Cursor, size: usize) -> Result<Page<Delivery>, WebhookError> {
        self.find(id).await?;
        let found = store::deliveries(self.inner.db.read().await?.conn(), id, from, size + 1).await?;
        Ok(Page::from_surplus(found, size, |last: &Delivery| Cursor { at: last.created_at, id: last.id.to_string() }))
    }

    /// Sends a delivery again, under the same id.
    pub async fn redeliver(&self, webhook: &WebhookId, delivery: &DeliveryId) -> Result<(), WebhookError> {
        let now = self.now();
        let mut tx = self.inner.db.begin().await?;
        if !store::wait_again(tx.conn(), webhook, delivery).await? {
            return Err(WebhookError::NotFound);
        }
        queue(delivery, webhook, now).save(tx.conn(), now).await?;
        Ok(tx.commit().await?)
    }
}

fn queue(delivery: &DeliveryId, webhook: &WebhookId, now: Timestamp) -> Effects {
    let job = NewJob::new(effects::WEBHOOK, delivery.as_str(), now).fairness_key(Some(webhook.to_string()));
    Effects::new().job(job.urgent())
}

fn checked_note(note: &str) -> Result<String, WebhookError> {
    let note = note.split_whitespace().collect::<Vec<_>>().join(" ");
    if note.chars().count() > MAX_NOTE_CHARS { Err(WebhookError::BadNote) } else { Ok(note) }
}

fn checked_events(events: &[String]) -> Result<String, WebhookError> {
    let known = |name: &String| EVENTS.iter().any(|(event, _)| event == name);
    if events.is_empty() || !events.iter().all(known) {
        return Err(WebhookError::BadEvents);
    }
    let mut events = events.to_vec();
    events.sort();
    events.dedup();
    Ok(json!(events).to_string())
}
