//! Which channels are listened to, and who speaks on each.

use crate::audio::{AudioError, Decoder};
use crate::transcription::Speaker;
use std::path::Path;

/// A channel to listen to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leg {
    pub(super) channel: usize,
    pub(super) speaker: Speaker,
}

/// How much sound is compared before two channels count as one.
const COMPARED_S: u64 = 120;

/// The legs of a recording, and whether its two channels turned out to be the same sound twice.
pub(super) fn legs(path: &Path, channels: u16, speakers: &[Speaker]) -> Result<(Vec<Leg>, bool), AudioError> {
    if channels == 1 {
        let speaker = speakers.first().copied().filter(|_| speakers.len() == 1).unwrap_or_default();
        return Ok((vec![Leg { channel: 0, speaker }], false));
    }
    if channels == 2 && same_twice(path)? {
        return Ok((vec![Leg { channel: 0, speaker: Speaker::Unknown }], true));
    }
    let speaker = |channel: u16| speakers.get(usize::from(channel)).copied().unwrap_or(Speaker::Channel(channel + 1));
    Ok(((0..channels).map(|channel| Leg { channel: channel.into(), speaker: speaker(channel) }).collect(), false))
}

/// Phone systems like to write one mixed channel twice. Lossy formats make the two differ a little, so a thousandth of the
/// energy is forgiven.
fn same_twice(path: &Path) -> Result<bool, AudioError> {
    let mut decoder = Decoder::open(path)?;
    let enough = COMPARED_S * u64::from(decoder.sample_rate());
    let (mut energy, mut difference, mut loud) = (0.0_f64, 0.0_f64, 0_u64);
    while loud < enough {
        let Some(block) = decoder.next_block()? else { break };
        let [left, right] = block else { return Ok(false) };
        for (left, right) in left.iter().zip(right) {
            energy += f64::from(left * left + right * right);
            difference += f64::from((left - right) * (left - right));
            loud += u64::from(left.abs() > 0.01 || right.abs() > 0.01);
        }
        // Plainly two: no need to go on.
        if loud > 8_000 && difference > energy * 0.1 {
            return Ok(false);
        }
    }
    Ok(energy > 0.0 && difference < energy * 1e-3)
}
