//! Sound in ranges: one range is answered with 206, several or none with the whole (RFC 9110 lets us), a range behind
//! the end with 416. Sent as it is read; never compressed.

use super::problem::ApiError;
use headers::{HeaderMapExt, Range};
use poem::http::{HeaderMap, StatusCode, header};
use poem::{Body, IntoResponse, Response};
use std::ops::Bound;
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};

/// A file or a part of it to serve.
#[derive(Debug, Clone)]
pub struct Served<'a> {
    /// `audio/wav`, …
    pub media_type: &'a str,
    /// Changes when the bytes do; in quotes it is the ETag.
    pub etag: &'a str,
}

/// The part of a file that answers a request.
enum Part {
    Unchanged,
    Unsatisfiable,
    Whole,
    /// First and last byte.
    Range(u64, u64),
}

/// Serves a file, whole or the range that the request wants.
pub async fn serve_file(path: &Path, what: Served<'_>, request: &HeaderMap) -> std::io::Result<Response> {
    let mut file = tokio::fs::File::open(path).await?;
    let length = file.metadata().await?.len();
    let part = wanted(&what, request, length);
    if let Part::Range(start, _) = part {
        file.seek(SeekFrom::Start(start)).await?;
    }
    Ok(answer(part, &what, length, |start, end| Body::from_async_read(file.take(end - start + 1))))
}

/// Serves what is made while it is sent: `body` gives the bytes from the first to the last that are wanted.
pub fn serve_made(
    what: &Served<'_>,
    length: u64,
    request: &HeaderMap,
    body: impl FnOnce(u64, u64) -> Body,
) -> Response {
    answer(wanted(what, request, length), what, length, body)
}

fn wanted(what: &Served<'_>, request: &HeaderMap, length: u64) -> Part {
    let etag = format!("\"{}\"", what.etag);
    let matches = |name| request.get(name).and_then(|v| v.to_str().ok()).is_some_and(|v| v == etag);
    if matches(header::IF_NONE_MATCH) {
        return Part::Unchanged;
    }
    // A range of another version than the one that is here is no use: the whole is sent.
    let stale = request.contains_key(header::IF_RANGE) && !matches(header::IF_RANGE);
    let range = if stale { None } else { request.typed_get::<Range>() };
    match range.map(|range| satisfiable(&range, length)).as_deref() {
        Some([(start, end)]) => Part::Range(*start, *end),
        Some([]) => Part::Unsatisfiable,
        None | Some(_) => Part::Whole,
    }
}

fn answer(part: Part, what: &Served<'_>, length: u64, body: impl FnOnce(u64, u64) -> Body) -> Response {
    let base = Response::builder()
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::ETAG, format!("\"{}\"", what.etag))
        .header(header::CACHE_CONTROL, "no-store")
        .content_type(what.media_type);
    match part {
        Part::Unchanged => base.status(StatusCode::NOT_MODIFIED).finish(),
        Part::Unsatisfiable => unsatisfiable(length),
        Part::Whole => base.header(header::CONTENT_LENGTH, length).body(body(0, length.saturating_sub(1))),
        Part::Range(start, end) => base
            .status(StatusCode::PARTIAL_CONTENT)
            .header(header::CONTENT_RANGE, format!("bytes {start}-{end}/{length}"))
            .header(header::CONTENT_LENGTH, end - start + 1)
            .body(body(start, end)),
    }
}

/// 416 for a file of so many bytes.
fn unsatisfiable(length: u64) -> Response {
    let detail = format!("The requested range lies behind the end of the file, which has {length} bytes.");
    ApiError::new(StatusCode::RANGE_NOT_SATISFIABLE, "range_not_satisfiable", detail)
        .into_response()
        .with_header(header::ACCEPT_RANGES, "bytes")
        .with_header(header::CONTENT_RANGE, format!("bytes */{length}"))
        .into_response()
}

/// First and last byte of each range that lies, at least in part, inside so many bytes.
fn satisfiable(range: &Range, length: u64) -> Vec<(u64, u64)> {
    let Some(last) = length.checked_sub(1) else { return Vec::new() };
    let inside = |(from, to)| match (from, to) {
        (Bound::Included(start), Bound::Included(end)) => Some((start, last.min(end))),
        (Bound::Included(start), _) => Some((start, last)),
        // The last so many bytes.
        (Bound::Unbounded, Bound::Included(suffix)) => Some((length.saturating_sub(suffix), last)),
        _ => None,
    };
    range.satisfiable_ranges(length).filter_map(inside).filter(|(start, end)| start <= end).collect()
}
