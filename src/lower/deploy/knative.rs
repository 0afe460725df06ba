//! Knative `Service` and Cloud Run `Job` YAML: <https://cloud.google.com/run/docs/reference/yaml/v1>.

use crate::ir::deploy::{Container, Deployment, EnvVar, Notation, Probe, Setting};
use crate::lower::yaml::{NodeId, Stream};
use crate::source::FileId;

use super::quantity;
use super::reader::Reader;

/// The deployments of a file, and whether that is all of them.
pub(super) fn deployments(file: FileId, text: &str, stream: &Stream) -> (Vec<Deployment>, bool) {
    let mut reader = Reader::new(file, stream, text);
    let mut deployments = Vec::new();
    for document in &stream.documents {
        // What `kubectl get -o yaml` prints of several.
        let is_list = reader.scalar(document.root, &["kind"]) == Some("List");
        let roots = if is_list { reader.items(document.root, &["items"]) } else { std::slice::from_ref(&document.root) };
        deployments.extend(roots.iter().filter_map(|root| deployment(&mut reader, file, *root)));
    }
    (deployments, reader.complete())
}

fn deployment(reader: &mut Reader<'_>, file: FileId, root: NodeId) -> Option<Deployment> {
    let version = reader.scalar(root, &["apiVersion"])?;
    let is_job = match reader.scalar(root, &["kind"])? {
        "Service" if version.starts_with("serving.knative.dev/") => false,
        "Job" if version.starts_with("run.googleapis.com/") => true,
        _ => return None,
    };
    // A job's template is that of an execution, which holds that of a task.
    let template = reader.at(root, &["spec", "template"]);
    let pod = template.and_then(|t| reader.at(t, if is_job { &["spec", "template", "spec"] } else { &["spec"] }));
    let service = reader.at(root, &["metadata", "annotations"]);
    let revision = template.and_then(|t| reader.at(t, &["metadata", "annotations"]));
    let scaling = Scaling::read(reader, service, revision);
    Some(Deployment {
        file,
        notation: Notation::Knative,
        is_job,
        is_partial: false,
        span: reader.span(root),
        contexts: Vec::new(),
        called: Vec::new(),
        name: reader.string(root, &["metadata", "name"]),
        min_instances: scaling.min,
        max_instances: scaling.max,
        concurrency: pod.and_then(|p| reader.number(p, &["containerConcurrency"])),
        timeout_seconds: pod.and_then(|p| reader.number(p, &["timeoutSeconds"])),
        cpu_throttling: revision.and_then(|a| reader.boolean(a, &["run.googleapis.com/cpu-throttling"])),
        ingress: service.and_then(|a| reader.string(a, &["run.googleapis.com/ingress"])),
        allow_unauthenticated: service
            .and_then(|a| reader.boolean(a, &["run.googleapis.com/invoker-iam-disabled"]))
            .filter(|disabled| disabled.known() != Some(false)),
        memory_volumes: pod.map(|p| memory_volumes(reader, p)).unwrap_or_default(),
        containers: pod.map(|p| containers(reader, p)).unwrap_or_default(),
    })
}

/// How many instances there may be.
struct Scaling {
    min: Option<Setting<u64>>,
    max: Option<Setting<u64>>,
}

impl Scaling {
    fn read(reader: &mut Reader<'_>, service: Option<NodeId>, revision: Option<NodeId>) -> Self {
        let mut number =
            |annotations: Option<NodeId>, keys: &[&str]| keys.iter().find_map(|key| annotations.and_then(|a| reader.number(a, &[*key])));
        // With manual scaling there are that many instances, no more and no fewer.
        if let Some(count) = number(service, &["run.googleapis.com/manualInstanceCount"]) {
            return Self { min: Some(count.clone()), max: Some(count) };
        }
        let min = number(revision, &["autoscaling.knative.dev/minScale", "autoscaling.knative.dev/min-scale"]);
        let max = number(revision, &["autoscaling.knative.dev/maxScale", "autoscaling.knative.dev/max-scale"]);
        Self {
            min: stricter(min, number(service, &["run.googleapis.com/minScale"]), |a, b| a >= b),
            max: stricter(max, number(service, &["run.googleapis.com/maxScale"]), |a, b| a <= b),
        }
    }
}

/// The one of two settings that decides; where one is unknown, so is what decides.
pub(super) fn stricter(a: Option<Setting<u64>>, b: Option<Setting<u64>>, wins: fn(u64, u64) -> bool) -> Option<Setting<u64>> {
    let (Some(a), Some(b)) = (&a, &b) else { return a.or(b) };
    let first = match (a.known(), b.known()) {
        (Some(x), Some(y)) => wins(x, y),
        (known, _) => known.is_none(),
    };
    Some(if first { a.clone() } else { b.clone() })
}

/// Volumes that are held in memory. On Cloud Run that is every `emptyDir` whose medium is not a disk.
fn memory_volumes(reader: &mut Reader<'_>, pod: NodeId) -> Vec<Setting<u64>> {
    let mut sizes = Vec::new();
    for volume in reader.items(pod, &["volumes"]) {
        let Some(directory) = reader.at(*volume, &["emptyDir"]) else { continue };
        if matches!(reader.scalar(directory, &["medium"]), None | Some("Memory" | "")) {
            let size = reader.setting(directory, &["sizeLimit"], quantity::bytes);
            // Without a limit the volume may take half of what there is: `value` makes that unknown.
            sizes.extend(size.or_else(|| reader.value(directory, |_| None)));
        }
    }
    sizes
}

fn containers(reader: &mut Reader<'_>, pod: NodeId) -> Vec<Container> {
    let items = reader.items(pod, &["containers"]);
    // A mapping where the list should be is a slip, but leaves no doubt about what is meant.
    let single = reader.at(pod, &["containers"]).filter(|_| items.is_empty());
    let mut containers: Vec<Container> = Vec::new();
    for node in items.iter().chain(&single) {
        if reader.is_mapping(*node) {
            containers.push(container(reader, pod, *node));
        }
    }
    // The ingress container is the one with a port.
    if let Some(ingress) = containers.iter().position(|c| c.port.is_some()) {
        containers[..=ingress].rotate_right(1);
    }
    containers
}

fn container(reader: &mut Reader<'_>, pod: NodeId, node: NodeId) -> Container {
    let limits = reader.at(node, &["resources", "limits"]);
    let command = ["command", "args"].into_iter().flat_map(|key| words(reader, node, key)).collect();
    let port = reader.items(node, &["ports"]).first().copied();
    Container {
        span: reader.span(node),
        name: reader.string(node, &["name"]),
        image: reader.string(node, &["image"]),
        memory: limits.and_then(|l| reader.setting(l, &["memory"], quantity::bytes)),
        memory_request: reader.setting(node, &["resources", "requests", "memory"], quantity::bytes),
        cpu: limits.and_then(|l| reader.setting(l, &["cpu"], quantity::millicpu)),
        cpu_request: reader.setting(node, &["resources", "requests", "cpu"], quantity::millicpu),
        gpu: limits.and_then(|l| reader.number(l, &["nvidia.com/gpu"])),
        port: port.and_then(|p| reader.number(p, &["containerPort"])),
        env: env(reader, node),
        startup_probe: probe(reader, node, "startupProbe"),
        liveness_probe: probe(reader, node, "livenessProbe"),
        command,
        run_as_non_root: reader
            .boolean(node, &["securityContext", "runAsNonRoot"])
            .or_else(|| reader.boolean(pod, &["securityContext", "runAsNonRoot"])),
    }
}

fn words(reader: &mut Reader<'_>, container: NodeId, key: &str) -> Vec<Setting<String>> {
    let items = reader.items(container, &[key]);
    items.iter().filter_map(|word| reader.value(*word, |text| Some(text.to_owned()))).collect()
}

fn env(reader: &mut Reader<'_>, container: NodeId) -> Vec<EnvVar> {
    let mut variables = Vec::new();
    for item in reader.items(container, &["env"]) {
        let Some(name) = reader.string(*item, &["name"]) else { continue };
        let value = reader.string(*item, &["value"]);
        let from_secret = reader.at(*item, &["valueFrom", "secretKeyRef"]).is_some();
        variables.push(EnvVar { name, value, from_secret, span: reader.span(*item), list: None });
    }
    variables
}

fn probe(reader: &mut Reader<'_>, container: NodeId, key: &str) -> Option<Probe> {
    let pair = reader.get(container, key)?;
    let port = ["httpGet", "tcpSocket", "grpc"].iter().find_map(|kind| reader.number(pair.value, &[*kind, "port"]));
    // Behind an alias or a merge key the two stand apart: then it is the key's place.
    let (key, value) = (reader.span(pair.key), reader.span(pair.value));
    let span = if key.end <= value.start { key.to(value) } else { key };
    Some(Probe { span, path: reader.string(pair.value, &["httpGet", "path"]), port })
}
