//! A connection from its first byte to its last.

use super::activity::{Activity, AnswerBody};
use super::registry::Admission;
use super::socket::Socket;
use super::{Limits, Stop, body};
use hyper::body::{Body, Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use poem::endpoint::BoxEndpoint;
use poem::http::uri::Scheme;
use poem::http::{HeaderValue, Version, header};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Endpoint, Request, Response};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// Time for a connection that is to be closed to finish without a request, in which responses are written.
const CLOSE_GRACE: Duration = Duration::from_millis(250);
/// Maximum size of the head of a request, in bytes.
const MAX_HEAD: usize = 64 << 10;
/// Maximum number of concurrent requests on a connection of HTTP/2.
const MAX_STREAMS: u32 = 200;

/// State shared by all connections of a server.
pub(super) struct Shared {
    pub(super) endpoint: BoxEndpoint<'static>,
    pub(super) limits: Limits,
    pub(super) stop: Stop,
    /// Cancelled when running requests are aborted.
    pub(super) aborted: CancellationToken,
}

/// Serves the connection until either side closes it.
pub(super) async fn serve(stream: TcpStream, peer: SocketAddr, admission: Admission, shared: Arc<Shared>) {
    // Without it small responses wait for the peer's acknowledgement; a socket that rejects it is about to fail anyway.
    let _ = stream.set_nodelay(true);
    let local = stream.local_addr().map_or_else(|_| LocalAddr::default(), |address| LocalAddr(address.into()));
    let activity = Arc::clone(&admission.activity);
    let socket = Socket::new(stream, Arc::clone(&activity), shared.limits.body_timeout);
    let service = service_fn(|request| {
        answer(request, local.clone(), RemoteAddr(peer.into()), Arc::clone(&activity), Arc::clone(&shared))
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().max_buf_size(MAX_HEAD);
    builder.http2().max_concurrent_streams(MAX_STREAMS);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(socket), service));
    let mut closing = false;
    loop {
        let check_at = match activity.deadline(&shared.limits) {
            Some(deadline) if !closing => deadline,
            None if !closing => Instant::now() + shared.limits.header_timeout,
            _ => Instant::now() + CLOSE_GRACE,
        };
        tokio::select! {
            // Errors are the client's: it disconnected, or sent invalid HTTP.
            _ = connection.as_mut() => return,
            () = activity.evicted() => return,
            () = shared.aborted.cancelled() => return,
            () = shared.stop.closing.cancelled(), if !closing => {
                closing = true;
                connection.as_mut().graceful_shutdown();
            }
            () = sleep_until(check_at) => {
                if closing && activity.waits_since().is_some() {
                    return;
                }
                if !closing && activity.deadline(&shared.limits).is_some_and(|deadline| deadline <= Instant::now()) {
                    closing = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}

async fn answer(
    request: hyper::Request<Incoming>,
    local: LocalAddr,
    remote: RemoteAddr,
    activity: Arc<Activity>,
    shared: Arc<Shared>,
) -> Result<hyper::Response<impl Body<Data = Bytes, Error = io::Error> + Send + Unpin + 'static>, Infallible> {
    let in_flight = activity.begin();
    let (version, has_body) = (request.version(), !request.body().is_end_stream());
    let mut request = Request::from((request, local, remote, Scheme::HTTP));
    if has_body {
        body::limit(&mut request, shared.limits.body_timeout, shared.stop.closing.clone());
    }
    let mut response: Response = shared.endpoint.get_response(request).await;
    if shared.stop.draining.is_cancelled() && version < Version::HTTP_2 {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    let response = hyper::Response::from(response);
    Ok(response.map(|body| AnswerBody { body, _in_flight: in_flight }))
}
