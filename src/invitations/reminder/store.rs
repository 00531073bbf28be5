//! SQL of reminders.

use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::{execute, fetch_all, fetch_optional, statements};

statements! {
    // Whether the survey was answered is not checked. Invitations that closed in the meantime are also taken, without a
    // reminder.
    TAKE_DUE = "
        UPDATE invitations
        SET remind_after_ms = NULL
        WHERE id IN (
            SELECT id
            FROM invitations
            WHERE remind_after_ms IS NOT NULL
                AND state IN ('sent', 'closed')
                AND expires_at - COALESCE(expires_after_ms, 0) + remind_after_ms <= $1
            ORDER BY state, expires_at
            LIMIT $2
        )
        RETURNING id, CASE WHEN state = 'sent' AND expires_at > $1 THEN address_sealed END AS address";
    OF_UNSUBSCRIBE = "SELECT id FROM invitations WHERE unsubscribe_hash = $1";
    SET_UNSUBSCRIBE = "
        UPDATE invitations
        SET unsubscribe_hash = $1
        WHERE id = $2
            AND state <> 'closed'";
}

/// Marks the due invitations as reminded and returns them; each with its sealed address if it is to be reminded.
pub(super) async fn take_due(
    conn: Conn<'_>,
    now: Timestamp,
    most: i64,
) -> Result<Vec<(String, Option<String>)>, DbError> {
    fetch_all!(conn, TAKE_DUE => (String, Option<String>), now, most)
}

/// Returns false if it has closed in the meantime.
pub(super) async fn set_unsubscribe(conn: Conn<'_>, id: &str, hash: &str) -> Result<bool, DbError> {
    Ok(execute!(conn, SET_UNSUBSCRIBE, hash, id)? > 0)
}

/// Returns the invitation whose reminder carried this token.
pub(super) async fn of_unsubscribe(conn: Conn<'_>, hash: &str) -> Result<Option<String>, DbError> {
    Ok(fetch_optional!(conn, OF_UNSUBSCRIBE => (String,), hash)?.map(|(id,)| id))
}
