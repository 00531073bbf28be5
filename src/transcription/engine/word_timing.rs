//! Word timing: each word is assigned to a stretch of speech.
//!
//! The decoder's attention gives the end of each token, but ignores silence: a word after a pause seems to begin with
//! the pause, and a word at the end of an utterance may slip into the next one. Stretches of speech are known from the
//! audio. So the words of a window are assigned to its stretches in order, by dynamic programming over three costs:
//! distance in time, mismatch between a stretch's length and its words' letters, and sentences that break in the
//! middle.

use std::ops::Range;

/// A stretch of speech.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stretch {
    /// Begin and end in the window, ms.
    pub(super) window: (u64, u64),
    /// Begin in the recording, ms.
    pub(super) start_ms: u64,
}

/// A word of the decoder's output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct DecodedWord {
    /// Number of letters and digits as spoken.
    pub(super) letters: u32,
    /// End of the previous word and of this one, in the window, ms.
    pub(super) window: (u64, u64),
    /// Boundary after it, by its punctuation.
    pub(super) boundary: Boundary,
}

/// Continuation of a sentence after a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Boundary {
    /// The sentence continues.
    None,
    /// A part of the sentence ends.
    Clause,
    /// The sentence ends.
    Sentence,
}

/// Seconds per letter where the speaker's pace is unknown.
const SECONDS_PER_LETTER: f32 = 0.065;
/// Cost of a second between a word and its stretch. A stretch that is e times too long or too short for its words costs
/// 1.
const DISTANCE_COST: f32 = 3.0;
/// Share of that cost where the stretch lies after the previous word, but ends too early for this one.
const EARLY_SHARE: f32 = 0.5;
/// Share of the mismatch of a stretch without words: it may be a breath.
const EMPTY_SHARE: f32 = 0.7;
/// Costs of a pause within a clause, and between two clauses of a sentence.
const SPLIT_SENTENCE_COST: f32 = 1.5;
const SPLIT_CLAUSE_COST: f32 = 0.3;
/// Added to lengths before they are compared, so that very short ones weigh little, s.
const MIN_LENGTH_S: f32 = 0.2;
/// Minimum pause for the full cost of a split, s; a shorter one costs its share.
const FULL_PAUSE_S: f32 = 0.8;

impl Stretch {
    fn length_s(&self) -> f32 {
        seconds(self.window.1 - self.window.0)
    }

    /// Returns the distance from the word's likely position, s.
    fn distance_s(&self, (from, to): (u64, u64)) -> f32 {
        let late = seconds(self.window.0.saturating_sub(to));
        let within = seconds(to.saturating_sub(self.window.1.max(from)));
        let before = seconds(from.saturating_sub(self.window.1));
        late + before + EARLY_SHARE * within
    }

    fn to_recording(self, window_ms: u64) -> u64 {
        self.start_ms + window_ms.clamp(self.window.0, self.window.1) - self.window.0
    }

    /// Returns the end in the recording, ms.
    pub(super) fn end_ms(&self) -> u64 {
        self.to_recording(self.window.1)
    }
}

fn seconds(ms: u64) -> f32 {
    ms as f32 / 1000.0
}

/// Returns begin and end of each word in the recording, ms, and its stretch. Empty without stretches.
pub(super) fn assign(words: &[DecodedWord], stretches: &[Stretch]) -> Vec<(usize, u64, u64)> {
    let mut placed = Vec::with_capacity(words.len());
    for (number, range) in partition(words, stretches).into_iter().enumerate() {
        let times = times_within(&words[range], stretches[number]);
        placed.extend(times.into_iter().map(|(start, end)| (number, start, end)));
    }
    placed
}

/// Returns the words of each stretch.
fn partition(words: &[DecodedWord], stretches: &[Stretch]) -> Vec<Range<usize>> {
    if stretches.is_empty() {
        return Vec::new();
    }
    let costs = Costs::new(words, stretches);
    let count = words.len();
    // Minimum cost of assigning the first `k` words to the stretches so far, and the begin of the last stretch's share.
    let mut best = vec![f32::INFINITY; count + 1];
    best[0] = 0.0;
    let mut begins: Vec<Vec<usize>> = Vec::with_capacity(stretches.len());
    for stretch in 0..stretches.len() {
        let mut next = vec![f32::INFINITY; count + 1];
        let mut begin = vec![0; count + 1];
        for to in 0..=count {
            for (from, before) in best[..=to].iter().enumerate() {
                let cost = before + costs.of(stretch, from..to);
                if cost < next[to] {
                    (next[to], begin[to]) = (cost, from);
                }
            }
        }
        best = next;
        begins.push(begin);
    }
    let mut shares = vec![0..0; stretches.len()];
    let mut to = count;
    for stretch in (0..stretches.len()).rev() {
        let from = begins[stretch][to];
        shares[stretch] = from..to;
        to = from;
    }
    shares
}

struct Costs<'a> {
    words: &'a [DecodedWord],
    stretches: &'a [Stretch],
    /// Sums over the words before: letters, and for each stretch the distances.
    letters: Vec<u32>,
    distances: Vec<Vec<f32>>,
    letter_s: f32,
}

impl<'a> Costs<'a> {
    fn new(words: &'a [DecodedWord], stretches: &'a [Stretch]) -> Self {
        let sum = |values: Vec<u32>| {
            let mut all = vec![0];
            all.extend(values.iter().scan(0, |sum, value| {
                *sum += value;
                Some(*sum)
            }));
            all
        };
        let letters = sum(words.iter().map(|word| word.letters).collect());
        let speech_s: f32 = stretches.iter().map(Stretch::length_s).sum();
        let all = letters.last().copied().unwrap_or(0);
        let letter_s = if all > 20 {
            (speech_s / all as f32).clamp(SECONDS_PER_LETTER / 2.0, SECONDS_PER_LETTER * 2.0)
        } else {
            SECONDS_PER_LETTER
        };
        let distances = stretches
            .iter()
            .map(|stretch| {
                let mut sums = vec![0.0];
                let mut total = 0.0;
                for word in words {
                    total += stretch.distance_s(word.middle_ms(letter_s));
                    sums.push(total);
                }
                sums
            })
            .collect();
        Self { words, stretches, letters, distances, letter_s }
    }

    fn of(&self, stretch: usize, range: Range<usize>) -> f32 {
        let far = self.distances[stretch][range.end] - self.distances[stretch][range.start];
        let said_s = (self.letters[range.end] - self.letters[range.start]) as f32 * self.letter_s;
        let misfit = ((self.stretches[stretch].length_s() + MIN_LENGTH_S) / (said_s + MIN_LENGTH_S)).ln().abs();
        let misfit = if range.is_empty() { EMPTY_SHARE * misfit } else { misfit };
        DISTANCE_COST * far + misfit + self.split_cost(stretch, range)
    }

    /// Returns the cost of ending a stretch with these words where more follow in a later one.
    fn split_cost(&self, stretch: usize, range: Range<usize>) -> f32 {
        let last = range.clone().next_back().map(|at| self.words[at].boundary);
        let (Some(boundary), Some(next)) = (last, self.stretches.get(stretch + 1)) else { return 0.0 };
        if range.end == self.words.len() {
            return 0.0;
        }
        let pause_s = seconds(next.start_ms.saturating_sub(self.stretches[stretch].end_ms()));
        let cost = match boundary {
            Boundary::None => SPLIT_SENTENCE_COST,
            Boundary::Clause => SPLIT_CLAUSE_COST,
            Boundary::Sentence => 0.0,
        };
        cost * (pause_s / FULL_PAUSE_S).min(1.0)
    }
}

impl DecodedWord {
    /// Returns the possible positions of the word's middle: between the previous word and its own end, half its length
    /// from both.
    fn middle_ms(&self, letter_s: f32) -> (u64, u64) {
        let (before, end) = self.window;
        let half = ((self.letters as f32 * letter_s * 1000.0) as u64).min(end - before) / 2;
        (before + half, end - half)
    }
}

/// Returns begin and end of each word of a stretch in the recording, ms: in order, none empty, all within.
fn times_within(words: &[DecodedWord], stretch: Stretch) -> Vec<(u64, u64)> {
    let Some(last) = words.len().checked_sub(1) else { return Vec::new() };
    let length = stretch.end_ms() - stretch.start_ms;
    let letters: u64 = words.iter().map(|word| u64::from(word.letters) + 1).sum();
    // At least half of the word's share at an even pace.
    let least: Vec<u64> = words.iter().map(|word| length * (u64::from(word.letters) + 1) / letters / 2).collect();
    let mut ends: Vec<u64> = words.iter().map(|word| stretch.to_recording(word.window.1)).collect();
    ends[last] = stretch.end_ms();
    let mut at = stretch.start_ms;
    for (end, least) in ends.iter_mut().zip(&least) {
        *end = (*end).max(at + least);
        at = *end;
    }
    let mut until = stretch.end_ms();
    for (end, least) in ends.iter_mut().zip(&least).rev() {
        *end = (*end).min(until);
        until = end.saturating_sub(*least);
    }
    let mut start = stretch.start_ms;
    ends.into_iter().map(|end| (std::mem::replace(&mut start, end), end)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Word by word: text, end of the previous word, own end, ms.
    fn shapes(words: &[(&str, u64, u64)]) -> Vec<DecodedWord> {
        let shape = |(text, before, end): &(&str, u64, u64)| DecodedWord {
            letters: text.chars().filter(|c| c.is_alphanumeric()).count() as u32,
            window: (*before, *end),
            boundary: match text.chars().next_back() {
                Some('.' | '?') => Boundary::Sentence,
                Some(',') => Boundary::Clause,
                _ => Boundary::None,
            },
        };
        words.iter().map(shape).collect()
    }

    fn stretches(times: &[((u64, u64), u64)]) -> Vec<Stretch> {
        times.iter().map(|(window, start_ms)| Stretch { window: *window, start_ms: *start_ms }).collect()
    }

    fn places(words: &[(&str, u64, u64)], times: &[((u64, u64), u64)]) -> Vec<usize> {
        assign(&shapes(words), &stretches(times)).into_iter().map(|(stretch, ..)| stretch).collect()
    }

    #[test]
    fn a_word_behind_a_pause_is_not_said_in_it() {
        let words = [("Yes.", 0, 400), ("My", 400, 2_300), ("card.", 2_300, 2_800)];
        let found = assign(&shapes(&words), &stretches(&[((100, 500), 5_000), ((1_500, 2_900), 9_000)]));
        assert_eq!(found.iter().map(|(stretch, ..)| *stretch).collect::<Vec<_>>(), [0, 1, 1]);
        assert_eq!((found[0].1, found[0].2), (5_000, 5_400));
        assert_eq!(
            (found[1].1, found[2].2),
            (9_000, 10_400),
            "the first word begins with the stretch, the last ends with it"
        );
    }

    #[test]
    fn the_end_of_a_sentence_stays_with_it_although_the_decoder_is_late() {
        let words = [
            ("can", 400, 600),
            ("help", 600, 900),
            ("you", 900, 1_100),
            ("with?", 1_100, 2_400),
            ("Thank", 2_400, 2_700),
            ("you.", 2_700, 3_000),
        ];
        let times = [((100, 1_500), 1_000), ((2_200, 3_100), 9_000)];
        assert_eq!(places(&words, &times), [0, 0, 0, 0, 1, 1]);
    }

    #[test]
    fn a_breath_gets_no_words() {
        let words = [
            ("help", 400, 900),
            ("you", 900, 1_100),
            ("today?", 1_100, 2_100),
            ("Which", 3_500, 3_900),
            ("one?", 3_900, 4_300),
        ];
        let times = [((100, 1_400), 1_000), ((2_000, 2_200), 5_000), ((3_200, 4_400), 12_000)];
        assert_eq!(places(&words, &times), [0, 0, 0, 2, 2]);
    }

    #[test]
    fn nothing_is_placed_without_speech() {
        assert!(assign(&shapes(&[("you", 0, 100)]), &[]).is_empty());
        assert!(assign(&[], &stretches(&[((0, 500), 0)])).is_empty());
    }

    proptest! {
        #[test]
        fn words_keep_their_order_and_lie_within_their_stretch(
            ends in prop::collection::vec(0u64..28_000, 0..40), times in prop::collection::vec((1u64..3_000, 1u64..2_000), 1..12)
        ) {
            let mut ends = ends;
            ends.sort_unstable();
            let words: Vec<DecodedWord> = ends.iter().scan(0, |before, end| {
                let window = (*before, *end);
                *before = *end;
                Some(DecodedWord { letters: (*end % 9) as u32, window, boundary: if *end % 4 == 0 { Boundary::Sentence } else { Boundary::None } })
            }).collect();
            let mut at = 0;
            let stretches: Vec<Stretch> = times.iter().map(|(pause, length)| {
                let window = (at + pause, at + pause + length);
                at = window.1;
                Stretch { window, start_ms: window.0 * 3 }
            }).collect();
            let placed = assign(&words, &stretches);
            prop_assert_eq!(placed.len(), words.len());
            for (stretch, start, end) in &placed {
                let stretch = stretches[*stretch];
                prop_assert!(stretch.start_ms <= *start && start <= end && *end <= stretch.end_ms());
            }
            prop_assert!(placed.windows(2).all(|pair| pair[0].0 <= pair[1].0 && pair[0].2 <= pair[1].1));
        }
    }
}
