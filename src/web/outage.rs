//! Status, code and text of answers while the database or the disk takes nothing: the same for pages and for the API.

use crate::database::{DbError, Outage};
use poem::Response;
use poem::http::{HeaderValue, StatusCode, header};

/// `Retry-After` while there is no telling how long it lasts, in seconds.
pub(super) const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

/// The outage that an error is a sign of, logged once; `None` for a fault.
pub(super) fn of(error: &DbError) -> Option<Outage> {
    let outage = error.outage();
    match outage {
        Some(Outage::Full | Outage::Unavailable) => tracing::error!(%error, "a request was refused"),
        Some(Outage::Busy) => tracing::warn!(%error, "a request was refused"),
        Some(Outage::Stopping) | None => {}
    }
    outage
}

/// The page for a read or write that failed, made by the caller for the status that fits; with `Retry-After` where that helps.
pub fn failed(error: &DbError, page: impl FnOnce(StatusCode) -> Response) -> Response {
    let status = of(error).map_or_else(
        || {
            tracing::error!(%error, "a page failed in the database");
            StatusCode::INTERNAL_SERVER_ERROR
        },
        status,
    );
    retry_later(page(status))
}

/// With `Retry-After`, where the status is 503.
pub(super) fn retry_later(mut response: Response) -> Response {
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
    }
    response
}

/// 507 when there is no space, else 503.
pub(super) fn status(outage: Outage) -> StatusCode {
    match outage {
        Outage::Full => StatusCode::INSUFFICIENT_STORAGE,
        Outage::Busy | Outage::Unavailable | Outage::Stopping => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// Stable, for programs.
pub(super) fn code(outage: Outage) -> &'static str {
    match outage {
        Outage::Full => "storage_full",
        Outage::Busy => "database_busy",
        Outage::Unavailable => "database_unavailable",
        Outage::Stopping => "stopping",
    }
}

/// Sentence that says the problem and the next step.
pub(super) fn detail(outage: Outage) -> &'static str {
    match outage {
        Outage::Full => "The disk is full; nothing was stored. Free space, then send it again.",
        Outage::Busy => "The database is busy; nothing was stored. Send it again in a moment.",
        Outage::Unavailable => "The database can't be reached. Send it again in a moment.",
        Outage::Stopping => "The service is stopping; nothing was stored. Send it again in a moment.",
    }
}
