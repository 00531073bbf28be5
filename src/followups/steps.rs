//! Steps of supervisors on a follow-up. Each is recorded with the previous values, so that the last one can be undone.

use super::{Cause, FollowUp, FollowUpError, FollowUps, Outcome, State, store, subject, words};
use crate::access::{Principal, Role};
use crate::clock::Timestamp;
use crate::database::DbError;
use crate::effects::Effects;
use crate::ids::{FollowUpId, StaffId};
use serde::{Deserialize, Serialize};

/// A change of a follow-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Assigns it to the acting supervisor.
    AssignToMe,
    /// Assigns it to a supervisor of the team.
    Assign(StaffId),
    /// Sets the due day.
    Due(String),
    /// Adds a note.
    Note(String),
    /// Closes it.
    Finish {
        /// Outcome of the follow-up.
        outcome: Outcome,
        /// Root cause.
        cause: Cause,
        /// Note; may be empty.
        note: String,
    },
    /// Undoes the last step.
    Undo,
}

/// A recorded step.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Step {
    /// Position: 1, 2, …
    pub number: i64,
    /// Kind: `taken`, `assigned`, `due`, `note`, `finished`, `undone`, `erasure`.
    pub what: String,
    /// Time of the step.
    pub at: Timestamp,
    /// Name of the person.
    pub name: String,
    /// Note, or the new value.
    pub note: Option<String>,
    /// Previous values, if it can be undone.
    pub(in crate::followups) before: Option<String>,
}

/// An account that may own a follow-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Id of the account.
    pub id: StaffId,
    /// Name of the account.
    pub name: String,
}

/// Values that a step changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Before {
    state: String,
    owner_id: Option<StaffId>,
    owner_name: Option<String>,
    due_on: String,
    outcome: Option<String>,
    cause: Option<String>,
    closed_on: Option<String>,
}

impl Before {
    fn of(f: &FollowUp) -> Self {
        Self {
            state: f.state.code().into(),
            owner_id: f.owner_id.clone(),
            owner_name: f.owner_name.clone(),
            due_on: f.due_on.clone(),
            outcome: f.outcome.clone(),
            cause: f.cause.clone(),
            closed_on: f.closed_on.clone(),
        }
    }

    fn restore(self, f: &mut FollowUp) {
        f.state = State::from(self.state);
        (f.owner_id, f.owner_name, f.due_on) = (self.owner_id, self.owner_name, self.due_on);
        (f.outcome, f.cause, f.closed_on) = (self.outcome, self.cause, self.closed_on);
    }
}

/// Returns the day if it is today or later, such as `2026-11-20`.
pub(super) fn checked_day(text: &str, today: &str) -> Result<String, FollowUpError> {
    let day: jiff::civil::Date = text.parse().map_err(|_| FollowUpError::BadDay)?;
    let day = day.to_string();
    if day.as_str() < today || day.len() != today.len() { Err(FollowUpError::BadDay) } else { Ok(day) }
}

impl FollowUps {
    /// Returns its steps, in order.
    pub async fn steps(&self, id: &FollowUpId) -> Result<Vec<Step>, DbError> {
        store::steps(self.parts.db.read().await?.conn(), id).await
    }

    /// Returns the accounts that may own it: supervisors of its team who can sign in.
    pub async fn owners(&self, follow_up: &FollowUp) -> Result<Vec<Owner>, DbError> {
        let accounts = self.parts.staff.accounts().await.map_err(|error| match error {
            crate::staff::StaffError::Database(inner) => inner,
            _ => DbError::Missing,
        })?;
        let may = |a: &crate::staff::Account| {
            a.role == Role::Supervisor
                && !a.disabled
                && follow_up.team_id.as_ref().is_none_or(|team| a.teams.contains(team))
        };
        Ok(accounts.into_iter().filter(may).map(|a| Owner { id: a.id, name: a.name }).collect())
    }

    /// Applies a change and returns the changed follow-up.
    pub async fn change(&self, who: &Principal, id: &FollowUpId, change: Change) -> Result<FollowUp, FollowUpError> {
        let Some(by) = who.staff_id().cloned() else { return Err(FollowUpError::NotFound) };
        let now = self.now();
        let mut follow_up = self.find(who, id).await?;
        let steps = self.steps(id).await?;
        let before = Before::of(&follow_up);
        let was_closed = follow_up.state == State::Closed;
        let (what, note, undoable) = match change {
            Change::Note(text) => ("note", Some(words(&text)?), false),
            // A retracted or erased one stays closed.
            _ if follow_up.outcome().is_some_and(Outcome::is_final) => return Err(FollowUpError::Closed),
            Change::Undo => {
                let last = undoable(&steps).ok_or(FollowUpError::NothingToUndo)?;
                let before = last.before.as_deref().and_then(|json| serde_json::from_str::<Before>(json).ok());
                before.ok_or(FollowUpError::NothingToUndo)?.restore(&mut follow_up);
                ("undone", None, false)
            }
            _ if was_closed => return Err(FollowUpError::Closed),
            Change::AssignToMe => {
                (follow_up.owner_id, follow_up.owner_name) = (Some(by.clone()), Some(who.name.clone()));
                follow_up.state = State::Taken;
                ("taken", None, true)
            }
            Change::Assign(owner) => {
                let owners = self.owners(&follow_up).await?;
                let owner = owners.into_iter().find(|o| o.id == owner).ok_or(FollowUpError::NotAnOwner)?;
                (follow_up.owner_id, follow_up.owner_name) = (Some(owner.id), Some(owner.name.clone()));
                follow_up.state = State::Taken;
                ("assigned", Some(owner.name), true)
            }
            Change::Due(day) => {
                follow_up.due_on = checked_day(&day, &self.day(now))?;
                ("due", Some(follow_up.due_on.clone()), true)
            }
            Change::Finish { outcome, cause, note } => {
                if !Outcome::CHOICES.contains(&outcome) {
                    return Err(FollowUpError::BadOutcome);
                }
                let note = if note.trim().is_empty() { None } else { Some(words(&note)?) };
                follow_up.state = State::Closed;
                follow_up.closed_on = Some(self.day(now));
                follow_up.outcome = Some(outcome.code().into());
                follow_up.cause = Some(cause.code().into());
                ("finished", note, true)
            }
        };
        let step = store::NewStep {
            number: steps.last().map_or(1, |last| last.number + 1),
            what,
            at: now,
            by: &by,
            name: &who.name,
            note: note.as_deref(),
            before: undoable.then(|| serde_json::to_string(&before).unwrap_or_default()),
        };
        let mut tx = self.parts.db.begin().await?;
        // The position decides: the second of two concurrent steps finds it taken.
        store::add_step(tx.conn(), id, &step).await.map_err(|error| match error {
            DbError::Duplicate => FollowUpError::Changed,
            other => other.into(),
        })?;
        store::change(tx.conn(), &follow_up).await?;
        let closed = follow_up.state == State::Closed;
        let mut effects = Effects::new();
        if closed != was_closed {
            if let Some(callback) = &follow_up.callback_request_id {
                let erase_on = closed.then(|| self.day(now.plus(self.parts.settings.keep_contacts)));
                self.parts.responses.erase_callback_on(tx.conn(), callback, erase_on.as_deref()).await?;
            }
            let action = if closed { "follow_up.closed" } else { "follow_up.reopened" };
            effects = effects.audit(&who.actor(), action, subject(id), None);
        }
        if closed && !was_closed {
            let event = self.event("followup.closed", id, follow_up.team_id.as_ref(), &follow_up.due_on);
            effects = effects.event(event);
        }
        effects.save(tx.conn(), now).await?;
        tx.commit().await?;
        Ok(follow_up)
    }
}

/// Returns the step that undo would undo: the last one that is neither a note nor already undone.
pub(super) fn undoable(steps: &[Step]) -> Option<&Step> {
    let mut undone = 0;
    for step in steps.iter().rev() {
        match step.what.as_str() {
            "undone" => undone += 1,
            _ if step.before.is_none() => {}
            _ if undone > 0 => undone -= 1,
            _ => return Some(step),
        }
    }
    None
}
