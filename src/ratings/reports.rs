//! Reports: an overview of all, or one agent or team by month.

use super::store::{self, AskedRow, CountRow};
use super::{Comparison, Counts, Month, Period, Ratings, RatingsError, ResponseRate, reads_comments, sight};
use crate::access::Principal;
use crate::access::principal::Visible;
use crate::database::DbError;
use crate::ids::{AgentId, TeamId};
use crate::staff::{AgentIdentity, AgentSummary, Team};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Figures of an agent.
#[derive(Debug, Clone)]
pub struct AgentLine {
    /// Agent of the line.
    pub agent: AgentSummary,
    /// Sums over the releases of the period.
    pub counts: Counts,
    /// Comparison with all other agents shown.
    pub standing: Comparison,
    /// Response rate.
    pub response: Option<ResponseRate>,
}

/// Figures of a team: the releases about its agents, and those about the team as a whole.
#[derive(Debug, Clone)]
pub struct TeamLine {
    /// Team of the line.
    pub team: Team,
    /// Sums over the releases of the period.
    pub counts: Counts,
    /// Answers that are not attributed to an agent: too few for any one.
    pub untold: u64,
    /// Comparison with all other teams shown.
    pub standing: Comparison,
    /// Response rate.
    pub response: Option<ResponseRate>,
}

/// Overview of all that a viewer may see.
#[derive(Debug, Clone)]
pub struct Overview {
    /// Period of the figures.
    pub period: Period,
    /// Sum of everything that the viewer may see.
    pub all: Counts,
    /// Answers that are not attributed to an agent: too few for any one.
    pub untold: u64,
    /// Agents by name.
    pub agents: Vec<AgentLine>,
    /// Teams by name.
    pub teams: Vec<TeamLine>,
}

/// A released comment: masked, and in random order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Label of the month of its release.
    pub month: String,
    /// Masked text.
    pub text: String,
}

/// Report of one agent or team.
#[derive(Debug, Clone)]
pub struct Report {
    /// Period of the figures.
    pub period: Period,
    /// Sums over the releases of the period.
    pub counts: Counts,
    /// Counts by month, for every month of the period.
    pub months: Vec<(Month, Counts)>,
    /// Response rate.
    pub response: Option<ResponseRate>,
    /// Answers that are not attributed to an agent: too few for any one. 0 for an agent.
    pub untold: u64,
    /// Released comments; `None` if the viewer may not read them.
    pub comments: Option<Vec<Comment>>,
    /// Agents that are the person and have releases in the period, each with its sums; empty unless there are several.
    pub parts: Vec<Part>,
}

/// Sums over the releases of one of the agents that are a person. A release stays with the agent that it was made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Name of the agent in its system: `phone/17`.
    pub name: String,
    /// Sums over the releases of the period.
    pub counts: Counts,
}

fn count(into: &mut Counts, row: &CountRow) {
    row.sums.values().for_each(|(value, n)| into.add(&row.question, value, n));
}

/// Returns sums of rows by a key.
fn sum_by<'a>(rows: &'a [CountRow], key: impl Fn(&'a CountRow) -> Option<&'a str>) -> HashMap<&'a str, Counts> {
    let mut sums: HashMap<&str, Counts> = HashMap::new();
    for row in rows {
        if let Some(key) = key(row) {
            count(sums.entry(key).or_default(), row);
        }
    }
    sums
}

fn sum_of(rows: &[CountRow], wanted: impl Fn(&CountRow) -> bool) -> Counts {
    let mut sum = Counts::default();
    rows.iter().filter(|row| wanted(row)).for_each(|row| count(&mut sum, row));
    sum
}

fn asked_by<'a>(asked: &'a [AskedRow], key: impl Fn(&'a AskedRow) -> Option<&'a str>) -> HashMap<&'a str, u64> {
    let mut sums: HashMap<&str, u64> = HashMap::new();
    for row in asked {
        if let Some(key) = key(row) {
            *sums.entry(key).or_default() += u64::try_from(row.n).unwrap_or(0);
        }
    }
    sums
}

/// Compares each with the sum of all the others.
fn standings(counts: &[Counts]) -> Vec<Comparison> {
    let mut all = Counts::default();
    counts.iter().for_each(|one| all.merge(one));
    counts.iter().map(|one| Comparison::of(one.csat(), all.without(one).csat())).collect()
}

/// Returns the names of the teams that a viewer may see; `None` for all.
fn team_names(sight: &Visible) -> Option<HashSet<&str>> {
    match sight {
        Visible::All => None,
        Visible::Teams(teams) => Some(teams.iter().map(TeamId::as_str).collect()),
        Visible::Own(_) | Visible::None => Some(HashSet::new()),
    }
}

/// Data for a viewer's reports of a period.
struct Material {
    period: Period,
    sight: Visible,
    rows: Vec<CountRow>,
    asked: Vec<AskedRow>,
    agents: Vec<AgentSummary>,
    /// Persons who handled interactions of the viewer's teams in the period; empty if the viewer sees all.
    handled: HashSet<AgentId>,
    teams: Vec<Team>,
}

impl Material {
    /// Returns lines by name: agents whose home team is the viewer's, and those with interactions or releases of the
    /// viewer's teams in these months, wherever they belong today.
    fn agent_lines(&self) -> Vec<AgentLine> {
        let persons: HashMap<&str, &str> = self
            .agents
            .iter()
            .flat_map(|agent| agent.identities.iter().map(|one| (one.id.as_str(), agent.id.as_str())))
            .collect();
        let person = |agent: &str| persons.get(agent).copied();
        let by_agent = sum_by(&self.rows, |row| row.agent().and_then(person));
        let seen = |agent: &&AgentSummary| match &self.sight {
            Visible::All => true,
            Visible::Teams(teams) => {
                agent.team_id.as_ref().is_some_and(|t| teams.contains(t))
                    || by_agent.contains_key(agent.id.as_str())
                    || self.handled.contains(&agent.id)
            }
            Visible::Own(own) => agent.id == *own,
            Visible::None => false,
        };
        // Invitations under another team's name are not in a supervisor's sum either.
        let names = match &self.sight {
            Visible::Teams(_) => team_names(&self.sight),
            _ => None,
        };
        let in_sight = |row: &AskedRow| names.as_ref().is_none_or(|teams| teams.contains(row.team_id.as_str()));
        let asked = asked_by(&self.asked, |row| person(&row.agent_id).filter(|_| in_sight(row)));
        let agents: Vec<&AgentSummary> = self.agents.iter().filter(seen).collect();
        let counts: Vec<Counts> =
            agents.iter().map(|a| by_agent.get(a.id.as_str()).copied().unwrap_or_default()).collect();
        let lines = agents.into_iter().zip(&counts).zip(standings(&counts)).map(|((agent, counts), standing)| {
            let invitations = asked.get(agent.id.as_str()).copied().unwrap_or(0);
            let response = ResponseRate::new(counts.answers(), invitations);
            AgentLine { agent: agent.clone(), counts: *counts, standing, response }
        });
        lines.collect()
    }

    /// Returns lines by name.
    fn team_lines(&self) -> Vec<TeamLine> {
        let by_team = sum_by(&self.rows, |row| Some(row.team_id.as_str()).filter(|id| !id.is_empty()));
        let untold = sum_by(&self.rows, |row| (row.scope == "team").then_some(row.team_id.as_str()));
        let asked = asked_by(&self.asked, |row| Some(row.team_id.as_str()));
        let teams: Vec<&Team> = self.teams.iter().filter(|team| sees_team(&self.sight, &team.id)).collect();
        let counts: Vec<Counts> =
            teams.iter().map(|t| by_team.get(t.id.as_str()).copied().unwrap_or_default()).collect();
        let lines = teams.into_iter().zip(&counts).zip(standings(&counts)).map(|((team, counts), standing)| {
            let invitations = asked.get(team.id.as_str()).copied().unwrap_or(0);
            let response = ResponseRate::new(counts.answers(), invitations);
            let untold = untold.get(team.id.as_str()).map_or(0, Counts::answers);
            TeamLine { team: team.clone(), counts: *counts, untold, standing, response }
        });
        lines.collect()
    }
}

/// Returns the monthly report of one agent or team from its rows.
fn report(period: Period, rows: &[CountRow], invitations: u64) -> Report {
    let mut months: BTreeMap<Month, Counts> = period.months().map(|month| (month, Counts::default())).collect();
    for row in rows {
        if let Some(counts) = row.month.parse().ok().and_then(|month: Month| months.get_mut(&month)) {
            count(counts, row);
        }
    }
    let counts = sum_of(rows, |_| true);
    let untold = sum_of(rows, |row| row.scope != "agent").answers();
    let response = ResponseRate::new(counts.answers(), invitations);
    let months = months.into_iter().collect();
    Report { period, counts, months, response, untold, comments: None, parts: Vec::new() }
}

/// Returns the parts of a person's report; none unless several agents have releases.
fn parts(agent: &AgentSummary, rows: &[CountRow]) -> Vec<Part> {
    let mut sums = sum_by(rows, CountRow::agent);
    if sums.len() < 2 {
        return Vec::new();
    }
    let part = |one: &AgentIdentity| {
        let counts = sums.remove(one.id.as_str())?;
        Some(Part { name: format!("{}/{}", one.source, one.external_id), counts })
    };
    agent.identities.iter().filter_map(part).collect()
}

impl Ratings {
    /// Returns the overview of all that `who` may see.
    pub async fn overview(&self, who: &Principal, period: Period) -> Result<Overview, RatingsError> {
        let sight = sight(who);
        let (agents, teams) = (self.directory.agents().await?, self.directory.teams().await?);
        let handled = self.handled(&sight, period).await?;
        let mut reader = self.db.read().await?;
        let rows = store::counts(reader.conn(), &sight, period).await?;
        let asked = store::asked(reader.conn(), period).await?;
        let material = Material { period, sight, rows, asked, agents, handled, teams };
        let all = sum_of(&material.rows, |_| true);
        let untold = sum_of(&material.rows, |row| row.scope != "agent").answers();
        let (agents, teams) = (material.agent_lines(), material.team_lines());
        Ok(Overview { period: material.period, all, untold, agents, teams })
    }

    /// Returns the report of one agent. Errors: [`RatingsError::NotFound`] also if it is not visible.
    pub async fn agent(
        &self,
        who: &Principal,
        id: &AgentId,
        period: Period,
    ) -> Result<(AgentSummary, Report), RatingsError> {
        let sight = sight(who);
        let agent = self.directory.agent(id).await?.ok_or(RatingsError::NotFound)?;
        let handled = self.handled(&sight, period).await?;
        let mut reader = self.db.read().await?;
        let mut rows = store::agent_counts(reader.conn(), id, period).await?;
        let mut asked = store::asked(reader.conn(), period).await?;
        asked.retain(|row| agent.has_identity(&row.agent_id));
        let seen = match &sight {
            Visible::All => true,
            Visible::Own(own) => *own == agent.id,
            Visible::None => false,
            Visible::Teams(teams) => {
                let names: HashSet<&str> = teams.iter().map(TeamId::as_str).collect();
                rows.retain(|row| names.contains(row.team_id.as_str()));
                asked.retain(|row| names.contains(row.team_id.as_str()));
                !rows.is_empty()
                    || agent.team_id.as_ref().is_some_and(|team| teams.contains(team))
                    || handled.contains(&agent.id)
            }
        };
        if !seen {
            return Err(RatingsError::NotFound);
        }
        let mut report = report(period, &rows, asked.iter().map(|row| u64::try_from(row.n).unwrap_or(0)).sum());
        report.parts = parts(&agent, &rows);
        if reads_comments(who) {
            report.comments = Some(comments(store::agent_comments(reader.conn(), &sight, id, period).await?));
        }
        Ok((agent, report))
    }

    /// Returns the persons who handled interactions of a viewer's teams in a period; none if the viewer sees all or no
    /// teams.
    async fn handled(&self, sight: &Visible, period: Period) -> Result<HashSet<AgentId>, DbError> {
        let Visible::Teams(teams) = sight else { return Ok(HashSet::new()) };
        let zone = self.clock.zone();
        let (from, until) = (period.from().begin(&zone), period.to().plus(1).begin(&zone));
        self.interactions.agents_of_teams(teams, from, until).await
    }

    /// Returns the report of one team. Errors: [`RatingsError::NotFound`] also if it is not visible; agents see no
    /// team.
    pub async fn team(&self, who: &Principal, id: &TeamId, period: Period) -> Result<(Team, Report), RatingsError> {
        let team = self.directory.teams().await?.into_iter().find(|team| team.id == *id);
        let team = team.filter(|team| sees_team(&sight(who), &team.id)).ok_or(RatingsError::NotFound)?;
        let mut reader = self.db.read().await?;
        let rows = store::team_counts(reader.conn(), id, period).await?;
        let asked = store::asked(reader.conn(), period).await?;
        let asked = asked.iter().filter(|row| row.team_id == id.as_str());
        let mut report = report(period, &rows, asked.map(|row| u64::try_from(row.n).unwrap_or(0)).sum());
        if reads_comments(who) {
            report.comments = Some(comments(store::team_comments(reader.conn(), id, period).await?));
        }
        Ok((team, report))
    }
}

fn sees_team(sight: &Visible, id: &TeamId) -> bool {
    match sight {
        Visible::All => true,
        Visible::Teams(teams) => teams.contains(id),
        Visible::Own(_) | Visible::None => false,
    }
}

fn comments(found: Vec<(String, String)>) -> Vec<Comment> {
    found.into_iter().map(|(month, text)| Comment { month, text }).collect()
}
