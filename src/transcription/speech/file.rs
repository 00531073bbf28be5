//! A whole file at once.

use super::super::resample::Resampler;
use super::{Pauses, SpeechFinder};
use crate::audio::{AudioError, Decoder};
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// Spans are cut at this length; it does not show in the result.
const SPAN_MS: u64 = 28_000;

/// When somebody speaks on each channel of a recording: begin and end in milliseconds, in order and apart. Blocks; takes a
/// hundredth of the recording's length on one core.
///
/// It is what the engine listens to, so silence, tones, noise and music without a voice are not in it. Ends with
/// [`AudioError::Cancelled`] once `stop` is cancelled.
pub fn speech(path: &Path, stop: &CancellationToken) -> Result<Vec<Vec<(u64, u64)>>, AudioError> {
    let mut decoder = Decoder::open_until(path, stop)?;
    let channels = usize::from(decoder.channels());
    let mut found = vec![Vec::new(); channels];
    let failed = AudioError::Damaged;
    let finder = || SpeechFinder::new(SPAN_MS, Pauses::SENTENCES);
    let chain = |_| Resampler::new(decoder.sample_rate()).map(|resampler| (resampler, finder()));
    let mut chains = (0..channels).map(chain).collect::<Result<Vec<_>, _>>().map_err(failed)?;
    while let Some(block) = decoder.next_block()? {
        for ((samples, (resampler, finder)), found) in block.iter().zip(&mut chains).zip(&mut found) {
            let sink = &mut |samples: &[f32]| finder.push(samples, &mut |span| found.extend(span.speech));
            resampler.push(samples, sink).map_err(failed)?;
        }
    }
    for ((resampler, mut finder), found) in chains.into_iter().zip(&mut found) {
        resampler.finish(&mut |samples| finder.push(samples, &mut |span| found.extend(span.speech))).map_err(failed)?;
        finder.finish(&mut |span| found.extend(span.speech));
    }
    Ok(found)
}
