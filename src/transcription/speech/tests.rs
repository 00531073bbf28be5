use super::*;
use std::f32::consts::TAU;

const SECONDS: usize = 20;

fn spans(samples: &[f32], max_ms: u64) -> Vec<Span> {
    let (mut finder, mut found) = (SpeechFinder::new(max_ms, Pauses::SENTENCES), Vec::new());
    samples.chunks(1000).for_each(|block| finder.push(block, &mut |span| found.push(span)));
    finder.finish(&mut |span| found.push(span));
    found
}

/// Returns audio computed from the time in seconds.
fn sound(of: impl FnMut(f32) -> f32) -> Vec<f32> {
    (0..RATE as usize * SECONDS).map(|at| at as f32 / RATE as f32).map(of).collect()
}

/// Returns pseudo-random numbers between -1 and 1, the same each time.
fn random() -> impl FnMut() -> f32 {
    let mut state = 7_u64;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    }
}

/// A note of an instrument: constant partials, and a decaying amplitude.
fn note(pitch: f32, at: f32) -> f32 {
    let partials = (1..=4).map(|n| (TAU * pitch * n as f32 * at).sin() / n as f32).sum::<f32>();
    0.2 * partials * (-1.5 * at).exp() * (1.0 - (-60.0 * at).exp())
}

#[test]
fn what_is_no_voice_is_no_speech() {
    let (mut white, mut brown, mut blow, mut beat, mut keys) = (random(), random(), random(), random(), random());
    let (mut level, mut knock) = (0.0_f32, 0.0_f32);
    let (mut wind, mut gust, mut air, mut angle) = (0.0_f32, 0.0_f32, random(), 0.0_f32);
    let in_turn = |at: f32, on: f32, of: f32| at % of < on;
    let scale = [220.0_f32, 261.6, 293.7, 329.6, 392.0, 440.0];
    let cases: Vec<(&str, Vec<f32>)> = vec![
        ("nothing", Vec::new()),
        ("silence", sound(|_| 0.0)),
        ("hum", sound(|at| 0.05 * (TAU * 50.0 * at).sin() + 0.03 * (TAU * 100.0 * at).sin())),
        ("white noise", sound(|_| 0.4 * white())),
        (
            "brown noise",
            sound(|_| {
                level = 0.995 * level + 0.05 * brown();
                level.clamp(-1.0, 1.0)
            }),
        ),
        ("breath", sound(|at| 0.2 * (TAU * 0.2 * at).sin().powi(2) * blow())),
        ("noise as quick as syllables", sound(|at| 0.2 * (TAU * 2.0 * at).sin().abs() * beat())),
        (
            "a keyboard",
            sound(|at| {
                knock = if at % 0.17 < 1.0 / RATE as f32 { 0.5 } else { knock * 0.998 };
                knock * keys()
            }),
        ),
        (
            "American ringing",
            sound(|at| {
                if in_turn(at, 2.0, 6.0) { 0.15 * ((TAU * 440.0 * at).sin() + (TAU * 480.0 * at).sin()) } else { 0.0 }
            }),
        ),
        ("European ringing", sound(|at| if in_turn(at, 1.0, 5.0) { 0.3 * (TAU * 425.0 * at).sin() } else { 0.0 })),
        ("engaged", sound(|at| if in_turn(at, 0.5, 1.0) { 0.3 * (TAU * 480.0 * at).sin() } else { 0.0 })),
        (
            "dialled digits",
            sound(|at| {
                let digit = (at / 0.25) as usize;
                let (low, high) =
                    ([697.0, 770.0, 852.0, 941.0][digit * 7 % 4], [1209.0, 1336.0, 1477.0][digit * 5 % 3]);
                if in_turn(at, 0.12, 0.25) { 0.2 * ((TAU * low * at).sin() + (TAU * high * at).sin()) } else { 0.0 }
            }),
        ),
        (
            "music on hold",
            sound(|at| {
                let beat = (at / 0.6) as usize;
                let chord = [0, 2, 4].iter().map(|n| note(scale[(beat / 2 + n) % 6], at % 1.2)).sum::<f32>();
                0.5 * chord + note(scale[beat * 5 % 6] * 2.0, at % 0.6)
            }),
        ),
        (
            "wind",
            sound(|_| {
                wind = 0.98 * wind + 0.02 * air();
                gust = 0.9997 * gust + 0.0003 * air();
                (wind * (gust * 60.0).clamp(0.0, 1.0) * 3.0).clamp(-1.0, 1.0)
            }),
        ),
        (
            "a violin",
            sound(|at| {
                let pitch = 2.0 * scale[(at / 0.6) as usize * 5 % 6] * (1.0 + 0.012 * (TAU * 5.5 * at).sin());
                angle = (angle + TAU * pitch / RATE as f32) % TAU;
                let partials = (1..6).map(|n| (angle * n as f32).sin() / (n as f32).powf(1.5)).sum::<f32>();
                0.2 * partials * (1.0 - (-30.0 * (at % 0.6)).exp())
            }),
        ),
    ];
    for (name, samples) in cases {
        assert_eq!(spans(&samples, 28_000), [], "{name}");
    }
}
