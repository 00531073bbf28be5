//! Retention: what is kept so long and no longer. Runs by itself, in batches that keep nobody waiting; a run that is cut off
//! loses nothing, since each batch stands by itself and the next run goes on.

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

/// Maximum number of rows removed in one transaction where each is one row.
const MAX_ROWS: usize = 200;
/// Conversations removed in one transaction; hundreds of lines may hang on each.
const MAX_CONVERSATIONS: usize = 10;
const RUN_INTERVAL: Duration = Duration::from_secs(3600);
/// What the forecast looks ahead.
const WEEK: Duration = Duration::from_secs(7 * 86_400);
/// An address that waits for a survey that never becomes due is erased after this.
const STALE: Duration = Duration::from_secs(30 * 86_400);
/// Lines of the log that the page shows.
const LOG_LINES: i64 = 100;
/// Its lines are kept so long.
const LOG_KEPT: Duration = Duration::from_secs(366 * 86_400);

/// Something that is kept for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// The sound of calls; clips of the library have a rule of their own.
    Recordings,
    /// Transcripts, and what was written in chats; measures stay.
    Transcripts,
    /// Everything about a conversation.
    Interactions,
    /// Lines of the audit log.
    Audit,
}

impl Kept {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Recordings, Self::Transcripts, Self::Interactions, Self::Audit];

    /// As it stands in the configuration and in the log.
    pub fn code(self) -> &'static str {
        match self {
            Self::Recordings => "recordings",
            Self::Transcripts => "transcripts",
            Self::Interactions => "interactions",
            Self::Audit => "audit",
        }
    }
}

/// How long something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// What.
    pub what: Kept,
    /// So long; `None`: until somebody erases it.
    pub span: Option<Duration>,
}

/// A rule and what it will remove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The rule.
    pub rule: Rule,
    /// So many go within a week, today's included.
    pub within_a_week: i64,
}

/// What was removed on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// `2026-11-20`.
    pub day: String,
    /// `recordings`, `transcripts`, `interactions`, `audit`, `addresses`, `hashes` or `orphans`.
    pub what: String,
    /// How many.
    pub n: i64,
}

impl Privacy {
    /// The kinds of job that this feature does.
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

    /// How long everything is kept.
    pub fn rules(&self) -> [Rule; 4] {
        let of = |what| {
            let settings = &self.inner.settings;
            let span = match what {
                Kept::Recordings => settings.recordings,
                Kept::Transcripts => settings.transcripts,
                Kept::Interactions => settings.interactions,
                Kept::Audit => settings.audit,
            };
            Rule { what, span: (!span.is_zero()).then_some(span) }
        };
        Kept::ALL.map(of)
    }

    /// What goes within a week.
    pub async fn forecast(&self) -> Result<Vec<Due>, DbError> {
        let then = self.now().plus(WEEK);
        let mut all = Vec::new();
        for rule in self.rules() {
            let within_a_week = match rule.span {
                None => 0,
                Some(span) => self.count(rule.what, then.minus(span)).await?,
            };
            all.push(Due { rule, within_a_week });
        }
        Ok(all)
    }

    async fn count(&self, what: Kept, before: Timestamp) -> Result<i64, DbError> {
        let interactions = &self.inner.interactions;
        match what {
            Kept::Recordings => interactions.count_before(Old::Recordings, before).await,
            Kept::Transcripts => interactions.count_before(Old::Words, before).await,
            Kept::Interactions => interactions.count_before(Old::Whole, before).await,
            Kept::Audit => self.inner.audit.count_before(before).await,
        }
    }

    /// What was removed, the last day first, and when it last ran.
    pub async fn retention_log(&self) -> Result<(Vec<Logged>, Option<Timestamp>), DbError> {
        let mut reader = self.inner.db.read().await?;
        let rows = store::log(reader.conn(), LOG_LINES).await?;
        let last = store::last_run(reader.conn()).await?;
        Ok((rows.into_iter().map(|row| Logged { day: row.day, what: row.what, n: row.n }).collect(), last))
    }

    /// One run: everything that was kept long enough goes. Stops between two batches where it is told to.
    pub async fn retain(&self, stop: &CancellationToken) -> Result<(), DbError> {
        let now = self.now();
        let mut removed = Vec::new();
        for Rule { what, span } in self.rules() {
            let Some(span) = span else { continue };
            let n = self.remove(what, now.minus(span), stop).await?;
            removed.push((what.code(), n));
        }
        removed.push(("addresses", self.remove_stale(stop).await?));
        removed.push(("hashes", self.remove_hashes(stop).await?));
        removed.push(("orphans", self.compare_files(now, stop).await));
        self.note(&removed, now).await?;
        if removed.iter().any(|(_, n)| *n > 0) {
            self.inner.db.purge_deleted(&PURGED_TABLES).await?;
        }
        Ok(())
    }

    async fn remove(&self, what: Kept, before: Timestamp, stop: &CancellationToken) -> Result<usize, DbError> {
        let (mut all, mut reached) = (0, Reached::default());
        while !stop.is_cancelled() {
            let (n, most) = match what {
                Kept::Recordings => {
                    (self.inner.interactions.remove_recordings(before, &mut reached, MAX_ROWS).await?, MAX_ROWS)
                }
                Kept::Transcripts => (self.remove_words(before, &mut reached).await?, MAX_CONVERSATIONS),
                Kept::Interactions => {
                    let ids = self.inner.interactions.older(before, MAX_CONVERSATIONS).await?;
                    if !ids.is_empty() {
                        self.erase(&ids, None).await?;
                    }
                    (ids.len(), MAX_CONVERSATIONS)
                }
                Kept::Audit => {
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

    /// The words of a few conversations: transcripts, messages, and what is found of them. How many conversations.
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

    /// What closed invitations kept of their customers' addresses.
    async fn remove_hashes(&self, stop: &CancellationToken) -> Result<usize, DbError> {
        let (before, mut all) = (self.now().minus(self.hashes_kept().await?), 0);
        while !stop.is_cancelled() {
            let n = usize::try_from(self.inner.surveys.forget_hashes(before, MAX_ROWS).await?).unwrap_or(MAX_ROWS);
            all += n;
            if n < MAX_ROWS {
                break;
            }
        }
        Ok(all)
    }

    /// How long a closed invitation keeps the keyed hash of its address after the time of its link is over: as long as mail
    /// may come back and a link may unsubscribe, and as long as any customer is left in peace.
    pub async fn hashes_kept(&self) -> Result<Duration, DbError> {
        Ok(self.inner.settings.hashes.max(self.inner.surveys.spans().await?.quiet))
    }

    /// Once a day, and at the first run after the start: compares the folder of recordings with their table. Returns how
    /// many files were removed that no row names. A folder that is not there holds up nothing else; it is tried again with
    /// the next run.
    async fn compare_files(&self, now: Timestamp, stop: &CancellationToken) -> usize {
        let today = now.day();
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

    /// The day on which this process last compared them; empty: not yet.
    fn compared(&self) -> MutexGuard<'_, String> {
        self.files_compared_on.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down what went: a line a day for each, and one in the audit log where anything did.
    async fn note(&self, removed: &[(&'static str, usize)], now: Timestamp) -> Result<(), DbError> {
        let day = now.day();
        let mut tx = self.inner.db.begin().await?;
        store::note(tx.conn(), &day, "run", 1, now).await?;
        let mut detail = serde_json::Map::new();
        for (what, n) in removed.iter().filter(|(_, n)| *n > 0) {
            store::note(tx.conn(), &day, what, i64::try_from(*n).unwrap_or(i64::MAX), now).await?;
            detail.insert((*what).to_owned(), (*n).into());
        }
        store::trim(tx.conn(), &now.minus(LOG_KEPT).day()).await?;
        if !detail.is_empty() {
            Effects::new()
                .audit(&Actor::System, "retention.ran", "retention", Some(detail.into()))
                .save(tx.conn(), now)
                .await?;
        }
        tx.commit().await
    }
}
