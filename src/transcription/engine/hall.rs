//! Where windows are handed to the threads and answers come back.

use super::hear::Heard;
use super::legs::Leg;
use super::pool::{Pool, Reply, Task};
use super::queue::Line;
use super::windows::Window;
use super::words::segments;
use super::{HeardWindow, Step, TranscribeError, TranscriptionRequest};
use crate::transcription::Segment;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, channel};
use tokio_util::sync::CancellationToken;

/// Speech that is enough to tell a language.
const LANGUAGE_MS: u64 = 3_000;

/// What came of a recording.
pub(super) struct Result {
    /// Given or found; nothing where nobody spoke.
    pub(super) language: Option<String>,
    /// How much was listened to.
    pub(super) speech_ms: u64,
    /// In order of time.
    pub(super) segments: Vec<Segment>,
}

/// One recording's windows under way.
pub(super) struct Hall<'a> {
    pool: &'a Pool,
    stop: CancellationToken,
    send: Sender<Reply>,
    replies: Receiver<Reply>,
    /// Windows that are being heard; their samples went with the task.
    open: HashMap<usize, Window>,
    next: usize,
    /// Given, or found in the first windows; one language for the whole call.
    language: Option<String>,
    /// Windows that wait for the language to be found.
    first: Vec<Window>,
    legs: Vec<Leg>,
    request: &'a TranscriptionRequest,
    /// How many windows have come.
    count: usize,
    /// Windows that an earlier attempt has heard, by their place.
    known: HashMap<usize, HeardWindow>,
    duration_ms: u64,
    speech_ms: u64,
    tell: &'a dyn Fn(Step<'_>),
    told: f32,
    segments: Vec<Segment>,
}

type Done<T = ()> = std::result::Result<T, TranscribeError>;

impl<'a> Hall<'a> {
    pub(super) fn new(
        pool: &'a Pool,
        stop: CancellationToken,
        language: Option<String>,
        legs: Vec<Leg>,
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
            language,
            first: Vec::new(),
            legs,
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

    /// Hands the windows on, and takes what came back meanwhile. Waits while all threads are busy.
    pub(super) fn hear_all(&mut self, windows: &mut Vec<Window>) -> Done {
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
        if self.language.is_some() || !self.pool.multilingual() {
            return windows.drain(..).try_for_each(|window| self.hear(window));
        }
        self.first.append(windows);
        if self.is_enough() { self.find_language() } else { Ok(()) }
    }

    /// Waits for what is still being heard.
    pub(super) fn close(mut self) -> Done<Result> {
        self.find_language()?;
        while !self.open.is_empty() {
            let reply = self.replies.recv().map_err(|_| gone())?;
            self.take(reply)?;
        }
        self.segments.sort_by_key(|segment| (segment.start_ms, segment.end_ms, segment.speaker));
        Ok(Result { language: self.language, speech_ms: self.speech_ms, segments: self.segments })
    }

    /// Whether an earlier attempt has heard this window; its words are taken over then.
    fn is_known(&mut self, window: &Window) -> bool {
        let Some(known) = self.known.remove(&window.seq) else { return false };
        let place = (known.channel, known.start_ms, known.until_ms);
        let channel = self.legs.get(window.leg).map_or(usize::MAX, |leg| leg.channel);
        let same = place == (channel, window.start_ms(), window.until_ms());
        if same {
            self.segments.extend(known.segments);
        }
        same
    }

    fn hear(&mut self, mut window: Window) -> Done {
        let samples = std::mem::take(&mut window.samples);
        let number = self.submit(samples)?;
        self.open.insert(number, window);
        Ok(())
    }

    fn submit(&mut self, samples: Vec<f32>) -> Done<usize> {
        let number = self.next;
        self.next += 1;
        let task = Task {
            number,
            samples,
            language: self.language.clone(),
            line: self.line(),
            cancel: self.stop.clone(),
            reply: self.send.clone(),
        };
        self.pool.submit(task)?;
        Ok(number)
    }

    /// In which line its windows wait.
    fn line(&self) -> Line {
        match (self.request.urgent.load(Ordering::Relaxed), self.request.short) {
            (true, _) => Line::Urgent,
            (false, true) => Line::Short,
            (false, false) => Line::Usual,
        }
    }

    /// Everybody has said something, or somebody went on and on.
    fn is_enough(&self) -> bool {
        let spoke = |leg| self.first.iter().any(|window| window.leg == leg && window.speech_ms() >= LANGUAGE_MS);
        self.first.len() > self.legs.len() || (0..self.legs.len()).all(spoke)
    }

    /// Lets the model say for each of the first windows what language it is. They are heard in the same go, so this costs
    /// nothing unless they disagree: then what is the language of less speech, less surely heard, is heard again.
    fn find_language(&mut self) -> Done {
        if self.first.is_empty() {
            return Ok(());
        }
        let mut windows = std::mem::take(&mut self.first);
        let mut numbers = Vec::with_capacity(windows.len());
        for window in &windows {
            // Kept, because it may have to be heard again.
            numbers.push(self.submit(window.samples.clone())?);
        }
        let mut answers = HashMap::new();
        for _ in &windows {
            let (number, heard) = self.replies.recv().map_err(|_| gone())?;
            answers.insert(number, heard?);
        }
        let heard: Vec<Heard> = numbers.iter().filter_map(|number| answers.remove(number)).collect();
        self.language = chosen(&windows, &heard);
        for (window, heard) in windows.drain(..).zip(heard) {
            if self.language.as_ref().is_none_or(|language| *language == heard.language) {
                self.keep(&window, &heard);
            } else {
                self.hear(window)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, (number, heard): Reply) -> Done {
        let heard: Heard = heard?;
        if let Some(window) = self.open.remove(&number) {
            self.keep(&window, &heard);
        }
        Ok(())
    }

    fn keep(&mut self, window: &Window, heard: &Heard) {
        let Some(leg) = self.legs.get(window.leg) else { return };
        let found = segments(window, heard, leg.speaker, self.pool.model().times);
        let heard = HeardWindow {
            seq: window.seq,
            channel: leg.channel,
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

/// How far a recording of this length is at this time: less than 1.
fn share(until_ms: u64, duration_ms: u64) -> f32 {
    // In range and precise enough: hours in milliseconds over the same.
    ((until_ms as f64 / duration_ms.max(1) as f64) as f32).min(0.99)
}

/// The language in which most was said, each window counting for its speech and for how surely it was heard. Windows with
/// little speech count only where there is nothing else.
fn chosen(windows: &[Window], heard: &[Heard]) -> Option<String> {
    let longest = windows.iter().map(Window::speech_ms).max()?;
    let mut weights: BTreeMap<&str, f32> = BTreeMap::new();
    for (window, heard) in windows.iter().zip(heard) {
        if window.speech_ms() >= LANGUAGE_MS.min(longest) {
            *weights.entry(&heard.language).or_default() += window.speech_ms() as f32 * (0.01 + heard.confidence());
        }
    }
    weights.into_iter().max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(language, _)| language.to_owned())
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

#[cfg(test)]
mod tests {
    use super::super::hear::{Token, Utterance};
    use super::super::windows::Packer;
    use super::*;
    use crate::transcription::models::Times;
    use crate::transcription::speech::Span;

    fn window(leg: usize, speech_ms: u64) -> Window {
        let mut packer = Packer::new(leg, 28_000, Times::Model);
        let samples = vec![0.0; 16 * speech_ms as usize];
        assert!(packer.push(Span { audio_start_ms: 0, samples, speech: vec![(0, speech_ms)] }).is_none());
        packer.finish().expect("it holds a span")
    }

    fn heard(language: &str, probability: f32) -> Heard {
        let token = Token { bytes: b" word".to_vec(), probability, time_ms: None };
        let utterance = Utterance { tokens: vec![token], ..Utterance::default() };
        Heard { language: language.to_owned(), utterances: vec![utterance] }
    }

    #[test]
    fn the_language_of_a_call_is_that_of_most_speech_heard_well() {
        let of = |heard: &[(u64, &str, f32)]| {
            let windows: Vec<_> = heard.iter().map(|(ms, ..)| window(0, *ms)).collect();
            let heard: Vec<_> = heard.iter().map(|(_, language, sure)| self::heard(language, *sure)).collect();
            chosen(&windows, &heard)
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[(500, "cy", 0.2)]).as_deref(), Some("cy"), "better than nothing");
        assert_eq!(of(&[(900, "cy", 0.9), (4_000, "de", 0.5)]).as_deref(), Some("de"), "a word is not enough");
        assert_eq!(of(&[(20_000, "nn", 0.3), (15_000, "en", 0.9)]).as_deref(), Some("en"), "rubbish is heard unsurely");
        assert_eq!(of(&[(9_000, "de", 0.8), (9_000, "en", 0.7), (9_000, "en", 0.6)]).as_deref(), Some("en"));
    }
}
