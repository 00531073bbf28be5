//! Channels of a recording, from samples to spans of speech: resampling, removal of crosstalk, speech detection.

use super::super::resample::{RATE, Resampler};
use super::{Crosstalk, CrosstalkGate, Pauses, Span, SpeechFinder};

/// Finds the spans of all channels to be transcribed, as a stream.
pub(crate) struct ChannelFinder {
    /// Each with the index of its channel in the recording, from 0.
    resamplers: Vec<(usize, Resampler)>,
    /// Resampled audio that is not yet searched, by channel.
    sounds: Vec<Vec<f32>>,
    finders: Vec<SpeechFinder>,
    /// Gate for two channels with crosstalk.
    gate: Option<CrosstalkGate>,
}

impl ChannelFinder {
    /// Returns a finder for `channels` of a recording of that sample rate. Spans have at most `max_span_ms`.
    /// `crosstalk` is that of channels 0 and 1, both of which are transcribed.
    pub(crate) fn new(
        rate: u32,
        channels: impl IntoIterator<Item = usize>,
        (max_span_ms, pauses): (u64, Pauses),
        crosstalk: Option<Crosstalk>,
    ) -> Result<Self, String> {
        let resampler = |channel| Ok((channel, Resampler::new(rate, RATE)?));
        let resamplers: Vec<_> = channels.into_iter().map(resampler).collect::<Result<_, String>>()?;
        let sounds = vec![Vec::new(); resamplers.len()];
        let finders = resamplers.iter().map(|_| SpeechFinder::new(max_span_ms, pauses)).collect();
        Ok(Self { resamplers, sounds, finders, gate: crosstalk.map(CrosstalkGate::new) })
    }

    /// Takes a block of the recording; passes spans to the sink with the index of their channel among those that are
    /// transcribed.
    pub(crate) fn push(&mut self, block: &[Vec<f32>], sink: &mut impl FnMut(usize, Span)) -> Result<(), String> {
        for ((channel, resampler), sound) in self.resamplers.iter_mut().zip(&mut self.sounds) {
            let samples = block.get(*channel).map_or(&[][..], Vec::as_slice);
            resampler.push(samples, &mut |samples| sound.extend_from_slice(samples))?;
        }
        self.search(sink);
        Ok(())
    }

    /// Ends the recording; passes the last spans to the sink.
    pub(crate) fn finish(mut self, sink: &mut impl FnMut(usize, Span)) -> Result<(), String> {
        for ((_, resampler), sound) in std::mem::take(&mut self.resamplers).into_iter().zip(&mut self.sounds) {
            resampler.finish(&mut |samples| sound.extend_from_slice(samples))?;
        }
        self.search(sink);
        let finders = &mut self.finders;
        if let Some(gate) = self.gate.take() {
            gate.finish(&mut |at, samples| finders[at].push(samples, &mut |span| sink(at, span)));
        }
        for (at, finder) in self.finders.into_iter().enumerate() {
            finder.finish(&mut |span| sink(at, span));
        }
        Ok(())
    }

    fn search(&mut self, sink: &mut impl FnMut(usize, Span)) {
        let finders = &mut self.finders;
        let mut find = |at: usize, samples: &[f32]| finders[at].push(samples, &mut |span| sink(at, span));
        match (&mut self.gate, self.sounds.as_slice()) {
            (Some(gate), [left, right]) => gate.push([left, right], &mut find),
            (_, sounds) => sounds.iter().enumerate().for_each(|(at, sound)| find(at, sound)),
        }
        self.sounds.iter_mut().for_each(Vec::clear);
    }
}
