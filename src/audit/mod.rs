//! Audit log: views and changes, with their actors. Append-only: lines are written in the transaction of the change
//! ([`crate::effects`]) or by [`look()`]; triggers in the schema reject changes and deletions.

pub mod api;
mod look;
pub mod pages;
mod store;
mod words;

pub use look::{look, look_with};
pub use words::{Linked, linked, say};

use crate::clock::Timestamp;
use crate::database::{Db, DbError};
use crate::ids::AuditId;
use crate::paging::{Cursor, Page};

/// Maximum number of lines in one response.
pub const MAX_LINES: usize = 200;

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct AuditLine {
    /// Id.
    pub id: AuditId,
    /// Time.
    pub at: Timestamp,
    /// Actor: `staff:<id>`, `key:<id>` or `system`.
    pub actor: String,
    /// Name of the actor at that time.
    pub name: String,
    /// Action: `recording.played`, `clip.created`, …
    pub action: String,
    /// Subject: `interaction:<id>`, …
    pub subject: String,
    /// Details, as JSON.
    pub detail: Option<String>,
}

/// Filter of lines; an empty or `None` field matches all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Exact action.
    pub action: String,
    /// Actor code (`staff:<id>`), or part of a name in any case.
    pub actor: String,
    /// Exact subject (`interaction:<id>`).
    pub subject: String,
    /// Earliest time.
    pub from: Option<Timestamp>,
    /// Time before which lines match.
    pub before: Option<Timestamp>,
}

/// Reader of the log.
#[derive(Clone, Debug)]
pub struct AuditLog {
    db: Db,
}

impl AuditLog {
    /// Returns a reader of this database.
    pub fn new(db: Db) -> Self {
        Self { db }
    }

    /// Returns lines newest first, after `after`; at most [`MAX_LINES`] whatever the size.
    pub async fn lines(&self, filter: &Filter, after: &Cursor, size: usize) -> Result<Page<AuditLine>, DbError> {
        let size = size.clamp(1, MAX_LINES);
        let found = store::lines(self.db.read().await?.conn(), filter, after, size + 1).await?;
        Ok(Page::from_surplus(found, size, |last| Cursor { at: last.at, id: last.id.to_string() }))
    }

    /// Deletes lines from before then, at most `most`, the oldest first; returns their number. For `retention.audit`
    /// only.
    pub async fn forget(&self, before: Timestamp, most: usize) -> Result<u64, DbError> {
        let mut tx = self.db.begin().await?;
        let gone = store::forget(tx.conn(), before, i64::try_from(most).unwrap_or(i64::MAX)).await?;
        tx.commit().await?;
        Ok(gone)
    }

    /// Returns the number of lines from before then.
    pub async fn count_before(&self, before: Timestamp) -> Result<i64, DbError> {
        store::count(self.db.read().await?.conn(), before).await
    }

    /// Returns every action in the log, by name.
    pub async fn actions(&self) -> Result<Vec<String>, DbError> {
        store::actions(self.db.read().await?.conn()).await
    }
}
