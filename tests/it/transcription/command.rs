//! `afterword transcribe` and `afterword models` on the command line.

use super::short_call;
use afterword::transcription::{TEST_MODEL, Transcript};
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// Returns a folder with a short call in it.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("call.wav"), short_call(9)).unwrap();
    std::fs::write(folder.path().join("letter.txt"), "Dear Sir or Madam, ".repeat(50)).unwrap();
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_afterword"));
    command.args(arguments).current_dir(folder).env("AFTERWORD__TRANSCRIPTION__MODELS_DIR", folder.join("models"));
    command.env("AFTERWORD__TRANSCRIPTION__MODEL", TEST_MODEL).output().unwrap()
}

fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_file_becomes_text_subtitles_or_json() {
    let folder = folder();
    let out = |format: &str| {
        let out = run(folder.path(), &["transcribe", "call.wav", "--channels", "agent,customer", "--format", format]);
        assert_eq!(out.status.code(), Some(0), "{}", words(&out.stderr));
        // The note about the test model is not part of the transcript.
        assert!(words(&out.stderr).contains("note: the test model"), "{}", words(&out.stderr));
        words(&out.stdout)
    };
    assert!(out("text").lines().all(|line| line.contains("] Agent: ") || line.contains("] Customer: ")));
    assert!(out("vtt").starts_with("WEBVTT\n\n"));
    assert!(out("srt").starts_with("1\n00:00:"));
    let transcript: Transcript = serde_json::from_str(&out("json")).unwrap();
    assert!(super::all_text(&transcript).contains("package"), "{transcript:?}");
}

#[test]
fn what_goes_wrong_names_the_file_and_ends_with_1() {
    let folder = folder();
    let failed = |arguments: &[&str], said: &[&str]| {
        let out = run(folder.path(), arguments);
        let error = words(&out.stderr);
        assert_eq!((out.status.code(), words(&out.stdout).as_str()), (Some(1), ""), "{error}");
        assert!(said.iter().all(|part| error.contains(part)), "{error}");
        assert!(!error.contains("panicked") && error.matches("gone.wav").count() <= 1, "{error}");
    };
    failed(&["transcribe", "gone.wav"], &["gone.wav", "No such file"]);
    failed(&["transcribe", "letter.txt"], &["letter.txt", "not an audio file"]);
    failed(&["transcribe", "."], &["."]);
    failed(&["transcribe", "call.wav", "--model", "base.en-q5_1"], &["afterword models fetch base.en-q5_1"]);
    failed(&["transcribe", "call.wav", "--model", "letter.txt"], &["letter.txt", "no Whisper model"]);
    failed(&["transcribe", "call.wav", "--language", "de"], &["call.wav", "English only"]);
    failed(&["models", "fetch", "huge"], &["huge", "base.en-q5_1"]);
    failed(&["models", "fetch", "test-voices.en"], &["nothing to fetch"]);
}

#[test]
fn wrong_usage_ends_with_2() {
    let folder = folder();
    for arguments in [
        &["transcribe"][..],
        &["transcribe", "call.wav", "--format", "docx"],
        &["transcribe", "call.wav", "--channels", "agent,bot"],
        &["transcribe", "call.wav", "--loud"],
        &["models", "paint"],
    ] {
        let out = run(folder.path(), arguments);
        assert_eq!(out.status.code(), Some(2), "{arguments:?}: {}", words(&out.stderr));
        assert!(!out.stderr.is_empty() && out.stdout.is_empty());
    }
}

#[test]
fn models_are_listed_and_damaged_ones_named() {
    let folder = folder();
    let list = words(&run(folder.path(), &["models", "list"]).stdout);
    assert!(list.lines().any(|line| line.starts_with("test-voices.en") && line.contains("built in")), "{list}");
    assert!(
        list.lines().any(|line| line.starts_with("test-voices.en") && line.contains("built in, selected")),
        "{list}"
    );
    assert!(list.ends_with("Recordings are transcribed with test-voices.en.\n"), "{list}");
    assert_eq!(run(folder.path(), &["models", "verify"]).status.code(), Some(0));
    std::fs::create_dir(folder.path().join("models")).unwrap();
    std::fs::write(folder.path().join("models/ggml-base.en-q5_1.bin"), "half").unwrap();
    let out = run(folder.path(), &["models", "verify"]);
    assert_eq!(out.status.code(), Some(1));
    let said = words(&out.stdout);
    assert!(said.contains("DAMAGED") && said.contains("ggml-base.en-q5_1.bin"), "{said}");
}

#[test]
fn output_that_nobody_reads_is_no_failure() {
    let folder = folder();
    for arguments in [&["models", "list"][..], &["models", "verify"], &["config", "show"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = Command::new(env!("CARGO_BIN_EXE_afterword"));
        command.args(arguments).current_dir(folder.path()).stdout(writer);
        let out = command.output().unwrap();
        assert_eq!((out.status.code(), words(&out.stderr).as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn a_worker_for_no_kind_of_job_does_not_start() {
    let out = run(folder().path(), &["worker", "--only", "mail", "--only", "painting"]);
    let error = words(&out.stderr);
    assert_eq!(out.status.code(), Some(2), "{error}");
    assert!(error.contains("--only painting") && error.contains("survey, transcription"), "{error}");
}

#[test]
fn without_a_model_the_one_command_is_named() {
    let folder = folder();
    let without = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_afterword"));
        command.args(arguments).current_dir(folder.path()).output().unwrap()
    };
    let out = without(&["transcribe", "call.wav"]);
    let error = words(&out.stderr);
    assert_eq!((out.status.code(), out.stdout.is_empty()), (Some(1), true));
    assert_eq!(error.matches("`afterword models fetch base`").count(), 1, "{error}");
    let list = words(&without(&["models", "list"]).stdout);
    assert!(list.lines().any(|line| line.starts_with("base ") && line.contains("-, selected")), "{list}");
    assert!(list.contains("Recordings wait: the speech model base is not installed"), "{list}");
    // Every file in the folder is listed.
    std::fs::create_dir_all(folder.path().join("data/models")).unwrap();
    std::fs::write(folder.path().join("data/models/of-my-own.bin"), "a model").unwrap();
    let list = words(&without(&["models", "list"]).stdout);
    assert!(list.lines().any(|line| line.starts_with("of-my-own ") && line.contains("Imported")), "{list}");
}

#[test]
fn without_ffmpeg_the_package_is_named() {
    let folder = folder();
    let frames = [&b"#!AMR\n"[..], &[0x3C; 32 * 50]].concat();
    std::fs::write(folder.path().join("call.amr"), frames).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_afterword"));
    command.args(["transcribe", "call.amr", "--model", TEST_MODEL]).current_dir(folder.path()).env("PATH", "");
    let out = command.output().unwrap();
    let error = words(&out.stderr);
    assert_eq!(out.status.code(), Some(1), "{error}");
    assert!(error.contains("AMR is read through ffmpeg") && error.contains("apt-get install ffmpeg"), "{error}");
}
