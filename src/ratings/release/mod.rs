//! Releases: the only way from answers to figures (anonymity.md, rules 4 to 6).
//!
//! After each pass of the mix the ripe answers are in pools: by agent (or team, or the whole organisation, if no agent
//! or team is known), by question, linked or apart. A pool with k answers or more is released completely: counts by
//! month, comments masked and shuffled, the sealed records deleted. A smaller one waits; after too long a wait it
//! escalates (`pool_age`): it is counted with others of its team, or of the whole organisation.
//!
//! Agents that are merged are one person, whose answers are released together from then on, under the agent by which the
//! person is listed. What was released before stays with the agent that it was released for.
//!
//! A release is final. Each answer is counted in at most one release, and nothing that happens later (the conversation
//! is excluded, included again, or erased) changes what was released: docs/anonymity.md, "Why released figures are
//! final".
//!
//! The work of a pass depends on the waiting answers, never on released ones. It is written in short transactions
//! (`write`), each with the totals that the pages read.

mod asked_counts;
mod min_batch_changes;
mod pool_age;
mod pool_reader;
mod pools;
mod reasons;
mod store;
mod write;

pub(super) use store::BLOCK;
use store::NewRelease;

use crate::clock::SharedClock;
use crate::database::{Conn, Db, DbError};
use crate::effects::{Effects, Event};
use crate::ids::TeamId;
use crate::jobs::{Kind, Outcome};
use crate::ratings::Month;
use crate::responses::{self, NewQuote, Responses};
use crate::vault::Vault;
use pool_age::PoolAges;
use pool_reader::PoolReader;
use pools::{Batch, Pool, Pools, Waiting, batches, min_batch_size};
use rand::seq::SliceRandom;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use write::by_pool;

/// Lower limit of any batch size, whatever is configured.
const FLOOR: usize = 3;
/// Maximum number of answers that are read before full pools are released: all of them may not fit into memory.
const MAX_IN_MEMORY: usize = 100_000;

/// Service that releases full pools. Cheap to clone.
#[derive(Clone)]
pub struct Releases {
    db: Db,
    clock: SharedClock,
    vault: Vault,
    responses: Responses,
    k: usize,
    ripe_at: i64,
    /// Number of months after which a waiting pool escalates.
    goes_up: i32,
    /// Time for which an invitation may be answered, and its month may change.
    expires_after: Duration,
}

impl std::fmt::Debug for Releases {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Releases")
    }
}

/// Content of a released answer.
#[derive(Debug, Clone)]
struct Counted {
    team: Option<TeamId>,
    /// Score 1-5; resolved 0 or 1; `None` for comments.
    value: Option<i64>,
    comment: Option<String>,
    /// Id of the quote of an apart comment.
    quote: Option<String>,
}

impl Releases {
    /// Creates the service, with k and the ripeness configured for surveys; answers escalate after `goes_up_after`.
    pub fn new(db: Db, clock: SharedClock, vault: Vault, responses: Responses, goes_up_after: Duration) -> Self {
        let settings = responses.settings();
        let k = usize::try_from(settings.k).unwrap_or(FLOOR).max(FLOOR);
        let expires_after = settings.expires_after;
        Self {
            db,
            clock,
            vault,
            k,
            ripe_at: responses.ripe_at(),
            responses,
            goes_up: pool_age::months(goes_up_after),
            expires_after,
        }
    }

    /// Returns the kinds of job.
    pub fn jobs(&self) -> Vec<Kind> {
        let releases = self.clone();
        let release = move |_| {
            let releases = releases.clone();
            async move { releases.release_full().await.map_or_else(|e| Outcome::Retry(e.to_string()), |_| Outcome::Done) }
        };
        vec![Kind::new(responses::RELEASE, release).max_concurrent(1)]
    }

    /// Releases every pool with k ripe answers or more, escalates those that have waited too long, and counts the
    /// invitations; returns the number of released batches.
    pub async fn release_full(&self) -> Result<usize, DbError> {
        self.note_min_batch_size().await?;
        let before = PoolAges::load(self.db.read().await?.conn(), &self.vault).await?;
        let mut waits = before.clone();
        let mut look = PoolReader::start(self.db.read().await?.conn()).await?;
        let (mut pools, mut released) = (Pools::new(), 0);
        while look.more(self, self.ripe_at, &mut pools).await? {
            if look.seen() >= MAX_IN_MEMORY {
                look.restart();
                released += self.release_pools(&mut pools, &mut waits).await?;
            }
        }
        released += self.release_pools(&mut pools, &mut waits).await?;
        released += self.release_raised(&mut pools, &mut waits, 1).await?;
        released += self.release_raised(&mut pools, &mut waits, 2).await?;
        waits.begin(pools.keys(), self.month());
        waits.keep(&pools);
        if waits != before {
            let mut tx = self.db.begin().await?;
            waits.save(tx.conn(), &self.vault).await?;
            tx.commit().await?;
        }
        released += self.release_reasons().await?;
        self.count_asked().await?;
        Ok(released)
    }

    fn month(&self) -> Month {
        Month::of(&self.clock.zone(), self.clock.now())
    }

    /// Releases the full pools; the others stay.
    async fn release_pools(&self, pools: &mut Pools, waits: &mut PoolAges) -> Result<usize, DbError> {
        let mut full = Vec::new();
        for (pool, answers) in pools.iter_mut() {
            let k = min_batch_size(answers.iter(), self.k);
            if answers.len() >= k {
                let mut all = std::mem::take(answers);
                all.shuffle(&mut rand::rng());
                for part in batches(all, k) {
                    let answers = part.into_iter().map(|answer| (pool.clone(), answer)).collect();
                    full.push(Batch { pool: pool.clone(), k, answers });
                }
            }
        }
        self.release_batches(full, pools, waits).await
    }

    /// Releases answers that have waited too long, together at this level: 1 the team, 2 the organisation. An escalated
    /// pool is never released alone.
    async fn release_raised(&self, pools: &mut Pools, waits: &mut PoolAges, level: i32) -> Result<usize, DbError> {
        let (now, mut up) = (self.month(), BTreeMap::<Pool, Vec<(Pool, Waiting)>>::new());
        for (pool, answers) in pools.iter() {
            let may = (pool.level() + waits.steps(pool, now, self.goes_up)).min(level);
            for answer in answers {
                let target = pool.raised(may, answer.team.as_ref());
                up.entry(target).or_default().push((pool.clone(), answer.clone()));
            }
        }
        let mut full = Vec::new();
        for (pool, answers) in up {
            let k = min_batch_size(answers.iter().map(|(_, answer)| answer), self.k);
            // A pool without escalated answers has been examined before.
            if answers.len() >= k && answers.iter().any(|(from, _)| *from != pool) {
                for (from, answer) in &answers {
                    if let Some(rest) = pools.get_mut(from) {
                        rest.retain(|one| one.id != answer.id);
                    }
                }
                full.extend(batches(answers, k).into_iter().map(|answers| Batch { pool: pool.clone(), k, answers }));
            }
        }
        self.release_batches(full, pools, waits).await
    }

    /// Releases batches; those that could not be released return to their pools.
    async fn release_batches(
        &self,
        full: Vec<Batch>,
        pools: &mut Pools,
        waits: &mut PoolAges,
    ) -> Result<usize, DbError> {
        let written = self.write_all(full).await?;
        for batch in &written.released {
            batch.answers.iter().for_each(|(from, _)| waits.end(from));
        }
        for (pool, answers) in by_pool(written.left) {
            pools.entry(pool).or_default().extend(answers);
        }
        pools.retain(|_, answers| !answers.is_empty());
        Ok(written.released.len())
    }

    /// Keeps quotes of apart comments; linked ones are quoted as soon as they can't be changed any more.
    async fn keep_quotes(&self, mut conn: Conn<'_>, quotes: &[Quotable]) -> Result<(), DbError> {
        for one in quotes {
            let new = NewQuote { id: &one.id, comment: &one.comment, team: one.team.as_ref(), interaction: None };
            self.responses.keep_quote(conn.reborrow(), &new, self.clock.now()).await?;
        }
        Ok(())
    }

    /// Sends webhook events about releases.
    async fn tell(&self, conn: Conn<'_>, releases: &[NewRelease]) -> Result<(), DbError> {
        let effects = releases.iter().fold(Effects::new(), |effects, release| effects.event(made(release)));
        effects.save(conn, self.clock.now()).await
    }
}

/// A released comment that may be quoted.
struct Quotable {
    id: String,
    comment: String,
    team: Option<TeamId>,
}

/// Returns the webhook event of a release: the number of counted answers, without their content or subject.
fn made(release: &NewRelease) -> Event {
    let data = serde_json::json!({ "release": {
        "id": release.id, "scope": release.scope, "question": release.question, "kind": release.kind, "month": release.month,
        "answers": release.n,
    } });
    Event { kind: "release.made", subject: release.id.to_string(), data, by_day: true }
}

/// Returns the team of most answers in a batch: an agent's answers are one pool, even if the agent changed teams.
fn usual_team(taken: &[Counted]) -> Option<TeamId> {
    let mut teams: HashMap<&TeamId, usize> = HashMap::new();
    taken.iter().filter_map(|c| c.team.as_ref()).for_each(|team| *teams.entry(team).or_default() += 1);
    teams.into_iter().max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(a.0))).map(|(team, _)| team.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_belongs_to_the_team_of_most() {
        let of = |team: Option<&TeamId>| Counted { team: team.cloned(), value: Some(1), comment: None, quote: None };
        let (a, b) = (TeamId::random(), TeamId::random());
        assert_eq!(usual_team(&[of(Some(&a)), of(Some(&b)), of(Some(&b)), of(None), of(None), of(None)]), Some(b));
        assert_eq!(usual_team(&[of(None)]), None);
    }
}
