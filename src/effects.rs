//! Effects of a change: jobs, audit lines and events for webhooks, saved in the change's own transaction, so that a
//! crash neither loses nor invents any.

use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::{ApiKeyId, AuditId, DeliveryId, StaffId, WebhookId};
use crate::jobs::{self, NewJob};
use crate::{execute, fetch_all, statements};

statements! {
    AUDIT = "
        INSERT INTO audit_log (id, at, actor, name, action, subject, detail)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    LISTENING = "SELECT id, events FROM webhooks WHERE state = 'active'";
    // A webhook receives each event once, however often the change is repeated.
    SEND = "
        INSERT INTO webhook_deliveries (id, webhook_id, kind, subject, body, state, attempts, created_at)
        VALUES ($1, $2, $3, $4, $5, 'waiting', 0, $6)
        ON CONFLICT (webhook_id, kind, subject) DO NOTHING";
}

/// Job: send an event to a webhook. Key: the delivery's id.
pub const WEBHOOK: &str = "webhook.deliver";

/// Author of a change or view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A staff account: id and name.
    Staff(StaffId, String),
    /// An API key: id and name.
    Key(ApiKeyId, String),
    /// Afterword itself.
    System,
}

impl Actor {
    /// Returns `staff:<id>`, `key:<id>` or `system`.
    pub fn code(&self) -> String {
        match self {
            Self::Staff(id, _) => format!("staff:{id}"),
            Self::Key(id, _) => format!("key:{id}"),
            Self::System => "system".into(),
        }
    }

    /// Returns the display name.
    pub fn name(&self) -> &str {
        match self {
            Self::Staff(_, name) | Self::Key(_, name) => name,
            Self::System => "Afterword",
        }
    }
}

/// A line of the audit log. Never holds a response, an address or a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLine {
    /// Actor.
    pub actor: Actor,
    /// Action: `recording.played`, `clip.created`, …
    pub action: &'static str,
    /// Subject: `interaction:<id>`, …
    pub subject: String,
    /// Details, as JSON.
    pub detail: Option<serde_json::Value>,
}

/// An event for webhooks. Never holds a score, a comment, an address or a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Kind: `interaction.created`, …
    pub kind: &'static str,
    /// Subject: an id. A webhook receives the event once for it.
    pub subject: String,
    /// Data, as JSON.
    pub data: serde_json::Value,
    /// Whether it is about responses: then it is recorded with its day, never with its time.
    pub by_day: bool,
}

/// Effects saved with a change.
#[derive(Debug, Clone, Default)]
pub struct Effects {
    jobs: Vec<NewJob>,
    audit: Vec<AuditLine>,
    events: Vec<Event>,
}

impl Effects {
    /// Returns no effects.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a job.
    pub fn job(mut self, job: NewJob) -> Self {
        self.jobs.push(job);
        self
    }

    /// Adds jobs.
    pub fn jobs(mut self, jobs: impl IntoIterator<Item = NewJob>) -> Self {
        self.jobs.extend(jobs);
        self
    }

    /// Adds a line of the audit log.
    pub fn audit(
        mut self,
        actor: &Actor,
        action: &'static str,
        subject: impl Into<String>,
        detail: Option<serde_json::Value>,
    ) -> Self {
        self.audit.push(AuditLine { actor: actor.clone(), action, subject: subject.into(), detail });
        self
    }

    /// Adds an event.
    pub fn event(mut self, event: Event) -> Self {
        self.events.push(event);
        self
    }

    /// Adds events.
    pub fn events(mut self, events: impl IntoIterator<Item = Event>) -> Self {
        self.events.extend(events);
        self
    }

    /// Saves all effects in the caller's transaction.
    pub async fn save(mut self, mut conn: Conn<'_>, now: Timestamp) -> Result<(), DbError> {
        let deliveries = send(conn.reborrow(), &self.events, now).await?;
        self.jobs.extend(deliveries);
        jobs::save(conn.reborrow(), &self.jobs, now).await?;
        for line in self.audit {
            let detail = line.detail.map(|d| d.to_string());
            execute!(
                conn.reborrow(),
                AUDIT,
                AuditId::random(),
                now,
                line.actor.code(),
                line.actor.name(),
                line.action,
                line.subject,
                detail
            )?;
        }
        Ok(())
    }
}

/// Adds a delivery of each event for every webhook that receives it; returns the jobs that send them.
async fn send(mut conn: Conn<'_>, events: &[Event], now: Timestamp) -> Result<Vec<NewJob>, DbError> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let listening = fetch_all!(conn.reborrow(), LISTENING => (WebhookId, String))?;
    let mut jobs = Vec::new();
    for (webhook, wanted) in &listening {
        let wanted: Vec<String> = serde_json::from_str(wanted).unwrap_or_default();
        for event in events.iter().filter(|event| wanted.iter().any(|kind| kind == event.kind)) {
            let at = if event.by_day { now.utc_midnight() } else { now };
            let id = DeliveryId::random();
            let body = body(event.kind, &event.data, at);
            if execute!(conn.reborrow(), SEND, &id, webhook, event.kind, &event.subject, body, at)? > 0 {
                // The webhooks take turns: a slow receiver does not delay others.
                jobs.push(NewJob::new(WEBHOOK, id.as_str(), now).fairness_key(Some(webhook.to_string())));
            }
        }
    }
    Ok(jobs)
}

/// Returns the body of an event: `{"type", "timestamp", "data"}`.
pub fn body(kind: &str, data: &serde_json::Value, at: Timestamp) -> String {
    serde_json::json!({ "type": kind, "timestamp": at.to_rfc3339(), "data": data }).to_string()
}
