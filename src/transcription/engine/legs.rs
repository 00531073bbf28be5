//! Which channels are listened to, and who speaks on each.

use super::twins::twins;
use crate::audio::AudioError;
use crate::transcription::Speaker;
use std::path::Path;

/// A channel to listen to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leg {
    pub(super) channel: usize,
    pub(super) speaker: Speaker,
}

/// The legs of a recording, and whether its two channels turned out to be the same sound twice.
pub(super) fn legs(path: &Path, channels: u16, speakers: &[Speaker]) -> Result<(Vec<Leg>, bool), AudioError> {
    if channels == 1 {
        let speaker = speakers.first().copied().filter(|_| speakers.len() == 1).unwrap_or_default();
        return Ok((vec![Leg { channel: 0, speaker }], false));
    }
    if let Some(channel) = if channels == 2 { twins(path)? } else { None } {
        return Ok((vec![Leg { channel, speaker: Speaker::Unknown }], true));
    }
    let speaker = |channel: u16| speakers.get(usize::from(channel)).copied().unwrap_or(Speaker::Channel(channel + 1));
    Ok(((0..channels).map(|channel| Leg { channel: channel.into(), speaker: speaker(channel) }).collect(), false))
}
