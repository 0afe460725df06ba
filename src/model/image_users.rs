//! Users of images: who a stage runs as, which users its commands create, and what steps down from root.

use crate::ir::image::{Command, Form, Image, Instruction, InstructionKind, Stage};

/// Programs that run another one as somebody else.
const STEPPING_DOWN: &[&str] =
    &["gosu", "su-exec", "setpriv", "runuser", "su", "s6-setuidgid", "setuidgid", "chpst", "start-stop-daemon", "capsh"];

/// Of these, the ones that are installed for nothing else.
const INSTALLED_TO_STEP_DOWN: &[&str] = &["gosu", "su-exec"];

/// Servers that take a user to go on as.
const TAKE_A_USER: &[&str] = &["gunicorn", "uwsgi", "celery", "supervisord", "twistd"];

/// Daemons that cannot do their work as anybody else.
const NEED_ROOT: &[&str] = &[
    "sshd",
    "cron",
    "crond",
    "dockerd",
    "dockerd-entrypoint.sh",
    "systemd",
    "python_template_launcher",
    "java_template_launcher",
    "go_template_launcher",
];

/// What adds packages: whoever may do it is root.
const PACKAGE_TOOLS: &[&str] = &["apt-get", "apt", "apk", "dnf", "microdnf", "yum", "tdnf", "zypper", "pacman", "dpkg"];

/// Options of `useradd` and `adduser` whose value is the next word.
const WITH_VALUE: &[&str] = &[
    "base-dir",
    "comment",
    "home-dir",
    "home",
    "expiredate",
    "inactive",
    "gid",
    "groups",
    "skel",
    "key",
    "password",
    "root",
    "prefix",
    "shell",
    "uid",
    "selinux-user",
    "ingroup",
    "gecos",
    "firstuid",
    "lastuid",
    "conf",
];
const SHORT_WITH_VALUE_USERADD: &str = "bcdefgGkKpRPsuZ";
const SHORT_WITH_VALUE_ADDUSER: &str = "hgsGuk";

/// What a stage itself does: not what it leaves to images built on it.
#[must_use]
pub fn own(stage: &Stage) -> impl DoubleEndedIterator<Item = &Instruction> {
    stage.instructions.iter().filter(|instruction| !instruction.on_build)
}

/// What a stage and those that it is built on do, in the order in which it is done.
#[must_use]
pub fn in_order<'a>(image: &'a Image, stage: &'a Stage) -> Vec<&'a Instruction> {
    let mut lineage: Vec<&Stage> = image.lineage(stage).collect();
    lineage.reverse();
    lineage.into_iter().flat_map(own).collect()
}

/// The user that a stage ends as: the last `USER` of it or of a stage that it is built on, with the stage that says so.
#[must_use]
pub fn last_user<'a>(image: &'a Image, stage: &'a Stage) -> Option<(&'a Stage, &'a Instruction)> {
    image.lineage(stage).find_map(|stage| {
        let last = own(stage).rev().find(|instruction| matches!(instruction.kind, InstructionKind::User { .. }))?;
        Some((stage, last))
    })
}

/// Whether `USER` names root: by name or number, with or without a group.
#[must_use]
pub fn is_root(user: &str) -> bool {
    let name = user.split(':').next().unwrap_or_default().trim();
    name == "root" || (!name.is_empty() && name.bytes().all(|b| b == b'0'))
}

/// What a container of a stage starts with: the last `ENTRYPOINT` and the last `CMD`, of the stage or those it is built on.
/// The stage that sets either sets both.
pub fn commands<'a>(image: &'a Image, stage: &'a Stage) -> impl Iterator<Item = (&'a Stage, &'a Instruction, &'a Command)> {
    let find = |entrypoint: bool| {
        image.lineage(stage).find_map(move |stage| {
            own(stage).rev().find_map(|instruction| match &instruction.kind {
                InstructionKind::Entrypoint(command) if entrypoint => Some((stage, instruction, command)),
                InstructionKind::Cmd(command) if !entrypoint => Some((stage, instruction, command)),
                _ => None,
            })
        })
    };
    find(true).into_iter().chain(find(false))
}

/// The last `ENTRYPOINT` of a stage, or of those it is built on.
#[must_use]
pub fn entrypoint<'a>(image: &'a Image, stage: &'a Stage) -> Option<&'a Command> {
    commands(image, stage)
        .find_map(|(_, instruction, command)| matches!(instruction.kind, InstructionKind::Entrypoint(_)).then_some(command))
}

/// The words of a command line, quotes around them removed.
pub fn words(command: &Command) -> impl Iterator<Item = &str> {
    let exec = matches!(command.form, Form::Exec(_));
    command.texts().flat_map(move |text| {
        let words = text.value.split(|c: char| c.is_whitespace() || matches!(c, ';' | '&' | '|' | '(' | ')'));
        // A word of an array may be a whole script (`sh -c`).
        words.filter(move |word| !word.is_empty() || exec).map(|word| word.trim_matches(['"', '\'']))
    })
}

/// The name of the program that a word starts, without its folder.
pub(super) fn program(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// The word of a command that makes it go on as somebody else than root.
#[must_use]
pub fn steps_down(command: &Command) -> Option<&str> {
    let words: Vec<&str> = words(command).filter(|word| !word.is_empty()).collect();
    stepping_down(&words)
}

/// The same of the words of a command line.
pub(super) fn stepping_down<'a>(words: &[&'a str]) -> Option<&'a str> {
    if let Some(at) = words.iter().position(|word| STEPPING_DOWN.contains(&program(word))) {
        // `gosu root` is of no use.
        let target = words[at + 1..].iter().find(|word| !word.starts_with('-'));
        return (!target.is_some_and(|user| is_root(user))).then_some(words[at]);
    }
    let told = |tool: &str, options: &[&str]| {
        let at = words.iter().position(|word| program(word) == tool)?;
        words[at..].iter().any(|word| options.iter().any(|option| word.starts_with(option))).then_some(words[at])
    };
    told("sudo", &["-u", "--user"]).or_else(|| told("chroot", &["--userspec"]))
}

/// The server of a command that is told to go on as somebody else.
#[must_use]
pub fn told_to_step_down(command: &Command) -> Option<&str> {
    let words: Vec<&str> = words(command).collect();
    let at = words.iter().position(|word| TAKE_A_USER.contains(&program(word)))?;
    // What stands before it is for somebody else: `python -u -m gunicorn`.
    let option = |word: &&str| matches!(word.split('=').next(), Some("--user" | "--uid" | "-u"));
    words[at..].iter().any(option).then_some(words[at])
}

/// The daemon in a command that needs to be root.
#[must_use]
pub fn needs_root(command: &Command) -> Option<&str> {
    words(command).find(|word| NEED_ROOT.contains(&program(word)) || *word == "/sbin/init" || word.ends_with("/beam/boot"))
}

/// What a stage brings along for its entry point to step down with.
#[must_use]
pub fn brings_step_down<'a>(image: &'a Image, stage: &'a Stage) -> Option<(&'static str, &'a Instruction)> {
    image.lineage(stage).flat_map(own).find_map(|instruction| {
        let named = |text: &str| INSTALLED_TO_STEP_DOWN.iter().copied().find(|tool| mentions(text, tool));
        let tool = match &instruction.kind {
            InstructionKind::Run(command) => {
                command.texts().find_map(|text| named(&text.value).or_else(|| text.value.contains("s6-overlay").then_some("s6-overlay")))
            }
            InstructionKind::Copy(copy) | InstructionKind::Add(copy) => {
                let texts = copy.from.iter().chain(&copy.sources).chain(&copy.destination).chain(&copy.heredocs);
                texts.into_iter().find_map(|text| named(&text.value).or_else(|| text.value.contains("s6-overlay").then_some("s6-overlay")))
            }
            _ => None,
        };
        tool.map(|tool| (tool, instruction))
    })
}

/// Whether a text holds a name that is no part of a longer one.
fn mentions(text: &str, name: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(name)
        .any(|(at, _)| !text[..at].ends_with(|c: char| part(c) || c == '-') && !text[at + name.len()..].starts_with(part))
}

/// The user that the commands of a stage, or of those it is built on, create last.
#[must_use]
pub fn created<'a>(image: &'a Image, stage: &'a Stage) -> Option<(&'a str, &'a Instruction)> {
    runs(image, stage).find_map(|(instruction, command)| {
        let lines = command.texts().flat_map(|text| text.value.split(['\n', ';', '&', '|']));
        // A variable of the shell is none of the Dockerfile's.
        let named = |login: &&str| !login.starts_with('$') || is_declared(image, stage, login.trim_matches(['$', '{', '}']));
        Some((lines.filter_map(created_by).filter(named).last()?, instruction))
    })
}

/// Whether `ENV` or `ARG` sets a variable of a stage, or of one that it is built on.
fn is_declared(image: &Image, stage: &Stage, name: &str) -> bool {
    image.lineage(stage).flat_map(own).any(|instruction| match &instruction.kind {
        InstructionKind::Env(variables) | InstructionKind::Arg(variables) => variables.iter().any(|v| v.name.value == name),
        _ => false,
    })
}

/// `RUN`s, the last first.
fn runs<'a>(image: &'a Image, stage: &'a Stage) -> impl Iterator<Item = (&'a Instruction, &'a Command)> {
    image.lineage(stage).flat_map(|stage| own(stage).rev()).filter_map(|instruction| match &instruction.kind {
        InstructionKind::Run(command) => Some((instruction, command)),
        _ => None,
    })
}

/// The login of `useradd … app` or `adduser -S app -G app`.
fn created_by(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace().skip_while(|word| !matches!(program(word), "useradd" | "adduser"));
    let short = if program(words.next()?) == "useradd" { SHORT_WITH_VALUE_USERADD } else { SHORT_WITH_VALUE_ADDUSER };
    let mut value = false;
    for word in words {
        if value {
            value = false;
        } else if let Some(name) = word.strip_prefix("--") {
            value = WITH_VALUE.contains(&name);
        } else if let Some(letters) = word.strip_prefix('-') {
            // In `-ms` the last letter takes the next word; in `-u1000` the rest is the value.
            value = letters.find(|letter| short.contains(letter)).is_some_and(|at| at + 1 == letters.len());
        } else if is_login(word) && !is_root(word) {
            return Some(word);
        }
    }
    None
}

/// A name, or a variable that holds one.
fn is_login(word: &str) -> bool {
    let bare = word.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).or_else(|| word.strip_prefix('$')).unwrap_or(word);
    let first = bare.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    first && bare.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// The name of a group that is created, so that a user of its name cannot be.
#[must_use]
pub fn creates_group(image: &Image, stage: &Stage, name: &str) -> bool {
    runs(image, stage).flat_map(|(_, command)| command.texts()).any(|text| {
        text.value.split(['\n', ';', '&', '|']).any(|line| {
            line.split_whitespace().any(|word| matches!(program(word), "groupadd" | "addgroup"))
                && line.split_whitespace().any(|w| w == name)
        })
    })
}

/// The package tool that a stage runs as the user that its base has: before any `USER`, and without `sudo`.
#[must_use]
pub fn package_tool<'a>(image: &'a Image, stage: &'a Stage) -> Option<&'a str> {
    let before = in_order(image, stage).into_iter().take_while(|instruction| !matches!(instruction.kind, InstructionKind::User { .. }));
    before.into_iter().find_map(|instruction| match &instruction.kind {
        InstructionKind::Run(command) if words(command).all(|word| program(word) != "sudo") => {
            words(command).map(program).find(|word| PACKAGE_TOOLS.contains(word))
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lower::dockerfile;
    use crate::source::FileId;

    #[test]
    fn created_users() {
        let cases = [
            ("useradd app", Some("app")),
            ("useradd -ms /bin/bash app", Some("app")),
            ("useradd -m -u1000 --gid=app --shell /bin/sh web", Some("web")),
            ("/usr/sbin/useradd --create-home --comment x app", Some("app")),
            ("adduser -S app -G grp", Some("app")),
            ("adduser -D -H -u 1000 -s /sbin/nologin rootless", Some("rootless")),
            ("adduser --disabled-password --gecos \"First Last\" app", Some("app")),
            ("adduser --system --ingroup web ${APP_USER}", Some("${APP_USER}")),
            ("groupadd app", None),
            ("useradd -o -u 0 root", None),
            ("echo hello", None),
        ];
        for (line, login) in cases {
            assert_eq!(created_by(line), login, "{line}");
        }
    }

    #[test]
    fn roots() {
        for user in ["root", "0", "root:root", "0:0", "root:app", "000", " root"] {
            assert!(is_root(user), "{user}");
        }
        for user in ["", "app", "1001:0", "rootless", "10", ":0"] {
            assert!(!is_root(user), "{user}");
        }
    }

    #[test]
    fn servers_that_are_told_to() {
        for (text, server) in [
            ("CMD gunicorn --user=www-data app:app", Some("gunicorn")),
            ("CMD [\"uwsgi\", \"--uid\", \"1000\"]", Some("uwsgi")),
            ("CMD [\"python\", \"-u\", \"-m\", \"gunicorn\", \"app:app\"]", None),
            ("CMD [\"curl\", \"-u\", \"a\"]", None),
        ] {
            let image = dockerfile::lower(FileId(0), &format!("FROM a\n{text}\n"));
            let command = commands(&image, &image.stages[0]).next().expect("a command").2;
            assert_eq!(told_to_step_down(command), server, "{text}");
        }
    }

    #[test]
    fn commands_that_step_down() {
        let cases = [
            ("CMD [\"gosu\", \"app\", \"python\"]", true),
            ("CMD exec su-exec app:app python main.py", true),
            ("CMD [\"setpriv\", \"--reuid=1000\", \"python\"]", true),
            ("CMD [\"/bin/sh\", \"-c\", \"exec su -s /bin/sh app -c 'python main.py'\"]", true),
            ("CMD sudo -u app python main.py", true),
            ("CMD chroot --userspec=app / python main.py", true),
            ("CMD chroot / python main.py", false),
            ("CMD sudo python main.py", false),
            ("CMD [\"gosu\", \"root\", \"python\"]", false),
            ("CMD [\"python\", \"gosu.py\"]", false),
        ];
        for (text, steps) in cases {
            let image = dockerfile::lower(FileId(0), &format!("FROM a\n{text}\n"));
            let command = commands(&image, &image.stages[0]).next().expect("a command").2;
            assert_eq!(steps_down(command).is_some(), steps, "{text}");
        }
    }
}
