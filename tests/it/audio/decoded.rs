//! Decoded audio is the encoded audio.

use super::wav::{Coding, Sound, alike, demo};
use crate::support::shared;
use afterword::audio::{AudioFormat, Decoder, probe};

#[test]
fn every_coding_of_wav_gives_back_what_was_put_in() {
    let source = Sound::demo("call-bad.flac", 9);
    let folder = tempfile::tempdir().unwrap();
    for coding in Coding::ALL {
        let path = folder.path().join(format!("{coding:?}.sound"));
        std::fs::write(&path, source.wav(coding)).unwrap();
        let info = probe(&path).unwrap();
        assert_eq!(
            (info.format, info.channels, info.sample_rate, info.duration_ms, info.truncated),
            (AudioFormat::Wav, 2, 8_000, 9_000, false),
            "{coding:?}"
        );
        let back = Sound::read(&path);
        for (was, is) in source.channels.iter().zip(&back.channels) {
            assert_eq!(was.len(), is.len(), "{coding:?}");
            assert!(alike(was, is) > 0.99, "{coding:?}: {}", alike(was, is));
            let loudest = |samples: &[f32]| samples.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
            assert!((loudest(was) / loudest(is) - 1.0).abs() < 0.05, "{coding:?}: as loud as it was");
        }
    }
}

#[test]
fn flac_and_ogg_of_one_call_agree() {
    for call in ["call-good", "call-bad"] {
        let (flac, ogg) = (demo(&format!("{call}.flac")), demo(&format!("{call}.ogg")));
        let (f, o) = (probe(&flac).unwrap(), probe(&ogg).unwrap());
        assert_eq!((f.format, o.format), (AudioFormat::Flac, AudioFormat::OggVorbis));
        assert_eq!((f.channels, f.sample_rate, f.truncated), (o.channels, o.sample_rate, o.truncated));
        assert!(f.duration_ms.abs_diff(o.duration_ms) < 50, "{f:?} {o:?}");
        let (flac, ogg) = (Sound::read(&flac), Sound::read(&ogg));
        for (a, b) in flac.channels.iter().zip(&ogg.channels) {
            assert!(alike(a, b) > 0.97, "{call}: {}", alike(a, b));
        }
        assert!(alike(&flac.channels[0], &flac.channels[1]).abs() < 0.1, "the two sides are two");
    }
}

#[test]
fn mp3_is_the_same_speech_as_wav() {
    let Some(folder) = shared::path("samples/audio") else { return };
    let (mp3, wav) = (folder.join("jfk.mp3"), folder.join("jfk.wav"));
    let (m, w) = (probe(&mp3).unwrap(), probe(&wav).unwrap());
    assert_eq!((m.format, w.format), (AudioFormat::Mp3, AudioFormat::Wav));
    assert!(m.duration_ms.abs_diff(w.duration_ms) < 200, "{m:?} {w:?}");
    // Loudness in steps of 20 ms: encoders shift the waves a little, and the sample rates may differ.
    let loudness = |path| {
        let sound = Sound::read(path);
        let step = (sound.rate / 50) as usize;
        sound.channels[0].chunks(step).map(|s| s.iter().map(|x| x * x).sum::<f32>().sqrt()).collect::<Vec<_>>()
    };
    let (m, w) = (loudness(&mp3), loudness(&wav));
    let best = (0..6).map(|late| alike(&m[late..], &w).max(alike(&m, &w[late..]))).fold(0.0, f64::max);
    assert!(best > 0.97, "{best}");
}

#[test]
fn a_recorder_that_was_killed_leaves_sound() {
    let source = Sound::demo("call-good.flac", 3);
    let folder = tempfile::tempdir().unwrap();
    let whole = source.wav(Coding::MuLaw);
    for (name, size) in [("nothing", 0_u32), ("endless", u32::MAX), ("too-much", 10_000_000)] {
        let mut bytes = whole.clone();
        bytes[40..44].copy_from_slice(&size.to_le_bytes());
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let info = probe(&path).unwrap();
        assert_eq!((info.duration_ms, info.truncated), (3_000, true), "{name}");
        assert!(alike(&source.channels[0], &Sound::read(&path).channels[0]) > 0.99, "{name}");
    }
}

#[test]
fn a_decoder_says_where_it_is() {
    let mut decoder = Decoder::open(&demo("call-bad.flac")).unwrap();
    let promised = decoder.promised_ms().unwrap();
    let mut before = 0;
    while decoder.next_block().unwrap().is_some() {
        assert!(decoder.position_ms() >= before);
        before = decoder.position_ms();
    }
    assert_eq!(before, promised);
    assert!(!decoder.truncated());
    assert!(decoder.next_block().unwrap().is_none(), "an end stays an end");
}
