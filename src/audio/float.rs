//! WAV of floats that ffmpeg writes into a pipe: without a length.

use super::error::SAMPLE_RATES;
use super::source::{Piece, Shape, Source, fill};
use super::{AudioError, AudioFormat, MAX_CHANNELS};
use std::io::{self, Read};

/// Number of frames of a block.
const BLOCK: usize = 4_096;
/// Maximum number of bytes of its header; the real one has a hundred.
const MAX_HEAD_BYTES: u32 = 1_000;

/// Reads floats to their end.
pub(super) struct FloatSource<R> {
    reader: R,
    shape: Shape,
    bytes: Vec<u8>,
    given: u64,
    truncated: bool,
}

impl<R: Read> FloatSource<R> {
    /// Reads the header: channels and hertz.
    pub(super) fn open(reader: &mut R, format: AudioFormat) -> Result<(u16, u32), AudioError> {
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::UnexpectedEof => AudioError::Truncated,
            _ => AudioError::Damaged(error.to_string()),
        };
        let mut head = [0; 12];
        reader.read_exact(&mut head).map_err(failed)?;
        let mut shape = None;
        loop {
            let mut chunk = [0; 8];
            reader.read_exact(&mut chunk).map_err(failed)?;
            let [.., l0, l1, l2, l3] = chunk;
            let length = u32::from_le_bytes([l0, l1, l2, l3]);
            if chunk.starts_with(b"data") {
                break;
            }
            if length > MAX_HEAD_BYTES {
                return Err(AudioError::Damaged("what ffmpeg wrote makes no sense".to_owned()));
            }
            let mut body = vec![0; (length + length % 2) as usize];
            reader.read_exact(&mut body).map_err(failed)?;
            if let (b"fmt ", Some([_, _, c0, c1, r0, r1, r2, r3])) = (&chunk[..4], body.first_chunk()) {
                shape = Some((u16::from_le_bytes([*c0, *c1]), u32::from_le_bytes([*r0, *r1, *r2, *r3])));
            }
        }
        match shape {
            None | Some((0, _)) => Err(AudioError::NoChannels),
            Some((found, _)) if found > MAX_CHANNELS => Err(AudioError::TooManyChannels { found }),
            Some((_, rate)) if !SAMPLE_RATES.contains(&rate) => {
                Err(AudioError::unsupported(format!("{format} with a sample rate of {rate} Hz")))
            }
            Some(shape) => Ok(shape),
        }
    }

    /// Returns a source that reads after the header. Where the length is known and the data is shorter, silence
    /// follows.
    pub(super) fn new(reader: R, format: AudioFormat, channels: u16, sample_rate: u32, length: Option<u64>) -> Self {
        let bytes = vec![0; BLOCK * usize::from(channels) * 4];
        let shape = Shape { format, channels, sample_rate, promised: length };
        Self { reader, shape, bytes, given: 0, truncated: false }
    }

    /// Fills a block as far as there is data; returns the number of frames.
    fn block(&mut self) -> usize {
        let mut got = 0;
        while got < self.bytes.len() {
            match self.reader.read(&mut self.bytes[got..]) {
                Ok(0) => break,
                Ok(more) => got += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    tracing::warn!(%error, "a recording could not be read to its end");
                    self.truncated = true;
                    break;
                }
            }
        }
        let mut frames = got / (4 * usize::from(self.shape.channels));
        if frames == 0 && !self.truncated && self.given > 0 {
            self.bytes.fill(0);
            let left = self.shape.promised.map_or(0, |length| length.saturating_sub(self.given));
            frames = usize::try_from(left).map_or(BLOCK, |left| left.min(BLOCK));
        }
        self.given += frames as u64;
        frames
    }
}

impl<R: Read> Source for FloatSource<R> {
    fn shape(&self) -> Shape {
        self.shape
    }

    fn decode(&mut self, planes: &mut Vec<Vec<f32>>) -> Result<Option<Piece>, AudioError> {
        let frames = self.block();
        fill(planes, self.shape.channels, 0);
        let channels = planes.len();
        let samples = self.bytes[..frames * channels * 4].chunks_exact(4);
        for (at, sample) in samples.enumerate() {
            planes[at % channels].push(f32::from_le_bytes([sample[0], sample[1], sample[2], sample[3]]));
        }
        Ok((frames > 0).then_some(Piece::Sound))
    }

    fn pass(&mut self) -> Result<Option<u64>, AudioError> {
        let frames = self.block();
        Ok((frames > 0).then_some(frames as u64))
    }

    fn truncated(&self) -> bool {
        self.truncated
    }
}
