//! Reads waiting answers, page by page. Answers may be removed meanwhile, which the writer detects.

use super::Releases;
use super::pools::{Pool, Pools, Side, Waiting};
use crate::database::{Conn, DbError};
use crate::ids::{AgentId, InteractionId, TeamId};
use crate::ratings::store::exclusions;
use crate::responses::{self, Origin};
use crate::staff;
use crate::surveys::Question;
use std::collections::HashMap;

/// Number of rows read at once.
const PAGE_SIZE: usize = 5000;

/// Tables of answers: the mix, linked answers, and linked answers to further questions.
#[derive(Clone, Copy)]
enum AnswerSource {
    Sealed,
    Linked,
    Further,
}

/// Position of the reader.
pub(super) struct PoolReader {
    /// Persons of the agents that are merged with others: their answers are released together.
    persons: HashMap<AgentId, AgentId>,
    shelf: Option<AnswerSource>,
    /// Last id that was read, and the question of a further answer.
    from: (String, String),
    seen: usize,
}

impl PoolReader {
    /// Returns a reader at the beginning.
    pub async fn start(conn: Conn<'_>) -> Result<Self, DbError> {
        let persons = staff::merged_agents(conn).await?;
        Ok(Self { persons, shelf: Some(AnswerSource::Sealed), from: Default::default(), seen: 0 })
    }

    /// Returns the pool of an answer: that of the person who the agent is today.
    fn pool(&self, side: Side, question: Question, agent: Option<&AgentId>, team: Option<&TeamId>) -> Pool {
        let person = agent.map(|agent| self.persons.get(agent).unwrap_or(agent));
        Pool::of(side, question, person.cloned(), team.cloned())
    }

    /// Returns the number of answers read since the start or [`PoolReader::restart`].
    pub fn seen(&self) -> usize {
        self.seen
    }

    /// Resets the number of answers read.
    pub fn restart(&mut self) {
        self.seen = 0;
    }

    /// Reads the next page of answers with at least this ripeness into pools; returns false at the end.
    pub async fn more(&mut self, releases: &Releases, ripe_at: i64, pools: &mut Pools) -> Result<bool, DbError> {
        let Some(shelf) = self.shelf else { return Ok(false) };
        let (last, n) = match shelf {
            AnswerSource::Sealed => self.sealed(releases, ripe_at, pools).await?,
            AnswerSource::Linked => self.linked(releases, ripe_at, pools).await?,
            AnswerSource::Further => self.further(releases, ripe_at, pools).await?,
        };
        self.seen += n;
        match (last, shelf) {
            (Some(last), _) if n == PAGE_SIZE => self.from = last,
            (_, AnswerSource::Sealed) => (self.shelf, self.from) = (Some(AnswerSource::Linked), Default::default()),
            (_, AnswerSource::Linked) => (self.shelf, self.from) = (Some(AnswerSource::Further), Default::default()),
            (_, AnswerSource::Further) => self.shelf = None,
        }
        Ok(true)
    }

    async fn sealed(&self, releases: &Releases, ripe_at: i64, pools: &mut Pools) -> Result<Read, DbError> {
        let page = responses::ripe_sealed(releases.db.read().await?.conn(), &self.from.0, ripe_at, PAGE_SIZE).await?;
        for row in &page {
            // A record that can't be opened was sealed with a lost key: it can't be counted, and surveys log it.
            let Ok(part) = responses::open_sealed(&releases.vault, &row.sealed) else { continue };
            let pool = self.pool(Side::Apart(part.origin), part.question, part.agent.as_ref(), part.team.as_ref());
            let promised = usize::try_from(part.promised).unwrap_or(usize::MAX);
            pools.entry(pool).or_default().push(Waiting { id: row.id.clone(), team: part.team, promised });
        }
        let n = page.len();
        Ok((page.into_iter().last().map(|row| (row.id, String::new())), n))
    }

    async fn linked(&self, releases: &Releases, ripe_at: i64, pools: &mut Pools) -> Result<Read, DbError> {
        let mut reader = releases.db.read().await?;
        let page = responses::ripe_linked(reader.conn(), &self.from.0, ripe_at, PAGE_SIZE).await?;
        let ids: Vec<&str> = page.iter().map(|row| row.interaction.as_str()).collect();
        let excluded = exclusions::among(reader.conn(), &ids).await?;
        for row in page.iter().filter(|row| !excluded.contains(&row.interaction)) {
            for question in row.waiting() {
                let pool = self.pool(side(row.external), question, row.agent.as_ref(), row.team.as_ref());
                let waiting = waiting(&row.interaction, row.team.as_ref(), row.min_batch_size);
                pools.entry(pool).or_default().push(waiting);
            }
        }
        Ok((page.last().map(|row| (row.interaction.to_string(), String::new())), page.len()))
    }

    async fn further(&self, releases: &Releases, ripe_at: i64, pools: &mut Pools) -> Result<Read, DbError> {
        let from = (self.from.0.as_str(), self.from.1.as_str());
        let mut reader = releases.db.read().await?;
        let page = responses::ripe_extras(reader.conn(), from, ripe_at, PAGE_SIZE).await?;
        let ids: Vec<&str> = page.iter().map(|row| row.interaction.as_str()).collect();
        let excluded = exclusions::among(reader.conn(), &ids).await?;
        for row in page.iter().filter(|row| !excluded.contains(&row.interaction)) {
            let Some(question) = Question::known(&row.question) else { continue };
            let pool = self.pool(side(row.external), question, row.agent.as_ref(), row.team.as_ref());
            let waiting = waiting(&row.interaction, row.team.as_ref(), row.min_batch_size);
            pools.entry(pool).or_default().push(waiting);
        }
        Ok((page.last().map(|row| (row.interaction.to_string(), row.question.clone())), page.len()))
    }
}

fn side(external: i64) -> Side {
    Side::Linked(if external == 1 { Origin::External } else { Origin::Mail })
}

fn waiting(interaction: &InteractionId, team: Option<&TeamId>, promised: i64) -> Waiting {
    Waiting { id: interaction.to_string(), team: team.cloned(), promised: usize::try_from(promised).unwrap_or(0) }
}

/// Last position of a page, and its number of rows.
type Read = (Option<(String, String)>, usize);
