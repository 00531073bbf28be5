//! The channels that are transcribed, and their speakers.

use crate::audio::AudioError;
use crate::transcription::speech::{Crosstalk, Layout};
use crate::transcription::{Note, Speaker};
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// A channel that is transcribed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PlannedChannel {
    pub(super) channel: usize,
    pub(super) speaker: Speaker,
}

/// Channels of a recording to be transcribed.
#[derive(Debug, Default)]
pub(super) struct ChannelPlan {
    pub(super) planned: Vec<PlannedChannel>,
    /// Crosstalk between two channels, to be removed.
    pub(super) crosstalk: Option<Crosstalk>,
    /// Finding about the channels, for readers.
    pub(super) note: Option<Note>,
}

/// Analyses the channels of a recording: the speaker of each, and whether they can be told apart. Blocks.
pub(super) fn plan(
    path: &Path,
    channels: u16,
    speakers: &[Speaker],
    stop: &CancellationToken,
) -> Result<ChannelPlan, AudioError> {
    let Layout { channels: listened, is_mixed, crosstalk, note } = Layout::measure(path, channels, stop)?;
    let speaker = |channel: usize| match (is_mixed, channels) {
        (true, _) => Speaker::Unknown,
        (_, 1) => speakers.first().copied().filter(|_| speakers.len() == 1).unwrap_or_default(),
        _ => speakers.get(channel).copied().unwrap_or(Speaker::Channel(number(channel))),
    };
    let planned = listened.into_iter().map(|channel| PlannedChannel { channel, speaker: speaker(channel) }).collect();
    Ok(ChannelPlan { planned, crosstalk, note })
}

/// Returns a channel's number for people, from 1.
fn number(channel: usize) -> u16 {
    u16::try_from(channel + 1).unwrap_or(u16::MAX)
}
