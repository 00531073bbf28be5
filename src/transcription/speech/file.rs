//! A whole file at once.

use super::{ChannelFinder, Layout, Pauses};
use crate::audio::{AudioError, Decoder};
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// Spans are cut at this length; it does not show in the result.
const MAX_SPAN_MS: u64 = 28_000;

/// When somebody speaks on each channel of a recording: begin and end in milliseconds, in order and apart. Blocks; takes a
/// fiftieth of the recording's length on one core.
///
/// It is what the engine listens to, so silence, tones, noise and music without a voice are not in it, nor is what is heard
/// on a channel of two because it leaks from the other one. Where one channel is listened to in place of both, its speech counts for
/// each of them: any speaker may be heard on it. Ends with [`AudioError::Cancelled`] once `stop` is cancelled.
pub fn speech(path: &Path, stop: &CancellationToken) -> Result<Vec<Vec<(u64, u64)>>, AudioError> {
    let mut decoder = Decoder::open_until(path, stop)?;
    let layout = Layout::measure(path, decoder.channels(), stop)?;
    let mut found = vec![Vec::new(); layout.channels.len()];
    let spans = (MAX_SPAN_MS, Pauses::SENTENCES);
    let mut finder = ChannelFinder::new(decoder.sample_rate(), layout.channels, spans, layout.crosstalk)
        .map_err(AudioError::Damaged)?;
    while let Some(block) = decoder.next_block()? {
        finder.push(block, &mut |at, span| found[at].extend(span.speech)).map_err(AudioError::Damaged)?;
    }
    finder.finish(&mut |at, span| found[at].extend(span.speech)).map_err(AudioError::Damaged)?;
    if layout.is_mixed {
        found.resize(decoder.channels().into(), found[0].clone());
    }
    Ok(found)
}
