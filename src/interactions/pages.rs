//! `/admin/outcomes`: outcome words of sources, and their meaning.

use super::{Interactions, MEANINGS, Outcome, OutcomeError, OutcomeMapping, OutcomeWord};
use crate::access::rights::Administer;
use crate::web::{PageError, Posted, Shell, SiteInfo, Viewer, get, html, redirect};
use askama::Template;
use poem::web::{Data, Query};
use poem::{Response, Route, handler};
use serde::Deserialize;

/// Adds the pages of this feature.
pub fn routes(route: Route) -> Route {
    route.at("/admin/outcomes", get(list).post(set))
}

const DONE: &[(&str, &str)] = &[
    ("mapped", "Saved. It applies to new conversations, and to those of the last days that waited for it."),
    ("removed", "The mapping is removed. Surveys that were sent are not recalled."),
];

impl From<OutcomeError> for PageError {
    fn from(error: OutcomeError) -> Self {
        match error {
            OutcomeError::Database(inner) => inner.into(),
            refused => Self::Refused(refused.to_string()),
        }
    }
}

/// Returns an outcome in words.
fn label(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Answered => "Answered by an agent",
        Outcome::Missed => "Missed",
        Outcome::Abandoned => "Given up by the customer",
        Outcome::Voicemail => "Went to voicemail",
        Outcome::NotSurveyed => "Not to be surveyed",
        Outcome::Other => "Not mapped",
    }
}

/// A meaning in the list of choices.
struct MeaningView {
    code: &'static str,
    label: &'static str,
    chosen: bool,
}

/// A word in the table.
struct WordRow {
    word: OutcomeWord,
    meanings: Vec<MeaningView>,
    /// Meaning in words, with its origin.
    meaning: String,
}

impl From<OutcomeWord> for WordRow {
    fn from(word: OutcomeWord) -> Self {
        let view = |outcome: Outcome| MeaningView {
            code: outcome.code(),
            label: label(outcome),
            chosen: word.outcome == Some(outcome),
        };
        let meaning = match word.outcome {
            None => String::new(),
            Some(outcome) if word.mapped => label(outcome).to_owned(),
            Some(outcome) => format!("{}, as in known systems", label(outcome)),
        };
        Self { meanings: MEANINGS.into_iter().map(view).collect(), meaning, word }
    }
}

/// Query parameter of a redirect: the action that was done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NoticeQuery {
    did: String,
}

#[derive(Template)]
#[template(path = "admin/outcomes.html")]
struct OutcomesPage {
    page: Shell,
    unknown: Vec<WordRow>,
    known: Vec<WordRow>,
}

#[handler]
async fn list(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(interactions): Data<&Interactions>,
    Query(notice): Query<NoticeQuery>,
) -> Result<Response, PageError> {
    let rows = interactions.outcome_words().await?.into_iter().map(WordRow::from);
    let (unknown, known) = rows.partition(|row: &WordRow| row.word.outcome.is_none());
    let page = Shell::new(&who, site, "/admin").with_flash(Some(&notice.did), DONE);
    Ok(html(&OutcomesPage { page, unknown, known }))
}

#[derive(Deserialize)]
struct MappingForm {
    source: String,
    word: String,
    /// Code; empty removes the mapping.
    #[serde(default)]
    outcome: String,
}

#[handler]
async fn set(
    who: Viewer<Administer>,
    Data(interactions): Data<&Interactions>,
    Posted(form): Posted<MappingForm>,
) -> Result<Response, PageError> {
    let outcome = match form.outcome.as_str() {
        "" => None,
        code => Some(Outcome::known(code).ok_or(OutcomeError::NoMeaning)?),
    };
    let mapping = OutcomeMapping { source: form.source, word: form.word, outcome };
    interactions.map_outcomes(&[mapping], &who.actor()).await?;
    Ok(redirect(if outcome.is_some() { "/admin/outcomes?did=mapped" } else { "/admin/outcomes?did=removed" }))
}
