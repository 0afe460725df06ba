//! Manifests of Kubernetes: what they ask of the containers of the project's own images.
//!
//! Most manifests are templates, which no YAML reader takes: the text of those is searched. Where the reader takes one, a
//! security context counts for its own containers only: that of a proxy beside the service says nothing of the service.

use rustc_hash::FxHashSet;

use crate::ir::image::Image;
use crate::lower::yaml::{self, NodeId, NodeKind, Stream};
use crate::model::images::{self, Reference};
use crate::model::project::Project;
use crate::model::services::is_below;
use crate::source::{FileKind, Place, SourceFile, Sources, Span, at_or_above};

const NON_ROOT: &str = "runAsNonRoot";
const USER: &str = "runAsUser";

/// Where a manifest has the containers of an image run as somebody else than root: `runAsNonRoot: true`, or a `runAsUser`
/// that is not 0. A manifest speaks of the Dockerfiles below the closest folder around it that holds any, unless the name of
/// the container's image says of which.
#[must_use]
pub fn other_user(project: &Project, image: &Image) -> Option<Place> {
    let sources = &project.program.sources;
    let manifests = sources.iter().filter(|(_, file)| file.kind == FileKind::Yaml && !file.test);
    let asking = manifests.filter(|(_, file)| file.text.contains(NON_ROOT) || file.text.contains(USER));
    asking.into_iter().find_map(|(id, manifest)| {
        let span = is_around(project, manifest, image).then(|| demand(project, manifest, image))??;
        Some(Place { file: id, span })
    })
}

/// Whether an image is below the closest folder around a manifest that holds any.
fn is_around(project: &Project, manifest: &SourceFile, image: &Image) -> bool {
    let directory = |image: &Image| project.program.sources.get(image.file).directory();
    let holds_any = |folder: &&str| project.images.iter().any(|image| is_below(directory(image), folder));
    at_or_above(manifest.directory()).find(holds_any).is_some_and(|folder| is_below(directory(image), folder))
}

fn demand(project: &Project, manifest: &SourceFile, image: &Image) -> Option<Span> {
    let stream = yaml::parse(&manifest.text);
    if stream.error.is_some() {
        return in_text(&manifest.text);
    }
    let mut scanned = 0;
    // Contexts that are those of containers, and are asked through these.
    let mut of_pods = FxHashSet::default();
    for mapping in mappings(&stream) {
        for key in ["containers", "initContainers", "ephemeralContainers"] {
            let Some(containers) = stream.get(mapping, key, &mut scanned) else { continue };
            let pod = stream.get(mapping, "securityContext", &mut scanned).map(|pair| stream.resolve(pair.value));
            of_pods.extend(pod);
            for container in stream.items(containers.value) {
                let own = stream.get(*container, "securityContext", &mut scanned).map(|pair| stream.resolve(pair.value));
                of_pods.extend(own);
                let name = stream.get(*container, "image", &mut scanned).and_then(|pair| stream.scalar(pair.value));
                let ours = key == "containers" && name.is_none_or(|name| may_be(project, image, name));
                let contexts: Vec<NodeId> = own.into_iter().chain(pod).collect();
                if let Some(span) = asks(&stream, &contexts).filter(|_| ours) {
                    return Some(span);
                }
            }
        }
    }
    // Values of a chart, and the like.
    mappings(&stream).filter(|mapping| !of_pods.contains(mapping)).find_map(|mapping| asks(&stream, &[mapping]))
}

fn mappings(stream: &Stream) -> impl Iterator<Item = NodeId> {
    stream.ids().filter(|id| matches!(stream.node(*id).kind, NodeKind::Mapping { .. }))
}

/// What security contexts ask, where they ask for somebody else than root; the first that sets a key decides it.
fn asks(stream: &Stream, contexts: &[NodeId]) -> Option<Span> {
    let set = |key: &str, fits: fn(&str) -> bool| {
        let find = |context: &NodeId| stream.pairs(*context).iter().find(|pair| stream.scalar(pair.key) == Some(key));
        let pair = contexts.iter().find_map(find)?;
        stream.scalar(pair.value).is_some_and(fits).then(|| stream.node(pair.key).span)
    };
    set(NON_ROOT, is_true).or_else(|| set(USER, is_somebody))
}

fn is_true(value: &str) -> bool {
    value.eq_ignore_ascii_case("true")
}

fn is_somebody(value: &str) -> bool {
    value.parse().is_ok_and(|id: u64| id > 0)
}

/// The same in a text, whatever it is about.
fn in_text(text: &str) -> Option<Span> {
    let find = |key: &str, fits: fn(&str) -> bool| {
        text.match_indices(key).find_map(|(at, _)| {
            let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
            let value = text[at + key.len()..].trim_start_matches(['"', '\'']).trim_start_matches([' ', '\t']).strip_prefix(':')?;
            let value = value.trim_start_matches([' ', '\t', '"', '\'']);
            let value = &value[..value.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(value.len())];
            (!text[line..at].contains('#') && fits(value)).then(|| Span::new(at, at + key.len()))
        })
    };
    find(NON_ROOT, is_true).or_else(|| find(USER, is_somebody))
}

/// Whether a container's image may be the one that a Dockerfile makes: it is neither somebody else's nor named after
/// another Dockerfile.
fn may_be(project: &Project, image: &Image, name: &str) -> bool {
    let reference = Reference::parse(name);
    let facts = images::facts(&reference);
    if facts.user.is_some() || facts.steps_down {
        return false;
    }
    let last = normal(reference.repository.rsplit('/').next().unwrap_or_default());
    let named_after = |image: &Image| names(project.program.sources.get(image.file)).any(|name| name == last);
    named_after(image) || !project.images.iter().any(named_after)
}

/// What an image may be called after: the folders of its Dockerfile, and what else is in the file's name.
fn names(dockerfile: &SourceFile) -> impl Iterator<Item = String> {
    dockerfile.directory().split('/').chain(dockerfile.name().split('.')).map(normal)
}

/// Whether a manifest runs containers of an image by the name that its Dockerfile or the folder of that gives it.
#[must_use]
pub fn runs(sources: &Sources, image: &Image) -> bool {
    let dockerfile = sources.get(image.file);
    let folder = dockerfile.directory().rsplit('/').next().unwrap_or_default();
    let names: Vec<String> = dockerfile.name().split('.').chain([folder]).map(normal).collect();
    let named = |line: &str| {
        let Some(name) = line.trim_start_matches([' ', '-']).strip_prefix("image:") else { return false };
        let reference = Reference::parse(name.trim().trim_matches(['"', '\'']));
        // One without a registry or an owner is an official one.
        reference.repository.rsplit_once('/').is_some_and(|(_, last)| !last.is_empty() && names.contains(&normal(last)))
    };
    let manifests = sources.iter().filter(|(_, file)| file.kind == FileKind::Yaml && !file.test);
    manifests.into_iter().any(|(_, file)| file.text.contains("image:") && file.text.lines().any(named))
}

fn normal(name: &str) -> String {
    name.replace('_', "-").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_templates() {
        for (text, asks) in [
            ("a: {{ x }}\nrunAsNonRoot: true\n", true),
            ("{{- if x }}\n  \"runAsUser\" : 1000\n{{- end }}\n", true),
            ("runAsUser: 0\nrunAsNonRoot: false\n", false),
            ("# runAsNonRoot: true\n", false),
            ("runAsUser: {{ .Values.uid }}\n", false),
            ("runAsNonRoot", false),
        ] {
            assert_eq!(in_text(text).is_some(), asks, "{text}");
        }
    }
}
