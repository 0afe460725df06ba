//! Which folder an image is built in, as the commands beside a deployment tell.

use crate::ir::deploy::Deployment;
use crate::source::at_or_above;

use super::gcloud::Line;
use super::script::{Invocation, join};
use super::traced::Traced;

/// An image that is built.
#[derive(Clone, Debug)]
pub(super) struct Build {
    /// What it is called, variables that are not known as they are written.
    pub image: String,
    /// The folder, as seen from where the command is started.
    pub context: String,
}

/// The images that a command builds: `docker build -t NAME folder`, `gcloud builds submit --tag NAME folder`.
pub(super) fn of(invocation: &Invocation) -> Vec<Build> {
    let words: Vec<String> = invocation.words.iter().map(Traced::text).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (used, last) = match words.as_slice() {
        ["docker" | "podman", "build", ..] => (2, true),
        ["docker", "buildx" | "image", "build", ..] => (3, true),
        ["gcloud", "builds", "submit", ..] => (3, false),
        _ => return Vec::new(),
    };
    let line = Line::read(&invocation.words[used..]);
    // A folder may stand behind a flag that takes no value, and is taken for one: `docker build --push .`.
    let other = line.others.last().filter(|word| word.is_known()).map(Traced::text);
    let taken = || line.flags.last().and_then(|flag| flag.value.as_ref()).filter(|word| last && word.is_known()).map(Traced::text);
    let context = join(&invocation.folder, &other.or_else(taken).unwrap_or_default());
    let names = line.flags.iter().filter(|flag| matches!(&*flag.name, "-t" | "--tag")).filter_map(|flag| flag.value.as_ref());
    names.map(|name| Build { image: name.text(), context: context.clone() }).collect()
}

/// Tells deployments the folders that their images are built in. `folder` is the deployments' own: the commands are started
/// there, or in one above.
pub(super) fn tie(deployments: &mut [Deployment], builds: &[Build], folder: &str) {
    for deployment in deployments {
        let image = deployment.containers.first().and_then(|container| container.image.as_ref());
        let mut seen = std::mem::take(&mut deployment.contexts);
        if let Some(image) = image {
            let is_same = |build: &&Build| without_tag(&build.image) == without_tag(&image.written);
            seen.extend(builds.iter().filter(is_same).map(|build| build.context.clone()));
        }
        deployment.contexts = seen.iter().flat_map(|context| at_or_above(folder).map(|start| join(start, context))).collect();
    }
}

/// An image's name without tag and digest; a colon in a variable or before a slash is something else.
fn without_tag(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or_default();
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains(['/', '}']) => name,
        _ => image,
    }
}
