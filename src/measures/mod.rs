//! Measures of interactions: talk times, silences and waiting times, from transcripts and messages.
//!
//! A durable job measures an interaction again whenever its words have changed. All measures are stored here, as JSON;
//! the few figures that lists are filtered by are stored as [`crate::interactions::Figures`]. docs/measures.md defines
//! each of them.

pub mod api;
mod call;
mod chat;
mod courtesy;
mod nags;
mod runs;
mod spans;
mod store;
mod wording;
mod work;

pub use call::{CallMeasures, Interruption, SpeakerMeasures, measure as measure_call};
pub use chat::{ChatMeasures, Nag, Sides, Wait, measure as measure_chat};
pub use nags::is_nag;
pub use spans::Place;

use crate::clock::SharedClock;
use crate::config;
use crate::database::{Db, DbError};
use crate::ids::InteractionId;
use crate::interactions::{Figures, Interactions};
use crate::jobs;
use crate::transcription::{Speaker, Transcription};

/// Version of the rules below: measures of other versions are measured again.
const VERSION: i64 = 2;

/// Measures of an interaction.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Measures {
    /// Measures of the call; `None` without a transcript.
    pub call: Option<CallMeasures>,
    /// Measures of the chat; `None` without messages.
    pub chat: Option<ChatMeasures>,
}

impl Measures {
    /// Whether there is nothing to measure.
    fn is_empty(&self) -> bool {
        self.call.is_none() && self.chat.is_none()
    }

    /// Returns the figures by which lists are filtered.
    fn figures(&self) -> Figures {
        let (call, chat) = (self.call.as_ref(), self.chat.as_ref());
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let share = |call: &CallMeasures| call.speaker(Speaker::Agent)?.talk_share;
        Figures {
            silence_ms: call.map(|c| c.longest_silence.map_or(0, Place::length_ms)),
            interruptions: call.and_then(|c| c.interruptions.as_ref()).map(|all| count(all.len())),
            agent_share: call.and_then(share).map(|share| (share * 1000.0).round() as i64),
            first_reply_ms: chat.and_then(|c| c.first_reply_ms),
            unanswered_ms: chat.and_then(|c| c.longest_wait).map(|wait| wait.ms),
            nags: chat.map(|c| count(c.nags.len())),
        }
    }
}

/// The service.
#[derive(Clone)]
pub struct MeasuresOf {
    db: Db,
    clock: SharedClock,
    interactions: Interactions,
    transcription: Transcription,
    dead_air_ms: i64,
}

impl std::fmt::Debug for MeasuresOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MeasuresOf")
    }
}

impl MeasuresOf {
    /// Returns the service.
    pub fn new(
        db: Db,
        clock: SharedClock,
        interactions: Interactions,
        transcription: Transcription,
        config: &config::Transcription,
    ) -> Self {
        let dead_air_ms = i64::try_from(config.dead_air.0.as_millis()).unwrap_or(i64::MAX);
        Self { db, clock, interactions, transcription, dead_air_ms }
    }

    /// Returns the measures; `None` until there are words to measure. The caller checks access first, by
    /// [`Interactions::find`].
    pub async fn find(&self, id: &InteractionId) -> Result<Option<Measures>, DbError> {
        store::find(self.db.read().await?.conn(), id).await
    }

    /// Returns the kinds of job that this feature runs.
    pub fn jobs(&self) -> Vec<jobs::Kind> {
        work::jobs(self)
    }
}
