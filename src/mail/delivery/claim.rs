//! Stage 1: batches of due mail. One transaction claims the mails; no other worker has them while the batch's lease lasts.

use crate::clock::Timestamp;
use crate::database::DbError;
use crate::ids::MailId;
use crate::mail::Mail;
use crate::mail::journal::Entries;
use crate::mail::store::{queue, stops};
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
/// Lease of a batch: one that is not renewed within this time is lost, and another worker claims its mails.
const LEASE: Duration = Duration::from_secs(30);
/// Pause before the next attempt to renew a batch, after one that failed.
const RENEW_AGAIN: Duration = Duration::from_secs(1);
/// Minimum time without contact with the database that counts as a gap: the process was suspended, or the database was
/// down.
const GAP: Duration = Duration::from_secs(10);
/// Maximum step back of the clock that is ignored.
const MAX_CLOCK_STEP_BACK: Duration = Duration::from_secs(60);

/// Ids of the batches that this process is working on.
#[derive(Debug, Default)]
pub(in crate::mail) struct InHand(Mutex<BTreeSet<String>>);

impl InHand {
    /// Returns the ids as a JSON array, the form in which statements take them.
    pub fn as_json(&self) -> String {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        serde_json::json!(*all).to_string()
    }
}

/// Mails claimed together.
pub(super) struct Batch {
    pub id: String,
    pub mails: Vec<queue::Due>,
    /// Journal of the mails of this batch that have left.
    pub journal: Arc<Entries>,
    /// Cancelled when the process stops or when others may have the batch: no more of it may leave.
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
    /// Whether one of the mails was in a batch that was lost before.
    pub fn had_been_lost(&self) -> bool {
        self.mails.iter().any(|mail| mail.batch.is_some())
    }

    /// Removes the mails that turn out to have left already.
    pub fn without(&mut self, gone: &[MailId]) {
        self.mails.retain(|mail| !gone.contains(&mail.id));
    }
}

impl Mail {
    /// Whether any mail is due and may leave. Reads only.
    pub(in crate::mail) async fn any_due(&self, now: Timestamp) -> Result<bool, DbError> {
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

    /// Claims the due mails; mails that come too early for their domain's rate are scheduled for later. `journal`: the
    /// journal of this batch; should this process die, it tells the next one that the batch is orphaned.
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
        // Registered as ours before anyone can see that it is claimed.
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

    /// Renews the lease; false where no mail of the batch is ours any more.
    async fn renew(&self, batch: &str) -> Result<bool, DbError> {
        let until = self.inner.clock.now().plus(LEASE);
        let mut tx = self.inner.db.begin().await?;
        let renewed = queue::renew(tx.conn(), batch, until).await?;
        tx.commit().await?;
        Ok(renewed > 0)
    }

    /// Repairs times that were set while the clock was ahead: they would delay mail until then.
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

/// Renews a batch until it is done. Where renewal fails until the lease is over, the batch is stopped: others may claim
/// it, and what leaves now could leave twice.
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

/// Monitors the clock and the connection to the database.
#[derive(Debug, Default)]
pub(in crate::mail) struct Watch {
    last: Mutex<Option<Timestamp>>,
    looked: AtomicBool,
    sight: Mutex<Sight>,
}

/// Contact of this process with the database.
#[derive(Debug, Default)]
struct Sight {
    last: Option<Instant>,
    /// End of the last gap.
    gap_ended: Option<Instant>,
}

impl Sight {
    fn is_gap(&self, at: Instant) -> bool {
        self.last.is_some_and(|last| at.saturating_duration_since(last) > GAP)
    }
}

impl Watch {
    /// Whether this process has not yet looked for mails that other processes left.
    fn is_first_look(&self) -> bool {
        !self.looked.load(Ordering::Relaxed)
    }

    fn looked(&self) {
        self.looked.store(true, Ordering::Relaxed);
    }

    /// Whether expired batches of other processes may be claimed. Not within a lease after a gap: those processes could
    /// not renew theirs either while the database was down, and may have sent half of them.
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

    /// Whether the clock has gone back since the last look. True for the first look of a process, as the time before is
    /// unknown.
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
