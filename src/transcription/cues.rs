//! Subtitles: a turn is split into readable lengths, at the end of a sentence or in a pause where there is one.

use super::{Segment, Word};
use crate::masking::join_words;

/// A subtitle: part of a turn.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cue {
    pub(super) start_ms: u64,
    pub(super) end_ms: u64,
    pub(super) text: String,
}

/// Maximum length of a subtitle: two lines of 42 characters.
const MAX_CHARS: usize = 84;
/// Maximum duration of a subtitle, ms.
const MAX_MS: u64 = 7_000;
/// Minimum length of a sentence that ends a subtitle, in characters.
const MIN_SENTENCE_CHARS: usize = 30;
/// Minimum length of a pause that ends a subtitle, ms.
const PAUSE_MS: u64 = 1_500;

/// Returns the subtitles of a turn, in order. A turn without words is one subtitle.
pub(super) fn cues(segment: &Segment) -> Vec<Cue> {
    let words: Vec<&Word> = segment.words.iter().collect();
    if words.is_empty() || join_words(words.iter().map(|word| word.text.as_str())) != segment.text {
        return vec![Cue { start_ms: segment.start_ms, end_ms: segment.end_ms, text: segment.text.clone() }];
    }
    let mut cues = Vec::new();
    let mut rest = &words[..];
    while let Some(first) = rest.first() {
        let count = (1..rest.len()).find(|count| ends(&rest[..*count], rest[*count])).unwrap_or(rest.len());
        let (cue, behind) = rest.split_at(count);
        let end_ms = cue.last().map_or(first.end_ms, |word| word.end_ms);
        let text = join_words(cue.iter().map(|word| word.text.as_str()));
        cues.push(Cue { start_ms: first.start_ms, end_ms, text });
        rest = behind;
    }
    cues
}

/// Whether a subtitle of these words ends before the next word.
fn ends(words: &[&Word], next: &Word) -> bool {
    let [first, .., last] = words else { return words.first().is_some_and(|only| pause(only, next)) };
    let letters: usize = words.iter().map(|word| word.text.chars().count() + 1).sum();
    let sentence = last.text.ends_with(['.', '?', '!', '。', '？', '！']) && letters > MIN_SENTENCE_CHARS;
    let long = letters + next.text.chars().count() > MAX_CHARS || next.end_ms.saturating_sub(first.start_ms) > MAX_MS;
    sentence || long || pause(last, next)
}

fn pause(word: &Word, next: &Word) -> bool {
    next.start_ms.saturating_sub(word.end_ms) >= PAUSE_MS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcription::Speaker;

    /// Consecutive words of 300 ms each; `|` is a pause of two seconds.
    fn turn(text: &str) -> Segment {
        let mut at = 0;
        let mut words = Vec::new();
        for word in text.split(' ') {
            if word == "|" {
                at += 2_000;
                continue;
            }
            words.push(Word { start_ms: at, end_ms: at + 300, text: word.to_owned(), confidence: 0.9 });
            at += 300;
        }
        let text = text.replace("| ", "");
        Segment { start_ms: 0, end_ms: at, speaker: Speaker::Agent, text, confidence: 0.9, words }
    }

    fn texts(text: &str) -> Vec<String> {
        cues(&turn(text)).into_iter().map(|cue| cue.text).collect()
    }

    #[test]
    fn sentences_pauses_and_length_end_a_cue() {
        assert_eq!(texts("Hello. How can I help you today? Which card is it that you lost?").len(), 2);
        assert_eq!(texts("Please hold | the line."), ["Please hold", "the line."]);
        assert_eq!(texts("Well | yes."), ["Well", "yes."]);
        let long = ["parcel"; 40].join(" ");
        let cues = cues(&turn(&long));
        assert!(
            cues.len() > 3 && cues.iter().all(|cue| cue.text.len() <= MAX_CHARS && cue.end_ms - cue.start_ms <= MAX_MS)
        );
        assert_eq!(cues.iter().map(|cue| cue.text.as_str()).collect::<Vec<_>>().join(" "), long, "nothing is lost");
    }

    #[test]
    fn a_turn_that_was_corrected_without_times_is_one_cue() {
        let turn = Segment { words: Vec::new(), ..turn("Hello there.") };
        assert_eq!(cues(&turn), [Cue { start_ms: 0, end_ms: 600, text: "Hello there.".into() }]);
    }
}
