//! `oversized-memory`: a deployment is given more memory than its code asks for.

use super::{Check, Context, Rule};
use crate::config::{Quantity, Settings};
use crate::finding::{Confidence, Related, Severity};
use crate::fix::{Fix, Intent};
use crate::ir::deploy::{Container, Deployment, Notation, Setting};
use crate::lower::deploy::quantity;
use crate::model::evidence::{self, Evidence, MemoryClass, Workload};
use crate::review::prices;
use crate::source::{Place, Span};

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
    if container.gpu.as_ref().is_some_and(|gpu| gpu.known() != Some(0)) {
        return;
    }
    let Some(volumes) = deployment.memory_volumes.iter().map(Setting::known).sum::<Option<u64>>() else { return };
    let workload = evidence::workload(ctx.project, deployment);
    let bar = Bar::of(&workload, container, volumes, &ctx.project.settings);
    if given <= bar.bytes {
        return;
    }

    let hours = ctx.project.settings.billable_hours_per_month;
    // Jobs are billed as long as they run, as instances whose CPU is always allocated.
    let always = deployment.notation == Notation::Job || deployment.cpu_throttling.as_ref().and_then(Setting::known) == Some(false);
    let saving = prices::prices().rates(always).memory(given - bar.bytes, hours);
    let name = deployment.name.as_ref().map_or("this deployment".into(), |name| format!("`{}`", name.written));
    let message = format!(
        "{name} is given {} of memory, {}; {} saves {}",
        memory.written.trim(),
        bar.reason,
        Quantity(bar.bytes),
        prices::monthly(saving, hours)
    );
    let confidence = match (workload.services.is_empty(), deployment.notation) {
        (false, _) => Confidence::High,
        (true, Notation::Job) => Confidence::Low,
        (true, _) => Confidence::Medium,
    };
    let place = Place { file: deployment.file, span: memory.span };
    let related = related(&workload, &bar, deployment, container);
    let finding = ctx.report(place, confidence, message, fix(deployment, container, memory, &bar));
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
            let reason = format!("and without its code in view nothing asks for more than {}", Quantity(bytes));
            Self { bytes, reason, evidence: None, by_cpu: false }
        } else {
            let bytes = settings.memory.0;
            let reason = format!("but nothing in its code asks for more than {}", Quantity(bytes));
            Self { bytes, reason, evidence: None, by_cpu: false }
        };
        for evidence in &workload.memory {
            let bytes = match evidence.class {
                MemoryClass::Data => settings.memory_data,
                MemoryClass::Browser => settings.memory_browser,
                MemoryClass::Model => settings.memory_model,
            };
            if bytes.0 >= bar.bytes {
                bar.bytes = bytes.0;
                bar.reason = format!("but {} (`{}`) asks for no more than {}", evidence.holds, evidence.name, bytes);
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

fn related(workload: &Workload<'_>, bar: &Bar, deployment: &Deployment, container: &Container) -> Vec<Related> {
    let mut related = Vec::new();
    if let Some(evidence) = &bar.evidence {
        related.push(Related::new(evidence.place, format!("{} is held here", evidence.holds)));
    } else if let (true, Some(cpu)) = (bar.by_cpu, &container.cpu) {
        related.push(Related::new(Place { file: deployment.file, span: cpu.span }, "this CPU sets the least memory"));
    }
    related.extend(workload.services.iter().map(|service| Related::new(service.app, "the app that it runs")));
    related
}

fn fix(deployment: &Deployment, container: &Container, memory: &Setting<u64>, bar: &Bar) -> Fix {
    // A decimal unit would fall below what the CPU demands.
    let value = if bar.by_cpu { Quantity(bar.bytes).to_string() } else { quantity::memory_like(memory.written.trim(), bar.bytes) };
    let is_shared = |span: Span| deployment.containers.iter().filter(|c| c.memory.as_ref().is_some_and(|m| m.span == span)).count() > 1;
    if is_shared(memory.span) {
        let code = format!("resources:\n  limits:\n    memory: {value}\n");
        return Fix::advice(format!("Give the ingress container limits of its own, with {value}"), code);
    }
    let set = |setting: &Setting<u64>| Intent::SetYaml { place: Place { file: deployment.file, span: setting.span }, value: value.clone() };
    let mut intents = vec![set(memory)];
    // A request above its limit is refused.
    intents
        .extend(container.memory_request.as_ref().filter(|r| r.known().is_some_and(|r| r > bar.bytes) && r.span != memory.span).map(set));
    Fix::unsafe_edit(format!("Set memory to {value}"), intents)
}
