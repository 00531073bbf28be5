//! Bound for guessing by chance.
//!
//! A guess among n conversations is right with probability 1/n; the sum of many such guesses has the mean Σ1/n and the
//! variance Σ(1/n)(1−1/n). More than 4.5 standard deviations and three hits above the mean is called better than
//! chance: for uninformed guesses, fewer than one run in 100,000 is. An attacker who knows every third of twelve
//! answers hits four times as often as chance and is detected with these numbers of answers in practically every run.

use std::fmt;

/// Counts of guesses.
#[derive(Debug, Clone, Copy, Default)]
pub struct Score {
    guesses: u32,
    hits: u32,
    mean: f64,
    variance: f64,
}

impl Score {
    /// Returns the score of one guess among this many.
    pub fn guess(among: usize, hit: bool) -> Self {
        let p = 1.0 / among.max(1) as f64;
        Self { guesses: 1, hits: u32::from(hit), mean: p, variance: p * (1.0 - p) }
    }

    pub fn plus(self, other: Self) -> Self {
        Self {
            guesses: self.guesses + other.guesses,
            hits: self.hits + other.hits,
            mean: self.mean + other.mean,
            variance: self.variance + other.variance,
        }
    }

    pub fn better_than_chance(self) -> bool {
        f64::from(self.hits) > self.mean + 4.5 * self.variance.sqrt() + 3.0
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bound = self.mean + 4.5 * self.variance.sqrt() + 3.0;
        write!(f, "{} of {} right; chance {:.1}, bound {bound:.1}", self.hits, self.guesses, self.mean)
    }
}
