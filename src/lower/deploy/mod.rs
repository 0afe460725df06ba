//! Deployments: YAML files to [`Deployment`]s.

use crate::ir::deploy::Deployment;
use crate::lower::yaml::{self, NodeKind, Stream};
use crate::source::{FileId, Span};

mod knative;
pub mod quantity;
mod reader;
mod template;

/// What a YAML file deploys.
#[derive(Clone, Debug, Default)]
pub struct DeployFile {
    /// The deployments, in order.
    pub deployments: Vec<Deployment>,
    /// Why the file is not judged although it speaks of Cloud Run: `Helm template`, `template`.
    pub skipped: Option<String>,
    /// Where and why (part of) the file is no YAML. Documents that could be read are judged.
    pub error: Option<(Span, String)>,
}

/// Reads the deployments of a YAML file. Files that do not speak of Cloud Run give nothing and cost one search of their
/// text.
#[must_use]
pub fn lower(file: FileId, _path: &str, text: &str) -> DeployFile {
    if !speaks_of_cloud_run(text) {
        return DeployFile::default();
    }
    let stream = yaml::parse(text);
    if let Some(reason) = templated(&stream, text) {
        return DeployFile { skipped: Some(reason.into()), ..DeployFile::default() };
    }
    let (deployments, complete) = knative::deployments(file, text, &stream);
    let skipped = (!complete).then(|| "aliases that expand beyond reason".to_owned());
    DeployFile { deployments, skipped, error: stream.error }
}

/// What a YAML file that speaks of Cloud Run is before a template engine has run: a `Helm template`, a `template`.
#[must_use]
pub fn template_kind(text: &str) -> Option<&'static str> {
    if speaks_of_cloud_run(text) { templated(&yaml::parse(text), text) } else { None }
}

fn speaks_of_cloud_run(text: &str) -> bool {
    text.contains("serving.knative.dev") || text.contains("run.googleapis.com")
}

/// Whether the file is not yet YAML, but becomes it when a template engine has run, and which.
fn templated(stream: &Stream, text: &str) -> Option<&'static str> {
    // `key: {{ value }}` is a flow mapping in a flow mapping to YAML, and never meant so. An error may hide it.
    let braces = stream.nodes().any(|node| {
        matches!(node.kind, NodeKind::Mapping { flow: true, .. })
            && text.get(node.span.range()).is_some_and(|t| t.starts_with("{{") && !t.starts_with("{{}"))
    });
    if braces || (stream.error.is_some() && text.lines().any(template::is_engine_line)) {
        let helm = [".Values", ".Release", ".Chart", "include \""].iter().any(|mark| text.contains(mark));
        return Some(if helm { "Helm template" } else { "template" });
    }
    // `image: %IMAGE%` is no YAML either before `sed` has run.
    let (span, _) = stream.error.as_ref()?;
    let start = text[..span.start as usize].rfind('\n').map_or(0, |at| at + 1);
    let line = text[start..].lines().next().unwrap_or_default();
    template::is_templated(line).then_some("template")
}

#[cfg(test)]
mod tests;
