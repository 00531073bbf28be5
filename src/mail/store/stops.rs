//! SQL of stops of all sending.

use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::{execute, fetch_optional, statements};

statements! {
    STOP = "
        INSERT INTO mail_stops (name, reason, since, until_at, tries)
        VALUES ('way_out', $1, $2, $3, 1)
        ON CONFLICT (name) DO UPDATE SET reason = excluded.reason, until_at = excluded.until_at,
            tries = mail_stops.tries + 1";
    GO_ON = "DELETE FROM mail_stops WHERE name = 'way_out'";
    HURRY = "
        UPDATE mail_stops
        SET until_at = $1
        WHERE name = 'way_out'
            AND until_at > $1";
    STOPPED = "SELECT reason, since, until_at, tries FROM mail_stops WHERE name = 'way_out'";
}

/// Stop of all sending.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Stopped {
    /// Reason as given by the mail server or the system; without addresses.
    pub reason: String,
    /// Start of the stop.
    pub since: Timestamp,
    /// Time of the next attempt.
    pub until_at: Timestamp,
    /// Number of attempts so far.
    pub tries: i64,
}

pub(in crate::mail) async fn stop(
    conn: Conn<'_>,
    reason: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<(), DbError> {
    execute!(conn, STOP, reason, now, until).map(drop)
}

/// Ends the stop; false where nothing was stopped.
pub(in crate::mail) async fn go_on(conn: Conn<'_>) -> Result<bool, DbError> {
    Ok(execute!(conn, GO_ON)? > 0)
}

/// Makes the next attempt due now; false where it is due anyway.
pub(in crate::mail) async fn hurry(conn: Conn<'_>, now: Timestamp) -> Result<bool, DbError> {
    Ok(execute!(conn, HURRY, now)? > 0)
}

pub(in crate::mail) async fn stopped(conn: Conn<'_>) -> Result<Option<Stopped>, DbError> {
    fetch_optional!(conn, STOPPED => Stopped)
}
