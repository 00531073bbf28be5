//! Speech detection on real telephone calls compared with annotations by people: speech found, and other sound taken
//! for speech.

use crate::audio::wav::{Coding, Sound, demo};
use crate::support::shared;
use afterword::transcription::speech;
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

type Spans = Vec<(u64, u64)>;

/// Milliseconds: annotated as speech, found of that, found outside of it, and the whole channel.
#[derive(Default)]
struct Count {
    marked: usize,
    found: usize,
    extra: usize,
    whole: usize,
}

impl Count {
    fn add(&mut self, marked: &Spans, found: &Spans, whole_ms: u64) {
        let mask = |spans: &Spans| {
            let mut mask = vec![false; whole_ms as usize];
            for (start, end) in spans {
                mask[(*start).min(whole_ms) as usize..(*end).min(whole_ms) as usize].fill(true);
            }
            mask
        };
        for (marked, found) in mask(marked).into_iter().zip(mask(found)) {
            self.marked += usize::from(marked);
            self.found += usize::from(marked && found);
            self.extra += usize::from(found && !marked);
        }
        self.whole += whole_ms as usize;
    }
}

/// Returns start, end, speaker and text of each line.
fn lines(table: &Path, ms: impl Fn(&str) -> u64) -> Vec<(u64, u64, String, String)> {
    let table = std::fs::read_to_string(table).unwrap();
    let fields = table.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    fields.map(|f| (ms(f[0]), ms(f[1]), f[2].to_owned(), f[3].to_owned())).collect()
}

/// Returns the four real calls.
fn calls() -> Option<Vec<PathBuf>> {
    let folder = shared::path("samples/audio")?;
    let mut calls: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    calls.retain(|path| path.extension().is_some_and(|kind| kind == "tsv"));
    assert_eq!(calls.len(), 4);
    Some(calls)
}

/// Counts the speech of a call that is found in `sound`; returns the utterances of which less than half is found.
fn look(table: &Path, sound: &Path, count: &mut Count) -> Vec<String> {
    let whole_ms = afterword::audio::probe(sound).unwrap().duration_ms;
    let found = speech(sound, &CancellationToken::new()).unwrap();
    let lines = lines(table, |ms| ms.parse().unwrap());
    let mut missed = Vec::new();
    for (side, found) in ["agent", "caller"].iter().zip(&found) {
        // Annotations of noise only (breath, a laugh) do not count.
        let marked: Vec<_> = lines.iter().filter(|line| line.2 == *side && line.3.trim() != "[noise]").collect();
        count.add(&marked.iter().map(|line| (line.0, line.1)).collect(), found, whole_ms);
        let heard =
            |from: u64, to: u64| found.iter().map(|(a, b)| to.min(*b).saturating_sub(from.max(*a))).sum::<u64>();
        missed.extend(
            marked.iter().filter(|line| heard(line.0, line.1) * 2 < line.1 - line.0).map(|line| line.3.clone()),
        );
    }
    missed
}

#[test]
fn speech_of_real_calls_is_found_and_little_else() {
    let Some(calls) = calls() else { return };
    let mut count = Count::default();
    for call in calls {
        assert_eq!(look(&call, &call.with_extension("wav"), &mut count), Vec::<String>::new());
    }
    let percent = |part: usize, of: usize| 100.0 * part as f64 / of as f64;
    let (found, extra) = (percent(count.found, count.marked), percent(count.extra, count.whole));
    let among = percent(count.extra, count.found + count.extra);
    eprintln!(
        "found {found:.1} % of the marked speech; {extra:.1} % of the time beside it, {among:.1} % of what was found"
    );
    assert!(count.marked > 100_000, "all four calls");
    assert!(found >= 97.5, "{found}");
    assert!(extra <= 2.8 && among <= 10.5, "{extra} {among}");
}

/// One-pole low-pass filter, applied twice: 12 dB an octave.
fn low_pass(channel: &[f32], rate: u32, hertz: f32) -> Vec<f32> {
    let keep = (-std::f32::consts::TAU * hertz / rate as f32).exp();
    let (mut first, mut second) = (0.0, 0.0);
    let pass = |sample: &f32| {
        first = keep * first + (1.0 - keep) * sample;
        second = keep * second + (1.0 - keep) * first;
        second
    };
    channel.iter().map(pass).collect()
}

/// A change of a channel's audio at a sample rate.
type Change = fn(&[f32], u32) -> Vec<f32>;

#[test]
fn soft_dull_and_thin_voices_are_found_too() {
    let Some(calls) = calls() else { return };
    let changes: [(&str, Change, f64); 3] = [
        ("24 dB softer", |channel, _| channel.iter().map(|sample| sample * 0.063).collect(), 90.0),
        ("dull", |channel, rate| low_pass(channel, rate, 500.0), 94.0),
        (
            "thin",
            |channel, rate| {
                channel.iter().zip(low_pass(channel, rate, 900.0)).map(|(sample, low)| sample - low).collect()
            },
            95.5,
        ),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (name, change, least) in changes {
        let mut count = Count::default();
        for call in &calls {
            let sound = Sound::read(&call.with_extension("wav"));
            let channels = sound.channels.iter().map(|channel| change(channel, sound.rate)).collect();
            let path = folder.path().join("changed.wav");
            std::fs::write(&path, Sound { rate: sound.rate, channels }.wav(Coding::Pcm16)).unwrap();
            look(call, &path, &mut count);
        }
        let found = 100.0 * count.found as f64 / count.marked as f64;
        eprintln!("{name}: found {found:.1} %");
        assert!(found >= least, "{name}: {found}");
    }
}

#[test]
fn the_demo_calls_are_found_too() {
    for call in ["call-bad", "call-good"] {
        let found = speech(&demo(&format!("{call}.flac")), &CancellationToken::new()).unwrap();
        let lines = lines(&demo(&format!("{call}.tsv")), |s| (s.parse::<f64>().unwrap() * 1000.0) as u64);
        let whole_ms = afterword::audio::probe(&demo(&format!("{call}.flac"))).unwrap().duration_ms;
        let mut count = Count::default();
        for (side, found) in ["agent", "customer"].iter().zip(&found) {
            let marked = lines.iter().filter(|line| line.2 == *side);
            count.add(&marked.map(|line| (line.0, line.1)).collect(), found, whole_ms);
        }
        eprintln!("{call}: {} of {} ms, {} beside", count.found, count.marked, count.extra);
        // The annotations include pauses between sentences, too.
        assert!(count.found * 100 >= count.marked * 85 && count.extra * 100 <= count.whole);
    }
}
