//! Directory of teams and agents. Sources name them in interactions; administrators may add them before.

mod mentions;
mod merges;
mod store;

pub use mentions::AgentMention;

use super::{StaffError, checked_email, checked_name};
use crate::clock::Timestamp;
use crate::database::{Conn, Db, DbError};
use crate::effects::{Actor, Effects};
use crate::ids::{AgentId, AgentMergeId, TeamId};
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;
use unicode_normalization::UnicodeNormalization;

/// An agent as named by a source. A fact that is null is unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize)]
pub struct AgentRef {
    /// Source.
    pub source: String,
    /// Id of the agent there (or address, or name, where it sends no id).
    pub external_id: String,
    /// Name, for staff.
    pub name: Option<String>,
    /// Name that customers may read.
    pub display_name: Option<String>,
    /// Address.
    pub email: Option<String>,
    /// Home team by name.
    pub team: Option<String>,
}

/// Maximum number of characters of a source, and of an id.
const MAX_ID_CHARS: usize = 320;

impl AgentRef {
    /// Returns the reference as validated for an administrator; a blank team is none.
    fn checked(self) -> Result<Self, StaffError> {
        let named = |id: &str| !id.trim().is_empty() && id.chars().count() <= MAX_ID_CHARS;
        if !named(&self.source) || !named(&self.external_id) {
            return Err(StaffError::BadId);
        }
        let team = self.team.filter(|team| !team.trim().is_empty());
        Ok(Self {
            name: self.name.map(|name| checked_name(&name)).transpose()?,
            display_name: self.display_name.map(|name| checked_name(&name)).transpose()?,
            email: self.email.map(|email| checked_email(&email)).transpose()?,
            team: team.map(|team| checked_name(&team)).transpose()?,
            ..self
        })
    }
}

/// A team as named by a source.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct TeamRef {
    /// Name as written, with single spaces.
    pub name: String,
    /// Key: NFKC, lower case, single spaces; the same for all spellings of a team.
    pub key: String,
}

impl TeamRef {
    /// Returns the reference for a name.
    pub fn new(name: &str) -> Self {
        let key: String = name.nfkc().collect::<String>().to_lowercase().nfkc().collect();
        Self { name: single_spaced(name), key: single_spaced(&key) }
    }
}

fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A team.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Team {
    /// Id.
    pub id: TeamId,
    /// Name.
    pub name: String,
}

/// A person who handles interactions and is rated.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct AgentSummary {
    /// Id: that of the agent under which the person is listed.
    pub id: AgentId,
    /// Name; the source's id where it sent no name.
    pub name: String,
    /// Name that customers may read, where one was given.
    pub display_name: Option<String>,
    /// Address, where known.
    pub email: Option<String>,
    /// Id of the home team.
    pub team_id: Option<TeamId>,
    /// Name of the home team.
    pub team_name: Option<String>,
    /// Agents that are this person.
    #[sqlx(skip)]
    pub identities: Vec<AgentIdentity>,
}

impl AgentSummary {
    /// Whether an agent is this person.
    pub fn has_identity(&self, agent: &str) -> bool {
        self.identities.iter().any(|identity| identity.id.as_str() == agent)
    }
}

/// An agent as one system names them: a part of a person.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct AgentIdentity {
    /// Id.
    pub id: AgentId,
    /// Person.
    #[sqlx(rename = "person_id")]
    person: AgentId,
    /// Source.
    pub source: String,
    /// Id of the agent there.
    pub external_id: String,
    /// Name there.
    pub name: Option<String>,
    /// Address there.
    pub email: Option<String>,
}

/// A merge of two persons.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct AgentMerge {
    /// Id.
    pub id: AgentMergeId,
    /// Person that remained.
    #[sqlx(rename = "person_id")]
    pub person: AgentId,
    /// Person that became a part of it.
    #[sqlx(rename = "merged_id")]
    pub merged: AgentId,
    /// JSON array of the agents of the merged person.
    agents: String,
    /// Name of the account, or of Afterword where an address in common was the reason.
    pub actor_name: String,
    /// Time of the merge.
    pub at: Timestamp,
}

impl AgentMerge {
    /// Whether an agent was a part of the merged person.
    pub fn brought(&self, agent: &AgentId) -> bool {
        serde_json::from_str::<Vec<AgentId>>(&self.agents).is_ok_and(|all| all.contains(agent))
    }
}

/// The directory of teams and agents.
#[derive(Clone, Debug)]
pub struct Directory {
    db: Db,
    /// Addresses of mailboxes that several agents use.
    shared_addresses: Arc<[String]>,
}

impl Directory {
    /// Returns the directory of this database, with the addresses that several agents use (`staff.shared_addresses`).
    pub fn new(db: Db, shared_addresses: &[String]) -> Self {
        let shared_addresses = shared_addresses.iter().map(|email| email.trim().to_lowercase()).collect();
        Self { db, shared_addresses }
    }

    /// Returns all teams by name.
    pub async fn teams(&self) -> Result<Vec<Team>, DbError> {
        store::teams(self.db.read().await?.conn()).await
    }

    /// Returns all agents by name.
    pub async fn agents(&self) -> Result<Vec<AgentSummary>, DbError> {
        let mut reader = self.db.read().await?;
        let mut agents = store::agents(reader.conn()).await?;
        let mut identities: HashMap<AgentId, Vec<AgentIdentity>> = HashMap::new();
        for identity in store::identities(reader.conn()).await? {
            identities.entry(identity.person.clone()).or_default().push(identity);
        }
        agents.iter_mut().for_each(|agent| agent.identities = identities.remove(&agent.id).unwrap_or_default());
        Ok(agents)
    }

    /// Returns one agent, by the id of any of its identities.
    pub async fn agent(&self, id: &AgentId) -> Result<Option<AgentSummary>, DbError> {
        let mut reader = self.db.read().await?;
        let Some(mut agent) = store::agent(reader.conn(), id).await? else { return Ok(None) };
        agent.identities = store::identities_of(reader.conn(), id).await?;
        Ok(Some(agent))
    }

    /// Creates a team.
    pub async fn add_team(&self, name: &str, by: &Actor, now: Timestamp) -> Result<Team, StaffError> {
        let team = Team { id: TeamId::random(), name: checked_name(name)? };
        let mut tx = self.db.begin().await?;
        store::add_team(tx.conn(), &team, &TeamRef::new(&team.name).key, now).await.map_err(|e| match e {
            DbError::Duplicate => StaffError::TeamExists,
            other => other.into(),
        })?;
        Effects::new().audit(by, "team.added", format!("team:{}", team.id), None).save(tx.conn(), now).await?;
        tx.commit().await?;
        Ok(team)
    }

    /// Creates an agent, or changes one that a source has named already: the given facts count as of now.
    pub async fn add_agent(&self, new: AgentRef, by: &Actor, now: Timestamp) -> Result<AgentSummary, StaffError> {
        let new = new.checked()?;
        let teams: Vec<TeamRef> = new.team.iter().map(|t| TeamRef::new(t)).collect();
        let (source, external_id) = (new.source.clone(), new.external_id.clone());
        let mut tx = self.db.begin().await?;
        upsert_teams(tx.conn(), &teams, now).await?;
        let mention = AgentMention { agent: new, as_of: now, worked_for: None };
        self.upsert_agents(tx.conn(), &[mention], now).await?;
        let not_there = || StaffError::NotThere("agent");
        let (agent, _) = store::identity(tx.conn(), &source, &external_id).await?.ok_or_else(not_there)?;
        Effects::new().audit(by, "agent.added", format!("agent:{agent}"), None).save(tx.conn(), now).await?;
        tx.commit().await?;
        self.agent(&agent).await?.ok_or_else(not_there)
    }
}

/// Returns the agent with this id in its source, and the home team, in the caller's transaction.
pub async fn agent_by_source(
    conn: Conn<'_>,
    source: &str,
    external_id: &str,
) -> Result<Option<(AgentId, Option<TeamId>)>, DbError> {
    store::identity(conn, source, external_id).await
}

/// Returns the person of each agent that is merged with others.
pub async fn merged_agents(conn: Conn<'_>) -> Result<HashMap<AgentId, AgentId>, DbError> {
    Ok(store::merged(conn).await?.into_iter().collect())
}

/// Whether the address is an agent's or an account's, whatever its case.
pub async fn is_address_known(conn: Conn<'_>, address: &str) -> Result<bool, DbError> {
    store::is_address_known(conn, &address.trim().to_lowercase()).await
}

/// Returns the team of this name, whatever its case, in the caller's transaction.
pub async fn team_by_name(conn: Conn<'_>, name: &str) -> Result<Option<TeamId>, DbError> {
    store::team_by_key(conn, &TeamRef::new(name).key).await
}

/// Creates missing teams, in the caller's transaction.
pub async fn upsert_teams(conn: Conn<'_>, teams: &[TeamRef], now: Timestamp) -> Result<(), DbError> {
    if teams.is_empty() { Ok(()) } else { store::upsert_teams(conn, teams, now).await }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_team_has_one_key_however_its_name_is_written() {
        // Composed, decomposed, full width, no-break space, ligature, in capitals.
        for same in
            ["Mu\u{308}ller  Offi\u{ad}ce".replace('\u{ad}', ""), "ＭÜLLER\u{a0}Oﬃce ".into(), " müller\toffice".into()]
        {
            assert_eq!(TeamRef::new(&same).key, "müller office", "{same:?}");
        }
        assert_eq!(TeamRef::new(" Müller  Office ").name, "Müller Office");
        assert_ne!(TeamRef::new("Muller Office").key, TeamRef::new("Müller Office").key);
    }
}
