//! The net promoter score and its interval.

use super::wilson::Z95;

/// Counts of the NPS answers, 0 to 10.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nps {
    /// Count of 9 and 10.
    pub promoters: u64,
    /// Count of 7 and 8.
    pub passives: u64,
    /// Count of 0 to 6.
    pub detractors: u64,
}

impl Nps {
    /// Returns the score; `None` if there are no answers.
    pub fn new(detractors: u64, passives: u64, promoters: u64) -> Option<Self> {
        (detractors + passives + promoters > 0).then_some(Self { promoters, passives, detractors })
    }

    /// Returns the number of answers; at least 1.
    pub fn n(self) -> u64 {
        self.promoters + self.passives + self.detractors
    }

    /// Returns the percentage of promoters less that of detractors: -100 to 100.
    pub fn points(self) -> f64 {
        (self.promoters as f64 - self.detractors as f64) / self.n() as f64 * 100.0
    }

    /// Returns both ends of the 95 % interval, in points: the adjusted Wald interval with three answers added, three
    /// quarters of one to either side and the rest between. As for shares, it has a width even if all answers are
    /// equal.
    ///
    /// Source: B. Rocks, "Interval estimation for the Net Promoter Score", The American Statistician 70 (2016),
    /// 365–372.
    pub fn interval(self) -> (f64, f64) {
        let n = self.n() as f64 + 3.0;
        let (up, down) = ((self.promoters as f64 + 0.75) / n, (self.detractors as f64 + 0.75) / n);
        let middle = up - down;
        let reach = Z95 * ((up + down - middle * middle) / n).sqrt();
        (((middle - reach) * 100.0).max(-100.0), ((middle + reach) * 100.0).min(100.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_promoters_less_detractors() {
        assert_eq!(Nps::new(0, 0, 0), None);
        assert_eq!(Nps::new(0, 0, 7).unwrap().points(), 100.0);
        assert_eq!(Nps::new(7, 0, 0).unwrap().points(), -100.0);
        assert_eq!(Nps::new(2, 3, 5).unwrap().points(), 30.0);
    }

    #[test]
    fn the_interval_holds_the_points_and_narrows() {
        for (down, between, up) in [(1, 1, 1), (0, 0, 5), (5, 0, 0), (2, 30, 70), (0, 5, 0)] {
            let nps = Nps::new(down, between, up).unwrap();
            let (low, high) = nps.interval();
            assert!((-100.0..=100.0).contains(&low) && (-100.0..=100.0).contains(&high) && low < high);
            assert!(low <= nps.points() && nps.points() <= high, "{nps:?}: {low} to {high}");
            let (low10, high10) = Nps::new(down * 10, between * 10, up * 10).unwrap().interval();
            assert!(high10 - low10 < high - low);
        }
    }
}
