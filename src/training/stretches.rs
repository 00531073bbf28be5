//! Whole intervals of speech that masked words touch. Word times are estimates: only at pauses can a silence begin or
//! end without letting a digit through.

use std::ops::Range;

/// Minimum length of a pause, in ms: shorter ones may be a breath between two digits.
const PAUSE_MS: i64 = 400;
/// Time added before and after an interval, in ms: speech detection finds the loud part of a sound.
const MARGIN_MS: i64 = 120;
/// Maximum distance, in ms, at which an interval without any word belongs to masked words: a number may be read out in
/// groups, and transcribed as one word with the time of one group.
const MAX_DISTANCE_MS: i64 = 20_000;

/// Minimum letters per second of an interval, and its minimum length in ms for this check: an interval with less text
/// holds words that were not transcribed, or were placed elsewhere, so that its content is unknown.
const MIN_LETTERS_PER_S: i64 = 4;
const MIN_JUDGED_MS: i64 = 1_000;

/// A word of the transcript, or a whole line if its words have no times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TimedWord {
    /// `agent`, `customer`, …
    pub speaker: String,
    /// Time in ms of the recording.
    pub time: Range<i64>,
    /// Whether it is masked.
    pub masked: bool,
    /// Number of spoken letters: a digit counts as a word of five.
    pub letters: usize,
}

/// Returns the number of spoken letters in a text.
pub(super) fn spoken_letters(text: &str) -> usize {
    let spoken = |c: char| match c {
        '0'..='9' => 5,
        // In scripts without letters each character is a syllable.
        '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' => 4,
        _ => usize::from(c.is_alphanumeric()),
    };
    text.chars().map(spoken).sum()
}

impl TimedWord {
    fn middle(&self) -> i64 {
        self.time.start.midpoint(self.time.end)
    }

    fn overlaps(&self, stretch: &Range<i64>) -> bool {
        self.time.start < stretch.end && self.time.end.max(self.time.start + 1) > stretch.start
    }
}

/// Returns the intervals of speech, in ms of the recording and with a margin, in which masked words are or may be
/// spoken: all that masked words touch, those without words near masked ones, and those of speakers other than the
/// agent with far too few words. `speech` and `speakers` are by channel. Words of a speaker that is on no channel count
/// for all of them. If it is not certain who the agent is, every speaker counts as another.
pub(super) fn to_silence(
    words: &[TimedWord],
    speech: &[Vec<(u64, u64)>],
    speakers: &[String],
    is_agent_certain: bool,
) -> Vec<(i64, i64)> {
    let mut found = Vec::new();
    for (channel, stretches) in speech.iter().enumerate() {
        let on_channel =
            |word: &&TimedWord| speakers.get(channel) == Some(&word.speaker) || !speakers.contains(&word.speaker);
        let words: Vec<&TimedWord> = words.iter().filter(on_channel).collect();
        let silent = to_pauses(stretches).into_iter().filter(|stretch| {
            let is_agent = is_agent_certain && speakers.get(channel).is_some_and(|speaker| speaker == AGENT);
            is_to_be_silent(stretch, &words) || !is_agent && is_unwritten(stretch, &words)
        });
        found.extend(silent.map(|stretch| (stretch.start - MARGIN_MS, stretch.end + MARGIN_MS)));
    }
    found
}

/// Returns the speech between two pauses.
fn to_pauses(stretches: &[(u64, u64)]) -> Vec<Range<i64>> {
    let mut joined: Vec<Range<i64>> = Vec::new();
    for &(from, to) in stretches {
        let (from, to) = (from.cast_signed(), to.cast_signed());
        match joined.last_mut() {
            Some(last) if from - last.end < PAUSE_MS => last.end = to,
            _ => joined.push(from..to),
        }
    }
    joined
}

/// Speaker code of the company's side in transcripts.
const AGENT: &str = "agent";

/// Whether an interval has far less text than its length suggests.
fn is_unwritten(stretch: &Range<i64>, words: &[&TimedWord]) -> bool {
    let length = stretch.end - stretch.start;
    let overlap = |word: &&&TimedWord| word.overlaps(stretch);
    let letters: usize = words.iter().filter(overlap).map(|word| word.letters).sum();
    length >= MIN_JUDGED_MS && i64::try_from(letters).unwrap_or(i64::MAX) * 1000 < MIN_LETTERS_PER_S * length
}

fn is_to_be_silent(stretch: &Range<i64>, words: &[&TimedWord]) -> bool {
    if words.iter().any(|word| word.masked && word.overlaps(stretch)) {
        return true;
    }
    if words.iter().any(|word| stretch.contains(&word.middle())) {
        return false;
    }
    let before = words.iter().filter(|word| word.middle() < stretch.start).max_by_key(|word| word.middle());
    let behind = words.iter().filter(|word| word.middle() >= stretch.end).min_by_key(|word| word.middle());
    before.is_some_and(|word| word.masked && stretch.start - word.time.end <= MAX_DISTANCE_MS)
        || behind.is_some_and(|word| word.masked && word.time.start - stretch.end <= MAX_DISTANCE_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(speaker: &str, time: Range<i64>, masked: bool) -> TimedWord {
        TimedWord { speaker: speaker.to_owned(), time, masked, letters: 20 }
    }

    fn speakers() -> Vec<String> {
        vec!["agent".to_owned(), "customer".to_owned()]
    }

    #[test]
    fn a_stretch_that_a_masked_word_touches_is_silent_as_a_whole_on_its_channel() {
        let words = [word("customer", 1_000..1_200, false), word("customer", 1_900..2_100, true)];
        let speech = [vec![(1_800, 4_000)], vec![(900, 2_500), (3_000, 3_500)]];
        assert_eq!(to_silence(&words[..1], &speech, &speakers(), true), []);
        let agent_says_more =
            [words.as_slice(), &[word("agent", 2_000..2_300, false), word("customer", 3_100..3_200, false)]].concat();
        assert_eq!(to_silence(&agent_says_more, &speech, &speakers(), true), [(780, 2_620)]);
    }

    #[test]
    fn stretches_without_words_beside_masked_ones_are_silent() {
        // Four groups are read out, and transcribed as one word at the time of the last.
        let groups = vec![(6_000, 8_500), (9_200, 10_500), (11_000, 13_000), (13_600, 15_400)];
        let speech = [vec![], [groups, vec![(20_000, 21_000)]].concat()];
        let words = [word("customer", 14_000..15_000, true), word("customer", 20_200..20_800, false)];
        let silent = to_silence(&words, &speech, &speakers(), true);
        assert_eq!(silent, [(5_880, 8_620), (9_080, 10_620), (10_880, 13_120), (13_480, 15_520)]);
    }

    #[test]
    fn what_nobody_wrote_down_is_not_heard_but_for_the_agent() {
        let speech = [vec![(0, 5_000)], vec![(6_000, 12_000), (13_000, 13_900), (20_000, 22_000)]];
        let words = [
            TimedWord { letters: 3, ..word("customer", 6_000..6_400, false) },
            word("customer", 20_000..21_500, false),
        ];
        assert_eq!(to_silence(&words, &speech, &speakers(), true), [(5_880, 12_120)], "\"yes\" alone in six seconds");
        let uncertain = to_silence(&words, &speech, &speakers(), false);
        assert_eq!(uncertain, [(-120, 5_120), (5_880, 12_120)], "either may be the customer");
        assert_eq!(spoken_letters("It's 47, okay?"), 3 + 10 + 4);
    }

    #[test]
    fn a_breath_is_no_pause() {
        let speech = [vec![], vec![(0, 1_000), (1_300, 2_000), (2_500, 3_000)]];
        let words = [
            word("customer", 100..900, false),
            word("customer", 1_400..1_900, true),
            word("customer", 2_500..2_900, false),
        ];
        assert_eq!(to_silence(&words, &speech, &speakers(), true), [(-120, 2_120)]);
    }

    #[test]
    fn a_speaker_who_is_on_no_channel_may_be_on_any() {
        let speech = [vec![(0, 1_000)], vec![(500, 2_000)]];
        let silent = to_silence(&[word("unknown", 700..800, true)], &speech, &speakers(), true);
        assert_eq!(silent, [(-120, 1_120), (380, 2_120)]);
    }
}
