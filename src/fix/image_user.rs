//! The fix: a user, in the syntax of the image's own tools, below everything that needs root.

use super::{Fix, Intent};
use crate::ir::image::{Image, Instruction, InstructionKind, Stage};
use crate::model::image_users as users;
use crate::model::images::{self, Base, Reference, UserTool};
use crate::source::{Place, Sources, Span};

/// What puts files where only their owner finds them: the home of root.
const FILLS_HOME: &[&str] = &["playwright install", "nltk.downloader", "huggingface-cli", "from_pretrained", "puppeteer browsers"];

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

/// Gives a stage that ends as root (`root` says so) another user.
#[must_use]
pub fn fix(sources: &Sources, image: &Image, stage: &Stage, base: &Base<'_>, root: Option<&Instruction>) -> Fix {
    let place = |span| Place { file: image.file, span };
    if let Some(fix) = other_base(image, base, root) {
        return fix;
    }
    let Plan { mut title, lines, name } = plan(image, stage, base);
    let in_home: Vec<&Instruction> = image.lineage(stage).flat_map(users::own).filter(|instruction| fills_home(instruction)).collect();
    if !in_home.is_empty() {
        return below_home(sources, image, &in_home, &lines, name.as_deref());
    }
    if let Some(InstructionKind::User { written, .. }) = root.map(|root| &root.kind)
        && written.value.contains('$')
    {
        return Fix::advice(format!("Give `USER {}` a default that is not root", written.value), lines);
    }
    if let Some(daemon) = users::commands(image, stage).find_map(|(_, _, command)| users::needs_root(command)) {
        return Fix::advice(format!("Start the work itself as another user, rather than by `{daemon}`"), lines);
    }
    if let Some(port) = privileged_port(image, stage) {
        title += &format!("; port {port} then needs a runtime that opens it to others than root");
    }
    Fix::unsafe_edit(title, vec![edit(place, stage, root, lines)])
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

fn plan(image: &Image, stage: &Stage, base: &Base<'_>) -> Plan {
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
        return switch(format!("Switch to `{user}`, which is created already"), user);
    }
    if let Some(user) = base.user.filter(|user| !users::is_root(user)) {
        return switch(format!("Switch back to `{user}`, the user of `{}`", base.name), user);
    }
    if let Some(user) = base.facts.ships {
        return switch(format!("Switch to `{user}`, which `{}` brings along", base.name), user);
    }
    let tool = base.facts.user_tool.or_else(|| match users::package_tool(image, stage)? {
        "apk" => Some(UserTool::Adduser),
        "apt-get" | "apt" | "dpkg" => Some(UserTool::Useradd),
        // Small images of the others come without shadow-utils.
        _ => None,
    });
    let name = if users::creates_group(image, stage, "app") { "appuser" } else { "app" };
    let create = |command: &str| Plan {
        title: format!("Create the user `{name}`, and switch to it"),
        lines: format!("RUN {command} {name}\nUSER {name}"),
        name: Some(name.to_owned()),
    };
    match tool {
        Some(UserTool::Useradd) => create("useradd --create-home --uid 10001"),
        Some(UserTool::Adduser) => create("adduser -D -u 10001"),
        Some(UserTool::None) | None => switch("Switch to a user by its number, which needs no tool".to_owned(), NAMELESS),
    }
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
fn fills_home(instruction: &Instruction) -> bool {
    let below = |text: &str| text == "/root" || text == "~" || text.contains("/root/") || text.contains("~/") || text.starts_with("/root:");
    match &instruction.kind {
        InstructionKind::Env(variables) => {
            variables.iter().any(|v| v.value.as_ref().is_some_and(|value| below(&value.value) || value.value.contains("/root:")))
        }
        InstructionKind::Workdir(path) => below(&path.value) || path.value == "/root",
        InstructionKind::Copy(copy) | InstructionKind::Add(copy) => copy.destination.as_ref().is_some_and(|path| below(&path.value)),
        InstructionKind::Cmd(command) | InstructionKind::Entrypoint(command) => users::words(command).any(below),
        InstructionKind::Run(command) => {
            let installs = |text: &str| FILLS_HOME.iter().any(|tool| text.contains(tool)) || text.contains("pip install --user");
            command.texts().any(|text| installs(&text.value))
        }
        _ => false,
    }
}

/// What lies in root's home has to move, which is shown instruction by instruction.
fn below_home(sources: &Sources, image: &Image, moved: &[&Instruction], lines: &str, name: Option<&str>) -> Fix {
    let user = name.or_else(|| lines.strip_prefix("USER ")).unwrap_or("app");
    let user = user.split(':').next().unwrap_or(user);
    let home = format!("/home/{user}");
    let mut code = String::new();
    let (create, switch) = lines.rsplit_once('\n').map_or(("", lines), |(create, switch)| (create, switch));
    if !create.is_empty() {
        code += create;
        code.push('\n');
    }
    for instruction in moved {
        let text = sources.slice(Place { file: image.file, span: instruction.span });
        match &instruction.kind {
            InstructionKind::Run(_) => {
                code += &format!("# as `{user}`, below `USER {user}`: it fills the home of whoever runs it\n{text}\n")
            }
            InstructionKind::Copy(copy) | InstructionKind::Add(copy) => {
                let to = copy.destination.as_ref();
                let at = to.map_or(0, |to| (to.span.start - instruction.span.start) as usize);
                let (head, tail) = text.split_at_checked(at).unwrap_or((text, ""));
                code += &format!("{head}{}\n", tail.replace("/root", &home).replace('~', &home));
            }
            _ => code += &format!("{}\n", text.replace("/root", &home).replace("~/", &format!("{home}/"))),
        }
    }
    code += switch;
    Fix::advice(format!("Switch to `{user}`, and move what it needs out of the home of root, which is closed to others"), code)
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
