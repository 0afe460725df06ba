//! `excessive-max-instances`: a service may scale without a bound, or beyond what anybody expects.

use rustc_hash::FxHashSet;

use super::{Check, Context, Rule};
use crate::finding::{Confidence, Related, Severity};
use crate::fix::Fix;
use crate::fix::deployment::{self, set};
use crate::ir::deploy::{Deployment, Notation};
use crate::model::evidence;
use crate::model::pools;
use crate::source::Place;

pub const RULE: Rule = Rule {
    id: "excessive-max-instances",
    severity: Severity::High,
    page: include_str!("../../rules/excessive-max-instances.md"),
    checks: &[Check::Deployment(check)],
};

/// What the fix sets, unless the setting is lower.
const SENSIBLE: u64 = 5;

fn check(ctx: &mut Context<'_>, deployment: &Deployment) {
    if deployment.is_job {
        return;
    }
    let settings = ctx.project.settings(deployment.file);
    let value = SENSIBLE.min(settings.max_instances).to_string();
    let Some(max) = &deployment.max_instances else {
        unset(ctx, deployment, &value);
        return;
    };
    let Some(count) = max.known() else { return };
    let name = deployment.title();
    if count > settings.max_instances {
        let message = format!(
            "{name} may scale to {count} instances, more than {}: a loop of retries or a flood of requests is paid for, and opens \
             {count} times the connections",
            settings.max_instances
        );
        let fix = Fix::unsafe_edit(format!("Set the maximum to {value}"), vec![set(deployment.notation, max, &value)]);
        let finding = ctx.report(max.place, Confidence::High, message, fix);
        finding.symbol = deployment.symbol();
        return;
    }
    // However few they are, their pools may be too much for the database.
    let workload = evidence::workload(ctx.project, deployment);
    let pools = pools::of(ctx.project, &workload.services);
    let Some(largest) = pools.iter().max_by_key(|pool| pool.connections) else { return };
    let total = largest.connections.saturating_mul(count);
    if total <= settings.database_connections {
        return;
    }
    let fitting = (settings.database_connections / largest.connections).max(1).to_string();
    let message = format!(
        "{name} may scale to {count} instances with {} connections each, which is {total}, more than the {} that the database takes",
        largest.connections, settings.database_connections
    );
    let related = vec![Related::new(largest.place, format!("each instance holds up to {} connections", largest.connections))];
    let fix = Fix::unsafe_edit(format!("Set the maximum to {fitting}"), vec![set(deployment.notation, max, &fitting)]);
    let finding = ctx.report(max.place, Confidence::Medium, message, fix);
    finding.symbol = deployment.symbol();
    finding.related = related;
}

fn unset(ctx: &mut Context<'_>, deployment: &Deployment, value: &str) {
    if deployment.is_partial || is_set_elsewhere(ctx, deployment) {
        return;
    }
    let place = deployment.name.as_ref().map_or(Place { file: deployment.file, span: deployment.span }, |name| name.place);
    let message = format!("{} has no maximum of instances: Cloud Run scales it to what the region's quota allows", deployment.title());
    let confidence = match deployment.notation {
        // What is there for one build, or one pull request, is gone before anybody finds it.
        _ if is_short_lived(deployment) => Confidence::Low,
        // A command leaves what an earlier one has set.
        Notation::Command => Confidence::Medium,
        _ => Confidence::High,
    };
    let title = format!("Set a maximum of {value} instances");
    let file = ctx.project.program.sources.get(deployment.file);
    let fix = match deployment::add_max_instances(file, deployment, value) {
        Ok(intents) => Fix::unsafe_edit(title, intents),
        Err(advice) => Fix::advice(title, advice),
    };
    let finding = ctx.report(place, confidence, message, fix);
    finding.symbol = deployment.symbol();
}

/// Whether a name that is put together may be this one: `${var.prefix}-orders` is `staging-orders`.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((before, rest)) = pattern.split_once("${") else { return false };
    let behind = rest.rsplit_once('}').map_or("", |(_, behind)| behind);
    // Something of it has to be there.
    before.len() + behind.len() > 3 && name.len() >= before.len() + behind.len() && name.starts_with(before) && name.ends_with(behind)
}

/// Whether a deployment is called by a build or a pull request.
fn is_short_lived(deployment: &Deployment) -> bool {
    const MARKS: [&str; 8] = ["BUILD_ID", "SHORT_SHA", "COMMIT_SHA", "github.event.", "github.run", "github.sha", "PR_NUMBER", "preview"];
    deployment.name.as_ref().is_some_and(|name| MARKS.iter().any(|mark| name.written.contains(mark)))
}

/// Whether something else sets a maximum for the same service, where one of the two is a command: these leave what they do
/// not speak of.
fn is_set_elsewhere(ctx: &Context<'_>, deployment: &Deployment) -> bool {
    fn known(deployment: &Deployment) -> Option<&str> {
        deployment.name.as_ref()?.value.as_ref().known().map(String::as_str)
    }
    fn written(deployment: &Deployment) -> Option<&str> {
        deployment.name.as_ref().map(|name| name.written.as_str())
    }
    let all = &ctx.project.deployments;
    let is_this = |index: &usize| all.get(*index).is_some_and(|d| std::ptr::eq(d, deployment));
    let name = known(deployment);
    // Where one of two has no name that is known, they are of the same service.
    let beside: FxHashSet<usize> = ctx
        .project
        .services
        .iter()
        .filter(|service| service.deployments.iter().any(is_this))
        .flat_map(|s| s.deployments.iter().copied())
        .collect();
    // A base of Kustomize, and what is laid over it.
    let is_laid_over = |deployment: &Deployment| {
        let sources = &ctx.project.program.sources;
        let folder = sources.get(deployment.file).directory();
        sources.in_directory(folder).any(|file| matches!(file.name(), "kustomization.yaml" | "kustomization.yml"))
    };
    all.iter().enumerate().any(|(index, other)| {
        let is_command =
            || [other, deployment].iter().any(|one| one.notation == Notation::Command) || (is_laid_over(deployment) && is_laid_over(other));
        let is_same = (name.is_some() && (known(other) == name || written(other).zip(name).is_some_and(|(other, name)| fits(other, name))))
            || (other.file == deployment.file && written(other) == written(deployment))
            || ((name.is_none() || known(other).is_none()) && beside.contains(&index));
        other.max_instances.is_some() && !other.is_job && is_same && is_command()
    })
}
