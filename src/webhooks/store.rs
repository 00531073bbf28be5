//! SQL of webhooks and deliveries. Deliveries are added by [`crate::effects`], in the transaction of the change.

use super::{Delivery, State, Webhook};
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::{DeliveryId, WebhookId};
use crate::paging::Cursor;
use crate::{execute, fetch_all, fetch_optional, statements};

statements! {
    LIST = "
        SELECT id, url, note, events, state, failing_since, last_error, created_at
        FROM webhooks
        ORDER BY created_at DESC, id";
    FIND = "
        SELECT id, url, note, events, state, failing_since, last_error, created_at
        FROM webhooks
        WHERE id = $1";
    ADD = "
        INSERT INTO webhooks (id, url, note, events, secret, state, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    CHANGE = "UPDATE webhooks SET url = $2, note = $3, events = $4 WHERE id = $1";
    SET_STATE = "UPDATE webhooks SET state = $2, failing_since = NULL WHERE id = $1";
    REMOVE = "DELETE FROM webhooks WHERE id = $1";
    ROTATE = "UPDATE webhooks SET old_secret = secret, old_until = $3, secret = $2 WHERE id = $1";
    DELIVERIES = "
        SELECT id, kind, body, state, attempts, status, error, created_at
        FROM webhook_deliveries
        WHERE webhook_id = $1
            AND (created_at < $2 OR (created_at = $2 AND id > $3))
        ORDER BY created_at DESC, id
        LIMIT $4";
    ADD_DELIVERY = "
        INSERT INTO webhook_deliveries (id, webhook_id, kind, subject, body, state, attempts, created_at)
        VALUES ($1, $2, $3, $1, $4, 'waiting', 0, $5)";
    WAIT_AGAIN = "
        UPDATE webhook_deliveries
        SET state = 'waiting', attempts = 0
        WHERE id = $2
            AND webhook_id = $1";
    TO_SEND = "
        SELECT d.webhook_id, d.body, d.attempts, d.kind, w.url, w.secret, w.old_secret, w.old_until, w.state,
            w.failing_since
        FROM webhook_deliveries d
        JOIN webhooks w ON w.id = d.webhook_id
        WHERE d.id = $1
            AND d.state = 'waiting'";
    TRIED = "
        UPDATE webhook_deliveries
        SET state = $2, attempts = attempts + 1, status = $3, error = $4
        WHERE id = $1
            AND state = 'waiting'";
    WENT_WELL = "UPDATE webhooks SET failing_since = NULL, last_error = NULL WHERE id = $1";
    WENT_WRONG = "
        UPDATE webhooks
        SET failing_since = COALESCE(failing_since, $2), last_error = $3
        WHERE id = $1";
    // A change by a user during the request has precedence.
    STOP = "
        UPDATE webhooks
        SET state = 'failing'
        WHERE id = $1
            AND state = 'active'
            AND failing_since <= $2";
    SWEEP = "DELETE FROM webhook_deliveries WHERE created_at < $1";
}

/// Data for sending a delivery.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct ToSend {
    pub webhook_id: WebhookId,
    pub body: String,
    pub attempts: i64,
    pub kind: String,
    pub url: String,
    pub secret: String,
    pub old_secret: Option<String>,
    pub old_until: Option<Timestamp>,
    pub state: String,
    pub failing_since: Option<Timestamp>,
}

pub(super) async fn list(conn: Conn<'_>) -> Result<Vec<Webhook>, DbError> {
    fetch_all!(conn, LIST => Webhook)
}

pub(super) async fn find(conn: Conn<'_>, id: &WebhookId) -> Result<Option<Webhook>, DbError> {
    fetch_optional!(conn, FIND => Webhook, id)
}

pub(super) async fn add(conn: Conn<'_>, new: &Webhook, secret: &str) -> Result<(), DbError> {
    execute!(conn, ADD, &new.id, &new.url, &new.note, &new.events, secret, new.state.code(), new.created_at).map(drop)
}

pub(super) async fn change(conn: Conn<'_>, to: &Webhook) -> Result<(), DbError> {
    execute!(conn, CHANGE, &to.id, &to.url, &to.note, &to.events).map(drop)
}

pub(super) async fn set_state(conn: Conn<'_>, id: &WebhookId, to: State) -> Result<(), DbError> {
    execute!(conn, SET_STATE, id, to.code()).map(drop)
}

pub(super) async fn remove(conn: Conn<'_>, id: &WebhookId) -> Result<(), DbError> {
    execute!(conn, REMOVE, id).map(drop)
}

pub(super) async fn rotate(conn: Conn<'_>, id: &WebhookId, secret: &str, until: Timestamp) -> Result<(), DbError> {
    execute!(conn, ROTATE, id, secret, until).map(drop)
}

pub(super) async fn deliveries(
    conn: Conn<'_>,
    id: &WebhookId,
    from: &Cursor,
    most: usize,
) -> Result<Vec<Delivery>, DbError> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    fetch_all!(conn, DELIVERIES => Delivery, id, from.at, &from.id, most)
}

pub(super) async fn add_delivery(
    conn: Conn<'_>,
    id: &DeliveryId,
    webhook: &WebhookId,
    kind: &str,
    body: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    execute!(conn, ADD_DELIVERY, id, webhook, kind, body, now).map(drop)
}

/// Requeues a delivery; false where there is none.
pub(super) async fn wait_again(conn: Conn<'_>, webhook: &WebhookId, id: &DeliveryId) -> Result<bool, DbError> {
    Ok(execute!(conn, WAIT_AGAIN, webhook, id)? > 0)
}

/// Returns the data; `None` where the delivery is not waiting (any more).
pub(super) async fn to_send(conn: Conn<'_>, id: &DeliveryId) -> Result<Option<ToSend>, DbError> {
    fetch_optional!(conn, TO_SEND => ToSend, id)
}

/// Records an attempt; false where it was settled in the meantime.
pub(super) async fn tried(
    conn: Conn<'_>,
    id: &DeliveryId,
    state: &str,
    status: Option<i64>,
    error: Option<&str>,
) -> Result<bool, DbError> {
    Ok(execute!(conn, TRIED, id, state, status, error)? > 0)
}

pub(super) async fn went_well(conn: Conn<'_>, id: &WebhookId) -> Result<(), DbError> {
    execute!(conn, WENT_WELL, id).map(drop)
}

pub(super) async fn went_wrong(conn: Conn<'_>, id: &WebhookId, since: Timestamp, why: &str) -> Result<(), DbError> {
    execute!(conn, WENT_WRONG, id, since, why).map(drop)
}

/// Stops an active webhook without a success since then; false where it is not one.
pub(super) async fn stop(conn: Conn<'_>, id: &WebhookId, failing_since: Timestamp) -> Result<bool, DbError> {
    Ok(execute!(conn, STOP, id, failing_since)? > 0)
}

pub(super) async fn sweep(conn: Conn<'_>, before: Timestamp) -> Result<u64, DbError> {
    execute!(conn, SWEEP, before)
}
