//! Published versions of surveys. They never change, so each is read once.

use super::definition::{Definition, Item, Kind, Question, STANDARD, STANDARD_SURVEY};
use super::wording::{self, Language, Phrases};
use super::{Surveys, Value, store};
use crate::database::{Db, DbError};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

/// A published version of a survey.
#[derive(Debug)]
pub struct Version {
    /// Id; answers and invitations name it.
    pub id: String,
    /// Id of the survey.
    pub survey: String,
    /// Number of the version: 1, 2, …
    pub number: i64,
    /// Content of the version.
    pub definition: Definition,
    wordings: BTreeMap<Language, Phrases>,
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && self.definition == other.definition
    }
}

impl Eq for Version {}

impl Version {
    /// Creates a version and prepares the phrases of its languages.
    pub fn new(id: String, survey: String, number: i64, definition: Definition) -> Self {
        let wordings = definition
            .texts
            .iter()
            .map(|(language, texts)| (language.clone(), Phrases::with(language, &texts.phrases)))
            .collect();
        Self { id, survey, number, definition, wordings }
    }

    fn standard() -> Self {
        Self::new(STANDARD.into(), STANDARD_SURVEY.into(), 1, Definition::standard())
    }

    /// Returns its questions with their pools, in the order of the page.
    pub fn questions(&self) -> impl Iterator<Item = (&Item, Question)> {
        self.definition.questions.iter().map(|item| (item, item.question(&self.survey)))
    }

    /// Returns the anchor question.
    pub fn anchor(&self) -> Option<(&Item, Question)> {
        self.definition.anchor().map(|item| (item, item.question(&self.survey)))
    }

    /// Returns the best of its languages for a wanted one.
    pub fn language(&self, wanted: Option<&str>) -> &Language {
        let found = wanted.and_then(|wanted| Language::choose(wanted, self.definition.texts.keys()));
        found.unwrap_or(&self.definition.default_language)
    }

    /// Returns the page's phrases in one of its languages.
    pub fn phrases(&self, language: &Language) -> &Phrases {
        let found = self.wordings.get(language).or_else(|| self.wordings.get(&self.definition.default_language));
        found.unwrap_or_else(|| super::wording::english())
    }
}

/// An answer to a further question, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Further {
    /// Number of the question in the survey.
    pub number: u16,
    /// Text of the question, in the survey's default language.
    pub question: String,
    /// Text of the answer.
    pub answer: String,
}

impl Version {
    /// Returns these answers in the default language, in the order of the page. `company`: name of the surveying
    /// company.
    pub fn in_words(&self, values: &HashMap<Question, Value>, company: &str) -> Vec<Further> {
        let facts = wording::Facts::default().with("company", company);
        let Some(texts) = self.definition.texts_in(&self.definition.default_language) else { return Vec::new() };
        let further = |(item, question): (&Item, Question)| {
            let words = texts.questions.get(&item.number);
            let word = |number: i64| {
                let said = words.and_then(|words| words.values.get(&number)).map(String::as_str);
                match item.kind {
                    Kind::Csat | Kind::Nps | Kind::Ces => {
                        let of = item.values().into_iter().max().unwrap_or(number);
                        said.map_or(format!("{number} of {of}"), |said| format!("{number} of {of}, {said}"))
                    }
                    _ => said.map_or(number.to_string(), str::to_owned),
                }
            };
            let answer = match values.get(&question)? {
                Value::Text(text) => text.clone(),
                Value::Number(number) => {
                    super::chosen(item.kind, *number).into_iter().map(word).collect::<Vec<_>>().join(", ")
                }
            };
            let label = words.map(|words| wording::fill(&words.label, &facts)).unwrap_or_default();
            Some(Further { number: item.number, question: label, answer })
        };
        self.questions().filter_map(further).collect()
    }
}

/// Cache of versions.
#[derive(Debug, Clone, Default)]
pub(super) struct Versions {
    known: Arc<RwLock<HashMap<String, Arc<Version>>>>,
}

impl Versions {
    /// Returns a version by its id; the built-in one if there is none, which is logged.
    pub async fn get(&self, db: &Db, id: &str) -> Result<Arc<Version>, DbError> {
        if let Some(known) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(id) {
            return Ok(Arc::clone(known));
        }
        let version = match store::version(db.read().await?.conn(), id).await? {
            None => {
                tracing::error!(version = id, "a survey's version is not there; the built-in one stands in");
                return Ok(Arc::new(Version::standard()));
            }
            Some(row) => match row.definition.as_deref().map(serde_json::from_str) {
                None => Version::new(row.id, row.survey_id, row.number, Definition::standard()),
                Some(Ok(definition)) => Version::new(row.id, row.survey_id, row.number, definition),
                Some(Err(error)) => {
                    tracing::error!(version = id, %error, "a survey's version can't be read; the built-in one stands in");
                    return Ok(Arc::new(Version::standard()));
                }
            },
        };
        let version = Arc::new(version);
        self.known.write().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), Arc::clone(&version));
        Ok(version)
    }
}

impl Surveys {
    /// Returns a version by its id.
    pub async fn version(&self, id: &str) -> Result<Arc<Version>, DbError> {
        self.inner.versions.get(&self.inner.db, id).await
    }
}
