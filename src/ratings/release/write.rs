//! Writes releases: many in one transaction, which is kept short, since customers answer meanwhile.

use super::pools::{Batch, Pool, Side, Waiting};
use super::{Counted, Quotable, Releases, store, usual_team};
use crate::database::{Conn, DbError};
use crate::ids::ReleaseId;
use crate::masking;
use crate::ratings::store::exclusions;
use crate::responses::{self, LinkedAnswer, RipeSealed};
use crate::surveys::{self, Question, QuestionKind};
use rand::seq::SliceRandom;
use std::collections::{BTreeMap, HashMap};

/// Maximum number of answers in one transaction. The number of its statements is the same for a thousand as for five.
const MAX_BATCH: usize = 1000;

/// Outcome of writing batches.
#[derive(Default)]
pub(super) struct Written {
    /// Released batches, with the pools that their answers came from.
    pub released: Vec<Batch>,
    /// Answers that still exist, by the pool that they come from: too few were left for a batch.
    pub left: Vec<(Pool, Waiting)>,
}

/// A batch ready to write.
struct Ready<'a> {
    release: store::NewRelease,
    ids: Vec<&'a str>,
    quotes: Vec<Quotable>,
}

impl Releases {
    /// Writes batches, in as few transactions as keep each of them short.
    pub(super) async fn write_all(&self, mut batches: Vec<Batch>) -> Result<Written, DbError> {
        // Batches of one question follow each other: the statements are by question.
        batches.sort_by(|a, b| (a.pool.side, &a.pool.question).cmp(&(b.pool.side, &b.pool.question)));
        let mut written = Written::default();
        let mut group: Vec<Batch> = Vec::new();
        let mut size = 0;
        for batch in batches {
            let other = group.first().is_some_and(|first| {
                (first.pool.side, &first.pool.question) != (batch.pool.side, &batch.pool.question)
            });
            if other || (size + batch.answers.len() > MAX_BATCH && !group.is_empty()) {
                self.write(std::mem::take(&mut group), &mut written).await?;
                size = 0;
            }
            size += batch.answers.len();
            group.push(batch);
        }
        self.write(group, &mut written).await?;
        Ok(written)
    }

    /// Writes batches of one question and side in one transaction.
    async fn write(&self, batches: Vec<Batch>, written: &mut Written) -> Result<(), DbError> {
        let Some(first) = batches.first() else { return Ok(()) };
        let (side, question) = (first.pool.side, first.pool.question.clone());
        let mut tx = self.db.begin().await?;
        responses::lock_answers(tx.conn()).await?;
        let ids: Vec<&str> =
            batches.iter().flat_map(|batch| batch.answers.iter().map(|(_, answer)| answer.id.as_str())).collect();
        let mut found: HashMap<String, Counted> = match side {
            Side::Apart(_) => self.opened(responses::sealed_answers(tx.conn(), &ids, self.ripe_at).await?),
            Side::Linked(_) => self.linked(tx.conn(), &question, &ids).await?,
        };
        let mut ready = Vec::new();
        let mut is_released = Vec::with_capacity(batches.len());
        let mut left_ids = Vec::new();
        for batch in &batches {
            let here: Vec<&str> = batch
                .answers
                .iter()
                .map(|(_, answer)| answer.id.as_str())
                .filter(|id| found.contains_key(*id))
                .collect();
            let taken: Vec<Counted> = here.iter().filter_map(|id| found.remove(*id)).collect();
            // Some may have been removed since the pool was read.
            is_released.push(taken.len() >= batch.k);
            if taken.len() >= batch.k {
                ready.push(self.ready(batch, here, taken));
            } else {
                left_ids.push(here);
            }
        }
        if !ready.is_empty() {
            let pairs: Vec<(&str, &ReleaseId)> =
                ready.iter().flat_map(|one| one.ids.iter().map(|id| (*id, &one.release.id))).collect();
            match side {
                Side::Apart(_) => {
                    let ids: Vec<&str> = pairs.iter().map(|(id, _)| *id).collect();
                    responses::remove_released(tx.conn(), &ids).await?;
                }
                Side::Linked(_) => responses::mark_released(tx.conn(), &question, &pairs).await?,
            }
            for one in &ready {
                self.keep_quotes(tx.conn(), &one.quotes).await?;
            }
            let releases: Vec<store::NewRelease> = ready.into_iter().map(|one| one.release).collect();
            store::add(tx.conn(), &releases).await?;
            self.tell(tx.conn(), &releases).await?;
            tx.commit().await?;
        }
        let left: std::collections::HashSet<String> = left_ids.into_iter().flatten().map(str::to_owned).collect();
        for (batch, released) in batches.into_iter().zip(is_released) {
            if released {
                written.released.push(batch);
            } else {
                written.left.extend(batch.answers.into_iter().filter(|(_, answer)| left.contains(&answer.id)));
            }
        }
        Ok(())
    }

    fn ready<'a>(&self, batch: &Batch, ids: Vec<&'a str>, mut taken: Vec<Counted>) -> Ready<'a> {
        let pool = &batch.pool;
        let team = pool.team.clone().or_else(|| pool.agent.as_ref().and_then(|_| usual_team(&taken)));
        let (n, counts) = (taken.len(), counts(pool.question.kind(), &taken));
        let mut comments: Vec<(String, String)> = Vec::new();
        if pool.question.kind() == QuestionKind::Text {
            let with_id = |counted: &Counted| {
                let text = masking::mask_comment(counted.comment.as_deref()?);
                Some((uuid::Uuid::new_v4().to_string(), text))
            };
            comments = taken.iter().filter_map(with_id).collect();
            comments.shuffle(&mut rand::rng());
        }
        let quotable =
            |counted: Counted| Some(Quotable { id: counted.quote?, comment: counted.comment?, team: team.clone() });
        let quotes = taken.drain(..).filter_map(quotable).collect();
        let release = store::NewRelease {
            id: ReleaseId::random(),
            scope: pool.scope(),
            agent: pool.agent.clone(),
            team,
            question: pool.question.code().to_owned(),
            kind: pool.side.code(),
            month: self.month().to_string(),
            k: batch.k,
            n,
            counts,
            comments,
        };
        Ready { release, ids, quotes }
    }

    /// Returns the linked answers that still exist, are not counted, and are not excluded, by interaction.
    async fn linked(
        &self,
        mut conn: Conn<'_>,
        question: &Question,
        ids: &[&str],
    ) -> Result<HashMap<String, Counted>, DbError> {
        let excluded = exclusions::among(conn.reborrow(), ids).await?;
        let answers = responses::linked_answers(conn, question, ids, self.ripe_at).await?;
        let counted = |row: LinkedAnswer| {
            let content = Counted { team: row.team, value: row.value, comment: row.comment, quote: None };
            (row.interaction.to_string(), content)
        };
        Ok(answers.into_iter().filter(|row| !excluded.contains(&row.interaction)).map(counted).collect())
    }

    fn opened(&self, sealed: Vec<RipeSealed>) -> HashMap<String, Counted> {
        let open = |row: RipeSealed| {
            let part = responses::open_sealed(&self.vault, &row.sealed).ok()?;
            Some((row.id, Counted { team: part.team, value: part.value, comment: part.comment, quote: part.quote }))
        };
        sealed.into_iter().filter_map(open).collect()
    }
}

/// Returns counts by value; for a many-of question by option.
fn counts(kind: QuestionKind, taken: &[Counted]) -> BTreeMap<i64, i64> {
    let mut counts = BTreeMap::new();
    let values = taken.iter().filter_map(|answer| answer.value).flat_map(|number| surveys::chosen(kind, number));
    values.for_each(|value| *counts.entry(value).or_default() += 1);
    counts
}

/// Groups answers by the pool that they come from.
pub(super) fn by_pool(all: Vec<(Pool, Waiting)>) -> BTreeMap<Pool, Vec<Waiting>> {
    let mut pools: BTreeMap<Pool, Vec<Waiting>> = BTreeMap::new();
    all.into_iter().for_each(|(pool, answer)| pools.entry(pool).or_default().push(answer));
    pools
}
