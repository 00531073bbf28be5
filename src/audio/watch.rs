//! Watchdog of a decoder on its own thread: one that makes no progress is abandoned.
//!
//! A thread cannot be killed. But nearly every endless loop of a demuxer reads, and [`WatchedFile`]'s reads fail once
//! the thread was abandoned, so that it ends. A loop without reads continues until the process ends, and is logged.

use super::AudioError;
use super::guard::guarded;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;
use symphonia::core::io::MediaSource;
use tokio_util::sync::CancellationToken;

/// Maximum time to read one packet. It takes milliseconds on any disk, however busy the machine is.
pub(super) const MAX_PACKET_TIME: Duration = Duration::from_secs(30);

/// Interval at which a cancellation is noticed.
const TICK: Duration = Duration::from_millis(200);

/// State shared by the two threads.
#[derive(Debug, Default)]
pub(super) struct Watch {
    beats: AtomicU64,
    abandoned: AtomicBool,
    stop: CancellationToken,
}

impl Watch {
    /// Returns a watch over work that ends early when `stop` is cancelled.
    pub(super) fn until(stop: &CancellationToken) -> Arc<Self> {
        Arc::new(Self { stop: stop.clone(), ..Self::default() })
    }

    /// Records progress: a packet was read or decoded.
    pub(super) fn beat(&self) {
        self.beats.fetch_add(1, Ordering::Relaxed);
    }

    /// Abandons the work: reads fail from here on.
    pub(super) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Relaxed) || self.stop.is_cancelled()
    }

    /// Waits for the next message, as long as the decoder makes progress and is not cancelled.
    pub(super) fn receive<T>(&self, from: &Receiver<T>, patience: Duration) -> Result<T, AudioError> {
        let tick = (patience / 10).clamp(Duration::from_millis(1), TICK);
        let (mut seen, mut quiet) = (self.beats.load(Ordering::Relaxed), Duration::ZERO);
        loop {
            if self.stop.is_cancelled() {
                return Err(AudioError::Cancelled);
            }
            match from.recv_timeout(tick) {
                Ok(message) => return Ok(message),
                Err(RecvTimeoutError::Disconnected) => return Err(gave_up()),
                Err(RecvTimeoutError::Timeout) => {}
            }
            let now = self.beats.load(Ordering::Relaxed);
            quiet = if now == seen { quiet + tick } else { Duration::ZERO };
            seen = now;
            if quiet >= patience {
                self.abandon();
                tracing::error!(?patience, "a decoder hangs; it is left behind and the recording refused");
                return Err(AudioError::Stuck { seconds: patience.as_secs() });
            }
        }
    }
}

/// Starts a thread that decodes. The receiver notices its panic and its end without a reply.
pub(super) fn start(work: impl FnOnce() + Send + 'static) -> Result<(), AudioError> {
    let thread = std::thread::Builder::new().name("decoder".to_owned()).spawn(work);
    thread.map(drop).map_err(|source| AudioError::Io { path: "a thread".into(), source })
}

/// Runs `work` on its own thread as long as it makes progress and is not cancelled.
pub(super) fn watched<T: Send + 'static>(
    patience: Duration,
    stop: &CancellationToken,
    work: impl FnOnce(&Arc<Watch>) -> Result<T, AudioError> + Send + 'static,
) -> Result<T, AudioError> {
    let watch = Watch::until(stop);
    let theirs = Arc::clone(&watch);
    let (send, receive) = sync_channel(1);
    start(move || {
        // The receiver may have been dropped.
        let _ = send.send(guarded(|| work(&theirs)));
    })?;
    watch.receive(&receive, patience)?
}

/// A range of a file with a position of its own, so that several may read one file; reads fail once they were abandoned.
#[derive(Debug)]
pub(super) struct WatchedFile {
    file: Arc<File>,
    range: Range<u64>,
    /// Position in the file.
    at: u64,
    watch: Arc<Watch>,
}

impl WatchedFile {
    pub(super) fn new(file: &Arc<File>, range: Range<u64>, watch: &Arc<Watch>) -> Self {
        Self { file: Arc::clone(file), at: range.start, range, watch: Arc::clone(watch) }
    }

    fn alive(&self) -> io::Result<()> {
        if self.watch.is_abandoned() { Err(io::Error::other("nobody waits for this any more")) } else { Ok(()) }
    }
}

impl Read for WatchedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.alive()?;
        let left = usize::try_from(self.range.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let got = self.file.read_at(&mut buffer[..wanted], self.at)?;
        self.at += got as u64;
        Ok(got)
    }
}

impl Seek for WatchedFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.alive()?;
        let target = match to {
            SeekFrom::Start(offset) => self.range.start.checked_add(offset),
            SeekFrom::End(offset) => self.range.end.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.at.checked_add_signed(offset),
        };
        self.at = target.filter(|at| *at >= self.range.start).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at - self.range.start)
    }
}

impl MediaSource for WatchedFile {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.range.end - self.range.start)
    }
}

fn gave_up() -> AudioError {
    AudioError::Damaged("its decoder gave up".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(50);

    fn unstopped() -> CancellationToken {
        CancellationToken::new()
    }

    #[test]
    fn cancelling_ends_the_wait_and_the_reads() {
        let (ended, end) = sync_channel(1);
        let stop = CancellationToken::new();
        let (begun, beginning) = sync_channel(1);
        let (canceller, cancelled) = (stop.clone(), stop.clone());
        start(move || {
            beginning.recv().unwrap();
            canceller.cancel();
        })
        .unwrap();
        let result = watched(MAX_PACKET_TIME, &cancelled, move |watch| {
            let mut file = WatchedFile::new(&Arc::new(File::open("/dev/zero").unwrap()), 0..u64::MAX, watch);
            begun.send(()).unwrap();
            while file.read(&mut [0; 16]).is_ok() {
                watch.beat();
            }
            ended.send(()).unwrap();
            Ok(())
        });
        assert!(matches!(result, Err(AudioError::Cancelled) | Ok(())), "{result:?}");
        end.recv_timeout(MAX_PACKET_TIME).expect("the thread ends");
        assert!(stop.is_cancelled());
    }

    #[test]
    fn a_hang_becomes_an_error_and_its_reads_fail_from_then_on() {
        let (ended, end) = sync_channel(1);
        let hung = watched(SHORT, &unstopped(), move |watch| {
            let mut file = WatchedFile::new(&Arc::new(File::open("/dev/zero").unwrap()), 0..u64::MAX, watch);
            // An endless loop of reads, as of a demuxer in garbage.
            while file.read(&mut [0; 16]).is_ok() {}
            ended.send(()).unwrap();
            Ok(())
        });
        assert!(matches!(hung, Err(AudioError::Stuck { .. })), "{hung:?}");
        end.recv_timeout(MAX_PACKET_TIME).expect("the thread that was left behind ends");
    }

    #[test]
    fn a_reader_that_never_comes_back_costs_its_own_thread_only() {
        let (_keep, never) = sync_channel::<()>(0);
        let hung = watched(SHORT, &unstopped(), move |_| never.recv().map_err(|_| AudioError::Empty));
        assert!(matches!(hung, Err(AudioError::Stuck { .. })), "{hung:?}");
        assert_eq!(watched(SHORT, &unstopped(), |_| Ok(7)).unwrap(), 7, "the next one works");
    }

    #[test]
    fn slow_is_not_stuck() {
        let (tick, ticks) = sync_channel(0);
        start(move || while tick.send(()).is_ok() {}).unwrap();
        let done = watched(SHORT, &unstopped(), move |watch| {
            let begun = std::time::Instant::now();
            while begun.elapsed() < SHORT * 3 {
                ticks.recv().map_err(|_| AudioError::Empty)?;
                watch.beat();
            }
            Ok(())
        });
        assert!(done.is_ok(), "{done:?}");
    }

    #[test]
    fn a_panic_is_told_at_once() {
        let died = watched::<()>(MAX_PACKET_TIME, &unstopped(), |_| panic!("boom"));
        assert!(matches!(died, Err(AudioError::Damaged(_))), "{died:?}");
    }
}
