//! Limits of conversions to WAV: their number and their end.

use crate::audio::{AudioError, Rendition, Sink};
use bytes::Bytes;
use futures_util::Stream;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Sender, channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// Maximum number of open conversions for each one that may decode: most wait for a client that reads more slowly than
/// sound is decoded.
const OPEN_PER_DECODER: usize = 16;
/// Time for which one decodes before the next has its turn.
const TURN: Duration = Duration::from_millis(250);
/// Number of chunks buffered between the decoder and the client.
const AHEAD: usize = 4;

/// Limits of this process.
pub(in crate::interactions) struct Renditions {
    max_open: usize,
    open: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    stop: CancellationToken,
}

impl Renditions {
    /// Creates limits: at most `max` decode at a time.
    pub fn new(max: usize) -> Self {
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        let max_open = max * OPEN_PER_DECODER;
        Self { max_open, open: semaphore(max_open), turns: semaphore(max), stop: CancellationToken::new() }
    }

    /// Reserves one conversion; `None` if all are in use.
    pub fn reserve(&self) -> Option<Reserved> {
        let permit = Arc::clone(&self.open).try_acquire_owned().ok()?;
        Some(Reserved { turns: Arc::clone(&self.turns), stop: self.stop.child_token(), _open: permit })
    }

    /// Returns the number of open conversions.
    pub fn open(&self) -> usize {
        self.max_open - self.open.available_permits()
    }

    /// Ends the running conversions, and rejects later ones.
    pub fn stop(&self) {
        self.stop.cancel();
    }
}

/// A reserved conversion.
pub struct Reserved {
    turns: Arc<Semaphore>,
    stop: CancellationToken,
    _open: OwnedSemaphorePermit,
}

impl std::fmt::Debug for Reserved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reserved")
    }
}

impl Reserved {
    /// Returns the bytes of a rendition from `start` to before `end`, made while they are read. The work ends when the
    /// stream is dropped: its client has disconnected.
    pub fn bytes(
        self,
        rendition: Rendition,
        path: PathBuf,
        (start, end): (u64, u64),
    ) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        let (send, receive) = channel(AHEAD);
        let cancel = self.stop.clone().drop_guard();
        let handle = Handle::current();
        tokio::task::spawn_blocking(move || {
            let mut sink = Turns { place: &self, send: &send, handle: &handle, turn: None };
            let made = rendition.write(&path, (start, end), &self.stop, &mut sink);
            drop(sink);
            match made {
                Ok(()) | Err(AudioError::Cancelled) => {}
                Err(error) => {
                    tracing::warn!(%error, "a recording could not be made into WAV to its end");
                    // A client that disconnects is no error.
                    let _ = send.blocking_send(Err(io::Error::other(error)));
                }
            }
        });
        futures_util::stream::unfold((receive, cancel), |(mut receive, cancel)| async move {
            receive.recv().await.map(|part| (part, (receive, cancel)))
        })
    }
}

/// Decodes in turns, and yields its turn while the client reads nothing.
struct Turns<'a> {
    place: &'a Reserved,
    send: &'a Sender<io::Result<Bytes>>,
    handle: &'a Handle,
    turn: Option<(OwnedSemaphorePermit, Instant)>,
}

impl Sink for Turns<'_> {
    fn wait_turn(&mut self) {
        if self.turn.as_ref().is_some_and(|(_, since)| since.elapsed() < TURN) {
            return;
        }
        // Released first, so that it goes to the end of the queue.
        self.turn = None;
        let turns = Arc::clone(&self.place.turns);
        let permit = self.handle.block_on(async {
            tokio::select! {
                permit = turns.acquire_owned() => permit.ok(),
                () = self.place.stop.cancelled() => None,
            }
        });
        self.turn = permit.map(|permit| (permit, Instant::now()));
    }

    fn take(&mut self, bytes: Vec<u8>) -> bool {
        let unsent = match self.send.try_send(Ok(bytes.into())) {
            Ok(()) => return true,
            Err(TrySendError::Closed(_)) => return false,
            Err(TrySendError::Full(unsent)) => unsent,
        };
        self.turn = None;
        self.handle.block_on(async {
            tokio::select! {
                sent = self.send.send(unsent) => sent.is_ok(),
                () = self.place.stop.cancelled() => false,
            }
        })
    }
}
