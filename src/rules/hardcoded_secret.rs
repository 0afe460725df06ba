//! `hardcoded-secret`: a credential is written into source.

use super::{Check, Context, Rule};
use crate::finding::{Confidence, Severity};
use crate::fix::secrets::{fix, kebab, snake};
use crate::fix::{Fix, Intent};
use crate::ir::deploy::Deployment;
use crate::ir::image::{Image, Instruction, InstructionKind, Text};
use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::program::{ModuleId, Program};
use crate::model::secrets::bound::{Bound, How, bound};
use crate::model::secrets::environment::{self, Edit};
use crate::model::secrets::stage::{Stage, stage};
use crate::model::secrets::{self, Verdict, masked};
use crate::model::values;
use crate::source::{FileId, Place, Span};

pub const RULE: Rule = Rule {
    id: "hardcoded-secret",
    severity: Severity::Critical,
    page: include_str!("../../rules/hardcoded-secret.md"),
    checks: &[Check::Module(check_module), Check::Image(check_image), Check::Deployment(check_deployment)],
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

/// What is said of a literal.
struct Judged {
    secret: String,
    confidence: Confidence,
    /// What it is, where its form tells.
    kind: Option<&'static str>,
    bound: Bound,
}

fn judge(program: &Program, id: ModuleId, literal: ExprId) -> Option<Judged> {
    let text = constant(program, id, literal)?;
    let found = secrets::find(&text);
    let is_named = text.len() >= 3 && !text.contains(secrets::HOLE);
    if found.is_none() && !is_named {
        return None;
    }
    let bound = bound(program, id, literal);
    if bound == Bound::Example {
        return None;
    }
    if let Some(found) = found {
        // A sentence that shows the form of an address, or tells of one.
        let is_prose = bound == Bound::Documentation
            || text.split_whitespace().count() > 3
            || ["Example:", "example:", "e.g."].iter().any(|mark| text.contains(mark));
        if is_prose
            && matches!(found.kind, "a URL with a password" | "a secret")
            && (bound == Bound::Documentation || found.confidence == Confidence::Low)
        {
            return None;
        }
        let is_sent = stage(program, id, literal) == Stage::Browser;
        if is_sent && found.kind == "a secret" {
            return None;
        }
        // Applications on the web show their key of Google's to everybody.
        let is_shown = found.kind == "a Google API key" && (is_sent || is_web_config(program, id, literal));
        let confidence = if bound == Bound::Documentation || is_shown { Confidence::Low } else { found.confidence };
        return Some(Judged { secret: found.secret.to_owned(), confidence, kind: Some(found.kind), bound });
    }
    if !is_named {
        return None;
    }
    let text = whole(program, id, literal).unwrap_or(text);
    let (sure, secret) = confidence(&bound, &text)?;
    let is_strong = secrets::judge(secret) == Verdict::Strong;
    let confidence = match stage(program, id, literal) {
        Stage::Development => Confidence::Low,
        Stage::Example if !is_strong => Confidence::Low,
        Stage::Browser => return None,
        _ => sure,
    };
    Some(Judged { secret: secret.to_owned(), confidence, kind: None, bound })
}

/// Whether a literal is the key in the configuration of an application on the web: `{ apiKey, authDomain, projectId }`
fn is_web_config(program: &Program, id: ModuleId, literal: ExprId) -> bool {
    let module = program.module(id);
    let mut around = module.around(literal).take_while(|around| matches!(around, Around::Expr(_)));
    around.any(|around| {
        let Around::Expr(object) = around else { return false };
        let ExprKind::Object(entries) = &module.expr(object).kind else { return false };
        let is = |entry: &Entry| matches!(entry, Entry::Pair { key, .. } if matches!(module.expr(*key).kind, ExprKind::String(key) if matches!(key.as_str(), "authDomain" | "messagingSenderId")));
        entries.iter().any(is)
    })
}

/// The constant text of a literal, with a mark where something is put in.
fn constant(program: &Program, id: ModuleId, literal: ExprId) -> Option<String> {
    match &program.module(id).expr(literal).kind {
        ExprKind::String(text) => Some(text.to_string()),
        ExprKind::Template { parts, .. } => {
            let part = |part: &TemplatePart| match part {
                TemplatePart::Text(text, _) => text.to_string(),
                TemplatePart::Hole(_) => secrets::HOLE.to_string(),
            };
            Some(parts.iter().map(part).collect())
        }
        _ => None,
    }
}

/// The whole of a concatenation, for its first part.
fn whole(program: &Program, id: ModuleId, literal: ExprId) -> Option<String> {
    let module = program.module(id);
    let Parent::Expr(parent) = module.expr_parents[literal.index()] else { return None };
    match &module.expr(parent).kind {
        ExprKind::Binary { op: BinaryOp::Add, operands } if operands.first() == Some(&literal) => values::text(program, id, parent),
        ExprKind::Binary { op: BinaryOp::Add, .. } => Some(String::new()),
        _ => None,
    }
}

/// How sure it is that a text is a secret where it is bound so, and the secret in it.
fn confidence<'t>(bound: &Bound, text: &'t str) -> Option<(Confidence, &'t str)> {
    let (name, how) = match bound {
        Bound::Fallback { variable, .. } if secrets::is_secret(variable) => {
            let sure = match secrets::judge(text) {
                // A few words: `super secret jwt secret`.
                Verdict::Nothing if (2..6).contains(&text.split_whitespace().count()) && text.is_ascii() => Confidence::Low,
                Verdict::Nothing => return None,
                // Whoever guesses a phrase is let in; a word or two mostly stand for a value that nobody checks.
                Verdict::Weak if !secrets::is_default(text) => Confidence::Medium,
                Verdict::Word if secrets::words(text).len() > 2 && !secrets::is_default(text) => Confidence::Medium,
                Verdict::Placeholder | Verdict::Word | Verdict::Weak => Confidence::Low,
                Verdict::Strong => strong(text),
            };
            return Some((sure, text));
        }
        // What is signed with it is signed with what everybody can read, however it is made.
        Bound::Argument(_) => {
            let (_, text) = secrets::scheme_and_credential(text);
            let sure = match secrets::judge(text) {
                Verdict::Strong => strong(text),
                Verdict::Word | Verdict::Weak if secrets::is_default(text) && !secrets::is_careless(text) => Confidence::Low,
                Verdict::Word | Verdict::Weak => Confidence::Medium,
                Verdict::Placeholder if secrets::is_careless(text) => Confidence::Medium,
                Verdict::Nothing if is_phrase(text) => Confidence::Medium,
                Verdict::Nothing | Verdict::Placeholder => return None,
            };
            return Some((sure, text));
        }
        Bound::Name(name, how) if secrets::is_header(name) => {
            let (scheme, credential) = secrets::scheme_and_credential(text);
            let is_credential = scheme.is_some() && secrets::judge(credential) == Verdict::Strong;
            return (is_credential && *how != How::Returned).then_some((Confidence::High, credential));
        }
        Bound::Name(name, how) if secrets::is_secret(name) => (name.as_str(), *how),
        _ => return None,
    };
    let (_, text) = secrets::scheme_and_credential(text);
    let is_password = secrets::is_password(name);
    if name == text {
        return None;
    }
    let sure = match (secrets::judge(text), how) {
        (Verdict::Strong, How::Returned | How::Member) => Confidence::Medium,
        (Verdict::Strong, _) => strong(text),
        (verdict, _) if secrets::is_signing_key(name) && is_usable_key(name, verdict, how, text) && !same(name, text) => Confidence::Low,
        (_, How::Returned | How::Member) | (Verdict::Nothing | Verdict::Placeholder, _) => return None,
        _ if same(name, text) => return None,
        (Verdict::Word | Verdict::Weak, How::Variable | How::Argument | How::Default | How::Compared)
            if is_password && secrets::is_default(text) =>
        {
            Confidence::Low
        }
        (Verdict::Weak, How::Variable | How::Argument | How::Default) if is_password => Confidence::Medium,
        (Verdict::Weak, How::Entry) if is_password && secrets::is_mixed(text) => Confidence::Medium,
        (Verdict::Word, How::Entry) if is_password && text.len() > 4 && text.bytes().all(|b| b.is_ascii_digit()) => Confidence::Low,
        (Verdict::Weak, _) | (Verdict::Word, How::Variable | How::Argument | How::Default) if is_password => Confidence::Low,
        (Verdict::Weak, How::Variable | How::Argument | How::Default) if name.to_ascii_lowercase().contains("secret") => Confidence::Low,
        _ => return None,
    };
    Some((sure, text))
}

/// Whether a text that is no random one does as a key all the same: words do, where nothing says that they are a label, or
/// are to be replaced.
fn is_usable_key(name: &str, verdict: Verdict, how: How, text: &str) -> bool {
    let is_used = match verdict {
        Verdict::Word | Verdict::Weak => true,
        Verdict::Placeholder => secrets::is_careless(text),
        Verdict::Nothing => is_phrase(text),
        Verdict::Strong => false,
    };
    let is_lower = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.'));
    // What is but called `secret` may name one that is kept elsewhere.
    let words = secrets::words(text);
    let is_key = words.last().is_some_and(|last| last.ends_with("key")) || words.len() == 1;
    let is_meant = is_used && (is_key || name.len() > "secret".len());
    match how {
        How::Variable => is_used && (verdict != Verdict::Nothing || is_lower_phrase(text)),
        How::Argument => is_meant && (verdict != Verdict::Nothing || is_lower_phrase(text)),
        // An entry may be a message or a label, too.
        How::Entry => is_meant && is_lower && text.len() >= 12,
        How::Member | How::Default | How::Compared | How::Returned => false,
    }
}

/// A few words: `keyboard cat`.
fn is_phrase(text: &str) -> bool {
    let is_word = |word: &str| word.len() <= 24 && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '\'' | '.'));
    (2..6).contains(&text.split_whitespace().count()) && text.split_whitespace().all(is_word) && !secrets::is_placeholder(text)
}

fn is_lower_phrase(text: &str) -> bool {
    is_phrase(text) && !text.chars().any(char::is_uppercase)
}

/// Django writes a key into every new project, and says that it is for development.
fn strong(text: &str) -> Confidence {
    if text.starts_with("django-insecure-") { Confidence::Medium } else { Confidence::High }
}

/// `ACCESS_TOKEN = "access_token"`
fn same(name: &str, text: &str) -> bool {
    let (name, text) = (secrets::words(name), secrets::words(text));
    name == text || (text.len() == 1 && (name.contains(&text[0]) || name.concat() == text[0]))
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

fn check_image(ctx: &mut Context<'_>, image: &Image) {
    for arg in &image.args {
        let span = arg.value.as_ref().map_or(arg.name.span, |value| arg.name.span.to(value.span));
        judge_variable(ctx, image.file, span, "ARG", &arg.name.value, arg.value.as_ref(), "");
    }
    let stages = image.stages.iter().map(|stage| (stage.name.as_deref().unwrap_or_default(), &stage.instructions));
    for (stage, instructions) in std::iter::once(("", &image.preamble)).chain(stages) {
        for instruction in instructions {
            judge_instruction(ctx, image.file, instruction, stage);
        }
    }
}

fn judge_instruction(ctx: &mut Context<'_>, file: FileId, instruction: &Instruction, stage: &str) {
    let span = instruction.span;
    match &instruction.kind {
        InstructionKind::Env(variables) => {
            for v in variables {
                judge_variable(ctx, file, span, "ENV", &v.name.value, v.value.as_ref(), stage);
            }
        }
        InstructionKind::Arg(variables) => {
            for v in variables {
                judge_variable(ctx, file, span, "ARG", &v.name.value, v.value.as_ref(), stage);
            }
        }
        InstructionKind::Label(variables) => {
            for value in variables.iter().filter_map(|v| v.value.as_ref()) {
                judge_command(ctx, file, span, value, "a label", stage);
            }
        }
        InstructionKind::Copy(copy) | InstructionKind::Add(copy) => {
            for body in &copy.heredocs {
                judge_command(ctx, file, span, body, "a file", stage);
            }
        }
        InstructionKind::Run(command) | InstructionKind::Cmd(command) | InstructionKind::Entrypoint(command) => {
            for text in command.texts() {
                judge_command(ctx, file, span, text, "a command", stage);
            }
        }
        _ => {}
    }
}

fn judge_variable(ctx: &mut Context<'_>, file: FileId, span: Span, keyword: &str, name: &str, value: Option<&Text>, stage: &str) {
    let Some(value) = value.filter(|value| !value.value.contains('$')) else { return };
    let (kind, secret, confidence) = if let Some(found) = secrets::find(&value.value) {
        (format!("{}, ", found.kind), found.secret, found.confidence)
    } else if secrets::is_secret(name) {
        let Some(confidence) = plain(name, &value.value) else { return };
        (String::new(), value.value.as_str(), confidence)
    } else {
        return;
    };
    let message =
        format!("`{keyword} {name}` writes a secret into the image, where whoever pulls it can read it ({kind}{})", masked(secret));
    let fix = if keyword == "ARG" {
        let id = snake(name);
        let code = format!("RUN --mount=type=secret,id={id} {name}=\"$(cat /run/secrets/{id})\" && …\n");
        Fix::advice(format!("Mount `{name}` as a secret of the build, and rotate it"), code)
    } else {
        let stored = kebab(name);
        let code = format!("env:\n  - name: {name}\n    valueFrom:\n      secretKeyRef:\n        name: {stored}\n        key: latest\n");
        Fix::advice(format!("Leave `{name}` out of the image, let Cloud Run set it from Secret Manager, and rotate it"), code)
    };
    report_in_image(ctx, file, span, (value.span, secret), confidence, message, fix, stage);
}

/// A command line: tokens and URLs anywhere in it, and `NAME=value`.
fn judge_command(ctx: &mut Context<'_>, file: FileId, span: Span, text: &Text, what: &str, stage: &str) {
    let Some(secrets::Found { kind, secret, confidence }) = secrets::find(&text.value) else { return };
    let at = text.value.find(secret).unwrap_or(0);
    let place = text.span_of(at..at + secret.len());
    let message = format!("{what} of the image holds {kind}, where whoever pulls it can read it ({})", masked(secret));
    let code = "RUN --mount=type=secret,id=credential \\\n    CREDENTIAL=\"$(cat /run/secrets/credential)\" && …\n";
    report_in_image(
        ctx,
        file,
        span,
        (place, secret),
        confidence,
        message,
        Fix::advice("Mount it as a secret of the build, and rotate it", code),
        stage,
    );
}

#[expect(clippy::too_many_arguments, reason = "the parts of one finding")]
fn report_in_image(
    ctx: &mut Context<'_>,
    file: FileId,
    span: Span,
    (at, secret): (Span, &str),
    confidence: Confidence,
    message: String,
    fix: Fix,
    stage: &str,
) {
    let secret = within(&ctx.project.program, Place { file, span: at }, secret);
    let finding = ctx.report(Place { file, span }, confidence, message, fix);
    finding.secret = Some(secret);
    stage.clone_into(&mut finding.symbol);
}

/// How sure it is that the plain value of a variable is a secret.
fn plain(name: &str, value: &str) -> Option<Confidence> {
    match secrets::judge(value) {
        Verdict::Nothing | Verdict::Placeholder => None,
        _ if same(name, value) && !secrets::is_password(name) => None,
        Verdict::Word | Verdict::Weak if secrets::is_default(value) => Some(Confidence::Low),
        Verdict::Word => Some(Confidence::Low),
        Verdict::Weak => Some(Confidence::Medium),
        Verdict::Strong => Some(strong(value)),
    }
}

fn check_deployment(ctx: &mut Context<'_>, deployment: &Deployment) {
    let service = deployment.name.as_ref().map(|name| name.written.clone()).unwrap_or_default();
    for word in deployment.containers.iter().flat_map(|container| &container.command) {
        let Some(found) = secrets::find(&word.written) else { continue };
        let place = Place { file: deployment.file, span: word.span };
        let message = format!("the command of `{service}` holds {} in plain text ({})", found.kind, masked(found.secret));
        let code = "env:\n  - name: CREDENTIAL\n    valueFrom:\n      secretKeyRef:\n        name: credential\n        key: latest\n";
        let fix = Fix::advice("Read it from the environment, let Secret Manager fill that, and rotate the secret", code);
        let hidden = within(&ctx.project.program, place, found.secret);
        let finding = ctx.report(place, found.confidence, message, fix);
        finding.secret = Some(hidden);
        finding.symbol.clone_from(&service);
    }
    for variable in deployment.containers.iter().flat_map(|container| &container.env) {
        let Some(value) = variable.value.as_ref().filter(|value| value.value.as_ref().known().is_some()) else { continue };
        let name = &variable.name.written;
        let (kind, secret, confidence) = if let Some(found) = secrets::find(&value.written) {
            (format!("{}, ", found.kind), found.secret, found.confidence)
        } else if secrets::is_secret(name) {
            let Some(mut confidence) = plain(name, &value.written) else { continue };
            // Beside its secret, the key of a client is its name.
            let secret = name.strip_suffix("_KEY").map(|stem| format!("{stem}_SECRET"));
            if deployment.containers.iter().flat_map(|container| &container.env).any(|other| Some(&other.name.written) == secret.as_ref()) {
                confidence = Confidence::Low;
            }
            (String::new(), value.written.as_str(), confidence)
        } else {
            continue;
        };
        let place = Place { file: deployment.file, span: value.span };
        let of = if service.is_empty() { String::new() } else { format!(" of `{service}`") };
        let message = format!("`{name}`{of} is set to a secret in plain text ({kind}{})", masked(secret));
        let shown = secret;
        let secret = if service.is_empty() { kebab(name) } else { format!("{}-{}", kebab(&service), kebab(name)) };
        let lines = format!("valueFrom:\n  secretKeyRef:\n    name: {secret}\n    key: latest\n");
        let title = format!("Read `{name}` from the secret `{secret}` of Secret Manager, and rotate it");
        let fix = match pair(ctx, place, variable.span) {
            Some(place) => Fix::unsafe_edit(title, vec![Intent::ReplaceYamlPair { place, text: lines }]),
            None => Fix::advice(title, lines),
        };
        let hidden = within(&ctx.project.program, place, shown);
        let finding = ctx.report(place, confidence, message, fix);
        finding.secret = Some(hidden);
        finding.symbol.clone_from(&service);
    }
}

/// `value: …` with its key: in the item, right before the value.
fn pair(ctx: &Context<'_>, value: Place, item: Span) -> Option<Place> {
    let file = ctx.project.program.sources.get(value.file);
    if !item.contains(value.span) {
        return None;
    }
    let before = file.text.get(item.start as usize..value.span.start as usize)?;
    let at = before.rfind("value")?;
    let (quote, rest) = match before[..at].chars().next_back() {
        Some(quote @ ('"' | '\'')) => (1, before[at + 5..].strip_prefix(quote)?),
        _ => (0, &before[at + 5..]),
    };
    // An anchor or a tag between them belongs to the value.
    (rest.trim() == ":")
        .then(|| Place { file: value.file, span: Span { start: item.start + u32::try_from(at - quote).unwrap_or(0), end: value.span.end } })
}
