//! Spans: which are taken, and which words of a transcript lie in one.

use super::{ClipError, Line};
use crate::masking::{mask, mask_name};

/// A clip is at least so long, in ms.
const SHORTEST_MS: i64 = 1000;
/// And at most so long: what is to be learnt fits into ten minutes.
const LONGEST_MS: i64 = 10 * 60 * 1000;
/// Times are typed and drawn in tenths: an end so little behind the end means the end.
const ROUNDING_MS: i64 = 500;

/// Something somebody said in one go, as the transcript has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpokenLine {
    /// From the recording's beginning.
    pub start_ms: i64,
    /// From the recording's beginning.
    pub end_ms: i64,
    /// `agent`, `customer`, …
    pub speaker: String,
    /// The words.
    pub text: String,
    /// The same word by word; may be empty.
    pub words: Vec<SpokenWord>,
}

/// One word with its punctuation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpokenWord {
    /// From the recording's beginning.
    pub start_ms: i64,
    /// From the recording's beginning.
    pub end_ms: i64,
    /// The word.
    pub text: String,
}

/// `m:ss`, for messages.
fn clock(ms: i64) -> String {
    format!("{}:{:02}", ms / 60_000, ms / 1000 % 60)
}

/// Checks a span of something `length_ms` long, where that is known; its end, brought back where it was rounded up.
pub(super) fn check(start_ms: i64, end_ms: i64, length_ms: Option<i64>) -> Result<i64, ClipError> {
    let bad = |why: String| Err(ClipError::BadSpan(why));
    if start_ms < 0 || end_ms <= start_ms {
        return bad("the span must end after it begins".into());
    }
    let end_ms = match length_ms {
        Some(length) if end_ms > length.saturating_add(ROUNDING_MS) || start_ms >= length => {
            return bad(format!(
                "the span {} to {} is not inside of {}",
                clock(start_ms),
                clock(end_ms),
                clock(length)
            ));
        }
        Some(length) => end_ms.min(length),
        None => end_ms,
    };
    match end_ms - start_ms {
        ..SHORTEST_MS => bad("a clip lasts at least a second".into()),
        SHORTEST_MS..=LONGEST_MS => Ok(end_ms),
        _ => bad("a clip lasts at most ten minutes: pick the part that others learn from".into()),
    }
}

/// Text for the library: without addresses and numbers, and without the customer's name where that is known.
pub(super) fn masked(text: &str, customer: Option<&str>) -> String {
    let text = mask(text);
    match customer {
        Some(name) => mask_name(&text, name),
        None => text,
    }
}

/// What is said in a span, masked, with times from its beginning. Of a line that reaches over an end only the words inside
/// are taken, so that the text says no more than the sound.
pub(super) fn lines(spoken: &[SpokenLine], start_ms: i64, end_ms: i64, customer: Option<&str>) -> Vec<Line> {
    let touched = spoken.iter().filter(|line| line.start_ms < end_ms && line.end_ms > start_ms);
    let cut = |line: &SpokenLine| Line {
        start_ms: (line.start_ms - start_ms).max(0),
        end_ms: line.end_ms.min(end_ms) - start_ms,
        speaker: line.speaker.clone(),
        text: masked(&words_inside(line, start_ms, end_ms), customer),
    };
    touched.map(cut).filter(|line| !line.text.is_empty()).collect()
}

fn words_inside(line: &SpokenLine, start_ms: i64, end_ms: i64) -> String {
    let whole = line.start_ms >= start_ms && line.end_ms <= end_ms;
    if whole || line.words.is_empty() {
        return line.text.clone();
    }
    let inside = |word: &&SpokenWord| {
        let middle = i64::midpoint(word.start_ms, word.end_ms);
        (start_ms..end_ms).contains(&middle)
    };
    line.words.iter().filter(inside).map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_outside_or_of_odd_length_are_refused() {
        assert_eq!(check(0, 5_000, Some(78_248)).unwrap(), 5_000);
        assert_eq!(check(70_000, 78_300, Some(78_248)).unwrap(), 78_248, "rounded up to a tenth");
        for (start, end) in [
            (-1, 5_000),
            (5_000, 5_000),
            (6_000, 5_000),
            (0, 999),
            (78_000, 80_000),
            (90_000, 95_000),
            (78_000, 78_248),
        ] {
            assert!(matches!(check(start, end, Some(78_248)), Err(ClipError::BadSpan(_))), "{start} {end}");
        }
        assert!(check(0, LONGEST_MS, None).is_ok() && check(0, LONGEST_MS + 1, None).is_err());
        assert!(check(i64::MAX - 1, i64::MAX, None).is_err());
    }

    #[test]
    fn the_text_says_no_more_than_the_sound() {
        let word = |start_ms, text: &str| SpokenWord { start_ms, end_ms: start_ms + 500, text: text.into() };
        let spoken = [
            SpokenLine { start_ms: 0, end_ms: 900, speaker: "agent".into(), text: "Before.".into(), words: vec![] },
            SpokenLine {
                start_ms: 1_000,
                end_ms: 3_000,
                speaker: "customer".into(),
                text: "My name is Emma".into(),
                words: vec![word(1_000, "My"), word(1_500, "name"), word(2_000, "is"), word(2_500, "Emma")],
            },
            SpokenLine {
                start_ms: 3_100,
                end_ms: 4_000,
                speaker: "agent".into(),
                text: "Order 47291.".into(),
                words: vec![],
            },
        ];
        let lines = lines(&spoken, 2_000, 4_000, Some("Emma Clark"));
        let texts: Vec<_> = lines.iter().map(|l| (l.start_ms, l.end_ms, l.text.as_str())).collect();
        assert_eq!(texts, [(0, 1_000, "is [name]"), (1_100, 2_000, "Order [number].")]);
    }
}
