//! For reading: each finding with the code it is about, the places that made it matter, why, and how to mend it.
//!
//! ```text
//! high[missing-timeout] `requests.get` without a timeout waits for ever
//!     ╭─[app/main.py:12:12]
//!  11 │ def price(sku):
//!  12 │     return requests.get(f"{BASE}/{sku}").json()
//!     ·            ─────────────────────────────
//!     ╰────
//!   why  A call without a timeout holds its worker for as long as the other side likes.
//!   fix  Pass a timeout of 10 seconds (unsafe)
//!        12 -     return requests.get(f"{BASE}/{sku}").json()
//!        12 +     return requests.get(f"{BASE}/{sku}", timeout=10).json()
//! ```

use std::io::{self, Write};

use rustc_hash::FxHashSet;
use textwrap::{Options, WordSeparator};

use super::folding::Folded;
use super::{OutputContext, one_line, printable, summary};
use crate::diagnostics::{self, Diagnostic};
use crate::finding::{Confidence, Finding, Related};
use crate::fix::Applicability;
use crate::source::Place;

mod excerpt;
mod fix;

/// Related places that are listed; the formats for machines have all of them.
const MAX_RELATED: usize = 5;

/// Services that are listed where several lack the same.
const MAX_SERVICES: usize = 20;

/// Lines from the finding within which a related place is shown in the same excerpt.
const NEAR: usize = 4;

/// Writes the findings and the summary.
///
/// # Errors
///
/// If `out` cannot be written to.
pub fn write(context: &OutputContext<'_>, out: &mut dyn Write) -> io::Result<()> {
    let findings = &context.report.findings;
    // The reason belongs to the class, so it is given with the first finding of each.
    let folded = Folded::new(findings);
    let mut explained = FxHashSet::default();
    let mut index = 0;
    while index < findings.len() {
        // Several absences of one service are anchored to the same app: one excerpt shows where.
        let place = findings[index].place;
        let end = index + findings[index..].iter().take_while(|finding| finding.place == place).count();
        let group: Vec<(usize, &Finding)> = (index..end).filter(|at| !folded.is_hidden(*at)).map(|at| (at, &findings[at])).collect();
        index = end;
        let Some((_, first)) = group.first() else { continue };
        for (at, finding) in &group {
            writeln!(out, "{}", headline(context, finding, folded.others(*at).len()))?;
        }
        let near = if group.len() == 1 { near(context, first) } else { Vec::new() };
        write!(out, "{}", excerpt::render(context, place, first.severity, &near))?;
        for (at, finding) in &group {
            if group.len() > 1 {
                writeln!(out, "  {}", context.paint.severity(finding.rule, finding.severity))?;
            }
            places(context, out, "flow", &finding.trace, usize::MAX, &[])?;
            places(context, out, "also", &finding.related, MAX_RELATED, &near)?;
            let others: Vec<Place> = folded.others(*at).iter().map(|other| findings[*other].place).collect();
            same_in(context, out, &others)?;
            if explained.insert(finding.rule) {
                reason(context, out, finding)?;
            }
            fix::write(context, out, *at, finding)?;
        }
        writeln!(out)?;
    }
    summary::write(context, out)
}

fn headline(context: &OutputContext<'_>, finding: &Finding, others: usize) -> String {
    let class = context.paint.severity(&format!("{}[{}]", finding.severity.name(), finding.rule), finding.severity);
    let message = one_line(&finding.message);
    let doubt = match finding.confidence {
        Confidence::High => String::new(),
        doubt => format!(" ({} confidence)", doubt.name()),
    };
    let services = if others > 0 { format!("in {} services, of which this is the first: ", others + 1) } else { String::new() };
    textwrap::fill(&format!("{class} {services}{message}{doubt}"), words(context.width).subsequent_indent("  "))
}

/// Related places that fit into the finding's own excerpt.
fn near<'a>(context: &OutputContext<'_>, finding: &'a Finding) -> Vec<&'a Related> {
    let file = context.report.sources.get(finding.place.file);
    let line = |offset| file.line_index(offset);
    let own = line(finding.place.span.start);
    let is_near = |related: &&Related| {
        let place = related.place;
        place.file == finding.place.file
            && line(place.span.start).abs_diff(own) <= NEAR
            && line(place.span.start) == line(place.span.end)
            && (place.span.end <= finding.place.span.start || place.span.start >= finding.place.span.end)
    };
    finding.related.iter().filter(is_near).take(2).collect()
}

/// A list of places with what they have to do with the finding.
fn places(
    context: &OutputContext<'_>,
    out: &mut dyn Write,
    label: &str,
    list: &[Related],
    most: usize,
    shown: &[&Related],
) -> io::Result<()> {
    let list: Vec<&Related> = list.iter().filter(|related| !shown.contains(related)).collect();
    let cut = &list[..list.len().min(most)];
    let rows: Vec<(String, String)> = cut.iter().map(|related| (context.location(related.place), one_line(&related.message))).collect();
    let widest = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or(0).min(48);
    let column = widest(&mut rows.iter().map(|(location, _)| location.chars().count()));
    let behind = widest(&mut rows.iter().map(|(_, message)| message.chars().count()));
    for (index, (location, message)) in rows.iter().enumerate() {
        let pad = " ".repeat(column.saturating_sub(location.chars().count()));
        let head = if index == 0 { context.paint.accent(&format!("{label:<4}")) } else { " ".repeat(4) };
        let code = if label == "flow" { code(context, cut[index].place) } else { String::new() };
        let message = if code.is_empty() { message.clone() } else { format!("{message:<behind$}{}", context.paint.dim(&code)) };
        writeln!(out, "  {head} {location}{pad}  {message}")?;
    }
    if list.len() > cut.len() {
        writeln!(out, "       {}", context.paint.dim(&format!("and {} more", list.len() - cut.len())))?;
    }
    Ok(())
}

/// The other services that lack the same.
fn same_in(context: &OutputContext<'_>, out: &mut dyn Write, others: &[Place]) -> io::Result<()> {
    for (index, place) in others.iter().take(MAX_SERVICES).enumerate() {
        let head = if index == 0 { context.paint.accent("in  ") } else { " ".repeat(4) };
        writeln!(out, "  {head} {}", context.location(*place))?;
    }
    if others.len() > MAX_SERVICES {
        writeln!(out, "       {}", context.paint.dim(&format!("and {} more", others.len() - MAX_SERVICES)))?;
    }
    Ok(())
}

/// The code of a step, where it is short enough to stand behind its description.
fn code(context: &OutputContext<'_>, place: Place) -> String {
    let text = context.shown(place.file, place.span);
    if text.is_empty() || text.contains('\n') || text.chars().count() > 48 { String::new() } else { format!("  {}", printable(&text)) }
}

fn reason(context: &OutputContext<'_>, out: &mut dyn Write, finding: &Finding) -> io::Result<()> {
    let of_diagnostic = || diagnostics::find(finding.rule).map_or_else(String::new, Diagnostic::reason);
    let reason = context.page(finding.rule).map_or_else(of_diagnostic, |page| page.reason().to_owned());
    if reason.is_empty() {
        return Ok(());
    }
    labelled(context, out, "why", &one_line(&reason))
}

/// Lines broken at blanks only: paths and names stay whole.
fn words(width: usize) -> Options<'static> {
    Options::new(width).word_separator(WordSeparator::AsciiSpace)
}

/// Text behind a label, wrapped to the width.
fn labelled(context: &OutputContext<'_>, out: &mut dyn Write, label: &str, text: &str) -> io::Result<()> {
    let head = format!("  {} ", context.paint.accent(&format!("{label:<4}")));
    let options = words(context.width).initial_indent(&head).subsequent_indent("       ");
    writeln!(out, "{}", textwrap::fill(text, options))
}

/// What a fix's title is followed by.
fn applicability(applicability: Applicability) -> &'static str {
    match applicability {
        Applicability::Safe => " (safe)",
        Applicability::Unsafe => " (unsafe)",
        Applicability::Advice => "",
    }
}
