//! Assembly of several files into one recording: legs of a call one after the other, or one file for each speaker.

use super::cut::head;
use super::resample::Resampler;
use super::{AudioError, Decoder, MAX_DURATION_MS};
use crate::files::private_file;
use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// Number of frames that are mixed at once.
const BLOCK: usize = 4096;

/// A file and its place in the recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedFile {
    /// The file.
    pub path: PathBuf,
    /// Time of its first sample, ms.
    pub start_ms: u64,
    /// Channel of the recording that each of its channels is mixed into, from 0.
    pub channels: Vec<usize>,
}

/// A recording to be made of several files. Where none has sound there is silence; where several have, it is added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assembly {
    /// Number of channels.
    pub channels: u16,
    /// Sample rate, Hz.
    pub sample_rate: u32,
    /// Files, in any order.
    pub files: Vec<PlacedFile>,
}

impl Assembly {
    /// Writes the recording as 16-bit PCM WAV. The file is complete and synced to disk when this returns; no file is
    /// left after an error. Returns its length, ms. Blocks. A file that cannot be decoded any further ends there.
    ///
    /// Errors: [`AudioError::TooLong`], [`AudioError::Empty`], [`AudioError::Cancelled`] once `stop` is cancelled, and
    /// what may succeed later ([`AudioError::is_final`]).
    pub fn write(&self, out_path: &Path, stop: &CancellationToken) -> Result<u64, AudioError> {
        let result = self.write_file(out_path, stop);
        if result.is_err() {
            // There may be no file; the first error is the one to report.
            let _ = std::fs::remove_file(out_path);
        }
        result
    }

    fn write_file(&self, out_path: &Path, stop: &CancellationToken) -> Result<u64, AudioError> {
        let io = |source| AudioError::io(out_path, source);
        let mut wav = BufWriter::new(private_file().create(true).truncate(true).open(out_path).map_err(io)?);
        wav.write_all(&head(self.channels, self.sample_rate, 0)).map_err(io)?;
        let frames = self.mix(stop, |samples| write_samples(&mut wav, samples).map_err(io))?;
        if frames == 0 {
            return Err(AudioError::Empty);
        }
        wav.seek(SeekFrom::Start(0)).map_err(io)?;
        wav.write_all(&head(self.channels, self.sample_rate, frames)).map_err(io)?;
        wav.into_inner().map_err(|error| io(error.into_error()))?.sync_all().map_err(io)?;
        Ok(frames * 1000 / u64::from(self.sample_rate))
    }

    /// Passes the interleaved samples of the recording to the sink; returns the number of frames.
    fn mix(
        &self,
        stop: &CancellationToken,
        mut sink: impl FnMut(&[f32]) -> Result<(), AudioError>,
    ) -> Result<u64, AudioError> {
        let channels = usize::from(self.channels);
        let begin = |file: &PlacedFile| file.start_ms.saturating_mul(u64::from(self.sample_rate)) / 1000;
        let mut waiting: Vec<(u64, &PlacedFile)> = self.files.iter().map(|file| (begin(file), file)).collect();
        // The next one is the last one.
        waiting.sort_by_key(|(begin, _)| std::cmp::Reverse(*begin));
        let (mut playing, mut at, mut samples) = (Vec::new(), 0_u64, vec![0.0; BLOCK * channels]);
        loop {
            if stop.is_cancelled() {
                return Err(AudioError::Cancelled);
            }
            while let Some((begin, file)) = waiting.pop_if(|(begin, _)| *begin < at + BLOCK as u64) {
                playing.extend(Playing::open(file, begin, self.sample_rate, stop)?);
            }
            if playing.is_empty() && waiting.is_empty() {
                return Ok(at);
            }
            samples.fill(0.0);
            let mut length = if waiting.is_empty() { 0 } else { BLOCK };
            for file in &mut playing {
                length = length.max(file.add(&mut samples, channels, at)?);
            }
            playing.retain(|file| !file.has_ended());
            sink(&samples[..length * channels])?;
            at += length as u64;
            if at.saturating_mul(1000) / u64::from(self.sample_rate) > MAX_DURATION_MS {
                return Err(AudioError::TooLong);
            }
        }
    }
}

fn write_samples(wav: &mut BufWriter<File>, samples: &[f32]) -> std::io::Result<()> {
    for sample in samples {
        // In range after the clamp: several files may have been added.
        wav.write_all(&((sample.clamp(-1.0, 1.0) * 32_767.0).round() as i16).to_le_bytes())?;
    }
    Ok(())
}

/// A file whose audio is being mixed.
struct Playing<'a> {
    /// `None` after its end.
    decoder: Option<Decoder>,
    resamplers: Vec<Resampler>,
    /// Resampled audio that is not mixed yet, by channel.
    queue: Vec<Vec<f32>>,
    /// Position of its first frame in the recording.
    begin: u64,
    targets: &'a [usize],
}

impl<'a> Playing<'a> {
    /// Returns `None` where the file cannot be decoded.
    fn open(file: &'a PlacedFile, begin: u64, rate: u32, stop: &CancellationToken) -> Result<Option<Self>, AudioError> {
        let decoder = match Decoder::open_until(&file.path, stop) {
            Ok(decoder) => decoder,
            Err(error) => return left_out(error).map(|()| None),
        };
        let resampler = |_| Resampler::new(decoder.sample_rate(), rate).map_err(AudioError::Damaged);
        let resamplers: Vec<_> = (0..decoder.channels()).map(resampler).collect::<Result<_, _>>()?;
        let queue = vec![Vec::new(); resamplers.len()];
        Ok(Some(Self { decoder: Some(decoder), resamplers, queue, begin, targets: &file.channels }))
    }

    fn has_ended(&self) -> bool {
        self.decoder.is_none() && self.queued() == 0
    }

    fn queued(&self) -> usize {
        self.queue.first().map_or(0, Vec::len)
    }

    /// Adds its audio to the block at the position `at`; returns the number of frames up to the end of what was added.
    fn add(&mut self, block: &mut [f32], channels: usize, at: u64) -> Result<usize, AudioError> {
        let offset = usize::try_from(self.begin.saturating_sub(at)).unwrap_or(BLOCK).min(BLOCK);
        self.decode(BLOCK - offset)?;
        let frames = self.queued().min(BLOCK - offset);
        for (queue, target) in self.queue.iter_mut().zip(self.targets) {
            let target = (*target).min(channels - 1);
            for (frame, sample) in queue.drain(..frames.min(queue.len())).enumerate() {
                block[(offset + frame) * channels + target] += sample;
            }
        }
        Ok(offset + frames)
    }

    /// Decodes until so many frames are queued, or the file has ended.
    fn decode(&mut self, frames: usize) -> Result<(), AudioError> {
        while self.queued() < frames
            && let Some(decoder) = &mut self.decoder
        {
            match decoder.next_block() {
                Ok(Some(block)) => {
                    for ((resampler, queue), samples) in self.resamplers.iter_mut().zip(&mut self.queue).zip(block) {
                        let push = resampler.push(samples, &mut |samples| queue.extend_from_slice(samples));
                        push.map_err(AudioError::Damaged)?;
                    }
                    continue;
                }
                Ok(None) => {}
                Err(error) => left_out(error)?,
            }
            self.decoder = None;
            for (resampler, queue) in self.resamplers.drain(..).zip(&mut self.queue) {
                resampler.finish(&mut |samples| queue.extend_from_slice(samples)).map_err(AudioError::Damaged)?;
            }
        }
        Ok(())
    }
}

/// Logs an error that does not go away, after which the other files are used; returns any other one.
fn left_out(error: AudioError) -> Result<(), AudioError> {
    if !error.is_final() {
        return Err(error);
    }
    tracing::warn!(%error, "a part of a recording could not be decoded to its end");
    Ok(())
}
