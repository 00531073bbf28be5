//! SQL of releases: released rows, and the state between passes.

pub(super) mod asked_counts;
pub(super) mod reasons;

use crate::database::{Conn, DbError};
use crate::ids::{AgentId, ReleaseId, TeamId};
use crate::{execute, fetch_optional, statements};
use serde_json::{Value, json};
use std::collections::BTreeMap;

statements! {
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
        ON CONFLICT (scope, agent_id, team_id, question, block, month) DO UPDATE SET
            v0 = release_totals.v0 + excluded.v0, v1 = release_totals.v1 + excluded.v1,
            v2 = release_totals.v2 + excluded.v2, v3 = release_totals.v3 + excluded.v3, v4 = release_totals.v4 + excluded.v4,
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
