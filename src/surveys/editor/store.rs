//! SQL of surveys, their versions, drafts and logos.

use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::{execute, fetch_all, fetch_optional, statements};

statements! {
    SURVEYS = "
        SELECT s.id, s.name, s.state, v.number, v.published_at, v.published_by, d.saved_at AS draft_saved_at,
            d.saved_by AS draft_saved_by
        FROM surveys s
        LEFT JOIN survey_versions v ON v.id = s.current_version
        LEFT JOIN survey_drafts d ON d.survey_id = s.id
            AND d.definition IS NOT NULL
        WHERE $1 = ''
            OR s.id = $1
        ORDER BY s.state, s.created_at, s.id";
    VERSIONS = "
        SELECT id, number, definition, published_at, published_by
        FROM survey_versions
        WHERE survey_id = $1
        ORDER BY number DESC";
    DRAFT = "
        SELECT definition, edition, saved_at, saved_by
        FROM survey_drafts
        WHERE survey_id = $1";
    ADD_SURVEY = "
        INSERT INTO surveys (id, name, state, current_version, created_at)
        VALUES ($1, $2, 'active', '', $3)";
    SET_NAME = "UPDATE surveys SET name = $1 WHERE id = $2";
    SET_STATE = "
        UPDATE surveys
        SET state = $1
        WHERE id = $2
            AND state <> $1";
    SET_CURRENT = "UPDATE surveys SET current_version = $1 WHERE id = $2";
    ADD_VERSION = "
        INSERT INTO survey_versions (id, survey_id, number, definition, published_at, published_by)
        VALUES ($1, $2, $3, $4, $5, $6)";
    // The database decides which save is first: the second one no longer matches the edition.
    ADD_DRAFT = "
        INSERT INTO survey_drafts (survey_id, definition, edition, saved_at, saved_by)
        VALUES ($1, $2, 1, $3, $4)
        ON CONFLICT (survey_id) DO NOTHING";
    SET_DRAFT = "
        UPDATE survey_drafts
        SET definition = $1, edition = edition + 1, saved_at = $2, saved_by = $3
        WHERE survey_id = $4
            AND edition = $5";
    ADD_LOGO = "
        INSERT INTO logos (sha256, media_type, bytes, created_at)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (sha256) DO NOTHING";
    LOGO = "SELECT media_type, bytes FROM logos WHERE sha256 = $1";
}

#[derive(Debug, sqlx::FromRow)]
pub(super) struct SurveyRow {
    pub id: String,
    pub name: String,
    pub state: String,
    pub number: Option<i64>,
    pub published_at: Option<Timestamp>,
    pub published_by: Option<String>,
    pub draft_saved_at: Option<Timestamp>,
    pub draft_saved_by: Option<String>,
}

#[derive(Debug, sqlx::FromRow)]
pub(super) struct VersionRow {
    pub id: String,
    pub number: i64,
    pub definition: Option<String>,
    pub published_at: Timestamp,
    pub published_by: String,
}

#[derive(Debug, sqlx::FromRow)]
pub(super) struct DraftRow {
    pub definition: Option<String>,
    pub edition: i64,
    pub saved_at: Timestamp,
    pub saved_by: String,
}

/// A version to insert.
#[derive(Debug)]
pub(super) struct NewVersion<'a> {
    pub id: &'a str,
    pub survey: &'a str,
    pub number: i64,
    pub definition: &'a str,
    pub by: &'a str,
}

/// Returns all surveys, or the one with this id.
pub(super) async fn surveys(conn: Conn<'_>, id: &str) -> Result<Vec<SurveyRow>, DbError> {
    fetch_all!(conn, SURVEYS => SurveyRow, id)
}

/// Returns the versions, newest first.
pub(super) async fn versions(conn: Conn<'_>, survey: &str) -> Result<Vec<VersionRow>, DbError> {
    fetch_all!(conn, VERSIONS => VersionRow, survey)
}

pub(super) async fn draft(conn: Conn<'_>, survey: &str) -> Result<Option<DraftRow>, DbError> {
    fetch_optional!(conn, DRAFT => DraftRow, survey)
}

pub(super) async fn add_survey(conn: Conn<'_>, id: &str, name: &str, now: Timestamp) -> Result<(), DbError> {
    execute!(conn, ADD_SURVEY, id, name, now).map(drop)
}

/// Returns false if there is no such survey.
pub(super) async fn set_name(conn: Conn<'_>, id: &str, name: &str) -> Result<bool, DbError> {
    Ok(execute!(conn, SET_NAME, name, id)? > 0)
}

/// Returns false if the state is already set, or there is no such survey.
pub(super) async fn set_state(conn: Conn<'_>, id: &str, state: &'static str) -> Result<bool, DbError> {
    Ok(execute!(conn, SET_STATE, state, id)? > 0)
}

pub(super) async fn add_version(mut conn: Conn<'_>, new: &NewVersion<'_>, now: Timestamp) -> Result<(), DbError> {
    execute!(conn.reborrow(), ADD_VERSION, new.id, new.survey, new.number, new.definition, now, new.by)?;
    execute!(conn, SET_CURRENT, new.id, new.survey).map(drop)
}

/// Saves a draft; `None` removes it. Returns false if another save came first.
pub(super) async fn set_draft(
    conn: Conn<'_>,
    survey: &str,
    definition: Option<&str>,
    edition: i64,
    by: &str,
    now: Timestamp,
) -> Result<bool, DbError> {
    let changed = match edition {
        0 => execute!(conn, ADD_DRAFT, survey, definition, now, by)?,
        _ => execute!(conn, SET_DRAFT, definition, now, by, survey, edition)?,
    };
    Ok(changed > 0)
}

pub(super) async fn add_logo(
    conn: Conn<'_>,
    sha256: &str,
    media_type: &str,
    bytes: &[u8],
    now: Timestamp,
) -> Result<(), DbError> {
    execute!(conn, ADD_LOGO, sha256, media_type, bytes, now).map(drop)
}

pub(super) async fn logo(conn: Conn<'_>, sha256: &str) -> Result<Option<(String, Vec<u8>)>, DbError> {
    fetch_optional!(conn, LOGO => (String, Vec<u8>), sha256)
}
