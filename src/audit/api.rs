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
    /// Who looked at what, and who changed what.
    Audit,
}

/// A line of the audit log.
#[derive(Debug, Object)]
#[oai(rename = "AuditLine")]
struct LineOut {
    /// Its id.
    id: String,
    /// When (RFC 3339, UTC).
    at: String,
    /// Who: `staff:<id>`, `key:<id>` or `system`.
    actor: String,
    /// The actor's name at that time.
    name: String,
    /// What: `recording.played`, `clip.created`, …
    action: String,
    /// To what: `interaction:<id>`, …
    subject: String,
    /// What else there is to know.
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

/// Lines of the audit log, newest first.
#[derive(Debug, Object)]
struct AuditPage {
    /// The lines.
    items: Vec<LineOut>,
    /// Send it as `cursor` for the next page; null on the last.
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
    /// Read the audit log
    ///
    /// Who looked at what and who changed what, newest first. The log is append-only: nothing in Afterword alters or
    /// deletes a line. It never holds an answer, an address or a survey link.
    #[oai(path = "/audit", method = "get", operation_id = "listAuditLines")]
    async fn list(
        &self,
        _who: Allowed<Administer>,
        /// Only this action, such as `recording.played`.
        action: Query<Option<String>>,
        /// Only this actor (`staff:<id>`), or actors with this in their name.
        actor: Query<Option<String>>,
        /// Only this subject, such as `interaction:<id>`.
        subject: Query<Option<String>>,
        /// From this time on (RFC 3339).
        from: Query<Option<String>>,
        /// Before this time (RFC 3339).
        before: Query<Option<String>>,
        /// `next` of the page before.
        cursor: Query<Option<String>>,
        /// Number of lines on a page.
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
