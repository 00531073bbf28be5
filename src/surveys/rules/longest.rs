//! Longest time limits that hold for any survey. They determine how long marks and records without a time of their own
//! are kept.

use super::choose::days;
use super::{Rule, store};
use crate::clock::Timestamp;
use crate::database::DbError;
use crate::surveys::Surveys;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Time for which the cached values are used, in ms, unless rules are saved on this node: every apart answer needs
/// them.
const BELIEVED: i64 = 10_000;

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

/// Values that were read last.
#[derive(Debug, Clone, Copy)]
struct Known {
    at: Timestamp,
    rules: Spans,
    last_open: Option<Timestamp>,
}

/// Cache of the longest time limits.
#[derive(Debug, Default)]
pub struct Longest(Mutex<Option<Known>>);

impl Longest {
    fn known(&self) -> MutexGuard<'_, Option<Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Clears the cache after a change of the rules.
    pub(super) fn forget(&self) {
        *self.known() = None;
    }
}

impl Surveys {
    /// Returns the longest quiet period of any rule, and the longest life of a link: of one that is sent now by any
    /// rule, and of those that are open, by whichever rule they were sent.
    pub async fn spans(&self) -> Result<Spans, DbError> {
        let now = self.now();
        let fresh = |known: &Known| (0..BELIEVED).contains(&now.ms_since(known.at));
        let believed = self.inner.longest.known().filter(fresh);
        let known = match believed {
            Some(known) => known,
            None => {
                let known = Known { at: now, rules: self.by_rules().await?, last_open: self.last_open().await? };
                *self.inner.longest.known() = Some(known);
                known
            }
        };
        let left = known.last_open.map_or(0, |last| last.ms_since(now));
        let left = Duration::from_millis(u64::try_from(left).unwrap_or_default());
        let Spans { quiet, open, varies } = known.rules;
        Ok(Spans { quiet, open: open.max(left), varies: varies || left > open })
    }

    /// Returns [`Surveys::spans`] without the values that only pages need.
    pub(in crate::surveys) async fn longest(&self) -> Result<(Duration, Duration), DbError> {
        let Spans { quiet, open, .. } = self.spans().await?;
        Ok((quiet, open))
    }

    async fn by_rules(&self) -> Result<Spans, DbError> {
        let rules = self.rules().await?.rules.rules;
        let most = |of: fn(&Rule) -> Option<u16>, usual: Duration| {
            rules.iter().filter_map(of).map(days).chain([usual]).max().unwrap_or(usual)
        };
        let settings = &self.inner.settings;
        let other = |rule: &Rule| rule.expires_days.is_some_and(|n| days(n) != settings.expires_after);
        Ok(Spans {
            quiet: most(|rule| rule.quiet_days, settings.quiet_period),
            open: most(|rule| rule.expires_days, settings.expires_after),
            varies: rules.iter().any(other),
        })
    }

    async fn last_open(&self) -> Result<Option<Timestamp>, DbError> {
        store::last_open(self.inner.db.read().await?.conn()).await
    }
}
