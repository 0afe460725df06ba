//! The compact map: services by name, each with its settings.
//!
//! ```yaml
//! orders:
//!   memory: 2Gi
//!   cpu: 2
//!   min_instances: 1
//!   max_instances: 100
//! ```

use crate::ir::deploy::{Container, Deployment, EnvVar, Notation};
use crate::lower::yaml::{NodeId, Stream};
use crate::source::FileId;

use super::quantity;
use super::reader::Reader;

/// The deployments of a file.
pub(super) fn deployments(file: FileId, text: &str, stream: &Stream) -> Vec<Deployment> {
    let mut reader = Reader::new(file, stream, text);
    let mut found = Vec::new();
    for document in &stream.documents {
        for path in [&[][..], &["services"]] {
            for (pair, node) in reader.pairs(document.root, path) {
                found.extend(deployment(&mut reader, file, pair, node));
            }
        }
    }
    found
}

/// `max_instances` and `max-instances`, `maxInstances`.
fn spelt(name: &str) -> [String; 3] {
    let mut camel = String::new();
    for (index, word) in name.split('_').enumerate() {
        let (first, rest) = word.split_at(usize::from(index > 0));
        camel += &first.to_uppercase();
        camel += rest;
    }
    [name.to_owned(), name.replace('_', "-"), camel]
}

fn deployment(reader: &mut Reader<'_>, file: FileId, key: NodeId, node: NodeId) -> Option<Deployment> {
    let mut find = |name: &str| spelt(name).iter().find_map(|name| reader.at(node, &[name]));
    let (min, max) = (find("min_instances"), find("max_instances"));
    let (memory, cpu) = (find("memory"), find("cpu"));
    let (concurrency, timeout, throttling) = (find("concurrency"), find("timeout"), find("cpu_throttling"));
    let (image, port, ingress, open, env) = (find("image"), find("port"), find("ingress"), find("allow_unauthenticated"), find("env"));
    // Instances beside what one of them gets: no other thing has both.
    if (min.is_none() && max.is_none()) || (memory.is_none() && cpu.is_none()) {
        return None;
    }
    // What services merge into theirs is none.
    let name = reader.value(key, |text| Some(text.to_owned()))?;
    if matches!(name.written.as_str(), "default" | "defaults" | "common" | "base" | "template")
        || name.written.starts_with(['.', '_'])
        || name.written.starts_with("x-")
    {
        return None;
    }
    let span = reader.span(key).to(reader.span(node));
    let mut number = |node: Option<NodeId>| node.and_then(|node| reader.value(node, |text| text.parse().ok()));
    let (min_instances, max_instances, concurrency, timeout_seconds, port) =
        (number(min), number(max), number(concurrency), number(timeout), number(port));
    let boolean = |text: &str| match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    };
    let container = Container {
        span,
        name: None,
        image: image.and_then(|node| reader.value(node, |text| Some(text.to_owned()))),
        memory: memory.and_then(|node| reader.value(node, quantity::bytes)),
        memory_request: None,
        cpu: cpu.and_then(|node| reader.value(node, quantity::millicpu)),
        cpu_request: None,
        gpu: None,
        port,
        env: env.map(|env| variables(reader, env)).unwrap_or_default(),
        startup_probe: None,
        liveness_probe: None,
        command: Vec::new(),
        run_as_non_root: None,
    };
    Some(Deployment {
        file,
        notation: Notation::Compact,
        is_job: false,
        is_partial: false,
        span,
        contexts: Vec::new(),
        called: Vec::new(),
        name: Some(name),
        min_instances,
        max_instances,
        concurrency,
        timeout_seconds,
        cpu_throttling: throttling.and_then(|node| reader.value(node, boolean)),
        ingress: ingress.and_then(|node| reader.value(node, |text| Some(text.to_owned()))),
        allow_unauthenticated: open.and_then(|node| reader.value(node, boolean)),
        memory_volumes: Vec::new(),
        containers: vec![container],
    })
}

/// `env:` as a map of names and values.
fn variables(reader: &mut Reader<'_>, env: NodeId) -> Vec<EnvVar> {
    let mut variables = Vec::new();
    for (key, node) in reader.pairs(env, &[]) {
        let Some(name) = reader.value(key, |text| Some(text.to_owned())) else { continue };
        if reader.is_mapping(node) {
            continue;
        }
        let value = reader.value(node, |text| Some(text.to_owned()));
        variables.push(EnvVar { name, value, from_secret: false, span: reader.span(key).to(reader.span(node)), list: None });
    }
    variables
}
