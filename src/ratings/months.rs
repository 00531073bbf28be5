//! Months: the only time resolution of ratings.

use crate::clock::{Timestamp, Zone};
use std::fmt;
use std::str::FromStr;

/// A month of a year: `2026-11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    /// Months since January of the year 0.
    count: i32,
}

/// Errors of periods.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// The text is not of the form `2026-11`.
    #[error("\"{0}\" is not a month such as 2026-11")]
    NotAMonth(String),
    /// It ends before it begins.
    #[error("the period ends ({to}) before it begins ({from})")]
    Backwards {
        /// First month.
        from: Month,
        /// Last month.
        to: Month,
    },
    /// The period has more months than a chart can show.
    #[error("a period has at most {MAX_MONTHS} months")]
    TooLong,
}

/// Maximum number of months of a figure: ten years.
pub const MAX_MONTHS: usize = 120;
/// Number of months shown by default.
const USUAL_MONTHS: i32 = 12;

impl Month {
    /// Returns the month of a time in this zone.
    pub fn of(zone: &Zone, at: Timestamp) -> Self {
        let date = zone.date(at);
        Self { count: i32::from(date.year()) * 12 + i32::from(date.month()) - 1 }
    }

    /// Returns the year.
    pub fn year(self) -> i32 {
        self.count.div_euclid(12)
    }

    /// Returns the number of the month, 1 to 12.
    fn number(self) -> i32 {
        self.count.rem_euclid(12) + 1
    }

    /// Returns the month that many months later; earlier if negative.
    pub fn plus(self, months: i32) -> Self {
        Self { count: self.count + months }
    }

    /// Returns the short name: `Nov`.
    pub fn short(self) -> &'static str {
        const NAMES: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        NAMES.get(self.count.rem_euclid(12).unsigned_abs() as usize).copied().unwrap_or_default()
    }

    /// Returns the label: `Nov 2026`.
    pub fn label(self) -> String {
        format!("{} {}", self.short(), self.year())
    }

    /// Whether it is January.
    pub fn begins_year(self) -> bool {
        self.number() == 1
    }

    /// Returns the start of the month in this zone.
    pub fn begin(self, zone: &Zone) -> Timestamp {
        let far = || if self.count < 0 { Timestamp(i64::MIN) } else { Timestamp(i64::MAX) };
        format!("{self}-01").parse().map_or_else(|_| far(), |first| zone.begin(first))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.number())
    }
}

impl FromStr for Month {
    type Err = PeriodError;
    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let wrong = || PeriodError::NotAMonth(text.to_owned());
        let (year, month) = text.trim().split_once('-').ok_or_else(wrong)?;
        let digits = |part: &str, length| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return Err(wrong());
        }
        let (year, month): (i32, i32) = (year.parse().map_err(|_| wrong())?, month.parse().map_err(|_| wrong())?);
        if (1..=12).contains(&month) { Ok(Self { count: year * 12 + month - 1 }) } else { Err(wrong()) }
    }
}

/// A range of whole months, both ends inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    from: Month,
    to: Month,
}

impl Period {
    /// Creates a period. Errors: the end precedes the start, or there are more than [`MAX_MONTHS`].
    pub fn new(from: Month, to: Month) -> Result<Self, PeriodError> {
        if to < from {
            return Err(PeriodError::Backwards { from, to });
        }
        let period = Self { from, to };
        if period.len() > MAX_MONTHS { Err(PeriodError::TooLong) } else { Ok(period) }
    }

    /// Parses an entered period; empty ends default to twelve months up to now.
    pub fn asked(from: &str, to: &str, now: Month) -> Result<Self, PeriodError> {
        let to = if to.trim().is_empty() { now } else { to.parse()? };
        let from = if from.trim().is_empty() { to.plus(1 - USUAL_MONTHS) } else { from.parse()? };
        Self::new(from, to)
    }

    /// Returns the first month.
    pub fn from(self) -> Month {
        self.from
    }

    /// Returns the last month.
    pub fn to(self) -> Month {
        self.to
    }

    /// Returns the number of months.
    #[expect(clippy::len_without_is_empty, reason = "a period has a month at least")]
    pub fn len(self) -> usize {
        usize::try_from(self.to.count - self.from.count + 1).unwrap_or(0)
    }

    /// Returns its months in order.
    pub fn months(self) -> impl Iterator<Item = Month> {
        (self.from.count..=self.to.count).map(|count| Month { count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_read_counted_and_written() {
        let month: Month = "2026-11".parse().unwrap();
        assert_eq!((month.to_string(), month.label()), ("2026-11".into(), "Nov 2026".into()));
        assert_eq!((month.plus(2).to_string(), month.plus(-11).to_string()), ("2027-01".into(), "2025-12".into()));
        for zone in ["UTC", "Pacific/Auckland", "America/New_York"].map(|zone| zone.parse::<Zone>().unwrap()) {
            assert_eq!(Month::of(&zone, month.begin(&zone)), month);
            assert_eq!(Month::of(&zone, month.begin(&zone).plus_ms(-1)), month.plus(-1));
        }
        assert!(month.plus(2).begins_year());
        for wrong in ["", "2026", "2026-13", "2026-00", "26-11", "2026-1", "2026-11-01", "+026-11", "٢٠٢٦-١١"] {
            assert!(wrong.parse::<Month>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_period_is_whole_and_goes_forwards() {
        let now: Month = "2026-11".parse().unwrap();
        let usual = Period::asked("", "", now).unwrap();
        assert_eq!(
            (usual.from().to_string(), usual.to().to_string(), usual.len()),
            ("2025-12".into(), "2026-11".into(), 12)
        );
        let one = Period::asked("2026-11", "2026-11", now).unwrap();
        assert_eq!(one.months().map(|m| m.to_string()).collect::<Vec<_>>(), ["2026-11"]);
        assert!(matches!(Period::asked("2026-12", "2026-11", now), Err(PeriodError::Backwards { .. })));
        assert_eq!(Period::asked("1900-01", "2026-11", now), Err(PeriodError::TooLong));
    }
}
