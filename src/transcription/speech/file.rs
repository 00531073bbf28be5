//! Speech detection on a whole file.

use super::{ChannelFinder, Layout, Pauses};
use crate::audio::{AudioError, Decoder};
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// Length at which spans are cut, ms; it does not affect the result.
const MAX_SPAN_MS: u64 = 28_000;

/// Returns the spans of speech on each channel of a recording: begin and end in milliseconds, in order, disjoint.
/// Blocks; takes a fiftieth of the recording's length on one core.
///
/// The engine transcribes the same spans: without silence, tones, noise and music without a voice, and without
/// crosstalk from the other one of two channels. Where one channel is transcribed in place of both, its speech counts
/// for each of them: any speaker may be on it. Errors: [`AudioError::Cancelled`] once `stop` is cancelled.
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
