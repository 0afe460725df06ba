//! The fix of a finding as a small diff, and advice as code.

use std::io::{self, Write};

use similar::ChangeTag;

use super::{applicability, labelled};
use crate::finding::Finding;
use crate::fix::diff::lines;
use crate::fix::edit::{Edit, apply};
use crate::output::{OutputContext, one_line, printable};
use crate::source::{SourceFile, Span};

const INDENT: &str = "       ";

/// Edits in one file that are less than this many lines apart are shown together.
const APART: usize = 3;

/// Writes title, diff and advice.
pub(super) fn write(context: &OutputContext<'_>, out: &mut dyn Write, index: usize, finding: &Finding) -> io::Result<()> {
    let edits = context.edits(index);
    let note = if edits.is_empty() { "" } else { applicability(finding.fix.applicability) };
    labelled(context, out, "fix", &format!("{}{note}", one_line(&finding.fix.title)))?;
    let clusters = clusters(context, edits);
    let width = clusters.iter().map(|cluster| (cluster.last + 1).to_string().len()).max().unwrap_or(1);
    let mut file = finding.place.file;
    for cluster in &clusters {
        if cluster.edits[0].file != file {
            file = cluster.edits[0].file;
            writeln!(out, "{INDENT}{}", context.paint.bold(&printable(&context.path(file))))?;
        }
        write_cluster(context, out, cluster, width)?;
    }
    for line in finding.fix.advice.iter().flat_map(|advice| advice.trim_end().lines()) {
        writeln!(out, "{}", format!("{INDENT}{} {}", context.paint.dim("│"), printable(line)).trim_end())?;
    }
    Ok(())
}

/// Edits that are shown as one hunk.
struct Cluster<'a> {
    edits: &'a [Edit],
    /// 0-based first line that changes.
    first: usize,
    /// 0-based last line that changes.
    last: usize,
}

fn clusters<'a>(context: &OutputContext<'_>, edits: &'a [Edit]) -> Vec<Cluster<'a>> {
    let mut clusters: Vec<Cluster<'a>> = Vec::new();
    for (index, edit) in edits.iter().enumerate() {
        let file = context.report.sources.get(edit.file);
        let (first, last) = (file.line_index(edit.span.start), file.line_index(edit.span.end));
        match clusters.last_mut() {
            Some(cluster) if cluster.edits[0].file == edit.file && first >= cluster.first && first < cluster.last + APART => {
                let start = index - cluster.edits.len();
                cluster.edits = &edits[start..=index];
                cluster.last = cluster.last.max(last);
            }
            _ => clusters.push(Cluster { edits: &edits[index..=index], first, last }),
        }
    }
    clusters
}

/// One hunk: the lines that go and come, and a neighbour where lines only come, so that one sees where.
fn write_cluster(context: &OutputContext<'_>, out: &mut dyn Write, cluster: &Cluster<'_>, width: usize) -> io::Result<()> {
    let file = context.report.sources.get(cluster.edits[0].file);
    let Some((before, after, from)) = window(context, file, cluster) else { return Ok(()) };
    let diff = lines(&before, &after);
    let only_comes = diff.iter_all_changes().all(|change| change.tag() != ChangeTag::Delete);
    let radius = usize::from(only_comes);
    for (number, group) in diff.grouped_ops(radius).iter().enumerate() {
        if number > 0 {
            writeln!(out, "{INDENT}{}", context.paint.dim("…"))?;
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let line = change.old_index().or(change.new_index()).map_or(String::new(), |index| (from + index + 1).to_string());
            let number = context.paint.dim(&format!("{line:>width$}"));
            let text = printable(change.value().trim_end_matches(['\r', '\n'])).replace('\t', "    ");
            let row = match change.tag() {
                ChangeTag::Delete => format!("{number} {}", context.paint.red(&format!("- {text}"))),
                ChangeTag::Insert => format!("{} {}", " ".repeat(width), context.paint.green(&format!("+ {text}"))),
                ChangeTag::Equal => format!("{number}   {text}"),
            };
            writeln!(out, "{INDENT}{}", row.trim_end())?;
        }
    }
    Ok(())
}

/// The cluster's lines and one on each side, before and after, and the 0-based number of the first. Only they are
/// compared: a diff of the whole file for every finding would cost more than the analysis.
fn window(context: &OutputContext<'_>, file: &SourceFile, cluster: &Cluster<'_>) -> Option<(String, String, usize)> {
    let from = cluster.first.saturating_sub(1);
    let to = (cluster.last + 1).min(file.line_count() - 1);
    let start = file.line_span(from).start;
    let end = if to + 1 < file.line_count() { file.line_span(to + 1).start } else { u32::try_from(file.text.len()).ok()? };
    let before = context.shown(cluster.edits[0].file, Span { start, end }).into_owned();
    let moved: Vec<Edit> = cluster
        .edits
        .iter()
        .map(|edit| Edit { span: Span { start: edit.span.start - start, end: edit.span.end - start }, ..edit.clone() })
        .collect();
    let after = apply(&before, &moved)?;
    Some((before, after, from))
}
