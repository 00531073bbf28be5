//! Spans: their limits, and their lines of the transcript.

use super::ClipError;
use crate::masking::Span;
use crate::web::format::clock;

/// Minimum length of a clip, ms.
const MIN_CLIP_MS: i64 = 1000;
/// Maximum length of a clip, ms: ten minutes.
const MAX_CLIP_MS: i64 = 10 * 60 * 1000;
/// Tolerance for an end beyond the length, as times are entered in tenths of a second, in ms.
const ROUNDING_MS: i64 = 500;

/// A line of the transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpokenLine {
    /// Start, in ms from the recording's beginning.
    pub start_ms: i64,
    /// End, in ms from the recording's beginning.
    pub end_ms: i64,
    /// `agent`, `customer`, …
    pub speaker: String,
    /// Text as transcribed.
    pub text: String,
    /// Words of the text; may be empty.
    pub words: Vec<SpokenWord>,
    /// Spans to mask in the text.
    pub masks: Vec<Span>,
    /// Whether the times of words are only shares of the line's, and unreliable.
    pub rough: bool,
}

/// A word with its punctuation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpokenWord {
    /// Start, in ms from the recording's beginning.
    pub start_ms: i64,
    /// End, in ms from the recording's beginning.
    pub end_ms: i64,
    /// Text of the word.
    pub text: String,
    /// Whether the model was uncertain.
    pub doubtful: bool,
}

/// Checks a span of something `length_ms` long, if known; returns its end, corrected if it was rounded up.
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
        ..MIN_CLIP_MS => bad("a clip lasts at least a second".into()),
        MIN_CLIP_MS..=MAX_CLIP_MS => Ok(end_ms),
        _ => bad("a clip lasts at most ten minutes: pick the part that others learn from".into()),
    }
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
        assert!(check(0, MAX_CLIP_MS, None).is_ok() && check(0, MAX_CLIP_MS + 1, None).is_err());
        assert!(check(i64::MAX - 1, i64::MAX, None).is_err());
    }
}
