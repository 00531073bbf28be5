//! The smallest batch. What was promised stands with each answer, so that lowering it touches only those that are given from then
//! on; a larger one holds at once, for all. That it was changed is noted in the audit log.

use super::{Releases, store};
use crate::database::DbError;
use crate::effects::{Actor, Effects};

/// Under this name the k in force is kept.
const NAME: &str = "min_batch_size";

impl Releases {
    /// Notes the k that is configured, where it is another than the last time.
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
