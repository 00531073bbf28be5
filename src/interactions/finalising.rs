//! Ends interactions whose source never reports that they are over: they become final some time after their last
//! delivery.

use super::store::finalising::{self, Silent};
use super::{DECIDE_SURVEY, FINALISE, Interactions, words_changed};
use crate::clock::Timestamp;
use crate::database::DbError;
use crate::effects::{Effects, Event};
use crate::jobs::{Kind, NewJob, Outcome};
use std::time::Duration;

/// Maximum number of interactions finalised in one transaction.
const MAX_BATCH: usize = 200;
const RUN_INTERVAL: Duration = Duration::from_secs(300);

pub(super) fn job(interactions: &Interactions) -> Kind {
    let interactions = interactions.clone();
    let finalise = move |_| {
        let interactions = interactions.clone();
        async move { interactions.finalise_silent().await.map_or_else(|e| Outcome::Retry(e.to_string()), |_| Outcome::Done) }
    };
    Kind::new(FINALISE, finalise).every(RUN_INTERVAL)
}

impl Interactions {
    /// Makes interactions final that had no delivery for `intake.final_after`, or the time of their source. Returns
    /// their number.
    pub async fn finalise_silent(&self) -> Result<usize, DbError> {
        let (now, settings) = (self.now(), &self.inner.settings);
        let before = |after: Duration| (!after.is_zero()).then(|| now.minus(after));
        let sources: Vec<Silent> = settings
            .final_after_by_source
            .iter()
            .map(|(source, after)| Silent { source: source.clone(), before: before(*after) })
            .collect();
        let others = before(settings.final_after);
        if others.is_none() && sources.iter().all(|source| source.before.is_none()) {
            return Ok(0);
        }
        let mut all = 0;
        loop {
            let finalised = self.finalise_batch(others, &sources, now).await?;
            all += finalised;
            if finalised < MAX_BATCH {
                return Ok(all);
            }
        }
    }

    async fn finalise_batch(
        &self,
        others: Option<Timestamp>,
        sources: &[Silent],
        now: Timestamp,
    ) -> Result<usize, DbError> {
        let mut tx = self.inner.db.begin().await?;
        let most = i64::try_from(MAX_BATCH).unwrap_or(i64::MAX);
        let finalised = finalising::finalise(tx.conn(), others, sources, now, most).await?;
        let mut effects = Effects::new();
        for interaction in &finalised {
            let data = serde_json::json!({ "interaction": {
                "id": interaction.id, "source": interaction.source, "external_id": interaction.external_id,
                "channel": interaction.channel, "team": interaction.team,
            } });
            let event =
                Event { kind: "interaction.finalised", subject: interaction.id.to_string(), data, by_day: false };
            let decide = NewJob::new(DECIDE_SURVEY, interaction.id.as_str(), now.plus(self.inner.settings.settle));
            effects = effects.job(decide).jobs(words_changed(&interaction.id, now)).events(vec![event]);
        }
        effects.save(tx.conn(), now).await?;
        tx.commit().await?;
        Ok(finalised.len())
    }
}
