//! Erasure by address: finds a customer's data by the keyed hash of the address and deletes it.

use super::{INVITATION, Invitations, REMINDER, address, store};
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::InteractionId;
use crate::interactions::{self, SurveyState};
use crate::mail::{self, Address};

/// Code of the suppression of an erased address.
const ERASED: &str = "added";

/// Data stored about an address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traces {
    /// Keyed hash of the address.
    pub hash: String,
    /// Whether it is suppressed.
    pub suppressed: bool,
    /// Whether it was surveyed within the quiet period.
    pub asked: bool,
    /// Number of invitations that can be answered or wait to be sent.
    pub open: i64,
    /// Conversations that this customer was surveyed about.
    pub about: Vec<InteractionId>,
    /// Conversations whose survey is not decided yet and that still hold the address.
    pub waiting: Vec<InteractionId>,
}

/// Subject of an erasure.
#[derive(Debug, Clone, Copy)]
pub enum ErasureSubject<'a> {
    /// Conversations.
    Conversations {
        /// Ids of the conversations.
        ids: &'a [InteractionId],
        /// Whether a person requested the erasure; sealed records are then opened to find the subject's. False for
        /// retention.
        asked: bool,
    },
    /// An address.
    Address(&'a Traces),
}

impl Invitations {
    /// Returns the data stored about this address; `None` if the text is no address.
    pub async fn traces(&self, text: &str) -> Result<Option<Traces>, DbError> {
        if Address::repair(text).is_none() {
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

/// Erases an address in the caller's transaction: suppresses it, closes its open invitations, and leaves only keyed
/// hashes. Returns the number of closed invitations.
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

/// Removes the mails about these interactions from the outbox, in the caller's transaction; returns their number.
pub async fn forget_mails(mut conn: Conn<'_>, ids: &[InteractionId]) -> Result<usize, DbError> {
    let invitations = store::invitations_of(conn.reborrow(), ids).await?;
    mail::forget(conn, &[INVITATION, REMINDER], &invitations).await
}
