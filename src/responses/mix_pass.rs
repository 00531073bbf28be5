//! Ripening replaces timestamps. A pass raises the ripeness of every answer that is not counted yet; an answer is
//! counted only after enough passes, so that there was time to change it, and so that its release does not reveal when
//! it was given.

use super::{Responses, answers};
use crate::database::DbError;
use crate::effects::Effects;
use crate::jobs::{Kind, NewJob, Outcome};
use std::time::Duration;

/// Job: releases full pools. Queued after each pass; the ratings feature runs it.
pub const RELEASE: &str = "ratings.release";
/// Key of the job.
const ALL: &str = "all";
const MIN_INTERVAL: Duration = Duration::from_secs(5);
const MAX_INTERVAL: Duration = Duration::from_secs(3600);
/// Ripeness of an answer that no pass has raised yet.
const NEW_ANSWER: i64 = 1;
/// Tables that a pass rewrites: the old rows must not remain on the disk, since they would reveal an order.
const PURGED_TABLES: [&str; 4] = ["sealed_answers", "responses", "spent_tokens", "suspects"];
/// Maximum number of answers raised in one transaction.
const MAX_BATCH: usize = 1000;

pub(super) fn job(responses: &Responses) -> Kind {
    let (responses, every) = (responses.clone(), interval(responses.settings().edit_for));
    let pass = move |_| {
        let responses = responses.clone();
        async move { responses.run_mix_pass().await.map_or_else(|e| Outcome::Retry(e.to_string()), |()| Outcome::Done) }
    };
    Kind::new("responses.mix_pass", pass).every(every)
}

/// Returns the time between two passes.
fn interval(edit_for: Duration) -> Duration {
    edit_for.clamp(MIN_INTERVAL, MAX_INTERVAL)
}

/// Returns the ripeness from which an answer can't be changed and may be counted. The first pass comes at any time
/// after the answer, each further one an interval later: one more pass than intervals keeps `edit_for`. Ripeness begins
/// at 1. Without time for changes an answer is ripe at once.
pub(super) fn ripe_at(edit_for: Duration) -> i64 {
    if edit_for.is_zero() {
        return NEW_ANSWER;
    }
    let intervals = edit_for.as_millis().div_ceil(interval(edit_for).as_millis());
    NEW_ANSWER + 1 + i64::try_from(intervals).unwrap_or(i64::MAX - 2)
}

impl Responses {
    /// Runs one pass: the ripeness of all unripe answers grows by one, in random order. Then queues the release.
    pub async fn run_mix_pass(&self) -> Result<(), DbError> {
        self.pass_suspects().await?;
        // At least one pass for every answer, since the pass shuffles.
        let below = self.ripe_at().max(NEW_ANSWER + 1);
        for kind in [answers::AnswerSource::Sealed, answers::AnswerSource::Linked] {
            let mut from = String::new();
            loop {
                let mut tx = self.inner.db.begin().await?;
                answers::lock_answers(tx.conn()).await?;
                let raised = answers::ripen(tx.conn(), kind, &from, below, MAX_BATCH).await?;
                tx.commit().await?;
                let Some(last) = raised.iter().max().filter(|_| raised.len() == MAX_BATCH) else { break };
                from.clone_from(last);
            }
        }
        self.renew_spent().await?;
        // The database's log holds each answer before and after the change until it is purged.
        if let Err(error) = self.inner.db.purge_deleted(&PURGED_TABLES).await {
            tracing::warn!(%error, "overwritten rows of answers could not be purged; the next pass tries again");
        }
        let now = self.now();
        let mut tx = self.inner.db.begin().await?;
        Effects::new().job(NewJob::new(RELEASE, ALL, now)).save(tx.conn(), now).await?;
        tx.commit().await
    }

    /// Rewrites the marks of links that were used since the last pass, so that their places reveal no order.
    async fn renew_spent(&self) -> Result<(), DbError> {
        let mut from = String::new();
        loop {
            let mut tx = self.inner.db.begin().await?;
            answers::lock_answers(tx.conn()).await?;
            let renewed = answers::renew_spent(tx.conn(), &from, MAX_BATCH).await?;
            tx.commit().await?;
            let Some(last) = renewed.iter().max().filter(|_| renewed.len() == MAX_BATCH) else { return Ok(()) };
            from.clone_from(last);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_ripe_when_its_time_for_changes_is_over() {
        for (edit_for, wanted) in [(0, 1), (1, 3), (5, 3), (900, 3), (3600, 3), (3601, 4), (86_400, 26)] {
            let edit_for = Duration::from_secs(edit_for);
            assert_eq!(ripe_at(edit_for), wanted, "{edit_for:?}");
            // The passes after the first take at least the promised time.
            let passes = u32::try_from((wanted - NEW_ANSWER - 1).max(0)).unwrap_or(0);
            assert!(interval(edit_for) * passes >= edit_for);
        }
    }
}
