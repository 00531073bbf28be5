//! Peaks of a recording, and clips cut out of it.

use super::wav::{Coding, Sound, demo};
use afterword::audio::{AudioError, MAX_BUCKETS, cut, peaks, probe};
use tokio_util::sync::CancellationToken;

#[test]
fn the_picture_shows_each_channel_as_loud_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("steps.wav");
    let wave = |at: usize| if at % 20 < 10 { 1.0_f32 } else { -1.0 };
    let left = (0..80_000).map(|at| wave(at) * if at < 40_000 { 0.5 } else { 0.0 }).collect();
    let right = (0..80_000).map(|at| wave(at) * 0.25).collect();
    std::fs::write(&path, Sound { rate: 8_000, channels: vec![left, right] }.wav(Coding::Pcm16)).unwrap();
    let drawn = peaks(&path, &CancellationToken::new()).unwrap();
    assert_eq!((drawn.duration_ms, drawn.truncated, drawn.channels.len()), (10_000, false, 2));
    let [left, right] = &drawn.channels[..] else { panic!() };
    assert!(left.len() == right.len() && (MAX_BUCKETS / 2..=MAX_BUCKETS).contains(&left.len()));
    let middle = left.len() / 2;
    assert!(left[..middle - 1].iter().all(|bar| (127..=128).contains(bar)), "{left:?}");
    assert!(left[middle + 1..].iter().all(|bar| *bar == 0), "{left:?}");
    assert!(right.iter().all(|bar| (63..=64).contains(bar)), "{right:?}");
}

#[test]
fn the_picture_of_a_call_shows_who_speaks() {
    let drawn = peaks(&demo("call-bad.flac"), &CancellationToken::new()).unwrap();
    let loudest = |channel: usize, from: f64, to: f64| {
        let bars = &drawn.channels[channel];
        let at = |seconds: f64| (seconds * 1000.0 / drawn.duration_ms as f64 * bars.len() as f64) as usize;
        bars[at(from)..at(to)].iter().copied().max().unwrap()
    };
    // The agent asks first, then the customer answers; see tests/calls/call-bad.tsv.
    assert!(loudest(0, 0.6, 2.1) > 30 && loudest(1, 0.6, 2.1) < 5);
    assert!(loudest(1, 3.0, 8.0) > 30 && loudest(0, 3.0, 8.0) < 5);
}

#[test]
fn a_piece_is_the_sound_of_its_span() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("piece.wav");
    for name in ["call-good.flac", "call-good.ogg"] {
        assert_eq!(cut(&demo(name), 1_000, 2_500, &out).unwrap(), 1_500);
        let info = probe(&out).unwrap();
        assert_eq!((info.channels, info.sample_rate, info.duration_ms, info.truncated), (2, 8_000, 1_500, false));
        let (whole, piece) = (Sound::read(&demo(name)), Sound::read(&out));
        for (whole, piece) in whole.channels.iter().zip(&piece.channels) {
            let worst = whole[8_000..20_000].iter().zip(piece).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(worst < 1e-4, "{name}: {worst}");
        }
    }
}

#[test]
fn a_piece_ends_with_its_recording_and_none_is_left_where_there_is_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (out, call) = (folder.path().join("piece.wav"), demo("call-good.flac"));
    let whole = probe(&call).unwrap().duration_ms;
    assert_eq!(cut(&call, whole - 300, whole + 60_000, &out).unwrap(), 300);
    std::fs::remove_file(&out).unwrap();
    for (start, end) in [(5_000, 5_000), (5_000, 4_000), (whole + 1, whole + 1_000), (u64::MAX - 1, u64::MAX)] {
        let error = cut(&call, start, end, &out).unwrap_err();
        assert!(matches!(error, AudioError::BadSpan { .. }), "{start}-{end}: {error}");
        assert!(!out.exists(), "{start}-{end}");
    }
    let error = cut(&call, 0, 1_000, &folder.path().join("no/such/folder.wav")).unwrap_err();
    assert!(!error.is_final() && error.to_string().contains("no/such"), "{error}");
}
