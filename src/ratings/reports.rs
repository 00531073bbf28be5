//! Reports: everybody in one list, or one agent or team month by month.

use super::store::{self, AskedRow, CountRow};
use super::{Counts, Month, Period, Ratings, RatingsError, ResponseRate, Standing, reads_comments, sight};
use crate::ids::{AgentId, TeamId};
use crate::staff::{AgentSummary, Team};
use crate::web::Principal;
use crate::web::principal::Visible;
use std::collections::{BTreeMap, HashMap};

/// An agent's figures.
#[derive(Debug, Clone)]
pub struct AgentLine {
    /// Who.
    pub agent: AgentSummary,
    /// Sums over the releases of the period.
    pub counts: Counts,
    /// Beside all the other agents shown.
    pub standing: Standing,
    /// Answers per invitation.
    pub response: Option<ResponseRate>,
}

/// A team's figures: the releases about its agents, and those about the team as a whole.
#[derive(Debug, Clone)]
pub struct TeamLine {
    /// Which.
    pub team: Team,
    /// Sums over the releases of the period.
    pub counts: Counts,
    /// Beside all the other teams shown.
    pub standing: Standing,
    /// Answers per invitation.
    pub response: Option<ResponseRate>,
}

/// What somebody sees of everybody.
#[derive(Debug, Clone)]
pub struct Overview {
    /// Of which months.
    pub period: Period,
    /// Everything that this viewer sees, in one sum.
    pub all: Counts,
    /// Agents by name.
    pub agents: Vec<AgentLine>,
    /// Teams by name.
    pub teams: Vec<TeamLine>,
}

/// A released comment: masked, and in no order that would tell anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// The month of its release, as it is labelled.
    pub month: String,
    /// What it says.
    pub text: String,
}

/// One agent or team.
#[derive(Debug, Clone)]
pub struct Report {
    /// Of which months.
    pub period: Period,
    /// Sums over the releases of the period.
    pub counts: Counts,
    /// The same by month, every month of the period.
    pub months: Vec<(Month, Counts)>,
    /// Answers per invitation.
    pub response: Option<ResponseRate>,
    /// Released comments; `None` where they are not for whoever asks.
    pub comments: Option<Vec<Comment>>,
}

/// Sums of rows by whatever they belong to.
fn sum_by<'a, K: std::hash::Hash + Eq>(
    rows: &'a [CountRow],
    key: impl Fn(&'a CountRow) -> Option<K>,
) -> HashMap<K, Counts> {
    let mut sums: HashMap<K, Counts> = HashMap::new();
    for row in rows {
        if let Some(key) = key(row) {
            sums.entry(key).or_default().add(&row.question, row.value, row.n);
        }
    }
    sums
}

fn sum_of(rows: &[CountRow], wanted: impl Fn(&CountRow) -> bool) -> Counts {
    let mut sum = Counts::default();
    rows.iter().filter(|row| wanted(row)).for_each(|row| sum.add(&row.question, row.value, row.n));
    sum
}

fn asked_of(asked: &[AskedRow], wanted: impl Fn(&AskedRow) -> bool) -> u64 {
    asked.iter().filter(|row| wanted(row)).map(|row| u64::try_from(row.n).unwrap_or(0)).sum()
}

/// Each beside the sum of all the others.
fn standings(counts: &[Counts]) -> Vec<Standing> {
    let beside = |at: usize| {
        let mut others = Counts::default();
        counts.iter().enumerate().filter(|(other, _)| *other != at).for_each(|(_, c)| others.merge(c));
        others.csat()
    };
    counts.iter().enumerate().map(|(at, one)| Standing::of(one.csat(), beside(at))).collect()
}

/// Everything that somebody's reports of a period are made from.
struct Material {
    period: Period,
    sight: Visible,
    rows: Vec<CountRow>,
    asked: Vec<AskedRow>,
    agents: Vec<AgentSummary>,
    teams: Vec<Team>,
}

impl Material {
    /// By name. Agents of the viewer's teams, and former ones of whom something was released there in these months.
    fn agent_lines(&self) -> Vec<AgentLine> {
        let by_agent = sum_by(&self.rows, CountRow::agent);
        let seen = |agent: &&AgentSummary| match &self.sight {
            Visible::All => true,
            Visible::Teams(teams) => {
                agent.team_id.as_ref().is_some_and(|t| teams.contains(t)) || by_agent.contains_key(&agent.id)
            }
            Visible::Own(own) => agent.id == *own,
            Visible::None => false,
        };
        // What was asked under another team's name is not in a supervisor's sum either.
        let asked_in_sight = |row: &AskedRow| match &self.sight {
            Visible::Teams(teams) => row.team_id.as_ref().is_some_and(|t| teams.contains(t)),
            _ => true,
        };
        let agents: Vec<&AgentSummary> = self.agents.iter().filter(seen).collect();
        let counts: Vec<Counts> = agents.iter().map(|a| by_agent.get(&a.id).copied().unwrap_or_default()).collect();
        let lines = agents.into_iter().zip(&counts).zip(standings(&counts)).map(|((agent, counts), standing)| {
            let invitations =
                asked_of(&self.asked, |row| row.agent_id.as_ref() == Some(&agent.id) && asked_in_sight(row));
            let response = ResponseRate::new(counts.answers(), invitations);
            AgentLine { agent: agent.clone(), counts: *counts, standing, response }
        });
        lines.collect()
    }

    /// By name.
    fn team_lines(&self) -> Vec<TeamLine> {
        let by_team = sum_by(&self.rows, |row| row.team_id.as_ref());
        let teams: Vec<&Team> = self.teams.iter().filter(|team| sees_team(&self.sight, &team.id)).collect();
        let counts: Vec<Counts> = teams.iter().map(|t| by_team.get(&t.id).copied().unwrap_or_default()).collect();
        let lines = teams.into_iter().zip(&counts).zip(standings(&counts)).map(|((team, counts), standing)| {
            let invitations = asked_of(&self.asked, |row| row.team_id.as_ref() == Some(&team.id));
            let response = ResponseRate::new(counts.answers(), invitations);
            TeamLine { team: team.clone(), counts: *counts, standing, response }
        });
        lines.collect()
    }

    /// Month by month.
    fn report(&self, wanted: impl Fn(&CountRow) -> bool, response: Option<ResponseRate>) -> Report {
        let mut months: BTreeMap<Month, Counts> =
            self.period.months().map(|month| (month, Counts::default())).collect();
        for row in self.rows.iter().filter(|row| wanted(row)) {
            if let Some(counts) = row.month.parse().ok().and_then(|month: Month| months.get_mut(&month)) {
                counts.add(&row.question, row.value, row.n);
            }
        }
        let counts = sum_of(&self.rows, wanted);
        Report { period: self.period, counts, months: months.into_iter().collect(), response, comments: None }
    }
}

impl Ratings {
    async fn material(&self, who: &Principal, period: Period) -> Result<Material, RatingsError> {
        let sight = sight(who);
        let (agents, teams) = (self.directory.agents().await?, self.directory.teams().await?);
        let mut reader = self.db.read().await?;
        let rows = store::counts(reader.conn(), &sight, period).await?;
        let asked = store::asked(reader.conn(), period).await?;
        Ok(Material { period, sight, rows, asked, agents, teams })
    }

    /// Everybody whom `who` may see.
    pub async fn overview(&self, who: &Principal, period: Period) -> Result<Overview, RatingsError> {
        let material = self.material(who, period).await?;
        let all = sum_of(&material.rows, |_| true);
        Ok(Overview { period, all, agents: material.agent_lines(), teams: material.team_lines() })
    }

    /// One agent; hidden ones are not found.
    pub async fn agent(
        &self,
        who: &Principal,
        id: &AgentId,
        period: Period,
    ) -> Result<(AgentSummary, Report), RatingsError> {
        let material = self.material(who, period).await?;
        let line =
            material.agent_lines().into_iter().find(|line| line.agent.id == *id).ok_or(RatingsError::NotFound)?;
        let mut report = material.report(|row| row.agent() == Some(id), line.response);
        if reads_comments(who) {
            let found = store::agent_comments(self.db.read().await?.conn(), &material.sight, id, period).await?;
            report.comments = Some(comments(found));
        }
        Ok((line.agent, report))
    }

    /// One team; hidden ones are not found, and agents see none.
    pub async fn team(&self, who: &Principal, id: &TeamId, period: Period) -> Result<(Team, Report), RatingsError> {
        let material = self.material(who, period).await?;
        let line = material.team_lines().into_iter().find(|line| line.team.id == *id).ok_or(RatingsError::NotFound)?;
        let mut report = material.report(|row| row.team_id.as_ref() == Some(id), line.response);
        if reads_comments(who) {
            let found = store::team_comments(self.db.read().await?.conn(), id, period).await?;
            report.comments = Some(comments(found));
        }
        Ok((line.team, report))
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
