//! What gives sound packet by packet, whatever the format.

use super::{AudioError, AudioFormat};

/// What is known of a recording before it is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) format: AudioFormat,
    pub(super) channels: u16,
    pub(super) sample_rate: u32,
    /// Frames that the head promises, where it can be believed; what the encoder put before and behind is counted too.
    pub(super) promised: Option<u64>,
}

/// What a packet came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Sound.
    Sound,
    /// It could not be decoded: silence of its length stands for it.
    Lost,
}

/// A demuxer and its decoder.
pub(super) trait Source {
    /// Does not change but for what a decoder finds out with its first packet.
    fn shape(&self) -> Shape;

    /// The sound of the next packet, one vector per channel, all of one length, which may be none; nothing at the end.
    fn decode(&mut self, planes: &mut Vec<Vec<f32>>) -> Result<Option<Piece>, AudioError>;

    /// Steps over the next packet; gives its frames.
    fn pass(&mut self) -> Result<Option<u64>, AudioError>;

    /// After the end: there should have been more.
    fn truncated(&self) -> bool;
}

/// So many channels of so many frames of silence, in the vectors that are there.
pub(super) fn fill(planes: &mut Vec<Vec<f32>>, channels: u16, frames: usize) {
    planes.resize_with(usize::from(channels), Vec::new);
    for plane in planes {
        plane.clear();
        plane.resize(frames, 0.0);
    }
}
