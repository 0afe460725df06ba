//! `uncached-dependency-layer`: every change of the sources installs all packages anew.

use super::{Check, Context, Rule};
use crate::finding::{Confidence, Related, Severity};
use crate::fix::image_layers;
use crate::ir::image::{Copy, Image, Instruction, InstructionKind, Stage};
use crate::model::image_contexts::{self as contexts, Held};
use crate::model::image_steps::{self, Step};
use crate::model::image_users::in_order;
use crate::model::package_tools::{self, Ecosystem, Use};
use crate::source::{Place, Sources};

pub const RULE: Rule = Rule {
    id: "uncached-dependency-layer",
    severity: Severity::Medium,
    page: include_str!("../../rules/uncached-dependency-layer.md"),
    checks: &[Check::Image(check)],
};

fn check(ctx: &mut Context<'_>, image: &Image) {
    let sources = &ctx.project.program.sources;
    if sources.get(image.file).test {
        return;
    }
    let mut found: Vec<(&Stage, Copied<'_>, Install<'_>)> = Vec::new();
    for stage in &image.stages {
        for (copied, install) in uncached(sources, image, stage) {
            // A stage that others are built on is seen with each of them.
            if found.iter().all(|(_, other, _)| other.instruction.span != copied.instruction.span) {
                found.push((stage, copied, install));
            }
        }
    }
    for (stage, copied, install) in found {
        let sources = &ctx.project.program.sources;
        let message = format!(
            "{} is copied before `{}` installs the packages: each change {} installs all of them anew{}",
            copied.held.name(copied.copy),
            install.command,
            if copied.held == Held::All { "of the sources" } else { "there" },
            if install.is_spared { ", out of a cache that is mounted" } else { "" },
        );
        let confidence = if install.is_spared { Confidence::Low } else { copied.held.confidence() };
        let fix = image_layers::manifests_first(sources, image, stage, (copied.instruction, copied.copy), install.instruction);
        let place = |instruction: &Instruction| Place { file: image.file, span: instruction.span };
        let finding = ctx.report(place(copied.instruction), confidence, message, fix);
        finding.symbol = stage.name.clone().unwrap_or_default();
        finding.related.push(Related::new(place(install.instruction), "installs what the manifest lists"));
    }
}

/// Sources that are copied into an image.
#[derive(Clone, Copy)]
struct Copied<'a> {
    instruction: &'a Instruction,
    copy: &'a Copy,
    held: Held,
}

/// The installation that comes after it.
struct Install<'a> {
    instruction: &'a Instruction,
    command: String,
    /// A mounted cache spares it the downloads.
    is_spared: bool,
}

/// Copies of sources that an installation of what a manifest lists comes after, and none before.
fn uncached<'a>(sources: &Sources, image: &'a Image, stage: &'a Stage) -> Vec<(Copied<'a>, Install<'a>)> {
    let mut copied: Option<Copied<'_>> = None;
    let mut installed: Vec<Ecosystem> = Vec::new();
    let mut found = Vec::new();
    for instruction in in_order(image, stage) {
        match &instruction.kind {
            InstructionKind::Copy(copy) | InstructionKind::Add(copy) if copied.is_none_or(|copied| copied.held != Held::All) => {
                // The first of several, unless a later one brings everything.
                let held = contexts::held(sources, image, copy).filter(|held| copied.is_none() || *held == Held::All);
                copied = held.map(|held| Copied { instruction, copy, held }).or(copied);
            }
            InstructionKind::Run(command) if !contexts::mounts_all(command) => {
                for step in image_steps::of(instruction) {
                    let Some(used) = package_tools::read(&step.command).filter(Use::installs_manifest) else { continue };
                    let ecosystem = used.tool.ecosystem();
                    if installed.contains(&ecosystem) {
                        continue;
                    }
                    installed.push(ecosystem);
                    if let Some(copied) = copied {
                        found.push((
                            copied,
                            Install {
                                instruction,
                                command: spoken(&step, &used),
                                is_spared: command.mounts.iter().any(|mount| mount.kind == "cache"),
                            },
                        ));
                    }
                }
            }
            _ => {}
        }
    }
    found
}

/// A command as people speak of it: `pip install -r requirements.txt`.
fn spoken(step: &Step<'_>, used: &Use<'_>) -> String {
    let words = step.command.words.iter().take_while(|word| word.range.start <= used.last.range.start && !word.value.starts_with("--"));
    let mut spoken: Vec<&str> = words.map(|word| word.value.as_str()).collect();
    let files = used.requirements();
    if let Some(file) = files.first() {
        spoken.extend(["-r", file.as_str()]);
    }
    spoken.join(" ")
}
