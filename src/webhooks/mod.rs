//! Webhooks: what has happened here, told to other systems. Signed as Standard Webhooks has it (standardwebhooks.com), sent
//! by jobs from rows that were saved with the change itself ([`crate::effects::Event`]), tried again with growing pauses.
//!
//! Nothing is sent about apart answers, and no score, comment, name or address about anything: what is sent says what to
//! look at, and whoever looks needs the right to.
//!
//! - `guard`: private addresses are not reached, whatever a name resolves to.
//! - `sign`: secrets and signatures.
//! - `send`: one delivery, what its answer means, when the next try is due, when a webhook is stopped.
//! - `under_way`: one that fails is tried with one delivery at a time.

pub mod api;
mod guard;
pub mod pages;
mod send;
mod sign;
mod store;
mod under_way;

pub use guard::{Allowed, GuardError};
pub use sign::{Secret, sign};
pub use store::STATEMENTS;

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

/// What can be told, each with what it means.
pub const EVENTS: &[(&str, &str)] = &[
    ("interaction.created", "A call or chat has come in"),
    ("interaction.finalised", "A call or chat is final"),
    ("transcript.done", "A transcript is there"),
    ("response.linked", "A linked answer stands beside a call or chat, and can’t be changed any more"),
    ("followup.opened", "A follow-up was opened"),
    ("followup.closed", "A follow-up was closed"),
    ("release.made", "A batch of answers was released"),
];
/// What the test button sends.
const TEST: &str = "webhook.test";
/// Maximum length of an address, in bytes.
pub const MAX_URL_BYTES: usize = 2000;
/// Maximum number of characters of a note.
pub const MAX_NOTE_CHARS: usize = 200;
/// How long the old secret signs beside the new one.
const OLD_SECRET_FOR: Duration = Duration::from_secs(86_400);
/// How long deliveries are kept.
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

/// Is it told of events?
#[derive(Debug, Clone, Copy, PartialEq, Eq, poem_openapi::Enum)]
#[oai(rename = "WebhookState", rename_all = "lowercase")]
pub enum State {
    /// Yes.
    Active,
    /// Somebody has paused it.
    Paused,
    /// It was stopped after days without success.
    Failing,
}

impl State {
    /// As it stands in the table.
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

/// Where events are sent.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Where to.
    pub url: String,
    /// What it is for.
    pub note: String,
    /// JSON array; see [`Webhook::events`].
    events: String,
    /// Is it told of events?
    #[sqlx(try_from = "String")]
    pub state: State,
    /// Since when nothing succeeds; null where the last delivery did.
    pub failing_since: Option<Timestamp>,
    /// Why the last one failed.
    pub last_error: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Webhook {
    /// The names of the events that it is told of.
    pub fn events(&self) -> Vec<String> {
        serde_json::from_str(&self.events).unwrap_or_default()
    }
}

/// An event on its way.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Delivery {
    /// Its id: the `webhook-id` that the receiver sees, the same at each try.
    pub id: DeliveryId,
    /// What happened.
    pub kind: String,
    /// What is sent, JSON.
    pub body: String,
    /// `waiting`, `delivered`, `failed`.
    pub state: String,
    /// Tries so far.
    pub attempts: i64,
    /// The last answer's code.
    pub status: Option<i64>,
    /// Why the last try failed.
    pub error: Option<String>,
    /// When it happened; the day alone where it tells of answers.
    pub created_at: Timestamp,
}

/// What somebody sets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Where to.
    pub url: Option<String>,
    /// What it is for.
    pub note: Option<String>,
    /// The names of the events.
    pub events: Option<Vec<String>>,
    /// Paused, or told again.
    pub active: Option<bool>,
}

/// Why something can't be done. The texts say what to do.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// Not there.
    #[error("there is no such webhook or delivery")]
    NotFound,
    /// The address can't be used.
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
    /// The service. `allow`: private hosts and networks that are reached all the same.
    pub fn new(db: Db, clock: SharedClock, vault: Vault, allow: &[String]) -> Self {
        let (allowed, under_way) = (Allowed::new(allow), Arc::default());
        Self { inner: Arc::new(Inner { db, clock, vault, allowed, under_way }) }
    }

    fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// All of them, the newest first.
    pub async fn list(&self) -> Result<Vec<Webhook>, DbError> {
        store::list(self.inner.db.read().await?.conn()).await
    }

    /// One.
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

    /// Makes one; its secret, told once.
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

    /// Changes what is wanted of it.
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
        // Only what is wanted: it may have been stopped since it was read.
        if let Some(active) = wanted.active {
            webhook.state = if active { State::Active } else { State::Paused };
            webhook.failing_since = None;
            store::set_state(tx.conn(), id, webhook.state).await?;
        }
        self.audited("webhook.changed", &webhook, by).save(tx.conn(), now).await?;
        tx.commit().await?;
        Ok(webhook)
    }

    /// Removes it with its deliveries.
    pub async fn remove(&self, id: &WebhookId, by: &Actor) -> Result<(), WebhookError> {
        let webhook = self.find(id).await?;
        let mut tx = self.inner.db.begin().await?;
        store::remove(tx.conn(), id).await?;
        self.audited("webhook.removed", &webhook, by).save(tx.conn(), self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// A new secret, told once; for a day the old one signs too.
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
        // The host alone: what stands behind it may be a secret of the receiver's.
        let host = guard::host_of(&webhook.url);
        Effects::new().audit(by, action, format!("webhook:{}", webhook.id), Some(json!({ "host": host })))
    }

    /// Sends a test to it, whatever it listens to.
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

    /// What was sent to it and what waits, the newest first.
    pub async fn deliveries(&self, id: &WebhookId, from: &Cursor, size: usize) -> Result<Page<Delivery>, WebhookError> {
        self.find(id).await?;
        let found = store::deliveries(self.inner.db.read().await?.conn(), id, from, size + 1).await?;
        Ok(Page::from_surplus(found, size, |last: &Delivery| Cursor { at: last.created_at, id: last.id.to_string() }))
    }

    /// Sends one again, under the same id.
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
