//! Full-text search in transcripts and messages.
//!
//! A durable job indexes the lines of an interaction again whenever its words have changed. Words are normalised here
//! (`tokens`), for both databases, so both find the same: SQLite by FTS5, PostgreSQL by a tsvector. Only the masked
//! text is indexed.

pub mod api;
mod line;
mod query;
mod store;
mod tokens;
mod work;

pub use line::SnippetPiece;
pub use query::{MAX_QUERY_CHARS, Query, QueryError};
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

/// Maximum number of lines of an interaction in a result.
const LINES_SHOWN: i64 = 4;

/// Side of the speaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaidBy {
    /// The company.
    Agent,
    /// The customer.
    Customer,
}

impl SaidBy {
    /// Both sides.
    pub const ALL: [Self; 2] = [Self::Agent, Self::Customer];

    /// Returns the code, as in URLs and tables.
    pub fn code(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Customer => "customer",
        }
    }

    /// Returns the side of this code.
    pub fn known(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == text)
    }
}

/// Filters of a search; `None` matches all.
#[derive(Debug, Clone, Default)]
pub struct Within {
    /// Side of the speaker.
    pub said_by: Option<SaidBy>,
    /// Agent of the interaction.
    pub agent: Option<AgentId>,
    /// Team of the interaction.
    pub team: Option<TeamId>,
    /// Channel: calls or chats.
    pub channel: Option<Channel>,
    /// Queue of the interaction, in any case.
    pub queue: Option<String>,
    /// Earliest time.
    pub from: Option<Timestamp>,
    /// Time before which interactions match.
    pub before: Option<Timestamp>,
}

/// A matching line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Index among the lines of the interaction, from 0.
    pub seq: i64,
    /// Start from the beginning of the recording, or since the first message, ms.
    pub start_ms: i64,
    /// End, likewise.
    pub end_ms: i64,
    /// Speaker: `agent`, `customer`, `bot`, `system`, …
    pub speaker: String,
    /// Text around the hit.
    pub snippet: Vec<SnippetPiece>,
}

/// An interaction with matching lines.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchHit {
    /// Interaction.
    pub interaction: Interaction,
    /// Number of its matching lines.
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
    /// Returns the service.
    pub fn new(db: Db, clock: SharedClock, interactions: Interactions, transcription: Transcription) -> Self {
        Self { db, clock, interactions, transcription }
    }

    /// Returns the interactions visible to `who` with matching lines, the newest first. Where there are results, the
    /// view is recorded in the audit log.
    pub async fn find(
        &self,
        who: &Principal,
        query: &Query,
        within: &Within,
        from: &Cursor,
        size: usize,
    ) -> Result<Page<SearchHit>, DbError> {
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
        let items = shown.into_iter().map(|interaction| SearchHit {
            lines: counts.get(&interaction.id).copied().unwrap_or_default(),
            hits: hits.remove(&interaction.id).unwrap_or_default(),
            interaction,
        });
        Ok(Page { items: items.collect(), next: page.next })
    }

    /// Groups the lines by interaction; a line that matches in two of its parts is returned once.
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

    /// Queues everything for indexing again; returns the number of interactions with words.
    pub async fn rebuild(&self) -> Result<u64, DbError> {
        let mut tx = self.db.begin().await?;
        store::forget_all(tx.conn()).await?;
        tx.commit().await?;
        self.catch_up().await
    }

    /// Returns the kinds of job that this feature runs.
    pub fn jobs(&self) -> Vec<jobs::Kind> {
        work::jobs(self)
    }
}

/// Removes the words of these interactions from the index, in the caller's transaction.
pub async fn remove(conn: Conn<'_>, ids: &[InteractionId]) -> Result<(), DbError> {
    store::remove(conn, ids).await
}
