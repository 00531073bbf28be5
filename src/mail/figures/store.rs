//! SQL of mail statistics.

use super::{CameBackFor, FailedFor, MailCount};
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::MailId;
use crate::{fetch_all, statements};

statements! {
    // Every time zone's days begin with a quarter of an hour.
    BY_TIME = "
        SELECT updated_at / 900000 * 900000 AS begin_ms, state AS what, COUNT(*) AS mails
        FROM outbox
        WHERE state IN ('queued', 'held', 'sent', 'failed', 'cancelled')
            AND updated_at >= $1
        GROUP BY 1, 2";
    CAME_BACK_BY_TIME = "
        SELECT at / 900000 * 900000 AS begin_ms, verdict AS what, COUNT(*) AS mails
        FROM returned_mail
        WHERE at >= $1
        GROUP BY 1, 2";
    CAME_BACK_FOR = "
        SELECT verdict, reason, action, COUNT(*) AS mails
        FROM returned_mail
        WHERE at >= $1
        GROUP BY verdict, reason, action
        ORDER BY 4 DESC, 2, 1, 3";
    FAILED_FOR = "
        SELECT COALESCE(last_error, '') AS why, COUNT(*) AS mails
        FROM outbox
        WHERE state = 'failed'
            AND updated_at >= $1
        GROUP BY 1
        ORDER BY 2 DESC, 1
        LIMIT 20";
    FAILED = "
        SELECT id
        FROM outbox
        WHERE state = 'failed'
            AND updated_at >= $1
        ORDER BY updated_at DESC
        LIMIT $2";
}

pub(super) async fn by_time(conn: Conn<'_>, since: Timestamp) -> Result<Vec<MailCount>, DbError> {
    fetch_all!(conn, BY_TIME => MailCount, since)
}

pub(super) async fn came_back_by_time(conn: Conn<'_>, since: Timestamp) -> Result<Vec<MailCount>, DbError> {
    fetch_all!(conn, CAME_BACK_BY_TIME => MailCount, since)
}

pub(super) async fn came_back_for(conn: Conn<'_>, since: Timestamp) -> Result<Vec<CameBackFor>, DbError> {
    fetch_all!(conn, CAME_BACK_FOR => CameBackFor, since)
}

pub(super) async fn failed_for(conn: Conn<'_>, since: Timestamp) -> Result<Vec<FailedFor>, DbError> {
    fetch_all!(conn, FAILED_FOR => FailedFor, since)
}

pub(super) async fn failed(conn: Conn<'_>, since: Timestamp, most: i64) -> Result<Vec<MailId>, DbError> {
    Ok(fetch_all!(conn, FAILED => (MailId,), since, most)?.into_iter().map(|(id,)| id).collect())
}
