//! Formats of durations and percentages on these pages.

use std::time::Duration;

/// Returns the approximate duration: "40 seconds", "12 minutes", "5 hours", "3 days".
pub(super) fn about(time: Duration) -> String {
    let (n, word) = match time.as_secs() {
        s @ ..100 => (s.max(1), "second"),
        s @ 100..6_000 => (s.div_ceil(60), "minute"),
        s @ 6_000..172_800 => (s.div_ceil(3_600), "hour"),
        s => (s.div_ceil(86_400), "day"),
    };
    if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") }
}

/// Returns 0.934 as "93 %".
pub(super) fn percent(share: f32) -> String {
    format!("{:.0}\u{a0}%", share.clamp(0.0, 1.0) * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_in_one_unit() {
        let said = [0, 1, 40, 100, 720, 6_000, 18_001, 200_000].map(|s| about(Duration::from_secs(s)));
        assert_eq!(
            said,
            ["1 second", "1 second", "40 seconds", "2 minutes", "12 minutes", "2 hours", "6 hours", "3 days"]
        );
        assert_eq!(percent(0.934), "93\u{a0}%");
    }
}
