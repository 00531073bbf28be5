//! Endpoints of responses: reading a linked one, recording one that was given elsewhere.

use super::{ExternalAnswer, ExternalAnswerError, GivenAnswer, Linked, Responses, Subject};
use crate::access::rights::{Ingest, SeeResponses};
use crate::config::Choice;
use crate::ids::InteractionId;
use crate::surveys::Further;
use crate::web::page::sentence;
use crate::web::problem::ApiError;
use crate::web::{Allowed, JsonBody};
use poem::http::StatusCode;
use poem_openapi::param::{Header, Path};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi, Tags};

#[derive(Tags)]
enum Tag {
    /// Answers to surveys: linked ones, and those given at a kiosk or by phone keypad.
    Responses,
}

/// A linked answer. It reveals neither the customer nor the day of answering.
#[derive(Debug, Object)]
#[oai(rename = "SurveyResponse", example)]
struct ResponseOut {
    /// Score, 1 (very poor) to 5 (very good); null: not answered.
    score: Option<i64>,
    /// Answer to "was it resolved?"; null: not answered.
    resolved: Option<bool>,
    /// Comment; null: none.
    comment: Option<String>,
    /// Month of the answer.
    month: String,
    /// Answers to further questions.
    further: Vec<FurtherOut>,
}

/// An answer to a further question of the survey.
#[derive(Debug, Object)]
#[oai(rename = "FurtherAnswer")]
struct FurtherOut {
    /// Number of the question in the survey.
    number: u16,
    /// Text of the question in the default language of the survey.
    question: String,
    /// Answer in words.
    answer: String,
}

impl poem_openapi::types::Example for ResponseOut {
    fn example() -> Self {
        let comment = Some("She told me at once where my parcel was.".into());
        Self { score: Some(4), resolved: Some(true), comment, month: "2026-11".into(), further: Vec::new() }
    }
}

impl ResponseOut {
    fn new(linked: Linked, further: Vec<Further>) -> Self {
        let resolved = linked.resolved.map(|text| text == "yes");
        let out = |f: Further| FurtherOut { number: f.number, question: f.question, answer: f.answer };
        let further = further.into_iter().map(out).collect();
        Self { score: linked.score, resolved, comment: linked.comment, month: linked.month, further }
    }
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
pub struct Api {
    /// The service.
    pub responses: Responses,
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Responses")]
impl Api {
    /// Get the linked answer to the survey of an interaction
    ///
    /// Only for supervisors of the team; API keys and other roles are refused. 404 if there is no answer, if the customer kept it
    /// apart, or if the caller may not see the interaction: the caller can't distinguish these. Recorded in the audit log.
    #[oai(path = "/interactions/:id/response", method = "get", operation_id = "getResponse")]
    async fn response(
        &self,
        who: Allowed<SeeResponses>,
        /// Id of the interaction.
        id: Path<String>,
    ) -> Result<Json<ResponseOut>, ApiError> {
        let none =
            || ApiError::not_found("response_not_found", "There is no linked answer here, or it is not for you.");
        let id: InteractionId = id.parse().map_err(|_| none())?;
        self.responses.note_look(&who, &id).await?;
        let found = self.responses.linked_response(&who, &id).await?.ok_or_else(none)?;
        let further = self.responses.further_answers(&id, &found).await?;
        Ok(Json(ResponseOut::new(found, further)))
    }

    /// Record a response
    ///
    /// For responses from a kiosk, a phone keypad or another survey system. The rules are the same as for responses by link:
    /// those kept apart go through the mix, and none is counted before enough have come together. A random UUID as
    /// `Idempotency-Key` makes retries safe; never derive it from the id of the interaction.
    #[oai(path = "/surveys/:id/responses", method = "post", operation_id = "createResponse")]
    async fn respond(
        &self,
        who: Allowed<Ingest>,
        /// Id of the survey: `standard`, or a random one.
        id: Path<String>,
        /// A random UUID (version 4).
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: JsonBody<ResponseIn>,
    ) -> Result<RecordReply, ApiError> {
        let ResponseIn { choice, interaction, agent, team, version, answers } = body.0;
        for source in [interaction.as_ref().map(|i| &i.source), agent.as_ref().map(|a| &a.source)].into_iter().flatten()
        {
            who.check_source(source)?;
        }
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
        self.responses.record_external(sent).await?;
        Ok(RecordReply::Recorded)
    }
}
