//! Mail that came back, taken in: whose it was, what it claims, and what follows.
//!
//! What comes by mail is believed only where it carries the tag of our envelope sender or the token of our link, which none
//! but the recipient's side has seen; a service that has proved who it is may also name the Message-ID or the address.
//! Whatever is taken in twice is taken in once.

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

/// Job: read what came back. Comes by itself.
pub const FETCH_RETURNED: &str = "mail.returned";
/// Time between two runs.
const RUN_INTERVAL: Duration = Duration::from_secs(60);
/// How long returned mails are kept.
const KEPT_FOR: Duration = Duration::from_secs(400 * 86_400);

/// What came back for a mail, as the feature hears it that the mail belongs to.
#[derive(Debug, Clone, Copy)]
pub struct CameBack<'a> {
    /// Whose mail it was; none where only the address is known, from a service that proved who it is.
    pub reference: Option<&'a str>,
    /// What is said of each recipient. A mail has one recipient, so several are those it was forwarded to.
    pub rows: &'a [RecipientReport],
}

/// What followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consequence {
    /// What was claimed, of those rows that speak of the recipient.
    pub classification: Classification,
    /// What was done.
    pub done: IncomingOutcome,
}

/// What was done about something that came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IncomingOutcome {
    /// The address is not written to any more.
    Suppressed,
    /// It was counted; too many of these and the address is not written to any more.
    Noted,
    /// Nothing follows from it.
    Nothing,
    /// It is about no mail of ours, or does not prove that it is.
    NotOurs,
}

impl IncomingOutcome {
    /// As it stands in the table.
    pub fn code(self) -> &'static str {
        match self {
            Self::Suppressed => "suppressed",
            Self::Noted => "noted",
            Self::Nothing => "nothing",
            Self::NotOurs => "not_ours",
        }
    }
}

/// Something that came back, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Taken {
    /// When it was read.
    pub at: Timestamp,
    /// `folder`, `imap`, or the service that told.
    pub origin: String,
    /// `hard`, `soft`, `complaint`, `opt-out` or `nothing`.
    pub verdict: String,
    /// A [`reader::Reason`]'s code.
    pub reason: String,
    /// The enhanced status code.
    pub status: Option<String>,
    /// The reply code.
    pub reply: Option<i64>,
    /// A [`IncomingOutcome`]'s code.
    pub action: String,
    /// The kind of the mail that came back; none where it is not known.
    pub kind: Option<String>,
}

/// Something to be taken in: read from a mail, or told by a service.
#[derive(Debug, Clone)]
struct Coming {
    /// The same for the same thing, whenever it comes.
    id: String,
    origin: &'static str,
    rows: Vec<RecipientReport>,
    tags: Vec<String>,
    tokens: Vec<String>,
    /// Set by services that proved who they are.
    message_id: Option<String>,
    /// May the address alone be believed?
    proved: bool,
}

/// What became of a mail that was handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Handed {
    /// It was read; what followed.
    Read(IncomingOutcome),
    /// It is no mail.
    Unreadable,
}

impl Mail {
    /// The job that fetches what came back, where something is configured.
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

    /// Takes in a mail that came back, as it lies in a folder or a mailbox. An error is never the mail's fault.
    pub(super) async fn take_mail(&self, bytes: Vec<u8>, origin: &'static str) -> Result<Handed, DbError> {
        // Anybody can send what takes long to read: not where requests are answered.
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

    /// Whose mail it was, what follows, and a line about it: all or none, and once.
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

    /// The mail that it is about, by what only its recipient's side can have seen.
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

    /// Only an address is known: whoever has written to it acts.
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

    /// What came back since then, newest first.
    pub async fn came_back_since(&self, since: Timestamp, most: i64) -> Result<Vec<Taken>, DbError> {
        store::list(self.inner.db.read().await?.conn(), since, most).await
    }
}
