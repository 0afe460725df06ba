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

/// Takes a pair out of the list of a flag, and puts another one into that for secrets.
fn in_command(file: &SourceFile, deployment: &Deployment, variable: &EnvVar, pair: &str) -> Option<Vec<Intent>> {
    own_value(variable)?;
    let (start, end) = (variable.span.start as usize, variable.span.end as usize);
    let command = deployment.span.range();
    if !command.contains(&start) || is_input_of_action(file, variable) {
        return None;
    }
    let text: &str = &file.text;
    let before = text.get(command.start..start)?;
    let (at, (flag, secrets)) =
        FLAGS.into_iter().filter_map(|flags| Some((command.start + before.rfind(flags.0)?, flags))).max_by_key(|(at, _)| *at)?;
    let list = &text[at + flag.len()..start];
    let quote = list.chars().find(|c| matches!(c, '"' | '\''));
    // The flag's own quote stands before it, in a list of YAML.
    let quote = quote.or_else(|| text[..at].chars().next_back().filter(|c| matches!(c, '"' | '\'')));
    let others = list.trim_start_matches(['=', ' ', '\\', '\n', '\r', '\t', '"', '\'']);
    if others.contains(['^', ' ', '\n']) || text[at..start].contains("\n-") {
        return None;
    }
    let place = |start: usize, end: usize| Place { file: deployment.file, span: Span::new(start, end) };
    let replace = |start: usize, end: usize, text: String| Intent::Replace { place: place(start, end), text };
    let has_next = text[end..].starts_with(',');
    let existing = text[command.clone()].find(secrets).map(|found| command.start + found);
    if others.is_empty() && !has_next && existing.is_none() {
        return Some(vec![replace(at, at + flag.len(), secrets.to_owned()), replace(start, end, pair.to_owned())]);
    }
    let taken = match (others.is_empty(), has_next) {
        (_, true) => replace(start, end + 1, String::new()),
        (false, false) => replace(start - 1, end, String::new()),
        // Nothing would be left of the list.
        (true, false) => return None,
    };
    let word_end = |from: usize| {
        let is_end = |c: char| quote.map_or(c.is_whitespace(), |quote| c == quote);
        text[from..].find(is_end).map_or(text.len(), |length| from + length)
    };
    let given = match existing {
        Some(existing) => {
            let behind = existing + secrets.len();
            let from = behind + text[behind..].find(|c: char| !matches!(c, '=' | ' ' | '"' | '\''))?;
            let end = from + text[from..].find(|c: char| c.is_whitespace() || matches!(c, '"' | '\''))?;
            replace(end, end, format!(",{pair}"))
        }
        None => {
            let end = word_end(end) + usize::from(quote.is_some());
            let line = text[..at].rfind('\n').map_or(0, |at| at + 1);
            let lead = text[line..at].trim_start().trim_end_matches(['"', '\'']);
            let quote = text[..at].chars().next_back().filter(|c| matches!(c, '"' | '\'')).map(String::from).unwrap_or_default();
            let new = match (file.kind, lead) {
                (FileKind::Yaml, "- ") => format!("\n- {quote}{secrets}={pair}{quote}"),
                (FileKind::Yaml, lead) if lead.trim_end().ends_with([',', '[']) || (lead.is_empty() && !quote.is_empty()) => {
                    format!(", {quote}{secrets}={pair}{quote}")
                }
                _ => format!(" {secrets}={pair}"),
            };
            replace(end, end, new)
        }
    };
    Some(vec![taken, given])
}
