//! Crosstalk: audio of one channel that leaks into the other, by the echo of a telephone line, a loudspeaker near a
//! microphone, or a codec that stores the common part of two channels (joint stereo).
//!
//! [`Crosstalk::measure`] reads up to ten minutes of a recording for the delay and the gain per band of the leak in
//! each direction: the delay by generalised cross-correlation with phase transform (Knapp and Carter, 1976) of the half
//! seconds in which one channel is the louder one, the gains as the median ratio of band energies at that delay.
//! [`CrosstalkGate`] then silences the frames of a channel that hold only the other one's leak. Frames in which both
//! speak pass unchanged.

mod bands;
mod gate;
mod measure;

pub(crate) use gate::CrosstalkGate;

use bands::BANDS;

/// Maximum energy of a leak that allows to tell speakers apart (-4.5 dB).
const MAX_LEVEL: f32 = 0.35;

/// Minimum energy of a leak that counts as speech (-40 dB).
const MIN_LEVEL: f32 = 1e-4;

/// Leaks of a recording with two channels.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Crosstalk {
    /// Leaks by the source channel.
    leaks: [Option<Leak>; 2],
    /// Energy of the channels, of the analysed part.
    energy: [f64; 2],
}

impl Crosstalk {
    /// Whether the leaks are soft enough to tell speakers apart.
    pub(crate) fn is_separable(&self) -> bool {
        self.leaks.iter().flatten().all(|leak| leak.level <= MAX_LEVEL)
    }

    /// Returns the channel to transcribe where the leaks are too loud to tell speakers apart.
    pub(crate) fn louder_channel(&self) -> usize {
        usize::from(self.energy[1] > self.energy[0])
    }
}

/// Leak of one channel into the other.
#[derive(Clone, Debug, PartialEq)]
struct Leak {
    /// Delay of the leak, in samples at 16 kHz. A little below zero where a recorder has delayed the source.
    delay: isize,
    /// Gain by band: energy as a ratio of the source's.
    gains: [f32; BANDS],
    /// Gain in all bands: energy as a ratio of the source's.
    level: f32,
}
