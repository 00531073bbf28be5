//! Transcription of recordings, on this machine.
//!
//! [`Engine`] transcribes a file: it decodes, detects speech on each channel, and runs the model on windows of suitable
//! length. [`Transcription`] transcribes recordings as a durable job, and stores the transcripts.

mod alternatives;
pub mod api;
mod checkpoint;
pub mod cli;
mod compare;
mod corrections;
mod cues;
mod engine;
mod formats;
mod masks;
mod model_fetch;
pub mod models;
pub mod pages;
mod queue;
mod realign;
mod removal;
mod resample;
mod speakers;
mod speech;
mod store;
mod transcript;
mod work;

pub use alternatives::{AlternativeError, AlternativeTranscript};
pub use compare::{Compared, ComparedTurn, Comparison, Mark};
pub use corrections::{Correction, CorrectionError, MAX_TEXT_CHARS, NewCorrection, Step};
pub use engine::{Engine, EngineConfig, HeardWindow, Step as EngineStep, TranscribeError, TranscriptionRequest};
pub use formats::{Format, UnknownFormat};
pub use model_fetch::{FetchState, ModelFetch, ModelFetchError, ModelStatus};
pub use models::{Entry as ModelEntry, ModelError, ModelFolders, Source as ModelSource, TEST_MODEL, megabytes};
pub use pages::MissingModel;
pub use queue::{AtWork, Queue, QueueError, Waiting};
pub use speakers::SpeakersError;
pub use speech::speech;
pub use transcript::{ChannelSpeech, Note, Segment, Speaker, Transcript, UnknownSpeaker, Word};

use crate::clock::SharedClock;
use crate::config;
use crate::database::{Conn, Db, DbError};
use crate::effects::Effects;
use crate::ids::InteractionId;
use crate::interactions::{self, Interactions};
use crate::jobs;
use crate::masking::Span;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// State of a transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// Not begun; the reason says what it waits for.
    #[default]
    Waiting,
    /// In progress.
    Running,
    /// Done.
    Done,
    /// Failed; the reason says why.
    Failed,
    /// Stopped by a user; the reason says by whom.
    Cancelled,
}

impl State {
    /// Returns the code, as in tables and JSON.
    pub fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl From<String> for State {
    fn from(text: String) -> Self {
        match text.as_str() {
            "running" => Self::Running,
            "done" => Self::Done,
            "failed" => Self::Failed,
            "cancelled" => Self::Cancelled,
            _ => Self::Waiting,
        }
    }
}

/// A transcript and its state.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stored {
    /// State.
    pub state: State,
    /// Progress from 0 to 1, while it is being made.
    pub progress: f32,
    /// Reason why it waits or failed.
    pub reason: Option<String>,
    /// Model that made it.
    pub model: Option<String>,
    /// Spoken language.
    pub language: Option<String>,
    /// Id of the transcript: a new one each time that the recording is transcribed.
    pub take: String,
    /// Duration of the transcription, ms.
    pub took_ms: Option<i64>,
    /// Notes for readers on the quality of the recording.
    pub notes: Vec<Note>,
    /// Spans of speech, by channel.
    pub speech: Vec<ChannelSpeech>,
    /// Segments, in order of time; with corrections applied; masked, unless [`Transcription::original`] returned it.
    pub segments: Vec<Segment>,
    /// Corrected segments, in order.
    pub corrections: Vec<Correction>,
    /// Spans to be masked in each segment; empty where they are masked already.
    pub masks: Vec<Vec<Span>>,
}

/// The service.
#[derive(Clone)]
pub struct Transcription {
    db: Db,
    clock: SharedClock,
    interactions: Interactions,
    engine: Engine,
    /// Engines with other models, for alternative transcripts.
    others: Arc<Mutex<HashMap<String, Engine>>>,
    /// Transcriptions in progress in this process.
    here: queue::RunningHere,
    fetching: model_fetch::Fetching,
    /// Maximum length of a short recording, which has a reserved slot, ms; 0: no slot is reserved.
    short_ms: i64,
    /// Possible languages of recordings; empty: any.
    languages: Vec<String>,
}

impl std::fmt::Debug for Transcription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Transcription")
    }
}

/// Returns the configuration of the engine.
pub fn engine_config(config: &config::Transcription) -> EngineConfig {
    let model = if config.model.is_empty() { models::default_model(&config.languages) } else { &config.model };
    let mut engine = EngineConfig::new(ModelFolders::new(&config.models_dir), model);
    if config.threads > 0 {
        engine.threads = config.threads;
    }
    engine
}

impl Transcription {
    /// Returns the service; no model is loaded before the first recording.
    pub fn new(db: Db, clock: SharedClock, interactions: Interactions, config: &config::Transcription) -> Self {
        let engine = Engine::new(engine_config(config));
        let short_ms = i64::try_from(config.short.0.as_millis()).unwrap_or(i64::MAX);
        Self {
            db,
            clock,
            interactions,
            engine,
            others: Arc::default(),
            here: queue::RunningHere::default(),
            fetching: model_fetch::Fetching::default(),
            short_ms,
            languages: config.languages.clone(),
        }
    }

    /// Returns the engine, for uses without a database.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Returns the transcript of an interaction that has a recording, with personal data masked in the text and in the
    /// words. Search, exports and pages use it. The caller checks access first, by [`Interactions::find`].
    pub async fn find(&self, id: &InteractionId) -> Result<Stored, DbError> {
        Ok(self.original(id).await?.masked())
    }

    /// Returns the states of the transcripts of these interactions; those without a transcript are left out.
    pub async fn states(&self, ids: &[InteractionId]) -> Result<Vec<(InteractionId, State)>, DbError> {
        store::states(self.db.read().await?.conn(), ids).await
    }

    /// Whether the model in use is the test model.
    pub fn uses_test_model(&self) -> bool {
        self.engine.model().is_ok_and(|model| model.name == models::TEST_MODEL)
    }

    /// Returns the effects of a new, chosen or corrected transcript.
    fn changed(&self, id: &InteractionId, effects: Effects) -> Effects {
        effects.jobs(interactions::words_changed(id, self.clock.now()))
    }

    /// Returns the kinds of job that this feature runs.
    pub fn jobs(&self) -> Vec<jobs::Kind> {
        let mut kinds = work::jobs(self);
        kinds.extend(model_fetch::jobs(self));
        kinds.push(masks::job(self));
        kinds.push(speakers::job(self));
        kinds.push(removal::job(self));
        kinds.push(checkpoint::sweep_job(self));
        kinds
    }
}

/// Kinds of job about one interaction each, to be removed with the interaction.
pub const JOBS: [&str; 3] = [interactions::TRANSCRIBE, alternatives::TRANSCRIBE_AGAIN, interactions::RECORDING_REMOVED];

/// Deletes the transcripts of these interactions with all dependent rows, in the caller's transaction; returns their
/// number.
pub async fn remove(conn: Conn<'_>, ids: &[InteractionId]) -> Result<u64, DbError> {
    store::deletion::remove(conn, ids).await
}
