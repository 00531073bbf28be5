//! Middleware of every handler: security headers, a log line without personal data, body limits.

use super::SurveyCounts;
use super::methods::MethodNotAllowed;
use super::page::PageError;
use super::problem::ApiError;
use poem::http::{HeaderValue, StatusCode, header};
use std::sync::Arc;

use poem::{Body, Endpoint, IntoResponse, PathPattern, Request, Response};

/// Maximum size of the body of a request other than an upload, in bytes.
const MAX_BODY_BYTES: usize = 2 << 20;
/// Maximum size of a delivery about an interaction, in bytes: a chat of 10,000 messages.
const MAX_DELIVERY_BYTES: usize = 8 << 20;

/// Returns the maximum size of the body of this request, in bytes.
fn limit_of(request: &Request) -> usize {
    let is_delivery =
        request.method() == poem::http::Method::PUT && request.uri().path().starts_with("/api/v1/interactions/");
    if is_delivery { MAX_DELIVERY_BYTES } else { MAX_BODY_BYTES }
}

/// Whether it is an upload: a recording is streamed to disk with its own limit.
pub(super) fn is_upload(request: &Request) -> bool {
    let mut segments =
        request.uri().path().strip_prefix("/api/v1/interactions/").into_iter().flat_map(|p| p.split('/'));
    let kind = segments.nth(2);
    let is_recording = matches!((kind, segments.count()), (Some("recording"), 0) | (Some("recordings"), 1));
    is_recording && request.method() == poem::http::Method::PUT
}

fn is_api(path: &str) -> bool {
    path.starts_with("/api/")
}

/// Whether it is a page for customers: these have a smaller limit of their own, with their own error page.
fn is_survey(path: &str) -> bool {
    path.starts_with("/s/") || path.starts_with("/u/") || path == "/privacy"
}

/// Whether the request opens or answers a survey: by the customer's browser, a kiosk or a phone system.
fn is_of_customers(path: &str) -> bool {
    let is_answer = path.starts_with("/api/v1/surveys/") && path.ends_with("/responses");
    is_survey(path) || is_answer || path.starts_with("/logos/") || path == "/favicon.ico"
}

/// Reason why a request is rejected before its handler.
enum Refusal {
    /// The body is larger than this, in bytes.
    TooLarge(usize),
    /// The body took too long to arrive.
    TooSlow,
    /// The body ended before its `Content-Length`.
    BrokeOff,
    /// The URL or the form holds a NUL character, which PostgreSQL can't store; JSON is checked where it is parsed.
    Nul,
}

/// Reads the body with the limit before the handler; a `Content-Length` over the limit is rejected unread.
async fn check(request: &mut Request) -> Result<(), Refusal> {
    // Customers' pages use nothing from a URL but a token and a choice among few words.
    if is_survey(request.uri().path()) {
        return Ok(());
    }
    if request.uri().path_and_query().is_some_and(|address| address.as_str().contains(ENCODED_NUL)) {
        return Err(Refusal::Nul);
    }
    if is_upload(request) {
        return Ok(());
    }
    let stated = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.parse::<usize>().ok());
    let limit = limit_of(request);
    if stated.is_some_and(|n| n > limit) {
        return Err(Refusal::TooLarge(limit));
    }
    if stated == Some(0) || (stated.is_none() && !request.headers().contains_key(header::TRANSFER_ENCODING)) {
        return Ok(());
    }
    let body = request.take_body();
    let bytes = body.into_bytes_limit(limit).await.map_err(|e| match e {
        poem::error::ReadBodyError::PayloadTooLarge => Refusal::TooLarge(limit),
        poem::error::ReadBodyError::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => Refusal::TooSlow,
        _ => Refusal::BrokeOff,
    })?;
    let is_form = request.content_type().is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let has_nul = is_form && holds(&bytes, ENCODED_NUL.as_bytes());
    request.set_body(Body::from(bytes));
    if has_nul { Err(Refusal::Nul) } else { Ok(()) }
}

/// NUL in a URL or a form.
const ENCODED_NUL: &str = "%00";

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn refused(api: bool, refusal: &Refusal) -> Response {
    let bad = |code, what: &str| match api {
        true => ApiError::bad_request(code, format!("{}.", super::page::sentence(what))).into_response(),
        false => PageError::BadForm(what.to_owned()).into_response(),
    };
    match refusal {
        Refusal::TooLarge(limit) if api => {
            let text = format!("The body is larger than {} MiB.", limit >> 20);
            ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", text).into_response()
        }
        Refusal::TooLarge(_) => PageError::TooLarge.into_response(),
        Refusal::TooSlow if api => {
            let text = "The body took too long to arrive; send it again.";
            ApiError::new(StatusCode::REQUEST_TIMEOUT, "body_too_slow", text).into_response()
        }
        Refusal::TooSlow => PageError::TooSlow.into_response(),
        Refusal::BrokeOff => bad("malformed", "the body broke off"),
        Refusal::Nul => bad("nul_character", "the request holds a NUL character"),
    }
}

/// Outermost middleware: limits, call, error format, headers, log, metrics.
pub async fn around<E: Endpoint>(
    next: E,
    mut request: Request,
    survey_counts: Arc<SurveyCounts>,
) -> poem::Result<Response> {
    let path = request.uri().path().to_owned();
    let method = request.method().clone();
    let api = is_api(&path);
    let begin = tokio::time::Instant::now();
    let result = match check(&mut request).await {
        Err(refusal) => Ok(refused(api, &refusal)),
        Ok(()) => next.call(request).await.map(IntoResponse::into_response),
    };
    let (mut response, pattern) = match result {
        Ok(response) => {
            let pattern = response.data::<PathPattern>().map(|p| p.0.to_string());
            (response, pattern)
        }
        Err(error) => {
            let pattern = error.data::<PathPattern>().map(|p| p.0.to_string());
            (as_response(api, error), pattern)
        }
    };
    secure(&path, &mut response);
    // The route pattern, never the path, as paths contain survey tokens; no client address either.
    let pattern = pattern.unwrap_or_else(|| "(none)".into());
    let (status, seconds) = (response.status().as_u16(), begin.elapsed().as_secs_f64());
    if is_of_customers(&path) {
        survey_counts.count(response.status());
    } else {
        metrics::histogram!("http_request_seconds", "route" => pattern.clone(), "status" => status.to_string())
            .record(seconds);
    }
    // The time of a response must not appear anywhere, neither in a metric nor in a log line, whatever the result: a
    // form that is shown again was submitted.
    if is_survey(&path) && method == poem::http::Method::POST && status < 500 {
        return Ok(response);
    }
    // Successful requests are counted in the metrics; a line for each would cost more than the request.
    if status >= 400 {
        tracing::info!(method = %method, route = pattern, status, ms = (seconds * 1e3).round(), "request refused");
    } else {
        tracing::debug!(method = %method, route = pattern, status, ms = (seconds * 1e3).round(), "request");
    }
    Ok(response)
}

fn as_response(api: bool, error: poem::Error) -> Response {
    if error.is::<PageError>() || error.is::<ApiError>() {
        return error.into_response();
    }
    if api {
        return ApiError::from_poem(&error).into_response();
    }
    if let Some(MethodNotAllowed { allow }) = error.downcast_ref() {
        return PageError::WrongMethod.with_header(header::ALLOW, allow.clone()).into_response();
    }
    match error.status() {
        StatusCode::NOT_FOUND => PageError::NotFound.into_response(),
        status if status.is_client_error() => {
            let mut response = PageError::BadForm("this address does not take that".into()).into_response();
            response.set_status(status);
            response
        }
        _ => {
            tracing::error!(%error, "a page failed inside");
            PageError::Internal.into_response()
        }
    }
}

/// Sets the security headers; stricter ones on customers' pages.
fn secure(path: &str, response: &mut Response) {
    let survey = is_survey(path);
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set("x-content-type-options", "nosniff");
    set("x-frame-options", "SAMEORIGIN");
    set("cross-origin-opener-policy", "same-origin");
    set("referrer-policy", if survey { "no-referrer" } else { "same-origin" });
    if survey {
        // The page has inline styles and loads only the company's logo.
        set(
            "content-security-policy",
            "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
        );
        set("cache-control", "no-store");
        set("x-robots-tag", "noindex, nofollow");
    } else {
        if is_api(path) {
            set("cache-control", "no-store");
        }
        set(
            "content-security-policy",
            "default-src 'self'; img-src 'self' data:; media-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'",
        );
    }
}
