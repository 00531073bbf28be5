//! Transcription.

mod api;
mod channels;
mod checkpoints;
mod command;
pub mod crosstalk;
mod edited;
mod engine;
mod fetch;
mod found;
mod import;
mod invented;
mod jobs;
mod keeping;
mod masked;
mod model_page;
mod models;
mod packages;
mod words;

use crate::audio::wav::{Coding, Sound};
use afterword::transcription::models::ModelFolders;
use afterword::transcription::{
    Engine, EngineConfig, Speaker, TEST_MODEL, TranscribeError, Transcript, TranscriptionRequest,
};
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// Returns the first seconds of a demo call as a WAV file: enough words, quickly transcribed.
pub fn short_call(seconds: u32) -> Vec<u8> {
    Sound::demo("call-bad.flac", seconds).wav(Coding::MuLaw)
}

/// Returns an engine with the test model, whatever models are on this machine.
pub fn engine() -> Engine {
    Engine::new(EngineConfig::new(ModelFolders::only("no-such-folder"), TEST_MODEL))
}

/// Transcribes bytes; the left channel is the agent.
pub async fn hear(engine: &Engine, bytes: &[u8]) -> Result<Transcript, TranscribeError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recording");
    std::fs::write(&path, bytes).unwrap();
    hear_file(engine, &path).await
}

/// Transcribes a file; the left channel is the agent.
pub async fn hear_file(engine: &Engine, path: &Path) -> Result<Transcript, TranscribeError> {
    let speakers = vec![Speaker::Agent, Speaker::Customer];
    let request = TranscriptionRequest { path: path.to_owned(), speakers, language: None, ..Default::default() };
    engine.transcribe(request, |_| {}, CancellationToken::new()).await
}

/// Returns all text, in lower case.
pub fn all_text(transcript: &Transcript) -> String {
    transcript.segments.iter().map(|s| s.text.to_lowercase()).collect::<Vec<_>>().join(" ")
}
