//! Redaction of audio: silence in the spans of spoken personal data.

/// Length of the fade at both ends of a silence, ms.
const FADE_MS: u64 = 20;

/// Gain of each frame.
///
/// All channels are silenced: speech of one speaker leaks faintly into the other's channel as well (echo, crosstalk),
/// where no transcript would find it.
#[derive(Debug, Clone, PartialEq)]
pub struct Redaction {
    /// Spans of silent frames, from and to, in order, disjoint.
    spans: Vec<(u64, u64)>,
    fade: u64,
    /// Index of the first span that does not lie before the last frame asked for.
    next: usize,
}

impl Redaction {
    /// Returns the redaction of these spans, in ms of the whole recording; they may overlap and be in any order.
    pub fn new(spans_ms: &[(u64, u64)], sample_rate: u32) -> Self {
        let rate = u64::from(sample_rate);
        // Rounded outwards to whole frames: never a frame too few.
        let frames =
            |&(from, to): &(u64, u64)| (from.saturating_mul(rate) / 1000, to.saturating_mul(rate).div_ceil(1000));
        let mut spans: Vec<(u64, u64)> = spans_ms.iter().map(frames).filter(|(from, to)| from < to).collect();
        spans.sort_unstable();
        let mut joined: Vec<(u64, u64)> = Vec::with_capacity(spans.len());
        for (from, to) in spans {
            match joined.last_mut() {
                Some((_, end)) if from <= *end => *end = to.max(*end),
                _ => joined.push((from, to)),
            }
        }
        Self { spans: joined, fade: (FADE_MS * rate / 1000).max(1), next: 0 }
    }

    /// Returns the gain of a frame, 0 to 1. Frames are asked for in ascending order.
    pub fn gain(&mut self, frame: u64) -> f32 {
        while self.spans.get(self.next).is_some_and(|(_, to)| frame >= to + self.fade) {
            self.next += 1;
        }
        // The fades of neighbours may overlap: the lower gain counts.
        let near = self.spans.iter().skip(self.next).take(2);
        near.map(|&(from, to)| {
            let away = if frame < from { from - frame } else { (frame + 1).saturating_sub(to) };
            (away as f32 / self.fade as f32).min(1.0)
        })
        .fold(1.0, f32::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_silent_inside_and_untouched_beyond_the_fades() {
        let mut redaction = Redaction::new(&[(500, 600), (100, 200), (150, 250)], 8_000);
        let gains: Vec<f32> = (0..8_000).map(|frame| redaction.gain(frame)).collect();
        for (frame, gain) in gains.iter().enumerate() {
            let ms = frame as f64 / 8.0;
            if (100.0..250.0).contains(&ms) || (500.0..600.0).contains(&ms) {
                assert_eq!(*gain, 0.0, "{ms}");
            }
            if ms < 80.0 || (270.0..480.0).contains(&ms) || ms > 620.0 {
                assert_eq!(*gain, 1.0, "{ms}");
            }
        }
        // No step is larger than that of a fade.
        assert!(gains.windows(2).all(|pair| (pair[0] - pair[1]).abs() <= 1.0 / 160.0 + 1e-6));
    }

    #[test]
    fn odd_spans_are_taken_as_they_are() {
        assert_eq!(Redaction::new(&[(5, 5), (9, 3)], 8_000).gain(40), 1.0);
        assert_eq!(Redaction::new(&[(0, u64::MAX)], 48_000).gain(u64::MAX / 2_000_000), 0.0);
        let mut close = Redaction::new(&[(100, 200), (210, 300)], 1_000);
        assert!(close.gain(205) < 0.5);
        assert_eq!(Redaction::new(&[], 8_000).gain(0), 1.0);
    }
}
