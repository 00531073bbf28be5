//! Deletion of conversations, their recordings or their texts, by age or on request.
//!
//! A recording's row is deleted in the transaction that queues the job which removes its file.

use super::intake::SEAL_EMAIL;
use super::store::deletion;
use super::{DISCARD, Interactions, SurveyState, by_source, set_survey};
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::effects::Effects;
use crate::ids::InteractionId;
use crate::jobs::NewJob;

/// Number of sealed addresses opened at once.
const PAGE_SIZE: i64 = 1000;

fn discards(keys: Vec<String>, now: Timestamp) -> Effects {
    Effects::new().jobs(keys.into_iter().map(|key| NewJob::new(DISCARD, key, now)))
}

fn many(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}

/// Kind of data counted before a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Old {
    /// Recordings.
    Recordings,
    /// Conversations with a transcript or messages.
    Words,
    /// Conversations.
    Whole,
}

/// Progress of a run: everything before it is done and is not read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    pub(in crate::interactions) at: Timestamp,
    pub(in crate::interactions) id: String,
}

impl Default for Reached {
    /// Returns the start of a run.
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
    /// Removes the recordings of up to `most` conversations before then, oldest first, from the position of the run;
    /// returns their number.
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

    /// Returns conversations before then that have a transcript or messages, oldest first, from the position of the
    /// run.
    pub async fn with_words(
        &self,
        before: Timestamp,
        reached: &mut Reached,
        most: usize,
    ) -> Result<Vec<InteractionId>, DbError> {
        let found = deletion::with_words(self.inner.db.read().await?.conn(), before, reached, many(most)).await?;
        Ok(reached.pass(found))
    }

    /// Returns conversations before then, oldest first.
    pub async fn older(&self, before: Timestamp, most: usize) -> Result<Vec<InteractionId>, DbError> {
        deletion::older(self.inner.db.read().await?.conn(), before, many(most)).await
    }

    /// Returns the number of items before then.
    pub async fn count_before(&self, what: Old, before: Timestamp) -> Result<i64, DbError> {
        let mut reader = self.inner.db.read().await?;
        match what {
            Old::Recordings => deletion::count_recordings(reader.conn(), before).await,
            Old::Words => deletion::count_with_words(reader.conn(), before).await,
            Old::Whole => deletion::count_older(reader.conn(), before).await,
        }
    }

    /// Returns the conversation with this id in its source.
    pub async fn by_name(&self, source: &str, external_id: &str) -> Result<Option<InteractionId>, DbError> {
        Ok(by_source(self.inner.db.read().await?.conn(), source, external_id).await?.map(|found| found.id))
    }

    /// Returns all occurrences of these conversations.
    pub async fn with_occurrences(&self, ids: &[InteractionId]) -> Result<Vec<InteractionId>, DbError> {
        deletion::occurrences(self.inner.db.read().await?.conn(), ids).await
    }

    /// Returns conversations whose customer is still stored with an address for which `is_it` holds. Opens every stored
    /// sealed address; they are few, since an address is erased when its survey is decided.
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

    /// Erases customers of conversations that have had no update since then, so that their survey was never decided.
    pub async fn erase_stale_customers(&self, since: Timestamp, most: usize) -> Result<u64, DbError> {
        let mut tx = self.inner.db.begin().await?;
        let erased = deletion::erase_stale(tx.conn(), since, many(most), self.now()).await?;
        tx.commit().await?;
        Ok(erased)
    }
}

/// Deletes conversations with recordings, messages, transcripts, measures, search index, surveys and linked answers;
/// clips and totals stay. The returned effects remove the files and must be saved in the same transaction.
pub async fn remove(conn: Conn<'_>, ids: &[InteractionId], now: Timestamp) -> Result<Effects, DbError> {
    Ok(discards(deletion::remove(conn, ids).await?, now))
}

/// Deletes the messages of these chats; returns their number.
pub async fn remove_messages(conn: Conn<'_>, ids: &[InteractionId]) -> Result<u64, DbError> {
    deletion::remove_messages(conn, ids).await
}

/// Erases the customers of these conversations, which are not surveyed for this reason.
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
