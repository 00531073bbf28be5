//! Recordings to measure with, made from the demo calls and, where they are next to the repository, from real ones.

use crate::bare_whisper::decode;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/calls");
/// Pause between two calls in the long recording.
const PAUSE_S: usize = 20;

/// Returns the shared samples, if they exist.
pub fn shared() -> Option<PathBuf> {
    let root = std::env::var_os("AFTERWORD_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    Some(root.join("samples/audio")).filter(|folder| folder.is_dir())
}

/// Returns the real calls.
pub fn calls(shared: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(shared)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with("harper-valley") && name.ends_with(".wav") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Returns the file of tiny.en, where it exists.
pub fn real_model() -> Option<String> {
    let file = shared()?.join("../../models/ggml-tiny.en-q8_0.bin");
    file.exists().then(|| file.display().to_string())
}

/// Writes the speech of the real calls, one sentence directly after the other, on one channel.
pub fn without_pauses(shared: &Path, to: &Path) -> Result<()> {
    let mut joined = Vec::new();
    let mut rate = 8_000;
    for call in calls(shared)? {
        let channels;
        (rate, channels) = decode(&call)?;
        for line in std::fs::read_to_string(call.with_extension("tsv"))?.lines() {
            let [start, end, speaker, text] = fields(line)?;
            let at = |ms: &str| -> Result<usize> { Ok(ms.parse::<usize>()? * rate as usize / 1000) };
            if !text.starts_with('[') {
                joined.extend_from_slice(&channels[usize::from(speaker != "agent")][at(start)?..at(end)?]);
            }
        }
    }
    write(to, rate, &[joined])
}

/// Writes one hour of the demo calls in turn, with pauses.
pub fn hour(to: &Path) -> Result<()> {
    let (rate, good) = decode(&Path::new(DEMO).join("call-good.flac"))?;
    let (_, bad) = decode(&Path::new(DEMO).join("call-bad.flac"))?;
    let wanted = rate as usize * 3600;
    let mut hour = vec![Vec::with_capacity(wanted), Vec::with_capacity(wanted)];
    for call in [&good, &bad].into_iter().cycle() {
        for (side, sound) in hour.iter_mut().zip(call) {
            side.extend_from_slice(sound);
            side.resize(side.len() + rate as usize * PAUSE_S, 0.0);
        }
        if hour[0].len() >= wanted {
            break;
        }
    }
    hour.iter_mut().for_each(|side| side.truncate(wanted));
    write(to, rate, &hour)
}

/// Codecs of telephone systems.
pub const CODINGS: [&str; 4] = ["16 kHz", "8 kHz", "mu-law", "GSM"];

/// Returns a demo call in one of them; `None` where sox is missing. GSM is converted there and back.
pub fn coded(call: &str, coding: &str, folder: &Path) -> Result<Option<PathBuf>> {
    let (from, to) = (format!("{DEMO}/{call}.flac"), folder.join(format!("{call}-{coding}.wav")));
    let sox = |from: &[&str], options: &[&str], to: &Path| -> Result<bool> {
        match Command::new("sox").arg("-D").args(from).args(options).arg(to).output() {
            Ok(output) if output.status.success() => Ok(true),
            Ok(output) => bail!("sox: {}", String::from_utf8_lossy(&output.stderr)),
            Err(_) => Ok(false),
        }
    };
    let made = match coding {
        "16 kHz" => sox(&[&from], &["-r", "16000", "-b", "16"], &to)?,
        "mu-law" => sox(&[&from], &["-e", "u-law"], &to)?,
        "GSM" => {
            let sides = [1, 2].map(|side| folder.join(format!("{call}-{side}.gsm")));
            for (side, file) in sides.iter().enumerate() {
                let output = Command::new("sox").arg(&from).arg(file).args(["remix", &(side + 1).to_string()]).output();
                if !output.is_ok_and(|output| output.status.success()) {
                    return Ok(None);
                }
            }
            let sides = sides.map(|file| file.to_string_lossy().into_owned());
            sox(&["-M", &sides[0], &sides[1]], &["-e", "signed", "-b", "16"], &to)?
        }
        _ => sox(&[&from], &["-b", "16"], &to)?,
    };
    Ok(made.then_some(to))
}

/// Returns the words of the two sides of a demo call.
pub fn said(call: &str) -> Result<[Vec<String>; 2]> {
    let mut said = [Vec::new(), Vec::new()];
    for line in std::fs::read_to_string(format!("{DEMO}/{call}.tsv"))?.lines() {
        let [_, _, speaker, text] = fields(line)?;
        said[usize::from(speaker != "agent")].extend(plain_words(text));
    }
    Ok(said)
}

fn fields(line: &str) -> Result<[&str; 4]> {
    line.split('\t').collect::<Vec<_>>().try_into().ok().context("four fields a line")
}

/// Returns the words without case and punctuation.
pub fn plain_words(text: &str) -> Vec<String> {
    let kept = |c: char| if c.is_alphanumeric() || c == '\'' { c.to_ascii_lowercase() } else { ' ' };
    text.chars().map(kept).collect::<String>().split_whitespace().map(str::to_owned).collect()
}

/// Returns the number of words to be changed, added or removed.
pub fn changes(said: &[String], heard: &[String]) -> usize {
    let mut row: Vec<usize> = (0..=heard.len()).collect();
    for (i, word) in said.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in heard.iter().enumerate() {
            let replaced = diagonal + usize::from(word != other);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[heard.len()]
}

/// Writes a WAV file of 16 bits.
pub fn write(to: &Path, rate: u32, channels: &[Vec<f32>]) -> Result<()> {
    let (count, frames) = (channels.len() as u32, channels.first().map_or(0, Vec::len));
    let data = frames as u32 * count * 2;
    let mut bytes = Vec::with_capacity(data as usize + 44);
    bytes.extend(b"RIFF");
    bytes.extend((data + 36).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0");
    bytes.extend((count as u16).to_le_bytes());
    bytes.extend(rate.to_le_bytes());
    bytes.extend((rate * count * 2).to_le_bytes());
    bytes.extend((count as u16 * 2).to_le_bytes());
    bytes.extend(b"\x10\0data");
    bytes.extend(data.to_le_bytes());
    for at in 0..frames {
        for channel in channels {
            bytes.extend(((channel[at].clamp(-1.0, 1.0) * 32_767.0) as i16).to_le_bytes());
        }
    }
    Ok(std::fs::write(to, bytes)?)
}
