//! The endpoint of the search.

use super::{Hit, Query as Words, QueryError, SaidBy, Search, SearchHit, Within};
use crate::access::rights::SeeInteractions;
use crate::clock::Timestamp;
use crate::interactions::Channel;
use crate::paging::Page;
use crate::web::problem::ApiError;
use crate::web::{Allowed, page_size, request_cursor};
use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi, Tags};

#[derive(Tags)]
enum Tag {
    /// Full-text search in transcripts and chat messages.
    Search,
}

/// The endpoint.
#[derive(Debug, Clone)]
pub struct Api {
    /// The service.
    pub search: Search,
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        Self::bad_request("bad_query", format!("q: {error}."))
    }
}

/// A piece of a snippet.
#[derive(Debug, Clone, Object)]
#[oai(rename = "SnippetPiece")]
struct PieceOut {
    /// Text.
    text: String,
    /// Whether the piece matches the query.
    hit: bool,
}

/// A matching segment or message.
#[derive(Debug, Clone, Object)]
#[oai(rename = "SearchHit")]
struct HitOut {
    /// Start, ms from the beginning of the recording or from the first message of the chat.
    start_ms: i64,
    /// End, ms from the same time.
    end_ms: i64,
    /// Speaker or sender: `agent`, `customer`, `bot`, `system`, `unknown`, or `channel-3` for a channel without a speaker.
    speaker: String,
    /// Text around the match, masked.
    snippet: Vec<PieceOut>,
    /// Path of the staff page at this time.
    href: String,
}

/// An interaction with matching segments or messages.
#[derive(Debug, Clone, Object)]
#[oai(rename = "SearchResult")]
struct ResultOut {
    /// Id of the interaction.
    interaction: String,
    /// Channel.
    channel: String,
    /// Time of the interaction, RFC 3339, UTC.
    occurred_at: String,
    /// Name of the agent.
    agent: Option<String>,
    /// Name of the team.
    team: Option<String>,
    /// Name of the queue.
    queue: Option<String>,
    /// Number of matching segments or messages.
    lines: i64,
    /// The first matches.
    hits: Vec<HitOut>,
}

/// A page of search results.
#[derive(Debug, Clone, Object)]
#[oai(rename = "SearchPage")]
struct SearchPage {
    /// Interactions, newest first.
    items: Vec<ResultOut>,
    /// `cursor` of the next page; null on the last page.
    next: Option<String>,
}

fn hit_out(id: &str, hit: Hit) -> HitOut {
    HitOut {
        start_ms: hit.start_ms,
        end_ms: hit.end_ms,
        speaker: hit.speaker,
        snippet: hit.snippet.into_iter().map(|p| PieceOut { text: p.text, hit: p.hit }).collect(),
        href: format!("/interactions/{id}#t={}", hit.start_ms),
    }
}

impl From<SearchHit> for ResultOut {
    fn from(found: SearchHit) -> Self {
        let i = found.interaction;
        let id = i.id.to_string();
        Self {
            hits: found.hits.into_iter().map(|hit| hit_out(&id, hit)).collect(),
            interaction: id,
            channel: i.channel.code().into(),
            occurred_at: i.occurred_at.to_rfc3339(),
            agent: i.agent_name,
            team: i.team_name,
            queue: i.queue,
            lines: found.lines,
        }
    }
}

impl From<Page<SearchHit>> for SearchPage {
    fn from(page: Page<SearchHit>) -> Self {
        Self {
            items: page.items.into_iter().map(ResultOut::from).collect(),
            next: page.next.map(|cursor| cursor.to_string()),
        }
    }
}

fn example_q() -> String {
    "\"lost parcel\" refund*".into()
}

fn bad(what: &str) -> ApiError {
    ApiError::bad_request("bad_filter", format!("{what} is not one of those in /docs"))
}

fn time(name: &str, text: Option<String>) -> Result<Option<Timestamp>, ApiError> {
    text.map(|text| Timestamp::parse(&text).ok_or_else(|| bad(name))).transpose()
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Search")]
impl Api {
    /// Search transcripts and chat messages
    ///
    /// Returns the interactions that the caller may see and that have a segment or message with every word of the query. Syntax:
    /// `"exact phrase"`, `los*` (prefix), `refund OR return`, `-bank` (exclude). Case and accents are ignored. Masked text is
    /// not searched. Each request with results is recorded in the audit log.
    #[oai(path = "/search", method = "get", operation_id = "searchInteractions")]
    async fn search(
        &self,
        who: Allowed<SeeInteractions>,
        /// Query.
        #[oai(example = "example_q")]
        q: Query<String>,
        /// Only segments and messages of this speaker.
        speaker: Query<Option<String>>,
        /// Only interactions of the agent with this id.
        agent: Query<Option<String>>,
        /// Only interactions of the team with this id.
        team: Query<Option<String>>,
        /// Only interactions of this channel.
        channel: Query<Option<String>>,
        /// Only interactions of the queue with this name.
        queue: Query<Option<String>>,
        /// Only interactions at or after this time, RFC 3339.
        from: Query<Option<String>>,
        /// Only interactions before this time, RFC 3339.
        before: Query<Option<String>>,
        /// `next` of the previous page, requested with the same filters.
        cursor: Query<Option<String>>,
        /// Maximum number of interactions on the page.
        limit: Query<Option<u32>>,
    ) -> Result<Json<SearchPage>, ApiError> {
        let words: Words = q.parse()?;
        let within = Within {
            said_by: speaker.0.map(|s| SaidBy::known(&s).ok_or_else(|| bad("speaker"))).transpose()?,
            agent: agent.0.map(|id| id.parse()).transpose().map_err(|_| bad("agent"))?,
            team: team.0.map(|id| id.parse()).transpose().map_err(|_| bad("team"))?,
            channel: channel.0.map(|c| Channel::known(&c).ok_or_else(|| bad("channel"))).transpose()?,
            queue: queue.0.filter(|q| !q.is_empty()),
            from: time("from", from.0)?,
            before: time("before", before.0)?,
        };
        let (cursor, size) = (request_cursor(cursor.as_deref())?, page_size(limit.0, 20, 100)?);
        Ok(Json(self.search.find(&who.principal, &words, &within, &cursor, size).await?.into()))
    }
}
