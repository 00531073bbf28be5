//! Who is asking.

use crate::effects::Actor;
use crate::ids::{AgentId, ApiKeyId, StaffId, TeamId};

/// What somebody who signs in is here for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, sqlx::Type, poem_openapi::Enum,
)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
#[oai(rename_all = "lowercase")]
pub enum Role {
    /// Sets everything up.
    Admin,
    /// Listens, curates and coaches, for the teams given.
    Supervisor,
    /// Handles interactions and learns.
    Agent,
    /// Sees ratings in totals.
    Hr,
}

impl Role {
    /// All of them.
    pub const ALL: [Role; 4] = [Role::Admin, Role::Supervisor, Role::Agent, Role::Hr];

    /// As it stands in tables, forms and JSON.
    pub fn code(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Supervisor => "supervisor",
            Self::Agent => "agent",
            Self::Hr => "hr",
        }
    }

    /// As people read it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Admin => "Administrator",
            Self::Supervisor => "Supervisor",
            Self::Agent => "Agent",
            Self::Hr => "HR",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|role| role.code() == text)
            .ok_or_else(|| format!("\"{text}\" is not a role: it is one of admin, supervisor, agent, hr"))
    }
}

/// What an API key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, poem_openapi::Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename_all = "lowercase")]
pub enum Scope {
    /// Send interactions and recordings in.
    Ingest,
    /// Read interactions, recordings, transcripts, totals.
    Read,
    /// Set things up.
    Admin,
}

impl Scope {
    /// As it stands in tables and on the command line.
    pub fn code(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Read => "read",
            Self::Admin => "admin",
        }
    }
}

impl std::str::FromStr for Scope {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Ingest, Self::Read, Self::Admin]
            .into_iter()
            .find(|scope| scope.code() == text)
            .ok_or_else(|| format!("\"{text}\" is not a scope: it is one of ingest, read, admin"))
    }
}

/// A person or a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// Somebody signed in.
    Staff {
        /// Their account.
        id: StaffId,
        /// What they are here for.
        role: Role,
        /// The teams a supervisor sees.
        teams: Vec<TeamId>,
        /// The agent they are, where they are one.
        agent: Option<AgentId>,
    },
    /// A program, by its key.
    Key {
        /// The key.
        id: ApiKeyId,
        /// What it may do.
        scopes: Vec<Scope>,
    },
}

/// Whoever is asking, authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Who.
    pub who: Who,
    /// Name to show.
    pub name: String,
}

/// Which interactions somebody may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visible {
    /// Every one.
    All,
    /// Those of these teams.
    Teams(Vec<TeamId>),
    /// Those of this agent.
    Own(AgentId),
    /// None.
    None,
}

impl Principal {
    /// The role, where it is a person.
    pub fn role(&self) -> Option<Role> {
        match &self.who {
            Who::Staff { role, .. } => Some(*role),
            Who::Key { .. } => None,
        }
    }

    /// The account, where it is a person.
    pub fn staff_id(&self) -> Option<&StaffId> {
        match &self.who {
            Who::Staff { id, .. } => Some(id),
            Who::Key { .. } => None,
        }
    }

    /// The agent that this person is.
    pub fn agent_id(&self) -> Option<&AgentId> {
        match &self.who {
            Who::Staff { agent, .. } => agent.as_ref(),
            Who::Key { .. } => None,
        }
    }

    /// Is it a key with this scope?
    pub fn has_scope(&self, scope: Scope) -> bool {
        matches!(&self.who, Who::Key { scopes, .. } if scopes.contains(&scope))
    }

    /// For the audit log.
    pub fn actor(&self) -> Actor {
        match &self.who {
            Who::Staff { id, .. } => Actor::Staff(id.clone(), self.name.clone()),
            Who::Key { id, .. } => Actor::Key(id.clone(), self.name.clone()),
        }
    }

    /// Which interactions, recordings and transcripts they may see. HR sees none.
    pub fn visible(&self) -> Visible {
        match &self.who {
            Who::Staff { role: Role::Admin, .. } => Visible::All,
            Who::Staff { role: Role::Supervisor, teams, .. } => Visible::Teams(teams.clone()),
            Who::Staff { role: Role::Agent, agent: Some(agent), .. } => Visible::Own(agent.clone()),
            Who::Staff { .. } => Visible::None,
            Who::Key { scopes, .. } if scopes.contains(&Scope::Read) || scopes.contains(&Scope::Admin) => Visible::All,
            Who::Key { .. } => Visible::None,
        }
    }
}
