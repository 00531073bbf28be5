//! Exports a survey's results for spreadsheets.

use super::{Figure, Results};
use crate::ratings::RatingsError;
use crate::web::csv::harmless;

const HEAD: [&str; 12] =
    ["from", "to", "question", "label", "kind", "answers", "figure", "low", "high", "value", "words", "n"];

/// Returns CSV (RFC 4180, UTF-8): a line per answer, with its question's figure; shares between 0 and 1, NPS in points.
pub fn to_csv(results: &Results) -> Result<Vec<u8>, RatingsError> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let failed = |error: csv::Error| RatingsError::Export(error.to_string());
    writer.write_record(HEAD).map_err(failed)?;
    let (from, to) = (results.period.from().to_string(), results.period.to().to_string());
    for question in results.questions.iter().filter(|question| question.n > 0) {
        let [figure, low, high] = figure(question.figure);
        for count in &question.counts {
            let cells = [
                from.clone(),
                to.clone(),
                question.number.to_string(),
                harmless(&question.label),
                question.kind.code().to_owned(),
                question.n.to_string(),
                figure.clone(),
                low.clone(),
                high.clone(),
                count.value.to_string(),
                harmless(&count.words),
                count.n.to_string(),
            ];
            writer.write_record(cells).map_err(failed)?;
        }
    }
    writer.into_inner().map_err(|error| RatingsError::Export(error.to_string()))
}

fn figure(figure: Option<Figure>) -> [String; 3] {
    let cells = |value: f64, low: f64, high: f64, digits: usize| [value, low, high].map(|x| format!("{x:.digits$}"));
    match figure {
        None => Default::default(),
        Some(Figure::Nps(nps)) => {
            let (low, high) = nps.interval();
            cells(nps.points(), low, high, 1)
        }
        Some(Figure::Csat(share) | Figure::Ces(share) | Figure::Yes(share)) => {
            cells(share.value(), share.interval.low, share.interval.high, 4)
        }
    }
}
