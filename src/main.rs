//! Entry point: runs the command line and returns its exit code.

use std::process::ExitCode;

/// Requests allocate many short-lived pieces of memory of all sizes; the system's allocator takes a quarter of their
/// time. Without huge pages (`no_thp`), which made an idle service half as large again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    afterword::cli::main()
}
