//! SQL of accounts, sessions, links and keys.

use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::{AgentId, ApiKeyId, StaffId, TeamId};
use crate::web::Role;
use crate::{execute, fetch_all, fetch_one, fetch_optional, statements};

statements! {
    BY_SESSION = "SELECT s.id, s.email, s.name, s.role, s.password_hash, s.agent_id, s.disabled_at FROM sessions t JOIN staff s ON s.id = t.staff_id \
        WHERE t.token_hash = $1 AND t.expires_at > $2 AND s.disabled_at IS NULL";
    BY_EMAIL = "SELECT id, email, name, role, password_hash, agent_id, disabled_at FROM staff WHERE email = $1";
    BY_ID = "SELECT id, email, name, role, password_hash, agent_id, disabled_at FROM staff WHERE id = $1";
    ALL = "SELECT id, email, name, role, password_hash, agent_id, disabled_at FROM staff ORDER BY name, id";
    TEAMS_OF = "SELECT team_id FROM staff_teams WHERE staff_id = $1 ORDER BY team_id";
    ADD = "INSERT INTO staff (id, email, name, role, agent_id, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    ADD_TEAM = "INSERT INTO staff_teams (staff_id, team_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    CLEAR_TEAMS = "DELETE FROM staff_teams WHERE staff_id = $1";
    SET_PASSWORD = "UPDATE staff SET password_hash = $1 WHERE id = $2";
    DISABLE = "UPDATE staff SET disabled_at = $1 WHERE id = $2";
    COUNT_ADMINS = "SELECT COUNT(*) FROM staff WHERE role = 'admin' AND disabled_at IS NULL AND password_hash IS NOT NULL";
    ADD_SESSION = "INSERT INTO sessions (token_hash, staff_id, created_at, expires_at) VALUES ($1, $2, $3, $4)";
    END_SESSION = "DELETE FROM sessions WHERE token_hash = $1";
    END_SESSIONS = "DELETE FROM sessions WHERE staff_id = $1";
    SWEEP_SESSIONS = "DELETE FROM sessions WHERE expires_at <= $1";
    ADD_LINK = "INSERT INTO one_time_links (token_hash, purpose, staff_id, expires_at) VALUES ($1, $2, $3, $4)";
    DROP_LINKS = "DELETE FROM one_time_links WHERE purpose = $1 AND used_at IS NULL";
    LINK = "SELECT purpose, staff_id FROM one_time_links WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2";
    USE_LINK = "UPDATE one_time_links SET used_at = $1 WHERE token_hash = $2 AND used_at IS NULL AND expires_at > $1";
    ADD_KEY = "INSERT INTO api_keys (id, name, prefix, secret_hash, scopes, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    KEY_BY_HASH = "SELECT id, name, scopes, last_used_at FROM api_keys WHERE secret_hash = $1 AND revoked_at IS NULL";
    KEYS = "SELECT id, name, prefix, scopes, created_at, last_used_at FROM api_keys WHERE revoked_at IS NULL ORDER BY created_at DESC, id";
    TOUCH_KEY = "UPDATE api_keys SET last_used_at = $1 WHERE id = $2";
    REVOKE_KEY = "UPDATE api_keys SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL";
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct StaffRow {
    pub id: StaffId,
    pub email: String,
    pub name: String,
    pub role: String,
    pub password_hash: Option<String>,
    pub agent_id: Option<AgentId>,
    pub disabled_at: Option<Timestamp>,
}

impl StaffRow {
    /// The role; text that is none counts as the least there is.
    pub fn role(&self) -> Role {
        self.role.parse().unwrap_or(Role::Agent)
    }
}

pub(super) async fn by_session(conn: Conn<'_>, token_hash: &str, now: Timestamp) -> Result<Option<StaffRow>, DbError> {
    fetch_optional!(conn, BY_SESSION => StaffRow, token_hash, now)
}
pub(super) async fn by_email(conn: Conn<'_>, email: &str) -> Result<Option<StaffRow>, DbError> {
    fetch_optional!(conn, BY_EMAIL => StaffRow, email)
}
pub(super) async fn by_id(conn: Conn<'_>, id: &StaffId) -> Result<Option<StaffRow>, DbError> {
    fetch_optional!(conn, BY_ID => StaffRow, id)
}
pub(super) async fn all(conn: Conn<'_>) -> Result<Vec<StaffRow>, DbError> {
    fetch_all!(conn, ALL => StaffRow)
}
pub(super) async fn teams_of(conn: Conn<'_>, id: &StaffId) -> Result<Vec<TeamId>, DbError> {
    Ok(fetch_all!(conn, TEAMS_OF => (TeamId,), id)?.into_iter().map(|(team,)| team).collect())
}

pub(super) async fn add(mut conn: Conn<'_>, row: &StaffRow, teams: &[TeamId], now: Timestamp) -> Result<(), DbError> {
    execute!(conn.again(), ADD, &row.id, &row.email, &row.name, &row.role, &row.agent_id, now)?;
    set_teams(conn, &row.id, teams).await
}

pub(super) async fn set_teams(mut conn: Conn<'_>, id: &StaffId, teams: &[TeamId]) -> Result<(), DbError> {
    execute!(conn.again(), CLEAR_TEAMS, id)?;
    for team in teams {
        execute!(conn.again(), ADD_TEAM, id, team)?;
    }
    Ok(())
}

pub(super) async fn set_password(conn: Conn<'_>, id: &StaffId, hash: &str) -> Result<u64, DbError> {
    execute!(conn, SET_PASSWORD, hash, id)
}
pub(super) async fn disable(conn: Conn<'_>, id: &StaffId, at: Option<Timestamp>) -> Result<u64, DbError> {
    execute!(conn, DISABLE, at, id)
}
pub(super) async fn count_admins(conn: Conn<'_>) -> Result<i64, DbError> {
    Ok(fetch_one!(conn, COUNT_ADMINS => (i64,))?.0)
}

pub(super) async fn add_session(
    conn: Conn<'_>,
    token_hash: &str,
    id: &StaffId,
    now: Timestamp,
    until: Timestamp,
) -> Result<(), DbError> {
    execute!(conn, ADD_SESSION, token_hash, id, now, until).map(drop)
}
pub(super) async fn end_session(conn: Conn<'_>, token_hash: &str) -> Result<u64, DbError> {
    execute!(conn, END_SESSION, token_hash)
}
pub(super) async fn end_sessions(conn: Conn<'_>, id: &StaffId) -> Result<u64, DbError> {
    execute!(conn, END_SESSIONS, id)
}
pub(super) async fn sweep_sessions(conn: Conn<'_>, now: Timestamp) -> Result<u64, DbError> {
    execute!(conn, SWEEP_SESSIONS, now)
}

pub(super) async fn add_link(
    conn: Conn<'_>,
    token_hash: &str,
    purpose: &str,
    staff: Option<&StaffId>,
    until: Timestamp,
) -> Result<(), DbError> {
    execute!(conn, ADD_LINK, token_hash, purpose, staff, until).map(drop)
}
pub(super) async fn drop_links(conn: Conn<'_>, purpose: &str) -> Result<u64, DbError> {
    execute!(conn, DROP_LINKS, purpose)
}
pub(super) async fn link(
    conn: Conn<'_>,
    token_hash: &str,
    now: Timestamp,
) -> Result<Option<(String, Option<StaffId>)>, DbError> {
    fetch_optional!(conn, LINK => (String, Option<StaffId>), token_hash, now)
}
/// False where somebody was quicker.
pub(super) async fn use_link(conn: Conn<'_>, token_hash: &str, now: Timestamp) -> Result<bool, DbError> {
    Ok(execute!(conn, USE_LINK, now, token_hash)? == 1)
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct KeyRow {
    pub id: ApiKeyId,
    pub name: String,
    pub prefix: String,
    pub scopes: String,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

pub(super) async fn add_key(conn: Conn<'_>, row: &KeyRow, secret_hash: &str) -> Result<(), DbError> {
    execute!(conn, ADD_KEY, &row.id, &row.name, &row.prefix, secret_hash, &row.scopes, row.created_at).map(drop)
}
pub(super) async fn key_by_hash(
    conn: Conn<'_>,
    hash: &str,
) -> Result<Option<(ApiKeyId, String, String, Option<Timestamp>)>, DbError> {
    fetch_optional!(conn, KEY_BY_HASH => (ApiKeyId, String, String, Option<Timestamp>), hash)
}
pub(super) async fn keys(conn: Conn<'_>) -> Result<Vec<KeyRow>, DbError> {
    fetch_all!(conn, KEYS => KeyRow)
}
pub(super) async fn touch_key(conn: Conn<'_>, id: &ApiKeyId, now: Timestamp) -> Result<u64, DbError> {
    execute!(conn, TOUCH_KEY, now, id)
}
pub(super) async fn revoke_key(conn: Conn<'_>, id: &ApiKeyId, now: Timestamp) -> Result<u64, DbError> {
    execute!(conn, REVOKE_KEY, now, id)
}
