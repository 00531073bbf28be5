//! Erasure: first a preview, then the erasure. Deleted rows are counted in the same transaction.

use super::{PURGED_TABLES, Privacy, store};
use crate::access::principal::Visible;
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::effects::{Actor, Effects};
use crate::ids::InteractionId;
use crate::interactions::{
    ASSEMBLE, DECIDE_SURVEY, INDEX, INSPECT, MEASURE, NAME_CAME, SPEAKERS_CHANGED, SPEAKERS_SENT,
};
use crate::invitations::{self, ErasureSubject, Traces};
use crate::responses;
use crate::{jobs, transcription};
use futures_util::future::BoxFuture;

/// Kinds of job that are about one conversation each.
const JOBS: [&str; 8] = [DECIDE_SURVEY, INSPECT, ASSEMBLE, NAME_CAME, MEASURE, INDEX, SPEAKERS_CHANGED, SPEAKERS_SENT];
/// Maximum number of conversations of one address erased in one transaction.
const MAX_CONVERSATIONS: usize = 10;

/// Counts of deleted rows, or rows to delete: a code, and the number.
pub type Counts = Vec<(&'static str, i64)>;

/// A feature that stores data about conversations or an address.
pub trait Erases: Send + Sync {
    /// Returns the counts of the subject's data.
    fn find<'a>(&'a self, conn: Conn<'a>, whose: ErasureSubject<'a>) -> BoxFuture<'a, Result<Counts, DbError>>;
    /// Erases the subject's data, in the caller's transaction; returns the counts.
    fn erase<'a>(
        &'a self,
        conn: Conn<'a>,
        whose: ErasureSubject<'a>,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Counts, DbError>>;
}

/// Errors of erasure.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// There is no such conversation.
    #[error("there is no such call or chat; it may have been erased before")]
    NotThere,
    /// Neither a conversation nor an address was given.
    #[error("name an e-mail address, or a call or chat")]
    Nothing,
    /// The text is no address.
    #[error("this is not an e-mail address")]
    NotAnAddress,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// Preview of an erasure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasurePreview {
    /// Counts, largest objects first; without zeros.
    pub counts: Counts,
    /// Conversations that an address was surveyed about; empty for a conversation.
    pub about: Vec<InteractionId>,
}

/// Receipt of an erasure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Time of the erasure.
    pub at: Timestamp,
    /// Counts; without zeros.
    pub counts: Counts,
}

fn counted(conversations: usize, h: store::Hanging) -> Counts {
    let all = [
        ("conversations", i64::try_from(conversations).unwrap_or(i64::MAX)),
        ("recordings", h.recordings),
        ("transcripts", h.transcripts),
        ("messages", h.messages),
        ("measures", h.measures),
        ("search_lines", h.lines),
        ("invitations", h.invitations),
        ("clips_kept", h.clips),
    ];
    all.into_iter().filter(|(_, n)| *n > 0).collect()
}

fn add(to: &mut Counts, more: Counts) {
    for (what, n) in more.into_iter().filter(|(_, n)| *n > 0) {
        match to.iter_mut().find(|(known, _)| *known == what) {
            Some((_, sum)) => *sum += n,
            None => to.push((what, n)),
        }
    }
}

fn detail(counts: &Counts) -> serde_json::Value {
    counts
        .iter()
        .map(|(what, n)| ((*what).to_owned(), serde_json::Value::from(*n)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

impl Privacy {
    /// Returns the preview for a conversation.
    pub async fn look_at_conversation(&self, id: &InteractionId) -> Result<ErasurePreview, EraseError> {
        if self.inner.interactions.find(&Visible::All, id).await?.is_none() {
            return Err(EraseError::NotThere);
        }
        let ids = &self.inner.interactions.with_occurrences(std::slice::from_ref(id)).await?[..];
        let mut reader = self.inner.db.read().await?;
        let mut counts = counted(ids.len(), store::hanging(reader.conn(), ids).await?);
        for other in &self.inner.others {
            add(&mut counts, other.find(reader.conn(), ErasureSubject::Conversations { ids, asked: true }).await?);
        }
        Ok(ErasurePreview { counts, about: Vec::new() })
    }

    /// Erases a conversation with all its occurrences; returns the receipt.
    pub async fn erase_conversation(&self, id: &InteractionId, actor: &Actor) -> Result<Receipt, EraseError> {
        self.look_at_conversation(id).await?;
        let ids = self.inner.interactions.with_occurrences(std::slice::from_ref(id)).await?;
        let counts = self.erase(&ids, Some(actor)).await?;
        self.purge_deleted().await;
        Ok(Receipt { at: self.now(), counts })
    }

    /// Returns the conversation with this id in its source.
    pub async fn conversation(&self, source: &str, external_id: &str) -> Result<InteractionId, EraseError> {
        self.inner.interactions.by_name(source, external_id).await?.ok_or(EraseError::NotThere)
    }

    /// Erases conversations in one transaction, with an audit entry for each if a person requested it.
    pub(super) async fn erase(&self, ids: &[InteractionId], actor: Option<&Actor>) -> Result<Counts, DbError> {
        let now = self.now();
        let mut tx = self.inner.db.begin().await?;
        let mut counts = counted(ids.len(), store::hanging(tx.conn(), ids).await?);
        for other in &self.inner.others {
            let whose = ErasureSubject::Conversations { ids, asked: actor.is_some() };
            add(&mut counts, other.erase(tx.conn(), whose, now).await?);
        }
        let mails = invitations::forget_mails(tx.conn(), ids).await?;
        add(&mut counts, vec![("mails", i64::try_from(mails).unwrap_or(i64::MAX))]);
        let keys: Vec<String> = ids.iter().map(ToString::to_string).collect();
        jobs::forget(tx.conn(), &[&JOBS[..], &transcription::JOBS].concat(), &keys).await?;
        // A concurrent release counts the answer completely or not at all; released figures are unchanged.
        responses::lock_answers(tx.conn()).await?;
        let mut effects = self.inner.interactions.erase(tx.conn(), ids, now).await?;
        if let Some(actor) = actor {
            for id in ids {
                // If several are erased at once, each entry has the sum of all.
                effects =
                    effects.audit(actor, "interaction.erased", format!("interaction:{id}"), Some(detail(&counts)));
            }
        }
        effects.save(tx.conn(), now).await?;
        tx.commit().await?;
        Ok(counts)
    }

    /// Returns the preview for an address.
    pub async fn look_at_address(&self, address: &str) -> Result<ErasurePreview, EraseError> {
        let traces = self.inner.invitations.traces(address).await?.ok_or(EraseError::NotAnAddress)?;
        let mut counts = Counts::new();
        let own = [
            ("open_invitations", traces.open),
            ("waiting_addresses", i64::try_from(traces.waiting.len()).unwrap_or(i64::MAX)),
            ("conversations_asked_about", i64::try_from(traces.about.len()).unwrap_or(i64::MAX)),
        ];
        add(&mut counts, own.into());
        let mut reader = self.inner.db.read().await?;
        for other in &self.inner.others {
            add(&mut counts, other.find(reader.conn(), ErasureSubject::Address(&traces)).await?);
        }
        Ok(ErasurePreview { counts, about: traces.about })
    }

    /// Erases an address: it is suppressed, open invitations close, callback requests with it are deleted, and only
    /// keyed hashes are left. With `conversations`, the conversations that it was surveyed about are erased as well.
    /// Returns the receipt.
    pub async fn erase_address(
        &self,
        address: &str,
        conversations: bool,
        actor: &Actor,
    ) -> Result<Receipt, EraseError> {
        let traces = self.inner.invitations.traces(address).await?.ok_or(EraseError::NotAnAddress)?;
        let mut counts = self.forget_address(&traces, actor).await?;
        if conversations {
            let named: Vec<InteractionId> = traces.about.iter().chain(&traces.waiting).cloned().collect();
            let all = self.inner.interactions.with_occurrences(&named).await?;
            for some in all.chunks(MAX_CONVERSATIONS) {
                add(&mut counts, self.erase(some, Some(actor)).await?);
            }
        }
        self.purge_deleted().await;
        Ok(Receipt { at: self.now(), counts })
    }

    async fn forget_address(&self, traces: &Traces, actor: &Actor) -> Result<Counts, DbError> {
        let now = self.now();
        let mut tx = self.inner.db.begin().await?;
        let closed = invitations::erase_address(tx.conn(), traces, now).await?;
        let mut counts = vec![("address", 1)];
        let waiting = i64::try_from(traces.waiting.len()).unwrap_or(i64::MAX);
        add(&mut counts, vec![("open_invitations", closed), ("waiting_addresses", waiting)]);
        for other in &self.inner.others {
            add(&mut counts, other.erase(tx.conn(), ErasureSubject::Address(traces), now).await?);
        }
        // A part of the keyed hash, enough to find the entry by the address.
        let subject = format!("suppression:{}", traces.hash.chars().take(12).collect::<String>());
        Effects::new().audit(actor, "address.erased", subject, Some(detail(&counts))).save(tx.conn(), now).await?;
        tx.commit().await?;
        Ok(counts)
    }

    /// Purges erased data from the database's log of changes.
    async fn purge_deleted(&self) {
        if let Err(error) = self.inner.db.purge_deleted(&PURGED_TABLES).await {
            tracing::warn!(%error, "deleted data could not be purged from the database's log of changes; the next run purges it");
        }
    }
}
