//! The longest times that hold for anybody. Marks and records that carry no time of their own are kept by them.

use super::choose::days;
use super::{Rule, store};
use crate::clock::Timestamp;
use crate::database::DbError;
use crate::surveys::Surveys;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What was read is believed for so long, ms, or until rules are saved here: each apart answer asks.
const BELIEVED: i64 = 10_000;

/// The longest times that hold for anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spans {
    /// Nobody is left in peace for longer after being asked.
    pub quiet: Duration,
    /// No link that is sent now, or is open, can be answered for longer from now on.
    pub open: Duration,
    /// Are there links that can be answered for longer or shorter than others?
    pub varies: bool,
}

/// What was read last.
#[derive(Debug, Clone, Copy)]
struct Known {
    at: Timestamp,
    rules: Spans,
    last_open: Option<Timestamp>,
}

/// The longest times as they were read last.
#[derive(Debug, Default)]
pub struct Longest(Mutex<Option<Known>>);

impl Longest {
    fn known(&self) -> MutexGuard<'_, Option<Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rules have changed.
    pub(super) fn forget(&self) {
        *self.known() = None;
    }
}

impl Surveys {
    /// The longest quiet period that any rule asks for, and the longest life of a link: of one that is sent now, by any
    /// rule, and of those that are open, whatever rule they came by.
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

    /// [`Surveys::spans`] without what pages want to know.
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
