//! Deployments of services: which service one leads to.

use super::images::runs_other_language;
use super::{Service, is_below, is_other_language, unit_directory};
use crate::config::ServiceEntry;
use crate::ir::deploy::{Deployment, Setting};
use crate::ir::image::Image;
use crate::ir::program::Language;
use crate::model::program::Program;
use crate::source::at_or_above;

/// The service that a deployment leads to: as configured, by name, image or the folder that this is built in, else the one in whose directory it lies, or
/// the only one around.
pub(super) fn service_of(
    program: &Program,
    images: &[Image],
    services: &[Service],
    deployment: &Deployment,
    entries: &[ServiceEntry],
) -> Option<usize> {
    let known = |setting: &Option<Setting<String>>| setting.as_ref().and_then(|s| s.value.as_ref().known().cloned());
    let name = known(&deployment.name);
    let entry = entries.iter().find(|entry| entry.deployment.is_some() && entry.deployment == name);
    if let Some(found) = entry.and_then(|entry| services.iter().position(|s| s.directory == entry.path)) {
        return Some(found);
    }
    let normal = |name: &str| name.replace('_', "-").to_lowercase();
    let named = |name: &str| services.iter().position(|s| !s.directory.is_empty() && normal(s.name()) == normal(name));
    if let Some(found) = name.and_then(|name| named(&name)) {
        return Some(found);
    }
    let image = deployment.containers.first().and_then(|c| c.image.as_ref()).map(|i| i.written.as_str());
    let repository = image.and_then(|i| i.rsplit('/').next()).and_then(|i| i.split([':', '@']).next());
    if let Some(found) = repository.and_then(named) {
        return Some(found);
    }
    let at = |folder: &String| services.iter().position(|service| service.directory == *folder);
    if let Some(found) = deployment.contexts.iter().find_map(at) {
        return Some(found);
    }
    if let Some(found) = deployment.called.iter().find_map(|name| named(name)) {
        return Some(found);
    }
    let alike = |name: &str| alike(program, images, services, name);
    if let Some(found) = repository.and_then(&alike).or_else(|| known(&deployment.name).and_then(|name| alike(&name))) {
        return Some(found);
    }
    let directory = program.sources.get(deployment.file).directory();
    beside(program, images, services, directory).filter(|found| !is_ambiguous(program, images, &services[*found], directory))
}

/// The only service whose directory's name is a part of a longer name: `shop-orders-api` of `orders-api`. None where another
/// directory that is built into an image is called by another part.
fn alike(program: &Program, images: &[Image], services: &[Service], name: &str) -> Option<usize> {
    let normal = |name: &str| name.replace(['_', '.', ' '], "-").to_lowercase();
    let name = normal(name);
    let name: Vec<&str> = name.split('-').collect();
    let is_part = |directory: &str| {
        let own = normal(directory.rsplit('/').next().unwrap_or_default());
        let own: Vec<&str> = own.split('-').filter(|part| !part.is_empty()).collect();
        let says_something = own.iter().any(|part| !matches!(*part, "app" | "src" | "service" | "services" | "server" | "code"));
        says_something && name.windows(own.len()).any(|part| part == own)
    };
    let mut found = (0..services.len()).filter(|index| is_part(&services[*index].directory));
    let only = found.next().filter(|_| found.next().is_none())?;
    let is_other = |image: &Image| {
        let directory = program.sources.get(image.file).directory();
        !is_below(directory, &services[only].directory) && is_part(directory)
    };
    (!images.iter().any(is_other)).then_some(only)
}

/// Whether a deployment that lies outside of a service may be that of another program: something else is built, into an image of
/// its own, in or below the directory where both are.
fn is_ambiguous(program: &Program, images: &[Image], service: &Service, directory: &str) -> bool {
    if is_below(directory, &service.directory) && !service.directory.is_empty() {
        return false;
    }
    let common = at_or_above(directory).find(|at| is_below(&service.directory, at)).unwrap_or_default();
    images.iter().enumerate().any(|(index, image)| {
        let file = program.sources.get(image.file);
        let other = file.directory();
        service.image != Some(index)
            && !file.test
            && is_below(other, common)
            && !other.split('/').any(|part| part.starts_with('.') || part == "vendor")
            && other != service.directory
            && service.image.is_none_or(|own| program.sources.get(images[own].file).directory() != other)
    })
}

/// The service in whose directory a file lies; else the only one at or below the nearest directory above that has any. A
/// directory where something else is built, such as a front end, ends the search.
fn beside(program: &Program, images: &[Image], services: &[Service], directory: &str) -> Option<usize> {
    let unit = unit_directory(program, directory);
    let here: Vec<usize> = (0..images.len()).filter(|index| program.sources.get(images[*index].file).directory() == unit).collect();
    // A gateway in another language, deployed beside a service.
    let is_foreign = |index: &usize| {
        let mut languages = services.iter().map(|service| program.module(service.module).language);
        languages.all(|language| runs_other_language(&images[*index], language))
    };
    if !here.is_empty() && here.iter().all(is_foreign) {
        return None;
    }
    let is_built_into = |index: &usize| services.iter().any(|service| service.image == Some(*index));
    let is_other = if here.is_empty() { is_other_language(program, &unit, Language::Python) } else { !here.iter().any(is_built_into) };
    if is_other && !services.iter().any(|service| is_below(&service.directory, &unit)) {
        return None;
    }
    let mut at = directory;
    loop {
        let mut below = (0..services.len()).filter(|index| is_below(&services[*index].directory, at));
        match (below.next(), below.next()) {
            (Some(only), None) => return Some(only),
            // With several below, only one that is just here.
            (Some(_), Some(_)) => {
                if let Some(here) = services.iter().position(|service| service.directory == at) {
                    return Some(here);
                }
            }
            (None, _) => {}
        }
        if at.is_empty() {
            return None;
        }
        at = at.rsplit_once('/').map_or("", |(up, _)| up);
    }
}
