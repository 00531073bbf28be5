//! A second take: the same recording heard by another model, compared with what there is, then chosen or dropped.

use super::models::Source;
use super::store::Finished;
use super::{ChannelSpeech, Engine, Note, Segment, State, Transcript, Transcription, store};
use crate::database::{Conn, DbError};
use crate::effects::{Actor, Effects};
use crate::ids::{AlternativeId, InteractionId};
use crate::interactions;
use crate::jobs::{self, NewJob};
use std::sync::PoisonError;

/// Job: hear a recording once more with another model. Key: interaction id.
pub(super) const TRANSCRIBE_AGAIN: &str = "transcription.again";

/// A second take, and how far it is.
#[derive(Debug, Clone, PartialEq)]
pub struct AlternativeTranscript {
    /// Which one it is.
    pub take: String,
    /// How far it is.
    pub state: State,
    /// 0 to 1, while it is being made.
    pub progress: f32,
    /// Why it waits or failed.
    pub reason: Option<String>,
    /// The model that makes or made it.
    pub model: String,
    /// The language that was asked for, then the one that was spoken.
    pub language: Option<String>,
    /// The words, in order of time.
    pub segments: Vec<Segment>,
    /// How long it took, ms.
    pub took_ms: Option<i64>,
    /// Notes for readers on how it came about.
    pub notes: Vec<Note>,
    /// When somebody speaks, by channel.
    pub speech: Vec<ChannelSpeech>,
    /// Name of the person who asked for it.
    pub asked_by: String,
}

/// Why there is no second take.
#[derive(Debug, thiserror::Error)]
pub enum AlternativeError {
    /// There is nothing to hear.
    #[error("this interaction has no recording")]
    NoRecording,
    /// The first take comes first.
    #[error("there is no finished transcript to compare with yet")]
    NotDone,
    /// The model can't be had.
    #[error("{0}")]
    Model(String),
    /// There is none, or another one by now.
    #[error("there is no finished second transcript of this call (any more); nothing was changed")]
    Gone,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl Transcription {
    /// Names of the installed models: those of the catalogue, the imported ones, and the one in use.
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

    /// The engine with this model; one that hears with the model in use is there already.
    pub(super) fn engine_with(&self, model: &str) -> Engine {
        if self.engine.model().is_ok_and(|used| used.name == model) {
            return self.engine.clone();
        }
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        others.entry(model.to_owned()).or_insert_with(|| self.engine.with_model(model)).clone()
    }

    /// Has a recording heard once more. Another second take that there was is gone then.
    pub async fn ask_again(
        &self,
        who: &Actor,
        id: &InteractionId,
        model: &str,
        language: Option<&str>,
    ) -> Result<(), AlternativeError> {
        // A name that is here, never a path: what is asked for comes from outside.
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

    /// The second take, where there is one; masked, as the first one is.
    pub async fn alternative(&self, id: &InteractionId) -> Result<Option<AlternativeTranscript>, DbError> {
        let found = store::alternatives::find(self.db.read().await?.conn(), id).await?;
        let Some(mut take) = found else { return Ok(None) };
        let masks = self.look_for_masks(id, &take.segments).await?;
        for (segment, spans) in take.segments.iter_mut().zip(masks) {
            *segment = super::masks::masked(segment, &spans);
        }
        Ok(Some(take))
    }

    /// Shows the second take from now on; what was shown becomes the second one, so that this can be undone by the same.
    /// Corrections stay with the take that they were made in.
    pub async fn choose(&self, who: &Actor, id: &InteractionId, take: &str) -> Result<(), AlternativeError> {
        let now = self.clock.now();
        let recording = self.interactions.recording(id).await?.ok_or(AlternativeError::NoRecording)?;
        let mut tx = self.db.begin().await?;
        self.changed(id, Effects::new()).save(tx.conn(), now).await?;
        // Nobody sets other speakers between reading and writing.
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

    /// Drops the second take, or stops it.
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

/// Removes the second take, its job and what was heard for it. Returns whether there was one. After the
/// commit the caller stops the work of this process on it.
pub(super) async fn remove_alternative(mut conn: Conn<'_>, id: &InteractionId) -> Result<bool, DbError> {
    jobs::remove(conn.reborrow(), TRANSCRIBE_AGAIN, id.as_str()).await?;
    store::checkpoints::remove(conn.reborrow(), id, TRANSCRIBE_AGAIN).await?;
    store::alternatives::drop_alternative(conn, id).await
}

/// As the audit log names it.
pub(super) fn subject(id: &InteractionId) -> String {
    format!("interaction:{id}")
}
