//! What a `tsconfig.json` is built from: the files that it extends.

use serde_json::Value;

/// What a file of this text says.
#[must_use]
pub fn read(text: &str) -> Option<Value> {
    json5::from_str(text).ok()
}

/// Whether a file of this name is one that compilers look for.
#[must_use]
pub fn is_configuration(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    (name.starts_with("tsconfig") || name.starts_with("jsconfig")) && name.ends_with(".json")
}

/// What a configuration extends, as written: what comes later overrides what comes earlier.
#[must_use]
pub fn extended(config: &Value) -> Vec<&str> {
    match config.get("extends") {
        Some(Value::String(path)) => vec![path],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The paths where what a configuration in a directory extends is looked for, in this order. `packages` tells the directory
/// of a package of the project.
#[must_use]
pub fn candidates(directory: &str, path: &str, packages: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let base = if path.starts_with('.') {
        joined(directory, path)
    } else {
        let (package, rest) = package_of(path);
        packages(package).and_then(|home| joined(&home, rest))
    };
    base.map_or_else(Vec::new, |base| {
        let inside = if base.is_empty() { "tsconfig.json".to_owned() } else { format!("{base}/tsconfig.json") };
        vec![base.clone(), format!("{base}.json"), inside]
    })
}

/// The package that a path begins with, and what follows.
#[must_use]
pub fn package_of(path: &str) -> (&str, &str) {
    let parts = if path.starts_with('@') { 2 } else { 1 };
    let end = path.match_indices('/').nth(parts - 1).map_or(path.len(), |(at, _)| at);
    (&path[..end], path[end..].trim_start_matches('/'))
}

/// A path relative to a directory, without `.` and `..`. Nothing if it leads out of the project.
#[must_use]
pub fn joined(directory: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = directory.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
