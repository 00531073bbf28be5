//! Spans of time and operations on them.

/// A span of time, ms from the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Place {
    /// Begin.
    pub start_ms: i64,
    /// End; not before the begin.
    pub end_ms: i64,
}

impl Place {
    /// Returns the span from `start_ms` to `end_ms`, empty where that is earlier.
    pub fn new(start_ms: i64, end_ms: i64) -> Self {
        Self { start_ms, end_ms: end_ms.max(start_ms) }
    }

    /// Returns the length, ms.
    pub fn length_ms(self) -> i64 {
        self.end_ms - self.start_ms
    }
}

/// Returns the spans in order, with those merged that touch or lie at most `gap` apart; empty ones are dropped.
pub(super) fn joined(mut spans: Vec<Place>, gap: i64) -> Vec<Place> {
    spans.retain(|span| span.length_ms() > 0);
    spans.sort_unstable();
    let mut all: Vec<Place> = Vec::with_capacity(spans.len());
    for span in spans {
        match all.last_mut().filter(|last| span.start_ms - last.end_ms <= gap) {
            Some(last) => last.end_ms = last.end_ms.max(span.end_ms),
            None => all.push(span),
        }
    }
    all
}

/// Returns the total length; the spans must not overlap.
pub(super) fn total(spans: &[Place]) -> i64 {
    spans.iter().map(|span| span.length_ms()).sum()
}

/// Returns the gaps between them, from 0 to `end`; the spans must be in order and not overlap.
pub(super) fn between(spans: &[Place], end: i64) -> Vec<Place> {
    let mut gaps = Vec::with_capacity(spans.len() + 1);
    let mut at = 0;
    for span in spans {
        gaps.push(Place::new(at, span.start_ms.min(end)));
        at = at.max(span.end_ms);
    }
    gaps.push(Place::new(at, end));
    gaps.retain(|gap| gap.length_ms() > 0);
    gaps
}

/// Returns the intersection; each list must be in order and not overlap itself.
pub(super) fn common(a: &[Place], b: &[Place]) -> Vec<Place> {
    let (mut i, mut k, mut both) = (0, 0, Vec::new());
    while let (Some(x), Some(y)) = (a.get(i), b.get(k)) {
        let shared = Place { start_ms: x.start_ms.max(y.start_ms), end_ms: x.end_ms.min(y.end_ms) };
        if shared.end_ms > shared.start_ms {
            both.push(shared);
        }
        if x.end_ms < y.end_ms { i += 1 } else { k += 1 }
    }
    both
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spans(times: &[(i64, i64)]) -> Vec<Place> {
        times.iter().map(|(from, to)| Place::new(*from, *to)).collect()
    }

    #[test]
    fn they_are_joined_counted_and_cut() {
        let one = joined(spans(&[(5, 9), (0, 3), (8, 12), (20, 20), (13, 15)]), 1);
        assert_eq!(one, spans(&[(0, 3), (5, 15)]));
        assert_eq!(total(&one), 13);
        assert_eq!(between(&one, 30), spans(&[(3, 5), (15, 30)]));
        assert_eq!(between(&[], 7), spans(&[(0, 7)]));
        assert_eq!(between(&spans(&[(0, 90)]), 30), []);
        assert_eq!(common(&one, &spans(&[(2, 6), (14, 40)])), spans(&[(2, 3), (5, 6), (14, 15)]));
    }

    proptest! {
        #[test]
        fn speech_and_silence_make_the_whole(times in prop::collection::vec((0i64..500, 0i64..60), 0..30)) {
            let all = joined(times.iter().map(|(at, long)| Place::new(*at, at + long)).collect(), 0);
            let silence = between(&all, 600);
            prop_assert_eq!(total(&all) + total(&silence), 600);
            prop_assert!(common(&all, &silence).is_empty());
            prop_assert_eq!(common(&all, &all), all);
        }
    }
}
