//! Minimum batch size. Each answer holds the size that was promised, so that lowering it affects only later answers;
//! raising it applies to all at once. Changes are recorded in the audit log.

use super::{Releases, store};
use crate::database::DbError;
use crate::effects::{Actor, Effects};

/// Name under which the current k is stored.
const NAME: &str = "min_batch_size";

impl Releases {
    /// Records the configured k if it differs from the stored one.
    pub async fn note_min_batch_size(&self) -> Result<(), DbError> {
        let known = store::state(self.db.read().await?.conn(), NAME).await?;
        let was: Option<usize> = known.as_deref().and_then(|text| text.parse().ok());
        if was == Some(self.k) {
            return Ok(());
        }
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        store::set_state(tx.conn(), NAME, &self.k.to_string()).await?;
        if let Some(was) = was {
            let detail = serde_json::json!({ "from": was, "to": self.k });
            let line = Effects::new().audit(&Actor::System, "anonymity.k_changed", "anonymity", Some(detail));
            line.save(tx.conn(), now).await?;
        }
        tx.commit().await
    }
}
