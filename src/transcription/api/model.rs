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
    /// It is not usable on this server, and no download is under way.
    Absent,
    /// Its download is queued.
    Waiting,
    /// It is being downloaded.
    Running,
    /// Its download failed.
    Failed,
    /// It is installed.
    Done,
}

/// The model that transcribes recordings.
#[derive(Debug, Object)]
#[oai(rename = "SpeechModel")]
struct ModelOut {
    /// Configured name or path of the model.
    name: String,
    /// Whether the model can be used.
    state: StateOut,
    /// Progress of the download, 0 to 1.
    progress: f64,
    /// Current step of the download, or the reason why the model can't be used.
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
    /// Get the state of the speech model
    ///
    /// Returns whether the configured model is installed, and the progress of its download.
    #[oai(path = "/transcription/model", method = "get", operation_id = "getSpeechModel")]
    async fn get_model(&self, who: Allowed<Administer>) -> Result<Json<ModelOut>, ApiError> {
        let _ = who;
        Ok(Json(self.transcription.model_status().await?.into()))
    }
}
