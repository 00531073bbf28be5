//! The speech model on pages: a notice while it is missing, a button that fetches it, and the progress of the fetch.

use crate::access::Principal;
use crate::access::rights::{Administer, Right};
use crate::transcription::models::megabytes;
use crate::transcription::{FetchState, ModelFetch, ModelFetchError, ModelStatus, Transcription};
use crate::web::{EmptyForm, PageError, Posted, Viewer, redirect};
use poem::web::Data;
use poem::{Response, handler};

/// A notice that recordings wait for the speech model.
#[derive(Debug, Clone, PartialEq)]
pub struct MissingModel {
    /// Name of the model.
    pub name: String,
    /// "82 MB"; `None`: it can't be fetched.
    pub size: Option<String>,
    /// The reason why it can't be used.
    pub problem: String,
    /// Whether another value of `transcription.model` is the remedy.
    pub is_unknown: bool,
    /// Progress from 0 to 1 and the current step, while it is fetched.
    pub progress: Option<(f64, String)>,
    /// The reason why the last fetch failed.
    pub failure: Option<String>,
    /// Whether the reader may have it fetched.
    pub may_fetch: bool,
}

impl MissingModel {
    /// Returns the notice; `None` where the model is installed.
    pub async fn load(transcription: &Transcription, who: &Principal) -> Result<Option<Self>, PageError> {
        Ok(Self::new(transcription.model_status().await?, Administer::has(who)))
    }

    fn new(status: ModelStatus, administers: bool) -> Option<Self> {
        let problem = status.problem?;
        let last = status.fetch;
        let failure = last.as_ref().filter(|last| last.state == FetchState::Failed).map(|last| last.text.clone());
        Some(Self {
            may_fetch: administers && status.size.is_some(),
            size: status.size.map(megabytes),
            problem,
            is_unknown: status.is_unknown,
            progress: last.filter(ModelFetch::is_under_way).map(|last| (last.progress, last.text)),
            failure,
            name: status.name,
        })
    }
}

impl From<ModelFetchError> for PageError {
    fn from(error: ModelFetchError) -> Self {
        match error {
            ModelFetchError::Database(inner) => inner.into(),
            refused => Self::Refused(refused.to_string()),
        }
    }
}

/// `POST /admin/model/fetch`
#[handler]
pub(super) async fn fetch_model(
    who: Viewer<Administer>,
    Data(transcription): Data<&Transcription>,
    _form: Posted<EmptyForm>,
) -> Result<Response, PageError> {
    match transcription.fetch_model(&who.actor()).await {
        // The page shows that it is installed.
        Ok(()) | Err(ModelFetchError::Installed(_)) => Ok(redirect("/admin/model")),
        Err(refused) => Err(refused.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(state: Option<FetchState>) -> ModelStatus {
        let fetch = state.map(|state| ModelFetch { model: "base".into(), state, progress: 0.5, text: "Half.".into() });
        let problem = Some("it is not installed".into());
        ModelStatus { name: "base".into(), problem, is_unknown: false, size: Some(81_768_585), fetch }
    }

    #[test]
    fn what_is_shown_follows_the_fetch() {
        let shown = |state, administers| MissingModel::new(status(state), administers).expect("it is missing");
        let none = shown(None, true);
        assert_eq!((none.size.as_deref(), none.may_fetch), (Some("82 MB"), true));
        assert_eq!((none.progress, none.failure), (None, None));
        assert_eq!(shown(Some(FetchState::Running), true).progress, Some((0.5, "Half.".into())));
        assert_eq!(shown(Some(FetchState::Failed), true).failure.as_deref(), Some("Half."));
        let done = shown(Some(FetchState::Done), true);
        assert_eq!((done.progress, done.failure), (None, None), "it was removed since");
        assert!(!shown(None, false).may_fetch);
        assert!(!MissingModel::new(ModelStatus { size: None, ..status(None) }, true).expect("it is missing").may_fetch);
        assert_eq!(MissingModel::new(ModelStatus { problem: None, ..status(None) }, true), None);
    }
}
