//! SQL of quotes.

use super::{NewQuote, Quote};
use crate::database::{Conn, DbError};
use crate::ids::{InteractionId, TeamId};
use crate::{execute, fetch_all, fetch_optional, statements};
use serde_json::json;

statements! {
    ADD = "
        INSERT INTO quotes (id, text, team_id, interaction_id, month, purge_month)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (id) DO UPDATE SET text = excluded.text";
    // $1: whether to return all; $2: JSON array of teams.
    LIST = "
        SELECT q.id, q.text, t.name AS team_name, q.month
        FROM quotes q
        LEFT JOIN teams t ON t.id = q.team_id
        WHERE $1 = 1
            OR q.team_id IN {list $2}
        ORDER BY q.month DESC, q.id
        LIMIT $3";
    THERE = "SELECT id FROM quotes WHERE id = $1";
    REMOVE = "DELETE FROM quotes WHERE id = $1";
    DISALLOW = "
        UPDATE responses
        SET quote_id = NULL
        WHERE interaction_id = $1
            AND quote_id = $2";
    REMOVE_GONE = "
        DELETE FROM quotes
        WHERE interaction_id IS NOT NULL
            AND NOT EXISTS (
                SELECT 1
                FROM responses r
                WHERE r.interaction_id = quotes.interaction_id
                    AND r.comment IS NOT NULL
            )";
    FORGET_IDS = sqlite "
            UPDATE quotes
            SET id = lower(hex(randomblob(16))), purge_month = '9999-12'
            WHERE purge_month < $1",
        pg "
            UPDATE quotes
            SET id = gen_random_uuid()::text, purge_month = '9999-12'
            WHERE purge_month < $1";
}

pub(super) async fn add(
    conn: Conn<'_>,
    new: &NewQuote<'_>,
    text: &str,
    month: &str,
    purge_month: &str,
) -> Result<(), DbError> {
    execute!(conn, ADD, new.id, text, new.team, new.interaction, month, purge_month).map(drop)
}

pub(super) async fn list(conn: Conn<'_>, all: bool, teams: &[TeamId], most: i64) -> Result<Vec<Quote>, DbError> {
    fetch_all!(conn, LIST => Quote, i64::from(all), json!(teams).to_string(), most)
}

pub(super) async fn there(conn: Conn<'_>, id: &str) -> Result<bool, DbError> {
    Ok(fetch_optional!(conn, THERE => (String,), id)?.is_some())
}

pub(super) async fn remove(conn: Conn<'_>, id: &str) -> Result<bool, DbError> {
    Ok(execute!(conn, REMOVE, id)? > 0)
}

pub(super) async fn disallow(conn: Conn<'_>, interaction: &InteractionId, id: &str) -> Result<(), DbError> {
    execute!(conn, DISALLOW, interaction, id).map(drop)
}

pub(super) async fn remove_gone(conn: Conn<'_>) -> Result<(), DbError> {
    execute!(conn, REMOVE_GONE).map(drop)
}

pub(super) async fn forget_ids(conn: Conn<'_>, month: &str) -> Result<(), DbError> {
    execute!(conn, FORGET_IDS, month).map(drop)
}
