//! Runs of speech of one speaker, with their words.

use super::spans::{Place, joined};
use super::wording;
use crate::transcription::{ChannelSpeech, Segment, Speaker};

/// Maximum pause within a run, ms: a breath, not a turn.
const BREATH_MS: i64 = 1_000;
/// Maximum length of a run that is only a signal of listening, ms.
const LISTENING_MS: i64 = 1_000;
/// Maximum length of a run that is only "mm-hm" and "okay", ms.
const LISTENING_WORDS_MS: i64 = 2_000;
/// Words of one speaker with pauses no longer than a breath.
#[derive(Debug)]
pub(super) struct Run {
    pub place: Place,
    words: Vec<String>,
}

impl Run {
    /// Whether it is only a signal of listening.
    pub(super) fn is_listening(&self) -> bool {
        let long = self.place.length_ms();
        long < LISTENING_MS || (long < LISTENING_WORDS_MS && wording::only_listening(&self.words))
    }
}

fn ms(at: u64) -> i64 {
    i64::try_from(at).unwrap_or(i64::MAX)
}

/// Returns the runs of a speaker. A span of speech gets the words nearest to it; one without words is a breath or a
/// noise. Where `speech` has no spans of this speaker, the times of words are used, or those of segments without words.
pub(super) fn runs(segments: &[Segment], speech: &[ChannelSpeech], who: Speaker) -> Vec<Run> {
    let mut said = words(segments, who);
    let spans = speech.iter().filter(|channel| channel.speaker == who).flat_map(|channel| &channel.spans);
    let spans = joined(spans.map(|(start, end)| Place::new(ms(*start), ms(*end))).collect(), 0);
    if !spans.is_empty() {
        for (place, _) in &mut said {
            *place = nearest(&spans, *place);
        }
    }
    said.sort_by_key(|(place, _)| *place);
    let mut runs: Vec<Run> = Vec::new();
    for (place, text) in said {
        let words = wording::words(text);
        match runs.last_mut().filter(|last| place.start_ms - last.place.end_ms <= BREATH_MS) {
            Some(last) => {
                last.place.end_ms = last.place.end_ms.max(place.end_ms);
                last.words.extend(words);
            }
            None => runs.push(Run { place, words }),
        }
    }
    runs.retain(|run| run.place.length_ms() > 0);
    runs
}

/// Returns the words of a speaker, or the segments that have none, with their times.
fn words(segments: &[Segment], who: Speaker) -> Vec<(Place, &str)> {
    let mut said: Vec<(Place, &str)> = Vec::new();
    for segment in segments.iter().filter(|s| s.speaker == who) {
        let (start, end) = (ms(segment.start_ms), ms(segment.end_ms).max(ms(segment.start_ms)));
        if segment.words.is_empty() {
            said.push((Place::new(start, end), &segment.text));
        }
        for word in &segment.words {
            let place = Place::new(ms(word.start_ms).clamp(start, end), ms(word.end_ms).clamp(start, end));
            said.push((place, &word.text));
        }
    }
    said
}

/// Returns the span that contains the middle of `place`, or the nearest one; `spans` is in order, and not empty.
fn nearest(spans: &[Place], place: Place) -> Place {
    let middle = place.start_ms.midpoint(place.end_ms);
    let distance = |span: &&Place| (span.start_ms - middle).max(middle - span.end_ms).max(0);
    let behind = spans.partition_point(|span| span.end_ms < middle);
    spans[behind.saturating_sub(1)..(behind + 1).min(spans.len())].iter().min_by_key(distance).copied().unwrap_or(place)
}
