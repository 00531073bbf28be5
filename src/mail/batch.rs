//! A batch: what is due is taken by one transaction, and nobody else has it as long as the batch lives.

use super::Mail;
use super::journal::Entries;
use super::store::{queue, stops};
use crate::clock::Timestamp;
use crate::database::DbError;
use crate::ids::MailId;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_util::task::AbortOnDropHandle;

/// Mails in a batch.
const MOST: usize = 200;
/// And where the last one found the way out shut: enough to tell what is about us from what is about one recipient.
const MOST_TO_TRY: usize = 8;
/// A batch that has not been renewed for so long is lost, and another takes its mails.
const LEASE: Duration = Duration::from_secs(30);
/// A clock that has gone back by less has not gone back.
const SLACK: Duration = Duration::from_secs(60);

/// The batches that this process has in hand.
#[derive(Debug, Default)]
pub(super) struct InHand(Mutex<BTreeSet<String>>);

impl InHand {
    /// As statements take them: a JSON array.
    pub fn as_json(&self) -> String {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        serde_json::json!(*all).to_string()
    }
}

/// Mails taken together.
pub(super) struct Batch {
    pub id: String,
    pub mails: Vec<queue::Due>,
    /// Which of them have left.
    pub journal: Arc<Entries>,
    in_hand: Arc<InHand>,
    _renewal: AbortOnDropHandle<()>,
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.in_hand.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

impl Batch {
    /// Did a batch that was lost have one of them before?
    pub fn had_been_lost(&self) -> bool {
        self.mails.iter().any(|mail| mail.batch.is_some())
    }

    /// Without those that turn out to have left.
    pub fn without(&mut self, gone: &[MailId]) {
        self.mails.retain(|mail| !gone.contains(&mail.id));
    }
}

impl Mail {
    /// Is anything due, and may it leave? Reads only.
    pub(super) async fn any_due(&self, now: Timestamp) -> Result<bool, DbError> {
        if self.inner.watch.is_first_look() {
            self.settle_orphans().await?;
            self.inner.watch.looked();
        }
        if self.inner.watch.clock_went_back(now) {
            self.mend(now).await?;
        }
        let in_hand = self.inner.in_hand.as_json();
        queue::any_due(self.inner.db.read().await?.conn(), now, &in_hand).await
    }

    /// Takes what is due; what comes too early for its domain gets its place there. `journal`: of this batch; it tells,
    /// should this process die, that nobody has the batch any more.
    pub(super) async fn claim(&self, id: String, journal: Entries) -> Result<Batch, DbError> {
        let now = self.inner.clock.now();
        let in_hand = self.inner.in_hand.as_json();
        let mut tx = self.inner.db.begin().await?;
        let most = if stops::stopped(tx.conn()).await?.is_some() { MOST_TO_TRY } else { MOST };
        let due = queue::due(tx.conn(), now, &in_hand, most).await?;
        let (mails, places) = self.inner.limits.divide(tx.conn(), due, now).await?;
        queue::place(tx.conn(), &places, now).await?;
        let hashes = mails.iter().map(|mail| (&mail.id, self.inner.press.return_path.hash_of(&mail.id)));
        queue::take(tx.conn(), hashes, &id, now.plus(LEASE)).await?;
        // Known to be ours before anybody can see that it is taken.
        self.inner.in_hand.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone());
        let renewal = AbortOnDropHandle::new(tokio::spawn(renew(self.clone(), id.clone())));
        let batch = Batch {
            id,
            mails,
            journal: Arc::new(journal),
            in_hand: Arc::clone(&self.inner.in_hand),
            _renewal: renewal,
        };
        tx.commit().await?;
        Ok(batch)
    }

    /// Times that were set while the clock was ahead would hold mail up until then.
    async fn mend(&self, now: Timestamp) -> Result<(), DbError> {
        let mut tx = self.inner.db.begin().await?;
        let mended = queue::mend(tx.conn(), now, now.plus(SLACK), now.plus(LEASE * 2)).await?;
        tx.commit().await?;
        if mended > 0 {
            tracing::warn!(mended, "the clock has gone back: mail that was put off until then is due now");
        }
        Ok(())
    }
}

async fn renew(mail: Mail, batch: String) {
    loop {
        tokio::time::sleep(LEASE / 3).await;
        let until = mail.inner.clock.now().plus(LEASE);
        let renewed = async {
            let mut tx = mail.inner.db.begin().await?;
            queue::renew(tx.conn(), &batch, until).await?;
            tx.commit().await
        };
        if let Err(error) = renewed.await {
            tracing::warn!(%error, "a batch of mail could not be renewed");
        }
    }
}

/// Watches the clock.
#[derive(Debug, Default)]
pub(super) struct Watch {
    last: Mutex<Option<Timestamp>>,
    looked: AtomicBool,
}

impl Watch {
    /// Has this process not looked yet what others have left?
    fn is_first_look(&self) -> bool {
        !self.looked.load(Ordering::Relaxed)
    }

    fn looked(&self) {
        self.looked.store(true, Ordering::Relaxed);
    }

    /// Has the clock gone back since the last look? So counts the first look of a process: nobody knows what was before.
    fn clock_went_back(&self, now: Timestamp) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let back = last.is_none_or(|last| now.plus(SLACK) < last);
        *last = Some(if back { now } else { last.map_or(now, |last| last.max(now)) });
        back
    }
}
