//! Follow-ups: what somebody has to see to, because a linked rating is low, because the customer asks to be contacted, or
//! because a supervisor says so. Only supervisors of the team see them.
//!
//! - `look`: opens them, after the time for changing an answer, and never by an apart answer.
//! - `steps`: taking, assigning, finishing, each written down and each to be undone.
//! - `alerts`: the mail that says that something waits.
//! - `erasure`: what goes where a customer asks for it, or with a conversation.
//!
//! Nothing here tells when an answer came: days stand where times would.

mod alerts;
pub mod api;
mod contact;
mod erasure;
mod kinds;
mod look;
pub mod pages;
mod steps;
mod store;

pub use alerts::{ALERT, Alert};
pub use contact::Contact;
pub use kinds::{Cause, Outcome, Reason, State};
pub use steps::{Change, Owner, Step};
pub use store::STATEMENTS;

use crate::clock::{SharedClock, Timestamp};
use crate::config;
use crate::database::{Db, DbError};
use crate::effects::{Effects, Event};
use crate::ids::{AgentId, FollowUpId, InteractionId, StaffId, TeamId};
use crate::interactions::Interactions;
use crate::mail::Mail;
use crate::staff::Staff;
use crate::surveys::Surveys;
use crate::web::principal::Visible;
use crate::web::{Cursor, Page, Principal};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// Maximum number of characters of a note or a reason.
pub const MAX_NOTE_CHARS: usize = 2000;
/// Causes are summed over so many days.
pub const CAUSE_DAYS: u64 = 90;

/// What is configured.
#[derive(Debug, Clone)]
pub struct Settings {
    /// A linked rating of this or less opens a follow-up.
    pub low_score: i64,
    /// How long there is to see to one.
    pub due: Duration,
    /// How long what a customer left is kept after its follow-up is closed.
    pub keep_contacts: Duration,
    /// Scheme, host and port in front of every link; no slash at the end.
    pub public_url: String,
}

impl Settings {
    /// From the sections that tell.
    pub fn new(followups: &config::FollowUps, retention: &config::Retention, public_url: String) -> Self {
        Self {
            low_score: i64::from(followups.low_score),
            due: followups.due.0,
            keep_contacts: retention.contacts.0,
            public_url,
        }
    }
}

/// What follow-ups are made of.
pub struct Parts {
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: SharedClock,
    /// What is configured.
    pub settings: Settings,
    /// Linked answers, and wishes to be contacted.
    pub surveys: Surveys,
    /// Who sees which interaction.
    pub interactions: Interactions,
    /// Who may own one.
    pub staff: Staff,
    /// The outbox, for alerts.
    pub mail: Mail,
}

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct FollowUps {
    parts: Arc<Parts>,
}

impl std::fmt::Debug for FollowUps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FollowUps")
    }
}

/// A follow-up.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct FollowUp {
    /// Its id.
    pub id: FollowUpId,
    /// Whose supervisors see it; every supervisor where it names none.
    pub team_id: Option<TeamId>,
    /// The team's name.
    pub team_name: Option<String>,
    /// What it is about, where that is known and was not deleted.
    pub interaction_id: Option<InteractionId>,
    /// Who handled that.
    pub agent_id: Option<AgentId>,
    /// That agent's name.
    pub agent_name: Option<String>,
    /// Why it is there.
    #[sqlx(try_from = "String")]
    pub reason: Reason,
    /// By hand: why, in the supervisor's words.
    pub why: Option<String>,
    /// Where it stands.
    #[sqlx(try_from = "String")]
    pub state: State,
    /// The day it was opened, `2026-11-20`.
    pub opened_on: String,
    /// The day by which it is to be seen to.
    pub due_on: String,
    /// Who has it.
    pub owner_id: Option<StaffId>,
    /// Their name.
    pub owner_name: Option<String>,
    /// The [`Outcome`]'s code.
    pub outcome: Option<String>,
    /// The [`Cause`]'s code.
    pub cause: Option<String>,
    /// The day it was closed.
    pub closed_on: Option<String>,
    /// The customer's wish, while it is kept; for [`FollowUps::contact`] alone.
    pub(in crate::followups) callback_request_id: Option<String>,
}

impl FollowUp {
    /// How it ended.
    pub fn outcome(&self) -> Option<Outcome> {
        self.outcome.as_deref().and_then(Outcome::known)
    }

    /// What was at the root.
    pub fn cause(&self) -> Option<Cause> {
        self.cause.as_deref().and_then(Cause::known)
    }

    /// Did the customer leave a name and a way to reach them, and is it still kept?
    pub fn has_contact(&self) -> bool {
        self.callback_request_id.is_some()
    }

    /// Is it not closed, and was it due before this day?
    pub fn is_overdue(&self, today: &str) -> bool {
        self.state != State::Closed && self.due_on.as_str() < today
    }
}

/// Which follow-ups a list shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, poem_openapi::Enum)]
#[oai(rename = "WhichFollowUps", rename_all = "lowercase")]
pub enum Which {
    /// Those that are not closed; what is due first comes first, so that what is overdue leads.
    #[default]
    Open,
    /// Of those, one's own.
    Mine,
    /// Those that are closed, the last first.
    Closed,
}

/// How many wait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Not closed.
    pub open: i64,
    /// Of those, overdue.
    pub overdue: i64,
}

/// How often something was at the root.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct CauseCount {
    /// What.
    #[sqlx(try_from = "String")]
    pub cause: Cause,
    /// How often.
    pub n: i64,
}

/// Why something can't be done. The texts say what to do.
#[derive(Debug, thiserror::Error)]
pub enum FollowUpError {
    /// Not there, or of another team.
    #[error("there is no such follow-up")]
    NotFound,
    /// The interaction is not there, or of another team.
    #[error("there is no such call or chat")]
    NoInteraction,
    /// Somebody else changed it in the meantime.
    #[error("somebody else has just changed this follow-up: open it again and look")]
    Changed,
    /// It is closed.
    #[error("this follow-up is closed: undo that first")]
    Closed,
    /// There is nothing to undo.
    #[error("there is nothing to undo")]
    NothingToUndo,
    /// The new owner does not supervise the team.
    #[error("this account does not supervise the follow-up's team")]
    NotAnOwner,
    /// No words.
    #[error("write a few words, 2000 characters at most")]
    BadNote,
    /// No day.
    #[error("the day is today or a later one, written as year-month-day")]
    BadDay,
    /// No outcome, or no cause.
    #[error("choose how it ended and what was at the root")]
    BadOutcome,
    /// What the customer left was erased or taken back.
    #[error("the customer left nothing here, or it has been erased")]
    NoContact,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// The teams whose follow-ups somebody sees.
fn teams(who: &Principal) -> Vec<TeamId> {
    match who.visible() {
        Visible::Teams(teams) => teams,
        Visible::All | Visible::Own(_) | Visible::None => Vec::new(),
    }
}

/// Words, trimmed; refused where there are none or too many.
fn words(text: &str) -> Result<String, FollowUpError> {
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().count() <= MAX_NOTE_CHARS && !text.contains('\0');
    if fits { Ok(text.to_owned()) } else { Err(FollowUpError::BadNote) }
}

impl FollowUps {
    /// The service; tells `mail` who writes alerts.
    pub fn new(parts: Parts) -> Self {
        let followups = Self { parts: Arc::new(parts) };
        followups.parts.mail.register(ALERT, Arc::new(alerts::Composer::new(&followups)));
        followups
    }

    fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// Today's date.
    pub fn today(&self) -> String {
        self.now().day()
    }

    /// One, where this supervisor may see it.
    pub async fn find(&self, who: &Principal, id: &FollowUpId) -> Result<FollowUp, FollowUpError> {
        let found = store::find(self.parts.db.read().await?.conn(), &teams(who), id).await?;
        found.ok_or(FollowUpError::NotFound)
    }

    /// Those of this supervisor's teams, a page at a time.
    pub async fn list(
        &self,
        who: &Principal,
        which: Which,
        from: &Cursor,
        size: usize,
    ) -> Result<Page<FollowUp>, DbError> {
        let owner = match (which, who.staff_id()) {
            (Which::Mine, Some(id)) => id.as_str(),
            _ => "",
        };
        let day = match (from.at == Timestamp(i64::MAX), which) {
            (true, Which::Closed) => "9999".to_owned(),
            (true, _) => String::new(),
            (false, _) => from.at.day(),
        };
        let behind = (day.as_str(), from.id.as_str());
        let items =
            store::list(self.parts.db.read().await?.conn(), &teams(who), which, owner, behind, size + 1).await?;
        Ok(Page::from_surplus(items, size, |last: &FollowUp| {
            let day = last.closed_on.as_deref().filter(|_| which == Which::Closed).unwrap_or(&last.due_on);
            let at = Timestamp::parse(&format!("{day}T00:00:00Z")).unwrap_or_default();
            Cursor { at, id: last.id.to_string() }
        }))
    }

    /// Those about an interaction, the newest first.
    pub async fn of_interaction(&self, who: &Principal, id: &InteractionId) -> Result<Vec<FollowUp>, DbError> {
        store::of_interaction(self.parts.db.read().await?.conn(), &teams(who), id).await
    }

    /// May this one open follow-ups about this conversation?
    pub async fn sees(&self, who: &Principal, id: &InteractionId) -> Result<bool, DbError> {
        Ok(self.parts.interactions.find(&who.visible(), id).await?.is_some())
    }

    /// How many wait for this supervisor's teams.
    pub async fn waiting(&self, who: &Principal) -> Result<Waiting, DbError> {
        let (open, overdue) = store::waiting(self.parts.db.read().await?.conn(), &teams(who), &self.today()).await?;
        Ok(Waiting { open, overdue })
    }

    /// What was at the root of those closed within [`CAUSE_DAYS`], the most frequent first.
    pub async fn causes(&self, who: &Principal) -> Result<Vec<CauseCount>, DbError> {
        let since = self.now().minus(Duration::from_secs(CAUSE_DAYS * 86_400)).day();
        store::causes(self.parts.db.read().await?.conn(), &teams(who), &since).await
    }

    /// Opens one about an interaction that this supervisor sees. `due`: a day, or as configured.
    pub async fn open(
        &self,
        who: &Principal,
        interaction: &InteractionId,
        why: &str,
        due: Option<&str>,
    ) -> Result<FollowUpId, FollowUpError> {
        let why = words(why)?;
        let found = self.parts.interactions.find(&who.visible(), interaction).await?;
        let found = found.ok_or(FollowUpError::NoInteraction)?;
        let now = self.now();
        let due_on = match due.map(str::trim).filter(|day| !day.is_empty()) {
            Some(day) => steps::checked_day(day, &now.day())?,
            None => now.plus(self.parts.settings.due).day(),
        };
        let id = FollowUpId::random();
        let new = store::NewFollowUp {
            id: id.clone(),
            team: found.team_id,
            interaction: Some(interaction.clone()),
            agent: found.agent_id,
            reason: Reason::Hand.code(),
            why: Some(why),
            opened_on: now.day(),
            due_on,
            callback: None,
        };
        let mut tx = self.parts.db.begin().await?;
        store::add(tx.conn(), &new).await?;
        let effects = Effects::new().event(self.opened(&new));
        effects.audit(&who.actor(), "follow_up.opened", subject(&id), None).save(tx.conn(), now).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// What webhooks hear of a new one: neither why, nor about which conversation.
    fn opened(&self, new: &store::NewFollowUp) -> Event {
        self.event("followup.opened", &new.id, new.team.as_ref(), &new.due_on)
    }

    fn event(&self, kind: &'static str, id: &FollowUpId, team: Option<&TeamId>, due_on: &str) -> Event {
        let url = format!("{}/follow-ups/{id}", self.parts.settings.public_url);
        let data = json!({ "follow_up": { "id": id, "team_id": team, "due_on": due_on, "url": url } });
        Event { kind, subject: id.to_string(), data, by_day: true }
    }
}

/// For the audit log.
fn subject(id: &FollowUpId) -> String {
    format!("follow-up:{id}")
}
