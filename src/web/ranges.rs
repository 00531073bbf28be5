//! Range requests of audio: one range is answered with 206, several or none with the whole (allowed by RFC 9110), an
//! unsatisfiable range with 416. Streamed; never compressed.

use headers::{HeaderMapExt, Range};
use poem::http::{HeaderMap, StatusCode, header};
use poem::{Body, Response};
use std::ops::Bound;
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};

/// Properties of the served content.
#[derive(Debug, Clone)]
pub struct Served<'a> {
    /// Media type: `audio/wav`, …
    pub media_type: &'a str,
    /// Changes with the content; in quotes it is the ETag.
    pub etag: &'a str,
}

/// Part of the content that answers a request.
enum Part {
    Unchanged,
    Unsatisfiable,
    Whole,
    /// First and last byte.
    Range(u64, u64),
}

/// Serves a file, whole or the requested range.
pub async fn serve_file(path: &Path, what: Served<'_>, request: &HeaderMap) -> std::io::Result<Response> {
    let mut file = tokio::fs::File::open(path).await?;
    let length = file.metadata().await?.len();
    let part = wanted(&what, request, length);
    if let Part::Range(start, _) = part {
        file.seek(SeekFrom::Start(start)).await?;
    }
    Ok(answer(part, &what, length, |start, end| Body::from_async_read(file.take(end - start + 1))))
}

/// Serves generated content: `body` returns the bytes from the first to the last of the range.
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
    // The range is of another version: the whole is sent.
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
        Part::Unsatisfiable => base
            .status(StatusCode::RANGE_NOT_SATISFIABLE)
            .header(header::CONTENT_RANGE, format!("bytes */{length}"))
            .finish(),
        Part::Whole => base.header(header::CONTENT_LENGTH, length).body(body(0, length.saturating_sub(1))),
        Part::Range(start, end) => base
            .status(StatusCode::PARTIAL_CONTENT)
            .header(header::CONTENT_RANGE, format!("bytes {start}-{end}/{length}"))
            .header(header::CONTENT_LENGTH, end - start + 1)
            .body(body(start, end)),
    }
}

/// Returns the first and last byte of each range that is at least partly within `length` bytes.
fn satisfiable(range: &Range, length: u64) -> Vec<(u64, u64)> {
    let Some(last) = length.checked_sub(1) else { return Vec::new() };
    let inside = |(from, to)| match (from, to) {
        (Bound::Included(start), Bound::Included(end)) => Some((start, last.min(end))),
        (Bound::Included(start), _) => Some((start, last)),
        // The last `suffix` bytes.
        (Bound::Unbounded, Bound::Included(suffix)) => Some((length.saturating_sub(suffix), last)),
        _ => None,
    };
    range.satisfiable_ranges(length).filter_map(inside).filter(|(start, end)| start <= end).collect()
}
