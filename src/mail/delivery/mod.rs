//! Delivery of due mail, a batch at a time, in four stages:
//!
//! 1. [`claim`]: one transaction claims the due mails whose domains' rates allow it, and a lease keeps other workers off
//!    them. A batch whose process died is claimed again; what the journal says has left is settled first.
//! 2. [`render`]: the features compose their mails, or tell that one is no longer wanted; each mail becomes bytes, with
//!    sender and signature, when it is about to be sent.
//! 3. [`send`]: the workers of the transport take mails from the batch's queue and report the outcome of each. A mail
//!    that has left is written to the journal before anything else.
//! 4. [`settle`]: one transaction stores all outcomes: sent, failed, retried later, or all sending stopped for a while.
//!    It is repeated until it succeeds; only then is the batch's journal deleted.

mod claim;
mod render;
mod send;
mod settle;

pub(super) use claim::{InHand, Watch};
pub(super) use render::{RenderedMail, Renderer, Words};
pub(super) use send::SendQueue;

use super::{DeliveryStatus, Mail};
use crate::clock::Timestamp;
use crate::database::DbError;
use claim::Batch;
use render::ComposedBatch;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Pause after an internal failure.
const REST: Duration = Duration::from_secs(5);

impl Mail {
    /// Delivers one batch of due mail.
    pub(super) async fn deliver(&self, cancelled: &CancellationToken) -> Result<(), DbError> {
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
        let ComposedBatch { letters, unwritten } = self.compose_batch(batch).await?;
        let inner = &self.inner;
        let (renderer, journal) = (Arc::clone(&inner.renderer), Arc::clone(&batch.journal));
        let feed = Arc::new(SendQueue::new(letters, renderer, journal, inner.limits.clone(), batch.stopped.clone()));
        inner.transport.send_all(&feed).await;
        self.finish(batch, &feed, unwritten, cancelled).await
    }
}

/// Pause after an internal failure.
#[derive(Debug, Default)]
pub(in crate::mail) struct Rest(AtomicI64);

impl Rest {
    pub fn begin(&self, now: Timestamp) {
        self.0.store(now.plus(REST).0, Ordering::Relaxed);
    }

    /// Whether the pause lasts; a clock that has gone back ends it.
    pub fn is_on(&self, now: Timestamp) -> bool {
        let until = Timestamp(self.0.load(Ordering::Relaxed));
        now < until && until <= now.plus(REST)
    }
}
