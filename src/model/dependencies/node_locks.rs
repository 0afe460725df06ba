//! Lock files of JavaScript projects: npm's, Yarn's, pnpm's.

use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde_json::Value;

use super::node::descriptor;
use super::said::{Packages, Said, allow, folder};
use super::versions::{Version, Versions};
use crate::lower::yaml::{self, NodeId, Stream};

fn put(packages: &mut Packages, name: &str, version: &str) {
    if let Some(version) = Version::parse(version) {
        allow(packages, name, Versions::exact(version));
    }
}

#[derive(Deserialize)]
struct PackageLock {
    /// Since npm 7, by folder.
    #[serde(default)]
    packages: FxHashMap<String, Package>,
    /// Before, by name.
    #[serde(default)]
    dependencies: FxHashMap<String, Package>,
}

/// What is installed somewhere. Of all else in it, nothing is kept.
#[derive(Deserialize)]
struct Package {
    name: Option<Value>,
    version: Option<Value>,
}

/// `package-lock.json` and `npm-shrinkwrap.json`.
pub fn npm(text: &str) -> Result<Said, String> {
    const MODULES: &str = "node_modules/";
    let lock: PackageLock = super::json(text)?;
    let mut said = Said::default();
    let version = |package: &Package| package.version.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
    for (path, package) in &lock.packages {
        match path.rsplit_once(MODULES) {
            // What packages have for themselves, the project does not see.
            Some((above, _)) if above.contains(MODULES) => {}
            Some((above, name)) => {
                let is_other = package.name.as_ref().is_some_and(|own| own.as_str() != Some(name));
                let packages = said.folders.entry(folder(above)).or_default();
                if !is_other {
                    put(packages, name, &version(package));
                }
            }
            None => _ = said.folders.entry(folder(path)).or_default(),
        }
    }
    if lock.packages.is_empty() {
        lock.dependencies.iter().for_each(|(name, package)| put(said.own(), name, &version(package)));
    }
    Ok(said)
}

/// `yarn.lock`, of either kind.
pub fn yarn(text: &str) -> Result<Said, String> {
    if text.contains("__metadata:") { berry(text) } else { classic(text) }
}

/// Yarn 1 has a notation of its own: descriptors at the margin, and what they lead to indented below.
fn classic(text: &str) -> Result<Said, String> {
    let mut said = Said::default();
    let mut names: Vec<String> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if !line.starts_with(' ') {
            let Some(descriptors) = line.trim_end().strip_suffix(':') else {
                return Err(format!("no descriptor at line {}", index + 1));
            };
            names = descriptors.split(',').filter_map(|text| name(text.trim().trim_matches('"'))).map(str::to_owned).collect();
        } else if let Some(version) = line.strip_prefix("  version ") {
            names.drain(..).for_each(|name| put(said.own(), &name, version.trim().trim_matches('"')));
        }
    }
    said.own();
    Ok(said)
}

/// The package of a descriptor, if it bears its own name.
fn name(text: &str) -> Option<&str> {
    let (name, wanted) = descriptor(text)?;
    let other = wanted.strip_prefix("npm:").and_then(descriptor);
    other.is_none_or(|(other, _)| other == name).then_some(name)
}

/// Yarn from 2 on writes YAML.
fn berry(text: &str) -> Result<Said, String> {
    let stream = read(text)?;
    let mut said = Said::default();
    said.own();
    for pair in stream.documents.first().map_or(&[][..], |document| stream.pairs(document.root)) {
        let Some(descriptors) = stream.scalar(pair.key) else { continue };
        let version = value(&stream, pair.value, "version").unwrap_or_default();
        for text in descriptors.split(',').map(str::trim) {
            match descriptor(text) {
                Some((_, wanted)) if wanted.starts_with("workspace:") => {
                    let member = wanted.trim_start_matches("workspace:");
                    // Ranges stand beside the folder: `a@workspace:*, a@workspace:packages/a`.
                    if !member.starts_with(['*', '^', '~']) {
                        said.folders.entry(folder(member)).or_default();
                    }
                }
                _ => name(text).into_iter().for_each(|name| put(said.own(), name, version)),
            }
        }
    }
    Ok(said)
}

/// `pnpm-lock.yaml`: what each importer has. What packages have among themselves is behind it, is most of the file, and is
/// not looked at.
pub fn pnpm(text: &str) -> Result<Said, String> {
    let is_one_document = !text.contains("\n---");
    let end = text.find("\npackages:").filter(|_| is_one_document).map_or(text.len(), |end| end + 1);
    let stream = read(&text[..end])?;
    let mut said = Said::default();
    let Some(root) = stream.documents.last().map(|document| document.root) else { return Ok(said) };
    importer(&stream, root, said.own());
    for pair in pairs(&stream, root, "importers") {
        if let Some(path) = stream.scalar(pair.key) {
            importer(&stream, pair.value, said.folders.entry(folder(path)).or_default());
        }
    }
    Ok(said)
}

fn importer(stream: &Stream, id: NodeId, packages: &mut Packages) {
    for key in ["dependencies", "optionalDependencies", "devDependencies"] {
        for pair in pairs(stream, id, key) {
            let Some(name) = stream.scalar(pair.key) else { continue };
            // `3.1.2`, `3.1.2_peer@1.0.0`, `3.1.2(peer@1.0.0)`; since version 6 beside the specifier.
            let version = stream.scalar(pair.value).or_else(|| value(stream, pair.value, "version")).unwrap_or_default();
            put(packages, name, version.split(['(', '_']).next().unwrap_or_default());
        }
    }
}

fn read(text: &str) -> Result<Stream, String> {
    let stream = yaml::parse(text);
    match &stream.error {
        Some((span, why)) => {
            let line = text.get(..span.start as usize).unwrap_or(text).matches('\n').count() + 1;
            Err(format!("{why} at line {line}"))
        }
        None => Ok(stream),
    }
}

fn value<'s>(stream: &'s Stream, mapping: NodeId, key: &str) -> Option<&'s str> {
    stream.scalar(stream.get(mapping, key, &mut 0)?.value)
}

fn pairs<'s>(stream: &'s Stream, mapping: NodeId, key: &str) -> &'s [yaml::Pair] {
    stream.get(mapping, key, &mut 0).map_or(&[], |pair| stream.pairs(pair.value))
}
