//! Endpoints of surveys and their versions.

use crate::access::rights::{ManageSurveys, SeeSurveys};
use crate::surveys::definition::Definition;
use crate::surveys::{EditError, Listed, PublishedVersion, Surveys};
use crate::web::page::sentence;
use crate::web::problem::ApiError;
use crate::web::{Allowed, JsonBody};
use poem::http::StatusCode;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use poem_openapi::{ApiResponse, Object, OpenApi, Tags};

#[derive(Tags)]
enum Tag {
    /// Surveys and their versions.
    Surveys,
}

/// A survey.
#[derive(Debug, Object)]
#[oai(rename = "Survey")]
struct SurveyOut {
    /// Id: `standard`, or a random one.
    id: String,
    /// Name.
    name: String,
    /// State.
    state: String,
    /// Number of the current version; null if it was never published.
    version: Option<i64>,
    /// Whether there is an unpublished draft.
    draft: bool,
}

impl From<Listed> for SurveyOut {
    fn from(listed: Listed) -> Self {
        let state = if listed.archived { "archived" } else { "active" };
        Self {
            id: listed.id,
            name: listed.name,
            state: state.into(),
            version: listed.current.map(|current| current.number),
            draft: listed.draft.is_some(),
        }
    }
}

/// All surveys.
#[derive(Debug, Object)]
struct SurveyList {
    /// Active surveys first.
    items: Vec<SurveyOut>,
    /// Always null: the list is one page.
    next: Option<String>,
}

/// A published version of a survey.
#[derive(Debug, Object)]
#[oai(rename = "SurveyVersion")]
struct VersionOut {
    /// Number of the version, from 1.
    number: i64,
    /// Time of publication, RFC 3339, UTC.
    published_at: String,
    /// Name of the person who published it, at that time.
    published_by: String,
    /// Questions, texts and design; see docs/surveys.md.
    definition: Any<serde_json::Value>,
}

impl From<PublishedVersion> for VersionOut {
    fn from(kept: PublishedVersion) -> Self {
        Self {
            number: kept.published.number,
            published_at: kept.published.at.to_rfc3339(),
            published_by: kept.published.by,
            definition: Any(serde_json::to_value(&kept.definition).unwrap_or_default()),
        }
    }
}

/// All versions of a survey.
#[derive(Debug, Object)]
#[oai(rename = "SurveyVersionList")]
struct VersionList {
    /// Versions, newest first.
    items: Vec<VersionOut>,
    /// Always null: the list is one page.
    next: Option<String>,
}

/// A version to be published.
#[derive(Debug, Object)]
#[oai(rename = "NewSurveyVersion")]
struct NewVersion {
    /// Complete definition: questions, texts and design; see docs/surveys.md.
    definition: Any<serde_json::Value>,
}

#[derive(ApiResponse)]
enum PublishReply {
    /// Published.
    #[oai(status = 201)]
    Published(Json<SurveyOut>),
}

impl From<EditError> for ApiError {
    fn from(error: EditError) -> Self {
        let said = sentence(&format!("{error}."));
        match error {
            EditError::NotFound => Self::not_found("survey_not_found", said),
            EditError::Conflict { .. } => Self::conflict("survey_changed", said),
            EditError::Unchanged => Self::conflict("unchanged", said),
            EditError::Incomplete(wrong) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_survey", "It can't be published as it is.")
                    .with_problems(wrong.iter().map(ToString::to_string).collect())
            }
            EditError::Database(inner) => inner.into(),
            EditError::Name | EditError::Last | EditError::Logo(_) | EditError::Renumbered(_) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_survey", said)
            }
        }
    }
}

/// The endpoints.
#[derive(Debug, Clone)]
pub struct Api {
    /// The service.
    pub surveys: Surveys,
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Surveys")]
impl Api {
    /// List surveys
    #[oai(path = "/surveys", method = "get", operation_id = "listSurveys")]
    async fn list(&self, _who: Allowed<SeeSurveys>) -> Result<Json<SurveyList>, ApiError> {
        let items = self.surveys.all().await?.into_iter().map(SurveyOut::from).collect();
        Ok(Json(SurveyList { items, next: None }))
    }

    /// Get a survey
    #[oai(path = "/surveys/:id", method = "get", operation_id = "getSurvey")]
    async fn get(
        &self,
        _who: Allowed<SeeSurveys>,
        /// Id of the survey: `standard`, or a random one.
        id: Path<String>,
    ) -> Result<Json<SurveyOut>, ApiError> {
        Ok(Json(self.surveys.one(&id).await?.into()))
    }

    /// List the versions of a survey
    ///
    /// Returns the definition of every version. A version never changes.
    #[oai(path = "/surveys/:id/versions", method = "get", operation_id = "listSurveyVersions")]
    async fn versions(
        &self,
        _who: Allowed<SeeSurveys>,
        /// Id of the survey: `standard`, or a random one.
        id: Path<String>,
    ) -> Result<Json<VersionList>, ApiError> {
        self.surveys.one(&id).await?;
        let items = self.surveys.versions(&id).await?.into_iter().map(VersionOut::from).collect();
        Ok(Json(VersionList { items, next: None }))
    }

    /// Publish a version of a survey
    ///
    /// New invitations use the version; invitations that were sent keep theirs. 409 if the survey has a draft, which would be lost.
    #[oai(path = "/surveys/:id/versions", method = "post", operation_id = "publishSurveyVersion")]
    async fn publish(
        &self,
        who: Allowed<ManageSurveys>,
        /// Id of the survey: `standard`, or a random one.
        id: Path<String>,
        body: JsonBody<NewVersion>,
    ) -> Result<PublishReply, ApiError> {
        let wrong = |error: serde_json::Error| {
            ApiError::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid_survey",
                format!("`definition` can't be read: {error}."),
            )
        };
        let definition: Definition = serde_json::from_value(body.0.definition.0).map_err(wrong)?;
        self.surveys.publish_at_once(&id, &definition, &who.actor()).await?;
        Ok(PublishReply::Published(Json(self.surveys.one(&id).await?.into())))
    }
}
