//! Where the time of a run goes, beside reading and parsing the same files: `cargo run --release --example benchmark PATH`.
//!
//! Every phase runs several times and the fastest counts: machines are noisy. Parsing alone and the whole run, which are compared
//! with each other, run in processes of their own, as runs do: memory that a run before them left behind costs, or saves, as much
//! as what is measured.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use rayon::prelude::*;
use roadworthy::analysis::{self, Demand};
use roadworthy::config::{Config, Patterns};
use roadworthy::discover::{self, Options, Scope};
use roadworthy::lower;
use roadworthy::model::program::ModuleId;
use roadworthy::model::project::Project;
use roadworthy::options::CheckOptions;
use roadworthy::progress::Progress;
use roadworthy::rules::{RULES, Rule};
use roadworthy::run;
use roadworthy::source::{FileId, FileKind, SourceFile};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 5;

/// The fastest of several rounds, and the last result.
fn fastest<T>(mut phase: impl FnMut() -> T) -> (Duration, T) {
    let mut timed = || {
        let started = Instant::now();
        let result = phase();
        (started.elapsed(), result)
    };
    let (mut best, mut last) = timed();
    for _ in 1..ROUNDS {
        let (took, result) = timed();
        best = best.min(took);
        last = result;
    }
    (best, last)
}

/// Says how long a phase takes, to the process that has started this one.
fn timed<T>(phase: impl FnOnce() -> T) {
    let started = Instant::now();
    let result = phase();
    println!("{}", started.elapsed().as_nanos());
    drop(result);
}

/// How long a phase takes in a process of its own.
fn alone(phase: &str) -> Result<Duration, Box<dyn std::error::Error>> {
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let path = std::env::args().nth(1).unwrap_or_default();
        let child = std::process::Command::new(std::env::current_exe()?).args([&path, phase]).output()?;
        best = best.min(Duration::from_nanos(String::from_utf8(child.stdout)?.trim().parse()?));
    }
    Ok(best)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = PathBuf::from(std::env::args().nth(1).ok_or("usage: benchmark PATH")?).canonicalize()?;
    let rules: Vec<&'static Rule> = RULES.iter().collect();
    let options = CheckOptions { no_config: true, ..CheckOptions::new(path.clone()) };
    let scope = Scope::resolve(&[], None, &path, false)?;
    let config = Config::defaults(&scope.root, &run::selectable(RULES));
    let exclude = Patterns::new(Vec::new())?;
    let found = Options { exclude: &exclude, force_exclude: false, threads: 0, stdin: None };

    let phase = std::env::args().nth(2);
    if phase.as_deref() == Some("whole") {
        timed(|| run::check(&options, &Progress::default()));
        return Ok(());
    }
    let (walk, _) = fastest(|| ignore::WalkBuilder::new(&path).build().filter_map(Result::ok).count());
    let (discover, discovered) = fastest(|| discover::discover(&scope, &config, &found));
    let sources = &discovered.sources;
    let files: Vec<(FileId, &SourceFile)> =
        sources.iter().filter(|(_, file)| matches!(file.kind, FileKind::Python | FileKind::TypeScript)).collect();
    let size: usize = files.iter().map(|(_, file)| file.text.len()).sum();
    let (read, _) = fastest(|| {
        let length = |(_, file): &(FileId, &SourceFile)| std::fs::read(path.join(&*file.path)).map_or(0, |bytes| bytes.len());
        files.par_iter().map(length).sum::<usize>()
    });
    let parse_all = || files.par_iter().map(|(_, file)| lower::parse(file)).collect::<Vec<_>>();
    if phase.as_deref() == Some("parse") {
        timed(parse_all);
        return Ok(());
    }
    let (parse, trees) = (alone("parse")?, parse_all());
    let (lower, _) = fastest(|| {
        let lowered = files.par_iter().zip(&trees).filter_map(|((id, file), tree)| Some(lower::module(*id, file, tree.as_ref()?)));
        lowered.map(|module| module.exprs.len()).sum::<usize>()
    });
    drop(trees);
    let (needed, _) = fastest(|| {
        let module = |(id, file): &(FileId, &SourceFile)| match lower::husk(*id, file) {
            Some(husk) if file.test => Some(husk),
            _ => lower::parse(file).map(|tree| lower::module(*id, file, &tree)),
        };
        files.par_iter().filter_map(module).map(|module| module.exprs.len()).sum::<usize>()
    });
    let (link, linked) = fastest(|| analysis::link(sources.clone(), config.clone(), Demand::Needed, &Progress::default()));
    drop(linked?);
    // What a project has found out for one rule is there for the next: each round begins with one that knows nothing yet.
    let fresh = || analysis::link(sources.clone(), config.clone(), Demand::Needed, &Progress::default()).map(|(project, _)| project);
    let cold = |work: &dyn Fn(&Project) -> usize| -> Result<(Duration, usize), String> {
        let mut best = (Duration::MAX, 0);
        for _ in 0..ROUNDS {
            let project = fresh()?;
            let started = Instant::now();
            let count = work(&project);
            best = best.min((started.elapsed(), count));
        }
        Ok(best)
    };
    // The flow, and the texts that it gives: what the rules about queries ask first.
    let (flow, _) = cold(&|project| {
        let modules: Vec<ModuleId> = project.program.code_ids().collect();
        modules.par_iter().map(|id| project.queries(*id).len()).sum()
    })?;
    let (judge, findings) = cold(&|project| analysis::judge(project, &rules).0.len())?;
    let mut by_rule = Vec::new();
    for rule in &rules {
        by_rule.push((rule.id, cold(&|project| analysis::judge(project, &[*rule]).0.len())?.0));
    }
    let whole = alone("whole")?;

    println!("{} program files, {} KiB, {} findings, {} threads", files.len(), size / 1024, findings, rayon::current_num_threads());
    let phases = [
        ("walk", walk),
        ("read", read),
        ("walk, read, decode", discover),
        ("parse", parse),
        ("lower", lower),
        ("parse, lower: needed", needed),
        ("the same, and link", link),
        ("flow and texts", flow),
        ("rules, flow included", judge),
        ("whole", whole),
    ];
    for (name, time) in phases {
        let ratio = time.as_secs_f64() / parse.as_secs_f64();
        println!("{name:<20} {:>9.1} ms  {ratio:>6.2} × parse", time.as_secs_f64() * 1e3);
    }
    for (name, time) in by_rule {
        println!("  {name:<28} {:>9.1} ms", time.as_secs_f64() * 1e3);
    }
    if let Some(peak) = peak_memory() {
        println!("{:<20} {peak}", "peak memory");
    }
    Ok(())
}

/// The most memory that the process has had, as Linux tells it.
fn peak_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().to_owned())
}
