//! The smallest batch: lowering it touches only answers that are given from then on, and is noted in the audit log.

use super::look::Look;
use super::pools::Pools;
use super::waits::Waits;
use super::{FLOOR, Releases, store};
use crate::database::DbError;
use crate::effects::{Actor, Effects};

/// Under this name the k in force is kept.
const NAME: &str = "k";

impl Releases {
    /// Notes the k that is configured, where it is another than the last time. Where it is lowered, everything that waits
    /// keeps the larger one that was promised when it was given. Call it before the first answer is taken.
    pub async fn note_k(&self) -> Result<(), DbError> {
        let known = store::state(self.db.read().await?.conn(), NAME).await?;
        let was: Option<usize> = known.as_deref().and_then(|text| text.parse().ok());
        if was == Some(self.k) {
            return Ok(());
        }
        let lowered = was.filter(|was| *was > self.k);
        let mut waits = Waits::load(self.db.read().await?.conn(), &self.vault).await?;
        if let Some(was) = lowered {
            // Ripe or not.
            let (mut pools, mut look) = (Pools::new(), Look::default());
            while look.more(self, 0, &mut pools).await? {}
            waits.begin(pools.keys(), self.month(), was.max(FLOOR));
        }
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        store::set_state(tx.conn(), NAME, &self.k.to_string()).await?;
        if lowered.is_some() {
            waits.save(tx.conn(), &self.vault).await?;
        }
        if let Some(was) = was {
            let detail = serde_json::json!({ "from": was, "to": self.k });
            let line = Effects::new().audit(&Actor::System, "anonymity.k_changed", "anonymity", Some(detail));
            line.save(tx.conn(), now).await?;
        }
        tx.commit().await
    }
}
