//! Resources that are services.

use hcl_edit::structure::{Block, Body};

use crate::ir::Known;
use crate::ir::deploy::{Container, Deployment, EnvVar, Notation, Probe, Setting};
use crate::source::{FileId, Place};

use super::super::quantity;
use super::value::{Scope, Value};
use super::{access, blocks_of, entry, label, place};

/// The two resources that there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Version {
    /// `google_cloud_run_service`: Knative's words.
    One,
    /// `google_cloud_run_v2_service`
    Two,
}

/// Which of the two a resource is, if it is one.
pub(super) fn version(block: &Block) -> Option<Version> {
    match label(block, 0)? {
        "google_cloud_run_service" => Some(Version::One),
        "google_cloud_run_v2_service" => Some(Version::Two),
        _ => None,
    }
}

/// The services of a folder.
pub(super) fn read(scope: &Scope<'_>, found: &mut Vec<Deployment>) {
    for (file, block) in blocks_of(scope.folder, "resource") {
        let Some(version) = version(block) else { continue };
        let resource = label(block, 1).unwrap_or_default();
        if scope.attribute(file, &block.body, "count").as_ref().and_then(Value::text) == Some("0") {
            continue;
        }
        for scope in scope.each(file, &block.body) {
            let mut deployment = service(&scope, file, block, version);
            if deployment.allow_unauthenticated.is_none() {
                deployment.allow_unauthenticated = access::of(&scope, resource);
            }
            let called = [scope.module.as_deref(), Some(resource)].into_iter().flatten().map(str::to_owned);
            deployment.called = called.filter(|name| !matches!(name.as_str(), "this" | "default" | "main" | "service")).collect();
            found.push(deployment);
        }
    }
}

fn service(scope: &Scope<'_>, file: FileId, block: &Block, version: Version) -> Deployment {
    let body = &block.body;
    let at = place(file, block);
    let mut deployment = Deployment {
        file,
        notation: Notation::Terraform,
        is_job: false,
        is_partial: false,
        span: at.span,
        contexts: Vec::new(),
        called: Vec::new(),
        name: scope.attribute(file, body, "name").and_then(|name| name.string()),
        min_instances: None,
        max_instances: None,
        concurrency: None,
        timeout_seconds: None,
        cpu_throttling: None,
        ingress: None,
        allow_unauthenticated: None,
        memory_volumes: Vec::new(),
        containers: Vec::new(),
    };
    let Some((template, inner, _)) = scope.block(file, body, "template") else { return deployment };
    match version {
        Version::One => one(scope, &inner, file, body, template, &mut deployment),
        Version::Two => two(scope, &inner, file, body, template, &mut deployment),
    }
    if let Some(ingress) = deployment.containers.iter().position(|c| c.port.is_some()) {
        deployment.containers[..=ingress].rotate_right(1);
    }
    deployment
}

fn one(scope: &Scope<'_>, inner: &Scope<'_>, file: FileId, body: &Body, template: &Body, deployment: &mut Deployment) {
    let annotations = |scope: &Scope<'_>, body: &Body| {
        let (metadata, inner, _) = scope.block(file, body, "metadata")?;
        match inner.attribute(file, metadata, "annotations") {
            Some(Value::Map(entries)) => Some(entries.to_vec()),
            // Nobody knows what it says.
            Some(_) => None,
            None => Some(Vec::new()),
        }
    };
    let (service, revision) = (annotations(scope, body), annotations(inner, template));
    let has_metadata = |scope: &Scope<'_>, body: &Body| scope.block(file, body, "metadata").is_some();
    deployment.is_partial = (service.is_none() && has_metadata(scope, body)) || (revision.is_none() && has_metadata(inner, template));
    let (service, revision) = (service.unwrap_or_default(), revision.unwrap_or_default());
    let number = |entries: &[(String, Value)], keys: &[&str]| entry(entries, keys).and_then(Value::number);
    deployment.min_instances = number(&revision, &["autoscaling.knative.dev/minScale", "autoscaling.knative.dev/min-scale"])
        .or_else(|| number(&service, &["run.googleapis.com/minScale"]));
    deployment.max_instances = number(&revision, &["autoscaling.knative.dev/maxScale", "autoscaling.knative.dev/max-scale"])
        .or_else(|| number(&service, &["run.googleapis.com/maxScale"]));
    deployment.cpu_throttling = entry(&revision, &["run.googleapis.com/cpu-throttling"]).and_then(Value::boolean);
    deployment.ingress = entry(&service, &["run.googleapis.com/ingress"]).and_then(Value::string);
    let Some((spec, scope, _)) = inner.block(file, template, "spec") else { return };
    deployment.concurrency = scope.attribute(file, spec, "container_concurrency").and_then(|value| value.number());
    deployment.timeout_seconds = scope.attribute(file, spec, "timeout_seconds").and_then(|value| value.number());
    deployment.memory_volumes = memory_volumes(&scope, file, spec);
    let containers = scope.blocks(file, spec, "containers");
    deployment.containers = containers.iter().map(|(body, scope, at)| container(scope, file, body, *at, "value_from").0).collect();
}

fn two(scope: &Scope<'_>, inner: &Scope<'_>, file: FileId, body: &Body, template: &Body, deployment: &mut Deployment) {
    let scaling = |scope: &Scope<'_>, body: &Body, name: &str| {
        let (block, inner, _) = scope.block(file, body, "scaling")?;
        inner.attribute(file, block, name).and_then(|value| value.number())
    };
    let manual = scaling(scope, body, "manual_instance_count");
    let both = |name: &str| manual.clone().or_else(|| scaling(inner, template, name)).or_else(|| scaling(scope, body, name));
    deployment.min_instances = both("min_instance_count");
    deployment.max_instances = both("max_instance_count");
    deployment.concurrency = inner.attribute(file, template, "max_instance_request_concurrency").and_then(|value| value.number());
    deployment.timeout_seconds = inner
        .attribute(file, template, "timeout")
        .and_then(|value| value.setting(|text| text.strip_suffix('s').unwrap_or(text).parse().ok()));
    deployment.ingress = scope.attribute(file, body, "ingress").and_then(|value| value.string()).map(|mut ingress| {
        // As the other notations call it.
        if ingress.written == "INGRESS_TRAFFIC_INTERNAL_ONLY" {
            "internal".clone_into(&mut ingress.written);
        }
        ingress
    });
    deployment.allow_unauthenticated = scope
        .attribute(file, body, "invoker_iam_disabled")
        .and_then(|value| value.boolean())
        .filter(|disabled| disabled.known() != Some(false));
    deployment.memory_volumes = memory_volumes(inner, file, template);
    let read: Vec<_> = inner
        .blocks(file, template, "containers")
        .iter()
        .map(|(body, scope, at)| container(scope, file, body, *at, "value_source"))
        .collect();
    deployment.cpu_throttling = read.iter().find_map(|(_, idle)| idle.clone());
    deployment.containers = read.into_iter().map(|(container, _)| container).collect();
}

/// A container, and whether its CPU is throttled.
fn container(scope: &Scope<'_>, file: FileId, body: &Body, at: Place, from: &str) -> (Container, Option<Setting<bool>>) {
    let string = |name: &str| scope.attribute(file, body, name).and_then(|value| value.string());
    let resources = scope.block(file, body, "resources");
    let limits = resources.as_ref().and_then(|(body, scope, _)| scope.attribute(file, body, "limits"));
    let limits = match limits {
        Some(Value::Map(entries)) => entries.to_vec(),
        // The whole of it comes from elsewhere: both are set, nobody knows to what.
        Some(unknown @ Value::Unknown { .. }) => vec![("memory".into(), unknown.clone()), ("cpu".into(), unknown)],
        _ => Vec::new(),
    };
    let requests = match resources.as_ref().and_then(|(body, scope, _)| scope.attribute(file, body, "requests")) {
        Some(Value::Map(entries)) => entries.to_vec(),
        _ => Vec::new(),
    };
    let words = |name: &str| match scope.attribute(file, body, name) {
        Some(Value::List(items)) => items.iter().filter_map(Value::string).collect::<Vec<_>>(),
        _ => Vec::new(),
    };
    let port = scope.block(file, body, "ports");
    // With `resources`, CPU is only throttled where that is said; without, it is.
    let throttling = resources.as_ref().filter(|_| from == "value_source").map(|(body, scope, at)| {
        let said = scope.attribute(file, body, "cpu_idle").and_then(|value| value.boolean());
        said.unwrap_or_else(|| Setting { value: Known::Yes(false), written: String::new(), place: *at })
    });
    let container = Container {
        span: at.span,
        name: string("name"),
        image: string("image"),
        memory: entry(&limits, &["memory"]).and_then(|value| value.setting(quantity::bytes)),
        memory_request: entry(&requests, &["memory"]).and_then(|value| value.setting(quantity::bytes)),
        cpu: entry(&limits, &["cpu"]).and_then(|value| value.setting(quantity::millicpu)),
        cpu_request: entry(&requests, &["cpu"]).and_then(|value| value.setting(quantity::millicpu)),
        gpu: entry(&limits, &["nvidia.com/gpu"]).and_then(Value::number),
        port: port.and_then(|(body, scope, _)| scope.attribute(file, body, "container_port")).and_then(|value| value.number()),
        env: scope.blocks(file, body, "env").iter().filter_map(|(body, scope, at)| variable(scope, file, body, *at, from)).collect(),
        startup_probe: probe(scope, file, body, "startup_probe"),
        liveness_probe: probe(scope, file, body, "liveness_probe"),
        command: ["command", "args"].into_iter().flat_map(words).collect(),
        run_as_non_root: None,
    };
    (container, throttling)
}

fn variable(scope: &Scope<'_>, file: FileId, body: &Body, at: Place, from: &str) -> Option<EnvVar> {
    let name = scope.attribute(file, body, "name")?.string()?;
    let value = scope.attribute(file, body, "value").and_then(|value| value.string());
    let from_secret = scope.block(file, body, from).is_some();
    Some(EnvVar { name, value, from_secret, span: at.span, list: None })
}

fn probe(scope: &Scope<'_>, file: FileId, body: &Body, kind: &str) -> Option<Probe> {
    let (body, scope, at) = scope.block(file, body, kind)?;
    let http = scope.block(file, body, "http_get");
    let path = http.as_ref().and_then(|(body, scope, _)| scope.attribute(file, body, "path")).and_then(|value| value.string());
    let port = ["http_get", "tcp_socket", "grpc"].iter().find_map(|kind| {
        let (body, scope, _) = scope.block(file, body, kind)?;
        scope.attribute(file, body, "port")?.number()
    });
    Some(Probe { span: at.span, path, port })
}

fn memory_volumes(scope: &Scope<'_>, file: FileId, body: &Body) -> Vec<Setting<u64>> {
    let mut sizes = Vec::new();
    for (volume, scope, _) in scope.blocks(file, body, "volumes") {
        let Some((directory, scope, at)) = scope.block(file, volume, "empty_dir") else { continue };
        let medium = scope.attribute(file, directory, "medium").and_then(|medium| medium.string()).map(|medium| medium.written);
        if matches!(medium.as_deref(), None | Some("MEMORY" | "Memory" | "")) {
            let size = scope.attribute(file, directory, "size_limit").and_then(|size| size.setting(quantity::bytes));
            // Without a limit the volume may take half of what there is.
            sizes.push(size.unwrap_or_else(|| Setting { value: Known::Unknown, written: String::new(), place: at }));
        }
    }
    sizes
}
