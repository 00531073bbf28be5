//! Erasure by address: what there is of a customer, found by the keyed hash of the address, and taken away.

use super::{INVITATION, REMINDER, Surveys, address, store};
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::InteractionId;
use crate::interactions::{self, SurveyState};
use crate::mail;

/// Why a customer whose address was erased is not asked: the code of a suppression.
const ERASED: &str = "added";

/// What there is of an address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traces {
    /// Its keyed hash.
    pub hash: String,
    /// Is it on the list of those who are not asked?
    pub suppressed: bool,
    /// Was it asked within the quiet period?
    pub asked: bool,
    /// Invitations that can be answered or wait for being sent.
    pub open: i64,
    /// Conversations that this customer was asked about.
    pub about: Vec<InteractionId>,
    /// Conversations whose survey is not decided yet; the address waits there.
    pub waiting: Vec<InteractionId>,
}

/// Whose traces are looked for.
#[derive(Debug, Clone, Copy)]
pub enum ErasureSubject<'a> {
    /// Of these conversations.
    Conversations {
        /// Their ids.
        ids: &'a [InteractionId],
        /// Has somebody asked for it? Then what lies sealed is opened to be found. Nobody did where they are only old.
        asked: bool,
    },
    /// Of an address.
    Address(&'a Traces),
}

impl Surveys {
    /// What there is of this address; `None` where the text is no address.
    pub async fn traces(&self, text: &str) -> Result<Option<Traces>, DbError> {
        if !address::is_sendable(text) {
            return Ok(None);
        }
        let vault = &self.inner.vault;
        let hash = address::hash(vault, text);
        let waiting = self.inner.interactions.of_customer(|email| address::hash(vault, email) == hash).await?;
        let mut reader = self.inner.db.read().await?;
        let suppressed = store::suppressed(reader.conn(), &hash).await?.is_some();
        let (asked, open, about) = store::of_address(reader.conn(), &hash).await?;
        Ok(Some(Traces { hash, suppressed, asked, open, about, waiting }))
    }
}

/// Erases an address in the caller's transaction: it is not asked any more, its open invitations close, and nothing of it is
/// left but keyed hashes. How many invitations closed.
pub async fn erase_address(mut conn: Conn<'_>, traces: &Traces, now: Timestamp) -> Result<i64, DbError> {
    store::suppress(conn.reborrow(), &traces.hash, ERASED, now).await?;
    super::returned::forget_soft(conn.reborrow(), &traces.hash).await?;
    let closed = store::close_address(conn.reborrow(), &traces.hash).await?;
    for interaction in &closed {
        interactions::set_survey(conn.reborrow(), interaction, SurveyState::Closed, None, true, now).await?;
    }
    interactions::forget_customers(conn, &traces.waiting, ERASED, now).await?;
    Ok(i64::try_from(closed.len()).unwrap_or(i64::MAX))
}

/// Takes the mails about these interactions out of the outbox, in the caller's transaction; how many.
pub async fn forget_mails(mut conn: Conn<'_>, ids: &[InteractionId]) -> Result<usize, DbError> {
    let invitations = store::invitations_of(conn.reborrow(), ids).await?;
    mail::forget(conn, &[INVITATION, REMINDER], &invitations).await
}
