//! SQL of returned mail.

use super::{Classification, Consequence, IncomingOutcome, Taken};
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::MailId;
use crate::mail::reader::{Reason, Verdict};
use crate::mail::store::Entry;
use crate::{execute, fetch_all, fetch_optional, statements};

statements! {
    ADD = "
        INSERT INTO returned_mail (id, mail_id, at, origin, verdict, reason, status, reply, action)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (id) DO NOTHING";
    SAY_DONE = "
        UPDATE returned_mail
        SET action = $1, verdict = $2, reason = $3, status = $4, reply = $5
        WHERE id = $6";
    KNOWN = "SELECT id FROM returned_mail WHERE id = $1";
    BY_MESSAGE_ID = "
        SELECT id, kind, reference, message_id, hint, state, attempts, last_error, created_at, updated_at
        FROM outbox
        WHERE message_id = $1";
    BY_REFERENCE = "
        SELECT id, kind, reference, message_id, hint, state, attempts, last_error, created_at, updated_at
        FROM outbox
        WHERE kind = $1
            AND reference = $2";
    FORGET = "DELETE FROM returned_mail WHERE at < $1";
    LIST = "
        SELECT r.at, r.origin, r.verdict, r.reason, r.status, r.reply, r.action, o.kind
        FROM returned_mail r
        LEFT JOIN outbox o ON o.id = r.mail_id
        WHERE r.at >= $1
        ORDER BY r.at DESC, r.id
        LIMIT $2";
}

/// Adds a row; false where it exists already. The outcome is set by [`say_done`].
pub(super) async fn add(
    conn: Conn<'_>,
    id: &str,
    mail: Option<&MailId>,
    origin: &str,
    now: Timestamp,
) -> Result<bool, DbError> {
    let nothing = Verdict::Nothing.code();
    let (reason, status, reply) = (Reason::Undefined.code(), None::<&str>, None::<i64>);
    let done = IncomingOutcome::Nothing.code();
    Ok(execute!(conn, ADD, id, mail, now, origin, nothing, reason, status, reply, done)? > 0)
}

pub(super) async fn say_done(conn: Conn<'_>, id: &str, what: &Consequence) -> Result<(), DbError> {
    let Classification { verdict, reason, status, reply } = &what.classification;
    let (verdict, reason, reply) = (verdict.code(), reason.code(), reply.map(i64::from));
    execute!(conn, SAY_DONE, what.done.code(), verdict, reason, status, reply, id).map(drop)
}

pub(super) async fn known(conn: Conn<'_>, id: &str) -> Result<bool, DbError> {
    Ok(fetch_optional!(conn, KNOWN => (String,), id)?.is_some())
}

/// Returns the mail of this Message-ID.
pub(super) async fn by_message_id(conn: Conn<'_>, message_id: &str) -> Result<Option<Entry>, DbError> {
    fetch_optional!(conn, BY_MESSAGE_ID => Entry, message_id)
}

/// Returns the mail of this kind and reference.
pub(super) async fn by_reference(conn: Conn<'_>, kind: &str, reference: &str) -> Result<Option<Entry>, DbError> {
    fetch_optional!(conn, BY_REFERENCE => Entry, kind, reference)
}

pub(super) async fn forget(conn: Conn<'_>, before: Timestamp) -> Result<(), DbError> {
    execute!(conn, FORGET, before).map(drop)
}

pub(super) async fn list(conn: Conn<'_>, since: Timestamp, most: i64) -> Result<Vec<Taken>, DbError> {
    fetch_all!(conn, LIST => Taken, since, most)
}
