//! Channels that leak into each other: the louder one keeps the words.

use super::{all_text, engine, hear};
use crate::audio::wav::{Coding, Sound};
use afterword::transcription::{Note, Speaker, speech};
use tokio_util::sync::CancellationToken;

type Spans = Vec<Vec<(u64, u64)>>;

/// Two voices, one after the other.
fn clean() -> Sound {
    Sound::demo("call-good.flac", 20)
}

/// Adds the leak of `from`, at `db`, `ms` later, to `to`.
fn leaked(to: &[f32], from: &[f32], rate: u32, db: f32, ms: u32) -> Vec<f32> {
    let (gain, delay) = (10_f32.powf(db / 20.0), (rate * ms / 1000) as usize);
    let late = std::iter::repeat_n(0.0, delay).chain(from.iter().copied());
    to.iter().zip(late).map(|(own, leak)| own + gain * leak).collect()
}

/// Returns each channel with a leak of the other.
pub fn both_ways(sound: &Sound, db: f32, ms: u32) -> Sound {
    let [left, right] = [&sound.channels[0], &sound.channels[1]];
    let leak = |to, from| leaked(to, from, sound.rate, db, ms);
    Sound { rate: sound.rate, channels: vec![leak(left, right), leak(right, left)] }
}

/// Attenuates the difference of the channels, as joint stereo does.
fn joint(sound: &Sound, side: f32) -> Sound {
    let channel = |sign: f32| {
        let pairs = sound.channels[0].iter().zip(&sound.channels[1]);
        pairs.map(|(left, right)| (left + right) / 2.0 + sign * side * (left - right) / 2.0).collect()
    };
    Sound { rate: sound.rate, channels: vec![channel(1.0), channel(-1.0)] }
}

fn spans(sound: &Sound) -> Spans {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("call.wav");
    std::fs::write(&path, sound.wav(Coding::Pcm16)).unwrap();
    speech(&path, &CancellationToken::new()).unwrap()
}

fn total(spans: &[(u64, u64)]) -> u64 {
    spans.iter().map(|(start, end)| end - start).sum()
}

fn share(spans: &Spans) -> f64 {
    total(&spans[0]) as f64 / (total(&spans[0]) + total(&spans[1])) as f64
}

fn overlap(spans: &Spans) -> u64 {
    let common = |a: &(u64, u64), b: &(u64, u64)| a.1.min(b.1).saturating_sub(a.0.max(b.0));
    spans[0].iter().flat_map(|a| spans[1].iter().map(move |b| common(a, b))).sum()
}

#[test]
fn a_leak_is_no_speech_of_the_other_channel() {
    let clean = clean();
    let truth = spans(&clean);
    assert_eq!(overlap(&truth), 0);
    let [left, right] = [&clean.channels[0], &clean.channels[1]];
    let one_way = Sound { rate: clean.rate, channels: vec![left.clone(), leaked(right, left, clean.rate, -12.0, 40)] };
    let mut cases: Vec<(String, Sound)> =
        vec![("one way".to_owned(), one_way), ("joint stereo".to_owned(), joint(&clean, 0.3))];
    for (db, ms) in [(-6.0, 0), (-6.0, 40), (-12.0, 120), (-18.0, 40), (-24.0, 200), (-30.0, 0)] {
        cases.push((format!("{db} dB, {ms} ms"), both_ways(&clean, db, ms)));
    }
    for (name, sound) in cases {
        let found = spans(&sound);
        assert!((share(&found) - share(&truth)).abs() < 0.05, "{name}: {} for {}", share(&found), share(&truth));
        assert!(overlap(&found) < 500, "{name}: {} ms", overlap(&found));
        for (found, truth) in found.iter().zip(&truth) {
            assert!(total(found).abs_diff(total(truth)) * 10 < total(truth), "{name}: {found:?} for {truth:?}");
        }
    }
}

#[test]
fn those_who_speak_at_once_are_both_heard_in_spite_of_a_leak() {
    let mut clean = clean();
    clean.channels[1].rotate_left(6 * clean.rate as usize);
    let truth = spans(&clean);
    assert!(overlap(&truth) > 2_000, "{truth:?}");
    for db in [-12.0, -18.0, -24.0] {
        let found = spans(&both_ways(&clean, db, 40));
        for (found, truth) in found.iter().zip(&truth) {
            assert!(total(found).abs_diff(total(truth)) * 8 < total(truth), "{db} dB: {found:?} for {truth:?}");
        }
    }
}

#[tokio::test]
async fn each_sentence_is_written_once_and_a_note_says_why() {
    let (engine, clean) = (engine(), clean());
    let truth = hear(&engine, &clean.wav(Coding::Pcm16)).await.unwrap();
    assert_eq!(truth.notes, []);
    let words = |text: String| text.split_whitespace().count();
    let heard = hear(&engine, &both_ways(&clean, -18.0, 40).wav(Coding::Pcm16)).await.unwrap();
    assert_eq!(heard.notes, [Note::CrosstalkRemoved]);
    assert!(words(all_text(&heard)).abs_diff(words(all_text(&truth))) <= 3, "{}", all_text(&heard));
    let speakers = |speaker| heard.segments.iter().any(|segment| segment.speaker == speaker);
    assert!(speakers(Speaker::Agent) && speakers(Speaker::Customer));
}

#[tokio::test]
async fn channels_that_cannot_be_told_apart_become_one() {
    let (engine, clean) = (engine(), clean());
    for (name, sound) in [("joint stereo", joint(&clean, 0.15)), ("echo", both_ways(&clean, -2.0, 40))] {
        let heard = hear(&engine, &sound.wav(Coding::Pcm16)).await.unwrap();
        assert_eq!(heard.notes, [Note::ChannelsLeak], "{name}");
        assert!(heard.segments.iter().all(|segment| segment.speaker == Speaker::Unknown), "{name}");
        assert!(all_text(&heard).split_whitespace().count() > 20, "{name}: {}", all_text(&heard));
    }
}

#[test]
fn where_one_channel_is_listened_to_its_speech_counts_for_both() {
    let clean = clean();
    let mixed: Vec<f32> = clean.channels[0].iter().zip(&clean.channels[1]).map(|(a, b)| (a + b) / 2.0).collect();
    let truth = spans(&Sound { rate: clean.rate, channels: vec![mixed.clone()] });
    assert!(total(&truth[0]) > 5_000, "{truth:?}");
    let quieter = mixed.iter().map(|sample| sample * 0.7).collect();
    let same = spans(&Sound { rate: clean.rate, channels: vec![quieter, mixed] });
    assert_eq!(same, [truth[0].clone(), truth[0].clone()], "the louder of two that are the same");
    let leak = spans(&both_ways(&clean, -2.0, 40));
    assert_eq!(leak[0], leak[1]);
    assert!(total(&leak[0]).abs_diff(total(&truth[0])) * 8 < total(&truth[0]), "{leak:?} for {truth:?}");
}
