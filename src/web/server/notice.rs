//! Rate-limited log lines about events that occur thousands of times a second under attack.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Minimum time between two lines.
const INTERVAL: Duration = Duration::from_secs(60);

/// Counts an event and decides when a line about it is due: at the first one, then at most once a minute.
#[derive(Debug, Default)]
pub(super) struct Notice {
    state: Mutex<(Option<Instant>, u64)>,
}

impl Notice {
    /// Counts one event. Returns the number of events since the last line where a line is due now.
    pub(super) fn count(&self) -> Option<u64> {
        self.count_at(Instant::now())
    }

    fn count_at(&self, now: Instant) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.1 += 1;
        if state.0.is_some_and(|last| now < last + INTERVAL) {
            return None;
        }
        state.0 = Some(now);
        Some(std::mem::take(&mut state.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_due_once_a_minute_and_counts_what_was_left_out() {
        let (notice, begin) = (Notice::default(), Instant::now());
        assert_eq!(notice.count_at(begin), Some(1));
        for _ in 0..300 {
            assert_eq!(notice.count_at(begin), None);
        }
        assert_eq!(notice.count_at(begin + INTERVAL), Some(301));
    }
}
