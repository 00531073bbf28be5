//! Dispatches the windows of a recording to the threads of the engine, and collects their output.

use super::channel_plan::PlannedChannel;
use super::inference::DecodedWindow;
use super::language::{DecoderLanguage, Evidence, likeliest, only_allowed};
use super::pool::{Pool, Reply, Task, TaskKind, TaskOutput};
use super::queue::Lane;
use super::turns::turns;
use super::windows::Window;
use super::words::segments;
use super::{HeardWindow, Step, TranscribeError, TranscriptionRequest};
use crate::transcription::Segment;
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, channel};
use tokio_util::sync::CancellationToken;

/// Length of speech from which a language is detected.
const LANGUAGE_MS: u64 = 3_000;

/// Output for one recording.
pub(super) struct Result {
    /// Language, given or detected; `None` where there is no speech.
    pub(super) language: Option<String>,
    /// Length of the speech, ms.
    pub(super) speech_ms: u64,
    /// Segments, in order of time.
    pub(super) segments: Vec<Segment>,
}

/// Windows of one recording.
pub(super) struct Dispatcher<'a> {
    pool: &'a Pool,
    stop: CancellationToken,
    send: Sender<Reply>,
    replies: Receiver<Reply>,
    /// Windows that are being transcribed, without their samples, by the number of their task.
    open: HashMap<usize, Window>,
    next: usize,
    /// Given, or detected in the first windows; one language for the whole recording.
    language: Option<DecoderLanguage>,
    /// Windows that wait for the language.
    first: Vec<Window>,
    planned: Vec<PlannedChannel>,
    request: &'a TranscriptionRequest,
    /// Number of windows so far.
    count: usize,
    /// Windows that an earlier attempt has transcribed, by their `seq`.
    known: HashMap<usize, HeardWindow>,
    duration_ms: u64,
    speech_ms: u64,
    tell: &'a dyn Fn(Step<'_>),
    told: f32,
    segments: Vec<Segment>,
}

type EngineResult<T = ()> = std::result::Result<T, TranscribeError>;

impl<'a> Dispatcher<'a> {
    pub(super) fn new(
        pool: &'a Pool,
        stop: CancellationToken,
        language: Option<String>,
        planned: Vec<PlannedChannel>,
        request: &'a TranscriptionRequest,
        duration_ms: u64,
        tell: &'a dyn Fn(Step<'_>),
    ) -> Self {
        let (send, replies) = channel();
        let known: HashMap<usize, HeardWindow> =
            request.known.iter().map(|window| (window.seq, window.clone())).collect();
        let told = known.values().map(|window| share(window.until_ms, duration_ms)).fold(0.0, f32::max);
        Self {
            pool,
            stop,
            send,
            replies,
            open: HashMap::new(),
            next: 0,
            language: language.map(|code| decoder_language(code, request)),
            first: Vec::new(),
            planned,
            request,
            count: 0,
            known,
            duration_ms,
            speech_ms: 0,
            tell,
            told,
            segments: Vec::new(),
        }
    }

    /// Submits the windows and collects finished ones. Waits while all threads are busy.
    pub(super) fn transcribe_all(&mut self, windows: &mut Vec<Window>) -> EngineResult {
        if self.stop.is_cancelled() {
            return Err(TranscribeError::Cancelled);
        }
        while let Ok(reply) = self.replies.try_recv() {
            self.take(reply)?;
        }
        for window in windows.iter_mut() {
            window.seq = self.count;
            self.count += 1;
        }
        self.speech_ms += windows.iter().map(Window::speech_ms).sum::<u64>();
        windows.retain(|window| !self.is_known(window));
        if let Some(language) = self.language.clone() {
            return windows.drain(..).try_for_each(|window| self.transcribe(window, &language));
        }
        self.first.append(windows);
        if self.is_enough() { self.find_language() } else { Ok(()) }
    }

    /// Waits for the windows that are still being transcribed.
    pub(super) fn close(mut self) -> EngineResult<Result> {
        self.find_language()?;
        while !self.open.is_empty() {
            let reply = self.replies.recv().map_err(|_| threads_gone())?;
            self.take(reply)?;
        }
        Ok(Result {
            language: self.language.map(|spoken| spoken.code),
            speech_ms: self.speech_ms,
            segments: turns(self.segments),
        })
    }

    /// Whether an earlier attempt has transcribed this window; if so, its words are kept.
    fn is_known(&mut self, window: &Window) -> bool {
        let Some(known) = self.known.remove(&window.seq) else { return false };
        let place = (known.channel, known.start_ms, known.until_ms);
        let channel =
            self.planned.get(window.planned_channel).map_or(usize::MAX, |planned_channel| planned_channel.channel);
        let same = place == (channel, window.start_ms(), window.until_ms());
        if same {
            self.segments.extend(known.segments);
        }
        same
    }

    fn transcribe(&mut self, mut window: Window, language: &DecoderLanguage) -> EngineResult {
        let samples = std::mem::take(&mut window.samples);
        let number = self.submit(samples, TaskKind::Transcribe(language.clone()))?;
        self.open.insert(number, window);
        Ok(())
    }

    fn submit(&mut self, samples: Vec<f32>, work: TaskKind) -> EngineResult<usize> {
        let number = self.next;
        self.next += 1;
        let (line, cancel, reply) = (self.line(), self.stop.clone(), self.send.clone());
        self.pool.submit(Task { number, samples, work, line, cancel, reply })?;
        Ok(number)
    }

    /// Returns the lane of its windows.
    fn line(&self) -> Lane {
        match (self.request.urgent.load(Ordering::Relaxed), self.request.short) {
            (true, _) => Lane::Urgent,
            (false, true) => Lane::Short,
            (false, false) => Lane::Usual,
        }
    }

    /// Whether the language can be found now: only one is allowed, or there is enough speech on every channel, or much
    /// on one.
    fn is_enough(&self) -> bool {
        if only_allowed(&self.request.languages).is_some() {
            return true;
        }
        let spoke = |planned_channel| {
            self.first
                .iter()
                .any(|window| window.planned_channel == planned_channel && window.speech_ms() >= LANGUAGE_MS)
        };
        self.first.len() > self.planned.len() || (0..self.planned.len()).all(spoke)
    }

    /// Detects the language of the whole recording and submits the windows that wait for it.
    fn find_language(&mut self) -> EngineResult {
        if self.first.is_empty() {
            return Ok(());
        }
        let windows = std::mem::take(&mut self.first);
        let code = match only_allowed(&self.request.languages) {
            Some(code) => code,
            None => self.detect_language(&windows)?,
        };
        let language = decoder_language(code, self.request);
        self.language = Some(language.clone());
        windows.into_iter().try_for_each(|window| self.transcribe(window, &language))
    }

    /// Returns the language of the window with most speech of each channel.
    fn detect_language(&mut self, windows: &[Window]) -> EngineResult<String> {
        let of_leg = |planned_channel| {
            windows
                .iter()
                .filter(move |window| window.planned_channel == planned_channel)
                .max_by_key(|window| window.speech_ms())
        };
        let asked: Vec<&Window> = (0..self.planned.len()).filter_map(of_leg).collect();
        let mut evidence = HashMap::new();
        for window in &asked {
            let number = self.submit(window.samples.clone(), TaskKind::DetectLanguage)?;
            evidence.insert(number, window.speech_ms());
        }
        let mut found = Vec::with_capacity(asked.len());
        for _ in &asked {
            let (number, languages) = self.replies.recv().map_err(|_| threads_gone())?;
            if let (TaskOutput::Languages(shares), Some(speech_ms)) = (languages?, evidence.remove(&number)) {
                found.push(Evidence { shares, speech_ms });
            }
        }
        let language = likeliest(&found, &self.request.languages, self.request.hint.as_deref());
        Ok(language.unwrap_or_else(|| "en".to_owned()))
    }

    fn take(&mut self, (number, found): Reply) -> EngineResult {
        let found = found?;
        if let (Some(window), TaskOutput::Words(heard)) = (self.open.remove(&number), found) {
            self.keep(&window, &heard);
        }
        Ok(())
    }

    fn keep(&mut self, window: &Window, heard: &DecodedWindow) {
        let Some(planned_channel) = self.planned.get(window.planned_channel) else { return };
        let found = segments(window, heard, planned_channel.speaker, self.pool.model().times);
        let heard = HeardWindow {
            seq: window.seq,
            channel: planned_channel.channel,
            start_ms: window.start_ms(),
            until_ms: window.until_ms(),
            language: heard.language.clone(),
            segments: found.into_iter().map(|segment| clamp(segment, self.duration_ms)).collect(),
        };
        self.told = self.told.max(share(heard.until_ms, self.duration_ms));
        (self.tell)(Step { progress: self.told, window: Some(&heard) });
        self.segments.extend(heard.segments);
    }
}

fn decoder_language(code: String, request: &TranscriptionRequest) -> DecoderLanguage {
    DecoderLanguage::new(code, request.language.as_deref().or(request.hint.as_deref()))
}

/// Returns the progress of a recording of this length at this time: less than 1.
fn share(until_ms: u64, duration_ms: u64) -> f32 {
    // In range and precise enough: hours in milliseconds over the same.
    ((until_ms as f64 / duration_ms.max(1) as f64) as f32).min(0.99)
}

/// Limits the times of a segment to the length of the recording: the silence after the last word may exceed it.
fn clamp(mut segment: Segment, duration_ms: u64) -> Segment {
    segment.start_ms = segment.start_ms.min(duration_ms);
    segment.end_ms = segment.end_ms.min(duration_ms);
    for word in &mut segment.words {
        word.start_ms = word.start_ms.min(duration_ms);
        word.end_ms = word.end_ms.min(duration_ms);
    }
    segment
}

fn threads_gone() -> TranscribeError {
    TranscribeError::Engine("its threads are gone".to_owned())
}
