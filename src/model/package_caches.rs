//! What package managers leave in a layer: caches, lists, and packages that nobody asked for.

use rustc_hash::FxHashMap;

use super::image_contexts;
use super::image_steps::{self, Step};
use super::image_users::{in_order, own};
use super::package_tools::{self, Ecosystem, Tool, Use};
use crate::finding::Confidence;
use crate::ir::Known;
use crate::ir::image::{Image, Instruction, InstructionKind, Mount, Stage};
use crate::source::{Sources, Span};

/// Something that a `RUN` leaves behind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Left {
    /// What, as a sentence without its end.
    pub what: String,
    /// How sure it is.
    pub confidence: Confidence,
    /// How it is avoided.
    pub remedy: Remedy,
}

/// How a cache is kept out of a layer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Remedy {
    /// Another option behind a word: nothing else changes.
    Option(Span, &'static str),
    /// The same, where what is installed may change.
    OtherPackages(Span, &'static str),
    /// Another command in the place of the words of one.
    Command(Span, &'static str),
    /// A command behind the others.
    Behind(&'static str),
    /// One `RUN` with what fetched the lists.
    Join,
}

/// Variables that hold for the commands of a stage.
#[derive(Clone, Debug, Default)]
struct Variables(FxHashMap<String, Option<String>>);

impl Variables {
    fn set(&mut self, instruction: &Instruction) {
        if let InstructionKind::Env(variables) | InstructionKind::Arg(variables) = &instruction.kind {
            for variable in variables {
                let value = match &variable.resolved {
                    Known::Yes(value) => Some(value.clone()),
                    Known::Unknown => None,
                };
                self.0.insert(variable.name.value.clone(), value.filter(|_| variable.value.is_some()));
            }
        }
    }

    /// Whether a variable is set, to something that is not an empty text.
    fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| value.as_deref().is_none_or(|value| !value.is_empty()))
    }

    /// Whether a variable says yes.
    fn is_on(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !matches!(value.as_deref(), Some("" | "0" | "false" | "no" | "off")))
    }

    fn is(&self, name: &str, expected: &str) -> bool {
        self.0.get(name).is_some_and(|value| value.as_deref() == Some(expected))
    }
}

/// A `RUN`, its commands, and what holds for them.
struct Layer<'a> {
    steps: Vec<Step<'a>>,
    mounts: &'a [Mount],
    variables: Variables,
    /// The project's yarn is one that installs links to its cache.
    is_berry: bool,
}

/// What the `RUN`s of a stage that ships leave behind, and those of the stages that it is built on.
#[must_use]
pub fn left<'a>(sources: &Sources, image: &'a Image, stage: &'a Stage) -> Vec<(&'a Instruction, Vec<Left>)> {
    let mut variables = Variables::default();
    let (mut leaves_recommended, mut found) = (false, Vec::new());
    let is_berry = is_berry(sources, image, stage);
    // A layer that only fetched the lists: whatever is removed above it, it keeps them.
    let mut fetched: Option<&Instruction> = None;
    for instruction in in_order(image, stage) {
        variables.set(instruction);
        let InstructionKind::Run(command) = &instruction.kind else { continue };
        let mut set = variables.clone();
        let scripts = image_steps::scripts(instruction);
        for assignment in scripts.iter().flat_map(|(_, script)| &script.assignments) {
            set.0.insert(assignment.name.clone(), assignment.value.is_constant.then(|| assignment.value.value.clone()));
        }
        // `echo 'APT::Install-Recommends "false";' > /etc/apt/apt.conf.d/…`
        leaves_recommended |= command.texts().any(|text| text.value.contains("APT::Install-Recommends"));
        let layer = Layer { steps: image_steps::of(instruction), mounts: &command.mounts, variables: set, is_berry };
        let mut left = layer.left(sources, image, stage, leaves_recommended);
        let installs = layer.apt().any(|(_, used)| used.installs());
        if installs && fetched.take().is_some() {
            left.push(Left {
                what: "the package lists stay in the layer of `apt-get update`, whatever is removed later".to_owned(),
                confidence: Confidence::High,
                remedy: Remedy::Join,
            });
        }
        if !installs && layer.apt().any(|(at, used)| used.verb == "update" && !layer.is_without(at, &[LISTS])) {
            fetched = Some(instruction);
        }
        if !left.is_empty() {
            found.push((instruction, left));
        }
    }
    if let Some(update) = fetched {
        let what = "`apt-get update` leaves the package lists in the layer".to_owned();
        found.push((update, vec![Left { what, confidence: Confidence::Medium, remedy: Remedy::Behind(REMOVE_LISTS) }]));
    }
    found
}

/// What removes the package lists of apt.
pub const REMOVE_LISTS: &str = "rm -rf /var/lib/apt/lists/*";

const LISTS: &str = "/var/lib/apt/lists";

impl Layer<'_> {
    fn left(&self, sources: &Sources, image: &Image, stage: &Stage, leaves_recommended: bool) -> Vec<Left> {
        let fetches = self.apt().any(|(_, used)| used.verb == "update");
        let mut found: Vec<Left> = Vec::new();
        for (at, step) in self.steps.iter().enumerate() {
            let Some(used) = package_tools::read(&step.command).filter(Use::installs) else { continue };
            let behind = step.span_of(used.last.range.clone());
            let name = used.program;
            let cache = match used.tool {
                Tool::Apt => {
                    let said = |what: &str| format!("`{name} {}` {what}", used.verb);
                    let is_left = fetches && !self.is_without(at, &[LISTS]) && !self.is_cleaned(at, used.tool, &["distclean"]);
                    let lists = is_left.then(|| Left {
                        what: said("leaves the package lists in the layer"),
                        confidence: Confidence::High,
                        remedy: Remedy::Behind(REMOVE_LISTS),
                    });
                    let no_recommended = leaves_recommended
                        || used.verb != "install"
                        || used.has(&["--no-install-recommends", "--only-upgrade"])
                        || step.command.words.iter().any(|word| word.value.contains("Install-Recommends"));
                    let recommended = (!no_recommended).then(|| Left {
                        what: said("installs recommended packages as well"),
                        confidence: Confidence::Medium,
                        remedy: Remedy::OtherPackages(
                            behind,
                            if lacks_headers(&used) { "--no-install-recommends libc6-dev" } else { "--no-install-recommends" },
                        ),
                    });
                    found.extend(recommended);
                    lists
                }
                Tool::Npm => self.development(sources, image, stage, step, &used),
                tool => self.cache(at, tool, &used).map(|remedy| Left {
                    what: format!("`{}` keeps its cache in the layer", [name, used.verb.as_str()].join(" ").trim()),
                    confidence: if used.tool.ecosystem() == Ecosystem::System || tool == Tool::Pip {
                        Confidence::High
                    } else {
                        Confidence::Medium
                    },
                    remedy,
                }),
            };
            found.extend(cache);
        }
        // One sentence, and one removal, is enough for all commands of a layer.
        let mut said: Vec<String> = Vec::new();
        for left in &mut found {
            if said.contains(&left.what) {
                left.what.clear();
            } else {
                said.push(left.what.clone());
            }
        }
        let mut seen = Vec::new();
        found.retain(|left| match left.remedy {
            Remedy::Behind(command) => {
                let is_new = !seen.contains(&command);
                seen.push(command);
                is_new
            }
            _ => true,
        });
        found
    }

    /// Its commands of apt, and where they are among the others.
    fn apt(&self) -> impl Iterator<Item = (usize, Use<'_>)> {
        let used = self.steps.iter().enumerate().filter_map(|(at, step)| Some((at, package_tools::read(&step.command)?)));
        used.filter(|(_, used)| used.tool == Tool::Apt)
    }

    /// Whether what lies in a folder is no part of the layer: it is mounted, or removed after a step.
    fn is_without(&self, at: usize, folders: &[&str]) -> bool {
        let named = folders.iter().filter_map(|folder| self.variables.0.get(folder.strip_prefix('$')?)?.clone());
        let folders: Vec<String> = named.chain(folders.iter().map(|folder| (*folder).to_owned())).collect();
        let is_mounted = |mount: &Mount| {
            matches!(mount.kind.as_str(), "cache" | "tmpfs")
                && mount.target.as_deref().is_some_and(|target| folders.iter().any(|folder| covers(target, folder)))
        };
        let removes = |step: &Step<'_>| {
            let program = step.command.program();
            // `find … -delete`, `find … | xargs rm`.
            let is_removal = matches!(program, "rm" | "rmdir" | "find");
            is_removal
                && step
                    .command
                    .arguments()
                    .iter()
                    .any(|word| word.value.contains("cache dir") || folders.iter().any(|folder| covers(&word.value, folder)))
        };
        self.mounts.iter().any(is_mounted) || self.steps.iter().skip(at + 1).any(removes)
    }

    /// Whether a later command of the layer cleans up itself: `dnf clean all`.
    fn is_cleaned(&self, at: usize, tool: Tool, verbs: &[&str]) -> bool {
        let cleans = |step: &Step<'_>| {
            let Some(used) = package_tools::read(&step.command) else { return false };
            let first = used.packages().first().map_or("", |word| &word.value);
            let verb = format!("{} {first}", used.verb);
            used.tool == tool && used.verb != "install" && verbs.iter().any(|wanted| verb.trim() == *wanted || used.verb == *wanted)
        };
        self.steps.iter().skip(at + 1).any(cleans)
    }

    /// What keeps a manager's cache out of the layer, where it is in it.
    fn cache(&self, at: usize, tool: Tool, used: &Use<'_>) -> Option<Remedy> {
        let variables = &self.variables;
        let behind = self.steps[at].span_of(used.last.range.clone());
        let (is_off, remedy) = match tool {
            Tool::Pip => (
                used.has(&["--no-cache-dir", "--no-cache", "--cache-dir"])
                    || variables.has("PIP_NO_CACHE_DIR")
                    || self.is_told(at, "no-cache-dir")
                    || self.is_without(at, &["/root/.cache/pip", "$PIP_CACHE_DIR"])
                    || self.is_cleaned(at, tool, &["cache purge"]),
                Remedy::Option(behind, "--no-cache-dir"),
            ),
            // What it installs are links to its cache, unless it is told to copy.
            Tool::Uv => (
                !(variables.is("UV_LINK_MODE", "copy") || used.arguments.iter().any(|word| word.value == "--link-mode=copy"))
                    || used.has(&["--no-cache", "-n", "--no-cache-dir"])
                    || variables.is_on("UV_NO_CACHE")
                    || self.is_without(at, &["/root/.cache/uv", "$UV_CACHE_DIR"])
                    || self.is_cleaned(at, tool, &["cache clean", "cache prune"]),
                Remedy::Option(behind, "--no-cache"),
            ),
            Tool::Poetry => (
                used.has(&["--no-cache"])
                    || self.is_without(at, &["/root/.cache/pypoetry", "$POETRY_CACHE_DIR"])
                    || self.is_cleaned(at, tool, &["cache clear", "cache"]),
                Remedy::Option(behind, "--no-cache"),
            ),
            Tool::Pipenv => (
                self.is_without(at, &["/root/.cache/pipenv", "$PIPENV_CACHE_DIR"]) || self.is_cleaned(at, tool, &["--clear"]),
                Remedy::Behind("rm -rf ~/.cache"),
            ),
            Tool::Yarn => (
                // From the second version on, what is cached is what is installed.
                used.is_global()
                    || self.is_berry
                    || used.has(&["--immutable", "--immutable-cache"])
                    || self.is_without(at, &["/usr/local/share/.cache", "/root/.cache/yarn", "$YARN_CACHE_FOLDER"])
                    || self.is_cleaned(at, tool, &["cache clean"]),
                Remedy::Behind("yarn cache clean"),
            ),
            Tool::Apk => (
                used.has(&["--no-cache"])
                    || self.is_without(at, &["/var/cache/apk", "/etc/apk/cache"])
                    || self.is_cleaned(at, tool, &["cache clean"]),
                if self
                    .steps
                    .iter()
                    .any(|step| package_tools::read(&step.command).is_some_and(|used| used.tool == tool && used.verb == "update"))
                {
                    Remedy::Behind("rm -rf /var/cache/apk/*")
                } else {
                    Remedy::Option(behind, "--no-cache")
                },
            ),
            Tool::Dnf => (
                self.is_without(at, &["/var/cache/dnf", "/var/cache/yum", "/var/cache/libdnf5", "/var/cache/tdnf"])
                    || self.is_cleaned(at, tool, &["clean all", "clean packages"]),
                Remedy::Behind(match self.steps[at].command.program() {
                    "microdnf" => "microdnf clean all",
                    "yum" => "yum clean all",
                    "tdnf" => "tdnf clean all",
                    _ => "dnf clean all",
                }),
            ),
            // What they install are links to their stores.
            Tool::Pdm | Tool::Pnpm | Tool::Bun | Tool::Npm | Tool::Apt => return None,
        };
        (!is_off).then_some(remedy)
    }

    /// Whether an option comes out of a variable, or was set before: `pip install $PIP_OPTS`, `pip config set global.no-cache-dir true`.
    fn is_told(&self, at: usize, option: &str) -> bool {
        let step = &self.steps[at];
        let filled = |name: &str| self.variables.0.get(name.trim_start_matches('{').trim_end_matches('}')).cloned().flatten();
        let by_variable =
            step.command.words.iter().filter_map(|word| filled(word.value.strip_prefix('$')?)).any(|value| value.contains(option));
        by_variable
            || self
                .steps
                .iter()
                .any(|step| step.command.has("config") && step.command.arguments().iter().any(|word| word.value.contains(option)))
    }

    /// `npm install` with what only developers need.
    fn development(&self, sources: &Sources, image: &Image, stage: &Stage, step: &Step<'_>, used: &Use<'_>) -> Option<Left> {
        let is_install = matches!(used.verb.as_str(), "install" | "i") && used.installs_manifest();
        if !is_install || used.is_for_production() || self.leaves_development_out() || self.is_pruned() {
            return None;
        }
        let manifest = image_contexts::manifest(sources, image, stage, "package.json");
        let json = manifest.and_then(|file| serde_json::from_str::<serde_json::Value>(&file.text).ok());
        let has_any =
            json.map(|json| json.get("devDependencies").and_then(|found| found.as_object()).is_some_and(|found| !found.is_empty()));
        if has_any == Some(false) {
            return None;
        }
        let has_lock =
            ["package-lock.json", "npm-shrinkwrap.json"].iter().any(|name| image_contexts::manifest(sources, image, stage, name).is_some());
        let command = if has_lock { "ci --omit=dev" } else { "install --omit=dev" };
        Some(Left {
            what: "`npm install` brings the packages for developers into the image".to_owned(),
            confidence: if has_any == Some(true) { Confidence::High } else { Confidence::Low },
            remedy: Remedy::Command(step.span_of(used.last.range.clone()), command),
        })
    }

    /// Whether the environment says that it is for production.
    fn leaves_development_out(&self) -> bool {
        let variables = &self.variables;
        variables.is("NODE_ENV", "production")
            || variables.is_on("NPM_CONFIG_PRODUCTION")
            || variables.is_on("npm_config_production")
            || variables.is("NPM_CONFIG_OMIT", "dev")
    }

    /// Whether the layer removes them again.
    fn is_pruned(&self) -> bool {
        self.steps.iter().any(|step| {
            let removes = step.command.program() == "rm" && step.command.arguments().iter().any(|word| word.value.contains("node_modules"));
            let is_pruned = |used: Use<'_>| used.verb == "prune" || (used.installs_manifest() && used.is_for_production());
            removes || package_tools::read(&step.command).is_some_and(is_pruned)
        })
    }
}

/// Whether a stage installs what only developers of Node's packages need: neither an option nor the environment leaves it out.
#[must_use]
pub fn ships_development(image: &Image, stage: &Stage) -> Option<Span> {
    let mut variables = Variables::default();
    for instruction in in_order(image, stage) {
        variables.set(instruction);
        let InstructionKind::Run(command) = &instruction.kind else { continue };
        let layer = Layer { steps: image_steps::of(instruction), mounts: &command.mounts, variables: variables.clone(), is_berry: false };
        let installs = |step: &Step<'_>| {
            package_tools::read(&step.command).is_some_and(|used| {
                used.tool.ecosystem() == Ecosystem::Node && used.installs_manifest() && used.verb != "fetch" && !used.is_for_production()
            })
        };
        let sets = image_steps::scripts(instruction);
        let is_set =
            sets.iter().flat_map(|(_, script)| &script.assignments).any(|set| set.name == "NODE_ENV" && set.value.value == "production");
        if !is_set && !layer.leaves_development_out() && !layer.is_pruned() && layer.steps.iter().any(installs) {
            return Some(instruction.span);
        }
    }
    None
}

/// Whether a compiler is installed that only recommends the headers that it needs.
fn lacks_headers(used: &Use<'_>) -> bool {
    let names = |wanted: &[&str]| used.packages().iter().any(|word| wanted.contains(&word.value.as_str()));
    names(&["gcc", "clang"]) && !names(&["libc6-dev", "libc-dev", "build-essential", "g++"])
}

/// Whether the yarn of a project is its second version or a later one.
fn is_berry(sources: &Sources, image: &Image, stage: &Stage) -> bool {
    let copies = image.lineage(stage).flat_map(own).filter_map(|instruction| match &instruction.kind {
        InstructionKind::Copy(copy) => Some(&copy.sources),
        _ => None,
    });
    let manifest = image_contexts::manifest(sources, image, stage, "package.json");
    let says = |text: &str| {
        let version = text.split("\"yarn@").nth(1).and_then(|rest| rest.chars().next());
        version.is_some_and(|first| first.is_ascii_digit() && !matches!(first, '0' | '1'))
    };
    copies.flatten().any(|source| source.value.contains(".yarnrc.yml") || source.value.ends_with(".yarn"))
        || manifest.is_some_and(|file| says(&file.text))
}

/// Whether a path is a folder or holds it: `/root/.cache`, `~/.cache/pip/*`.
fn covers(path: &str, folder: &str) -> bool {
    // `/var/lib/{apt,dpkg}`.
    if let Some((before, rest)) = path.split_once('{')
        && let Some((names, behind)) = rest.split_once('}')
        && !before.ends_with('$')
    {
        return names.split(',').any(|name| covers(&format!("{before}{name}{behind}"), folder));
    }
    let path = path.split('*').next().unwrap_or_default().trim_end_matches('/');
    let plain = path.replace("${", "$").replace('}', "");
    let path = plain.replace("$HOME", "/root").replace('~', "/root");
    if path.is_empty() || path == "/" {
        return false;
    }
    // The home may be anybody's.
    let (path, folder) = match (path.find("/.cache"), folder.strip_prefix("/root")) {
        (Some(at), Some(below)) if below.starts_with("/.cache") => (path[at..].to_owned(), below),
        _ => (path, folder),
    };
    folder == path || folder.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_covered_by_what_holds_them() {
        for (path, folder, expected) in [
            ("/var/lib/apt/lists/*", LISTS, true),
            ("/var/lib/apt/lists", LISTS, true),
            ("/var/lib/apt", LISTS, true),
            ("/var/lib/*", LISTS, true),
            ("/var/cache/apt", LISTS, false),
            ("/var/lib/apt/lists/partial", LISTS, false),
            ("/", LISTS, false),
            ("~/.cache", "/root/.cache/pip", true),
            ("/home/app/.cache/pip", "/root/.cache/pip", true),
            ("$HOME/.cache/*", "/root/.cache/pip", true),
            ("/root/.cache/uv", "/root/.cache/pip", false),
            ("${PIP_CACHE_DIR}", "$PIP_CACHE_DIR", true),
            ("/var/lib/{apt,dpkg}/", LISTS, true),
            ("/var/lib/apt/lists/*_*", LISTS, true),
        ] {
            assert_eq!(covers(path, folder), expected, "{path} {folder}");
        }
    }
}
