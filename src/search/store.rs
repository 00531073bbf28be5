//! SQL of the search.

use super::line::{GAP, Part};
use super::{Query, SaidBy, Within};
use crate::access::principal::Visible;
use crate::clock::Timestamp;
use crate::database::{Conn, DbError, VisibleBinds};
use crate::ids::InteractionId;
use crate::interactions::Channel;
use crate::paging::Cursor;
use crate::{execute, fetch_all, same_person, statements, visible_to};

statements! {
    CLEAR = "DELETE FROM search_lines WHERE interaction_id = $1";
    // $2 is a JSON array of {seq, part, start_ms, end_ms, speaker, text, tokens}.
    ADD = "
        INSERT INTO search_lines (interaction_id, seq, part, start_ms, end_ms, speaker, text, tokens)
        SELECT $1, CAST(j.value->>'seq' AS BIGINT), CAST(j.value->>'part' AS BIGINT),
            CAST(j.value->>'start_ms' AS BIGINT), CAST(j.value->>'end_ms' AS BIGINT), j.value->>'speaker',
            j.value->>'text', (j.value->>'tokens'){pg ::tsvector}
        FROM {rows $2} AS j";
    MARK = "
        INSERT INTO search_state (interaction_id, rules_version)
        VALUES ($1, $2)
        ON CONFLICT (interaction_id) DO UPDATE SET rules_version = excluded.rules_version";
    FORGET = "UPDATE search_state SET rules_version = 0";
    REMOVE = "DELETE FROM search_lines WHERE interaction_id IN {list $1}";
    // Interactions with words that were not indexed, or by other rules; ordered by id.
    UNINDEXED = "
        SELECT w.id
        FROM (
            SELECT interaction_id AS id
            FROM transcripts
            WHERE state = 'done'
                AND interaction_id > $1
            UNION
            SELECT interaction_id
            FROM messages
            WHERE seq = 0
                AND interaction_id > $1
        ) AS w
        LEFT JOIN search_state s ON s.interaction_id = w.id
        WHERE s.interaction_id IS NULL
            OR s.rules_version <> $2
        ORDER BY w.id
        LIMIT $3";
    INTERACTIONS = concat!("
        SELECT i.id, i.occurred_at, COUNT(DISTINCT l.seq) AS lines
        FROM {sqlite search_index JOIN search_lines l ON l.id = search_index.rowid} {pg search_lines l}
        JOIN interactions i ON i.id = l.interaction_id
        WHERE {sqlite search_index MATCH $4} {pg l.tokens @@ $4::tsquery}
            AND ", visible_to!(), "
            AND (i.occurred_at < $5 OR (i.occurred_at = $5 AND i.id > $6))
            AND (CAST($7 AS TEXT) IS NULL OR l.speaker = $7)
            AND (CAST($8 AS TEXT) IS NULL OR ", same_person!("i.agent_id", "$8"), ")
            AND (CAST($9 AS TEXT) IS NULL OR i.team_id = $9)
            AND (CAST($10 AS TEXT) IS NULL OR i.channel = $10)
            AND (CAST($11 AS TEXT) IS NULL OR lower(i.queue) = lower($11))
            AND (CAST($12 AS BIGINT) IS NULL OR i.occurred_at >= $12)
            AND (CAST($13 AS BIGINT) IS NULL OR i.occurred_at < $13)
        GROUP BY i.id, i.occurred_at
        ORDER BY i.occurred_at DESC, i.id
        LIMIT $14");
    // The first lines of each of these ($2).
    LINES = "
        SELECT interaction_id, seq, start_ms, end_ms, speaker, text
        FROM (
            SELECT l.interaction_id, l.seq, l.part, l.start_ms, l.end_ms, l.speaker, l.text,
                DENSE_RANK() OVER (PARTITION BY l.interaction_id ORDER BY l.seq) AS place
            FROM search_lines l
            WHERE l.interaction_id IN {list $2}
                AND (CAST($3 AS TEXT) IS NULL OR l.speaker = $3)
                AND {sqlite l.id IN (SELECT rowid FROM search_index WHERE search_index MATCH $1)}
                    {pg l.tokens @@ $1::tsquery}
        ) AS f
        WHERE place <= $4
        ORDER BY interaction_id, seq, part";
}

/// A line to be indexed.
#[derive(Debug)]
pub(super) struct NewLine {
    pub seq: i64,
    pub start_ms: i64,
    pub end_ms: i64,
    pub speaker: String,
    pub parts: Vec<Part>,
}

/// Returns words in the form of the database: separated by spaces, or as a tsvector with their positions.
fn words(part: &Part, conn: &Conn<'_>) -> String {
    match conn {
        Conn::Sqlite(_) => part.words.join(" "),
        Conn::Pg(..) => {
            let placed = part.words.iter().enumerate().filter(|(_, word)| *word != GAP);
            placed.map(|(n, word)| format!("'{word}':{}", n + 1)).collect::<Vec<_>>().join(" ")
        }
    }
}

/// Returns a query in the syntax of the database.
fn asked(query: &Query, conn: &Conn<'_>) -> String {
    match conn {
        Conn::Sqlite(_) => query.fts5(),
        Conn::Pg(..) => query.tsquery(),
    }
}

/// Replaces the lines of an interaction.
pub(super) async fn replace(
    mut conn: Conn<'_>,
    id: &InteractionId,
    lines: &[NewLine],
    rules: i64,
) -> Result<(), DbError> {
    execute!(conn.reborrow(), CLEAR, id)?;
    let mut rows = Vec::new();
    for line in lines {
        for (n, part) in line.parts.iter().enumerate() {
            rows.push(
                serde_json::json!({ "seq": line.seq, "part": n, "start_ms": line.start_ms, "end_ms": line.end_ms,
                "speaker": line.speaker, "text": part.text, "tokens": words(part, &conn) }),
            );
        }
    }
    if !rows.is_empty() {
        execute!(conn.reborrow(), ADD, id, serde_json::Value::from(rows).to_string())?;
    }
    execute!(conn, MARK, id, rules).map(drop)
}

/// Deletes the lines of these interactions.
pub(super) async fn remove(conn: Conn<'_>, ids: &[InteractionId]) -> Result<(), DbError> {
    execute!(conn, REMOVE, serde_json::json!(ids).to_string()).map(drop)
}

/// Marks everything as indexed by other rules; returns the number of interactions.
pub(super) async fn forget_all(conn: Conn<'_>) -> Result<(), DbError> {
    execute!(conn, FORGET).map(drop)
}

/// Returns at most `most` ids after `after`.
pub(super) async fn unindexed(
    conn: Conn<'_>,
    after: &str,
    rules: i64,
    most: i64,
) -> Result<Vec<InteractionId>, DbError> {
    let rows = fetch_all!(conn, UNINDEXED => (InteractionId,), after, rules, most)?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

#[derive(Debug, sqlx::FromRow)]
pub(super) struct FoundRow {
    pub id: InteractionId,
    pub occurred_at: Timestamp,
    pub lines: i64,
}

pub(super) async fn interactions(
    conn: Conn<'_>,
    visible: &Visible,
    query: &Query,
    within: &Within,
    from: &Cursor,
    most: usize,
) -> Result<Vec<FoundRow>, DbError> {
    let v = VisibleBinds::from(visible);
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let asked = asked(query, &conn);
    fetch_all!(conn, INTERACTIONS => FoundRow, v.all, v.teams, v.agent, asked, from.at, &from.id,
        within.said_by.map(SaidBy::code), &within.agent, &within.team, within.channel.map(Channel::code), &within.queue,
        within.from, within.before, most)
}

#[derive(Debug, sqlx::FromRow)]
pub(super) struct LineRow {
    pub interaction_id: InteractionId,
    pub seq: i64,
    pub start_ms: i64,
    pub end_ms: i64,
    pub speaker: String,
    pub text: String,
}

pub(super) async fn lines(
    conn: Conn<'_>,
    ids: &[InteractionId],
    query: &Query,
    said_by: Option<SaidBy>,
    each: i64,
) -> Result<Vec<LineRow>, DbError> {
    let asked = asked(query, &conn);
    fetch_all!(conn, LINES => LineRow, asked, serde_json::json!(ids).to_string(), said_by.map(SaidBy::code), each)
}
