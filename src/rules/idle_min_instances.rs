//! `idle-min-instances`: instances that wait for requests are paid around the clock.

use super::{Check, Context, Rule};
use crate::finding::{Confidence, Related, Severity};
use crate::fix::Fix;
use crate::fix::deployment::set;
use crate::ir::deploy::{Container, Deployment, Setting};
use crate::model::evidence::{self, Asks};
use crate::review::prices::{self, HOURS_OF_A_MONTH};

pub const RULE: Rule = Rule {
    id: "idle-min-instances",
    severity: Severity::Medium,
    page: include_str!("../../rules/idle-min-instances.md"),
    checks: &[Check::Deployment(check)],
};

/// What an instance has where nothing is said.
const CPU: u64 = 1000;
const MEMORY: u64 = 512 << 20;

fn check(ctx: &mut Context<'_>, deployment: &Deployment) {
    let Some(min) = deployment.min_instances.as_ref().filter(|_| !deployment.is_job) else { return };
    let Some(count) = min.known() else { return };
    let settings = ctx.project.settings(deployment.file);
    if count <= settings.min_instances {
        return;
    }
    let name = deployment.title();
    let always = deployment.is_always_allocated();
    let instances = if count == 1 { "one instance".to_owned() } else { format!("{count} instances") };
    let how = if always { ", with their CPU always allocated" } else { "" };
    let how = if count == 1 { how.replace("their", "its") } else { how.to_owned() };
    let saving = cost(deployment, count - settings.min_instances, always);
    let money =
        saving.map_or_else(|| "which is paid around the clock".to_owned(), |usd| format!("{} around the clock", prices::monthly_of(usd)));
    // With a number of instances that is set by hand, none would be no service.
    let is_manual = deployment.max_instances.as_ref().is_some_and(|max| max.place == min.place);
    let workload = evidence::workload(ctx.project, deployment);
    let heavy = workload.evidence.iter().find(|evidence| evidence.asks == Asks::Model);
    let (confidence, but) = match heavy {
        Some(heavy) => (Confidence::Low, format!(", although `{}` ({}) takes long to start", heavy.name, heavy.holds)),
        None if is_manual => (Confidence::Low, String::new()),
        // No request wakes what pulls its work.
        None if always && is_worker(deployment) => (Confidence::Low, ", although it seems to be a worker".to_owned()),
        None => (Confidence::High, String::new()),
    };
    let message = format!("{name} keeps {instances} waiting for requests{how}{but}: {money}");
    let least = settings.min_instances.to_string();
    let fix = if is_manual {
        let code = format!("min instances: {least}\nmax instances: {count}\n");
        Fix::advice("Let Cloud Run scale by itself", code)
    } else {
        Fix::unsafe_edit(format!("Set the minimum to {least}"), vec![set(deployment.notation, min, &least)])
    };
    let mut related: Vec<Related> = Vec::new();
    if let Some(throttling) = deployment.cpu_throttling.as_ref().filter(|_| always) {
        related.push(Related::new(throttling.place, "here the CPU is always allocated"));
    }
    related.extend(heavy.map(|heavy| Related::new(heavy.place, format!("`{}` is used here: {}", heavy.name, heavy.holds))));
    let symbol = deployment.symbol();
    let finding = ctx.report(min.place, confidence, message, fix);
    finding.symbol = symbol;
    finding.related = related;
    finding.saving_usd_per_month = saving;
}

/// Whether a deployment pulls its work, by what it is called or starts.
fn is_worker(deployment: &Deployment) -> bool {
    const WORDS: [&str; 11] =
        ["worker", "workers", "celery", "beat", "consumer", "scheduler", "poller", "subscriber", "listener", "bot", "daemon"];
    let command = deployment.containers.iter().flat_map(|container| &container.command).map(|word| word.written.as_str());
    let name = deployment.name.as_ref().map(|name| name.written.as_str());
    let mut words = command.chain(name).flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric()));
    words.any(|word| WORDS.contains(&word.to_ascii_lowercase().as_str()))
}

/// Dollars a month for instances that wait; nothing where it cannot be seen what one of them has.
fn cost(deployment: &Deployment, count: u64, always: bool) -> Option<f64> {
    // The GPU costs more than all else, and is not on the list.
    if deployment.containers.iter().any(Container::has_gpu) {
        return None;
    }
    let prices = prices::prices();
    let rates = if always { prices.instance_based } else { prices.idle_minimum };
    let amount = |setting: &Option<Setting<u64>>, default: u64| setting.as_ref().map_or(Some(default), Setting::known);
    let (mut cpu, mut memory) = (0, 0);
    for container in &deployment.containers {
        cpu += amount(&container.cpu, CPU)?;
        memory += amount(&container.memory, MEMORY)?;
    }
    if deployment.containers.is_empty() {
        (cpu, memory) = (CPU, MEMORY);
    }
    let hours = HOURS_OF_A_MONTH;
    Some(rates.cpu(cpu.checked_mul(count)?, hours) + rates.memory(memory.checked_mul(count)?, hours))
}
