//! SQL of the outbox: enqueueing, queries, and manual actions. Dequeueing is in `queue`, stops of all sending in
//! `stops`.

pub(super) mod queue;
pub(super) mod stops;

use super::{NewMail, State};
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::MailId;
use crate::paging::Cursor;
use crate::{execute, fetch_all, fetch_optional, statements};

statements! {
    ADD = "
        INSERT INTO outbox (
            id, kind, reference, message_id, hint, state, attempts, created_at, updated_at, due_at, domain,
            return_hash
        )
        VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $7, $7, $8, $9)";
    RETURNED = "
        SELECT id, kind, reference, message_id, hint, state, attempts, last_error, created_at, updated_at
        FROM outbox
        WHERE return_hash = $1";
    MESSAGE_ID = "
        SELECT message_id
        FROM outbox
        WHERE kind = $1
            AND reference = $2
            AND state = 'sent'";
    FIND = "
        SELECT id, kind, reference, message_id, hint, state, attempts, last_error, created_at, updated_at
        FROM outbox
        WHERE id = $1";
    RELEASE_HELD = "
        UPDATE outbox
        SET state = 'queued', updated_at = $1, due_at = $1, slot_reserved = 0, batch = NULL
        WHERE id IN (
            SELECT id
            FROM outbox
            WHERE state = 'held'
            ORDER BY created_at
            LIMIT $2
        )
        RETURNING id, kind, reference";
    RETRY = "
        UPDATE outbox
        SET state = 'queued', attempts = 0, updated_at = $1, due_at = $1, slot_reserved = 0, batch = NULL
        WHERE id = $2
            AND state = 'failed'
        RETURNING kind, reference";
    // Both parameters are JSON arrays.
    FORGET = "
        DELETE FROM outbox
        WHERE kind IN {list $1}
            AND reference IN {list $2}
        RETURNING id";
    COUNTS = "
        SELECT state, COUNT(*) AS mails
        FROM outbox
        GROUP BY state
        ORDER BY state";
    LIST = "
        SELECT id, kind, reference, message_id, hint, state, attempts, last_error, created_at, updated_at
        FROM outbox
        WHERE (CAST($1 AS TEXT) IS NULL OR state = $1)
            AND (updated_at < $2 OR (updated_at = $2 AND id > $3))
        ORDER BY updated_at DESC, id
        LIMIT $4";
    TROUBLES = "
        SELECT id, kind, reference, message_id, hint, state, attempts, last_error, created_at, updated_at
        FROM outbox
        WHERE state IN ('queued', 'failed')
            AND last_error IS NOT NULL
        ORDER BY updated_at DESC, id
        LIMIT 20";
    PURGE = "
        DELETE FROM outbox
        WHERE id IN (
            SELECT id
            FROM outbox
            WHERE state IN ('sent', 'failed', 'cancelled')
                AND updated_at < $1
            LIMIT $2
        )";
}

/// A mail in the outbox.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Entry {
    /// Id.
    pub id: MailId,
    /// Kind of the mail.
    pub kind: String,
    /// Reference of the mail.
    pub reference: String,
    /// Message-ID, stable over retries.
    pub message_id: String,
    /// Recipient, shortened; empty once the mail is settled.
    pub hint: String,
    /// Code of its [`State`].
    pub state: String,
    /// Number of attempts.
    pub attempts: i64,
    /// Reason of the last failure or of the cancellation; without addresses.
    pub last_error: Option<String>,
    /// Time at which it was enqueued.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
}

/// Number of mails in a state.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Counted {
    /// Code of the [`State`].
    pub state: String,
    /// Number of mails.
    pub mails: i64,
}

/// Generated values of a new mail.
pub(super) struct Made<'a> {
    pub id: &'a MailId,
    pub message_id: &'a str,
    /// Hash of the tag in its envelope sender.
    pub return_hash: &'a str,
}

pub(super) async fn add(
    conn: Conn<'_>,
    made: &Made<'_>,
    mail: &NewMail,
    state: State,
    now: Timestamp,
) -> Result<(), DbError> {
    let (kind, reference, hint) = (mail.kind, &mail.reference, &mail.hint);
    let domain = hint.rsplit_once('@').map(|(_, domain)| domain.to_lowercase()).unwrap_or_default();
    let state = state.code();
    execute!(conn, ADD, made.id, kind, reference, made.message_id, hint, state, now, domain, made.return_hash).map(drop)
}

/// Returns the mail whose envelope sender's tag has this hash.
pub(super) async fn returned(conn: Conn<'_>, return_hash: &str) -> Result<Option<Entry>, DbError> {
    fetch_optional!(conn, RETURNED => Entry, return_hash)
}

pub(super) async fn find(conn: Conn<'_>, id: &MailId) -> Result<Option<Entry>, DbError> {
    fetch_optional!(conn, FIND => Entry, id)
}

/// Queues held mails; returns the id, kind and reference of each.
pub(super) async fn release_held(
    conn: Conn<'_>,
    most: i64,
    now: Timestamp,
) -> Result<Vec<(MailId, String, String)>, DbError> {
    fetch_all!(conn, RELEASE_HELD => (MailId, String, String), now, most)
}

/// Queues a failed mail again; returns its kind and reference, `None` where it had not failed.
pub(super) async fn retry(conn: Conn<'_>, id: &MailId, now: Timestamp) -> Result<Option<(String, String)>, DbError> {
    fetch_optional!(conn, RETRY => (String, String), now, id)
}

/// Deletes mails, sent or not; returns their ids.
pub(super) async fn forget(conn: Conn<'_>, kinds: &[&str], references: &[String]) -> Result<Vec<String>, DbError> {
    let (kinds, references) = (serde_json::json!(kinds).to_string(), serde_json::json!(references).to_string());
    let rows = fetch_all!(conn, FORGET => (String,), kinds, references)?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

pub(super) async fn counts(conn: Conn<'_>) -> Result<Vec<Counted>, DbError> {
    fetch_all!(conn, COUNTS => Counted)
}

pub(super) async fn list(
    conn: Conn<'_>,
    state: Option<State>,
    from: &Cursor,
    most: usize,
) -> Result<Vec<Entry>, DbError> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    fetch_all!(conn, LIST => Entry, state.map(State::code), from.at, &from.id, most)
}

pub(super) async fn troubles(conn: Conn<'_>) -> Result<Vec<Entry>, DbError> {
    fetch_all!(conn, TROUBLES => Entry)
}

/// Deletes rows whose mail was settled before then, at most `most`; returns their number.
pub(super) async fn purge(conn: Conn<'_>, before: Timestamp, most: i64) -> Result<u64, DbError> {
    execute!(conn, PURGE, before, most)
}

/// Returns the Message-ID of a mail that left.
pub(super) async fn message_id(conn: Conn<'_>, kind: &str, reference: &str) -> Result<Option<String>, DbError> {
    Ok(fetch_optional!(conn, MESSAGE_ID => (String,), kind, reference)?.map(|(id,)| id))
}
