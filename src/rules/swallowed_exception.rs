//! `swallowed-exception`: an error is caught and nobody learns of it.

mod cancellation;
mod fixes;
mod javascript;
mod rejections;
mod silence;

use self::silence::Silence;
use super::{Check, Context, Rule};
use crate::finding::{Confidence, Severity};
use crate::fix::Fix;
use crate::ir::program::*;
use crate::model::exceptions::{self, Breadth, Reaction};
use crate::model::program::{CallSite, FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::{callers, cleanup, development, import_guards, local_work, pushed, values};

pub const RULE: Rule = Rule {
    id: "swallowed-exception",
    severity: Severity::High,
    page: include_str!("../../rules/swallowed-exception.md"),
    checks: &[Check::Module(check)],
};

fn check(ctx: &mut Context<'_>, id: ModuleId) {
    let module = ctx.project.program.module(id);
    for index in 0..module.stmts.len() {
        let stmt = StmtId::at(index);
        match &module.stmt(stmt).kind {
            StmtKind::Try(t) => {
                for handler in &t.handlers {
                    judge(ctx, id, stmt, t, handler);
                }
            }
            StmtKind::With { items, body, .. } => {
                for (context, _) in items {
                    judge_suppress(ctx, id, stmt, *context, *body);
                }
            }
            _ => {}
        }
    }
    for site in &ctx.project.program.calls[id.0 as usize] {
        judge_entered(ctx, id, site);
        rejections::judge(ctx, id, site);
    }
}

fn judge(ctx: &mut Context<'_>, id: ModuleId, stmt: StmtId, t: &Try, handler: &Handler) {
    let program = &ctx.project.program;
    let breadth = exceptions::breadth_of(program, id, handler);
    if breadth == Breadth::Narrow {
        return;
    }
    let reaction = exceptions::reaction(program, id, handler);
    if reaction == Reaction::Raises
        || is_import_guard(ctx, id, t.body, reaction)
        || cleanup::is_cleaning_up(program, id, stmt)
        || cleanup::only_closes(program, id, t.body)
    {
        return;
    }
    match (breadth, reaction) {
        (Breadth::Cancellation, _) => cancellation::judge(ctx, id, stmt, t, handler, reaction),
        (_, Reaction::Acts) => judge_acting(ctx, id, stmt, t, handler, breadth),
        _ => judge_silence(ctx, Silence { id, stmt, tried: t.body, handler: Some(handler), breadth, reaction }),
    }
}

/// Whether a block tries whether something is there. What is the project's own is there, or broken: a fallback hides that.
fn is_import_guard(ctx: &Context<'_>, id: ModuleId, tried: BlockId, reaction: Reaction) -> bool {
    let program = &ctx.project.program;
    let hides = matches!(reaction, Reaction::FallsBack | Reaction::Returns(_)) && import_guards::is_of_own(program, id, tried);
    import_guards::is_import_guard(program, id, tried) && !hides
}

/// A clause that tells nobody.
fn judge_silence(ctx: &mut Context<'_>, silence: Silence<'_>) {
    let program = &ctx.project.program;
    let id = silence.id;
    let module = program.module(id);
    let function = module.function_of_stmt(silence.stmt);
    let Some(verdict) = silence::judge(program, silence, &named(module, function)) else { return };
    let place = match (silence.handler, &module.stmt(silence.stmt).kind) {
        (Some(handler), _) => fixes::header(program, id, handler),
        (None, StmtKind::With { items, .. }) => match items.iter().find(|(context, _)| suppressing(program, id, *context).is_some()) {
            Some((context, _)) => program.place(id, *context),
            None => return,
        },
        _ => return,
    };
    let clause = match silence.handler {
        Some(handler) => fixes::clause(program, id, handler),
        None => program.sources.slice(place).to_owned(),
    };
    let fix = match (verdict.local.flatten(), silence.handler) {
        (Some(errors), _) => fixes::expecting(program, silence, &errors),
        (None, _) if verdict.of_logging => fixes::printing(),
        (None, Some(handler)) => fixes::logging(program, id, handler, silence.tried, function),
        (None, None) => fixes::unsuppressed(program, id, silence.stmt, silence.breadth, function),
    };
    // Somebody watches what they have started.
    let is_unused = function.is_some_and(|function| callers::is_unused(program, FunctionRef { module: id, function }));
    let is_watched =
        is_unused || is_tool(ctx, id) || is_system_check(program, id, function) || development::is_only(program, id, silence.stmt);
    let confidence = if is_watched { Confidence::Low } else { verdict.confidence };
    ctx.report(place, confidence, format!("`{clause}` {}", verdict.text), fix);
}

/// Whether a module is a tool of those who work on the code, who see what it does: of the build, of an editor, a benchmark.
fn is_tool(ctx: &Context<'_>, id: ModuleId) -> bool {
    const FOLDERS: [&str; 10] =
        ["bench", "benchmark", "benchmarks", "build-tools", "codegen", "generator", "generators", "lint-rules", "plop", "tooling"];
    let path = ctx.project.program.path(id);
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    let is_tooling = |folder: &str| FOLDERS.contains(&folder) || folder.starts_with("eslint-") || folder.ends_with("-eslint");
    ctx.project.is_tool(id) || ctx.project.is_sample(id) || folders.split('/').any(is_tooling)
}

/// Whether a function checks an installation before it runs, and warns: what cannot be asked is not warned of.
fn is_system_check(program: &Program, id: ModuleId, function: Option<FunctionId>) -> bool {
    let resolver = Resolver::new(program);
    let registers = |decorator: &ExprId| {
        let callee = program.module(id).call(*decorator).map_or(*decorator, |call| call.callee);
        matches!(resolver.entity(id, callee), Entity::Library(name) if matches!(name.as_str(), "django.core.checks.register" | "django.core.checks.registry.register"))
    };
    function.is_some_and(|function| program.module(id).function(function).decorators.iter().any(registers))
}

/// A clause that does something: it may still lose an event, or catch what it should not.
fn judge_acting(ctx: &mut Context<'_>, id: ModuleId, stmt: StmtId, t: &Try, handler: &Handler, breadth: Breadth) {
    let program = &ctx.project.program;
    let module = program.module(id);
    let function = module.function_of_stmt(stmt);
    let place = named(module, function);
    if let Some(function) = function
        && let Some(kind) = pushed::kind(program, &ctx.project.routes, FunctionRef { module: id, function })
        // What cannot be read is no better the next time.
        && local_work::of_block(program, id, t.body).is_none()
        && let Some(rest) = pushed::rest(program, id, stmt)
        && pushed::answers_success(program, id, function, handler)
    {
        let message = format!("{kind} is answered as if it had succeeded when {place} fails: it is not delivered again");
        let fix = fixes::letting_through(program, id, handler, rest);
        ctx.report(fixes::header(program, id, handler), Confidence::Medium, message, fix);
        return;
    }
    if breadth == Breadth::Bare {
        let goes_on = if module.block(handler.body).falls_through { ", and goes on" } else { "" };
        let message = format!("a bare `except:` in {place} catches `SystemExit` and `KeyboardInterrupt` too{goes_on}");
        // Nobody ends the program in the middle of work on values in hand; it is something if the clause does that another way.
        let is_done = module.expressions(handler.body).into_iter().any(|expr| module.call(expr).is_some());
        let confidence = if is_done && local_work::of_block(program, id, t.body).is_some() { Confidence::Low } else { Confidence::Medium };
        let fix = fixes::narrowing(program, id, handler, t.body, function);
        ctx.report(fixes::header(program, id, handler), confidence, message, fix);
    }
}

/// The call of `suppress` that a context is, by itself or by a name.
fn suppressing(program: &Program, id: ModuleId, context: ExprId) -> Option<ExprId> {
    let (module, expr) = values::origin(program, id, context);
    (module == id && program.callee(id, expr).library().as_deref() == Some("contextlib.suppress")).then_some(expr)
}

/// `stack.enter_context(suppress(Exception))`, `@suppress(Exception)`
fn judge_entered(ctx: &mut Context<'_>, id: ModuleId, site: &CallSite) {
    let program = &ctx.project.program;
    let module = program.module(id);
    let expr = site.expr;
    let Some(call) = module.call(expr).filter(|_| site.callee.library().as_deref() == Some("contextlib.suppress")) else { return };
    let types: Vec<ExprId> = call.args.iter().map(|arg| arg.value).collect();
    let decorated = module.function_ids().find(|function| module.function(*function).decorators.contains(&expr));
    let enters = |outer: &Call| matches!(module.expr(outer.callee).kind, ExprKind::Attribute { name, .. } if name == "enter_context");
    let is_entered = matches!(module.expr_parents[expr.index()], Parent::Expr(parent) if module.call(parent).is_some_and(enters));
    let is_cleaning = module.stmt_of(expr).is_some_and(|stmt| cleanup::is_cleaning_up(program, id, stmt));
    if (decorated.is_none() && !is_entered) || is_cleaning || exceptions::breadth(program, id, &types) != Breadth::Broad {
        return;
    }
    let place = named(module, decorated.or_else(|| module.function_of(expr)));
    let what = if decorated.is_some() { "of" } else { "that follows in" };
    let message = format!("`{}` drops every error {what} {place} and leaves no trace", program.text(id, expr));
    let code = "try:\n    …\nexcept Exception:\n    logger.exception(\"… failed\")\n    raise\n";
    ctx.report(program.place(id, expr), Confidence::High, message, Fix::advice("Catch what is expected by name, and log the rest", code));
}

/// `with suppress(Exception)`
fn judge_suppress(ctx: &mut Context<'_>, id: ModuleId, stmt: StmtId, context: ExprId, body: BlockId) {
    let program = &ctx.project.program;
    let module = program.module(id);
    let Some(call) = suppressing(program, id, context).and_then(|expr| module.call(expr)) else { return };
    let types: Vec<ExprId> = call.args.iter().map(|arg| arg.value).collect();
    let breadth = exceptions::breadth(program, id, &types);
    let function = module.function_of_stmt(stmt);
    if breadth == Breadth::Narrow
        || cleanup::is_cleaning_up(program, id, stmt)
        || cleanup::only_closes(program, id, body)
        || import_guards::is_import_guard(program, id, body)
        || function.is_some_and(|f| cancellation::is_awaited_here(module, f, body))
    {
        return;
    }
    if breadth == Breadth::Broad {
        judge_silence(ctx, Silence { id, stmt, tried: body, handler: None, breadth, reaction: Reaction::Nothing });
    } else if let Some(function) = function {
        cancellation::judge_suppress(ctx, id, stmt, context, body, function);
    }
}

fn named(module: &Module, function: Option<FunctionId>) -> String {
    match function.map(|f| module.function(f).name) {
        Some(name) if !name.is_empty() => format!("`{name}`"),
        Some(_) if module.language == Language::TypeScript => "a function".to_owned(),
        Some(_) => "a lambda".to_owned(),
        None => "the module".to_owned(),
    }
}
