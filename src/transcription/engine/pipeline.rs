//! Pipeline of one recording: decoding, resampling, speech detection and transcription as a stream, so that memory does
//! not grow with its length.

use super::channel_plan::{ChannelPlan, PlannedChannel, plan};
use super::dispatcher::Dispatcher;
use super::pool::Pool;
use super::windows::{Packer, Window};
use super::{Step, TranscribeError, TranscriptionRequest};
use crate::audio::{Decoder, probe};
use crate::transcription::models::Times;
use crate::transcription::speech::{ChannelFinder, Crosstalk, Pauses};
use crate::transcription::{ChannelSpeech, Note, Speaker, Transcript};
use tokio_util::sync::CancellationToken;

/// Runs the pipeline on its own thread.
pub(super) fn run(
    pool: &Pool,
    request: &TranscriptionRequest,
    language: Option<String>,
    tell: &dyn Fn(Step<'_>),
    cancel: &CancellationToken,
) -> Result<Transcript, TranscribeError> {
    let mut decoder = Decoder::open(&request.path)?;
    let ChannelPlan { planned, crosstalk, note } = plan(&request.path, decoder.channels(), &request.speakers, cancel)?;
    let duration_ms = match decoder.promised_ms() {
        Some(ms) => ms,
        None => probe(&request.path)?.duration_ms,
    };
    // Stops what is still queued when this ends early, whatever the reason.
    let stop = cancel.child_token();
    let _guard = stop.clone().drop_guard();
    let mut pipeline =
        Pipeline::new(pool, decoder.sample_rate(), &planned, crosstalk).map_err(TranscribeError::Engine)?;
    let speakers: Vec<Speaker> = planned.iter().map(|planned_channel| planned_channel.speaker).collect();
    // The language detected at the beginning applies to the whole call.
    let language = language.or_else(|| request.known.first().map(|window| window.language.clone()));
    let mut dispatcher = Dispatcher::new(pool, stop, language, planned, request, duration_ms, tell);
    let mut frames = 0;
    while let Some(block) = decoder.next_block()? {
        frames += block.first().map_or(0, Vec::len) as u64;
        dispatcher.transcribe_all(pipeline.push(block).map_err(TranscribeError::Engine)?)?;
    }
    let (mut rest, speech) = pipeline.finish().map_err(TranscribeError::Engine)?;
    dispatcher.transcribe_all(&mut rest)?;
    let speech = speakers.into_iter().zip(speech).map(|(speaker, spans)| ChannelSpeech { speaker, spans }).collect();
    let truncated = decoder.truncated().then_some(Note::Truncated);
    let notes = truncated.into_iter().chain(note).collect();
    let heard = dispatcher.close()?;
    tell(Step { progress: 1.0, window: None });
    // Without speech the language is undetermined.
    let unknown = || if pool.multilingual() { "und" } else { "en" }.to_owned();
    Ok(Transcript {
        language: heard.language.unwrap_or_else(unknown),
        model: pool.model().name.clone(),
        audio_ms: frames * 1000 / u64::from(decoder.sample_rate()),
        speech_ms: heard.speech_ms,
        speech,
        segments: heard.segments,
        notes,
    })
}

/// Spans of speech on a channel: begin and end, ms.
type SpeechSpans = Vec<(u64, u64)>;

/// Pipeline from the channels of the recording to windows for the model.
struct Pipeline {
    finder: ChannelFinder,
    packers: Vec<Packer>,
    /// Spans of speech, by channel.
    speech: Vec<SpeechSpans>,
    ready: Vec<Window>,
}

impl Pipeline {
    fn new(pool: &Pool, rate: u32, planned: &[PlannedChannel], crosstalk: Option<Crosstalk>) -> Result<Self, String> {
        let model = pool.model();
        let pauses = match model.times {
            Times::Spans => Pauses::PHRASES,
            Times::Model => Pauses::SENTENCES,
        };
        let channels = planned.iter().map(|planned_channel| planned_channel.channel);
        let packer = |number| Packer::new(number, model.max_span_ms, model.times);
        Ok(Self {
            finder: ChannelFinder::new(rate, channels, (model.max_span_ms, pauses), crosstalk)?,
            packers: (0..planned.len()).map(packer).collect(),
            speech: vec![Vec::new(); planned.len()],
            ready: Vec::new(),
        })
    }

    /// Takes a block of the recording; returns the windows that are full.
    fn push(&mut self, block: &[Vec<f32>]) -> Result<&mut Vec<Window>, String> {
        let Self { finder, packers, speech, ready } = self;
        finder.push(block, &mut |at, span| {
            speech[at].extend_from_slice(&span.speech);
            ready.extend(packers[at].push(span));
        })?;
        Ok(ready)
    }

    /// Ends the recording; returns the last windows, and the spans of speech on each channel.
    fn finish(self) -> Result<(Vec<Window>, Vec<SpeechSpans>), String> {
        let Self { finder, mut packers, mut speech, mut ready } = self;
        finder.finish(&mut |at, span| {
            speech[at].extend_from_slice(&span.speech);
            ready.extend(packers[at].push(span));
        })?;
        ready.extend(packers.into_iter().filter_map(Packer::finish));
        Ok((ready, speech))
    }
}
