//! SQL of interactions, messages and recordings.

use super::intake::{SEAL_EMAIL, SEAL_NAME};
use super::kinds::{Channel, Direction, Outcome, SurveyState};
use super::{AgentCounts, Customer, Filter, ForSurvey, Interaction, InteractionRef};
use crate::access::principal::Visible;
use crate::clock::Timestamp;
use crate::database::{Conn, DbError, VisibleBinds};
use crate::ids::{AgentId, InteractionId, TeamId};
use crate::paging::Cursor;
use crate::vault::Vault;
use crate::{execute, fetch_all, fetch_optional, same_person, statements, visible_to};
use std::collections::HashSet;

/// Outcome of the interaction `i`: that of its word's mapping, else the stored one.
macro_rules! outcome {
    () => {
        "COALESCE((
                SELECT m.outcome
                FROM outcome_mappings m
                WHERE m.source = i.source
                    AND m.word = i.outcome_key
            ), i.outcome)"
    };
}

/// The columns of [`Interaction`]; a macro, since statements are literals.
macro_rules! interaction_columns {
    () => {
        concat!(
            "SELECT i.id, i.source, i.external_id, i.occurrence, i.channel, i.direction, ", outcome!(), " AS outcome,
            i.outcome_raw, i.phase, i.started_at, i.answered_at, i.ended_at, i.occurred_at, i.wait_ms, i.talk_ms, i.hold_ms, i.agent_id,
            a.person_id, COALESCE(a.name, a.external_id) AS agent_name, i.team_id, t.name AS team_name, i.queue, i.tags,
            i.topic, i.utc_offset, i.customer_locale, i.survey_state, i.survey_reason,
            COALESCE((
                SELECT CASE WHEN r.missing_since IS NULL THEN 'stored' ELSE 'missing' END
                FROM recordings r
                WHERE r.interaction_id = i.id
            ), 'absent') AS recording_state"
        )
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
        concat!(
            "(CAST($6 AS TEXT) IS NULL OR ",
            same_person!("i.agent_id", "$6"),
            ")
            AND (CAST($7 AS TEXT) IS NULL OR i.team_id = $7)
            AND (CAST($8 AS TEXT) IS NULL OR i.channel = $8)
            AND (CAST($9 AS TEXT) IS NULL OR i.survey_state = $9)"
        )
    };
}

/// Further filters of a list, from a JSON object in the parameter with this number.
macro_rules! further_filters {
    ($number:literal) => {
        concat!(
            "COALESCE({sqlite $",
            $number,
            "} {pg CAST(CAST($",
            $number,
            " AS TEXT) AS JSONB)}->>'source', i.source)
                = i.source
            AND COALESCE(
                CAST({sqlite $",
            $number,
            "} {pg CAST(CAST($",
            $number,
            " AS TEXT) AS JSONB)}->>'phase' AS BIGINT),
                i.phase
            ) = i.phase
            AND i.occurred_at >= COALESCE(
                CAST({sqlite $",
            $number,
            "} {pg CAST(CAST($",
            $number,
            " AS TEXT) AS JSONB)}->>'from' AS BIGINT),
                i.occurred_at
            )
            AND i.occurred_at < COALESCE(
                CAST({sqlite $",
            $number,
            "} {pg CAST(CAST($",
            $number,
            " AS TEXT) AS JSONB)}->>'to' AS BIGINT),
                i.occurred_at + 1
            )"
        )
    };
}

/// Returns the parameter of [`further_filters!`].
fn further(filter: &Filter) -> String {
    let phase = filter.phase.map(super::Phase::rank);
    serde_json::json!({ "source": filter.source, "phase": phase, "from": filter.from, "to": filter.to }).to_string()
}

pub(super) mod deletion;
pub(super) mod files;
pub(super) mod finalising;
pub(super) mod intake;
pub(super) mod measured;
pub(super) mod messages;
pub(super) mod parts;
mod recordings;
pub(super) mod tombstones;
pub(super) mod warnings;

pub(super) use recordings::{
    hold_version, key_in_use, put_recording, recording, remove_recording, set_peaks, set_sent_speakers, set_speakers,
};

statements! {
    FIND = concat!("
        ", interaction!(), "
        WHERE ", visible_to!(), "
            AND i.id = $4");
    FIND_BY_SOURCE = concat!("
        ", interaction!(), "
        WHERE ", visible_to!(), "
            AND i.source = $4
            AND i.external_id = $5
            AND i.occurrence = COALESCE(CAST($6 AS BIGINT), i.occurrence)
        ORDER BY i.occurrence DESC
        LIMIT 1");
    OCCURRENCES = concat!("
        ", interaction!(), "
        WHERE ", visible_to!(), "
            AND i.source = $4
            AND i.external_id = $5
        ORDER BY i.occurrence");
    LIST = concat!("
        ", interaction!(), "
        WHERE ", visible_to!(), "
            AND (i.occurred_at < $4 OR (i.occurred_at = $4 AND i.id > $5))
            AND ", filters!(), "
            AND ", further_filters!(11), "
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
            AND external_id = $2
        ORDER BY occurrence DESC
        LIMIT 1";
    LOCK = "
        SELECT id
        FROM interactions
        WHERE id = $1
        {pg FOR NO KEY UPDATE}";
    TEAM_OF = "SELECT team_id FROM interactions WHERE id = $1";
    // $1: JSON array of teams.
    AGENTS_OF_TEAMS = "
        SELECT DISTINCT a.person_id
        FROM interactions i
        JOIN agents a ON a.id = i.agent_id
        WHERE i.team_id IN {list $1}
            AND i.occurred_at >= $2
            AND i.occurred_at < $3";
    // $1: JSON array of agents.
    COUNTS_OF_AGENTS = "
        SELECT COALESCE(agent_id, '') AS agent_id, COUNT(*) AS interactions,
            COUNT(CASE WHEN survey_state NOT IN ('waiting', 'skipped') THEN 1 END) AS surveyed
        FROM interactions
        WHERE agent_id IN {list $1}
        GROUP BY agent_id";
    FOR_NAMES = "
        SELECT i.source, i.external_id, i.customer_name, i.name_hashes, COALESCE(a.name, '') AS agent_name
        FROM interactions i
        LEFT JOIN agents a ON a.id = i.agent_id
        WHERE i.id = $1";
    FORGET_MASKS = "UPDATE messages SET masks = NULL WHERE interaction_id IN {list $1}";
    FOR_SURVEY = concat!("
        SELECT i.id, i.source, i.channel, i.direction, ", outcome!(), " AS outcome, i.phase, i.agent_id, i.team_id,
            i.queue, i.tags, i.topic, i.utc_offset, i.customer_locale, i.customer_email, i.customer_phone,
            i.customer_name, i.talk_ms, i.survey_eligible, i.survey_state, i.survey_reason,
            COALESCE(i.ended_at, i.started_at, i.received_at) AS over_at, i.finalised_at
        FROM interactions i
        WHERE i.id = $1");
    // $5: sealed address or hashed number at the time of the decision; '' stands for none. Another that came since is not
    // lost.
    SKIP_SURVEY = "
        UPDATE interactions
        SET survey_state = 'skipped', survey_reason = $1, updated_at = $2,
            customer_email = CASE WHEN $3 = 1 THEN NULL ELSE customer_email END,
            customer_phone = CASE WHEN $3 = 1 THEN NULL ELSE customer_phone END,
            customer_name = CASE WHEN $3 = 1 THEN NULL ELSE customer_name END
        WHERE id = $4
            AND COALESCE(customer_email, customer_phone, '') = $5";
    SET_SURVEY = "
        UPDATE interactions
        SET survey_state = $1, survey_reason = $2, updated_at = $3,
            customer_email = CASE WHEN $4 = 1 THEN NULL ELSE customer_email END,
            customer_phone = CASE WHEN $4 = 1 THEN NULL ELSE customer_phone END,
            customer_name = CASE WHEN $4 = 1 THEN NULL ELSE customer_name END
        WHERE id = $5";
    // $3: JSON array of ids.
    SET_SURVEYS = "
        UPDATE interactions
        SET survey_state = $1, survey_reason = NULL, updated_at = $2, customer_email = NULL,
            customer_phone = NULL, customer_name = NULL
        WHERE id IN {list $3}";
}

pub(super) async fn find(
    conn: Conn<'_>,
    visible: &Visible,
    id: &InteractionId,
) -> Result<Option<Interaction>, DbError> {
    let v = VisibleBinds::from(visible);
    fetch_optional!(conn, FIND => Interaction, v.all, v.teams, v.agent, id)
}

pub(super) async fn find_by_source(
    conn: Conn<'_>,
    visible: &Visible,
    (source, external_id): (&str, &str),
    occurrence: Option<i64>,
) -> Result<Option<Interaction>, DbError> {
    let v = VisibleBinds::from(visible);
    fetch_optional!(conn, FIND_BY_SOURCE => Interaction, v.all, v.teams, v.agent, source, external_id, occurrence)
}

pub(super) async fn occurrences(
    conn: Conn<'_>,
    visible: &Visible,
    (source, external_id): (&str, &str),
) -> Result<Vec<Interaction>, DbError> {
    let v = VisibleBinds::from(visible);
    fetch_all!(conn, OCCURRENCES => Interaction, v.all, v.teams, v.agent, source, external_id)
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
        filter.channel.map(Channel::code), filter.survey.map(SurveyState::code), most, further(filter))
}

pub(super) async fn among(
    conn: Conn<'_>,
    visible: &Visible,
    ids: &[InteractionId],
) -> Result<Vec<Interaction>, DbError> {
    let v = VisibleBinds::from(visible);
    fetch_all!(conn, AMONG => Interaction, v.all, v.teams, v.agent, serde_json::json!(ids).to_string())
}

pub(super) async fn agents_of_teams(
    conn: Conn<'_>,
    teams: &[TeamId],
    from: Timestamp,
    until: Timestamp,
) -> Result<HashSet<AgentId>, DbError> {
    let teams = serde_json::json!(teams).to_string();
    let agents = fetch_all!(conn, AGENTS_OF_TEAMS => (AgentId,), teams, from, until)?;
    Ok(agents.into_iter().map(|(id,)| id).collect())
}

pub(super) async fn counts_of_agents(conn: Conn<'_>, agents: &[AgentId]) -> Result<Vec<AgentCounts>, DbError> {
    fetch_all!(conn, COUNTS_OF_AGENTS => AgentCounts, serde_json::json!(agents).to_string())
}

pub(super) async fn any(conn: Conn<'_>) -> Result<bool, DbError> {
    Ok(fetch_optional!(conn, ANY => (InteractionId,))?.is_some())
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
    source: String,
    channel: String,
    direction: Option<String>,
    outcome: Option<String>,
    phase: i64,
    agent_id: Option<AgentId>,
    team_id: Option<TeamId>,
    queue: Option<String>,
    tags: Option<String>,
    topic: Option<String>,
    utc_offset: Option<i64>,
    customer_locale: Option<String>,
    customer_email: Option<String>,
    customer_phone: Option<String>,
    customer_name: Option<String>,
    talk_ms: Option<i64>,
    survey_eligible: Option<bool>,
    survey_state: String,
    survey_reason: Option<String>,
    over_at: Timestamp,
    finalised_at: Option<Timestamp>,
}

impl ForSurveyRow {
    /// Opens the sealed fields; a field that can't be opened counts as unknown.
    pub(super) fn open(self, vault: &Vault) -> ForSurvey {
        let opened = |purpose, sealed: Option<String>| {
            let plain = vault.open(purpose, &sealed?).ok()?;
            String::from_utf8(plain).ok()
        };
        let name = opened(SEAL_NAME, self.customer_name);
        let contact = self.customer_email.clone().or_else(|| self.customer_phone.clone()).unwrap_or_default();
        ForSurvey {
            id: self.id,
            source: self.source,
            channel: self.channel.into(),
            direction: self.direction.map(Direction::from),
            outcome: self.outcome.map(Outcome::from),
            phase: self.phase.into(),
            agent_id: self.agent_id,
            team_id: self.team_id,
            queue: self.queue,
            tags: self.tags.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default(),
            topic: self.topic,
            utc_offset: self.utc_offset,
            locale: self.customer_locale,
            talk_ms: self.talk_ms,
            survey_eligible: self.survey_eligible,
            survey_state: self.survey_state.into(),
            survey_reason: self.survey_reason,
            over_at: self.over_at,
            finalised_at: self.finalised_at,
            contact,
            phone_hash: self.customer_phone,
            customer_name: name.clone(),
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

/// Returns false, and changes nothing, if another address came since the interaction was read.
pub(super) async fn skip_survey(
    conn: Conn<'_>,
    about: &ForSurvey,
    reason: &str,
    erase: bool,
    now: Timestamp,
) -> Result<bool, DbError> {
    Ok(execute!(conn, SKIP_SURVEY, reason, now, i64::from(erase), &about.id, &about.contact)? > 0)
}

pub(super) async fn set_surveys(
    conn: Conn<'_>,
    ids: &[InteractionId],
    state: SurveyState,
    now: Timestamp,
) -> Result<(), DbError> {
    execute!(conn, SET_SURVEYS, state.code(), now, serde_json::json!(ids).to_string()).map(drop)
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
