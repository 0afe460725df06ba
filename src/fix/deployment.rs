//! Edits of deployments, in the notation that they are written in.

use hcl_edit::Span as _;
use hcl_edit::structure::{Block, Body};

use super::{Fix, Intent};
use crate::ir::deploy::{Container, Deployment, Notation, Setting};
use crate::lower::yaml::{self, NodeId, NodeKind, Stream};
use crate::source::{FileId, FileKind, Place, SourceFile, Span};

/// Gives a setting another value: a number, an amount, or another word that needs no quotes.
#[must_use]
pub fn set<T>(notation: Notation, setting: &Setting<T>, value: &str) -> Intent {
    let (place, value) = (setting.place, value.to_owned());
    match notation {
        Notation::Knative | Notation::Compact => Intent::SetYaml { place, value },
        Notation::Command | Notation::Terraform => Intent::Replace { place, text: value },
    }
}

/// Gives the ingress container a limit of a resource (`memory`, `cpu`), and its request no more than that: one above its limit is
/// refused. Limits that a sidecar shares are left alone.
#[must_use]
pub fn set_limit(
    deployment: &Deployment,
    (resource, value): (&str, &str),
    own: &Setting<u64>,
    limit: fn(&Container) -> Option<&Setting<u64>>,
    request: Option<&Setting<u64>>,
) -> Fix {
    let sharing = deployment.containers.iter().filter_map(limit).filter(|other| other.place == own.place);
    if sharing.count() > 1 {
        let limits = format!("resources:\n  limits:\n    {resource}: \"{value}\"\n");
        return Fix::advice(format!("Give the ingress container limits of its own, with {resource} of {value}"), limits);
    }
    let request = request.filter(|request| request.place != own.place);
    let intents = std::iter::once(own).chain(request).map(|setting| set(deployment.notation, setting, value)).collect();
    Fix::unsafe_edit(format!("Set {} to {value}", if resource == "cpu" { "CPU" } else { resource }), intents)
}

/// What gives a deployment a maximum of instances that it does not have.
///
/// # Errors
/// The lines to write, where it cannot be seen into what.
pub fn add_max_instances(file: &SourceFile, deployment: &Deployment, value: &str) -> Result<Vec<Intent>, String> {
    match deployment.notation {
        Notation::Knative => {
            let annotation = format!("autoscaling.knative.dev/maxScale: \"{value}\"");
            in_knative(file, deployment, &annotation)
                .ok_or(format!("spec:\n  template:\n    metadata:\n      annotations:\n        {annotation}\n"))
        }
        Notation::Compact => {
            let mapping = Place { file: deployment.file, span: deployment.span };
            let line = format!("max_instances: {value}\n");
            in_compact(file, mapping, &line).ok_or(line)
        }
        Notation::Command => {
            let flag = format!("--max-instances={value}");
            deployment.name.as_ref().and_then(|name| behind_name(file, name.place, &flag)).ok_or(format!("{flag}\n"))
        }
        Notation::Terraform => {
            in_terraform(file, deployment, value).ok_or(format!("template {{\n  scaling {{\n    max_instance_count = {value}\n  }}\n}}\n"))
        }
    }
}

/// The value of a key of a mapping.
fn get(stream: &Stream, mapping: NodeId, key: &str) -> Option<NodeId> {
    stream.get(mapping, key, &mut 0).map(|pair| pair.value)
}

/// An annotation of the revisions, among those that there are.
fn in_knative(file: &SourceFile, deployment: &Deployment, annotation: &str) -> Option<Vec<Intent>> {
    let stream = yaml::parse(&file.text);
    let root = stream.ids().find(|id| stream.node(*id).span == deployment.span && !stream.pairs(*id).is_empty())?;
    let template = get(&stream, get(&stream, root, "spec")?, "template")?;
    let metadata = get(&stream, template, "metadata").filter(|node| !stream.pairs(*node).is_empty());
    let annotations = metadata.and_then(|metadata| get(&stream, metadata, "annotations")).filter(|node| !stream.pairs(*node).is_empty());
    // It is there, without a value.
    if file.slice(stream.node(template).span).contains("/maxScale") {
        return None;
    }
    let (mapping, text) = match (annotations, metadata) {
        (Some(annotations), _) => (annotations, annotation.to_owned()),
        // One that is there and empty is in the way.
        (None, Some(metadata)) if get(&stream, metadata, "annotations").is_none() => (metadata, format!("annotations:\n  {annotation}")),
        (None, None) if get(&stream, template, "metadata").is_none() => {
            let text = format!("metadata:\n  annotations:\n    {annotation}");
            let first = stream.pairs(template).first().map(|pair| stream.node(pair.key).span)?;
            let is_flow = matches!(stream.node(template).kind, NodeKind::Mapping { flow: true, .. });
            if !is_flow {
                return Some(vec![Intent::InsertBefore { before: Place { file: deployment.file, span: first }, text }]);
            }
            (template, text)
        }
        _ => return None,
    };
    Some(vec![Intent::AddYamlPair { mapping: Place { file: deployment.file, span: stream.node(mapping).span }, text }])
}

/// The map of settings: the deployment's place has its name before it.
fn in_compact(file: &SourceFile, whole: Place, line: &str) -> Option<Vec<Intent>> {
    let stream = yaml::parse(&file.text);
    let mapping = stream.ids().find(|id| {
        let span = stream.node(*id).span;
        span.end == whole.span.end && span.start > whole.span.start && !stream.pairs(*id).is_empty()
    })?;
    Some(vec![Intent::AddYamlPair { mapping: Place { span: stream.node(mapping).span, ..whole }, text: line.to_owned() }])
}

/// A flag behind the word that is the service's name: in a script behind a blank, in a list as an item of its own.
fn behind_name(file: &SourceFile, name: Place, flag: &str) -> Option<Vec<Intent>> {
    let (start, end) = (name.span.start as usize, name.span.end as usize);
    // A word of several pieces has no end that can be told.
    if file.text.get(start..end)?.contains(['"', '\'']) {
        return None;
    }
    let line = file.text[..start].rfind('\n').map_or(0, |at| at + 1);
    let before = file.text.get(line..start)?;
    let quote = before.chars().next_back().filter(|c| matches!(c, '"' | '\'') && file.text[end..].starts_with(*c));
    let end = end + usize::from(quote.is_some());
    let quote = quote.map(String::from).unwrap_or_default();
    let at = Place { file: name.file, span: Span::new(end, end) };
    let outside = before.strip_suffix(quote.as_str()).unwrap_or(before);
    let is_yaml = file.kind == FileKind::Yaml;
    let behind = file.text[end..].split(['\r', '\n']).next().unwrap_or_default().trim_start();
    let text = if is_yaml && outside.trim_start() == "- " {
        if !behind.is_empty() && !behind.starts_with('#') {
            return None;
        }
        // A comment stays with its item.
        let end = end + file.text[end..].find(['\r', '\n']).unwrap_or(file.text.len() - end);
        let place = Place { file: name.file, span: Span::new(end, end) };
        return Some(vec![Intent::Replace { place, text: format!("\n- {quote}{flag}{quote}") }]);
    } else if is_yaml && (outside.trim_end().ends_with([',', '[']) || (outside.trim().is_empty() && behind.starts_with([',', ']']))) {
        format!(", {quote}{flag}{quote}")
    } else if is_yaml && !outside.contains("deploy") {
        // The input of an action.
        return None;
    } else {
        format!(" {flag}")
    };
    Some(vec![Intent::Replace { place: at, text }])
}

fn in_terraform(file: &SourceFile, deployment: &Deployment, value: &str) -> Option<Vec<Intent>> {
    let body = hcl_edit::parser::parse_body(&file.text).ok()?;
    let is_it = |block: &&Block| block.span().is_some_and(|range| range.start == deployment.span.start as usize);
    let resource = body.blocks().find(is_it)?;
    let template = block(&resource.body, "template")?;
    let is_first = resource.labels.first().is_some_and(|label| label.as_str() == "google_cloud_run_service");
    if !is_first {
        let line = format!("max_instance_count = {value}");
        return match block(&template.body, "scaling") {
            Some(scaling) if scaling.body.has_attribute("max_instance_count") => None,
            Some(scaling) => inside(file, deployment.file, scaling, &line),
            None if !has_dynamic(&template.body, "scaling") => {
                inside(file, deployment.file, template, &format!("scaling {{\n  {line}\n}}\n"))
            }
            None => None,
        };
    }
    let line = format!("\"autoscaling.knative.dev/maxScale\" = \"{value}\"");
    match block(&template.body, "metadata") {
        None => inside(file, deployment.file, template, &format!("metadata {{\n  annotations = {{\n    {line}\n  }}\n}}\n")),
        Some(metadata) => match metadata.body.get_attribute("annotations") {
            None => inside(file, deployment.file, metadata, &format!("annotations = {{\n  {line}\n}}")),
            Some(annotations) => {
                let range = annotations.value.span()?;
                let written = file.text.get(range.clone())?;
                let is_object = written.starts_with("{\n") && !written.contains("/maxScale");
                is_object.then(|| behind_brace(deployment.file, range.start + 1, &line))
            }
        },
    }
}

fn block<'b>(body: &'b Body, name: &str) -> Option<&'b Block> {
    body.blocks().find(|block| block.ident.as_str() == name)
}

fn has_dynamic(body: &Body, name: &str) -> bool {
    body.blocks().any(|block| block.ident.as_str() == "dynamic" && block.labels.first().is_some_and(|label| label.as_str() == name))
}

/// Lines at the top of a block that has lines.
fn inside(file: &SourceFile, id: FileId, block: &Block, lines: &str) -> Option<Vec<Intent>> {
    let range = block.span()?;
    let open = range.start + file.text.get(range)?.find('{')?;
    let behind = file.text[open + 1..].split('\n').next()?;
    behind.trim().is_empty().then(|| behind_brace(id, open + 1, lines))
}

fn behind_brace(file: FileId, at: usize, lines: &str) -> Vec<Intent> {
    let text: String = lines.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("\n  {line}") }).collect();
    // A gap that ends the lines stays one.
    let text = if lines.ends_with('\n') { format!("{text}\n") } else { text };
    vec![Intent::Replace { place: Place { file, span: Span::new(at, at) }, text }]
}
