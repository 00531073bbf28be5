//! Removal of the transcript of a recording that its sender has deleted.

use super::{Transcription, remove};
use crate::database::DbError;
use crate::effects::Effects;
use crate::ids::InteractionId;
use crate::interactions::RECORDING_REMOVED;
use crate::jobs::{Kind, Outcome, Running};

/// Returns the kind of job.
pub(super) fn job(transcription: &Transcription) -> Kind {
    let transcription = transcription.clone();
    let work = move |job: Running| {
        let transcription = transcription.clone();
        async move {
            let Ok(id) = job.key.parse::<InteractionId>() else {
                return Outcome::GiveUp("the key is no interaction".into());
            };
            match transcription.remove_without_recording(&id).await {
                Ok(()) => Outcome::Done,
                Err(error) => Outcome::Retry(error.to_string()),
            }
        }
    };
    Kind::new(RECORDING_REMOVED, work)
}

impl Transcription {
    /// Deletes the transcript of an interaction without a recording; search and measures follow.
    async fn remove_without_recording(&self, id: &InteractionId) -> Result<(), DbError> {
        if self.interactions.recording(id).await?.is_some() {
            return Ok(());
        }
        let mut tx = self.db.begin().await?;
        self.changed(id, Effects::new()).save(tx.conn(), self.clock.now()).await?;
        remove(tx.conn(), std::slice::from_ref(id)).await?;
        tx.commit().await
    }
}
