//! A model with a constant output (`tests/tools/scripted_model.py`): the result depends on the engine alone.

use super::{all_text, hear, hear_file};
use crate::audio::wav::{Coding, Sound, demo};
use crate::support::skip;
use afterword::transcription::models::{ModelFolders, Trial};
use afterword::transcription::{Engine, EngineConfig, Speaker, Transcript, TranscriptionRequest, speech};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// An engine with a model that outputs these words in every window, from 0 s to 27 s.
struct Parrot {
    engine: Engine,
    _folder: TempDir,
}

fn parrot(words: &str, many_languages: bool) -> Option<Parrot> {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("parrot.bin");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/scripted_model.py");
    let mut command = Command::new("python3");
    command.arg(script).arg(&model).arg(words).args(many_languages.then_some("--multi"));
    let Ok(output) = command.output() else { return skip::tool("python3") };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut config = EngineConfig::new(ModelFolders::only(folder.path()), model.to_str().unwrap());
    config.trial = Trial::with_program(env!("CARGO_BIN_EXE_afterword"));
    Some(Parrot { engine: Engine::new(config), _folder: folder })
}

#[tokio::test]
async fn where_nobody_speaks_there_are_no_words_whatever_the_model_says() {
    let Some(parrot) = parrot("thank you for watching", false) else { return };
    for sound in [Sound::silence(8_000, 2, 40), Sound::noise(8_000, 40, 0.3)] {
        let transcript = hear(&parrot.engine, &sound.wav(Coding::Pcm16)).await.unwrap();
        assert_eq!((transcript.segments, transcript.speech_ms, transcript.audio_ms), (Vec::new(), 0, 40_000));
    }
}

#[tokio::test]
async fn times_that_the_model_makes_up_are_brought_into_the_speech() {
    // A model of one layer whose attention does not follow the audio.
    let Some(parrot) = parrot("one two three four five six seven", false) else { return };
    let file = demo("call-good.flac");
    let transcript = hear_file(&parrot.engine, &file).await.unwrap();
    let speech = speech(&file, &CancellationToken::new()).unwrap();
    assert!(!transcript.segments.is_empty());
    for (side, found) in [Speaker::Agent, Speaker::Customer].into_iter().zip(&speech) {
        let inside = |ms: u64| found.iter().any(|(start, end)| (start.saturating_sub(450)..=end + 450).contains(&ms));
        let segments: Vec<_> = transcript.segments.iter().filter(|segment| segment.speaker == side).collect();
        assert!(!segments.is_empty());
        for segment in segments {
            let mut at = segment.start_ms;
            for word in &segment.words {
                assert!(inside(word.start_ms) && inside(word.end_ms), "{word:?} is said in a pause");
                assert!(at <= word.start_ms && word.start_ms <= word.end_ms && word.end_ms <= segment.end_ms);
                at = word.end_ms;
            }
        }
    }
    assert!(
        transcript.segments.is_sorted_by_key(|segment| segment.start_ms),
        "overlapping turns are in order of their begin"
    );
    let found: u64 = speech.iter().flatten().map(|(start, end)| end - start).sum();
    assert!(transcript.speech_ms.abs_diff(found) < 1_000, "{} {found}", transcript.speech_ms);
}

#[tokio::test]
async fn a_loop_is_said_once() {
    let again = "so we can do that so we can do that so we can do that so we can do that so we can do that";
    let Some(parrot) = parrot(again, false) else { return };
    let transcript = hear(&parrot.engine, &Sound::demo("call-bad.flac", 9).wav(Coding::Pcm16)).await.unwrap();
    let text = all_text(&transcript);
    assert!(text.contains("so we can") && text.matches("so we can do that").count() <= 2, "{text}");
}

#[tokio::test]
async fn a_call_has_one_language_found_or_given() {
    let Some(parrot) = parrot("one two three", true) else { return };
    let ask = |language: Option<&str>| {
        let (path, language) = (demo("call-bad.flac"), language.map(str::to_owned));
        let languages = vec!["de".to_owned(), "fr-CA".to_owned()];
        let request = TranscriptionRequest { path, language, languages, ..Default::default() };
        parrot.engine.transcribe(request, |_| {}, CancellationToken::new())
    };
    let given: Transcript = ask(Some("pt-BR")).await.unwrap();
    assert_eq!(given.language, "pt");
    let found = ask(None).await.unwrap();
    assert!(["de", "fr"].contains(&found.language.as_str()), "one of those that are allowed: {}", found.language);
    assert_eq!(all_text(&found), all_text(&given));
    // No speech: no language can be detected.
    let silence = hear(&parrot.engine, &Sound::silence(8_000, 1, 5).wav(Coding::Pcm16)).await.unwrap();
    assert_eq!(silence.language, "und");
}
