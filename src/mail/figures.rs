//! Mail statistics by time and by reason. Of sending only: they do not tell who answered.

pub(in crate::mail) mod store;

use super::Mail;
use crate::clock::Timestamp;
use crate::database::DbError;
use crate::ids::MailId;

/// Number of mails in a quarter of an hour.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct MailCount {
    /// Begin of the quarter of an hour.
    pub begin_ms: Timestamp,
    /// Code of a [`super::State`] for the outbox; code of a verdict for returned mail.
    pub what: String,
    /// Number of mails.
    pub mails: i64,
}

/// Number of returned mails for a reason.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct CameBackFor {
    /// Verdict: `hard`, `soft`, `complaint`, `opt-out` or `nothing`.
    pub verdict: String,
    /// Code of a [`super::Reason`].
    pub reason: String,
    /// Outcome: code of a [`super::IncomingOutcome`].
    pub action: String,
    /// Number of mails.
    pub mails: i64,
}

/// Number of failed mails for a reason.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct FailedFor {
    /// Reply of the server, without addresses.
    pub why: String,
    /// Number of mails.
    pub mails: i64,
}

/// Maximum number of mails that are resent at once.
const MAX_RESENT: i64 = 1_000;

impl Mail {
    /// Returns the outbox by the time of the last change.
    pub async fn by_time(&self, since: Timestamp) -> Result<Vec<MailCount>, DbError> {
        store::by_time(self.inner.db.read().await?.conn(), since).await
    }

    /// Returns returned mail by time.
    pub async fn came_back_by_time(&self, since: Timestamp) -> Result<Vec<MailCount>, DbError> {
        store::came_back_by_time(self.inner.db.read().await?.conn(), since).await
    }

    /// Returns returned mail by reason; the most frequent first.
    pub async fn came_back_for(&self, since: Timestamp) -> Result<Vec<CameBackFor>, DbError> {
        store::came_back_for(self.inner.db.read().await?.conn(), since).await
    }

    /// Returns the reasons of failed mails; the most frequent first, at most twenty.
    pub async fn failed_for(&self, since: Timestamp) -> Result<Vec<FailedFor>, DbError> {
        store::failed_for(self.inner.db.read().await?.conn(), since).await
    }

    /// Queues all mails again that failed since then, at most 1,000; returns their number.
    pub async fn retry_failed(&self, since: Timestamp) -> Result<usize, DbError> {
        let failed: Vec<MailId> = store::failed(self.inner.db.read().await?.conn(), since, MAX_RESENT).await?;
        let mut again = 0;
        for id in failed {
            again += usize::from(self.retry(&id).await?);
        }
        Ok(again)
    }
}
