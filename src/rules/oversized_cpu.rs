//! `oversized-cpu`: a deployment is given more CPU than its processes can use.

use super::{Check, Context, Rule};
use crate::config::Settings;
use crate::finding::{Confidence, Related, Severity};
use crate::fix::deployment::set_limit;
use crate::ir::deploy::{Container, Deployment, Setting};
use crate::lower::deploy::quantity;
use crate::model::evidence::{self, Asks, Evidence, Workload};
use crate::model::services;
use crate::model::workers::{self, Workers};
use crate::review::prices;

pub const RULE: Rule = Rule {
    id: "oversized-cpu",
    severity: Severity::High,
    page: include_str!("../../rules/oversized-cpu.md"),
    checks: &[Check::Deployment(check)],
};

fn check(ctx: &mut Context<'_>, deployment: &Deployment) {
    // Sidecars are someone else's code: nothing here tells what they need.
    let Some(container) = deployment.containers.first() else { return };
    let Some(cpu) = &container.cpu else { return };
    let Some(given) = cpu.known() else { return };
    // A GPU demands four cores or more.
    if container.has_gpu() {
        return;
    }
    // What nobody knows may demand it.
    if container.memory.as_ref().is_some_and(|memory| memory.known().is_none()) {
        return;
    }
    let settings = ctx.project.settings(deployment.file);
    let workload = evidence::workload(ctx.project, deployment);
    let workers = workers::of(ctx.project, deployment, container, &workload.services);
    // Nobody knows how many there are: as many as cores, perhaps.
    let Some(count) = workers.count else { return };
    let mut bar = Bar::of(&workload, container, (count, &workers), &settings);
    // A value that several share is that of the one that asks for most.
    for (other, container) in evidence::sharing(ctx.project, deployment, |container| container.cpu.as_ref()) {
        let theirs = evidence::workload(ctx.project, other);
        let workers = workers::of(ctx.project, other, container, &theirs.services);
        let asks = |asks: Asks| theirs.evidence.iter().any(|evidence| evidence.asks == asks);
        let Some(count) = workers.count.filter(|_| ![Asks::Model, Asks::Browser, Asks::Cores].into_iter().any(asks)) else { return };
        let theirs = Bar::of(&theirs, container, (count, &workers), &settings);
        if theirs.millicpu > bar.millicpu {
            bar = theirs;
        }
    }
    if given <= bar.millicpu {
        return;
    }
    let Some((confidence, but)) = judge(ctx, deployment, &workload) else { return };

    let hours = settings.billable_hours_per_month;
    let saving = prices::prices().rates(deployment.is_always_allocated()).cpu(given - bar.millicpu, hours);
    let name = deployment.title();
    let value = written_like(cpu.written.trim(), bar.millicpu);
    let message = format!("{name} is given {} vCPU, {}{but}; {value} saves {}", cores(given), bar.reason, prices::monthly(saving, hours));
    let related = related(&workload, &bar, container);
    let request = container.cpu_request.as_ref().filter(|request| request.known() > quantity::millicpu(&value));
    let fix = set_limit(deployment, ("cpu", &value), cpu, |container| container.cpu.as_ref(), request);
    let finding = ctx.report(cpu.place, confidence, message, fix);
    finding.symbol = deployment.symbol();
    finding.related = related;
    finding.saving_usd_per_month = Some(saving);
}

/// How sure it is that more cores are of no use, and what speaks for them; nothing where they are.
fn judge(ctx: &Context<'_>, deployment: &Deployment, workload: &Workload<'_>) -> Option<(Confidence, String)> {
    let using = |evidence: &Evidence| format!(", although `{}` ({}) may use more", evidence.name, evidence.holds);
    let find = |asks: Asks| workload.evidence.iter().find(|evidence| evidence.asks == asks);
    if let Some(evidence) = [Asks::Model, Asks::Browser, Asks::Cores].into_iter().find_map(find) {
        return Some((Confidence::Low, using(evidence)));
    }
    if workload.services.is_empty() {
        // Programs of other languages use all cores that there are.
        let is_foreign = evidence::images_beside(ctx.project, deployment).any(services::is_of_other_language);
        return (!is_foreign).then(|| (Confidence::Medium, String::new()));
    }
    match find(Asks::Data) {
        Some(evidence) => Some((Confidence::Medium, using(evidence))),
        // What a job does is not seen: it has no handlers.
        None if deployment.is_job => Some((Confidence::Medium, String::new())),
        None => Some((Confidence::High, String::new())),
    }
}

/// How much a deployment may have, and why.
struct Bar {
    millicpu: u64,
    reason: String,
    workers: Option<Workers>,
    by_memory: bool,
}

impl Bar {
    fn of(workload: &Workload<'_>, container: &Container, (count, workers): (u64, &Workers), settings: &Settings) -> Self {
        let own = settings.cpu * 1000;
        let mut bar = Self { millicpu: own, reason: String::new(), workers: None, by_memory: false };
        bar.reason = if workload.services.is_empty() {
            format!("and nothing in view asks for more than {}", cores(own))
        } else {
            "but it runs one process, whose event loop or interpreter uses one core".to_owned()
        };
        let by_workers = allowed(count.saturating_mul(1000));
        if count > 1 && by_workers >= own {
            bar.millicpu = by_workers;
            bar.reason = format!("but it runs {count} workers, each of which uses one core");
            bar.workers = Some(*workers);
        }
        let least = container.memory.as_ref().and_then(Setting::known).map_or(0, least_cpu);
        if least > bar.millicpu {
            let memory = container.memory.as_ref().map_or("", |memory| memory.written.trim());
            bar.millicpu = least;
            bar.reason = format!("but its memory of {memory} demands no more than {}", cores(least));
            (bar.workers, bar.by_memory) = (None, true);
        }
        bar
    }
}

/// Cloud Run takes 1, 2, 4, 6 and 8 vCPUs above one: the least of these that is no less.
fn allowed(millicpu: u64) -> u64 {
    [1000, 2000, 4000, 6000, 8000].into_iter().find(|size| millicpu <= *size).unwrap_or(millicpu)
}

/// The least CPU that Cloud Run takes with some bytes of memory:
/// <https://cloud.google.com/run/docs/configuring/services/memory-limits>.
fn least_cpu(bytes: u64) -> u64 {
    match bytes >> 20 {
        24577.. => 8000,
        16385.. => 6000,
        8193.. => 4000,
        4097.. => 2000,
        _ => 0,
    }
}

/// Thousandths as people say them: `1`, `2`, `1.5`.
fn cores(millicpu: u64) -> String {
    if millicpu.is_multiple_of(1000) {
        return (millicpu / 1000).to_string();
    }
    format!("{}.{:03}", millicpu / 1000, millicpu % 1000).trim_end_matches('0').to_owned()
}

/// An amount in the unit of the one that is set: `2000m` gives `1000m`.
fn written_like(written: &str, millicpu: u64) -> String {
    if written.ends_with('m') && quantity::millicpu(written).is_some() { format!("{millicpu}m") } else { cores(millicpu) }
}

fn related(workload: &Workload<'_>, bar: &Bar, container: &Container) -> Vec<Related> {
    let mut related = Vec::new();
    if let Some(place) = bar.workers.and_then(|workers| workers.place) {
        related.push(Related::new(place, "this sets the number of workers"));
    } else if let (true, Some(memory)) = (bar.by_memory, &container.memory) {
        related.push(Related::new(memory.place, "this memory sets the least CPU"));
    }
    let others = workload.evidence.iter().filter(|evidence| !matches!(evidence.asks, Asks::Data));
    related.extend(others.map(|evidence| Related::new(evidence.place, format!("`{}` is used here: {}", evidence.name, evidence.holds))));
    related.extend(workload.services.iter().map(|service| Related::new(service.app, "the app that it runs")));
    related
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_those_that_cloud_run_takes() {
        for (workers, expected) in [(1, 1000), (2, 2000), (3, 4000), (5, 6000), (9, 9000)] {
            assert_eq!(allowed(workers * 1000), expected);
        }
        for (gib, expected) in [(4, 0), (5, 2000), (9, 4000), (17, 6000), (25, 8000)] {
            assert_eq!(least_cpu(gib << 30), expected);
        }
        assert_eq!((cores(1000), cores(1500), cores(250)), ("1".into(), "1.5".into(), "0.25".into()));
        assert_eq!(
            (written_like("2000m", 1000), written_like("2", 1000), written_like("\"m\"", 2000)),
            ("1000m".into(), "1".into(), "2".into())
        );
    }
}
