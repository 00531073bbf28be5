//! Stage 4: settlement of a batch in the database: one transaction, one statement a table.

use super::claim::Batch;
use super::send::{Ended, SendQueue};
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::MailId;
use crate::mail::outcome::{MAX_ATTEMPTS, Refusal, SendError, pause, pause_of_all};
use crate::mail::store::{queue, stops};
use crate::mail::transport::Outgoing;
use crate::mail::{DeliveryStatus, Mail};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Minimum number of rejections by policy, without a mail accepted, that indicates a problem of the sender.
const ABOUT_US: usize = 3;
/// Pause between attempts to store the outcomes of mails that have left.
const STORE_AGAIN: Duration = Duration::from_secs(1);

/// Another attempt: mail, time, reason.
type Later = (MailId, Timestamp, String);

/// Outcomes of a batch, sorted.
#[derive(Default)]
struct Sorted {
    statuses: Vec<(MailId, DeliveryStatus)>,
    later: Vec<Later>,
    unsure: Vec<(MailId, Outgoing)>,
    stopped: Option<String>,
    sent: bool,
}

impl Mail {
    /// Settles a batch that was sent. Mail that has left must not be sent again: retries until it is stored, or the
    /// process stops; the journal then keeps the outcomes.
    pub(super) async fn finish(
        &self,
        batch: &Batch,
        feed: &SendQueue,
        unwritten: Vec<(MailId, DeliveryStatus)>,
        cancelled: &CancellationToken,
    ) -> Result<(), DbError> {
        let endings = feed.end();
        let mut sorted = self.sort(batch, endings.ended);
        sorted.statuses.extend(unwritten);
        sorted.stopped = endings.stopped.or(sorted.stopped);
        self.inner.unsure.keep(std::mem::take(&mut sorted.unsure));
        while let Err(error) = self.store(&batch.id, &batch.mails, &sorted).await {
            tracing::error!(%error, "what became of mails could not be stored");
            tokio::select! {
                () = cancelled.cancelled() => return Err(error),
                () = tokio::time::sleep(STORE_AGAIN) => {}
            }
        }
        Ok(())
    }

    /// Settles mails that were never handed to the transport.
    pub(super) async fn settle(&self, batch: &Batch, statuses: Vec<(MailId, DeliveryStatus)>) -> Result<(), DbError> {
        self.store(&batch.id, &batch.mails, &Sorted { statuses, ..Sorted::default() }).await
    }

    /// Settles the mails that dead processes have sent, and takes over the rest of their batches; returns the mails
    /// that had left.
    pub(super) async fn settle_orphans(&self) -> Result<Vec<MailId>, DbError> {
        let mut all = Vec::new();
        for orphan in self.inner.journal.orphans() {
            let now = self.inner.clock.now();
            let mut tx = self.inner.db.begin().await?;
            let mails = queue::known(tx.conn(), &orphan.sent).await?;
            let statuses: Vec<_> = orphan.sent.iter().map(|id| (id.clone(), DeliveryStatus::Sent)).collect();
            self.settle_in(tx.conn(), &orphan.batch, &mails, &statuses, now).await?;
            queue::give_back(tx.conn(), &orphan.batch, now).await?;
            tx.commit().await?;
            orphan.forget();
            tracing::warn!(
                mails = orphan.sent.len(),
                "a process ended with a batch of mail in hand; what had left is settled, the rest goes on"
            );
            all.extend(orphan.sent);
        }
        Ok(all)
    }

    fn sort(&self, batch: &Batch, ended: Vec<Ended>) -> Sorted {
        let now = self.inner.clock.now();
        let tries: HashMap<_, _> = batch.mails.iter().map(|mail| (&mail.id, mail.attempts + 1)).collect();
        let mut sorted = Sorted { sent: ended.iter().any(|(_, outcome, _)| outcome.is_ok()), ..Sorted::default() };
        let mut policy: Vec<(MailId, Refusal)> = Vec::new();
        let again = |sorted: &mut Sorted, id: MailId, why: String| {
            let tries = tries.get(&id).copied().unwrap_or(1);
            match tries < MAX_ATTEMPTS {
                true => sorted.later.push((id, now.plus(pause(tries)), why)),
                false => sorted.statuses.push((id, DeliveryStatus::Failed(why))),
            }
        };
        for (id, outcome, outgoing) in ended {
            match outcome {
                Ok(()) => sorted.statuses.push((id, DeliveryStatus::Sent)),
                Err(SendError::Refused(refusal)) => sorted.statuses.push((id, DeliveryStatus::Refused(refusal))),
                Err(SendError::Impossible(why)) => sorted.statuses.push((id, DeliveryStatus::Failed(why))),
                Err(SendError::NotNow(why) | SendError::Stopped(why)) => again(&mut sorted, id, why),
                Err(SendError::UncertainDelivery(why)) => {
                    sorted.unsure.extend(outgoing.map(|outgoing| (id.clone(), outgoing)));
                    again(&mut sorted, id, why);
                }
                Err(SendError::Policy(refusal)) => policy.push((id, refusal)),
            }
        }
        // With other mails accepted, a rejection by policy concerns the recipient. With none accepted, it concerns the
        // sender, and none of the mails is to fail for it. One or two alone can be either: they are retried later like
        // temporary rejections, and delay no other mail.
        match policy.first() {
            Some((_, first)) if !sorted.sent && policy.len() >= ABOUT_US => sorted.stopped = Some(first.why.clone()),
            _ if sorted.sent => {
                sorted.statuses.extend(policy.into_iter().map(|(id, refusal)| (id, DeliveryStatus::Refused(refusal))))
            }
            _ => policy.into_iter().for_each(|(id, refusal)| again(&mut sorted, id, refusal.why)),
        }
        sorted
    }

    async fn store(&self, batch: &str, mails: &[queue::Due], sorted: &Sorted) -> Result<(), DbError> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.db.begin().await?;
        self.settle_in(tx.conn(), batch, mails, &sorted.statuses, now).await?;
        let later: Vec<_> = sorted.later.iter().map(|(id, at, why)| (id, *at, why.as_str())).collect();
        queue::later(tx.conn(), &later, batch, now).await?;
        queue::give_back(tx.conn(), batch, now).await?;
        let went_on = match &sorted.stopped {
            Some(why) => {
                stop_in(tx.conn(), why, now).await?;
                false
            }
            None if sorted.sent => stops::go_on(tx.conn()).await?,
            None => false,
        };
        tx.commit().await?;
        self.inner.unsure.settled(&sorted.statuses);
        if went_on {
            tracing::info!("mail leaves again");
        }
        Ok(())
    }

    async fn settle_in(
        &self,
        mut conn: Conn<'_>,
        batch: &str,
        mails: &[queue::Due],
        statuses: &[(MailId, DeliveryStatus)],
        now: Timestamp,
    ) -> Result<(), DbError> {
        let rows: Vec<_> = statuses
            .iter()
            .map(|(id, status)| queue::Settled { id, state: status.state().code(), why: status.reason() })
            .collect();
        let settled = queue::settle(conn.reborrow(), &rows, batch, now).await?;
        let statuses: HashMap<_, _> = statuses.iter().map(|(id, status)| (id, status)).collect();
        let about: HashMap<_, _> = mails.iter().map(|mail| (&mail.id, mail)).collect();
        let mut notes: BTreeMap<&str, Vec<(&str, &DeliveryStatus)>> = BTreeMap::new();
        for id in &settled {
            if let (Some(mail), Some(status)) = (about.get(id), statuses.get(id)) {
                notes.entry(&mail.kind).or_default().push((&mail.reference, status));
                if let Some(why) = status.reason().filter(|_| status.state() == crate::mail::State::Failed) {
                    tracing::warn!(mail = %id, why, "a mail was given up");
                }
            }
        }
        for (kind, notes) in notes {
            if let Some(composer) = self.composer(kind) {
                composer.note_many(conn.reborrow(), &notes, now).await?;
            }
        }
        Ok(())
    }

    /// Stops all sending for a while.
    pub(super) async fn stop(&self, why: &str) -> Result<(), DbError> {
        let mut tx = self.inner.db.begin().await?;
        stop_in(tx.conn(), why, self.inner.clock.now()).await?;
        tx.commit().await
    }
}

async fn stop_in(mut conn: Conn<'_>, why: &str, now: Timestamp) -> Result<(), DbError> {
    let tries = stops::stopped(conn.reborrow()).await?.map_or(0, |stopped| stopped.tries) + 1;
    let until = now.plus(pause_of_all(tries));
    tracing::error!(why, tries, "no mail leaves at the moment; nothing is lost, and it is tried again");
    stops::stop(conn, why, now, until).await
}
