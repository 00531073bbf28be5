//! Suppressed addresses. The list holds keyed hashes: whether an address is on it can be checked, but its addresses
//! can't be read.

use super::{Invitations, Token, address, store};
use crate::clock::Timestamp;
use crate::database::DbError;
use crate::effects::{Actor, Effects};
use crate::mail::Address;
use crate::paging::{Cursor, Page};

/// A suppressed address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// Keyed hash of the address.
    pub id: String,
    /// `unsubscribed`, `bounced`, `complained` or `added`.
    pub reason: String,
    /// Time of the suppression.
    pub created_at: Timestamp,
}

/// Errors of suppressions.
#[derive(Debug, thiserror::Error)]
pub enum SuppressionError {
    /// The text is no address.
    #[error("this is not an e-mail address")]
    NotAnAddress,
    /// The reason is not valid.
    #[error("the reason is one of added, bounced, complained, unsubscribed")]
    NotAReason,
    /// The address is not suppressed.
    #[error("no such address is on the list")]
    NotThere,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// Valid reasons.
const REASONS: [&str; 4] = ["added", "bounced", "complained", "unsubscribed"];

impl Invitations {
    /// Returns the list, newest first; with an address, only its entry.
    pub async fn suppressions(
        &self,
        address: Option<&str>,
        from: &Cursor,
        size: usize,
    ) -> Result<Page<Suppression>, DbError> {
        let only = address.map(|address| address::hash(&self.inner.vault, address));
        let rows = store::suppressions(self.inner.db.read().await?.conn(), only.as_deref(), from, size + 1).await?;
        let items = rows
            .into_iter()
            .map(|row| Suppression { id: row.id, reason: row.reason, created_at: row.created_at })
            .collect();
        Ok(Page::from_surplus(items, size, |last: &Suppression| Cursor { at: last.created_at, id: last.id.clone() }))
    }

    /// Suppresses an address, and erases it from pending invitations. Returns its entry, and whether it is new.
    pub async fn suppress(
        &self,
        address: &str,
        reason: &str,
        actor: &Actor,
    ) -> Result<(Suppression, bool), SuppressionError> {
        let address = Address::repair(address).ok_or(SuppressionError::NotAnAddress)?.to_string();
        if !REASONS.contains(&reason) {
            return Err(SuppressionError::NotAReason);
        }
        let hash = address::hash(&self.inner.vault, &address);
        let new = self.add(&hash, reason, actor).await?;
        let found = store::suppressions(self.inner.db.read().await?.conn(), Some(&hash), &Cursor::start(), 1).await?;
        let entry = found.into_iter().next().ok_or(SuppressionError::NotThere)?;
        Ok((Suppression { id: entry.id, reason: entry.reason, created_at: entry.created_at }, new))
    }

    /// Removes a suppression by its id.
    pub async fn unsuppress(&self, id: &str, actor: &Actor) -> Result<(), SuppressionError> {
        let now = self.now();
        let mut tx = self.inner.db.begin().await?;
        if !store::unsuppress(tx.conn(), id).await? {
            return Err(SuppressionError::NotThere);
        }
        Effects::new().audit(actor, "suppression.removed", subject(id), None).save(tx.conn(), now).await?;
        Ok(tx.commit().await?)
    }

    /// Unsubscribes the recipient of the link; returns false if there is no such link. Idempotent.
    pub async fn unsubscribe(&self, token: &Token) -> Result<bool, DbError> {
        let found = store::address_of(self.inner.db.read().await?.conn(), &token.hash()).await?;
        let Some(hash) = found else { return Ok(false) };
        self.add(&hash, "unsubscribed", &Actor::System).await?;
        Ok(true)
    }

    /// Whether there is such a link, in an invitation or a reminder.
    pub async fn can_unsubscribe(&self, token: &Token) -> Result<bool, DbError> {
        Ok(store::address_of(self.inner.db.read().await?.conn(), &token.hash()).await?.is_some())
    }

    async fn add(&self, hash: &str, reason: &str, actor: &Actor) -> Result<bool, DbError> {
        let now = self.now();
        let mut tx = self.inner.db.begin().await?;
        // A customer's unsubscription is stored by its day: its exact time may be that of an answer.
        let since = if *actor == Actor::System { now.utc_midnight() } else { now };
        let new = store::suppress(tx.conn(), hash, reason, since).await?;
        store::erase_address(tx.conn(), hash).await?;
        // A customer's unsubscription has no audit entry, which would hold nothing but a time.
        if new && *actor != Actor::System {
            let detail = serde_json::json!({ "reason": reason });
            Effects::new().audit(actor, "suppression.added", subject(hash), Some(detail)).save(tx.conn(), now).await?;
        }
        tx.commit().await?;
        Ok(new)
    }
}

/// Returns a part of the hash, enough to find the entry.
fn subject(id: &str) -> String {
    format!("suppression:{}", id.chars().take(12).collect::<String>())
}
