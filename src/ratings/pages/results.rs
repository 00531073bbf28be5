//! `/surveys/{id}/results` and its export for spreadsheets.

use super::RatingsQuery;
use super::views::{NpsView, Period as PeriodView, ShareView};
use crate::access::rights::{ManageSurveys, Right, SeeRatings};
use crate::ratings::{Figure, QuestionResult, RESULTS_FORMULA, Ratings, results_to_csv};
use crate::surveys::QuestionKind;
use crate::web::{PageError, Shell, SiteInfo, Viewer, csv, html};
use askama::Template;
use poem::web::{Data, Path, Query};
use poem::{Response, handler};

#[derive(Template)]
#[template(path = "ratings/results.html")]
struct ResultsPage {
    page: Shell,
    id: String,
    name: String,
    /// Whether the viewer may edit the survey.
    edits: bool,
    period: PeriodView,
    questions: Vec<QuestionView>,
    released: bool,
    k: u32,
    formula: &'static str,
}

struct QuestionView {
    number: u16,
    label: String,
    kind: &'static str,
    shared: bool,
    versions: String,
    share: Option<(&'static str, ShareView)>,
    nps: Option<NpsView>,
    n: u64,
    /// Whether choices are counted instead of answers: many-of questions.
    choices: bool,
    bars: Vec<Bar>,
    is_text: bool,
    comments: Option<Vec<(String, String)>>,
}

struct Bar {
    words: String,
    n: u64,
    width: String,
    percent: String,
}

impl From<QuestionResult> for QuestionView {
    fn from(result: QuestionResult) -> Self {
        let (share, nps) = match result.figure {
            Some(Figure::Csat(share)) => (Some(("CSAT", ShareView::from(share))), None),
            Some(Figure::Ces(share)) => (Some(("CES", ShareView::from(share))), None),
            Some(Figure::Yes(share)) => (Some(("yes", ShareView::from(share))), None),
            Some(Figure::Nps(nps)) => (None, Some(NpsView::from(nps))),
            None => (None, None),
        };
        let is_scale = matches!(result.kind, QuestionKind::Csat | QuestionKind::Nps | QuestionKind::Ces);
        let of = |n: u64| if result.n == 0 { 0.0 } else { n as f64 / result.n as f64 * 100.0 };
        let bar = |count: &crate::ratings::Count| Bar {
            words: match (is_scale, count.words.is_empty()) {
                (true, true) => count.value.to_string(),
                (true, false) => format!("{} {}", count.value, count.words),
                (false, true) => format!("Option {}", count.value),
                (false, false) => count.words.clone(),
            },
            n: count.n,
            width: format!("{:.1}", of(count.n)),
            percent: format!("{:.0}\u{a0}%", of(count.n)),
        };
        let versions: Vec<String> = result.versions.iter().rev().map(ToString::to_string).collect();
        Self {
            number: result.number,
            label: result.label,
            kind: crate::surveys::kind_in_words(result.kind),
            shared: result.shared,
            versions: versions.join(", "),
            share,
            nps,
            n: result.n,
            choices: result.kind == QuestionKind::ManyOf,
            bars: if result.n == 0 { Vec::new() } else { result.counts.iter().map(bar).collect() },
            is_text: result.kind == QuestionKind::Text,
            comments: result.comments.map(|all| all.into_iter().map(|comment| (comment.month, comment.text)).collect()),
        }
    }
}

/// Returns the subject of an audit entry.
fn subject(id: &str) -> String {
    format!("survey:{id}")
}

#[handler]
pub(super) async fn show_results(
    who: Viewer<SeeRatings>,
    Data(site): Data<&SiteInfo>,
    Data(ratings): Data<&Ratings>,
    Path(id): Path<String>,
    Query(asked): Query<RatingsQuery>,
) -> Result<Response, PageError> {
    let period = ratings.period(&asked.from, &asked.to)?;
    let results = ratings.results(&who, &id, period).await?;
    ratings.note_look(&who, "ratings.viewed", &subject(&id), period).await?;
    let edits = ManageSurveys::has(&who);
    let page = ResultsPage {
        page: Shell::new(&who, site, if edits { "/surveys" } else { "/ratings" }),
        id: results.survey.id.clone(),
        name: results.survey.name.clone(),
        edits,
        period: results.period.into(),
        released: results.questions.iter().any(|q| q.n > 0 || q.comments.as_ref().is_some_and(|all| !all.is_empty())),
        questions: results.questions.into_iter().map(QuestionView::from).collect(),
        k: ratings.k(),
        formula: RESULTS_FORMULA,
    };
    Ok(html(&page))
}

#[handler]
pub(super) async fn export_results(
    who: Viewer<SeeRatings>,
    Data(ratings): Data<&Ratings>,
    Path(id): Path<String>,
    Query(asked): Query<RatingsQuery>,
) -> Result<Response, PageError> {
    let period = ratings.period(&asked.from, &asked.to)?;
    let results = ratings.results(&who, &id, period).await?;
    ratings.note_look(&who, "ratings.exported", &subject(&id), period).await?;
    let name = format!("survey-results-{}-{}.csv", period.from(), period.to());
    Ok(csv::attachment(&name, &results_to_csv(&results)?))
}
