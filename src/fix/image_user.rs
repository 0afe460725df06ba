//! The fix: a user, in the syntax of the image's own tools, below everything that needs root.

use std::fmt::Write as _;

use super::{Fix, Intent};
use crate::ir::image::{Command, Image, Instruction, InstructionKind, Stage, Text};
use crate::model::image_users as users;
use crate::model::images::{self, Base, Reference, UserTool};
use crate::source::{Place, Sources, Span};

/// What puts files in the home of root: the command, what says that they go elsewhere (in lower case), and how to say so.
const FILLS_HOME: &[(&str, &str, &str)] = &[
    ("corepack prepare", "corepack_home", COREPACK_HOME),
    ("corepack install", "corepack_home", COREPACK_HOME),
    ("corepack enable", "corepack_home", COREPACK_HOME),
    ("pip install --user", "pythonuserbase", "PYTHONUSERBASE=/opt/python"),
    ("poetry install", "virtualenvs", "POETRY_VIRTUALENVS_IN_PROJECT=true"),
    ("playwright install", "playwright", "PLAYWRIGHT_BROWSERS_PATH=/opt/playwright"),
    ("puppeteer browsers", "puppeteer_cache_dir", "PUPPETEER_CACHE_DIR=/opt/puppeteer"),
    ("nltk.download", "nltk_data", "NLTK_DATA=/opt/nltk"),
    ("huggingface-cli download", "hf_home", "HF_HOME=/opt/huggingface"),
    ("from_pretrained", "hf_home", "HF_HOME=/opt/huggingface"),
];

/// Where Corepack keeps the package managers that it has fetched.
const COREPACK_HOME: &str = "COREPACK_HOME=/opt/corepack";

/// The number of a user that has no name in the image.
const NAMELESS: &str = "10001:10001";

/// How the container gets another user.
struct Plan {
    title: String,
    /// The instructions.
    lines: String,
    /// The user is a new one.
    name: Option<String>,
}

/// Gives a stage that ends as root (`root` says so) another user: by number where a manifest has it checked (`by_number`),
/// because Kubernetes cannot tell from a name that it is not root.
#[must_use]
pub fn fix(sources: &Sources, image: &Image, stage: &Stage, base: &Base<'_>, root: Option<&Instruction>, by_number: bool) -> Fix {
    let place = |span| Place { file: image.file, span };
    if let Some(fix) = other_base(image, base, root) {
        return fix;
    }
    let Plan { mut title, lines, name } = plan(image, stage, base, by_number);
    // Where a heredoc does not end, an instruction would be a part of it.
    if !image.errors.is_empty() {
        return Fix::advice(title, lines);
    }
    let all = users::in_order(image, stage);
    let in_home = all.iter().filter_map(|instruction| match &instruction.kind {
        InstructionKind::Run(command) => elsewhere(command, &all, base).map(|env| (*instruction, Some(env))),
        _ => is_below_home(instruction).then_some((*instruction, None)),
    });
    let in_home: Vec<(&Instruction, Option<&str>)> = in_home.collect();
    if !in_home.is_empty() {
        return below_home(sources, image, &in_home, &lines, name.as_deref());
    }
    if let Some(root) = root
        && let InstructionKind::User { written, .. } = &root.kind
        && written.value.contains('$')
        // What is run below it may need root.
        && !all.iter().any(|i| matches!(i.kind, InstructionKind::Run(_)) && i.span.start > root.span.start)
    {
        let title = format!("Give `USER {}` a default that is not root", written.value);
        return match default(image, &all, &written.value) {
            Some(value) => Fix::unsafe_edit(title, other_default(place, root, value, &lines)),
            None => Fix::advice(title, lines),
        };
    }
    if let Some(daemon) = users::commands(image, stage).find_map(|(_, _, command)| users::needs_root(command)) {
        return Fix::advice(format!("Start the work itself as another user, rather than by `{daemon}`"), lines);
    }
    if let Some(port) = privileged_port(image, stage) {
        let _ = write!(title, "; port {port} then needs a runtime that opens it to others than root");
    }
    Fix::unsafe_edit(title, vec![edit(place, stage, root, lines)])
}

/// The value that a variable has by default, where a text is that variable and nothing else.
fn default<'a>(image: &'a Image, all: &[&'a Instruction], written: &str) -> Option<&'a Text> {
    let name = written.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).or_else(|| written.strip_prefix('$'))?;
    let of_stage = all.iter().rev().filter_map(|instruction| match &instruction.kind {
        InstructionKind::Arg(variables) | InstructionKind::Env(variables) => Some(variables),
        _ => None,
    });
    let mut variables = of_stage.chain([&image.args]).flatten().filter(|variable| variable.name.value == name);
    variables.find_map(|variable| variable.value.as_ref()).filter(|value| users::is_root(&value.value))
}

/// Another default, and the user that it names before that is used.
fn other_default(place: impl Fn(Span) -> Place, root: &Instruction, value: &Text, lines: &str) -> Vec<Intent> {
    let (create, user) = lines.rsplit_once('\n').map_or((None, lines), |(create, user)| (Some(create), user));
    let user = user.strip_prefix("USER ").unwrap_or(user);
    let numeric = value.value.bytes().all(|b| b.is_ascii_digit());
    let text = if numeric && create.is_some_and(|create| create.contains("10001")) { "10001" } else { user };
    let mut intents = vec![Intent::Replace { place: place(value.span), text: text.to_owned() }];
    if let Some(create) = create {
        intents.push(Intent::InsertBefore { before: place(root.span), text: create.to_owned() });
    }
    intents
}

/// Below the last instruction that needs root, before the command if that comes later.
fn edit(place: impl Fn(Span) -> Place, stage: &Stage, root: Option<&Instruction>, text: String) -> Intent {
    let own: Vec<&Instruction> = users::own(stage).collect();
    let needs_root =
        |i: &&Instruction| matches!(i.kind, InstructionKind::Run(_) | InstructionKind::User { .. } | InstructionKind::Workdir(_));
    let last = own.iter().rposition(needs_root);
    if let (Some(at), Some(root)) = (last, root)
        && own[at].span == root.span
    {
        return Intent::Replace { place: place(root.span), text };
    }
    let after = &own[last.map_or(0, |at| at + 1)..];
    let is_command = |i: &&&Instruction| matches!(i.kind, InstructionKind::Cmd(_) | InstructionKind::Entrypoint(_));
    match (after.iter().find(is_command), own.last()) {
        (Some(command), _) => Intent::InsertBefore { before: place(command.span), text },
        (None, Some(_)) if last.is_some_and(|at| own[..at].iter().any(|i| is_command(&i))) => {
            Intent::InsertAfter { after: place(own[last.unwrap_or(0)].span), text }
        }
        (None, Some(end)) => Intent::InsertAfter { after: place(end.span), text },
        (None, None) => Intent::InsertAfter { after: place(stage.span), text },
    }
}

fn plan(image: &Image, stage: &Stage, base: &Base<'_>, by_number: bool) -> Plan {
    let switch = |title: String, user: &str| Plan { title, lines: format!("USER {user}"), name: None };
    let all = image.lineage(stage).flat_map(|stage| users::own(stage).rev());
    let before = all.into_iter().find_map(|instruction| match &instruction.kind {
        InstructionKind::User { written, resolved } => {
            let known = resolved.as_ref().known()?;
            (!users::is_root(known) && !known.is_empty()).then_some(&written.value)
        }
        _ => None,
    });
    if let Some(user) = before {
        return switch(format!("Switch back to `{user}`"), user);
    }
    if let Some((user, _)) = users::created(image, stage) {
        return handed(image, stage, user, &format!("Switch to `{user}`, which is created already"));
    }
    if let Some(user) = base.user.filter(|user| !users::is_root(user)) {
        return switch(format!("Switch back to `{user}`, the user of `{}`", base.name), user);
    }
    if let Some(user) = base.facts.ships {
        return handed(image, stage, user, &format!("Switch to `{user}`, which `{}` brings along", base.name));
    }
    let tool = base.facts.user_tool.or_else(|| match users::package_tool(image, stage)? {
        "apk" => Some(UserTool::Adduser),
        "apt-get" | "apt" | "dpkg" => Some(UserTool::Useradd),
        // Small images of the others come without shadow-utils.
        _ => None,
    });
    let name = if users::creates_group(image, stage, "app") { "appuser" } else { "app" };
    let give = give(image, stage, name).map_or_else(String::new, |give| format!(" && {give}"));
    let create = |command: &str| Plan {
        title: format!("Create the user `{name}`, and switch to it{OWNS}"),
        lines: format!("RUN {command} {name}{give}\nUSER {}", if by_number { "10001" } else { name }),
        name: Some(name.to_owned()),
    };
    match tool {
        Some(UserTool::Useradd) => create("useradd --create-home --uid 10001"),
        Some(UserTool::Adduser) => create("adduser -D -u 10001"),
        Some(UserTool::None) | None => switch("Switch to a user by its number, which needs no tool".to_owned(), NAMELESS),
    }
}

/// What an image cannot hand over: mounts, and copied files that the program changes.
const OWNS: &str = "; volumes and whatever else it writes to have to belong to it";

/// A switch to a user that is there already, to whom the folders are given that the program may write to.
fn handed(image: &Image, stage: &Stage, user: &str, title: &str) -> Plan {
    let owns = image.lineage(stage).flat_map(users::own).any(|instruction| {
        let InstructionKind::Run(command) = &instruction.kind else { return false };
        users::words(command).any(|word| word == "chown") && users::words(command).any(|word| word.split(':').next() == Some(user))
    });
    let give = if owns { None } else { give(image, stage, user) };
    let run = give.map_or_else(String::new, |give| format!("RUN {give}\n"));
    Plan { title: format!("{title}{OWNS}"), lines: format!("{run}USER {user}"), name: None }
}

/// The command that gives a user where a program starts, and the folders that are made for it.
fn give(image: &Image, stage: &Stage, user: &str) -> Option<String> {
    let start = working_directory(image, stage).map(|directory| format!("chown {user} {directory}"));
    let made = made_directories(image, stage);
    let made = (!made.is_empty()).then(|| format!("chown -R {user} {}", made.join(" ")));
    let all: Vec<String> = start.into_iter().chain(made).collect();
    (!all.is_empty()).then(|| all.join(" && "))
}

/// Where a program starts, and may write files of its own.
fn working_directory<'a>(image: &'a Image, stage: &'a Stage) -> Option<&'a str> {
    let last = image.lineage(stage).flat_map(|stage| users::own(stage).rev()).find_map(|instruction| match &instruction.kind {
        InstructionKind::Workdir(path) => Some(path.value.as_str()),
        _ => None,
    })?;
    let last = if last.len() > 1 { last.trim_end_matches('/') } else { last };
    let is_plain = last.chars().all(|c| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-'));
    (is_plain && last.len() > 1 && last.starts_with('/') && !matches!(last, "/usr" | "/etc" | "/bin" | "/root" | "/var" | "/opt" | "/tmp"))
        .then_some(last)
}

/// The directories that an image makes empty, for its program to write to.
fn made_directories<'a>(image: &'a Image, stage: &'a Stage) -> Vec<&'a str> {
    const OF_THE_SYSTEM: [&str; 9] = ["/bin", "/boot", "/dev", "/etc", "/lib", "/proc", "/root", "/usr", "/var/lib/apt"];
    let runs = image.lineage(stage).flat_map(users::own).filter_map(|instruction| match &instruction.kind {
        InstructionKind::Run(command) => Some(command),
        _ => None,
    });
    let mut found: Vec<&str> = Vec::new();
    for text in runs.flat_map(Command::texts) {
        for part in text.value.split(['&', ';', '|', '\n']) {
            let mut words = part.split_whitespace();
            if words.next() != Some("mkdir") {
                continue;
            }
            // `-m 0755` takes a word, `-p` takes none.
            let mut words = words.skip_while(|word| word.starts_with('-') || word.bytes().all(|b| b.is_ascii_digit())).peekable();
            let is_plain = |word: &&str| {
                let name = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
                word.chars().all(name) && !OF_THE_SYSTEM.iter().any(|system| word.starts_with(system)) && *word != "/"
            };
            while let Some(word) = words.next_if(is_plain) {
                if !found.contains(&word) {
                    found.push(word);
                }
            }
        }
    }
    found.sort_unstable();
    found
}

/// The tag of the same image that runs as somebody else, or another image of the same software.
fn other_base(image: &Image, base: &Base<'_>, root: Option<&Instruction>) -> Option<Fix> {
    if root.is_some() {
        return None;
    }
    let stage = image.lineage(image.last_stage()?).last()?;
    let text = &stage.base.value;
    let reference = Reference::parse(text);
    if text.contains('$') || reference.digest.is_some() {
        return None;
    }
    let name = reference.tag.map_or(text.as_str(), |tag| &text[..text.len() - tag.len() - 1]);
    if let Some(other) = base.facts.instead {
        let tag = reference.tag.map_or(String::new(), |tag| format!(":{tag}"));
        let note = "# it listens on 8080: where the configuration says `listen 80`, say `listen 8080`";
        return Some(Fix::advice(format!("Build on `{other}`, which needs no root"), format!("{note}\nFROM {other}{tag}")));
    }
    let tag = reference.tag.unwrap_or("latest");
    let with = if tag.contains("debug") { tag.replacen("debug", "debug-nonroot", 1) } else { tag.replacen("latest", "nonroot", 1) };
    let facts = images::facts(&Reference { tag: Some(&with), ..reference.clone() });
    if with == tag || facts.user.is_none_or(users::is_root) {
        return None;
    }
    let place = Place { file: image.file, span: stage.base.span };
    Some(Fix::unsafe_edit(format!("Take the tag `{with}`"), vec![Intent::Replace { place, text: format!("{name}:{with}") }]))
}

/// Whether an instruction puts something below `/root`, which is closed to others.
fn is_below_home(instruction: &Instruction) -> bool {
    let below = |text: &str| text == "/root" || text == "~" || text.contains("/root/") || text.contains("~/") || text.starts_with("/root:");
    match &instruction.kind {
        InstructionKind::Env(variables) => {
            variables.iter().any(|v| v.value.as_ref().is_some_and(|value| below(&value.value) || value.value.contains("/root:")))
        }
        InstructionKind::Workdir(path) => below(&path.value) || path.value == "/root",
        InstructionKind::Copy(copy) | InstructionKind::Add(copy) => copy.destination.as_ref().is_some_and(|path| below(&path.value)),
        InstructionKind::Cmd(command) | InstructionKind::Entrypoint(command) => users::words(command).any(below),
        _ => false,
    }
}

/// The variable that makes a command fill another folder than the home of root, unless something says so already.
fn elsewhere(command: &Command, all: &[&Instruction], base: &Base<'_>) -> Option<&'static str> {
    let says = |mark: &str| {
        let set = all.iter().any(|instruction| match &instruction.kind {
            InstructionKind::Env(variables) | InstructionKind::Arg(variables) => {
                variables.iter().any(|v| v.name.value.to_ascii_lowercase().contains(mark))
            }
            InstructionKind::Run(command) => mark == "virtualenvs" && command.texts().any(|text| text.value.contains(mark)),
            _ => false,
        });
        // The images of Playwright say it themselves.
        set || base.name.contains(mark)
    };
    // Enabled, Corepack fetches a package manager where one is run first.
    let is_filled = |runs: &str| {
        let manages =
            |text: &Text| text.value.split(|c: char| !c.is_alphanumeric() && c != '-').any(|word| matches!(word, "pnpm" | "yarn"));
        let runs_manager = |i: &&Instruction| matches!(&i.kind, InstructionKind::Run(command) if command.texts().any(manages));
        runs != "corepack enable" || all.iter().any(runs_manager)
    };
    let fills = |runs: &str| command.texts().any(|text| text.value.contains(runs)) && is_filled(runs);
    let (_, _, env) = FILLS_HOME.iter().find(|(runs, mark, _)| fills(runs) && !says(mark))?;
    Some(env)
}

/// What lies in root's home has to move, which is shown instruction by instruction.
fn below_home(sources: &Sources, image: &Image, moved: &[(&Instruction, Option<&str>)], lines: &str, name: Option<&str>) -> Fix {
    let user = name.or_else(|| lines.rsplit_once("USER ").map(|(_, user)| user)).unwrap_or("app");
    let user = user.split(':').next().unwrap_or(user);
    let home = format!("/home/{user}");
    let (create, switch) = lines.rsplit_once('\n').map_or((None, lines), |(create, switch)| (Some(create.to_owned()), switch));
    let moved = moved.iter().map(|(instruction, env)| {
        let text = sources.slice(Place { file: image.file, span: instruction.span });
        match &instruction.kind {
            InstructionKind::Run(_) => format!("ENV {}\n{text}", env.unwrap_or_default()),
            InstructionKind::Copy(copy) | InstructionKind::Add(copy) => {
                // Where it is copied from stays.
                let to = copy.destination.as_ref().map_or(instruction.span.start, |to| to.span.start);
                let (head, tail) = text.split_at_checked((to - instruction.span.start) as usize).unwrap_or((text, ""));
                format!("{head}{}", tail.replace("/root", &home).replace('~', &home))
            }
            _ => text.replace("/root", &home).replace("~/", &format!("{home}/")),
        }
    });
    let code: Vec<String> = create.into_iter().chain(moved).chain([switch.to_owned()]).collect();
    let code = code.join("\n");
    let start = if name.is_some() { format!("Create the user `{user}`") } else { format!("Switch to `{user}`") };
    Fix::advice(format!("{start}, and move what it needs out of the home of root, which is closed to others"), code)
}

/// A port that is said to be exposed and that only root may open, where the runtime does not say otherwise.
fn privileged_port(image: &Image, stage: &Stage) -> Option<u16> {
    image.lineage(stage).flat_map(users::own).find_map(|instruction| match &instruction.kind {
        InstructionKind::Expose(ports) => ports.iter().find_map(|port| {
            let number = port.value.split('/').next()?.parse().ok()?;
            (number < 1024).then_some(number)
        }),
        _ => None,
    })
}
