//! Pools: answers that are released together, and their batch sizes.

use crate::ids::{AgentId, TeamId};
use crate::responses::Origin;
use crate::surveys::Question;
use std::collections::BTreeMap;

/// Maximum number of answers in a batch: a release must not block other writers for long.
const MAX_BATCH: usize = 1000;

/// Linked and apart answers have separate pools, because supervisors know the linked ones and could subtract; external
/// answers have separate pools, because their sender knows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Linked(Origin),
    Apart(Origin),
}

impl Side {
    pub fn code(self) -> &'static str {
        match self {
            Self::Linked(Origin::Mail) => "linked",
            Self::Apart(Origin::Mail) => "apart",
            Self::Linked(Origin::External) => "linked_elsewhere",
            Self::Apart(Origin::External) => "apart_elsewhere",
        }
    }
}

/// Answers that are counted together: of an agent, else a team, else everybody.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pool {
    pub side: Side,
    pub question: Question,
    pub agent: Option<AgentId>,
    pub team: Option<TeamId>,
}

impl Pool {
    /// Returns the pool of an answer.
    pub fn of(side: Side, question: Question, agent: Option<AgentId>, team: Option<TeamId>) -> Self {
        let team = if agent.is_some() { None } else { team };
        Self { side, question, agent, team }
    }

    pub fn scope(&self) -> &'static str {
        match (&self.agent, &self.team) {
            (Some(_), _) => "agent",
            (None, Some(_)) => "team",
            (None, None) => "organisation",
        }
    }

    /// Returns its name in sealed records.
    pub fn name(&self) -> String {
        let whose = match (&self.agent, &self.team) {
            (Some(agent), _) => agent.as_str(),
            (None, Some(team)) => team.as_str(),
            (None, None) => "",
        };
        format!("{}/{whose}/{}/{}", self.scope(), self.side.code(), self.question.code())
    }

    /// Returns the level: 0 for an agent, 1 for a team, 2 for everybody.
    pub fn level(&self) -> i32 {
        match (&self.agent, &self.team) {
            (Some(_), _) => 0,
            (None, Some(_)) => 1,
            (None, None) => 2,
        }
    }

    /// Returns the pool in which an answer of this pool is counted after escalation to a level; without a team it is
    /// everybody's.
    pub fn raised(&self, level: i32, team: Option<&TeamId>) -> Self {
        if level <= self.level() {
            return self.clone();
        }
        Self::of(self.side, self.question.clone(), None, team.filter(|_| level == 1).cloned())
    }
}

/// An answer that waits for release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Waiting {
    /// Key: the id of the sealed record, or of the interaction.
    pub id: String,
    /// Team in which it is counted if it can't be counted for the agent.
    pub team: Option<TeamId>,
    /// Minimum batch size that was promised to the customer.
    pub promised: usize,
}

/// Waiting answers by pool.
pub(super) type Pools = BTreeMap<Pool, Vec<Waiting>>;

/// Answers to release together.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    /// Pool under which they are counted.
    pub pool: Pool,
    /// Minimum size of the batch.
    pub k: usize,
    /// Answers with the pools that they come from: different ones after escalation.
    pub answers: Vec<(Pool, Waiting)>,
}

/// Returns the minimum batch size for these answers: the configured one, or the largest that was promised to one of
/// them.
pub(super) fn min_batch_size<'a>(answers: impl IntoIterator<Item = &'a Waiting>, configured: usize) -> usize {
    answers.into_iter().map(|answer| answer.promised).max().unwrap_or(0).max(configured)
}

/// Splits a pool into batches of at least `k`; returns none if the pool is smaller.
pub(super) fn batches<T>(mut all: Vec<T>, k: usize) -> Vec<Vec<T>> {
    let mut batches = Vec::new();
    while all.len() >= MAX_BATCH.max(k) + k {
        let rest = all.split_off(MAX_BATCH.max(k));
        batches.push(std::mem::replace(&mut all, rest));
    }
    if all.len() >= k {
        batches.push(all);
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_batch_is_too_small_and_nobody_is_lost(n in 0usize..5000, k in 3usize..2500) {
            let made = batches((0..n).collect::<Vec<_>>(), k);
            prop_assert!(made.iter().all(|batch| batch.len() >= k));
            let all: usize = made.iter().map(Vec::len).sum();
            prop_assert_eq!(all, if n >= k { n } else { 0 });
        }
    }

    #[test]
    fn an_agents_pool_is_one_whatever_the_team() {
        let (agent, team) = (AgentId::random(), TeamId::random());
        let pool = |agent: &Option<AgentId>, team: Option<&TeamId>| {
            Pool::of(Side::Apart(Origin::Mail), Question::Score, agent.clone(), team.cloned())
        };
        assert_eq!(pool(&Some(agent.clone()), Some(&team)), pool(&Some(agent), None));
        assert_eq!(pool(&None, Some(&team)).scope(), "team");
        assert_eq!(pool(&None, None).scope(), "organisation");
    }

    #[test]
    fn what_goes_up_goes_to_the_team_and_then_to_all() {
        let (agent, team) = (AgentId::random(), TeamId::random());
        let own = Pool::of(Side::Linked(Origin::Mail), Question::Score, Some(agent), None);
        assert_eq!(own.raised(0, Some(&team)), own);
        let for_team = own.raised(1, Some(&team));
        assert_eq!((for_team.scope(), for_team.team.as_ref()), ("team", Some(&team)));
        assert_eq!(own.raised(1, None).scope(), "organisation", "nobody's team is everybody's");
        assert_eq!(own.raised(2, Some(&team)).scope(), "organisation");
        assert_eq!(for_team.raised(1, Some(&team)), for_team, "it is there already");
        assert_eq!(for_team.raised(2, Some(&team)).scope(), "organisation");
    }
}
