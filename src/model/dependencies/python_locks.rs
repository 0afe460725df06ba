//! Lock files of Python projects.

use rustc_hash::FxHashMap;
use serde::Deserialize;

use super::python::normal;
use super::said::{Said, allow, folder};
use super::versions::{Version, Versions};

/// `poetry.lock`, `uv.lock`, `pdm.lock` and `pylock.toml` list packages alike.
#[derive(Deserialize)]
struct Lock {
    #[serde(default, alias = "packages")]
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: toml::Value,
    version: Option<toml::Value>,
    source: Option<toml::Value>,
}

/// A lock file that is a list of packages.
pub fn list(text: &str) -> Result<Said, String> {
    let lock: Lock = super::toml(text)?;
    let mut said = Said::default();
    said.own();
    for package in lock.package {
        let Some(name) = package.name.as_str() else { continue };
        // Where uv found it: what is of the workspace names its folder.
        let source = package.source.as_ref();
        let member = ["editable", "virtual", "directory"].iter().find_map(|kind| source?.get(kind)?.as_str());
        if let Some(member) = member {
            said.folders.entry(folder(member)).or_default();
        } else if let Some(version) = package.version.as_ref().and_then(|version| Version::parse(version.as_str()?)) {
            allow(said.own(), &normal(name), Versions::exact(version));
        }
    }
    Ok(said)
}

#[derive(Deserialize)]
struct PipfileLock {
    #[serde(default)]
    default: FxHashMap<String, serde_json::Value>,
    #[serde(default)]
    develop: FxHashMap<String, serde_json::Value>,
}

/// `Pipfile.lock`.
pub fn pipfile(text: &str) -> Result<Said, String> {
    let lock: PipfileLock = super::json(text)?;
    let mut said = Said::default();
    let own = said.own();
    // What the program needs is what runs; the rest only where that says nothing.
    for (name, package) in lock.default.iter().chain(&lock.develop) {
        let name = normal(name);
        let version = package.get("version").and_then(serde_json::Value::as_str).unwrap_or_default();
        if let Some(version) = Version::parse(version.trim_start_matches('='))
            && !own.contains_key(&name)
        {
            allow(own, &name, Versions::exact(version));
        }
    }
    Ok(said)
}
