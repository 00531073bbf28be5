//! Privacy as work: erasing what somebody asks for, removing what was kept long enough, and telling customers how both is.
//!
//! - `erase`: one conversation, or everything of one address; what went is counted, and the counts are the audit line.
//! - `retain`: what the configuration says is kept so long and no longer, removed in small batches by itself.
//!
//! Released totals change by neither: what was erased goes out of them with the next release of the same pool, so that nobody
//! can tell what it said (anonymity.md, rule 6); what retention removes stays counted.

pub mod api;
mod erase;
pub mod pages;
mod retain;
mod store;

pub use erase::{Counts, EraseError, Erases, Found, Receipt};
pub use retain::{Due, Kept, Logged, Rule};
pub use store::STATEMENTS;

use crate::audit::AuditLog;
use crate::clock::{SharedClock, Timestamp};
use crate::config;
use crate::database::Db;
use crate::interactions::Interactions;
use crate::surveys::Surveys;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Tables from which deleted rows shall be gone from the disk at once.
const PURGED_TABLES: [&str; 13] = [
    "interactions",
    "invitations",
    "responses",
    "recordings",
    "segments",
    "transcript_checkpoints",
    "messages",
    "search_lines",
    "callback_requests",
    "follow_ups",
    "follow_up_steps",
    "kudos",
    "quotes",
];

/// The least time for which closed invitations keep the keyed hash of their address.
const HASHES: Duration = Duration::from_secs(90 * 86_400);

/// What is configured for privacy. A length of zero: kept until somebody erases it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Recordings are kept so long after their conversation.
    pub recordings: Duration,
    /// Transcripts, and what was written in chats.
    pub transcripts: Duration,
    /// Whole conversations.
    pub interactions: Duration,
    /// Lines of the audit log.
    pub audit: Duration,
    /// Keyed hashes of addresses at closed invitations are kept so long at least.
    pub hashes: Duration,
    /// Whom customers write to about their data; empty: nobody is named.
    pub contact: String,
}

impl Settings {
    /// From the sections that tell.
    pub fn new(retention: &config::Retention, company: &config::Company) -> Self {
        Self {
            recordings: retention.recordings.0,
            transcripts: retention.transcripts.0,
            interactions: retention.interactions.0,
            audit: retention.audit.0,
            // So long bounces are taken back to their mail, and so long at least a link in one unsubscribes.
            hashes: retention.outbox.0.max(HASHES),
            contact: company.privacy_contact.clone(),
        }
    }
}

/// What the service stands on.
#[derive(Clone)]
pub struct Parts {
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: SharedClock,
    /// The audit log.
    pub audit: AuditLog,
    /// Calls and chats.
    pub interactions: Interactions,
    /// Who is asked.
    pub surveys: Surveys,
    /// What is configured.
    pub settings: Settings,
    /// Other features that keep something about a conversation or an address.
    pub others: Vec<Arc<dyn Erases>>,
}

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Privacy {
    inner: Arc<Parts>,
    files_compared_on: Arc<Mutex<String>>,
}

impl std::fmt::Debug for Privacy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Privacy")
    }
}

impl Privacy {
    /// The service.
    pub fn new(parts: Parts) -> Self {
        Self { inner: Arc::new(parts), files_compared_on: Arc::default() }
    }

    /// What is configured.
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }
}
