//! SQL for reading the log; it is written by [`crate::effects`].

use super::{AuditLine, Filter};
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::paging::Cursor;
use crate::{execute, fetch_all, fetch_one, statements};

statements! {
    // $4 is $3 as a pattern of LIKE. The first cursor sorts after everything, so it needs no case of its own.
    LINES = "
        SELECT id, at, actor, name, action, subject, detail
        FROM audit_log
        WHERE ($1 = '' OR action = $1)
            AND ($2 = '' OR subject = $2)
            AND ($3 = '' OR actor = $3 OR lower(name) LIKE $4 ESCAPE '\\')
            AND at >= $5
            AND at < $6
            AND (at < $7 OR (at = $7 AND id < $8))
        ORDER BY at DESC, id DESC
        LIMIT $9";
    // The triggers allow the deletion of lines before this time.
    LET_GO = "INSERT INTO audit_retention (before) VALUES ($1) ON CONFLICT DO NOTHING";
    FORGET = "
        DELETE FROM audit_log
        WHERE id IN (SELECT id FROM audit_log WHERE at < $1 ORDER BY at LIMIT $2)";
    COUNT = "SELECT COUNT(*) FROM audit_log WHERE at < $1";
    ACTIONS = "SELECT DISTINCT action FROM audit_log ORDER BY action";
}

pub(super) async fn lines(
    conn: Conn<'_>,
    filter: &Filter,
    after: &Cursor,
    most: usize,
) -> Result<Vec<AuditLine>, DbError> {
    let from = filter.from.unwrap_or(Timestamp(i64::MIN));
    let before = filter.before.unwrap_or(Timestamp(i64::MAX));
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let (actor, like) = (filter.actor.trim(), like(filter.actor.trim()));
    fetch_all!(conn, LINES => AuditLine, &filter.action, &filter.subject, actor, like, from, before, after.at, &after.id, most)
}

/// Deletes lines from before then, the oldest first; returns their number.
pub(super) async fn forget(mut conn: Conn<'_>, before: Timestamp, most: i64) -> Result<u64, DbError> {
    execute!(conn.reborrow(), LET_GO, before)?;
    execute!(conn, FORGET, before, most)
}

pub(super) async fn count(conn: Conn<'_>, before: Timestamp) -> Result<i64, DbError> {
    Ok(fetch_one!(conn, COUNT => (i64,), before)?.0)
}

pub(super) async fn actions(conn: Conn<'_>) -> Result<Vec<String>, DbError> {
    let rows = fetch_all!(conn, ACTIONS => (String,))?;
    Ok(rows.into_iter().map(|(action,)| action).collect())
}

/// Returns the pattern that matches `text` anywhere, with `%`, `_` and `\` escaped.
fn like(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.to_lowercase().chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
