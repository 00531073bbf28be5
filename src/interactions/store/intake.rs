//! SQL of intake: new interactions, and known ones that are merged with a delivery.

use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::InteractionId;
use crate::interactions::intake::{Row, Upserted};
use crate::interactions::{Phase, RecordingState, SurveyState};
use crate::{fetch_all, statements};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Inserts rows. `agent`: id in its source, if it is not known as `agent_id` yet; `team_key` likewise. A team that was
/// never sent is the agent's.
macro_rules! insert {
    () => {
        "INSERT INTO interactions (
            id, source, external_id, occurrence, channel, channel_raw, direction, direction_raw, outcome, outcome_raw,
            outcome_key, phase, started_at, answered_at, ended_at, occurred_at, wait_ms, talk_ms, hold_ms, agent_id, team_id,
            queue, tags, topic, utc_offset, customer_locale, customer_email, customer_phone, customer_name, name_hashes,
            survey_eligible, survey_state, survey_reason, raw, fact_times, received_at, updated_at, finalised_at
        )
        SELECT j.value->>'id', j.value->>'source', j.value->>'external_id', CAST(j.value->>'occurrence' AS BIGINT),
            COALESCE(j.value->>'channel', 'unknown'), j.value->>'channel_raw', j.value->>'direction',
            j.value->>'direction_raw', j.value->>'outcome', j.value->>'outcome_raw', j.value->>'outcome_key',
            CAST(j.value->>'phase' AS BIGINT), CAST(j.value->>'started_at' AS BIGINT),
            CAST(j.value->>'answered_at' AS BIGINT), CAST(j.value->>'ended_at' AS BIGINT),
            CAST(j.value->>'occurred_at' AS BIGINT), CAST(j.value->>'wait_ms' AS BIGINT),
            CAST(j.value->>'talk_ms' AS BIGINT), CAST(j.value->>'hold_ms' AS BIGINT),
            COALESCE(j.value->>'agent_id', a.id),
            COALESCE(j.value->>'team_id', t.id, a.team_id, j.value->>'fallback_team_id'), j.value->>'queue',
            j.value->>'tags', j.value->>'topic', CAST(j.value->>'utc_offset' AS BIGINT), j.value->>'locale', j.value->>'email', j.value->>'phone', j.value->>'name',
            j.value->>'name_hashes',
            CAST(j.value->>'eligible' AS BOOLEAN),
            CASE WHEN j.value->>'skip_reason' IS NULL THEN 'waiting' ELSE 'skipped' END, j.value->>'skip_reason', COALESCE(j.value->>'raw', '{}'),
            j.value->>'fact_times', CAST(j.value->>'received_at' AS BIGINT),
            CAST(j.value->>'updated_at' AS BIGINT), CAST(j.value->>'finalised_at' AS BIGINT)
        FROM {rows $1} AS j
        LEFT JOIN agents a ON a.source = j.value->>'source'
            AND a.external_id = j.value->>'agent'
        LEFT JOIN teams t ON t.name_key = j.value->>'team_key'
        WHERE true
        ON CONFLICT (source, external_id, occurrence) DO "
    };
}

/// The columns of [`UpsertedRow`].
macro_rules! upserted {
    () => {
        "
        RETURNING id, source, external_id, occurrence, phase, survey_state, survey_reason,
            COALESCE((
                SELECT CASE WHEN r.missing_since IS NULL THEN 'stored' ELSE 'missing' END
                FROM recordings r
                WHERE r.interaction_id = interactions.id
            ), 'absent') AS recording_state"
    };
}

statements! {
    // $1: JSON array of rows.
    INSERT = concat!(insert!(), "NOTHING", upserted!());
    // $1: JSON array of whole rows.
    UPDATE = concat!(
        insert!(), "UPDATE SET
            channel = excluded.channel, channel_raw = excluded.channel_raw, direction = excluded.direction,
            direction_raw = excluded.direction_raw, outcome = excluded.outcome, outcome_raw = excluded.outcome_raw,
            outcome_key = excluded.outcome_key,
            phase = excluded.phase, started_at = excluded.started_at, answered_at = excluded.answered_at,
            ended_at = excluded.ended_at, occurred_at = excluded.occurred_at, wait_ms = excluded.wait_ms,
            talk_ms = excluded.talk_ms, hold_ms = excluded.hold_ms, agent_id = excluded.agent_id,
            team_id = excluded.team_id, queue = excluded.queue, tags = excluded.tags,
            topic = excluded.topic, utc_offset = excluded.utc_offset,
            customer_locale = excluded.customer_locale, customer_email = excluded.customer_email,
            customer_phone = excluded.customer_phone,
            customer_name = excluded.customer_name, name_hashes = excluded.name_hashes,
            survey_eligible = excluded.survey_eligible, raw = excluded.raw, fact_times = excluded.fact_times,
            updated_at = excluded.updated_at, finalised_at = excluded.finalised_at",
        upserted!()
    );
    // $1: JSON array of {source, external_id, occurrence}; the last occurrence where none is named.
    LOCK = "
        SELECT i.id, i.source, i.external_id, i.occurrence, NULLIF(i.channel, 'unknown') AS channel, i.channel_raw,
            i.direction, i.direction_raw, i.outcome, i.outcome_raw, i.outcome_key, i.phase, i.started_at, i.answered_at, i.ended_at,
            i.wait_ms, i.talk_ms, i.hold_ms, i.agent_id, i.team_id, i.queue, i.tags, i.topic, i.utc_offset,
            i.customer_locale AS locale,
            i.customer_email AS email, i.customer_phone AS phone, i.customer_name AS name, i.name_hashes, i.survey_eligible AS eligible,
            i.survey_state, i.survey_reason, i.raw, i.fact_times, i.received_at, i.finalised_at
        FROM {rows $1} AS j
        JOIN interactions i ON i.source = j.value->>'source'
            AND i.external_id = j.value->>'external_id'
            AND i.occurrence = COALESCE(CAST(j.value->>'occurrence' AS BIGINT), (
                SELECT MAX(o.occurrence)
                FROM interactions o
                WHERE o.source = j.value->>'source'
                    AND o.external_id = j.value->>'external_id'
            ))
        ORDER BY i.id
        {pg FOR NO KEY UPDATE OF i}";
}

/// Name of an interaction in its source; of its occurrences, a batch writes one at a time.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub(in crate::interactions) struct Key {
    pub source: String,
    pub external_id: String,
    /// Number of the occurrence; `None`: the last one.
    pub occurrence: Option<i64>,
}

/// A stored interaction, with the columns that deliveries change.
#[derive(Debug, sqlx::FromRow, Serialize)]
struct StoredRow {
    id: InteractionId,
    source: String,
    external_id: String,
    occurrence: i64,
    channel: Option<String>,
    channel_raw: Option<String>,
    direction: Option<String>,
    direction_raw: Option<String>,
    outcome: Option<String>,
    outcome_raw: Option<String>,
    outcome_key: Option<String>,
    phase: i64,
    started_at: Option<Timestamp>,
    answered_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    wait_ms: Option<i64>,
    talk_ms: Option<i64>,
    hold_ms: Option<i64>,
    agent_id: Option<String>,
    team_id: Option<String>,
    queue: Option<String>,
    tags: Option<String>,
    topic: Option<String>,
    utc_offset: Option<i64>,
    locale: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    name: Option<String>,
    name_hashes: Option<String>,
    eligible: Option<bool>,
    survey_state: String,
    survey_reason: Option<String>,
    raw: String,
    fact_times: String,
    received_at: Timestamp,
    finalised_at: Option<Timestamp>,
}

/// State of an interaction after it was written.
#[derive(Debug, sqlx::FromRow)]
pub(in crate::interactions) struct UpsertedRow {
    id: InteractionId,
    pub source: String,
    pub external_id: String,
    occurrence: i64,
    phase: i64,
    survey_state: String,
    survey_reason: Option<String>,
    recording_state: String,
}

impl UpsertedRow {
    pub(in crate::interactions) fn into_upserted(self, created: bool, finalised: bool) -> Upserted {
        let phase = Phase::from(self.phase);
        Upserted {
            created,
            id: self.id,
            occurrence: self.occurrence,
            phase,
            survey_state: SurveyState::from(self.survey_state),
            survey_reason: self.survey_reason,
            finalised: finalised || (created && phase == Phase::Final),
            recording_state: RecordingState::from(self.recording_state),
        }
    }
}

/// Returns the rows as a JSON array, without their nulls: a column that is absent is null, and the text is a third
/// shorter to parse.
fn json<'r>(rows: impl Iterator<Item = &'r Row>) -> String {
    let known = |row: &'r Row| -> BTreeMap<&'r str, &'r Value> {
        row.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.as_str(), value)).collect()
    };
    serde_json::to_string(&rows.map(known).collect::<Vec<_>>()).unwrap_or_else(|_| "[]".into())
}

/// Inserts rows; returns those that were new.
pub(in crate::interactions) async fn insert<'r>(
    conn: Conn<'_>,
    rows: impl Iterator<Item = &'r Row>,
) -> Result<Vec<UpsertedRow>, DbError> {
    let rows = json(rows);
    fetch_all!(conn, INSERT => UpsertedRow, rows)
}

/// Writes whole rows over the known ones.
pub(in crate::interactions) async fn update(conn: Conn<'_>, rows: &[Row]) -> Result<Vec<UpsertedRow>, DbError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let rows = json(rows.iter());
    fetch_all!(conn, UPDATE => UpsertedRow, rows)
}

/// Locks the known interactions with these names until the transaction ends, and returns them.
pub(in crate::interactions) async fn lock(conn: Conn<'_>, keys: &[Key]) -> Result<Vec<Row>, DbError> {
    let stored = fetch_all!(conn, LOCK => StoredRow, serde_json::json!(keys).to_string())?;
    let as_row = |row: StoredRow| match serde_json::to_value(row) {
        Ok(serde_json::Value::Object(row)) => Ok(row),
        _ => Err(DbError::Missing),
    };
    stored.into_iter().map(as_row).collect()
}
