//! Pools: what is released together, and in batches of which size.

use crate::ids::{AgentId, TeamId};
use crate::surveys::Question;

/// The most answers of a batch: a release must not keep others from writing for long.
const MOST: usize = 1000;

/// Linked and apart have separate pools, because supervisors know the linked ones and could subtract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Linked,
    Apart,
}

impl Side {
    pub fn code(self) -> &'static str {
        match self {
            Self::Linked => "linked",
            Self::Apart => "apart",
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
}

/// Splits a pool into batches, none smaller than `k`; none at all where the pool is.
pub(super) fn batches(mut ids: Vec<String>, k: usize) -> Vec<Vec<String>> {
    let mut batches = Vec::new();
    while ids.len() >= MOST.max(k) + k {
        let rest = ids.split_off(MOST.max(k));
        batches.push(std::mem::replace(&mut ids, rest));
    }
    if ids.len() >= k {
        batches.push(ids);
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
            let ids: Vec<String> = (0..n).map(|i| i.to_string()).collect();
            let made = batches(ids, k);
            prop_assert!(made.iter().all(|batch| batch.len() >= k));
            let all: usize = made.iter().map(Vec::len).sum();
            prop_assert_eq!(all, if n >= k { n } else { 0 });
        }
    }

    #[test]
    fn an_agents_pool_is_one_whatever_the_team() {
        let (agent, team) = (AgentId::random(), TeamId::random());
        let pool = |agent: &Option<AgentId>, team: Option<&TeamId>| {
            Pool::of(Side::Apart, Question::Score, agent.clone(), team.cloned())
        };
        assert_eq!(pool(&Some(agent.clone()), Some(&team)), pool(&Some(agent), None));
        assert_eq!(pool(&None, Some(&team)).scope(), "team");
        assert_eq!(pool(&None, None).scope(), "organisation");
    }
}
