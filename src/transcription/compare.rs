//! Comparison of two transcripts of the same recording, word by word.

use super::realign::plain;
use super::{Segment, Speaker, Word};
use similar::{Algorithm, DiffTag, capture_diff_slices_deadline};
use std::time::{Duration, Instant};

/// Confidence below which a word counts as uncertain.
const MAX_DOUBTFUL_CONFIDENCE: f32 = 0.4;
/// Maximum time of an exact comparison; after it, transcripts are compared more roughly.
const MAX_DIFF_TIME: Duration = Duration::from_millis(500);

/// Result of comparing some words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// In both transcripts.
    Same,
    /// In the first only.
    First,
    /// In the second only.
    Second,
}

/// A turn of one speaker, with the words of both transcripts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparedTurn {
    /// Start, ms from the beginning of the recording.
    pub start_ms: u64,
    /// End, ms from the beginning of the recording.
    pub end_ms: u64,
    /// Speaker.
    pub speaker: Speaker,
    /// Words in order.
    pub pieces: Vec<(Mark, String)>,
}

/// Statistics of one of the two transcripts.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Compared {
    /// Number of words.
    pub words: usize,
    /// Number of words that are not in the other one.
    pub differing: usize,
    /// Number of words of which the model is uncertain.
    pub unsure: usize,
    /// Confidence from 0 to 1: mean of the model's own estimates, not a measured accuracy.
    pub confidence: f32,
}

/// Comparison of two transcripts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison {
    /// Turns of both, in order of time.
    pub lines: Vec<ComparedTurn>,
    /// Statistics of the first.
    pub first: Compared,
    /// Statistics of the second.
    pub second: Compared,
}

/// A word and its segment.
struct PlacedWord<'a> {
    word: &'a Word,
    segment: &'a Segment,
    plain: String,
}

fn placed<'a>(segments: &'a [Segment], speaker: Speaker) -> Vec<PlacedWord<'a>> {
    let of = segments.iter().filter(move |segment| segment.speaker == speaker);
    of.flat_map(|segment| segment.words.iter().map(move |word| PlacedWord { word, segment, plain: plain(&word.text) }))
        .collect()
}

impl Comparison {
    /// Compares word by word, separately for each speaker; letter case and punctuation are ignored.
    pub fn new(first: &[Segment], second: &[Segment]) -> Self {
        let mut speakers: Vec<Speaker> = first.iter().chain(second).map(|segment| segment.speaker).collect();
        speakers.sort_unstable();
        speakers.dedup();
        let mut comparison = Self { first: figures(first), second: figures(second), lines: Vec::new() };
        for speaker in speakers {
            comparison.compare(&placed(first, speaker), &placed(second, speaker));
        }
        comparison.lines.sort_by_key(|line| (line.start_ms, line.end_ms, line.speaker));
        comparison
    }

    fn compare(&mut self, first: &[PlacedWord<'_>], second: &[PlacedWord<'_>]) {
        let texts = |words: &[PlacedWord<'_>]| words.iter().map(|word| word.plain.clone()).collect::<Vec<_>>();
        let deadline = Some(Instant::now() + MAX_DIFF_TIME);
        let mut lines = Lines::default();
        for op in capture_diff_slices_deadline(Algorithm::Myers, &texts(first), &texts(second), deadline) {
            let (tag, from, to) = op.as_tag_tuple();
            if tag == DiffTag::Equal {
                first[from].iter().for_each(|word| lines.add(Mark::Same, word));
                continue;
            }
            self.first.differing += from.len();
            self.second.differing += to.len();
            first[from].iter().for_each(|word| lines.add(Mark::First, word));
            second[to].iter().for_each(|word| lines.add(Mark::Second, word));
        }
        self.lines.extend(lines.done);
    }
}

#[derive(Default)]
struct Lines {
    done: Vec<ComparedTurn>,
}

impl Lines {
    /// Adds a word to the current turn, unless the word's own segment begins after the end of that turn.
    fn add(&mut self, mark: Mark, word: &PlacedWord<'_>) {
        let segment = word.segment;
        let fits = |line: &&mut ComparedTurn| segment.start_ms < line.end_ms && segment.end_ms > line.start_ms;
        let text = word.word.text.as_str();
        if let Some(line) = self.done.last_mut().filter(fits) {
            match line.pieces.last_mut() {
                Some((last, words)) if *last == mark => {
                    words.push(' ');
                    words.push_str(text);
                }
                _ => line.pieces.push((mark, text.to_owned())),
            }
            return;
        }
        let Segment { start_ms, end_ms, speaker, .. } = *segment;
        self.done.push(ComparedTurn { start_ms, end_ms, speaker, pieces: vec![(mark, text.to_owned())] });
    }
}

fn figures(segments: &[Segment]) -> Compared {
    let words = || segments.iter().flat_map(|segment| &segment.words);
    let number = words().count();
    let sum: f32 = words().map(|word| word.confidence).sum();
    Compared {
        words: number,
        differing: 0,
        unsure: words().filter(|word| word.confidence < MAX_DOUBTFUL_CONFIDENCE).count(),
        // A mean of some thousand estimates: `f32` is precise enough.
        confidence: if number == 0 { 0.0 } else { sum / number as f32 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(start_ms: u64, speaker: Speaker, text: &str) -> Segment {
        let word = |(at, text): (usize, &str)| Word {
            start_ms: start_ms + at as u64 * 100,
            end_ms: start_ms + at as u64 * 100 + 90,
            text: text.to_owned(),
            confidence: if text == "lost" { 0.2 } else { 1.0 },
        };
        let words: Vec<_> = text.split(' ').enumerate().map(word).collect();
        let end_ms = words.last().map_or(start_ms, |word| word.end_ms);
        Segment { start_ms, end_ms, speaker, text: text.to_owned(), confidence: 1.0, words }
    }

    #[test]
    fn what_differs_is_marked_where_it_was_said() {
        let (agent, customer) = (Speaker::Agent, Speaker::Customer);
        let first =
            [said(0, agent, "Good morning."), said(1000, customer, "My parcel is lost"), said(9000, agent, "Oh")];
        let second = [
            said(0, agent, "good morning"),
            said(1000, customer, "My parcel was last"),
            said(5000, customer, "Hello?"),
        ];
        let both = Comparison::new(&first, &second);
        let piece = |mark, text: &str| (mark, text.to_owned());
        let lines: Vec<_> = both.lines.iter().map(|line| (line.start_ms, line.speaker, line.pieces.clone())).collect();
        assert_eq!(
            lines,
            [
                (0, agent, vec![piece(Mark::Same, "Good morning.")]),
                (
                    1000,
                    customer,
                    vec![
                        piece(Mark::Same, "My parcel"),
                        piece(Mark::First, "is lost"),
                        piece(Mark::Second, "was last")
                    ]
                ),
                (5000, customer, vec![piece(Mark::Second, "Hello?")]),
                (9000, agent, vec![piece(Mark::First, "Oh")]),
            ]
        );
        assert_eq!((both.first.words, both.first.differing, both.first.unsure), (7, 3, 1));
        assert_eq!((both.second.words, both.second.differing, both.second.unsure), (7, 3, 0));
    }

    #[test]
    fn nothing_and_something() {
        assert_eq!(Comparison::new(&[], &[]), Comparison::default());
        let one = [said(0, Speaker::Unknown, "Hello")];
        assert_eq!(Comparison::new(&[], &one).lines[0].pieces, [(Mark::Second, "Hello".to_owned())]);
    }
}
