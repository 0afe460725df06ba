//! Manifests of Python projects.

use toml::{Table, Value};

use super::said::{Packages, Said, allow, demand};
use super::versions::{Notation, Versions};
use crate::ir::program::*;

/// A name as indexes compare it: `Flask_SQLAlchemy` is `flask-sqlalchemy`.
pub fn normal(name: &str) -> String {
    let parts = name.split(['-', '_', '.']).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}

/// A requirement: `name[extra] >=1,<2 ; marker`.
struct Requirement {
    name: String,
    versions: Versions,
    /// It holds in some environments only.
    is_conditional: bool,
}

impl Requirement {
    fn parse(text: &str) -> Option<Self> {
        let (text, marker) = text.split_once(';').map_or((text, None), |(text, marker)| (text, Some(marker)));
        let text = text.trim();
        let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let rest = rest.trim_start();
        let rest = rest.strip_prefix('[').map_or(rest, |extras| extras.split_once(']').map_or("", |(_, rest)| rest)).trim();
        let is_name = name.starts_with(|c: char| c.is_ascii_alphanumeric());
        let is_end = rest.is_empty() || rest.starts_with(['<', '>', '=', '!', '~', '(', '@', '^']);
        let versions = Versions::parse(rest, Notation::Python).unwrap_or(Versions::ANY);
        (is_name && is_end).then(|| Self { name: normal(name), versions, is_conditional: marker.is_some() })
    }

    fn put(self, packages: &mut Packages) {
        if self.is_conditional {
            allow(packages, &self.name, self.versions);
        } else {
            demand(packages, &self.name, &self.versions);
        }
    }
}

fn put(packages: &mut Packages, requirement: &str) {
    if let Some(requirement) = Requirement::parse(requirement) {
        requirement.put(packages);
    }
}

/// A file for `pip install -r`, or `-c`.
pub fn requirements(text: &str, is_aside: bool) -> Said {
    let mut said = Said::default();
    let joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
    let mut packages = Packages::default();
    for line in joined.lines() {
        // Behind a blank, or at the beginning: `#egg=` in addresses is no comment.
        let line = line.find(" #").map_or(line, |at| &line[..at]).trim();
        if line.starts_with('#') {
            continue;
        }
        let option = |names: [&str; 2]| {
            let behind = names.into_iter().find_map(|name| line.strip_prefix(name))?;
            behind.starts_with([' ', '=', '\t']).then(|| behind.trim_start_matches([' ', '=', '\t']).to_owned())
        };
        if let Some(path) = option(["-r", "--requirement"]).or_else(|| option(["-c", "--constraint"])) {
            said.included.push(path);
        } else if !line.starts_with('-') {
            // Hashes and other options of one requirement.
            put(&mut packages, line.find(" --").map_or(line, |at| &line[..at]));
        }
    }
    if is_aside {
        said.aside = packages;
    } else {
        *said.own() = packages;
    }
    said
}

/// `pyproject.toml`: PEP 621, dependency groups, Poetry, PDM, uv.
pub fn pyproject(text: &str) -> Result<Said, String> {
    let table: Table = super::toml(text)?;
    let at = |path: &[&str]| at(&table, path);
    let mut said = Said::default();
    let own = said.own();
    if let Some(list) = at(&["project", "dependencies"]) {
        strings(list).for_each(|text| put(own, text));
    }
    if let Some(versions) = at(&["project", "requires-python"]).and_then(Value::as_str) {
        put(own, &format!("python {versions}"));
    }
    if let Some(table) = at(&["tool", "poetry", "dependencies"]).and_then(Value::as_table) {
        poetry(table, own);
    }
    let groups = [at(&["project", "optional-dependencies"]), at(&["dependency-groups"]), at(&["tool", "pdm", "dev-dependencies"])];
    for list in groups.into_iter().flatten().filter_map(Value::as_table).flat_map(Table::values) {
        strings(list).for_each(|text| put(&mut said.aside, text));
    }
    if let Some(list) = at(&["tool", "uv", "dev-dependencies"]) {
        strings(list).for_each(|text| put(&mut said.aside, text));
    }
    let groups = at(&["tool", "poetry", "group"]).and_then(Value::as_table);
    let groups = groups.into_iter().flat_map(Table::values).filter_map(|group| group.get("dependencies"));
    for table in groups.chain(at(&["tool", "poetry", "dev-dependencies"])).filter_map(Value::as_table) {
        poetry(table, &mut said.aside);
    }
    // What comes from elsewhere than an index has the versions that are there.
    if let Some(sources) = at(&["tool", "uv", "sources"]).and_then(Value::as_table) {
        let is_indexed = |source: &Value| source.get("index").is_some();
        let is_elsewhere = |source: &Value| !is_indexed(source) && !source.as_array().is_some_and(|all| all.iter().all(is_indexed));
        for name in sources.iter().filter(|(_, source)| is_elsewhere(source)).map(|(name, _)| normal(name)) {
            if let Some(allowed) = said.own().get_mut(&name) {
                *allowed = vec![Versions::ANY];
            }
        }
    }
    let dynamic = at(&["tool", "setuptools", "dynamic", "dependencies", "file"]);
    said.included.extend(dynamic.into_iter().flat_map(strings_or_one).map(str::to_owned));
    said.members.extend(at(&["tool", "uv", "workspace", "members"]).into_iter().flat_map(strings).map(str::to_owned));
    Ok(said)
}

/// A table of Poetry's: `name = "^1.2"`, `name = { version = "^1.2" }`, or several such with markers.
fn poetry(table: &Table, packages: &mut Packages) {
    for (name, value) in table {
        let name = normal(name);
        match value {
            Value::Array(several) => several.iter().for_each(|value| allow(packages, &name, poetry_versions(value))),
            value if value.get("markers").is_some() || value.get("python").is_some() => allow(packages, &name, poetry_versions(value)),
            value => demand(packages, &name, &poetry_versions(value)),
        }
    }
}

fn poetry_versions(value: &Value) -> Versions {
    let text = value.as_str().or_else(|| value.get("version")?.as_str());
    text.and_then(|text| Versions::parse(text, Notation::Python)).unwrap_or(Versions::ANY)
}

/// `Pipfile`.
pub fn pipfile(text: &str) -> Result<Said, String> {
    let table: Table = super::toml(text)?;
    let mut said = Said::default();
    for (name, value) in &table {
        let Some(packages) = value.as_table().filter(|_| !matches!(name.as_str(), "source" | "requires" | "scripts" | "pipenv")) else {
            continue;
        };
        poetry(packages, if name == "packages" { said.own() } else { &mut said.aside });
    }
    if let Some(versions) = at(&table, &["requires", "python_version"]).and_then(Value::as_str) {
        put(said.own(), &format!("python =={versions}.*"));
    }
    Ok(said)
}

/// `setup.cfg`, as setuptools reads it.
pub fn setup_cfg(text: &str) -> Said {
    let mut said = Said::default();
    let (mut section, mut key) = ("", String::new());
    for line in text.lines() {
        let is_more = line.starts_with([' ', '\t']);
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        let requirement = if is_more {
            line
        } else if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
            key.clear();
            continue;
        } else {
            let Some((name, value)) = line.split_once('=') else { continue };
            name.trim().clone_into(&mut key);
            value.trim()
        };
        match (section, key.as_str()) {
            ("options", "install_requires") => match requirement.strip_prefix("file:") {
                Some(paths) => said.included.extend(paths.split(',').map(|path| path.trim().to_owned())),
                None => put(said.own(), requirement),
            },
            ("options.extras_require", _) => put(&mut said.aside, requirement),
            ("options", "python_requires") => put(said.own(), &format!("python {requirement}")),
            _ => {}
        }
    }
    said
}

/// `setup.py`, as far as it lists requirements in so many words.
pub fn setup_py(module: &Module) -> Said {
    let mut said = Said::default();
    let calls = module.expr_ids().filter_map(|expr| module.call(expr));
    for arg in calls.flat_map(|call| &call.args) {
        let ArgKind::Keyword(keyword) = arg.kind else { continue };
        match (keyword.as_str(), &module.expr(bound(module, arg.value)).kind) {
            ("install_requires", ExprKind::List(items) | ExprKind::Tuple(items)) => {
                for item in items {
                    if let ExprKind::String(text) = module.expr(*item).kind {
                        put(said.own(), &text);
                    }
                }
            }
            ("python_requires", ExprKind::String(text)) => put(said.own(), &format!("python {text}")),
            _ => {}
        }
    }
    said
}

/// What a name at the top of the module is bound to, if it is bound once; any other expression is itself.
fn bound(module: &Module, expr: ExprId) -> ExprId {
    let ExprKind::Name(name) = module.expr(expr).kind else { return expr };
    let mut bindings = module.scope(ScopeId(0)).bindings.iter().filter(|binding| binding.name == name);
    match (bindings.next().map(|binding| binding.kind), bindings.next()) {
        (Some(BindingKind::Value(value)), None) => value,
        _ => expr,
    }
}

fn at<'t>(table: &'t Table, path: &[&str]) -> Option<&'t Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(table.get(*first)?, |value, key| value.get(key))
}

fn strings(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn strings_or_one(value: &Value) -> impl Iterator<Item = &str> {
    strings(value).chain(value.as_str())
}
