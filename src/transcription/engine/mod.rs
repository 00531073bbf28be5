//! Engine: a model, loaded on first use and dropped when idle, with its own threads.

mod channel_plan;
mod dispatcher;
mod error;
mod hallucinations;
mod inference;
mod language;
mod pipeline;
mod pool;
mod queue;
mod turns;
mod windows;
mod word_timing;
mod words;

pub use error::TranscribeError;

use super::models::{Model, ModelError, ModelFolders, Trial, check, check_processor};
use super::{Segment, Speaker, Transcript};
use pool::Pool;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Request to transcribe a recording.
#[derive(Clone, Debug, Default)]
pub struct TranscriptionRequest {
    /// Path of the recording.
    pub path: PathBuf,
    /// Speakers of the channels, in order; further channels are numbered.
    pub speakers: Vec<Speaker>,
    /// Language tag such as `en` or `pt-BR`. `None`: detected, where the model knows several languages.
    pub language: Option<String>,
    /// Tag of the language that is expected, for detection.
    pub hint: Option<String>,
    /// Tags of the languages that detection chooses from; empty: any. With one of them nothing is detected.
    pub languages: Vec<String>,
    /// Set while a user waits for this recording: its windows go before those of others.
    pub urgent: Arc<AtomicBool>,
    /// Whether the recording is short: its windows and those of long ones alternate.
    pub short: bool,
    /// Windows of the same recording that an earlier attempt with the same model has transcribed, in order. They are
    /// not transcribed again.
    pub known: Vec<HeardWindow>,
}

/// A transcribed window of one channel.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct HeardWindow {
    /// Index among the windows of the recording.
    pub seq: usize,
    /// Channel, from 0.
    pub channel: usize,
    /// Begin of the speech in it, ms.
    pub start_ms: u64,
    /// End of the speech in it, ms.
    pub until_ms: u64,
    /// Code of the language that it was transcribed in.
    pub language: String,
    /// Segments; empty where nothing was said.
    pub segments: Vec<Segment>,
}

/// Progress of a transcription.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// Progress from 0 to 1; never decreases.
    pub progress: f32,
    /// Window that was just transcribed.
    pub window: Option<&'a HeardWindow>,
}

/// Configuration of the engine.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Name in the catalogue, or a path.
    pub model: String,
    /// Folders of models.
    pub folders: ModelFolders,
    /// Number of windows that are transcribed at the same time, each on one core.
    pub threads: usize,
    /// Time without use after which the model is dropped.
    pub unload_after: Duration,
    /// First load of models that are not in the catalogue.
    pub trial: Trial,
}

impl EngineConfig {
    /// Returns the configuration for this model on all cores, dropped after a minute.
    pub fn new(folders: ModelFolders, model: impl Into<String>) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Self { model: model.into(), folders, threads, unload_after: Duration::from_secs(60), trial: Trial::default() }
    }
}

/// Transcribes recordings. Cheap to clone; all clones share one model.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    config: EngineConfig,
    /// Locked only briefly: the threads of the runtime lock it too.
    slot: Mutex<Slot>,
    /// Locked while the model is loaded, which takes seconds, so that it is loaded once.
    loading: Mutex<()>,
}

#[derive(Default)]
struct Slot {
    pool: Option<Arc<Pool>>,
    /// Counts uses, so that a timer set after one of them can tell whether there was another.
    uses: u64,
}

impl Engine {
    /// Returns an engine; loads nothing yet.
    pub fn new(config: EngineConfig) -> Self {
        Self { inner: Arc::new(Inner { config, slot: Mutex::default(), loading: Mutex::default() }) }
    }

    /// Returns a separate engine with another model and otherwise the same configuration.
    pub fn with_model(&self, model: &str) -> Self {
        Self::new(EngineConfig { model: model.to_owned(), ..self.inner.config.clone() })
    }

    /// Returns the folders of models.
    pub fn folders(&self) -> &ModelFolders {
        &self.inner.config.folders
    }

    /// Returns the configured name or path of the model.
    pub fn model_name(&self) -> &str {
        &self.inner.config.model
    }

    /// Returns the trial of models that are not in the catalogue.
    pub fn trial(&self) -> &Trial {
        &self.inner.config.trial
    }

    /// Returns the number of windows that are transcribed at the same time.
    pub fn threads(&self) -> usize {
        self.inner.config.threads.max(1)
    }

    /// Returns the configured model. Cheap: its content is not read.
    ///
    /// # Errors
    /// [`ModelError::Processor`], and those of [`ModelFolders::find`].
    pub fn model(&self) -> Result<Model, ModelError> {
        check_processor()?;
        self.inner.config.folders.find(&self.inner.config.model)
    }

    /// Whether the model is in memory.
    pub fn is_loaded(&self) -> bool {
        self.inner.slot().pool.is_some()
    }

    /// Drops the model once nothing uses it any more.
    pub fn unload(&self) {
        self.inner.slot().pool = None;
    }

    /// Transcribes a recording on the engine's own threads; does not block the caller's runtime.
    ///
    /// `tell` is called from another thread. Cancelling, or dropping the future, stops the work at its next step (some
    /// tenths of a second).
    pub async fn transcribe(
        &self,
        request: TranscriptionRequest,
        tell: impl Fn(Step<'_>) + Send + 'static,
        cancel: CancellationToken,
    ) -> Result<Transcript, TranscribeError> {
        let language = request.language.as_deref().map(language_code).transpose()?;
        let inner = Arc::clone(&self.inner);
        let stop = cancel.child_token();
        let _stop_when_dropped = stop.clone().drop_guard();
        let (send, receive) = tokio::sync::oneshot::channel();
        let work = move || {
            let result = catch_unwind(AssertUnwindSafe(|| {
                let pool = inner.pool()?;
                let language = fitting(language, &pool)?;
                pipeline::run(&pool, &request, language, &tell, &stop)
            }));
            // The receiver may have been dropped.
            let _ = send.send(result.unwrap_or_else(|_| Err(TranscribeError::Engine("it panicked".to_owned()))));
        };
        std::thread::Builder::new()
            .name("transcribe".to_owned())
            .spawn(work)
            .map_err(|error| TranscribeError::Engine(error.to_string()))?;
        let result = receive.await.unwrap_or_else(|_| Err(TranscribeError::Engine("its thread is gone".to_owned())));
        self.unload_later();
        result
    }

    fn unload_later(&self) {
        let uses = self.inner.slot().uses;
        let inner = Arc::downgrade(&self.inner);
        let after = self.inner.config.unload_after;
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            let Some(inner) = inner.upgrade() else { return };
            let mut slot = inner.slot();
            // Shared with a running transcription: its own end sets the next timer.
            if slot.uses == uses && slot.pool.as_ref().is_some_and(|pool| Arc::strong_count(pool) == 1) {
                slot.pool = None;
            }
        });
    }
}

impl Inner {
    fn slot(&self) -> std::sync::MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the loaded model. Loads it where needed; concurrent calls wait.
    fn pool(&self) -> Result<Arc<Pool>, TranscribeError> {
        let _alone = self.loading.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = self.in_use() {
            return Ok(pool);
        }
        check_processor()?;
        let model = check(self.config.folders.find(&self.config.model)?, &self.config.trial)?;
        let pool = Arc::new(Pool::load(model, self.config.threads.max(1))?);
        self.slot().pool = Some(Arc::clone(&pool));
        Ok(pool)
    }

    fn in_use(&self) -> Option<Arc<Pool>> {
        let mut slot = self.slot();
        slot.uses += 1;
        slot.pool.clone()
    }
}

/// Returns Whisper's code of a language tag. whisper.cpp would treat an unknown one as English.
pub(super) fn language_code(tag: &str) -> Result<String, TranscribeError> {
    let code = tag.split(['-', '_']).next().unwrap_or_default().trim().to_ascii_lowercase();
    let known = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_alphabetic());
    match whisper_rs::get_lang_id(if known { &code } else { "?" }).and_then(whisper_rs::get_lang_str) {
        Some(code) => Ok(code.to_owned()),
        None => Err(TranscribeError::UnknownLanguage(tag.to_owned())),
    }
}

/// Returns the language for this model: English for a model for English only.
fn fitting(language: Option<String>, pool: &Pool) -> Result<Option<String>, TranscribeError> {
    match language {
        Some(language) if !pool.multilingual() && language != "en" => {
            Err(TranscribeError::Language { language, model: pool.model().name.clone() })
        }
        None if !pool.multilingual() => Ok(Some("en".to_owned())),
        language => Ok(language),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_tags() {
        for (tag, code) in [("en", "en"), ("en-GB", "en"), ("pt_BR", "pt"), ("DE", "de"), ("german", "de")] {
            assert_eq!(language_code(tag).ok().as_deref(), Some(code));
        }
        for tag in ["", "xx", "e\0n", "klingon"] {
            assert!(matches!(language_code(tag), Err(TranscribeError::UnknownLanguage(_))), "{tag:?}");
        }
    }
}
