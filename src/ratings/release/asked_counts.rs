//! Numbers of invitations by month: counted after each pass while a month may still change, so that no page counts
//! invitations.

use super::{Releases, store};
use crate::database::DbError;
use crate::invitations;
use crate::ratings::Month;

impl Releases {
    /// Recounts the months of invitations that may still be open. Earlier months keep their counts, also when old
    /// invitations are erased.
    pub(super) async fn count_asked(&self) -> Result<(), DbError> {
        let now = self.clock.now();
        let (mut month, last) = (Month::of(now.minus(self.expires_after)), Month::of(now));
        while month <= last {
            let next = month.plus(1);
            let rows = invitations::count_sent(self.db.read().await?.conn(), month.begin(), next.begin()).await?;
            let mut tx = self.db.begin().await?;
            store::asked_counts::replace(tx.conn(), &month.to_string(), &rows).await?;
            tx.commit().await?;
            month = next;
        }
        Ok(())
    }
}
