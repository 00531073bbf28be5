//! Releases: the only way from answers to figures (anonymity.md, rule 4).
//!
//! After each pass of the mix the ripe answers lie in pools: by agent (or team, or the whole organisation, where no agent or
//! team is known), by question, linked or apart. A pool that holds k answers or more is released, all of it at once, in one
//! transaction: counts under a month, comments masked and shuffled, the sealed records deleted. A smaller one waits.

mod pools;
mod store;

pub use store::STATEMENTS;

use crate::clock::SharedClock;
use crate::database::{Conn, Db, DbError};
use crate::effects::{Effects, Event};
use crate::ids::{ReleaseId, TeamId};
use crate::jobs::{Kind, Outcome};
use crate::masking::mask_comment as masked;
use crate::surveys::{self, NewQuote, QuestionKind, Surveys};
use crate::vault::Vault;
use pools::{Pool, Side, batches};
use rand::seq::SliceRandom;
use std::collections::{BTreeMap, HashMap};

/// No batch is ever smaller, whatever is configured.
const FLOOR: usize = 3;
/// Answers read at once while looking what there is.
const PAGE: usize = 1000;

/// Releases pools that are full. Cheap to clone.
#[derive(Clone)]
pub struct Releases {
    db: Db,
    clock: SharedClock,
    vault: Vault,
    surveys: Surveys,
    k: usize,
    ripe_at: i64,
}

impl std::fmt::Debug for Releases {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Releases")
    }
}

/// What a released answer says.
struct Counted {
    team: Option<TeamId>,
    /// The number that was answered (`surveys::Value`); nothing for texts.
    value: Option<i64>,
    comment: Option<String>,
    /// Of a comment that was kept apart: under which id it may be quoted.
    quote: Option<String>,
}

impl Releases {
    /// The service, with k and the ripeness that surveys are configured with.
    pub fn new(db: Db, clock: SharedClock, vault: Vault, surveys: &Surveys) -> Self {
        let k = usize::try_from(surveys.settings().k).unwrap_or(FLOOR).max(FLOOR);
        Self { db, clock, vault, surveys: surveys.clone(), k, ripe_at: surveys.ripe_at() }
    }

    /// The kinds of job that this does.
    pub fn jobs(&self) -> Vec<Kind> {
        let releases = self.clone();
        let release = move |_| {
            let releases = releases.clone();
            async move { releases.release_full().await.map_or_else(|e| Outcome::Retry(e.to_string()), |_| Outcome::Done) }
        };
        vec![Kind::new(surveys::RELEASE, release).at_once(1)]
    }

    /// Releases every pool that holds k ripe answers or more; how many batches.
    pub async fn release_full(&self) -> Result<usize, DbError> {
        let mut released = 0;
        for (pool, mut ids) in self.pools().await? {
            ids.shuffle(&mut rand::rng());
            for batch in batches(ids, self.k) {
                released += usize::from(self.release(&pool, &batch).await?);
            }
        }
        Ok(released)
    }

    /// Which ripe answers lie in which pool. Read page by page; answers may go while this looks, which the release notices.
    async fn pools(&self) -> Result<BTreeMap<Pool, Vec<String>>, DbError> {
        let mut pools: BTreeMap<Pool, Vec<String>> = BTreeMap::new();
        let mut from = String::new();
        loop {
            let page = store::ripe_sealed(self.db.read().await?.conn(), &from, self.ripe_at, PAGE).await?;
            for row in &page {
                // What does not open was sealed with a key that is lost: it can't be counted, and surveys log it.
                let Ok(part) = surveys::open_sealed(&self.vault, &row.sealed) else { continue };
                let pool = Pool::of(Side::Apart, part.question, part.agent, part.team);
                pools.entry(pool).or_default().push(row.id.clone());
            }
            match page.last() {
                Some(last) if page.len() == PAGE => from.clone_from(&last.id),
                _ => break,
            }
        }
        from.clear();
        loop {
            let page = store::ripe_linked(self.db.read().await?.conn(), &from, self.ripe_at, PAGE).await?;
            for row in &page {
                for question in row.waiting() {
                    let pool = Pool::of(Side::Linked, question, row.agent_id.clone(), row.team_id.clone());
                    pools.entry(pool).or_default().push(row.id.clone());
                }
            }
            match page.last() {
                Some(last) if page.len() == PAGE => from.clone_from(&last.id),
                _ => break,
            }
        }
        self.further_pools(&mut pools).await?;
        Ok(pools)
    }

    /// Linked answers to further questions, which have a table of their own.
    async fn further_pools(&self, pools: &mut BTreeMap<Pool, Vec<String>>) -> Result<(), DbError> {
        let mut from = (String::new(), String::new());
        loop {
            let page = store::ripe_extras(self.db.read().await?.conn(), &from, self.ripe_at, PAGE).await?;
            for row in &page {
                let Some(question) = row.question() else { continue };
                let pool = Pool::of(Side::Linked, question, row.agent_id.clone(), row.team_id.clone());
                pools.entry(pool).or_default().push(row.id.clone());
            }
            match page.last() {
                Some(last) if page.len() == PAGE => from = last.place(),
                _ => return Ok(()),
            }
        }
    }

    /// Releases one batch; false where it had shrunk below k in the meantime, and then nothing changes.
    async fn release(&self, pool: &Pool, ids: &[String]) -> Result<bool, DbError> {
        if ids.len() < self.k {
            return Ok(false);
        }
        let id = ReleaseId::random();
        let mut tx = self.db.begin().await?;
        surveys::lock_answers(tx.conn()).await?;
        let mut taken = match pool.side {
            Side::Apart => self.opened(store::take_sealed(tx.conn(), ids, self.ripe_at).await?),
            Side::Linked => {
                let rows = store::take_linked(tx.conn(), &pool.question, &id, ids, self.ripe_at).await?;
                rows.into_iter().map(store::LinkedTaken::counted).collect()
            }
        };
        if taken.len() < self.k {
            // Dropping the transaction puts them back.
            return Ok(false);
        }
        taken.shuffle(&mut rand::rng());
        let release = store::NewRelease {
            id,
            scope: pool.scope(),
            agent: pool.agent.clone(),
            team: pool.team.clone().or_else(|| usual_team(&taken)),
            question: pool.question.code().to_owned(),
            kind: pool.side.code(),
            month: self.clock.now().month(),
            k: i64::try_from(self.k).unwrap_or(i64::MAX),
            n: i64::try_from(taken.len()).unwrap_or(i64::MAX),
        };
        store::add(tx.conn(), &release).await?;
        if pool.question.kind() == QuestionKind::Text {
            self.keep_quotes(tx.conn(), &taken, release.team.as_ref()).await?;
            let comments: Vec<String> = taken.into_iter().filter_map(|c| c.comment).map(|text| masked(&text)).collect();
            store::add_comments(tx.conn(), &release.id, &comments).await?;
        } else {
            let mut counts: BTreeMap<i64, i64> = BTreeMap::new();
            let kind = pool.question.kind();
            let values = taken.iter().filter_map(|c| c.value).flat_map(|number| surveys::chosen(kind, number));
            values.for_each(|value| *counts.entry(value).or_default() += 1);
            store::add_counts(tx.conn(), &release.id, &counts).await?;
        }
        Effects::new().event(made(&release)).save(tx.conn(), self.clock.now()).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Comments that were kept apart and may be quoted; linked ones are quoted as soon as they can't be changed any more.
    async fn keep_quotes(&self, mut conn: Conn<'_>, taken: &[Counted], team: Option<&TeamId>) -> Result<(), DbError> {
        for one in taken {
            let (Some(id), Some(comment)) = (&one.quote, &one.comment) else { continue };
            let new = NewQuote { id, comment, team, interaction: None };
            self.surveys.keep_quote(conn.again(), &new, self.clock.now()).await?;
        }
        Ok(())
    }

    fn opened(&self, sealed: Vec<String>) -> Vec<Counted> {
        let open = |text: String| surveys::open_sealed(&self.vault, &text).ok();
        let parts = sealed.into_iter().filter_map(open);
        parts
            .map(|part| Counted { team: part.team, value: part.value, comment: part.comment, quote: part.quote })
            .collect()
    }
}

/// What webhooks hear of a release: how many answers were counted, and nothing of what they say or about whom.
fn made(release: &store::NewRelease) -> Event {
    let data = serde_json::json!({ "release": {
        "id": release.id, "scope": release.scope, "question": release.question, "kind": release.kind, "month": release.month, "answers": release.n,
    } });
    Event { kind: "release.made", subject: release.id.to_string(), data, by_day: true }
}

/// The team that most of a batch belong to: an agent's answers are one pool, also where the agent changed teams.
fn usual_team(taken: &[Counted]) -> Option<TeamId> {
    let mut teams: HashMap<&TeamId, usize> = HashMap::new();
    taken.iter().filter_map(|c| c.team.as_ref()).for_each(|team| *teams.entry(team).or_default() += 1);
    teams.into_iter().max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(a.0))).map(|(team, _)| team.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_taken_out_too() {
        assert_eq!(masked("see https://shop.example/o/ab12?c=jerry now"), "see [link] now");
        assert_eq!(masked("(www.shop.example/me)\nthanks, jerry@example.net"), "[link]\nthanks, [e-mail]");
        assert_eq!(masked("all good: 5 of 5"), "all good: 5 of 5");
    }

    #[test]
    fn a_batch_belongs_to_the_team_of_most() {
        let of = |team: Option<&TeamId>| Counted { team: team.cloned(), value: Some(1), comment: None, quote: None };
        let (a, b) = (TeamId::random(), TeamId::random());
        assert_eq!(usual_team(&[of(Some(&a)), of(Some(&b)), of(Some(&b)), of(None), of(None), of(None)]), Some(b));
        assert_eq!(usual_team(&[of(None)]), None);
    }
}
