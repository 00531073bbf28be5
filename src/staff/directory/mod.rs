//! Directory of teams and agents. Sources name them in interactions; administrators may add them before.

mod store;

use super::{StaffError, checked_email, checked_name};
use crate::clock::Timestamp;
use crate::database::{Conn, Db, DbError};
use crate::effects::{Actor, Effects};
use crate::ids::{AgentId, TeamId};
use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

/// An agent as named by a source.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct AgentRef {
    /// Source.
    pub source: String,
    /// Id of the agent there (or address, or name, where it sends no id).
    pub external_id: String,
    /// Name; null does not overwrite an existing one.
    pub name: Option<String>,
    /// Name that customers may read; null does not overwrite an existing one.
    pub display_name: Option<String>,
    /// Address; null does not overwrite an existing one.
    pub email: Option<String>,
    /// Team by name; null does not overwrite an existing one.
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

/// An agent with the name of the team.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct AgentSummary {
    /// Id.
    pub id: AgentId,
    /// Name; the source's id where it sent no name.
    pub name: String,
    /// Name that customers may read, where one was given.
    pub display_name: Option<String>,
    /// Address, where known.
    pub email: Option<String>,
    /// Source of the agent.
    pub source: String,
    /// Id of the agent there.
    pub external_id: String,
    /// Id of the team.
    pub team_id: Option<TeamId>,
    /// Name of the team.
    pub team_name: Option<String>,
}

/// The directory of teams and agents.
#[derive(Clone, Debug)]
pub struct Directory {
    db: Db,
}

impl Directory {
    /// Returns the directory of this database.
    pub fn new(db: Db) -> Self {
        Self { db }
    }

    /// Returns all teams by name.
    pub async fn teams(&self) -> Result<Vec<Team>, DbError> {
        store::teams(self.db.read().await?.conn()).await
    }

    /// Returns all agents by name.
    pub async fn agents(&self) -> Result<Vec<AgentSummary>, DbError> {
        store::agents(self.db.read().await?.conn()).await
    }

    /// Returns one agent.
    pub async fn agent(&self, id: &AgentId) -> Result<Option<AgentSummary>, DbError> {
        store::agent(self.db.read().await?.conn(), id).await
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

    /// Creates an agent, or completes one that a source has named already.
    pub async fn add_agent(&self, new: AgentRef, by: &Actor, now: Timestamp) -> Result<AgentSummary, StaffError> {
        let new = new.checked()?;
        let teams: Vec<TeamRef> = new.team.iter().map(|t| TeamRef::new(t)).collect();
        let mut tx = self.db.begin().await?;
        upsert_teams(tx.conn(), &teams, now).await?;
        upsert_agents(tx.conn(), std::slice::from_ref(&new), now).await?;
        let agent = store::agent_by_ref(tx.conn(), &new.source, &new.external_id)
            .await?
            .ok_or(StaffError::NotThere("agent"))?;
        Effects::new().audit(by, "agent.added", format!("agent:{}", agent.id), None).save(tx.conn(), now).await?;
        tx.commit().await?;
        Ok(agent)
    }
}

/// Returns the agent with this id in its source, in the caller's transaction.
pub async fn agent_by_source(conn: Conn<'_>, source: &str, external_id: &str) -> Result<Option<AgentSummary>, DbError> {
    store::agent_by_ref(conn, source, external_id).await
}

/// Returns the team of this name, whatever its case, in the caller's transaction.
pub async fn team_by_name(conn: Conn<'_>, name: &str) -> Result<Option<TeamId>, DbError> {
    store::team_by_key(conn, &TeamRef::new(name).key).await
}

/// Creates missing teams, in the caller's transaction.
pub async fn upsert_teams(conn: Conn<'_>, teams: &[TeamRef], now: Timestamp) -> Result<(), DbError> {
    if teams.is_empty() { Ok(()) } else { store::upsert_teams(conn, teams, now).await }
}

/// Creates or completes agents, in the caller's transaction. Each (source, external id) at most once in a call.
pub async fn upsert_agents(conn: Conn<'_>, agents: &[AgentRef], now: Timestamp) -> Result<(), DbError> {
    if agents.is_empty() { Ok(()) } else { store::upsert_agents(conn, agents, now).await }
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
