//! `/admin/transcription`: running and waiting transcriptions, the estimated end, and actions to stop or start one.

use super::views::about;
use super::{MissingModel, find};
use crate::access::rights::{Administer, EditTranscripts};
use crate::jobs::URGENT;
use crate::transcription::{Queue, Transcription, Waiting};
use crate::web::format::clock;
use crate::web::{PageError, Posted, Shell, SiteInfo, Viewer, When, html, redirect};
use askama::Template;
use poem::web::{Data, Path, Query};
use poem::{Response, handler};
use serde::Deserialize;
use std::time::Duration;

struct QueueRow {
    id: String,
    who: String,
    team: Option<String>,
    when: When,
    length: Option<String>,
    urgent: bool,
    /// Whether it uses the slot of short recordings.
    short: bool,
    progress: f64,
    percent: String,
    reason: Option<String>,
}

impl From<Waiting> for QueueRow {
    fn from(w: Waiting) -> Self {
        let length = w.duration_ms.map(clock);
        Self {
            id: w.interaction.to_string(),
            who: w.agent.map_or_else(|| "Call".to_owned(), |agent| format!("Call with {agent}")),
            team: w.team,
            when: w.occurred_at.into(),
            length,
            urgent: w.priority <= URGENT,
            short: false,
            progress: w.progress,
            percent: super::views::percent(w.progress as f32),
            reason: w.reason,
        }
    }
}

impl QueueRow {
    fn waiting(waiting: Waiting, short: Option<Duration>) -> Self {
        let length = waiting.duration_ms.and_then(|ms| u64::try_from(ms).ok()).map(Duration::from_millis);
        let short = length.zip(short).is_some_and(|(length, short)| length <= short);
        Self { short, ..Self::from(waiting) }
    }
}

#[derive(Template)]
#[template(path = "transcription/queue.html")]
struct QueuePage {
    page: Shell,
    running: Vec<QueueRow>,
    next: Vec<QueueRow>,
    waiting: i64,
    more: i64,
    sound: String,
    /// Speed, such as "12 times as fast as it was spoken".
    speed: Option<String>,
    left: Option<String>,
    oldest: Option<When>,
    /// Maximum length of a short recording: "5 minutes".
    short: Option<String>,
    threads: usize,
    model: Option<String>,
    missing_model: Option<MissingModel>,
}

impl QueuePage {
    fn new(page: Shell, queue: Queue, transcription: &Transcription, missing_model: Option<MissingModel>) -> Self {
        let more = queue.waiting - queue.next.len() as i64;
        Self {
            page,
            running: queue.running.into_iter().map(QueueRow::from).collect(),
            next: queue.next.into_iter().map(|waiting| QueueRow::waiting(waiting, queue.short)).collect(),
            waiting: queue.waiting,
            more: more.max(0),
            sound: about(Duration::from_millis(u64::try_from(queue.waiting_ms).unwrap_or_default())),
            speed: queue.speed.map(|speed| if speed < 10.0 { format!("{speed:.1}") } else { format!("{speed:.0}") }),
            left: queue.left.map(about),
            oldest: queue.oldest.map(When::from),
            short: queue.short.map(about),
            threads: transcription.engine().threads(),
            model: transcription.engine().model().ok().map(|model| model.name),
            missing_model,
        }
    }
}

const DID: &[(&str, &str)] = &[
    ("first", "It is next."),
    ("stopped", "The transcription is stopped. The recording is kept; start the transcription again on its page."),
    ("begun", "The transcription is queued."),
];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NoticeQuery {
    did: String,
}

#[handler]
pub(super) async fn show(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(transcription): Data<&Transcription>,
    Query(did): Query<NoticeQuery>,
) -> Result<Response, PageError> {
    let page = Shell::new(&who, site, "/admin").with_flash(Some(&did.did), DID);
    let missing_model = MissingModel::load(transcription, &who).await?;
    Ok(html(&QueuePage::new(page, transcription.queue().await?, transcription, missing_model)))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Act {
    /// `first`, `stop` or `begin`.
    act: String,
    /// `queue`: submitted on the administrator's page.
    from: String,
}

#[handler]
pub(super) async fn act(
    who: Viewer<EditTranscripts>,
    Data(transcription): Data<&Transcription>,
    Path(id): Path<String>,
    Posted(sent): Posted<Act>,
) -> Result<Response, PageError> {
    let (id, _) = find(transcription, &who, &id).await?;
    let actor = who.actor();
    let did = match sent.act.as_str() {
        "first" => {
            transcription.hurry(&id).await?;
            "first"
        }
        "stop" => {
            transcription.stop(&actor, &id).await?;
            "stopped"
        }
        "begin" => {
            transcription.restart(&actor, &id).await?;
            "begun"
        }
        _ => return Err(PageError::BadForm("it says neither first, stop nor begin".into())),
    };
    Ok(redirect(if sent.from == "queue" {
        format!("/admin/transcription?did={did}")
    } else {
        format!("/interactions/{id}?did={did}")
    }))
}
