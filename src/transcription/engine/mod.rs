//! The engine: a model, loaded when it is first needed and dropped when it was not for a while, on threads of its own.

mod error;
mod hall;
mod hear;
mod honest;
mod language;
mod legs;
mod listen;
mod pool;
mod queue;
mod turns;
mod twins;
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

/// What to transcribe.
#[derive(Clone, Debug, Default)]
pub struct TranscriptionRequest {
    /// The recording.
    pub path: PathBuf,
    /// Who speaks on which channel; channels beyond these are numbered.
    pub speakers: Vec<Speaker>,
    /// A language code such as `en` or `pt-BR`. Without it the model finds out, if it knows several.
    pub language: Option<String>,
    /// Language code that the recording is likely to be in, where it has to be found out.
    pub hint: Option<String>,
    /// Language codes of which one is spoken, where it has to be found out; empty: any.
    pub languages: Vec<String>,
    /// Set while somebody waits for this one: what is heard of it goes before what is heard of others.
    pub urgent: Arc<AtomicBool>,
    /// Whether it is a short recording: its windows and those of others take turns.
    pub short: bool,
    /// What an earlier attempt has heard of the same recording with the same model, in order. It is not heard again.
    pub known: Vec<HeardWindow>,
}

/// A stretch of one channel, as the model has heard it.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct HeardWindow {
    /// Its place among the windows of the recording.
    pub seq: usize,
    /// From 0.
    pub channel: usize,
    /// Where the speech in it begins.
    pub start_ms: u64,
    /// Where the speech in it ends.
    pub until_ms: u64,
    /// The language that it was heard in.
    pub language: String,
    /// What was said; empty where nothing was.
    pub segments: Vec<Segment>,
}

/// What the engine tells while it works.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// From 0 to 1; never smaller than before.
    pub progress: f32,
    /// What was just heard.
    pub window: Option<&'a HeardWindow>,
}

/// How the engine works.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// A name in the catalogue, or a path.
    pub model: String,
    /// Where to look for it.
    pub folders: ModelFolders,
    /// How many windows are heard at the same time, each on one core.
    pub threads: usize,
    /// The model is dropped when it was not used for this long.
    pub unload_after: Duration,
    /// How a model that nobody vouches for is tried out.
    pub trial: Trial,
}

impl EngineConfig {
    /// This model on all cores, dropped after a minute.
    pub fn new(folders: ModelFolders, model: impl Into<String>) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Self { model: model.into(), folders, threads, unload_after: Duration::from_secs(60), trial: Trial::default() }
    }
}

/// Turns recordings into words. Cheap to clone; all clones share one model.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    config: EngineConfig,
    /// Held for moments only: the runtime's threads take it too.
    slot: Mutex<Slot>,
    /// Held while the model is loaded, which takes seconds, so that it is loaded once.
    loading: Mutex<()>,
}

#[derive(Default)]
struct Slot {
    pool: Option<Arc<Pool>>,
    /// Counts uses, so that a timer set after one of them can tell whether there was another.
    uses: u64,
}

impl Engine {
    /// Loads nothing yet.
    pub fn new(config: EngineConfig) -> Self {
        Self { inner: Arc::new(Inner { config, slot: Mutex::default(), loading: Mutex::default() }) }
    }

    /// An engine of its own with another model, otherwise as this one is configured.
    pub fn with_model(&self, model: &str) -> Self {
        Self::new(EngineConfig { model: model.to_owned(), ..self.inner.config.clone() })
    }

    /// Where models are looked for.
    pub fn folders(&self) -> &ModelFolders {
        &self.inner.config.folders
    }

    /// Name or path of the model that is configured.
    pub fn model_name(&self) -> &str {
        &self.inner.config.model
    }

    /// How a model that nobody vouches for is tried out.
    pub fn trial(&self) -> &Trial {
        &self.inner.config.trial
    }

    /// How many windows are heard at the same time.
    pub fn threads(&self) -> usize {
        self.inner.config.threads.max(1)
    }

    /// The model that would be used, or why there is none: cheap, for health checks and for the page that says what to do.
    pub fn model(&self) -> Result<Model, ModelError> {
        check_processor()?;
        self.inner.config.folders.find(&self.inner.config.model)
    }

    /// True while the model takes memory.
    pub fn is_loaded(&self) -> bool {
        self.inner.slot().pool.is_some()
    }

    /// Drops the model once nothing uses it any more.
    pub fn unload(&self) {
        self.inner.slot().pool = None;
    }

    /// Transcribes a recording on threads of the engine's own; the caller's runtime is never blocked.
    ///
    /// `tell` is called from another thread. Cancelling, or dropping the future, stops
    /// the work at its next step (some tenths of a second).
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
                listen::listen(&pool, &request, language, &tell, &stop)
            }));
            // Nobody may be waiting any more.
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

    /// The loaded model; loads it if need be. Whoever comes meanwhile waits.
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

/// The two letters that Whisper knows of a language tag; an unknown one would silently become English.
pub(super) fn language_code(tag: &str) -> Result<String, TranscribeError> {
    let code = tag.split(['-', '_']).next().unwrap_or_default().trim().to_ascii_lowercase();
    let known = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_alphabetic());
    match whisper_rs::get_lang_id(if known { &code } else { "?" }).and_then(whisper_rs::get_lang_str) {
        Some(code) => Ok(code.to_owned()),
        None => Err(TranscribeError::UnknownLanguage(tag.to_owned())),
    }
}

/// An English-only model hears English in everything.
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
