//! Intake from integrators: checked, then written in group commits.

use super::kinds::{Channel, Direction, Outcome, Phase, RecordingState, SurveyState};
use super::{DECIDE_SURVEY, NAME_CAME, names, store, words_changed};
use crate::clock::Timestamp;
use crate::database::{Db, DbError};
use crate::effects::{Effects, Event};
use crate::ids::InteractionId;
use crate::jobs::NewJob;
use crate::masking::Span;
use crate::staff::{self, AgentMention, AgentRef, Directory, TeamRef};
use crate::vault::Vault;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// Maximum number of interactions in one transaction.
pub(super) const MAX_BATCH: usize = 512;

/// Purposes of the vault's keys: sealed for one purpose, a value opens for no other.
pub(super) const SEAL_EMAIL: &str = "interaction.customer.email";
pub(super) const SEAL_NAME: &str = "interaction.customer.name";

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
    /// `answered`, `missed`, `abandoned`, `voicemail`; other values are stored as `other`.
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
    /// Name of the team. The agent's home team is the agent's: only `agent.team` names it.
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
    pub(super) intake: Intake,
    pub(super) email_sealed: Option<String>,
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
    pub(super) fn check(mut self, vault: &Vault) -> Result<Checked, IntakeError> {
        self.check_names()?;
        self.check_times()?;
        self.check_lists()?;
        let email = self.customer.email.take().map(|e| e.trim().to_owned()).filter(|e| !e.is_empty());
        if let Some(email) = &email {
            staff::checked_email(email)
                .map_err(|_| invalid("customer.email", "invalid_email", "this is not an e-mail address"))?;
        }
        let name = self.customer.name.take().map(|n| n.trim().to_owned()).filter(|n| !n.is_empty());
        let email_sealed = email.map(|e| vault.seal(SEAL_EMAIL, e.as_bytes()));
        let name_sealed = name.as_ref().map(|n| vault.seal(SEAL_NAME, n.as_bytes()));
        let name_hashes = name.as_ref().map(|n| names::marks(vault, &self.source, &self.external_id, n));
        let agent = self.agent.as_ref().and_then(|agent| agent.name.as_deref());
        let masks = name.as_ref().map(|n| names::masks_of(&self.messages, n, agent)).unwrap_or_default();
        Ok(Checked { id: InteractionId::random(), intake: self, email_sealed, name_sealed, name_hashes, masks })
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
        at_most("agent.display_name", agent.and_then(|a| a.display_name.as_deref()), 200)?;
        at_most("agent.team", agent.and_then(|a| a.team.as_deref()), 200)?;
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

    /// Returns the row as JSON, for one statement over the whole batch.
    pub(super) fn row(&self, now: Timestamp) -> serde_json::Value {
        let i = &self.intake;
        let (channel, channel_raw) = known_or_other(i.channel.as_deref(), |w| Channel::known(w).map(Channel::code));
        let (direction, direction_raw) =
            known_or_other(i.direction.as_deref(), |w| Direction::known(w).map(Direction::code));
        let (outcome, outcome_raw) = known_or_other(i.outcome.as_deref(), |w| Outcome::known(w).map(Outcome::code));
        serde_json::json!({
            "id": self.id, "source": i.source, "external_id": i.external_id,
            "channel": channel.unwrap_or(Channel::Unknown.code()), "channel_raw": channel_raw,
            "direction": direction, "direction_raw": direction_raw, "outcome": outcome, "outcome_raw": outcome_raw,
            "phase": i.phase.unwrap_or_default().rank(),
            "started_at": i.started_at, "answered_at": i.answered_at, "ended_at": i.ended_at,
            "wait_ms": i.wait_ms, "talk_ms": i.talk_ms, "hold_ms": i.hold_ms,
            "agent": i.agent.as_ref().map(|a| &a.external_id),
            "team_key": i.team.as_deref().map(|t| TeamRef::new(t).key),
            "queue": i.queue, "tags": i.tags.as_ref().map(|tags| serde_json::json!(tags).to_string()),
            "locale": i.customer.locale, "email": self.email_sealed, "name": self.name_sealed, "name_hashes": self.name_hashes,
            "eligible": i.survey_eligible, "raw": i.raw, "now": now,
        })
    }
}

/// Writes a batch: one transaction, one statement per table. Repeated updates of one interaction are written in rounds.
pub(super) async fn write(
    db: &Db,
    directory: &Directory,
    items: &[Checked],
    now: Timestamp,
    settle: Duration,
) -> Result<Vec<Upserted>, DbError> {
    let mut tx = db.begin().await?;
    let (teams, agents) = directory_of(items, now);
    staff::upsert_teams(tx.conn(), &teams, now).await?;
    directory.upsert_agents(tx.conn(), &agents, now).await?;
    let mut done: Vec<Option<Upserted>> = vec![None; items.len()];
    for round in rounds(items) {
        let rows: Vec<_> = round.iter().map(|at| items[*at].row(now)).collect();
        let mut stored = store::upsert(tx.conn(), &rows).await?;
        for at in round {
            let key = (items[at].intake.source.clone(), items[at].intake.external_id.clone());
            done[at] = stored.remove(&key).map(|row| row.into_upserted(&items[at].id));
        }
    }
    let done: Vec<Upserted> = done.into_iter().collect::<Option<_>>().ok_or(DbError::Missing)?;
    store::upsert_messages(tx.conn(), items, &done).await?;
    let named = late_names(items, &done);
    store::forget_masks(tx.conn(), &named).await?;
    let due = done.iter().filter(|u| u.phase == Phase::Final && u.survey_state == SurveyState::Waiting);
    let jobs = due.map(|u| NewJob::new(DECIDE_SURVEY, u.id.as_str(), now.plus(settle)));
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
    tx.commit().await?;
    Ok(done)
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

/// Returns the teams of the batch, each once, and the agents that it names, in the order of receipt.
fn directory_of(items: &[Checked], now: Timestamp) -> (Vec<TeamRef>, Vec<AgentMention>) {
    let mut teams = HashMap::new();
    let mut agents = Vec::new();
    for Checked { intake: i, .. } in items {
        let home = i.agent.as_ref().and_then(|agent| agent.team.as_deref());
        for team in [i.team.as_deref(), home].into_iter().flatten().map(TeamRef::new).filter(|t| !t.key.is_empty()) {
            teams.insert(team.key.clone(), team);
        }
        if let Some(agent) = &i.agent {
            let as_of = i.ended_at.or(i.started_at).unwrap_or(now);
            agents.push(AgentMention { agent: agent.clone(), as_of, worked_for: i.team.clone() });
        }
    }
    (teams.into_values().collect(), agents)
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
