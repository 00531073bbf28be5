//! Runs of speech within a stretch of possible speech: without its pauses, and without noise, tones and music.
//!
//! Each stretch without a pause is judged in pieces of about a second. A piece is speech by its own evidence, or, with
//! less evidence, next to a piece that is speech. The share of voiced frames alone decides nothing: it was 0.05 to 0.15
//! in soft voices, dull telephones and fricatives, and up to 0.15 in music.

use super::voice::{FrameVoice, VoiceCheck};
use super::{Frame, OFF, ON, ms_to_frames};
use std::ops::Range;

/// Maximum pause within a run.
const GAP: usize = ms_to_frames(192);
/// Minimum length of a stretch; a shorter one is a click.
const MIN_STRETCH: usize = ms_to_frames(64);
/// Length of the pieces that are judged.
const PIECE: usize = ms_to_frames(1_000);

/// Evidence of a voice. Measured on four telephone calls, as they are and 24 dB softer, low-passed at 600 Hz,
/// high-passed at 900 Hz, through GSM, and 15 dB over white noise; against noises, tones and music. Breath scored 0.7
/// (0.5 to 0.85), speech 0.93 (0.73 to 0.98).
mod evidence {
    /// Minimum number of voiced frames of a piece that is speech by itself.
    pub const MIN_VOICED: usize = 2;
    /// Minimum share of voiced frames.
    pub const MIN_VOICED_SHARE: f32 = 0.04;
    /// Score from which on a piece is speech by itself, however soft.
    pub const SOFT_SCORE: f32 = 0.86;
    /// Minimum level of a piece relative to the channel's voice (-18 dB) where one of the next two decides.
    pub const MIN_LEVEL: f32 = 0.016;
    /// Score from which on a piece is speech by itself.
    pub const SCORE: f32 = 0.78;
    /// The same, with more voiced frames: of the share below.
    pub const VOICED_SCORE: f32 = 0.7;
    pub const VOICED_SHARE: f32 = 0.16;
    /// Minimum share of frames with moving partials. Music had 0.1, speech 0.33 and more.
    pub const MOVING: f32 = 0.3;
    /// Minimum share of frames with moving partials next to speech.
    pub const MOVING_BESIDE: f32 = 0.25;
    /// Minimum score of a piece with a voiced frame that is speech next to speech.
    pub const BESIDE_SCORE: f32 = 0.6;
    /// Minimum score of a piece without a voiced frame that is speech next to speech.
    pub const BESIDE_SCORE_UNVOICED: f32 = 0.76;
}

/// Speech without a pause, in frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Number of its loud frames.
    pub(super) loud: usize,
    /// Whether it is speech by its own evidence; else only next to such speech. Other pieces stay separate.
    pub(super) certain: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Evidence {
    None,
    Beside,
    Certain,
}

/// Returns the runs of speech in the frames of `range`, and those that are speech only next to other speech. `samples`
/// begin with frame 0 of `frames`.
pub(super) fn runs(frames: &[Frame], range: Range<usize>, samples: &[f32], voice: &mut VoiceCheck) -> Vec<Run> {
    let mut found: Vec<Run> = Vec::new();
    for stretch in stretches(frames, range) {
        let inside = &frames[stretch.clone()];
        if stretch.len() < MIN_STRETCH || is_steady(inside) {
            continue;
        }
        let voices = voice.check(samples, stretch.clone(), |at| frames[at].score > 0.0);
        let pieces = pieces(stretch.len());
        let judged: Vec<Evidence> =
            pieces.iter().map(|piece| evidence(&inside[piece.clone()], &voices[piece.clone()])).collect();
        for (number, piece) in pieces.into_iter().enumerate() {
            // A piece without a pause between two that are speech is speech: a long "s", a cough.
            let between = number > 0
                && judged[number - 1] == Evidence::Certain
                && judged.get(number + 1) == Some(&Evidence::Certain);
            let evidence = if between { Evidence::Certain } else { judged[number] };
            if evidence == Evidence::None {
                continue;
            }
            let run = Run {
                start: stretch.start + piece.start,
                end: stretch.start + piece.end,
                loud: inside[piece].iter().filter(|frame| frame.score >= OFF).count(),
                certain: evidence == Evidence::Certain,
            };
            match found.last_mut() {
                Some(last) if last.end == run.start && last.certain && run.certain => {
                    last.end = run.end;
                    last.loud += run.loud;
                }
                _ => found.push(run),
            }
        }
    }
    found
}

/// Returns the stretches in which the score indicates speech, with short pauses in them.
fn stretches(frames: &[Frame], range: Range<usize>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut open: Option<(usize, usize)> = None;
    for at in range {
        let score = frames[at].score;
        open = match open {
            None => (score >= ON).then_some((at, at)),
            Some((start, _)) if score >= OFF => Some((start, at)),
            Some((start, last)) if at - last >= GAP => {
                found.push(start..last + 1);
                None
            }
            same => same,
        };
    }
    found.extend(open.map(|(start, last)| start..last + 1));
    found
}

/// Returns equal pieces of a length as near to [`PIECE`] as possible.
fn pieces(length: usize) -> Vec<Range<usize>> {
    let count = ((length + PIECE / 2) / PIECE).max(1);
    (0..count).map(|number| length * number / count..length * (number + 1) / count).collect()
}

fn evidence(frames: &[Frame], voices: &[FrameVoice]) -> Evidence {
    let mut scores: Vec<f32> = frames.iter().map(|frame| frame.score).filter(|score| *score > 0.0).collect();
    scores.sort_by(f32::total_cmp);
    // The better half: noise around a word does not hide it.
    let upper = &scores[scores.len() / 2..];
    if upper.is_empty() {
        return Evidence::None;
    }
    let score = upper.iter().sum::<f32>() / upper.len() as f32;
    let share = |count: usize| count as f32 / scores.len() as f32;
    let voiced = voices.iter().filter(|frame| frame.voiced).count();
    let moving = share(voices.iter().filter(|frame| frame.moving).count());
    let level = frames.iter().map(|frame| frame.energy).fold(0.0, f32::max);
    let is_loud = frames.last().is_some_and(|last| level >= last.voice_level * evidence::MIN_LEVEL);
    let by_score = score >= if is_loud { evidence::SCORE } else { evidence::SOFT_SCORE };
    let by_voice = is_loud && score >= evidence::VOICED_SCORE && share(voiced) >= evidence::VOICED_SHARE;
    let is_voiced = voiced >= evidence::MIN_VOICED && share(voiced) >= evidence::MIN_VOICED_SHARE;
    let beside = score >= evidence::BESIDE_SCORE && (voiced > 0 || score >= evidence::BESIDE_SCORE_UNVOICED);
    match () {
        () if is_voiced && moving >= evidence::MOVING && (by_score || by_voice) => Evidence::Certain,
        () if beside && moving >= evidence::MOVING_BESIDE => Evidence::Beside,
        () => Evidence::None,
    }
}

/// Whether the loud and the quiet frames (the upper and the lower tenth) differ by less than 3 dB: noise, a hum, a
/// dialling tone. The level of voices changes by ten times as much.
fn is_steady(frames: &[Frame]) -> bool {
    const STEADY: f32 = 2.0;
    let mut energies: Vec<f32> = frames.iter().map(|frame| frame.energy).collect();
    energies.sort_by(f32::total_cmp);
    let tenth = energies.len() / 10;
    energies[energies.len() - 1 - tenth] < energies[tenth] * STEADY
}
