//! Skipping a test for a missing requirement, reported so that it does not count as passed.

use std::io::Write;

/// Set where every tool has been installed: a missing one is a failure then.
const REQUIRE_TOOLS: &str = "AFTERWORD_REQUIRE_TOOLS";
/// Set where `../shared` is next to the repository.
const REQUIRE_SHARED: &str = "AFTERWORD_REQUIRE_SHARED";
/// A file that gets one line per skipped test; `scripts/test.sh` counts them.
const SKIPS: &str = "AFTERWORD_SKIPS";

/// Reports a missing tool, and returns `None`, with which the test returns.
///
/// ```ignore
/// let Some(server) = SmtpServer::start() else { return };
/// ```
pub fn tool<T>(missing: &str) -> Option<T> {
    skip(REQUIRE_TOOLS, &format!("{missing} (`make test` installs it)"))
}

/// Reports a package that its registry does not provide: never required, because packages may vanish.
pub fn registry<T>(missing: &str) -> Option<T> {
    skip("", &format!("{missing} are not to be had from their registry"))
}

/// Reports missing shared material.
pub fn shared<T>(missing: &str) -> Option<T> {
    skip(REQUIRE_SHARED, missing)
}

fn skip<T>(required_by: &str, missing: &str) -> Option<T> {
    let required =
        !required_by.is_empty() && std::env::var(required_by).is_ok_and(|value| value != "0" && !value.is_empty());
    assert!(!required, "missing, and {required_by} is set: {missing}");
    let line = format!("{}: {missing}", test_name());
    eprintln!("SKIPPED {line}");
    if let Some(path) = std::env::var_os(SKIPS) {
        let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
        // One write per line: other test processes append to the same file.
        file.and_then(|mut file| file.write_all(format!("{line}\n").as_bytes())).unwrap();
    }
    None
}

/// Returns the name of the test: libtest names the thread after it; nextest, which may run it on the main thread, sets
/// it in the environment.
fn test_name() -> String {
    std::env::var("NEXTEST_TEST_NAME")
        .ok()
        .or_else(|| std::thread::current().name().map(str::to_owned))
        .unwrap_or_else(|| "a test".to_owned())
}
