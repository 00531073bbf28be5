//! The channels that are transcribed, and their speakers.

use super::twins::twins;
use crate::audio::AudioError;
use crate::transcription::speech::Crosstalk;
use crate::transcription::{Note, Speaker};
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// A channel that is transcribed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leg {
    pub(super) channel: usize,
    pub(super) speaker: Speaker,
}

/// The channels of a recording that are transcribed.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) legs: Vec<Leg>,
    /// Crosstalk between two channels, to be removed.
    pub(super) crosstalk: Option<Crosstalk>,
    /// Finding about the channels, for readers of the transcript.
    pub(super) note: Option<Note>,
}

impl Plan {
    /// One channel with everybody on it.
    fn mixed(channel: usize, note: Note) -> Self {
        Self { legs: vec![Leg { channel, speaker: Speaker::Unknown }], crosstalk: None, note: Some(note) }
    }
}

/// Assigns speakers to the channels of a recording, and measures whether the channels differ. Blocks.
pub(super) fn plan(
    path: &Path,
    channels: u16,
    speakers: &[Speaker],
    stop: &CancellationToken,
) -> Result<Plan, AudioError> {
    if channels == 1 {
        let speaker = speakers.first().copied().filter(|_| speakers.len() == 1).unwrap_or_default();
        return Ok(Plan { legs: vec![Leg { channel: 0, speaker }], ..Plan::default() });
    }
    let mut crosstalk = None;
    if channels == 2 {
        if let Some(channel) = twins(path)? {
            return Ok(Plan::mixed(channel, Note::SameOnBothChannels));
        }
        crosstalk = Crosstalk::measure(path, stop)?;
    }
    if let Some(leak) = crosstalk.as_ref().filter(|leak| !leak.is_separable()) {
        return Ok(Plan::mixed(leak.louder_channel(), Note::ChannelsLeak));
    }
    let speaker = |channel: u16| speakers.get(usize::from(channel)).copied().unwrap_or(Speaker::Channel(channel + 1));
    let leg = |channel: u16| Leg { channel: channel.into(), speaker: speaker(channel) };
    let note = crosstalk.is_some().then_some(Note::CrosstalkRemoved);
    Ok(Plan { legs: (0..channels).map(leg).collect(), crosstalk, note })
}
