//! `package.json`.

use serde_json::Value;

use super::said::{Packages, Said, demand, folder};
use super::versions::{Notation, Version, Versions};

/// What a `package.json` declares.
pub fn package_json(text: &str) -> Result<Said, String> {
    let manifest: Value = super::json(text)?;
    if !manifest.is_object() {
        return Err("no object".to_owned());
    }
    let mut said = Said::default();
    for key in ["dependencies", "optionalDependencies", "engines"] {
        put(said.own(), &manifest[key]);
    }
    for key in ["devDependencies", "peerDependencies"] {
        put(&mut said.aside, &manifest[key]);
    }
    if let Some((name, version)) = manifest["packageManager"].as_str().and_then(|manager| manager.split_once('@'))
        && let Some(version) = Version::parse(version)
    {
        demand(said.own(), name, &Versions::exact(version));
    }
    let workspaces = &manifest["workspaces"];
    let members = workspaces.as_array().or_else(|| workspaces["packages"].as_array());
    said.members.extend(members.into_iter().flatten().filter_map(Value::as_str).map(folder));
    Ok(said)
}

fn put(packages: &mut Packages, table: &Value) {
    for (name, wanted) in table.as_object().into_iter().flatten() {
        let versions = wanted.as_str().and_then(|wanted| range(name, wanted)).unwrap_or(Versions::ANY);
        demand(packages, name, &versions);
    }
}

/// The range that is wanted of a package; nothing where it comes from elsewhere than a registry, or is another one under
/// this name.
pub fn range(name: &str, wanted: &str) -> Option<Versions> {
    let wanted = match wanted.strip_prefix("npm:") {
        Some(of) => match descriptor(of) {
            Some((other, range)) if other == name => range,
            Some(_) => return None,
            None => of,
        },
        None => wanted,
    };
    Versions::parse(wanted, Notation::Node)
}

/// The name and the rest of `name@rest` or `@scope/name@rest`.
pub fn descriptor(text: &str) -> Option<(&str, &str)> {
    let at = text.char_indices().skip(1).find(|(_, c)| *c == '@')?.0;
    Some((&text[..at], &text[at + 1..]))
}
