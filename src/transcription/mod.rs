//! Recordings into words, on this machine.
//!
//! [`Engine`] does it for a file: decode, find speech on each channel, hear it in spans that the model takes well. [`Transcription`]
//! does it for recordings, as a durable job, and keeps the transcripts.

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
pub use store::statements;
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

/// How far a transcript is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// It has not begun; the reason says what it waits for.
    #[default]
    Waiting,
    /// It is being made.
    Running,
    /// It is there.
    Done,
    /// It can't be made; the reason says why.
    Failed,
    /// Somebody stopped it; the reason says who.
    Cancelled,
}

impl State {
    /// As it stands in tables and JSON.
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

/// A transcript and how far it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stored {
    /// How far it is.
    pub state: State,
    /// 0 to 1, while it is being made.
    pub progress: f32,
    /// Why it waits or failed.
    pub reason: Option<String>,
    /// The model that made it.
    pub model: Option<String>,
    /// The language that was spoken.
    pub language: Option<String>,
    /// Which take it is: another one each time that the recording is transcribed.
    pub take: String,
    /// How long it took to make, ms.
    pub took_ms: Option<i64>,
    /// What a reader should know about how it came about.
    pub notes: Vec<Note>,
    /// When somebody speaks, by channel.
    pub speech: Vec<ChannelSpeech>,
    /// What was said, in order of time; corrected where somebody corrected it; masked, unless
    /// [`Transcription::original`] gave it.
    pub segments: Vec<Segment>,
    /// Which segments were corrected, in their order.
    pub corrections: Vec<Correction>,
    /// What is to be taken out of each segment; empty where it is taken out already.
    pub masks: Vec<Vec<Span>>,
}

/// The service.
#[derive(Clone)]
pub struct Transcription {
    db: Db,
    clock: SharedClock,
    interactions: Interactions,
    engine: Engine,
    /// Engines with other models, for second takes.
    others: Arc<Mutex<HashMap<String, Engine>>>,
    /// What is being transcribed in this process.
    here: queue::RunningHere,
    fetching: model_fetch::Fetching,
    /// Recordings up to this length have a place of their own, ms; 0: none has.
    short_ms: i64,
    /// Languages that recordings are in; empty: any.
    languages: Vec<String>,
}

impl std::fmt::Debug for Transcription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Transcription")
    }
}

/// The engine as it is configured.
pub fn engine_config(config: &config::Transcription) -> EngineConfig {
    let model = if config.model.is_empty() { models::default_model(&config.languages) } else { &config.model };
    let mut engine = EngineConfig::new(ModelFolders::new(&config.models_dir), model);
    if config.threads > 0 {
        engine.threads = config.threads;
    }
    engine
}

impl Transcription {
    /// The service; no model is loaded before the first recording.
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

    /// The engine, for what needs no database.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The transcript of an interaction that has a recording, as everybody sees it: personal data is masked, in the text and
    /// in the words. What is searched, exported and shown comes from here. Whether whoever asks may have it is for
    /// [`Interactions::find`] to say before.
    pub async fn find(&self, id: &InteractionId) -> Result<Stored, DbError> {
        Ok(self.original(id).await?.masked())
    }

    /// How far the transcripts of these interactions are; those without any are left out.
    pub async fn states(&self, ids: &[InteractionId]) -> Result<Vec<(InteractionId, State)>, DbError> {
        store::states(self.db.read().await?.conn(), ids).await
    }

    /// Whether the model in use is the test model.
    pub fn uses_test_model(&self) -> bool {
        self.engine.model().is_ok_and(|model| model.name == models::TEST_MODEL)
    }

    /// What follows from a transcript that is new, chosen or corrected.
    fn changed(&self, id: &InteractionId, effects: Effects) -> Effects {
        effects.jobs(interactions::words_changed(id, self.clock.now()))
    }

    /// The kinds of job that this feature does.
    pub fn jobs(&self) -> Vec<jobs::Kind> {
        let mut kinds = work::jobs(self);
        kinds.extend(model_fetch::jobs(self));
        kinds.push(masks::job(self));
        kinds.push(speakers::job(self));
        kinds.push(checkpoint::sweep_job(self));
        kinds
    }
}

/// Kinds of job that are about one interaction each, for whoever deletes it.
pub const JOBS: [&str; 2] = [interactions::TRANSCRIBE, alternatives::TRANSCRIBE_AGAIN];

/// Removes the transcripts of these interactions with all that hangs on them, in the caller's transaction; how many.
pub async fn remove(conn: Conn<'_>, ids: &[InteractionId]) -> Result<u64, DbError> {
    store::deletion::remove(conn, ids).await
}
