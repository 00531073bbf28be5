//! Deletion of mails that were settled long ago.

use super::Mail;
use super::store::{self, queue};
use crate::database::DbError;
use std::time::Duration;

/// Maximum number of rows deleted in one transaction.
const PURGE_BATCH: i64 = 1000;
const DAY: Duration = Duration::from_secs(86_400);

impl Mail {
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
