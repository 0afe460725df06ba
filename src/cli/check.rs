//! `roadworthy check`: finds, fixes, and says so.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::{CLEAN, FINDINGS, INCOMPLETE, progress, terminal};
use crate::config::FailOn;
use crate::error::Error;
use crate::fix::{Applicability, diff};
use crate::output::{OutputContext, Paint, statistics};
use crate::report::{Listing, Report};
use crate::rules::RULES;
use crate::run::{self, Fixed, Outcome, Rewritten};

mod arguments;

use arguments::HiArgs;
pub(super) use arguments::LowArgs;

pub(super) fn run(low: LowArgs) -> Result<u8, Error> {
    let directory = super::working_directory()?;
    let high = low.resolve(directory, |bytes| io::Read::read_to_end(&mut io::stdin().lock(), bytes).map(|_| ()))?;
    if high.show_files {
        let listing = run::list_files(&high.options)?;
        super::print(|out| write_listing(&listing, &high.options.working_directory, out))?;
        return Ok(CLEAN);
    }
    match (high.fix, high.diff) {
        (None, false) => check(&high),
        (up_to, true) => show_diff(&high, up_to.unwrap_or(Applicability::Safe)),
        (Some(up_to), false) => fix(&high, up_to),
    }
}

fn check(high: &HiArgs) -> Result<u8, Error> {
    let outcome = progress::with_bar(high.quiet, |progress| run::check(&high.options, progress))?;
    write_outputs(high, &outcome, 0)?;
    super::print(|out| write_report(high, &outcome, 0, Paint::new(terminal::stdout_has_colours()), out))?;
    Ok(exit_code(high, &outcome.report, outcome.fail_on))
}

/// `--diff`: standard output holds nothing but the patch. Nothing is changed, so what was found is what counts.
fn show_diff(high: &HiArgs, up_to: Applicability) -> Result<u8, Error> {
    let fixed = progress::with_bar(high.quiet, |progress| run::fix(&high.options, up_to, false, progress))?;
    write_outputs(high, &fixed.found, 0)?;
    super::print(|out| write_diff(&fixed, &high.options.working_directory, out))?;
    if !high.quiet {
        let _ = writeln!(io::stderr(), "{} fixes would change {} files", fixed.applied, fixed.rewritten.len());
        let found = fixed.found.report.findings.iter().zip(&fixed.found.edits);
        let risky = found.filter(|(finding, edits)| finding.fix.applicability == Applicability::Unsafe && !edits.is_empty()).count();
        if up_to == Applicability::Safe && risky > 0 {
            let _ = writeln!(io::stderr(), "{risky} more need a look: --fix=unsafe --diff shows them");
        }
    }
    Ok(exit_code(high, &fixed.found.report, fixed.found.fail_on))
}

/// `--fix`: applies fixes, and reports what is left. A text from standard input goes to standard output, mended, and the
/// report to standard error.
fn fix(high: &HiArgs, up_to: Applicability) -> Result<u8, Error> {
    let stdin = high.options.stdin.as_ref();
    let fixed = progress::with_bar(high.quiet, |progress| run::fix(&high.options, up_to, stdin.is_none(), progress))?;
    write_outputs(high, &fixed.left, fixed.applied)?;
    if let Some(stdin) = stdin {
        super::print(|out| match fixed.rewritten.first() {
            Some(Rewritten { after, .. }) => out.write_all(after.as_bytes()),
            None => out.write_all(&stdin.bytes),
        })?;
        let _ = write_report(high, &fixed.left, fixed.applied, Paint::default(), &mut io::stderr());
    } else {
        let paint = Paint::new(terminal::stdout_has_colours());
        super::print(|out| write_report(high, &fixed.left, fixed.applied, paint, out))?;
    }
    Ok(exit_code(high, &fixed.left.report, fixed.left.fail_on))
}

/// Writes the files of `--output`. They come first: a reader of standard output that goes away must not cost them.
fn write_outputs(high: &HiArgs, outcome: &Outcome, fixed: usize) -> Result<(), Error> {
    for (format, path) in &high.outputs {
        let mut context = context(high, outcome, fixed);
        context.quiet = false;
        let written = File::create(high.options.working_directory.join(path)).and_then(|file| {
            let mut out = BufWriter::new(file);
            format.write(&context, &mut out)?;
            out.flush()
        });
        written.map_err(|error| Error::new(format!("cannot write `{}`: {error}", path.display())))?;
    }
    Ok(())
}

fn write_report(high: &HiArgs, outcome: &Outcome, fixed: usize, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let mut context = context(high, outcome, fixed);
    context.paint = paint;
    context.width = terminal::width();
    if !high.statistics {
        return high.format.write(&context, out);
    }
    if high.format.is_for_people() {
        return statistics::write(&context, out);
    }
    // The document stays what its schema says; the counts are for whoever watches.
    high.format.write(&context, out)?;
    context.paint = Paint::default();
    statistics::write(&context, &mut io::stderr())
}

fn context<'a>(high: &'a HiArgs, outcome: &'a Outcome, fixed: usize) -> OutputContext<'a> {
    let mut context = OutputContext::new(&outcome.report, RULES, &outcome.edits, &high.options.working_directory);
    context.quiet = high.quiet;
    context.fixed = fixed;
    context
}

fn write_diff(fixed: &Fixed, directory: &Path, out: &mut dyn Write) -> io::Result<()> {
    let context = OutputContext::new(&fixed.found.report, RULES, &[], directory);
    for file in &fixed.rewritten {
        out.write_all(diff::unified(&context.relative(&file.path), &file.before, &file.after).as_bytes())?;
    }
    Ok(())
}

fn write_listing(listing: &Listing, directory: &Path, out: &mut dyn Write) -> io::Result<()> {
    for file in &listing.files {
        let kind = file.judged_as.map_or("-", |kind| kind.name());
        let path = crate::output::relative(&listing.root, directory, &file.path);
        let reason = file.reason.as_ref().map_or(String::new(), |reason| format!("  ({reason})"));
        writeln!(out, "{kind:<10}  {}{reason}", crate::output::printable(&path))?;
    }
    Ok(())
}

/// The exit code says the worst that is known; wrong usage never comes so far.
fn exit_code(high: &HiArgs, report: &Report, fail_on: FailOn) -> u8 {
    if !high.exit_zero && report.findings.iter().any(|finding| fail_on.includes(finding.severity)) {
        FINDINGS
    } else if high.strict && !report.failed.is_empty() {
        INCOMPLETE
    } else {
        CLEAN
    }
}

#[cfg(test)]
mod tests;
