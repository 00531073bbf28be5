//! Every supported format, made by ffmpeg or sox, compared with their decoding of it: the same audio on the same
//! channels, of the same length, at the same position. Prints the table of docs/formats.md.

use super::wav::{Sound, demo};
use crate::support::skip;
use afterword::audio::probe;
use std::path::Path;
use std::process::Command;

/// A file: its name, the command that makes it (of `two.wav`, `one.wav`, … below), the one that reads it back to raw
/// floats, and its format.
#[derive(Clone, Copy)]
struct Row {
    name: &'static str,
    file: &'static str,
    make: &'static str,
    /// Arguments of ffmpeg in front of `-i`; or `sox`.
    back: &'static str,
    format: &'static str,
}

const fn row(
    name: &'static str,
    file: &'static str,
    make: &'static str,
    back: &'static str,
    format: &'static str,
) -> Row {
    Row { name, file, make, back, format }
}

/// `two`: both sides of a call, 8 kHz; `one`: one of them; `wide`: both at 44.1 kHz; `six`: six different channels at
/// 16 kHz.
const WAVS: &[Row] = &[
    row("WAV, PCM 8 bits", "u8.wav", "ffmpeg -i two.wav -c:a pcm_u8", "", "wav"),
    row("WAV, PCM 16 bits", "s16.wav", "ffmpeg -i two.wav -c:a pcm_s16le", "", "wav"),
    row("WAV, PCM 24 bits", "s24.wav", "ffmpeg -i wide.wav -c:a pcm_s24le", "", "wav"),
    row("WAV, PCM 32 bits", "s32.wav", "ffmpeg -i two.wav -c:a pcm_s32le", "", "wav"),
    row("WAV, float 32 bits", "f32.wav", "ffmpeg -i two.wav -c:a pcm_f32le", "", "wav"),
    row("WAV, float 64 bits", "f64.wav", "ffmpeg -i two.wav -c:a pcm_f64le", "", "wav"),
    row("WAV, extensible, 6 channels", "ext.wav", "ffmpeg -i six.wav -c:a pcm_s24le", "", "wav"),
    row("RF64", "rf64.wav", "ffmpeg -i two.wav -rf64 always", "", "wav"),
    row("WAV, mu-law", "mulaw.wav", "ffmpeg -i two.wav -c:a pcm_mulaw", "", "wav"),
    row("WAV, A-law", "alaw.wav", "ffmpeg -i two.wav -c:a pcm_alaw", "", "wav"),
    row("WAV, IMA ADPCM", "ima.wav", "ffmpeg -i two.wav -c:a adpcm_ima_wav", "", "wav-adpcm"),
    row("WAV, IMA ADPCM (sox)", "ima-sox.wav", "sox two.wav -e ima-adpcm", "sox", "wav-adpcm"),
    row("WAV, MS ADPCM", "ms.wav", "ffmpeg -i two.wav -c:a adpcm_ms", "", "wav-adpcm"),
    row("WAV, MS ADPCM (sox)", "ms-sox.wav", "sox two.wav -e ms-adpcm", "sox", "wav-adpcm"),
    row("WAV, GSM 6.10 (WAV49)", "wav49.wav", "sox one.wav -e gsm-full-rate", "sox", "wav-gsm"),
    row("WAV, GSM 6.10 (ffmpeg)", "gsm-ms.wav", "ffmpeg -i one.wav -c:a libgsm_ms", "", "wav-gsm"),
    row("raw GSM 6.10", "raw.gsm", "sox one.wav", "sox", "gsm"),
    row("raw mu-law", "raw.ulaw", "ffmpeg -i one.wav -f mulaw", "-f mulaw -ar 8000 -ac 1", "ulaw"),
    row("raw A-law", "raw.alaw", "ffmpeg -i one.wav -f alaw", "-f alaw -ar 8000 -ac 1", "alaw"),
    row("raw 16 bits (.sln)", "raw.sln", "ffmpeg -i one.wav -f s16le", "-f s16le -ar 8000 -ac 1", "sln"),
    row(
        "raw 16 bits (.sln16)",
        "raw.sln16",
        "ffmpeg -i one.wav -ar 16000 -f s16le",
        "-f s16le -ar 16000 -ac 1",
        "sln16",
    ),
];

const FILES: &[Row] = &[
    row("MP3", "a.mp3", "ffmpeg -i two.wav -b:a 48k", "", "mp3"),
    row("MP3, 44.1 kHz, variable", "vbr.mp3", "ffmpeg -i wide.wav -q:a 4", "", "mp3"),
    row("MPEG layer 2", "a.mp2", "ffmpeg -i wide.wav -c:a mp2", "", "mp2"),
    row("FLAC", "a.flac", "ffmpeg -i two.wav", "", "flac"),
    row("FLAC, 24 bits, 6 channels", "six.flac", "ffmpeg -i six.wav -sample_fmt s32", "", "flac"),
    row("FLAC in Ogg", "a.oga", "ffmpeg -i two.wav -c:a flac -f ogg", "", "oga"),
    row("Ogg Vorbis", "v.ogg", "ffmpeg -i two.wav -c:a libvorbis", "", "ogg"),
    row("Ogg Vorbis, 6 channels", "v6.ogg", "ffmpeg -i six.wav -c:a libvorbis", "", "ogg"),
    row("Ogg Opus", "a.opus", "ffmpeg -i two.wav -c:a libopus -b:a 32k", "", "opus"),
    row(
        "Ogg Opus, 60 ms, one channel",
        "voip.opus",
        "ffmpeg -i one.wav -c:a libopus -b:a 12k -application voip -frame_duration 60",
        "-c:a libopus",
        "opus",
    ),
    row(
        "Ogg Opus, 2.5 ms",
        "short.opus",
        "ffmpeg -i two.wav -c:a libopus -application lowdelay -frame_duration 2.5",
        "",
        "opus",
    ),
    row("Ogg Opus, 6 channels", "six.opus", "ffmpeg -i six.wav -c:a libopus -b:a 256k", "", "opus"),
    row("Ogg Opus, 8 channels", "eight.opus", "ffmpeg -i eight.wav -c:a libopus -b:a 320k", "", "opus"),
    row("WebM, Opus", "o.webm", "ffmpeg -i two.wav -c:a libopus", "", "webm"),
    row("WebM, Opus, as browsers record", "live.webm", "ffmpeg -i two.wav -c:a libopus -f webm -live 1", "", "webm"),
    row("WebM, Vorbis", "v.webm", "ffmpeg -i two.wav -c:a libvorbis", "", "webm"),
    row("Matroska, Opus", "o.mka", "ffmpeg -i two.wav -c:a libopus", "", "mka"),
    row("M4A, AAC", "a.m4a", "ffmpeg -i two.wav -c:a aac -b:a 64k", "", "m4a"),
    row("M4A, AAC, 44.1 kHz, head in front", "fast.m4a", "ffmpeg -i wide.wav -c:a aac -movflags +faststart", "", "m4a"),
    row("M4A, ALAC", "alac.m4a", "ffmpeg -i two.wav -c:a alac", "", "m4a"),
    row("MP4, Opus", "opus.mp4", "ffmpeg -i two.wav -c:a libopus -b:a 128k", "source", "m4a"),
    row("AAC (ADTS)", "a.aac", "ffmpeg -i two.wav -c:a aac -b:a 64k", "", "aac"),
    row("AIFF", "a.aiff", "ffmpeg -i two.wav", "", "aiff"),
    row("CAF", "a.caf", "ffmpeg -i two.wav", "", "caf"),
];

/// By ffmpeg; no program in Debian writes AMR-WB or G.729, so theirs are frames of noise.
const BY_FFMPEG: &[Row] = &[
    row("AMR, with pauses", "a.amr", "sox one.wav -t amr-nb", "sox", "amr"),
    row("AMR-WB (noise)", "a.awb", "noise", "", "awb"),
    row("G.722", "a.g722", "ffmpeg -i one.wav -ar 16000 -c:a g722", "-f g722", "g722"),
    row("G.729 (noise)", "a.g729", "noise", "-f g729", "g729"),
    row("WAV, G.726", "g726.wav", "ffmpeg -i one.wav -c:a g726 -b:a 32k", "", "wav-other"),
    row("WAV, MP3 inside", "mp3.wav", "ffmpeg -i two.wav -c:a libmp3lame -b:a 48k -f wav", "", "wav-other"),
    row("Ogg Speex", "a.spx", "ffmpeg -i two.wav -c:a libspeex", "", "spx"),
    row("Windows Media", "a.wma", "ffmpeg -i wide.wav -c:a wmav2", "", "wma"),
    row("Sun AU, mu-law", "a.au", "ffmpeg -i two.wav -c:a pcm_mulaw", "", "au"),
    row("M4A, AAC, 6 channels", "six.m4a", "ffmpeg -i six.wav -c:a aac", "", "m4a"),
];

#[test]
fn wav_and_what_has_no_head() {
    compare(WAVS);
}

#[test]
fn compressed_files() {
    compare(FILES);
}

#[test]
fn what_ffmpeg_decodes() {
    compare(BY_FFMPEG);
}

/// Runs a command line in a folder; true where it succeeded.
fn run(folder: &Path, line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut command = Command::new(words[0]);
    if words[0] == "ffmpeg" {
        command.args(["-nostdin", "-y", "-loglevel", "error"]);
    }
    command.args(&words[1..]).current_dir(folder).status().is_ok_and(|status| status.success())
}

/// Whether ffmpeg and sox are installed, with the needed codecs.
pub fn tools() -> Option<()> {
    let there = |tool: &str| Command::new(tool).arg("-h").output().is_ok();
    if there("ffmpeg") && there("sox") { Some(()) } else { skip::tool("ffmpeg and sox") }
}

/// Writes the source audio: 6 s of a call, its two sides, and excerpts of it in parallel.
pub fn sources(folder: &Path) {
    let call = demo("call-good.flac").display().to_string();
    let rest = |from: usize| (0..from).map(|at| format!("p{at}.wav")).collect::<Vec<_>>().join(" ");
    let mut lines = vec![
        format!("sox {call} -b 16 two.wav trim 20 6.013"),
        "sox two.wav -b 16 one.wav remix 1".to_owned(),
        "sox two.wav -r 44100 wide.wav".to_owned(),
    ];
    for at in 0..8 {
        lines.push(format!("sox {call} -r 16000 -b 16 p{at}.wav remix {} trim {} 4", 1 + at % 2, 12 + 4 * at));
    }
    lines.push(format!("sox -M {} six.wav", rest(6)));
    lines.push(format!("sox -M {} eight.wav", rest(8)));
    for line in lines {
        assert!(run(folder, &line), "{line}");
    }
}

/// Returns one file of the tables.
pub fn one(file: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    sources(folder.path());
    let mut rows = WAVS.iter().chain(FILES).chain(BY_FFMPEG);
    let row = rows.find(|row| row.file == file).unwrap();
    assert!(run(folder.path(), &format!("{} {file}", row.make)), "{file}");
    std::fs::read(folder.path().join(file)).unwrap()
}

/// Makes files of most formats in `folder`; returns their names and contents.
pub fn one_of_each(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let rows = [&WAVS[10..], FILES, &BY_FFMPEG[..3]].concat();
    let make = |row: &Row| {
        let path = folder.join(row.file);
        match row.make {
            "noise" => std::fs::write(&path, noise(row.format)).unwrap(),
            make => assert!(run(folder, &format!("{make} {}", row.file)), "{make} {}", row.file),
        }
        (row.file.to_owned(), std::fs::read(path).unwrap())
    };
    rows.iter().map(make).collect()
}

#[expect(clippy::print_stdout, reason = "figures for whoever reads what the test says")]
fn compare(rows: &[Row]) {
    let Some(()) = tools() else { return };
    let folder = tempfile::tempdir().unwrap();
    sources(folder.path());
    let mut faults = Vec::new();
    for row in rows {
        let path = folder.path().join(row.file);
        match row.make {
            "noise" => std::fs::write(&path, noise(row.format)).unwrap(),
            make => assert!(run(folder.path(), &format!("{make} {}", row.file)), "{make} {}", row.file),
        }
        let measured = measure(folder.path(), row);
        println!("| {} | {} |", row.name, measured.clone().unwrap_or_else(|fault| fault));
        faults.extend(measured.err().map(|fault| format!("{}: {fault}", row.name)));
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// Returns rate, channels, the worst channel's correlation, its shift, and the excess length.
fn measure(folder: &Path, row: &Row) -> Result<String, String> {
    let path = folder.join(row.file);
    let info = probe(&path).map_err(|error| error.to_string())?;
    if info.format.code() != row.format {
        return Err(format!("is taken for {:?}", info.format));
    }
    let ours = Sound::read(&path);
    let raw = folder.join("back.f32");
    let to = "-f f32le back.f32";
    let back = match row.back {
        "sox" => format!("sox {} -t f32 back.f32", row.file),
        // ffmpeg 5 takes 52 frames of this for the encoder's padding, not 312.
        "source" => format!("sox two.wav -r {} -t f32 back.f32", ours.rate),
        arguments => format!("ffmpeg {arguments} -i {} {to}", row.file),
    };
    if !run(folder, &back) {
        return Err(format!("{back} failed"));
    }
    let theirs: Vec<f32> = std::fs::read(&raw)
        .unwrap()
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]).clamp(-1.0, 1.0))
        .collect();
    let channels = ours.channels.len();
    let (mut worst, mut shift) = (1.0_f64, 0_i64);
    for (channel, ours) in ours.channels.iter().enumerate() {
        let theirs: Vec<f32> = theirs.iter().skip(channel).step_by(channels).copied().collect();
        let (alike, lag) = aligned(ours, &theirs);
        if alike < worst {
            (worst, shift) = (alike, lag);
        }
    }
    let (our_length, their_length) = (ours.channels[0].len() as i64, (theirs.len() / channels) as i64);
    let longer = our_length - their_length;
    let milliseconds = longer.abs() * 1000 / i64::from(ours.rate);
    let probed = (info.duration_ms as i64 - our_length * 1000 / i64::from(ours.rate)).abs();
    let said = format!("{} Hz, {channels} | {worst:.5} | {shift} | {longer}", ours.rate);
    // A frame of the longest kind.
    let good = worst > 0.99 && shift.abs() <= 2 && milliseconds <= 60 && probed <= 60 && !info.truncated;
    if good { Ok(said) } else { Err(format!("{said} (probed {} ms, truncated {})", info.duration_ms, info.truncated)) }
}

/// Returns the best correlation with one of the two shifted by up to 1200 frames, and the shift.
fn aligned(ours: &[f32], theirs: &[f32]) -> (f64, i64) {
    let at = |lag: i64| {
        let second = |sound: &[f32]| sound.len().min(40_000);
        // A second or two suffice to find the position; the whole is compared where it is in position already.
        let (ours, theirs) = if lag == 0 { (ours, theirs) } else { (&ours[..second(ours)], &theirs[..second(theirs)]) };
        let (a, b) =
            if lag >= 0 { (&ours[lag as usize..], theirs) } else { (ours, &theirs[lag.unsigned_abs() as usize..]) };
        super::wav::alike(a, b)
    };
    // Unshifted first: the search is for the wrong ones.
    let still = at(0);
    if still > 0.999 {
        return (still, 0);
    }
    let better = |best: (f64, i64), lag| if at(lag) > best.0 { (at(lag), lag) } else { best };
    (-1200..=1200).fold((still, 0), better)
}

/// Returns frames of random bits after the header of a format that nothing here can write.
fn noise(format: &str) -> Vec<u8> {
    let mut random = super::wav::Random(5);
    let mut bytes = Vec::new();
    match format {
        "awb" => {
            bytes.extend(b"#!AMR-WB\n");
            for _ in 0..300 {
                // 12.65 kbit/s, good.
                bytes.push(0x14);
                bytes.extend(random.bytes(32));
            }
        }
        _ => bytes.extend(random.bytes(10 * 600)),
    }
    bytes
}
