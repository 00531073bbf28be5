//! Invitations: who is surveyed and who is not, and the mails to them.
//!
//! - `decide`: surveys a settled interaction, or records the reason for skipping it (`reasons`). The quiet period is
//!   decided here. `own_addresses`: the company's own people are not surveyed.
//! - `compose`, `letter`: write the mail when it is sent, with a `token` of which only the hash is stored. `reminder`:
//!   the second mail.
//! - `returned`: bounced mail. `suppressions`: addresses that are never surveyed.
//! - `closing`: expired invitations. `longest`: the longest time for which links and quiet periods last.
//! - `skipped`: interactions that were not surveyed, by agent.
//! - `erasure`: erasure by address.
//!
//! Responses are in [`crate::responses`]: nothing here reveals whether an invitation was answered.

mod address;
pub mod api;
mod closing;
mod compose;
mod decide;
mod erasure;
mod invited;
mod letter;
mod longest;
mod own_addresses;
mod reasons;
mod reminder;
mod returned;
mod skipped;
mod store;
mod suppressions;
mod token;

pub use address::hash as address_hash;
pub use compose::INVITATION;
pub use decide::Decision;
pub use erasure::{ErasureSubject, Traces, erase_address, forget_mails};
pub use invited::Invited;
pub use longest::Spans;
pub use own_addresses::OwnAddresses;
pub use reasons::SkipReason;
pub use reminder::REMINDER;
pub use skipped::{AgentSkips, ForReason as SkippedFor, IN_HAND, SkipReport, Span as SkipSpan, to_csv as skips_to_csv};
pub use store::{count_sent, open_external};
pub use suppressions::{Suppression, SuppressionError};
pub use token::Token;

use crate::access::principal::Visible;
use crate::clock::{SharedClock, Timestamp};
use crate::contacts::Contacts;
use crate::database::{Db, DbError};
use crate::interactions::{Filter, Interaction, Interactions};
use crate::jobs;
use crate::mail::Mail;
use crate::paging::{Cursor, Page};
use crate::surveys::{Settings, Surveys};
use crate::vault::Vault;
use std::sync::Arc;

/// Dependencies of the service.
#[derive(Clone)]
pub struct Parts {
    /// Database.
    pub db: Db,
    /// Clock.
    pub clock: SharedClock,
    /// Vault.
    pub vault: Vault,
    /// Surveys and their rules.
    pub surveys: Surveys,
    /// Directory of addresses by telephone number.
    pub contacts: Contacts,
    /// Calls and chats.
    pub interactions: Interactions,
    /// Outbox.
    pub mail: Mail,
    /// Addresses of the company, which are not surveyed.
    pub own_addresses: OwnAddresses,
}

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Invitations {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    clock: SharedClock,
    vault: Vault,
    surveys: Surveys,
    contacts: Contacts,
    interactions: Interactions,
    mail: Mail,
    own_addresses: OwnAddresses,
    last_open: longest::LastOpen,
}

impl std::fmt::Debug for Invitations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Invitations")
    }
}

impl Invitations {
    /// Creates the service and registers the composers of invitations and reminders with the mail service.
    pub fn new(parts: Parts) -> Self {
        let Parts { db, vault, surveys, mail, .. } = &parts;
        let first = Arc::new(compose::Composer::new(db.clone(), vault.clone(), surveys.clone()));
        mail.register(INVITATION, Arc::<compose::Composer>::clone(&first));
        mail.register(REMINDER, Arc::new(reminder::Composer::new(db.clone(), vault.clone(), surveys.clone(), first)));
        let last_open = longest::LastOpen::default();
        let Parts { db, clock, vault, surveys, contacts, interactions, mail, own_addresses } = parts;
        let inner = Inner { db, clock, vault, surveys, contacts, interactions, mail, own_addresses, last_open };
        Self { inner: Arc::new(inner) }
    }

    fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    fn settings(&self) -> &Settings {
        self.inner.surveys.settings()
    }

    /// Returns the kinds of job of this feature.
    pub fn jobs(&self) -> Vec<jobs::Kind> {
        vec![decide::job(self), closing::job(self), reminder::job(self)]
    }

    /// Returns the survey states of these interactions, newest first. Never whether they were answered.
    pub async fn list(
        &self,
        visible: &Visible,
        filter: &Filter,
        from: &Cursor,
        size: usize,
    ) -> Result<Page<Interaction>, DbError> {
        self.inner.interactions.list(visible, filter, from, size).await
    }

    /// Whether any invitation has been sent.
    pub async fn any_sent(&self) -> Result<bool, DbError> {
        store::any_sent(self.inner.db.read().await?.conn()).await
    }
}
