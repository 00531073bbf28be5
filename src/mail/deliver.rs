//! Delivery: batches of due mail are composed, sent and settled.

use super::batch::Batch;
use super::compose::{Compose, ComposeError, Composed};
use super::render::{RenderedMail, Words};
use super::send_queue::SendQueue;
use super::store::{self, queue};
use super::transport::Outgoing;
use super::{DELIVER, DeliveryStatus, Mail};
use crate::clock::Timestamp;
use crate::database::DbError;
use crate::ids::MailId;
use crate::jobs::{Kind, Outcome};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Job: delete mails that were settled long ago.
const PURGE: &str = "mail.purge";
/// Maximum number of rows deleted in one transaction.
const PURGE_BATCH: i64 = 1000;
/// Number of concurrent batches: while one is settled, the next is composed.
const BATCHES: usize = 2;
const DAY: Duration = Duration::from_secs(86_400);
/// Pause after an internal failure.
const REST: Duration = Duration::from_secs(5);

impl Mail {
    /// Returns the kinds of job that this feature runs.
    pub fn jobs(&self) -> Vec<Kind> {
        let (mail, looking) = (self.clone(), self.clone());
        let deliver = move |running: crate::jobs::Running| {
            let mail = mail.clone();
            async move {
                match mail.deliver(&running.cancelled).await {
                    Ok(()) => Outcome::Done,
                    Err(error) => {
                        mail.inner.rest.begin(mail.inner.clock.now().plus(REST));
                        Outcome::Retry(error.to_string())
                    }
                }
            }
        };
        let look = move |now| {
            let mail = looking.clone();
            async move {
                mail.inner.transport.tidy();
                if let Err(error) = mail.drop_uncertain(now).await {
                    tracing::warn!(%error, "mails kept in memory could not be looked up in the outbox; they stay for now");
                }
                !mail.inner.rest.is_on(now) && mail.any_due(now).await.unwrap_or(false)
            }
        };
        let mail = self.clone();
        let purge = move |_| {
            let mail = mail.clone();
            async move { mail.purge().await.map_or_else(|e| Outcome::Retry(e.to_string()), |_| Outcome::Done) }
        };
        vec![
            Kind::new(DELIVER, deliver).max_concurrent(BATCHES).found_by(look),
            Kind::new(PURGE, purge).every(Duration::from_secs(3600)),
        ]
    }

    /// Deletes mails that were settled longer ago than `retention.outbox`; returns their number. Mail returned for them
    /// later cannot be matched.
    pub async fn purge(&self) -> Result<u64, DbError> {
        let now = self.inner.clock.now();
        let before = now.minus(self.inner.keep);
        let mut tx = self.inner.db.begin().await?;
        // A domain without mail for a day has accumulated its maximum allowance.
        queue::forget_rates(tx.conn(), now.minus(DAY)).await?;
        tx.commit().await?;
        let mut all = 0;
        loop {
            let mut tx = self.inner.db.begin().await?;
            let purged = store::purge(tx.conn(), before, PURGE_BATCH).await?;
            tx.commit().await?;
            all += purged;
            if purged == 0 {
                break;
            }
        }
        if all > 0 {
            tracing::info!(all, "lines of the outbox were older than retention.outbox and are gone");
        }
        Ok(all)
    }

    async fn deliver(&self, cancelled: &CancellationToken) -> Result<(), DbError> {
        let id = uuid::Uuid::new_v4().to_string();
        let journal = match self.inner.journal.begin(&id) {
            Ok(journal) => journal,
            // A mail whose sending cannot be recorded is not sent.
            Err(error) => return self.stop(&format!("mail.journal can't be written: {error}")).await,
        };
        let mut batch = self.claim(id, journal, cancelled).await?;
        if batch.had_been_lost() {
            let gone = self.settle_orphans().await?;
            batch.without(&gone);
        }
        let worked = self.work(&batch, cancelled).await;
        if worked.is_ok() {
            batch.journal.forget();
        }
        worked
    }

    async fn work(&self, batch: &Batch, cancelled: &CancellationToken) -> Result<(), DbError> {
        if batch.mails.is_empty() {
            return Ok(());
        }
        if self.is_held() {
            let held = batch.mails.iter().map(|mail| (mail.id.clone(), DeliveryStatus::Held)).collect();
            return self.settle(batch, held).await;
        }
        let Written { letters, unwritten } = self.write(batch).await?;
        let inner = &self.inner;
        let (renderer, journal) = (Arc::clone(&inner.renderer), Arc::clone(&batch.journal));
        let feed = Arc::new(SendQueue::new(letters, renderer, journal, inner.limits.clone(), batch.stopped.clone()));
        inner.transport.send_all(&feed).await;
        self.finish(batch, &feed, unwritten, cancelled).await
    }

    /// Composes each mail, or decides its status instead.
    async fn write(&self, batch: &Batch) -> Result<Written, DbError> {
        let mut kinds: BTreeMap<&str, Vec<&queue::Due>> = BTreeMap::new();
        for mail in &batch.mails {
            kinds.entry(&mail.kind).or_default().push(mail);
        }
        let mut written = Written::default();
        let now = self.inner.clock.now();
        for (kind, mails) in kinds {
            let Some(composer) = self.composer(kind) else {
                let why = format!("this version sends no mail of the kind {kind}");
                written
                    .unwritten
                    .extend(mails.iter().map(|mail| (mail.id.clone(), DeliveryStatus::Failed(why.clone()))));
                continue;
            };
            let (mut again, mut new) = (Vec::new(), Vec::new());
            for mail in mails {
                match self.inner.unsure.get(&mail.id) {
                    Some(kept) => again.push((mail, kept)),
                    None => new.push(mail),
                }
            }
            if !again.is_empty() {
                written.take_again(&*composer, again, now).await?;
            }
            if !new.is_empty() {
                written.compose(&*composer, &new, now).await?;
            }
        }
        // In the order in which they were due.
        let places: HashMap<_, _> = batch.mails.iter().enumerate().map(|(place, mail)| (&mail.id, place)).collect();
        written.letters.sort_by_key(|letter| places.get(&letter.id).copied());
        Ok(written)
    }
}

/// Mails to be sent, and the statuses of the others.
#[derive(Default)]
struct Written {
    letters: Vec<RenderedMail>,
    unwritten: Vec<(MailId, DeliveryStatus)>,
}

impl Written {
    async fn compose(&mut self, composer: &dyn Compose, mails: &[&queue::Due], now: Timestamp) -> Result<(), DbError> {
        let references: Vec<_> = mails.iter().map(|mail| mail.reference.as_str()).collect();
        let composed = composer.compose_many(&references, now).await?;
        for (mail, composed) in mails.iter().zip(composed) {
            match composed {
                Ok(composed) => self.letters.push(letter(mail, words(mail, composed))),
                Err(ComposeError::Cancelled(code)) => {
                    self.unwritten.push((mail.id.clone(), DeliveryStatus::Cancelled(code)))
                }
                Err(ComposeError::Impossible(why)) => {
                    self.unwritten.push((mail.id.clone(), DeliveryStatus::Failed(why)))
                }
                // It stays in the batch, and is given back with it.
                Err(ComposeError::Database(error)) => tracing::error!(%error, "a mail could not be written"),
            }
        }
        Ok(())
    }

    /// Resends mails that may have left: unchanged, where they are still wanted. Days can lie between two attempts.
    async fn take_again(
        &mut self,
        composer: &dyn Compose,
        mails: Vec<(&queue::Due, Outgoing)>,
        now: Timestamp,
    ) -> Result<(), DbError> {
        let references: Vec<_> = mails.iter().map(|(mail, _)| mail.reference.as_str()).collect();
        let unwanted = composer.still_wanted(&references, now).await?;
        for ((mail, kept), unwanted) in mails.into_iter().zip(unwanted) {
            match unwanted {
                None => self.letters.push(letter(mail, Words::Kept(kept))),
                Some(code) => self.unwritten.push((mail.id.clone(), DeliveryStatus::Cancelled(code))),
            }
        }
        Ok(())
    }
}

fn letter(mail: &queue::Due, words: Words) -> RenderedMail {
    RenderedMail { id: mail.id.clone(), domain: mail.domain.clone(), words }
}

fn words(mail: &queue::Due, composed: Composed) -> Words {
    Words::Written { composed: Box::new(composed), message_id: mail.message_id.clone(), created: mail.created_at }
}

/// Pause after an internal failure.
#[derive(Debug, Default)]
pub(super) struct Rest(AtomicI64);

impl Rest {
    fn begin(&self, until: Timestamp) {
        self.0.store(until.0, Ordering::Relaxed);
    }

    /// Whether the pause lasts; a clock that has gone back ends it.
    fn is_on(&self, now: Timestamp) -> bool {
        let until = Timestamp(self.0.load(Ordering::Relaxed));
        now < until && until <= now.plus(REST)
    }
}
