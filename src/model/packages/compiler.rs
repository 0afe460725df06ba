//! What compilers are told about module paths.

use std::collections::VecDeque;

use serde_json::Value;

use super::Files;
use crate::lower::compiler::{candidates, extended, joined, read};
use crate::model::program::ModuleId;
use crate::source::{SourceFile, Sources};

/// How many files one `tsconfig.json` may be built from, and refer to.
const MOST: usize = 32;

/// `paths` and `baseUrl` of a `tsconfig.json`.
#[derive(Clone, Debug, Default)]
pub(super) struct Compiler {
    base: Option<String>,
    /// Patterns and the paths (relative to the project) that they stand for.
    paths: Vec<(String, Vec<String>)>,
}

/// Tells the directory of a package of the project.
type Home<'a> = dyn Fn(&str) -> Option<String> + 'a;

impl Compiler {
    /// What a file says, or else one of those that it refers to: what a solution refers to compiles what lies beside it.
    pub(super) fn read(sources: &Sources, path: &str, home: &Home<'_>) -> Option<Self> {
        let mut todo = VecDeque::from([path.to_owned()]);
        for _ in 0..MOST {
            let file = sources.get(sources.find(&todo.pop_front()?)?);
            let Some(config) = read(&file.text) else { continue };
            let compiler = Self::told(sources, file, &config, home);
            if compiler.base.is_some() || !compiler.paths.is_empty() {
                return Some(compiler);
            }
            let references = config.get("references").and_then(Value::as_array).into_iter().flatten();
            let references = references.filter_map(|reference| reference.get("path")?.as_str());
            todo.extend(references.filter_map(|path| find(sources, &candidates(file.directory(), &format!("./{path}"), home))));
        }
        None
    }

    /// What a file says, with what it extends.
    fn told(sources: &Sources, first: &SourceFile, config: &Value, home: &Home<'_>) -> Self {
        // The directory of the file that extends all others.
        let top = first.directory();
        let at = |directory: &str, path: &str| match path.strip_prefix("${configDir}") {
            Some(below) => joined(top, below),
            None => joined(directory, path),
        };
        let (mut base, mut paths) = (None, None);
        let mut todo = vec![(first.directory().to_owned(), config.clone())];
        for _ in 0..MOST {
            let Some((directory, config)) = todo.pop() else { break };
            let option = |name: &str| config.get("compilerOptions")?.get(name);
            base = base.or_else(|| at(&directory, option("baseUrl")?.as_str()?));
            paths = paths.or_else(|| Some((directory.clone(), option("paths")?.as_object()?.clone())));
            for path in extended(&config) {
                let file = find(sources, &candidates(&directory, path, home)).and_then(|path| sources.find(&path));
                let file = file.map(|file| sources.get(file));
                todo.extend(file.and_then(|file| Some((file.directory().to_owned(), read(&file.text)?))));
            }
        }
        let (directory, paths) = paths.unwrap_or_default();
        let root = base.as_deref().unwrap_or(&directory);
        let place = |target: &Value| at(root, target.as_str()?);
        let places = |targets: &Value| targets.as_array().into_iter().flatten().filter_map(place).collect();
        let paths = paths.iter().map(|(pattern, targets)| (pattern.clone(), places(targets))).collect();
        Self { base, paths }
    }

    /// Where a path leads.
    pub(super) fn find(&self, files: &Files, path: &str) -> Option<ModuleId> {
        // The pattern with the longest beginning wins.
        let mut best: Option<(usize, &str, &[String])> = None;
        for (pattern, targets) in &self.paths {
            let middle = match pattern.split_once('*') {
                Some((before, after)) => {
                    path.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)).map(|middle| (before.len(), middle))
                }
                None => (pattern == path).then_some((usize::MAX, "")),
            };
            if let Some((length, middle)) = middle
                && best.is_none_or(|(longest, ..)| length > longest)
            {
                best = Some((length, middle, targets));
            }
        }
        let by_pattern = best.and_then(|(_, middle, targets)| targets.iter().find_map(|target| files.at(&target.replacen('*', middle, 1))));
        by_pattern.or_else(|| files.at(&joined(self.base.as_ref()?, path)?))
    }
}

/// The first of these files that there is.
fn find(sources: &Sources, candidates: &[String]) -> Option<String> {
    candidates.iter().find(|path| sources.find(path).is_some()).cloned()
}
