//! The last quarter of the demo's company, event by event.

use super::company::{self, Company, DemoInteraction};
use super::customers::{customer, token_in_mail};
use super::{PASSWORD, aftermath};
use crate::access::principal::{Principal, PrincipalKind, Visible};
use crate::app::{App, StartError};
use crate::clock::{Clock, ManualClock, SharedClock, SystemClock, Timestamp};
use crate::config::{Config, MailUrl};
use crate::database::{Db, DbError};
use crate::effects::Actor;
use crate::feedback::FeedbackError;
use crate::followups::FollowUpError;
use crate::interactions::{
    CustomerIn, Filter, Intake, IntakeError, MAIN_PART, MessageIn, PartAddress, PartDetails, Phase, RecordingError,
};
use crate::jobs::{Runner, RunnerOptions};
use crate::paging::Cursor;
use crate::responses::{Answer, AnswerError, CallbackError};
use crate::staff::{Account, AgentRef, NewAccount, StaffError};
use crate::training::{ClipError, MaskingRequest, NewClip};
use crate::vault::Vault;
use std::path::PathBuf;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Key under which the database keeps the time at which the demo was filled.
const FILLED: &str = "demo_filled_at";
/// Key under which the database keeps the speech model of the demo.
const MODEL: &str = "demo_model";
/// Maximum age of the demo, ms: its surveys have closed after it, so it is filled again.
const STALE_MS: i64 = 10 * 86_400_000;
const HOUR_MS: i64 = 3_600_000;
/// Source of its interactions.
const SOURCE: &str = "phone";

/// Reason why the demo could not be filled.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// Opening failed.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Error of accounts.
    #[error("the demo's accounts: {0}")]
    Staff(#[from] StaffError),
    /// Error of interactions.
    #[error("the demo's interactions: {0}")]
    Intake(#[from] IntakeError),
    /// Error of recordings.
    #[error("the demo's recordings: {0}")]
    Recording(#[from] RecordingError),
    /// Error of decoding its sound.
    #[error("the demo's sound: {0}")]
    Audio(#[from] crate::audio::AudioError),
    /// Error of its second survey.
    #[error("the demo's second survey: {0}")]
    Survey(String),
    /// Error of responses.
    #[error("the demo's answers: {0}")]
    Answer(#[from] AnswerError),
    /// Error of the library.
    #[error("the demo's library: {0}")]
    Library(#[from] ClipError),
    /// Error of follow-ups.
    #[error("the demo's follow-ups: {0}")]
    FollowUp(#[from] FollowUpError),
    /// Error of read marks and commendations.
    #[error("the demo's feedback: {0}")]
    Feedback(#[from] FeedbackError),
    /// Error of callback requests.
    #[error("the demo's callback requests: {0}")]
    CallbackRequest(#[from] CallbackError),
    /// Error of the database.
    #[error("the demo's database: {0}")]
    Database(#[from] DbError),
    /// Error of files.
    #[error("the demo's files: {0}")]
    Io(#[from] std::io::Error),
    /// Error in the demo's data.
    #[error("the demo's story: {0}")]
    Story(#[from] serde_json::Error),
}

/// Whether this database was filled completely, for this speech model, and within the maximum age.
pub async fn is_fresh(db: &Db, model: &str) -> Result<bool, DbError> {
    if db.meta(MODEL).await?.as_deref() != Some(model) {
        return Ok(false);
    }
    let filled = db.meta(FILLED).await?.and_then(|at| at.parse().ok()).map(Timestamp);
    Ok(filled.is_some_and(|at| SystemClock.now().ms_since(at) < STALE_MS))
}

/// An event of the demo.
enum Event {
    /// A customer calls or writes.
    Contact(usize),
    /// The customer responds to the survey about it.
    Answer(usize),
    /// Another system sends facts about a conversation.
    Delivery(Box<Intake>),
}

/// Fills an empty database. `progress` is called with a number from 0 to 1.
pub async fn fill(config: &Config, db: &Db, vault: &Vault, progress: impl Fn(f32)) -> Result<(), DemoError> {
    let company = company::company()?;
    let today = SystemClock.now();
    let clock = ManualClock::new(Timestamp(today.0 - 95 * 24 * HOUR_MS));
    let shared: SharedClock = Arc::new(clock.clone());
    let app = App::build(config.clone(), db.clone(), vault.clone(), shared, true);
    let stop = CancellationToken::new();
    // All jobs but those that are to be seen in progress when the demo opens.
    let kinds = app.jobs().into_iter().filter(|kind| kind.name != crate::interactions::TRANSCRIBE).collect();
    let runner = Arc::new(Runner::new(db.clone(), Arc::clone(&app.clock), kinds, RunnerOptions::default(), stop));
    runner.schedule().await?;
    people(&app, &company).await?;
    super::survey::second_survey(&app).await?;
    let events = events(&company, today);
    let all = events.len();
    for (number, (at, event)) in events.into_iter().enumerate() {
        clock.set(at);
        match event {
            Event::Contact(which) => contact(&app, &company, which, at).await?,
            Event::Answer(which) => answer(&app, &company, which).await?,
            Event::Delivery(intake) => {
                app.interactions.upsert(*intake).await?;
            }
        }
        runner.drain().await?;
        // The survey is decided, and its mail leaves, when the interaction has settled.
        clock.advance(config.survey.settle.0);
        runner.drain().await?;
        progress((number + 1) as f32 / all as f32);
    }
    // The time for changes of responses is over: full batches are released.
    for pass in (0..4).rev() {
        clock.set(today.minus(config.survey.edit_for.0 * pass));
        runner.drain().await?;
    }
    aftermath::fill(&app, &clock, today).await?;
    recordings(&app, &company).await?;
    library(&app, &company).await?;
    runner.drain().await?;
    db.set_meta(MODEL, &config.transcription.model).await?;
    db.set_meta(FILLED, &today.0.to_string()).await?;
    Ok(())
}

/// Returns all events, in order of time.
fn events(company: &Company, today: Timestamp) -> Vec<(Timestamp, Event)> {
    let mut events = Vec::new();
    for (which, told) in company.interactions.iter().enumerate() {
        let at = begin(told, today).plus_ms((told.wait_s + told.talk_s) * 1000);
        events.push((at, Event::Contact(which)));
        if told.answer.is_some() {
            // Between two hours and a day later.
            let later = 2 + i64::try_from(which * 7 % 20).unwrap_or(0);
            events.push((Timestamp((at.0 + later * HOUR_MS).min(today.0 - HOUR_MS)), Event::Answer(which)));
        }
    }
    let deliveries = super::deliveries::all(today).into_iter();
    events.extend(deliveries.map(|(at, intake)| (at, Event::Delivery(Box::new(intake)))));
    events.sort_by_key(|(at, _)| *at);
    events
}

/// Returns the begin of an interaction: that many days ago, at that time (UTC).
fn begin(told: &DemoInteraction, today: Timestamp) -> Timestamp {
    let day = 24 * HOUR_MS;
    let midnight = today.0 - today.0.rem_euclid(day);
    Timestamp(midnight - told.days_ago * day + told.hour * HOUR_MS + told.minute * 60_000)
}

async fn people(app: &App, company: &Company) -> Result<(), DemoError> {
    let now = app.clock.now();
    for team in &company.teams {
        app.directory.add_team(team, &Actor::System, now).await?;
    }
    let mut agents = Vec::new();
    for agent in &company.agents {
        let new = AgentRef {
            source: SOURCE.into(),
            external_id: agent.id.clone(),
            name: Some(agent.name.clone()),
            email: Some(agent.email.clone()),
            team: Some(agent.team.clone()),
            ..AgentRef::default()
        };
        agents.push((agent.id.clone(), app.directory.add_agent(new, &Actor::System, now).await?.id));
    }
    let teams = app.directory.teams().await?;
    for person in &company.staff {
        let new = NewAccount {
            email: person.email.clone(),
            name: person.name.clone(),
            role: person.role,
            teams: teams.iter().filter(|team| person.teams.contains(&team.name)).map(|team| team.id.clone()).collect(),
            agent: agents.iter().find(|(id, _)| Some(id) == person.agent.as_ref()).map(|(_, id)| id.clone()),
        };
        let made = app.staff.add(new, &Actor::System).await?;
        app.staff.set_password(&made.id, PASSWORD.into()).await?;
    }
    Ok(())
}

async fn contact(app: &App, company: &Company, which: usize, now: Timestamp) -> Result<(), DemoError> {
    let told = &company.interactions[which];
    let started = Timestamp(now.0 - (told.wait_s + told.talk_s) * 1000);
    let answered = started.plus_ms(told.wait_s * 1000);
    let (name, email) = customer(which);
    let mut messages = Vec::new();
    if let Some(chat) = &told.chat {
        for (from, text, since) in company::chat(chat)? {
            messages.push(MessageIn { at: Some(started.plus_ms(since)), from, text, ..MessageIn::default() });
        }
    }
    let agent = company.agents.iter().find(|agent| agent.id == told.agent);
    let intake = Intake {
        source: SOURCE.into(),
        external_id: external_id(which),
        channel: Some(told.channel.clone()),
        direction: Some("inbound".into()),
        outcome: Some("answered".into()),
        phase: Some(Phase::Final),
        started_at: Some(started),
        answered_at: Some(answered),
        ended_at: Some(now),
        wait_ms: Some(told.wait_s * 1000),
        talk_ms: Some((told.talk_s - told.hold_s).max(20) * 1000),
        hold_ms: Some(told.hold_s * 1000),
        agent: agent.map(|agent| AgentRef {
            source: SOURCE.into(),
            external_id: agent.id.clone(),
            name: Some(agent.name.clone()),
            ..AgentRef::default()
        }),
        team: agent.map(|agent| agent.team.clone()),
        tags: Some(vec![told.topic.clone()]),
        topic: Some(told.topic.clone()),
        customer: CustomerIn {
            email: (!told.no_address).then_some(email),
            name: Some(told.customer.clone().unwrap_or_else(|| name.into())),
            locale: Some("en".into()),
            ..CustomerIn::default()
        },
        messages,
        ..Intake::default()
    };
    app.interactions.upsert(intake).await?;
    Ok(())
}

fn external_id(which: usize) -> String {
    format!("demo-{which:03}")
}

/// Opens the mail and responds by its link.
async fn answer(app: &App, company: &Company, which: usize) -> Result<(), DemoError> {
    let Some(told) = company.interactions[which].answer.clone() else { return Ok(()) };
    let Some(folder) = mail_folder(&app.config) else { return Ok(()) };
    // Customers are not asked twice in the quiet period, so there may be no mail to answer.
    if let Some(token) = token_in_mail(&folder, &customer(which).1)? {
        let standing = app.responses.standing(&token).await?;
        let mut answer = Answer::from(told);
        if let Some(invited) = standing.invited() {
            super::survey::answer_further(&mut answer, &invited.version, which);
        }
        let offer = app.responses.offer(&token, None);
        app.responses.answer_from(&token, standing, answer, offer).await?;
        // Some request a callback, on the page for that.
        if which % 25 == 7 {
            app.responses.callback(&token, aftermath::callback(customer(which).0, which), false).await?;
        }
    }
    Ok(())
}

fn mail_folder(config: &Config) -> Option<PathBuf> {
    match &config.mail.url {
        MailUrl::File(folder) => Some(folder.clone()),
        MailUrl::Hold | MailUrl::Smtp(_) => None,
    }
}

/// Adds one clip to the library, so that a new agent finds something to learn.
async fn library(app: &App, company: &Company) -> Result<(), DemoError> {
    let all = app.interactions.list(&Visible::All, &Filter::default(), &Cursor::start(), 200).await?.items;
    let chat = company.interactions.iter().position(|told| told.chat.as_deref() == Some("chat-good")).map(external_id);
    let Some(chat) = all.into_iter().find(|one| Some(&one.external_id) == chat.as_ref()) else { return Ok(()) };
    let accounts = app.staff.accounts().await?;
    let supervises = |account: &&Account| account.teams.iter().any(|team| Some(team) == chat.team_id.as_ref());
    let Some(account) = accounts.iter().find(supervises) else { return Ok(()) };
    let who =
        PrincipalKind::Staff { id: account.id.clone(), role: account.role, teams: account.teams.clone(), agent: None };
    let supervisor = Principal { who, name: account.name.clone() };
    let clip = NewClip {
        interaction: chat.id,
        start_ms: 0,
        end_ms: 230_000,
        title: "A locked account, without a script".into(),
        why: "He says what he sees, does it while they speak, and makes sure that it worked before he goes on.".into(),
        skills: vec!["Says what happens next".into(), "Takes the worry away".into()],
        asked: MaskingRequest::default(),
    };
    app.training.create(&supervisor, clip).await?;
    Ok(())
}

/// Adds the two calls that can be played. They are decoded and transcribed when the demo opens.
async fn recordings(app: &App, company: &Company) -> Result<(), DemoError> {
    for (which, told) in company.interactions.iter().enumerate() {
        let Some(name) = &told.recording else { continue };
        let sound = company::sound(name);
        // One call comes as two recordings, one for each direction.
        if name == "call-bad" {
            let [agent, customer] = super::directions::directions(sound)?;
            upload(app, which, "agent", "agent", agent).await?;
            upload(app, which, "customer", "customer", customer).await?;
        } else {
            upload(app, which, MAIN_PART, "agent,customer", bytes::Bytes::from_static(sound)).await?;
        }
    }
    Ok(())
}

async fn upload(app: &App, which: usize, part: &str, channels: &str, sound: bytes::Bytes) -> Result<(), DemoError> {
    let body = futures_util::stream::iter([Ok::<_, std::io::Error>(sound)]);
    let address = PartAddress { source: SOURCE, external_id: &external_id(which), part };
    let details = || Ok(PartDetails { channels: Some(channels.to_owned()), offset_ms: None });
    app.interactions.store_part(address, None, body, details).await?;
    Ok(())
}
