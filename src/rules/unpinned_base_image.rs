//! `unpinned-base-image`: an image is built on whatever a name stands for on that day.

use super::{Check, Context, Rule};
use crate::finding::{Confidence, Severity};
use crate::fix::Fix;
use crate::ir::image::{Image, InstructionKind};
use crate::model::image_tags::{floats, is_version_named, pinned};
use crate::model::images::{self, Reference};
use crate::source::{Place, Span};

pub const RULE: Rule = Rule {
    id: "unpinned-base-image",
    severity: Severity::Medium,
    page: include_str!("../../rules/unpinned-base-image.md"),
    checks: &[Check::Image(check)],
};

fn check(ctx: &mut Context<'_>, image: &Image) {
    if ctx.project.program.sources.get(image.file).test {
        return;
    }
    for (number, stage) in image.stages.iter().enumerate() {
        if stage.parent.is_none()
            && let Some(base) = stage.resolved.as_ref().known()
        {
            report(ctx, image, base, stage.span, "FROM ");
        }
        for instruction in &stage.instructions {
            let (InstructionKind::Copy(copy) | InstructionKind::Add(copy)) = &instruction.kind else { continue };
            let Some(from) = &copy.from else { continue };
            if image.copied_stage(number, &from.value).is_none() && !from.value.contains('$') && is_reference(&from.value) {
                report(ctx, image, &from.value, instruction.span, "COPY --from=");
            }
        }
    }
}

/// Whether what is copied from looks like an image: a name alone may be a build context.
fn is_reference(from: &str) -> bool {
    from.contains([':', '/', '@'])
}

fn report(ctx: &mut Context<'_>, image: &Image, base: &str, span: Span, what: &str) {
    let reference = Reference::parse(base);
    if reference.repository == "scratch" || reference.digest.is_some() || !is_seen(base) {
        return;
    }
    let why = match reference.tag {
        None => format!("`{base}` has no tag and stands for `latest`"),
        Some(tag) if floats(&reference.repository, tag) => {
            format!("the tag `{tag}` of `{}` moves on from one major version to the next", reference.repository)
        }
        Some(_) => return,
    };
    // An image that the build may be given by another name: `--build-context`.
    let is_hub = reference.registry().is_some() || reference.repository.contains('/') || images::is_known(&reference);
    let confidence = if is_hub && !is_version_named(&reference.repository) { Confidence::High } else { Confidence::Low };
    let message = format!("{why}: the same Dockerfile builds something else tomorrow");
    let pinned = pinned(&reference);
    let fix = Fix::advice(format!("Name the version: `{pinned}`, or better with its digest"), format!("{what}{pinned}\n"));
    ctx.report(Place { file: image.file, span }, confidence, message, fix);
}

/// Whether a reference is one that can be read: nothing of it is filled in.
fn is_seen(base: &str) -> bool {
    !base.is_empty() && !base.contains(['$', '{', '}', '<', '>', '%'])
}
