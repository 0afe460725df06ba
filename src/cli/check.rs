//! `roadworthy check`: finds, fixes, and says so.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde::Serialize;

use super::{CLEAN, FINDINGS, INCOMPLETE, progress, terminal};
use crate::config::FailOn;
use crate::error::Error;
use crate::fix::{Applicability, diff};
use crate::output::summary::{MAX_LISTED, count};
use crate::output::{self, Format, OutputContext, Paint, printable, statistics};
use crate::report::{Listing, Report};
use crate::rules::RULES;
use crate::run::{self, Fixed, Outcome, Rewritten};
use crate::source::FileKind;

mod arguments;

use arguments::HiArgs;
pub(super) use arguments::LowArgs;

pub(super) fn run(low: LowArgs) -> Result<u8, Error> {
    let directory = super::working_directory()?;
    let high = low.resolve(directory, |bytes| io::Read::read_to_end(&mut io::stdin().lock(), bytes).map(|_| ()))?;
    if high.show_files {
        if high.format == Format::Sarif {
            return Err(Error::new("--show-files does not write SARIF").with_help("--output-format json does for programs"));
        }
        let listing = run::list_files(&high.options)?;
        super::print(|out| write_listing(&listing, &high.options.working_directory, high.format, out))?;
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
    say_what_is_passed_by(high, &outcome);
    Ok(exit_code(high, &outcome.report, outcome.fail_on))
}

/// `--diff`: standard output holds nothing but the patch. Nothing is changed, so what was found is what counts.
fn show_diff(high: &HiArgs, up_to: Applicability) -> Result<u8, Error> {
    let fixed = progress::with_bar(high.quiet, |progress| run::fix(&high.options, up_to, false, progress))?;
    write_outputs(high, &fixed.found, 0)?;
    super::print(|out| write_diff(&fixed, &high.options.working_directory, out))?;
    say_what_is_passed_by(high, &fixed.found);
    if !high.quiet {
        let mut said = format!("{} would change {}", count(fixed.applied, "fix"), count(fixed.rewritten.len(), "file"));
        let (root, directory) = (&fixed.found.report.root, &high.options.working_directory);
        if base(&fixed, directory) != directory {
            said.push_str(&format!("; the patch is to be applied in {}", root.display()));
        }
        let _ = writeln!(io::stderr(), "{said}");
        let found = fixed.found.report.findings.iter().zip(&fixed.found.edits);
        let risky = found.filter(|(finding, edits)| finding.fix.applicability == Applicability::Unsafe && !edits.is_empty()).count();
        if up_to == Applicability::Safe && risky > 0 {
            let needs = if risky == 1 { "needs" } else { "need" };
            let _ = writeln!(io::stderr(), "{risky} more {needs} a look: --fix=unsafe --diff shows them");
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
    say_what_is_passed_by(high, &fixed.left);
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

/// Who names a file waits for an answer: the documents give one, the formats for people only count.
fn say_what_is_passed_by(high: &HiArgs, outcome: &Outcome) {
    if high.quiet || !high.format.is_for_people() {
        return;
    }
    let context = context(high, outcome, 0);
    let files = &outcome.report.passed_by;
    for file in files.iter().take(MAX_LISTED) {
        let _ = writeln!(io::stderr(), "{}: skipped: {}", printable(&context.relative(&file.path)), file.reason);
    }
    if files.len() > MAX_LISTED {
        let _ = writeln!(io::stderr(), "{} more skipped; --show-files lists all", files.len() - MAX_LISTED);
    }
}

/// The folder that a patch is to be applied in: the working directory, unless that would lead out of it, which `git apply`
/// refuses; then the root.
fn base<'a>(fixed: &'a Fixed, directory: &'a Path) -> &'a Path {
    let root = &fixed.found.report.root;
    let is_below = |file: &Rewritten| root.join(&file.path).starts_with(directory);
    if fixed.rewritten.iter().all(is_below) { directory } else { root }
}

fn write_diff(fixed: &Fixed, directory: &Path, out: &mut dyn Write) -> io::Result<()> {
    let base = base(fixed, directory);
    for file in &fixed.rewritten {
        let path = output::relative(&fixed.found.report.root, base, &file.path);
        out.write_all(diff::unified(&path, &file.before, &file.after).as_bytes())?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    files: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    path: String,
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

fn write_listing(listing: &Listing, directory: &Path, format: Format, out: &mut dyn Write) -> io::Result<()> {
    let rows = listing.files.iter().map(|file| Row {
        path: output::relative(&listing.root, directory, &file.path),
        kind: file.judged_as.map(FileKind::name),
        reason: file.reason.as_deref(),
    });
    if format == Format::Json {
        serde_json::to_writer_pretty(&mut *out, &Document { schema: 1, files: rows.collect() })?;
        return writeln!(out);
    }
    for Row { path, kind, reason } in rows {
        let reason = reason.map_or(String::new(), |reason| format!("  ({reason})"));
        writeln!(out, "{:<10}  {}{reason}", kind.unwrap_or("-"), printable(&path))?;
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
