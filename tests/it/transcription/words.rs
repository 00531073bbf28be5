//! Word errors: of the test model on the calls of the tests, of a real model on those of the demo.

use super::{engine, hear_file};
use crate::audio::wav::demo;
use crate::support::shared;
use afterword::transcription::models::{ModelFolders, Trial};
use afterword::transcription::{Engine, EngineConfig, Speaker, Transcript};
use std::path::Path;

/// Returns the words without case and punctuation.
fn plain(text: &str) -> Vec<String> {
    let kept = |c: char| if c.is_alphanumeric() || c == '\'' { c.to_ascii_lowercase() } else { ' ' };
    text.chars().map(kept).collect::<String>().split_whitespace().map(str::to_owned).collect()
}

/// Returns the number of words to change, and of all words.
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

/// Returns the words of one side, from the table of a call.
fn said(table: &Path, speaker: &str) -> Vec<String> {
    let table = std::fs::read_to_string(table).unwrap();
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
            let (e, n) = errors(&said(&demo(&format!("{call}.tsv")), name), &heard(&transcript, speaker));
            eprintln!("{call} {name}: {e} of {n}");
            wrong += e;
            all += n;
        }
        eprintln!("{}", afterword::transcription::Format::Text.write(&transcript));
    }
    eprintln!("{wrong} of {all} words wrong, {:.1} %", 100.0 * wrong as f64 / all as f64);
    assert!(wrong * 100 < all * 8, "{wrong} of {all} words are wrong");
}

/// Returns numbers as words: a model writes 47291 and $10 where "four seven two nine one" and "ten dollar" are said.
fn spoken(word: &str) -> Vec<String> {
    const DIGITS: [&str; 10] = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    match word {
        "10" => vec!["ten".into()],
        "12" => vec!["twelve".into()],
        _ if word.bytes().all(|byte| byte.is_ascii_digit()) => {
            word.bytes().map(|digit| DIGITS[usize::from(digit - b'0')].to_owned()).collect()
        }
        _ => vec![word.to_owned()],
    }
}

/// The goal for the text that a new user reads first: one wrong word in twenty.
#[tokio::test(flavor = "multi_thread")]
async fn the_demo_reads_right_with_the_smallest_real_model() {
    let Some(model) = shared::path("models/ggml-tiny.en-q8_0.bin") else { return };
    let mut config = EngineConfig::new(ModelFolders::only("no-such-folder"), model.to_str().unwrap());
    config.trial = Trial::with_program(env!("CARGO_BIN_EXE_afterword"));
    config.threads = 1;
    let engine = Engine::new(config);
    let (mut wrong, mut all) = (0, 0);
    let mut transcripts = Vec::new();
    for call in ["call-good", "call-bad"] {
        let at = |ending: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("demo/{call}.{ending}"));
        let transcript = hear_file(&engine, &at("ogg")).await.unwrap();
        for (speaker, name) in [(Speaker::Agent, "agent"), (Speaker::Customer, "customer")] {
            let heard: Vec<_> = heard(&transcript, speaker).iter().flat_map(|word| spoken(word)).collect();
            let (e, n) = errors(&said(&at("tsv"), name), &heard);
            eprintln!("{call} {name}: {e} of {n}");
            wrong += e;
            all += n;
        }
        eprintln!("{}", afterword::transcription::Format::Text.write(&transcript));
        transcripts.push(transcript);
    }
    assert!(wrong * 20 <= all, "{wrong} of {all} words are wrong");
    let first = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/call-good.ogg");
    let again = hear_file(&engine, &first).await.unwrap();
    assert_eq!(again.segments, transcripts[0].segments, "the words do not depend on what was transcribed before");
}
