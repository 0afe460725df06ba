//! `oversized-image`: what only the build needs is stored, pushed and pulled with each version.

use super::{Check, Context, Rule};
use crate::finding::{Confidence, Related, Severity};
use crate::fix::image_stages;
use crate::ir::image::Image;
use crate::model::{image_purpose, image_sizes, image_users};
use crate::source::Place;

pub const RULE: Rule = Rule {
    id: "oversized-image",
    severity: Severity::Medium,
    page: include_str!("../../rules/oversized-image.md"),
    checks: &[Check::Image(check)],
};

fn check(ctx: &mut Context<'_>, image: &Image) {
    let sources = &ctx.project.program.sources;
    let Some(stage) = image_purpose::judged(sources, image) else { return };
    let weights = image_sizes::of(sources, image, stage);
    let Some(mut confidence) = weights.all.iter().map(|weight| weight.confidence).max() else { return };
    let said: Vec<&str> = weights.all.iter().map(|weight| weight.what.as_str()).collect();
    let mut message = capitalized(&said.join("; "));
    let starts_nothing = || image_users::commands(image, stage).next().is_none().then(|| "in an image that starts nothing".to_owned());
    let is_tool = || image_purpose::drives_docker(image, stage).then(|| "in an image of tools".to_owned());
    if let Some(why) = image_purpose::aside(sources, image, stage).or_else(starts_nothing).or_else(is_tool) {
        confidence = Confidence::Low;
        message = format!("{message}, {why}");
    }
    let place = |span| Place { file: image.file, span };
    let mut related: Vec<Related> =
        weights.all.iter().filter_map(|weight| Some(Related::new(place(weight.place?), "comes in here"))).collect();
    let root = image.lineage(stage).last().unwrap_or(stage);
    if weights.base.is_some() && root.span != stage.span {
        related.push(Related::new(place(root.span), "the base is named here"));
    }
    let fix = image_stages::fix(sources, image, stage, &weights);
    let finding = ctx.report(place(stage.span), confidence, message, fix);
    finding.symbol = stage.name.clone().unwrap_or_default();
    finding.related = related;
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
