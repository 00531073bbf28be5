//! SQL of bounced mail.

use crate::database::{Conn, DbError};
use crate::ids::InteractionId;
use crate::{execute, fetch_all, fetch_one, fetch_optional, statements};

statements! {
    BY_TOKEN = "SELECT id FROM invitations WHERE token_hash = $1";
    WAS_INVITED = "
        SELECT id
        FROM invitations
        WHERE address_hash = $1
        LIMIT 1";
    // By its id, or if only the address is known, all that were sent to it.
    FAIL = "
        UPDATE invitations
        SET state = 'failed'
        WHERE address_hash = $1
            AND (id = $2 OR (CAST($2 AS TEXT) IS NULL AND state = 'sent'))
            AND state <> 'closed'
        RETURNING interaction_id";
    NOTE_SOFT = "
        INSERT INTO soft_bounces (address_hash, day)
        VALUES ($1, $2)
        ON CONFLICT (address_hash, day) DO NOTHING";
    SOFT_DAYS = "
        SELECT COUNT(*)
        FROM soft_bounces
        WHERE address_hash = $1
            AND day > $2";
    FORGET_SOFT = "DELETE FROM soft_bounces WHERE address_hash = $1";
    FORGET_OLD = "DELETE FROM soft_bounces WHERE day <= $1";
}

pub(super) async fn by_token(conn: Conn<'_>, token_hash: &str) -> Result<Option<String>, DbError> {
    Ok(fetch_optional!(conn, BY_TOKEN => (String,), token_hash)?.map(|(id,)| id))
}

pub(super) async fn was_invited(conn: Conn<'_>, address_hash: &str) -> Result<bool, DbError> {
    Ok(fetch_optional!(conn, WAS_INVITED => (String,), address_hash)?.is_some())
}

/// Returns the interactions whose invitations have now failed; closed ones stay closed.
pub(super) async fn fail(conn: Conn<'_>, id: Option<&str>, address_hash: &str) -> Result<Vec<InteractionId>, DbError> {
    let rows = fetch_all!(conn, FAIL => (InteractionId,), address_hash, id)?;
    Ok(rows.into_iter().map(|(interaction,)| interaction).collect())
}

/// Returns the number of days with soft bounces of the address, this one included; days up to `until` are deleted.
pub(super) async fn note_soft(mut conn: Conn<'_>, address_hash: &str, day: i64, until: i64) -> Result<i64, DbError> {
    execute!(conn.reborrow(), FORGET_OLD, until)?;
    execute!(conn.reborrow(), NOTE_SOFT, address_hash, day)?;
    Ok(fetch_one!(conn, SOFT_DAYS => (i64,), address_hash, until)?.0)
}

/// Deletes all days up to this one.
pub(super) async fn forget_old(conn: Conn<'_>, until: i64) -> Result<(), DbError> {
    execute!(conn, FORGET_OLD, until).map(drop)
}

pub(super) async fn forget_soft(conn: Conn<'_>, address_hash: &str) -> Result<(), DbError> {
    execute!(conn, FORGET_SOFT, address_hash).map(drop)
}
