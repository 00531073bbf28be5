//! Mail: a durable outbox and its transports (a mail server, files, or held for the administrator to see).
//!
//! No body and no link is ever stored. An outbox row holds the kind of a mail and its reference; the feature that owns
//! the kind composes the mail when it is sent ([`Compose`]), and receives its delivery status in the same transaction.

mod address;
mod compose;
mod delivery;
mod dkim;
mod figures;
mod file;
mod incoming;
mod jobs;
mod journal;
mod message;
mod outcome;
pub mod pages;
mod purge;
mod rates;
pub mod reader;
mod returned;
mod smtp;
mod store;
mod test_mail;
mod transport;
mod uncertain_delivery;

pub use address::Address;
pub use compose::{Compose, ComposeError, Composed, ManyComposed, ManyUnwanted, Preview};
pub use dkim::DkimRecord;
pub use figures::{CameBackFor, FailedFor, MailCount};
pub use incoming::{
    Call, CameBack, Classification, Consequence, FETCH_RETURNED, HookError, Hooks, IncomingOutcome, Service, Taken,
};
pub use message::{hint, scrubbed};
pub use outcome::Refusal;
pub use reader::{Reason, Verdict};
pub use store::stops::Stopped;
pub use store::{Counted, Entry};
pub use test_mail::TestMailError;

use crate::clock::{SharedClock, Timestamp};
use crate::config::{self, MailUrl, Rate, ReturnedUrl};
use crate::database::{Conn, Db, DbError};
use crate::ids::MailId;
use crate::paging::{Cursor, Page};
use crate::vault::Vault;
use delivery::{InHand, Renderer, Rest, Watch};
use journal::Journal;
use lettre::message::Mailbox;
use rates::Limits;
use returned::ReturnPath;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use transport::Transport;
use uncertain_delivery::UncertainDeliveries;

/// Job: send a batch of due mail.
pub const DELIVER: &str = "mail.deliver";

/// Maximum number of held mails queued in one transaction.
const RELEASE_BATCH: i64 = 200;

/// Configuration of mail.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Transport.
    pub url: MailUrl,
    /// Sender.
    pub from: Mailbox,
    /// Address that bounces return to; the sender where unset.
    pub bounces: Option<lettre::Address>,
    /// File of trusted certificate authorities; the system's where unset.
    pub ca_file: Option<PathBuf>,
    /// Maximum number of connections to the mail server.
    pub connections: usize,
    /// Maximum time for a reply of the mail server.
    pub time_limit: Duration,
    /// Source of returned mail.
    pub returned: ReturnedUrl,
    /// Folder of the journal.
    pub journal: PathBuf,
    /// Rate limits of recipients' domains.
    pub rates: BTreeMap<String, Rate>,
    /// DKIM signature.
    pub dkim: Option<config::Dkim>,
    /// Retention of settled rows.
    pub keep: Duration,
}

impl Settings {
    /// Returns the settings from the sections of the configuration, whose check has validated `from` as an address.
    pub fn new(mail: &config::Mail, retention: &config::Retention) -> Self {
        let from: Mailbox = mail.from.parse().expect("the configuration is checked: mail.from is an address");
        // A host in ASCII: most mail servers take no other.
        let in_ascii =
            |email: lettre::Address| Address::parse(email.as_ref()).map_or(email, |address| address.for_mail());
        Self {
            url: mail.url.clone(),
            from: Mailbox::new(from.name, in_ascii(from.email)),
            bounces: mail.bounces.parse().ok().map(in_ascii),
            returned: mail.returned.clone(),
            ca_file: (!mail.ca_file.as_os_str().is_empty()).then(|| mail.ca_file.clone()),
            connections: mail.connections,
            time_limit: mail.time_limit.0,
            journal: mail.journal.clone(),
            rates: mail.rate.clone(),
            dkim: mail.dkim.is_on().then(|| mail.dkim.clone()),
            keep: retention.outbox.0,
        }
    }

    /// Returns the DNS record to be published where mail is signed. Errors: the reason in words.
    pub fn dkim_record(&self) -> Option<Result<DkimRecord, String>> {
        self.dkim.as_ref().map(|dkim| dkim::Signer::new(dkim).map(|signer| signer.record()))
    }

    /// Checks the transport: connects, encrypts, authenticates, and sends nothing. Errors: the reason in words.
    pub async fn try_out(&self) -> Result<(), String> {
        Transport::new(self).try_out().await
    }

    /// Returns the settings that are well formed and unusable: files that cannot be read, or hold something else.
    pub fn complaints(&self) -> Vec<String> {
        let certificates = self.ca_file.as_deref().map(smtp::tls::roots_in);
        let key = self.dkim.as_ref().map(dkim::Signer::new);
        let wrong = [certificates.and_then(Result::err), key.and_then(Result::err)];
        wrong.into_iter().flatten().collect()
    }
}

/// State of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Waits for its first or next attempt.
    Queued,
    /// Held until there is a transport.
    Held,
    /// Accepted by the mail server, or written to its file.
    Sent,
    /// Given up.
    Failed,
    /// No longer wanted when its turn came.
    Cancelled,
}

impl State {
    /// All states, in the order of a mail's life.
    pub const ALL: [Self; 5] = [Self::Queued, Self::Held, Self::Sent, Self::Failed, Self::Cancelled];

    /// Returns the code, as stored in the table and in JSON.
    pub fn code(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Held => "held",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl From<String> for State {
    fn from(code: String) -> Self {
        Self::ALL.into_iter().find(|state| state.code() == code).unwrap_or(Self::Failed)
    }
}

/// New delivery status of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryStatus {
    /// Queued, or queued again.
    Queued,
    /// Held until there is a transport.
    Held,
    /// Sent.
    Sent,
    /// Given up; the reason without addresses.
    Failed(String),
    /// Rejected permanently by the mail server.
    Refused(Refusal),
    /// No longer wanted; the reason as a code.
    Cancelled(&'static str),
}

impl DeliveryStatus {
    fn state(&self) -> State {
        match self {
            Self::Queued => State::Queued,
            Self::Held => State::Held,
            Self::Sent => State::Sent,
            Self::Failed(_) | Self::Refused(_) => State::Failed,
            Self::Cancelled(_) => State::Cancelled,
        }
    }

    fn reason(&self) -> Option<&str> {
        match self {
            Self::Failed(reason) => Some(reason),
            Self::Refused(refusal) => Some(&refusal.why),
            Self::Cancelled(code) => Some(code),
            Self::Queued | Self::Held | Self::Sent => None,
        }
    }
}

/// A mail to be sent; composed when its turn comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMail {
    /// Kind, which selects the [`Compose`].
    pub kind: &'static str,
    /// Reference: an id that the kind understands. At most one mail of a kind for each.
    pub reference: String,
    /// Recipient, shortened by [`hint`].
    pub hint: String,
}

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Mail {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    clock: SharedClock,
    returned: ReturnedUrl,
    renderer: Arc<Renderer>,
    transport: Transport,
    limits: Limits,
    journal: Journal,
    keep: Duration,
    composers: RwLock<HashMap<&'static str, Arc<dyn Compose>>>,
    in_hand: Arc<InHand>,
    watch: Watch,
    rest: Rest,
    unsure: UncertainDeliveries,
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mail")
    }
}

impl Mail {
    /// Returns the service; kinds of mail are added by [`Mail::register`].
    pub fn new(db: Db, clock: SharedClock, vault: Vault, settings: &Settings) -> Self {
        let renderer = Renderer {
            clock: Arc::clone(&clock),
            from: settings.from.clone(),
            return_path: ReturnPath::new(vault, settings),
            signer: settings.dkim.as_ref().map(dkim::Signer::new),
        };
        let inner = Inner {
            db,
            clock,
            returned: settings.returned.clone(),
            renderer: Arc::new(renderer),
            transport: Transport::new(settings),
            limits: Limits::new(&settings.rates),
            journal: Journal::new(settings.journal.clone()),
            keep: settings.keep,
            composers: RwLock::default(),
            in_hand: Arc::default(),
            watch: Watch::default(),
            rest: Rest::default(),
            unsure: UncertainDeliveries::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Registers the composer of a kind of mail.
    pub fn register(&self, kind: &'static str, composer: Arc<dyn Compose>) {
        self.inner.composers.write().unwrap_or_else(PoisonError::into_inner).insert(kind, composer);
    }

    fn composer(&self, kind: &str) -> Option<Arc<dyn Compose>> {
        self.inner.composers.read().unwrap_or_else(PoisonError::into_inner).get(kind).cloned()
    }

    fn composers(&self) -> Vec<(&'static str, Arc<dyn Compose>)> {
        let composers = self.inner.composers.read().unwrap_or_else(PoisonError::into_inner);
        composers.iter().map(|(kind, composer)| (*kind, Arc::clone(composer))).collect()
    }

    /// Whether there is no transport, so that mail is held.
    pub fn is_held(&self) -> bool {
        matches!(self.inner.transport, Transport::Hold)
    }

    /// Enqueues a mail in the caller's transaction: queued, or held where there is no transport.
    pub async fn enqueue(&self, conn: Conn<'_>, mail: &NewMail, now: Timestamp) -> Result<DeliveryStatus, DbError> {
        let status = if self.is_held() { DeliveryStatus::Held } else { DeliveryStatus::Queued };
        let id = MailId::random();
        let message_id = message::message_id(&self.inner.renderer.from);
        let made = store::Made {
            id: &id,
            message_id: &message_id,
            return_hash: &self.inner.renderer.return_path.hash_of(&id),
        };
        store::add(conn, &made, mail, status.state(), now).await?;
        Ok(status)
    }

    /// Queues held mail once there is a transport; returns the number. Does nothing without one.
    pub async fn release_held(&self) -> Result<usize, DbError> {
        let mut all = 0;
        while !self.is_held() {
            let now = self.inner.clock.now();
            let mut tx = self.inner.db.begin().await?;
            let released = store::release_held(tx.conn(), RELEASE_BATCH, now).await?;
            for (_, kind, reference) in &released {
                self.note_queued(tx.conn(), kind, reference, now).await?;
            }
            tx.commit().await?;
            if released.is_empty() {
                break;
            }
            all += released.len();
        }
        Ok(all)
    }

    /// Queues a failed mail again; false where it is not among those.
    pub async fn retry(&self, id: &MailId) -> Result<bool, DbError> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.db.begin().await?;
        let Some((kind, reference)) = store::retry(tx.conn(), id, now).await? else { return Ok(false) };
        self.note_queued(tx.conn(), &kind, &reference, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn note_queued(&self, conn: Conn<'_>, kind: &str, reference: &str, now: Timestamp) -> Result<(), DbError> {
        match self.composer(kind) {
            Some(composer) => composer.note(conn, reference, &DeliveryStatus::Queued, now).await,
            None => Ok(()),
        }
    }

    /// Returns the reason why no mail leaves at the moment: the mail server is unreachable, does not let us
    /// authenticate, or rejects all mail. `None` where mail leaves. Nothing is lost meanwhile; sending is retried
    /// automatically.
    pub async fn stopped(&self) -> Result<Option<Stopped>, DbError> {
        store::stops::stopped(self.inner.db.read().await?.conn()).await
    }

    /// Retries at once what [`Mail::stopped`] would retry later; false where nothing is stopped.
    pub async fn go_on(&self) -> Result<bool, DbError> {
        let mut tx = self.inner.db.begin().await?;
        let hurried = store::stops::hurry(tx.conn(), self.inner.clock.now()).await?;
        tx.commit().await?;
        Ok(hurried)
    }

    /// Returns the number of mails in each state.
    pub async fn counts(&self) -> Result<Vec<Counted>, DbError> {
        store::counts(self.inner.db.read().await?.conn()).await
    }

    /// Returns the outbox, the last changed first; in one state, or in all.
    pub async fn list(&self, state: Option<State>, from: &Cursor, size: usize) -> Result<Page<Entry>, DbError> {
        let items = store::list(self.inner.db.read().await?.conn(), state, from, size + 1).await?;
        Ok(Page::from_surplus(items, size, |last| Cursor { at: last.updated_at, id: last.id.to_string() }))
    }

    /// Returns the last mails with delivery problems: given up, or waiting for another attempt.
    pub async fn troubles(&self) -> Result<Vec<Entry>, DbError> {
        store::troubles(self.inner.db.read().await?.conn()).await
    }

    /// Returns a preview of a mail that has not left, without its links.
    pub async fn preview(&self, id: &MailId) -> Result<Option<Preview>, DbError> {
        let found = store::find(self.inner.db.read().await?.conn(), id).await?;
        let Some(mail) = found.filter(|mail| matches!(State::from(mail.state.clone()), State::Queued | State::Held))
        else {
            return Ok(None);
        };
        match self.composer(&mail.kind) {
            Some(composer) => composer.preview(&mail.reference, self.inner.clock.now()).await,
            None => Ok(None),
        }
    }
}

/// Returns the Message-ID of the mail of this kind and reference, where it left: a later mail refers to it.
pub async fn message_id_of(conn: Conn<'_>, kind: &str, reference: &str) -> Result<Option<String>, DbError> {
    store::message_id(conn, kind, reference).await
}

/// Deletes mails of these kinds and references from the outbox, sent or not, in the caller's transaction: their subject
/// is erased. Returns the number.
pub async fn forget(conn: Conn<'_>, kinds: &[&str], references: &[String]) -> Result<usize, DbError> {
    Ok(store::forget(conn, kinds, references).await?.len())
}
