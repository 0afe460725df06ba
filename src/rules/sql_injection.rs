//! `sql-injection`: a SQL text is assembled from data.

use std::sync::Arc;

use ustr::Ustr;

use super::{Check, Context, Rule};
use crate::finding::{Confidence, Related, Severity};
use crate::fix::{Fix, sql as binding};
use crate::ir::program::*;
use crate::model::browser;
use crate::model::calls::spelled;
use crate::model::flow::{Facts, Hole, Origin, SinkCall, StepKind, Text, path};
use crate::model::program::{ModuleId, Program};
use crate::model::runtimes::Runtime;
use crate::model::sql::{self, Position, queries, units};

pub const RULE: Rule = Rule {
    id: "sql-injection",
    severity: Severity::Critical,
    page: include_str!("../../rules/sql-injection.md"),
    checks: &[Check::Module(check)],
};

fn check(ctx: &mut Context<'_>, id: ModuleId) {
    let program = &ctx.project.program;
    let units = units::of(program, id).into_iter();
    let units: Vec<Arc<Facts>> = units.map(|function| ctx.project.facts(id, function)).collect();
    let run: Vec<Ustr> =
        units.iter().flat_map(|facts| &facts.sinks).filter_map(|sink| attribute(program.module(id), sink.argument)).collect();
    for facts in units {
        for sink in &facts.sinks {
            report_sink(ctx, id, sink);
        }
        for (root, value) in &facts.loose {
            // `self.query = …` is judged where it is run.
            let is_run = target(program.module(id), *root).is_some_and(|name| run.contains(&name));
            if let Some(text) = value.text.as_ref().filter(|_| !is_run) {
                report_loose(ctx, id, *root, text);
            }
        }
    }
}

/// The attribute that an expression reads.
fn attribute(module: &Module, expr: ExprId) -> Option<Ustr> {
    match module.expr(expr).kind {
        ExprKind::Attribute { name, .. } => Some(name),
        _ => None,
    }
}

/// The attribute that an expression is assigned to.
fn target(module: &Module, expr: ExprId) -> Option<Ustr> {
    let Parent::Stmt(stmt) = module.expr_parents[expr.index()] else { return None };
    match &module.stmt(stmt).kind {
        StmtKind::Assign { targets, .. } => targets.iter().find_map(|target| attribute(module, *target)),
        _ => None,
    }
}

/// Whether code moves a database from one version to the next: it runs once, on what the database itself holds.
fn is_migration(program: &Program, id: ModuleId) -> bool {
    let module = program.module(id);
    let is_bound = |name: &str| program.bindings(id, ScopeId(0), name.into()).next().is_some();
    let has_both = |has: &dyn Fn(&str) -> bool| match module.language {
        Language::Python => has("revision") && has("down_revision"),
        Language::TypeScript => has("up") && has("down"),
    };
    let is_method = |name: &str| module.function_ids().map(|f| module.function(f)).any(|f| f.class.is_some() && f.name == name);
    let is_kept_so = |folder: &str| folder.len() > "migrations".len() && folder.to_ascii_lowercase().ends_with("migrations");
    let folders = program.path(id).rsplit_once('/').map_or("", |(folders, _)| folders);
    has_both(&is_bound) || module.language == Language::TypeScript && has_both(&is_method) || folders.split('/').any(is_kept_so)
}

/// How sure it is that a text does harm with this in it.
fn sure_of(ctx: &Context<'_>, id: ModuleId, hole: &Hole, confidence: Confidence) -> Confidence {
    let project = ctx.project;
    if confidence == Confidence::Low || hole.origin == Origin::Request {
        return confidence;
    }
    // Where no caller is seen to pass request data, whoever knows the program is asked.
    let is_lost = hole.origin == Origin::Passed;
    // Whoever runs a tool passes what is theirs, and what a page writes is checked where it arrives.
    let is_shown = || project.runtimes.of(id) == Runtime::Browser || browser::is_browser_code(&project.program, id);
    if is_lost || is_migration(&project.program, id) || project.is_beside_services(id) || is_key(&project.program, id, hole) || is_shown() {
        Confidence::Low
    } else {
        confidence
    }
}

/// Whether a hole is filled with the key of a row that was read before: `host.id`.
fn is_key(program: &Program, id: ModuleId, hole: &Hole) -> bool {
    const GIVEN: [&str; 12] =
        ["args", "input", "params", "body", "data", "payload", "query", "options", "opts", "filter", "filters", "request"];
    let module = program.module(id);
    let ExprKind::Attribute { object, name, .. } = module.expr(hole.expr).kind else { return false };
    matches!(module.expr(object).kind, ExprKind::Name(of) if !GIVEN.contains(&of.as_str())) && matches!(name.as_str(), "id" | "pk" | "uuid")
}

/// Whether what is filled in as a part of a statement is, by its name, made by the program: a member of an object (`ref.select`),
/// a statement, an alias.
fn is_of_program(module: &Module, expr: ExprId) -> bool {
    match &module.expr(expr).kind {
        ExprKind::Attribute { .. } => true,
        ExprKind::Name(name) => {
            let lower = name.to_lowercase();
            ["sql", "query", "statement", "alias"].iter().any(|word| lower.contains(word))
        }
        _ => false,
    }
}

/// The worst hole of a text, and how sure it is that it does harm.
fn worst(ctx: &Context<'_>, id: ModuleId, text: &Text) -> Option<(Hole, Position, Confidence)> {
    let rated = holes(ctx, text).into_iter().filter_map(|(hole, position)| {
        let confidence = match (hole.origin, position) {
            (Origin::Constant | Origin::Safe, _) => return None,
            (origin, Position::Alias) if origin != Origin::Request => return None,
            (Origin::Request, _) => Confidence::High,
            (Origin::Parameter, Position::Name) if is_of_program(ctx.project.program.module(id), hole.expr) => Confidence::Low,
            (Origin::Parameter, _) | (Origin::Unseen, Position::Quoted) => Confidence::Medium,
            (Origin::Passed, Position::Quoted | Position::Value) => Confidence::Medium,
            (Origin::Passed | Origin::Unseen | Origin::Checked, _) => Confidence::Low,
        };
        Some((hole, position, confidence))
    });
    // The first among equals.
    rated.fold(None, |best: Option<(Hole, Position, Confidence)>, next| match best {
        Some(best) if best.2 >= next.2 => Some(best),
        _ => Some(next),
    })
}

/// The holes of a text; what a function is passed is what its callers pass.
fn holes(ctx: &Context<'_>, text: &Text) -> Vec<(Hole, Position)> {
    sql::holes(text).into_iter().map(|(hole, position)| (traced(ctx, hole), position)).collect()
}

fn traced(ctx: &Context<'_>, hole: Hole) -> Hole {
    if hole.origin != Origin::Passed {
        return hole;
    }
    let arrival = ctx.project.arrival(&hole.way);
    match arrival.origin {
        Origin::Request => Hole { origin: Origin::Request, way: arrival.way, ..hole },
        Origin::Constant | Origin::Safe => Hole { origin: Origin::Safe, ..hole },
        _ => hole,
    }
}

fn report_sink(ctx: &mut Context<'_>, id: ModuleId, sink: &SinkCall) {
    let program = &ctx.project.program;
    let Some(text) = &sink.value.text else {
        // A whole statement from the outside.
        if sink.value.origin == Origin::Request && sink.resolved && is_raw_text(program, id, sink) {
            let api = name_of(program, id, sink.call);
            let message = format!("`{api}` runs `{}`, which comes whole from the request", one_line(program.text(id, sink.argument)));
            let fix = Fix::advice(
                "Choose among constant statements, and bind the values",
                match program.module(id).language {
                    Language::Python => "QUERIES = {\"open\": \"SELECT …\"}\nquery = QUERIES[name]\n",
                    Language::TypeScript => "const QUERIES = new Map([['open', 'SELECT …']]);\nconst query = QUERIES.get(name);\n",
                },
            );
            let whole = Hole { origin: Origin::Request, expr: sink.argument, way: sink.value.way.clone() };
            let trace = trace(program, id, Some(sink.call), &whole);
            ctx.report(program.place(id, sink.call), Confidence::Medium, message, fix).trace = trace;
        }
        return;
    };
    let is_assembled = text.pieces.len() > 1;
    let Some((hole, position, confidence)) = worst(ctx, id, text).filter(|_| is_assembled) else { return };
    let confidence = if sink.resolved { confidence } else { confidence.min(Confidence::Medium) };
    let confidence = sure_of(ctx, id, &hole, confidence);
    // `f"BEGIN; {script}"` runs whole statements: what they are made of is somebody else's.
    let confidence = if sql::is_frame(text) && hole.origin != Origin::Request { Confidence::Low } else { confidence };
    let api = name_of(program, id, sink.call);
    let filled = one_line(program.text(id, hole.expr));
    let part = match position {
        Position::Quoted | Position::Value => "a value",
        Position::Name | Position::Alias => "part of the statement",
    };
    let message = match hole.origin {
        Origin::Request => format!("request data (`{filled}`) becomes {part} in the SQL text that `{api}` runs"),
        _ => format!("`{filled}`, whose origin is unknown, becomes {part} in the SQL text that `{api}` runs"),
    };
    let place = program.place(id, sink.call);
    let fix =
        binding::fix(program, id, sink.call, sink.argument, text).unwrap_or_else(|| advice(program, id, sink.call, &filled, position));
    let trace = trace(program, id, Some(sink.call), &hole);
    let finding = ctx.report(place, confidence, message, fix);
    finding.trace = trace;
}

/// Whether the argument is text: a parsed body or a model is nothing that a driver would run.
fn is_raw_text(program: &Program, id: ModuleId, sink: &SinkCall) -> bool {
    let module = program.module(id);
    let is_javascript = module.language == Language::TypeScript;
    match module.expr(sink.argument).kind {
        ExprKind::Name(_) | ExprKind::Subscript { .. } | ExprKind::Call(_) => true,
        ExprKind::Attribute { .. } => is_javascript,
        _ => false,
    }
}

fn report_loose(ctx: &mut Context<'_>, id: ModuleId, root: ExprId, text: &Text) {
    let program = &ctx.project.program;
    if !sql::is_statement(text) {
        return;
    }
    let is_sure = |(hole, position): &(Hole, Position)| {
        *position == Position::Quoted && hole.origin >= Origin::Passed || *position == Position::Value && hole.origin == Origin::Request
    };
    // What an object of its own holds came from somewhere, too.
    let is_unsure = |(hole, position): &(Hole, Position)| {
        *position == Position::Quoted && hole.origin == Origin::Unseen && is_of_object(program.module(id), hole.expr)
    };
    let holes = holes(ctx, text);
    let found = holes.iter().find(|hole| is_sure(hole)).map(|hole| (hole.clone(), Confidence::Medium));
    let found = found.or_else(|| holes.iter().find(|hole| is_unsure(hole)).map(|hole| (hole.clone(), Confidence::Low)));
    let Some(((hole, position), confidence)) = found else { return };
    let confidence = sure_of(ctx, id, &hole, confidence);
    let filled = one_line(program.text(id, hole.expr));
    let whose = if hole.origin == Origin::Request { "request data" } else { "data of unknown origin" };
    let message = format!("a SQL text is assembled with {whose} (`{filled}`) as a value");
    let fix = if position == Position::Name {
        advice(program, id, root, &filled, position)
    } else {
        let code = match program.module(id).language {
            Language::Python => {
                format!("query = \"… WHERE name = @name\"  # or %s, ?, :name: whatever runs it takes\nrun(query, {{\"name\": {filled}}})\n")
            }
            Language::TypeScript => {
                format!("const query = '… WHERE name = $1';  // or ?, :name: whatever runs it takes\nrun(query, [{filled}]);\n")
            }
        };
        Fix::advice("Keep the text constant, and send the value beside it", code)
    };
    let start = text.roots.iter().copied().find(|piece| queries::begins(program, id, *piece, text)).unwrap_or(root);
    let trace = trace(program, id, None, &hole);
    ctx.report(program.place(id, start), confidence, message, fix).trace = trace;
}

/// `self.name`, `self.settings["name"]`, `this.name`
fn is_of_object(module: &Module, mut expr: ExprId) -> bool {
    let is_part = !matches!(module.expr(expr).kind, ExprKind::Name(_));
    loop {
        expr = match module.expr(expr).kind {
            ExprKind::Attribute { object, .. } | ExprKind::Subscript { object, .. } => object,
            ExprKind::Name(name) => return is_part && matches!(name.as_str(), "self" | "this"),
            _ => return false,
        };
    }
}

fn name_of(program: &Program, id: ModuleId, call: ExprId) -> String {
    if let (Some(name), Some(call)) = (program.callee(id, call).library(), program.module(id).call(call)) {
        return spelled(program, id, call, name);
    }
    let callee = program.module(id).call(call).map(|call| call.callee);
    callee.map_or_else(String::new, |callee| one_line(program.text(id, callee).trim_start_matches("await ")))
}

/// The way of request data to where the text is run, as far as that is seen, a sentence for each step.
fn trace(program: &Program, id: ModuleId, run: Option<ExprId>, hole: &Hole) -> Vec<Related> {
    let mut steps = Vec::new();
    if hole.origin == Origin::Request {
        steps.extend(path::steps(&hole.way).into_iter().filter_map(|step| {
            let (module, expr) = step.at;
            let sentence = match step.kind {
                StepKind::Item | StepKind::Keys | StepKind::Values => return None,
                StepKind::Enters => "request data enters here".to_owned(),
                StepKind::Member(name) => format!("`{name}` is taken of it"),
                StepKind::Bound(name) => format!("it is bound to `{name}`"),
                StepKind::Passed(name) if name.is_empty() => "it is passed on".to_owned(),
                StepKind::Passed(name) => format!("it is passed to `{name}`"),
                StepKind::Returned(name) => format!("`{name}` gives it back"),
            };
            Some(Related::new(program.place(module, expr), sentence))
        }));
    }
    let place = program.place(id, hole.expr);
    if steps.last().is_none_or(|last| last.place != place) {
        steps.push(Related::new(place, "it becomes part of the text here"));
    }
    steps.extend(run.map(|call| Related::new(program.place(id, call), "the text is run here")));
    steps
}

fn advice(program: &Program, id: ModuleId, call: ExprId, filled: &str, position: Position) -> Fix {
    let language = program.module(id).language;
    let style = program.callee(id, call).library().and_then(|name| program.apis.row(name)?.sql.as_ref().map(|sql| sql.style));
    match position {
        Position::Quoted | Position::Value => {
            let code = binding::example(language, style, filled);
            Fix::advice("Keep the text constant and bind the value", code)
        }
        Position::Name | Position::Alias => Fix::advice(
            "Look the name up in a constant mapping",
            match language {
                Language::Python => format!("ALLOWED = {{\"name\": \"name\", \"created\": \"created_at\"}}\nname = ALLOWED[{filled}]\n"),
                Language::TypeScript => {
                    format!(
                        "const ALLOWED = new Map([['name', 'name'], ['created', 'created_at']]);\nconst name = ALLOWED.get({filled}) ?? 'name';\n"
                    )
                }
            },
        ),
    }
}

/// Source text on one line, cut where it is long.
fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(60) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line,
    }
}
