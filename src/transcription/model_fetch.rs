//! The speech model of this deployment: whether it is installed, and fetching it as a durable job whose progress is
//! stored.

use super::Transcription;
use super::models::{Entry, FetchEvent, FetchOptions, ModelError, entry, fetch, megabytes};
use crate::database::{DbError, meta, replace_meta};
use crate::effects::{Actor, Effects};
use crate::interactions::TRANSCRIBE;
use crate::jobs::{self, GivenUp, Kind, NewJob, Outcome, Running};
use futures_util::FutureExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// Kind of the job that fetches a model; its key is the model's name.
const FETCH: &str = "transcription.fetch_model";
/// Kind of the job that resumes waiting recordings once their model is installed.
const RESUME: &str = "transcription.resume";
/// Name of the last fetch in the database.
const META: &str = "speech_model_fetch";
/// Interval at which the progress of a fetch is stored.
const STORE_EVERY: Duration = Duration::from_millis(500);
/// Attempts before a fetch that ends the program is given up.
const MAX_ATTEMPTS: u32 = 3;

/// State of a fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FetchState {
    /// It has not begun.
    Waiting,
    /// The model is being fetched.
    Running,
    /// The model was fetched.
    Done,
    /// The model could not be fetched; the text says why.
    Failed,
}

/// The last fetch of a model.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ModelFetch {
    /// The model's name.
    pub model: String,
    /// Its state.
    pub state: FetchState,
    /// 0 to 1.
    pub progress: f64,
    /// Current step, or the reason of the failure.
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
    /// The reason why it can't be used; `None`: it is installed.
    pub problem: Option<String>,
    /// Whether another value of `transcription.model` is the remedy.
    pub is_unknown: bool,
    /// Size of the file to fetch in bytes; `None`: it can't be fetched.
    pub size: Option<u64>,
    /// The last fetch of this model; `None` also where the problem is another one than a missing model.
    pub fetch: Option<ModelFetch>,
}

/// Reasons why no model is fetched.
#[derive(Debug, thiserror::Error)]
pub enum ModelFetchError {
    /// It is installed already.
    #[error("the speech model {0} is installed already")]
    Installed(String),
    /// The configured model is not in the catalogue.
    #[error("{0}; set transcription.model to a name of `afterword models list`")]
    NotInCatalogue(ModelError),
    /// The model can't be used for another reason than that it is not installed.
    #[error("{0}")]
    NotMissing(ModelError),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// State of the service for fetching its model.
#[derive(Debug, Clone)]
pub(super) struct Fetching {
    /// Replaces the catalogue's entry of the configured model.
    entry: Arc<OnceLock<Entry>>,
    /// Whether a recording may wait for the model.
    waiting: Arc<AtomicBool>,
}

impl Default for Fetching {
    fn default() -> Self {
        // Recordings may have waited since before the start.
        Self { entry: Arc::default(), waiting: Arc::new(AtomicBool::new(true)) }
    }
}

impl Fetching {
    /// Notes that a recording waits for the model.
    pub(super) fn note_waiting(&self) {
        self.waiting.store(true, Ordering::Relaxed);
    }

    /// Returns the entry to fetch; `None` where fetching does not solve the problem.
    fn entry(&self, problem: &ModelError) -> Option<&Entry> {
        let found = match problem {
            ModelError::NotInstalled { name } => self.entry.get().or_else(|| entry(name)),
            // It is in no catalogue, but its entry was given.
            ModelError::Unknown { .. } => self.entry.get(),
            _ => None,
        };
        found.filter(|entry| !entry.sources.is_empty())
    }
}

/// Returns the kinds of job.
pub(super) fn jobs(transcription: &Transcription) -> Vec<Kind> {
    let (first, second, third) = (transcription.clone(), transcription.clone(), transcription.clone());
    let fetch = Kind::new(FETCH, move |job: Running| {
        let transcription = first.clone();
        async move { transcription.work_fetch(job).await.unwrap_or_else(|error| Outcome::Retry(error.to_string())) }
    });
    let fetch =
        fetch.max_concurrent(1).max_attempts(MAX_ATTEMPTS).about("speech model").on_give_up(|conn, job: GivenUp| {
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
    vec![fetch, resume.max_concurrent(1).found_by(look)]
}

impl Transcription {
    /// Replaces the catalogue's entry of the configured model. A second call changes nothing.
    pub fn fetch_from(&self, entry: Entry) {
        // An error says that it was set before.
        let _ = self.fetching.entry.set(entry);
    }

    /// Returns the model of this deployment, and the state of its fetch.
    pub async fn model_status(&self) -> Result<ModelStatus, DbError> {
        let name = self.engine.model_name().to_owned();
        let fetch = self.last_fetch().await?.filter(|fetch| fetch.model == name);
        let Err(problem) = self.engine.model() else {
            return Ok(ModelStatus { name, problem: None, is_unknown: false, size: None, fetch });
        };
        let size = self.fetching.entry(&problem).map(|entry| entry.size);
        let is_unknown = is_unknown(&problem) && size.is_none();
        let fetch = fetch.filter(|_| size.is_some());
        Ok(ModelStatus { name, problem: Some(problem.to_string()), is_unknown, size, fetch })
    }

    async fn last_fetch(&self) -> Result<Option<ModelFetch>, DbError> {
        Ok(parse(self.db.meta(META).await?))
    }

    /// Queues a fetch of the configured model. Changes nothing while one is under way.
    ///
    /// # Errors
    /// [`ModelFetchError`].
    pub async fn fetch_model(&self, who: &Actor) -> Result<(), ModelFetchError> {
        let name = self.engine.model_name();
        let Err(missing) = self.engine.model() else { return Err(ModelFetchError::Installed(name.to_owned())) };
        if self.fetching.entry(&missing).is_none() {
            let refused =
                if is_unknown(&missing) { ModelFetchError::NotInCatalogue } else { ModelFetchError::NotMissing };
            return Err(refused(missing));
        }
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        // First, because it locks the job's row: a second request at the same time waits here and then sees the fetch
        // of the first.
        Effects::new().job(NewJob::new(FETCH, name, now).urgent()).save(tx.conn(), now).await?;
        let last = parse(meta(tx.conn(), META).await?);
        if !last.is_some_and(|fetch| fetch.model == name && fetch.is_under_way()) {
            let waiting = fetched_as(name, FetchState::Waiting, "Waiting for its turn.");
            replace_meta(tx.conn(), META, &waiting).await?;
            let audit = Effects::new().audit(who, "model.fetched", format!("model:{name}"), None);
            audit.save(tx.conn(), now).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn work_fetch(&self, job: Running) -> Result<Outcome, DbError> {
        if job.key != self.engine.model_name() {
            return Ok(Outcome::GiveUp("another model is configured now".into()));
        }
        let Err(problem) = self.engine.model() else { return self.finish_fetch(&job.key).await };
        let Some(entry) = self.fetching.entry(&problem) else { return Ok(Outcome::GiveUp(problem.to_string())) };
        let options = FetchOptions {
            trial: self.engine.trial().clone(),
            cancel: job.cancelled.clone(),
            ..FetchOptions::default()
        };
        let progress = Arc::new(Mutex::new(ModelFetch::new(&job.key, FetchState::Running, "Starting.")));
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
            Ok(_) => self.finish_fetch(&job.key).await,
            Err(ModelError::Cancelled) => {
                let waiting = fetched_as(&job.key, FetchState::Waiting, "It continues after the restart.");
                self.db.replace_meta(META, &waiting).await?;
                Ok(Outcome::At(self.clock.now()))
            }
            Err(error) => {
                tracing::warn!(%error, "the speech model could not be fetched");
                let failed = fetched_as(&job.key, FetchState::Failed, &error.to_string());
                self.db.replace_meta(META, &failed).await?;
                // The page shows the failure with a button, so it is not listed among the failed jobs.
                Ok(Outcome::Done)
            }
        }
    }

    async fn finish_fetch(&self, model: &str) -> Result<Outcome, DbError> {
        self.db.replace_meta(META, &fetched_as(model, FetchState::Done, "It is installed.")).await?;
        self.resume_waiting().await?;
        Ok(Outcome::Done)
    }

    /// Makes recordings that wait for the model due now.
    async fn resume_waiting(&self) -> Result<(), DbError> {
        let mut tx = self.db.begin().await?;
        let resumed = jobs::wake(tx.conn(), TRANSCRIBE, self.clock.now()).await?;
        tx.commit().await?;
        self.fetching.waiting.store(false, Ordering::Relaxed);
        if resumed > 0 {
            tracing::info!(resumed, "the speech model is installed; recordings are transcribed");
        }
        Ok(())
    }
}

/// Whether a model of this name or path does not exist at all.
fn is_unknown(problem: &ModelError) -> bool {
    matches!(problem, ModelError::Unknown { .. } | ModelError::NoSuchFile { .. })
}

fn parse(stored: Option<String>) -> Option<ModelFetch> {
    serde_json::from_str(&stored?).ok()
}

fn fetched_as(model: &str, state: FetchState, text: &str) -> String {
    to_json(&ModelFetch::new(model, state, text))
}

fn to_json(fetch: &ModelFetch) -> String {
    serde_json::json!(fetch).to_string()
}

/// Updates progress and text of a fetch after an event.
fn note(fetch: &mut ModelFetch, event: &FetchEvent<'_>) {
    let part = |done: u64, all: u64| done as f64 / all.max(1) as f64;
    match event {
        FetchEvent::Trying(source) => (fetch.progress, fetch.text) = (0.0, format!("Trying {source}.")),
        FetchEvent::Bytes(done, all) => {
            fetch.progress = part(*done, *all);
            fetch.text = format!("{} of {} downloaded.", megabytes(*done), megabytes(*all));
        }
        FetchEvent::Output(line) => fetch.text = format!("pip: {line}"),
        FetchEvent::Tensors(done, all) => {
            fetch.progress = part(*done as u64, *all as u64);
            fetch.text = "Converting the model.".to_owned();
        }
        FetchEvent::Failed(source, error) => fetch.text = format!("It did not come from {source}: {error}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_missing_model_can_be_fetched() {
        let fetching = Fetching::default();
        let missing = ModelError::NotInstalled { name: "base".into() };
        assert_eq!(fetching.entry(&missing).map(|entry| entry.name.as_str()), Some("base"));
        for problem in [
            ModelError::Processor { missing: "AVX2".into() },
            ModelError::Unknown { name: "base".into() },
            ModelError::NoSuchFile { path: "base.bin".into() },
        ] {
            assert_eq!(fetching.entry(&problem), None, "{problem}");
        }
        assert!(!is_unknown(&missing) && !is_unknown(&ModelError::Processor { missing: "AVX2".into() }));
    }
}
