//! Who was not asked, and why, agent by agent beside all the others: that is how scores are gamed. An agent who takes no
//! address from angry customers, ends calls before they count, or has them marked as not to be surveyed stands out here.
//!
//! It counts who was asked, never who answered.

mod export;
mod store;

pub use export::to_csv;
pub use store::STATEMENTS;

use super::{SkipReason, Surveys};
use crate::clock::Timestamp;
use crate::database::DbError;
use crate::ids::AgentId;

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;
/// Minimum number of interactions for a comparison.
const MIN_INTERACTIONS: i64 = 20;
/// So many standard errors away from the others: of a thousand who are alike, about one is by chance.
const FAR: f64 = 3.0;
/// A smaller difference matters to nobody, however certain it is.
const NOTABLE: f64 = 0.05;

/// The reasons that whoever handles an interaction has in hand. The others are the customer's, or the calendar's.
pub const IN_HAND: &[SkipReason] = &[
    SkipReason::NoAddress,
    SkipReason::BadAddress,
    SkipReason::ExcludedBySource,
    SkipReason::TooShort,
    SkipReason::NotAnswered,
    SkipReason::Internal,
];

/// From a time on, and before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Included.
    pub from: Timestamp,
    /// Not included.
    pub until: Timestamp,
}

impl Span {
    /// So many whole days (UTC) that end with today.
    pub fn days(days: i64, now: Timestamp) -> Self {
        let until = (now.0.div_euclid(DAY) + 1) * DAY;
        Self { from: Timestamp(until - days.max(1) * DAY), until: Timestamp(until) }
    }
}

/// How often something was the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForReason {
    /// A [`SkipReason`]'s code, or one of an earlier version.
    pub code: String,
    /// How often.
    pub interactions: i64,
    /// Does the agent stand out by it: clearly more often than all the others together?
    pub stands_out: bool,
}

/// One agent, or all interactions that name none.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentSkips {
    /// Who; none where the interactions name nobody.
    pub id: Option<AgentId>,
    /// The name.
    pub name: String,
    /// The team.
    pub team: String,
    /// Final interactions that were decided.
    pub interactions: i64,
    /// Of these, asked about.
    pub asked: i64,
    /// Of these, not asked about.
    pub skipped: i64,
    /// The share of all the others that was not asked about; none where there are no others.
    pub others: Option<f64>,
    /// Why, the most frequent reason first.
    pub reasons: Vec<ForReason>,
}

impl AgentSkips {
    /// The share that was not asked about.
    pub fn share(&self) -> f64 {
        share(self.skipped, self.interactions)
    }

    /// Does the agent stand out by a reason that can be in their hands?
    pub fn stands_out(&self) -> bool {
        self.reasons.iter().any(|reason| reason.stands_out)
    }
}

/// The whole report.
#[derive(Debug, Clone, PartialEq)]
pub struct SkipReport {
    /// For which time.
    pub span: Span,
    /// Each agent; those who stand out first, then by share.
    pub agents: Vec<AgentSkips>,
    /// All of them together.
    pub all: AgentSkips,
}

fn share(part: i64, whole: i64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Is a share of `n` clearly larger than that of the others? By the difference of two proportions, pooled.
fn clearly_more(hits: i64, n: i64, other_hits: i64, other_n: i64) -> bool {
    if n < MIN_INTERACTIONS || other_n < MIN_INTERACTIONS {
        return false;
    }
    let (one, other) = (share(hits, n), share(other_hits, other_n));
    let pooled = share(hits + other_hits, n + other_n);
    let error = (pooled * (1.0 - pooled) * (1.0 / n as f64 + 1.0 / other_n as f64)).sqrt();
    one - other >= NOTABLE && error > 0.0 && (one - other) / error > FAR
}

impl Surveys {
    /// Who was not asked in this time, and why, agent by agent.
    pub async fn skips(&self, span: Span) -> Result<SkipReport, DbError> {
        let rows = store::by_agent(self.inner.db.read().await?.conn(), span).await?;
        Ok(report(span, rows))
    }

    /// The same over so many whole days (UTC) that end with today.
    pub async fn skips_of_days(&self, days: i64) -> Result<SkipReport, DbError> {
        self.skips(Span::days(days, self.now())).await
    }

    /// How many were not asked, by the day of the interaction (days since 1970, UTC).
    pub async fn skips_by_day(&self, since: Timestamp) -> Result<Vec<(i64, i64)>, DbError> {
        store::by_day(self.inner.db.read().await?.conn(), since).await
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
    for row in rows {
        count(&mut all, &row);
        let at = agents.iter().position(|agent| agent.id == row.agent_id).unwrap_or_else(|| {
            let name = if row.agent_id.is_none() {
                "Nobody is named"
            } else {
                row.agent.as_deref().unwrap_or("Without a name")
            };
            let team = row.team.clone().unwrap_or_default();
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
        let span = Span::days(30, Timestamp(0));
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
        let span = Span::days(7, Timestamp(10 * DAY + 5));
        assert_eq!((span.from, span.until), (Timestamp(4 * DAY), Timestamp(11 * DAY)));
    }
}
