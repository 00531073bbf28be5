//! Principal: the authenticated caller.

use crate::effects::Actor;
use crate::ids::{AgentId, ApiKeyId, StaffId, TeamId};

/// Role of a staff account.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, sqlx::Type, poem_openapi::Enum,
)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
#[oai(rename_all = "lowercase")]
pub enum Role {
    /// Administers the deployment.
    Admin,
    /// Supervises, curates and coaches the given teams.
    Supervisor,
    /// Handles interactions and uses the training library.
    Agent,
    /// Sees rating results.
    Hr,
}

impl Role {
    /// All roles.
    pub const ALL: [Role; 4] = [Role::Admin, Role::Supervisor, Role::Agent, Role::Hr];

    /// Returns the code, as in tables, forms and JSON.
    pub fn code(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Supervisor => "supervisor",
            Self::Agent => "agent",
            Self::Hr => "hr",
        }
    }

    /// Returns the label for people.
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

/// Scope of an API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, poem_openapi::Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename_all = "lowercase")]
pub enum Scope {
    /// Send interactions and recordings.
    Ingest,
    /// Read interactions, recordings, transcripts, results.
    Read,
    /// Administer the deployment.
    Admin,
}

impl Scope {
    /// Returns the code, as in tables and on the command line.
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
pub enum PrincipalKind {
    /// A signed-in user.
    Staff {
        /// Account.
        id: StaffId,
        /// Role.
        role: Role,
        /// Teams of a supervisor.
        teams: Vec<TeamId>,
        /// Agent of the account, where it has one.
        agent: Option<AgentId>,
    },
    /// A program with an API key.
    Key {
        /// Id of the key.
        id: ApiKeyId,
        /// Scopes of the key.
        scopes: Vec<Scope>,
        /// Sources that it may send for; empty: all.
        sources: Vec<String>,
    },
}

/// Authenticated caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Identity.
    pub who: PrincipalKind,
    /// Display name.
    pub name: String,
}

/// Interactions visible to a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visible {
    /// All.
    All,
    /// Those of these teams.
    Teams(Vec<TeamId>),
    /// Those of this agent.
    Own(AgentId),
    /// None.
    None,
}

impl Principal {
    /// Returns the role of a person.
    pub fn role(&self) -> Option<Role> {
        match &self.who {
            PrincipalKind::Staff { role, .. } => Some(*role),
            PrincipalKind::Key { .. } => None,
        }
    }

    /// Returns the account of a person.
    pub fn staff_id(&self) -> Option<&StaffId> {
        match &self.who {
            PrincipalKind::Staff { id, .. } => Some(id),
            PrincipalKind::Key { .. } => None,
        }
    }

    /// Returns the agent of a person.
    pub fn agent_id(&self) -> Option<&AgentId> {
        match &self.who {
            PrincipalKind::Staff { agent, .. } => agent.as_ref(),
            PrincipalKind::Key { .. } => None,
        }
    }

    /// Whether it is a key with this scope.
    pub fn has_scope(&self, scope: Scope) -> bool {
        matches!(&self.who, PrincipalKind::Key { scopes, .. } if scopes.contains(&scope))
    }

    /// Whether it may send interactions of this source.
    pub fn may_send_for(&self, source: &str) -> bool {
        match &self.who {
            PrincipalKind::Key { sources, .. } => sources.is_empty() || sources.iter().any(|own| own == source),
            PrincipalKind::Staff { .. } => true,
        }
    }

    /// Returns the actor for the audit log.
    pub fn actor(&self) -> Actor {
        match &self.who {
            PrincipalKind::Staff { id, .. } => Actor::Staff(id.clone(), self.name.clone()),
            PrincipalKind::Key { id, .. } => Actor::Key(id.clone(), self.name.clone()),
        }
    }

    /// Returns the visible interactions, recordings and transcripts. HR sees none.
    pub fn visible(&self) -> Visible {
        match &self.who {
            PrincipalKind::Staff { role: Role::Admin, .. } => Visible::All,
            PrincipalKind::Staff { role: Role::Supervisor, teams, .. } => Visible::Teams(teams.clone()),
            PrincipalKind::Staff { role: Role::Agent, agent: Some(agent), .. } => Visible::Own(agent.clone()),
            PrincipalKind::Staff { .. } => Visible::None,
            PrincipalKind::Key { scopes, .. } if scopes.contains(&Scope::Read) || scopes.contains(&Scope::Admin) => {
                Visible::All
            }
            PrincipalKind::Key { .. } => Visible::None,
        }
    }
}
