//! Pools: what is released together, and in batches of which size.

use crate::ids::{AgentId, TeamId};
use crate::surveys::{Origin, Question};
use std::collections::BTreeMap;

/// Maximum number of answers in a batch: a release must not keep others from writing for long.
const MAX_BATCH: usize = 1000;

/// Linked and apart have separate pools, because supervisors know the linked ones and could subtract; and so have those that came
/// from elsewhere, which whoever sent them in knows.
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

/// Answers that are counted together: one agent's, else one team's, else everybody's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pool {
    pub side: Side,
    pub question: Question,
    pub agent: Option<AgentId>,
    pub team: Option<TeamId>,
}

impl Pool {
    /// The pool of an answer.
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

    /// A name for it in what is sealed.
    pub fn name(&self) -> String {
        let whose = match (&self.agent, &self.team) {
            (Some(agent), _) => agent.as_str(),
            (None, Some(team)) => team.as_str(),
            (None, None) => "",
        };
        format!("{}/{whose}/{}/{}", self.scope(), self.side.code(), self.question.code())
    }

    /// 0: an agent's, 1: a team's, 2: everybody's.
    pub fn level(&self) -> i32 {
        match (&self.agent, &self.team) {
            (Some(_), _) => 0,
            (None, Some(_)) => 1,
            (None, None) => 2,
        }
    }

    /// Where an answer of this pool is counted that has gone up to a level; without a team it is everybody's.
    pub fn raised(&self, level: i32, team: Option<&TeamId>) -> Self {
        if level <= self.level() {
            return self.clone();
        }
        Self::of(self.side, self.question.clone(), None, team.filter(|_| level == 1).cloned())
    }
}

/// An answer that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Waiting {
    /// Its key: the sealed record's id, or the interaction.
    pub id: String,
    /// The team that it belongs to if it can't be counted for the agent.
    pub team: Option<TeamId>,
    /// The smallest batch that was promised to whoever gave it.
    pub promised: usize,
}

/// What lies in which pool.
pub(super) type Pools = BTreeMap<Pool, Vec<Waiting>>;

/// Answers to be released together.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    /// For whom they are counted.
    pub pool: Pool,
    /// The smallest size that it may have.
    pub k: usize,
    /// Each with the pool that it comes from: another one where it has gone up.
    pub answers: Vec<(Pool, Waiting)>,
}

/// The smallest batch that these answers may be counted in: what is configured, or more where more was promised to one of them.
pub(super) fn min_batch_size<'a>(answers: impl IntoIterator<Item = &'a Waiting>, configured: usize) -> usize {
    answers.into_iter().map(|answer| answer.promised).max().unwrap_or(0).max(configured)
}

/// Splits a pool into batches, none smaller than `k`; none at all where the pool is.
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
