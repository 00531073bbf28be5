//! SQL of the rules: every edition is kept.

use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::{execute, fetch_all, fetch_optional, statements};

statements! {
    CURRENT = "
        SELECT edition, rules, saved_by
        FROM survey_rules
        ORDER BY edition DESC
        LIMIT 1";
    ASKABLE = "
        SELECT id, current_version
        FROM surveys
        WHERE state = 'active'
            AND current_version <> ''";
    EDITION = "SELECT edition, rules, saved_by FROM survey_rules WHERE edition = $1";
    // If two saves start from the same edition, the key lets only one through.
    SAVE = "
        INSERT INTO survey_rules (edition, rules, saved_at, saved_by)
        SELECT CAST($1 AS BIGINT), $2, CAST($3 AS BIGINT), $4
        WHERE COALESCE((SELECT MAX(edition) FROM survey_rules), 0) = $1 - 1
        ON CONFLICT (edition) DO NOTHING";
}

#[derive(Debug, sqlx::FromRow)]
pub(super) struct RulesRow {
    pub edition: i64,
    pub rules: String,
    pub saved_by: String,
}

pub(super) async fn current(conn: Conn<'_>) -> Result<Option<RulesRow>, DbError> {
    fetch_optional!(conn, CURRENT => RulesRow)
}

pub(super) async fn edition(conn: Conn<'_>, edition: i64) -> Result<Option<RulesRow>, DbError> {
    fetch_optional!(conn, EDITION => RulesRow, edition)
}

/// Saves rules made from this edition. Returns false if there is a newer one.
pub(super) async fn save(conn: Conn<'_>, from: i64, rules: &str, by: &str, now: Timestamp) -> Result<bool, DbError> {
    Ok(execute!(conn, SAVE, from + 1, rules, now, by)? > 0)
}

/// Returns each survey that can be sent, with its current version.
pub(super) async fn askable(conn: Conn<'_>) -> Result<Vec<(String, String)>, DbError> {
    fetch_all!(conn, ASKABLE => (String, String))
}
