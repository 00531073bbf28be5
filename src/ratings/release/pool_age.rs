//! Age of pools, without a time beside any answer: one sealed record holds, for all pools, the month since which they
//! hold an unreleased answer. Without the key it does not reveal about whom an answer waits.

use super::pools::{Pool, Pools};
use super::store;
use crate::database::{Conn, DbError};
use crate::ratings::Month;
use crate::vault::{Envelope, Vault};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Name under which the record is stored.
const NAME: &str = "pool_age";
/// Four kilobytes, or the next power of two.
const ENVELOPE: Envelope = Envelope::new("waits", &[4096]);
const DAY: Duration = Duration::from_secs(86_400);

/// Start of a pool's wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct PoolAge {
    /// Month such as `2026-11`.
    #[serde(rename = "s")]
    since: String,
}

/// Pools that wait.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct PoolAges {
    pools: BTreeMap<String, PoolAge>,
}

/// Returns the number of months, counted from the month in which a pool began to wait, after which at least `after` has
/// passed.
pub(super) fn months(after: Duration) -> i32 {
    let thirties = after.as_millis().div_ceil(DAY.as_millis() * 30);
    // The first month may have been nearly over. With one more, three times thirty days are at least ninety.
    i32::try_from(thirties).unwrap_or(1200).min(1200) + 1
}

impl PoolAges {
    /// Loads the record; empty if there is none.
    pub async fn load(conn: Conn<'_>, vault: &Vault) -> Result<Self, DbError> {
        let Some(sealed) = store::state(conn, NAME).await? else { return Ok(Self::default()) };
        // Sealed with another key: waits restart, and nothing is released earlier.
        Ok(ENVELOPE.open(vault, &sealed).unwrap_or_default())
    }

    pub async fn save(&self, conn: Conn<'_>, vault: &Vault) -> Result<(), DbError> {
        store::set_state(conn, NAME, &ENVELOPE.seal(vault, self)).await
    }

    /// Returns the number of escalation steps of a pool: 0, 1 (to the team) or 2 (to all).
    pub fn steps(&self, pool: &Pool, now: Month, months: i32) -> i32 {
        let since = self.pools.get(&pool.name()).and_then(|wait| wait.since.parse::<Month>().ok());
        let over = |steps: i32| since.is_some_and(|since| since.plus(months.saturating_mul(steps)) <= now);
        i32::from(over(1)) + i32::from(over(2))
    }

    /// Starts the wait of these pools, unless already started.
    pub fn begin<'a>(&mut self, pools: impl Iterator<Item = &'a Pool>, now: Month) {
        for pool in pools {
            self.pools.entry(pool.name()).or_insert_with(|| PoolAge { since: now.to_string() });
        }
    }

    /// Ends a wait after a release: later answers start a new one.
    pub fn end(&mut self, pool: &Pool) {
        self.pools.remove(&pool.name());
    }

    /// Removes pools that are empty.
    pub fn keep(&mut self, left: &Pools) {
        let names: std::collections::HashSet<String> =
            left.iter().filter(|(_, all)| !all.is_empty()).map(|(pool, _)| pool.name()).collect();
        self.pools.retain(|name, _| names.contains(name));
    }
}

#[cfg(test)]
mod tests {
    use super::super::pools::Side;
    use super::*;
    use crate::ids::AgentId;
    use crate::responses::Origin;
    use crate::surveys::Question;

    fn month(text: &str) -> Month {
        text.parse().unwrap()
    }

    #[test]
    fn escalation_waits_for_the_configured_age() {
        let zone = crate::clock::Zone::default();
        for (days, wanted) in [(1, 2), (30, 2), (31, 3), (90, 4), (365, 14)] {
            let after = months(DAY * days);
            assert_eq!(after, wanted, "{days} days");
            // From the last moment of a month to the first of the month of escalation, for all lengths of months.
            for first in 0..48 {
                let since = month("2024-01").plus(first);
                let waited = since.plus(after).begin(&zone).0 - since.plus(1).begin(&zone).0;
                assert!(waited >= i64::from(days) * 86_400_000 - 2 * 86_400_000, "{days} days from {since}");
            }
        }
    }

    #[test]
    fn a_pool_goes_up_step_by_step_and_begins_anew_when_it_is_released() {
        let pool = Pool::of(Side::Apart(Origin::Mail), Question::Score, Some(AgentId::random()), None);
        let mut waits = PoolAges::default();
        waits.begin([&pool].into_iter(), month("2026-01"));
        waits.begin([&pool].into_iter(), month("2026-03"));
        let steps = |at: &str| waits.steps(&pool, month(at), 4);
        assert_eq!([steps("2026-04"), steps("2026-05"), steps("2026-08"), steps("2026-09")], [0, 1, 1, 2]);
        waits.end(&pool);
        assert_eq!(waits.steps(&pool, month("2026-09"), 4), 0);
    }
}
