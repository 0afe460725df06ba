//! What the commands of package managers do: <https://pip.pypa.io/en/stable/cli/pip_install/>, <https://docs.astral.sh/uv/reference/cli/>,
//! <https://python-poetry.org/docs/cli/>, <https://docs.npmjs.com/cli/>, <https://classic.yarnpkg.com/en/docs/cli/>, <https://pnpm.io/cli/install>,
//! <https://bun.sh/docs/cli/install>, the manuals of apt-get, apk and dnf.

use crate::ir::shell::{Command, Word};

/// A package manager.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tool {
    /// `pip`, also by `python -m pip`.
    Pip,
    /// `uv`, `uv pip` included.
    Uv,
    /// `poetry`.
    Poetry,
    /// `pipenv`.
    Pipenv,
    /// `pdm`.
    Pdm,
    /// `npm`.
    Npm,
    /// `yarn`.
    Yarn,
    /// `pnpm`.
    Pnpm,
    /// `bun`.
    Bun,
    /// `apt-get` and `apt`.
    Apt,
    /// `apk`.
    Apk,
    /// `dnf`, `microdnf`, `yum` and `tdnf`.
    Dnf,
}

/// Whose packages a manager brings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ecosystem {
    /// Python's.
    Python,
    /// Those of npm's registry.
    Node,
    /// Those of the system.
    System,
}

impl Tool {
    fn named(program: &str) -> Option<Self> {
        let plain = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        Some(match if plain == "pip" { plain } else { program } {
            "pip" => Self::Pip,
            "uv" => Self::Uv,
            "poetry" => Self::Poetry,
            "pipenv" => Self::Pipenv,
            "pdm" => Self::Pdm,
            "npm" => Self::Npm,
            "yarn" | "yarnpkg" => Self::Yarn,
            "pnpm" => Self::Pnpm,
            "bun" => Self::Bun,
            "apt-get" | "apt" => Self::Apt,
            "apk" => Self::Apk,
            "dnf" | "dnf5" | "microdnf" | "yum" | "tdnf" => Self::Dnf,
            _ => return None,
        })
    }

    /// Whose packages it brings.
    #[must_use]
    pub fn ecosystem(self) -> Ecosystem {
        match self {
            Self::Pip | Self::Uv | Self::Poetry | Self::Pipenv | Self::Pdm => Ecosystem::Python,
            Self::Npm | Self::Yarn | Self::Pnpm | Self::Bun => Ecosystem::Node,
            Self::Apt | Self::Apk | Self::Dnf => Ecosystem::System,
        }
    }

    /// Options that take the next word.
    fn with_value(self) -> &'static [&'static str] {
        match self {
            Self::Pip | Self::Uv => &[
                "-r",
                "--requirement",
                "--requirements",
                "-c",
                "--constraint",
                "--constraints",
                "-i",
                "--index-url",
                "--default-index",
                "--index",
                "--extra-index-url",
                "-f",
                "--find-links",
                "-t",
                "--target",
                "--prefix",
                "--root",
                "--platform",
                "--trusted-host",
                "--timeout",
                "--default-timeout",
                "--retries",
                "--proxy",
                "--progress-bar",
                "--cache-dir",
                "--only-binary",
                "--no-binary",
                "-e",
                "--editable",
                "--src",
                "--upgrade-strategy",
                "--python-version",
                "--python",
                "-p",
                "--group",
                "--only-group",
                "--no-group",
                "--extra",
                "--package",
                "-P",
                "--upgrade-package",
                "--directory",
                "--project",
                "--link-mode",
                "--no-install-package",
                "--index-strategy",
                "--keyring-provider",
                "--resolution",
                "--report",
                "--log",
                "--config-settings",
                "-C",
                "--exclude-newer",
                "--override",
                "--allow-insecure-host",
            ],
            Self::Poetry => &["--only", "--with", "--without", "-E", "--extras", "-C", "--directory", "-P", "--project"],
            Self::Pipenv => &["--python", "--pypi-mirror", "--categories", "-r", "--requirements", "-i", "--index", "--extra-pip-args"],
            Self::Pdm => &["-G", "--group", "-p", "--project", "-L", "--lockfile", "--with", "--without"],
            Self::Npm => &["--prefix", "-w", "--workspace", "--registry", "--loglevel", "-C", "--cache", "--omit", "--include", "--only"],
            Self::Yarn => &["--network-timeout", "--cache-folder", "--cwd", "--modules-folder", "--registry", "--mutex"],
            Self::Pnpm => &["--filter", "-F", "-C", "--dir", "--store-dir", "--registry", "--reporter", "--config"],
            Self::Bun => &["--cwd", "--backend", "-c", "--config", "--registry", "--cache-dir"],
            Self::Apt => &["-o", "--option", "-t", "--target-release", "--default-release", "-c", "--config-file", "-a"],
            Self::Apk => &["-t", "--virtual", "-X", "--repository", "-p", "--root", "--arch", "--keys-dir", "--wait", "--cache-dir"],
            Self::Dnf => {
                &["-c", "--config", "--enablerepo", "--disablerepo", "--installroot", "--releasever", "-x", "--exclude", "--setopt"]
            }
        }
    }
}

/// A command of a package manager.
#[derive(Clone, Debug)]
pub struct Use<'c> {
    /// The manager.
    pub tool: Tool,
    /// Its program as it is called: `pip3`, `microdnf`.
    pub program: &'c str,
    /// What it is told to do; `install` of `pip install`, `pip install` of `uv pip install`, nothing of a bare `yarn`.
    pub verb: String,
    /// The word of the verb that options may follow; that of the program where there is none.
    pub last: &'c Word,
    /// What stands behind the program, the verb left out.
    pub arguments: Vec<&'c Word>,
}

/// What a command does, where it is that of a package manager.
#[must_use]
pub fn read(command: &Command) -> Option<Use<'_>> {
    let words = &command.words;
    let name = |word: &Word| word.value.rsplit('/').next().unwrap_or_default().to_owned();
    let first = words.first()?;
    let program = name(first);
    let is_python = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.') == "python" || program == "py";
    let at = if is_python {
        // `python -I -m pip`.
        words.iter().position(|word| word.value == "-m").filter(|at| words[1..*at].iter().all(|word| word.value.starts_with('-')))? + 1
    } else {
        // `corepack pnpm install`.
        let hands_on = matches!(program.as_str(), "corepack" | "npx");
        usize::from(hands_on && words.get(1).is_some_and(|word| Tool::named(&word.value).is_some()))
    };
    let tool = Tool::named(&name(words.get(at)?))?;
    let mut used = Use {
        tool,
        program: words[at].value.rsplit('/').next().unwrap_or_default(),
        verb: String::new(),
        last: &words[at],
        arguments: words[at + 1..].iter().collect(),
    };
    let depth = if tool == Tool::Uv { 2 } else { 1 };
    for _ in 0..depth {
        let Some(at) = used.positionals().first().copied() else { break };
        let verb = used.arguments[at];
        if !used.verb.is_empty() && !matches!(used.verb.as_str(), "pip" | "tool" | "cache") {
            break;
        }
        used.verb = if used.verb.is_empty() { verb.value.clone() } else { format!("{} {}", used.verb, verb.value) };
        used.last = verb;
        used.arguments.remove(at);
    }
    Some(used)
}

impl<'c> Use<'c> {
    /// Where the arguments are that are neither options nor their values.
    fn positionals(&self) -> Vec<usize> {
        let mut found = Vec::new();
        let mut is_value = false;
        for (at, word) in self.arguments.iter().enumerate() {
            if is_value {
                is_value = false;
            } else if word.value.starts_with('-') && word.value.len() > 1 {
                is_value = self.tool.with_value().contains(&word.value.as_str());
            } else {
                found.push(at);
            }
        }
        found
    }

    /// The packages that it names: what is neither an option nor the value of one.
    #[must_use]
    pub fn packages(&self) -> Vec<&'c Word> {
        self.positionals().into_iter().map(|at| self.arguments[at]).collect()
    }

    /// Whether it is given one of some options, whatever the value.
    #[must_use]
    pub fn has(&self, options: &[&str]) -> bool {
        self.arguments.iter().any(|word| options.contains(&word.value.split('=').next().unwrap_or_default()))
    }

    /// The values that some options have.
    #[must_use]
    pub fn values(&self, options: &[&str]) -> Vec<&'c Word> {
        let next = |at: usize| self.arguments.get(at + 1).copied();
        let value = |(at, word): (usize, &&'c Word)| options.contains(&word.value.as_str()).then(|| next(at)).flatten();
        self.arguments.iter().enumerate().filter_map(value).collect()
    }

    /// Whether it installs packages.
    #[must_use]
    pub fn installs(&self) -> bool {
        match self.tool {
            Tool::Pip => self.verb == "install",
            Tool::Uv => matches!(self.verb.as_str(), "sync" | "pip install" | "pip sync" | "tool install"),
            Tool::Poetry => matches!(self.verb.as_str(), "install" | "sync" | "add"),
            Tool::Pipenv | Tool::Pdm => matches!(self.verb.as_str(), "install" | "sync" | "add"),
            Tool::Npm => matches!(
                self.verb.as_str(),
                "install" | "i" | "add" | "ci" | "clean-install" | "ic" | "install-clean" | "isntall" | "in" | "ins" | "inst"
            ),
            Tool::Yarn => match self.verb.as_str() {
                "workspaces" => self.is_first("focus"),
                verb => matches!(verb, "" | "install" | "add" | "global") && !self.has(&["--version", "-v"]),
            },
            Tool::Pnpm => matches!(self.verb.as_str(), "install" | "i" | "add" | "fetch"),
            Tool::Bun => matches!(self.verb.as_str(), "install" | "i" | "add" | "a"),
            Tool::Apt => matches!(self.verb.as_str(), "install" | "build-dep" | "upgrade" | "dist-upgrade" | "full-upgrade"),
            Tool::Apk => matches!(self.verb.as_str(), "add" | "upgrade"),
            Tool::Dnf if matches!(self.verb.as_str(), "group" | "module") => self.is_first("install"),
            Tool::Dnf => {
                matches!(self.verb.as_str(), "install" | "update" | "upgrade" | "localinstall" | "groupinstall" | "builddep")
            }
        }
    }

    /// Whether it installs what a manifest of the project lists: all of that comes again when the manifest's layer changes.
    #[must_use]
    pub fn installs_manifest(&self) -> bool {
        let names_none = || self.packages().is_empty();
        self.installs()
            && match self.tool {
                Tool::Pip => self.is_of_files(),
                Tool::Uv => match self.verb.as_str() {
                    "sync" => !self.has(&["--no-install-workspace-deps", "--only-install-project"]),
                    "pip sync" => true,
                    "pip install" => self.is_of_files(),
                    _ => false,
                },
                Tool::Poetry => self.verb != "add" && !self.has(&["--only-root"]),
                Tool::Pipenv | Tool::Pdm => self.verb != "add" && names_none(),
                Tool::Npm | Tool::Bun => names_none() && !self.is_global(),
                Tool::Yarn => match self.verb.as_str() {
                    "" | "install" => names_none(),
                    "workspaces" => true,
                    _ => false,
                },
                Tool::Pnpm => (names_none() || self.verb == "fetch") && !self.is_global(),
                Tool::Apt | Tool::Apk | Tool::Dnf => false,
            }
    }

    fn is_first(&self, word: &str) -> bool {
        self.packages().first().is_some_and(|first| first.value == word)
    }

    /// Files of requirements, or a project's own folder.
    fn is_of_files(&self) -> bool {
        let is_folder = |word: &&Word| {
            let path = word.value.split('[').next().unwrap_or_default();
            (path == "." || path.starts_with("./") || path.starts_with('/') || path.starts_with(".."))
                && ![".whl", ".tar.gz", ".zip"].iter().any(|end| path.ends_with(end))
        };
        let is_told =
            self.has(&["-r", "--requirement", "--requirements"]) || self.arguments.iter().any(|word| word.value.starts_with("-r"));
        let is_own = self.packages().iter().chain(&self.values(&["-e", "--editable"])).any(is_folder);
        (is_told || is_own) && !self.has(&["--no-deps", "--no-index"])
    }

    /// The files of requirements that it installs, as they are named.
    #[must_use]
    pub fn requirements(&self) -> Vec<String> {
        let mut files: Vec<String> =
            self.values(&["-r", "--requirement", "--requirements"]).iter().map(|word| word.value.clone()).collect();
        for word in &self.arguments {
            let joined = ["--requirement=", "--requirements="].iter().find_map(|option| word.value.strip_prefix(option));
            let short = word.value.strip_prefix("-r").filter(|rest| !rest.is_empty() && !word.value.starts_with("--"));
            files.extend(joined.or(short).map(str::to_owned));
        }
        files
    }

    /// Whether it installs for everybody on the machine, and not for a project.
    #[must_use]
    pub fn is_global(&self) -> bool {
        self.verb == "global" || self.has(&["-g", "--global"]) || self.arguments.iter().any(|word| word.value == "--location=global")
    }

    /// Whether a manager of Node leaves out what only developers need.
    #[must_use]
    pub fn is_for_production(&self) -> bool {
        let says = |options: &[&str]| self.arguments.iter().any(|word| options.contains(&word.value.as_str()));
        let of_pairs = |pairs: &[(&str, &str)]| {
            let told = |(option, value): &(&str, &str)| self.values(&[option]).iter().any(|word| word.value == *value);
            pairs.iter().any(told)
        };
        says(&["--production", "--prod", "-P", "--omit=dev", "--only=production", "--only=prod", "--production=true", "--no-dev"])
            || of_pairs(&[("--omit", "dev"), ("--only", "production"), ("--only", "prod")])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lower::shell;

    fn of(text: &str) -> (Option<(Tool, String)>, bool, bool) {
        let script = shell::lower(text);
        let used = script.commands.first().and_then(read);
        let installs = used.as_ref().is_some_and(Use::installs);
        let manifest = used.as_ref().is_some_and(Use::installs_manifest);
        (used.map(|used| (used.tool, used.verb)), installs, manifest)
    }

    #[test]
    fn commands_of_managers() {
        for (text, tool, verb, installs, manifest) in [
            ("pip install -r requirements.txt", Tool::Pip, "install", true, true),
            ("python3.11 -m pip --no-cache-dir install flask", Tool::Pip, "install", true, false),
            ("/venv/bin/pip3.12 install .[prod]", Tool::Pip, "install", true, true),
            ("pip install -e ./lib", Tool::Pip, "install", true, true),
            ("pip install --no-deps .", Tool::Pip, "install", true, false),
            ("pip install /wheels/a.whl", Tool::Pip, "install", true, false),
            ("pip wheel -r requirements.txt", Tool::Pip, "wheel", false, false),
            ("uv sync --frozen", Tool::Uv, "sync", true, true),
            ("uv pip install --system -r requirements.txt", Tool::Uv, "pip install", true, true),
            ("uv run main.py", Tool::Uv, "run", false, false),
            ("poetry install --only-root", Tool::Poetry, "install", true, false),
            ("poetry config virtualenvs.create false", Tool::Poetry, "config", false, false),
            ("pipenv install --deploy --system", Tool::Pipenv, "install", true, true),
            ("npm --prefix web ci", Tool::Npm, "ci", true, true),
            ("npm install -g npm@10", Tool::Npm, "install", true, false),
            ("npm run build", Tool::Npm, "run", false, false),
            ("yarn", Tool::Yarn, "", true, true),
            ("yarn --frozen-lockfile --network-timeout 100000", Tool::Yarn, "", true, true),
            ("yarn build", Tool::Yarn, "build", false, false),
            ("yarn workspaces focus --production", Tool::Yarn, "workspaces", true, true),
            ("pnpm --filter api install", Tool::Pnpm, "install", true, true),
            ("pnpm add -g turbo", Tool::Pnpm, "add", true, false),
            ("bun install --frozen-lockfile", Tool::Bun, "install", true, true),
            ("apt-get -y -o Dpkg::Use-Pty=0 install curl", Tool::Apt, "install", true, false),
            ("apk add --no-cache --virtual .deps gcc", Tool::Apk, "add", true, false),
            ("microdnf clean all", Tool::Dnf, "clean", false, false),
        ] {
            assert_eq!(of(text), (Some((tool, verb.to_owned())), installs, manifest), "{text}");
        }
        for text in ["python main.py", "python -m venv pip", "echo pip install x", "pipx install x"] {
            assert_eq!(of(text).0, None, "{text}");
        }
    }

    #[test]
    fn packages_are_what_is_no_option() {
        let packages = |text: &str| {
            let script = shell::lower(text);
            let used = read(&script.commands[0]).expect("a manager");
            used.packages().iter().map(|word| word.value.clone()).collect::<Vec<_>>()
        };
        assert_eq!(packages("apk add --no-cache --virtual .deps gcc musl-dev"), ["gcc", "musl-dev"]);
        assert_eq!(packages("apt-get install -y -t stable gcc"), ["gcc"]);
        assert_eq!(packages("pip install -r a.txt -c b.txt flask"), ["flask"]);
    }

    #[test]
    fn development_is_left_out() {
        for (text, expected) in [
            ("npm ci --omit=dev", true),
            ("npm ci --omit dev", true),
            ("npm install --production", true),
            ("npm ci --only=production", true),
            ("yarn install --production", true),
            ("pnpm install --prod", true),
            ("npm ci", false),
            ("npm ci --include=dev", false),
            ("yarn install --production=false", false),
        ] {
            let script = shell::lower(text);
            assert_eq!(read(&script.commands[0]).expect("a manager").is_for_production(), expected, "{text}");
        }
    }
}
