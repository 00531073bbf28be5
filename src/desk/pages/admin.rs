//! `/admin`: the index of the setup, and the state of the background work.

use super::unreachable_staff;
use crate::access::rights::Administer;
use crate::desk::Desk;
use crate::desk::words::{When, count};
use crate::interactions::{FolderError, TRANSCRIBE};
use crate::jobs;
use crate::mail::{Counted, State};
use crate::transcription::{MissingModel, ModelEntry, ModelError, ModelSource, TEST_MODEL, megabytes};
use crate::web::{EmptyForm, PageError, Posted, Shell, SiteInfo, Viewer, html, redirect};
use askama::Template;
use poem::web::{Data, Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

const DONE: &[(&str, &str)] =
    &[("retried", "It will be retried in a moment."), ("gone", "This mail is no longer among the failed ones.")];

/// Message after a redirect.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NoticeQuery {
    did: String,
}

#[derive(Template)]
#[template(path = "admin/index.html")]
struct IndexPage {
    page: Shell,
    teams: String,
    agents: String,
    accounts: String,
    keys: String,
    mail: Figure,
    model: Figure,
    transcription: String,
    work: Figure,
    recordings: Recordings,
}

/// Maximum number of conversations without a file that the page names.
const MAX_MISSING: usize = 50;

/// Problems of the store of recordings.
struct Recordings {
    /// Problem of the folder; `None`: it is usable.
    problem: Option<String>,
    /// Number of recordings without a file; `None`: none.
    missing: Option<String>,
    /// First of them.
    examples: Vec<String>,
}

impl Recordings {
    async fn load(desk: &Desk) -> Result<Self, PageError> {
        let problem = match desk.interactions.check_recordings_folder().await {
            Ok(()) => None,
            Err(FolderError::Database(error)) => return Err(error.into()),
            Err(error) => Some(crate::desk::words::capitalised(&error.to_string())),
        };
        let (missing, examples) = desk.interactions.missing_recordings(MAX_MISSING).await?;
        let missing = usize::try_from(missing).unwrap_or_default();
        Ok(Self {
            problem,
            missing: (missing > 0).then(|| count(missing, "recording has no file", "recordings have no file")),
            examples: examples.iter().map(ToString::to_string).collect(),
        })
    }
}

/// A figure on a card, and the class of its badge; plain text without a class.
struct Figure {
    text: String,
    class: &'static str,
}

/// Returns the number of jobs in a state.
fn in_state(backlog: &[jobs::Backlog], state: &str) -> i64 {
    backlog.iter().filter(|lane| lane.state == state).map(|lane| lane.jobs).sum()
}

/// Returns the number of open jobs of a kind.
fn waiting(backlog: &[jobs::Backlog], kind: &str) -> usize {
    let jobs: i64 =
        backlog.iter().filter(|lane| lane.kind == kind && lane.state != "failed").map(|lane| lane.jobs).sum();
    usize::try_from(jobs).unwrap_or_default()
}

#[handler]
pub(super) async fn show_index(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(desk): Data<&Desk>,
) -> Result<Response, PageError> {
    let (teams, agents) = (desk.directory.teams().await?.len(), desk.directory.agents().await?.len());
    let accounts = desk.staff.accounts().await.map_err(unreachable_staff)?;
    let keys = desk.staff.keys().await.map_err(unreachable_staff)?.len();
    let backlog = jobs::backlog(&desk.db).await?;
    Ok(html(&IndexPage {
        page: Shell::new(&who, site, "/admin"),
        teams: count(teams, "team", "teams"),
        agents: count(agents, "agent", "agents"),
        accounts: count(accounts.iter().filter(|a| !a.disabled).count(), "account", "accounts"),
        keys: count(keys, "key", "keys"),
        mail: mail_figure(&desk.mail.counts().await?),
        model: model_figure(desk),
        transcription: count(waiting(&backlog, TRANSCRIBE), "recording waits", "recordings wait"),
        work: work_figure(&backlog),
        recordings: Recordings::load(desk).await?,
    }))
}

fn mail_figure(counts: &[Counted]) -> Figure {
    let mails = |state: State| counts.iter().filter(|c| c.state == state.code()).map(|c| c.mails).sum::<i64>();
    match (mails(State::Failed), mails(State::Held), mails(State::Queued)) {
        (0, 0, queued) => Figure { text: format!("{queued} on the way, {} sent", mails(State::Sent)), class: "" },
        (0, held, _) => Figure { text: format!("{held} held"), class: "warn" },
        (failed, _, _) => Figure { text: format!("{failed} given up"), class: "bad" },
    }
}

fn model_figure(desk: &Desk) -> Figure {
    match desk.transcription.engine().model() {
        Ok(model) if model.name == TEST_MODEL => Figure { text: "Test model".into(), class: "warn" },
        Ok(model) => Figure { text: model.name, class: "ok" },
        Err(ModelError::NotInstalled { .. }) => Figure { text: "Not installed".into(), class: "bad" },
        Err(_) => Figure { text: "Can’t be used".into(), class: "bad" },
    }
}

fn work_figure(backlog: &[jobs::Backlog]) -> Figure {
    match (in_state(backlog, "failed"), in_state(backlog, "queued") + in_state(backlog, "running")) {
        (0, waiting) => Figure { text: format!("{waiting} waiting"), class: "" },
        (failed, _) => Figure { text: format!("{failed} given up"), class: "bad" },
    }
}

/// Returns the description of a kind of job.
fn say(kind: &str) -> &str {
    match kind {
        "survey.decide" => "Decide whether a survey is due",
        "transcription" => "Transcribe a recording",
        "transcription.again" => "Transcribe a recording once more",
        "transcription.fetch_model" => "Fetch the speech model",
        "transcription.sweep" => "Remove unfinished transcripts that are not resumed",
        "interactions.finalise" => "End conversations whose source is silent",
        "recording.inspect" => "Read a recording’s length and waveform",
        "recording.assemble" => "Assemble a recording from its files",
        "recording.discard" => "Remove a file that no recording uses",
        "mail.deliver" => "Send a mail",
        "privacy.retain" => "Remove data whose retention has ended",
        "sessions.sweep" => "Delete old sessions",
        "followup.look" => "Open follow-ups",
        "feedback.tidy" => "Record the days on which comments were released",
        "webhook.deliver" => "Deliver an event to a webhook",
        "webhook.sweep" => "Delete old deliveries",
        "clips.sweep" => "Remove files of deleted clips",
        "clip.cut" => "Cut the sound of a clip",
        "clip.words" => "Copy the text of a clip",
        "clip.speakers" => "Remake clips after a change of speakers",
        "transcription.name_came" => "Mask the customer’s name",
        "transcription.resume" => "Resume transcripts that waited for a model",
        "transcription.recording_removed" => "Delete the transcript of a deleted recording",
        "transcription.speakers_sent" => "Set the speakers that the sender named",
        "mail.returned" => "Read returned mail",
        "measure" => "Measure an interaction",
        "search.index" => "Index an interaction for search",
        "mail.purge" => "Delete old mails",
        "measure.catch_up" => "Measure interactions that are not measured yet",
        "search.catch_up" => "Index interactions that are not indexed yet",
        "invitations.close" => "Close expired surveys",
        "invitations.remind" => "Send reminders",
        "responses.mix_pass" => "Advance answers in the mix",
        "responses.purge" => "Delete marks of used links",
        "ratings.release" => "Release answers in batches",
        other => other,
    }
}

struct Lane {
    words: String,
    kind: String,
    queued: i64,
    running: i64,
    failed: i64,
    due: Option<When>,
}

/// Returns one row per kind, in the order of their names.
fn lanes(backlog: Vec<jobs::Backlog>) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::new();
    for entry in backlog {
        if lanes.last().is_none_or(|lane| lane.kind != entry.kind) {
            lanes.push(Lane {
                words: say(&entry.kind).to_owned(),
                kind: entry.kind.clone(),
                queued: 0,
                running: 0,
                failed: 0,
                due: None,
            });
        }
        let Some(lane) = lanes.last_mut() else { continue };
        match entry.state.as_str() {
            "queued" => (lane.queued, lane.due) = (entry.jobs, entry.first_due.map(When::from)),
            "running" => lane.running = entry.jobs,
            _ => lane.failed = entry.jobs,
        }
    }
    lanes
}

struct Failed {
    id: String,
    words: String,
    key: String,
    /// URL of the page about it.
    href: Option<String>,
    tries: i64,
    why: String,
}

impl From<jobs::FailedJob> for Failed {
    fn from(job: jobs::FailedJob) -> Self {
        let about_interaction =
            ["survey.decide", "transcription", "transcription.again", "recording.inspect", "recording.assemble"]
                .contains(&job.kind.as_str());
        Self {
            id: job.id.to_string(),
            words: say(&job.kind).to_owned(),
            href: about_interaction.then(|| format!("/interactions/{}", job.job_key)),
            key: job.job_key,
            tries: job.attempts,
            why: job.last_error.unwrap_or_else(|| "it gave no reason".into()),
        }
    }
}

#[derive(Template)]
#[template(path = "admin/work.html")]
struct WorkPage {
    page: Shell,
    lanes: Vec<Lane>,
    failed: Vec<Failed>,
}

#[handler]
pub(super) async fn show_work(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(desk): Data<&Desk>,
    Query(did): Query<NoticeQuery>,
) -> Result<Response, PageError> {
    Ok(html(&WorkPage {
        page: Shell::new(&who, site, "/admin").with_flash(Some(&did.did), DONE),
        lanes: lanes(jobs::backlog(&desk.db).await?),
        failed: jobs::failed(&desk.db).await?.into_iter().map(Failed::from).collect(),
    }))
}

#[handler]
pub(super) async fn retry_job(
    _who: Viewer<Administer>,
    Data(desk): Data<&Desk>,
    Path(id): Path<String>,
    _form: Posted<EmptyForm>,
) -> Result<Response, PageError> {
    let id = id.parse().map_err(|_| PageError::NotFound)?;
    let again = jobs::retry_failed(&desk.db, &id, desk.clock.now()).await?;
    Ok(redirect(if again { "/admin/work?did=retried" } else { "/admin/work?did=gone" }))
}

struct ModelRow {
    name: String,
    size: String,
    languages: String,
    notes: String,
    here: bool,
    used: bool,
}

#[derive(Template)]
#[template(path = "admin/model.html")]
struct ModelPage {
    page: Shell,
    missing: Option<MissingModel>,
    /// Whether the test model is in use.
    test_model: bool,
    rows: Vec<ModelRow>,
}

#[handler]
pub(super) async fn show_model(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(desk): Data<&Desk>,
) -> Result<Response, PageError> {
    let used = desk.transcription.engine().model().ok().map(|model| model.name);
    let models = &desk.settings.models;
    let is_used = |name: &String| used.as_ref() == Some(name);
    let row = |(entry, place): (&'static ModelEntry, Option<ModelSource>)| ModelRow {
        name: entry.name.clone(),
        size: megabytes(entry.size),
        languages: if entry.languages.iter().any(|code| code == "*") {
            "all of Whisper’s".into()
        } else {
            entry.languages.join(", ")
        },
        notes: entry.notes.clone(),
        here: place.is_some(),
        used: is_used(&entry.name),
    };
    let imported = models.imported().into_iter().map(|name| ModelRow {
        size: models.find(&name).ok().and_then(|model| model.size()).map(megabytes).unwrap_or_default(),
        languages: String::new(),
        notes: "Imported.".into(),
        here: true,
        used: is_used(&name),
        name,
    });
    Ok(html(&ModelPage {
        missing: MissingModel::load(&desk.transcription, &who).await?,
        page: Shell::new(&who, site, "/admin"),
        rows: models.list().into_iter().map(row).chain(imported).collect(),
        test_model: used.as_deref() == Some(TEST_MODEL),
    }))
}

#[derive(Template)]
#[template(path = "admin/configuration.html")]
struct ConfigurationPage {
    page: Shell,
    toml: String,
}

#[handler]
pub(super) async fn show_configuration(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(desk): Data<&Desk>,
) -> Result<Response, PageError> {
    Ok(html(&ConfigurationPage { page: Shell::new(&who, site, "/admin"), toml: desk.settings.configuration.clone() }))
}
