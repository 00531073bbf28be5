//! Sound in ranges: one range is answered with 206, several or none with the whole (RFC 9110 lets us), a range behind
//! the end with 416. Sent as it is read; never compressed.

use headers::{HeaderMapExt, Range};
use poem::http::{HeaderMap, StatusCode, header};
use poem::{Body, Response};
use std::ops::Bound;
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};

/// What is served.
#[derive(Debug, Clone)]
pub struct Served<'a> {
    /// `audio/wav`, …
    pub media_type: &'a str,
    /// Changes when the bytes do; in quotes it is the ETag.
    pub etag: &'a str,
}

/// Serves a file, whole or the range that the request wants.
pub async fn serve_file(path: &Path, what: Served<'_>, request: &HeaderMap) -> std::io::Result<Response> {
    let mut file = tokio::fs::File::open(path).await?;
    let length = file.metadata().await?.len();
    let etag = format!("\"{}\"", what.etag);
    let base = || {
        Response::builder()
            .header(header::ACCEPT_RANGES, "bytes")
            .header(header::ETAG, &etag)
            .header(header::CACHE_CONTROL, "private, no-cache")
            .content_type(what.media_type)
    };
    let matches = |name| request.get(name).and_then(|v| v.to_str().ok()).is_some_and(|v| v == etag);
    if matches(header::IF_NONE_MATCH) {
        return Ok(base().status(StatusCode::NOT_MODIFIED).finish());
    }
    // A range of another version than the one that is here is no use: the whole is sent.
    let stale = request.contains_key(header::IF_RANGE) && !matches(header::IF_RANGE);
    let range = if stale { None } else { request.typed_get::<Range>() };
    let wanted = range.map(|range| satisfiable(&range, length));
    let (start, end) = match wanted.as_deref() {
        Some([one]) => *one,
        Some([]) => {
            let unsatisfiable = base().status(StatusCode::RANGE_NOT_SATISFIABLE);
            return Ok(unsatisfiable.header(header::CONTENT_RANGE, format!("bytes */{length}")).finish());
        }
        None | Some(_) => return Ok(base().header(header::CONTENT_LENGTH, length).body(Body::from_async_read(file))),
    };
    file.seek(SeekFrom::Start(start)).await?;
    let part = file.take(end - start + 1);
    Ok(base()
        .status(StatusCode::PARTIAL_CONTENT)
        .header(header::CONTENT_RANGE, format!("bytes {start}-{end}/{length}"))
        .header(header::CONTENT_LENGTH, end - start + 1)
        .body(Body::from_async_read(part)))
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
