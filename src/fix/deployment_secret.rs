//! Edits that let a deployment read a variable from Secret Manager, in the notation that it is written in.

use super::Intent;
use crate::ir::deploy::{Deployment, EnvVar, Notation};
use crate::source::{FileKind, Place, SourceFile, Span};

/// Flags of `gcloud run deploy` that set variables, and those that read them from secrets instead.
const FLAGS: [(&str, &str); 2] = [("--set-env-vars", "--set-secrets"), ("--update-env-vars", "--update-secrets")];

/// What reads a variable from the latest version of a secret.
///
/// # Errors
/// The lines to write, where it cannot be seen into what.
pub fn read_from_secret(file: &SourceFile, deployment: &Deployment, variable: &EnvVar, secret: &str) -> Result<Vec<Intent>, String> {
    let name = &variable.name.written;
    let (found, advice) = match deployment.notation {
        Notation::Knative => {
            let lines = format!("valueFrom:\n  secretKeyRef:\n    name: {secret}\n    key: latest\n");
            let place = yaml_pair(file, variable);
            (place.map(|place| vec![Intent::ReplaceYamlPair { place, text: lines.clone() }]), lines)
        }
        Notation::Compact => (None, format!("{name}:\n  secret: {secret}\n  version: latest\n")),
        Notation::Terraform => {
            let is_first = file.slice(deployment.span).starts_with("resource \"google_cloud_run_service\"");
            let lines = if is_first {
                format!("value_from {{\n  secret_key_ref {{\n    name = \"{secret}\"\n    key  = \"latest\"\n  }}\n}}\n")
            } else {
                format!("value_source {{\n  secret_key_ref {{\n    secret  = \"{secret}\"\n    version = \"latest\"\n  }}\n}}\n")
            };
            (attribute(file, variable).map(|place| vec![Intent::Replace { place, text: lines.clone() }]), lines)
        }
        Notation::Command => {
            let pair = format!("{name}={secret}:latest");
            let flag = format!("--set-secrets={pair}\n");
            let is_input = is_input_of_action(file, variable);
            (in_command(file, deployment, variable, &pair), if is_input { format!("secrets: |-\n  {pair}\n") } else { flag })
        }
    };
    found.ok_or(advice)
}

/// The place of a variable's value, where that stands in what sets the variable.
fn own_value(variable: &EnvVar) -> Option<Place> {
    let value = variable.value.as_ref()?.place;
    variable.span.contains(value.span).then_some(value)
}

/// `value: …` with its key: in the item, right before the value.
fn yaml_pair(file: &SourceFile, variable: &EnvVar) -> Option<Place> {
    let value = own_value(variable)?;
    let before = file.text.get(variable.span.start as usize..value.span.start as usize)?;
    let at = before.rfind("value")?;
    let (quote, rest) = match before[..at].chars().next_back() {
        Some(quote @ ('"' | '\'')) => (1, before[at + 5..].strip_prefix(quote)?),
        _ => (0, &before[at + 5..]),
    };
    let start = variable.span.start as usize + at - quote;
    // An anchor or a tag between them belongs to the value.
    (rest.trim() == ":").then(|| Place { file: value.file, span: Span::new(start, value.span.end as usize) })
}

/// `value = "…"` of Terraform.
fn attribute(file: &SourceFile, variable: &EnvVar) -> Option<Place> {
    let value = own_value(variable)?;
    let before = file.text.get(variable.span.start as usize..value.span.start as usize)?;
    let at = before.rfind("value")?;
    let is_own = before[at + 5..].trim() == "= \"" || before[at + 5..].trim().replace(' ', "") == "=\"";
    let end = value.span.end as usize;
    let start = variable.span.start as usize + at;
    (is_own && file.text[end..].starts_with('"')).then(|| Place { file: value.file, span: Span::new(start, end + 1) })
}

/// Whether a variable is one of an action's `env_vars:`.
fn is_input_of_action(file: &SourceFile, variable: &EnvVar) -> bool {
    let before = &file.text[..variable.span.start as usize];
    file.kind == FileKind::Yaml && before.rfind("env_vars:") > FLAGS.iter().filter_map(|(flag, _)| before.rfind(flag)).max()
}

/// Takes a pair out of the list of a flag, and adds a flag for secrets behind the word that the list is in. Only where all of the
/// list is written as it is meant, and nothing else of the command has to do with secrets.
fn in_command(file: &SourceFile, deployment: &Deployment, variable: &EnvVar, pair: &str) -> Option<Vec<Intent>> {
    own_value(variable)?;
    let (list, text): (Span, &str) = (variable.list?, &file.text);
    let command = deployment.span;
    let written = text.get(list.range())?;
    let is_plain = written.chars().all(|c| c.is_ascii_alphanumeric() || "=,_-./:@+%~".contains(c)) && !written.starts_with('^');
    let is_alone = deployment.containers.len() == 1 && deployment.containers[0].env.iter().all(|variable| !variable.from_secret);
    let whole = file.slice(command);
    if !command.contains(list) || !is_plain || !is_alone || whole.contains("-secrets") || !list.contains(variable.span) {
        return None;
    }
    // `--set-env-vars=`, `--set-env-vars "`, right before the list.
    let before = text.get(command.start as usize..list.start as usize)?;
    let opening = before.chars().next_back().filter(|c| matches!(c, '"' | '\''));
    let (flag, secrets) = FLAGS.into_iter().find(|(flag, _)| {
        let lead = before.strip_suffix(|c: char| Some(c) == opening).unwrap_or(before);
        let lead = lead.strip_suffix(['=', ' ']).unwrap_or(lead);
        lead.ends_with(flag) || lead.strip_suffix(['"', '\'']).is_some_and(|lead| lead.ends_with(flag))
    })?;
    let at = command.start as usize + before.rfind(flag)?;
    // A list that is closed by the quote before it, or before its flag.
    let quote_of_flag = text[..at].chars().next_back().filter(|c| matches!(c, '"' | '\''));
    let quote = opening.or(quote_of_flag);
    let end = list.end as usize;
    let closes = match quote {
        Some(quote) if text[end..].starts_with(quote) => 1,
        Some(_) if opening.is_some() => return None,
        _ => 0,
    };
    let replace = |start: usize, end: usize, new: String| Intent::Replace {
        place: Place { file: deployment.file, span: Span::new(start, end) },
        text: new,
    };
    let (start, stop) = (variable.span.start as usize, variable.span.end as usize);
    if variable.span == list {
        return Some(vec![replace(at, at + flag.len(), secrets.to_owned()), replace(start, stop, pair.to_owned())]);
    }
    let taken = if stop < end { replace(start, stop + 1, String::new()) } else { replace(start - 1, stop, String::new()) };
    let line = text[..at].rfind('\n').map_or(0, |at| at + 1);
    let lead = text[line..at].trim_start().trim_end_matches(['"', '\'']);
    let behind = text[end + closes..].split(['\r', '\n']).next().unwrap_or_default();
    let own = quote_of_flag.map(String::from).unwrap_or_default();
    let is_item = file.kind == FileKind::Yaml
        && (lead == "- " || lead.trim_end().ends_with([',', '[']) || (lead.is_empty() && quote_of_flag.is_some()));
    let new = match lead {
        "- " if is_item && behind.trim().is_empty() => format!("\n- {own}{secrets}={pair}{own}"),
        "- " if is_item => return None,
        _ if is_item => format!(", {own}{secrets}={pair}{own}"),
        // What an item of YAML holds stands in a word of its own.
        _ if file.kind == FileKind::Yaml && lead.is_empty() && opening.is_none() && quote_of_flag.is_none() && before.ends_with('\n') => {
            return None;
        }
        _ => format!(" {secrets}={pair}"),
    };
    let at = end + closes;
    Some(vec![taken, replace(at, at, new)])
}
