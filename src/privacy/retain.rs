//! Retention: deletes data after the configured time. Runs automatically, in small batches; an interrupted run loses
//! nothing, since each batch is complete and the next run continues.

use super::{PURGED_TABLES, Privacy, store};
use crate::clock::Timestamp;
use crate::database::DbError;
use crate::effects::{Actor, Effects};
use crate::interactions::{self, Old, Reached};
use crate::jobs::{Kind, Outcome};
use crate::{search, transcription};
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Maximum number of rows removed in one transaction if each item is one row.
const MAX_ROWS: usize = 200;
/// Maximum number of conversations removed in one transaction; each may have hundreds of rows.
const MAX_CONVERSATIONS: usize = 10;
const RUN_INTERVAL: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);
/// Time range of the forecast.
const WEEK: Duration = Duration::from_secs(7 * 86_400);
/// Time after which an address is erased whose survey never becomes due.
const STALE: Duration = Duration::from_secs(30 * 86_400);
/// Number of log entries that the page shows.
const LOG_LINES: i64 = 100;
/// Time for which log entries are kept.
const LOG_KEPT: Duration = Duration::from_secs(366 * 86_400);

/// Kind of data with a retention time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetainedData {
    /// Sound of calls; clips of the library have a rule of their own.
    Recordings,
    /// Transcripts and chat messages; measures stay.
    Transcripts,
    /// All data of a conversation.
    Interactions,
    /// Audit entries.
    Audit,
}

impl RetainedData {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Recordings, Self::Transcripts, Self::Interactions, Self::Audit];

    /// Returns the code for the configuration and the log.
    pub fn code(self) -> &'static str {
        match self {
            Self::Recordings => "recordings",
            Self::Transcripts => "transcripts",
            Self::Interactions => "interactions",
            Self::Audit => "audit",
        }
    }
}

/// Retention time of a kind of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Kind of data.
    pub what: RetainedData,
    /// Retention time; `None`: until erased on request.
    pub span: Option<Duration>,
}

/// A rule, and the number of items that it will remove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Rule of the kind.
    pub rule: Rule,
    /// Number of items due within a week, today included.
    pub within_a_week: i64,
}

/// Removals of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// Day such as `2026-11-20`.
    pub day: String,
    /// Kind: `recordings`, `transcripts`, `interactions`, `audit`, `addresses`, `hashes`, `tombstones` or
    /// `orphans`.
    pub what: String,
    /// Number of removed items.
    pub n: i64,
}

impl Privacy {
    /// Returns the kinds of job of this feature.
    pub fn jobs(&self) -> Vec<Kind> {
        let privacy = self.clone();
        let run = move |running: crate::jobs::Running| {
            let privacy = privacy.clone();
            async move {
                match privacy.retain(&running.cancelled).await {
                    Ok(()) => Outcome::Done,
                    Err(error) => Outcome::Retry(error.to_string()),
                }
            }
        };
        vec![Kind::new("privacy.retain", run).every(RUN_INTERVAL)]
    }

    /// Returns the retention times.
    pub fn rules(&self) -> [Rule; 4] {
        let of = |what| {
            let settings = &self.inner.settings;
            let span = match what {
                RetainedData::Recordings => settings.recordings,
                RetainedData::Transcripts => settings.transcripts,
                RetainedData::Interactions => settings.interactions,
                RetainedData::Audit => settings.audit,
            };
            Rule { what, span: (!span.is_zero()).then_some(span) }
        };
        RetainedData::ALL.map(of)
    }

    /// Returns the numbers of items due within a week.
    pub async fn forecast(&self) -> Result<Vec<Due>, DbError> {
        let then = self.now().plus(WEEK);
        let mut all = Vec::new();
        for rule in self.rules() {
            let within_a_week = match rule.span {
                None => 0,
                Some(span) => self.count(rule.what, self.due_before(span, then)).await?,
            };
            all.push(Due { rule, within_a_week });
        }
        Ok(all)
    }

    /// Returns the time before which data is due at `now`. A time of whole days ends with the day, in the company's zone.
    fn due_before(&self, span: Duration, now: Timestamp) -> Timestamp {
        let is_whole = span.as_secs().is_multiple_of(DAY.as_secs()) && span.subsec_nanos() == 0;
        let zone = self.inner.clock.zone();
        match i64::try_from(span.as_secs() / DAY.as_secs()) {
            Ok(days) if is_whole => {
                let first = zone.date(now).saturating_sub(jiff::Span::new().try_days(days).unwrap_or_default());
                zone.begin(first)
            }
            _ => now.minus(span),
        }
    }

    async fn count(&self, what: RetainedData, before: Timestamp) -> Result<i64, DbError> {
        let interactions = &self.inner.interactions;
        match what {
            RetainedData::Recordings => interactions.count_before(Old::Recordings, before).await,
            RetainedData::Transcripts => interactions.count_before(Old::Words, before).await,
            RetainedData::Interactions => interactions.count_before(Old::Whole, before).await,
            RetainedData::Audit => self.inner.audit.count_before(before).await,
        }
    }

    /// Returns the removals, last day first, and the time of the last run.
    pub async fn retention_log(&self) -> Result<(Vec<Logged>, Option<Timestamp>), DbError> {
        let mut reader = self.inner.db.read().await?;
        let rows = store::log(reader.conn(), LOG_LINES).await?;
        let last = store::last_run(reader.conn()).await?;
        Ok((rows.into_iter().map(|row| Logged { day: row.day, what: row.what, n: row.n }).collect(), last))
    }

    /// Runs once and removes all data whose time is over. Stops between two batches once `stop` is cancelled.
    pub async fn retain(&self, stop: &CancellationToken) -> Result<(), DbError> {
        let now = self.now();
        let mut removed = Vec::new();
        for Rule { what, span } in self.rules() {
            let Some(span) = span else { continue };
            let n = self.remove(what, self.due_before(span, now), stop).await?;
            removed.push((what.code(), n));
        }
        removed.push(("addresses", self.remove_stale(stop).await?));
        removed.push(("hashes", self.remove_hashes(stop).await?));
        removed.push(("tombstones", self.remove_tombstones(stop).await?));
        removed.push(("orphans", self.compare_files(now, stop).await));
        self.note(&removed, now).await?;
        if removed.iter().any(|(_, n)| *n > 0) {
            self.inner.db.purge_deleted(&PURGED_TABLES).await?;
        }
        Ok(())
    }

    async fn remove(&self, what: RetainedData, before: Timestamp, stop: &CancellationToken) -> Result<usize, DbError> {
        let (mut all, mut reached) = (0, Reached::default());
        while !stop.is_cancelled() {
            let (n, most) = match what {
                RetainedData::Recordings => {
                    (self.inner.interactions.remove_recordings(before, &mut reached, MAX_ROWS).await?, MAX_ROWS)
                }
                RetainedData::Transcripts => (self.remove_words(before, &mut reached).await?, MAX_CONVERSATIONS),
                RetainedData::Interactions => {
                    let ids = self.inner.interactions.older(before, MAX_CONVERSATIONS).await?;
                    if !ids.is_empty() {
                        self.erase(&ids, None).await?;
                    }
                    (ids.len(), MAX_CONVERSATIONS)
                }
                RetainedData::Audit => {
                    let n = self.inner.audit.forget(before, MAX_ROWS).await?;
                    (usize::try_from(n).unwrap_or(MAX_ROWS), MAX_ROWS)
                }
            };
            all += n;
            if n < most {
                break;
            }
        }
        Ok(all)
    }

    /// Removes the texts of a few conversations: transcripts, messages, and their search index. Returns the number of
    /// conversations.
    async fn remove_words(&self, before: Timestamp, reached: &mut Reached) -> Result<usize, DbError> {
        let ids = self.inner.interactions.with_words(before, reached, MAX_CONVERSATIONS).await?;
        if ids.is_empty() {
            return Ok(0);
        }
        let mut tx = self.inner.db.begin().await?;
        transcription::remove(tx.conn(), &ids).await?;
        interactions::remove_messages(tx.conn(), &ids).await?;
        search::remove(tx.conn(), &ids).await?;
        tx.commit().await?;
        Ok(ids.len())
    }

    async fn remove_stale(&self, stop: &CancellationToken) -> Result<usize, DbError> {
        let mut all = 0;
        while !stop.is_cancelled() {
            let n = self.inner.interactions.erase_stale_customers(self.now().minus(STALE), MAX_ROWS).await?;
            all += usize::try_from(n).unwrap_or(0);
            if n == 0 {
                break;
            }
        }
        Ok(all)
    }

    /// Removes address hashes of closed invitations.
    async fn remove_hashes(&self, stop: &CancellationToken) -> Result<usize, DbError> {
        let (before, mut all) = (self.now().minus(self.hashes_kept().await?), 0);
        while !stop.is_cancelled() {
            let n = usize::try_from(self.inner.invitations.forget_hashes(before, MAX_ROWS).await?).unwrap_or(MAX_ROWS);
            all += n;
            if n < MAX_ROWS {
                break;
            }
        }
        Ok(all)
    }

    /// Removes tombstones of erased interactions.
    async fn remove_tombstones(&self, stop: &CancellationToken) -> Result<usize, DbError> {
        let (kept, mut all) = (self.inner.settings.tombstones, 0);
        while !kept.is_zero() && !stop.is_cancelled() {
            let before = self.now().minus(kept);
            let n =
                usize::try_from(self.inner.interactions.forget_tombstones(before, MAX_ROWS).await?).unwrap_or(MAX_ROWS);
            all += n;
            if n < MAX_ROWS {
                break;
            }
        }
        Ok(all)
    }

    /// Returns the time for which a closed invitation keeps the keyed hash of its address after its link has expired:
    /// as long as mail may bounce and a link may unsubscribe, and as long as any quiet period.
    pub async fn hashes_kept(&self) -> Result<Duration, DbError> {
        Ok(self.inner.settings.hashes.max(self.inner.invitations.spans().await?.quiet))
    }

    /// Compares the folder of recordings with their table, once a day and at the first run after the start. Returns the
    /// number of removed files without a row. An unavailable folder blocks nothing else; it is retried with the next
    /// run.
    async fn compare_files(&self, now: Timestamp, stop: &CancellationToken) -> usize {
        let today = self.inner.clock.zone().day(now);
        if *self.compared() == today {
            return 0;
        }
        match self.inner.interactions.compare_files(stop).await {
            Ok(removed) => {
                *self.compared() = today;
                removed
            }
            Err(error) => {
                tracing::error!(%error, "recordings could not be compared with their files");
                0
            }
        }
    }

    /// Day on which this process last compared them; empty: not yet.
    fn compared(&self) -> MutexGuard<'_, String> {
        self.files_compared_on.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records the removals: an entry per day for each kind, and one in the audit log if anything was removed.
    async fn note(&self, removed: &[(&'static str, usize)], now: Timestamp) -> Result<(), DbError> {
        let zone = self.inner.clock.zone();
        let day = zone.day(now);
        let mut tx = self.inner.db.begin().await?;
        store::note(tx.conn(), &day, "run", 1, now).await?;
        let mut detail = serde_json::Map::new();
        for (what, n) in removed.iter().filter(|(_, n)| *n > 0) {
            store::note(tx.conn(), &day, what, i64::try_from(*n).unwrap_or(i64::MAX), now).await?;
            detail.insert((*what).to_owned(), (*n).into());
        }
        store::trim(tx.conn(), &zone.day(now.minus(LOG_KEPT))).await?;
        if !detail.is_empty() {
            Effects::new()
                .audit(&Actor::System, "retention.ran", "retention", Some(detail.into()))
                .save(tx.conn(), now)
                .await?;
        }
        tx.commit().await
    }
}
