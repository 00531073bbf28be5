//! What goes: conversations, their recordings or their words, by age or because somebody asked for it.
//!
//! A recording's row goes in the transaction that queues the job which removes its file.

use super::intake::SEAL_EMAIL;
use super::store::deletion;
use super::{DISCARD, Interactions, SurveyState, set_survey};
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::effects::Effects;
use crate::ids::InteractionId;
use crate::jobs::NewJob;

/// Number of sealed addresses that are opened at once.
const PAGE_SIZE: i64 = 1000;

fn discards(keys: Vec<String>, now: Timestamp) -> Effects {
    Effects::new().jobs(keys.into_iter().map(|key| NewJob::new(DISCARD, key, now)))
}

fn many(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}

/// How much lies before a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Old {
    /// Recordings.
    Recordings,
    /// Conversations with a transcript or messages.
    Words,
    /// Conversations.
    Whole,
}

/// How far a run has come: what lies before is clean and is not walked past again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    pub(in crate::interactions) at: Timestamp,
    pub(in crate::interactions) id: String,
}

impl Default for Reached {
    /// Nothing has been looked at.
    fn default() -> Self {
        Self { at: Timestamp(i64::MIN), id: String::new() }
    }
}

impl Reached {
    fn pass(&mut self, found: Vec<(InteractionId, Timestamp)>) -> Vec<InteractionId> {
        if let Some((id, at)) = found.last() {
            *self = Self { at: *at, id: id.to_string() };
        }
        found.into_iter().map(|(id, _)| id).collect()
    }
}

impl Interactions {
    /// Removes the recordings of up to so many conversations before then, oldest first, from where the run has come to; how
    /// many.
    pub async fn remove_recordings(
        &self,
        before: Timestamp,
        reached: &mut Reached,
        most: usize,
    ) -> Result<usize, DbError> {
        let now = self.now();
        let found = deletion::with_recordings(self.inner.db.read().await?.conn(), before, reached, many(most)).await?;
        let ids = reached.pass(found);
        if ids.is_empty() {
            return Ok(0);
        }
        let mut tx = self.inner.db.begin().await?;
        let keys = deletion::take_recordings(tx.conn(), &ids).await?;
        discards(keys, now).save(tx.conn(), now).await?;
        tx.commit().await?;
        Ok(ids.len())
    }

    /// Conversations before then that have a transcript or messages, oldest first, from where the run has come to.
    pub async fn with_words(
        &self,
        before: Timestamp,
        reached: &mut Reached,
        most: usize,
    ) -> Result<Vec<InteractionId>, DbError> {
        let found = deletion::with_words(self.inner.db.read().await?.conn(), before, reached, many(most)).await?;
        Ok(reached.pass(found))
    }

    /// Conversations before then, oldest first.
    pub async fn older(&self, before: Timestamp, most: usize) -> Result<Vec<InteractionId>, DbError> {
        deletion::older(self.inner.db.read().await?.conn(), before, many(most)).await
    }

    /// How much there is before then.
    pub async fn count_before(&self, what: Old, before: Timestamp) -> Result<i64, DbError> {
        let mut reader = self.inner.db.read().await?;
        match what {
            Old::Recordings => deletion::count_recordings(reader.conn(), before).await,
            Old::Words => deletion::count_with_words(reader.conn(), before).await,
            Old::Whole => deletion::count_older(reader.conn(), before).await,
        }
    }

    /// The conversation of this name in the system that it came from.
    pub async fn by_name(&self, source: &str, external_id: &str) -> Result<Option<InteractionId>, DbError> {
        deletion::by_name(self.inner.db.read().await?.conn(), source, external_id).await
    }

    /// Conversations whose customer is still known and has an address of which `is_it` holds. Opens every sealed address
    /// that waits; they are few, since an address goes when its survey is decided.
    pub async fn of_customer(&self, is_it: impl Fn(&str) -> bool) -> Result<Vec<InteractionId>, DbError> {
        let (mut found, mut from) = (Vec::new(), String::new());
        loop {
            let page = deletion::with_customer(self.inner.db.read().await?.conn(), &from, PAGE_SIZE).await?;
            for (id, sealed) in &page {
                let plain = self.inner.vault.open(SEAL_EMAIL, sealed).ok().and_then(|b| String::from_utf8(b).ok());
                if plain.is_some_and(|address| is_it(&address)) {
                    found.push(id.clone());
                }
            }
            match page.last() {
                Some((last, _)) if page.len() == usize::try_from(PAGE_SIZE).unwrap_or(0) => from = last.to_string(),
                _ => return Ok(found),
            }
        }
    }

    /// Erases customers whose conversation nobody has said a word about since then, so that its survey was never decided.
    pub async fn erase_stale_customers(&self, since: Timestamp, most: usize) -> Result<u64, DbError> {
        let mut tx = self.inner.db.begin().await?;
        let erased = deletion::erase_stale(tx.conn(), since, many(most), self.now()).await?;
        tx.commit().await?;
        Ok(erased)
    }
}

/// Deletes conversations with recordings, messages, transcripts, measures, found words, surveys and linked answers; clips
/// and totals live on. Save what it returns in the same transaction: it removes the files.
pub async fn remove(conn: Conn<'_>, ids: &[InteractionId], now: Timestamp) -> Result<Effects, DbError> {
    Ok(discards(deletion::remove(conn, ids).await?, now))
}

/// Deletes what was written in these chats; how many messages.
pub async fn remove_messages(conn: Conn<'_>, ids: &[InteractionId]) -> Result<u64, DbError> {
    deletion::remove_messages(conn, ids).await
}

/// Forgets the customers of these conversations, who are not asked for this reason.
pub async fn forget_customers(
    mut conn: Conn<'_>,
    ids: &[InteractionId],
    reason: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    for id in ids {
        set_survey(conn.reborrow(), id, SurveyState::Skipped, Some(reason), true, now).await?;
    }
    Ok(())
}
