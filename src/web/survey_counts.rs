//! Requests of customers' pages, counted by day. A figure that changes when a survey is opened or answered would reveal
//! that time to readers of `/metrics`; so a day's figures are published when the day is over.

use crate::clock::{SharedClock, Timestamp};
use poem::http::StatusCode;
use std::sync::{Mutex, PoisonError};

const DAY_MS: i64 = 86_400_000;
/// Status classes by the first digit.
const CLASSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];

/// A day's requests of customers' pages, all together, by class of status. A restart begins at zero.
pub struct SurveyCounts {
    clock: SharedClock,
    days: Mutex<Days>,
}

/// Days begin at midnight UTC and are counted from 1970-01-01.
#[derive(Debug, Default)]
struct Days {
    today: i64,
    of_today: [u64; 4],
    of_yesterday: [u64; 4],
}

impl Days {
    fn turn_to(&mut self, now: Timestamp) {
        let today = now.0.div_euclid(DAY_MS);
        if today > self.today {
            let finished = std::mem::take(&mut self.of_today);
            self.of_yesterday = if today == self.today + 1 { finished } else { [0; 4] };
            self.today = today;
        }
    }
}

impl SurveyCounts {
    /// Returns empty counts.
    pub fn new(clock: SharedClock) -> Self {
        Self { clock, days: Mutex::default() }
    }

    /// Counts an answered request.
    pub fn count(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).saturating_sub(2).min(CLASSES.len() - 1);
        let mut days = self.days.lock().unwrap_or_else(PoisonError::into_inner);
        days.turn_to(self.clock.now());
        days.of_today[class] += 1;
    }

    /// Returns the number of requests of the last finished day, for each class of status.
    pub fn yesterday(&self) -> [(&'static str, u64); 4] {
        let mut days = self.days.lock().unwrap_or_else(PoisonError::into_inner);
        days.turn_to(self.clock.now());
        std::array::from_fn(|class| (CLASSES[class], days.of_yesterday[class]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use std::sync::Arc;
    use std::time::Duration;

    #[test]
    fn a_day_is_told_when_it_is_over_and_for_one_day() {
        let clock = ManualClock::new(Timestamp(10 * DAY_MS));
        let counts = SurveyCounts::new(Arc::new(clock.clone()));
        for status in [200, 200, 404, 503] {
            counts.count(StatusCode::from_u16(status).unwrap());
        }
        let nothing = [("2xx", 0), ("3xx", 0), ("4xx", 0), ("5xx", 0)];
        assert_eq!(counts.yesterday(), nothing);
        clock.advance(Duration::from_secs(86_400));
        counts.count(StatusCode::OK);
        assert_eq!(counts.yesterday(), [("2xx", 2), ("3xx", 0), ("4xx", 1), ("5xx", 1)]);
        clock.advance(Duration::from_secs(3 * 86_400));
        assert_eq!(counts.yesterday(), nothing);
    }
}
