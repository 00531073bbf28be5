//! Alternative transcripts: the same recording transcribed with another model, compared with the current transcript,
//! then chosen or dropped.

use super::models::Source;
use super::store::Finished;
use super::{ChannelSpeech, Engine, Note, Segment, State, Transcript, Transcription, store};
use crate::database::{Conn, DbError};
use crate::effects::{Actor, Effects};
use crate::ids::{AlternativeId, InteractionId};
use crate::interactions;
use crate::jobs::{self, NewJob};
use std::sync::PoisonError;

/// Job: transcribe a recording again with another model. Key: interaction id.
pub(super) const TRANSCRIBE_AGAIN: &str = "transcription.again";

/// An alternative transcript and its state.
#[derive(Debug, Clone, PartialEq)]
pub struct AlternativeTranscript {
    /// Id of the transcript.
    pub take: String,
    /// State.
    pub state: State,
    /// Progress from 0 to 1, while it is being made.
    pub progress: f32,
    /// Reason why it waits or failed.
    pub reason: Option<String>,
    /// Model that makes or made it.
    pub model: String,
    /// Requested language; once transcribed, the spoken one.
    pub language: Option<String>,
    /// Segments, in order of time.
    pub segments: Vec<Segment>,
    /// Duration of the transcription, ms.
    pub took_ms: Option<i64>,
    /// Notes for readers on the quality of the recording.
    pub notes: Vec<Note>,
    /// Spans of speech, by channel.
    pub speech: Vec<ChannelSpeech>,
    /// Name of the person who requested it.
    pub asked_by: String,
}

/// Reason why there is no alternative transcript.
#[derive(Debug, thiserror::Error)]
pub enum AlternativeError {
    /// The interaction has no recording.
    #[error("this interaction has no recording")]
    NoRecording,
    /// The current transcript is not done.
    #[error("there is no finished transcript to compare with yet")]
    NotDone,
    /// The model is not available.
    #[error("{0}")]
    Model(String),
    /// There is none, or a newer one by now.
    #[error("there is no finished alternative transcript of this call (any more); nothing was changed")]
    Gone,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl Transcription {
    /// Returns the names of the installed models: those of the catalogue, the imported ones, and the one in use.
    pub fn models_here(&self) -> Vec<String> {
        let folders = self.engine.folders();
        let installed = |(entry, place): (&super::ModelEntry, Option<Source>)| place.map(|_| entry.name.clone());
        let mut names: Vec<String> = folders.list().into_iter().filter_map(installed).collect();
        names.extend(folders.imported());
        if let Ok(used) = self.engine.model()
            && !names.contains(&used.name)
        {
            names.push(used.name);
        }
        names
    }

    /// Returns an engine with this model; the existing one where the model is already in use.
    pub(super) fn engine_with(&self, model: &str) -> Engine {
        if self.engine.model().is_ok_and(|used| used.name == model) {
            return self.engine.clone();
        }
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        others.entry(model.to_owned()).or_insert_with(|| self.engine.with_model(model)).clone()
    }

    /// Requests another transcription of a recording. Replaces an existing alternative transcript.
    pub async fn ask_again(
        &self,
        who: &Actor,
        id: &InteractionId,
        model: &str,
        language: Option<&str>,
    ) -> Result<(), AlternativeError> {
        // The name of an installed model, never a path: the name comes from a request.
        if !self.models_here().iter().any(|name| name == model) {
            let text = format!("the model {model:?} is not installed; `afterword models list` shows what there is");
            return Err(AlternativeError::Model(text));
        }
        if let Some(tag) = language
            && let Err(error) = super::engine::language_code(tag)
        {
            return Err(AlternativeError::Model(error.to_string()));
        }
        if self.interactions.recording(id).await?.is_none() {
            return Err(AlternativeError::NoRecording);
        }
        let (now, take) = (self.clock.now(), AlternativeId::random());
        let mut tx = self.db.begin().await?;
        let first = store::find(tx.conn(), id).await?;
        if first.is_none_or(|first| first.state != State::Done) {
            return Err(AlternativeError::NotDone);
        }
        store::alternatives::put(tx.conn(), id, take.as_str(), (model, language), who.name(), now).await?;
        let job =
            NewJob::new(TRANSCRIBE_AGAIN, id.as_str(), now).fairness_key(store::queue::team_of(tx.conn(), id).await?);
        let detail = serde_json::json!({ "model": model });
        let effects = Effects::new().job(job).audit(who, "transcript.asked_again", subject(id), Some(detail));
        effects.save(tx.conn(), now).await?;
        Ok(tx.commit().await?)
    }

    /// Returns the alternative transcript, where there is one; masked like the current one.
    pub async fn alternative(&self, id: &InteractionId) -> Result<Option<AlternativeTranscript>, DbError> {
        let found = store::alternatives::find(self.db.read().await?.conn(), id).await?;
        let Some(mut take) = found else { return Ok(None) };
        let masks = self.look_for_masks(id, &take.segments).await?;
        for (segment, spans) in take.segments.iter_mut().zip(masks) {
            *segment = super::masks::masked(segment, &spans);
        }
        Ok(Some(take))
    }

    /// Makes the alternative transcript the current one; the former becomes the alternative, so that the same call
    /// undoes it. Corrections stay with the transcript that they were made in.
    pub async fn choose(&self, who: &Actor, id: &InteractionId, take: &str) -> Result<(), AlternativeError> {
        let now = self.clock.now();
        let recording = self.interactions.recording(id).await?.ok_or(AlternativeError::NoRecording)?;
        let mut tx = self.db.begin().await?;
        self.changed(id, Effects::new()).save(tx.conn(), now).await?;
        // Locks the speakers between reading and writing.
        if !interactions::hold_version(tx.conn(), &recording).await? {
            return Err(AlternativeError::Gone);
        }
        let second = store::alternatives::find(tx.conn(), id).await?;
        let second =
            second.filter(|second| second.state == State::Done && second.take == take).ok_or(AlternativeError::Gone)?;
        let shown = store::find(tx.conn(), id).await?.filter(|shown| shown.state == State::Done);
        let shown = shown.ok_or(AlternativeError::NotDone)?;
        let before = Finished {
            transcript: Transcript {
                language: shown.language.unwrap_or_default(),
                model: shown.model.unwrap_or_default(),
                segments: store::segments(tx.conn(), id).await?.0,
                notes: shown.notes,
                speech: shown.speech,
                ..Transcript::default()
            },
            take: shown.take,
            took_ms: shown.took_ms,
        };
        let detail = serde_json::json!({ "model": second.model, "instead_of": before.transcript.model });
        let after = Finished {
            transcript: Transcript {
                language: second.language.unwrap_or_default(),
                model: second.model,
                segments: second.segments,
                notes: second.notes,
                speech: second.speech,
                ..Transcript::default()
            },
            take: second.take,
            took_ms: second.took_ms,
        };
        store::finish(tx.conn(), id, &after, &[], now).await?;
        store::alternatives::replace(tx.conn(), id, &before, who.name(), now).await?;
        Effects::new().audit(who, "transcript.chosen", subject(id), Some(detail)).save(tx.conn(), now).await?;
        Ok(tx.commit().await?)
    }

    /// Drops the alternative transcript, or stops its transcription.
    pub async fn drop_alternative(&self, who: &Actor, id: &InteractionId) -> Result<(), AlternativeError> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        if !remove_alternative(tx.conn(), id).await? {
            return Err(AlternativeError::Gone);
        }
        Effects::new().audit(who, "transcript.dropped", subject(id), None).save(tx.conn(), now).await?;
        tx.commit().await?;
        self.here.stop(TRANSCRIBE_AGAIN, id);
        Ok(())
    }
}

/// Deletes the alternative transcript, its job and its checkpoints. Returns whether there was one. After the commit the
/// caller stops this process's work on it.
pub(super) async fn remove_alternative(mut conn: Conn<'_>, id: &InteractionId) -> Result<bool, DbError> {
    jobs::remove(conn.reborrow(), TRANSCRIBE_AGAIN, id.as_str()).await?;
    store::checkpoints::remove(conn.reborrow(), id, TRANSCRIBE_AGAIN).await?;
    store::alternatives::drop_alternative(conn, id).await
}

/// Returns the subject as named in the audit log.
pub(super) fn subject(id: &InteractionId) -> String {
    format!("interaction:{id}")
}
