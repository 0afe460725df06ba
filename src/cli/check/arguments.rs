//! The arguments of `check`: as typed, and resolved.

use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::analysis::Demand;
use crate::config::FailOn;
use crate::date::Date;
use crate::error::Error;
use crate::finding::{Confidence, Severity};
use crate::fix::Applicability;
use crate::options::{CheckOptions, Stdin};
use crate::output::Format;
use crate::suggest::nearest;

/// Check services and report what is not ready for production
#[derive(clap::Args, Debug)]
#[command(after_help = "Exit codes: 0 nothing at or over --fail-on; 1 findings; 2 wrong usage or configuration; 3 with --strict, \
                        something could not be analysed.")]
// Arguments are as many switches as there are.
#[allow(clippy::struct_excessive_bools)]
pub(in crate::cli) struct LowArgs {
    /// Files and folders to report on; the project they belong to is read as evidence
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Rules, categories, severities or presets to check, instead of the configured ones
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "What is reported")]
    select: Vec<String>,
    /// Rules, categories or severities to leave out
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "What is reported")]
    ignore: Vec<String>,
    /// Least confidence of findings that are reported [default: medium]
    #[arg(long, value_enum, value_name = "CONFIDENCE", help_heading = "What is reported")]
    min_confidence: Option<Confidence>,
    /// Least severity of findings that are reported [default: low]
    #[arg(long, value_enum, value_name = "SEVERITY", help_heading = "What is reported")]
    min_severity: Option<Severity>,
    /// Least severity of findings that make the exit code 1 [default: low]
    #[arg(long, value_enum, value_name = "SEVERITY", help_heading = "What is reported")]
    fail_on: Option<FailOn>,

    /// Format of the report on standard output
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Pretty, help_heading = "Output")]
    output_format: Format,
    /// Write the report to a file, too; may be repeated
    #[arg(long, value_name = "FORMAT=FILE", value_parser = parse_output, help_heading = "Output")]
    output: Vec<(Format, PathBuf)>,
    /// Count findings by rule instead of listing them
    #[arg(long, help_heading = "Output")]
    statistics: bool,
    /// List which files are judged, as what, and why others are not
    #[arg(long, conflicts_with_all = ["fix", "diff", "output", "statistics"], help_heading = "Output")]
    show_files: bool,
    /// Report findings only: no summary, no progress
    #[arg(long, short, help_heading = "Output")]
    quiet: bool,

    /// Apply fixes: those that keep every correct run's behaviour, or those that need a look, too
    #[arg(
        long,
        value_enum,
        value_name = "UP TO",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "safe",
        help_heading = "Fixes"
    )]
    fix: Option<UpTo>,
    /// Print what fixes would change as a patch, and change nothing
    #[arg(long, conflicts_with = "output_format", help_heading = "Fixes")]
    diff: bool,

    /// Read standard input as the text of this file
    #[arg(long, value_name = "PATH", help_heading = "Files")]
    stdin_filename: Option<PathBuf>,
    /// Leave files out, by one pattern as in .gitignore, commas being part of it; may be repeated
    #[arg(long, value_name = "GLOB", help_heading = "Files")]
    exclude: Vec<String>,
    /// Leave excluded files out even if they are named
    #[arg(long, help_heading = "Files")]
    force_exclude: bool,
    /// Read no configuration file
    #[arg(long, help_heading = "Files")]
    no_config: bool,

    /// Threads, up to four times as many as the machine runs at once [default: as many as it does]
    #[arg(long, short, value_name = "N", help_heading = "The run")]
    jobs: Option<NonZeroUsize>,
    /// The day that suppressions expire by [default: today, in UTC]
    #[arg(long, value_name = "YYYY-MM-DD", help_heading = "The run")]
    today: Option<Date>,
    /// Exit with 0 even if there are findings
    #[arg(long, help_heading = "The run")]
    exit_zero: bool,
    /// Exit with 3 if something could not be analysed
    #[arg(long, help_heading = "The run")]
    strict: bool,
}

/// Which fixes are applied.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum UpTo {
    /// Those that keep the behaviour of every correct run.
    Safe,
    /// Those that bring a new limit, error or dependency, too.
    Unsafe,
}

/// What to do.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools)]
pub(super) struct HiArgs {
    pub(super) options: CheckOptions,
    pub(super) format: Format,
    pub(super) outputs: Vec<(Format, PathBuf)>,
    pub(super) fix: Option<Applicability>,
    pub(super) diff: bool,
    pub(super) show_files: bool,
    pub(super) statistics: bool,
    pub(super) quiet: bool,
    pub(super) exit_zero: bool,
    pub(super) strict: bool,
}

impl LowArgs {
    /// Resolves what was typed; standard input is read if it is meant.
    pub(super) fn resolve(
        self,
        working_directory: PathBuf,
        read_stdin: impl FnOnce(&mut Vec<u8>) -> io::Result<()>,
    ) -> Result<HiArgs, Error> {
        let dash = Path::new("-");
        let mut paths = self.paths;
        let stdin = if let Some(path) = self.stdin_filename {
            paths.retain(|path| path != dash);
            if let Some(other) = paths.first() {
                return Err(Error::new(format!("cannot check `{}` beside standard input", other.display()))
                    .with_help("leave out the path, or --stdin-filename"));
            }
            let mut bytes = Vec::new();
            read_stdin(&mut bytes).map_err(|error| Error::new(format!("cannot read standard input: {error}")))?;
            Some(Stdin { path, bytes })
        } else if paths.iter().any(|path| path == dash) {
            return Err(Error::new("standard input has no name").with_help("say which file it is by --stdin-filename PATH"));
        } else {
            None
        };
        Ok(HiArgs {
            options: CheckOptions {
                working_directory,
                paths,
                select: self.select,
                ignore: self.ignore,
                min_confidence: self.min_confidence,
                min_severity: self.min_severity,
                fail_on: self.fail_on,
                exclude: self.exclude,
                force_exclude: self.force_exclude,
                no_config: self.no_config,
                jobs: self.jobs,
                stdin,
                today: self.today.unwrap_or_else(Date::today),
                demand: Demand::default(),
            },
            format: self.output_format,
            outputs: self.output,
            fix: self.fix.map(|up_to| match up_to {
                UpTo::Safe => Applicability::Safe,
                UpTo::Unsafe => Applicability::Unsafe,
            }),
            diff: self.diff,
            show_files: self.show_files,
            statistics: self.statistics,
            quiet: self.quiet,
            exit_zero: self.exit_zero,
            strict: self.strict,
        })
    }
}

fn parse_output(text: &str) -> Result<(Format, PathBuf), String> {
    let (format, path) = text.split_once('=').ok_or("expected FORMAT=FILE")?;
    let formats = Format::value_variants();
    let name = |format: &Format| format.to_possible_value().map(|value| value.get_name().to_owned());
    let Some(found) = formats.iter().find(|candidate| name(candidate).as_deref() == Some(format)) else {
        let names: Vec<String> = formats.iter().filter_map(name).collect();
        return Err(match nearest(format, names.iter().map(String::as_str)) {
            Some(near) => format!("unknown format `{format}`; did you mean `{near}`?"),
            None => format!("unknown format `{format}`; one of {}", names.join(", ")),
        });
    };
    if path.is_empty() {
        return Err("expected FORMAT=FILE".to_owned());
    }
    Ok((*found, PathBuf::from(path)))
}
