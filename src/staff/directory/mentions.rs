//! Agents as events name them. An event comes in any order: each fact has the time of its event, and only a newer one
//! replaces it.

use super::merges::{NewMerge, join};
use super::{AgentRef, Directory, TeamRef, store};
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::effects::Actor;
use crate::ids::AgentId;
use crate::staff::checked_email;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// An agent as an event names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentMention {
    /// Agent with the facts of the event.
    pub agent: AgentRef,
    /// Time of the event. One in the future counts as now.
    pub as_of: Timestamp,
    /// Name of the team of the interaction. The first one is the home team while none is named.
    pub worked_for: Option<String>,
}

/// A fact and its time.
type Fact<'a> = Option<(Timestamp, &'a str)>;

/// The facts of all mentions of one agent.
pub(super) struct Named<'a> {
    source: &'a str,
    external_id: &'a str,
    name: Fact<'a>,
    display_name: Fact<'a>,
    email: Fact<'a>,
    team: Fact<'a>,
    worked_for: Option<&'a str>,
}

/// Replaces a fact, unless the received one is older.
fn replace<'a>(fact: &mut Fact<'a>, received: Option<&'a str>, as_of: Timestamp) {
    if let Some(value) = received.filter(|_| fact.is_none_or(|(known, _)| known <= as_of)) {
        *fact = Some((as_of, value));
    }
}

impl<'a> Named<'a> {
    /// Returns each agent once, in the order of (source, external id).
    fn all(mentions: &'a [AgentMention], now: Timestamp) -> Vec<Self> {
        let mut all: BTreeMap<(&str, &str), Self> = BTreeMap::new();
        for mention in mentions {
            let (agent, as_of) = (&mention.agent, mention.as_of.min(now));
            let (source, external_id) = (agent.source.as_str(), agent.external_id.as_str());
            let named = all.entry((source, external_id)).or_insert(Self {
                source,
                external_id,
                name: None,
                display_name: None,
                email: None,
                team: None,
                worked_for: None,
            });
            replace(&mut named.name, agent.name.as_deref(), as_of);
            replace(&mut named.display_name, agent.display_name.as_deref(), as_of);
            replace(&mut named.email, agent.email.as_deref(), as_of);
            replace(&mut named.team, agent.team.as_deref(), as_of);
            named.worked_for = named.worked_for.or(mention.worked_for.as_deref());
        }
        all.into_values().collect()
    }

    /// Returns the row as JSON.
    pub(super) fn row(&self) -> Value {
        let key = |team: Option<&str>| team.map(|name| TeamRef::new(name).key);
        let (value, as_of) = (|fact: Fact<'a>| fact.map(|(_, value)| value), |fact: Fact<'a>| fact.map(|(at, _)| at));
        json!({
            "id": AgentId::random(), "source": self.source, "external_id": self.external_id,
            "name": value(self.name), "name_as_of": as_of(self.name),
            "display_name": value(self.display_name), "display_name_as_of": as_of(self.display_name),
            "email": value(self.email), "email_as_of": as_of(self.email),
            "team_key": key(value(self.team)), "team_as_of": as_of(self.team),
            "first_team_key": key(self.worked_for),
        })
    }
}

impl Directory {
    /// Creates agents or adds newer facts about them, in the caller's transaction; their teams must exist. Agents of
    /// different systems with the same work address become one person.
    pub async fn upsert_agents(
        &self,
        mut conn: Conn<'_>,
        mentions: &[AgentMention],
        now: Timestamp,
    ) -> Result<(), DbError> {
        let named = Named::all(mentions, now);
        if named.is_empty() {
            return Ok(());
        }
        let mut stale = store::upsert_agents(conn.reborrow(), &named, now).await?;
        stale.retain(|row| row.stale == 1);
        if stale.is_empty() {
            return Ok(());
        }
        let mut persons: BTreeSet<AgentId> = stale.iter().map(|row| row.person_id.clone()).collect();
        let emails: BTreeSet<String> = stale.into_iter().filter_map(|row| row.own_email).collect();
        persons.extend(self.join_addressed(conn.reborrow(), emails, now).await?);
        store::settle_facts(conn, &persons.into_iter().collect::<Vec<_>>()).await
    }

    /// Merges the persons that have one of these addresses in common; returns those that remain.
    ///
    /// An address that a system gives to several persons is a shared mailbox, as are those of `staff.shared_addresses`.
    async fn join_addressed(
        &self,
        mut conn: Conn<'_>,
        emails: BTreeSet<String>,
        now: Timestamp,
    ) -> Result<Vec<AgentId>, DbError> {
        let is_own = |email: &String| checked_email(email).is_ok() && !self.shared_addresses.contains(email);
        let emails: Vec<String> = emails.into_iter().filter(is_own).collect();
        let mut remaining = Vec::new();
        if emails.is_empty() {
            return Ok(remaining);
        }
        store::lock(conn.reborrow()).await?;
        for email in emails {
            // Read again for each: a merge by the last address may have changed the persons.
            let agents = store::addressed(conn.reborrow(), &email).await?;
            let by_person: BTreeSet<(&str, &AgentId)> =
                agents.iter().map(|(source, person)| (source.as_str(), person)).collect();
            let sources: HashSet<&str> = by_person.iter().map(|(source, _)| *source).collect();
            let mut others: Vec<&AgentId> = Vec::new();
            for (_, person) in &agents {
                if !others.contains(&person) {
                    others.push(person);
                }
            }
            if others.len() < 2 || sources.len() < by_person.len() {
                continue;
            }
            let person = others.remove(0);
            for merged in others {
                let new = NewMerge { person, merged, by: &Actor::System };
                join(conn.reborrow(), &new, now).await?;
            }
            remaining.push(person.clone());
        }
        Ok(remaining)
    }
}
