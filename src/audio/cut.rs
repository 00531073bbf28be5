//! Cutting a span of a recording into a separate file, for library clips.

use super::redaction::Redaction;
use super::{AudioError, Decoder};
use crate::files::private_file;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// Writes the span to `out_path` as 16-bit PCM WAV, with the recording's channels and sample rate.
///
/// The file is complete and synced to disk when this returns; no file is left after an error. Returns the length
/// written, which is shorter than requested where the recording ends before `end_ms`.
pub fn cut(path: &Path, start_ms: u64, end_ms: u64, out_path: &Path) -> Result<u64, AudioError> {
    cut_with_silences(path, (start_ms, end_ms), &[], out_path, &CancellationToken::new())
}

/// The same as [`cut`], with all channels silent in these spans (ms of the recording, not of the piece). Errors:
/// [`AudioError::Cancelled`] once `stop` is cancelled.
pub fn cut_with_silences(
    path: &Path,
    (start_ms, end_ms): (u64, u64),
    silences_ms: &[(u64, u64)],
    out_path: &Path,
    stop: &CancellationToken,
) -> Result<u64, AudioError> {
    let mut decoder = Decoder::open_until(path, stop)?;
    if start_ms >= end_ms {
        let duration_ms = decoder.promised_ms().unwrap_or(0);
        return Err(AudioError::BadSpan { start_ms, end_ms, duration_ms });
    }
    let redaction = Redaction::new(silences_ms, decoder.sample_rate());
    let result = write_span(&mut decoder, start_ms, end_ms, redaction, out_path);
    if result.is_err() {
        // There may be no file; the first error is the one to report.
        let _ = std::fs::remove_file(out_path);
    }
    result
}

fn write_span(
    decoder: &mut Decoder,
    start_ms: u64,
    end_ms: u64,
    mut redaction: Redaction,
    out_path: &Path,
) -> Result<u64, AudioError> {
    let io = |source| AudioError::io(out_path, source);
    let rate = u64::from(decoder.sample_rate());
    let (first, last) = (start_ms.saturating_mul(rate) / 1000, end_ms.saturating_mul(rate) / 1000);
    let file = private_file().create(true).truncate(true).open(out_path).map_err(io)?;
    let mut wav = BufWriter::new(file);
    wav.write_all(&head(decoder.channels(), decoder.sample_rate(), 0)).map_err(io)?;
    let (mut at, mut written) = (0_u64, 0_u64);
    while at < last {
        let Some(block) = decoder.next_block()? else { break };
        let length = block.first().map_or(0, Vec::len) as u64;
        let from = first.saturating_sub(at).min(length);
        let to = (last - at).min(length);
        for frame in from..to {
            let gain = redaction.gain(at + frame);
            for plane in block {
                // In range: samples are between -1 and 1.
                let sample = (plane[frame as usize] * gain * 32_767.0).round() as i16;
                wav.write_all(&sample.to_le_bytes()).map_err(io)?;
            }
        }
        written += to.saturating_sub(from);
        at += length;
    }
    if written == 0 {
        return Err(AudioError::BadSpan { start_ms, end_ms, duration_ms: decoder.position_ms() });
    }
    wav.seek(SeekFrom::Start(0)).map_err(io)?;
    wav.write_all(&head(decoder.channels(), decoder.sample_rate(), written)).map_err(io)?;
    wav.into_inner().map_err(|error| io(error.into_error()))?.sync_all().map_err(io)?;
    Ok(written * 1000 / rate)
}

/// Returns the 44 bytes before the samples. Six hours of eight channels fit into its size fields up to 12 kHz; beyond
/// that "unknown" is written, which every reader takes as "until the end of file".
pub(super) fn head(channels: u16, rate: u32, frames: u64) -> [u8; 44] {
    let frame = u32::from(channels) * 2;
    let data = u32::try_from(frames * u64::from(frame)).unwrap_or(u32::MAX);
    let mut head = [0; 44];
    head[..4].copy_from_slice(b"RIFF");
    head[4..8].copy_from_slice(&data.saturating_add(36).to_le_bytes());
    head[8..16].copy_from_slice(b"WAVEfmt ");
    head[16..20].copy_from_slice(&16_u32.to_le_bytes());
    head[20..22].copy_from_slice(&1_u16.to_le_bytes());
    head[22..24].copy_from_slice(&channels.to_le_bytes());
    head[24..28].copy_from_slice(&rate.to_le_bytes());
    head[28..32].copy_from_slice(&(rate * frame).to_le_bytes());
    head[32..34].copy_from_slice(&(channels * 2).to_le_bytes());
    head[34..36].copy_from_slice(&16_u16.to_le_bytes());
    head[36..40].copy_from_slice(b"data");
    head[40..44].copy_from_slice(&data.to_le_bytes());
    head
}
