//! Endpoints of surveys, their versions, and answers that come from elsewhere.

use super::Tag;
use crate::access::rights::{Ingest, ManageSurveys, SeeSurveys};
use crate::config::Choice;
use crate::surveys::definition::Definition;
use crate::surveys::{EditError, ExternalAnswer, ExternalAnswerError, GivenAnswer, Kept, Listed, Subject, Surveys};
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
    /// `standard`, or a random id.
    id: String,
    /// What staff call it.
    name: String,
    /// `active` or `archived`.
    state: String,
    /// The version that is asked; null where it was never published.
    version: Option<i64>,
    /// Is there a draft that is not published?
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
    /// Those that are asked first.
    items: Vec<SurveyOut>,
}

/// A version, as it was published.
#[derive(Debug, Object)]
#[oai(rename = "SurveyVersion")]
struct VersionOut {
    /// 1, 2, …
    number: i64,
    /// When (RFC 3339, UTC).
    published_at: String,
    /// By whom, a name at that time.
    published_by: String,
    /// Questions, texts and look; see docs/surveys.md.
    definition: Any<serde_json::Value>,
}

impl From<Kept> for VersionOut {
    fn from(kept: Kept) -> Self {
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
struct VersionList {
    /// The newest first.
    items: Vec<VersionOut>,
}

/// A version to be.
#[derive(Debug, Object)]
#[oai(rename = "NewSurveyVersion")]
struct NewVersion {
    /// Questions, texts and look, whole; see docs/surveys.md.
    definition: Any<serde_json::Value>,
}

#[derive(ApiResponse)]
enum PublishReply {
    /// It is asked from now on.
    #[oai(status = 201)]
    Published(Json<SurveyOut>),
}

/// How an answer may be used.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "lowercase")]
enum ChoiceIn {
    /// Beside the recording.
    Linked,
    /// Never joined to the interaction.
    Apart,
}

/// An interaction or an agent, by its id in the system that sends it in.
#[derive(Debug, Object)]
struct Reference {
    /// The system.
    source: String,
    /// The id there.
    external_id: String,
}

impl From<Reference> for (String, String) {
    fn from(reference: Reference) -> Self {
        (reference.source, reference.external_id)
    }
}

/// An answer to one question: exactly one of `value`, `values`, `text`.
#[derive(Debug, Object)]
struct AnswerIn {
    /// The question's number in the survey.
    question: u16,
    /// CSAT 1-5, NPS 0-10, CES 1-7, yes/no 1 and 0, one of: the option's number.
    value: Option<i64>,
    /// Many of: the options' numbers.
    values: Option<Vec<i64>>,
    /// Text.
    text: Option<String>,
}

/// An answer that comes from elsewhere: a kiosk, a phone keypad.
#[derive(Debug, Object)]
#[oai(rename = "NewResponse", example)]
struct ResponseIn {
    /// `linked` stands beside its interaction; `apart` is never joined to one.
    choice: ChoiceIn,
    /// Linked: the interaction, which must have been sent in before.
    interaction: Option<Reference>,
    /// Apart: whom it is about.
    agent: Option<Reference>,
    /// Apart: the team; the agent's where nothing is said.
    team: Option<String>,
    /// Which version was asked; the current one where nothing is said.
    version: Option<i64>,
    /// What was answered.
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
    /// It is on disk. Nothing comes back that would lead to it.
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
        Ok(Json(SurveyList { items }))
    }

    /// Read a survey
    #[oai(path = "/surveys/:id", method = "get", operation_id = "getSurvey")]
    async fn get(
        &self,
        _who: Allowed<SeeSurveys>,
        /// `standard`, or its id.
        id: Path<String>,
    ) -> Result<Json<SurveyOut>, ApiError> {
        Ok(Json(self.surveys.one(&id).await?.into()))
    }

    /// List a survey's versions
    ///
    /// What was asked, word for word; a version never changes.
    #[oai(path = "/surveys/:id/versions", method = "get", operation_id = "listSurveyVersions")]
    async fn versions(
        &self,
        _who: Allowed<SeeSurveys>,
        /// `standard`, or its id.
        id: Path<String>,
    ) -> Result<Json<VersionList>, ApiError> {
        self.surveys.one(&id).await?;
        let items = self.surveys.versions(&id).await?.into_iter().map(VersionOut::from).collect();
        Ok(Json(VersionList { items }))
    }

    /// Publish a version of a survey
    ///
    /// It is asked from now on; mails that are out already ask what they asked. 409 where somebody has a draft: it would be lost.
    #[oai(path = "/surveys/:id/versions", method = "post", operation_id = "publishSurveyVersion")]
    async fn publish(
        &self,
        who: Allowed<ManageSurveys>,
        /// `standard`, or its id.
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

    /// Record an answer that was given elsewhere
    ///
    /// From a kiosk, a phone keypad, another survey program. The same rules hold as for answers by link: apart ones go through the mix,
    /// and nothing is counted before enough have come together. Send a random UUID as `Idempotency-Key`, and a retry is harmless; never
    /// make it from the conversation's id.
    #[oai(path = "/surveys/:id/responses", method = "post", operation_id = "addResponse")]
    async fn respond(
        &self,
        _who: Allowed<Ingest>,
        /// `standard`, or its id.
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
