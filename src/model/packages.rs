//! Where imports of TypeScript lead: relative paths, the paths of `tsconfig.json`, packages of the same workspace.

use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;
use serde_json::Value;
use ustr::Ustr;

use crate::ir::program::{Import, Imported, Module};
use crate::lower::compiler::{joined, package_of};
use crate::model::apis::JAVASCRIPT;
use crate::model::program::{Link, ModuleId, Program};
use crate::source::{SourceFile, at_or_above};

mod compiler;

use compiler::Compiler;

/// Endings of module files, in the order in which they are looked for.
pub const EXTENSIONS: [&str; 8] = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"];

/// Directories that hold what is built from `src`.
pub const BUILT: [&str; 8] = ["dist", "lib", "build", "out", "es", "esm", "cjs", "output"];

/// What the manifests of a project say about module paths.
#[derive(Debug, Default)]
pub struct Packages {
    /// Packages of the project by name; of two with one name nobody knows which is meant.
    by_name: FxHashMap<String, Option<Package>>,
    /// `imports` of the packages, by directory.
    imports: FxHashMap<String, Value>,
    /// What compilers are told, by directory.
    compilers: FxHashMap<String, Compiler>,
    files: Files,
}

/// Modules of TypeScript by their paths.
#[derive(Debug, Default)]
struct Files {
    whole: FxHashMap<String, ModuleId>,
    /// By their paths without ending: of several, the one whose ending is looked for first.
    stems: FxHashMap<String, ModuleId>,
}

/// A package of the project.
#[derive(Clone, Debug)]
struct Package {
    directory: String,
    manifest: Arc<Value>,
    /// What its name alone leads to, once somebody asked.
    entry: OnceLock<Option<ModuleId>>,
}

impl Packages {
    /// Reads them.
    #[must_use]
    pub fn read(program: &Program) -> Self {
        let sources = &program.sources;
        let mut packages = Self { files: Files::of(program), ..Self::default() };
        for (directory, manifest) in program.package_manifests.iter() {
            if let Some(imports) = manifest.get("imports") {
                packages.imports.insert(directory.to_owned(), imports.clone());
            }
            let Some(name) = manifest.get("name").and_then(Value::as_str).map(str::to_owned) else { continue };
            let package = Package { directory: directory.to_owned(), manifest: Arc::clone(manifest), entry: OnceLock::new() };
            packages.by_name.entry(name).and_modify(|known| *known = None).or_insert(Some(package));
        }
        let home = |name: &str| Some(packages.by_name.get(name)?.as_ref()?.directory.clone());
        let named = sources.iter().filter(|(_, file)| matches!(file.name(), "tsconfig.json" | "jsconfig.json"));
        let compiler = |file: &SourceFile| Some((file.directory().to_owned(), Compiler::read(sources, &file.path, &home)?));
        packages.compilers = named.filter_map(|(_, file)| compiler(file)).collect();
        packages
    }

    /// Where an import leads.
    #[must_use]
    pub fn link(&self, program: &Program, module: &Module, import: &Import) -> Link {
        let unknown = Link::Library(Ustr::from("?"));
        match (self.find(program, module, &import.module), import.what) {
            (Found::Module(id), Imported::Name(name)) => Link::Symbol(id, name),
            (Found::Module(id), _) => Link::Module(id),
            (Found::Nothing, _) => unknown,
            (Found::Library, what) => {
                let package = import.module.strip_prefix("node:").unwrap_or(&import.module);
                let path = match what {
                    Imported::Name(name) if name != "default" => format!("{JAVASCRIPT}{package}.{name}"),
                    _ => format!("{JAVASCRIPT}{package}"),
                };
                Link::Library(program.apis.canonical(Ustr::from(&path)))
            }
        }
    }

    fn find(&self, program: &Program, module: &Module, path: &str) -> Found {
        let directory = program.sources.get(module.file).directory();
        let at = |base: String| self.files.at(&base);
        let found = |id: Option<ModuleId>| id.map_or(Found::Nothing, Found::Module);
        if path.starts_with('.') {
            return found(joined(directory, path).and_then(at));
        }
        if path.starts_with("node:") || path.starts_with('/') {
            return Found::Library;
        }
        if let Some(compiler) = at_or_above(directory).find_map(|dir| self.compilers.get(dir))
            && let Some(id) = compiler.find(&self.files, path)
        {
            return Found::Module(id);
        }
        if path.starts_with('#') {
            let known = at_or_above(directory).find_map(|dir| Some((dir, self.imports.get(dir)?)));
            let targets = known.map(|(dir, imports)| (dir, subpath(imports, path)));
            return found(targets.and_then(|(dir, targets)| targets.iter().find_map(|target| self.files.source_at(dir, target))));
        }
        match self.in_workspace(path) {
            Found::Library => self.by_custom(directory, path).map_or(Found::Library, Found::Module),
            found => found,
        }
    }

    /// `@/lib/prisma`: no package has such a name. By custom it is what lies beside the manifest, or in `src` there.
    fn by_custom(&self, directory: &str, path: &str) -> Option<ModuleId> {
        let rest = path.strip_prefix("@/").or_else(|| path.strip_prefix("~/"))?;
        if at_or_above(directory).any(|dir| self.compilers.contains_key(dir)) {
            return None;
        }
        let bases = at_or_above(directory).flat_map(|dir| ["", "src/"].map(|source| joined(dir, &format!("./{source}{rest}"))));
        bases.flatten().find_map(|base| self.files.at(&base))
    }

    /// A package of the project, if it has that name: its module, if that is in sight.
    fn in_workspace(&self, path: &str) -> Found {
        let (name, rest) = package_of(path);
        let Some(Some(package)) = self.by_name.get(name) else { return Found::Library };
        let found = match rest {
            "" => *package.entry.get_or_init(|| package.find(&self.files, "")),
            rest => package.find(&self.files, rest),
        };
        found.map_or(Found::Nothing, Found::Module)
    }
}

impl Package {
    fn find(&self, files: &Files, rest: &str) -> Option<ModuleId> {
        let asked = if rest.is_empty() { ".".to_owned() } else { format!("./{rest}") };
        let mut targets = Vec::new();
        if let Some(exports) = self.manifest.get("exports") {
            targets.extend(subpath(exports, &asked));
            // What is not exported cannot be imported.
            if targets.is_empty() {
                return None;
            }
        }
        if rest.is_empty() {
            let fields = ["source", "module", "main", "types", "typings"];
            targets.extend(fields.iter().filter_map(|field| self.manifest.get(field)?.as_str()).map(str::to_owned));
            targets.extend(["src/index".to_owned(), "index".to_owned(), "src/main".to_owned()]);
        } else {
            targets.extend([rest.to_owned(), format!("src/{rest}")]);
        }
        targets.iter().find_map(|target| files.source_at(&self.directory, target))
    }
}

enum Found {
    Module(ModuleId),
    Library,
    /// In the project, and out of sight.
    Nothing,
}

/// The paths that `exports` or `imports` map a path to, all conditions of it.
fn subpath(map: &Value, asked: &str) -> Vec<String> {
    let mut found = Vec::new();
    let is_conditions = |map: &serde_json::Map<String, Value>| !map.keys().any(|key| key.starts_with('.') || key.starts_with('#'));
    match map {
        Value::Object(entries) if !is_conditions(entries) => {
            if let Some(target) = entries.get(asked) {
                collect(target, "", &mut found);
                return found;
            }
            for (pattern, target) in entries {
                if let Some((before, after)) = pattern.split_once('*')
                    && let Some(middle) = asked.strip_prefix(before).and_then(|rest| rest.strip_suffix(after))
                {
                    collect(target, middle, &mut found);
                }
            }
        }
        target if asked == "." => collect(target, "", &mut found),
        _ => {}
    }
    found
}

/// All strings in a target, `*` replaced. Manifests nest a few levels; what lies deeper is out of sight.
fn collect(target: &Value, middle: &str, found: &mut Vec<String>) {
    let mut todo = vec![target];
    while let Some(target) = todo.pop() {
        match target {
            Value::String(path) => found.push(path.replace('*', middle)),
            Value::Array(several) => todo.extend(several.iter().rev()),
            Value::Object(conditions) => todo.extend(conditions.values().rev()),
            _ => {}
        }
    }
}

impl Files {
    fn of(program: &Program) -> Self {
        let mut files = Self::default();
        let rank = |path: &str| EXTENSIONS.iter().position(|end| path.ends_with(end));
        for id in program.module_ids() {
            let path = program.path(id);
            let Some(own) = rank(path) else { continue };
            files.whole.insert(path.to_owned(), id);
            let best = files.stems.entry(path[..path.len() - EXTENSIONS[own].len()].to_owned()).or_insert(id);
            if rank(program.path(*best)).is_some_and(|other| own < other) {
                *best = id;
            }
        }
        files
    }

    /// The module at a path with or without its ending, or the index of the directory there.
    fn at(&self, base: &str) -> Option<ModuleId> {
        // `./a.js` is what `./a.ts` becomes.
        let stem = || [".js", ".jsx", ".mjs", ".cjs"].iter().find_map(|end| base.strip_suffix(end));
        let index = || if base.is_empty() { "index".to_owned() } else { format!("{base}/index") };
        let found = self.whole.get(base).or_else(|| self.stems.get(stem()?)).or_else(|| self.stems.get(base));
        found.or_else(|| self.stems.get(&index())).copied()
    }

    /// The source of a file that a manifest names, which is often built from it.
    fn source_at(&self, directory: &str, target: &str) -> Option<ModuleId> {
        let path = joined(directory, target)?;
        if let Some(id) = self.at(&path) {
            return Some(id);
        }
        let inside = path.strip_prefix(directory)?.trim_start_matches('/');
        let (first, rest) = inside.split_once('/')?;
        if !BUILT.contains(&first) {
            return None;
        }
        let rest = rest.strip_suffix(".d.ts").unwrap_or(rest);
        let homes =
            [format!("src/{rest}"), rest.to_owned(), rest.split_once('/').map(|(_, deeper)| format!("src/{deeper}")).unwrap_or_default()];
        homes.iter().filter(|home| !home.is_empty()).find_map(|home| self.at(&joined(directory, home)?))
    }
}
