//! State of a connection: idle, receiving the head of a request, or serving.

use super::Limits;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Activity of a connection, shared by its task, its requests, and the registry.
#[derive(Debug)]
pub(super) struct Activity {
    state: Mutex<State>,
    evicted: CancellationToken,
}

#[derive(Debug)]
struct State {
    /// Number of requests whose responses are not written yet.
    requests: usize,
    /// Whether bytes of the next request have arrived.
    receiving: bool,
    /// Whether the end of a response waits for a peer that reads slowly.
    writing: bool,
    /// Start of the present idle or receiving state.
    since: Instant,
}

impl State {
    fn is_waiting(&self) -> bool {
        self.requests == 0 && !self.writing
    }
}

impl Activity {
    /// Returns the activity of a new connection: the head of its first request is due.
    pub(super) fn new() -> Self {
        let state = State { requests: 0, receiving: true, writing: false, since: Instant::now() };
        Self { state: Mutex::new(state), evicted: CancellationToken::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that bytes have arrived.
    pub(super) fn received(&self) {
        let mut state = self.state();
        if state.requests == 0 && !state.receiving {
            state.receiving = true;
            state.since = Instant::now();
        }
    }

    /// Records whether a write waits for the peer.
    pub(super) fn set_writing(&self, writing: bool) {
        self.state().writing = writing;
    }

    /// Begins a request; it ends when the guard is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> InFlight {
        self.state().requests += 1;
        InFlight(Arc::clone(self))
    }

    /// Returns the time since which no request is running and no response is written; `None` while one is.
    pub(super) fn waits_since(&self) -> Option<Instant> {
        let state = self.state();
        state.is_waiting().then_some(state.since)
    }

    /// Returns the end of the wait for the next request; `None` while a request is running.
    pub(super) fn deadline(&self, limits: &Limits) -> Option<Instant> {
        let state = self.state();
        let limit = if state.receiving { limits.header_timeout } else { limits.idle_timeout };
        state.is_waiting().then(|| state.since + limit)
    }

    /// Makes the connection's task close it.
    pub(super) fn evict(&self) {
        self.evicted.cancel();
    }

    /// Completes once [`Self::evict`] was called.
    pub(super) async fn evicted(&self) {
        self.evicted.cancelled().await;
    }
}

/// A request whose response is not complete.
#[derive(Debug)]
pub(super) struct InFlight(Arc<Activity>);

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.requests -= 1;
        state.receiving = false;
        state.since = Instant::now();
    }
}

/// Body of a response: its request is in flight until the body is written.
pub(super) struct AnswerBody<B> {
    pub(super) body: B,
    pub(super) _in_flight: InFlight,
}

impl<B: Body<Data = Bytes> + Unpin> Body for AnswerBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
