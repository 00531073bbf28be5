//! Follow-ups: tasks after a low linked rating, a callback request, or opened by a supervisor. Only supervisors of the
//! team see them.
//!
//! - `look`: opens them, after the time for changing an answer, and never for an apart answer.
//! - `steps`: assigning, finishing and other steps, each recorded and undoable.
//! - `alerts`: mails about waiting follow-ups.
//! - `erasure`: erasure by address, or with a conversation.
//!
//! Nothing here reveals the time of an answer: days are stored instead of times.

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

use crate::access::Principal;
use crate::access::principal::Visible;
use crate::clock::{SharedClock, Timestamp, Zone};
use crate::config;
use crate::database::{Db, DbError};
use crate::effects::{Effects, Event};
use crate::ids::{AgentId, FollowUpId, InteractionId, StaffId, TeamId};
use crate::interactions::Interactions;
use crate::mail::Mail;
use crate::paging::{Cursor, Page};
use crate::responses::Responses;
use crate::staff::Staff;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// Maximum number of characters of a note or a reason.
pub const MAX_NOTE_CHARS: usize = 2000;
/// Number of days over which causes are summed.
pub const CAUSE_DAYS: u64 = 90;

/// Settings of follow-ups.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Highest linked rating that opens a follow-up.
    pub low_score: i64,
    /// Time until a follow-up is due.
    pub due: Duration,
    /// Time for which contact data are kept after the follow-up is closed.
    pub keep_contacts: Duration,
    /// Scheme, host and port of every link; without a trailing slash.
    pub public_url: String,
}

impl Settings {
    /// Reads the settings from their sections of the configuration.
    pub fn new(followups: &config::FollowUps, retention: &config::Retention, public_url: String) -> Self {
        Self {
            low_score: i64::from(followups.low_score),
            due: followups.due.0,
            keep_contacts: retention.contacts.0,
            public_url,
        }
    }
}

/// Dependencies of follow-ups.
pub struct Parts {
    /// Database.
    pub db: Db,
    /// Clock.
    pub clock: SharedClock,
    /// Settings.
    pub settings: Settings,
    /// Responses.
    pub responses: Responses,
    /// Access to interactions.
    pub interactions: Interactions,
    /// Accounts that may own one.
    pub staff: Staff,
    /// Outbox, for alerts.
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
    /// Id of the follow-up.
    pub id: FollowUpId,
    /// Team whose supervisors see it; all supervisors if `None`.
    pub team_id: Option<TeamId>,
    /// Name of the team.
    pub team_name: Option<String>,
    /// Interaction, if known and not deleted.
    pub interaction_id: Option<InteractionId>,
    /// Agent of the interaction.
    pub agent_id: Option<AgentId>,
    /// Name of the agent.
    pub agent_name: Option<String>,
    /// Reason of the follow-up.
    #[sqlx(try_from = "String")]
    pub reason: Reason,
    /// Explanation by the supervisor who opened it.
    pub why: Option<String>,
    /// State of the follow-up.
    #[sqlx(try_from = "String")]
    pub state: State,
    /// Day of opening, such as `2026-11-20`.
    pub opened_on: String,
    /// Day on which it is due.
    pub due_on: String,
    /// Id of the owner.
    pub owner_id: Option<StaffId>,
    /// Name of the owner.
    pub owner_name: Option<String>,
    /// Code of the [`Outcome`].
    pub outcome: Option<String>,
    /// Code of the [`Cause`].
    pub cause: Option<String>,
    /// Day of closing.
    pub closed_on: Option<String>,
    /// Id of the callback request, while it is kept; only for [`FollowUps::contact`].
    pub(in crate::followups) callback_request_id: Option<String>,
}

impl FollowUp {
    /// Returns the outcome.
    pub fn outcome(&self) -> Option<Outcome> {
        self.outcome.as_deref().and_then(Outcome::known)
    }

    /// Returns the root cause.
    pub fn cause(&self) -> Option<Cause> {
        self.cause.as_deref().and_then(Cause::known)
    }

    /// Whether there are contact data that are still kept.
    pub fn has_contact(&self) -> bool {
        self.callback_request_id.is_some()
    }

    /// Whether it is not closed and was due before this day.
    pub fn is_overdue(&self, today: &str) -> bool {
        self.state != State::Closed && self.due_on.as_str() < today
    }
}

/// Filter of a list of follow-ups.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, poem_openapi::Enum)]
#[oai(rename = "FollowUpFilter", rename_all = "lowercase")]
pub enum Which {
    /// Open ones, by due day, so that overdue ones come first.
    #[default]
    Open,
    /// Open ones of the viewer.
    Mine,
    /// Closed ones, last one first.
    Closed,
}

/// Numbers of open follow-ups.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Number of open ones.
    pub open: i64,
    /// Number of open ones that are overdue.
    pub overdue: i64,
}

/// Count of a root cause.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct CauseCount {
    /// Root cause.
    #[sqlx(try_from = "String")]
    pub cause: Cause,
    /// Number of follow-ups.
    pub n: i64,
}

/// Errors of follow-ups. The texts include the remedy.
#[derive(Debug, thiserror::Error)]
pub enum FollowUpError {
    /// Does not exist, or belongs to another team.
    #[error("there is no such follow-up")]
    NotFound,
    /// The interaction does not exist, or belongs to another team.
    #[error("there is no such call or chat")]
    NoInteraction,
    /// Someone else changed it in the meantime.
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
    /// The text is empty or too long.
    #[error("write a few words, 2000 characters at most")]
    BadNote,
    /// The due day is not a valid date from today on.
    #[error("the day is today or a later one, written as year-month-day")]
    BadDay,
    /// The outcome or the cause is not valid.
    #[error("choose the outcome and the root cause")]
    BadOutcome,
    /// The contact data were erased or retracted.
    #[error("there are no contact details, or they have been erased")]
    NoContact,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// Returns the teams whose follow-ups a viewer may see.
fn teams(who: &Principal) -> Vec<TeamId> {
    match who.visible() {
        Visible::Teams(teams) => teams,
        Visible::All | Visible::Own(_) | Visible::None => Vec::new(),
    }
}

/// Returns the text, trimmed. Errors: empty or too long.
fn words(text: &str) -> Result<String, FollowUpError> {
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().count() <= MAX_NOTE_CHARS && !text.contains('\0');
    if fits { Ok(text.to_owned()) } else { Err(FollowUpError::BadNote) }
}

impl FollowUps {
    /// Creates the service; registers the composer of alerts with `mail`.
    pub fn new(parts: Parts) -> Self {
        let followups = Self { parts: Arc::new(parts) };
        followups.parts.mail.register(ALERT, Arc::new(alerts::Composer::new(&followups)));
        followups
    }

    fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// Returns the day of a time.
    fn day(&self, at: Timestamp) -> String {
        self.parts.clock.zone().day(at)
    }

    /// Returns today's date.
    pub fn today(&self) -> String {
        self.parts.clock.today()
    }

    /// Returns a follow-up, if this supervisor may see it.
    pub async fn find(&self, who: &Principal, id: &FollowUpId) -> Result<FollowUp, FollowUpError> {
        let found = store::find(self.parts.db.read().await?.conn(), &teams(who), id).await?;
        found.ok_or(FollowUpError::NotFound)
    }

    /// Returns a page of the follow-ups of this supervisor's teams.
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
            (false, _) => Zone::default().day(from.at),
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

    /// Returns the follow-ups about an interaction, newest first.
    pub async fn of_interaction(&self, who: &Principal, id: &InteractionId) -> Result<Vec<FollowUp>, DbError> {
        store::of_interaction(self.parts.db.read().await?.conn(), &teams(who), id).await
    }

    /// Whether `who` may open follow-ups about this conversation.
    pub async fn sees(&self, who: &Principal, id: &InteractionId) -> Result<bool, DbError> {
        Ok(self.parts.interactions.find(&who.visible(), id).await?.is_some())
    }

    /// Returns the numbers of open follow-ups of this supervisor's teams.
    pub async fn waiting(&self, who: &Principal) -> Result<Waiting, DbError> {
        let (open, overdue) = store::waiting(self.parts.db.read().await?.conn(), &teams(who), &self.today()).await?;
        Ok(Waiting { open, overdue })
    }

    /// Returns the root causes of those closed within [`CAUSE_DAYS`], most frequent first.
    pub async fn causes(&self, who: &Principal) -> Result<Vec<CauseCount>, DbError> {
        let since = self.day(self.now().minus(Duration::from_secs(CAUSE_DAYS * 86_400)));
        store::causes(self.parts.db.read().await?.conn(), &teams(who), &since).await
    }

    /// Opens a follow-up about an interaction that this supervisor may see. `due`: a day, or `None` for the configured
    /// time.
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
            Some(day) => steps::checked_day(day, &self.day(now))?,
            None => self.day(now.plus(self.parts.settings.due)),
        };
        let id = FollowUpId::random();
        let new = store::NewFollowUp {
            id: id.clone(),
            team: found.team_id,
            interaction: Some(interaction.clone()),
            agent: found.agent_id,
            reason: Reason::Hand.code(),
            why: Some(why),
            opened_on: self.day(now),
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

    /// Returns the webhook event of a new follow-up: neither its reason nor its conversation.
    fn opened(&self, new: &store::NewFollowUp) -> Event {
        self.event("followup.opened", &new.id, new.team.as_ref(), &new.due_on)
    }

    fn event(&self, kind: &'static str, id: &FollowUpId, team: Option<&TeamId>, due_on: &str) -> Event {
        let url = format!("{}/follow-ups/{id}", self.parts.settings.public_url);
        let data = json!({ "follow_up": { "id": id, "team_id": team, "due_on": due_on, "url": url } });
        Event { kind, subject: id.to_string(), data, by_day: true }
    }
}

/// Returns the subject of an audit entry.
fn subject(id: &FollowUpId) -> String {
    format!("follow-up:{id}")
}
