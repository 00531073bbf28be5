//! `/interactions/{id}/transcript/{line}`: playback and correction of a segment.

use super::find;
use crate::access::rights::EditTranscripts;
use crate::ids::InteractionId;
use crate::interactions::Recording;
use crate::transcription::{
    CorrectionError, MAX_TEXT_CHARS, NewCorrection, Segment, State, Step, Stored, Transcription,
};
use crate::web::format::clock;
use crate::web::page::{html_with, sentence};
use crate::web::{PageError, Posted, Shell, SiteInfo, Viewer, When, redirect};
use askama::Template;
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Response, handler};
use serde::Deserialize;

/// A segment before or after, for orientation.
struct Near {
    who: String,
    text: String,
}

impl From<&Segment> for Near {
    fn from(segment: &Segment) -> Self {
        Self { who: segment.speaker.label(), text: segment.text.clone() }
    }
}

/// A step of the history.
struct Past {
    by: String,
    at: When,
    text: Option<String>,
}

impl From<Step> for Past {
    fn from(step: Step) -> Self {
        Self { by: step.author, at: step.at.into(), text: step.text }
    }
}

#[derive(Template)]
#[template(path = "transcription/line.html")]
struct LinePage {
    page: Shell,
    /// URL of the whole transcript, at this segment.
    back: String,
    action: String,
    /// URL and media type of the segment's audio, with a margin around it.
    sources: Vec<(String, String)>,
    clock: String,
    who: String,
    before: Option<Near>,
    behind: Option<Near>,
    text: String,
    /// Text of the model.
    machine: String,
    corrected: bool,
    seen: i64,
    most: usize,
    past: Vec<Past>,
    problem: Option<String>,
}

fn ms(at: u64) -> i64 {
    i64::try_from(at).unwrap_or(i64::MAX)
}

/// Returns the URL of a segment on the interaction's page.
fn place(id: &InteractionId, seq: usize, segment: &Segment) -> String {
    format!("/interactions/{id}#t{seq}-{}", segment.start_ms)
}

impl LinePage {
    fn new(page: Shell, recording: &Recording, seq: usize, stored: &Stored, history: Vec<Step>) -> Option<Self> {
        let id = &recording.interaction_id;
        let segment = stored.segments.get(seq)?;
        let correction = stored.corrections.iter().find(|correction| correction.seq == seq);
        let near = |at: Option<usize>| at.and_then(|at| stored.segments.get(at)).map(Near::from);
        let own = |step: &Step| usize::try_from(step.seq) == Ok(seq);
        let past: Vec<_> = history.into_iter().filter(own).collect();
        let (from, to) = (segment.start_ms.saturating_sub(500), segment.end_ms + 500);
        Some(Self {
            page,
            back: place(id, seq, segment),
            action: format!("/interactions/{id}/transcript/{seq}"),
            sources: recording.sources(&format!("#t={:.1},{:.1}", from as f64 / 1e3, to as f64 / 1e3)),
            clock: clock(ms(segment.start_ms)),
            who: segment.speaker.label(),
            before: near(seq.checked_sub(1)),
            behind: near(Some(seq + 1)),
            text: segment.text.clone(),
            machine: correction.map_or_else(|| segment.text.clone(), |c| c.machine_text.clone()),
            corrected: correction.is_some(),
            seen: past.iter().map(|step| step.number).max().unwrap_or(0),
            most: MAX_TEXT_CHARS,
            past: past.into_iter().map(Past::from).collect(),
            problem: None,
        })
    }
}

async fn page(
    transcription: &Transcription,
    page: Shell,
    id: &InteractionId,
    seq: usize,
) -> Result<LinePage, PageError> {
    // A correction requires the unmasked text; the callers record the view in the audit log.
    let stored = transcription.original(id).await?;
    if stored.state != State::Done {
        return Err(PageError::NotFound);
    }
    let history = transcription.history(id).await?;
    let recording = transcription.interactions.recording(id).await?.ok_or(PageError::NotFound)?;
    LinePage::new(page, &recording, seq, &stored, history).ok_or(PageError::NotFound)
}

#[handler]
pub(super) async fn show(
    who: Viewer<EditTranscripts>,
    Data(site): Data<&SiteInfo>,
    Data(transcription): Data<&Transcription>,
    Path((id, seq)): Path<(String, usize)>,
) -> Result<Response, PageError> {
    let (id, _) = find(transcription, &who, &id).await?;
    let page = page(transcription, Shell::new(&who, site, "/interactions"), &id, seq).await?;
    transcription.interactions.note_look(&who, "transcript.original_viewed", &id).await?;
    Ok(html_with(StatusCode::OK, &page))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Sent {
    text: String,
    /// Number of corrections when the form was rendered.
    seen: String,
    /// `yes` reverts the corrections.
    undo: String,
}

#[handler]
pub(super) async fn correct(
    who: Viewer<EditTranscripts>,
    Data(site): Data<&SiteInfo>,
    Data(transcription): Data<&Transcription>,
    Path((id, seq)): Path<(String, usize)>,
    Posted(sent): Posted<Sent>,
) -> Result<Response, PageError> {
    let (id, _) = find(transcription, &who, &id).await?;
    let text = (sent.undo != "yes").then(|| sent.text.clone());
    let new = NewCorrection { seq, seen: sent.seen.parse().ok(), text };
    let Err(error) = transcription.correct(&who.actor(), &id, new).await else {
        let stored = transcription.find(&id).await?;
        let back = stored.segments.get(seq).map_or_else(|| format!("/interactions/{id}"), |s| place(&id, seq, s));
        return Ok(redirect(back));
    };
    let status = match &error {
        CorrectionError::BadText => StatusCode::UNPROCESSABLE_ENTITY,
        CorrectionError::Meanwhile => StatusCode::CONFLICT,
        _ => return Err(error.into()),
    };
    // The submitted text is not lost: it is in the field of the new page.
    transcription.interactions.note_look(&who, "transcript.original_viewed", &id).await?;
    let mut page = page(transcription, Shell::new(&who, site, "/interactions"), &id, seq).await?;
    page.problem = Some(sentence(&error.to_string()));
    page.text = sent.text;
    Ok(html_with(status, &page))
}
