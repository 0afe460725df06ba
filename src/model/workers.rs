//! How many worker processes a container runs: each has the program in memory.

use crate::ir::deploy::Container;
use crate::model::image_users::{commands, words};
use crate::model::project::Project;
use crate::model::services::{Service, is_below};

/// Whether a service is seen to run several: by its command, by the environment, or by a configuration of gunicorn that says
/// how many.
#[must_use]
pub fn are_several(project: &Project, service: &Service, container: &Container) -> bool {
    let image = service.image.map(|index| &project.images[index]);
    let by_command = image
        .and_then(|image| Some((image, image.last_stage()?)))
        .is_some_and(|(image, stage)| commands(image, stage).any(|(_, _, command)| asks_for_several(&words(command).collect::<Vec<_>>())));
    let by_environment = container.env.iter().any(|variable| {
        let value = variable.value.as_ref().and_then(|value| value.value.as_ref().known());
        matches!(variable.name.written.as_str(), "WEB_CONCURRENCY" | "WORKERS" | "GUNICORN_WORKERS" | "UVICORN_WORKERS")
            && value.and_then(|value| value.parse::<u32>().ok()).is_some_and(|count| count > 1)
    });
    let configured = || {
        project.program.sources.iter().any(|(_, file)| {
            matches!(file.name(), "gunicorn.conf.py" | "gunicorn_conf.py" | "gunicorn_config.py")
                && is_below(&file.path, &service.directory)
                && file.text.lines().any(|line| line.trim_start().starts_with("workers") && !line.trim_end().ends_with("= 1"))
        })
    };
    by_command || by_environment || configured()
}

/// `--workers 4`, `--workers=4`, `-w 4`
fn asks_for_several(words: &[&str]) -> bool {
    let is_several = |count: &str| count.parse::<u32>().is_ok_and(|count| count > 1);
    words.iter().enumerate().any(|(at, word)| match word.split_once('=') {
        Some(("--workers" | "-w", count)) => is_several(count),
        _ => matches!(*word, "--workers" | "-w") && words.get(at + 1).is_some_and(|count| is_several(count)),
    })
}
