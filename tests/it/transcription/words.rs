//! The test model on the demo calls.

use super::{engine, hear_file};
use crate::audio::wav::demo;
use afterword::transcription::{Speaker, Transcript};

/// Words without case and punctuation.
fn plain(text: &str) -> Vec<String> {
    let kept = |c: char| if c.is_alphanumeric() || c == '\'' { c.to_ascii_lowercase() } else { ' ' };
    text.chars().map(kept).collect::<String>().split_whitespace().map(str::to_owned).collect()
}

/// Words to change, and words in all.
fn errors(reference: &[String], heard: &[String]) -> (usize, usize) {
    let mut row: Vec<usize> = (0..=heard.len()).collect();
    for (i, word) in reference.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in heard.iter().enumerate() {
            let replaced = diagonal + usize::from(word != other);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    (row[heard.len()], reference.len())
}

/// What was said by one side, from the demo's own table.
fn said(file: &str, speaker: &str) -> Vec<String> {
    let table = std::fs::read_to_string(demo(file)).unwrap();
    let lines = table.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    lines.filter(|line| line.get(2) == Some(&speaker)).flat_map(|line| plain(line[3])).collect()
}

fn heard(transcript: &Transcript, speaker: Speaker) -> Vec<String> {
    transcript.segments.iter().filter(|s| s.speaker == speaker).flat_map(|s| plain(&s.text)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_calls_come_out_mostly_right() {
    let engine = engine();
    let (mut wrong, mut all) = (0, 0);
    for call in ["call-good", "call-bad"] {
        let start = std::time::Instant::now();
        let transcript = hear_file(&engine, &demo(&format!("{call}.flac"))).await.unwrap();
        eprintln!("{call} {:?}", start.elapsed());
        for (speaker, name) in [(Speaker::Agent, "agent"), (Speaker::Customer, "customer")] {
            let (e, n) = errors(&said(&format!("{call}.tsv"), name), &heard(&transcript, speaker));
            eprintln!("{call} {name}: {e} of {n}");
            wrong += e;
            all += n;
        }
        eprintln!("{}", afterword::transcription::Format::Text.write(&transcript));
    }
    eprintln!("{wrong} of {all} words wrong, {:.1} %", 100.0 * wrong as f64 / all as f64);
    assert!(wrong * 100 < all * 8, "{wrong} of {all} words are wrong");
}
