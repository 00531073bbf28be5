//! `/admin/agents`: list with search, names in the systems, merges and splits.

use crate::access::rights::Administer;
use crate::desk::Desk;
use crate::desk::words::{When, count};
use crate::ids::{AgentId, AgentMergeId};
use crate::staff::{AgentIdentity, AgentMerge, AgentRef, AgentSummary, StaffError, Team};
use crate::web::{EmptyForm, PageError, Posted, Shell, SiteInfo, Viewer, html, redirect};
use askama::Template;
use poem::web::{Data, Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

/// Maximum number of agents on the page; others are found by the search.
const MAX_ROWS: usize = 200;

const DONE: &[(&str, &str)] = &[
    ("saved", "The agent is saved."),
    ("merged", "The agents are merged."),
    ("split", "This is an agent of its own now."),
    ("undone", "The merge is undone."),
];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AgentsQuery {
    q: String,
    did: String,
}

#[derive(Template)]
#[template(path = "admin/agents.html")]
struct AgentsPage {
    page: Shell,
    q: String,
    rows: Vec<AgentSummary>,
    /// Number of agents that were found and are not shown.
    more: usize,
    teams: Vec<Team>,
}

/// Whether a name, address or id of an agent contains the words, which are in lower case.
fn matches(agent: &AgentSummary, words: &str) -> bool {
    let holds = |text: &str| text.to_lowercase().contains(words);
    let names = [Some(&agent.name), agent.display_name.as_ref(), agent.email.as_ref(), agent.team_name.as_ref()];
    let of_identity = |one: &AgentIdentity| {
        let names = [one.name.as_ref(), one.email.as_ref()];
        holds(&format!("{}/{}", one.source, one.external_id)) || names.into_iter().flatten().any(|name| holds(name))
    };
    names.into_iter().flatten().any(|name| holds(name)) || agent.identities.iter().any(of_identity)
}

#[handler]
pub(super) async fn show_agents(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(desk): Data<&Desk>,
    Query(asked): Query<AgentsQuery>,
) -> Result<Response, PageError> {
    let q = asked.q.trim().to_owned();
    let words = q.to_lowercase();
    let mut rows = desk.directory.agents().await?;
    rows.retain(|agent| matches(agent, &words));
    let more = rows.len().saturating_sub(MAX_ROWS);
    rows.truncate(MAX_ROWS);
    let page = Shell::new(&who, site, "/admin").with_flash(Some(&asked.did), DONE);
    Ok(html(&AgentsPage { page, q, rows, more, teams: desk.directory.teams().await? }))
}

#[derive(Deserialize)]
struct AgentForm {
    name: String,
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    source: String,
    external_id: String,
    #[serde(default)]
    team: String,
}

fn filled(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

#[handler]
pub(super) async fn save_agent(
    who: Viewer<Administer>,
    Data(desk): Data<&Desk>,
    Posted(form): Posted<AgentForm>,
) -> Result<Response, PageError> {
    let new = AgentRef {
        source: filled(&form.source).unwrap_or_else(|| "phone".into()),
        external_id: form.external_id.trim().to_owned(),
        name: filled(&form.name),
        display_name: filled(&form.display_name),
        email: filled(&form.email),
        team: filled(&form.team),
    };
    desk.directory.add_agent(new, &who.actor(), desk.clock.now()).await?;
    Ok(redirect("/admin/agents?did=saved"))
}

/// A name of the agent in a system, and the number of its interactions.
struct IdentityRow {
    one: AgentIdentity,
    interactions: i64,
}

/// A merge in force.
struct MergeRow {
    id: AgentMergeId,
    by: String,
    at: When,
    /// Names of the agents that it brought: `chat/sc`.
    brought: Vec<String>,
}

impl MergeRow {
    fn new(merge: AgentMerge, agent: &AgentSummary) -> Self {
        let brought = agent.identities.iter().filter(|one| merge.brought(&one.id));
        let brought = brought.map(|one| format!("{}/{}", one.source, one.external_id)).collect();
        Self { id: merge.id, by: merge.actor_name, at: merge.at.into(), brought }
    }
}

#[derive(Template)]
#[template(path = "admin/agent.html")]
struct AgentPage {
    page: Shell,
    agent: AgentSummary,
    identities: Vec<IdentityRow>,
    merges: Vec<MergeRow>,
    others: Vec<AgentSummary>,
}

/// Returns the agent with this id, or of which this is an identity.
async fn agent(desk: &Desk, id: &str) -> Result<AgentSummary, PageError> {
    let id: AgentId = id.parse().map_err(|_| PageError::NotFound)?;
    desk.directory.agent(&id).await?.ok_or(PageError::NotFound)
}

fn ids(agent: &AgentSummary) -> Vec<AgentId> {
    agent.identities.iter().map(|one| one.id.clone()).collect()
}

#[handler]
pub(super) async fn show_agent(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(desk): Data<&Desk>,
    Path(id): Path<String>,
    Query(asked): Query<AgentsQuery>,
) -> Result<Response, PageError> {
    let agent = agent(desk, &id).await?;
    let counts = desk.interactions.counts_of_agents(&ids(&agent)).await?;
    let row = |one: &AgentIdentity| IdentityRow {
        interactions: counts.iter().find(|of| of.agent == one.id).map_or(0, |of| of.interactions),
        one: one.clone(),
    };
    let identities = agent.identities.iter().map(row).collect();
    let mut others = desk.directory.agents().await?;
    others.retain(|other| other.id != agent.id);
    let merges = desk.directory.merges().await?;
    let merges = merges.into_iter().filter(|merge| merge.person == agent.id);
    let merges = merges.map(|merge| MergeRow::new(merge, &agent)).collect();
    let page = Shell::new(&who, site, "/admin").with_flash(Some(&asked.did), DONE);
    Ok(html(&AgentPage { page, agent, identities, merges, others }))
}

#[derive(Debug, Deserialize)]
pub(super) struct MergeForm {
    agent: String,
}

#[derive(Template)]
#[template(path = "admin/agent_merge.html")]
struct MergePage {
    page: Shell,
    into: AgentSummary,
    merged: AgentSummary,
    /// Numbers of interactions and surveys of each.
    own: String,
    moved: String,
}

async fn counted(desk: &Desk, agent: &AgentSummary) -> Result<String, PageError> {
    let counts = desk.interactions.counts_of_agents(&ids(agent)).await?;
    let sum = |of: fn(&crate::interactions::AgentCounts) -> i64| {
        usize::try_from(counts.iter().map(of).sum::<i64>()).unwrap_or_default()
    };
    let interactions = count(sum(|of| of.interactions), "interaction", "interactions");
    Ok(format!("{interactions} and {}", count(sum(|of| of.surveyed), "survey", "surveys")))
}

/// Asks for confirmation, with the numbers of what is merged.
#[handler]
pub(super) async fn ask_merge(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(desk): Data<&Desk>,
    Path(id): Path<String>,
    Query(asked): Query<MergeForm>,
) -> Result<Response, PageError> {
    let (into, merged) = (agent(desk, &id).await?, agent(desk, &asked.agent).await?);
    if into.id == merged.id {
        return Err(StaffError::SameAgent.into());
    }
    let (own, moved) = (counted(desk, &into).await?, counted(desk, &merged).await?);
    Ok(html(&MergePage { page: Shell::new(&who, site, "/admin"), into, merged, own, moved }))
}

#[handler]
pub(super) async fn merge_agents(
    who: Viewer<Administer>,
    Data(desk): Data<&Desk>,
    Path(id): Path<String>,
    Posted(form): Posted<MergeForm>,
) -> Result<Response, PageError> {
    let (into, merged) = (agent(desk, &id).await?.id, agent(desk, &form.agent).await?.id);
    desk.directory.merge(&into, &merged, &who.actor(), desk.clock.now()).await?;
    Ok(redirect(format!("/admin/agents/{into}?did=merged")))
}

#[handler]
pub(super) async fn undo_merge(
    who: Viewer<Administer>,
    Data(desk): Data<&Desk>,
    Path((id, merge)): Path<(String, String)>,
    _form: Posted<EmptyForm>,
) -> Result<Response, PageError> {
    let (id, merge) = (agent(desk, &id).await?.id, merge.parse().map_err(|_| PageError::NotFound)?);
    desk.directory.undo_merge(&id, &merge, &who.actor(), desk.clock.now()).await?;
    Ok(redirect(format!("/admin/agents/{id}?did=undone")))
}

#[handler]
pub(super) async fn split_identity(
    who: Viewer<Administer>,
    Data(desk): Data<&Desk>,
    Path((id, identity)): Path<(String, String)>,
    _form: Posted<EmptyForm>,
) -> Result<Response, PageError> {
    let (id, identity) = (agent(desk, &id).await?.id, identity.parse().map_err(|_| PageError::NotFound)?);
    let agent = desk.directory.split(&id, &identity, &who.actor(), desk.clock.now()).await?;
    Ok(redirect(format!("/admin/agents/{}?did=split", agent.id)))
}
