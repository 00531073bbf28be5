//! SQL of accounts, sessions, links and keys.

use crate::access::Role;
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::{AgentId, ApiKeyId, StaffId, TeamId};
use crate::{execute, fetch_all, fetch_one, fetch_optional, statements};

statements! {
    BY_SESSION = "
        SELECT s.id, s.email, s.name, s.role, s.password_hash, a.person_id AS agent_id, s.disabled_at
        FROM sessions t
        JOIN staff s ON s.id = t.staff_id
        LEFT JOIN agents a ON a.id = s.agent_id
        WHERE t.token_hash = $1
            AND t.expires_at > $2
            AND s.disabled_at IS NULL";
    BY_EMAIL = "
        SELECT s.id, s.email, s.name, s.role, s.password_hash, a.person_id AS agent_id, s.disabled_at
        FROM staff s
        LEFT JOIN agents a ON a.id = s.agent_id
        WHERE s.email = $1";
    BY_ID = "
        SELECT s.id, s.email, s.name, s.role, s.password_hash, a.person_id AS agent_id, s.disabled_at
        FROM staff s
        LEFT JOIN agents a ON a.id = s.agent_id
        WHERE s.id = $1";
    ALL = "
        SELECT s.id, s.email, s.name, s.role, s.password_hash, a.person_id AS agent_id, s.disabled_at
        FROM staff s
        LEFT JOIN agents a ON a.id = s.agent_id
        ORDER BY s.name, s.id";
    TEAMS_OF = "
        SELECT team_id
        FROM staff_teams
        WHERE staff_id = $1
        ORDER BY team_id";
    ADD = "
        INSERT INTO staff (id, email, name, role, agent_id, created_at)
        VALUES ($1, $2, $3, $4, $5, $6)";
    ADD_TEAM = "INSERT INTO staff_teams (staff_id, team_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    CLEAR_TEAMS = "DELETE FROM staff_teams WHERE staff_id = $1";
    SET_PASSWORD = "UPDATE staff SET password_hash = $1 WHERE id = $2";
    DISABLE = "UPDATE staff SET disabled_at = $1 WHERE id = $2";
    COUNT_ADMINS = "
        SELECT COUNT(*)
        FROM staff
        WHERE role = 'admin'
            AND disabled_at IS NULL
            AND password_hash IS NOT NULL";
    ADD_SESSION = "
        INSERT INTO sessions (token_hash, staff_id, created_at, expires_at, client)
        VALUES ($1, $2, $3, $4, $5)";
    SESSIONS = "
        SELECT token_hash, created_at, client
        FROM sessions
        WHERE staff_id = $1
            AND expires_at > $2
        ORDER BY created_at DESC, token_hash";
    // $2 is the handle of the session: a prefix of its hash.
    END_ONE_SESSION = "DELETE FROM sessions WHERE staff_id = $1 AND substr(token_hash, 1, 16) = $2";
    END_OTHER_SESSIONS = "DELETE FROM sessions WHERE staff_id = $1 AND token_hash <> $2";
    KNOWN_DEVICE = "
        SELECT staff_id
        FROM known_devices
        WHERE token_hash = $1
            AND expires_at > $2";
    REMEMBER_DEVICE = "
        INSERT INTO known_devices (token_hash, staff_id, expires_at)
        VALUES ($1, $2, $3)
        ON CONFLICT (token_hash) DO UPDATE SET staff_id = excluded.staff_id, expires_at = excluded.expires_at";
    // The $2 most recently used ones are kept.
    FORGET_OLD_DEVICES = "
        DELETE FROM known_devices
        WHERE staff_id = $1
            AND token_hash NOT IN (
                SELECT token_hash
                FROM known_devices
                WHERE staff_id = $1
                ORDER BY expires_at DESC, token_hash
                LIMIT $2
            )";
    FORGET_DEVICES = "DELETE FROM known_devices WHERE staff_id = $1";
    SWEEP_DEVICES = "DELETE FROM known_devices WHERE expires_at <= $1";
    // $2 now, $3 the cost of an attempt, $4 the latest time up to which the bucket may be in use to take one more; all
    // in milliseconds.
    TAKE_TRY = "
        INSERT INTO sign_in_limits (id, full_at)
        VALUES ($1, CAST($2 AS BIGINT) + CAST($3 AS BIGINT))
        ON CONFLICT (id) DO UPDATE SET full_at = CASE
            WHEN sign_in_limits.full_at > CAST($2 AS BIGINT) THEN sign_in_limits.full_at
            ELSE CAST($2 AS BIGINT) END + CAST($3 AS BIGINT)
        WHERE sign_in_limits.full_at <= CAST($4 AS BIGINT)
        RETURNING full_at";
    GIVE_TRY_BACK = "UPDATE sign_in_limits SET full_at = full_at - $2 WHERE id = $1";
    SWEEP_LIMITS = "DELETE FROM sign_in_limits WHERE full_at <= $1";
    END_SESSION = "DELETE FROM sessions WHERE token_hash = $1";
    END_SESSIONS = "DELETE FROM sessions WHERE staff_id = $1";
    SWEEP_SESSIONS = "DELETE FROM sessions WHERE expires_at <= $1";
    // An account has one open link: a newer one replaces the older.
    ADD_LINK = "
        INSERT INTO one_time_links (token_hash, purpose, staff_id, expires_at)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (staff_id)
        WHERE used_at IS NULL DO UPDATE
        SET token_hash = excluded.token_hash, purpose = excluded.purpose, expires_at = excluded.expires_at";
    DROP_LINKS_OF = "DELETE FROM one_time_links WHERE staff_id = $1 AND used_at IS NULL";
    SWEEP_LINKS = "DELETE FROM one_time_links WHERE expires_at <= $1";
    DROP_LINKS = "DELETE FROM one_time_links WHERE purpose = $1 AND used_at IS NULL";
    // The link of a disabled account is invalid.
    LINK = "
        SELECT l.purpose, l.staff_id
        FROM one_time_links l
        LEFT JOIN staff s ON s.id = l.staff_id
        WHERE l.token_hash = $1
            AND l.used_at IS NULL
            AND l.expires_at > $2
            AND s.disabled_at IS NULL";
    USE_LINK = "
        UPDATE one_time_links
        SET used_at = $1
        WHERE token_hash = $2
            AND used_at IS NULL
            AND expires_at > $1";
    ADD_KEY = "
        INSERT INTO api_keys (id, name, prefix, secret_hash, scopes, sources, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    KEY_BY_HASH = "
        SELECT id, name, prefix, scopes, sources, created_at, last_used_at
        FROM api_keys
        WHERE secret_hash = $1
            AND revoked_at IS NULL";
    KEYS = "
        SELECT id, name, prefix, scopes, sources, created_at, last_used_at
        FROM api_keys
        WHERE revoked_at IS NULL
        ORDER BY created_at DESC, id";
    TOUCH_KEY = "UPDATE api_keys SET last_used_at = $1 WHERE id = $2";
    TEAM_NAMES = "
        SELECT t.name
        FROM staff_teams s
        JOIN teams t ON t.id = s.team_id
        WHERE s.staff_id = $1
        ORDER BY t.name, t.id";
    ADD_NOTICE = "
        INSERT INTO supervisor_notices (id, kind, staff_id, actor_name, at)
        VALUES ($1, $2, $3, $4, $5)";
    // Supervisors who share a team with $1, and administrators, except for $2, the author; $1 where $3 is 1.
    NOTICE_RECIPIENTS = "
        SELECT s.id, s.email
        FROM staff s
        WHERE s.disabled_at IS NULL
            AND s.id <> $2
            AND (s.id <> $1 OR CAST($3 AS BIGINT) = 1)
            AND (s.role = 'admin' OR (s.role = 'supervisor'
                AND EXISTS (SELECT 1 FROM staff_teams own JOIN staff_teams other
                ON other.team_id = own.team_id WHERE own.staff_id = s.id AND other.staff_id = $1)))
        ORDER BY s.id";
    ADD_RECIPIENT = "
        INSERT INTO supervisor_notice_recipients (notice_id, staff_id)
        VALUES ($1, $2)";
    NOTICES_FOR = "
        SELECT n.kind, n.staff_id, s.name, s.email, n.actor_name, n.at
        FROM supervisor_notice_recipients r
        JOIN supervisor_notices n ON n.id = r.notice_id
        JOIN staff s ON s.id = n.staff_id
        WHERE r.staff_id = $1
            AND n.at > $2
        ORDER BY n.at DESC, n.id
        LIMIT $3";
    NOTICE = "
        SELECT n.kind, n.staff_id, s.name, s.email, n.actor_name, n.at
        FROM supervisor_notices n
        JOIN staff s ON s.id = n.staff_id
        WHERE n.id = $1";
    SWEEP_NOTICES = "DELETE FROM supervisor_notices WHERE at <= $1";
    REVOKE_KEY = "
        UPDATE api_keys
        SET revoked_at = $1
        WHERE id = $2
            AND revoked_at IS NULL";
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct StaffRow {
    pub id: StaffId,
    pub email: String,
    pub name: String,
    pub role: String,
    pub password_hash: Option<String>,
    /// Agent of the account: the person, when read.
    pub agent_id: Option<AgentId>,
    pub disabled_at: Option<Timestamp>,
}

/// A session; its token is stored only as a hash.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct SessionRow {
    pub token_hash: String,
    pub created_at: Timestamp,
    pub client: String,
}

/// A notice, with the account that it is about.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct NoticeRow {
    pub kind: String,
    pub staff_id: StaffId,
    pub name: String,
    pub email: String,
    pub actor_name: String,
    pub at: Timestamp,
}

impl StaffRow {
    /// Returns the role; an invalid text counts as the least privileged one.
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
    execute!(conn.reborrow(), ADD, &row.id, &row.email, &row.name, &row.role, &row.agent_id, now)?;
    set_teams(conn, &row.id, teams).await
}

pub(super) async fn set_teams(mut conn: Conn<'_>, id: &StaffId, teams: &[TeamId]) -> Result<(), DbError> {
    execute!(conn.reborrow(), CLEAR_TEAMS, id)?;
    for team in teams {
        execute!(conn.reborrow(), ADD_TEAM, id, team)?;
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
    client: &str,
) -> Result<(), DbError> {
    execute!(conn, ADD_SESSION, token_hash, id, now, until, client).map(drop)
}
pub(super) async fn sessions(conn: Conn<'_>, id: &StaffId, now: Timestamp) -> Result<Vec<SessionRow>, DbError> {
    fetch_all!(conn, SESSIONS => SessionRow, id, now)
}
pub(super) async fn end_one_session(conn: Conn<'_>, id: &StaffId, handle: &str) -> Result<u64, DbError> {
    execute!(conn, END_ONE_SESSION, id, handle)
}
pub(super) async fn end_other_sessions(conn: Conn<'_>, id: &StaffId, keep: &str) -> Result<u64, DbError> {
    execute!(conn, END_OTHER_SESSIONS, id, keep)
}

/// Returns the account that a browser is known to.
pub(super) async fn known_device(conn: Conn<'_>, token_hash: &str, now: Timestamp) -> Result<Option<StaffId>, DbError> {
    Ok(fetch_optional!(conn, KNOWN_DEVICE => (StaffId,), token_hash, now)?.map(|(id,)| id))
}
/// Remembers a browser; at most `keep` of an account.
pub(super) async fn remember_device(
    mut conn: Conn<'_>,
    token_hash: &str,
    id: &StaffId,
    until: Timestamp,
    keep: i64,
) -> Result<(), DbError> {
    execute!(conn.reborrow(), REMEMBER_DEVICE, token_hash, id, until)?;
    execute!(conn, FORGET_OLD_DEVICES, id, keep).map(drop)
}
pub(super) async fn forget_devices(conn: Conn<'_>, id: &StaffId) -> Result<u64, DbError> {
    execute!(conn, FORGET_DEVICES, id)
}

/// Takes an attempt; returns the time at which the bucket is full again, `None` where it is empty.
pub(super) async fn take_try(
    conn: Conn<'_>,
    id: &str,
    now: Timestamp,
    cost_ms: i64,
    latest: Timestamp,
) -> Result<Option<Timestamp>, DbError> {
    Ok(fetch_optional!(conn, TAKE_TRY => (Timestamp,), id, now, cost_ms, latest)?.map(|(full_at,)| full_at))
}
pub(super) async fn give_try_back(conn: Conn<'_>, id: &str, cost_ms: i64) -> Result<(), DbError> {
    execute!(conn, GIVE_TRY_BACK, id, cost_ms).map(drop)
}
pub(super) async fn end_session(conn: Conn<'_>, token_hash: &str) -> Result<u64, DbError> {
    execute!(conn, END_SESSION, token_hash)
}
pub(super) async fn end_sessions(conn: Conn<'_>, id: &StaffId) -> Result<u64, DbError> {
    execute!(conn, END_SESSIONS, id)
}
/// Deletes expired sessions, links, browsers, limits, and notices from before `notices`.
pub(super) async fn sweep(mut conn: Conn<'_>, now: Timestamp, notices: Timestamp) -> Result<(), DbError> {
    for sql in [SWEEP_SESSIONS, SWEEP_LINKS, SWEEP_DEVICES, SWEEP_LIMITS] {
        execute!(conn.reborrow(), sql, now)?;
    }
    execute!(conn, SWEEP_NOTICES, notices).map(drop)
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
pub(super) async fn drop_links_of(conn: Conn<'_>, id: &StaffId) -> Result<u64, DbError> {
    execute!(conn, DROP_LINKS_OF, id)
}
pub(super) async fn link(
    conn: Conn<'_>,
    token_hash: &str,
    now: Timestamp,
) -> Result<Option<(String, Option<StaffId>)>, DbError> {
    fetch_optional!(conn, LINK => (String, Option<StaffId>), token_hash, now)
}
/// Uses the link; false where it was used in the meantime.
pub(super) async fn use_link(conn: Conn<'_>, token_hash: &str, now: Timestamp) -> Result<bool, DbError> {
    Ok(execute!(conn, USE_LINK, now, token_hash)? == 1)
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct KeyRow {
    pub id: ApiKeyId,
    pub name: String,
    pub prefix: String,
    pub scopes: String,
    /// Sources as a JSON array.
    pub sources: String,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

pub(super) async fn add_key(conn: Conn<'_>, row: &KeyRow, secret_hash: &str) -> Result<(), DbError> {
    execute!(conn, ADD_KEY, &row.id, &row.name, &row.prefix, secret_hash, &row.scopes, &row.sources, row.created_at)
        .map(drop)
}
pub(super) async fn key_by_hash(conn: Conn<'_>, hash: &str) -> Result<Option<KeyRow>, DbError> {
    fetch_optional!(conn, KEY_BY_HASH => KeyRow, hash)
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

pub(super) async fn team_names(conn: Conn<'_>, id: &StaffId) -> Result<Vec<String>, DbError> {
    Ok(fetch_all!(conn, TEAM_NAMES => (String,), id)?.into_iter().map(|(name,)| name).collect())
}
/// Returns id and address of the recipients. `actor`: the author, empty where it was a key.
pub(super) async fn notice_recipients(
    conn: Conn<'_>,
    about: &StaffId,
    actor: &str,
    with_owner: bool,
) -> Result<Vec<(StaffId, String)>, DbError> {
    fetch_all!(conn, NOTICE_RECIPIENTS => (StaffId, String), about, actor, i64::from(with_owner))
}
pub(super) async fn add_notice(
    mut conn: Conn<'_>,
    (id, kind): (&str, &str),
    about: &StaffId,
    actor_name: &str,
    at: Timestamp,
    recipients: &[(StaffId, String)],
) -> Result<(), DbError> {
    execute!(conn.reborrow(), ADD_NOTICE, id, kind, about, actor_name, at)?;
    for (recipient, _) in recipients {
        execute!(conn.reborrow(), ADD_RECIPIENT, id, recipient)?;
    }
    Ok(())
}
pub(super) async fn notices_for(
    conn: Conn<'_>,
    recipient: &StaffId,
    since: Timestamp,
    most: i64,
) -> Result<Vec<NoticeRow>, DbError> {
    fetch_all!(conn, NOTICES_FOR => NoticeRow, recipient, since, most)
}
pub(super) async fn notice(conn: Conn<'_>, id: &str) -> Result<Option<NoticeRow>, DbError> {
    fetch_optional!(conn, NOTICE => NoticeRow, id)
}
