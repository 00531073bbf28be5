//! Endpoints of outcome words.

use crate::access::rights::Administer;
use crate::interactions::{Interactions, MEANINGS, Outcome, OutcomeError, OutcomeMapping, OutcomeWord};
use crate::web::problem::ApiError;
use crate::web::{Allowed, JsonBody};
use poem::http::StatusCode;
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};

/// Meaning of an outcome word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum OutcomeMeaning {
    /// An agent answered.
    Answered,
    /// No agent answered.
    Missed,
    /// The customer hung up or left.
    Abandoned,
    /// It went to voicemail.
    Voicemail,
    /// Such conversations are not surveyed.
    NotSurveyed,
}

impl OutcomeMeaning {
    const ALL: [Self; 5] = [Self::Answered, Self::Missed, Self::Abandoned, Self::Voicemail, Self::NotSurveyed];

    fn outcome(self) -> Outcome {
        MEANINGS[self as usize]
    }
}

/// An outcome word of a source that is not one of Afterword's, and its meaning.
#[derive(Debug, Clone, Object)]
#[oai(rename = "OutcomeMapping", example)]
struct OutcomeMappingOut {
    /// Name of the source.
    source: String,
    /// The word, in lower case.
    word: String,
    /// Meaning; null: unknown. Interactions with an unknown outcome are not surveyed.
    outcome: Option<OutcomeMeaning>,
    /// Whether the meaning was set for this source; otherwise it is that of a known system.
    mapped: bool,
    /// Number of stored interactions with this word.
    interactions: i64,
    /// Ids of the last interactions with this word, three at most.
    examples: Vec<String>,
}

impl poem_openapi::types::Example for OutcomeMappingOut {
    fn example() -> Self {
        Self {
            source: "phone".into(),
            word: "handled".into(),
            outcome: None,
            mapped: false,
            interactions: 12,
            examples: vec!["5f0c9f4e-0b1f-4a3e-9d55-0a9a1d3c2b11".into()],
        }
    }
}

impl From<OutcomeWord> for OutcomeMappingOut {
    fn from(word: OutcomeWord) -> Self {
        let meaning = |outcome| OutcomeMeaning::ALL.into_iter().find(|meaning| meaning.outcome() == outcome);
        Self {
            outcome: word.outcome.and_then(meaning),
            source: word.source,
            word: word.word,
            mapped: word.mapped,
            interactions: word.interactions,
            examples: word.examples.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Outcome words.
#[derive(Debug, Object)]
struct OutcomeMappingPage {
    /// Words without a meaning first, then the most frequent; 500 at most.
    items: Vec<OutcomeMappingOut>,
    /// Always null: there is one page.
    next: Option<String>,
}

/// A new meaning of an outcome word.
#[derive(Debug, Clone, Object)]
#[oai(rename = "NewOutcomeMapping")]
struct OutcomeMappingBody {
    /// Name of the source.
    source: String,
    /// The word; case and surrounding white space do not matter.
    word: String,
    /// Meaning; null removes the mapping.
    outcome: Option<OutcomeMeaning>,
}

/// New meanings of outcome words.
#[derive(Debug, Object)]
#[oai(rename = "OutcomeMappingUpdate", example)]
struct OutcomeMappingsBody {
    /// Mappings to set or remove, 500 at most; all other mappings stay.
    #[oai(validator(max_items = 500))]
    mappings: Vec<OutcomeMappingBody>,
}

impl poem_openapi::types::Example for OutcomeMappingsBody {
    fn example() -> Self {
        let outcome = Some(OutcomeMeaning::Answered);
        Self { mappings: vec![OutcomeMappingBody { source: "phone".into(), word: "handled".into(), outcome }] }
    }
}

/// Result of new meanings.
#[derive(Debug, Object)]
#[oai(rename = "OutcomeMappingResult", example)]
struct OutcomeMappingResultOut {
    /// Number of interactions whose survey is decided anew.
    decided_anew: i64,
}

impl poem_openapi::types::Example for OutcomeMappingResultOut {
    fn example() -> Self {
        Self { decided_anew: 12 }
    }
}

impl From<OutcomeError> for ApiError {
    fn from(error: OutcomeError) -> Self {
        let code = match error {
            OutcomeError::BadWord => "invalid_word",
            OutcomeError::FixedMeaning(_) => "fixed_meaning",
            OutcomeError::NoMeaning => "no_meaning",
            OutcomeError::TooMany => "too_many",
            OutcomeError::Database(inner) => return inner.into(),
        };
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, crate::web::page::sentence(&format!("{error}.")))
    }
}

/// The endpoints of outcome words.
#[derive(Debug, Clone)]
pub struct OutcomesApi {
    /// The service.
    pub interactions: Interactions,
}

#[OpenApi(prefix_path = "/api/v1", tag = "super::Tag::Interactions")]
impl OutcomesApi {
    /// List outcome words
    ///
    /// Returns the outcome words of all sources that are not `answered`, `missed`, `abandoned`, `voicemail` or `not_surveyed`,
    /// with their meaning.
    #[oai(path = "/outcome-mappings", method = "get", operation_id = "listOutcomeMappings")]
    async fn list_outcome_mappings(&self, who: Allowed<Administer>) -> Result<Json<OutcomeMappingPage>, ApiError> {
        let _ = who;
        let words = self.interactions.outcome_words().await?;
        Ok(Json(OutcomeMappingPage { items: words.into_iter().map(Into::into).collect(), next: None }))
    }

    /// Set the meaning of outcome words
    ///
    /// Sets or removes the listed mappings, all or none. Interactions that were not surveyed because their word had no meaning
    /// are decided anew, unless they ended longer ago than `survey.max_age`.
    #[oai(path = "/outcome-mappings", method = "put", operation_id = "putOutcomeMappings")]
    async fn put_outcome_mappings(
        &self,
        who: Allowed<Administer>,
        body: JsonBody<OutcomeMappingsBody>,
    ) -> Result<Json<OutcomeMappingResultOut>, ApiError> {
        let mapping = |body: &OutcomeMappingBody| OutcomeMapping {
            source: body.source.clone(),
            word: body.word.clone(),
            outcome: body.outcome.map(OutcomeMeaning::outcome),
        };
        let mappings: Vec<_> = body.mappings.iter().map(mapping).collect();
        let decided = self.interactions.map_outcomes(&mappings, &who.actor()).await?;
        Ok(Json(OutcomeMappingResultOut { decided_anew: i64::try_from(decided).unwrap_or(i64::MAX) }))
    }
}
