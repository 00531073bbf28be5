//! Guard: a panic within a decoder becomes an error, as the files are untrusted and the process serves others too.

use super::AudioError;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `work`; its panic is returned as [`AudioError::Damaged`].
///
/// The caller must not use what `work` was changing after a panic: a step may be half done.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, AudioError>) -> Result<T, AudioError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let said = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        tracing::error!(panic = said, "a decoder panicked; the recording is refused");
        Err(AudioError::Damaged("its decoder gave up".to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error() {
        let result = guarded::<()>(|| panic!("boom"));
        assert!(matches!(result, Err(AudioError::Damaged(_))));
    }
}
