//! Rate limits of recipients' domains. A mail that comes too early gets a slot in its domain's queue, a time, and is
//! not looked at before: it delays no other mail. Slots are kept in the database, so that all processes share a limit.

use super::store::queue::{self, Due};
use crate::clock::Timestamp;
use crate::config::Rate;
use crate::database::{Conn, DbError};
use crate::ids::MailId;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// Name of the limit for domains without one of their own.
const DEFAULT: &str = "default";
/// Time whose share of a rate may be sent at once after a pause; at least one mail.
const BURST: Duration = Duration::from_secs(60);

/// Configured limits. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Limits {
    default: Rate,
    by_domain: Arc<HashMap<String, Rate>>,
    on_their_way: Arc<OnTheirWay>,
}

/// Mails in transit to domains with a limit of concurrency, of all batches of this process.
#[derive(Debug, Default)]
struct OnTheirWay {
    by_domain: Mutex<HashMap<String, usize>>,
    freed: Notify,
}

impl OnTheirWay {
    fn by_domain(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.by_domain.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Slot of a mail among those in transit to its domain; dropped when the attempt is over, whatever the outcome.
#[derive(Debug)]
pub(super) struct Slot(Option<(Arc<OnTheirWay>, String)>);

impl Drop for Slot {
    fn drop(&mut self) {
        let Some((all, domain)) = self.0.take() else { return };
        let mut by_domain = all.by_domain();
        if let Some(mails) = by_domain.get_mut(&domain) {
            *mails -= 1;
            if *mails == 0 {
                by_domain.remove(&domain);
            }
        }
        drop(by_domain);
        all.freed.notify_waiters();
    }
}

impl Limits {
    pub fn new(rates: &BTreeMap<String, Rate>) -> Self {
        let by_domain = rates.iter().map(|(domain, rate)| (domain.to_lowercase(), *rate)).collect();
        let default = rates.get(DEFAULT).copied().unwrap_or_default();
        Self { default, by_domain: Arc::new(by_domain), on_their_way: Arc::default() }
    }

    /// Whether another mail may be in transit to this domain now.
    pub fn has_room(&self, domain: &str) -> bool {
        self.of(domain)
            .at_once
            .is_none_or(|most| self.on_their_way.by_domain().get(domain).copied().unwrap_or_default() < most)
    }

    /// Returns a slot for this domain, where there is room.
    pub fn slot(&self, domain: &str) -> Option<Slot> {
        let Some(most) = self.of(domain).at_once else { return Some(Slot(None)) };
        let mut by_domain = self.on_their_way.by_domain();
        let mails = by_domain.get(domain).copied().unwrap_or_default();
        if mails >= most {
            return None;
        }
        by_domain.insert(domain.to_owned(), mails + 1);
        Some(Slot(Some((Arc::clone(&self.on_their_way), domain.to_owned()))))
    }

    /// Completes when some domain has room again; counts from this call on.
    pub fn freed(&self) -> Notified<'_> {
        self.on_their_way.freed.notified()
    }

    /// Returns the limit of a domain; `domain` is in lower case.
    pub fn of(&self, domain: &str) -> Rate {
        self.by_domain.get(domain).copied().unwrap_or(self.default)
    }

    /// Returns the mails that may leave now, and schedules the others, in the caller's transaction.
    pub async fn divide(
        &self,
        mut conn: Conn<'_>,
        due: Vec<Due>,
        now: Timestamp,
    ) -> Result<(Vec<Due>, Vec<(MailId, Timestamp)>), DbError> {
        // In the same order everywhere, so that two nodes do not wait for each other.
        let mut limited: BTreeMap<String, Vec<Due>> = BTreeMap::new();
        let mut free = Vec::with_capacity(due.len());
        for mail in due {
            match self.of(&mail.domain).most {
                Some(_) if mail.slot_reserved == 0 => limited.entry(mail.domain.clone()).or_default().push(mail),
                _ => free.push(mail),
            }
        }
        let mut places = Vec::new();
        for (domain, mails) in limited {
            let Some(rate) = self.of(&domain).most else { continue };
            let mut line = Places::new(rate, queue::rate(conn.reborrow(), &domain).await?, now);
            for mail in mails {
                match line.next() {
                    at if at <= now => free.push(mail),
                    at => places.push((mail.id, at)),
                }
            }
            queue::set_rate(conn.reborrow(), &domain, line.next_us).await?;
        }
        Ok((free, places))
    }
}

/// Consecutive slots of a domain.
struct Places {
    interval_us: i64,
    next_us: i64,
}

impl Places {
    fn new((most, per): (u32, Duration), next_us: i64, now: Timestamp) -> Self {
        let interval_us = i64::try_from(per.as_micros()).unwrap_or(i64::MAX) / i64::from(most.max(1));
        let window = i64::try_from(BURST.min(per).as_micros()).unwrap_or(0);
        // A domain without mail for a while has accumulated up to this much; its first part is one interval.
        let saved = (window - interval_us).max(0);
        Self { interval_us, next_us: next_us.max(now.0.saturating_mul(1000) - saved) }
    }

    fn next(&mut self) -> Timestamp {
        let at = self.next_us;
        self.next_us = at.saturating_add(self.interval_us);
        // Rounded up, so that a slot is never before its time.
        Timestamp(at.saturating_add(999).div_euclid(1000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_its_way_to_a_domain_is_counted_over_all_batches() {
        let rate = Rate { at_once: Some(2), ..Rate::default() };
        let one = Limits::new(&BTreeMap::from([("Example.net".to_owned(), rate)]));
        let other = one.clone();
        let mails = (one.slot("example.net"), other.slot("example.net"));
        assert!(mails.0.is_some() && mails.1.is_some());
        assert!(
            !one.has_room("example.net") && one.slot("example.net").is_none() && other.slot("example.net").is_none()
        );
        assert!(one.slot("example.org").is_some_and(|_| one.has_room("example.org")), "others have no limit");
        drop(mails.1);
        assert!(one.has_room("example.net") && one.slot("example.net").is_some());
        drop(mails.0);
        assert!(one.on_their_way.by_domain().is_empty(), "nothing is kept of domains to which nothing is on its way");
    }

    #[test]
    fn a_rate_is_kept_over_any_hour() {
        let now = Timestamp(1_795_176_000_000);
        let hour = Duration::from_secs(3600);
        let mut places = Places::new((600, hour), 0, now);
        let times: Vec<_> = (0..2000).map(|_| places.next()).collect();
        assert_eq!(times.iter().filter(|at| **at <= now).count(), 10, "a minute's worth at once");
        for begin in times.iter().step_by(97) {
            let within = times.iter().filter(|at| *at > begin && **at <= begin.plus(hour)).count();
            assert!(within <= 610, "{within}");
        }
        assert!(times[609] <= now.plus(hour) && times[611] > now.plus(hour));
        // Slots that were handed out count on; a pause accumulates at most a minute's worth.
        let mut later = Places::new((600, hour), places.next_us, now);
        assert_eq!(later.next().0, times[1999].0 + 6000);
        let mut much_later = Places::new((600, hour), places.next_us, now.plus(hour * 24));
        let at_once = (0..50).filter(|_| much_later.next() <= now.plus(hour * 24)).count();
        assert_eq!(at_once, 10);
    }

    #[test]
    fn slow_and_quick_rates_have_one_at_least_and_a_second_at_most() {
        let now = Timestamp(1_795_176_000_000);
        for (rate, at_once) in [((1, Duration::from_secs(86_400)), 1), ((5000, Duration::from_secs(1)), 5000)] {
            let mut places = Places::new(rate, 0, now);
            assert_eq!((0..6000).filter(|_| places.next() <= now).count(), at_once, "{rate:?}");
        }
    }
}
