//! What supervisors correct. The machine's words stay; the newest correction of a segment is what everybody sees.

use super::realign::realign;
use super::{State, Stored, Transcription, store};
use crate::clock::Timestamp;
use crate::database::DbError;
use crate::effects::{Actor, Effects};
use crate::ids::{CorrectionId, InteractionId};
use crate::masking::{self, Span};

/// Maximum number of characters of a corrected segment.
pub const MAX_TEXT_CHARS: usize = 5_000;

/// A segment whose words are a person's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The segment's place in the transcript, from 0.
    pub seq: usize,
    /// How often this segment has been corrected or taken back.
    pub number: i64,
    /// What the model wrote: masked, unless [`Transcription::original`] gave it.
    pub machine_text: String,
    /// What is to be taken out of that; empty where it is taken out already.
    pub masks: Vec<Span>,
    /// Name of whoever corrected it last.
    pub author: String,
    /// When.
    pub at: Timestamp,
}

/// One step in the history of a segment.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Step {
    /// The segment's place in the transcript, from 0.
    pub seq: i64,
    /// 1 for its first correction.
    pub number: i64,
    /// The words from then on; null: the model's own again.
    pub text: Option<String>,
    /// Name of whoever did it.
    #[sqlx(rename = "author_name")]
    pub author: String,
    /// When.
    pub at: Timestamp,
}

/// Why nothing was corrected.
#[derive(Debug, thiserror::Error)]
pub enum CorrectionError {
    /// There is no transcript, or it is not done.
    #[error("there is no finished transcript to correct")]
    NotDone,
    /// No such segment.
    #[error("this transcript has no such line; it may have been made anew meanwhile")]
    NoSegment,
    /// Empty, or too long.
    #[error("a line has 1 to {MAX_TEXT_CHARS} characters; nothing was changed")]
    BadText,
    /// Two at once.
    #[error("somebody else has corrected this line meanwhile; look at it again, nothing was changed")]
    Meanwhile,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// What is to become of a segment.
#[derive(Debug, Clone)]
pub struct NewCorrection {
    /// The segment's place in the transcript, from 0.
    pub seq: usize,
    /// How often it had been corrected when this one looked at it; unknown: whatever stands there is replaced.
    pub seen: Option<i64>,
    /// The words; nothing takes every correction back.
    pub text: Option<String>,
}

impl Transcription {
    /// Corrects a segment, or takes its corrections back. Durable, with its author, when this returns.
    pub async fn correct(&self, who: &Actor, id: &InteractionId, new: NewCorrection) -> Result<(), CorrectionError> {
        let text = new.text.map(|text| tidy(&text)).transpose()?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let stored = store::find(tx.conn(), id).await?.filter(|stored| stored.state == State::Done);
        let take = stored.ok_or(CorrectionError::NotDone)?.take;
        let (machine, _) = store::segments(tx.conn(), id).await?;
        if new.seq >= machine.len() {
            return Err(CorrectionError::NoSegment);
        }
        let seq = i64::try_from(new.seq).map_err(|_| CorrectionError::NoSegment)?;
        let steps = store::corrections::of_segment(tx.conn(), id, &take, seq).await?;
        if new.seen.is_some_and(|seen| seen != steps) {
            return Err(CorrectionError::Meanwhile);
        }
        let row = store::corrections::Row { id: CorrectionId::random(), seq, number: steps + 1, text: text.as_deref() };
        match store::corrections::add(tx.conn(), id, &take, row, who, now).await {
            Err(DbError::Duplicate) => return Err(CorrectionError::Meanwhile),
            other => other?,
        }
        let detail = serde_json::json!({ "line": new.seq, "taken_back": text.is_none() });
        let effects = Effects::new().audit(who, "transcript.corrected", format!("interaction:{id}"), Some(detail));
        self.changed(id, effects).save(tx.conn(), now).await?;
        Ok(tx.commit().await?)
    }

    /// Every correction of the transcript that is shown, oldest first; masked.
    pub async fn history(&self, id: &InteractionId) -> Result<Vec<Step>, DbError> {
        let mut reader = self.db.read().await?;
        let Some(stored) = store::find(reader.conn(), id).await? else { return Ok(Vec::new()) };
        let mut steps = store::corrections::history(reader.conn(), id, &stored.take).await?;
        drop(reader);
        let names = self.interactions.names_in(id, steps.iter().filter_map(|step| step.text.as_deref())).await?;
        for text in steps.iter_mut().filter_map(|step| step.text.as_mut()) {
            *text = masking::masked(text, &names);
        }
        Ok(steps)
    }
}

/// One line, no spaces around it.
fn tidy(text: &str) -> Result<String, CorrectionError> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits = !text.is_empty() && text.chars().count() <= MAX_TEXT_CHARS && !text.chars().any(char::is_control);
    if fits { Ok(text) } else { Err(CorrectionError::BadText) }
}

/// Puts the newest correction of each segment in the place of the machine's words, whose masks go along.
pub(super) fn apply(stored: &mut Stored, newest: Vec<Step>) {
    for step in newest {
        let Some(text) = step.text else { continue };
        let Ok(seq) = usize::try_from(step.seq) else { continue };
        let Some(segment) = stored.segments.get_mut(seq) else { continue };
        segment.words = realign(&segment.words, &text, segment.start_ms, segment.end_ms);
        let machine_text = std::mem::replace(&mut segment.text, text);
        let masks = stored.masks.get_mut(seq).map(std::mem::take).unwrap_or_default();
        let (number, author, at) = (step.number, step.author, step.at);
        stored.corrections.push(Correction { seq, number, machine_text, masks, author, at });
    }
}
