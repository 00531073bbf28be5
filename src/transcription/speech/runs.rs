//! What of a stretch that may be speech is speech: without its pauses, and without what is no voice.

use super::voice::VoiceCheck;
use super::{Frame, OFF, ON, ms_to_frames};
use std::ops::Range;

/// Shorter pauses belong to the speech around them.
const GAP: usize = ms_to_frames(192);
/// Shorter than this it is a click.
const LEAST: usize = ms_to_frames(64);
/// Voices are looked for in pieces of about this length.
const PIECE: usize = ms_to_frames(2_000);
/// How much of a piece has to sound like a voice, at least. Of two seconds of speech it was 0.18 and more on the telephone
/// (0.3 to 0.8 as a rule; a tone language had one of 0.1), of noise, tones and made-up music 0.15 and less.
const VOICED: f32 = 0.16;
const VOICED_FRAMES: usize = 2;

/// A stretch is steady in which loud and quiet frames (its upper and lower tenth) differ by less than this, 3 dB: a rush, a
/// hum, a dialling tone. Voices rise and fall by ten times that much.
const STEADY: f32 = 2.0;

/// Speech without a pause, in frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) start: usize,
    pub(super) end: usize,
    /// How many of them are loud enough.
    pub(super) loud: usize,
}

/// The runs of speech in the frames of `range`, whose sound (and what lies before it) is `samples`.
pub(super) fn runs(frames: &[Frame], range: Range<usize>, samples: &[f32], voice: &mut VoiceCheck) -> Vec<Run> {
    let mut found = Vec::new();
    for stretch in stretches(frames, range) {
        let inside = &frames[stretch.clone()];
        if stretch.len() < LEAST || is_steady(inside) {
            continue;
        }
        let voiced = voice.voiced(samples, stretch.clone(), |at| frames[at].score > 0.0);
        let pieces = pieces(stretch.len());
        let is_voice: Vec<bool> =
            pieces.iter().map(|piece| is_voice(&inside[piece.clone()], &voiced[piece.clone()])).collect();
        for (number, piece) in pieces.iter().enumerate() {
            // A piece between two voices is one too: a long "s", a cough.
            let between = number > 0 && is_voice[number - 1] && is_voice.get(number + 1) == Some(&true);
            if !is_voice[number] && !between {
                continue;
            }
            let run = Run {
                start: stretch.start + piece.start,
                end: stretch.start + piece.end,
                loud: inside[piece.clone()].iter().filter(|frame| frame.score >= OFF).count(),
            };
            match found.last_mut() {
                Some(Run { end, loud, .. }) if *end == run.start => {
                    *end = run.end;
                    *loud += run.loud;
                }
                _ => found.push(run),
            }
        }
    }
    found
}

/// Where the score says speech, with short pauses in it.
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

/// Equal pieces, the length of which is as near to [`PIECE`] as can be.
fn pieces(length: usize) -> Vec<Range<usize>> {
    let count = ((length + PIECE / 2) / PIECE).max(1);
    (0..count).map(|number| length * number / count..length * (number + 1) / count).collect()
}

fn is_voice(frames: &[Frame], voiced: &[bool]) -> bool {
    let loud = frames.iter().filter(|frame| frame.score > 0.0).count();
    let voiced = voiced.iter().filter(|voiced| **voiced).count();
    voiced >= VOICED_FRAMES && voiced as f32 >= VOICED * loud as f32
}

fn is_steady(frames: &[Frame]) -> bool {
    let mut energies: Vec<f32> = frames.iter().map(|frame| frame.energy).collect();
    energies.sort_by(f32::total_cmp);
    let tenth = energies.len() / 10;
    energies[energies.len() - 1 - tenth] < energies[tenth] * STEADY
}
