//! Renditions that are being made: how many at a time, and until when.

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

/// Renditions that may be open for each one that may decode: most of them wait for a client that listens more slowly than
/// sound is decoded.
const OPEN_PER_DECODER: usize = 16;
/// How long one decodes before the next has its turn.
const TURN: Duration = Duration::from_millis(250);
/// Parts that wait between the decoder and the client.
const AHEAD: usize = 4;

/// The limits of this process.
pub(in crate::interactions) struct Renditions {
    max_open: usize,
    open: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    stop: CancellationToken,
}

impl Renditions {
    /// At most `max` decode at a time.
    pub fn new(max: usize) -> Self {
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        let max_open = max * OPEN_PER_DECODER;
        Self { max_open, open: semaphore(max_open), turns: semaphore(max), stop: CancellationToken::new() }
    }

    /// A place for one more; `None` when all are taken.
    pub fn reserve(&self) -> Option<Reserved> {
        let permit = Arc::clone(&self.open).try_acquire_owned().ok()?;
        Some(Reserved { turns: Arc::clone(&self.turns), stop: self.stop.child_token(), _open: permit })
    }

    /// How many are open.
    pub fn open(&self) -> usize {
        self.max_open - self.open.available_permits()
    }

    /// Ends those that are being made, and every later one at once.
    pub fn stop(&self) {
        self.stop.cancel();
    }
}

/// A place among the renditions.
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
    /// The bytes of a rendition from `start` to before `end`, made while they are read. The work ends when the stream is
    /// dropped: its client has left.
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
                    // Nobody listening any more is no fault.
                    let _ = send.blocking_send(Err(io::Error::other(error)));
                }
            }
        });
        futures_util::stream::unfold((receive, cancel), |(mut receive, cancel)| async move {
            receive.recv().await.map(|part| (part, (receive, cancel)))
        })
    }
}

/// Decodes by turns, and gives its turn up while the client takes nothing.
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
        // Back first, to the end of the queue.
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
