//! HTTP/1 and HTTP/2 server on a listener, with limits of time and number, until it is stopped.
//!
//! poem's own server has no limits for connections and no way to close idle ones when it stops, so hyper is used
//! directly.

mod activity;
mod body;
mod connection;
mod notice;
mod registry;
mod socket;

use super::TrustedProxies;
use crate::config;
use connection::Shared;
use notice::Notice;
use poem::endpoint::EndpointExt;
use poem::{Endpoint, Response};
use registry::Registry;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Pause after the system rejected a connection, as with "too many open files".
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Limits of a server; see the settings of the same names in the section `http`.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Maximum time for the head of a request.
    pub header_timeout: Duration,
    /// Maximum time for a body; for uploads and responses the maximum pause between two pieces.
    pub body_timeout: Duration,
    /// Maximum time between two requests.
    pub idle_timeout: Duration,
    /// Maximum time for running requests when the server stops.
    pub stop_timeout: Duration,
    /// Maximum number of connections.
    pub max_connections: usize,
    /// Maximum number of connections of one client.
    pub max_connections_per_client: usize,
    /// Peers without a limit of their own.
    pub trusted_proxies: TrustedProxies,
}

impl Limits {
    /// Returns the limits of the configuration, reduced for a process that may open `open_files` files: a connection
    /// may have a file open besides its socket, and no single client may take all.
    pub fn new(http: &config::Http, open_files: u64) -> Self {
        let half_of_files = usize::try_from(open_files / 2).unwrap_or(usize::MAX).max(2);
        let max_connections = http.max_connections.min(half_of_files);
        Self {
            header_timeout: http.header_timeout.0,
            body_timeout: http.body_timeout.0,
            idle_timeout: http.idle_timeout.0,
            stop_timeout: http.stop_timeout.0,
            max_connections,
            max_connections_per_client: http.max_connections_per_client.min(max_connections / 2),
            trusted_proxies: TrustedProxies(http.trusted_proxies.clone()),
        }
    }
}

/// Phases of stopping a process. Cheap to clone; the clones share their state.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    /// First phase: readiness answers 503 and background work ends, but requests are served.
    pub draining: CancellationToken,
    /// Second phase: no new connections, idle ones are closed, running requests finish.
    pub closing: CancellationToken,
}

/// Serves until `stop.closing`, then waits for running requests, at most `limits.stop_timeout`.
pub async fn serve(
    listener: TcpListener,
    endpoint: impl Endpoint<Output = Response> + 'static,
    limits: Limits,
    stop: Stop,
) {
    let registry = Registry::new(&limits);
    let stop_timeout = limits.stop_timeout;
    let aborted = CancellationToken::new();
    let shared = Arc::new(Shared { endpoint: endpoint.boxed(), limits, stop: stop.clone(), aborted: aborted.clone() });
    let (tasks, failures) = (TaskTracker::new(), Notice::default());
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.closing.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((socket, peer)) => {
                if let Some(admission) = registry.admit(peer.ip()) {
                    tasks.spawn(connection::serve(socket, peer, admission, Arc::clone(&shared)));
                }
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                registry.make_room();
                if let Some(times) = failures.count() {
                    tracing::error!(%error, times, "connections can't be accepted; an idle one is closed for each");
                }
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    tasks.close();
    if tokio::time::timeout(stop_timeout, tasks.wait()).await.is_err() {
        tracing::warn!(connections = tasks.len(), "requests did not finish within http.stop_timeout and are cut off");
        aborted.cancel();
        tasks.wait().await;
    }
}

/// Whether the error concerns a connection that broke before it was accepted, and not the listener.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
