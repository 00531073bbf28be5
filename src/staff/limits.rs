//! Rate limits of sign-in: token buckets in the database, so that all nodes count together and a restart forgets
//! nothing. A bucket is one row: the time at which it is full again (GCRA, the generic cell rate algorithm).
//!
//! A stranger's attempts must not lock out an account's owner, and many strangers must not guess a password. So there
//! are three:
//! - *network*: attempts from one client address. Rejected at once when empty.
//! - *account*: attempts at one account from browsers that are not known to it. Holds more than one network can use up;
//!   beyond it each further attempt waits longer and longer, and is rejected where that takes more than [`MAX_WAIT`].
//! - *device*: attempts at an account from a browser that has been signed in to it before. They count only here, so
//!   that other attempts do not delay or prevent them.
//!
//! A successful attempt is given back.

use super::store;
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::StaffId;
use crate::vault::plain_hash;
use crate::web::client_address::limited_network;
use std::net::IpAddr;
use std::time::Duration;

/// Maximum wait of an attempt.
pub(super) const MAX_WAIT: Duration = Duration::from_secs(20);
/// Capacity of a bucket in attempts, and the time in which one is refilled, in milliseconds.
const STRICT: (i64, i64) = (10, 10_000);
const ACCOUNT: (i64, i64) = (30, 5_000);

/// A token bucket of attempts.
#[derive(Debug)]
pub(super) struct Bucket {
    id: String,
    burst: i64,
    /// Time in which one attempt is refilled, ms.
    refill_ms: i64,
    max_wait_ms: i64,
}

/// Result of taking an attempt from a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Allowed after this time.
    In(Duration),
    /// Rejected; the next one is allowed after this time.
    Refused(Duration),
}

impl Bucket {
    fn new(what: &str, whose: &str, (burst, refill_ms): (i64, i64), max_wait: Duration) -> Self {
        let max_wait_ms = i64::try_from(max_wait.as_millis()).unwrap_or(0);
        Self { id: plain_hash(format!("{what} {whose}").as_bytes()), burst, refill_ms, max_wait_ms }
    }

    /// Returns the bucket for the network of this client.
    pub fn network(client: IpAddr) -> Self {
        Self::new("network", &limited_network(client).to_string(), STRICT, Duration::ZERO)
    }

    /// Returns the bucket for the account of this address, whether there is one or not.
    pub fn account(email: &str) -> Self {
        Self::new("account", email, ACCOUNT, MAX_WAIT)
    }

    /// Returns the bucket for a browser that is known to the account.
    pub fn device(token_hash: &str) -> Self {
        Self::new("device", token_hash, STRICT, Duration::ZERO)
    }

    /// Returns the bucket for attempts of a signed-in user at the current password.
    pub fn current_password(id: &StaffId) -> Self {
        Self::new("current password", id.as_str(), STRICT, Duration::ZERO)
    }

    /// Takes one attempt. The database serialises concurrent ones.
    pub async fn take(&self, conn: Conn<'_>, now: Timestamp) -> Result<Turn, DbError> {
        let latest = now.plus_ms((self.burst - 1) * self.refill_ms + self.max_wait_ms);
        let full_at = store::take_try(conn, &self.id, now, self.refill_ms, latest).await?;
        Ok(full_at.map_or(Turn::Refused(milliseconds(self.refill_ms)), |full_at| {
            Turn::In(milliseconds(full_at.ms_since(now) - self.burst * self.refill_ms))
        }))
    }

    /// Returns one attempt.
    pub async fn give_back(&self, conn: Conn<'_>) -> Result<(), DbError> {
        store::give_try_back(conn, &self.id, self.refill_ms).await
    }
}

/// Returns the duration; zero where it is negative.
fn milliseconds(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Database, DatabaseUrl};
    use crate::database::Db;

    async fn turns(db: &Db, bucket: &Bucket, now: Timestamp, tries: usize) -> Vec<Turn> {
        let mut turns = Vec::new();
        for _ in 0..tries {
            let mut tx = db.begin().await.unwrap();
            turns.push(bucket.take(tx.conn(), now).await.unwrap());
            tx.commit().await.unwrap();
        }
        turns
    }

    #[tokio::test]
    async fn beyond_the_burst_each_try_waits_longer_and_at_last_none_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::Sqlite(folder.path().join("limits.db"));
        let db = Db::open(&Database { url, ..Database::default() }).await.unwrap();
        db.migrate().await.unwrap();
        let (bucket, now, second) =
            (Bucket::account("ada@northwind.example"), Timestamp(1_000_000_000_000), Duration::from_secs(1));
        assert!(turns(&db, &bucket, now, 30).await.iter().all(|turn| *turn == Turn::In(Duration::ZERO)));
        let waits = turns(&db, &bucket, now, 5).await;
        assert_eq!(waits[..4], [5, 10, 15, 20].map(|n| Turn::In(second * n)));
        assert_eq!(waits[4], Turn::Refused(second * 5));
        assert_eq!(
            turns(&db, &bucket, now.plus(second * 5), 2).await,
            [Turn::In(second * 20), Turn::Refused(second * 5)]
        );
        // Rejected attempts cost nothing: after its time the bucket is full.
        let later = now.plus(second * 200);
        assert_eq!(turns(&db, &bucket, later, 30).await, [Turn::In(Duration::ZERO); 30]);
        let mut tx = db.begin().await.unwrap();
        bucket.give_back(tx.conn()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(turns(&db, &bucket, later, 2).await, [Turn::In(Duration::ZERO), Turn::In(second * 5)]);
        let other = Bucket::account("bob@northwind.example");
        assert_eq!(turns(&db, &other, later, 1).await, [Turn::In(Duration::ZERO)]);
        assert_eq!(
            turns(&db, &Bucket::network("2001:db8::1".parse().unwrap()), now, 11).await[10],
            Turn::Refused(second * 10)
        );
        assert_eq!(
            turns(&db, &Bucket::network("2001:db8::2".parse().unwrap()), now, 1).await[0],
            Turn::Refused(second * 10)
        );
    }
}
