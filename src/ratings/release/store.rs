//! SQL of releases: waiting answers, removal from the mix, released rows.

pub(super) mod asked_counts;
pub(super) mod reasons;

use super::Counted;
use super::pools::Side;
use crate::database::{Conn, DbError};
use crate::ids::{AgentId, ReleaseId, TeamId};
use crate::surveys::Question;
use crate::{execute, fetch_all, fetch_optional, statements};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Selects ripe linked answers to one question among those of a list ($1) that are not counted: key, team, value,
/// comment.
macro_rules! waiting {
    ($what:literal, $release:literal) => {
        concat!(
            "SELECT r.interaction_id AS id, r.team_id, ",
            $what,
            "
            FROM responses r
            WHERE r.",
            $release,
            " IS NULL
                AND r.mix_passes >= $2
                AND r.interaction_id IN {list $1}
                AND NOT EXISTS (SELECT 1 FROM exclusions e WHERE e.interaction_id = r.interaction_id)"
        )
    };
}

statements! {
    RIPE_SEALED = "
        SELECT id, sealed
        FROM sealed_answers
        WHERE id > $1
            AND mix_passes >= $2
        ORDER BY id
        LIMIT $3";
    // The condition of the index responses_unreleased: released answers are not read again.
    RIPE_LINKED = "
        SELECT r.interaction_id AS id, r.agent_id, r.team_id, r.min_batch_size, r.external,
            CAST(CASE WHEN r.score_release IS NULL THEN 1 ELSE 0 END AS BIGINT) AS score,
            CAST(CASE WHEN r.resolved_release IS NULL THEN 1 ELSE 0 END AS BIGINT) AS resolved,
            CAST(CASE WHEN r.comment_release IS NULL THEN 1 ELSE 0 END AS BIGINT) AS comment
        FROM responses r
        WHERE r.interaction_id > $1
            AND r.mix_passes >= $2
            AND (r.score_release IS NULL OR r.resolved_release IS NULL OR r.comment_release IS NULL)
            AND NOT EXISTS (SELECT 1 FROM exclusions e WHERE e.interaction_id = r.interaction_id)
        ORDER BY r.interaction_id
        LIMIT $3";
    RIPE_EXTRAS = "
        SELECT e.interaction_id AS id, e.question, r.agent_id, r.team_id, r.min_batch_size, r.external
        FROM response_extras e
        JOIN responses r ON r.interaction_id = e.interaction_id
        WHERE e.release IS NULL
            AND r.mix_passes >= $3
            AND (e.interaction_id > $1 OR (e.interaction_id = $1 AND e.question > $2))
            AND NOT EXISTS (SELECT 1 FROM exclusions x WHERE x.interaction_id = e.interaction_id)
        ORDER BY e.interaction_id, e.question
        LIMIT $4";
    // $1: JSON array of interactions, $3 the question's code.
    EXTRAS = "
        SELECT r.interaction_id AS id, r.team_id, e.value, e.text AS comment
        FROM responses r
        JOIN response_extras e ON e.interaction_id = r.interaction_id
            AND e.question = $3
        WHERE e.release IS NULL
            AND r.mix_passes >= $2
            AND r.interaction_id IN {list $1}
            AND NOT EXISTS (SELECT 1 FROM exclusions x WHERE x.interaction_id = r.interaction_id)";
    // $1: JSON array of [interaction, release], $2 the question's code.
    MARK_EXTRAS = "
        UPDATE response_extras
        SET release = j.value->>1
        FROM {rows $1} AS j
        WHERE response_extras.interaction_id = j.value->>0
            AND response_extras.question = $2";
    // If no further answer waits any more, the row need not be read again. $1 as above.
    EXTRAS_TAKEN = "
        UPDATE responses
        SET extras_release = '-'
        WHERE extras_release IS NULL
            AND interaction_id IN (SELECT j.value->>0 FROM {rows $1} AS j)
            AND NOT EXISTS (
                SELECT 1
                FROM response_extras e
                WHERE e.interaction_id = responses.interaction_id
                    AND e.release IS NULL
            )";
    // $1: JSON array of ids.
    SEALED = "
        SELECT id, sealed
        FROM sealed_answers
        WHERE mix_passes >= $2
            AND id IN {list $1}";
    SCORES = waiting!("r.score AS value, CAST(NULL AS TEXT) AS comment", "score_release");
    RESOLVED = waiting!(
        "CAST(CASE WHEN r.resolved = 'yes' THEN 1 ELSE 0 END AS BIGINT) AS value, CAST(NULL AS TEXT) AS comment",
        "resolved_release"
    );
    COMMENTS = waiting!("CAST(NULL AS BIGINT) AS value, r.comment", "comment_release");
    DROP_SEALED = "DELETE FROM sealed_answers WHERE id IN {list $1}";
    // $1: JSON array of [interaction, release].
    MARK_SCORES = "
        UPDATE responses
        SET score_release = j.value->>1
        FROM {rows $1} AS j
        WHERE responses.interaction_id = j.value->>0";
    MARK_RESOLVED = "
        UPDATE responses
        SET resolved_release = j.value->>1
        FROM {rows $1} AS j
        WHERE responses.interaction_id = j.value->>0";
    MARK_COMMENTS = "
        UPDATE responses
        SET comment_release = j.value->>1
        FROM {rows $1} AS j
        WHERE responses.interaction_id = j.value->>0";
    // $1: JSON array of rows.
    ADD = "
        INSERT INTO releases (id, scope, agent_id, team_id, question, kind, month, min_batch_size, n)
        SELECT j.value->>0, j.value->>1, j.value->>2, j.value->>3, j.value->>4, j.value->>5, j.value->>6,
            CAST(j.value->>7 AS BIGINT), CAST(j.value->>8 AS BIGINT)
        FROM {rows $1} AS j";
    ADD_COUNTS = "
        INSERT INTO release_counts (release_id, value, n)
        SELECT j.value->>0, CAST(j.value->>1 AS BIGINT), CAST(j.value->>2 AS BIGINT)
        FROM {rows $1} AS j";
    ADD_COMMENTS = "
        INSERT INTO released_comments (id, release_id, text)
        SELECT j.value->>0, j.value->>1, j.value->>2
        FROM {rows $1} AS j";
    ADD_TOTALS = "
        INSERT INTO release_totals (
            scope, agent_id, team_id, question, block, month, v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10
        )
        SELECT j.value->>0, j.value->>1, j.value->>2, j.value->>3, CAST(j.value->>4 AS BIGINT), j.value->>5,
            CAST(j.value->>6 AS BIGINT), CAST(j.value->>7 AS BIGINT), CAST(j.value->>8 AS BIGINT),
            CAST(j.value->>9 AS BIGINT), CAST(j.value->>10 AS BIGINT), CAST(j.value->>11 AS BIGINT),
            CAST(j.value->>12 AS BIGINT), CAST(j.value->>13 AS BIGINT), CAST(j.value->>14 AS BIGINT),
            CAST(j.value->>15 AS BIGINT), CAST(j.value->>16 AS BIGINT)
        FROM {rows $1} AS j
        WHERE true
        ON CONFLICT (
            scope, agent_id, team_id, question, block, month
        ) DO UPDATE SET v0 = release_totals.v0 + excluded.v0,
            v1 = release_totals.v1 + excluded.v1, v2 = release_totals.v2 + excluded.v2,
            v3 = release_totals.v3 + excluded.v3, v4 = release_totals.v4 + excluded.v4,
            v5 = release_totals.v5 + excluded.v5, v6 = release_totals.v6 + excluded.v6,
            v7 = release_totals.v7 + excluded.v7, v8 = release_totals.v8 + excluded.v8,
            v9 = release_totals.v9 + excluded.v9, v10 = release_totals.v10 + excluded.v10";
    STATE = "SELECT value FROM release_state WHERE name = $1";
    SET_STATE = "
        INSERT INTO release_state (name, value)
        VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";
}

/// Number of values in a row of totals.
pub(in crate::ratings) const BLOCK: i64 = 11;

/// A ripe sealed record.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Sealed {
    pub id: String,
    pub sealed: String,
}

/// A linked answer with ripe parts that are not counted.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct RipeLinked {
    pub id: String,
    pub agent_id: Option<AgentId>,
    pub team_id: Option<TeamId>,
    pub min_batch_size: i64,
    pub external: i64,
    score: i64,
    resolved: i64,
    comment: i64,
}

impl RipeLinked {
    /// Returns the questions that are not counted.
    pub fn waiting(&self) -> impl Iterator<Item = Question> {
        let all =
            [(Question::Score, self.score), (Question::Resolved, self.resolved), (Question::Comment, self.comment)];
        all.into_iter().filter(|(_, waits)| *waits == 1).map(|(question, _)| question)
    }
}

/// A ripe linked answer to a further question that is not counted.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct RipeExtra {
    pub id: String,
    pub question: String,
    pub agent_id: Option<AgentId>,
    pub team_id: Option<TeamId>,
    pub min_batch_size: i64,
    pub external: i64,
}

/// A linked answer to one question.
#[derive(Debug, sqlx::FromRow)]
struct LinkedRow {
    id: String,
    team_id: Option<TeamId>,
    value: Option<i64>,
    comment: Option<String>,
}

/// A release to insert.
#[derive(Debug)]
pub(super) struct NewRelease {
    pub id: ReleaseId,
    pub scope: &'static str,
    pub agent: Option<AgentId>,
    pub team: Option<TeamId>,
    pub question: String,
    pub kind: &'static str,
    pub month: String,
    pub k: usize,
    pub n: usize,
    /// Counts by value.
    pub counts: BTreeMap<i64, i64>,
    /// Ids and texts of comments.
    pub comments: Vec<(String, String)>,
}

fn many(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}

pub(super) async fn ripe_sealed(conn: Conn<'_>, from: &str, ripe_at: i64, most: usize) -> Result<Vec<Sealed>, DbError> {
    fetch_all!(conn, RIPE_SEALED => Sealed, from, ripe_at, many(most))
}

pub(super) async fn ripe_linked(
    conn: Conn<'_>,
    from: &str,
    ripe_at: i64,
    most: usize,
) -> Result<Vec<RipeLinked>, DbError> {
    fetch_all!(conn, RIPE_LINKED => RipeLinked, from, ripe_at, many(most))
}

/// Returns ripe linked answers to further questions after this position (interaction, question).
pub(super) async fn ripe_extras(
    conn: Conn<'_>,
    from: (&str, &str),
    ripe_at: i64,
    most: usize,
) -> Result<Vec<RipeExtra>, DbError> {
    fetch_all!(conn, RIPE_EXTRAS => RipeExtra, from.0, from.1, ripe_at, many(most))
}

/// Returns those of these sealed records that still exist.
pub(super) async fn sealed(conn: Conn<'_>, ids: &[&str], ripe_at: i64) -> Result<Vec<Sealed>, DbError> {
    fetch_all!(conn, SEALED => Sealed, json!(ids).to_string(), ripe_at)
}

/// Returns the answers of these interactions that still exist and are not counted, by interaction.
pub(super) async fn linked(
    conn: Conn<'_>,
    question: &Question,
    ids: &[&str],
    ripe_at: i64,
) -> Result<Vec<(String, Counted)>, DbError> {
    let ids = json!(ids).to_string();
    let rows = match question {
        Question::Score => fetch_all!(conn, SCORES => LinkedRow, ids, ripe_at)?,
        Question::Resolved => fetch_all!(conn, RESOLVED => LinkedRow, ids, ripe_at)?,
        Question::Comment => fetch_all!(conn, COMMENTS => LinkedRow, ids, ripe_at)?,
        Question::Further(code) => fetch_all!(conn, EXTRAS => LinkedRow, ids, ripe_at, &**code)?,
    };
    let counted =
        |row: LinkedRow| (row.id, Counted { team: row.team_id, value: row.value, comment: row.comment, quote: None });
    Ok(rows.into_iter().map(counted).collect())
}

/// Assigns answers to their releases: sealed records are deleted, linked ones are marked.
pub(super) async fn take(
    mut conn: Conn<'_>,
    side: Side,
    question: &Question,
    pairs: &[(&str, &ReleaseId)],
) -> Result<(), DbError> {
    let mark = match (side, question) {
        (Side::Apart(_), _) => {
            let ids: Vec<&str> = pairs.iter().map(|(id, _)| *id).collect();
            return execute!(conn, DROP_SEALED, json!(ids).to_string()).map(drop);
        }
        (Side::Linked(_), Question::Score) => MARK_SCORES,
        (Side::Linked(_), Question::Resolved) => MARK_RESOLVED,
        (Side::Linked(_), Question::Comment) => MARK_COMMENTS,
        (Side::Linked(_), Question::Further(code)) => {
            let pairs = json!(pairs).to_string();
            execute!(conn.reborrow(), MARK_EXTRAS, &pairs, &**code)?;
            return execute!(conn, EXTRAS_TAKEN, pairs).map(drop);
        }
    };
    execute!(conn, mark, json!(pairs).to_string()).map(drop)
}

/// Inserts releases, and adds them to the totals.
pub(super) async fn add(mut conn: Conn<'_>, all: &[NewRelease]) -> Result<(), DbError> {
    let release = |r: &NewRelease| json!([r.id, r.scope, r.agent, r.team, r.question, r.kind, r.month, r.k, r.n]);
    let rows: Vec<Value> = all.iter().map(release).collect();
    execute!(conn.reborrow(), ADD, json!(rows).to_string())?;
    let counts: Vec<Value> =
        all.iter().flat_map(|r| r.counts.iter().map(|(value, n)| json!([r.id, value, n]))).collect();
    if !counts.is_empty() {
        execute!(conn.reborrow(), ADD_COUNTS, json!(counts).to_string())?;
        execute!(conn.reborrow(), ADD_TOTALS, json!(totals(all)).to_string())?;
    }
    let comments: Vec<Value> =
        all.iter().flat_map(|r| r.comments.iter().map(|(id, text)| json!([id, r.id, text]))).collect();
    if !comments.is_empty() {
        execute!(conn, ADD_COMMENTS, json!(comments).to_string())?;
    }
    Ok(())
}

/// Scope, agent, team, question, block of values, month.
type TotalKey<'a> = (&'a str, &'a str, &'a str, &'a str, i64, &'a str);

/// Returns the additions to the totals: a row for each agent, team, question, block of values and month.
fn totals(all: &[NewRelease]) -> Vec<Vec<Value>> {
    let mut sums: BTreeMap<TotalKey<'_>, [i64; BLOCK as usize]> = BTreeMap::new();
    for release in all {
        let (agent, team) =
            (release.agent.as_ref().map_or("", AgentId::as_str), release.team.as_ref().map_or("", TeamId::as_str));
        for (value, n) in &release.counts {
            let key = (
                release.scope,
                agent,
                team,
                release.question.as_str(),
                value.div_euclid(BLOCK),
                release.month.as_str(),
            );
            let row = sums.entry(key).or_default();
            if let Some(sum) = usize::try_from(value.rem_euclid(BLOCK)).ok().and_then(|at| row.get_mut(at)) {
                *sum += n;
            }
        }
    }
    let row = |((scope, agent, team, question, block, month), sums): (TotalKey<'_>, [i64; BLOCK as usize])| {
        let mut row = vec![json!(scope), json!(agent), json!(team), json!(question), json!(block), json!(month)];
        row.extend(sums.into_iter().map(Value::from));
        row
    };
    sums.into_iter().map(row).collect()
}

/// Returns the state stored under a name.
pub(super) async fn state(conn: Conn<'_>, name: &str) -> Result<Option<String>, DbError> {
    Ok(fetch_optional!(conn, STATE => (String,), name)?.map(|(value,)| value))
}

pub(super) async fn set_state(conn: Conn<'_>, name: &str, value: &str) -> Result<(), DbError> {
    execute!(conn, SET_STATE, name, value).map(drop)
}
