//! Closes expired invitations, answered or not: a closed invitation does not reveal whether it was answered.

use super::{Invitations, returned, store};
use crate::clock::Timestamp;
use crate::database::DbError;
use crate::interactions::{self, SurveyState};
use crate::jobs::{Kind, Outcome};
use std::time::Duration;

/// Maximum number of invitations closed in one transaction.
const MAX_BATCH: usize = 200;
const RUN_INTERVAL: Duration = Duration::from_secs(600);

pub(super) fn job(invitations: &Invitations) -> Kind {
    let invitations = invitations.clone();
    let close = move |_| {
        let invitations = invitations.clone();
        async move { invitations.close_expired().await.map_or_else(|e| Outcome::Retry(e.to_string()), |_| Outcome::Done) }
    };
    Kind::new("invitations.close", close).every(RUN_INTERVAL)
}

impl Invitations {
    /// Closes expired invitations and erases their addresses; deletes quiet-period marks that are over. Returns
    /// the number of closed invitations.
    pub async fn close_expired(&self) -> Result<usize, DbError> {
        let now = self.now();
        let mut all = 0;
        loop {
            let mut tx = self.inner.db.begin().await?;
            let closed = store::close(tx.conn(), now, i64::try_from(MAX_BATCH).unwrap_or(i64::MAX)).await?;
            // If no mail was sent (an external answer), nothing about the conversation reveals that there was a survey.
            for (interaction, _) in closed.iter().filter(|(_, by_mail)| *by_mail) {
                interactions::set_survey(tx.conn(), interaction, SurveyState::Closed, None, true, now).await?;
            }
            tx.commit().await?;
            all += closed.len();
            if closed.len() < MAX_BATCH {
                break;
            }
        }
        let quiet_period = self.spans().await?.quiet;
        let mut tx = self.inner.db.begin().await?;
        store::forget_asked(tx.conn(), now.minus(quiet_period), now).await?;
        tx.commit().await?;
        Ok(all)
    }

    /// Deletes the address hashes of up to `most` closed invitations that had expired by then; returns their number.
    /// Mail that bounces later can't be attributed, and the links no longer unsubscribe.
    pub async fn forget_hashes(&self, expired_by: Timestamp, most: usize) -> Result<u64, DbError> {
        let mut tx = self.inner.db.begin().await?;
        returned::forget_old(tx.conn(), self.now()).await?;
        let forgot = store::forget_hashes(tx.conn(), expired_by, i64::try_from(most).unwrap_or(i64::MAX)).await?;
        tx.commit().await?;
        Ok(forgot)
    }
}
