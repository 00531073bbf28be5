//! Crosstalk: the sound of one channel that is heard on the other, by the echo of a telephone line, a loudspeaker beside a
//! microphone, or a codec that stores what two channels share (joint stereo).
//!
//! [`Crosstalk::measure`] reads up to ten minutes of a recording for the delay and the gain per band of the leak in each
//! direction: the delay by generalised cross-correlation with phase transform (Knapp and Carter, 1976) of the half seconds in
//! which one channel is the louder one, the gains as the median ratio of band energies at that delay. [`CrosstalkGate`] then
//! silences the frames of a channel that hold nothing but the other one's leak. Frames in which both speak pass unchanged.

mod bands;
mod gate;
mod measure;

pub(crate) use gate::CrosstalkGate;

use bands::BANDS;

/// Above this a leak is too loud to tell who speaks (-4.5 dB).
const MAX_LEVEL: f32 = 0.35;

/// Below this a leak is too soft to count as speech (-40 dB).
const MIN_LEVEL: f32 = 1e-4;

/// The leaks of a recording with two channels.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Crosstalk {
    /// By the channel that is heard on the other one.
    leaks: [Option<Leak>; 2],
    /// Energy of the channels, of what was looked at.
    energy: [f64; 2],
}

impl Crosstalk {
    /// Whether the leaks are soft enough to tell who speaks.
    pub(crate) fn is_separable(&self) -> bool {
        self.leaks.iter().flatten().all(|leak| leak.level <= MAX_LEVEL)
    }

    /// The channel to listen to where the leaks are too loud to tell who speaks.
    pub(crate) fn louder_channel(&self) -> usize {
        usize::from(self.energy[1] > self.energy[0])
    }
}

/// One channel on the other.
#[derive(Clone, Debug, PartialEq)]
struct Leak {
    /// Samples at 16 kHz by which it comes later. A little below zero where a recorder has delayed the source.
    delay: isize,
    /// Its energy by band, of 1.
    gains: [f32; BANDS],
    /// Its energy in all bands, of 1.
    level: f32,
}
