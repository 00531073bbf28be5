//! Files that were joined end to end, and files that do not begin with a frame: all of their audio is used.

use super::formats::tools;
use super::wav::{Coding, Sound, alike, demo, head};
use crate::support::shared;
use afterword::audio::{AudioFormat, Rendition, cut, peaks, probe};
use std::path::{Path, PathBuf};
use std::process::Command;
use tokio_util::sync::CancellationToken;

/// Maximum difference in length, ms: an encoder's padding at both ends of both files, where nothing says how long it is.
const PADDING_MS: u64 = 500;

/// Writes a span of the good demo call, seconds, by ffmpeg with these arguments; returns the file.
fn encode(folder: &Path, name: &str, (from, seconds): (u32, u32), arguments: &str) -> Vec<u8> {
    let path = folder.join(name);
    let status = Command::new("ffmpeg")
        .args(["-nostdin", "-y", "-loglevel", "error", "-ss", &from.to_string(), "-t", &seconds.to_string(), "-i"])
        .arg(demo("call-good.flac"))
        .args(arguments.split_whitespace())
        .arg(&path)
        .status();
    assert!(status.unwrap().success(), "{name}");
    std::fs::read(path).unwrap()
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Returns the first channel at 8 kHz, by leaving samples out, for comparison.
fn at_8_khz(sound: &Sound) -> Vec<f32> {
    sound.channels[0].iter().step_by((sound.rate / 8_000) as usize).copied().collect()
}

/// Returns the similarity of the loudest fifth of a second near the end of a recording to the same of another; padding
/// may follow it.
fn same_end(sound: &Sound, other: &Sound) -> f64 {
    const LENGTH: usize = 1_600;
    let (sound, other) = (at_8_khz(sound), at_8_khz(other));
    let end = &other[other.len() - 16_000..];
    let loudness = |at: &usize| end[*at..at + LENGTH].iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>();
    let places = (0..16_000 - LENGTH).step_by(400);
    let loudest = places.max_by(|a, b| loudness(a).total_cmp(&loudness(b))).unwrap();
    let wanted = &end[loudest..loudest + LENGTH];
    let begin = (sound.len() + loudest).saturating_sub(17_000);
    let shifts = (begin..begin + 5_000).filter(|at| at + LENGTH <= sound.len());
    shifts.map(|at| alike(&sound[at..at + LENGTH], wanted)).fold(0.0, f64::max)
}

#[test]
fn files_joined_end_to_end_are_heard_to_the_last_byte() {
    let Some(()) = tools() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut faults = Vec::new();
    for (first, second, arguments) in [
        ("a.mp3", "b.mp3", "-b:a 48k -ac 1"),
        ("a.mp3", "b.mp3", "-b:a 48k -ac 2 -ar 16000"),
        ("a.mp3", "b.mp3", "-q:a 6 -id3v2_version 0 -write_xing 0"),
        ("a.mp2", "b.mp2", "-ar 16000"),
        ("a.ogg", "b.ogg", "-c:a libvorbis"),
        ("a.opus", "b.opus", "-c:a libopus -b:a 32k"),
        ("a.oga", "b.oga", "-c:a flac -f ogg"),
        ("a.flac", "b.flac", ""),
        ("a.aac", "b.aac", "-c:a aac"),
        ("a.wav", "b.wav", "-c:a pcm_s16le"),
        ("a.wav", "b.wav", "-c:a pcm_mulaw"),
        ("a.wav", "b.wav", "-c:a adpcm_ima_wav"),
    ] {
        let (start, end) =
            (encode(folder.path(), first, (20, 4), arguments), encode(folder.path(), second, (40, 3), arguments));
        let joined = write(folder.path(), &format!("joined-{first}"), &[start, end].concat());
        let (probed, sound) = (probe(&joined).unwrap(), Sound::read(&joined));
        let decoded = sound.channels[0].len() as u64 * 1000 / u64::from(sound.rate);
        let whole = |ms: u64| ms.abs_diff(7_000) <= PADDING_MS;
        let alike = same_end(&sound, &Sound::read(&folder.path().join(second)));
        let good = whole(probed.duration_ms) && whole(decoded) && alike > 0.95;
        if !good || probed.truncated {
            faults.push(format!("{first} {arguments}: probed {probed:?}, {decoded} ms, end {alike}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn joined_files_of_different_shape_become_one() {
    let Some(()) = tools() else { return };
    let folder = tempfile::tempdir().unwrap();
    for (end, mono, stereo) in [
        ("opus", "-c:a libopus -b:a 32k -ac 1", "-c:a libopus -b:a 32k"),
        ("mp3", "-b:a 48k -ac 1", "-b:a 48k"),
        ("ogg", "-c:a libvorbis -ac 1 -ar 16000", "-c:a libvorbis -ar 16000"),
        ("wav", "-ac 1", ""),
    ] {
        let (one, two) = (
            encode(folder.path(), &format!("one.{end}"), (20, 5), mono),
            encode(folder.path(), &format!("two.{end}"), (40, 4), stereo),
        );
        for (name, bytes) in [("mono-stereo", [&one[..], &two].concat()), ("stereo-mono", [&two[..], &one].concat())] {
            let path = write(folder.path(), &format!("{name}.{end}"), &bytes);
            let info = probe(&path).unwrap();
            assert_eq!(
                (info.channels, info.truncated),
                (1, false),
                "{name}.{end}: nobody knows whose channel is whose"
            );
            assert!(info.duration_ms.abs_diff(9_000) <= PADDING_MS, "{name}.{end}: {info:?}");
            let ms = Sound::read(&path).channels[0].len() as u64 * 1000 / u64::from(info.sample_rate);
            assert!(ms.abs_diff(9_000) <= PADDING_MS, "{name}.{end}: {ms} ms");
        }
    }
    let (slow, fast) = (
        encode(folder.path(), "slow.mp3", (20, 5), "-b:a 32k -ar 8000"),
        encode(folder.path(), "fast.mp3", (40, 4), "-b:a 64k -ar 32000"),
    );
    let path = write(folder.path(), "rates.mp3", &[slow, fast].concat());
    let (info, sound) = (probe(&path).unwrap(), Sound::read(&path));
    assert_eq!((info.sample_rate, info.channels), (32_000, 2));
    assert!(info.duration_ms.abs_diff(9_000) <= PADDING_MS, "{info:?}");
    assert!(same_end(&sound, &Sound::read(&folder.path().join("fast.mp3"))) > 0.95);
}

#[test]
fn waveforms_clips_and_renditions_reach_the_second_file() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (Sound::demo("call-good.flac", 5), Sound::demo("call-bad.flac", 4));
    let joined = [first.wav(Coding::Pcm16), second.wav(Coding::MuLaw)].concat();
    let path = write(folder.path(), "joined.wav", &joined);
    let clip = folder.path().join("clip.wav");
    assert_eq!(peaks(&path, &CancellationToken::new()).unwrap().duration_ms, 9_000);
    assert_eq!(cut(&path, 5_000, 9_000, &clip).unwrap(), 4_000);
    assert!(alike(&Sound::read(&clip).channels[0], &second.channels[0]) > 0.99);
    let rendition = Rendition::new(2, 8_000, probe(&path).unwrap().duration_ms);
    let mut bytes = Vec::new();
    let mut sink = |part: Vec<u8>| {
        bytes.extend(part);
        true
    };
    rendition.write(&path, (0, u64::MAX), &CancellationToken::new(), &mut sink).unwrap();
    let made = Sound::read(&write(folder.path(), "made.wav", &bytes));
    assert_eq!(made.channels[0].len(), 9 * 8_000);
    assert!(alike(&made.channels[1][5 * 8_000..], &second.channels[1]) > 0.99);
}

/// The header of the first part promises less than there is: it was written early, or tags of the others were removed.
#[test]
fn the_last_byte_counts_not_the_promise_of_the_header() {
    let folder = tempfile::tempdir().unwrap();
    let whole = Sound::demo("call-good.flac", 9);
    let mut wav = whole.wav(Coding::Pcm16);
    wav[40..44].copy_from_slice(&(5_u32 * 32_000).to_le_bytes());
    let path = write(folder.path(), "early.wav", &wav);
    assert_eq!((probe(&path).unwrap().duration_ms, probe(&path).unwrap().truncated), (9_000, false));
    assert!(alike(&Sound::read(&path).channels[0], &whole.channels[0]) > 0.99);
    // Chunks after the audio are none of it.
    let list = [&whole.wav(Coding::Pcm16)[..], b"LIST\x0A\0\0\0INFOIART\0\0"].concat();
    assert_eq!(probe(&write(folder.path(), "list.wav", &list)).unwrap().duration_ms, 9_000);
    let Some(()) = tools() else { return };
    let arguments = "-b:a 48k -ac 1 -ar 16000";
    let tagged = encode(folder.path(), "tagged.mp3", (20, 5), arguments);
    let plain = encode(folder.path(), "plain.mp3", (40, 4), &format!("{arguments} -write_xing 0 -id3v2_version 0"));
    let path = write(folder.path(), "tag-of-the-first.mp3", &[tagged, plain].concat());
    let info = probe(&path).unwrap();
    assert!(info.duration_ms.abs_diff(9_000) <= PADDING_MS, "{info:?}");
    assert!(same_end(&Sound::read(&path), &Sound::read(&folder.path().join("plain.mp3"))) > 0.95);
}

#[test]
fn a_stream_of_frames_may_begin_anywhere() {
    let Some(()) = tools() else { return };
    let folder = tempfile::tempdir().unwrap();
    for (end, format, arguments) in [
        ("mp3", AudioFormat::Mp3, "-b:a 32k"),
        ("mp2", AudioFormat::Mp2, "-ar 16000"),
        ("aac", AudioFormat::Aac, "-c:a aac"),
    ] {
        let whole = encode(folder.path(), &format!("whole.{end}"), (20, 6), arguments);
        let clean = Sound::read(&folder.path().join(format!("whole.{end}")));
        for (name, bytes) in [
            ("mid-frame", whole[whole.len() / 20 + 13..].to_vec()),
            ("zeros", [&[0; 2048][..], &whole[..]].concat()),
            ("ff", [&[0xFF; 600][..], &whole[..]].concat()),
            ("far", [&[0; 60_000][..], &whole[..]].concat()),
        ] {
            // Its name says nothing.
            let path = write(folder.path(), &format!("{name}-{end}"), &bytes);
            let info = probe(&path).unwrap_or_else(|error| panic!("{name} {end} {arguments}: {error}"));
            assert_eq!(info.format, format, "{name} {end}");
            assert!((5_400..=6_200).contains(&info.duration_ms), "{name} {end}: {info:?}");
            let heard = same_end(&Sound::read(&path), &clean);
            assert!(heard > 0.95, "{name} {end} {arguments}: {heard}");
        }
    }
}

#[test]
fn a_declared_type_is_believed_where_nothing_else_fits() {
    let folder = tempfile::tempdir().unwrap();
    let not_mp3 = write(folder.path(), "text.mp3", &b"Dear Sir or Madam, ".repeat(50));
    assert_eq!(probe(&not_mp3).unwrap_err().code(), "not_audio");
    assert_eq!(AudioFormat::declared("audio/mpeg; x=y"), Some(AudioFormat::Mp3));
    let wav = write(folder.path(), "call.mp3", &Sound::demo("call-bad.flac", 2).wav(Coding::Pcm16));
    assert_eq!(probe(&wav).unwrap().format, AudioFormat::Wav, "the content has precedence");
    let Some(()) = tools() else { return };
    let bytes = encode(folder.path(), "a.mp3", (20, 5), "-b:a 32k");
    let padded = [&[0; 200_000][..], &bytes[..]].concat();
    assert_eq!(probe(&write(folder.path(), "far", &padded)).unwrap_err().code(), "not_audio");
    assert!(probe(&write(folder.path(), "far.mp3", &padded)).unwrap().duration_ms.abs_diff(5_000) < 100);
}

/// Returns a WAV file of these fields with this audio.
fn wav_of(tag: u16, bits: u16, block: u16, bytes_per_second: u32, data: &[u8]) -> Vec<u8> {
    let mut bytes = head(Coding::Pcm16, 2, 8_000, data.len() as u32);
    bytes[20..22].copy_from_slice(&tag.to_le_bytes());
    bytes[28..32].copy_from_slice(&bytes_per_second.to_le_bytes());
    bytes[32..34].copy_from_slice(&block.to_le_bytes());
    bytes[34..36].copy_from_slice(&bits.to_le_bytes());
    bytes.extend(data);
    bytes
}

/// Returns the samples of a sound, each in the upper bits of this many bytes.
fn samples(sound: &Sound, bytes: usize) -> Vec<u8> {
    let frames = 0..sound.channels[0].len();
    let each = frames.flat_map(|at| sound.channels.iter().map(move |channel| channel[at]));
    each.flat_map(|x| ((f64::from(x) * 2_147_483_647.0) as i32).to_le_bytes()[4 - bytes..].to_vec()).collect()
}

#[test]
fn a_sample_takes_its_share_of_the_block() {
    let folder = tempfile::tempdir().unwrap();
    let sound = Sound::demo("call-bad.flac", 9);
    let g711 = sound.wav(Coding::MuLaw)[44..].to_vec();
    let float = sound.wav(Coding::Float)[44..].to_vec();
    for (name, tag, bits, block, speed, data) in [
        ("24 in 32", 1, 24, 8, 64_000, samples(&sound, 4)),
        ("20 in 24", 1, 20, 6, 48_000, samples(&sound, 3)),
        ("12 in 16", 1, 12, 4, 32_000, samples(&sound, 2)),
        ("16 in 32", 1, 16, 8, 0, samples(&sound, 4)),
        ("20, no block", 1, 20, 0, 0, samples(&sound, 3)),
        ("16, no block", 1, 16, 0, 0, samples(&sound, 2)),
        ("16, block of one channel", 1, 16, 2, 32_000, samples(&sound, 2)),
        ("16, too large a block", 1, 16, 8, 32_000, samples(&sound, 2)),
        ("mu-law of 16 bits", 7, 16, 2, 16_000, g711.clone()),
        ("mu-law, no block", 7, 0, 0, 0, g711),
        ("floats of 24 bits", 3, 24, 8, 64_000, float),
    ] {
        let path = write(folder.path(), name, &wav_of(tag, bits, block, speed, &data));
        let info = probe(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((info.duration_ms, info.truncated), (9_000, false), "{name}");
        let heard = Sound::read(&path);
        for (is, was) in heard.channels.iter().zip(&sound.channels) {
            assert!(alike(is, was) > 0.99, "{name}: {}", alike(is, was));
        }
    }
    for (name, tag, bits, block, speed) in [
        ("5 bytes for two channels", 1, 16, 5, 40_000),
        ("too small a block", 1, 24, 4, 32_000),
        ("floats of 16 bits", 3, 32, 4, 32_000),
        ("no block of ADPCM", 0x11, 4, 0, 0),
    ] {
        let path = write(folder.path(), name, &wav_of(tag, bits, block, speed, &samples(&sound, 2)));
        let refused = probe(&path).unwrap_err();
        assert_eq!(refused.code(), "damaged_audio", "{name}: {refused}");
        assert!(refused.to_string().contains("contradicts itself"), "{name}: {refused}");
    }
    let path = write(folder.path(), "40 bits", &wav_of(1, 40, 10, 80_000, &samples(&sound, 2)));
    assert_eq!(probe(&path).unwrap_err().code(), "unsupported_audio");
}

/// Files of a report, with their lengths by ffmpeg.
#[test]
fn files_that_were_heard_in_part_or_as_noise_are_heard_whole() {
    let Some(folder) = shared::path("failing/field") else { return };
    for (name, ms) in [
        ("03-joined-files/joined.mp3", 20_000),
        ("03-joined-files/joined.ogg", 20_000),
        ("12-mp3-without-clean-start/mid-frame.mp3", 19_900),
        ("12-mp3-without-clean-start/zeros.mp3", 20_200),
        ("13-wav-block-align/24-in-32.wav", 5_000),
        ("13-wav-block-align/block-0.wav", 5_000),
        ("13-wav-block-align/mu-law-16.wav", 5_000),
    ] {
        let (info, sound) = (probe(&folder.join(name)).unwrap(), Sound::read(&folder.join(name)));
        let decoded = sound.channels[0].len() as u64 * 1000 / u64::from(sound.rate);
        assert!(info.duration_ms.abs_diff(ms) <= 250 && decoded.abs_diff(ms) <= 250, "{name}: {info:?}, {decoded} ms");
        assert!(!info.truncated, "{name}");
        let loud = sound.channels[0].iter().map(|sample| sample * sample).sum::<f32>() / sound.channels[0].len() as f32;
        assert!(loud < 0.03, "{name}: {loud} is noise");
    }
}
