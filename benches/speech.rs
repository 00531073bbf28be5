//! One call of sixty seconds, on two channels, from file to text.

use crate::program::{PROGRAM, folder, memory};
use crate::report::Report;
use anyhow::{Result, bail};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Measures `afterword transcribe`, model loading and all.
pub fn measure(report: &mut Report) -> Result<()> {
    let folder = folder()?;
    let call = folder.path().join("call.wav");
    let whole = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/calls/call-good.flac"));
    afterword::audio::cut(whole, 0, 60_000, &call)?;
    let begin = Instant::now();
    let mut child = Command::new(PROGRAM)
        .args(["transcribe", "--channels", "agent,customer", "--format", "json"])
        .arg(&call)
        .env("AFTERWORD__TRANSCRIPTION__MODEL", afterword::transcription::TEST_MODEL)
        .env("AFTERWORD__TRANSCRIPTION__MODELS_DIR", concat!(env!("CARGO_MANIFEST_DIR"), "/models"))
        .stdout(Stdio::null())
        .spawn()?;
    let mut peak = 0.0_f64;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        // It may end between the two.
        peak = peak.max(memory(child.id(), "VmHWM").unwrap_or_default());
        std::thread::sleep(Duration::from_millis(20));
    };
    let lasted = begin.elapsed();
    if !status.success() {
        bail!("transcribe failed: {status}");
    }
    report.add("A stereo call of 60 s transcribed (test model)", format!("{:.1} s", lasted.as_secs_f64()));
    report.add("Peak memory while transcribing it", format!("{peak:.0} MiB"));
    Ok(())
}
