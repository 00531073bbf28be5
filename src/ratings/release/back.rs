//! What rides along: counted answers that are taken back (erased, left out) change no figure by themselves. They go out with
//! their pool's next release, and that one waits until it is still large enough without them. What comes out looks like any
//! other release: no count of it is negative, so nobody can tell that something was taken back, or what.

use super::Counted;
use crate::surveys::{self, QuestionKind as Kind};
use std::collections::BTreeMap;

/// A counted answer that is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TakenBack {
    pub id: String,
    /// Nothing for comments.
    pub value: Option<i64>,
    /// Which released comment goes.
    pub comment: Option<String>,
}

/// What a release will say.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Made {
    /// How often each value was given (of many: each option), less what goes; none of them 0.
    pub counts: BTreeMap<i64, i64>,
    /// Answers, less those that go: at least k.
    pub n: usize,
    /// What goes with it, for good.
    pub carried: Vec<TakenBack>,
}

/// The release that these answers to a question of this kind make; none where too little would be left. What does not fit,
/// because nobody has given that value now, waits for another one.
pub(super) fn make(kind: Kind, taken: &[Counted], back: &[TakenBack], k: usize) -> Option<Made> {
    let mut counts: BTreeMap<i64, i64> = BTreeMap::new();
    let values = taken.iter().filter_map(|c| c.value).flat_map(|number| surveys::chosen(kind, number));
    values.for_each(|value| *counts.entry(value).or_default() += 1);
    let fits = |one: &&TakenBack| {
        let gone: Vec<i64> = one.value.map(|number| surveys::chosen(kind, number)).unwrap_or_default();
        let there = gone.iter().all(|value| counts.get(value).is_some_and(|n| *n > 0));
        if there {
            gone.iter().for_each(|value| *counts.entry(*value).or_default() -= 1);
        }
        there
    };
    let carried: Vec<TakenBack> = back.iter().filter(fits).cloned().collect();
    counts.retain(|_, n| *n > 0);
    let n = taken.len().saturating_sub(carried.len());
    (n >= k).then_some(Made { counts, n, carried })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counted(values: &[i64]) -> Vec<Counted> {
        values.iter().map(|value| Counted { team: None, value: Some(*value), comment: None, quote: None }).collect()
    }

    fn back(values: &[i64]) -> Vec<TakenBack> {
        let one = |(at, value): (usize, &i64)| TakenBack { id: at.to_string(), value: Some(*value), comment: None };
        values.iter().enumerate().map(one).collect()
    }

    #[test]
    fn a_release_waits_until_it_is_large_enough_without_what_goes() {
        assert_eq!(make(Kind::Csat, &counted(&[5, 5, 5, 1, 4]), &back(&[1]), 5), None);
        let made = make(Kind::Csat, &counted(&[5, 5, 5, 1, 4, 4]), &back(&[1]), 5).unwrap();
        assert_eq!((made.counts, made.n), (BTreeMap::from([(4, 2), (5, 3)]), 5));
        assert_eq!(made.carried.len(), 1);
    }

    #[test]
    fn what_does_not_fit_stops_nothing() {
        let made = make(Kind::Csat, &counted(&[5, 5, 5, 5, 4]), &back(&[1, 2]), 5).unwrap();
        assert_eq!((made.n, made.carried.len()), (5, 0));
        let comments: Vec<_> =
            (0..6).map(|_| Counted { team: None, value: None, comment: Some("x".into()), quote: None }).collect();
        let gone = TakenBack { id: "1".into(), value: None, comment: Some("c".into()) };
        let made = make(Kind::Text, &comments, std::slice::from_ref(&gone), 5).unwrap();
        assert_eq!((made.counts.len(), made.n, made.carried), (0, 5, vec![gone]));
    }

    #[test]
    fn of_many_options_all_must_have_been_chosen_anew() {
        // Bits: options 0 and 2.
        let gone = back(&[0b101]);
        assert_eq!(make(Kind::ManyOf, &counted(&[1, 1, 1, 3]), &gone, 3).unwrap().carried.len(), 0, "nobody chose 2");
        let made = make(Kind::ManyOf, &counted(&[1, 4, 3, 1]), &gone, 3).unwrap();
        assert_eq!((made.counts, made.n), (BTreeMap::from([(0, 2), (1, 1)]), 3));
    }

    proptest! {
        /// Whatever comes and goes: each release has at least k answers and no negative count, and at the end the sums are
        /// those of everything counted less everything that went.
        #[test]
        fn sums_stay_right(
            rounds in prop::collection::vec((prop::collection::vec(1i64..=5, 0..12), prop::collection::vec(0usize..1000, 0..4)), 1..30),
            k in 3usize..8,
        ) {
            let (mut pool, mut counted_in, mut pending) = (Vec::new(), Vec::new(), Vec::new());
            let mut sums: BTreeMap<i64, i64> = BTreeMap::new();
            let mut truth: BTreeMap<i64, i64> = BTreeMap::new();
            for (new, gone) in rounds {
                pool.extend(new);
                for which in gone {
                    if !counted_in.is_empty() {
                        let value: i64 = counted_in.swap_remove(which % counted_in.len());
                        *truth.entry(value).or_default() -= 1;
                        pending.push(value);
                    }
                }
                let Some(made) = make(Kind::Csat, &counted(&pool), &back(&pending), k) else { continue };
                prop_assert!(made.n >= k && made.counts.values().all(|n| *n > 0));
                prop_assert_eq!(made.counts.values().sum::<i64>(), i64::try_from(made.n).unwrap());
                made.counts.iter().for_each(|(value, n)| *sums.entry(*value).or_default() += n);
                for one in &made.carried {
                    let at = pending.iter().position(|value| Some(*value) == one.value);
                    pending.swap_remove(at.unwrap());
                }
                pool.iter().for_each(|value| *truth.entry(*value).or_default() += 1);
                counted_in.append(&mut pool);
                let mut with_pending = truth.clone();
                pending.iter().for_each(|value| *with_pending.entry(*value).or_default() += 1);
                with_pending.retain(|_, n| *n != 0);
                let mut shown = sums.clone();
                shown.retain(|_, n| *n != 0);
                prop_assert_eq!(shown, with_pending);
            }
        }
    }
}
