//! Promises whose rejection is caught and dropped: `.catch(() => {})`, `.then(f, () => null)`.

use super::silence::shown;
use super::{fixes, is_tool, javascript, named};
use crate::finding::Confidence;
use crate::fix::habits::Style;
use crate::fix::{Fix, Intent};
use crate::ir::program::*;
use crate::model::caches::{self, Use};
use crate::model::caught_inside::{self, Inside};
use crate::model::exceptions::{self, Reaction};
use crate::model::missing::{self, Behind, is_used};
use crate::model::program::{CallSite, FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::{browser, cleanup, development, headless, local_work, lookups, outside, predicates, reasons, telemetry, traces, values};
use crate::rules::Context;
use crate::source::{Place, Span};

/// A promise, and the function that is called when it is rejected.
struct Rejection {
    /// The promise.
    promise: ExprId,
    /// The argument that is the function.
    handler: ExprId,
    /// `.catch(…)`.
    span: Span,
    reaction: Reaction,
    /// The function, if it is written out here.
    function: Option<FunctionId>,
}

/// What becomes of the errors.
enum Effect {
    Drops,
    Turns(String),
    FallsBack,
}

/// Judges a call that may be one of `catch` or `then`.
pub(super) fn judge(ctx: &mut Context<'_>, id: ModuleId, site: &CallSite) {
    let program = &ctx.project.program;
    let module = program.module(id);
    let Some(rejection) = rejection(program, id, site) else { return };
    let Some(stmt) = module.stmt_of(site.expr) else { return };
    let Some((mut confidence, effect)) = verdict(program, id, site.expr, stmt, &rejection) else { return };
    if is_tool(ctx, id) || development::runs(program, id, site.expr) {
        confidence = Confidence::Low;
    }
    let function = module.function_of(site.expr);
    let what = said(program, id, rejection.promise);
    let place = named(module, function);
    let method = if program.sources.slice(program.span_place(id, rejection.span)).starts_with("then") { "then" } else { "catch" };
    let of_what = format!("every error of {what} in {place}");
    let text = match effect {
        Effect::Drops => format!("drops {of_what}"),
        Effect::Turns(value) => format!("turns {of_what} into {value}"),
        Effect::FallsBack => format!("puts a fallback in the place of {of_what}"),
    };
    let message = format!("`.{method}` {text} and leaves no trace");
    let fix = logging(program, id, &rejection, function);
    ctx.report(program.span_place(id, rejection.span), confidence, message, fix);
}

fn rejection(program: &Program, id: ModuleId, site: &CallSite) -> Option<Rejection> {
    let module = program.module(id);
    let call = module.call(site.expr).filter(|_| module.language == Language::TypeScript)?;
    let ExprKind::Attribute { object, name, name_span, .. } = module.expr(call.callee).kind else { return None };
    let handler = match (name.as_str(), &call.args[..]) {
        ("catch", [only]) => only,
        ("then", [_, second]) => second,
        _ => return None,
    };
    let is_own = matches!(site.callee, Entity::Function(_) | Entity::Class(..));
    if handler.kind != ArgKind::Positional || is_own || is_schema(site.callee) {
        return None;
    }
    let span = Span { start: name_span.start, end: module.expr(site.expr).span.end };
    let (function, reaction) = match module.expr(handler.value).kind {
        ExprKind::Function(function) => (Some(function), of_function(program, FunctionRef { module: id, function })),
        ExprKind::Name(_) | ExprKind::Attribute { .. } => match Resolver::new(program).entity(id, handler.value) {
            // What has a name does something, unless it is `noop`.
            Entity::Function(f) if of_function(program, f) == Reaction::Nothing => (None, Reaction::Nothing),
            Entity::Library(name) if matches!(name.as_str(), "js:lodash.noop" | "js:lodash/noop" | "js:rxjs.noop") => {
                (None, Reaction::Nothing)
            }
            _ => return None,
        },
        _ => return None,
    };
    Some(Rejection { promise: object, handler: handler.value, span, reaction, function })
}

/// `z.string().catch("none")` is a default.
fn is_schema(callee: Entity) -> bool {
    let roots = ["zod", "effect", "valibot", "yup", "superstruct", "neverthrow"];
    callee.library().is_some_and(|name| {
        let root = name.trim_start_matches("js:").split(['.', '/']).next().unwrap_or_default();
        roots.contains(&root)
    })
}

fn of_function(program: &Program, f: FunctionRef) -> Reaction {
    let function = program.function(f);
    let target = function.params.first().map(|param| param.target);
    exceptions::reaction_of(program, f.module, function.body, target)
}

/// How sure it is that this hides something, and what it does; nothing if the error shows all the same, or there is none.
fn verdict(program: &Program, id: ModuleId, expr: ExprId, stmt: StmtId, rejection: &Rejection) -> Option<(Confidence, Effect)> {
    let module = program.module(id);
    let promise = rejection.promise;
    let asked = without_reading(module, promise);
    let parts = module.descendants(promise);
    let imports = parts.iter().any(|part| matches!(module.expr(*part).kind, ExprKind::Require(_)));
    let (made_in, made) = values::origin(program, id, promise);
    if matches!(rejection.reaction, Reaction::Raises | Reaction::Acts)
        || imports
        || cleanup::is_cleaning_up(program, id, stmt)
        || cleanup::closes(program, made_in, made)
        || local_work::is_attempted(program, id, asked)
        || is_reading(program, id, asked)
        || outside::is_probe(program, id, asked)
        || is_of_somebody_else(program, id, promise)
        || headless::runs_there(program, id, stmt)
    {
        return None;
    }
    let used = is_used(module, expr);
    let (mut confidence, effect) = match rejection.reaction {
        Reaction::Returns(value) if used => (Confidence::Medium, Effect::Turns(shown(program.text(id, value)))),
        Reaction::FallsBack => (Confidence::Low, Effect::FallsBack),
        _ => (Confidence::High, Effect::Drops),
    };
    let function = module.function_of(expr);
    let behind = missing::behind(program, id, expr, stmt);
    let explained = reasons::is_explained(program, id, rejection.span)
        || reasons::is_explained_before(program, id, rejection.span.start)
        || is_pause(module, promise)
        || cleanup::removes_leftover(module, promise)
        || reasons::is_expected_above(program, id, stmt)
        || reasons::is_promised(program, id, stmt)
        || behind == Some(Behind::Tells)
        || (used && asks(module, promise));
    if behind == Some(Behind::Leaves) || (used && lookups::comes_to_nothing(program, id, expr, stmt, promise)) {
        confidence = confidence.min(Confidence::Medium);
    }
    let inside = caught_inside::of(program, id, &[promise]).or_else(|| caught_inside::of(program, id, &parts));
    let cache = caches::used(program, id, &parts);
    if inside == Some(Inside::All) {
        return None;
    }
    if module.stmt_of(expr).is_some_and(|stmt| reasons::has_promised_fallback(program, id, stmt)) {
        confidence = if confidence == Confidence::High { Confidence::Medium } else { Confidence::Low };
    }
    if cache == Some(Use::Writes) {
        confidence = confidence.min(Confidence::Medium);
    }
    if explained
        || traces::is_on_the_way_out(program, id, stmt, cleanup::undoes(module, promise))
        || traces::is_making_error(program, id, stmt)
        || headless::only_uses_page(program, id, &parts)
        || (is_returned(module, expr, stmt) && missing::is_told_by_callers(program, id, stmt, rejection.reaction))
        || inside.is_some()
        || cache == Some(Use::Reads)
        || telemetry::tells(program, id, function, &parts)
    {
        confidence = Confidence::Low;
    }
    if browser::is_browser_code(program, id) {
        if used || explained {
            return None;
        }
        confidence = Confidence::Low;
    }
    Some((confidence, effect))
}

/// The promise that a chain begins with, if all that is done with what it comes to is to read it:
/// `access(path).then(() => true)`.
fn without_reading(module: &Module, promise: ExprId) -> ExprId {
    let mut at = promise;
    // As long as chains are.
    for _ in 0..8 {
        let Some(call) = module.call(at) else { break };
        let ExprKind::Attribute { object, name, .. } = module.expr(call.callee).kind else { break };
        let [Arg { value: reader, kind: ArgKind::Positional, .. }] = call.args[..] else { break };
        let ExprKind::Function(reader) = module.expr(reader).kind else { break };
        let FunctionBody::Expr(value) = module.function(reader).body else { break };
        if name != "then" || module.descendants(value).into_iter().any(|part| module.call(part).is_some()) {
            break;
        }
        at = object;
    }
    at
}

/// Whether a promise is one of a pause that a signal ends: `sleep(1000, signal)`.
fn is_pause(module: &Module, promise: ExprId) -> bool {
    let name = |expr: ExprId| match module.expr(expr).kind {
        ExprKind::Name(name) | ExprKind::Attribute { name, .. } => cleanup::words(&name),
        _ => Vec::new(),
    };
    let is_wait = |word: &String| matches!(word.as_str(), "delay" | "pause" | "sleep" | "wait");
    module.call(promise).is_some_and(|call| {
        let ends = |arg: &Arg| name(arg.value).iter().any(|word| matches!(word.as_str(), "signal" | "abort"));
        name(call.callee).iter().any(is_wait) && call.args.iter().any(ends)
    })
}

/// Whether what a promise comes to is read from what has come already: `request.json()`.
fn is_reading(program: &Program, id: ModuleId, promise: ExprId) -> bool {
    let module = program.module(id);
    let reads = |call: &Call| matches!(module.expr(call.callee).kind, ExprKind::Attribute { name, .. } if matches!(name.as_str(), "json" | "text" | "formData" | "arrayBuffer"));
    module.call(promise).is_some_and(|call| call.args.is_empty() && reads(call))
}

/// Whether all that a block does is to wait for a promise that somebody else waits for, too.
pub(super) fn waits_for_others(program: &Program, id: ModuleId, block: BlockId) -> bool {
    let module = program.module(id);
    let [only] = module.block(block).stmts[..] else { return false };
    let StmtKind::Expr(value) = module.stmt(only).kind else { return false };
    matches!(module.expr(value).kind, ExprKind::Await(promise) if is_of_somebody_else(program, id, promise))
}

/// Whether somebody else waits for a promise: it has a name that is used elsewhere, too, or that did not begin here.
fn is_of_somebody_else(program: &Program, id: ModuleId, promise: ExprId) -> bool {
    let module = program.module(id);
    // `loading.finally(reset).catch(() => {})`
    let mut promise = promise;
    let finally = |promise: ExprId| match module.expr(module.call(promise)?.callee).kind {
        ExprKind::Attribute { object, name, .. } if name == "finally" => Some(object),
        _ => None,
    };
    while let Some(object) = finally(promise) {
        promise = object;
    }
    let name = match module.expr(promise).kind {
        ExprKind::Name(name) => name,
        ExprKind::Attribute { .. } | ExprKind::Subscript { .. } => return true,
        // `Promise.resolve(value).catch(() => {})`
        ExprKind::Call(_) => return program.callee(id, promise).library().as_deref() == Some("js:globalThis.Promise.resolve"),
        _ => return false,
    };
    let Some((scope, _)) = Resolver::new(program).scope_of_name(id, promise, name) else { return true };
    // `previous = last` starts nothing.
    let starts = |value: ExprId| !matches!(module.expr(value).kind, ExprKind::Name(_) | ExprKind::Attribute { .. });
    let is_started_here =
        program.bindings(id, scope, name).any(|binding| matches!(binding.kind, BindingKind::Value(value) if starts(value)));
    let is_use = |expr: ExprId| matches!(module.expr(expr).kind, ExprKind::Name(other) if other == name) && !module.is_pattern(expr);
    !is_started_here || module.expr_ids().filter(|expr| is_use(*expr)).count() > 1
}

/// Whether a statement gives what an expression does, and no more: `return await find(id).catch(() => null)`.
fn is_returned(module: &Module, expr: ExprId, stmt: StmtId) -> bool {
    match module.stmt(stmt).kind {
        StmtKind::Return(Some(value)) => value == expr || matches!(module.expr(value).kind, ExprKind::Await(inner) if inner == expr),
        _ => false,
    }
}

/// Whether the function that gives a promise asks something, so that its "no" is looked at: `verifyToken(token)`.
fn asks(module: &Module, promise: ExprId) -> bool {
    let mut at = promise;
    loop {
        match module.call(at).map(|call| &module.expr(call.callee).kind) {
            // `verifyToken(token).then(() => true)`
            Some(ExprKind::Attribute { object, name, .. }) if matches!(name.as_str(), "then" | "finally") => at = *object,
            Some(ExprKind::Name(name) | ExprKind::Attribute { name, .. }) => return predicates::asks(name),
            _ => return false,
        }
    }
}

/// A promise as a reader knows it: by the function that gives it.
fn said(program: &Program, id: ModuleId, promise: ExprId) -> String {
    javascript::name_of_call(program, id, promise).map_or("this promise".to_owned(), |text| format!("`{text}`"))
}

/// The edit that logs the error of a promise.
fn logging(program: &Program, id: ModuleId, rejection: &Rejection, function: Option<FunctionId>) -> Fix {
    const LOG: &str = "Log the error";
    let module = program.module(id);
    let style = Style::of(program, id);
    let place = program.place(id, rejection.handler);
    let what = javascript::name_of_call(program, id, rejection.promise).unwrap_or_else(|| "a promise".to_owned());
    let message = format!("{what} failed in {}", fixes::place_of(program, id, function));
    let f = rejection.function.map(|f| module.function(f));
    let param = f.and_then(|f| f.params.first()).map(|param| param.name);
    let name = param.filter(|name| !name.is_empty()).map_or("error".to_owned(), |name| name.to_string());
    let Some(call) = javascript::call(program, id, function, place.span.start, &message, &name) else {
        return javascript::advice(program, id, function, place.span.start);
    };
    // In broken syntax nobody knows what an edit would be a part of.
    if !module.errors.is_empty() || param.is_some_and(|name| name.is_empty()) {
        return Fix::advice(LOG, call);
    }
    let (step, end) = (style.indentation(), style.end());
    let text = program.sources.slice(place);
    let body = match f.map(|f| f.body) {
        // `noop`
        None => None,
        Some(FunctionBody::Expr(value))
            if matches!(module.expr(value).kind, ExprKind::Null) && !is_used(module, call_of(module, rejection)) =>
        {
            None
        }
        Some(FunctionBody::Expr(_)) => text.split_once("=>").map(|(_, value)| format!("return {}{end}", value.trim())),
        Some(FunctionBody::Block(block)) => {
            let Some((head, rest)) = text.split_once('{') else { return Fix::advice(LOG, call) };
            let is_written_out = rest.contains('\n') || rest.contains("/*");
            if is_written_out {
                let head = if param.is_some() { head.to_owned() } else { head.replacen("()", &format!("({name})"), 1) };
                let open = place.span.start + u32::try_from(text.len() - rest.len()).unwrap_or(0);
                let place = Place { file: place.file, span: Span { start: place.span.start, end: open } };
                return Fix::unsafe_edit(LOG, vec![Intent::Replace { place, text: format!("{head}{{\n{step}{call}{end}") }]);
            }
            let inner = rest.strip_suffix('}').unwrap_or(rest).trim();
            (!module.block(block).stmts.is_empty()).then(|| inner.to_owned())
        }
    };
    let text = match body {
        None => format!("({name}) => {call}"),
        Some(body) => format!("({name}) => {{\n{step}{call}{end}\n{step}{body}\n}}"),
    };
    Fix::unsafe_edit(LOG, vec![Intent::Replace { place, text }])
}

/// The call that a rejection's function is passed to.
fn call_of(module: &Module, rejection: &Rejection) -> ExprId {
    match module.expr_parents[rejection.handler.index()] {
        Parent::Expr(call) => call,
        _ => rejection.handler,
    }
}
