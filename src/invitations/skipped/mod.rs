//! Report of interactions that were not surveyed, with reasons, each agent compared with all others, to detect gaming
//! of scores: an agent who records no address of angry customers, ends calls before they count, or marks them as not to
//! be surveyed stands out here.
//!
//! It counts invitations, never answers.

mod export;
mod store;

pub use export::to_csv;

use super::{Invitations, SkipReason};
use crate::clock::{Timestamp, Zone};
use crate::database::DbError;
use crate::ids::AgentId;
use std::collections::HashMap;

/// Minimum number of interactions for a comparison.
const MIN_INTERACTIONS: i64 = 20;
/// Minimum distance from the others, in standard errors: of a thousand equal agents, about one exceeds it by chance.
const FAR: f64 = 3.0;
/// Smallest relevant difference of shares; smaller ones are ignored even if significant.
const NOTABLE: f64 = 0.05;

/// Reasons that the agent of an interaction can influence. The others depend on the customer or the calendar.
pub const IN_HAND: &[SkipReason] = &[
    SkipReason::NoAddress,
    SkipReason::BadAddress,
    SkipReason::ExcludedBySource,
    SkipReason::TooShort,
    SkipReason::NotAnswered,
    SkipReason::Internal,
];

/// A time range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Start, inclusive.
    pub from: Timestamp,
    /// End, exclusive.
    pub until: Timestamp,
}

impl Span {
    /// Returns the range of this many whole days up to and including today, in this zone.
    pub fn days(days: i64, zone: &Zone, now: Timestamp) -> Self {
        let today = zone.date(now);
        let day = |days: i64| zone.begin(today.saturating_add(jiff::Span::new().try_days(days).unwrap_or_default()));
        Self { from: day(1 - days.max(1)), until: day(1) }
    }
}

/// Number of interactions with a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForReason {
    /// Code of a [`SkipReason`], or of one of an earlier version.
    pub code: String,
    /// Number of interactions.
    pub interactions: i64,
    /// Whether the agent stands out by it: significantly more often than all others together.
    pub stands_out: bool,
}

/// Figures of one agent, or of all interactions without an agent.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentSkips {
    /// Id of the agent; `None` for interactions without one.
    pub id: Option<AgentId>,
    /// Name of the agent.
    pub name: String,
    /// Names of the teams of these interactions, that of most of them first: "Orders, Sales".
    pub team: String,
    /// Number of final interactions with a decision.
    pub interactions: i64,
    /// Number of surveyed interactions.
    pub asked: i64,
    /// Number of interactions that were not surveyed.
    pub skipped: i64,
    /// Share of all others' interactions that was not surveyed; `None` if there are no others.
    pub others: Option<f64>,
    /// Reasons, most frequent first.
    pub reasons: Vec<ForReason>,
}

impl AgentSkips {
    /// Returns the share that was not surveyed.
    pub fn share(&self) -> f64 {
        share(self.skipped, self.interactions)
    }

    /// Whether the agent stands out by a reason that they can influence.
    pub fn stands_out(&self) -> bool {
        self.reasons.iter().any(|reason| reason.stands_out)
    }
}

/// Report of skipped interactions.
#[derive(Debug, Clone, PartialEq)]
pub struct SkipReport {
    /// Time range of the report.
    pub span: Span,
    /// Agents; those who stand out first, then by share.
    pub agents: Vec<AgentSkips>,
    /// All agents together.
    pub all: AgentSkips,
}

fn share(part: i64, whole: i64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Whether a share of `n` is significantly larger than that of the others, by the pooled two-proportion z-test.
fn clearly_more(hits: i64, n: i64, other_hits: i64, other_n: i64) -> bool {
    if n < MIN_INTERACTIONS || other_n < MIN_INTERACTIONS {
        return false;
    }
    let (one, other) = (share(hits, n), share(other_hits, other_n));
    let pooled = share(hits + other_hits, n + other_n);
    let error = (pooled * (1.0 - pooled) * (1.0 / n as f64 + 1.0 / other_n as f64)).sqrt();
    one - other >= NOTABLE && error > 0.0 && (one - other) / error > FAR
}

impl Invitations {
    /// Returns the report for a time range.
    pub async fn skips(&self, span: Span) -> Result<SkipReport, DbError> {
        let rows = store::by_agent(self.inner.db.read().await?.conn(), span).await?;
        Ok(report(span, rows))
    }

    /// Returns the report for this many whole days up to and including today.
    pub async fn skips_of_days(&self, days: i64) -> Result<SkipReport, DbError> {
        self.skips(Span::days(days, &self.inner.clock.zone(), self.now())).await
    }

    /// Returns the number of interactions that were not surveyed, by the quarter of an hour of the interaction.
    pub async fn skips_by_time(&self, since: Timestamp) -> Result<Vec<(Timestamp, i64)>, DbError> {
        store::by_time(self.inner.db.read().await?.conn(), since).await
    }
}

fn empty(name: &str) -> AgentSkips {
    let (name, team) = (name.to_owned(), String::new());
    AgentSkips { id: None, name, team, interactions: 0, asked: 0, skipped: 0, others: None, reasons: vec![] }
}

fn count(to: &mut AgentSkips, row: &store::Row) {
    to.interactions += row.interactions;
    if row.what == "-" {
        to.asked += row.interactions;
        return;
    }
    to.skipped += row.interactions;
    match to.reasons.iter_mut().find(|reason| reason.code == row.what) {
        Some(reason) => reason.interactions += row.interactions,
        None => {
            let (code, interactions) = (row.what.clone(), row.interactions);
            to.reasons.push(ForReason { code, interactions, stands_out: false });
        }
    }
}

fn report(span: Span, rows: Vec<store::Row>) -> SkipReport {
    let mut all = empty("Everybody");
    let mut agents: Vec<AgentSkips> = Vec::new();
    let teams = teams(&rows);
    for row in rows {
        count(&mut all, &row);
        let at = agents.iter().position(|agent| agent.id == row.agent_id).unwrap_or_else(|| {
            let name = if row.agent_id.is_none() {
                "Nobody is named"
            } else {
                row.agent.as_deref().unwrap_or("Without a name")
            };
            let team = teams.get(&row.agent_id).map(|names| names.join(", ")).unwrap_or_default();
            agents.push(AgentSkips { id: row.agent_id.clone(), team, ..empty(name) });
            agents.len() - 1
        });
        count(&mut agents[at], &row);
    }
    for agent in &mut agents {
        compare(agent, &all);
    }
    all.reasons.sort_by(|one, other| other.interactions.cmp(&one.interactions).then_with(|| one.code.cmp(&other.code)));
    agents.sort_by(|one, other| {
        let rank = |agent: &AgentSkips| (agent.stands_out(), agent.share());
        rank(other).partial_cmp(&rank(one)).unwrap_or(std::cmp::Ordering::Equal).then_with(|| one.name.cmp(&other.name))
    });
    SkipReport { span, agents, all }
}

/// Returns the names of the teams of each agent's interactions, that of most of them first.
fn teams(rows: &[store::Row]) -> HashMap<Option<AgentId>, Vec<String>> {
    let mut counts: HashMap<&Option<AgentId>, HashMap<&str, i64>> = HashMap::new();
    for row in rows {
        if let Some(team) = &row.team {
            *counts.entry(&row.agent_id).or_default().entry(team).or_default() += row.interactions;
        }
    }
    let names = |counts: HashMap<&str, i64>| {
        let mut counts: Vec<(&str, i64)> = counts.into_iter().collect();
        counts.sort_by_key(|(name, n)| (std::cmp::Reverse(*n), *name));
        counts.into_iter().map(|(name, _)| name.to_owned()).collect()
    };
    counts.into_iter().map(|(agent, counts)| (agent.clone(), names(counts))).collect()
}

fn compare(agent: &mut AgentSkips, all: &AgentSkips) {
    let others = all.interactions - agent.interactions;
    agent.others = (others > 0).then(|| share(all.skipped - agent.skipped, others));
    for reason in &mut agent.reasons {
        let of_all = all.reasons.iter().find(|one| one.code == reason.code).map_or(0, |one| one.interactions);
        let in_hand = SkipReason::known(&reason.code).is_some_and(|known| IN_HAND.contains(&known));
        reason.stands_out = in_hand
            && agent.id.is_some()
            && clearly_more(reason.interactions, agent.interactions, of_all - reason.interactions, others);
    }
    agent
        .reasons
        .sort_by(|one, other| other.interactions.cmp(&one.interactions).then_with(|| one.code.cmp(&other.code)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(agent: &AgentId, what: &str, interactions: i64) -> store::Row {
        let agent_id = Some(agent.clone());
        store::Row { agent_id, agent: Some(agent.to_string()), team: None, what: what.into(), interactions }
    }

    #[test]
    fn who_takes_no_addresses_stands_out_and_who_has_bad_luck_does_not() {
        let [cheat, fair, unlucky, new] = std::array::from_fn(|_| AgentId::random());
        let rows = vec![
            row(&cheat, "-", 60),
            row(&cheat, "no_address", 40),
            row(&fair, "-", 480),
            row(&fair, "no_address", 20),
            row(&unlucky, "-", 50),
            row(&unlucky, "unsubscribed", 50),
            row(&new, "no_address", 5),
        ];
        let span = Span::days(30, &Zone::default(), Timestamp(0));
        let report = report(span, rows);
        let first = &report.agents[0];
        assert_eq!((first.id.as_ref(), first.stands_out(), first.share()), (Some(&cheat), true, 0.4));
        assert!(report.agents[1..].iter().all(|agent| !agent.stands_out()), "nobody else: {:?}", report.agents);
        assert_eq!((report.all.interactions, report.all.skipped), (705, 115));
        assert_eq!(report.agents.iter().find(|a| a.id.as_ref() == Some(&fair)).unwrap().others, Some(95.0 / 205.0));
    }

    #[test]
    fn little_is_not_compared() {
        assert!(!clearly_more(19, 19, 0, 1000) && clearly_more(20, 20, 0, 1000));
        assert!(!clearly_more(40, 1000, 20, 1000), "a difference of two in a hundred");
        assert!(!clearly_more(0, 100, 0, 100) && !clearly_more(100, 100, 100, 100));
    }

    #[test]
    fn a_span_holds_whole_days() {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let now = at("2026-10-28T23:30:00Z");
        let span = Span::days(7, &Zone::default(), now);
        assert_eq!((span.from, span.until), (at("2026-10-22T00:00:00Z"), at("2026-10-29T00:00:00Z")));
        // Clocks go back on 25 October.
        let span = Span::days(7, &"Europe/Berlin".parse().unwrap(), now);
        assert_eq!((span.from, span.until), (at("2026-10-22T22:00:00Z"), at("2026-10-29T23:00:00Z")));
    }
}
