//! Spans: which are taken, and what is said in them as the transcript has it.

use super::ClipError;
use crate::masking::Span;

/// Minimum length of a clip, ms.
const MIN_CLIP_MS: i64 = 1000;
/// Maximum length of a clip, ms: ten minutes.
const MAX_CLIP_MS: i64 = 10 * 60 * 1000;
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
    /// The words as they were heard.
    pub text: String,
    /// The same word by word; may be empty.
    pub words: Vec<SpokenWord>,
    /// What is to be taken out of the text.
    pub masks: Vec<Span>,
    /// The words' times are only shares of the line's: not to be trusted.
    pub rough: bool,
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
    /// The model was not sure of it.
    pub doubtful: bool,
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
