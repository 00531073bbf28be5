//! Messages of a mailbox that could not be read. Such a message must not block the others: it is read after them, and
//! is skipped after some attempts. Kept in memory: a restarted process tries again.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Number of failures after which a message is skipped.
const MAX_ATTEMPTS: u32 = 3;

/// Number of failures by message.
#[derive(Debug, Default)]
pub(super) struct Unreadable(Mutex<Tries>);

#[derive(Debug, Default)]
struct Tries {
    /// UIDVALIDITY of the mailbox, for which the UIDs are valid.
    validity: Option<u32>,
    failed: BTreeMap<u32, u32>,
}

/// Plan for the messages of a mailbox, by their UIDs.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ReadPlan {
    /// UIDs to be read: those that never failed first.
    pub read: Vec<u32>,
    /// UIDs to be skipped.
    pub pass_over: Vec<u32>,
}

impl Unreadable {
    fn tries(&self) -> MutexGuard<'_, Tries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the plan for these messages. Failures of others are dropped: they were dealt with.
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

    /// Records that this message could not be read.
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
        // A message that is marked as unseen again is tried again.
        assert_eq!(plan(1, &[5]), (vec![5], vec![]));
        assert_eq!(plan(1, &[3, 5]), (vec![3, 5], vec![]));
        assert_eq!(plan(2, &[5, 6]), (vec![5, 6], vec![]), "another mailbox's numbers");
    }
}
