//! The audit log: who looked at what, and who changed what. Append-only: lines are written with the change that they
//! tell of ([`crate::effects`]) or by [`look()`]; nothing alters or deletes them (triggers in the schema see to that).

pub mod api;
mod look;
pub mod pages;
mod store;
mod words;

pub use look::{look, look_with};
pub use store::STATEMENTS;
pub use words::{Linked, linked, say};

use crate::clock::Timestamp;
use crate::database::{Db, DbError};
use crate::ids::AuditId;
use crate::paging::{Cursor, Page};

/// Maximum number of lines in one answer.
pub const MAX_LINES: usize = 200;

/// A line as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct AuditLine {
    /// Its id.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// Who: `staff:<id>`, `key:<id>` or `system`.
    pub actor: String,
    /// The actor's name at that time.
    pub name: String,
    /// What: `recording.played`, `clip.created`, …
    pub action: String,
    /// To what: `interaction:<id>`, …
    pub subject: String,
    /// What else there is to know, as JSON.
    pub detail: Option<String>,
}

/// Which lines to read; what is empty or `None` lets everything through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Exactly this action.
    pub action: String,
    /// This actor code (`staff:<id>`), or part of a name in whatever case.
    pub actor: String,
    /// Exactly this subject (`interaction:<id>`).
    pub subject: String,
    /// From this time on.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub before: Option<Timestamp>,
}

/// Reads the log.
#[derive(Clone, Debug)]
pub struct AuditLog {
    db: Db,
}

impl AuditLog {
    /// Over this database.
    pub fn new(db: Db) -> Self {
        Self { db }
    }

    /// Newest first, behind `after`; at most [`MAX_LINES`] whatever is asked.
    pub async fn lines(&self, filter: &Filter, after: &Cursor, size: usize) -> Result<Page<AuditLine>, DbError> {
        let size = size.clamp(1, MAX_LINES);
        let found = store::lines(self.db.read().await?.conn(), filter, after, size + 1).await?;
        Ok(Page::from_surplus(found, size, |last| Cursor { at: last.at, id: last.id.to_string() }))
    }

    /// Forgets lines from before then, up to so many, the oldest first; how many. Nothing but `retention.audit` may ask for it.
    pub async fn forget(&self, before: Timestamp, most: usize) -> Result<u64, DbError> {
        let mut tx = self.db.begin().await?;
        let gone = store::forget(tx.conn(), before, i64::try_from(most).unwrap_or(i64::MAX)).await?;
        tx.commit().await?;
        Ok(gone)
    }

    /// How many lines there are from before then.
    pub async fn count_before(&self, before: Timestamp) -> Result<i64, DbError> {
        store::count(self.db.read().await?.conn(), before).await
    }

    /// Every action that stands in the log, by name.
    pub async fn actions(&self) -> Result<Vec<String>, DbError> {
        store::actions(self.db.read().await?.conn()).await
    }
}
