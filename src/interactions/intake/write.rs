//! Writes a batch of deliveries in one transaction: new interactions by one statement, known ones merged fact by fact.

use super::facts::{self, AsOf, Row};
use super::{Checked, Timing, Upserted};
use crate::clock::Timestamp;
use crate::database::{Db, DbError, Tx};
use crate::effects::{Effects, Event};
use crate::ids::InteractionId;
use crate::interactions::store::{self, intake::Key};
use crate::interactions::{DECIDE_SURVEY, NAME_CAME, Phase, RecordingState, SurveyState, tombstones, words_changed};
use crate::jobs::{self, NewJob};
use crate::staff::{self, AgentMention, Directory, TeamRef};
use std::collections::{HashMap, HashSet};

/// Outcome of a batch.
enum Written {
    Stored(Vec<Upserted>),
    /// Nothing may be stored: these tombstones are of some of the deliveries.
    Erased(HashSet<String>),
}

/// Writes a batch: one transaction, few statements per table. `None` for deliveries of erased interactions, which are
/// not stored.
pub(in crate::interactions) async fn write(
    db: &Db,
    directory: &Directory,
    items: &[Checked],
    now: Timestamp,
    timing: Timing,
) -> Result<Vec<Option<Upserted>>, DbError> {
    let mut tx = db.begin().await?;
    let erased = match apply(&mut tx, directory, items, now, timing).await? {
        Written::Stored(done) => {
            tx.commit().await?;
            return Ok(done.into_iter().map(Some).collect());
        }
        Written::Erased(erased) => erased,
    };
    // Discards what was written; the others are written again without them.
    drop(tx);
    let others: Vec<_> = items.iter().filter(|item| !erased.contains(&item.tombstone)).cloned().collect();
    let mut others = Box::pin(write(db, directory, &others, now, timing)).await?.into_iter();
    let done = |item: &Checked| if erased.contains(&item.tombstone) { None } else { others.next().flatten() };
    Ok(items.iter().map(done).collect())
}

/// Returns what [`write()`] would return, and stores nothing.
pub(in crate::interactions) async fn rehearse(
    db: &Db,
    directory: &Directory,
    item: Checked,
    now: Timestamp,
    timing: Timing,
) -> Result<Option<Upserted>, DbError> {
    // Dropping the transaction discards it.
    let mut tx = db.begin().await?;
    match apply(&mut tx, directory, &[item], now, timing).await? {
        Written::Stored(done) => Ok(Some(done.into_iter().next().ok_or(DbError::Missing)?)),
        Written::Erased(_) => Ok(None),
    }
}

/// Writes a batch in the transaction. Repeated deliveries for one interaction are written in rounds.
async fn apply(
    tx: &mut Tx,
    directory: &Directory,
    items: &[Checked],
    now: Timestamp,
    timing: Timing,
) -> Result<Written, DbError> {
    let (teams, agents) = directory_of(items, now);
    staff::upsert_teams(tx.conn(), &teams, now).await?;
    directory.upsert_agents(tx.conn(), &agents, now).await?;
    let mut done: Vec<Option<Upserted>> = vec![None; items.len()];
    for round in rounds(items) {
        write_round(tx, items, &round, (now, timing), &mut done).await?;
    }
    let done: Vec<Upserted> = done.into_iter().collect::<Option<_>>().ok_or(DbError::Missing)?;
    let erased = tombstones::among(tx.conn(), items).await?;
    if !erased.is_empty() {
        return Ok(Written::Erased(erased));
    }
    store::messages::merge(tx.conn(), items, &done, now).await?;
    let warned: Vec<_> = items.iter().zip(&done).map(|(item, known)| (&known.id, &item.intake.warnings)).collect();
    store::warnings::put(tx.conn(), &warned, now).await?;
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
    Ok(Written::Stored(done))
}

/// Writes deliveries of different interactions.
async fn write_round(
    tx: &mut Tx,
    items: &[Checked],
    round: &[usize],
    (now, timing): (Timestamp, Timing),
    done: &mut [Option<Upserted>],
) -> Result<(), DbError> {
    let mut open: HashMap<Name, (usize, Row)> = HashMap::new();
    for at in round {
        let mut row = items[*at].row(now, timing);
        facts::start(&mut row, items[*at].as_of(now));
        open.insert(items[*at].name(), (*at, row));
    }
    insert(tx, &mut open, done).await?;
    if open.is_empty() {
        return Ok(());
    }
    let keys: Vec<Key> = open.values().map(|(at, _)| items[*at].key()).collect();
    let stored = store::intake::lock(tx.conn(), &keys).await?;
    let mut reopened = HashMap::new();
    let mut merged = Vec::new();
    let mut finalised = HashSet::new();
    for stored in stored {
        let name = Name::of(&stored);
        let Some((at, row)) = open.get(&name) else { continue };
        let as_of = items[*at].as_of(now);
        if items[*at].intake.occurrence.is_none() && facts::reopens(&stored, row, as_of) {
            let next = stored.get("occurrence").and_then(serde_json::Value::as_i64).unwrap_or(1) + 1;
            let mut row = row.clone();
            row.insert("occurrence".into(), next.into());
            reopened.insert(name.clone(), (*at, row));
            continue;
        }
        let mut row = facts::merge(&stored, row, as_of);
        settle_times(&stored, &mut row, now);
        if phase_of(&row) == Phase::Final && phase_of(&stored) < Phase::Final {
            finalised.insert(name);
        }
        merged.push(row);
    }
    insert(tx, &mut reopened, done).await?;
    for stored in store::intake::update(tx.conn(), &merged).await? {
        let name = Name { source: stored.source.clone(), external_id: stored.external_id.clone() };
        if let Some((at, _)) = open.get(&name) {
            done[*at] = Some(stored.into_upserted(false, finalised.contains(&name)));
        }
    }
    Ok(())
}

/// Inserts rows; those that are new leave the list.
async fn insert(
    tx: &mut Tx,
    open: &mut HashMap<Name, (usize, Row)>,
    done: &mut [Option<Upserted>],
) -> Result<(), DbError> {
    if open.is_empty() {
        return Ok(());
    }
    for stored in store::intake::insert(tx.conn(), open.values().map(|(_, row)| row)).await? {
        let name = Name { source: stored.source.clone(), external_id: stored.external_id.clone() };
        if let Some((at, _)) = open.remove(&name) {
            done[at] = Some(stored.into_upserted(true, false));
        }
    }
    Ok(())
}

/// Name of an interaction in its source, of whichever occurrence: a round writes one delivery for each.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Name {
    source: String,
    external_id: String,
}

impl Name {
    fn of(row: &Row) -> Self {
        let text = |name| row.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        Self { source: text("source"), external_id: text("external_id") }
    }
}

impl Checked {
    fn name(&self) -> Name {
        Name { source: self.intake.source.clone(), external_id: self.intake.external_id.clone() }
    }

    fn as_of(&self, now: Timestamp) -> AsOf {
        self.intake.as_of.map_or(AsOf { at: now, sent: false }, |at| AsOf { at, sent: true })
    }
}

fn phase_of(row: &Row) -> Phase {
    Phase::from(row.get("phase").and_then(serde_json::Value::as_i64).unwrap_or(0))
}

/// Writes the times that follow from the merged facts.
fn settle_times(stored: &Row, merged: &mut Row, now: Timestamp) {
    let first = |names: &[&str]| {
        let known = names.iter().filter_map(|name| merged.get(*name)).find(|value| !value.is_null());
        known.cloned().unwrap_or_default()
    };
    let occurred = first(&["started_at", "ended_at", "received_at"]);
    merged.insert("occurred_at".into(), occurred);
    merged.insert("updated_at".into(), now.0.into());
    if phase_of(merged) == Phase::Final && phase_of(stored) < Phase::Final {
        merged.insert("finalised_at".into(), now.0.into());
    }
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
            let as_of = i.as_of.or(i.ended_at).or(i.started_at).unwrap_or(now);
            agents.push(AgentMention { agent: agent.clone(), as_of, worked_for: i.team.clone() });
        }
    }
    (teams.into_values().collect(), agents)
}

/// Splits the batch so that each interaction occurs at most once per round; the order for each is kept.
fn rounds(items: &[Checked]) -> Vec<Vec<usize>> {
    let mut rounds: Vec<Vec<usize>> = Vec::new();
    let mut next_round: HashMap<Name, usize> = HashMap::new();
    for (at, item) in items.iter().enumerate() {
        let next = next_round.entry(item.name()).or_default();
        if rounds.len() == *next {
            rounds.push(Vec::new());
        }
        rounds[*next].push(at);
        *next += 1;
    }
    rounds
}
