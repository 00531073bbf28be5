//! Longest time for which links and quiet periods last. They determine how long marks and records without a time of
//! their own are kept.

use super::{Invitations, store};
use crate::clock::Timestamp;
use crate::database::DbError;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Longest time limits that hold for any survey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spans {
    /// Longest quiet period.
    pub quiet: Duration,
    /// Longest remaining life of any link that is open or is sent now.
    pub open: Duration,
    /// Whether links differ in how long they can be answered.
    pub varies: bool,
}

/// Cache of the time at which the last open link expires, with the number of the reading of the rules: it is read again
/// whenever they are.
#[derive(Debug, Default)]
pub(super) struct LastOpen(Mutex<Option<(u64, Option<Timestamp>)>>);

impl LastOpen {
    fn value(&self) -> MutexGuard<'_, Option<(u64, Option<Timestamp>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Invitations {
    /// Returns the longest quiet period of any rule, and the longest life of a link: of one that is sent now by any
    /// rule, and of those that are open, by whichever rule they were sent. Up to ten seconds old.
    pub async fn spans(&self) -> Result<Spans, DbError> {
        let (now, limits) = (self.now(), self.inner.surveys.limits().await?);
        let cached = self.inner.last_open.value().filter(|(reading, _)| *reading == limits.reading);
        let last = match cached {
            Some((_, last)) => last,
            None => {
                let last = store::last_open(self.inner.db.read().await?.conn()).await?;
                *self.inner.last_open.value() = Some((limits.reading, last));
                last
            }
        };
        let left = last.map_or(0, |last| last.ms_since(now));
        let left = Duration::from_millis(u64::try_from(left).unwrap_or_default());
        Ok(Spans { quiet: limits.quiet, open: limits.open.max(left), varies: limits.varies || left > limits.open })
    }
}
