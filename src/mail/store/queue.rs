//! SQL of the outbox as a queue: due mails are claimed in batches, and each batch is settled by one statement.

use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::MailId;
use crate::{execute, fetch_all, fetch_one, fetch_packed, statements};
use serde_json::{Value, json};

statements! {
    // $2: JSON array of the batches that this process is working on: their mails are not due, whatever the clock says.
    // The last parameter: whether mails of other processes' expired batches are due. SQLite would scan all waiting
    // mails by their state; INDEXED BY here, and a plus below, prevent that.
    ANY_DUE = "
        SELECT EXISTS (
            SELECT 1
            FROM outbox {sqlite INDEXED BY outbox_due}
            WHERE state = 'queued'
                AND due_at <= $1
                AND (batch IS NULL OR ($3 AND batch NOT IN {list $2}))
        ) AND NOT EXISTS (SELECT 1 FROM mail_stops WHERE until_at > $1)";
    DUE = "
        SELECT {packed id, kind, reference, message_id, attempts, created_at, domain, slot_reserved, batch}
        FROM (
            SELECT *
            FROM outbox {sqlite INDEXED BY outbox_due}
            WHERE state = 'queued'
                AND due_at <= $1
                AND (batch IS NULL OR ($4 AND batch NOT IN {list $2}))
            ORDER BY due_at
            LIMIT $3
            {pg FOR UPDATE SKIP LOCKED}
        ) AS due";
    // $1: JSON array of ids, here and in the next.
    WAITING = "
        SELECT id
        FROM outbox
        WHERE {sqlite +}state = 'queued'
            AND id IN {list $1}";
    KNOWN = "
        SELECT id, kind, reference, message_id, attempts, created_at, domain, slot_reserved, batch
        FROM outbox
        WHERE id IN {list $1}";
    // $1: JSON array of {id, return_hash}.
    TAKE = "
        UPDATE outbox
        SET batch = $2, due_at = $3, slot_reserved = 0, return_hash = COALESCE(return_hash, j.value->>'return_hash')
        FROM {rows $1} AS j
        WHERE outbox.id = j.value->>'id'";
    // $1: JSON array of {id, due_at}.
    PLACE = "
        UPDATE outbox
        SET slot_reserved = 1, batch = NULL, due_at = CAST(j.value->>'due_at' AS BIGINT), updated_at = $2
        FROM {rows $1} AS j
        WHERE outbox.id = j.value->>'id'";
    RENEW = "
        UPDATE outbox
        SET due_at = $1
        WHERE batch = $2
            AND state = 'queued'";
    // $1: JSON array of {id, state, why}. A sent mail is settled whichever batch has the row now; all other statuses
    // need the row. The domain of a failed mail is kept: queued again, it has its domain's limit again.
    TO_SETTLE = sqlite "
            SELECT {packed outbox.id}
            FROM {rows $1} AS j
            CROSS JOIN outbox
            WHERE outbox.id = j.value->>'id'
                AND +outbox.state = 'queued'
                AND (+outbox.batch = $2 OR j.value->>'state' = 'sent')",
        pg "
            SELECT {packed id}
            FROM (
                SELECT outbox.id
                FROM {rows $1} AS j
                JOIN outbox ON outbox.id = j.value->>'id'
                WHERE outbox.state = 'queued'
                    AND (outbox.batch = $2 OR j.value->>'state' = 'sent')
                FOR UPDATE OF outbox
            ) AS held";
    SETTLE = "
        UPDATE outbox
        SET state = j.value->>'state', last_error = j.value->>'why', updated_at = $2, attempts = attempts + 1,
            hint = CASE WHEN j.value->>'state' = 'held' THEN hint ELSE '' END,
            domain = CASE WHEN j.value->>'state' IN ('held', 'failed') THEN domain ELSE '' END, batch = NULL
        FROM {rows $1} AS j
        WHERE outbox.id = j.value->>'id'
            AND {sqlite +}outbox.state = 'queued'
            AND ({sqlite +}outbox.batch = $3 OR j.value->>'state' = 'sent')";
    // $1: JSON array of {id, due_at, why}: another attempt.
    LATER = "
        UPDATE outbox
        SET due_at = CAST(j.value->>'due_at' AS BIGINT), last_error = j.value->>'why', updated_at = $2,
            attempts = attempts + 1, batch = NULL
        FROM {rows $1} AS j
        WHERE outbox.id = j.value->>'id'
            AND {sqlite +}outbox.batch = $3
            AND {sqlite +}outbox.state = 'queued'";
    // The remaining mails of a batch were not tried.
    GIVE_BACK = "
        UPDATE outbox
        SET batch = NULL, due_at = $1
        WHERE batch = $2
            AND state = 'queued'";
    // Times that were set while the clock was ahead are invalid now.
    MEND = "
        UPDATE outbox
        SET due_at = $1, updated_at = $1, slot_reserved = 0, batch = NULL
        WHERE state = 'queued'
            AND updated_at > $2";
    MEND_LEASES = "
        UPDATE outbox
        SET due_at = $1
        WHERE state = 'queued'
            AND batch IS NOT NULL
            AND due_at > $2";
    MEND_RATES = "
        DELETE FROM mail_rates
        WHERE NOT EXISTS (
            SELECT 1
            FROM outbox
            WHERE state = 'queued'
                AND slot_reserved = 1
        )";
    MEND_STOPS = "UPDATE mail_stops SET until_at = $1, since = $1 WHERE since > $2";
    RATE = "SELECT COALESCE(MAX(next_us), 0) FROM mail_rates WHERE domain = $1";
    HOLD_RATE = "
        INSERT INTO mail_rates (domain, next_us)
        VALUES ($1, 0)
        ON CONFLICT (domain) DO UPDATE SET next_us = mail_rates.next_us";
    FORGET_RATES = "DELETE FROM mail_rates WHERE next_us < $1";
    SET_RATE = "UPDATE mail_rates SET next_us = $1 WHERE domain = $2";
}

/// A mail that is due.
#[derive(Debug, Clone, sqlx::FromRow, serde::Deserialize)]
pub(in crate::mail) struct Due {
    pub id: MailId,
    pub kind: String,
    pub reference: String,
    pub message_id: String,
    /// Number of attempts before this one.
    pub attempts: i64,
    pub created_at: Timestamp,
    /// Domain of the recipient.
    pub domain: String,
    /// 1 where its slot in the domain's rate is due.
    pub slot_reserved: i64,
    /// The lost batch that had it.
    pub batch: Option<String>,
}

pub(in crate::mail) async fn any_due(
    conn: Conn<'_>,
    now: Timestamp,
    in_hand: &str,
    lost_too: bool,
) -> Result<bool, DbError> {
    let (due,) = fetch_one!(conn, ANY_DUE => (bool,), now, in_hand, lost_too)?;
    Ok(due)
}

/// Returns the due mails, the longest due first, locked until the end of the transaction.
pub(in crate::mail) async fn due(
    conn: Conn<'_>,
    now: Timestamp,
    in_hand: &str,
    most: usize,
    lost_too: bool,
) -> Result<Vec<Due>, DbError> {
    fetch_packed!(conn, DUE => Due, now, in_hand, i64::try_from(most).unwrap_or(i64::MAX), lost_too)
}

/// Returns those of these ids that exist.
pub(in crate::mail) async fn known(conn: Conn<'_>, ids: &[MailId]) -> Result<Vec<Due>, DbError> {
    fetch_all!(conn, KNOWN => Due, json!(ids).to_string())
}

/// Returns those of these ids that wait for an attempt.
pub(in crate::mail) async fn waiting(conn: Conn<'_>, ids: &[MailId]) -> Result<Vec<MailId>, DbError> {
    let rows = fetch_all!(conn, WAITING => (MailId,), json!(ids).to_string())?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Claims mails for a batch, each with the hash of the tag in its envelope sender.
pub(in crate::mail) async fn take(
    conn: Conn<'_>,
    taken: impl Iterator<Item = (&MailId, String)>,
    batch: &str,
    until: Timestamp,
) -> Result<(), DbError> {
    let rows: Vec<_> = taken.map(|(id, hash)| json!({ "id": id, "return_hash": hash })).collect();
    execute!(conn, TAKE, Value::from(rows).to_string(), batch, until).map(drop)
}

/// Schedules each mail for its slot in its domain's rate.
pub(in crate::mail) async fn place(
    conn: Conn<'_>,
    placed: &[(MailId, Timestamp)],
    now: Timestamp,
) -> Result<(), DbError> {
    if placed.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = placed.iter().map(|(id, at)| json!({ "id": id, "due_at": at })).collect();
    execute!(conn, PLACE, Value::from(rows).to_string(), now).map(drop)
}

/// Renews the lease; returns the number of mails of the batch that are still to be settled.
pub(in crate::mail) async fn renew(conn: Conn<'_>, batch: &str, until: Timestamp) -> Result<u64, DbError> {
    execute!(conn, RENEW, until, batch)
}

/// Delivery status of a mail, as stored in its row.
pub(in crate::mail) struct Settled<'a> {
    pub id: &'a MailId,
    pub state: &'static str,
    pub why: Option<&'a str>,
}

/// Settles the mails; returns those that changed: others were settled by another process before.
pub(in crate::mail) async fn settle(
    mut conn: Conn<'_>,
    settled: &[Settled<'_>],
    batch: &str,
    now: Timestamp,
) -> Result<Vec<MailId>, DbError> {
    if settled.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<_> = settled.iter().map(|one| json!({ "id": one.id, "state": one.state, "why": one.why })).collect();
    let rows = Value::from(rows).to_string();
    let ours = fetch_packed!(conn.reborrow(), TO_SETTLE => (MailId,), &rows, batch)?;
    execute!(conn, SETTLE, &rows, now, batch)?;
    Ok(ours.into_iter().map(|(id,)| id).collect())
}

/// Schedules another attempt for each: time and reason.
pub(in crate::mail) async fn later(
    conn: Conn<'_>,
    later: &[(&MailId, Timestamp, &str)],
    batch: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    if later.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = later.iter().map(|(id, at, why)| json!({ "id": id, "due_at": at, "why": why })).collect();
    execute!(conn, LATER, Value::from(rows).to_string(), now, batch).map(drop)
}

pub(in crate::mail) async fn give_back(conn: Conn<'_>, batch: &str, now: Timestamp) -> Result<(), DbError> {
    execute!(conn, GIVE_BACK, now, batch).map(drop)
}

/// After the clock has gone back: mails that were postponed or claimed at times that are now in the future are due now.
/// `lease`: the latest time at which a batch of now can be lost.
pub(in crate::mail) async fn mend(
    mut conn: Conn<'_>,
    now: Timestamp,
    future: Timestamp,
    lease: Timestamp,
) -> Result<u64, DbError> {
    let mended = execute!(conn.reborrow(), MEND, now, future)?;
    let leases = execute!(conn.reborrow(), MEND_LEASES, now, lease)?;
    if mended > 0 {
        execute!(conn.reborrow(), MEND_RATES)?;
    }
    Ok(mended + leases + execute!(conn, MEND_STOPS, now, future)?)
}

/// Returns the time at which the next mail to this domain may leave, in microseconds since 1970, locked until the end
/// of the transaction.
pub(in crate::mail) async fn rate(mut conn: Conn<'_>, domain: &str) -> Result<i64, DbError> {
    execute!(conn.reborrow(), HOLD_RATE, domain)?;
    let (next,) = fetch_one!(conn, RATE => (i64,), domain)?;
    Ok(next)
}

pub(in crate::mail) async fn set_rate(conn: Conn<'_>, domain: &str, next_us: i64) -> Result<(), DbError> {
    execute!(conn, SET_RATE, next_us, domain).map(drop)
}

/// Deletes the rates of domains whose next mail could have left before then.
pub(in crate::mail) async fn forget_rates(conn: Conn<'_>, before: Timestamp) -> Result<(), DbError> {
    execute!(conn, FORGET_RATES, before.0.saturating_mul(1000)).map(drop)
}
