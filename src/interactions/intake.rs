//! Intake from integrators: checked, then written in group commits.

use super::kinds::{
    Channel, Direction, Phase, RecordingState, SurveyState, TOO_OLD, UNKNOWN_OUTCOME, WAITING_FOR_ADDRESS,
};
use super::{DECIDE_SURVEY, NAME_CAME, names, outcomes, store, tombstones, words_changed};
use crate::clock::Timestamp;
use crate::contacts;
use crate::database::{Db, DbError};
use crate::effects::{Effects, Event};
use crate::ids::InteractionId;
use crate::jobs::{self, NewJob};
use crate::masking::Span;
use crate::staff::{self, AgentRef, TeamRef};
use crate::vault::Vault;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// Maximum number of interactions in one transaction.
pub(super) const MAX_BATCH: usize = 512;

/// Purposes of the vault's keys: sealed for one purpose, a value opens for no other.
pub(super) const SEAL_EMAIL: &str = "interaction.customer.email";
pub(super) const SEAL_NAME: &str = "interaction.customer.name";

/// Times that decide when a survey is due.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timing {
    /// Time between the final phase and the decision of the survey.
    pub settle: Duration,
    /// Time after its end in which an interaction can still be surveyed; `None`: no limit.
    pub max_age: Option<Duration>,
}

/// Facts of an interaction; `None`: unknown.
#[derive(Debug, Clone, Default)]
pub struct Intake {
    /// Source of the interaction.
    pub source: String,
    /// Id in the source.
    pub external_id: String,
    /// `call` or `chat`; other values are stored as `other`.
    pub channel: Option<String>,
    /// `inbound`, `outbound`, `internal`; other values are stored as `other`.
    pub direction: Option<String>,
    /// A code of [`Outcome`](super::Outcome), or a word of the source (see [`outcomes`]).
    pub outcome: Option<String>,
    /// Phase of the interaction.
    pub phase: Option<Phase>,
    /// Time of ringing or of the first message.
    pub started_at: Option<Timestamp>,
    /// Time at which an agent answered.
    pub answered_at: Option<Timestamp>,
    /// Time of the end.
    pub ended_at: Option<Timestamp>,
    /// Waiting time of the customer, in ms.
    pub wait_ms: Option<i64>,
    /// Talk time, in ms.
    pub talk_ms: Option<i64>,
    /// Time on hold, in ms.
    pub hold_ms: Option<i64>,
    /// Rated agent; its source is the interaction's.
    pub agent: Option<AgentRef>,
    /// Name of the team.
    pub team: Option<String>,
    /// The queue.
    pub queue: Option<String>,
    /// Tags.
    pub tags: Option<Vec<String>>,
    /// The customer.
    pub customer: CustomerIn,
    /// Whether the source permits a survey.
    pub survey_eligible: Option<bool>,
    /// Messages of a chat, from its beginning.
    pub messages: Vec<MessageIn>,
    /// Body as received, without the customer and the messages, as JSON.
    pub raw: String,
}

/// The customer, as far as a survey needs it.
#[derive(Debug, Clone, Default)]
pub struct CustomerIn {
    /// Address.
    pub email: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Telephone number, by which the directory of contacts is searched if there is no address.
    pub phone: Option<String>,
    /// Language.
    pub locale: Option<String>,
}

/// A received message.
#[derive(Debug, Clone)]
pub struct MessageIn {
    /// Time of sending.
    pub at: Option<Timestamp>,
    /// `customer`, `agent`, `bot`, `system`; other values are stored as `other`.
    pub from: String,
    /// Text of the message.
    pub text: String,
}

/// Errors of intake. Nothing was stored.
#[derive(Debug, Clone, thiserror::Error)]
pub enum IntakeError {
    /// A field is not valid; `field` is its name in the body.
    #[error("{field}: {what}")]
    Invalid {
        /// Name of the field.
        field: &'static str,
        /// Stable code, for programs.
        code: &'static str,
        /// Description of the problem.
        what: String,
    },
    /// The interaction was erased. Its deliveries are not stored.
    #[error("this interaction was erased here; it is not stored again")]
    Erased,
    /// The process is stopping.
    #[error("the service is stopping")]
    Stopping,
    /// The database failed.
    #[error(transparent)]
    Database(Arc<DbError>),
}

/// A checked interaction, ready to be stored.
#[derive(Debug, Clone)]
pub struct Checked {
    pub(super) id: InteractionId,
    /// Keyed hash that its interaction has if it was erased.
    pub(super) tombstone: String,
    pub(super) intake: Intake,
    pub(super) email_sealed: Option<String>,
    /// Keyed hash of the customer's telephone number.
    pub(super) phone_hash: Option<String>,
    pub(super) name_sealed: Option<String>,
    /// Keyed hashes of the words of the customer's name.
    pub(super) name_hashes: Option<String>,
    /// Spans to mask in each message; empty if the name is not in this body: they are then found by its marks when
    /// somebody reads.
    pub(super) masks: Vec<Vec<Span>>,
}

/// Stored state after an upsert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upserted {
    /// Id of the interaction.
    pub id: InteractionId,
    /// Whether it was new.
    pub created: bool,
    /// Phase of the interaction.
    pub phase: Phase,
    /// State of its survey.
    pub survey_state: SurveyState,
    /// Reason, if the survey was skipped or failed.
    pub survey_reason: Option<String>,
    /// Whether this update made it final.
    pub finalised: bool,
    /// State of its recording.
    pub recording_state: RecordingState,
}

fn invalid(field: &'static str, code: &'static str, what: impl Into<String>) -> IntakeError {
    IntakeError::Invalid { field, code, what: what.into() }
}

fn at_most(field: &'static str, text: Option<&str>, most: usize) -> Result<(), IntakeError> {
    match text {
        Some(text) if text.chars().count() > most => {
            Err(invalid(field, "too_long", format!("it has more than {most} characters")))
        }
        Some(text) if text.contains('\0') => Err(invalid(field, "invalid_text", "it holds a NUL character")),
        _ => Ok(()),
    }
}

impl Intake {
    /// Checks all fields, and seals those that identify the customer.
    /// `country_code`: that of telephone numbers without one.
    pub(super) fn check(mut self, vault: &Vault, country_code: &str) -> Result<Checked, IntakeError> {
        self.check_names()?;
        self.check_times()?;
        self.check_lists()?;
        let email = self.customer.email.take().map(|e| e.trim().to_owned()).filter(|e| !e.is_empty());
        if let Some(email) = &email {
            staff::checked_email(email)
                .map_err(|_| invalid("customer.email", "invalid_email", "this is not an e-mail address"))?;
        }
        let name = self.customer.name.take().map(|n| n.trim().to_owned()).filter(|n| !n.is_empty());
        let phone_hash = self.customer.phone.take().and_then(|p| contacts::phone_hash(vault, &p, country_code));
        let email_sealed = email.map(|e| vault.seal(SEAL_EMAIL, e.as_bytes()));
        let name_sealed = name.as_ref().map(|n| vault.seal(SEAL_NAME, n.as_bytes()));
        let name_hashes = name.as_ref().map(|n| names::marks(vault, &self.source, &self.external_id, n));
        let agent = self.agent.as_ref().and_then(|agent| agent.name.as_deref());
        let masks = name.as_ref().map(|n| names::masks_of(&self.messages, n, agent)).unwrap_or_default();
        let tombstone = tombstones::hash(vault, &self.source, &self.external_id);
        let id = InteractionId::random();
        Ok(Checked { id, tombstone, intake: self, email_sealed, phone_hash, name_sealed, name_hashes, masks })
    }

    fn check_names(&self) -> Result<(), IntakeError> {
        for (field, text) in [("source", &self.source), ("external_id", &self.external_id)] {
            if text.trim().is_empty() {
                return Err(invalid(field, "missing", "it is empty"));
            }
            at_most(field, Some(text), 200)?;
        }
        let agent = self.agent.as_ref();
        at_most("channel", self.channel.as_deref(), 100)?;
        at_most("direction", self.direction.as_deref(), 100)?;
        at_most("outcome", self.outcome.as_deref(), 100)?;
        at_most("agent.external_id", agent.map(|a| a.external_id.as_str()), 320)?;
        at_most("agent.name", agent.and_then(|a| a.name.as_deref()), 200)?;
        at_most("agent.email", agent.and_then(|a| a.email.as_deref()), 320)?;
        at_most("team", self.team.as_deref(), 200)?;
        at_most("queue", self.queue.as_deref(), 200)?;
        at_most("customer.name", self.customer.name.as_deref(), 500)?;
        at_most("customer.email", self.customer.email.as_deref(), 320)?;
        at_most("customer.locale", self.customer.locale.as_deref(), 35)
    }

    fn check_times(&self) -> Result<(), IntakeError> {
        let times = [("started_at", self.started_at), ("answered_at", self.answered_at), ("ended_at", self.ended_at)];
        let mut before: Option<(&str, Timestamp)> = None;
        for (field, time) in times {
            let Some(time) = time else { continue };
            if let Some((earlier, at)) = before.filter(|(_, at)| time < *at) {
                let what = format!("{} lies before {earlier} ({})", time.to_rfc3339(), at.to_rfc3339());
                return Err(invalid(field, "times_out_of_order", what));
            }
            before = Some((field, time));
        }
        for (field, ms) in [("wait_ms", self.wait_ms), ("talk_ms", self.talk_ms), ("hold_ms", self.hold_ms)] {
            if ms.is_some_and(|ms| !(0..=7 * 86_400_000).contains(&ms)) {
                return Err(invalid(field, "out_of_range", "it must lie between 0 and a week, in milliseconds"));
            }
        }
        Ok(())
    }

    fn check_lists(&self) -> Result<(), IntakeError> {
        let tags = self.tags.as_deref().unwrap_or_default();
        if tags.len() > 50 {
            return Err(invalid("tags", "too_many", "there are more than 50"));
        }
        for tag in tags {
            at_most("tags", Some(tag), 200)?;
        }
        if self.messages.len() > 10_000 {
            return Err(invalid("messages", "too_many", "there are more than 10,000"));
        }
        for message in &self.messages {
            at_most("messages.from", Some(&message.from), 100)?;
            at_most("messages.text", Some(&message.text), 100_000)?;
        }
        Ok(())
    }
}

/// Returns the stored code of a source's value, and the value itself if it is unknown.
pub(super) fn known_or_other(
    word: Option<&str>,
    known: impl Fn(&str) -> Option<&'static str>,
) -> (Option<&'static str>, Option<&str>) {
    match word {
        None => (None, None),
        Some(word) => match known(word) {
            Some(code) => (Some(code), None),
            None => (Some("other"), Some(word)),
        },
    }
}

impl Checked {
    /// Whether a chat's measures may change: messages or the end have come; those of calls change with their
    /// recordings.
    fn may_change_words(&self) -> bool {
        let i = &self.intake;
        let is_call = i.channel.as_deref().and_then(Channel::known) == Some(Channel::Call);
        !i.messages.is_empty() || (!is_call && (i.ended_at.is_some() || i.phase.is_some_and(|p| p > Phase::InProgress)))
    }

    /// Whether it came when it was too old to be surveyed. Its customer is then not stored.
    fn is_too_old(&self, now: Timestamp, timing: Timing) -> bool {
        let i = &self.intake;
        let over_at = i.ended_at.or(i.started_at).filter(|_| i.phase == Some(Phase::Final));
        timing.max_age.zip(over_at).is_some_and(|(age, over_at)| over_at < now.minus(age))
    }

    /// Whether it brings a fact for which the survey of this interaction waits.
    fn is_awaited(&self, known: &Upserted) -> bool {
        let has_contact = self.email_sealed.is_some() || self.phone_hash.is_some();
        match known.survey_reason.as_deref().filter(|_| known.phase == Phase::Final) {
            Some(WAITING_FOR_ADDRESS) => has_contact,
            Some(UNKNOWN_OUTCOME) => has_contact || self.intake.outcome.is_some(),
            _ => false,
        }
    }

    /// Returns the row as JSON, for one statement over the whole batch.
    pub(super) fn row(&self, now: Timestamp, timing: Timing) -> serde_json::Value {
        let i = &self.intake;
        let skip_reason = self.is_too_old(now, timing).then_some(TOO_OLD);
        let kept = |sealed: &Option<String>| sealed.clone().filter(|_| skip_reason.is_none());
        let (channel, channel_raw) = known_or_other(i.channel.as_deref(), |w| Channel::known(w).map(Channel::code));
        let (direction, direction_raw) =
            known_or_other(i.direction.as_deref(), |w| Direction::known(w).map(Direction::code));
        let outcome = outcomes::stored(i.outcome.as_deref());
        serde_json::json!({
            "id": self.id, "source": i.source, "external_id": i.external_id,
            "channel": channel.unwrap_or(Channel::Unknown.code()), "channel_raw": channel_raw,
            "direction": direction, "direction_raw": direction_raw, "outcome": outcome.code,
            "outcome_raw": outcome.raw, "outcome_key": outcome.key,
            "phase": i.phase.unwrap_or_default().rank(),
            "started_at": i.started_at, "answered_at": i.answered_at, "ended_at": i.ended_at,
            "wait_ms": i.wait_ms, "talk_ms": i.talk_ms, "hold_ms": i.hold_ms,
            "agent": i.agent.as_ref().map(|a| &a.external_id),
            "team_key": i.team.as_deref().map(|t| TeamRef::new(t).key),
            "queue": i.queue, "tags": i.tags.as_ref().map(|tags| serde_json::json!(tags).to_string()),
            "locale": i.customer.locale, "email": kept(&self.email_sealed), "phone": kept(&self.phone_hash),
            "name": kept(&self.name_sealed),
            "name_hashes": self.name_hashes, "skip_reason": skip_reason, "eligible": i.survey_eligible, "raw": i.raw, "now": now,
        })
    }
}

/// Writes a batch; `None` for deliveries of erased interactions, which are not stored.
pub(super) async fn write(
    db: &Db,
    items: &[Checked],
    now: Timestamp,
    timing: Timing,
) -> Result<Vec<Option<Upserted>>, DbError> {
    let erased = match write_batch(db, items, now, timing).await? {
        Written::Stored(done) => return Ok(done.into_iter().map(Some).collect()),
        Written::Erased(erased) => erased,
    };
    let mut rest = Box::pin(write(db, &without(items, &erased), now, timing)).await?.into_iter();
    let stored = |item: &Checked| if erased.contains(&item.tombstone) { None } else { rest.next().flatten() };
    Ok(items.iter().map(stored).collect())
}

fn without(items: &[Checked], erased: &HashSet<String>) -> Vec<Checked> {
    items.iter().filter(|item| !erased.contains(&item.tombstone)).cloned().collect()
}

/// Outcome of a batch.
enum Written {
    Stored(Vec<Upserted>),
    /// Nothing was stored: these tombstones are of some of the deliveries.
    Erased(HashSet<String>),
}

/// Writes a batch: one transaction, one statement per table. Repeated updates of one interaction are written in rounds.
async fn write_batch(db: &Db, items: &[Checked], now: Timestamp, timing: Timing) -> Result<Written, DbError> {
    let mut tx = db.begin().await?;
    let (teams, agents) = directory_of(items);
    staff::upsert_teams(tx.conn(), &teams, now).await?;
    staff::upsert_agents(tx.conn(), &agents, now).await?;
    let mut done: Vec<Option<Upserted>> = vec![None; items.len()];
    for round in rounds(items) {
        let rows: Vec<_> = round.iter().map(|at| items[*at].row(now, timing)).collect();
        let mut stored = store::upsert(tx.conn(), &rows).await?;
        for at in round {
            let key = (items[at].intake.source.clone(), items[at].intake.external_id.clone());
            done[at] = stored.remove(&key).map(|row| row.into_upserted(&items[at].id));
        }
    }
    let done: Vec<Upserted> = done.into_iter().collect::<Option<_>>().ok_or(DbError::Missing)?;
    let erased = tombstones::among(tx.conn(), items).await?;
    if !erased.is_empty() {
        // Dropping the transaction discards what was written.
        return Ok(Written::Erased(erased));
    }
    store::upsert_messages(tx.conn(), items, &done).await?;
    let named = late_names(items, &done);
    store::forget_masks(tx.conn(), &named).await?;
    let due = done.iter().filter(|u| u.phase == Phase::Final && u.survey_state == SurveyState::Waiting);
    let awaited: Vec<_> =
        items.iter().zip(&done).filter(|(i, u)| i.is_awaited(u)).map(|(_, u)| u.id.as_str()).collect();
    let at_once = awaited.iter().map(|id| NewJob::new(DECIDE_SURVEY, *id, now));
    let due = due.filter(|u| !awaited.contains(&u.id.as_str()));
    let jobs = at_once.chain(due.map(|u| NewJob::new(DECIDE_SURVEY, u.id.as_str(), now.plus(timing.settle))));
    let recorded = done
        .iter()
        .filter(|known| known.recording_state != RecordingState::Absent)
        .map(|known| &known.id)
        .collect::<HashSet<_>>();
    let renamed = named.iter().filter(|id| recorded.contains(id)).map(|id| NewJob::new(NAME_CAME, id.as_str(), now));
    let written = items.iter().zip(&done).filter(|(item, _)| item.may_change_words()).map(|(_, u)| &u.id);
    let words: HashSet<_> = written.chain(&named).collect();
    let words = words.into_iter().flat_map(|id| words_changed(id, now));
    let effects = Effects::new().jobs(jobs.chain(renamed).chain(words)).events(events(items, &done));
    effects.save(tx.conn(), now).await?;
    jobs::bring_forward(tx.conn(), DECIDE_SURVEY, &awaited, now).await?;
    tx.commit().await?;
    Ok(Written::Stored(done))
}

/// Returns webhook events: received and final; each once per interaction, however often it is sent.
fn events(items: &[Checked], done: &[Upserted]) -> Vec<Event> {
    let event = |kind, item: &Checked, known: &Upserted| {
        let i = &item.intake;
        let data = serde_json::json!({ "interaction": {
            "id": known.id, "source": i.source, "external_id": i.external_id, "channel": i.channel, "team": i.team,
        } });
        Event { kind, subject: known.id.to_string(), data, by_day: false }
    };
    let mut events = Vec::new();
    for (item, known) in items.iter().zip(done) {
        if known.created {
            events.push(event("interaction.created", item, known));
        }
        if known.finalised {
            events.push(event("interaction.finalised", item, known));
        }
    }
    events
}

/// Returns known interactions whose customer's name comes now: they may have texts that were masked without it.
fn late_names(items: &[Checked], done: &[Upserted]) -> Vec<InteractionId> {
    let late = |item: &Checked, known: &Upserted| {
        item.name_hashes.is_some() && !known.created && item.intake.messages.is_empty()
    };
    let mut named: Vec<_> = items.iter().zip(done).filter(|(i, d)| late(i, d)).map(|(_, d)| d.id.clone()).collect();
    named.sort();
    named.dedup();
    named
}

/// Returns the teams and agents of the batch, each once; the last update of an agent is used.
fn directory_of(items: &[Checked]) -> (Vec<TeamRef>, Vec<AgentRef>) {
    let mut teams = HashMap::new();
    let mut agents = HashMap::new();
    for item in items {
        let i = &item.intake;
        if let Some(team) = i.team.as_deref().map(TeamRef::new).filter(|t| !t.key.is_empty()) {
            teams.insert(team.key.clone(), team);
        }
        if let Some(agent) = &i.agent {
            let agent = AgentRef { team: agent.team.clone().or_else(|| i.team.clone()), ..agent.clone() };
            agents.insert((agent.source.clone(), agent.external_id.clone()), agent);
        }
    }
    (teams.into_values().collect(), agents.into_values().collect())
}

/// Splits the batch so that each interaction occurs at most once per round; the order for each is kept.
fn rounds(items: &[Checked]) -> Vec<Vec<usize>> {
    let mut rounds: Vec<Vec<usize>> = Vec::new();
    let mut next_round: HashMap<(&str, &str), usize> = HashMap::new();
    for (at, item) in items.iter().enumerate() {
        let next = next_round.entry((&item.intake.source, &item.intake.external_id)).or_default();
        if rounds.len() == *next {
            rounds.push(Vec::new());
        }
        rounds[*next].push(at);
        *next += 1;
    }
    rounds
}
