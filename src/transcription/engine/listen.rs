//! One recording from its first sample to its last word: decoded, resampled, searched for speech and heard as it streams
//! by, so that memory does not grow with its length.

use super::hall::Hall;
use super::legs::{Leg, legs};
use super::pool::Pool;
use super::windows::{Packer, Window};
use super::{Step, TranscribeError, TranscriptionRequest};
use crate::audio::{Decoder, probe};
use crate::transcription::models::Times;
use crate::transcription::resample::Resampler;
use crate::transcription::speech::{Pauses, SpeechFinder};
use crate::transcription::{Note, Transcript};
use tokio_util::sync::CancellationToken;

/// Runs on a thread of its own.
pub(super) fn listen(
    pool: &Pool,
    request: &TranscriptionRequest,
    language: Option<String>,
    tell: &dyn Fn(Step<'_>),
    cancel: &CancellationToken,
) -> Result<Transcript, TranscribeError> {
    let mut decoder = Decoder::open(&request.path)?;
    let (legs, same) = legs(&request.path, decoder.channels(), &request.speakers)?;
    let duration_ms = match decoder.promised_ms() {
        Some(ms) => ms,
        None => probe(&request.path)?.duration_ms,
    };
    // Stops what is still queued when this ends early, whatever the reason.
    let stop = cancel.child_token();
    let _guard = stop.clone().drop_guard();
    let chains = legs.iter().enumerate().map(|(number, leg)| Chain::new(pool, &decoder, number, *leg));
    let mut chains = chains.collect::<Result<Vec<_>, _>>()?;
    // The whole call is in the language in which its beginning was heard.
    let language = language.or_else(|| request.known.first().map(|window| window.language.clone()));
    let mut hall = Hall::new(pool, stop, language, legs, request, duration_ms, tell);
    let mut frames = 0;
    while let Some(block) = decoder.next_block()? {
        frames += block.first().map_or(0, Vec::len) as u64;
        for chain in &mut chains {
            let samples = block.get(chain.leg.channel).map_or(&[][..], Vec::as_slice);
            chain.push(samples).map_err(TranscribeError::Engine)?;
        }
        for chain in &mut chains {
            hall.hear_all(&mut chain.ready)?;
        }
    }
    for chain in chains {
        hall.hear_all(&mut chain.finish().map_err(TranscribeError::Engine)?)?;
    }
    let truncated = decoder.truncated().then_some(Note::Truncated);
    let notes = truncated.into_iter().chain(same.then_some(Note::SameOnBothChannels)).collect();
    let heard = hall.close()?;
    tell(Step { progress: 1.0, window: None });
    // Of nothing the language cannot be told.
    let unknown = || if pool.multilingual() { "und" } else { "en" }.to_owned();
    Ok(Transcript {
        language: heard.language.unwrap_or_else(unknown),
        model: pool.model().name.clone(),
        audio_ms: frames * 1000 / u64::from(decoder.sample_rate()),
        speech_ms: heard.speech_ms,
        segments: heard.segments,
        notes,
    })
}

/// What a channel passes through on its way to the model.
struct Chain {
    leg: Leg,
    resampler: Resampler,
    finder: SpeechFinder,
    packer: Packer,
    ready: Vec<Window>,
}

impl Chain {
    fn new(pool: &Pool, decoder: &Decoder, number: usize, leg: Leg) -> Result<Self, TranscribeError> {
        let model = pool.model();
        let pauses = match model.times {
            Times::Spans => Pauses::PHRASES,
            Times::Model => Pauses::SENTENCES,
        };
        Ok(Self {
            leg,
            resampler: Resampler::new(decoder.sample_rate()).map_err(TranscribeError::Engine)?,
            finder: SpeechFinder::new(model.max_span_ms, pauses),
            packer: Packer::new(number, model.max_span_ms, model.times),
            ready: Vec::new(),
        })
    }

    fn push(&mut self, samples: &[f32]) -> Result<(), String> {
        let Self { resampler, finder, packer, ready, .. } = self;
        resampler.push(samples, &mut |samples| finder.push(samples, &mut |span| ready.extend(packer.push(span))))
    }

    fn finish(self) -> Result<Vec<Window>, String> {
        let Self { resampler, mut finder, mut packer, mut ready, .. } = self;
        resampler.finish(&mut |samples| finder.push(samples, &mut |span| ready.extend(packer.push(span))))?;
        finder.finish(&mut |span| ready.extend(packer.push(span)));
        ready.extend(packer.finish());
        Ok(ready)
    }
}
