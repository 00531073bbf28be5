//! Results of a survey, question by question: sums over whole releases, as all figures are. Read from the same totals
//! as the ratings, so that no two pages differ by a part of a release.

mod export;
mod figures;
mod store;

pub use export::to_csv as results_to_csv;
pub use figures::{Count, Figure, QuestionResult};

use super::{Comment, Period, Ratings, RatingsError, reads_comments, sight};
use crate::access::Principal;
use crate::surveys::{EditError, Listed, PublishedVersion, Question, QuestionItem as Item, QuestionKind};
use std::collections::BTreeMap;

/// Formulas of the figures of questions; shown wherever they are.
pub const RESULTS_FORMULA: &str = "CSAT = answers of 4 or 5 ÷ all answers. NPS = percent of 9 and 10 − percent of 0 to 6. CES = answers of 5, 6 or 7 ÷ all \
answers. The interval of a share is the 95 % Wilson score interval, that of NPS the adjusted Wald interval.";

/// Results of a survey.
#[derive(Debug, Clone)]
pub struct Results {
    /// Survey of the results.
    pub survey: Listed,
    /// Period of the figures.
    pub period: Period,
    /// All questions of all versions, those of the newest first.
    pub questions: Vec<QuestionResult>,
}

/// A question with its texts from the newest version that asked it.
struct AskedQuestion<'a> {
    item: &'a Item,
    version: &'a PublishedVersion,
    versions: Vec<i64>,
}

impl Ratings {
    /// Returns the results of a survey, as far as `who` may see them: HR and administrators all, supervisors their
    /// teams', agents their own.
    pub async fn results(&self, who: &Principal, survey: &str, period: Period) -> Result<Results, RatingsError> {
        let gone = |error: EditError| match error {
            EditError::Database(inner) => RatingsError::Database(inner),
            _ => RatingsError::NotFound,
        };
        let listed = self.surveys.one(survey).await.map_err(gone)?;
        let versions = self.surveys.versions(survey).await?;
        let asked = asked(&versions, survey);
        let codes: Vec<&str> = asked.iter().map(|(question, _)| question.code()).collect();
        let sight = sight(who);
        let mut reader = self.db.read().await?;
        let mut counts: BTreeMap<String, BTreeMap<i64, u64>> = BTreeMap::new();
        for row in store::totals(reader.conn(), &sight, &codes, period).await? {
            let of = counts.entry(row.question.clone()).or_default();
            for (value, n) in row.sums.values() {
                *of.entry(value).or_default() += u64::try_from(n).unwrap_or(0);
            }
        }
        let mut questions = Vec::new();
        for (question, asked) in asked {
            let is_text = question.kind() == QuestionKind::Text;
            let comments = match is_text && reads_comments(who) {
                true => Some(store::comments(reader.conn(), &sight, question.code(), period).await?),
                false => None,
            };
            let comments = comments.map(|rows| rows.into_iter().map(|(month, text)| Comment { month, text }).collect());
            let counts = counts.remove(question.code()).unwrap_or_default();
            questions.push(QuestionResult::new(&question, asked.item, asked.version, asked.versions, counts, comments));
        }
        Ok(Results { survey: listed, period, questions })
    }
}

/// Returns every question of any version once, in the order of the newest version.
fn asked<'a>(versions: &'a [PublishedVersion], survey: &str) -> Vec<(Question, AskedQuestion<'a>)> {
    let mut all: Vec<(Question, AskedQuestion<'a>)> = Vec::new();
    for version in versions {
        for item in &version.definition.questions {
            let question = item.question(survey);
            match all.iter_mut().find(|(known, _)| *known == question) {
                Some((_, known)) => known.versions.push(version.published.number),
                None => all.push((question, AskedQuestion { item, version, versions: vec![version.published.number] })),
            }
        }
    }
    all
}
