//! Status, code and text of responses during an outage of the database or the disk: the same for pages and for the API.

use crate::database::{DbError, Outage};
use poem::Response;
use poem::http::{HeaderValue, StatusCode, header};

/// `Retry-After` for an outage of unknown duration, in seconds.
pub(super) const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

/// Returns the outage that an error indicates, logged once; `None` for a fault.
pub(super) fn of(error: &DbError) -> Option<Outage> {
    let outage = error.outage();
    match outage {
        Some(Outage::Full | Outage::Unavailable) => tracing::error!(%error, "a request was refused"),
        Some(Outage::Busy) => tracing::warn!(%error, "a request was refused"),
        Some(Outage::Stopping) | None => {}
    }
    outage
}

/// Returns the error page for a failed read or write, made by the caller for the right status; with `Retry-After` where
/// that helps.
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

/// Adds `Retry-After` where the status is 503.
pub(super) fn retry_later(mut response: Response) -> Response {
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
    }
    response
}

/// Returns 507 for a full disk, else 503.
pub(super) fn status(outage: Outage) -> StatusCode {
    match outage {
        Outage::Full => StatusCode::INSUFFICIENT_STORAGE,
        Outage::Busy | Outage::Unavailable | Outage::Stopping => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// Returns a stable code for programs.
pub(super) fn code(outage: Outage) -> &'static str {
    match outage {
        Outage::Full => "storage_full",
        Outage::Busy => "database_busy",
        Outage::Unavailable => "database_unavailable",
        Outage::Stopping => "stopping",
    }
}

/// Returns a sentence with the problem and the next step.
pub(super) fn detail(outage: Outage) -> &'static str {
    match outage {
        Outage::Full => "The disk is full; nothing was stored. Free space, then send it again.",
        Outage::Busy => "The database is busy; nothing was stored. Send it again in a moment.",
        Outage::Unavailable => "The database can't be reached. Send it again in a moment.",
        Outage::Stopping => "The service is stopping; nothing was stored. Send it again in a moment.",
    }
}
