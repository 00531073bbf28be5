//! Durable jobs: the one that indexes an interaction, and the one that finds unindexed ones.

use super::store::NewLine;
use super::{Search, line, store};
use crate::database::DbError;
use crate::effects::Effects;
use crate::ids::InteractionId;
use crate::interactions::INDEX;
use crate::jobs::{Kind, NewJob, Outcome, Running};
use crate::training::moments;
use crate::transcription::State;
use std::time::Duration;

/// Version of the rules of masking and of tokens: what was indexed by an earlier one is indexed again.
const RULES: i64 = 2;
/// Time between two searches for unindexed interactions.
const LOOK_EVERY: Duration = Duration::from_secs(3600);
/// Maximum number of them that are queued at once.
const BATCH: i64 = 500;
/// Priority after everything that is new.
const LATER: i64 = 200;

/// Returns the kinds of job.
pub(super) fn jobs(search: &Search) -> Vec<Kind> {
    let (one, all) = (search.clone(), search.clone());
    let index = move |job: Running| {
        let search = one.clone();
        async move {
            let Ok(id) = job.key.parse() else { return Outcome::GiveUp("the key is no interaction".into()) };
            outcome(search.index(&id).await)
        }
    };
    let catch_up = move |_| {
        let search = all.clone();
        async move { outcome(search.catch_up().await.map(drop)) }
    };
    vec![Kind::new(INDEX, index), Kind::new("search.catch_up", catch_up).every(LOOK_EVERY)]
}

fn outcome(result: Result<(), DbError>) -> Outcome {
    match result {
        // Deleted in the meantime, with its lines.
        Ok(()) | Err(DbError::Missing) => Outcome::Done,
        Err(error) => Outcome::Retry(error.to_string()),
    }
}

impl Search {
    async fn index(&self, id: &InteractionId) -> Result<(), DbError> {
        let lines = self.lines_of(id).await?;
        let mut tx = self.db.begin().await?;
        store::replace(tx.conn(), id, &lines, RULES).await?;
        tx.commit().await
    }

    /// Returns the lines shown on the page: messages where there are any, else the transcript; masked.
    async fn lines_of(&self, id: &InteractionId) -> Result<Vec<NewLine>, DbError> {
        let parts = |text: &str| line::parts(&line::visible(text));
        let messages = self.interactions.messages(id).await?;
        if !messages.is_empty() {
            let placed = messages.iter().zip(moments(&messages)).zip(0..);
            let line = |((message, (start_ms, end_ms)), seq): ((&crate::interactions::Message, _), _)| NewLine {
                seq,
                start_ms,
                end_ms,
                speaker: message.sender.code().to_owned(),
                parts: parts(&message.text),
            };
            // Notes among staff are not found by search: they keep their place on the page only.
            return Ok(placed.filter(|((message, _), _)| !message.private).map(line).collect());
        }
        let transcript = self.transcription.find(id).await?;
        if transcript.state != State::Done {
            return Ok(Vec::new());
        }
        let ms = |at: u64| i64::try_from(at).unwrap_or(i64::MAX);
        let line = |(segment, seq): (&crate::transcription::Segment, _)| NewLine {
            seq,
            start_ms: ms(segment.start_ms),
            end_ms: ms(segment.end_ms),
            speaker: segment.speaker.to_string(),
            parts: parts(&segment.text),
        };
        Ok(transcript.segments.iter().zip(0..).map(line).collect())
    }

    /// Queues interactions that were not indexed, or by other rules; returns their number.
    pub(super) async fn catch_up(&self) -> Result<u64, DbError> {
        let (mut after, mut queued) = (String::new(), 0);
        loop {
            let ids = store::unindexed(self.db.read().await?.conn(), &after, RULES, BATCH).await?;
            let Some(last) = ids.last() else { return Ok(queued) };
            queued += ids.len() as u64;
            after = last.to_string();
            let now = self.clock.now();
            let jobs = ids.iter().map(|id| NewJob { priority: LATER, ..NewJob::new(INDEX, id.as_str(), now) });
            let mut tx = self.db.begin().await?;
            Effects::new().jobs(jobs).save(tx.conn(), now).await?;
            tx.commit().await?;
        }
    }
}
