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
        let (now, zone) = (self.clock.now(), self.clock.zone());
        let (mut month, last) = (Month::of(&zone, now.minus(self.expires_after)), Month::of(&zone, now));
        while month <= last {
            let next = month.plus(1);
            let (from, until) = (month.begin(&zone), next.begin(&zone));
            let rows = invitations::count_sent(self.db.read().await?.conn(), from, until).await?;
            let mut tx = self.db.begin().await?;
            store::asked_counts::replace(tx.conn(), &month.to_string(), &rows).await?;
            tx.commit().await?;
            month = next;
        }
        Ok(())
    }
}
