//! Truncated, invalid and mislabelled files: each gives an error or the rest of the audio, in time.

use super::wav::{Coding, Random, Sound, demo, head};
use afterword::audio::{AudioError, Decoder, peaks, probe};
use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Maximum time for a file of this size, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Examines a file in every way; `Ok` is (ms, truncated).
fn examine(path: &Path) -> Result<(u64, bool), AudioError> {
    let begun = Instant::now();
    let probed = probe(path);
    let drawn = peaks(path, &CancellationToken::new());
    assert!(begun.elapsed() < PATIENCE, "{}: {:?}", path.display(), begun.elapsed());
    if let (Ok(_), Ok(drawn)) = (&probed, &drawn) {
        assert!(drawn.channels.iter().all(|channel| channel.len() <= afterword::audio::MAX_BUCKETS));
    }
    probed?;
    drawn.map(|drawn| (drawn.duration_ms, drawn.truncated))
}

#[test]
fn cut_anywhere_it_is_an_error_or_truncated() {
    let folder = tempfile::tempdir().unwrap();
    let call = probe(&demo("call-bad.flac")).unwrap().duration_ms;
    let files = [
        ("flac", std::fs::read(demo("call-bad.flac")).unwrap(), call),
        ("ogg", std::fs::read(demo("call-bad.ogg")).unwrap(), call + 50),
        ("wav", Sound::demo("call-bad.flac", 9).wav(Coding::Pcm16), 9_000),
        ("mulaw", Sound::demo("call-bad.flac", 9).wav(Coding::MuLaw), 9_000),
    ];
    for (name, bytes, most) in files {
        let path = folder.path().join(name);
        let beginnings = (0..130).step_by(3).chain((130..6_000).step_by(411));
        let (mut errors, mut cut) = (0, 0);
        for at in beginnings.chain((1..12).map(|part| bytes.len() * part / 12 + part)).chain([bytes.len() - 1]) {
            std::fs::write(&path, &bytes[..at]).unwrap();
            match examine(&path) {
                Ok((ms, truncated)) => {
                    cut += 1;
                    assert!(ms <= most, "{name} cut at {at}: {ms} ms");
                    let almost_whole = at + 20_000 > bytes.len();
                    assert!(truncated || almost_whole, "{name} cut at {at} of {} seems whole", bytes.len());
                }
                Err(error) => {
                    errors += 1;
                    assert!(error.is_final() && at < bytes.len() / 12, "{name} cut at {at}: {error}");
                }
            }
        }
        assert!(errors > 10 && cut > 10, "{name}: {errors} errors, {cut} cut");
    }
}

#[test]
fn random_bytes_behind_every_beginning_are_survived() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random(11);
    let (flac, ogg) = (std::fs::read(demo("call-bad.flac")).unwrap(), std::fs::read(demo("call-bad.ogg")).unwrap());
    let beginnings: Vec<Vec<u8>> = vec![
        b"fLaC".to_vec(),
        flac[..42].to_vec(),
        flac[..300].to_vec(),
        ogg[..28].to_vec(),
        ogg[..58].to_vec(),
        ogg[..4_000].to_vec(),
        b"RIFF\xFF\xFF\xFF\xFFWAVE".to_vec(),
        b"RIFF\xFF\xFF\xFF\xFFWAVEfmt \x10\0\0\0".to_vec(),
        b"RF64\xFF\xFF\xFF\xFFWAVEds64".to_vec(),
        head(Coding::Float, 2, 8_000, u32::MAX),
        head(Coding::ALaw, 8, 192_000, 90_000),
        b"ID3\x04\0\0\0\0\0\x0A".to_vec(),
        b"ID3\x04\0\0\x7F\x7F\x7F\x7F".to_vec(),
        b"\xFF\xFB\x90\x44".to_vec(),
        b"\xFF\xF3\x40\xC4".to_vec(),
        Vec::new(),
    ];
    for (number, beginning) in beginnings.iter().enumerate() {
        for round in 0..6 {
            let path = folder.path().join(format!("{number}-{round}"));
            let behind = random.bytes([0, 5, 100, 5_000, 40_000, 150_000][round]);
            std::fs::write(&path, [&beginning[..], &behind].concat()).unwrap();
            if let Err(error) = examine(&path) {
                assert!(error.is_final() && !error.to_string().is_empty(), "{number}-{round}: {error}");
            }
        }
    }
}

#[test]
fn a_few_wrong_bytes_cost_a_few_moments_only() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random(23);
    for name in ["call-bad.flac", "call-bad.ogg"] {
        let whole = std::fs::read(demo(name)).unwrap();
        for round in 0..12 {
            let mut bytes = whole.clone();
            for _ in 0..8 {
                let at = random.below(bytes.len());
                bytes[at] ^= random.byte() | 1;
            }
            let path = folder.path().join(format!("{round}-{name}"));
            std::fs::write(&path, &bytes).unwrap();
            match examine(&path) {
                Ok((ms, _)) => assert!(ms <= 80_000, "{name} {round}: {ms} ms"),
                Err(error) => assert!(error.is_final(), "{name} {round}: {error}"),
            }
        }
    }
}

#[test]
fn what_is_refused_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let code = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        probe(&path).map(|info| info.duration_ms).map_err(|error| error.code())
    };
    let silent = |channels| [head(Coding::Pcm16, channels, 8_000, 16_000), vec![0; 16_000]].concat();
    assert_eq!(code("none", b""), Err("empty_audio"));
    assert_eq!(code("text", &b"Dear Sir or Madam, ".repeat(50)), Err("not_audio"));
    assert_eq!(code("zero", &silent(0)), Err("no_channels"));
    assert_eq!(code("eight", &silent(8)), Ok(125));
    assert_eq!(code("nine", &silent(9)), Err("too_many_channels"));
    assert_eq!(code("sixteen", &silent(16)), Err("too_many_channels"));
    assert_eq!(code("head", &head(Coding::Pcm16, 1, 8_000, 0)), Err("empty_audio"));
    let mut wma = head(Coding::Pcm16, 1, 8_000, 100);
    wma[20..22].copy_from_slice(&[0x61, 1]);
    wma.resize(200, 0);
    assert_eq!(code("wma", &wma), Err("unsupported_audio"));
    let mut gsm = head(Coding::Pcm16, 2, 8_000, 130);
    (gsm[20], gsm[32]) = (0x31, 65);
    gsm.resize(200, 0);
    assert_eq!(code("gsm", &gsm), Err("unsupported_audio"), "GSM 6.10 of two channels");
    assert_eq!(code("ac3", &[0x0B; 400].map(|_| 0x77_u8)), Err("not_audio"));
    assert_eq!(code("ac3", &[&[0x0B, 0x77][..], &[0; 400]].concat()), Err("unsupported_audio"));
    let mut slow = silent(1);
    slow[24..28].copy_from_slice(&3_u32.to_le_bytes());
    assert!(code("slow", &slow).is_err(), "three samples a second are no sound");
    let missing = probe(&folder.path().join("nowhere")).unwrap_err();
    assert!(missing.code() == "audio_io" && !missing.is_final() && missing.to_string().contains("nowhere"));
}

#[test]
fn more_than_six_hours_are_refused_at_the_head() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.wav");
    // A sparse file: it takes no space.
    let bytes = 6 * 3_600 * 8_000 + 8_000;
    std::fs::write(&path, head(Coding::MuLaw, 1, 8_000, bytes)).unwrap();
    File::options().append(true).open(&path).unwrap().set_len(44 + u64::from(bytes)).unwrap();
    assert!(matches!(Decoder::open(&path), Err(AudioError::TooLong)));
    let mut flac = std::fs::read(demo("call-good.flac")).unwrap();
    // The number of samples: 36 bits of the first block.
    flac[21] |= 0x0F;
    flac[22..26].fill(0xFF);
    let path = folder.path().join("long.flac");
    std::fs::write(&path, flac).unwrap();
    assert!(matches!(Decoder::open(&path), Err(AudioError::TooLong)));
}

/// Every format truncated in the middle, with garbage after it, with its first bytes alone, and with the name of
/// another format.
#[test]
fn every_format_survives_what_happens_to_files() {
    let Some(()) = super::formats::tools() else { return };
    let folder = tempfile::tempdir().unwrap();
    super::formats::sources(folder.path());
    let mut faults = Vec::new();
    let mut check = |fair: bool, fault: String| {
        if !fair {
            faults.push(fault);
        }
    };
    for (name, whole) in super::formats::one_of_each(folder.path()) {
        let end = name.rsplit('.').next().unwrap().to_owned();
        let path = folder.path().join(format!("hurt.{end}"));
        let headless = ["gsm", "ulaw", "alaw", "sln", "sln16", "g722"].contains(&end.as_str());
        let all = examine(&folder.path().join(&name)).unwrap().0;
        std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        match examine(&path) {
            Ok((ms, truncated)) => {
                // Half of a file without a header is a whole one, and so is half of a file that is written while it is
                // recorded.
                let fair =
                    truncated || headless || name.starts_with("live") || ["aac", "mp2", "amr", "awb"].contains(&&*end);
                check(fair && ms < all, format!("{name} cut in half: {ms} of {all} ms, truncated {truncated}"));
            }
            // An MP4 has its table at its end; one page of Ogg, a cluster of WebM or the chunk of an AIFF or CAF hold
            // all six seconds.
            Err(error) => {
                let fair = ["m4a", "mp4", "wma", "webm", "mka", "aiff", "caf"].contains(&&*end) || name == "eight.opus";
                check(error.is_final() && fair, format!("{name} cut in half: {error}"));
            }
        }
        std::fs::write(&path, [&whole[..], &Random(3).bytes(3_000)].concat()).unwrap();
        match examine(&path) {
            Ok((ms, _)) => check(ms + 100 > all, format!("{name} with rubbish behind it: {ms} of {all} ms")),
            // The bytes after a CAF's audio are read as its next chunk.
            Err(error) => check(error.is_final() && end == "caf", format!("{name} with rubbish behind it: {error}")),
        }
        if !headless {
            std::fs::write(&path, &whole[..whole.len().min(40)]).unwrap();
            let first = examine(&path);
            // Forty bytes of AMR are a frame of it.
            let fair = first.as_ref().map_or_else(|error| error.is_final(), |_| end == "amr");
            check(fair, format!("{name}, its first bytes: {first:?}"));
            let other = folder.path().join("hurt.g722");
            std::fs::write(&other, &whole).unwrap();
            let info = probe(&other);
            let fair = info.as_ref().is_ok_and(|info| info.duration_ms.abs_diff(all) < 200);
            check(fair || ["mp3", "aac", "mp2"].contains(&&*end), format!("{name} under another's name: {info:?}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
