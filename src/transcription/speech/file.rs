//! A whole file at once.

use super::{ChannelFinder, Crosstalk, Pauses};
use crate::audio::{AudioError, Decoder};
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// Spans are cut at this length; it does not show in the result.
const SPAN_MS: u64 = 28_000;

/// When somebody speaks on each channel of a recording: begin and end in milliseconds, in order and apart. Blocks; takes a
/// fiftieth of the recording's length on one core.
///
/// It is what the engine listens to, so silence, tones, noise and music without a voice are not in it, nor is what is heard
/// on a channel of two because it leaks from the other one. Ends with [`AudioError::Cancelled`] once `stop` is cancelled.
pub fn speech(path: &Path, stop: &CancellationToken) -> Result<Vec<Vec<(u64, u64)>>, AudioError> {
    let mut decoder = Decoder::open_until(path, stop)?;
    let channels = usize::from(decoder.channels());
    let crosstalk = if channels == 2 { Crosstalk::measure(path, stop)? } else { None };
    let crosstalk = crosstalk.filter(Crosstalk::is_separable);
    let spans = (SPAN_MS, Pauses::SENTENCES);
    let mut finder =
        ChannelFinder::new(decoder.sample_rate(), 0..channels, spans, crosstalk).map_err(AudioError::Damaged)?;
    let mut found = vec![Vec::new(); channels];
    while let Some(block) = decoder.next_block()? {
        finder.push(block, &mut |channel, span| found[channel].extend(span.speech)).map_err(AudioError::Damaged)?;
    }
    finder.finish(&mut |channel, span| found[channel].extend(span.speech)).map_err(AudioError::Damaged)?;
    Ok(found)
}
