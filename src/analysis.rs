//! From texts to findings: lower each file, link the project, run the rules. One direction, no way back.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::prelude::*;

use crate::config::Config;
use crate::discover::AT_ONCE;
use crate::finding::Finding;
use crate::ir::deploy::Deployment;
use crate::ir::image::Image;
use crate::ir::program::Module;
use crate::lower::{self, deploy, dockerfile};
use crate::model::apis::Apis;
use crate::model::flow::Flows;
use crate::model::program::{ModuleId, Program};
use crate::model::project::{Asked, Project};
use crate::model::routes::Routes;
use crate::model::runtimes::Runtimes;
use crate::model::secrets::concealed;
use crate::model::services::{self, Started};
use crate::model::sql::queries::Queries;
use crate::progress::Progress;
use crate::report::Unread;
use crate::rules::{Check, Context, Rule};
use crate::source::{FileId, FileKind, Place, SourceFile, Sources, Span};

const INTERNAL: &str = "internal error, please report it";

/// What a file became.
enum Lowered {
    Module(Box<Module>),
    Image(Box<Image>),
    Deployments(Vec<Deployment>, Vec<Unread>),
    Failed(Unread),
    Nothing,
}

/// Bytes of a file that takes longer than many others.
const LARGE: usize = 128 << 10;

/// Which files are lowered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Demand {
    /// What is judged, and of the test code what that imports.
    #[default]
    Needed,
    /// All: it takes longer and changes nothing, which a test holds.
    All,
}

/// Lowers and links files. Besides the project, the files that should be judged and could not be read wholly, and why.
///
/// # Errors
/// The embedded tables of APIs are broken, which a test rules out.
pub fn link(sources: Sources, config: Config, demand: Demand, progress: &Progress) -> Result<(Project, Vec<Unread>), String> {
    let files: Vec<(FileId, &SourceFile)> = sources.iter().collect();
    progress.expect(files.len());
    let lower_one = |(id, file): &(FileId, &SourceFile)| {
        let lowered = match lower::husk(*id, file) {
            Some(husk) if file.test && demand == Demand::Needed => Lowered::Module(Box::new(husk)),
            _ => lower_safely(*id, file),
        };
        progress.advance();
        lowered
    };
    // Nobody waits in the end for one large file that somebody else began last. The others stay in order: what lies together is
    // linked together.
    let mut largest_first: Vec<usize> = (0..files.len()).collect();
    largest_first.sort_by_key(|at| files[*at].1.text.len() < LARGE);
    let lower_all = || {
        let mut lowered: Vec<(usize, Lowered)> =
            largest_first.par_iter().with_max_len(AT_ONCE).map(|at| (*at, lower_one(&files[*at]))).collect();
        lowered.sort_unstable_by_key(|(at, _)| *at);
        lowered.into_iter().map(|(_, lowered)| lowered).collect::<Vec<Lowered>>()
    };
    let (apis, lowered) = rayon::join(|| Apis::load(&config.apis), lower_all);
    let apis = apis?;
    let in_part = |file: &SourceFile, errors: &[Span]| {
        let line = errors.first().map(|span| file.position(span.start).line)?;
        Some(unread(file, format!("syntax error at line {line}: judged in part")))
    };
    let (mut modules, mut images, mut deployments, mut failed) = (Vec::with_capacity(files.len()), Vec::new(), Vec::new(), Vec::new());
    for ((_, file), lowered) in files.into_iter().zip(lowered) {
        let mut wrong = Vec::new();
        match lowered {
            Lowered::Module(module) => {
                wrong.extend(in_part(file, &module.errors));
                modules.push(*module);
            }
            Lowered::Image(image) if image.stages.is_empty() => wrong.push(unread(file, "has no FROM: it builds nothing")),
            Lowered::Image(image) => {
                wrong.extend(in_part(file, &image.errors));
                images.push(*image);
            }
            Lowered::Deployments(found, unread) => {
                deployments.extend(found);
                wrong = unread;
            }
            Lowered::Failed(why) => wrong.push(why),
            Lowered::Nothing => {}
        }
        if file.reported && !file.test {
            failed.append(&mut wrong);
        }
    }
    let (found, unread) = deploy::terraform::deployments(&sources);
    deployments.extend(found);
    failed.extend(unread);
    let later = |id: FileId, file: &SourceFile| match lower_safely(id, file) {
        Lowered::Module(module) => Some(*module),
        _ => None,
    };
    let program = Program::link(sources, modules, apis, &later);
    let routes = Routes::find(&program);
    let started = Started::find(&program, &images);
    let (services, runtimes) = rayon::join(
        || services::find(&program, &routes, (&images, &started), &deployments, &config.services),
        || Runtimes::find(&program, &routes, &images, &started),
    );
    let (flows, queries) = (Flows::new(program.modules.len()), Queries::new(program.modules.len()));
    let project = Project { program, routes, runtimes, images, deployments, services, config, flows, queries, asked: Asked::default() };
    Ok((project, failed))
}

/// A defect of ours in one file must not cost the findings in all others.
fn lower_safely(id: FileId, file: &SourceFile) -> Lowered {
    catch_unwind(AssertUnwindSafe(|| lower_file(id, file))).unwrap_or_else(|_| Lowered::Failed(unread(file, INTERNAL)))
}

fn unread(file: &SourceFile, reason: impl Into<String>) -> Unread {
    Unread { path: file.path.to_string(), reason: reason.into() }
}

fn lower_file(id: FileId, file: &SourceFile) -> Lowered {
    match file.kind {
        FileKind::Python | FileKind::TypeScript => match lower::parse(file) {
            Some(tree) => Lowered::Module(Box::new(lower::module(id, file, &tree))),
            None => Lowered::Failed(unread(file, "the parser gave up")),
        },
        FileKind::Dockerfile => Lowered::Image(Box::new(dockerfile::lower(id, &file.text))),
        FileKind::Yaml | FileKind::Shell | FileKind::Makefile | FileKind::Terraform => {
            let read = deploy::lower(id, file);
            let reasons = read.skipped.into_iter().chain(read.error.map(|(span, why)| {
                let at = file.position(span.start);
                format!("{why} at line {}, column {}", at.line, at.column)
            }));
            Lowered::Deployments(read.deployments, reasons.map(|reason| unread(file, reason)).collect())
        }
        FileKind::Manifest => manifest_error(file).map_or(Lowered::Nothing, |why| Lowered::Failed(unread(file, why))),
    }
}

/// Why a manifest that says what is used, or where imports lead, cannot be read.
fn manifest_error(file: &SourceFile) -> Option<String> {
    match file.name() {
        "package.json" => serde_json::from_str::<serde::de::IgnoredAny>(&file.text).err().map(|error| error.to_string()),
        "pyproject.toml" | "Pipfile" => {
            let error = toml::from_str::<toml::Table>(&file.text).err()?;
            let line = error.span().map(|span| file.text[..span.start].matches('\n').count() + 1);
            Some(line.map_or_else(|| error.message().to_owned(), |line| format!("{} at line {line}", error.message())))
        }
        name if lower::compiler::is_configuration(name) => {
            json5::from_str::<serde_json::Value>(&file.text).err().map(|error| error.to_string())
        }
        _ => None,
    }
}

/// Runs rules over a project. Findings of files that are not reported, and of test code, are left out; the rest is
/// sorted by path, place and rule. Besides the findings, what could not be judged.
#[must_use]
pub fn judge(project: &Project, rules: &[&'static Rule]) -> (Vec<Finding>, Vec<Unread>) {
    let jobs: Vec<(&'static Rule, Check)> = rules.iter().flat_map(|rule| rule.checks.iter().map(|check| (*rule, *check))).collect();
    let ids: Vec<ModuleId> = project.program.module_ids().collect();
    let in_modules =
        ids.par_iter().with_max_len(AT_ONCE).map(|id| judge_safely(project.program.path(*id), || in_module(project, &jobs, *id)));
    let others = jobs.par_iter().map(|(rule, check)| judge_safely(rule.id, || elsewhere(project, rule, *check)));
    let (mut findings, mut failed) = (Vec::new(), Vec::new());
    for judged in in_modules.chain(others).collect::<Vec<_>>() {
        match judged {
            Ok(found) => findings.extend(found),
            Err(unread) => failed.push(unread),
        }
    }
    findings.retain(|finding: &Finding| {
        let file = project.program.sources.get(finding.place.file);
        file.reported && !file.test
    });
    findings.sort_by(|a, b| (a.place, a.rule, b.confidence, &a.message).cmp(&(b.place, b.rule, a.confidence, &b.message)));
    findings.dedup_by(|b, a| a.place == b.place && a.rule == b.rule && a.secret == b.secret);
    conceal(&project.program.sources, &mut findings);
    (findings, failed)
}

/// Advice is made of the user's own lines: secrets that were found in these are hidden there, too.
fn conceal(sources: &Sources, findings: &mut [Finding]) {
    const SHORTEST: usize = 8;
    let secrets: Vec<Place> = findings.iter().filter_map(|finding| finding.secret).collect();
    for finding in findings {
        let Some(advice) = &mut finding.fix.advice else { continue };
        for place in secrets.iter().filter(|place| place.file == finding.place.file) {
            let secret = sources.slice(*place);
            if secret.len() >= SHORTEST && advice.contains(secret) {
                *advice = advice.replace(secret, &concealed(secret));
            }
        }
    }
}

/// A defect of ours in one place must not cost the findings in all others.
fn judge_safely(path: &str, judge: impl FnOnce() -> Vec<Finding>) -> Result<Vec<Finding>, Unread> {
    catch_unwind(AssertUnwindSafe(judge)).map_err(|_| Unread { path: path.to_owned(), reason: INTERNAL.to_owned() })
}

fn in_module(project: &Project, jobs: &[(&'static Rule, Check)], id: ModuleId) -> Vec<Finding> {
    let program = &project.program;
    let module = program.module(id);
    let file = program.sources.get(module.file);
    if file.test || !file.reported {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (rule, check) in jobs {
        let mut context = Context { project, rule, findings: Vec::new() };
        match check {
            Check::Call(check) => {
                for site in &program.calls[id.0 as usize] {
                    check(&mut context, id, site.expr, site.callee);
                }
            }
            Check::Function(check) => module.function_ids().for_each(|function| check(&mut context, id, function)),
            Check::Module(check) => check(&mut context, id),
            Check::Image(_) | Check::Deployment(_) | Check::Service(_) => {}
        }
        for mut finding in context.findings {
            if finding.symbol.is_empty() {
                finding.symbol = program.symbol_at(id, finding.place.span);
            }
            found.push(finding);
        }
    }
    found
}

fn elsewhere(project: &Project, rule: &'static Rule, check: Check) -> Vec<Finding> {
    let mut context = Context { project, rule, findings: Vec::new() };
    match check {
        Check::Image(check) => project.images.iter().for_each(|image| check(&mut context, image)),
        Check::Deployment(check) => project.deployments.iter().for_each(|deployment| check(&mut context, deployment)),
        Check::Service(check) => project.services.iter().for_each(|service| check(&mut context, service)),
        Check::Call(_) | Check::Function(_) | Check::Module(_) => {}
    }
    context.findings
}
