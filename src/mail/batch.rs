//! A batch: what is due is taken by one transaction, and nobody else has it as long as the batch lives.

use super::Mail;
use super::journal::Entries;
use super::store::{queue, stops};
use crate::clock::Timestamp;
use crate::database::DbError;
use crate::ids::MailId;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// Maximum number of mails in a batch.
const MAX_BATCH: usize = 200;
/// Batch size after a batch-wide failure: a small probe tells a server problem from a recipient problem.
const PROBE_BATCH: usize = 8;
/// A batch that has not been renewed for so long is lost, and another takes its mails.
const LEASE: Duration = Duration::from_secs(30);
/// Pause before the next try to renew a batch, after one that failed.
const RENEW_AGAIN: Duration = Duration::from_secs(1);
/// A process that saw nothing of the database for so long was halted, or the database was away.
const GAP: Duration = Duration::from_secs(10);
/// Maximum step back of the clock that is ignored.
const MAX_CLOCK_STEP_BACK: Duration = Duration::from_secs(60);

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
    /// Cancelled when the process stops, or others may have the batch: nothing more of it may leave.
    pub stopped: CancellationToken,
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
        let lost_too = self.inner.watch.may_take_lost(Instant::now());
        let due = queue::any_due(self.inner.db.read().await?.conn(), now, &in_hand, lost_too).await?;
        self.inner.watch.saw_database(Instant::now());
        Ok(due)
    }

    /// Takes what is due; what comes too early for its domain gets its place there. `journal`: of this batch; it tells,
    /// should this process die, that nobody has the batch any more.
    pub(super) async fn claim(
        &self,
        id: String,
        journal: Entries,
        cancelled: &CancellationToken,
    ) -> Result<Batch, DbError> {
        let now = self.inner.clock.now();
        let in_hand = self.inner.in_hand.as_json();
        let mut tx = self.inner.db.begin().await?;
        let most = if stops::stopped(tx.conn()).await?.is_some() { PROBE_BATCH } else { MAX_BATCH };
        let lost_too = self.inner.watch.may_take_lost(Instant::now());
        let due = queue::due(tx.conn(), now, &in_hand, most, lost_too).await?;
        let (mails, places) = self.inner.limits.divide(tx.conn(), due, now).await?;
        queue::place(tx.conn(), &places, now).await?;
        let hashes = mails.iter().map(|mail| (&mail.id, self.inner.renderer.return_path.hash_of(&mail.id)));
        queue::take(tx.conn(), hashes, &id, now.plus(LEASE)).await?;
        // Known to be ours before anybody can see that it is taken.
        self.inner.in_hand.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone());
        let stopped = cancelled.child_token();
        let renewal = AbortOnDropHandle::new(tokio::spawn(keep(self.clone(), id.clone(), stopped.clone())));
        let batch = Batch {
            id,
            mails,
            journal: Arc::new(journal),
            stopped,
            in_hand: Arc::clone(&self.inner.in_hand),
            _renewal: renewal,
        };
        tx.commit().await?;
        Ok(batch)
    }

    /// False where nothing of the batch is ours any more.
    async fn renew(&self, batch: &str) -> Result<bool, DbError> {
        let until = self.inner.clock.now().plus(LEASE);
        let mut tx = self.inner.db.begin().await?;
        let renewed = queue::renew(tx.conn(), batch, until).await?;
        tx.commit().await?;
        Ok(renewed > 0)
    }

    /// Times that were set while the clock was ahead would hold mail up until then.
    async fn mend(&self, now: Timestamp) -> Result<(), DbError> {
        let mut tx = self.inner.db.begin().await?;
        let mended = queue::mend(tx.conn(), now, now.plus(MAX_CLOCK_STEP_BACK), now.plus(LEASE * 2)).await?;
        tx.commit().await?;
        if mended > 0 {
            tracing::warn!(mended, "the clock has gone back: mail that was put off until then is due now");
        }
        Ok(())
    }
}

/// Renews a batch as long as it lives. Where that fails until its time is over, others may take it: then it is stopped, for
/// what leaves now could leave twice.
async fn keep(mail: Mail, batch: String, stopped: CancellationToken) {
    let (mut lost_at, mut pause) = (Instant::now() + LEASE, LEASE / 3);
    loop {
        tokio::time::sleep(pause).await;
        let begun = Instant::now();
        match tokio::time::timeout_at(lost_at, mail.renew(&batch)).await {
            Ok(Ok(true)) => (lost_at, pause) = (begun + LEASE, LEASE / 3),
            Ok(Err(error)) => {
                tracing::warn!(%error, "a batch of mail could not be renewed; trying again");
                pause = RENEW_AGAIN;
            }
            Ok(Ok(false)) | Err(_) => {
                stopped.cancel();
                return;
            }
        }
    }
}

/// Watches the clock, and whether the database is there.
#[derive(Debug, Default)]
pub(super) struct Watch {
    last: Mutex<Option<Timestamp>>,
    looked: AtomicBool,
    sight: Mutex<Sight>,
}

/// When this process saw the database.
#[derive(Debug, Default)]
struct Sight {
    last: Option<Instant>,
    /// When the last gap ended.
    gap_ended: Option<Instant>,
}

impl Sight {
    fn is_gap(&self, at: Instant) -> bool {
        self.last.is_some_and(|last| at.saturating_duration_since(last) > GAP)
    }
}

impl Watch {
    /// Has this process not looked yet what others have left?
    fn is_first_look(&self) -> bool {
        !self.looked.load(Ordering::Relaxed)
    }

    fn looked(&self) {
        self.looked.store(true, Ordering::Relaxed);
    }

    /// Whether batches whose time is over may be taken from other processes. Not within a lease after a gap: those could not
    /// renew theirs either while the database was away, and may have sent half of them.
    fn may_take_lost(&self, at: Instant) -> bool {
        let sight = self.sight();
        let after_gap = |ended: Instant| at.saturating_duration_since(ended) < LEASE;
        !sight.is_gap(at) && !sight.gap_ended.is_some_and(after_gap)
    }

    fn saw_database(&self, at: Instant) {
        let mut sight = self.sight();
        if sight.is_gap(at) {
            sight.gap_ended = Some(at);
        }
        sight.last = Some(at);
    }

    fn sight(&self) -> MutexGuard<'_, Sight> {
        self.sight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the clock gone back since the last look? So counts the first look of a process: nobody knows what was before.
    fn clock_went_back(&self, now: Timestamp) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let back = last.is_none_or(|last| now.plus(MAX_CLOCK_STEP_BACK) < last);
        *last = Some(if back { now } else { last.map_or(now, |last| last.max(now)) });
        back
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_gap_others_get_a_lease_to_come_back() {
        let (watch, begin) = (Watch::default(), Instant::now());
        let at = |seconds| begin + Duration::from_secs(seconds);
        assert!(watch.may_take_lost(at(0)), "nothing is known of a gap");
        for second in 0..=20 {
            watch.saw_database(at(second));
        }
        assert!(watch.may_take_lost(at(20)));
        // The database was away for a minute.
        assert!(!watch.may_take_lost(at(80)));
        watch.saw_database(at(80));
        assert!(!watch.may_take_lost(at(81)));
        for second in 81..=110 {
            watch.saw_database(at(second));
        }
        assert!(watch.may_take_lost(at(110)));
    }
}
