//! Source of audio, packet by packet, of any format.

use super::{AudioError, AudioFormat};

/// Properties of a recording that are known before it is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) format: AudioFormat,
    pub(super) channels: u16,
    pub(super) sample_rate: u32,
    /// Number of frames given in the header, where it is reliable; including the encoder's padding.
    pub(super) promised: Option<u64>,
}

/// Result of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// It was decoded.
    Sound,
    /// It could not be decoded: silence of its length replaces it.
    Lost,
}

/// A demuxer and its decoder.
pub(super) trait Source {
    /// Returns the properties; they change only by what a decoder finds out with its first packet.
    fn shape(&self) -> Shape;

    /// Decodes the next packet, one vector per channel, all of the same length, which may be 0; `None` at the end.
    fn decode(&mut self, planes: &mut Vec<Vec<f32>>) -> Result<Option<Piece>, AudioError>;

    /// Skips the next packet; returns the number of its frames.
    fn pass(&mut self) -> Result<Option<u64>, AudioError>;

    /// After the end: whether data is missing.
    fn truncated(&self) -> bool;
}

/// Fills the existing vectors with silence.
pub(super) fn fill(planes: &mut Vec<Vec<f32>>, channels: u16, frames: usize) {
    planes.resize_with(usize::from(channels), Vec::new);
    for plane in planes {
        plane.clear();
        plane.resize(frames, 0.0);
    }
}
