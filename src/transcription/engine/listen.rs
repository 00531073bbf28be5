//! One recording from its first sample to its last word: decoded, resampled, searched for speech and heard as it streams
//! by, so that memory does not grow with its length.

use super::hear::Heard;
use super::legs::{Leg, legs};
use super::pool::{Pool, Reply, Task};
use super::windows::{Packer, Window};
use super::words::segments;
use super::{TranscribeError, TranscriptionRequest};
use crate::audio::{Decoder, probe};
use crate::transcription::models::Times;
use crate::transcription::resample::Resampler;
use crate::transcription::speech::{Pauses, SpeechFinder};
use crate::transcription::{Note, Segment, Transcript};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use tokio_util::sync::CancellationToken;

/// Speech that is enough to tell the language of the whole call.
const LANGUAGE_MS: u64 = 3_000;

/// Runs on a thread of its own.
pub(super) fn listen(
    pool: &Pool,
    request: &TranscriptionRequest,
    language: Option<String>,
    progress: &dyn Fn(f32),
    cancel: &CancellationToken,
) -> Result<Transcript, TranscribeError> {
    let mut decoder = Decoder::open(&request.path)?;
    let (legs, same) = legs(&request.path, decoder.channels(), &request.speakers)?;
    let duration_ms = match decoder.promised_ms() {
        Some(ms) => ms,
        None => probe(&request.path)?.duration_ms,
    };
    let (send, replies) = channel();
    // Stops what is still queued when this ends early, whatever the reason.
    let stop = cancel.child_token();
    let _guard = stop.clone().drop_guard();
    let legs = legs.into_iter().enumerate().map(|(number, leg)| Chain::new(pool, &decoder, number, leg));
    let mut chains = legs.collect::<Result<Vec<_>, _>>()?;
    let speakers = chains.iter().map(|chain| chain.leg).collect();
    let mut hall = Hall {
        pool,
        stop,
        send,
        replies,
        open: HashMap::new(),
        next: 0,
        language,
        legs: speakers,
        urgent: &request.urgent,
        duration_ms,
        progress,
        told: 0.0,
        segments: Vec::new(),
    };
    while let Some(block) = decoder.next_block()? {
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
    let (language, segments) = hall.close()?;
    progress(1.0);
    // Of nothing the language cannot be told.
    let language = language.unwrap_or_else(|| if pool.multilingual() { "und".to_owned() } else { "en".to_owned() });
    Ok(Transcript { language, model: pool.model().name.clone(), segments, notes })
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

/// Where windows are handed to the threads and answers come back.
struct Hall<'a> {
    pool: &'a Pool,
    stop: CancellationToken,
    send: Sender<Reply>,
    replies: Receiver<Reply>,
    /// Windows that are being heard; their samples went with the task.
    open: HashMap<usize, Window>,
    next: usize,
    /// Given, or found in the first window with enough speech; one language for the whole call.
    language: Option<String>,
    legs: Vec<Leg>,
    urgent: &'a AtomicBool,
    duration_ms: u64,
    progress: &'a dyn Fn(f32),
    told: f32,
    segments: Vec<Segment>,
}

impl Hall<'_> {
    fn hear_all(&mut self, windows: &mut Vec<Window>) -> Result<(), TranscribeError> {
        if self.stop.is_cancelled() {
            return Err(TranscribeError::Cancelled);
        }
        while let Ok(reply) = self.replies.try_recv() {
            self.take(reply)?;
        }
        windows.drain(..).try_for_each(|window| self.hear(window))
    }

    fn hear(&mut self, mut window: Window) -> Result<(), TranscribeError> {
        let number = self.next;
        self.next += 1;
        let samples = std::mem::take(&mut window.samples);
        self.open.insert(number, window);
        let task = Task {
            number,
            samples,
            language: self.language.clone(),
            urgent: self.urgent.load(Ordering::Relaxed),
            cancel: self.stop.clone(),
            reply: self.send.clone(),
        };
        self.pool.submit(task)?;
        // One after the other until the language is known: each for itself would guess each for itself.
        if self.pool.multilingual() && self.language.is_none() {
            let reply = self.replies.recv().map_err(|_| gone())?;
            self.take(reply)?;
        }
        Ok(())
    }

    fn take(&mut self, (number, heard): Reply) -> Result<(), TranscribeError> {
        let heard: Heard = heard?;
        let Some(window) = self.open.remove(&number) else { return Ok(()) };
        if self.language.is_none() && window.speech_ms() >= LANGUAGE_MS {
            self.language = Some(heard.language.clone());
        }
        let Some(leg) = self.legs.get(window.leg) else { return Ok(()) };
        let found = segments(&window, &heard, leg.speaker, self.pool.model().times);
        self.segments.extend(found.into_iter().map(|segment| clamp(segment, self.duration_ms)));
        // In range and precise enough: hours in milliseconds over the same.
        let share = (window.until_ms() as f64 / self.duration_ms.max(1) as f64) as f32;
        if share.min(0.99) > self.told {
            self.told = share.min(0.99);
            (self.progress)(self.told);
        }
        Ok(())
    }

    fn close(mut self) -> Result<(Option<String>, Vec<Segment>), TranscribeError> {
        while !self.open.is_empty() {
            let reply = self.replies.recv().map_err(|_| gone())?;
            self.take(reply)?;
        }
        self.segments.sort_by_key(|segment| (segment.start_ms, segment.end_ms, segment.speaker));
        Ok((self.language, self.segments))
    }
}

/// Air behind the last word may lie behind the end.
fn clamp(mut segment: Segment, duration_ms: u64) -> Segment {
    segment.start_ms = segment.start_ms.min(duration_ms);
    segment.end_ms = segment.end_ms.min(duration_ms);
    for word in &mut segment.words {
        word.start_ms = word.start_ms.min(duration_ms);
        word.end_ms = word.end_ms.min(duration_ms);
    }
    segment
}

fn gone() -> TranscribeError {
    TranscribeError::Engine("its threads are gone".to_owned())
}
