//! Trial of a model that is not in the catalogue: the first load, in a child process, as an invalid file can abort the
//! process that loads it.

use super::child::end_with_parent;
use super::{ModelError, check_processor};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread::sleep;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use whisper_rs::{FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters};

/// Program of the child process, which is called as `PROGRAM models try FILE`.
#[derive(Clone, Debug)]
pub struct Trial {
    program: Option<PathBuf>,
}

/// SHA-256 of the files that passed: each is tried only once while the program runs.
static PASSED: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);

/// Maximum time of a trial: a large model on a slow disk takes minutes.
const MAX_TRIAL_TIME: Duration = Duration::from_secs(300);
const STEP: Duration = Duration::from_millis(50);

impl Default for Trial {
    fn default() -> Self {
        Self { program: std::env::current_exe().ok() }
    }
}

impl Trial {
    /// Returns a trial with another program than the current one, for tests.
    pub fn with_program(program: impl Into<PathBuf>) -> Self {
        Self { program: Some(program.into()) }
    }

    /// Loads the file in a child process, unless a file with this SHA-256 has passed before.
    ///
    /// # Errors
    /// [`ModelError::Processor`], [`ModelError::TrialFailed`], [`ModelError::Cancelled`].
    pub(super) fn pass(&self, file: &Path, sum: &str, cancel: &CancellationToken) -> Result<(), ModelError> {
        check_processor()?;
        let failed = |why: String| ModelError::TrialFailed { what: file.display().to_string(), why };
        if PASSED.lock().unwrap_or_else(PoisonError::into_inner).contains(sum) {
            return Ok(());
        }
        let program = self.program.as_ref().ok_or_else(|| failed("the path of the program is unknown".to_owned()))?;
        let mut command = Command::new(program);
        command.args(["models", "try"]).arg(file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        end_with_parent(&mut command);
        let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
        let mut waited = Duration::ZERO;
        let status = loop {
            match child.try_wait().map_err(|error| failed(error.to_string()))? {
                Some(status) => break status,
                None if waited >= MAX_TRIAL_TIME || cancel.is_cancelled() => {
                    // It may have ended already.
                    let _ = child.kill();
                    let _ = child.wait();
                    let cancelled = cancel.is_cancelled();
                    return Err(if cancelled { ModelError::Cancelled } else { failed("it takes too long".to_owned()) });
                }
                None => sleep(STEP),
            }
            waited += STEP;
        };
        if !status.success() {
            return Err(failed(format!("the trial ended with {status}")));
        }
        PASSED.lock().unwrap_or_else(PoisonError::into_inner).insert(sum.to_owned());
        Ok(())
    }
}

/// Loads the file and transcribes a second of silence, in the child process. An invalid file can abort the process.
pub fn try_here(file: &Path) -> Result<(), ModelError> {
    let failed = |why: &dyn std::fmt::Display| ModelError::TrialFailed {
        what: file.display().to_string(),
        why: why.to_string(),
    };
    whisper_rs::install_logging_hooks();
    let context =
        WhisperContext::new_with_params(file, WhisperContextParameters::default()).map_err(|error| failed(&error))?;
    let mut state = context.create_state().map_err(|error| failed(&error))?;
    let mut params = FullParams::new(SamplingStrategy::Greedy { best_of: 1 });
    params.set_n_threads(1);
    params.set_print_progress(false);
    params.set_temperature_inc(0.0);
    state.full(params, &[0.0; 16_000]).map_err(|error| failed(&error))
}
