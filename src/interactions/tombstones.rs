//! Tombstones: the keyed hashes of erased interactions. A later delivery of one of them is not stored.

use super::intake::Checked;
use super::store::{deletion, tombstones};
use super::{Interactions, remove};
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::effects::Effects;
use crate::ids::InteractionId;
use crate::vault::Vault;
use std::collections::HashSet;

/// Purpose of the vault's key.
const TOMBSTONE: &str = "interaction.tombstone";

/// Returns the keyed hash of an interaction's name in its source.
pub(super) fn hash(vault: &Vault, source: &str, external_id: &str) -> String {
    vault.keyed_hash(TOMBSTONE, serde_json::json!([source, external_id]).to_string().as_bytes())
}

/// Returns the hashes of those of these deliveries whose interaction was erased. Must be called after they were written
/// in the same transaction: a write waits for an erasure that is in progress, and this sees its outcome.
pub(super) async fn among(conn: Conn<'_>, items: &[Checked]) -> Result<HashSet<String>, DbError> {
    let hashes: Vec<&str> = items.iter().map(|item| item.tombstone.as_str()).collect();
    Ok(tombstones::among(conn, &hashes).await?.into_iter().collect())
}

impl Interactions {
    /// Deletes conversations as [`remove`] does, and leaves a tombstone for each, in the caller's transaction.
    pub async fn erase(&self, mut conn: Conn<'_>, ids: &[InteractionId], now: Timestamp) -> Result<Effects, DbError> {
        let names = deletion::names(conn.reborrow(), ids).await?;
        let vault = &self.inner.vault;
        let hashes: Vec<_> = names.iter().map(|(source, external_id)| hash(vault, source, external_id)).collect();
        tombstones::put(conn.reborrow(), &hashes, now.utc_midnight()).await?;
        remove(conn, ids, now).await
    }

    /// Deletes up to `most` tombstones from before then; returns their number.
    pub async fn forget_tombstones(&self, before: Timestamp, most: usize) -> Result<u64, DbError> {
        let mut tx = self.inner.db.begin().await?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let forgot = tombstones::forget(tx.conn(), before.utc_midnight(), most).await?;
        tx.commit().await?;
        Ok(forgot)
    }
}
