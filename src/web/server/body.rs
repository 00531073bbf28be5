//! Time limits for the bodies of requests.

use crate::web::middleware::is_upload;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use poem::{Body, Request};
use std::io;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

/// Maximum pause of a body once the server stops, so that a silent client does not delay it.
const STOP_PAUSE: Duration = Duration::from_secs(1);

/// Replaces the request's body by one that fails with [`io::ErrorKind::TimedOut`]: a recording when it pauses for
/// longer than `limit`, any other body when it is incomplete after `limit`.
pub(super) fn limit(request: &mut Request, limit: Duration, closing: CancellationToken) {
    let whole_by = (!is_upload(request)).then(|| Instant::now() + limit);
    let pieces = Box::pin(request.take_body().into_bytes_stream());
    let limited = stream::unfold(Some((pieces, closing)), move |state| async move {
        let (mut pieces, closing) = state?;
        let until = whole_by.unwrap_or_else(|| Instant::now() + limit);
        match next(&mut pieces, until, &closing).await? {
            Ok(piece) => Some((Ok(piece), Some((pieces, closing)))),
            Err(error) => Some((Err(error), None)),
        }
    });
    request.set_body(Body::from_bytes_stream(limited));
}

async fn next(
    pieces: &mut (impl Stream<Item = io::Result<Bytes>> + Unpin),
    until: Instant,
    closing: &CancellationToken,
) -> Option<io::Result<Bytes>> {
    let stopped = async {
        closing.cancelled().await;
        sleep(STOP_PAUSE).await;
    };
    tokio::select! {
        biased;
        piece = pieces.next() => piece,
        () = sleep_until(until) => Some(Err(io::ErrorKind::TimedOut.into())),
        () = stopped => Some(Err(io::ErrorKind::TimedOut.into())),
    }
}
