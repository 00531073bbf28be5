//! What was said or written, found by its words.
//!
//! A durable job makes the lines of an interaction findable anew whenever its words have changed. Words are made alike
//! here (`tokens`), for both databases, so both find the same: SQLite by FTS5, PostgreSQL by a tsvector. Indexed is
//! only what everybody may see: the masked text.

pub mod api;
mod line;
mod query;
mod store;
mod tokens;
mod work;

pub use line::SnippetPiece;
pub use query::{MAX_QUERY_CHARS, Query, QueryError};
pub use store::STATEMENTS;
pub use tokens::{Token, tokens};

use crate::access::Principal;
use crate::audit;
use crate::clock::{SharedClock, Timestamp};
use crate::database::{Conn, Db, DbError};
use crate::ids::{AgentId, InteractionId, TeamId};
use crate::interactions::{Channel, Interaction, Interactions};
use crate::jobs;
use crate::paging::{Cursor, Page};
use crate::transcription::Transcription;
use std::collections::HashMap;

/// So many lines of an interaction a result shows.
const LINES_SHOWN: i64 = 4;

/// Who said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaidBy {
    /// The company's side.
    Agent,
    /// The customer.
    Customer,
}

impl SaidBy {
    /// Both sides.
    pub const ALL: [Self; 2] = [Self::Agent, Self::Customer];

    /// As it stands in URLs and tables.
    pub fn code(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Customer => "customer",
        }
    }

    /// The one of this code, if it is one.
    pub fn known(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == text)
    }
}

/// Where to search; `None` lets everything through.
#[derive(Debug, Clone, Default)]
pub struct Within {
    /// Said by this side.
    pub said_by: Option<SaidBy>,
    /// Handled by this agent.
    pub agent: Option<AgentId>,
    /// Handled by this team.
    pub team: Option<TeamId>,
    /// Calls or chats.
    pub channel: Option<Channel>,
    /// That came in by this queue, in whatever case.
    pub queue: Option<String>,
    /// From this time on.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub before: Option<Timestamp>,
}

/// A line that fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Its place among the lines of the interaction, from 0.
    pub seq: i64,
    /// From the beginning of the recording, or since the first message, ms.
    pub start_ms: i64,
    /// Where it ends, likewise.
    pub end_ms: i64,
    /// `agent`, `customer`, `bot`, `system`, …
    pub speaker: String,
    /// What it says around the hit.
    pub snippet: Vec<SnippetPiece>,
}

/// An interaction with lines that fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Which.
    pub interaction: Interaction,
    /// How many of its lines fit.
    pub lines: i64,
    /// The first of them.
    pub hits: Vec<Hit>,
}

/// The service.
#[derive(Clone)]
pub struct Search {
    db: Db,
    clock: SharedClock,
    interactions: Interactions,
    transcription: Transcription,
}

impl std::fmt::Debug for Search {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Search")
    }
}

impl Search {
    /// Over these features.
    pub fn new(db: Db, clock: SharedClock, interactions: Interactions, transcription: Transcription) -> Self {
        Self { db, clock, interactions, transcription }
    }

    /// Interactions that `who` may see with lines that fit, the newest first. Where something is shown, the look is
    /// noted in the audit log.
    pub async fn find(
        &self,
        who: &Principal,
        query: &Query,
        within: &Within,
        from: &Cursor,
        size: usize,
    ) -> Result<Page<Found>, DbError> {
        let mut reader = self.db.read().await?;
        let found = store::interactions(reader.conn(), &who.visible(), query, within, from, size + 1).await?;
        let page = Page::from_surplus(found, size, |last| Cursor { at: last.occurred_at, id: last.id.to_string() });
        let ids: Vec<InteractionId> = page.items.iter().map(|one| one.id.clone()).collect();
        if ids.is_empty() {
            return Ok(Page { items: Vec::new(), next: page.next });
        }
        let mut hits = self.hits(store::lines(reader.conn(), &ids, query, within.said_by, LINES_SHOWN).await?, query);
        drop(reader);
        let counts: HashMap<InteractionId, i64> = page.items.into_iter().map(|one| (one.id, one.lines)).collect();
        let shown = self.interactions.among(&who.visible(), &ids).await?;
        audit::look(&self.db, who, "transcripts.searched", "interactions", self.clock.now()).await?;
        let items = shown.into_iter().map(|interaction| Found {
            lines: counts.get(&interaction.id).copied().unwrap_or_default(),
            hits: hits.remove(&interaction.id).unwrap_or_default(),
            interaction,
        });
        Ok(Page { items: items.collect(), next: page.next })
    }

    /// By interaction; a line that fits in two of its parts is shown once.
    fn hits(&self, rows: Vec<store::LineRow>, query: &Query) -> HashMap<InteractionId, Vec<Hit>> {
        let mut hits: HashMap<InteractionId, Vec<Hit>> = HashMap::new();
        for row in rows {
            let of = hits.entry(row.interaction_id).or_default();
            if of.last().is_none_or(|last| last.seq != row.seq) {
                let snippet = line::snippet(&row.text, query);
                of.push(Hit {
                    seq: row.seq,
                    start_ms: row.start_ms,
                    end_ms: row.end_ms,
                    speaker: row.speaker,
                    snippet,
                });
            }
        }
        hits
    }

    /// Queues everything for being indexed anew; how many interactions with words there are.
    pub async fn rebuild(&self) -> Result<u64, DbError> {
        let mut tx = self.db.begin().await?;
        store::forget_all(tx.conn()).await?;
        tx.commit().await?;
        self.catch_up().await
    }

    /// The kinds of job that this feature does.
    pub fn jobs(&self) -> Vec<jobs::Kind> {
        work::jobs(self)
    }
}

/// Takes the words of these interactions out of what is found, in the caller's transaction.
pub async fn remove(conn: Conn<'_>, ids: &[InteractionId]) -> Result<(), DbError> {
    store::remove(conn, ids).await
}
