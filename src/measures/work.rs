//! Durable jobs: the one that measures an interaction, and the one that finds unmeasured ones.

use super::{Measures, MeasuresOf, VERSION, call, chat, store};
use crate::access::principal::Visible;
use crate::database::DbError;
use crate::effects::Effects;
use crate::ids::InteractionId;
use crate::interactions::{self, MEASURE};
use crate::jobs::{Kind, NewJob, Outcome, Running};
use crate::transcription::{Speaker, State};
use std::time::Duration;

/// Time between two searches for unmeasured interactions: after an update, or another `transcription.dead_air`.
const LOOK_EVERY: Duration = Duration::from_secs(3600);
/// Maximum number of them that are queued at once.
const BATCH: i64 = 500;
/// Priority after everything that is new.
const LATER: i64 = 200;

/// Returns the kinds of job.
pub(super) fn jobs(measures: &MeasuresOf) -> Vec<Kind> {
    let (one, all) = (measures.clone(), measures.clone());
    let measure = move |job: Running| {
        let measures = one.clone();
        async move {
            let Ok(id) = job.key.parse() else { return Outcome::GiveUp("the key is no interaction".into()) };
            outcome(measures.measure(&id).await)
        }
    };
    let catch_up = move |_| {
        let measures = all.clone();
        async move { outcome(measures.catch_up().await) }
    };
    vec![Kind::new(MEASURE, measure), Kind::new("measure.catch_up", catch_up).every(LOOK_EVERY)]
}

fn outcome(result: Result<(), DbError>) -> Outcome {
    match result {
        // Deleted in the meantime, with its measures.
        Ok(()) | Err(DbError::Missing) => Outcome::Done,
        Err(error) => Outcome::Retry(error.to_string()),
    }
}

impl MeasuresOf {
    async fn measure(&self, id: &InteractionId) -> Result<(), DbError> {
        let measures = self.of(id).await?;
        let mut tx = self.db.begin().await?;
        if measures.is_empty() {
            store::remove(tx.conn(), id).await?;
            interactions::set_figures(tx.conn(), id, None).await?;
        } else {
            store::put(tx.conn(), id, &measures, (VERSION, self.dead_air_ms), self.clock.now()).await?;
            interactions::set_figures(tx.conn(), id, Some(&measures.figures())).await?;
        }
        tx.commit().await
    }

    /// Returns the current measures.
    async fn of(&self, id: &InteractionId) -> Result<Measures, DbError> {
        let Some(interaction) = self.interactions.find(&Visible::All, id).await? else {
            return Ok(Measures::default());
        };
        let transcript = self.transcription.find(id).await?;
        let call = if transcript.state == State::Done {
            let recording = self.interactions.recording(id).await?;
            let channels = recording.as_ref().map(|r| r.speakers()).unwrap_or_default();
            let channels: Vec<Speaker> = channels.iter().filter_map(|name| name.parse().ok()).collect();
            let length_ms = recording.and_then(|r| r.duration_ms);
            Some(call::measure(&transcript.segments, &transcript.speech, &channels, length_ms, self.dead_air_ms))
        } else {
            None
        };
        let messages = self.interactions.messages(id).await?;
        let has_agent = interaction.agent_id.is_some();
        let chat = (!messages.is_empty()).then(|| chat::measure(&messages, interaction.ended_at, has_agent));
        Ok(Measures { call, chat })
    }

    /// Queues interactions that were not measured, or by other rules.
    async fn catch_up(&self) -> Result<(), DbError> {
        let mut after = String::new();
        loop {
            let rules = (VERSION, self.dead_air_ms);
            let ids = store::unmeasured(self.db.read().await?.conn(), &after, rules, BATCH).await?;
            let Some(last) = ids.last() else { return Ok(()) };
            after = last.to_string();
            let now = self.clock.now();
            let jobs = ids.iter().map(|id| NewJob { priority: LATER, ..NewJob::new(MEASURE, id.as_str(), now) });
            let mut tx = self.db.begin().await?;
            Effects::new().jobs(jobs).save(tx.conn(), now).await?;
            tx.commit().await?;
        }
    }
}
