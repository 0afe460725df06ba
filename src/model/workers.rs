//! How many worker processes a container runs: each has the program in memory, and a core to itself.

use crate::ir::deploy::{Container, Deployment};
use crate::ir::image::{Image, InstructionKind};
use crate::model::evidence::images_beside;
use crate::model::image_scripts;
use crate::model::image_users::{commands, in_order, words};
use crate::model::project::Project;
use crate::model::services::{Service, is_below};
use crate::source::{Place, Span};

/// Servers that take their number of workers from the environment, unless they are told.
const VARIABLES: [&str; 5] = ["WEB_CONCURRENCY", "WORKERS", "GUNICORN_WORKERS", "UVICORN_WORKERS", "MAX_WORKERS"];

/// Worker processes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Workers {
    /// How many, where that can be seen.
    pub count: Option<u64>,
    /// What says so; nothing where it is the one process that every program has.
    pub place: Option<Place>,
}

impl Workers {
    /// Whether there may be several.
    #[must_use]
    pub fn are_several(&self) -> bool {
        self.count != Some(1)
    }
}

/// The workers of a deployment's first container: by the command that it is given, else that of the image, by a
/// configuration of gunicorn, by the environment; else one.
#[must_use]
pub fn of(project: &Project, deployment: &Deployment, container: &Container, services: &[&Service]) -> Workers {
    let given: Vec<(&str, Place)> =
        container.command.iter().flat_map(|word| word.written.split_whitespace().map(|part| (part, word.place))).collect();
    if let Some(found) = asked_for(&given) {
        return found;
    }
    let mut images: Vec<&Image> = services.iter().filter_map(|service| project.images.get(service.image?)).collect();
    if services.is_empty() {
        images.extend(images_beside(project, deployment));
    }
    if container.command.is_empty()
        && let Some(found) = images.iter().find_map(|image| by_command(project, image))
    {
        return found;
    }
    if images.is_empty()
        && let Some(found) = services.iter().find_map(|service| by_procfile(project, service))
    {
        return found;
    }
    services
        .iter()
        .find_map(|service| configured(project, service))
        .or_else(|| by_environment(container))
        .or_else(|| images.iter().find_map(|image| by_variable(image)))
        .unwrap_or(Workers { count: Some(1), place: None })
}

fn by_command(project: &Project, image: &Image) -> Option<Workers> {
    let stage = image.last_stage()?;
    let words: Vec<(&str, Place)> = commands(image, stage)
        .flat_map(|(_, instruction, command)| words(command).map(move |word| (word, Place { file: image.file, span: instruction.span })))
        .collect();
    let by_script = || {
        commands(image, stage).find_map(|(_, instruction, command)| {
            let script = image_scripts::seen(&project.program.sources, image, command)?;
            let words: Vec<&str> = script.text.split_whitespace().filter(|word| !word.starts_with('#')).collect();
            asked_for(&placed(&words, Place { file: image.file, span: instruction.span }))
        })
    };
    asked_for(&words).or_else(by_script)
}

fn placed<'a>(words: &[&'a str], place: Place) -> Vec<(&'a str, Place)> {
    words.iter().map(|word| (*word, place)).collect()
}

/// What buildpacks start where there is no image: the `web` process of a Procfile.
fn by_procfile(project: &Project, service: &Service) -> Option<Workers> {
    let sources = &project.program.sources;
    let (id, file) = sources.iter().find(|(_, file)| file.name() == "Procfile" && file.directory() == service.directory)?;
    let start = file.text.lines().find(|line| line.starts_with("web:"))?;
    let words: Vec<&str> = start.split_whitespace().skip(1).collect();
    let at = file.text.find(start)?;
    asked_for(&placed(&words, Place { file: id, span: Span::new(at, at + start.len()) }))
}

/// `--workers 4`, `--workers=4`, `-w 4`, `-w4`, `-i max`
fn asked_for(words: &[(&str, Place)]) -> Option<Workers> {
    let is_uwsgi = words.iter().any(|(word, _)| word.rsplit('/').next() == Some("uwsgi"));
    let is_pm2 = words.iter().any(|(word, _)| word.rsplit('/').next().is_some_and(|name| name.starts_with("pm2")));
    words.iter().enumerate().find_map(|(at, (word, place))| {
        let next = || words.get(at + 1).map(|(next, _)| *next);
        let count = match word.split_once('=') {
            Some(("--workers" | "-w" | "--processes" | "--instances", count)) => Some(count),
            Some(_) => None,
            None => match *word {
                "--workers" | "-w" | "--processes" => next(),
                "-i" | "--instances" if is_pm2 => next(),
                "-p" if is_uwsgi => next(),
                short => short.strip_prefix("-w").filter(|count| !count.is_empty() && count.bytes().all(|b| b.is_ascii_digit())),
            },
        }?;
        Some(Workers { count: count.parse().ok().filter(|count| *count > 0), place: Some(*place) })
    })
}

fn by_environment(container: &Container) -> Option<Workers> {
    let variable = container.env.iter().find(|variable| VARIABLES.contains(&variable.name.written.as_str()))?;
    let value = variable.value.as_ref();
    let count = value.and_then(|value| value.value.as_ref().known()).and_then(|value| value.trim().parse().ok());
    Some(Workers { count, place: value.map(|value| value.place) })
}

fn by_variable(image: &Image) -> Option<Workers> {
    let stage = image.last_stage()?;
    let set = in_order(image, stage).into_iter().rev().find_map(|instruction| match &instruction.kind {
        InstructionKind::Env(variables) => {
            let found = variables.iter().find(|variable| VARIABLES.contains(&variable.name.value.as_str()))?;
            Some((found.value.as_ref()?.value.trim().parse().ok(), instruction.span))
        }
        _ => None,
    });
    set.map(|(count, span)| Workers { count, place: Some(Place { file: image.file, span }) })
}

/// A configuration of gunicorn: `workers = 4`.
fn configured(project: &Project, service: &Service) -> Option<Workers> {
    let line = project.program.sources.iter().find_map(|(_, file)| {
        let is_named = matches!(file.name(), "gunicorn.conf.py" | "gunicorn_conf.py" | "gunicorn_config.py");
        let line = file.text.lines().find(|line| line.trim_start().starts_with("workers") && line.contains('='))?;
        (is_named && is_below(&file.path, &service.directory)).then_some(line)
    })?;
    let value = line.split('=').nth(1).unwrap_or_default();
    Some(Workers { count: value.split('#').next().unwrap_or_default().trim().parse().ok(), place: None })
}
