//! `oversized-memory`: a deployment is given more memory than its code asks for.

use super::{Check, Context, Rule};
use crate::config::{Quantity, Settings};
use crate::finding::{Confidence, Related, Severity};
use crate::fix::deployment::set_limit;
use crate::ir::deploy::{Container, Deployment, Setting};
use crate::lower::deploy::quantity;
use crate::model::evidence::{self, Asks, Evidence, Workload};
use crate::model::workers;
use crate::review::prices;

pub const RULE: Rule = Rule {
    id: "oversized-memory",
    severity: Severity::High,
    page: include_str!("../../rules/oversized-memory.md"),
    checks: &[Check::Deployment(check)],
};

fn check(ctx: &mut Context<'_>, deployment: &Deployment) {
    // Sidecars are someone else's code: nothing here tells what they need.
    let Some(container) = deployment.containers.first() else { return };
    let Some(memory) = &container.memory else { return };
    let Some(given) = memory.known() else { return };
    // A GPU demands more memory than any of the bars; an unknown volume may take all of it.
    if container.has_gpu() {
        return;
    }
    let Some(volumes) = deployment.memory_volumes.iter().map(Setting::known).sum::<Option<u64>>() else { return };
    let settings = ctx.project.settings(deployment.file);
    let workload = evidence::workload(ctx.project, deployment);
    let mut bar = Bar::of(&workload, container, volumes, &settings);
    // A value that several share is that of the one that asks for most.
    for (other, container) in evidence::sharing(ctx.project, deployment, |container| container.memory.as_ref()) {
        let Some(volumes) = other.memory_volumes.iter().map(Setting::known).sum::<Option<u64>>() else { return };
        let theirs = Bar::of(&evidence::workload(ctx.project, other), container, volumes, &settings);
        if theirs.bytes > bar.bytes {
            bar = theirs;
        }
    }
    if given <= bar.bytes {
        return;
    }

    let hours = settings.billable_hours_per_month;
    let saving = prices::prices().rates(deployment.is_always_allocated()).memory(given - bar.bytes, hours);
    let name = deployment.title();
    let value = bar.written_like(memory);
    let money = prices::monthly(saving, hours);
    let several = !workload.services.is_empty() && workers::of(ctx.project, deployment, container, &workload.services).are_several();
    let but = if several { ", although each of its workers takes its own" } else { "" };
    let written = memory.written.trim();
    // Nobody reads bytes.
    let amount = if is_bytes(written) { Quantity(given).to_string() } else { written.to_owned() };
    let message = format!("{name} is given {amount} of memory, {}{but}; {value} saves {money}", bar.reason);
    let confidence = match () {
        // What costs less than a cent is hardly worth a word.
        () if saving < 0.01 => Confidence::Low,
        () if several || workload.services.is_empty() => Confidence::Medium,
        () => Confidence::High,
    };
    let related = related(&workload, &bar, container);
    let symbol = deployment.symbol();
    let request = container.memory_request.as_ref().filter(|request| request.known() > quantity::bytes(&value));
    let fix = set_limit(deployment, ("memory", &value), memory, |container| container.memory.as_ref(), request);
    let finding = ctx.report(memory.place, confidence, message, fix);
    finding.symbol = symbol;
    finding.related = related;
    finding.saving_usd_per_month = Some(saving);
}

/// How much a deployment may have, and why.
struct Bar {
    bytes: u64,
    reason: String,
    evidence: Option<Evidence>,
    /// The CPU demands it, and takes no less.
    by_cpu: bool,
}

impl Bar {
    fn of(workload: &Workload<'_>, container: &Container, volumes: u64, settings: &Settings) -> Self {
        let mut bar = if workload.services.is_empty() {
            let bytes = settings.memory.0.max(settings.memory_data.0);
            let reason = format!("and nothing in view asks for more than {}", Quantity(bytes));
            Self { bytes, reason, evidence: None, by_cpu: false }
        } else {
            let bytes = settings.memory.0;
            let reason = format!("but nothing in its code asks for more than {}", Quantity(bytes));
            Self { bytes, reason, evidence: None, by_cpu: false }
        };
        for evidence in &workload.evidence {
            let bytes = match evidence.asks {
                Asks::Data => settings.memory_data,
                Asks::Browser => settings.memory_browser,
                Asks::Model => settings.memory_model,
                Asks::Cores => continue,
            };
            if bytes.0 >= bar.bytes {
                bar.bytes = bytes.0;
                bar.reason = format!("but the most that its code asks for is {bytes} (`{}`, {})", evidence.name, evidence.holds);
                bar.evidence = Some(evidence.clone());
            }
        }
        let least = container.cpu.as_ref().and_then(Setting::known).map_or(0, least_memory);
        if least > bar.bytes {
            let cpu = container.cpu.as_ref().map_or("", |cpu| cpu.written.trim());
            let reason = format!("but its CPU of {cpu} demands no more than {}", Quantity(least));
            bar = Self { bytes: least, reason, evidence: None, by_cpu: true };
        }
        if volumes > 0 {
            bar.bytes = bar.bytes.saturating_add(volumes);
            bar.reason += &format!(" beside {} of volumes in memory", Quantity(volumes));
        }
        bar
    }

    /// The amount in the unit of the one that is set. A decimal unit would fall below what the CPU demands.
    fn written_like(&self, memory: &Setting<u64>) -> String {
        if self.by_cpu || is_bytes(memory.written.trim()) {
            Quantity(self.bytes).to_string()
        } else {
            quantity::memory_like(memory.written.trim(), self.bytes)
        }
    }
}

/// Whether an amount is written in bytes, without a unit.
fn is_bytes(written: &str) -> bool {
    written.bytes().all(|b| b.is_ascii_digit())
}

/// The least memory that Cloud Run takes with some thousandths of a vCPU:
/// <https://cloud.google.com/run/docs/configuring/services/cpu>.
fn least_memory(millicpu: u64) -> u64 {
    match millicpu {
        6000.. => 4 << 30,
        4000.. => 2 << 30,
        _ => 0,
    }
}

fn related(workload: &Workload<'_>, bar: &Bar, container: &Container) -> Vec<Related> {
    let mut related = Vec::new();
    if let Some(evidence) = &bar.evidence {
        related.push(Related::new(evidence.place, format!("`{}` is used here: {}", evidence.name, evidence.holds)));
    } else if let (true, Some(cpu)) = (bar.by_cpu, &container.cpu) {
        related.push(Related::new(cpu.place, "this CPU sets the least memory"));
    }
    related.extend(workload.services.iter().map(|service| Related::new(service.app, "the app that it runs")));
    related
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use crate::config::Config;
    use crate::lower::deploy;
    use crate::model::program::Program;
    use crate::model::project::Project;
    use crate::model::routes::Routes;
    use crate::source::{FileId, FileKind, SourceFile, Sources};

    /// What is said of one file without code around it.
    fn judge(text: &str) -> Vec<crate::finding::Finding> {
        let file = SourceFile::new("service.yaml", FileKind::Yaml, text);
        let deployments = deploy::lower(FileId(0), &file).deployments;
        let sources = Sources::new(vec![file]);
        let program = Program::link(sources, Vec::new(), Arc::default(), &|_, _| None);
        let routes = Routes::find(&program);
        let config = Config::defaults(std::path::Path::new(""), &[]);
        let project = Project {
            program,
            routes,
            runtimes: crate::model::runtimes::Runtimes::default(),
            images: Vec::new(),
            deployments,
            services: Vec::new(),
            config,
            flows: crate::model::flow::Flows::new(0),
            queries: crate::model::sql::queries::Queries::new(0),
            asked: crate::model::project::Asked::default(),
        };
        let rule = crate::rules::find("oversized-memory").expect("the rule is in the list");
        let mut context = Context { project: &project, rule, findings: Vec::new() };
        project.deployments.iter().for_each(|deployment| check(&mut context, deployment));
        context.findings
    }

    fn service(annotation: &str, container: &str, pod: &str) -> String {
        format!(
            "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {{name: a}}\nspec:\n  template:\n    \
             metadata: {{annotations: {{{annotation}}}}}\n    spec:\n      containers: [{{image: acme/a, {container}}}]\n      {pod}\n"
        )
    }

    #[test]
    fn the_bar_and_the_money_follow_from_the_deployment() {
        let throttled = "run.googleapis.com/cpu-throttling: 'true'";
        let always = "run.googleapis.com/cpu-throttling: 'false'";
        let limits = |limits: &str| format!("resources: {{limits: {{{limits}}}}}");
        let two_gib = |pod: &str| service("", &limits("memory: 2Gi"), pod);
        let in_memory = |size: &str| two_gib(&format!("volumes: [{{name: v, emptyDir: {{{size}}}}}]"));
        let cases = [
            (service("", &limits("memory: 2Gi"), ""), Some((3.60, "1Gi"))),
            (service(throttled, &limits("memory: 2Gi"), ""), Some((3.60, "1Gi"))),
            (service(always, &limits("memory: 2Gi"), ""), Some((2.88, "1Gi"))),
            // The CPU demands so much, in binary units even where decimal ones are written.
            (service("", &limits("memory: 2Gi, cpu: 4"), ""), None),
            (service("", &limits("memory: 4Gi, cpu: 4000m"), ""), Some((7.20, "2Gi"))),
            (service("", &limits("memory: 8G, cpu: '8'"), ""), Some((12.42, "4Gi"))),
            (service("", &limits("memory: 2Gi, cpu: 2"), ""), Some((3.60, "1Gi"))),
            (service("", &limits("memory: 4Gi, cpu: '${CPU}'"), ""), Some((10.80, "1Gi"))),
            // A GPU demands more than any bar.
            (service("", &limits("memory: 16Gi, cpu: 4, nvidia.com/gpu: 1"), ""), None),
            (service("", &limits("memory: 2Gi, nvidia.com/gpu: 0"), ""), Some((3.60, "1Gi"))),
            // Volumes in memory come on top.
            (in_memory("medium: Memory, sizeLimit: 512Mi"), Some((1.80, "1536Mi"))),
            (in_memory("medium: Memory, sizeLimit: 1Gi"), None),
            (in_memory("medium: Memory"), None),
            (in_memory("medium: Memory, sizeLimit: '${SIZE}'"), None),
            (in_memory("medium: Disk, sizeLimit: 1Gi"), Some((3.60, "1Gi"))),
            // Images that are what asks.
            (service("", &limits("memory: 2Gi"), "").replace("acme/a", "quay.io/keycloak/keycloak:26.0"), None),
            (service("", &limits("memory: 4Gi"), "").replace("acme/a", "ollama/ollama"), None),
        ];
        for (text, expected) in cases {
            let findings = judge(&text);
            let saving = findings.first().and_then(|f| f.saving_usd_per_month).map(|usd| (usd * 100.0).round() / 100.0);
            let title = findings.first().map(|f| f.fix.title.as_str());
            let expected_title = expected.map(|(_, value)| format!("Set memory to {value}"));
            assert_eq!((saving, title), (expected.map(|(usd, _)| usd), expected_title.as_deref()), "{text}");
        }
    }

    #[test]
    fn requests_follow_their_limit() {
        let intents = |resources: &str| judge(&service("", &format!("resources: {resources}"), ""))[0].fix.intents.len();
        assert_eq!(intents("{limits: {memory: 2Gi}, requests: {memory: 1Gi}}"), 1);
        assert_eq!(intents("{limits: {memory: 2Gi}, requests: {memory: 1536Mi}}"), 2);
        assert_eq!(intents("{limits: &x {memory: 2Gi}, requests: *x}"), 1);
    }

    #[test]
    fn limits_that_a_sidecar_shares_are_left_alone() {
        let text = service("", "ports: [{containerPort: 80}], resources: &r {limits: {memory: 2Gi}}", "");
        let text = text.replace("}}}]\n", "}}}, {image: nginx, resources: *r}]\n");
        let findings = judge(&text);
        assert_eq!(findings.len(), 1, "{text}");
        assert!(findings[0].fix.intents.is_empty() && findings[0].fix.advice.is_some());
    }

    #[test]
    fn jobs_without_code_are_judged_as_services_are() {
        let text = "apiVersion: run.googleapis.com/v1\nkind: Job\nmetadata: {name: a}\nspec: {template: {spec: {template: {spec: \
                    {containers: [{image: acme/a, resources: {limits: {memory: 2Gi}}}]}}}}}\n";
        let findings = judge(text);
        assert_eq!(findings.iter().map(|f| f.confidence).collect::<Vec<_>>(), [Confidence::Medium]);
        assert_eq!(findings[0].symbol, "a");
        assert_eq!(
            findings[0].message,
            "`a` is given 2Gi of memory, and nothing in view asks for more than 1Gi; 1Gi saves $2.88 a month at 400 billable hours"
        );
    }
}
