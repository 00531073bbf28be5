//! What became of mail, in numbers: by day, by reason. Numbers of sending alone: nothing here tells who answered.

pub(in crate::mail) mod store;

use super::Mail;
use crate::clock::Timestamp;
use crate::database::DbError;
use crate::ids::MailId;

/// How many mails on a day.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct OnDay {
    /// Days since 1970 (UTC).
    pub day: i64,
    /// Of the outbox: a [`super::State`]'s code. Of what came back: a verdict's.
    pub what: String,
    /// How many.
    pub mails: i64,
}

/// How often mail came back for a reason.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct CameBackFor {
    /// `hard`, `soft`, `complaint`, `opt-out` or `nothing`.
    pub verdict: String,
    /// A [`super::Reason`]'s code.
    pub reason: String,
    /// What followed: a [`super::IncomingOutcome`]'s code.
    pub action: String,
    /// How often.
    pub mails: i64,
}

/// How many mails were given up for a reason.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct FailedFor {
    /// What the server said, without addresses.
    pub why: String,
    /// How many.
    pub mails: i64,
}

/// Maximum number of mails that are sent again at once.
const MAX_RESENT: i64 = 1_000;

impl Mail {
    /// The outbox by the day of its last change, from that day on.
    pub async fn by_day(&self, since: Timestamp) -> Result<Vec<OnDay>, DbError> {
        store::by_day(self.inner.db.read().await?.conn(), since).await
    }

    /// What came back, by day.
    pub async fn came_back_by_day(&self, since: Timestamp) -> Result<Vec<OnDay>, DbError> {
        store::came_back_by_day(self.inner.db.read().await?.conn(), since).await
    }

    /// What came back, by reason; the most frequent first.
    pub async fn came_back_for(&self, since: Timestamp) -> Result<Vec<CameBackFor>, DbError> {
        store::came_back_for(self.inner.db.read().await?.conn(), since).await
    }

    /// Why mails were given up; the most frequent reason first, twenty at most.
    pub async fn failed_for(&self, since: Timestamp) -> Result<Vec<FailedFor>, DbError> {
        store::failed_for(self.inner.db.read().await?.conn(), since).await
    }

    /// Gives all mails that were given up since then new tries, a thousand at most; how many.
    pub async fn retry_failed(&self, since: Timestamp) -> Result<usize, DbError> {
        let failed: Vec<MailId> = store::failed(self.inner.db.read().await?.conn(), since, MAX_RESENT).await?;
        let mut again = 0;
        for id in failed {
            again += usize::from(self.retry(&id).await?);
        }
        Ok(again)
    }
}
