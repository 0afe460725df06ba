//! What is said of a package beside its code: by its manifest, and by the image that starts it.

use serde_json::Value;

use super::{NEAR_PAGES, PAGES, SERVERS};
use crate::ir::image::{Command, Image, InstructionKind};
use crate::model::by_hand::RUNNERS;
use crate::model::program::Program;

/// First words of names of scripts that start what stays, and is not a server for whoever develops.
const STARTS: [&str; 7] = ["cron", "prod", "production", "serve", "server", "start", "worker"];

/// Packages that make of code what a browser loads, or a shell around a browser.
const BUNDLERS: [&str; 10] =
    ["@angular/cli", "browserify", "electron", "laravel-mix", "microbundle", "parcel", "react-scripts", "rollup", "vite", "webpack"];

/// Where a manifest lists what a package needs when it runs.
const NEEDED: [&str; 2] = ["dependencies", "peerDependencies"];

/// Where it lists anything.
const LISTED: [&str; 3] = ["dependencies", "peerDependencies", "devDependencies"];

/// Whether a package is made to be shown in browsers, or to be loaded by what is.
pub(super) fn is_for_browsers(manifest: &Value) -> bool {
    ["browser", "unpkg", "jsdelivr"].iter().any(|key| manifest.get(key).is_some())
        || lists_one(manifest, &NEEDED, &PAGES)
        || lists_one(manifest, &NEEDED, &NEAR_PAGES)
}

/// Whether a package needs what only servers do.
pub(super) fn is_for_servers(manifest: &Value) -> bool {
    lists_one(manifest, &NEEDED, &SERVERS)
}

/// Whether anything says that a package may be loaded by a browser: less than what says that it is.
pub(super) fn may_be_for_browsers(manifest: &Value) -> bool {
    is_for_browsers(manifest)
        || manifest.get("browserslist").is_some()
        || [&PAGES[..], &NEAR_PAGES, &BUNDLERS].iter().any(|names| lists_one(manifest, &LISTED, names))
}

/// Whether a manifest says that Node runs its package: as a command, by a script, by its types.
pub(super) fn is_for_node(manifest: &Value) -> bool {
    let starts = |(name, line): (&String, &Value)| {
        name.split([':', '-', '_', '.']).next().is_some_and(|word| STARTS.contains(&word)) && line.as_str().is_some_and(runs_file)
    };
    manifest.get("bin").is_some()
        || manifest.get("engines").is_some_and(|engines| engines.get("node").is_some())
        || lists_one(manifest, &LISTED, &["@types/node"])
        || manifest.get("scripts").and_then(Value::as_object).is_some_and(|scripts| scripts.iter().any(starts))
}

/// Whether an image that is made in a directory starts a program of Node.
pub(super) fn is_started_by_image(program: &Program, images: &[Image], directory: &str) -> bool {
    let starts = |image: &Image| {
        let lineage = image.last_stage().into_iter().flat_map(|stage| image.lineage(stage));
        lineage.flat_map(|stage| &stage.instructions).any(|instruction| match &instruction.kind {
            InstructionKind::Cmd(command) | InstructionKind::Entrypoint(command) => {
                let words: Vec<&str> = command_words(command).collect();
                runs_file(&words.join(" "))
            }
            _ => false,
        })
    };
    images.iter().any(|image| program.sources.get(image.file).directory() == directory && starts(image))
}

fn command_words(command: &Command) -> impl Iterator<Item = &str> {
    command.texts().map(|text| text.value.as_str())
}

/// Whether a line of a shell runs a file of JavaScript by Node or the like.
fn runs_file(line: &str) -> bool {
    line.split(['&', '|', ';']).any(|command| {
        let mut words = command.split_whitespace().skip_while(|word| !RUNNERS.contains(word));
        words.next().is_some() && words.any(|word| !word.starts_with('-') && word != "run")
    })
}

fn lists_one(manifest: &Value, lists: &[&str], names: &[&str]) -> bool {
    lists.iter().any(|list| {
        let packages = manifest.get(list).and_then(Value::as_object);
        packages.is_some_and(|packages| names.iter().any(|name| packages.contains_key(*name)))
    })
}
