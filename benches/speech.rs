//! Transcription of recordings whose words are known: word errors, word times, processor time and memory, compared with
//! faster-whisper and plain whisper.cpp. Written to `docs/speech-figures.md` by `scripts/speech_bench`.

use crate::program::PROGRAM;
use anyhow::{Result, bail};
use std::process::Command;

/// Runs all of it. `AFTERWORD_BENCH_CALLS` names the folder of the recordings.
pub fn measure() -> Result<()> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/speech_bench/run.sh");
    let status = Command::new(script).arg(PROGRAM).arg(std::env::current_exe()?).status()?;
    if status.success() { Ok(()) } else { bail!("scripts/speech_bench/run.sh ended with {status}") }
}
