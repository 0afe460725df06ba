//! The command line: one file per subcommand.
//!
//! Arguments are parsed purely, into `LowArgs` that say what was typed. Only then are they resolved, into `HiArgs` that say
//! what to do: there the environment, the working directory and standard input are looked at. Results go to standard
//! output, everything else to standard error.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::error::Error;

mod check;
mod completions;
mod config;
mod explain;
mod progress;
mod rules;
mod terminal;

/// Exit code of a run that found nothing to complain about.
const CLEAN: u8 = 0;
/// Exit code of a run with findings at or over `--fail-on`.
const FINDINGS: u8 = 1;
/// Exit code of wrong usage or configuration.
const WRONG: u8 = 2;
/// Exit code, with `--strict`, of a run that could not analyse something.
const INCOMPLETE: u8 = 3;

/// Inspects a service before it takes traffic: its code, its Dockerfile and its Cloud Run configuration, as one thing
#[derive(Parser, Debug)]
#[command(name = "roadworthy", version, max_term_width = 100, arg_required_else_help = true)]
struct LowArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Check(Box<check::LowArgs>),
    Explain(explain::LowArgs),
    Rules(rules::LowArgs),
    Config(config::LowArgs),
    Completions(completions::LowArgs),
}

/// Runs the command and returns the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let low = match LowArgs::try_parse_from(arguments) {
        Ok(low) => low,
        Err(error) => {
            // Nobody is left to tell if this cannot be printed.
            let _ = error.print();
            return u8::try_from(error.exit_code()).unwrap_or(WRONG);
        }
    };
    let result = match low.command {
        Command::Check(low) => check::run(*low),
        Command::Explain(low) => explain::run(&low),
        Command::Rules(low) => rules::run(&low),
        Command::Config(low) => config::run(&low),
        Command::Completions(low) => completions::run(&low),
    };
    result.unwrap_or_else(|error| {
        let _ = writeln!(io::stderr(), "error: {error}");
        WRONG
    })
}

/// Writes results to standard output. A reader that has had enough (`| head`) is no error: the run ends as it would have.
fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            // Dropping the writer would try again.
            let _ = out.into_parts();
            Err(Error::new(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// The working directory.
fn working_directory() -> Result<PathBuf, Error> {
    std::env::current_dir().map_err(|error| Error::new(format!("cannot tell the working directory: {error}")))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn arguments_are_consistent() {
        LowArgs::command().debug_assert();
    }

    #[test]
    fn every_option_is_explained() {
        let mut commands = vec![LowArgs::command()];
        while let Some(command) = commands.pop() {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{} {}", command.get_name(), argument.get_id());
            }
            commands.extend(command.get_subcommands().cloned());
        }
    }
}
