//! Jobs of mail: delivery, and deletion of mails that were settled long ago.

use super::store::{self, queue};
use super::{DELIVER, Mail};
use crate::database::DbError;
use crate::jobs::{Kind, Outcome};
use std::time::Duration;

/// Job: delete mails that were settled long ago.
const PURGE: &str = "mail.purge";
/// Maximum number of rows deleted in one transaction.
const PURGE_BATCH: i64 = 1000;
/// Number of concurrent batches: while one is settled, the next is composed.
const MAX_CONCURRENT: usize = 2;
const DAY: Duration = Duration::from_secs(86_400);

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
                        mail.inner.rest.begin(mail.inner.clock.now());
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
            Kind::new(DELIVER, deliver).max_concurrent(MAX_CONCURRENT).found_by(look),
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
}
