//! The endpoint of the search.

use super::{Found, Hit, Query as Words, QueryError, SaidBy, Search, Within};
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
    /// What was said or written, found by its words.
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

/// A piece of text.
#[derive(Debug, Clone, Object)]
#[oai(rename = "SnippetPiece")]
struct PieceOut {
    /// As it stands.
    text: String,
    /// Is it what was searched for?
    hit: bool,
}

/// A line that fits.
#[derive(Debug, Clone, Object)]
#[oai(rename = "SearchHit")]
struct HitOut {
    /// From the beginning of the recording, or since a chat's first message, ms.
    start_ms: i64,
    /// Likewise.
    end_ms: i64,
    /// `agent`, `customer`, `bot`, `system`, `unknown` or `channel-3`.
    speaker: String,
    /// What it says around the hit, masked.
    snippet: Vec<PieceOut>,
    /// The page at this moment.
    href: String,
}

/// An interaction with lines that fit.
#[derive(Debug, Clone, Object)]
#[oai(rename = "SearchResult")]
struct ResultOut {
    /// The interaction's id.
    interaction: String,
    /// `call`, `chat`, `other` or `unknown`.
    channel: String,
    /// When it was: RFC 3339, UTC.
    occurred_at: String,
    /// Who handled it.
    agent: Option<String>,
    /// The team.
    team: Option<String>,
    /// The queue.
    queue: Option<String>,
    /// How many of its lines fit.
    lines: i64,
    /// The first of them.
    hits: Vec<HitOut>,
}

/// Some results.
#[derive(Debug, Clone, Object)]
#[oai(rename = "SearchPage")]
struct SearchPage {
    /// The newest interaction first.
    items: Vec<ResultOut>,
    /// Send it as `cursor` for the next page; null on the last.
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

impl From<Found> for ResultOut {
    fn from(found: Found) -> Self {
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

impl From<Page<Found>> for SearchPage {
    fn from(page: Page<Found>) -> Self {
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
    /// Search what was said or written
    ///
    /// Finds lines (what somebody said in one go, or a message) in which every word stands, in those interactions that
    /// whoever asks may see. `"exact words"`, `los*` for words that begin so, `refund OR return`, `-bank` to leave out.
    /// Case and accents make no difference. Only what is not masked can be found. Each answer that shows something is
    /// noted in the audit log.
    #[oai(path = "/search", method = "get", operation_id = "search")]
    async fn search(
        &self,
        who: Allowed<SeeInteractions>,
        /// What to search for.
        #[oai(example = "example_q")]
        q: Query<String>,
        /// Only what the `agent` or the `customer` said.
        speaker: Query<Option<String>>,
        /// Only interactions of this agent.
        agent: Query<Option<String>>,
        /// Only of this team.
        team: Query<Option<String>>,
        /// Only `call` or `chat`.
        channel: Query<Option<String>>,
        /// Only of this queue.
        queue: Query<Option<String>>,
        /// Only from this time on, RFC 3339.
        from: Query<Option<String>>,
        /// Only before this time, RFC 3339.
        before: Query<Option<String>>,
        /// `next` of the page before.
        cursor: Query<Option<String>>,
        /// Number of interactions on a page.
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
