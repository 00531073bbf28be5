//! A stereo call as two recordings, one for each direction, as many telephone systems write them.

use super::DemoError;
use crate::audio::{AudioError, Rendition, probe};
use bytes::Bytes;
use std::io::Write;
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// Size of the header of a rendition, in bytes.
const HEADER_BYTES: usize = 44;
/// Bytes of one frame of two channels.
const FRAME_BYTES: usize = 4;

/// Returns the two channels of a stereo recording as mono WAV files.
pub(super) fn directions(sound: &[u8]) -> Result<[Bytes; 2], DemoError> {
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(sound)?;
    let (rate, frames) = decode(file.path())?;
    Ok([0, 2].map(|at| mono(rate, frames.chunks_exact(FRAME_BYTES).map(|frame| [frame[at], frame[at + 1]]))))
}

/// Returns the sample rate in Hz, and the interleaved 16-bit samples.
fn decode(path: &Path) -> Result<(u32, Vec<u8>), DemoError> {
    let info = probe(path)?;
    let rendition = Rendition::new(info.channels, info.sample_rate, info.duration_ms);
    let mut wav = Vec::new();
    let mut keep = |part: Vec<u8>| {
        wav.extend(part);
        true
    };
    rendition.write(path, (0, rendition.bytes()), &CancellationToken::new(), &mut keep)?;
    if info.channels != 2 || wav.len() < HEADER_BYTES {
        return Err(AudioError::NotAudio.into());
    }
    Ok((info.sample_rate, wav.split_off(HEADER_BYTES)))
}

/// Returns a WAV file of 16-bit samples, little-endian.
fn mono(rate: u32, samples: impl Iterator<Item = [u8; 2]>) -> Bytes {
    let data: Vec<u8> = samples.flatten().collect();
    let size = u32::try_from(data.len()).unwrap_or(u32::MAX - 36);
    let mut wav = Vec::with_capacity(HEADER_BYTES + data.len());
    wav.extend(b"RIFF");
    wav.extend((size + 36).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16u32.to_le_bytes());
    // PCM, one channel.
    wav.extend([1u8, 0, 1, 0]);
    wav.extend(rate.to_le_bytes());
    wav.extend((rate * 2).to_le_bytes());
    wav.extend([2u8, 0, 16, 0]);
    wav.extend(b"data");
    wav.extend(size.to_le_bytes());
    wav.extend(data);
    wav.into()
}
