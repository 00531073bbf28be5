//! Messages of a mailbox that could not be read. One of them must not keep the others from being read: it comes after them,
//! and after some tries it is passed over. In memory: a process that starts anew tries anew.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Number of failures after which a message is skipped.
const MAX_ATTEMPTS: u32 = 3;

/// How often messages failed.
#[derive(Debug, Default)]
pub(super) struct Unreadable(Mutex<Tries>);

#[derive(Debug, Default)]
struct Tries {
    /// The mailbox's UIDVALIDITY, which says whose numbers these are.
    validity: Option<u32>,
    failed: BTreeMap<u32, u32>,
}

/// What is to be done with the messages of a mailbox, by their UIDs.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ReadPlan {
    /// To be read: those that never failed first.
    pub read: Vec<u32>,
    /// To be passed over.
    pub pass_over: Vec<u32>,
}

impl Unreadable {
    fn tries(&self) -> MutexGuard<'_, Tries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be done with these. Others are forgotten: somebody has dealt with them.
    pub fn plan(&self, validity: Option<u32>, mut unseen: Vec<u32>) -> ReadPlan {
        let mut tries = self.tries();
        if tries.validity != validity {
            *tries = Tries { validity, failed: BTreeMap::new() };
        }
        unseen.sort_unstable();
        tries.failed.retain(|uid, _| unseen.binary_search(uid).is_ok());
        let failed = |uid: &u32| tries.failed.get(uid).copied().unwrap_or_default();
        let (pass_over, mut read): (Vec<_>, Vec<_>) = unseen.into_iter().partition(|uid| failed(uid) >= MAX_ATTEMPTS);
        read.sort_by_key(failed);
        ReadPlan { read, pass_over }
    }

    /// This one could not be read.
    pub fn failed(&self, uid: u32) {
        *self.tries().failed.entry(uid).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_comes_last_and_is_passed_over_in_the_end() {
        let unreadable = Unreadable::default();
        let plan = |validity, unseen: &[u32]| {
            let plan = unreadable.plan(Some(validity), unseen.to_vec());
            (plan.read, plan.pass_over)
        };
        assert_eq!(plan(1, &[7, 3, 5]), (vec![3, 5, 7], vec![]));
        unreadable.failed(3);
        unreadable.failed(3);
        unreadable.failed(5);
        assert_eq!(plan(1, &[3, 5, 7, 9]), (vec![7, 9, 5, 3], vec![]));
        unreadable.failed(3);
        assert_eq!(plan(1, &[3, 5, 9]), (vec![9, 5], vec![3]));
        // Whoever marks it as unseen again wants it tried again.
        assert_eq!(plan(1, &[5]), (vec![5], vec![]));
        assert_eq!(plan(1, &[3, 5]), (vec![3, 5], vec![]));
        assert_eq!(plan(2, &[5, 6]), (vec![5, 6], vec![]), "another mailbox's numbers");
    }
}
