//! Corrections by supervisors. The model's text is kept; the latest correction of a segment is shown.

use super::realign::realign;
use super::{State, Stored, Transcription, store};
use crate::clock::Timestamp;
use crate::database::DbError;
use crate::effects::{Actor, Effects};
use crate::ids::{CorrectionId, InteractionId};
use crate::masking::{self, Span};

/// Maximum number of characters of a corrected segment.
pub const MAX_TEXT_CHARS: usize = 5_000;

/// A corrected segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// Index of the segment in the transcript, from 0.
    pub seq: usize,
    /// Number of corrections and reversions of this segment.
    pub number: i64,
    /// Text of the model: masked, unless [`Transcription::original`] returned it.
    pub machine_text: String,
    /// Spans to be masked in it; empty where they are masked already.
    pub masks: Vec<Span>,
    /// Name of the last author.
    pub author: String,
    /// Time of the last correction.
    pub at: Timestamp,
}

/// One step in the history of a segment.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Step {
    /// Index of the segment in the transcript, from 0.
    pub seq: i64,
    /// Number of the step; 1 for the first correction.
    pub number: i64,
    /// Text from then on; null where the correction was reverted.
    pub text: Option<String>,
    /// Name of the author.
    #[sqlx(rename = "author_name")]
    pub author: String,
    /// Time of the step.
    pub at: Timestamp,
}

/// Reason why a correction is rejected.
#[derive(Debug, thiserror::Error)]
pub enum CorrectionError {
    /// There is no transcript, or it is not done.
    #[error("there is no finished transcript to correct")]
    NotDone,
    /// There is no such segment.
    #[error("this transcript has no such line; it may have been made anew meanwhile")]
    NoSegment,
    /// The text is empty or too long.
    #[error("a line has 1 to {MAX_TEXT_CHARS} characters; nothing was changed")]
    BadText,
    /// The segment was changed by someone else in the meantime.
    #[error("somebody else has corrected this line meanwhile; look at it again, nothing was changed")]
    Meanwhile,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// A requested correction.
#[derive(Debug, Clone)]
pub struct NewCorrection {
    /// Index of the segment in the transcript, from 0.
    pub seq: usize,
    /// Number of corrections that the author saw; `None` replaces any text.
    pub seen: Option<i64>,
    /// Corrected text; `None` reverts all corrections.
    pub text: Option<String>,
}

impl Transcription {
    /// Corrects a segment, or reverts its corrections. Durable, with its author, when this returns.
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

    /// Returns all corrections of the current transcript, oldest first; masked.
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

/// Returns the text on one line, trimmed.
fn tidy(text: &str) -> Result<String, CorrectionError> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits = !text.is_empty() && text.chars().count() <= MAX_TEXT_CHARS && !text.chars().any(char::is_control);
    if fits { Ok(text) } else { Err(CorrectionError::BadText) }
}

/// Replaces the model's text of each segment by its latest correction, and the masks with it.
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
