//! Check that this processor can run whisper.cpp as it was built. Without the instructions the process would be killed
//! at the first one.

use super::ModelError;

/// `GGML_AVX2` of the build: `OFF`, or unset where whisper.cpp uses AVX2 (see docs/operations.md).
const AVX2: Option<&str> = option_env!("GGML_AVX2");

/// Checks that the processor has the instructions that whisper.cpp was built with.
///
/// # Errors
/// [`ModelError::Processor`].
pub(crate) fn check_processor() -> Result<(), ModelError> {
    if AVX2 == Some("OFF") {
        return Ok(());
    }
    match missing(&present()) {
        missing if missing.is_empty() => Ok(()),
        missing => Err(ModelError::Processor { missing: missing.join(", ") }),
    }
}

/// Returns the instruction sets that whisper.cpp is built with on this architecture, and whether the processor has
/// each.
#[cfg(target_arch = "x86_64")]
fn present() -> [(&'static str, bool); 4] {
    [
        ("AVX2", std::is_x86_feature_detected!("avx2")),
        ("FMA", std::is_x86_feature_detected!("fma")),
        ("F16C", std::is_x86_feature_detected!("f16c")),
        ("BMI2", std::is_x86_feature_detected!("bmi2")),
    ]
}

#[cfg(not(target_arch = "x86_64"))]
fn present() -> [(&'static str, bool); 0] {
    []
}

fn missing(present: &[(&'static str, bool)]) -> Vec<&'static str> {
    present.iter().filter(|(_, there)| !there).map(|(name, _)| *name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(missing(&[("AVX2", false), ("FMA", true), ("F16C", false)]), ["AVX2", "F16C"]);
        assert!(missing(&[("AVX2", true)]).is_empty());
        let error = ModelError::Processor { missing: "AVX2".into() }.to_string();
        assert!(error.contains("AVX2") && error.contains("GGML_AVX2=OFF"), "{error}");
    }
}
