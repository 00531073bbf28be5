//! Selection of the channels of a recording to be transcribed: made once, for the transcript and for the silences of
//! clips.

use super::Crosstalk;
use super::duplicate_channels::duplicate_channel;
use crate::audio::AudioError;
use crate::transcription::Note;
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// Channels of a recording to be transcribed.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    /// Indices of the channels, from 0.
    pub(crate) channels: Vec<usize>,
    /// Whether the transcribed channel holds the speakers of several channels.
    pub(crate) is_mixed: bool,
    /// Crosstalk between two channels, to be removed.
    pub(crate) crosstalk: Option<Crosstalk>,
    /// Finding about the channels, for readers.
    pub(crate) note: Option<Note>,
}

impl Layout {
    /// Analyses a recording with this number of channels. Blocks. Errors: [`AudioError::Cancelled`] once `stop` is
    /// cancelled.
    pub(crate) fn measure(path: &Path, channels: u16, stop: &CancellationToken) -> Result<Self, AudioError> {
        let mut crosstalk = None;
        if channels == 2 {
            if let Some(channel) = duplicate_channel(path, stop)? {
                return Ok(Self::mixed(channel, Note::SameOnBothChannels));
            }
            crosstalk = Crosstalk::measure(path, stop)?;
        }
        if let Some(leak) = crosstalk.as_ref().filter(|leak| !leak.is_separable()) {
            return Ok(Self::mixed(leak.louder_channel(), Note::ChannelsLeak));
        }
        let note = crosstalk.is_some().then_some(Note::CrosstalkRemoved);
        Ok(Self { channels: (0..channels.into()).collect(), is_mixed: false, crosstalk, note })
    }

    fn mixed(channel: usize, note: Note) -> Self {
        Self { channels: vec![channel], is_mixed: true, crosstalk: None, note: Some(note) }
    }
}
