//! `container-runs-as-root`: the final stage of a Dockerfile starts as root.

use super::{Check, Context, Rule};
use crate::finding::{Confidence, Related, Severity};
use crate::fix::image_user;
use crate::ir::image::{Command, Image, Instruction, InstructionKind, Stage};
use crate::model::image_users as users;
use crate::model::images::Base;
use crate::model::manifests;
use crate::model::{image_purpose, image_scripts};
use crate::source::{Place, SourceFile, Sources, Span};

pub const RULE: Rule = Rule {
    id: "container-runs-as-root",
    severity: Severity::Medium,
    page: include_str!("../../rules/container-runs-as-root.md"),
    checks: &[Check::Image(check)],
};

fn check(ctx: &mut Context<'_>, image: &Image) {
    let Some(stage) = image.last_stage() else { return };
    let source = ctx.project.program.sources.get(image.file);
    if source.test || is_github_action(ctx, source) {
        return;
    }
    let base = Base::of(image, stage);
    let Some(root) = Root::of(image, stage, &base) else { return };
    let Some((mut confidence, mut but)) = doubts(&ctx.project.program.sources, image, stage, &base) else { return };

    let demand = manifests::other_user(ctx.project, image);
    if let Some(demand) = demand.filter(|_| confidence > Confidence::Low) {
        confidence = Confidence::Low;
        but = format!(", although `{}` asks for another user", ctx.project.program.sources.get(demand.file).path);
    }
    let message = root.message(&base) + &but;
    let symbol = root.stage.name.clone().unwrap_or_default();
    let place = |span: Span| Place { file: image.file, span };
    let mut related: Vec<Related> =
        demand.into_iter().map(|place| Related::new(place, "here another user than root is asked for")).collect();
    if let Some((name, created)) = users::created(image, stage) {
        related.push(Related::new(place(created.span), format!("`{name}` is created here")));
    }
    let fix = image_user::fix(&ctx.project.program.sources, image, stage, &base, root.user, demand.is_some());
    let finding = ctx.report(place(root.span), confidence, message, fix);
    finding.symbol = symbol;
    finding.related = related;
}

/// How a container comes to be root.
struct Root<'a> {
    /// The `USER` that says so.
    user: Option<&'a Instruction>,
    /// The stage that the place is in.
    stage: &'a Stage,
    /// Another stage than the one that ships says so.
    inherited: bool,
    span: Span,
    /// The package tool that shows an unknown base to be root.
    shown_by: Option<&'a str>,
}

impl<'a> Root<'a> {
    fn of(image: &'a Image, stage: &'a Stage, base: &Base<'_>) -> Option<Self> {
        if base.facts.windows {
            return None;
        }
        if let Some((at, instruction)) = users::last_user(image, stage) {
            let InstructionKind::User { written, resolved } = &instruction.kind else { return None };
            // In `0:${GROUP}` the group does not matter.
            let user = resolved.as_ref().known().unwrap_or(&written.value);
            let inherited = at.span != stage.span;
            return users::is_root(user).then_some(Self {
                user: Some(instruction),
                stage: at,
                inherited,
                span: instruction.span,
                shown_by: None,
            });
        }
        let tool = users::package_tool(image, stage);
        let is_root = match base.user {
            Some(user) => users::is_root(user),
            None => base.seen,
        };
        if !is_root {
            return None;
        }
        let last = users::commands(image, stage).max_by_key(|(_, instruction, _)| instruction.span.start);
        // Without a command, files alone can only be taken out of an empty image again.
        if last.is_none() && base.name == "scratch" {
            return None;
        }
        let (at, span) = last.map_or((stage, stage.span), |(at, instruction, _)| (at, instruction.span));
        Some(Self { user: None, stage: at, inherited: false, span, shown_by: tool.filter(|_| base.user.is_none()) })
    }

    fn message(&self, base: &Base<'_>) -> String {
        let Some(InstructionKind::User { written, .. }) = self.user.map(|instruction| &instruction.kind) else {
            let base_says = match (base.user, self.shown_by) {
                _ if base.facts.steps_down => format!("the entry point with which `{}` steps down is replaced", base.name),
                (None, Some(tool)) => format!("`{tool}` shows that `{}` is root", base.name),
                (None, None) => format!("whether `{}` has one cannot be seen", base.name),
                _ if base.name == "scratch" => "`scratch` has none".to_owned(),
                _ => format!("`{}` runs as root", base.name),
            };
            return format!("No `USER` is set, and {base_says}");
        };
        let user = &written.value;
        let default = if user.contains('$') { ", which is root unless the build says otherwise," } else { "" };
        match &self.stage.name {
            Some(name) if self.inherited => {
                format!("`USER {user}`{default} in stage `{name}` is the last `USER` of the final stage, so the container runs as root")
            }
            _ => format!("`USER {user}`{default} is the last `USER`, so the container runs as root"),
        }
    }
}

/// How sure it is, and why not surer; nothing where the container goes on as somebody else.
fn doubts(sources: &Sources, image: &Image, stage: &Stage, base: &Base<'_>) -> Option<(Confidence, String)> {
    let low = |why: String| Some((Confidence::Low, why));
    let commands: Vec<_> = users::commands(image, stage).map(|(_, _, command)| command).collect();
    if commands.iter().any(|command| users::steps_down(command).is_some() || users::words(command).any(|word| word == "awslambdaric")) {
        return None;
    }
    let scripts: Vec<&SourceFile> = commands.iter().filter_map(|command| image_scripts::seen(sources, image, command)).collect();
    if scripts.iter().any(|script| image_scripts::steps_down(script)) {
        return None;
    }
    let entrypoint = users::entrypoint(image, stage);
    if base.facts.steps_down {
        let kept = entrypoint.is_none_or(|command| users::words(command).any(|word| word.contains("docker-entrypoint")));
        return if kept { None } else { low(", unless the new one does it too".into()) };
    }
    if let Some(server) = commands.iter().find_map(|command| users::told_to_step_down(command)) {
        return low(format!(", although `{server}` is told to go on as another user"));
    }
    if let Some(daemon) = commands.iter().find_map(|command| users::needs_root(command)) {
        return low(format!(", which `{daemon}` may need"));
    }
    if image_purpose::drives_docker(image, stage) {
        return low(", which the socket of the Docker that it drives may ask for".into());
    }
    if let Some((tool, _)) = users::brings_step_down(image, stage) {
        return low(format!(", unless its entry point steps down with `{tool}`"));
    }
    if let Some(script) = scripts.iter().find(|script| image_scripts::may_step_down(script)) {
        return low(format!(", unless `{}` goes on as another user", script.path));
    }
    let is_hidden = |command: &&Command| image_scripts::is_script(command) && image_scripts::seen(sources, image, command).is_none();
    if let Some((user, _)) = users::created(image, stage).filter(|_| commands.iter().any(is_hidden)) {
        return low(format!(", unless its script goes on as `{user}`"));
    }
    if let Some(why) = image_purpose::aside(sources, image, stage) {
        return low(format!(", {why}"));
    }
    let has_user = users::last_user(image, stage).is_some();
    if base.user.is_none() && !has_user && users::package_tool(image, stage).is_none() {
        return low(String::new());
    }
    // What starts it is out of sight, and may go on as somebody else.
    if commands.is_empty() && !has_user && !base.facts.serves {
        let but = if base.user.is_some() { ", whatever command it is started with" } else { ", unless its entry point steps down" };
        let is_served = image_purpose::is_served(sources, image, stage);
        return Some((if is_served { Confidence::Medium } else { Confidence::Low }, but.into()));
    }
    Some((Confidence::High, String::new()))
}

/// GitHub runs a container action's image as root, and says to leave `USER` out.
fn is_github_action(ctx: &Context<'_>, source: &SourceFile) -> bool {
    let sources = &ctx.project.program.sources;
    sources.in_directory(source.directory()).any(|file| {
        matches!(file.name(), "action.yml" | "action.yaml")
            && file.text.lines().any(|line| {
                let using = line.trim().strip_prefix("using:");
                using.is_some_and(|value| value.trim().trim_matches(['"', '\'']).eq_ignore_ascii_case("docker"))
            })
    })
}
