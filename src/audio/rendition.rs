//! Rendition of any recording as a WAV that every browser plays: made while it is sent, for any range of bytes.

use super::cut::head;
use super::{AudioError, Decoder};
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// Number of bytes before the samples.
const HEAD: u64 = 44;
/// Maximum number of bytes of a part passed to the sink.
const PART: usize = 64 * 1024;

/// Receives a rendition while it is made.
pub trait Sink {
    /// Called before each block is decoded; may block until it is this rendition's turn.
    fn wait_turn(&mut self) {}
    /// Takes the next bytes. Returns whether more are wanted.
    fn take(&mut self, bytes: Vec<u8>) -> bool;
}

impl<F: FnMut(Vec<u8>) -> bool> Sink for F {
    fn take(&mut self, bytes: Vec<u8>) -> bool {
        self(bytes)
    }
}

/// 16-bit PCM of a known length: longer audio is truncated, shorter audio is followed by silence, so that the announced
/// length is always right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rendition {
    channels: u16,
    sample_rate: u32,
    frames: u64,
}

impl Rendition {
    /// Returns the rendition of a recording with these channels, this sample rate in Hz and length in ms.
    pub fn new(channels: u16, sample_rate: u32, duration_ms: u64) -> Self {
        Self { channels, sample_rate, frames: duration_ms.saturating_mul(u64::from(sample_rate)) / 1000 }
    }

    /// Returns the size, including the header, in bytes.
    pub fn bytes(&self) -> u64 {
        HEAD + self.frames * self.frame()
    }

    fn frame(&self) -> u64 {
        u64::from(self.channels) * 2
    }

    /// Passes the bytes from `start` up to `end` to the sink, in parts, as long as it wants more. Decodes from the
    /// beginning: hours take seconds. Blocks. Errors: [`AudioError::Cancelled`] once `stop` is cancelled.
    pub fn write(
        &self,
        path: &Path,
        (start, end): (u64, u64),
        stop: &CancellationToken,
        sink: &mut dyn Sink,
    ) -> Result<(), AudioError> {
        sink.wait_turn();
        let mut window = Window { at: 0, start, end: end.min(self.bytes()), part: Vec::new(), sink };
        let mut more = window.push(&head(self.channels, self.sample_rate, self.frames));
        let mut decoder = Decoder::open_until(path, stop)?;
        let mut bytes = Vec::new();
        while more {
            window.sink.wait_turn();
            if stop.is_cancelled() {
                return Err(AudioError::Cancelled);
            }
            let Some(block) = decoder.next_block()? else { break };
            bytes.clear();
            for frame in 0..block.first().map_or(0, Vec::len) {
                for channel in 0..usize::from(self.channels) {
                    let sample = block.get(channel).map_or(0.0, |plane| plane[frame]);
                    // In range: samples are between -1 and 1.
                    bytes.extend(((sample * 32_767.0).round() as i16).to_le_bytes());
                }
            }
            more = window.push(&bytes);
        }
        let silence = vec![0; PART];
        while more {
            more = window.push(&silence);
        }
        window.finish();
        Ok(())
    }
}

/// The wanted range of a stream of bytes.
struct Window<'a> {
    at: u64,
    start: u64,
    end: u64,
    part: Vec<u8>,
    sink: &'a mut dyn Sink,
}

impl Window<'_> {
    /// Passes bytes of the range to the sink; false once no more are wanted.
    fn push(&mut self, bytes: &[u8]) -> bool {
        let within = |position: u64, at: u64| usize::try_from(position.saturating_sub(at)).unwrap_or(usize::MAX);
        let from = within(self.start, self.at).min(bytes.len());
        let to = within(self.end, self.at).clamp(from, bytes.len());
        self.part.extend_from_slice(&bytes[from..to]);
        self.at += bytes.len() as u64;
        let wanted = self.part.len() < PART || self.sink.take(std::mem::take(&mut self.part));
        wanted && self.at < self.end
    }

    fn finish(mut self) {
        if !self.part.is_empty() {
            self.sink.take(std::mem::take(&mut self.part));
        }
    }
}
