//! The audit log over the API.

use super::{AuditLine, AuditLog, Filter, MAX_LINES};
use crate::access::rights::Administer;
use crate::clock::Timestamp;
use crate::web::{Allowed, ApiError, page_size, request_cursor};
use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi, Tags};

#[derive(Tags)]
enum Tag {
    /// The audit log of reads and changes.
    Audit,
}

/// An entry of the audit log.
#[derive(Debug, Object)]
#[oai(rename = "AuditEntry")]
struct LineOut {
    /// Id.
    id: String,
    /// Time, RFC 3339, UTC.
    at: String,
    /// Actor: `staff:<id>`, `key:<id>` or `system`.
    actor: String,
    /// Name of the actor at that time.
    name: String,
    /// Action: `recording.played`, `clip.created`, …
    action: String,
    /// Subject of the action: `interaction:<id>`, …
    subject: String,
    /// Details of the action; their fields depend on it.
    detail: Option<serde_json::Value>,
}

impl From<AuditLine> for LineOut {
    fn from(line: AuditLine) -> Self {
        Self {
            id: line.id.to_string(),
            at: line.at.to_rfc3339(),
            actor: line.actor,
            name: line.name,
            action: line.action,
            subject: line.subject,
            detail: line.detail.and_then(|json| serde_json::from_str(&json).ok()),
        }
    }
}

/// A page of the audit log.
#[derive(Debug, Object)]
struct AuditPage {
    /// Entries, newest first.
    items: Vec<LineOut>,
    /// `cursor` of the next page; null on the last page.
    next: Option<String>,
}

/// The endpoints.
#[derive(Debug, Clone)]
pub struct Api {
    /// The log.
    pub log: AuditLog,
}

fn time(name: &str, value: Option<String>) -> Result<Option<Timestamp>, ApiError> {
    let wrong = || {
        let detail = format!("`{name}` is a time with its zone, such as 2026-11-20T00:00:00Z.");
        ApiError::bad_request("bad_time", detail)
    };
    value.map(|text| Timestamp::parse(&text).ok_or_else(wrong)).transpose()
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Audit")]
impl Api {
    /// List the entries of the audit log
    ///
    /// Returns the entries, newest first. The log is append-only: Afterword never alters or deletes an entry. It never holds an
    /// answer, an address or a survey link.
    #[oai(path = "/audit", method = "get", operation_id = "listAuditEntries")]
    async fn list(
        &self,
        _who: Allowed<Administer>,
        /// Only entries of this action, such as `recording.played`.
        action: Query<Option<String>>,
        /// Only entries of this actor (`staff:<id>`), or of actors whose name contains this text.
        actor: Query<Option<String>>,
        /// Only entries about this subject, such as `interaction:<id>`.
        subject: Query<Option<String>>,
        /// Only entries at or after this time, RFC 3339.
        from: Query<Option<String>>,
        /// Only entries before this time, RFC 3339.
        before: Query<Option<String>>,
        /// `next` of the previous page, requested with the same filters.
        cursor: Query<Option<String>>,
        /// Maximum number of items on the page.
        limit: Query<Option<u32>>,
    ) -> Result<Json<AuditPage>, ApiError> {
        let filter = Filter {
            action: action.0.unwrap_or_default(),
            actor: actor.0.unwrap_or_default(),
            subject: subject.0.unwrap_or_default(),
            from: time("from", from.0)?,
            before: time("before", before.0)?,
        };
        let (after, size) = (request_cursor(cursor.as_deref())?, page_size(limit.0, 50, MAX_LINES)?);
        let page = self.log.lines(&filter, &after, size).await?;
        let next = page.next.map(|next| next.to_string());
        Ok(Json(AuditPage { items: page.items.into_iter().map(LineOut::from).collect(), next }))
    }
}
