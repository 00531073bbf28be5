//! Mislabelled models, and models that are not in the catalogue.

use super::{hear, short_call};
use afterword::transcription::models::{Health, ModelError, ModelFolders, TEST_MODEL, Trial, entry};
use afterword::transcription::{Engine, EngineConfig, TranscribeError};
use std::fs::File;
use std::path::Path;

fn test_model() -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("models/test-voices.en-q5_0.bin")).unwrap()
}

/// Returns an engine with this model, which is tried by the real program.
fn engine(folder: &Path, model: &str) -> Engine {
    let mut config = EngineConfig::new(ModelFolders::only(folder), model);
    config.trial = Trial::with_program(env!("CARGO_BIN_EXE_afterword"));
    Engine::new(config)
}

async fn refused(folder: &Path, model: &str) -> ModelError {
    match hear(&engine(folder, model), &short_call(3)).await {
        Err(TranscribeError::Model(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_no_model_is_refused_before_it_is_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let mut odd = test_model();
    odd[4..8].copy_from_slice(&7_i32.to_le_bytes());
    let files = [
        ("text.bin", b"Dear Sir or Madam".repeat(100)),
        ("empty.bin", Vec::new()),
        ("odd-head.bin", odd),
        ("cut.bin", test_model()[..1_000_000].to_vec()),
    ];
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let error = refused(folder.path(), path.to_str().unwrap()).await;
        assert!(matches!(error, ModelError::NotAModel { .. }), "{name}: {error}");
        assert!(error.to_string().contains(name), "{error}");
    }
    let missing = folder.path().join("gone.bin");
    let error = refused(folder.path(), missing.to_str().unwrap()).await;
    assert!(matches!(&error, ModelError::NoSuchFile { .. }) && error.to_string().contains("gone.bin"));
    assert!(matches!(refused(folder.path(), "huge").await, ModelError::Unknown { .. }));
    let error = refused(folder.path(), "base.en-q5_1").await;
    assert!(error.to_string().contains("afterword models fetch base.en-q5_1"), "{error}");
}

#[tokio::test]
async fn a_damaged_model_of_the_catalogue_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let tiny = entry("tiny.en-q5_1").unwrap();
    let path = folder.path().join(&tiny.file);
    // The right name and size, a valid header, and nothing after it.
    std::fs::write(&path, &test_model()[..4_096]).unwrap();
    File::options().append(true).open(&path).unwrap().set_len(tiny.size).unwrap();
    let error = refused(folder.path(), "tiny.en-q5_1").await;
    assert!(matches!(&error, ModelError::WrongContent { wanted, .. } if *wanted == tiny.sha256), "{error}");
    assert!(error.to_string().contains(&tiny.file), "{error}");
    let health = ModelFolders::only(folder.path()).verify();
    let of = |name: &str| health.iter().find(|(entry, _)| entry.name == name).map(|(_, health)| health).unwrap();
    assert!(matches!(of("tiny.en-q5_1"), Health::Bad(..)));
    assert!(matches!(of(TEST_MODEL), Health::Good(_)));
    assert_eq!(*of("base.en-q5_1"), Health::NotInstalled);
}

#[tokio::test]
async fn a_model_that_nobody_vouches_for_is_tried_in_a_child_process() {
    let folder = tempfile::tempdir().unwrap();
    // One byte more than the test model: not in the catalogue, but a model.
    let own = folder.path().join("of-my-own.bin");
    std::fs::write(&own, [&test_model()[..], b"x"].concat()).unwrap();
    let transcript = hear(&engine(folder.path(), own.to_str().unwrap()), &short_call(9)).await.unwrap();
    assert_eq!(transcript.model, "of-my-own");
    assert!(!transcript.segments.is_empty());
    // A width of the decoder that the weights do not have: whisper.cpp fails on it, or aborts its process.
    let mut wrong = test_model();
    wrong[28..32].copy_from_slice(&256_i32.to_le_bytes());
    wrong.resize(wrong.len() * 3, 0);
    let bad = folder.path().join("bad.bin");
    std::fs::write(&bad, wrong).unwrap();
    let error = refused(folder.path(), bad.to_str().unwrap()).await;
    assert!(matches!(&error, ModelError::TrialFailed { .. }) && error.to_string().contains("bad.bin"), "{error}");
}

#[tokio::test]
async fn the_test_model_under_another_name_is_recognised() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("renamed.bin");
    std::fs::write(&path, test_model()).unwrap();
    let transcript = hear(&engine(folder.path(), path.to_str().unwrap()), &short_call(9)).await.unwrap();
    assert_eq!(transcript.model, TEST_MODEL);
}
