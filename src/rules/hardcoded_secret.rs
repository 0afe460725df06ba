//! `hardcoded-secret`: a credential is written into source.

use super::{Check, Context, Rule};
use crate::finding::{Confidence, Severity};
use crate::fix::secrets::fix;
use crate::ir::program::*;
use crate::model::program::{ModuleId, Program};
use crate::model::secrets::bound::{Bound, How};
use crate::model::secrets::environment::{self, Edit};
use crate::model::secrets::stage::{Stage, stage};
use crate::model::secrets::{self, Verdict, masked};
use crate::model::values;
use crate::source::{Place, Span};

mod files;
mod literals;

use literals::{Judged, confidence, constant, judge};

pub const RULE: Rule = Rule {
    id: "hardcoded-secret",
    severity: Severity::Critical,
    page: include_str!("../../rules/hardcoded-secret.md"),
    checks: &[Check::Module(check_module), Check::Image(files::check_image), Check::Deployment(files::check_deployment)],
};

fn check_module(ctx: &mut Context<'_>, id: ModuleId) {
    let project = ctx.project;
    let program = &project.program;
    let module = program.module(id);
    for expr in module.expr_ids() {
        match &module.expr(expr).kind {
            ExprKind::String(_) | ExprKind::Template { tag: None, .. } => {
                if let Some(judged) = judge(program, id, expr) {
                    report(ctx, id, expr, &judged);
                }
            }
            ExprKind::Call(_) | ExprKind::Logical { .. } | ExprKind::Assign { .. } => judge_named_fallback(ctx, id, expr),
            _ => {}
        }
    }
}

fn report(ctx: &mut Context<'_>, id: ModuleId, literal: ExprId, judged: &Judged) {
    let program = &ctx.project.program;
    let shown = masked(&judged.secret);
    let what = judged.kind.map_or_else(String::new, |kind| format!("{kind}, "));
    let message = match (&judged.bound, judged.kind) {
        (Bound::Fallback { variable, edit }, _) => {
            let field = if matches!(edit, Some(Edit::Field(_))) { "the settings field " } else { "" };
            format!(
                "{field}`{variable}` falls back to {} when it is not set ({what}{shown})",
                a_text(judged.confidence, judged.kind, &judged.secret)
            )
        }
        (Bound::Argument(function), _) => format!("`{function}` is given a secret that is written into the source ({what}{shown})"),
        (_, Some(kind)) => format!("{kind} is written into the source ({shown})"),
        (Bound::Name(name, How::Compared), _) => format!("`{name}` is compared with a secret that is written into the source ({shown})"),
        (Bound::Name(name, How::Default), _) => format!("`{name}` defaults to a secret that is written into the source ({shown})"),
        (Bound::Name(name, _), _) => format!("the value of `{name}` is written into the source ({shown})"),
        _ => format!("a secret is written into the source ({shown})"),
    };
    let fix = fix(program, id, literal, &judged.bound);
    let place = program.place(id, literal);
    let secret = within(program, place, &judged.secret);
    ctx.report(place, judged.confidence, message, fix).secret = Some(secret);
}

/// Where a secret stands in a place; the whole place if it is not written there letter by letter.
fn within(program: &Program, place: Place, secret: &str) -> Place {
    let start = program.sources.slice(place).find(secret).filter(|_| !secret.is_empty());
    let span = start.map(|at| place.span.start as usize + at).map(|at| Span::new(at, at + secret.len()));
    Place { span: span.unwrap_or(place.span), ..place }
}

/// A placeholder is no credential, and no less a fallback.
fn a_text(confidence: Confidence, kind: Option<&str>, secret: &str) -> &'static str {
    match (confidence, kind) {
        (Confidence::Low, None) if secrets::judge(secret) == Verdict::Strong => "a credential in the source",
        (Confidence::Low, Some(_)) => "a login for local development",
        (Confidence::Low, None) => "a value that is easily guessed",
        (_, None) if matches!(secrets::judge(secret), Verdict::Placeholder | Verdict::Word | Verdict::Nothing) => {
            "a value that is easily guessed"
        }
        _ => "a credential in the source",
    }
}

/// A fallback that is the constant of another line or file, whose own name tells nothing.
fn judge_named_fallback(ctx: &mut Context<'_>, id: ModuleId, expr: ExprId) {
    let program = &ctx.project.program;
    let module = program.module(id);
    let (default, variable, edit) = match &module.expr(expr).kind {
        ExprKind::Logical { op: LogicalOp::Or | LogicalOp::Coalesce, operands } => {
            let [first, default] = operands[..] else { return };
            // Where the text stands in place, it is judged there.
            if !matches!(module.expr(default).kind, ExprKind::Name(_) | ExprKind::Attribute { .. } | ExprKind::Subscript { .. }) {
                return;
            }
            let Some(read) = environment::read(program, id, first) else { return };
            (default, read.variable, Some(Edit::Whole(expr)))
        }
        ExprKind::Assign { value, .. } => {
            let Some(variable) = environment::in_pattern(program, id, expr) else { return };
            (*value, variable, Some(Edit::Pattern(expr)))
        }
        _ => {
            let Some(environment::Read { variable, default: Some(default), edit }) = environment::read(program, id, expr) else { return };
            (default, variable, edit)
        }
    };
    let (at, literal) = values::origin(program, id, default);
    if literal == default && at == id || !matches!(program.module(at).expr(literal).kind, ExprKind::String(_)) {
        return;
    }
    // What is found where it is written is not told twice.
    if judge(program, at, literal).is_some() {
        return;
    }
    let Some(text) = constant(program, at, literal) else { return };
    if stage(program, id, expr) == Stage::Browser {
        return;
    }
    let bound = Bound::Fallback { variable: variable.clone(), edit };
    let Some((confidence, secret)) = confidence(&bound, &text) else { return };
    let secret = secret.to_owned();
    let fix = fix(program, id, expr, &bound);
    let place = program.place(at, literal);
    let message = format!("`{variable}` falls back to {} when it is not set ({})", a_text(confidence, None, &secret), masked(&secret));
    let hidden = within(program, place, &secret);
    let finding = ctx.report(place, confidence, message, fix);
    finding.secret = Some(hidden);
    finding.symbol = variable;
}
