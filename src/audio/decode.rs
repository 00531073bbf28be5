//! Decoding of a file, block by block, never the whole of it in memory.
//!
//! Files are untrusted, so the decoder runs on its own thread: when it panics or hangs, the caller gets an error, and
//! the process continues.

use super::guard::guarded;
use super::source::Shape;
use super::stream::Stream;
use super::watch::{MAX_PACKET_TIME, Watch, start, watched};
use super::{AudioError, AudioFormat, AudioInfo};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use tokio_util::sync::CancellationToken;

/// One vector of samples per channel.
type Planes = Vec<Vec<f32>>;

/// Number of blocks that are decoded ahead: of the largest packets, some seconds.
const AHEAD: usize = 4;

enum Message {
    Opened(Shape),
    Block(Planes),
    End { truncated: bool },
    Failed(AudioError),
}

/// Decoder of a recording, from its beginning to its end.
pub struct Decoder {
    messages: Receiver<Message>,
    /// Used blocks, to be filled again.
    used: Sender<Planes>,
    watch: Arc<Watch>,
    shape: Shape,
    frames: u64,
    planes: Planes,
    truncated: bool,
    ended: bool,
}

impl Decoder {
    /// Opens a file. The format is detected by its content, and by the file extension only where the content is not
    /// conclusive (`.gsm`, `.g722`, `.ulaw`, …).
    pub fn open(path: &Path) -> Result<Self, AudioError> {
        Self::open_until(path, &CancellationToken::new())
    }

    /// The same as [`Self::open`]; once `stop` is cancelled, this and every later call end with
    /// [`AudioError::Cancelled`] at once.
    pub fn open_until(path: &Path, stop: &CancellationToken) -> Result<Self, AudioError> {
        let (send, messages) = sync_channel(AHEAD);
        let (used, back) = channel();
        let watch = Watch::until(stop);
        let (path, theirs) = (path.to_owned(), Arc::clone(&watch));
        start(move || {
            let result = guarded(|| work(&path, &theirs, &send, &back));
            if let Err(error) = result {
                // The receiver may have been dropped.
                let _ = send.send(Message::Failed(error));
            }
        })?;
        match watch.receive(&messages, MAX_PACKET_TIME)? {
            Message::Opened(shape) => {
                let (frames, planes, truncated, ended) = (0, Planes::new(), false, false);
                Ok(Self { messages, used, watch, shape, frames, planes, truncated, ended })
            }
            Message::Failed(error) => Err(error),
            Message::Block(_) | Message::End { .. } => Err(AudioError::Damaged("its decoder is confused".to_owned())),
        }
    }

    /// Returns the container.
    pub fn format(&self) -> AudioFormat {
        self.shape.format
    }

    /// Returns the number of channels, 1 to [`super::MAX_CHANNELS`].
    pub fn channels(&self) -> u16 {
        self.shape.channels
    }

    /// Returns the sample rate in hertz; 48000 for Opus, whatever was recorded.
    pub fn sample_rate(&self) -> u32 {
        self.shape.sample_rate
    }

    /// Returns the position, ms.
    pub fn position_ms(&self) -> u64 {
        self.to_ms(self.frames)
    }

    /// Returns the length given in the header, ms, for progress; the real length is known only at the end.
    pub fn promised_ms(&self) -> Option<u64> {
        self.shape.promised.map(|frames| self.to_ms(frames))
    }

    /// After the last block: whether the file ended before its audio did, or had undecodable parts.
    pub fn truncated(&self) -> bool {
        self.truncated
    }

    fn to_ms(&self, frames: u64) -> u64 {
        frames.saturating_mul(1000) / u64::from(self.shape.sample_rate)
    }

    /// Returns the next block: one vector of samples between -1 and 1 per channel, all of the same length; `None` at
    /// the end.
    ///
    /// Undecodable parts become silence of the same length, so that times stay right.
    pub fn next_block(&mut self) -> Result<Option<&[Vec<f32>]>, AudioError> {
        if self.ended {
            return Ok(None);
        }
        // The decoder may have ended already.
        let _ = self.used.send(std::mem::take(&mut self.planes));
        self.ended = true;
        match self.watch.receive(&self.messages, MAX_PACKET_TIME)? {
            Message::Block(planes) => {
                self.ended = false;
                self.planes = planes;
                self.frames += self.planes.first().map_or(0, Vec::len) as u64;
                Ok(Some(&self.planes))
            }
            Message::End { truncated } => {
                self.truncated = truncated;
                Ok(None)
            }
            Message::Failed(error) => Err(error),
            Message::Opened(_) => Err(AudioError::Damaged("its decoder is confused".to_owned())),
        }
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        self.watch.abandon();
    }
}

/// Runs the decoder's thread, until the end or until the receiver is dropped.
fn work(
    path: &Path,
    watch: &Arc<Watch>,
    send: &SyncSender<Message>,
    back: &Receiver<Planes>,
) -> Result<(), AudioError> {
    let mut stream = Stream::open(path, watch)?;
    if send.send(Message::Opened(stream.shape())).is_err() {
        return Ok(());
    }
    loop {
        let mut planes = back.try_recv().unwrap_or_default();
        let message = match stream.next(&mut planes)? {
            true => Message::Block(planes),
            false => Message::End { truncated: stream.truncated() },
        };
        let last = matches!(message, Message::End { .. });
        if send.send(message).is_err() || last {
            return Ok(());
        }
    }
}

/// Analyses a recording. Errors: the reason why it cannot be used.
///
/// Reads the whole file without decoding it, except for formats that ffmpeg has to read; of a WAV the header, checked
/// against the file's size, suffices.
pub fn probe(path: &Path) -> Result<AudioInfo, AudioError> {
    probe_until(path, &CancellationToken::new())
}

/// The same as [`probe`]. Errors: also [`AudioError::Cancelled`] once `stop` is cancelled.
pub fn probe_until(path: &Path, stop: &CancellationToken) -> Result<AudioInfo, AudioError> {
    let path = path.to_owned();
    watched(MAX_PACKET_TIME, stop, move |watch| {
        let mut stream = Stream::open(&path, watch)?;
        let Shape { format, channels, sample_rate, promised } = stream.shape();
        let duration_ms = match promised {
            Some(frames) if format.head_is_enough() => frames.saturating_mul(1000) / u64::from(sample_rate),
            _ => {
                stream.walk()?;
                // The encoder's padding at both ends has been counted too.
                let most = promised.unwrap_or(u64::MAX).saturating_mul(1000) / u64::from(sample_rate);
                stream.position_ms().min(most)
            }
        };
        if duration_ms == 0 {
            return Err(AudioError::Empty);
        }
        Ok(AudioInfo { format, channels, sample_rate, duration_ms, truncated: stream.truncated() })
    })
}
