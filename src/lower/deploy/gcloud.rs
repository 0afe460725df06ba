//! `gcloud run deploy` and its relatives: <https://cloud.google.com/sdk/gcloud/reference/run/deploy>.

use crate::ir::Known;
use crate::ir::deploy::{Container, Deployment, EnvVar, Notation, Probe, Setting};
use crate::source::Span;

use super::knative::stricter;
use super::quantity;
use super::script::Invocation;
use super::traced::Traced;

/// Flags that no value follows, besides `--no-…` and `--clear-…`.
const WITHOUT_VALUE: [&str; 16] = [
    "--allow-unauthenticated",
    "--async",
    "--automatic-updates",
    "--cpu-boost",
    "--cpu-throttling",
    "--default-url",
    "--deploy-health-check",
    "--execute-now",
    "--gpu-zonal-redundancy",
    "--invoker-iam-check",
    "--quiet",
    "-q",
    "--session-affinity",
    "--tty",
    "--use-http2",
    "--wait",
];

/// A flag of a command line.
#[derive(Clone, Debug)]
pub(super) struct Flag {
    /// `--memory`
    pub name: String,
    /// The word that it stands in.
    pub word: Traced,
    /// What it is set to.
    pub value: Option<Traced>,
}

/// Words of a command line, told apart.
#[derive(Clone, Default, Debug)]
pub(super) struct Line {
    /// Flags, in order.
    pub flags: Vec<Flag>,
    /// Words that are none, nor belong to one.
    pub others: Vec<Traced>,
}

impl Line {
    pub(super) fn read(words: &[Traced]) -> Self {
        let mut line = Self::default();
        let mut at = 0;
        while let Some(word) = words.get(at) {
            at += 1;
            if !word.starts_with("-") || word.len() < 2 {
                line.others.push(word.clone());
                continue;
            }
            let (name, mut value) = match word.split_once("=") {
                Some((name, value)) => (name, Some(value)),
                None => (word.clone(), None),
            };
            // Nobody knows which flag it is.
            if !name.is_known() {
                line.others.push(word.clone().unknown());
                continue;
            }
            let name = name.text();
            let is_alone = WITHOUT_VALUE.contains(&&*name) || name.starts_with("--no-") || name.starts_with("--clear-");
            if value.is_none() && !is_alone {
                value = words.get(at).filter(|next| !next.starts_with("--")).cloned();
                at += usize::from(value.is_some());
            }
            line.flags.push(Flag { name, word: word.clone(), value });
        }
        line
    }

    /// The last flag of these names, which is the one that counts.
    pub(super) fn last(&self, names: &[&str]) -> Option<&Flag> {
        self.flags.iter().rfind(|flag| names.contains(&&*flag.name))
    }

    /// What a flag of these names is set to.
    pub(super) fn value(&self, names: &[&str]) -> Option<&Traced> {
        self.last(names)?.value.as_ref()
    }
}

/// What a command line of `gcloud` does.
enum Action {
    Deploy,
    Update,
}

/// The deployment that a command makes or changes, if it does.
pub(super) fn deployment(invocation: &Invocation) -> Option<Deployment> {
    let words = &invocation.words;
    if is_talk(&words.first()?.text()) {
        return None;
    }
    let program = words.iter().position(|word| word.text().rsplit('/').next() == Some("gcloud"))?;
    let line = Line::read(&words[program + 1..]);
    let names: Vec<String> = line.others.iter().map(Traced::text).filter(|word| word != "beta" && word != "alpha").collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (action, is_job, used) = match names.as_slice() {
        ["run", "deploy", ..] => (Action::Deploy, false, 2),
        ["run", "services", "update", ..] => (Action::Update, false, 3),
        ["run", "jobs", "deploy" | "create", ..] => (Action::Deploy, true, 3),
        ["run", "jobs", "update", ..] => (Action::Update, true, 3),
        _ => return None,
    };
    let others: Vec<&Traced> = line.others.iter().filter(|word| !matches!(&*word.text(), "beta" | "alpha")).skip(used).collect();
    if line.last(&["--help", "-h"]).is_some() {
        return None;
    }
    // On a cluster of one's own it is another thing.
    if line.value(&["--platform"]).is_some_and(|platform| matches!(&*platform.text(), "gke" | "kubernetes")) {
        return None;
    }
    // What cannot be seen beside the name may be options.
    let is_open = line.last(&["--flags-file"]).is_some() || others.iter().skip(1).any(|word| word.is_unknown());
    // `"$@"`: all that a script is given.
    let is_all = |word: &&&Traced| word.is_unknown() && word.text().contains(['@', '*']);
    let is_open = is_open || others.first().as_ref().is_some_and(is_all);
    let name = others.first().filter(|word| !is_all(word)).map(|name| name.name());
    let mut found = of_line(&line, &invocation.whole, name);
    found.is_job = is_job;
    found.is_partial = is_open || matches!(action, Action::Update);
    Some(found)
}

/// Whether a program only says what it is given: `echo`, `log_info`.
fn is_talk(program: &str) -> bool {
    const WORDS: [&str; 14] =
        ["echo", "printf", "print", "log", "info", "warn", "say", "die", "fail", "usage", "help", "note", "debug", "msg"];
    program.split(['_', '-', '.']).any(|word| WORDS.contains(&word.to_ascii_lowercase().as_str()))
}

/// A deployment of a command line's flags.
pub(super) fn of_line(line: &Line, whole: &Traced, name: Option<Setting<String>>) -> Deployment {
    let number = |names: &[&str]| line.value(names).map(Traced::number);
    let mut min = stricter(number(&["--min-instances"]), number(&["--min"]), |a, b| a >= b);
    let mut max = stricter(number(&["--max-instances"]), number(&["--max"]), |a, b| a <= b);
    // With manual scaling there are that many instances, no more and no fewer.
    if let Some(count) = number(&["--scaling"]).filter(|count| count.written != "auto") {
        (min, max) = (Some(count.clone()), Some(count));
    }
    let contexts = line.value(&["--source"]).filter(|source| source.is_known()).map(Traced::text);
    Deployment {
        file: whole.file(),
        notation: Notation::Command,
        is_job: false,
        is_partial: false,
        span: whole.used(),
        contexts: contexts.into_iter().collect(),
        called: Vec::new(),
        name,
        min_instances: min,
        max_instances: max,
        concurrency: number(&["--concurrency"]),
        timeout_seconds: line.value(&["--timeout"]).map(|value| value.setting(seconds)),
        cpu_throttling: switch(line, "--cpu-throttling", "--no-cpu-throttling"),
        ingress: line.value(&["--ingress"]).map(Traced::string),
        allow_unauthenticated: switch(line, "--allow-unauthenticated", "--no-allow-unauthenticated")
            .or_else(|| switch(line, "--no-invoker-iam-check", "--invoker-iam-check").filter(|open| open.known() == Some(true))),
        memory_volumes: line.flags.iter().filter(|flag| flag.name == "--add-volume").filter_map(memory_volume).collect(),
        containers: containers(line, whole.used()),
    }
}

/// What a pair of flags says.
fn switch(line: &Line, on: &str, off: &str) -> Option<Setting<bool>> {
    let flag = line.last(&[on, off])?;
    let says = |text: &str| match text {
        "true" | "True" => Some(flag.name == on),
        "false" | "False" => Some(flag.name != on),
        _ => None,
    };
    Some(match &flag.value {
        Some(value) => value.setting(says),
        None => flag.word.setting(|_| Some(flag.name == on)),
    })
}

/// `300`, `300s`, `5m`, `1h30m`
fn seconds(text: &str) -> Option<u64> {
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    let (mut total, mut rest) = (0_u64, text);
    while !rest.is_empty() {
        let length = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: u64 = rest[..length].parse().ok()?;
        let factor = match rest[length..].chars().next()? {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86400,
            _ => return None,
        };
        total = total.checked_add(count.checked_mul(factor)?)?;
        rest = &rest[length + 1..];
    }
    (total > 0).then_some(total)
}

/// The containers: flags behind `--container` are that one's.
fn containers(line: &Line, span: Span) -> Vec<Container> {
    let mut groups = vec![Line::default()];
    for flag in &line.flags {
        if flag.name == "--container" {
            groups.push(Line::default());
        }
        if let Some(group) = groups.last_mut() {
            group.flags.push(flag.clone());
        }
    }
    // Before the first of them is what is the service's, and the environment of the first.
    let shared = if groups.len() > 1 { groups.remove(0) } else { Line::default() };
    let mut containers: Vec<Container> = groups.iter().map(|group| container(group, span)).collect();
    if let Some(first) = containers.first_mut() {
        first.env.extend(environment(&shared));
    }
    if let Some(ingress) = containers.iter().position(|c| c.port.is_some()) {
        containers[..=ingress].rotate_right(1);
    }
    containers
}

fn container(line: &Line, span: Span) -> Container {
    let text = |names: &[&str]| line.value(names).map(Traced::string);
    let listed = |name: &str| {
        let items = line.value(&[name]).map(|value| value.split(|c| c == ',')).unwrap_or_default();
        items.into_iter().filter(|item| !item.is_empty()).map(|item| item.string()).collect::<Vec<_>>()
    };
    Container {
        span,
        name: text(&["--container"]),
        image: text(&["--image"]),
        memory: line.value(&["--memory", "-m"]).map(|value| value.setting(quantity::bytes)),
        memory_request: None,
        cpu: line.value(&["--cpu"]).map(|value| value.setting(quantity::millicpu)),
        cpu_request: None,
        gpu: line.value(&["--gpu"]).map(Traced::number),
        port: line.value(&["--port"]).map(Traced::number),
        env: environment(line),
        startup_probe: line.last(&["--startup-probe"]).and_then(probe),
        liveness_probe: line.last(&["--liveness-probe"]).and_then(probe),
        command: ["--command", "--args"].into_iter().flat_map(listed).collect(),
        run_as_non_root: None,
    }
}

fn environment(line: &Line) -> Vec<EnvVar> {
    let mut variables = Vec::new();
    for flag in &line.flags {
        let from_secret = match flag.name.as_str() {
            "--set-env-vars" | "--update-env-vars" => false,
            "--set-secrets" | "--update-secrets" => true,
            _ => continue,
        };
        let Some(value) = &flag.value else { continue };
        variables.extend(listed_variables(value, |c| c == ',', from_secret));
    }
    variables
}

/// `NAME=value` in a list: `A=1,B=2`, or `^@^A=1@B=2` with a delimiter of one's own.
pub(super) fn listed_variables(list: &Traced, is_delimiter: impl Fn(char) -> bool, from_secret: bool) -> Vec<EnvVar> {
    let written = list.text();
    let own = written.strip_prefix('^').and_then(|rest| rest.split_once('^')).map(|(own, _)| own.to_owned()).filter(|own| !own.is_empty());
    let items = match own {
        Some(own) => {
            let mut items = Vec::new();
            let mut rest = list.slice(own.chars().count() + 2, list.len());
            while let Some((item, behind)) = rest.split_once(&own) {
                items.push(item);
                rest = behind;
            }
            items.push(rest);
            items
        }
        None => list.split(is_delimiter),
    };
    let variable = |item: &Traced| {
        let (name, value) = item.split_once("=")?;
        let (name, value) = (name.trim(), value.trim());
        let value = (!from_secret).then(|| value.string());
        Some(EnvVar { name: name.string(), value, from_secret, span: item.trim().span(), list: Some(list.used()) })
    };
    items.iter().filter_map(variable).collect()
}

/// `name=cache,type=in-memory,size-limit=512Mi`
fn memory_volume(flag: &Flag) -> Option<Setting<u64>> {
    let value = flag.value.as_ref()?;
    let pairs: Vec<(String, Traced)> =
        value.split(|c| c == ',').iter().filter_map(|pair| pair.split_once("=")).map(|(key, value)| (key.trim().text(), value)).collect();
    let find = |key: &str| pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value);
    if find("type").is_none_or(|kind| kind.text() != "in-memory") {
        return None;
    }
    // Without a limit the volume may take half of what there is.
    Some(find("size-limit").map_or_else(|| value.clone().unknown().setting(quantity::bytes), |size| size.setting(quantity::bytes)))
}

/// `httpGet.path=/health,httpGet.port=8080`
fn probe(flag: &Flag) -> Option<Probe> {
    let value = flag.value.as_ref()?;
    let pairs: Vec<(String, Traced)> =
        value.split(|c| c == ',').iter().filter_map(|pair| pair.split_once("=")).map(|(key, value)| (key.text(), value)).collect();
    let find = |keys: &[&str]| pairs.iter().find(|(key, _)| keys.contains(&key.as_str())).map(|(_, value)| value);
    Some(Probe {
        span: value.span(),
        path: find(&["httpGet.path"]).map(Traced::string),
        port: find(&["httpGet.port", "tcpSocket.port", "grpc.port"]).map(|port| match port.setting(|text| text.parse().ok()) {
            port @ Setting { value: Known::Yes(_), .. } => port,
            unknown => Setting { value: Known::Unknown, ..unknown },
        }),
    })
}
