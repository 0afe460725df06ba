//! `roadworthy completions`.

use clap::CommandFactory;
use clap_complete::Shell;

use super::CLEAN;
use crate::error::Error;

/// Print a script that completes arguments in a shell
#[derive(clap::Args, Debug)]
pub(super) struct LowArgs {
    /// The shell
    shell: Shell,
}

pub(super) fn run(low: &LowArgs) -> Result<u8, Error> {
    // The generator panics where it cannot write, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(low.shell, &mut super::LowArgs::command(), "roadworthy", &mut script);
    super::print(|out| out.write_all(&script))?;
    Ok(CLEAN)
}
