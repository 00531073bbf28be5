//! The time that all nodes of a deployment go by: on PostgreSQL the database's, whatever the nodes' own clocks say. Leases and
//! due times that one node writes mean the same to every other.

use super::{Conn, Db, DbError, Outage, Sql};
use crate::clock::{Clock, SharedClock, SystemClock, Timestamp, uptime};
use crate::fetch_with;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Time between two questions to the database's clock.
const SYNC_INTERVAL: Duration = Duration::from_secs(10);
/// An answer that took longer says too little about when it was given: the error is up to half of that.
const MAX_ROUND_TRIP: Duration = Duration::from_millis(500);
/// Differences from which on they are worth a line in the log, in microseconds.
const NOTABLE_US: i64 = 2_000_000;

/// Microseconds since 1970, while it is asked (`now()` would be the beginning of the transaction).
const NOW: Sql = Sql::both("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint");

impl Db {
    /// The clock of this deployment: the machine's on SQLite, which has one machine; the database's on PostgreSQL.
    ///
    /// Errors: the database could not be asked.
    pub async fn clock(&self) -> Result<SharedClock, DbError> {
        Ok(match self {
            Self::Sqlite { .. } => Arc::new(SystemClock),
            Self::Pg { .. } => Arc::new(DatabaseClock::start(self.clone()).await?),
        })
    }
}

/// The database's clock. Asked at the start and every ten seconds; in between, and while the database can't be asked, time
/// goes on by [`uptime`], which neither jumps nor stops. A node's own clock has no part in it.
#[derive(Debug, Clone)]
pub struct DatabaseClock {
    /// The database's time less this machine's uptime, in microseconds.
    offset_us: Arc<AtomicI64>,
}

impl Clock for DatabaseClock {
    fn now(&self) -> Timestamp {
        Timestamp((uptime_us() + self.offset_us.load(Ordering::Relaxed)).div_euclid(1000))
    }
}

impl DatabaseClock {
    /// Asks the database for the time, and goes on asking until the clock is dropped or the database closed. Call it inside
    /// the runtime.
    pub async fn start(db: Db) -> Result<Self, DbError> {
        let offset_us = measure(db.read().await?.conn()).await?.offset_us;
        let ahead_us = SystemClock.now().0 * 1000 - (uptime_us() + offset_us);
        if ahead_us.abs() > NOTABLE_US {
            tracing::warn!(
                ahead_s = ahead_us / 1_000_000,
                "this machine's clock differs from the database's; all times go by the database's"
            );
        }
        let offset_us = Arc::new(AtomicI64::new(offset_us));
        tokio::spawn(keep_asking(db, Arc::downgrade(&offset_us)));
        Ok(Self { offset_us })
    }
}

async fn keep_asking(db: Db, clock: Weak<AtomicI64>) {
    loop {
        tokio::time::sleep(SYNC_INTERVAL).await;
        let Some(offset_us) = clock.upgrade() else { return };
        match ask(&db).await {
            Ok(measured) if measured.round_trip <= MAX_ROUND_TRIP => {
                let before = offset_us.swap(measured.offset_us, Ordering::Relaxed);
                let moved_us = measured.offset_us - before;
                if moved_us.abs() > NOTABLE_US {
                    tracing::warn!(
                        moved_ms = moved_us / 1000,
                        "the database's clock was set, or this machine was halted"
                    );
                }
            }
            Ok(measured) => {
                tracing::debug!(?measured.round_trip, "the database was too slow to tell the time");
            }
            Err(error) if error.outage() == Some(Outage::Stopping) => return,
            Err(error) => tracing::warn!(%error, "the database could not be asked for the time; it goes on by itself"),
        }
    }
}

async fn ask(db: &Db) -> Result<Measured, DbError> {
    measure(db.read().await?.conn()).await
}

struct Measured {
    offset_us: i64,
    round_trip: Duration,
}

/// Cristian's algorithm: the answer was given half way between question and arrival, give or take half of the round trip.
async fn measure(conn: Conn<'_>) -> Result<Measured, DbError> {
    let asked = uptime();
    // Not in the list of queries that a test runs on both databases: only PostgreSQL has a clock of its own.
    let (now_us,) = fetch_with!(fetch_one, conn, NOW => (i64,))?;
    let round_trip = uptime().saturating_sub(asked);
    Ok(Measured { offset_us: now_us - micros(asked + round_trip / 2), round_trip })
}

fn uptime_us() -> i64 {
    micros(uptime())
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_by_itself_and_follows_what_it_is_told() {
        let at = Timestamp(1_795_176_000_000);
        let clock = DatabaseClock { offset_us: Arc::new(AtomicI64::new(at.0 * 1000 - uptime_us())) };
        let first = clock.now();
        assert!((0..60_000).contains(&first.ms_since(at)), "{first:?}");
        std::hint::black_box((0..100_000).sum::<u64>());
        assert!(clock.now() >= first);
        clock.offset_us.fetch_add(-120_000_000, Ordering::Relaxed);
        assert!(clock.now().ms_since(at) < 0, "it follows a clock that was set back");
    }
}
