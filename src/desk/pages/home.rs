//! `/`: the desk of the signed-in account.

use super::{clips_failed, unreachable_staff};
use crate::access::Role;
use crate::access::rights::SignedIn;
use crate::desk::words::{When, clock};
use crate::desk::{Desk, FirstSteps, InteractionLine};
use crate::followups::Waiting;
use crate::interactions::{Filter, Interaction};
use crate::jobs;
use crate::mail::State;
use crate::paging::Cursor;
use crate::ratings::{RatingsError, percent};
use crate::staff::Notice;
use crate::training::ClipCard;
use crate::transcription::MissingModel;
use crate::web::{PageError, Shell, SiteInfo, Viewer, html, redirect};
use askama::Template;
use poem::web::Data;
use poem::{Response, handler};

/// Number of rows of a list on the desk.
const SIZE: usize = 8;
/// Number of rows of interactions worth a listen.
const WORTH: i64 = 8;

#[handler]
pub(super) async fn show_desk(
    who: Viewer<SignedIn>,
    Data(site): Data<&SiteInfo>,
    Data(desk): Data<&Desk>,
) -> Result<Response, PageError> {
    let page = Shell::new(&who, site, "/");
    match who.role() {
        Some(Role::Admin) => administrator(&who, page, desk).await,
        Some(Role::Supervisor) => supervisor(&who, page, desk).await,
        Some(Role::Agent) => agent(&who, page, desk).await,
        Some(Role::Hr) => hr(&who, page, desk).await,
        // Only people have sessions.
        None => Err(PageError::Forbidden),
    }
}

/// Returns the name for the greeting.
fn first_name(who: &Viewer<SignedIn>) -> String {
    who.name.split_whitespace().next().unwrap_or_default().to_owned()
}

async fn newest(who: &Viewer<SignedIn>, desk: &Desk) -> Result<Vec<Interaction>, PageError> {
    Ok(desk.interactions.list(&who.visible(), &Filter::default(), &Cursor::start(), SIZE).await?.items)
}

#[derive(Template)]
#[template(path = "desk/home_admin.html")]
struct AdminDesk {
    page: Shell,
    name: String,
    steps: FirstSteps,
    first_line: String,
    mail_held: bool,
    k: u32,
    health: Health,
    notices: Vec<NoticeLine>,
    lines: Vec<InteractionLine>,
}

/// An action that made linked answers visible to someone.
struct NoticeLine {
    text: String,
    at: String,
}

async fn notices(who: &Viewer<SignedIn>, desk: &Desk) -> Result<Vec<NoticeLine>, PageError> {
    let Some(id) = who.staff_id() else { return Ok(Vec::new()) };
    let line = |notice: Notice| NoticeLine { text: notice.text, at: notice.at.to_rfc3339() };
    Ok(desk.staff.notices(id).await?.into_iter().map(line).collect())
}

/// Items that may need an administrator.
struct Health {
    /// Number of jobs that wait or run.
    waiting: i64,
    /// Number of jobs that were given up.
    failed: i64,
    /// Number of held mails.
    held: i64,
    /// Reason that no mail is sent.
    mail_stopped: Option<String>,
    /// Number of mails that were given up.
    undelivered: i64,
    /// Set if recordings wait for a speech model.
    missing_model: Option<MissingModel>,
    /// Whether comments have been unread for more than a week.
    unread: bool,
}

/// Returns the number of comments of a supervisor's teams that have been unread for more than a week.
async fn unread(who: &Viewer<SignedIn>, desk: &Desk) -> Result<i64, PageError> {
    Ok(desk.feedback.overdue(&who.principal).await?.iter().filter_map(|team| team.n.exactly()).sum())
}

impl Health {
    async fn of(who: &Viewer<SignedIn>, desk: &Desk) -> Result<Self, PageError> {
        let backlog = jobs::backlog(&desk.db).await?;
        let jobs_in =
            |state: &str| backlog.iter().filter(|lane| lane.state == state).map(|lane| lane.jobs).sum::<i64>();
        let counts = desk.mail.counts().await?;
        let mails = |state: State| counts.iter().filter(|c| c.state == state.code()).map(|c| c.mails).sum();
        Ok(Self {
            waiting: jobs_in("queued") + jobs_in("running"),
            failed: jobs_in("failed"),
            held: mails(State::Held),
            mail_stopped: desk.mail.stopped().await?.map(|stopped| stopped.reason),
            undelivered: mails(State::Failed),
            unread: !desk.feedback.overdue(&who.principal).await?.is_empty(),
            missing_model: MissingModel::load(&desk.transcription, who).await?,
        })
    }

    /// Whether nothing needs attention.
    fn good(&self) -> bool {
        self.failed == 0
            && self.held == 0
            && self.undelivered == 0
            && !self.unread
            && self.mail_stopped.is_none()
            && self.missing_model.is_none()
    }
}

async fn administrator(who: &Viewer<SignedIn>, page: Shell, desk: &Desk) -> Result<Response, PageError> {
    let account = match who.staff_id() {
        Some(id) => desk.staff.account(id).await.map_err(unreachable_staff)?,
        None => None,
    };
    Ok(html(&AdminDesk {
        name: first_name(who),
        steps: desk.first_steps().await.map_err(unreachable_staff)?,
        first_line: desk.first_line(&account.map(|a| a.email).unwrap_or_default()),
        mail_held: desk.mail.is_held(),
        k: desk.settings.k,
        health: Health::of(who, desk).await?,
        notices: notices(who, desk).await?,
        lines: desk.lines(&who.principal, &newest(who, desk).await?).await?,
        page,
    }))
}

#[derive(Template)]
#[template(path = "desk/home_supervisor.html")]
struct SupervisorDesk {
    page: Shell,
    name: String,
    teams: Vec<String>,
    waiting: Waiting,
    /// Number of comments that have been unread for more than a week.
    unread: i64,
    notices: Vec<NoticeLine>,
    worth: Vec<InteractionLine>,
    lines: Vec<InteractionLine>,
}

async fn supervisor(who: &Viewer<SignedIn>, page: Shell, desk: &Desk) -> Result<Response, PageError> {
    let (worth, lines) = desk.worth_and(&who.principal, WORTH, newest(who, desk).await?).await?;
    Ok(html(&SupervisorDesk {
        name: first_name(who),
        teams: desk.teams_of(&who.principal).await?.into_iter().map(|team| team.name).collect(),
        waiting: desk.followups.waiting(&who.principal).await?,
        unread: unread(who, desk).await?,
        notices: notices(who, desk).await?,
        worth,
        lines,
        page,
    }))
}

/// Released rating of the agent.
struct OwnRating {
    csat: String,
    range: String,
    answers: u64,
}

/// A clip that was not heard yet.
struct NewClip {
    href: String,
    title: String,
    skills: Vec<String>,
    length: String,
}

impl From<ClipCard> for NewClip {
    fn from(card: ClipCard) -> Self {
        Self {
            href: format!("/library/{}", card.id),
            title: card.title,
            skills: card.skills,
            length: clock(card.length_ms),
        }
    }
}

#[derive(Template)]
#[template(path = "desk/home_agent.html")]
struct AgentDesk {
    page: Shell,
    name: String,
    /// Whether the account is linked to an agent.
    known: bool,
    lines: Vec<InteractionLine>,
    rating: Option<OwnRating>,
    kudos: Vec<Praise>,
    new: Vec<NewClip>,
    more_new: usize,
    all_clips: i64,
    k: u32,
}

/// A commendation, or a comment of a customer.
struct Praise {
    text: String,
    /// Name of the supervisor; `None` for a customer.
    name: Option<String>,
    marked: bool,
    when: Option<When>,
    month: Option<String>,
}

/// Number of commendations, and of released comments, shown on the desk.
const KUDOS: i64 = 4;

async fn kudos(who: &Viewer<SignedIn>, desk: &Desk) -> Result<Vec<Praise>, PageError> {
    let Some(id) = who.agent_id() else { return Ok(Vec::new()) };
    let commended = desk.feedback.kudos(id, KUDOS).await?.into_iter().map(|k| Praise {
        text: k.text,
        name: Some(k.name),
        marked: true,
        when: Some(k.at.into()),
        month: None,
    });
    let released = desk.feedback.released(id, KUDOS).await?.into_iter().map(|c| Praise {
        text: c.text,
        name: None,
        marked: c.kudos_name.is_some(),
        when: None,
        month: Some(c.month),
    });
    Ok(commended.chain(released).collect())
}

/// Number of clips shown on the desk.
const CLIPS: usize = 3;

async fn agent(who: &Viewer<SignedIn>, page: Shell, desk: &Desk) -> Result<Response, PageError> {
    let lines = desk.lines(&who.principal, &newest(who, desk).await?).await?;
    let progress = desk.training.progress(&who.principal).await.map_err(clips_failed)?;
    // New agents without interactions see the clips first.
    if lines.is_empty() && !progress.new.is_empty() {
        return Ok(redirect("/learn"));
    }
    let rating = own_rating(who, desk).await?;
    Ok(html(&AgentDesk {
        name: first_name(who),
        known: who.agent_id().is_some(),
        lines,
        rating,
        kudos: kudos(who, desk).await?,
        more_new: progress.new.len().saturating_sub(CLIPS),
        new: progress.new.into_iter().take(CLIPS).map(NewClip::from).collect(),
        all_clips: progress.all,
        k: desk.settings.k,
        page,
    }))
}

/// Returns the agent's own sum over whole releases of the last twelve months; the access is recorded, as everywhere.
async fn own_rating(who: &Viewer<SignedIn>, desk: &Desk) -> Result<Option<OwnRating>, PageError> {
    let Some(id) = who.agent_id() else { return Ok(None) };
    let period = desk.ratings.period("", "")?;
    let report = match desk.ratings.agent(&who.principal, id, period).await {
        Ok((_, report)) => report,
        Err(RatingsError::NotFound) => return Ok(None),
        Err(other) => return Err(other.into()),
    };
    let Some(csat) = report.counts.csat() else { return Ok(None) };
    desk.ratings.note_look(&who.principal, "ratings.viewed", &format!("agent:{id}"), period).await?;
    let range = format!("{:.0} to {}", csat.interval.low * 100.0, percent(csat.interval.high));
    Ok(Some(OwnRating { csat: percent(csat.value()), range, answers: csat.n }))
}

#[derive(Template)]
#[template(path = "desk/home_hr.html")]
struct HrDesk {
    page: Shell,
    name: String,
    k: u32,
}

async fn hr(who: &Viewer<SignedIn>, page: Shell, desk: &Desk) -> Result<Response, PageError> {
    Ok(html(&HrDesk { name: first_name(who), k: desk.settings.k, page }))
}
