//! The endpoint for the state of the speech model.

use crate::access::rights::Administer;
use crate::transcription::{FetchState, ModelStatus, Transcription};
use crate::web::Allowed;
use crate::web::problem::ApiError;
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};

/// The endpoint.
#[derive(Debug, Clone)]
pub struct ModelApi {
    /// The service.
    pub transcription: Transcription,
}

/// Whether the speech model can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "SpeechModelState", rename_all = "lowercase")]
enum StateOut {
    /// It can't be used on this server, and no fetch is under way.
    Absent,
    /// Its fetch waits for its turn.
    Waiting,
    /// It is being fetched.
    Running,
    /// It could not be fetched.
    Failed,
    /// It is installed.
    Done,
}

/// The model that recordings are transcribed with.
#[derive(Debug, Object)]
#[oai(rename = "SpeechModel")]
struct ModelOut {
    /// Its name, or the path that is configured.
    name: String,
    /// Whether it can be used.
    state: StateOut,
    /// Progress of the fetch, 0 to 1.
    progress: f64,
    /// Current step of the fetch, or the reason why the model can't be used.
    reason: Option<String>,
}

impl From<ModelStatus> for ModelOut {
    fn from(status: ModelStatus) -> Self {
        let ModelStatus { name, problem, fetch, .. } = status;
        let Some(problem) = problem else {
            return Self { name, state: StateOut::Done, progress: 1.0, reason: None };
        };
        let (state, fetch) = match fetch {
            Some(fetch) if fetch.state == FetchState::Waiting => (StateOut::Waiting, fetch),
            Some(fetch) if fetch.state == FetchState::Running => (StateOut::Running, fetch),
            Some(fetch) if fetch.state == FetchState::Failed => (StateOut::Failed, fetch),
            // A finished fetch was one to another server, or the file was removed since.
            _ => return Self { name, state: StateOut::Absent, progress: 0.0, reason: Some(problem) },
        };
        Self { name, state, progress: fetch.progress, reason: Some(fetch.text) }
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "super::Tag::Transcripts")]
impl ModelApi {
    /// The speech model: whether it is installed, and the progress of its fetch
    #[oai(path = "/transcription/model", method = "get", operation_id = "getSpeechModel")]
    async fn get_model(&self, who: Allowed<Administer>) -> Result<Json<ModelOut>, ApiError> {
        let _ = who;
        Ok(Json(self.transcription.model_status().await?.into()))
    }
}
