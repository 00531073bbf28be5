//! Endpoints of agents: the list, merges and splits.

use super::{Made, Tag};
use crate::access::rights::Administer;
use crate::clock::SharedClock;
use crate::staff::{AgentIdentity, AgentMerge, AgentRef, AgentSummary, Directory, StaffError};
use crate::web::{Allowed, ApiError, JsonBody};
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use std::str::FromStr;

/// The endpoints of agents.
#[derive(Clone)]
pub struct AgentsApi {
    /// Teams and agents.
    pub directory: Directory,
    /// The time.
    pub clock: SharedClock,
}

/// An agent to be created or changed. The given facts count as of now: an event of an earlier time does not change them.
#[derive(Debug, Clone, Object)]
struct NewAgent {
    /// Name, for staff.
    name: String,
    /// Name that customers read.
    display_name: Option<String>,
    /// E-mail address. Agents of different systems with the same work address are one person.
    email: Option<String>,
    /// Name of the system that the agent comes from.
    source: String,
    /// Id of the agent in that system.
    external_id: String,
    /// Name of the home team; created if it does not exist.
    team: Option<String>,
}

/// An agent: a person who handles interactions and is rated.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Agent")]
struct AgentBody {
    /// Id.
    id: String,
    /// Name.
    name: String,
    /// Name that customers read; null: the first name of `name`.
    display_name: Option<String>,
    /// E-mail address.
    email: Option<String>,
    /// Name of the home team.
    team: Option<String>,
    /// Names of the person in the systems that send interactions.
    identities: Vec<IdentityBody>,
}

/// An agent as one system names them: a part of a person.
#[derive(Debug, Clone, Object)]
#[oai(rename = "AgentIdentity")]
struct IdentityBody {
    /// Id.
    id: String,
    /// Name of the system.
    source: String,
    /// Id of the agent in that system.
    external_id: String,
    /// Name in that system.
    name: Option<String>,
    /// E-mail address in that system.
    email: Option<String>,
}

/// A merge to be made.
#[derive(Debug, Clone, Object)]
struct NewAgentMerge {
    /// Id of the agent that becomes a part of this one.
    agent: String,
}

/// A merge of two agents.
#[derive(Debug, Clone, Object)]
#[oai(rename = "AgentMerge")]
struct MergeBody {
    /// Id.
    id: String,
    /// Id of the agent that remained.
    agent: String,
    /// Id of the agent that became a part of it.
    merged: String,
    /// Name of the account or key that merged them; `Afterword` where an e-mail address in common was the reason.
    by: String,
    /// Time of the merge, RFC 3339, UTC.
    at: String,
}

/// Merges in force.
#[derive(Debug, Clone, Object)]
struct AgentMergeList {
    /// Merges, the last one first.
    items: Vec<MergeBody>,
    /// Always null: the list is one page.
    next: Option<String>,
}

impl From<AgentMerge> for MergeBody {
    fn from(merge: AgentMerge) -> Self {
        Self {
            id: merge.id.to_string(),
            agent: merge.person.to_string(),
            merged: merge.merged.to_string(),
            by: merge.actor_name,
            at: merge.at.to_rfc3339(),
        }
    }
}

/// All agents.
#[derive(Debug, Clone, Object)]
struct AgentList {
    /// Agents by name.
    items: Vec<AgentBody>,
    /// Always null: the list is one page.
    next: Option<String>,
}

impl From<AgentSummary> for AgentBody {
    fn from(a: AgentSummary) -> Self {
        Self {
            id: a.id.to_string(),
            name: a.name,
            display_name: a.display_name,
            email: a.email,
            team: a.team_name,
            identities: a.identities.into_iter().map(IdentityBody::from).collect(),
        }
    }
}

impl From<AgentIdentity> for IdentityBody {
    fn from(one: AgentIdentity) -> Self {
        let (id, name, email) = (one.id.to_string(), one.name, one.email);
        Self { id, source: one.source, external_id: one.external_id, name, email }
    }
}

#[derive(ApiResponse)]
enum Changed {
    /// Undone.
    #[oai(status = 204)]
    Done,
}

/// Parses an id in a path or body.
fn id_of<T: FromStr>(text: &str, what: &'static str) -> Result<T, ApiError> {
    text.parse().map_err(|_| StaffError::NotThere(what).into())
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Directory")]
impl AgentsApi {
    /// List agents
    ///
    /// Only for administrators and API keys with the scope `admin`.
    #[oai(path = "/agents", method = "get", operation_id = "listAgents")]
    async fn list_agents(&self, who: Allowed<Administer>) -> Result<Json<AgentList>, ApiError> {
        let _ = who;
        let items = self.directory.agents().await?.into_iter().map(AgentBody::from).collect();
        Ok(Json(AgentList { items, next: None }))
    }

    /// Create an agent
    ///
    /// Changes the agent if the source system has named it before.
    #[oai(path = "/agents", method = "post", operation_id = "createAgent")]
    async fn add_agent(&self, who: Allowed<Administer>, body: JsonBody<NewAgent>) -> Result<Made<AgentBody>, ApiError> {
        let body = body.0;
        let new = AgentRef {
            source: body.source,
            external_id: body.external_id,
            name: Some(body.name),
            display_name: body.display_name,
            email: body.email,
            team: body.team,
        };
        let agent = self.directory.add_agent(new, &who.actor(), self.clock.now()).await?;
        Ok(Made::Created(Json(agent.into())))
    }

    /// Get an agent
    #[oai(path = "/agents/:id", method = "get", operation_id = "getAgent")]
    async fn agent(
        &self,
        who: Allowed<Administer>,
        /// Id of the agent, or of one of its identities.
        id: Path<String>,
    ) -> Result<Json<AgentBody>, ApiError> {
        let _ = who;
        let agent = self.directory.agent(&id_of(&id.0, "agent")?).await?;
        Ok(Json(agent.ok_or(StaffError::NotThere("agent"))?.into()))
    }

    /// List the merges of an agent
    ///
    /// Returns those that are in force.
    #[oai(path = "/agents/:id/merges", method = "get", operation_id = "listAgentMerges")]
    async fn list_merges(
        &self,
        who: Allowed<Administer>,
        /// Id of the agent.
        id: Path<String>,
    ) -> Result<Json<AgentMergeList>, ApiError> {
        let _ = who;
        let agent = self.directory.agent(&id_of(&id.0, "agent")?).await?.ok_or(StaffError::NotThere("agent"))?;
        let merges = self.directory.merges().await?;
        let items = merges.into_iter().filter(|merge| merge.person == agent.id).map(MergeBody::from).collect();
        Ok(Json(AgentMergeList { items, next: None }))
    }

    /// Merge another agent into an agent
    ///
    /// Both are one person from now on. Released results of each of them stay as they are; answers that are not released
    /// yet are released together.
    #[oai(path = "/agents/:id/merges", method = "post", operation_id = "createAgentMerge")]
    async fn merge(
        &self,
        who: Allowed<Administer>,
        /// Id of the agent that remains.
        id: Path<String>,
        body: JsonBody<NewAgentMerge>,
    ) -> Result<Made<MergeBody>, ApiError> {
        let (into, merged) = (id_of(&id.0, "agent")?, id_of(&body.agent, "agent")?);
        let merge = self.directory.merge(&into, &merged, &who.actor(), self.clock.now()).await?;
        Ok(Made::Created(Json(merge.into())))
    }

    /// Undo a merge of an agent
    ///
    /// Both are two persons again, each with its interactions and its released figures.
    #[oai(path = "/agents/:id/merges/:merge", method = "delete", operation_id = "deleteAgentMerge")]
    async fn undo_merge(
        &self,
        who: Allowed<Administer>,
        /// Id of the agent.
        id: Path<String>,
        /// Id of the merge.
        merge: Path<String>,
    ) -> Result<Changed, ApiError> {
        let (id, merge) = (id_of(&id.0, "agent")?, id_of(&merge.0, "merge")?);
        self.directory.undo_merge(&id, &merge, &who.actor(), self.clock.now()).await?;
        Ok(Changed::Done)
    }

    /// Split an identity off an agent
    ///
    /// It is an agent of its own from now on, with its interactions and the figures that were released for it. An e-mail
    /// address in common does not merge it again.
    #[oai(path = "/agents/:id/identities/:identity", method = "delete", operation_id = "deleteAgentIdentity")]
    async fn split(
        &self,
        who: Allowed<Administer>,
        /// Id of the agent.
        id: Path<String>,
        /// Id of the identity.
        identity: Path<String>,
    ) -> Result<Json<AgentBody>, ApiError> {
        let (id, identity) = (id_of(&id.0, "agent")?, id_of(&identity.0, "identity of this agent")?);
        let agent = self.directory.split(&id, &identity, &who.actor(), self.clock.now()).await?;
        Ok(Json(agent.into()))
    }
}
