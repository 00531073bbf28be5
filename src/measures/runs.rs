//! When one voice speaks, and what.

use super::spans::Place;
use super::wording;
use crate::transcription::{Segment, Speaker};

/// A pause up to this belongs to the speech around it, ms: a breath, not a turn.
const BREATH_MS: i64 = 1_000;
/// What is shorter only shows that somebody listens, ms.
const LISTENING_MS: i64 = 1_000;
/// Nothing but "mm-hm" and "okay" shows it up to here, ms.
const LISTENING_WORDS_MS: i64 = 2_000;
/// Words of one voice with no more than a breath between them.
#[derive(Debug)]
pub(super) struct Run {
    pub place: Place,
    words: Vec<String>,
}

impl Run {
    /// Does it only show that somebody listens?
    pub(super) fn is_listening(&self) -> bool {
        let long = self.place.length_ms();
        long < LISTENING_MS || (long < LISTENING_WORDS_MS && wording::only_listening(&self.words))
    }
}

fn ms(at: u64) -> i64 {
    i64::try_from(at).unwrap_or(i64::MAX)
}

/// When one speaks, and what: by the times of words where there are some, else by those of segments.
pub(super) fn runs(segments: &[Segment], who: Speaker) -> Vec<Run> {
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
