//! The `roadworthy` command: arguments in, exit code out.

use std::process::ExitCode;

/// Threads allocate without waiting for each other.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ExitCode::from(roadworthy::cli::run(std::env::args_os()))
}
