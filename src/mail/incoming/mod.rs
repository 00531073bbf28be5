//! Processing of returned mail: the mail that it is about, its claim, and the consequences.
//!
//! A returned mail is trusted only where it carries the tag of our envelope sender or the token of our link, known only
//! to the recipient's side; an authenticated service may also name the Message-ID or the address. Processing is
//! idempotent.

mod classify;
mod folder;
mod hook;
mod imap;
mod services;
pub(in crate::mail) mod store;
mod unreadable;

pub use classify::Classification;
pub use hook::{Call, HookError, Hooks, Service};

use super::reader::{self, Kind, RecipientReport};
use super::store::Entry;
use super::{Mail, reader::Report};
use crate::clock::Timestamp;
use crate::config::ReturnedUrl;
use crate::database::DbError;
use crate::jobs;
use crate::vault::plain_hash;
use std::sync::Arc;
use std::time::Duration;
use unreadable::Unreadable;

/// Job: read returned mail. Scheduled automatically.
pub const FETCH_RETURNED: &str = "mail.returned";
/// Time between two runs.
const RUN_INTERVAL: Duration = Duration::from_secs(60);
/// Retention of returned mails.
const KEPT_FOR: Duration = Duration::from_secs(400 * 86_400);

/// Returned mail, as passed to the feature that owns the mail.
#[derive(Debug, Clone, Copy)]
pub struct CameBack<'a> {
    /// Reference of the mail; `None` where only the address is known, from an authenticated service.
    pub reference: Option<&'a str>,
    /// Reports on each recipient. A mail has one recipient; several are those it was forwarded to.
    pub rows: &'a [RecipientReport],
}

/// Consequence of a returned mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consequence {
    /// Combined claim of the rows about the recipient.
    pub classification: Classification,
    /// Outcome.
    pub done: IncomingOutcome,
}

/// Outcome of a returned mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IncomingOutcome {
    /// The address is suppressed.
    Suppressed,
    /// The failure was counted; the address is suppressed after too many of these.
    Noted,
    /// No consequences.
    Nothing,
    /// It is not about a mail of ours, or does not prove that it is.
    NotOurs,
}

impl IncomingOutcome {
    /// Returns the code, as stored in the table.
    pub fn code(self) -> &'static str {
        match self {
            Self::Suppressed => "suppressed",
            Self::Noted => "noted",
            Self::Nothing => "nothing",
            Self::NotOurs => "not_ours",
        }
    }
}

/// A processed returned mail, as stored.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Taken {
    /// Time at which it was read.
    pub at: Timestamp,
    /// Origin: `folder`, `imap`, or the code of the service.
    pub origin: String,
    /// Verdict: `hard`, `soft`, `complaint`, `opt-out` or `nothing`.
    pub verdict: String,
    /// Code of a [`reader::Reason`].
    pub reason: String,
    /// Enhanced status code.
    pub status: Option<String>,
    /// Reply code.
    pub reply: Option<i64>,
    /// Code of an [`IncomingOutcome`].
    pub action: String,
    /// Kind of the mail that was returned; `None` where it is unknown.
    pub kind: Option<String>,
}

/// Statement to be processed: read from a mail, or reported by a service.
#[derive(Debug, Clone)]
struct Coming {
    /// Id of the statement, the same whenever it is received.
    id: String,
    origin: &'static str,
    rows: Vec<RecipientReport>,
    tags: Vec<String>,
    tokens: Vec<String>,
    /// Message-ID, set by authenticated services.
    message_id: Option<String>,
    /// Whether the address alone is trusted.
    proved: bool,
}

/// Result of processing a returned mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Handed {
    /// It was read; the consequences.
    Read(IncomingOutcome),
    /// It is not a mail.
    Unreadable,
}

impl Mail {
    /// Returns the job that fetches returned mail, where a source is configured.
    pub fn returned_job(&self) -> Option<jobs::Kind> {
        let from = self.inner.returned.clone();
        if from == ReturnedUrl::Nowhere {
            return None;
        }
        let (mail, unreadable) = (self.clone(), Arc::new(Unreadable::default()));
        let fetch = move |running: jobs::Running| {
            let (mail, from, unreadable) = (mail.clone(), from.clone(), Arc::clone(&unreadable));
            async move {
                let fetched = match &from {
                    ReturnedUrl::Nowhere => Ok(0),
                    ReturnedUrl::File(folder) => folder::fetch(&mail, folder, &running.cancelled).await,
                    ReturnedUrl::Imap(url) => imap::fetch(&mail, url, &unreadable, &running.cancelled).await,
                };
                let forgotten = mail.forget_returned().await;
                match fetched.and_then(|mails| forgotten.map(|()| mails).map_err(|error| error.to_string())) {
                    Ok(0) => jobs::Outcome::Done,
                    Ok(mails) => {
                        tracing::info!(mails, "mail that came back was read");
                        jobs::Outcome::Done
                    }
                    Err(why) => jobs::Outcome::Retry(why),
                }
            }
        };
        Some(jobs::Kind::new(FETCH_RETURNED, fetch).every(RUN_INTERVAL))
    }

    async fn forget_returned(&self) -> Result<(), DbError> {
        let mut tx = self.inner.db.begin().await?;
        store::forget(tx.conn(), self.inner.clock.now().minus(KEPT_FOR)).await?;
        tx.commit().await
    }

    /// Processes a returned mail from a folder or a mailbox. Errors: never because of the mail.
    pub(super) async fn take_mail(&self, bytes: Vec<u8>, origin: &'static str) -> Result<Handed, DbError> {
        // Anyone can send mail that takes long to parse: not on the threads that serve requests.
        let read = tokio::task::spawn_blocking(move || (reader::read(&bytes), plain_hash(&bytes))).await;
        let (reports, whole) = read.unwrap_or_else(|panic| {
            tracing::error!(%panic, origin, "reading a mail that came back broke off: it is taken for no mail");
            (Vec::new(), String::new())
        });
        if reports.is_empty() {
            return Ok(Handed::Unreadable);
        }
        let mut last = IncomingOutcome::Nothing;
        for (at, report) in reports.into_iter().enumerate() {
            let Report { kind, rows, tags, tokens } = report;
            if kind == Kind::Unknown {
                continue;
            }
            let id = plain_hash(format!("{whole}:{at}").as_bytes());
            let coming = Coming { id, origin, rows, tags, tokens, message_id: None, proved: false };
            last = self.take_in(&coming).await?;
        }
        Ok(Handed::Read(last))
    }

    /// Finds the mail, applies the consequences and stores a row about it: in one transaction, and once.
    async fn take_in(&self, coming: &Coming) -> Result<IncomingOutcome, DbError> {
        if store::known(self.inner.db.read().await?.conn(), &coming.id).await? {
            return Ok(IncomingOutcome::Nothing);
        }
        let found = self.whose(coming).await?;
        let now = self.inner.clock.now();
        let mut tx = self.inner.db.begin().await?;
        let mail = found.as_ref().map(|entry| &entry.id);
        if !store::add(tx.conn(), &coming.id, mail, coming.origin, now).await? {
            return Ok(IncomingOutcome::Nothing);
        }
        let about = CameBack { reference: found.as_ref().map(|entry| entry.reference.as_str()), rows: &coming.rows };
        let followed = match &found {
            Some(entry) => match self.composer(&entry.kind) {
                Some(composer) => composer.came_back(tx.conn(), about, now).await?,
                None => None,
            },
            None if coming.proved => self.by_address(&mut tx, about, now).await?,
            None => None,
        };
        let done = if found.is_some() { IncomingOutcome::Nothing } else { IncomingOutcome::NotOurs };
        let followed = followed
            .unwrap_or_else(|| Consequence { classification: Classification::of(&coming.rows, |_| false), done });
        store::say_done(tx.conn(), &coming.id, &followed).await?;
        tx.commit().await?;
        let (reason, done) = (followed.classification.reason.code(), followed.done);
        tracing::info!(origin = coming.origin, reason, done = done.code(), "something came back");
        Ok(done)
    }

    /// Returns the mail that it is about, by a secret that only the recipient's side can know.
    async fn whose(&self, coming: &Coming) -> Result<Option<Entry>, DbError> {
        for tag in &coming.tags {
            if let Some(entry) = self.returned(tag).await? {
                return Ok(Some(entry));
            }
        }
        for (kind, composer) in self.composers() {
            for token in &coming.tokens {
                let Some(reference) = composer.recognise(token).await? else { continue };
                let mut reader = self.inner.db.read().await?;
                if let Some(entry) = store::by_reference(reader.conn(), kind, &reference).await? {
                    return Ok(Some(entry));
                }
            }
        }
        match coming.message_id.as_deref().filter(|_| coming.proved) {
            Some(id) => store::by_message_id(self.inner.db.read().await?.conn(), id).await,
            None => Ok(None),
        }
    }

    /// Processes a statement of which only the address is known: the first feature that has written to it acts.
    async fn by_address(
        &self,
        tx: &mut crate::database::Tx,
        about: CameBack<'_>,
        now: Timestamp,
    ) -> Result<Option<Consequence>, DbError> {
        for (_, composer) in self.composers() {
            let followed = composer.came_back(tx.conn(), about, now).await?;
            if followed.is_some() {
                return Ok(followed);
            }
        }
        Ok(None)
    }

    /// Returns the mail returned since then, newest first.
    pub async fn came_back_since(&self, since: Timestamp, most: i64) -> Result<Vec<Taken>, DbError> {
        store::list(self.inner.db.read().await?.conn(), since, most).await
    }
}
