//! Cloud Build's configuration: <https://cloud.google.com/build/docs/build-config-file-schema>.

use crate::ir::deploy::Deployment;
use crate::lower::yaml::{NodeId, Stream};
use crate::source::FileId;

use super::reader::Reader;
use super::script::Invocation;
use super::shell::Found;
use super::traced::Traced;
use super::variables::{Syntax, Variables};

/// The deployments of a file in a folder.
pub(super) fn deployments(file: FileId, folder: &str, text: &str, stream: &Stream) -> Vec<Deployment> {
    let mut reader = Reader::new(file, stream, text);
    let mut found = Found::default();
    for document in &stream.documents {
        let mut substitutions = Variables::default();
        for (name, value) in reader.entries(document.root, &["substitutions"]) {
            if let Some(value) = reader.traced(value) {
                substitutions.set(name, value);
            }
        }
        for step in reader.items(document.root, &["steps"]) {
            read(&mut reader, *step, &substitutions, &mut found);
        }
    }
    found.finish(folder)
}

fn read(reader: &mut Reader<'_>, step: NodeId, substitutions: &Variables, found: &mut Found) {
    let folder = reader.scalar(step, &["dir"]).unwrap_or_default().to_owned();
    // Variables of the step, which its scripts see.
    let mut given = substitutions.clone();
    for item in reader.items(step, &["env"]) {
        if let Some((name, value)) = reader.traced(*item).and_then(|pair| pair.split_once("=")) {
            given.set(name.text(), substitutions.fill(&value, Syntax::CloudBuild));
        }
    }
    if let Some(script) = reader.at(step, &["script"]).and_then(|node| reader.traced(node)) {
        found.add(&substitutions.fill(&script, Syntax::CloudBuild), &given, &folder);
        return;
    }
    let builder = reader.scalar(step, &["name"]).unwrap_or_default();
    let entry =
        reader.scalar(step, &["entrypoint"]).map_or_else(|| entry_of(builder), |entry| entry.rsplit('/').next().unwrap_or_default());
    let items = reader.items(step, &["args"]);
    let words: Vec<_> =
        items.iter().filter_map(|item| reader.traced(*item)).map(|word| substitutions.fill(&word, Syntax::CloudBuild)).collect();
    let (Some(first), Some(node)) = (words.first(), reader.at(step, &["args"])) else { return };
    let program = Traced::written_by_nobody(entry, first);
    let whole = Traced::standing_at(reader.file(), reader.span(node));
    found.add_invocation(&Invocation { words: std::iter::once(program).chain(words).collect(), whole, folder }, &given);
}

/// The program that a builder starts, where the step does not say.
fn entry_of(builder: &str) -> &'static str {
    let name = builder.split('@').next().unwrap_or_default();
    let name = name.rsplit('/').next().unwrap_or_default().split(':').next().unwrap_or_default();
    match name {
        "gcloud" | "gcloud-slim" => "gcloud",
        "docker" => "docker",
        _ => "",
    }
}
