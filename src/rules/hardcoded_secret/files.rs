//! Secrets in Dockerfiles and deployments.

use super::literals::{same, strong};
use super::within;
use crate::finding::Confidence;
use crate::fix::Fix;
use crate::fix::deployment_secret::read_from_secret;
use crate::fix::secrets::{kebab, snake};
use crate::ir::deploy::Deployment;
use crate::ir::image::{Image, Instruction, InstructionKind, Text};
use crate::model::secrets::{self, Verdict, masked};
use crate::rules::Context;
use crate::source::{FileId, Place, Span};

pub(super) fn check_image(ctx: &mut Context<'_>, image: &Image) {
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

pub(super) fn check_deployment(ctx: &mut Context<'_>, deployment: &Deployment) {
    let service = deployment.symbol();
    for word in deployment.containers.iter().flat_map(|container| &container.command) {
        let Some(found) = secrets::find(&word.written) else { continue };
        let place = word.place;
        let message = format!("the command of `{service}` holds {} in plain text ({})", found.kind, masked(found.secret));
        let code = "env:\n  - name: CREDENTIAL\n    valueFrom:\n      secretKeyRef:\n        name: credential\n        key: latest\n";
        let fix = Fix::advice("Read it from the environment, let Secret Manager fill that, and rotate the secret", code);
        let hidden = within(&ctx.project.program, place, found.secret);
        let finding = ctx.report(place, found.confidence, message, fix);
        finding.secret = Some(hidden);
        finding.symbol.clone_from(&service);
    }
    for variable in deployment.containers.iter().flat_map(|container| &container.env) {
        let Some(value) = variable.value.as_ref() else { continue };
        // Of a value that is filled in, the password may be written all the same: `postgres://app:s3cret@$DB_HOST/app`.
        if value.value.as_ref().known().is_none()
            && !secrets::find(&value.written)
                .is_some_and(|found| found.kind.contains("URL") && !found.secret.contains(['$', '{', '(', '<', '%', '[']))
        {
            continue;
        }
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
        let place = value.place;
        let of = if service.is_empty() { String::new() } else { format!(" of `{service}`") };
        let message = format!("`{name}`{of} is set to a secret in plain text ({kind}{})", masked(secret));
        let shown = secret;
        let secret = if service.is_empty() { kebab(name) } else { format!("{}-{}", kebab(&service), kebab(name)) };
        let title = format!("Read `{name}` from the secret `{secret}` of Secret Manager, and rotate it");
        let file = ctx.project.program.sources.get(deployment.file);
        let fix = match read_from_secret(file, deployment, variable, &secret) {
            Ok(intents) => Fix::unsafe_edit(title, intents),
            Err(lines) => Fix::advice(title, lines),
        };
        let hidden = within(&ctx.project.program, place, shown);
        let finding = ctx.report(place, confidence, message, fix);
        finding.secret = Some(hidden);
        finding.symbol.clone_from(&service);
    }
}
