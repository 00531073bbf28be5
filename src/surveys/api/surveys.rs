//! Endpoints of surveys, their versions, and answers that come from elsewhere.

use super::Tag;
use crate::access::rights::{Ingest, ManageSurveys, SeeSurveys};
use crate::config::Choice;
use crate::surveys::definition::Definition;
use crate::surveys::{
    EditError, ExternalAnswer, ExternalAnswerError, GivenAnswer, Listed, PublishedVersion, Subject, Surveys,
};
use crate::web::page::sentence;
use crate::web::problem::ApiError;
use crate::web::{Allowed, JsonBody};
use poem::http::StatusCode;
use poem_openapi::param::{Header, Path};
use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};

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

/// Whether an answer is linked to its interaction.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename = "ResponseChoice", rename_all = "lowercase")]
enum ChoiceIn {
    /// Shown with the recording.
    Linked,
    /// Never joined to the interaction.
    Apart,
}

/// An interaction or an agent by its id in the source system.
#[derive(Debug, Object)]
struct Reference {
    /// Name of the source system.
    source: String,
    /// Id in that system.
    external_id: String,
}

impl From<Reference> for (String, String) {
    fn from(reference: Reference) -> Self {
        (reference.source, reference.external_id)
    }
}

/// An answer to a question: exactly one of `value`, `values` and `text`.
#[derive(Debug, Object)]
#[oai(rename = "AnswerInput")]
struct AnswerIn {
    /// Number of the question in the survey.
    question: u16,
    /// CSAT 1 to 5, NPS 0 to 10, CES 1 to 7, yes 1 and no 0, single choice: number of the option.
    value: Option<i64>,
    /// Multiple choice: numbers of the options.
    values: Option<Vec<i64>>,
    /// Free text.
    text: Option<String>,
}

/// A response that was given outside of Afterword: at a kiosk, by phone keypad.
#[derive(Debug, Object)]
#[oai(rename = "NewSurveyResponse", example)]
struct ResponseIn {
    /// `linked` is shown with its interaction; `apart` is never connected to one.
    choice: ChoiceIn,
    /// Linked: the interaction, which must exist.
    interaction: Option<Reference>,
    /// Apart: the rated agent.
    agent: Option<Reference>,
    /// Apart: name of the team; by default the agent's.
    team: Option<String>,
    /// Version of the survey; by default the current one.
    version: Option<i64>,
    /// Answers to the questions.
    answers: Vec<AnswerIn>,
}

impl poem_openapi::types::Example for ResponseIn {
    fn example() -> Self {
        let answer = AnswerIn { question: 1, value: Some(4), values: None, text: None };
        let agent = Some(Reference { source: "phone".into(), external_id: "17".into() });
        Self { choice: ChoiceIn::Apart, interaction: None, agent, team: None, version: None, answers: vec![answer] }
    }
}

#[derive(ApiResponse)]
enum RecordReply {
    /// Recorded. The answer has no body, since an id would lead to the response.
    #[oai(status = 204)]
    Recorded,
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

impl From<ExternalAnswerError> for ApiError {
    fn from(error: ExternalAnswerError) -> Self {
        let said = sentence(&format!("{error}."));
        match error {
            ExternalAnswerError::NoSurvey => Self::not_found("survey_not_found", said),
            ExternalAnswerError::Wrong(problems) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_response", "Nothing was recorded; see `problems`.")
                    .with_problems(problems)
            }
            ExternalAnswerError::Asked => Self::conflict("already_asked", said),
            ExternalAnswerError::Counted => Self::conflict("already_counted", said),
            ExternalAnswerError::Stopping(inner) => inner.into(),
            ExternalAnswerError::Database(inner) => inner.into(),
        }
    }
}

/// The endpoints.
#[derive(Debug, Clone)]
pub struct SurveysApi {
    /// The service.
    pub surveys: Surveys,
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Surveys")]
impl SurveysApi {
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

    /// Record a response
    ///
    /// For responses from a kiosk, a phone keypad or another survey system. The rules are the same as for responses by link:
    /// those kept apart go through the mix, and none is counted before enough have come together. A random UUID as
    /// `Idempotency-Key` makes retries safe; never derive it from the id of the interaction.
    #[oai(path = "/surveys/:id/responses", method = "post", operation_id = "createResponse")]
    async fn respond(
        &self,
        _who: Allowed<Ingest>,
        /// Id of the survey: `standard`, or a random one.
        id: Path<String>,
        /// A random UUID (version 4).
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: JsonBody<ResponseIn>,
    ) -> Result<RecordReply, ApiError> {
        let ResponseIn { choice, interaction, agent, team, version, answers } = body.0;
        let given = |one: AnswerIn| GivenAnswer {
            question: one.question,
            value: one.value,
            values: one.values,
            text: one.text,
        };
        let sent = ExternalAnswer {
            survey: id.0,
            version,
            subject: Subject { interaction: interaction.map(Into::into), agent: agent.map(Into::into), team },
            answers: answers.into_iter().map(given).collect(),
            choice: match choice {
                ChoiceIn::Linked => Choice::Linked,
                ChoiceIn::Apart => Choice::Apart,
            },
            key: key.0,
        };
        self.surveys.record_external(sent).await?;
        Ok(RecordReply::Recorded)
    }
}
