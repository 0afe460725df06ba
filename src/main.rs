//! The `roadworthy` command: arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(roadworthy::cli::run(std::env::args_os()))
}
