//! Sums over whole releases, and the figures made from them.

use super::wilson::{Interval, wilson95};
use super::{Nps, Reason};

/// Share of hits among answers, with its confidence interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// Answers that count as hits.
    pub hits: u64,
    /// Answers; at least 1.
    pub n: u64,
    /// 95 % confidence interval.
    pub interval: Interval,
}

impl Share {
    /// Returns the share; `None` if there are no answers.
    pub fn new(hits: u64, n: u64) -> Option<Self> {
        wilson95(hits, n).map(|interval| Self { hits, n, interval })
    }

    /// Returns the share, between 0 and 1.
    pub fn value(&self) -> f64 {
        self.hits as f64 / self.n as f64
    }
}

/// Released counts: frequencies of each score, and of resolution.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Counts of scores 1 to 5.
    pub scores: [u64; 5],
    /// Count of "not resolved".
    pub unresolved: u64,
    /// Count of "resolved".
    pub resolved: u64,
    /// Counts of NPS answers 0 to 10.
    pub recommend: [u64; 11],
    /// Counts of CES answers 1 to 7.
    pub effort: [u64; 7],
    /// Counts of excluded conversations, by [`Reason::value`].
    pub excluded: [u64; Reason::ALL.len()],
}

/// Index of the lowest score that counts as satisfied.
const SATISFIED: usize = 4;
/// Index of the lowest value that counts as easy.
const EASY: usize = 5;

impl Counts {
    /// Adds a released count; unknown questions and values are ignored.
    pub fn add(&mut self, question: &str, value: i64, n: i64) {
        let n = u64::try_from(n).unwrap_or(0);
        let at = |first: i64| usize::try_from(value - first).unwrap_or(usize::MAX);
        // A survey's own questions are named by kind, survey and number; those of one kind are summed.
        let kind = question.split('.').next().unwrap_or_default();
        let count = match (kind, value) {
            ("score", _) => self.scores.get_mut(at(1)),
            ("resolved", 0) => Some(&mut self.unresolved),
            ("resolved", 1) => Some(&mut self.resolved),
            ("nps", _) => self.recommend.get_mut(at(0)),
            ("ces", _) => self.effort.get_mut(at(1)),
            ("excluded", _) => self.excluded.get_mut(at(0)),
            _ => None,
        };
        if let Some(count) = count {
            *count += n;
        }
    }

    /// Adds other counts.
    pub fn merge(&mut self, other: &Self) {
        self.scores.iter_mut().zip(other.scores).for_each(|(count, more)| *count += more);
        self.recommend.iter_mut().zip(other.recommend).for_each(|(count, more)| *count += more);
        self.effort.iter_mut().zip(other.effort).for_each(|(count, more)| *count += more);
        self.excluded.iter_mut().zip(other.excluded).for_each(|(count, more)| *count += more);
        self.unresolved += other.unresolved;
        self.resolved += other.resolved;
    }

    /// Returns the counts without a part of them.
    pub fn without(&self, part: &Self) -> Self {
        let mut rest = *self;
        rest.scores.iter_mut().zip(part.scores).for_each(|(count, less)| *count = count.saturating_sub(less));
        rest.recommend.iter_mut().zip(part.recommend).for_each(|(count, less)| *count = count.saturating_sub(less));
        rest.effort.iter_mut().zip(part.effort).for_each(|(count, less)| *count = count.saturating_sub(less));
        rest.excluded.iter_mut().zip(part.excluded).for_each(|(count, less)| *count = count.saturating_sub(less));
        rest.unresolved = rest.unresolved.saturating_sub(part.unresolved);
        rest.resolved = rest.resolved.saturating_sub(part.resolved);
        rest
    }

    /// Returns the number of scores: the n of CSAT and mean.
    pub fn answers(&self) -> u64 {
        self.scores.iter().sum()
    }

    /// Returns CSAT: the share of scores 4 and 5.
    pub fn csat(&self) -> Option<Share> {
        Share::new(self.scores.iter().skip(SATISFIED - 1).sum(), self.answers())
    }

    /// Returns the mean score, 1 to 5.
    pub fn mean(&self) -> Option<f64> {
        let sum: u64 = self.scores.iter().zip(1..).map(|(count, score)| count * score).sum();
        let answers = self.answers();
        (answers > 0).then(|| sum as f64 / answers as f64)
    }

    /// Returns the share of "yes" to "was it resolved?".
    pub fn resolved(&self) -> Option<Share> {
        Share::new(self.resolved, self.resolved + self.unresolved)
    }

    /// Returns the net promoter score.
    pub fn nps(&self) -> Option<Nps> {
        let sum = |values: std::ops::RangeInclusive<usize>| self.recommend.get(values).unwrap_or_default().iter().sum();
        Nps::new(sum(0..=6), sum(7..=8), sum(9..=10))
    }

    /// Returns the customer effort score: the share of 5, 6 and 7.
    pub fn ces(&self) -> Option<Share> {
        Share::new(self.effort.iter().skip(EASY - 1).sum(), self.effort.iter().sum())
    }

    /// Returns the mean of the CES answers, 1 to 7.
    pub fn mean_effort(&self) -> Option<f64> {
        let sum: u64 = self.effort.iter().zip(1..).map(|(count, value)| count * value).sum();
        let answers: u64 = self.effort.iter().sum();
        (answers > 0).then(|| sum as f64 / answers as f64)
    }

    /// Returns the reasons of exclusions with their counts, most frequent first.
    pub fn reasons(&self) -> Vec<(Reason, u64)> {
        let mut all: Vec<(Reason, u64)> = Reason::ALL.into_iter().zip(self.excluded).filter(|(_, n)| *n > 0).collect();
        all.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        all
    }
}

/// Response rate: answers per invitation, in steps of ten percent.
///
/// The exact rate is never shown. Supervisors and agents know which interactions were surveyed; a rate of 100 % would
/// reveal of every single customer that they answered. So the rate is rounded to tens and stops at 90 %. It counts
/// released answers only, as `n` does, so it reveals nothing about those that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResponseRate {
    /// 10, 20, … 90.
    pub about_percent: u8,
}

impl ResponseRate {
    /// Returns the rate; `None` if nothing is released, or more than was asked in these months (answers of earlier
    /// invitations).
    pub fn new(answers: u64, invitations: u64) -> Option<Self> {
        if answers == 0 || answers > invitations {
            return None;
        }
        let tens = (answers as f64 / invitations as f64 * 10.0).round().clamp(1.0, 9.0);
        // Between 10 and 90.
        Some(Self { about_percent: tens as u8 * 10 })
    }

    /// Returns the rate in words.
    pub fn say(self) -> String {
        match self.about_percent {
            10 => "about 10 % or less".into(),
            90 => "about 90 % or more".into(),
            n => format!("about {n} %"),
        }
    }
}

/// Comparison of one CSAT with that of all the others shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// Nothing was released about this one, or about the others.
    Open,
    /// The intervals overlap: no significant difference.
    Same,
    /// The whole interval is above the others'.
    Above,
    /// The whole interval is below the others'.
    Below,
}

impl Comparison {
    /// Compares one with all the others together. If the two 95 % intervals do not touch, the shares differ; if they
    /// do, the data show no difference, which does not prove that they are equal.
    pub fn of(one: Option<Share>, others: Option<Share>) -> Self {
        let (Some(one), Some(others)) = (one, others) else { return Self::Open };
        if one.interval.overlaps(others.interval) {
            Self::Same
        } else if one.interval.low > others.interval.high {
            Self::Above
        } else {
            Self::Below
        }
    }

    /// Returns the code for JSON and CSV.
    pub fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Same => "no_difference",
            Self::Above => "above_others",
            Self::Below => "below_others",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(scores: [u64; 5]) -> Counts {
        Counts { scores, ..Counts::default() }
    }

    #[test]
    fn csat_is_the_share_of_fours_and_fives() {
        let counts = counts([1, 0, 2, 3, 4]);
        let csat = counts.csat().unwrap();
        assert_eq!((csat.hits, csat.n, csat.value()), (7, 10, 0.7));
        assert_eq!(counts.mean(), Some(3.9));
        assert_eq!(Counts::default().csat(), None);
        assert_eq!(Counts::default().mean(), None);
    }

    #[test]
    fn released_sums_are_counted_and_odd_ones_left_out() {
        let mut sum = Counts::default();
        for (question, value, n) in [
            ("score", 5, 3),
            ("score", 1, 2),
            ("score", 6, 9),
            ("resolved", 1, 4),
            ("resolved", 0, 1),
            ("comment", 1, 7),
            ("score", 2, -5),
        ] {
            sum.add(question, value, n);
        }
        assert_eq!(sum, Counts { scores: [2, 0, 0, 0, 3], unresolved: 1, resolved: 4, ..Counts::default() });
        let mut twice = sum;
        twice.merge(&sum);
        assert_eq!((twice.answers(), twice.resolved().unwrap().n), (10, 10));
        assert_eq!(twice.without(&sum), sum);
    }

    #[test]
    fn recommending_and_effort_have_their_figures() {
        let mut sum = Counts::default();
        for (question, value, n) in [
            ("nps.a.1", 10, 4),
            ("nps.b.2", 9, 2),
            ("nps.a.1", 8, 3),
            ("nps.a.1", 6, 1),
            ("nps.a.1", 11, 9),
            ("ces.a.3", 7, 2),
            ("ces.a.3", 4, 2),
        ] {
            sum.add(question, value, n);
        }
        let nps = sum.nps().unwrap();
        assert_eq!((nps.promoters, nps.passives, nps.detractors, nps.points()), (6, 3, 1, 50.0));
        assert_eq!((sum.ces().unwrap().value(), sum.mean_effort()), (0.5, Some(5.5)));
        assert_eq!((Counts::default().nps(), Counts::default().mean_effort()), (None, None));
    }

    #[test]
    fn differences_are_told_only_where_the_intervals_are_apart() {
        let (good, bad, few) = (Share::new(95, 100), Share::new(60, 100), Share::new(4, 5));
        assert_eq!(Comparison::of(good, bad), Comparison::Above);
        assert_eq!(Comparison::of(bad, good), Comparison::Below);
        assert_eq!(Comparison::of(few, good), Comparison::Same, "a bare mean would rank them");
        assert_eq!(Comparison::of(None, good), Comparison::Open);
        assert_eq!(Comparison::of(good, None), Comparison::Open);
    }

    #[test]
    fn the_response_rate_never_says_all_or_exactly() {
        assert_eq!(ResponseRate::new(0, 40), None);
        assert_eq!(ResponseRate::new(9, 5), None);
        assert_eq!(ResponseRate::new(5, 5).unwrap().say(), "about 90 % or more");
        assert_eq!(ResponseRate::new(1, 1000).unwrap().say(), "about 10 % or less");
        assert_eq!(ResponseRate::new(33, 100).unwrap().say(), "about 30 %");
    }
}
