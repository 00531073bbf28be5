//! Longest time limits of any rule. They determine how long marks and records without a time of their own are kept.

use super::Rule;
use super::choose::days;
use crate::clock::Timestamp;
use crate::database::DbError;
use crate::surveys::Surveys;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Time for which cached limits are used, in ms, unless rules are saved on this node: every apart answer needs them.
const MAX_AGE_MS: i64 = 10_000;

/// Longest time limits of any rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest quiet period.
    pub quiet: Duration,
    /// Longest life of a link that is sent now.
    pub open: Duration,
    /// Whether links differ in how long they can be answered.
    pub varies: bool,
    /// Number of this reading of the rules, from 1: differs from every other one's in this process.
    pub reading: u64,
}

/// Cache of the limits.
#[derive(Debug, Default)]
pub struct LimitsCache {
    last: Mutex<Option<(Timestamp, Limits)>>,
    readings: AtomicU64,
}

impl LimitsCache {
    fn value(&self) -> MutexGuard<'_, Option<(Timestamp, Limits)>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Clears the cache after a change of the rules.
    pub(super) fn clear(&self) {
        *self.value() = None;
    }
}

impl Surveys {
    /// Returns the longest time limits of any rule; up to ten seconds old.
    pub async fn limits(&self) -> Result<Limits, DbError> {
        let now = self.now();
        let fresh = |(read_at, _): &(Timestamp, Limits)| (0..MAX_AGE_MS).contains(&now.ms_since(*read_at));
        let cached = self.inner.limits.value().filter(fresh);
        if let Some((_, limits)) = cached {
            return Ok(limits);
        }
        let limits = self.limits_of_rules().await?;
        *self.inner.limits.value() = Some((now, limits));
        Ok(limits)
    }

    async fn limits_of_rules(&self) -> Result<Limits, DbError> {
        let rules = self.rules().await?.rules.rules;
        let most = |of: fn(&Rule) -> Option<u16>, usual: Duration| {
            rules.iter().filter_map(of).map(days).chain([usual]).max().unwrap_or(usual)
        };
        let settings = &self.inner.settings;
        let other = |rule: &Rule| rule.expires_days.is_some_and(|n| days(n) != settings.expires_after);
        Ok(Limits {
            quiet: most(|rule| rule.quiet_days, settings.quiet_period),
            open: most(|rule| rule.expires_days, settings.expires_after),
            varies: rules.iter().any(other),
            reading: self.inner.limits.readings.fetch_add(1, Ordering::Relaxed) + 1,
        })
    }
}
