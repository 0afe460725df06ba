//! `missing-health-probe`: nobody asks a container how it is, or nobody answers.

use super::{Check, Context, Rule};
use crate::finding::{Confidence, Related, Severity};
use crate::fix::deployment::set;
use crate::fix::{Fix, Intent};
use crate::ir::deploy::{Container, Deployment, Notation, Probe, Setting};
use crate::model::evidence;
use crate::model::probes::{self, HealthPath, Started};
use crate::model::project::Project;
use crate::model::services::Service;
use crate::source::Place;

pub const RULE: Rule = Rule {
    id: "missing-health-probe",
    severity: Severity::Medium,
    page: include_str!("../../rules/missing-health-probe.md"),
    checks: &[Check::Deployment(check)],
};

/// The port that an ingress container listens on where none is given.
const PORT: u64 = 8080;

fn check(ctx: &mut Context<'_>, deployment: &Deployment) {
    // Sidecars are someone else's.
    let Some(container) = deployment.containers.first().filter(|_| !deployment.is_job) else { return };
    let project = ctx.project;
    let workload = evidence::workload(project, deployment);
    let services = workload.services;
    if !is_built_here(project, deployment, container, &services) {
        return;
    }
    let probes: Vec<(&str, &Probe)> = [("startup", &container.startup_probe), ("liveness", &container.liveness_probe)]
        .into_iter()
        .filter_map(|(name, probe)| Some((name, probe.as_ref()?)))
        .collect();
    let by_own_command = !container.command.is_empty();
    let started: Vec<Started<'_>> = services.iter().map(|service| Started { service, by_own_command }).collect();
    if probes.is_empty() {
        // Elsewhere Cloud Run's own check of the port is all that people know.
        if deployment.notation == Notation::Knative {
            missing(ctx, deployment, container, &started);
        }
        return;
    }
    for (kind, probe) in probes {
        judge(ctx, deployment, container, &started, kind, probe);
    }
}

/// Whether the project builds the container's image.
fn is_built_here(project: &Project, deployment: &Deployment, container: &Container, services: &[&Service]) -> bool {
    let is_foreign =
        container.image.as_ref().is_some_and(|image| image.value.as_ref().known().is_some() && is_of_others(&image.written, services));
    !is_foreign && (!services.is_empty() || evidence::images_beside(project, deployment).next().is_some())
}

/// Who publishes images for everybody under other names than their own.
const PUBLISHERS: [&str; 12] = [
    "apache",
    "bitnami",
    "confluentinc",
    "datadog",
    "envoyproxy",
    "grafana",
    "hashicorp",
    "nginxinc",
    "otel",
    "prom",
    "timberio",
    "traefik",
];

/// Whether an image is one that everybody has: `nginx:1.27`, `metabase/metabase:v0.50`, `docker.io/envoyproxy/envoy`. One that is
/// called as the service is its own, wherever it is kept.
fn is_of_others(image: &str, services: &[&Service]) -> bool {
    let hub = image.strip_prefix("docker.io/").unwrap_or(image);
    let hub = hub.strip_prefix("library/").unwrap_or(hub);
    let is_on_hub = !hub.split('/').next().is_some_and(|host| hub.contains('/') && host.contains(['.', ':']));
    let name = hub.rsplit('/').next().unwrap_or_default().split([':', '@']).next().unwrap_or_default();
    let is_own = services.iter().any(|service| service.name() == name);
    let publisher = hub.split('/').next().filter(|_| hub.contains('/')).unwrap_or_default();
    let is_published = PUBLISHERS.contains(&publisher) || (!publisher.is_empty() && (publisher.contains(name) || name.contains(publisher)));
    let is_library = !hub.contains('/') && hub.contains(':');
    image.contains("-docker.pkg.dev/cloudrun/container/") || (is_on_hub && !is_own && (is_published || is_library))
}

fn missing(ctx: &mut Context<'_>, deployment: &Deployment, container: &Container, services: &[Started<'_>]) {
    let place = Place { file: deployment.file, span: container.span };
    let health = services.iter().find_map(|started| probes::health_path(ctx.project, *started));
    let answer = health.as_ref().map_or(String::new(), |health| format!(", although it answers `{}`", health.path));
    let message = format!(
        "{} has neither a startup nor a liveness probe{answer}: Cloud Run sends it requests as soon as its port is open, and never \
         restarts it when it hangs",
        deployment.title()
    );
    let confidence = if services.is_empty() { Confidence::Medium } else { Confidence::High };
    // A key without a value would be there twice.
    let text = ctx.project.program.sources.slice(place);
    let is_begun = text.contains("startupProbe") || text.contains("livenessProbe");
    let fix = match &health {
        Some(health) if is_begun => Fix::advice(format!("Probe `{}`", health.path), probes_of(container, &health.path)),
        Some(health) => Fix::unsafe_edit(
            format!("Probe `{}`", health.path),
            vec![Intent::AddYamlPair { mapping: place, text: probes_of(container, &health.path) }],
        ),
        None => Fix::advice("Answer a path that tells how the service is, and probe it", probes_of(container, "/health")),
    };
    let mut related = answered(health.as_ref());
    related.extend(services.iter().map(|started| Related::new(started.service.app, "the app that it runs")));
    let finding = ctx.report(place, confidence, message, fix);
    finding.symbol = deployment.symbol();
    finding.related = related;
}

/// The lines of both probes. A port is only named where the container has another one than the default.
fn probes_of(container: &Container, path: &str) -> String {
    let port = container.port.as_ref().and_then(Setting::known).filter(|port| *port != PORT);
    let port = port.map_or(String::new(), |port| format!("    port: {port}\n"));
    ["startupProbe", "livenessProbe"].map(|kind| format!("{kind}:\n  httpGet:\n    path: {path}\n{port}")).concat()
}

fn judge(ctx: &mut Context<'_>, deployment: &Deployment, container: &Container, services: &[Started<'_>], kind: &str, probe: &Probe) {
    if let Some(port) = &probe.port {
        let own = container.port.as_ref().map_or(Some(PORT), Setting::known);
        if let (Some(asked), Some(own)) = (port.known(), own)
            && asked != own
        {
            let message = format!("the {kind} probe of {} asks port {asked}, but the container listens on {own}", deployment.title());
            let related = container.port.iter().map(|port| Related::new(port.place, "the port that it listens on")).collect();
            let fix = Fix::unsafe_edit(format!("Ask port {own}"), vec![set(deployment.notation, port, &own.to_string())]);
            let finding = ctx.report(port.place, Confidence::High, message, fix);
            finding.symbol = deployment.symbol();
            finding.related = related;
            return;
        }
    }
    let Some(path) = &probe.path else { return };
    let Some(asked) = path.value.as_ref().known() else { return };
    if services.is_empty() || !services.iter().all(|started| probes::serves(ctx.project, *started, asked) == Some(false)) {
        return;
    }
    let health = services.iter().find_map(|started| probes::closest_path(ctx.project, *started, asked));
    let answer = health.as_ref().map_or(String::new(), |health| format!(" (it answers `{}`)", health.path));
    let message = format!("the {kind} probe of {} asks for `{asked}`, which no route of the service answers{answer}", deployment.title());
    let fix = match &health {
        Some(health) => Fix::unsafe_edit(format!("Ask for `{}`", health.path), vec![set(deployment.notation, path, &health.path)]),
        None => Fix::advice("Answer the path that is probed", format!("GET {asked} -> 200\n")),
    };
    let mut related = answered(health.as_ref());
    related.extend(services.iter().map(|started| Related::new(started.service.app, "the app that it runs")));
    let finding = ctx.report(path.place, Confidence::High, message, fix);
    finding.symbol = deployment.symbol();
    finding.related = related;
}

fn answered(health: Option<&HealthPath>) -> Vec<Related> {
    health.iter().map(|health| Related::new(health.place, format!("`{}` is answered here", health.path))).collect()
}
