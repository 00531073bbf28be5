//! The Wilson score interval of a share.

/// Quantile of the normal distribution for 95 %: 2.5 % are beyond it on either side.
pub(super) const Z95: f64 = 1.959_963_984_540_054;

/// A 95 % confidence interval of a share; both ends between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// Whether the two overlap: there is then no significant difference.
    pub fn overlaps(self, other: Self) -> bool {
        self.low <= other.high && other.low <= self.high
    }
}

/// Returns the 95 % Wilson score interval (without continuity correction) of `hits` out of `n`; `None` if `n` is 0 or
/// less than `hits`.
///
/// Unlike the textbook interval (share ± 1.96 standard errors) it never leaves 0 to 1, has a width even if all or none
/// are hits, and keeps its coverage for the small numbers of single agents.
///
/// Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the
/// American Statistical Association 22 (1927), 209–212; method 3 of R. G. Newcombe, "Two-sided confidence intervals for
/// the single proportion", Statistics in Medicine 17 (1998), 857–872, whose table 1 is checked by the tests.
pub fn wilson95(hits: u64, n: u64) -> Option<Interval> {
    if n == 0 || hits > n {
        return None;
    }
    // Exact up to 2^53, far beyond any number of answers.
    let (total, share) = (n as f64, hits as f64 / n as f64);
    let z2 = Z95 * Z95;
    let middle = share + z2 / (2.0 * total);
    let reach = Z95 * (share * (1.0 - share) / total + z2 / (4.0 * total * total)).sqrt();
    let scale = 1.0 + z2 / total;
    // At the ends the formula gives 0 and 1 up to rounding.
    let low = if hits == 0 { 0.0 } else { ((middle - reach) / scale).clamp(0.0, 1.0) };
    let high = if hits == n { 1.0 } else { ((middle + reach) / scale).clamp(0.0, 1.0) };
    Some(Interval { low, high })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rounded(hits: u64, n: u64) -> (f64, f64) {
        let four = |x: f64| (x * 1e4).round() / 1e4;
        let interval = wilson95(hits, n).unwrap();
        (four(interval.low), four(interval.high))
    }

    #[test]
    fn it_gives_the_published_values() {
        // Newcombe 1998, table 1, method 3.
        assert_eq!(rounded(81, 263), (0.2553, 0.3662));
        assert_eq!(rounded(15, 148), (0.0624, 0.1605));
        assert_eq!(rounded(0, 20), (0.0, 0.1611));
        assert_eq!(rounded(1, 29), (0.0061, 0.1718));
        // Brown, Cai and DasGupta 2001 and every textbook: symmetric, so 20 of 20 mirrors 0 of 20.
        assert_eq!(rounded(20, 20), (0.8389, 1.0));
        assert_eq!(rounded(5, 10), (0.2366, 0.7634));
    }

    #[test]
    fn nothing_has_no_interval() {
        assert_eq!(wilson95(0, 0), None);
        assert_eq!(wilson95(2, 1), None);
    }

    proptest! {
        #[test]
        fn the_share_lies_inside_and_more_answers_narrow_it((hits, n) in (1u64..2000).prop_flat_map(|n| (0..=n, Just(n)))) {
            let one = wilson95(hits, n).unwrap();
            let share = hits as f64 / n as f64;
            prop_assert!(0.0 <= one.low && one.low <= share && share <= one.high && one.high <= 1.0);
            prop_assert!(one.low < one.high);
            let ten = wilson95(hits * 10, n * 10).unwrap();
            prop_assert!(ten.high - ten.low < one.high - one.low);
        }

        #[test]
        fn misses_mirror_hits((hits, n) in (1u64..2000).prop_flat_map(|n| (0..=n, Just(n)))) {
            let (one, other) = (wilson95(hits, n).unwrap(), wilson95(n - hits, n).unwrap());
            prop_assert!((one.low - (1.0 - other.high)).abs() < 1e-12);
        }
    }
}
