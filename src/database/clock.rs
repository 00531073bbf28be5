//! Clock shared by all nodes of a deployment: on PostgreSQL the database's, independent of the nodes' own clocks.
//! Leases and due times written by one node mean the same on every other.

use super::{Conn, Db, DbError, Outage, Sql};
use crate::clock::{Clock, SharedClock, SystemClock, Timestamp, uptime};
use crate::fetch_with;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Time between two queries of the database's clock.
const SYNC_INTERVAL: Duration = Duration::from_secs(10);
/// Maximum round trip of a query: the error of its result is up to half of that.
const MAX_ROUND_TRIP: Duration = Duration::from_millis(500);
/// Minimum difference that is logged, in microseconds.
const NOTABLE_US: i64 = 2_000_000;

/// Microseconds since 1970 at the time of the query (`now()` would be the begin of the transaction).
const NOW: Sql = Sql::both("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint");

impl Db {
    /// Returns the clock of this deployment: the machine's on SQLite, which has one machine; the database's on
    /// PostgreSQL.
    ///
    /// Errors: the database did not answer.
    pub async fn clock(&self) -> Result<SharedClock, DbError> {
        Ok(match self {
            Self::Sqlite { .. } => Arc::new(SystemClock),
            Self::Pg { .. } => Arc::new(DatabaseClock::start(self.clone()).await?),
        })
    }
}

/// Clock of the database. Queried at the start and every ten seconds; in between, and while the database does not
/// answer, time advances by [`uptime`], which neither jumps nor stops. The node's own clock is not used.
#[derive(Debug, Clone)]
pub struct DatabaseClock {
    /// Difference of the database's time and this machine's uptime, in microseconds.
    offset_us: Arc<AtomicI64>,
}

impl Clock for DatabaseClock {
    fn now(&self) -> Timestamp {
        Timestamp((uptime_us() + self.offset_us.load(Ordering::Relaxed)).div_euclid(1000))
    }
}

impl DatabaseClock {
    /// Queries the database for the time, and continues to do so until the clock is dropped or the database closed.
    /// Must be called within the runtime.
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

/// Measures the offset by Cristian's algorithm: the result is from half way between query and arrival, with an error of
/// up to half of the round trip.
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
