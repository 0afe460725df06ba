//! Clauses that tell nobody: how sure it is that this hides something.

use super::{cancellation, rejections};
use crate::finding::Confidence;
use crate::ir::program::*;
use crate::model::attempts::Attempt;
use crate::model::caches::Use;
use crate::model::caught_inside::Inside;
use crate::model::exceptions::{self, Afterwards, Breadth, Reaction};
use crate::model::local_work::{self, Errors};
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::Entity;
use crate::model::resolve::Resolver;
use crate::model::{
    attempts, browser, caches, caught_inside, cleanup, headless, import_guards, lookups, missing, outside, predicates, reasons, telemetry,
    traces,
};

/// A `try` with a clause that tells nobody, or a `with suppress`.
#[derive(Clone, Copy)]
pub(super) struct Silence<'a> {
    pub(super) id: ModuleId,
    pub(super) stmt: StmtId,
    /// What is tried.
    pub(super) tried: BlockId,
    /// The clause; nothing for `suppress`.
    pub(super) handler: Option<&'a Handler>,
    pub(super) breadth: Breadth,
    pub(super) reaction: Reaction,
}

/// What to say of it.
pub(super) struct Verdict {
    pub(super) confidence: Confidence,
    /// What is said of the clause: a verb and its objects.
    pub(super) text: String,
    /// If only values in hand are worked on: what that raises.
    pub(super) local: Option<Errors>,
    /// It is a part of the logging.
    pub(super) of_logging: bool,
}

/// Judges a silence; nothing where the error shows all the same, or there is none.
pub(super) fn judge(program: &Program, silence: Silence<'_>, place: &str) -> Option<Verdict> {
    let Silence { id, stmt, tried, handler, breadth, .. } = silence;
    let module = program.module(id);
    let is_script = module.language == Language::TypeScript;
    // What is read of an object may fail in Python, too.
    let inside = caught_inside::of_block(program, id, tried).map(|inside| if is_script { inside } else { Inside::Mostly });
    if local_work::cannot_fail(module, tried)
        || is_answered_attempt(program, silence)
        || inside == Some(Inside::All)
        || attempts::is_told_behind(program, id, stmt, tried, handler)
        || headless::runs_there(program, id, stmt)
    {
        return None;
    }
    let returns = handler.is_some_and(|handler| leaves(module, handler.body));
    let afterwards = if returns { Afterwards::Nothing } else { exceptions::afterwards(program, id, stmt, tried) };
    // Whoever raises at last has no use for a fallback.
    let reaction = if afterwards == Afterwards::RaisesAtLast { silence.reaction } else { takes_effect(program, silence) };
    let what = if handler.is_some() { "this `try`" } else { "its block" };
    let (mut confidence, text) = match (reaction, afterwards) {
        (_, Afterwards::Raises) => return None,
        (Reaction::Returns(value), _) => {
            let value = shown(program.text(id, value));
            (Confidence::Medium, format!("turns every error of {what} in {place} into {value} and leaves no trace"))
        }
        (Reaction::FallsBack, _) => {
            (Confidence::Low, format!("puts a fallback in the place of every error of {what} in {place} and leaves no trace"))
        }
        (_, Afterwards::RaisesAtLast) => (Confidence::Low, format!("drops the reason of the error that {place} raises at last")),
        _ => (Confidence::High, format!("drops every error of {what} in {place} and leaves no trace")),
    };
    let function = module.function_of_stmt(stmt);
    let local = local_work::of_block(program, id, tried);
    let of_logging = traces::is_of_logging(program, id, stmt);
    let only_tells = of_logging || telemetry::only_tells(program, id, function, tried);
    let attempt = match (handler, &module.stmt(stmt).kind) {
        (Some(handler), StmtKind::Try(t)) => attempts::repeated(program, id, stmt, t, handler),
        _ => None,
    };
    let is_harmless = attempt == Some(Attempt::Reports) || is_harmless(program, silence, reaction);
    if is_harmless {
        confidence = Confidence::Low;
    }
    let is_brief = reaction == Reaction::Nothing
        && (local.is_some() || import_guards::begins_with_library(program, id, tried) || attempt == Some(Attempt::Waits));
    // A fallback that was there before is as good as one in the clause, but an outage, or an error on the way, must not
    // pass for it.
    // One that is put there behind is as if the clause did it, and where only an entry of the log is made, nothing is lost.
    let is_preset = reaction == Reaction::FallsBack
        && silence.reaction == Reaction::Nothing
        && !attempts::is_filled_behind(program, id, stmt, tried)
        && !function.is_some_and(|f| telemetry::logs_by_name(&module.function(f).name));
    let is_outage = is_preset && (local.is_none() || module.statements(tried).len() > 1);
    let is_broken = matches!(reaction, Reaction::FallsBack | Reaction::Returns(_)) && import_guards::is_of_own(program, id, tried);
    if is_brief {
        confidence = confidence.min(Confidence::Medium);
    } else if (is_broken || is_outage) && !is_harmless {
        confidence = Confidence::Medium;
    } else if local.is_some() && reaction == silence.reaction {
        confidence = Confidence::Low;
    }
    let is_over = || (local.is_some() && silence.reaction == Reaction::FallsBack) || serves_another(program, silence);
    if breadth == Breadth::Bare && !is_over() {
        // It takes the end of the program, too, whatever else is said of it. Nobody ends that in the middle of a conversion, or
        // where all is over.
        confidence = confidence.max(Confidence::Medium);
    }
    if is_script && !outside::reaches(program, id, tried) {
        // Nothing is out of order but a value.
        let gives_up = returns || leaves(module, tried);
        confidence = confidence.min(if gives_up { Confidence::Low } else { Confidence::Medium });
    }
    let is_seen = |call: &ExprId| module.call(*call).is_none() || matches!(program.callee(id, *call), Entity::Function(_));
    let calls_own = || module.expressions(tried).iter().all(is_seen);
    if !is_script && returns && breadth != Breadth::Bare && !outside::reaches(program, id, tried) {
        if function.is_some_and(|f| predicates::is_attempt(&module.function(f).name)) {
            // `safe_get`: whoever calls it knows.
            confidence = Confidence::Low;
        } else if calls_own() {
            // All that is called can be seen, and works on values in hand.
            confidence = confidence.min(Confidence::Medium);
        }
    }
    let answers = returns || (silence.reaction == Reaction::Nothing && leaves(module, tried));
    let is_question = answers && local.is_some() && !local_work::needs_key(program, id, tried);
    let is_answer = || {
        is_question
            || import_guards::only_patches(program, id, tried)
            || local_work::checks_types(program, id, tried)
            || local_work::reads_arguments(program, id, tried)
            || (silence.reaction == Reaction::Nothing && local_work::only_asks(program, id, tried))
            || lookups::takes_optional(program, id, tried)
    };
    let is_broad = breadth == Breadth::Broad || (breadth == Breadth::Bare && returns && local_work::only_looks_up(program, id, tried));
    if !is_script && is_broad && !is_broken && is_answer() {
        // It is a question about a value, and the answer is that it is none; or there is nothing left to go wrong.
        confidence = Confidence::Low;
    }
    if !is_script && lookups::reads_preset(program, id, stmt, tried) {
        confidence = confidence.min(Confidence::Medium);
    }
    let is_file = is_script && local_work::reads_files(program, id, tried);
    let is_nothing = handler.is_some_and(|handler| lookups::answers_nothing(program, id, stmt, tried, handler));
    if is_file || is_nothing {
        // Mostly a file that is not there; or nothing, as it may be at other times.
        confidence = confidence.min(if is_file && is_nothing { Confidence::Low } else { Confidence::Medium });
    }
    let is_no = function.is_some_and(|f| predicates::asks(&module.function(f).name))
        && handler.is_some_and(|h| predicates::says_no(module, h.body));
    let cache = if is_script { caches::used(program, id, &module.expressions(tried)) } else { None };
    let is_miss = cache == Some(Use::Reads) && function.is_some_and(|f| caches::is_read_behind(module, f, stmt));
    if is_script && reasons::has_promised_fallback(program, id, stmt) {
        confidence = if confidence == Confidence::High { Confidence::Medium } else { Confidence::Low };
    }
    if cache == Some(Use::Writes) {
        confidence = confidence.min(Confidence::Medium);
    }
    if only_tells
        || cleanup::is_in_finally(module, stmt)
        || (!is_script && cancellation::awaits_what_ends(program, id, stmt, tried))
        || (is_script && (local.is_some() || is_no || is_miss))
        || inside == Some(Inside::Mostly)
    {
        confidence = Confidence::Low;
    }
    // Where a comment says why, nobody has to be told again of a value that does not fit, or what is seen on a screen.
    if is_script && is_harmless && local.is_some() {
        return None;
    }
    if is_script && browser::is_browser_code(program, id) {
        if reaction != Reaction::Nothing || is_harmless {
            return None;
        }
        confidence = Confidence::Low;
    }
    Some(Verdict { confidence, text, local, of_logging })
}

/// Whether a block may end its function.
fn leaves(module: &Module, block: BlockId) -> bool {
    module.statements(block).into_iter().any(|stmt| matches!(module.stmt(stmt).kind, StmtKind::Return(_)))
}

/// A value as a message shows it: on one line, and not at any length.
pub(super) fn shown(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= 60 { format!("`{text}`") } else { "a constant".to_owned() }
}

/// Whether a `try` in JavaScript asks for a file, or works on values in hand and what it is to give has something else in its
/// place: that it fails means one thing, and the language has no clause for a type. What somebody else waits for is theirs.
fn is_answered_attempt(program: &Program, silence: Silence<'_>) -> bool {
    let Silence { id, stmt, tried, handler, .. } = silence;
    let module = program.module(id);
    if module.language != Language::TypeScript {
        return false;
    }
    let names_parser = module.function_of_stmt(stmt).is_some_and(|function| is_parser(&module.function(function).name));
    let is_check = module.function_of_stmt(stmt).is_some_and(|function| {
        predicates::is_handed_as_check(module, function)
            || (predicates::asks(&module.function(function).name) && !outside::reaches(program, id, tried))
    });
    if is_check && handler.is_some_and(|handler| predicates::says_no(module, handler.body)) {
        return true;
    }
    if outside::only_probes(program, id, tried) || rejections::waits_for_others(program, id, tried) {
        return true;
    }
    let is_attempt = local_work::of_block(program, id, tried).is_some() || (names_parser && !outside::reaches(program, id, tried));
    is_attempt
        && (handler.is_some_and(|handler| leaves(module, handler.body))
            || leaves(module, tried)
            || takes_effect(program, silence) != Reaction::Nothing
            || sets_outer(program, id, tried))
}

/// Whether a function of this name reads something: `parseState`.
fn is_parser(name: &str) -> bool {
    cleanup::words(name).first().is_some_and(|word| matches!(word.as_str(), "parse" | "decode" | "decrypt" | "deserialize" | "verify"))
}

/// Whether a block gives a value to a name that was there before.
fn sets_outer(program: &Program, id: ModuleId, block: BlockId) -> bool {
    let module = program.module(id);
    let span = module.block(block).span;
    let resolver = Resolver::new(program);
    let is_outer = |target: ExprId| {
        let Some(name) = exceptions::name_of(module, target) else { return false };
        let scope = resolver.scope_of_name(id, target, name);
        scope.is_some_and(|(scope, _)| program.bindings(id, scope, name).any(|binding| !span.contains(binding.span)))
    };
    module.statements(block).into_iter().any(|stmt| match &module.stmt(stmt).kind {
        StmtKind::Assign { targets, value: Some(_), .. } => targets.iter().any(|target| is_outer(*target)),
        _ => false,
    })
}

/// What a clause comes to, with what stands around its `try`.
fn takes_effect(program: &Program, silence: Silence<'_>) -> Reaction {
    let Silence { id, stmt, tried, handler, reaction, .. } = silence;
    let module = program.module(id);
    if reaction != Reaction::Nothing {
        return reaction;
    }
    let falls_through = handler.is_none_or(|handler| module.block(handler.body).falls_through);
    let breaks = handler
        .and_then(|handler| module.block(handler.body).stmts.last())
        .is_some_and(|last| matches!(module.stmt(*last).kind, StmtKind::Break));
    if falls_through && let Some(value) = attempts::returned_behind(program, id, stmt, tried) {
        Reaction::Returns(value)
    } else if ((falls_through || breaks)
        && (attempts::has_fallback(program, id, stmt, tried) || attempts::is_filled_behind(program, id, stmt, tried)))
        || (falls_through && attempts::has_other_way(module, stmt, tried))
    {
        Reaction::FallsBack
    } else {
        reaction
    }
}

/// Whether a `try` only adds to, or cleans up behind, an error that is told.
fn serves_another(program: &Program, silence: Silence<'_>) -> bool {
    let Silence { id, stmt, tried, .. } = silence;
    traces::only_adds_to_another(program, id, stmt, tried)
        || traces::is_on_the_way_out(program, id, stmt, cleanup::only_undoes(program, id, tried))
}

/// Whether what is tried is to get a picture of somebody else's page, which many have not.
fn is_decoration(program: &Program, silence: Silence<'_>) -> bool {
    let module = program.module(silence.id);
    let function = module.function_of_stmt(silence.stmt).map_or("", |f| &module.function(f).name);
    [function, program.sources.get(module.file).name()].iter().any(|name| name.to_ascii_lowercase().contains("favicon"))
}

/// Whether the error is expected, or shows otherwise.
fn is_harmless(program: &Program, silence: Silence<'_>, reaction: Reaction) -> bool {
    let Silence { id, stmt, tried, handler, .. } = silence;
    let module = program.module(id);
    let is_careful =
        |function| matches!(reaction, Reaction::Returns(value) if predicates::is_careful_answer(program, id, function, tried, value));
    let span = handler.map_or(module.stmt(stmt).span, |handler| handler.span);
    let gives = handler.is_some_and(|handler| leaves(module, handler.body)) || leaves(module, tried);
    // Nobody writes `suppress` without meaning it: what stands above is about that.
    let is_meant = handler.is_none() && reasons::says_something(&reasons::above(program, id, stmt));
    is_meant
        || is_decoration(program, silence)
        || reasons::is_explained(program, id, span)
        || reasons::is_expected(program, id, stmt, tried)
        || module.function_of_stmt(stmt).is_some_and(is_careful)
        || serves_another(program, silence)
        || traces::is_making_error(program, id, stmt)
        || headless::only_uses_page(program, id, &module.expressions(tried))
        || (gives && outside::only_asks_system(program, id, tried, module.function_of_stmt(stmt).map_or("", |f| &module.function(f).name)))
        || (gives && missing::is_told_by_callers(program, id, stmt, reaction))
        || attempts::is_looked_at_again(program, id, stmt, tried)
        || (exceptions::is_in_loop(module, stmt) && reasons::is_commented(program, id, span) && cleanup::removes_folder(module, tried))
}
