//! Mails of uncertain delivery: the server may have accepted them. They are resent unchanged, so that both copies,
//! should there be two, carry the same link. Kept in memory only, as no body is stored, and no longer than the mail
//! waits.

use super::store::queue;
use super::transport::Outgoing;
use super::{DeliveryStatus, Mail};
use crate::clock::Timestamp;
use crate::database::DbError;
use crate::ids::MailId;
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Maximum number of mails that are kept; others are rendered again.
const MAX_MAILS: usize = 1000;
/// Time between two checks for settled mails.
const CHECK_INTERVAL: Duration = Duration::from_secs(60);

/// The mails, and the time of the last check.
#[derive(Debug, Default)]
pub(super) struct UncertainDeliveries(Mutex<(HashMap<MailId, Outgoing>, Timestamp)>);

impl UncertainDeliveries {
    fn all(&self) -> MutexGuard<'_, (HashMap<MailId, Outgoing>, Timestamp)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the mail as it may have been sent before.
    pub fn get(&self, id: &MailId) -> Option<Outgoing> {
        self.all().0.get(id).cloned()
    }

    pub fn keep(&self, unsure: Vec<(MailId, Outgoing)>) {
        let kept = &mut self.all().0;
        for (id, outgoing) in unsure {
            if kept.len() < MAX_MAILS || kept.contains_key(&id) {
                kept.insert(id, outgoing);
            }
        }
    }

    /// Drops the mails whose outcome is known now.
    pub fn settled(&self, statuses: &[(MailId, DeliveryStatus)]) {
        let kept = &mut self.all().0;
        if !kept.is_empty() {
            statuses.iter().for_each(|(id, _)| drop(kept.remove(id)));
        }
    }

    /// Returns the mails to be checked now: all of them once in an interval, else none.
    fn to_look_at(&self, now: Timestamp) -> Vec<MailId> {
        let (kept, looked) = &mut *self.all();
        if kept.is_empty() || (0..ms(CHECK_INTERVAL)).contains(&now.ms_since(*looked)) {
            return Vec::new();
        }
        *looked = now;
        kept.keys().cloned().collect()
    }

    /// Drops those of `looked_at` that are not in `waiting`.
    fn drop_all_but(&self, looked_at: Vec<MailId>, waiting: &HashSet<MailId>) {
        let kept = &mut self.all().0;
        looked_at.iter().filter(|id| !waiting.contains(*id)).for_each(|id| drop(kept.remove(id)));
    }
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl Mail {
    /// Drops mails that no longer wait: their subject was erased, or another process has settled them.
    pub(super) async fn drop_uncertain(&self, now: Timestamp) -> Result<(), DbError> {
        let unsure = &self.inner.unsure;
        let ids = unsure.to_look_at(now);
        if ids.is_empty() {
            return Ok(());
        }
        let waiting = queue::waiting(self.inner.db.read().await?.conn(), &ids).await?;
        unsure.drop_all_but(ids, &waiting.into_iter().collect());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_no_more_is_not_kept() {
        let (unsure, now) = (UncertainDeliveries::default(), Timestamp(1_795_176_000_000));
        let (waits, gone, late) = (MailId::random(), MailId::random(), MailId::random());
        let mail = Outgoing { sender: String::new(), recipient: String::new(), bytes: vec![], created: now };
        unsure.keep(vec![(waits.clone(), mail.clone()), (gone.clone(), mail.clone())]);
        let ids = unsure.to_look_at(now);
        assert_eq!((ids.len(), unsure.to_look_at(now.plus_ms(59_999)).len()), (2, 0), "once a minute");
        unsure.keep(vec![(late.clone(), mail)]);
        unsure.drop_all_but(ids, &HashSet::from([waits.clone()]));
        assert!(unsure.get(&waits).is_some() && unsure.get(&gone).is_none());
        assert!(unsure.get(&late).is_some(), "nobody has looked at it yet");
        assert_eq!(unsure.to_look_at(now.plus_ms(60_000)).len(), 2);
        assert_eq!(unsure.to_look_at(now.minus(Duration::from_secs(3600))).len(), 2, "the clock has gone back");
        unsure.settled(&[(waits.clone(), DeliveryStatus::Sent), (late, DeliveryStatus::Cancelled("expired"))]);
        assert!(unsure.get(&waits).is_none() && unsure.to_look_at(now.plus_ms(999_999)).is_empty());
    }
}
