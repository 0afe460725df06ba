//! Deployments: files of every notation to [`Deployment`]s.

use crate::ir::deploy::Deployment;
use crate::lower::yaml::{self, NodeKind, Stream};
use crate::source::{FileId, FileKind, SourceFile, Span};

mod builds;
mod cloud_build;
mod compact;
mod gcloud;
mod knative;
pub mod quantity;
mod reader;
mod script;
mod shell;
mod template;
pub mod terraform;
mod traced;
mod variables;
mod workflow;

/// What a file deploys.
#[derive(Clone, Debug, Default)]
pub struct DeployFile {
    /// The deployments, in order.
    pub deployments: Vec<Deployment>,
    /// Why the file is not judged although it speaks of Cloud Run: `Helm template`, `template`.
    pub skipped: Option<String>,
    /// Where and why (part of) the file is no YAML. Documents that could be read are judged.
    pub error: Option<(Span, String)>,
}

/// Reads the deployments of a file. Files that do not speak of Cloud Run give nothing and cost a search of their text.
#[must_use]
pub fn lower(id: FileId, file: &SourceFile) -> DeployFile {
    let text = &file.text;
    match file.kind {
        FileKind::Yaml => yaml(id, file),
        FileKind::Shell | FileKind::Makefile if calls_gcloud(text) && is_engine_text(text) => {
            DeployFile { skipped: Some("template".into()), ..DeployFile::default() }
        }
        FileKind::Shell if calls_gcloud(text) => DeployFile::of(shell::script(id, file.directory(), text)),
        FileKind::Makefile if calls_gcloud(text) => DeployFile::of(shell::makefile(id, file.directory(), text)),
        _ => DeployFile::default(),
    }
}

impl DeployFile {
    fn of(deployments: Vec<Deployment>) -> Self {
        Self { deployments, ..Self::default() }
    }
}

fn yaml(id: FileId, file: &SourceFile) -> DeployFile {
    let text = &file.text;
    let is_knative = speaks_of_cloud_run(text);
    // What every file of a kind has says which it is.
    let is_compact = !is_knative && is_compact(text);
    let is_workflow = text.contains("steps:") && (file.path.contains(".github/") || file.name().starts_with("action."));
    let is_build = !is_workflow && text.contains("steps:") && calls_gcloud(text);
    let is_workflow = is_workflow && (calls_gcloud(text) || text.contains("deploy-cloudrun"));
    if !(is_knative || is_compact || is_workflow || is_build) {
        return DeployFile::default();
    }
    let stream = yaml::parse(text);
    if let Some(reason) = templated(&stream, text) {
        return DeployFile { skipped: Some(reason.into()), ..DeployFile::default() };
    }
    let (mut deployments, complete) = if is_knative { knative::deployments(id, text, &stream) } else { (Vec::new(), true) };
    if is_compact {
        deployments.extend(compact::deployments(id, text, &stream));
    }
    if is_workflow {
        deployments.extend(workflow::deployments(id, text, &stream));
    }
    if is_build {
        deployments.extend(cloud_build::deployments(id, file.directory(), text, &stream));
    }
    // A broken file that deploys nothing is somebody else's.
    let error = stream.error.filter(|_| is_knative || is_workflow || is_build);
    let skipped = (!complete).then(|| "aliases that expand beyond reason".to_owned());
    DeployFile { deployments, skipped, error }
}

/// Whether a text may call `gcloud run deploy` or its relatives, in one line or word by word.
fn calls_gcloud(text: &str) -> bool {
    (text.contains("gcloud") || text.contains("cloud-sdk"))
        && text.contains("run")
        && ["deploy", "update", "create"].iter().any(|word| text.contains(word))
}

/// Whether a text may be the compact map.
fn is_compact(text: &str) -> bool {
    ["min_instances", "max_instances", "min-instances", "max-instances", "minInstances", "maxInstances"]
        .iter()
        .any(|name| text.contains(name))
        && (text.contains("memory:") || text.contains("cpu:"))
}

/// What a YAML file that speaks of Cloud Run is before a template engine has run: a `Helm template`, a `template`.
#[must_use]
pub fn template_kind(text: &str) -> Option<&'static str> {
    if speaks_of_cloud_run(text) { templated(&yaml::parse(text), text) } else { None }
}

fn speaks_of_cloud_run(text: &str) -> bool {
    text.contains("serving.knative.dev") || text.contains("run.googleapis.com")
}

/// Whether a template engine writes a script, Makefile or Terraform file before anything reads it.
fn is_engine_text(text: &str) -> bool {
    ["{%- ", "{% ", "{{cookiecutter.", "{{ cookiecutter."].iter().any(|mark| text.contains(mark))
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
