//! Errors of the API: problem+json (RFC 9457) with a stable `code`, the same shape from handlers, from credentials and
//! from poem's own parsers.

use super::outage;
use crate::database::{BatchError, DbError, Outage};
use poem::http::{HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response};
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiResponse, Object};
use std::sync::Arc;

/// An error (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Object, serde::Serialize)]
#[oai(example = false)]
pub struct Problem {
    /// HTTP status.
    pub status: u16,
    /// Stable code for programs: `interaction_not_found`, `recording_too_large`, …
    pub code: String,
    /// Name of the HTTP status.
    pub title: String,
    /// Explanation of the error and of its remedy.
    pub detail: String,
    /// Each error, if there are several; else empty.
    pub problems: Vec<String>,
}

/// Error response of the API.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", .problem.code, .problem.detail)]
pub struct ApiError {
    /// Body.
    pub problem: Problem,
    /// `Allow`, `WWW-Authenticate` or `Retry-After` where the status needs one. Boxed, as almost no error has one and
    /// errors are passed by value.
    header: Option<Box<(header::HeaderName, HeaderValue)>>,
}

impl ApiError {
    /// Returns an error with this status and code; `detail` describes the problem and the next step.
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error").to_owned();
        let problem = Problem {
            status: status.as_u16(),
            code: code.to_owned(),
            title,
            detail: detail.into(),
            problems: Vec::new(),
        };
        let challenge = || (header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"afterword\""));
        let header = (status == StatusCode::UNAUTHORIZED).then(|| Box::new(challenge()));
        Self { problem, header }
    }

    /// Sets the list of single problems.
    pub fn with_problems(mut self, problems: Vec<String>) -> Self {
        self.problem.problems = problems;
        self
    }

    /// Returns an error of status 400.
    pub fn bad_request(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }
    /// Returns an error of status 401.
    pub fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "Send an API key as \"Authorization: Bearer …\", or sign in.",
        )
    }
    /// Returns an error of status 403.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }
    /// Returns an error of status 404; also for objects that are not visible to the caller.
    pub fn not_found(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }
    /// Returns an error of status 405 with `Allow`.
    pub fn method_not_allowed(allow: HeaderValue) -> Self {
        let detail = "This address does not take that method; the header Allow names those that it takes.";
        let mut error = Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail);
        error.header = Some(Box::new((header::ALLOW, allow)));
        error
    }
    /// Returns an error of status 409.
    pub fn conflict(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }
    /// Returns an error of status 500; logs the cause, which is not disclosed to the caller.
    pub fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "a request failed inside");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something failed on our side. Nothing was stored by this request; try again.",
        )
    }
    /// Returns an error of status 503 with Retry-After.
    pub fn unavailable(code: &str, detail: impl Into<String>) -> Self {
        let mut error = Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail);
        error.header = Some(Box::new((header::RETRY_AFTER, outage::RETRY_AFTER)));
        error
    }

    /// Returns the status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Converts poem's and poem-openapi's own errors (unknown route, invalid JSON, missing field). Their texts may echo
    /// input, so only those that describe JSON are kept.
    pub fn from_poem(error: &poem::Error) -> Self {
        if let Some(known) = error.downcast_ref::<Self>() {
            return known.clone();
        }
        let status = error.status();
        match status {
            StatusCode::NOT_FOUND => Self::not_found("not_found", "There is nothing at this address."),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                Self::new(status, "unsupported_media_type", "Send the body with the content type that /docs names.")
            }
            StatusCode::PAYLOAD_TOO_LARGE => {
                Self::new(status, "body_too_large", "The body is larger than this address takes.")
            }
            StatusCode::UNAUTHORIZED => Self::unauthorized(),
            _ if status.is_client_error() => Self::new(status, "malformed", crop(&error.to_string(), 300)),
            _ => Self::internal(error),
        }
    }
}

/// Returns at most `most` characters.
fn crop(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

impl From<&DbError> for ApiError {
    fn from(error: &DbError) -> Self {
        outage::of(error).map_or_else(|| Self::internal(error), Self::from)
    }
}

impl From<DbError> for ApiError {
    fn from(error: DbError) -> Self {
        (&error).into()
    }
}

/// Error of a batch, shared by all its callers.
impl From<Arc<DbError>> for ApiError {
    fn from(error: Arc<DbError>) -> Self {
        (&*error).into()
    }
}

impl From<Outage> for ApiError {
    fn from(outage: Outage) -> Self {
        let (status, code, detail) = (outage::status(outage), outage::code(outage), outage::detail(outage));
        match outage {
            Outage::Full => Self::new(status, code, detail),
            Outage::Busy | Outage::Unavailable | Outage::Stopping => Self::unavailable(code, detail),
        }
    }
}

impl From<BatchError> for ApiError {
    fn from(_: BatchError) -> Self {
        Outage::Stopping.into()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = Response::builder()
            .status(self.status())
            .content_type("application/problem+json")
            .body(serde_json::to_vec(&self.problem).unwrap_or_default());
        if let Some((name, value)) = self.header.map(|header| *header) {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl poem::error::ResponseError for ApiError {
    fn status(&self) -> StatusCode {
        ApiError::status(self)
    }
    fn as_response(&self) -> Response {
        self.clone().into_response()
    }
}

impl ApiResponse for ApiError {
    fn meta() -> MetaResponses {
        const ERRORS: &[(u16, &str)] = &[
            (400, "The request is malformed; `detail` says where."),
            (401, "No API key, an unknown or revoked one, or nobody signed in."),
            (403, "The key or role may not do this."),
            (404, "It does not exist, or you have no access to it."),
            (409, "It contradicts what is there."),
            (413, "The body is too large."),
            (415, "A content type or a format that is not taken."),
            (422, "Well-formed, but it can't be: `code` and `detail` say why."),
            (429, "Too many tries; wait as long as Retry-After says."),
            (500, "Something failed inside; nothing was stored."),
            (503, "Not now; Retry-After says when."),
            (507, "The disk is full; nothing was stored."),
        ];
        let content = || MetaMediaType {
            content_type: "application/problem+json",
            schema: MetaSchemaRef::Reference("Problem".into()),
        };
        let responses = ERRORS
            .iter()
            .map(|(status, description)| MetaResponse {
                description,
                status: Some(*status),
                status_range: None,
                content: vec![content()],
                headers: vec![],
            })
            .collect();
        MetaResponses { responses }
    }

    fn register(registry: &mut Registry) {
        Problem::register(registry);
    }
}
