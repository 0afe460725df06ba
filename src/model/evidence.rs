//! Evidence: what a deployment's code and image ask for. It is data, in `rules/evidence.toml`.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use serde::Deserialize;

use crate::ir::Known;
use crate::ir::deploy::{Container, Deployment, Setting};
use crate::ir::image::{Image, InstructionKind};
use crate::ir::program::{ExprKind, Language};
use crate::model::program::{Link, ModuleId, Program};
use crate::model::project::Project;
use crate::model::services::{Service, is_below};
use crate::source::Place;

/// What something asks for: which bar it raises.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Asks {
    /// Dataframes, arrays, images.
    Data,
    /// A headless browser, or a JVM.
    Browser,
    /// A model runtime.
    Model,
    /// Cores: processes or threads of its own, beside the one that serves.
    Cores,
}

/// Something that asks for memory or cores.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Evidence {
    /// For what.
    pub asks: Asks,
    /// The import, base image or package.
    pub name: String,
    /// What it holds, with its article: `dataframes`, `a JVM`.
    pub holds: &'static str,
    /// Where it says so.
    pub place: Place,
}

/// What a deployment runs, as far as the project shows it.
#[derive(Clone, Debug, Default)]
pub struct Workload<'a> {
    /// The services whose code it runs; none where that is not in the project.
    pub services: Vec<&'a Service>,
    /// What asks for something: the first evidence of each kind, if any.
    pub evidence: Vec<Evidence>,
}

/// A row of `rules/evidence.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    asks: Asks,
    holds: String,
    #[serde(default)]
    python: Vec<String>,
    #[serde(default)]
    npm: Vec<String>,
    #[serde(default)]
    methods: Vec<String>,
    #[serde(default)]
    images: Vec<String>,
    #[serde(default)]
    packages: Vec<String>,
    /// Not read, but every row must say where its facts are from.
    #[cfg_attr(not(test), expect(dead_code, reason = "for people; a test reads it"))]
    docs: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    library: Vec<Row>,
}

/// The rows, by what they are recognised by.
struct Table {
    rows: Vec<Row>,
    python: FxHashMap<String, usize>,
    npm: FxHashMap<String, usize>,
    methods: FxHashMap<String, usize>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let file: File = toml::from_str(include_str!("../../rules/evidence.toml")).expect("the embedded table of evidence is valid");
    let by = |names: fn(&Row) -> &Vec<String>| {
        let pairs = file.library.iter().enumerate().flat_map(|(index, row)| names(row).iter().map(move |name| (name.clone(), index)));
        pairs.collect::<FxHashMap<_, _>>()
    };
    let (python, npm, methods) = (by(|row| &row.python), by(|row| &row.npm), by(|row| &row.methods));
    Table { rows: file.library, python, npm, methods }
});

/// What a deployment runs and asks for.
#[must_use]
pub fn workload<'a>(project: &'a Project, deployment: &Deployment) -> Workload<'a> {
    // Several may stand in one place, as instances of a resource.
    let is_this = |index: &usize| project.deployments.get(*index).is_some_and(|d| std::ptr::eq(d, deployment));
    let services: Vec<&Service> = project.services.iter().filter(|service| service.deployments.iter().any(is_this)).collect();
    let mut found = Vec::new();
    // A job, or a command of its own, starts something else than the app: any module may be what it runs.
    let own_entry = deployment.is_job || deployment.containers.first().is_some_and(|c| !c.command.is_empty());
    for service in &services {
        of_modules(&project.program, if own_entry { &service.modules } else { &service.code }, &mut found);
    }
    if services.is_empty() {
        images_beside(project, deployment).for_each(|image| of_image(image, &mut found));
    }
    for image in services.iter().filter_map(|service| project.images.get(service.image?)) {
        of_image(image, &mut found);
    }
    if let Some(image) = deployment.containers.first().and_then(|c| c.image.as_ref()) {
        of_reference(&image.written, image.place, &mut found);
    }
    for variable in deployment.containers.first().into_iter().flat_map(|container| &container.env) {
        let is_of_java = ["SPRING_", "JAVA_", "JVM_", "JDK_"].iter().any(|start| variable.name.written.starts_with(start));
        if is_of_java {
            found.push(Evidence { asks: Asks::Browser, name: variable.name.written.clone(), holds: "a JVM", place: variable.name.place });
        }
    }
    // The first by path and place speaks for its kind, whatever order the modules were linked in.
    found.sort_by_key(|evidence| (evidence.asks, evidence.place));
    found.dedup_by_key(|evidence| evidence.asks);
    Workload { services, evidence: found }
}

/// How many deployments are looked at that share a value.
const MOST_SHARING: usize = 50;

/// The other deployments whose setting is written in the same place as that of one: by a variable that several use, by an anchor.
pub fn sharing<'a>(
    project: &'a Project,
    deployment: &'a Deployment,
    setting: fn(&Container) -> Option<&Setting<u64>>,
) -> impl Iterator<Item = (&'a Deployment, &'a Container)> {
    let place = deployment.containers.first().and_then(setting).map(|setting| setting.place);
    let all = project.deployments.iter().filter(move |other| !std::ptr::eq(*other, deployment));
    let first = all.filter_map(|other| Some((other, other.containers.first()?)));
    first.filter(move |(_, container)| place.is_some() && setting(container).map(|setting| setting.place) == place).take(MOST_SHARING)
}

/// What the imports of some modules ask for. Test code asks for nothing.
fn of_modules(program: &Program, modules: &[ModuleId], found: &mut Vec<Evidence>) {
    for id in modules {
        let module = program.module(*id);
        if program.sources.get(module.file).test {
            continue;
        }
        for (import, link) in module.imports.iter().zip(&program.links[id.0 as usize]) {
            let listed = match (link, module.language) {
                (Link::Library(path), Language::Python) => library(path),
                (Link::Library(_), Language::TypeScript) => npm_package(&import.module),
                _ => None,
            };
            if let Some((name, index)) = listed {
                found.push(evidence(index, name, Place { file: module.file, span: import.span }));
            }
        }
        for expr in &module.exprs {
            if let ExprKind::Attribute { name, name_span, .. } = &expr.kind
                && let Some(index) = TABLE.methods.get(name.as_str())
            {
                found.push(evidence(*index, name, Place { file: module.file, span: *name_span }));
            }
        }
    }
}

fn evidence(row: usize, name: &str, place: Place) -> Evidence {
    let row = &TABLE.rows[row];
    Evidence { asks: row.asks, name: name.to_owned(), holds: &row.holds, place }
}

/// The listed module that a dotted module is, or lies in.
fn library(module: &str) -> Option<(&str, usize)> {
    let ends = module.match_indices('.').map(|(at, _)| at).chain([module.len()]);
    ends.map(|end| &module[..end]).find_map(|name| TABLE.python.get(name).map(|index| (name, *index)))
}

/// The listed package that a module of npm is, or lies in.
fn npm_package(module: &str) -> Option<(&str, usize)> {
    let ends = module.match_indices('/').map(|(at, _)| at).chain([module.len()]);
    ends.map(|end| &module[..end]).find_map(|name| TABLE.npm.get(name).map(|index| (name, *index)))
}

/// The images that a deployment without code in the project is likely built from: those whose Dockerfile lies in its
/// directory or above, or in a directory that is named as the service or its image.
pub fn images_beside<'a>(project: &'a Project, deployment: &'a Deployment) -> impl Iterator<Item = &'a Image> {
    let here = project.program.sources.get(deployment.file).directory();
    let image = deployment.containers.first().and_then(|c| c.image.as_ref()).map(|image| repository(&image.written));
    let names = [deployment.name.as_ref().map(|name| name.written.as_str()), image.map(last_part)];
    project.images.iter().filter(move |image| {
        let directory = project.program.sources.get(image.file).directory();
        is_below(here, directory) || names.contains(&Some(last_part(directory)))
    })
}

/// What the base images and packages of a Dockerfile's last stage ask for.
fn of_image(image: &Image, found: &mut Vec<Evidence>) {
    let Some(last) = image.last_stage() else { return };
    for stage in image.lineage(last) {
        if let (None, Known::Yes(base)) = (stage.parent, &stage.resolved) {
            of_reference(base, Place { file: image.file, span: stage.base.span }, found);
        }
        for instruction in &stage.instructions {
            match &instruction.kind {
                // A runtime may also be copied out of its image.
                InstructionKind::Copy(copy) => {
                    if let Some(from) = &copy.from {
                        of_reference(&from.value, Place { file: image.file, span: from.span }, found);
                    }
                }
                InstructionKind::Run(command) => {
                    let words = command.texts().flat_map(|text| text.value.split(|c: char| c.is_whitespace() || c == ';'));
                    for (name, index) in words.filter_map(|word| package(word).map(|index| (word, index))) {
                        found.push(evidence(index, name, Place { file: image.file, span: instruction.span }));
                    }
                }
                _ => {}
            }
        }
    }
}

fn of_reference(reference: &str, place: Place, found: &mut Vec<Evidence>) {
    let repository = repository(reference);
    let is_listed = |name: &String| repository.strip_suffix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'));
    if let Some(index) = TABLE.rows.iter().position(|row| row.images.iter().any(is_listed)) {
        found.push(evidence(index, repository, place));
    }
}

/// The row of a system package; a version behind `=` does not matter.
fn package(word: &str) -> Option<usize> {
    let name = word.split('=').next().unwrap_or_default();
    let is = |listed: &String| listed.strip_suffix('*').map_or(name == listed, |start| name.starts_with(start));
    TABLE.rows.iter().position(|row| row.packages.iter().any(is))
}

/// An image reference without tag and digest.
fn repository(reference: &str) -> &str {
    let reference = reference.split('@').next().unwrap_or_default();
    match reference.rsplit_once(':') {
        // A colon before a slash is a registry's port.
        Some((name, tag)) if !tag.contains('/') => name,
        _ => reference,
    }
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rustc_hash::FxHashSet;

    use super::*;

    #[test]
    fn every_row_is_recognised_by_something_and_documented() {
        let mut seen = FxHashSet::default();
        for row in &TABLE.rows {
            assert!(row.docs.starts_with("http"), "{row:?}");
            let names = [&row.python, &row.npm, &row.methods, &row.images, &row.packages];
            assert!(names.iter().any(|list| !list.is_empty()), "{row:?}");
            for (kind, name) in names.iter().enumerate().flat_map(|(kind, list)| list.iter().map(move |name| (kind, name))) {
                assert!(seen.insert((kind, name)), "{name} is there twice");
            }
        }
    }

    #[test]
    fn modules_are_recognised_by_their_dotted_start() {
        let class = |module: &str| library(module).map(|(name, index)| (name.to_owned(), TABLE.rows[index].asks));
        let cases = [
            ("pandas", Some(("pandas", Asks::Data))),
            ("pandas.io.sql", Some(("pandas", Asks::Data))),
            ("PIL.Image", Some(("PIL", Asks::Data))),
            ("torch.nn", Some(("torch", Asks::Model))),
            ("playwright.async_api", Some(("playwright", Asks::Browser))),
            ("pyspark.sql", Some(("pyspark", Asks::Browser))),
            ("snowflake.snowpark.functions", Some(("snowflake.snowpark", Asks::Data))),
            ("snowflake.connector", None),
            ("pandas_free", None),
            ("app.pandas", None),
            (".pandas", None),
            ("..torch", None),
            ("openai", None),
            ("", None),
        ];
        for (module, expected) in cases {
            assert_eq!(class(module), expected.map(|(name, class)| (name.to_owned(), class)), "{module}");
        }
    }

    #[test]
    fn references_lose_tag_and_digest() {
        let cases = [
            ("eclipse-temurin:21-jre", "eclipse-temurin"),
            ("localhost:5000/a/b", "localhost:5000/a/b"),
            ("localhost:5000/a/b:1@sha256:00", "localhost:5000/a/b"),
            ("", ""),
        ];
        for (reference, expected) in cases {
            assert_eq!(repository(reference), expected);
        }
        assert!(package("openjdk-17-jre-headless=17.0.1").is_some() && package("openjdk").is_none() && package("curl").is_none());
    }
}
