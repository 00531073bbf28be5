//! What the targets of sound do: put the bytes into a file, look at it and decode it, as an upload is looked at and decoded.

// The program's own sources, without the program.
#[path = "../src/audio/mod.rs"]
#[allow(dead_code, reason = "not all of it is fuzzed")]
pub mod audio;
#[path = "../src/files.rs"]
#[allow(dead_code, reason = "not all of it is fuzzed")]
pub mod files;
#[path = "../src/mail/reader/mod.rs"]
#[allow(dead_code, reason = "not all of it is fuzzed")]
pub mod reader;

use audio::{AudioFormat, examine, sniff};
use std::collections::HashSet;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex};

/// A panic of a decoder is caught in the program, so it is no finding here: each place is told once and the run goes on.
/// What cannot be caught is one: an abort, a crash of C, memory without end, a hang.
pub fn quiet_panics() {
    static SEEN: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        if SEEN.lock().is_ok_and(|mut seen| seen.insert(place.clone())) {
            eprintln!("PANIC {place} {:?}", panic.payload_as_str());
        }
    }));
}

/// The file all inputs are written to; it lies in memory, and its name has the end that says what it is.
fn file(end: &str) -> (File, PathBuf) {
    let folder = PathBuf::from("/dev/shm");
    let path = folder.join(format!("afterword-fuzz-{}.{end}", std::process::id()));
    let file = File::create(&path).expect("/dev/shm takes a file");
    (file, path)
}

/// Decodes what begins with `head` and goes on with `data`, under a name that ends in `end`.
pub fn decode(head: &[u8], data: &[u8], end: &str) {
    let (mut file, path) = file(end);
    let written = file.write_all(head).and_then(|()| file.write_all(data)).and_then(|()| file.seek(SeekFrom::Start(0)));
    written.expect("there is memory for a file");
    // Both passes: lengths without decoding, and the sound.
    for walk in [true, false] {
        let _ = std::panic::catch_unwind(|| examine(&path, walk));
    }
}

/// The sniffer alone, with and without a name.
pub fn look(data: &[u8]) {
    for declared in [None, Some(AudioFormat::Gsm), Some(AudioFormat::G722)] {
        if let Err(error) = sniff(data, declared) {
            assert!(!error.to_string().is_empty());
        }
    }
}

/// An Ogg stream of Opus: the head (22 bytes at most: channels, gain, family and table) and the packets are the input's.
pub fn pages(data: &[u8]) -> Vec<u8> {
    let (head, mut rest) = data.split_at(data.len().min(14));
    let mut opus = b"OpusHead\x01".to_vec();
    opus.extend(head.first().copied().or(Some(1)));
    opus.extend([0x38, 1, 0x80, 0xBB, 0, 0]);
    opus.extend(head.get(1..).unwrap_or(&[]));
    opus.resize(opus.len().max(19), 0);
    let mut bytes = Vec::new();
    page(&mut bytes, 2, 0, 0, &opus);
    page(&mut bytes, 0, 0, 1, b"OpusTags\0\0\0\0\0\0\0\0");
    let mut granule = 0;
    for sequence in 2.. {
        let Some((length, after)) = rest.split_first_chunk::<2>() else { break };
        let length = usize::from(u16::from_le_bytes(*length)) % 1_500;
        let packet = &after[..length.min(after.len())];
        rest = &after[packet.len()..];
        granule += 960;
        page(&mut bytes, if rest.len() < 2 { 4 } else { 0 }, granule, sequence, packet);
    }
    bytes
}

/// A page of one packet.
fn page(to: &mut Vec<u8>, flags: u8, granule: u64, sequence: u32, packet: &[u8]) {
    let begin = to.len();
    to.extend(b"OggS\0");
    to.push(flags);
    to.extend(granule.to_le_bytes());
    to.extend(7_u32.to_le_bytes());
    to.extend(sequence.to_le_bytes());
    to.extend([0; 4]);
    to.push((packet.len() / 255 + 1) as u8);
    to.extend(std::iter::repeat_n(255, packet.len() / 255));
    to.push((packet.len() % 255) as u8);
    to.extend(packet);
    let mut sum = 0_u32;
    for byte in &to[begin..] {
        sum ^= u32::from(*byte) << 24;
        for _ in 0..8 {
            sum = (sum << 1) ^ if sum >> 31 == 1 { 0x04C1_1DB7 } else { 0 };
        }
    }
    to[begin + 22..begin + 26].copy_from_slice(&sum.to_le_bytes());
}

/// Reads the bytes as mail that came back. It has no excuse for a panic: nothing of it is C, and nobody catches one.
pub fn read_mail(data: &[u8]) {
    for report in reader::read(data) {
        for row in report.rows {
            let _ = (row.verdict(), row.reason.words());
        }
    }
}
