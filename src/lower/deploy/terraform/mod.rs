//! Terraform's `google_cloud_run_v2_service` and `google_cloud_run_service`:
//! <https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/cloud_run_v2_service>.

use std::cell::Cell;
use std::collections::BTreeMap;

use hcl_edit::Span as _;
use hcl_edit::structure::{Block, Body};
use rayon::prelude::*;

use crate::ir::deploy::Deployment;
use crate::report::Unread;
use crate::source::{FileId, FileKind, Place, SourceFile, Sources, Span};

use super::script::join;
use value::{Scope, Value};

mod access;
mod service;
mod value;

/// Modules that call each other are followed this deep, and one is read for so many calls.
const DEEPEST: u8 = 6;
const MOST_CALLS: usize = 64;

/// Instances of services that are judged, of the whole project.
const MOST_INSTANCES: usize = 2000;

/// Calls of modules that are looked at for one folder.
const MOST_LOOKS: usize = 100;

/// What the files of one folder say together.
#[derive(Default)]
pub(super) struct Folder {
    path: String,
    files: Vec<(FileId, Body)>,
    /// Values that are read without being asked for: `terraform.tfvars`, `*.auto.tfvars`.
    values: Vec<(FileId, Body)>,
}

/// The deployments of all Terraform files together, and what could not be read.
#[must_use]
pub fn deployments(sources: &Sources) -> (Vec<Deployment>, Vec<Unread>) {
    let is_ours = |file: &SourceFile| file.kind == FileKind::Terraform && !file.test && !super::is_engine_text(&file.text);
    let files: Vec<(FileId, &SourceFile)> = sources.iter().filter(|(_, file)| is_ours(file)).collect();
    if !files.iter().any(|(_, file)| file.text.contains("google_cloud_run")) {
        return (Vec::new(), Vec::new());
    }
    let parse = |(id, file): &(FileId, &SourceFile)| (*id, hcl_edit::parser::parse_body(&file.text));
    let parsed: Vec<_> = files.par_iter().map(parse).collect();
    let (mut folders, mut failed) = (BTreeMap::<String, Folder>::new(), Vec::new());
    for ((_, file), (id, body)) in files.iter().zip(parsed) {
        let folder = folders.entry(file.directory().to_owned()).or_default();
        file.directory().clone_into(&mut folder.path);
        match body {
            Ok(body) if file.name().ends_with(".tf") => folder.files.push((id, body)),
            Ok(body) if file.name() == "terraform.tfvars" || file.name().ends_with(".auto.tfvars") => folder.values.push((id, body)),
            Ok(_) => {}
            Err(error) if file.text.contains("google_cloud_run") && file.reported => {
                let at = error.location();
                let reason = format!("{} at line {}, column {}", error.message(), at.line(), at.column());
                failed.push(Unread { path: file.path.to_string(), reason });
            }
            Err(_) => {}
        }
    }
    let mut found = Vec::new();
    for folder in folders.values() {
        let has_services = blocks_of(folder, "resource").any(|(_, block)| service::version(block).is_some());
        if has_services {
            for scope in scopes(&folders, folder, sources, DEEPEST, &Cell::new(MOST_LOOKS)) {
                service::read(&scope, &mut found);
                if found.len() > MOST_INSTANCES {
                    found.truncate(MOST_INSTANCES);
                    let path = folder.files.first().map_or(folder.path.clone(), |(id, _)| sources.get(*id).path.to_string());
                    failed.push(Unread { path, reason: format!("more than {MOST_INSTANCES} instances of services: judged in part") });
                    return (found, failed);
                }
            }
        }
    }
    (found, failed)
}

/// The blocks of a kind, with their files.
pub(super) fn blocks_of<'a>(folder: &'a Folder, kind: &'a str) -> impl Iterator<Item = (FileId, &'a Block)> {
    folder
        .files
        .iter()
        .flat_map(move |(id, body)| body.blocks().filter(move |block| block.ident.as_str() == kind).map(|block| (*id, block)))
}

/// A block's label.
pub(super) fn label(block: &Block, index: usize) -> Option<&str> {
    block.labels.get(index).map(hcl_edit::structure::BlockLabel::as_str)
}

/// A block's place.
pub(super) fn place(file: FileId, block: &Block) -> Place {
    let range = block.span().unwrap_or_default();
    Place { file, span: Span::new(range.start, range.end) }
}

/// What a folder is read with: once for each call of it as a module, or by itself.
fn scopes<'a>(
    folders: &'a BTreeMap<String, Folder>,
    folder: &'a Folder,
    sources: &'a Sources,
    depth: u8,
    left: &Cell<usize>,
) -> Vec<Scope<'a>> {
    let mut found = Vec::new();
    let mut is_called = false;
    for caller in folders.values() {
        for (file, block) in blocks_of(caller, "module") {
            let source = block.body.get_attribute("source").and_then(|source| source.value.as_str());
            if !source.is_some_and(|source| source.starts_with('.') && join(&caller.path, source) == folder.path) {
                continue;
            }
            is_called = true;
            // A module that calls itself is none that anybody can use.
            if depth == 0 || found.len() >= MOST_CALLS || left.get() == 0 || caller.path == folder.path {
                continue;
            }
            left.set(left.get() - 1);
            for scope in scopes(folders, caller, sources, depth - 1, left) {
                for scope in scope.each(file, &block.body) {
                    if found.len() >= MOST_CALLS {
                        break;
                    }
                    let given = block.body.attributes().map(|a| (a.key.as_str().to_owned(), scope.value(file, &a.value)));
                    found.push(Scope::of(folder, sources, given.collect(), label(block, 0).map(str::to_owned)));
                }
            }
        }
    }
    if !is_called {
        found.push(Scope::of(folder, sources, BTreeMap::default(), None));
    }
    found.truncate(MOST_CALLS);
    found
}

/// A value by its key.
fn entry<'a>(entries: &'a [(String, Value)], keys: &[&str]) -> Option<&'a Value> {
    keys.iter().find_map(|wanted| entries.iter().find(|(key, _)| key == wanted)).map(|(_, value)| value)
}
