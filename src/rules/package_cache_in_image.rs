//! `package-cache-in-image`: what package managers need while the image is built is shipped with it.

use super::{Check, Context, Rule};
use crate::finding::{Confidence, Severity};
use crate::fix::image_caches;
use crate::ir::image::Image;
use crate::model::image_purpose;
use crate::model::package_caches;
use crate::source::Place;

pub const RULE: Rule = Rule {
    id: "package-cache-in-image",
    severity: Severity::Medium,
    page: include_str!("../../rules/package-cache-in-image.md"),
    checks: &[Check::Image(check)],
};

fn check(ctx: &mut Context<'_>, image: &Image) {
    let sources = &ctx.project.program.sources;
    let Some(stage) = image_purpose::judged(sources, image) else { return };
    let aside = image_purpose::aside(sources, image, stage);
    for (instruction, left) in package_caches::left(sources, image, stage) {
        let sources = &ctx.project.program.sources;
        let said: Vec<&str> = left.iter().map(|left| left.what.as_str()).filter(|what| !what.is_empty()).collect();
        let mut message = said.join("; ");
        let mut confidence = left.iter().map(|left| left.confidence).max().unwrap_or(Confidence::Low);
        if let Some(why) = &aside {
            confidence = Confidence::Low;
            message = format!("{message}, {why}");
        }
        let fix = image_caches::fix(sources, image, stage, instruction, &left);
        let place = Place { file: image.file, span: instruction.span };
        ctx.report(place, confidence, message, fix).symbol = stage.name.clone().unwrap_or_default();
    }
}
