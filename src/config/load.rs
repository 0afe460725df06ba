//! Finding configuration files and putting them together.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::{
    Config, ConfigError, DEFAULT_EXCLUDE, DEFAULT_TEST_PATHS, File, PathOverride, Patterns, Selectable, Selection, Selector, Settings,
};
use crate::error::describe;
use crate::suggest::nearest;

const OWN_FILE: &str = "roadworthy.toml";
const PYTHON_FILE: &str = "pyproject.toml";

/// One file as read.
#[derive(Debug)]
struct Layer {
    path: PathBuf,
    text: String,
    file: File,
}

/// The part of `pyproject.toml` that is ours.
#[derive(Deserialize)]
struct PyProject {
    tool: Option<Tools>,
}

#[derive(Deserialize)]
struct Tools {
    roadworthy: Option<File>,
}

/// Whether a file of this name may be a configuration.
#[must_use]
pub fn is_file_name(name: &std::ffi::OsStr) -> bool {
    name == OWN_FILE || name == PYTHON_FILE
}

/// The configuration of a folder itself, if it has one.
///
/// # Errors
/// As [`load`].
pub fn load_own(directory: &Path, root: &Path, rules: &[Selectable]) -> Result<Option<Config>, ConfigError> {
    find_in(directory)?.map(|layer| assemble(layers(layer)?, root, rules)).transpose()
}

/// Whether a configuration file in this folder says `root = true`.
///
/// # Errors
/// When there is a file that cannot be used.
pub fn is_root(directory: &Path) -> Result<bool, ConfigError> {
    Ok(find_in(directory)?.is_some_and(|layer| layer.file.root == Some(true)))
}

/// The configuration for what lies at or below the folder `start` of the project at `root`: of the files from `start` up
/// to `stop` (`root`, or a folder above it) the closest.
///
/// # Errors
/// When a file cannot be read, or says something that it may not.
pub fn load(start: &Path, stop: &Path, root: &Path, rules: &[Selectable]) -> Result<Config, ConfigError> {
    for directory in start.ancestors().take_while(|directory| directory.starts_with(stop)) {
        if let Some(layer) = find_in(directory)? {
            return assemble(layers(layer)?, root, rules);
        }
    }
    Ok(Config::defaults(root, rules))
}

/// The configuration file of a folder, its own before Python's.
fn find_in(directory: &Path) -> Result<Option<Layer>, ConfigError> {
    let own = directory.join(OWN_FILE);
    if own.is_file() {
        return read(&own).map(Some);
    }
    let python = directory.join(PYTHON_FILE);
    // A `pyproject.toml` that never names us is none of our business, broken or not.
    match std::fs::read(&python) {
        Ok(bytes) if String::from_utf8_lossy(&bytes).contains("roadworthy") => parse_python(&python, text(&python, bytes)?),
        _ => Ok(None),
    }
}

fn read(path: &Path) -> Result<Layer, ConfigError> {
    let bytes = std::fs::read(path).map_err(|error| ConfigError::file(path, format!("cannot be read: {}", describe(&error))))?;
    let text = text(path, bytes)?;
    if path.file_name().is_some_and(|name| name == PYTHON_FILE) {
        return parse_python(path, text)?.ok_or_else(|| ConfigError::file(path, "has no [tool.roadworthy]"));
    }
    match toml::from_str(&text) {
        Ok(file) => Ok(Layer { path: path.to_path_buf(), text, file }),
        Err(error) => Err(ConfigError::toml(path, &text, &error)),
    }
}

fn text(path: &Path, bytes: Vec<u8>) -> Result<String, ConfigError> {
    let text = String::from_utf8(bytes).map_err(|_| ConfigError::file(path, "cannot be read: it is not UTF-8"))?;
    // TOML knows no byte order mark, editors do.
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

fn parse_python(path: &Path, text: String) -> Result<Option<Layer>, ConfigError> {
    match toml::from_str::<PyProject>(&text) {
        Ok(project) => {
            let file = project.tool.and_then(|tool| tool.roadworthy);
            Ok(file.map(|file| Layer { path: path.to_path_buf(), text, file }))
        }
        Err(error) => Err(ConfigError::toml(path, &text, &error)),
    }
}

/// A file and those it extends, itself first.
fn layers(first: Layer) -> Result<Vec<Layer>, ConfigError> {
    let mut layers = vec![first];
    while let Some(last) = layers.last()
        && let Some(extend) = &last.file.extend
    {
        let path = last.path.parent().unwrap_or(Path::new("")).join(extend.get_ref());
        let wrong = |reason: String| ConfigError::at(&last.path, &last.text, extend.span(), reason);
        let real = path.canonicalize().map_err(|error| wrong(format!("cannot extend `{}`: {error}", extend.get_ref())))?;
        let again = layers.iter().position(|layer| layer.path.canonicalize().is_ok_and(|seen| seen == real));
        if let Some(again) = again {
            let names = layers[again..].iter().map(|layer| layer.path.display().to_string());
            let cycle: Vec<String> = names.chain([path.display().to_string()]).collect();
            return Err(wrong(format!("files extend each other: {}", cycle.join(" → "))));
        }
        layers.push(read(&real)?);
    }
    Ok(layers)
}

fn assemble(layers: Vec<Layer>, root: &Path, rules: &[Selectable]) -> Result<Config, ConfigError> {
    let mut config = Config::defaults(root, rules);
    config.files = layers.iter().map(|layer| layer.path.clone()).collect();
    if let Some(directory) = config.files.first().and_then(|path| path.parent()) {
        config.directory = directory.to_path_buf();
    }
    config.prefix = slashes(config.directory.strip_prefix(root).unwrap_or(Path::new("")));

    let mut merged = File::default();
    let mut settings = Settings::default();
    for layer in layers.into_iter().rev() {
        let selection = selection(&layer, layer.file.select.as_deref(), layer.file.ignore.as_deref(), rules)?;
        if selection.select.is_some() {
            config.selection.select = selection.select;
        }
        if layer.file.ignore.is_some() {
            config.selection.ignore = selection.ignore;
        }
        for written in &layer.file.overrides {
            config.overrides.push(PathOverride {
                paths: patterns(&layer, &written.paths)?,
                selection: self::selection(&layer, written.select.as_deref(), written.ignore.as_deref(), rules)?,
                written: written.clone(),
            });
        }
        for list in [&layer.file.exclude, &layer.file.extend_exclude, &layer.file.test_paths].into_iter().flatten() {
            patterns(&layer, list)?;
        }
        layer.file.set_thresholds(&mut settings);
        merged = over(layer.file, merged);
    }

    let strings = |list: &[&str]| list.iter().map(|&pattern| pattern.to_owned()).collect::<Vec<_>>();
    let mut exclude = merged.exclude.clone().unwrap_or_else(|| strings(&DEFAULT_EXCLUDE));
    exclude.extend(merged.extend_exclude.clone().unwrap_or_default());
    let test_paths = merged.test_paths.clone().unwrap_or_else(|| strings(&DEFAULT_TEST_PATHS));
    let whole = |error: super::PatternError| ConfigError::file(&config.files[0], error.to_string());
    config.exclude = Patterns::new(exclude).map_err(whole)?;
    config.test_paths = Patterns::new(test_paths).map_err(whole)?;
    config.min_confidence = merged.min_confidence.unwrap_or(config.min_confidence);
    config.min_severity = merged.min_severity.unwrap_or(config.min_severity);
    config.fail_on = merged.fail_on.unwrap_or(config.fail_on);
    config.settings = settings;
    config.services.clone_from(&merged.service);
    for service in &mut config.services {
        let folder = config.directory.join(&service.path);
        if !folder.exists() {
            let help = nearest_beside(&folder).map(|near| format!("did you mean `{near}`?"));
            return Err(ConfigError::file(&config.files[0], format!("there is no `{}` for a service", service.path)).with_help(help));
        }
        service.path = from_root(&config.prefix, &service.path);
    }
    config.apis.clone_from(&merged.api);
    config.merged = merged;
    Ok(config)
}

/// The folder beside one that does not exist whose name is nearest.
fn nearest_beside(folder: &Path) -> Option<String> {
    let beside = std::fs::read_dir(folder.parent()?).ok()?.flatten().filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> = beside.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    nearest(folder.file_name()?.to_str()?, names.iter().map(String::as_str)).map(str::to_owned)
}

/// The keys of a file over those of the file that it extends.
fn over(file: File, base: File) -> File {
    let joined = |base: Option<Vec<String>>, own: Option<Vec<String>>| match (base, own) {
        (Some(mut base), Some(own)) => {
            base.extend(own);
            Some(base)
        }
        (base, own) => own.or(base),
    };
    File {
        extend: None,
        select: file.select.or(base.select),
        ignore: file.ignore.or(base.ignore),
        exclude: file.exclude.or(base.exclude),
        extend_exclude: joined(base.extend_exclude, file.extend_exclude),
        test_paths: file.test_paths.or(base.test_paths),
        min_confidence: file.min_confidence.or(base.min_confidence),
        min_severity: file.min_severity.or(base.min_severity),
        fail_on: file.fail_on.or(base.fail_on),
        overrides: base.overrides.into_iter().chain(file.overrides).collect(),
        service: base.service.into_iter().chain(file.service).collect(),
        api: base.api.into_iter().chain(file.api).collect(),
        // `root` is about where the file lies; thresholds are gathered apart.
        ..file
    }
}

fn selection(
    layer: &Layer,
    select: Option<&[Spanned<String>]>,
    ignore: Option<&[Spanned<String>]>,
    rules: &[Selectable],
) -> Result<Selection, ConfigError> {
    let parse = |words: &[Spanned<String>]| {
        let word = |word: &Spanned<String>| {
            Selector::parse(word.get_ref(), rules).map_err(|error| {
                let help = error.nearest.map(|near| format!("did you mean `{near}`?"));
                let message = format!("unknown rule, category, severity or preset `{}`", error.word);
                ConfigError::at(&layer.path, &layer.text, word.span(), message).with_help(help)
            })
        };
        words.iter().map(word).collect::<Result<Vec<_>, _>>()
    };
    Ok(Selection { select: select.map(parse).transpose()?, ignore: ignore.map(parse).transpose()?.unwrap_or_default() })
}

fn patterns(layer: &Layer, written: &[String]) -> Result<Patterns, ConfigError> {
    Patterns::new(written.to_vec()).map_err(|error| ConfigError::file(&layer.path, error.to_string()))
}

/// A path with `/` on every system.
fn slashes(path: &Path) -> String {
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// A path written in a configuration file, relative to the project root.
fn from_root(prefix: &str, written: &str) -> String {
    let mut parts: Vec<&str> = prefix.split('/').filter(|part| !part.is_empty()).collect();
    for part in written.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
