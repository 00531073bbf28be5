//! The speech model of this deployment: whether it is there, and fetching it as a durable job whose progress everybody sees.

use super::models::{Entry, FetchEvent, FetchOptions, ModelError, entry, fetch};
use super::{Engine, Transcription};
use crate::database::{DbError, replace_meta};
use crate::effects::{Actor, Effects};
use crate::interactions::TRANSCRIBE;
use crate::jobs::{self, GivenUp, Kind, NewJob, Outcome, Running};
use futures_util::FutureExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// Kind of the job that fetches a model; its key is the model's name.
const FETCH: &str = "transcribe.fetch_model";
/// Kind of the work that lets recordings go on once their model is there.
const RESUME: &str = "transcribe.resume";
/// Name under which the database keeps how far the last fetch is.
const META: &str = "speech_model_fetch";
/// How often the progress of a fetch is stored.
const STORE_EVERY: Duration = Duration::from_millis(500);
/// Attempts before a fetch that ends the program is given up.
const MAX_ATTEMPTS: u32 = 3;

/// How far a fetch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FetchState {
    /// It has not begun.
    Waiting,
    /// It is being fetched.
    Running,
    /// It is there.
    Done,
    /// It could not be fetched; the text says why.
    Failed,
}

/// The last fetch of a model.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ModelFetch {
    /// The model's name.
    pub model: String,
    /// How far it is.
    pub state: FetchState,
    /// 0 to 1.
    pub progress: f64,
    /// What is being done, or why it failed.
    pub text: String,
}

impl ModelFetch {
    fn new(model: &str, state: FetchState, text: impl Into<String>) -> Self {
        Self { model: model.to_owned(), state, progress: 0.0, text: text.into() }
    }

    /// Whether it waits or runs.
    pub fn is_under_way(&self) -> bool {
        matches!(self.state, FetchState::Waiting | FetchState::Running)
    }
}

/// The model that recordings are transcribed with.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelStatus {
    /// Its name, or the path that is configured.
    pub name: String,
    /// Why there is none; `None`: it is there.
    pub problem: Option<String>,
    /// Size of the file to fetch in bytes; `None`: it can't be fetched.
    pub size: Option<u64>,
    /// The last fetch of this model.
    pub fetch: Option<ModelFetch>,
}

/// Why no model is fetched.
#[derive(Debug, thiserror::Error)]
pub enum ModelFetchError {
    /// It is there already.
    #[error("the speech model {0} is there already")]
    Installed(String),
    /// The configured model is in no catalogue.
    #[error("{0}; set transcription.model to a name of `afterword models list`")]
    NotInCatalogue(ModelError),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// What the service keeps for fetching its model.
#[derive(Debug, Clone)]
pub(super) struct Fetching {
    /// The catalogue's entry of the configured model, unless it is replaced.
    entry: Arc<OnceLock<Entry>>,
    /// Whether a recording may wait for the model.
    waiting: Arc<AtomicBool>,
}

impl Default for Fetching {
    fn default() -> Self {
        // Recordings may wait since before the start.
        Self { entry: Arc::default(), waiting: Arc::new(AtomicBool::new(true)) }
    }
}

impl Fetching {
    /// A recording waits for the model from now on.
    pub(super) fn note_waiting(&self) {
        self.waiting.store(true, Ordering::Relaxed);
    }

    fn entry(&self, engine: &Engine) -> Option<&Entry> {
        self.entry.get().or_else(|| entry(engine.model_name())).filter(|entry| !entry.sources.is_empty())
    }
}

/// The kinds of job.
pub(super) fn jobs(transcription: &Transcription) -> Vec<Kind> {
    let (first, second, third) = (transcription.clone(), transcription.clone(), transcription.clone());
    let fetch = Kind::new(FETCH, move |job: Running| {
        let transcription = first.clone();
        async move { transcription.work_fetch(job).await.unwrap_or_else(|error| Outcome::Retry(error.to_string())) }
    });
    let fetch = fetch.at_once(1).most_tries(MAX_ATTEMPTS).about("speech model").on_give_up(|conn, job: GivenUp| {
        let failed = fetched_as(&job.key, FetchState::Failed, &job.why);
        async move { replace_meta(conn, META, &failed).await }.boxed()
    });
    let resume = Kind::new(RESUME, move |_| {
        let transcription = second.clone();
        async move {
            let resumed = transcription.resume_waiting().await;
            resumed.map_or_else(|error| Outcome::Retry(error.to_string()), |()| Outcome::Done)
        }
    });
    let look = move |_| {
        let waiting = third.fetching.waiting.load(Ordering::Relaxed) && third.engine.model().is_ok();
        async move { waiting }
    };
    vec![fetch, resume.at_once(1).found_by(look)]
}

impl Transcription {
    /// Replaces the catalogue's entry of the configured model, once: for a model that comes from somewhere else.
    pub fn fetch_from(&self, entry: Entry) {
        // The first one stands.
        let _ = self.fetching.entry.set(entry);
    }

    /// The model of this deployment, and how far its fetch is.
    pub async fn model_status(&self) -> Result<ModelStatus, DbError> {
        let name = self.engine.model_name().to_owned();
        let fetch = self.last_fetch().await?.filter(|fetch| fetch.model == name);
        let problem = self.engine.model().err().map(|error| error.to_string());
        Ok(ModelStatus { problem, size: self.fetching.entry(&self.engine).map(|entry| entry.size), fetch, name })
    }

    async fn last_fetch(&self) -> Result<Option<ModelFetch>, DbError> {
        Ok(self.db.meta(META).await?.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Has the configured model fetched in the background. Where that is under way already nothing changes.
    pub async fn fetch_model(&self, who: &Actor) -> Result<(), ModelFetchError> {
        let name = self.engine.model_name();
        let Err(missing) = self.engine.model() else { return Err(ModelFetchError::Installed(name.to_owned())) };
        if self.fetching.entry(&self.engine).is_none() {
            return Err(ModelFetchError::NotInCatalogue(missing));
        }
        let under_way = self.last_fetch().await?.is_some_and(|fetch| fetch.model == name && fetch.is_under_way());
        let now = self.clock.now();
        let mut effects = Effects::new().job(NewJob::new(FETCH, name, now).urgent());
        let mut tx = self.db.begin().await?;
        if !under_way {
            let waiting = fetched_as(name, FetchState::Waiting, "Waiting for its turn.");
            replace_meta(tx.conn(), META, &waiting).await?;
            effects = effects.audit(who, "model.fetched", format!("model:{name}"), None);
        }
        effects.save(tx.conn(), now).await?;
        Ok(tx.commit().await?)
    }

    async fn work_fetch(&self, job: Running) -> Result<Outcome, DbError> {
        let Some(entry) = self.fetching.entry(&self.engine).filter(|_| job.key == self.engine.model_name()) else {
            return Ok(Outcome::GiveUp("another model is configured by now".into()));
        };
        let options = FetchOptions {
            trial: self.engine.trial().clone(),
            cancel: job.cancelled.clone(),
            ..FetchOptions::default()
        };
        let progress = Arc::new(Mutex::new(ModelFetch::new(&job.key, FetchState::Running, "Looking for it.")));
        let told = Arc::clone(&progress);
        let mut on_event = move |event: FetchEvent<'_>| {
            note(&mut told.lock().unwrap_or_else(PoisonError::into_inner), &event);
        };
        let fetched = fetch(entry, self.engine.folders().own(), &options, &mut on_event);
        tokio::pin!(fetched);
        let mut stored = None;
        let result = loop {
            let now = progress.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if stored.as_ref() != Some(&now) {
                self.db.replace_meta(META, &to_json(&now)).await?;
                stored = Some(now);
            }
            tokio::select! {
                ended = &mut fetched => break ended,
                () = tokio::time::sleep(STORE_EVERY) => {}
            }
        };
        match result {
            Ok(_) => {
                self.db.replace_meta(META, &fetched_as(&job.key, FetchState::Done, "It is there.")).await?;
                self.resume_waiting().await?;
            }
            Err(ModelError::Cancelled) => {
                let waiting = fetched_as(&job.key, FetchState::Waiting, "It goes on after the restart.");
                self.db.replace_meta(META, &waiting).await?;
                return Ok(Outcome::At(self.clock.now()));
            }
            Err(error) => {
                tracing::warn!(%error, "the speech model could not be fetched");
                let failed = fetched_as(&job.key, FetchState::Failed, &error.to_string());
                self.db.replace_meta(META, &failed).await?;
            }
        }
        // A failure stands on the page, with a button: nothing to be done in the list of failed jobs.
        Ok(Outcome::Done)
    }

    /// Lets recordings that wait for the model go on at once.
    async fn resume_waiting(&self) -> Result<(), DbError> {
        let mut tx = self.db.begin().await?;
        let resumed = jobs::wake(tx.conn(), TRANSCRIBE, self.clock.now()).await?;
        tx.commit().await?;
        self.fetching.waiting.store(false, Ordering::Relaxed);
        if resumed > 0 {
            tracing::info!(resumed, "the speech model is there; recordings go on");
        }
        Ok(())
    }
}

fn fetched_as(model: &str, state: FetchState, text: &str) -> String {
    to_json(&ModelFetch::new(model, state, text))
}

fn to_json(fetch: &ModelFetch) -> String {
    serde_json::json!(fetch).to_string()
}

/// Writes down what is being done, for people.
fn note(fetch: &mut ModelFetch, event: &FetchEvent<'_>) {
    let part = |done: u64, all: u64| done as f64 / all.max(1) as f64;
    match event {
        FetchEvent::Trying(source) => (fetch.progress, fetch.text) = (0.0, format!("Asking for {source}.")),
        FetchEvent::Bytes(done, all) => {
            fetch.progress = part(*done, *all);
            fetch.text = format!("{} of {} MB are here.", done / 1_000_000, all.div_ceil(1_000_000));
        }
        FetchEvent::Output(line) => fetch.text = format!("pip: {line}"),
        FetchEvent::Tensors(done, all) => {
            fetch.progress = part(*done as u64, *all as u64);
            fetch.text = "Converting it.".to_owned();
        }
        FetchEvent::Failed(source, error) => fetch.text = format!("It did not come from {source}: {error}."),
    }
}
