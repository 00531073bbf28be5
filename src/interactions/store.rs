//! SQL of interactions, messages and recordings.

use super::intake::{Checked, SEAL_EMAIL, SEAL_NAME, Upserted, known_or_other};
use super::kinds::{Channel, Direction, Outcome, Phase, RecordingState, Sender, SurveyState};
use super::{Customer, Filter, ForSurvey, Interaction, InteractionRef, Message};
use crate::access::principal::Visible;
use crate::clock::Timestamp;
use crate::database::{Conn, DbError, VisibleBinds};
use crate::ids::{AgentId, InteractionId, TeamId};
use crate::masking::Span;
use crate::paging::Cursor;
use crate::vault::Vault;
use crate::{execute, fetch_all, fetch_optional, statements, visible_to};
use std::collections::HashMap;

/// The columns of [`Interaction`]; a macro, since statements are literals.
macro_rules! interaction_columns {
    () => {
        "SELECT i.id, i.source, i.external_id, i.channel, i.direction, i.outcome, i.phase, i.started_at, i.answered_at,
            i.ended_at, i.occurred_at, i.wait_ms, i.talk_ms, i.hold_ms, i.agent_id,
            COALESCE(a.name, a.external_id) AS agent_name, i.team_id, t.name AS team_name, i.queue, i.tags,
            i.customer_locale, i.survey_state, i.survey_reason,
            COALESCE((
                SELECT CASE WHEN r.missing_since IS NULL THEN 'stored' ELSE 'missing' END
                FROM recordings r
                WHERE r.interaction_id = i.id
            ), 'absent') AS recording_state"
    };
}

/// Interactions with the names of agent and team.
macro_rules! interaction {
    () => {
        concat!(
            interaction_columns!(),
            "
            FROM interactions i
            LEFT JOIN agents a ON a.id = i.agent_id
            LEFT JOIN teams t ON t.id = i.team_id"
        )
    };
}

/// Interactions with their figures `f`, and the sort key: $17.
macro_rules! sorted_interaction {
    () => {
        concat!(
            interaction_columns!(),
            ", ",
            sort_key!(),
            " AS sort_key
            FROM figures f
            JOIN interactions i ON i.id = f.interaction_id
            LEFT JOIN agents a ON a.id = i.agent_id
            LEFT JOIN teams t ON t.id = i.team_id"
        )
    };
}

/// Filters of a list: $6 to $9.
macro_rules! filters {
    () => {
        "(CAST($6 AS TEXT) IS NULL OR i.agent_id = $6)
            AND (CAST($7 AS TEXT) IS NULL OR i.team_id = $7)
            AND (CAST($8 AS TEXT) IS NULL OR i.channel = $8)
            AND (CAST($9 AS TEXT) IS NULL OR i.survey_state = $9)"
    };
}

/// Merges an update with the stored values.
macro_rules! merge {
    () => {
        "ON CONFLICT (source, external_id) DO UPDATE SET
            channel = CASE WHEN excluded.channel = 'unknown' THEN interactions.channel ELSE excluded.channel END,
            channel_raw = COALESCE(excluded.channel_raw, interactions.channel_raw),
            direction = COALESCE(excluded.direction, interactions.direction),
            direction_raw = COALESCE(excluded.direction_raw, interactions.direction_raw),
            outcome = COALESCE(excluded.outcome, interactions.outcome),
            outcome_raw = COALESCE(excluded.outcome_raw, interactions.outcome_raw),
            phase = CASE WHEN excluded.phase > interactions.phase THEN excluded.phase ELSE interactions.phase END,
            started_at = COALESCE(excluded.started_at, interactions.started_at),
            answered_at = COALESCE(excluded.answered_at, interactions.answered_at),
            ended_at = COALESCE(excluded.ended_at, interactions.ended_at),
            occurred_at = COALESCE(
                excluded.started_at, interactions.started_at, excluded.ended_at, interactions.ended_at,
                interactions.received_at
            ),
            wait_ms = COALESCE(excluded.wait_ms, interactions.wait_ms),
            talk_ms = COALESCE(excluded.talk_ms, interactions.talk_ms),
            hold_ms = COALESCE(excluded.hold_ms, interactions.hold_ms),
            agent_id = CASE WHEN interactions.survey_state = 'waiting'
                THEN COALESCE(excluded.agent_id, interactions.agent_id)
                ELSE COALESCE(interactions.agent_id, excluded.agent_id) END,
            team_id = CASE WHEN interactions.survey_state = 'waiting'
                THEN COALESCE(excluded.team_id, interactions.team_id)
                ELSE COALESCE(interactions.team_id, excluded.team_id) END,
            queue = COALESCE(excluded.queue, interactions.queue),
            tags = COALESCE(excluded.tags, interactions.tags),
            customer_locale = COALESCE(excluded.customer_locale, interactions.customer_locale),
            customer_email = CASE WHEN interactions.survey_state = 'waiting'
                THEN COALESCE(excluded.customer_email, interactions.customer_email) END,
            customer_name = CASE WHEN interactions.survey_state = 'waiting'
                THEN COALESCE(excluded.customer_name, interactions.customer_name) END,
            name_hashes = COALESCE(excluded.name_hashes, interactions.name_hashes),
            survey_eligible = COALESCE(excluded.survey_eligible, interactions.survey_eligible),
            raw = excluded.raw,
            updated_at = excluded.updated_at,
            finalised_at = CASE WHEN excluded.phase = 2 AND interactions.phase < 2
                THEN excluded.updated_at ELSE interactions.finalised_at END
        RETURNING id, source, external_id, phase, survey_state, survey_reason,
            CAST(CASE WHEN finalised_at = updated_at THEN 1 ELSE 0 END AS BIGINT) AS finalised,
            COALESCE((
                SELECT CASE WHEN r.missing_since IS NULL THEN 'stored' ELSE 'missing' END
                FROM recordings r
                WHERE r.interaction_id = interactions.id
            ), 'absent') AS recording_state"
    };
}

pub(super) mod deletion;
pub(super) mod files;
pub(super) mod measured;
pub(super) mod parts;
mod recordings;

pub(super) use recordings::{
    hold_version, key_in_use, put_recording, recording, remove_recording, set_peaks, set_sent_speakers, set_speakers,
};

statements! {
    FIND = concat!("
        ", interaction!(), "
        WHERE ", visible_to!(), "
            AND i.id = $4");
    LIST = concat!("
        ", interaction!(), "
        WHERE ", visible_to!(), "
            AND (i.occurred_at < $4 OR (i.occurred_at = $4 AND i.id > $5))
            AND ", filters!(), "
        ORDER BY i.occurred_at DESC, i.id
        LIMIT $10");
    AMONG = concat!("
        ", interaction!(), "
        WHERE ", visible_to!(), "
            AND i.id IN {list $4}
        ORDER BY i.occurred_at DESC, i.id");
    ANY = "SELECT id FROM interactions LIMIT 1";
    BY_SOURCE = "
        SELECT id, agent_id, team_id, channel, occurred_at
        FROM interactions
        WHERE source = $1
            AND external_id = $2";
    LOCK = "
        SELECT id
        FROM interactions
        WHERE id = $1
        {pg FOR NO KEY UPDATE}";
    TEAM_OF = "SELECT team_id FROM interactions WHERE id = $1";
    MESSAGES = "
        SELECT seq, at, sender, text, masks
        FROM messages
        WHERE interaction_id = $1
        ORDER BY seq";
    FOR_NAMES = "
        SELECT i.source, i.external_id, i.customer_name, i.name_hashes, COALESCE(a.name, '') AS agent_name
        FROM interactions i
        LEFT JOIN agents a ON a.id = i.agent_id
        WHERE i.id = $1";
    FORGET_MASKS = "UPDATE messages SET masks = NULL WHERE interaction_id IN {list $1}";
    FOR_SURVEY = "
        SELECT id, channel, direction, outcome, phase, agent_id, team_id, queue, tags, customer_locale,
            customer_email, customer_name, talk_ms, survey_eligible, survey_state
        FROM interactions
        WHERE id = $1";
    SET_SURVEY = "
        UPDATE interactions
        SET survey_state = $1, survey_reason = $2, updated_at = $3,
            customer_email = CASE WHEN $4 = 1 THEN NULL ELSE customer_email END,
            customer_name = CASE WHEN $4 = 1 THEN NULL ELSE customer_name END
        WHERE id = $5";
    // $3: JSON array of ids.
    SET_SURVEYS = "
        UPDATE interactions
        SET survey_state = $1, survey_reason = NULL, updated_at = $2, customer_email = NULL, customer_name = NULL
        WHERE id IN {list $3}";
    // $1: JSON array of rows from Checked::row.
    UPSERT = concat!("
        INSERT INTO interactions (
            id, source, external_id, channel, channel_raw, direction, direction_raw, outcome, outcome_raw, phase,
            started_at, answered_at, ended_at, occurred_at, wait_ms, talk_ms, hold_ms, agent_id, team_id,
            queue, tags, customer_locale, customer_email, customer_name, name_hashes, survey_eligible,
            survey_state, raw, received_at, updated_at, finalised_at
        )
        SELECT j.value->>'id', j.value->>'source', j.value->>'external_id', j.value->>'channel',
            j.value->>'channel_raw', j.value->>'direction', j.value->>'direction_raw', j.value->>'outcome',
            j.value->>'outcome_raw', CAST(j.value->>'phase' AS BIGINT), CAST(j.value->>'started_at' AS BIGINT),
            CAST(j.value->>'answered_at' AS BIGINT), CAST(j.value->>'ended_at' AS BIGINT),
            COALESCE(
                CAST(j.value->>'started_at' AS BIGINT), CAST(j.value->>'ended_at' AS BIGINT),
                CAST(j.value->>'now' AS BIGINT)
            ),
            CAST(j.value->>'wait_ms' AS BIGINT), CAST(j.value->>'talk_ms' AS BIGINT),
            CAST(j.value->>'hold_ms' AS BIGINT), a.id, COALESCE(t.id, a.team_id), j.value->>'queue',
            j.value->>'tags', j.value->>'locale', j.value->>'email', j.value->>'name', j.value->>'name_hashes',
            CAST(j.value->>'eligible' AS BOOLEAN), 'waiting', j.value->>'raw', CAST(j.value->>'now' AS BIGINT),
            CAST(j.value->>'now' AS BIGINT),
            CASE WHEN CAST(j.value->>'phase' AS BIGINT) = 2 THEN CAST(j.value->>'now' AS BIGINT) END
        FROM {rows $1} AS j
        LEFT JOIN agents a ON a.source = j.value->>'source'
            AND a.external_id = j.value->>'agent'
        LEFT JOIN teams t ON t.name_key = j.value->>'team_key'
        WHERE true
        ", merge!());
    // $1: JSON array of {id, seq, at, sender, sender_raw, text, masks}.
    UPSERT_MESSAGES = "
        INSERT INTO messages (interaction_id, seq, at, sender, sender_raw, text, masks)
        SELECT j.value->>'id', CAST(j.value->>'seq' AS BIGINT), CAST(j.value->>'at' AS BIGINT), j.value->>'sender',
            j.value->>'sender_raw', j.value->>'text', j.value->>'masks'
        FROM {rows $1} AS j
        WHERE true
        ON CONFLICT (interaction_id, seq) DO UPDATE SET at = COALESCE(excluded.at, messages.at),
            sender = excluded.sender, sender_raw = excluded.sender_raw, text = excluded.text, masks = excluded.masks";
}

pub(super) async fn find(
    conn: Conn<'_>,
    visible: &Visible,
    id: &InteractionId,
) -> Result<Option<Interaction>, DbError> {
    let v = VisibleBinds::from(visible);
    fetch_optional!(conn, FIND => Interaction, v.all, v.teams, v.agent, id)
}

pub(super) async fn list(
    conn: Conn<'_>,
    visible: &Visible,
    filter: &Filter,
    from: &Cursor,
    most: usize,
) -> Result<Vec<Interaction>, DbError> {
    let v = VisibleBinds::from(visible);
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    fetch_all!(conn, LIST => Interaction, v.all, v.teams, v.agent, from.at, &from.id, &filter.agent, &filter.team,
        filter.channel.map(Channel::code), filter.survey.map(SurveyState::code), most)
}

pub(super) async fn among(
    conn: Conn<'_>,
    visible: &Visible,
    ids: &[InteractionId],
) -> Result<Vec<Interaction>, DbError> {
    let v = VisibleBinds::from(visible);
    fetch_all!(conn, AMONG => Interaction, v.all, v.teams, v.agent, serde_json::json!(ids).to_string())
}

pub(super) async fn any(conn: Conn<'_>) -> Result<bool, DbError> {
    Ok(fetch_optional!(conn, ANY => (InteractionId,))?.is_some())
}

#[derive(sqlx::FromRow)]
struct MessageRow {
    #[sqlx(flatten)]
    message: Message,
    masks: Option<String>,
}

/// Returns the original messages, and the spans to mask; `None` if these were not determined yet.
pub(super) async fn messages(
    conn: Conn<'_>,
    id: &InteractionId,
) -> Result<(Vec<Message>, Option<Vec<Vec<Span>>>), DbError> {
    let rows = fetch_all!(conn, MESSAGES => MessageRow, id)?;
    // A value that can't be parsed counts as not determined: rather searched twice than not at all.
    let masks = rows.iter().map(|row| serde_json::from_str(row.masks.as_deref()?).ok()).collect();
    Ok((rows.into_iter().map(|row| row.message).collect(), masks))
}

/// Data from which the names of an interaction are read.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct ForNamesRow {
    pub source: String,
    pub external_id: String,
    customer_name: Option<String>,
    pub name_hashes: Option<String>,
    pub agent_name: Option<String>,
}

impl ForNamesRow {
    /// Returns the customer's name, while it is stored.
    pub(super) fn open(&self, vault: &Vault) -> Option<String> {
        let plain = vault.open(SEAL_NAME, self.customer_name.as_ref()?).ok()?;
        String::from_utf8(plain).ok()
    }
}

pub(super) async fn for_names(conn: Conn<'_>, id: &InteractionId) -> Result<Option<ForNamesRow>, DbError> {
    fetch_optional!(conn, FOR_NAMES => ForNamesRow, id)
}

/// Deletes the masks; they are determined again at the next reading.
pub(super) async fn forget_masks(conn: Conn<'_>, ids: &[InteractionId]) -> Result<(), DbError> {
    if ids.is_empty() {
        return Ok(());
    }
    execute!(conn, FORGET_MASKS, serde_json::json!(ids).to_string()).map(drop)
}

#[derive(Debug, sqlx::FromRow)]
pub(super) struct ForSurveyRow {
    id: InteractionId,
    channel: String,
    direction: Option<String>,
    outcome: Option<String>,
    phase: i64,
    agent_id: Option<AgentId>,
    team_id: Option<TeamId>,
    queue: Option<String>,
    tags: Option<String>,
    customer_locale: Option<String>,
    customer_email: Option<String>,
    customer_name: Option<String>,
    talk_ms: Option<i64>,
    survey_eligible: Option<bool>,
    survey_state: String,
}

impl ForSurveyRow {
    /// Opens the sealed fields; a field that can't be opened counts as unknown.
    pub(super) fn open(self, vault: &Vault) -> ForSurvey {
        let opened = |purpose, sealed: Option<String>| {
            let plain = vault.open(purpose, &sealed?).ok()?;
            String::from_utf8(plain).ok()
        };
        let name = opened(SEAL_NAME, self.customer_name);
        ForSurvey {
            id: self.id,
            channel: self.channel.into(),
            direction: self.direction.map(Direction::from),
            outcome: self.outcome.map(Outcome::from),
            phase: self.phase.into(),
            agent_id: self.agent_id,
            team_id: self.team_id,
            queue: self.queue,
            tags: self.tags.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default(),
            locale: self.customer_locale,
            talk_ms: self.talk_ms,
            survey_eligible: self.survey_eligible,
            survey_state: self.survey_state.into(),
            customer: opened(SEAL_EMAIL, self.customer_email).map(|email| Customer { email, name }),
        }
    }
}

pub(super) async fn for_survey(conn: Conn<'_>, id: &InteractionId) -> Result<Option<ForSurveyRow>, DbError> {
    fetch_optional!(conn, FOR_SURVEY => ForSurveyRow, id)
}

pub(super) async fn set_survey(
    conn: Conn<'_>,
    id: &InteractionId,
    state: SurveyState,
    reason: Option<&str>,
    erase: bool,
    now: Timestamp,
) -> Result<(), DbError> {
    execute!(conn, SET_SURVEY, state.code(), reason, now, i64::from(erase), id).map(drop)
}

pub(super) async fn set_surveys(
    conn: Conn<'_>,
    ids: &[InteractionId],
    state: SurveyState,
    now: Timestamp,
) -> Result<(), DbError> {
    execute!(conn, SET_SURVEYS, state.code(), now, serde_json::json!(ids).to_string()).map(drop)
}

#[derive(Debug, sqlx::FromRow)]
pub(super) struct UpsertedRow {
    id: InteractionId,
    source: String,
    external_id: String,
    phase: i64,
    survey_state: String,
    survey_reason: Option<String>,
    finalised: i64,
    recording_state: String,
}

impl UpsertedRow {
    /// `proposed` is the id that was passed in: if the row has it, the row is new.
    pub(super) fn into_upserted(self, proposed: &InteractionId) -> Upserted {
        Upserted {
            created: self.id == *proposed,
            id: self.id,
            phase: Phase::from(self.phase),
            survey_state: SurveyState::from(self.survey_state),
            survey_reason: self.survey_reason,
            finalised: self.finalised == 1,
            recording_state: RecordingState::from(self.recording_state),
        }
    }
}

/// Returns rows by (source, external id), since the database returns them in its own order.
pub(super) async fn upsert(
    conn: Conn<'_>,
    rows: &[serde_json::Value],
) -> Result<HashMap<(String, String), UpsertedRow>, DbError> {
    let rows = serde_json::json!(rows).to_string();
    let stored = fetch_all!(conn, UPSERT => UpsertedRow, rows)?;
    Ok(stored.into_iter().map(|row| ((row.source.clone(), row.external_id.clone()), row)).collect())
}

pub(super) async fn upsert_messages(conn: Conn<'_>, items: &[Checked], done: &[Upserted]) -> Result<(), DbError> {
    // Keyed by position: the last update of a message is used, and no statement touches a row twice.
    let mut rows = HashMap::new();
    for (item, upserted) in items.iter().zip(done) {
        for (seq, message) in item.intake.messages.iter().enumerate() {
            let (sender, raw) = known_or_other(Some(&message.from), |word| Sender::known(word).map(Sender::code));
            let masks = item.masks.get(seq).map(|masks| serde_json::json!(masks).to_string());
            let row = serde_json::json!({ "id": upserted.id, "seq": seq, "at": message.at, "sender": sender, "sender_raw": raw, "text": message.text, "masks": masks });
            rows.insert((&upserted.id, seq), row);
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = rows.into_values().collect();
    execute!(conn, UPSERT_MESSAGES, serde_json::json!(rows).to_string()).map(drop)
}

/// Returns the interaction with this id in its source.
pub(super) async fn by_source(
    conn: Conn<'_>,
    source: &str,
    external_id: &str,
) -> Result<Option<InteractionRef>, DbError> {
    fetch_optional!(conn, BY_SOURCE => InteractionRef, source, external_id)
}

/// Locks an interaction until the transaction ends, so that uploads for it wait for each other. Returns false if it no
/// longer exists.
pub(super) async fn lock(conn: Conn<'_>, id: &InteractionId) -> Result<bool, DbError> {
    Ok(fetch_optional!(conn, LOCK => (InteractionId,), id)?.is_some())
}

/// Returns the team to which the work on its recording is attributed in the fair queue.
pub(super) async fn team_of(conn: Conn<'_>, id: &InteractionId) -> Result<Option<String>, DbError> {
    let row = fetch_optional!(conn, TEAM_OF => (Option<String>,), id)?;
    Ok(row.and_then(|(team,)| team))
}
