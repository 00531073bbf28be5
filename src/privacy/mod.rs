//! Privacy: erasure on request, retention, and the privacy notice for customers.
//!
//! - `erase`: one conversation, or all data of one address; the counts of deleted rows are the audit entry.
//! - `retain`: deletes data after the configured time, automatically and in small batches.
//!
//! Released totals are not changed by either: an erased answer that was not released is never counted, and released
//! figures are final (docs/anonymity.md, "Why released figures are final").

pub mod api;
mod erase;
pub mod pages;
mod retain;
mod store;

pub use erase::{Counts, EraseError, Erases, ErasurePreview, Receipt};
pub use retain::{Due, Logged, RetainedData, Rule};

use crate::audit::AuditLog;
use crate::clock::{SharedClock, Timestamp};
use crate::config;
use crate::database::Db;
use crate::interactions::Interactions;
use crate::invitations::Invitations;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Tables whose deleted rows must be gone from the disk at once.
const PURGED_TABLES: [&str; 19] = [
    "contacts",
    "interactions",
    "invitations",
    "responses",
    "response_extras",
    "recordings",
    "transcripts",
    "segments",
    "corrections",
    "alternative_transcripts",
    "measures",
    "transcript_checkpoints",
    "messages",
    "search_lines",
    "callback_requests",
    "follow_ups",
    "follow_up_steps",
    "kudos",
    "quotes",
];

/// Minimum time for which closed invitations keep the keyed hash of their address.
const HASHES: Duration = Duration::from_secs(90 * 86_400);

/// Settings of privacy. A duration of zero: kept until erased on request.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Time for which recordings are kept after their conversation.
    pub recordings: Duration,
    /// Time for which transcripts and messages are kept.
    pub transcripts: Duration,
    /// Time for which whole conversations are kept.
    pub interactions: Duration,
    /// Time for which audit entries are kept.
    pub audit: Duration,
    /// Minimum time for which closed invitations keep keyed hashes of addresses.
    pub hashes: Duration,
    /// Time for which tombstones of erased conversations are kept.
    pub tombstones: Duration,
    /// Contact for customers about their data; empty: none.
    pub contact: String,
}

impl Settings {
    /// Reads the settings from their sections of the configuration.
    pub fn new(retention: &config::Retention, company: &config::Company) -> Self {
        Self {
            recordings: retention.recordings.0,
            transcripts: retention.transcripts.0,
            interactions: retention.interactions.0,
            audit: retention.audit.0,
            // Bounces are attributed to their mail for this long, and a link in it unsubscribes at least this long.
            hashes: retention.outbox.0.max(HASHES),
            tombstones: retention.tombstones.0,
            contact: company.privacy_contact.clone(),
        }
    }
}

/// Dependencies of the service.
#[derive(Clone)]
pub struct Parts {
    /// Database.
    pub db: Db,
    /// Clock.
    pub clock: SharedClock,
    /// Audit log.
    pub audit: AuditLog,
    /// Calls and chats.
    pub interactions: Interactions,
    /// Invitations.
    pub invitations: Invitations,
    /// Settings.
    pub settings: Settings,
    /// Other features that store data about a conversation or an address.
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
    /// Creates the service.
    pub fn new(parts: Parts) -> Self {
        Self { inner: Arc::new(parts), files_compared_on: Arc::default() }
    }

    /// Returns the settings.
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }
}
