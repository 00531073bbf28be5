//! Stream of a recording from its first frame to its last: the encoder's padding is removed, undecodable parts become
//! silence, and endless files are limited.

use super::open::{Opened, open};
use super::source::{Piece, Shape, Source, fill};
use super::watch::Watch;
use super::{AudioError, MAX_DURATION_MS};
use std::path::Path;
use std::sync::Arc;

/// Maximum number of packets in a row without a frame of sound.
const MAX_IDLE_PACKETS: u32 = 100_000;

/// A recording that is read on the decoder's thread.
pub(super) struct Stream {
    source: Box<dyn Source>,
    watch: Arc<Watch>,
    shape: Shape,
    /// Number of frames still to be dropped at the beginning.
    skip: u64,
    /// Number of frames of the recording, where it is known; the rest is padding.
    limit: Option<u64>,
    promised: Option<u64>,
    frames: u64,
    lost: u32,
    idle: u32,
    sounded: bool,
    truncated: bool,
}

impl Stream {
    pub(super) fn open(path: &Path, watch: &Arc<Watch>) -> Result<Self, AudioError> {
        Self::new(open(path, watch)?, watch)
    }

    /// Returns the stream of an opened file. Errors: its header promises too much.
    pub(super) fn new(opened: Opened, watch: &Arc<Watch>) -> Result<Self, AudioError> {
        let Opened { source, skip, limit, truncated } = opened;
        let shape = source.shape();
        let promised = shape.promised.map(|frames| frames.saturating_sub(skip));
        let promised = match (promised, limit) {
            (Some(promised), Some(limit)) => Some(promised.min(limit)),
            (promised, _) => promised,
        };
        let watch = Arc::clone(watch);
        let (frames, lost, idle, sounded) = (0, 0, 0, false);
        let this = Self { source, watch, shape, skip, limit, promised, frames, lost, idle, sounded, truncated };
        match promised {
            Some(frames) if this.to_ms(frames) > MAX_DURATION_MS => Err(AudioError::TooLong),
            _ => Ok(this),
        }
    }

    pub(super) fn shape(&self) -> Shape {
        Shape { promised: self.promised, ..self.shape }
    }

    /// Whether the header promised more than the file has; after the end also: whether there were gaps.
    pub(super) fn truncated(&self) -> bool {
        self.truncated
    }

    pub(super) fn position_ms(&self) -> u64 {
        self.to_ms(self.frames)
    }

    fn to_ms(&self, frames: u64) -> u64 {
        frames.saturating_mul(1000) / u64::from(self.shape.sample_rate)
    }

    /// Fills `planes` with the next block of samples between -1 and 1, never empty; false at the end.
    pub(super) fn next(&mut self, planes: &mut Vec<Vec<f32>>) -> Result<bool, AudioError> {
        while self.limit.is_none_or(|limit| self.frames < limit) {
            let Some(piece) = self.source.decode(planes)? else { break };
            self.watch.beat();
            match piece {
                Piece::Sound => self.sounded = true,
                Piece::Lost => self.lost += 1,
            }
            self.tidy(planes);
            let from = self.window(planes.first().map_or(0, Vec::len) as u64);
            for plane in planes.iter_mut() {
                plane.truncate(from.1);
                plane.drain(..from.0);
            }
            if self.count((from.1 - from.0) as u64)? {
                return Ok(true);
            }
        }
        self.end().map(|()| false)
    }

    /// Reads to the end without decoding, for the length where the header does not give it.
    pub(super) fn walk(&mut self) -> Result<(), AudioError> {
        while self.pass()?.is_some() {}
        Ok(())
    }

    /// Passes over the next block without decoding it; returns the number of its frames, `None` at the end.
    pub(super) fn pass(&mut self) -> Result<Option<u64>, AudioError> {
        if self.limit.is_none_or(|limit| self.frames < limit)
            && let Some(frames) = self.source.pass()?
        {
            self.watch.beat();
            self.sounded = true;
            let (from, to) = self.window(frames);
            let frames = (to - from) as u64;
            self.count(frames)?;
            return Ok(Some(frames));
        }
        self.end().map(|()| None)
    }

    /// Returns the range of the frames of a block that belong to the recording.
    fn window(&mut self, block: u64) -> (usize, usize) {
        let from = self.skip.min(block);
        self.skip -= from;
        let left = self.limit.map_or(block, |limit| limit - self.frames);
        let to = block.min(from.saturating_add(left));
        // A block fits into memory, or is a damaged header's claim, which `count` ends.
        (usize::try_from(from).unwrap_or(usize::MAX), usize::try_from(to).unwrap_or(usize::MAX))
    }

    /// Counts a block; false where it was empty.
    fn count(&mut self, frames: u64) -> Result<bool, AudioError> {
        self.frames = self.frames.saturating_add(frames);
        if self.to_ms(self.frames) > MAX_DURATION_MS {
            return Err(AudioError::TooLong);
        }
        self.idle = if frames == 0 { self.idle + 1 } else { 0 };
        if self.idle > MAX_IDLE_PACKETS {
            return Err(AudioError::Damaged("it goes on and on without any sound".to_owned()));
        }
        Ok(frames > 0)
    }

    /// Converts a block to the promised shape: MP3 may change between one and two channels, floats may be anything.
    fn tidy(&self, planes: &mut Vec<Vec<f32>>) {
        let channels = usize::from(self.shape.channels);
        if planes.is_empty() {
            fill(planes, self.shape.channels, 0);
        } else if planes.len() != channels {
            let first = planes.first().cloned().unwrap_or_default();
            planes.resize(channels, first);
        }
        for sample in planes.iter_mut().flatten() {
            *sample = if sample.is_finite() { sample.clamp(-1.0, 1.0) } else { 0.0 };
        }
    }

    fn end(&mut self) -> Result<(), AudioError> {
        self.truncated |= self.source.truncated();
        if self.frames == 0 || !self.sounded {
            return Err(match (self.lost, self.truncated) {
                (1.., _) => AudioError::Damaged("nothing in it could be decoded".to_owned()),
                (0, true) => AudioError::Truncated,
                (0, false) => AudioError::Empty,
            });
        }
        // Encoders round to whole packets, so a little less than promised is not a loss.
        let slack = u64::from(self.shape.sample_rate) / 5;
        self.truncated |= self.lost > 0 || self.promised.is_some_and(|promised| self.frames + slack < promised);
        Ok(())
    }
}
