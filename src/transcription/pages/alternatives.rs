//! `/interactions/{id}/alternative`: the alternative transcript, compared with the current one.

use super::find;
use super::views::{about, percent};
use crate::access::rights::EditTranscripts;
use crate::transcription::{
    AlternativeTranscript, Compared, ComparedTurn, Comparison, Mark, State, Stored, TEST_MODEL, Transcription,
};
use crate::web::format::clock;
use crate::web::{EmptyForm, PageError, Posted, Shell, SiteInfo, Viewer, html, redirect};
use askama::Template;
use poem::web::{Data, Path, Query};
use poem::{Response, handler};
use serde::Deserialize;
use std::time::Duration;

/// A turn of both transcripts.
struct ComparisonRow {
    clock: String,
    href: String,
    class: String,
    who: String,
    /// `same`, `first` or `second`, and the words.
    pieces: Vec<(&'static str, String)>,
}

impl ComparisonRow {
    fn new(id: &str, line: ComparedTurn) -> Self {
        let class = |mark| match mark {
            Mark::Same => "same",
            Mark::First => "first",
            Mark::Second => "second",
        };
        Self {
            clock: clock(i64::try_from(line.start_ms).unwrap_or(i64::MAX)),
            href: format!("/interactions/{id}#t={}", line.start_ms),
            class: line.speaker.to_string(),
            who: line.speaker.label(),
            pieces: line.pieces.into_iter().map(|(mark, text)| (class(mark), text)).collect(),
        }
    }
}

/// Statistics of one of the two.
struct Figures {
    model: String,
    words: usize,
    differing: usize,
    unsure: usize,
    confidence: String,
    took: String,
}

impl Figures {
    fn new(model: String, compared: Compared, took_ms: Option<i64>) -> Self {
        let took = took_ms.and_then(|ms| u64::try_from(ms).ok()).map(Duration::from_millis);
        Self {
            model,
            words: compared.words,
            differing: compared.differing,
            unsure: compared.unsure,
            confidence: percent(compared.confidence),
            took: took.map_or_else(|| "unknown".into(), about),
        }
    }
}

/// An alternative transcript that is in progress or failed.
struct Pending {
    state: &'static str,
    progress: f32,
    percent: String,
    reason: Option<String>,
    model: String,
    asked_by: String,
}

/// Comparison of two transcripts.
struct ComparisonPage {
    take: String,
    shown: Figures,
    second: Figures,
    rows: Vec<ComparisonRow>,
    corrections: usize,
    alike: bool,
}

#[derive(Template)]
#[template(path = "transcription/alternative.html")]
struct AlternativePage {
    page: Shell,
    id: String,
    title: String,
    /// Installed models, and whether it is the one that made the current transcript.
    models: Vec<(String, bool)>,
    test_model_only: bool,
    /// Whether there is a transcript to compare with.
    ready: bool,
    pending: Option<Pending>,
    both: Option<ComparisonPage>,
}

fn both(id: &str, shown: Stored, take: AlternativeTranscript) -> ComparisonPage {
    let compared = Comparison::new(&shown.segments, &take.segments);
    ComparisonPage {
        take: take.take,
        shown: Figures::new(shown.model.unwrap_or_default(), compared.first, shown.took_ms),
        second: Figures::new(take.model, compared.second, take.took_ms),
        alike: compared.first.differing + compared.second.differing == 0,
        rows: compared.lines.into_iter().map(|line| ComparisonRow::new(id, line)).collect(),
        corrections: shown.corrections.len(),
    }
}

fn pending(take: AlternativeTranscript) -> Pending {
    Pending {
        state: take.state.code(),
        progress: take.progress,
        percent: percent(take.progress),
        reason: take.reason,
        model: take.model,
        asked_by: take.asked_by,
    }
}

const DID: &[(&str, &str)] = &[
    ("chosen", "This transcript is shown from now on. The other one is kept here."),
    ("dropped", "The alternative transcript is gone. The one that is shown stays."),
];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NoticeQuery {
    did: String,
}

#[handler]
pub(super) async fn show(
    who: Viewer<EditTranscripts>,
    Data(site): Data<&SiteInfo>,
    Data(transcription): Data<&Transcription>,
    Path(id): Path<String>,
    Query(did): Query<NoticeQuery>,
) -> Result<Response, PageError> {
    let (id, found) = find(transcription, &who, &id).await?;
    if !found.has_recording() {
        return Err(PageError::NotFound);
    }
    let shown = transcription.find(&id).await?;
    let take = transcription.alternative(&id).await?;
    let models = transcription.models_here();
    let ready = shown.state == State::Done;
    transcription.interactions.note_look(&who, "transcript.viewed", &id).await?;
    let mut view = AlternativePage {
        page: Shell::new(&who, site, "/interactions").with_flash(Some(&did.did), DID),
        id: id.to_string(),
        title: found.agent_name.map_or_else(|| "Call".to_owned(), |agent| format!("Call with {agent}")),
        test_model_only: models.iter().all(|model| model == TEST_MODEL),
        models: models.into_iter().map(|model| (shown.model.as_ref() == Some(&model), model)).map(swap).collect(),
        ready,
        pending: None,
        both: None,
    };
    match take {
        Some(take) if take.state == State::Done && ready => view.both = Some(both(id.as_str(), shown, take)),
        Some(take) => view.pending = Some(pending(take)),
        None => {}
    }
    Ok(html(&view))
}

fn swap((shown, model): (bool, String)) -> (String, bool) {
    (model, shown)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Ask {
    model: String,
    language: String,
}

#[handler]
pub(super) async fn ask(
    who: Viewer<EditTranscripts>,
    Data(transcription): Data<&Transcription>,
    Path(id): Path<String>,
    Posted(sent): Posted<Ask>,
) -> Result<Response, PageError> {
    let (id, _) = find(transcription, &who, &id).await?;
    let language = Some(sent.language.trim()).filter(|language| !language.is_empty());
    transcription.ask_again(&who.actor(), &id, &sent.model, language).await?;
    Ok(redirect(format!("/interactions/{id}/alternative")))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Choice {
    alternative: String,
}

#[handler]
pub(super) async fn choose(
    who: Viewer<EditTranscripts>,
    Data(transcription): Data<&Transcription>,
    Path(id): Path<String>,
    Posted(sent): Posted<Choice>,
) -> Result<Response, PageError> {
    let (id, _) = find(transcription, &who, &id).await?;
    transcription.choose(&who.actor(), &id, &sent.alternative).await?;
    Ok(redirect(format!("/interactions/{id}/alternative?did=chosen")))
}

#[handler]
pub(super) async fn remove(
    who: Viewer<EditTranscripts>,
    Data(transcription): Data<&Transcription>,
    Path(id): Path<String>,
    _form: Posted<EmptyForm>,
) -> Result<Response, PageError> {
    let (id, _) = find(transcription, &who, &id).await?;
    transcription.drop_alternative(&who.actor(), &id).await?;
    Ok(redirect(format!("/interactions/{id}/alternative?did=dropped")))
}
