//! Arguments in, exit code out.

use std::process::ExitCode;

/// Requests make many short-lived pieces of memory of all sizes; the system's allocator takes a quarter of their time. Without
/// huge pages (`no_thp`), which made a service at rest half as large again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    afterword::cli::main()
}
