//! A longer recording takes more time, not more memory.

use super::wav::{Coding, head};
use afterword::audio::{Rendition, peaks, probe};
use std::fs::File;
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// Returns the hours of audio; `AFTERWORD_LONG_HOURS=6` for the maximum.
fn hours() -> u32 {
    std::env::var("AFTERWORD_LONG_HOURS").ok().and_then(|hours| hours.parse().ok()).unwrap_or(1)
}

/// Returns the peak memory of this process, KiB. (nextest gives each test a process.)
fn most_memory() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Reads a recording in every way; fails where the peak grew by more than the limit, KiB.
#[expect(clippy::print_stdout, reason = "figures for people who read what the test says")]
fn look_through(path: &Path, minutes: u32, limit: Option<i64>) {
    let before = most_memory();
    let info = probe(path).unwrap();
    assert_eq!(info.duration_ms / 60_000, u64::from(minutes) - 1);
    let never = CancellationToken::new();
    let drawn = peaks(path, &never).unwrap();
    assert_eq!(drawn.duration_ms, info.duration_ms);
    let rendition = Rendition::new(info.channels, info.sample_rate, info.duration_ms);
    // The last bytes, for which all of it is decoded.
    let mut got = 0;
    let length = rendition.bytes();
    let mut count = |part: Vec<u8>| {
        got += part.len();
        true
    };
    rendition.write(path, (length - 10_000, length), &never, &mut count).unwrap();
    assert_eq!(got, 10_000);
    let more = most_memory() - before;
    println!("{}: {minutes} minutes, {more} KiB more", path.display());
    if let Some(limit) = limit {
        assert!(more < limit, "{}: {more} KiB for {minutes} minutes", path.display());
    }
}

/// Writes one second less than the minutes, as a sparse WAV file.
fn write_wav(path: &Path, minutes: u32) {
    let bytes = minutes * 60 * 8_000 - 8_000;
    std::fs::write(path, head(Coding::MuLaw, 1, 8_000, bytes)).unwrap();
    File::options().append(true).open(path).unwrap().set_len(44 + u64::from(bytes)).unwrap();
}

/// Writes one second less than the minutes, as GSM frames.
fn write_frames(path: &Path, minutes: u32) {
    let mut frame = [0x55; 33];
    frame[0] = 0xD5;
    std::fs::write(path, frame.repeat(minutes as usize * 60 * 50 - 50)).unwrap();
}

/// Compares hours with the minutes before them, in which the decoder's code and its first buffers came into memory.
fn compare(name: &str, write: fn(&Path, u32)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    write(&path, 3);
    look_through(&path, 3, None);
    write(&path, hours() * 60);
    look_through(&path, hours() * 60, Some(8_000));
}

#[test]
fn hours_of_wav_need_no_more_memory_than_minutes() {
    compare("long.wav", write_wav);
}

#[test]
fn hours_of_frames_need_no_more_memory_than_minutes() {
    compare("long.gsm", write_frames);
}
