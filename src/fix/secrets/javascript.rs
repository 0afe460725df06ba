//! Fixes of secrets in TypeScript and JavaScript.

use crate::fix::Intent;
use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::Resolver;
use crate::model::secrets;
use crate::model::secrets::bound::{Bound, How};
use crate::model::secrets::environment::{self, Edit};
use crate::source::{Place, Span};

/// What to write instead of a literal that is bound so.
#[must_use]
pub fn advice(program: &Program, id: ModuleId, literal: ExprId, bound: &Bound, variable: &str) -> String {
    let read = format!("process.env.{variable}");
    match bound {
        Bound::Fallback { variable, .. } => throws(&format!("process.env.{variable}"), variable, '\'', ";").replace("    ", "  "),
        Bound::Name(name, How::Compared) => format!("timingSafeEqual(Buffer.from({}), Buffer.from({read}))", last_word(name)),
        Bound::Name(name, _) if secrets::is_header(name) => {
            let inner = program.text(id, literal).trim_matches(['"', '\'', '`']);
            let scheme = secrets::scheme_and_credential(inner).0.unwrap_or("Bearer");
            format!("{name}: `{scheme} ${{process.env.API_TOKEN}}`")
        }
        Bound::Name(name, How::Entry | How::Member) if is_name(name) => format!("{name}: {read}"),
        Bound::Name(name, How::Entry | How::Member) => format!("'{name}': {read}"),
        Bound::Name(name, How::Argument) => format!("{read} // {name}"),
        Bound::Name(name, How::Default) => format!("{name}: string // no default: whoever calls it passes {read}"),
        Bound::Name(_, How::Returned) => format!("return {read}"),
        Bound::Name(name, How::Variable) => format!("{name} = {read}"),
        Bound::Argument(function) => format!("{function}(…, process.env.SECRET_KEY)"),
        _ => read,
    }
}

fn is_name(name: &str) -> bool {
    name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$'))
}

/// `x-api-key` as a variable.
fn last_word(name: &str) -> String {
    let mut words = secrets::words(name).into_iter();
    let first = words.next().unwrap_or_default();
    words.fold(first, |name, word| {
        let (head, tail) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
        name + &head.to_uppercase() + tail
    })
}

/// The edits that take a fallback away, so that the variable is demanded.
#[must_use]
pub fn without_fallback(program: &Program, id: ModuleId, literal: ExprId, edit: Edit, variable: &str) -> Option<Vec<Intent>> {
    let module = program.module(id);
    let replace = |span: Span, text: &str| Intent::Replace { place: program.span_place(id, span), text: text.to_owned() };
    match edit {
        Edit::Whole(whole) => {
            let ExprKind::Logical { operands, .. } = &module.expr(whole).kind else { return None };
            let read = *operands.first()?;
            let text = program.text(id, read);
            let Some(call) = module.call(read) else {
                let guard = guard(program, id, whole, literal, text, variable)?;
                return Some(vec![guard, replace(module.expr(whole).span, text)]);
            };
            let demand = environment::reader(program, id, read)?.demand.as_deref()?;
            let text = if demand == "call" { text.to_owned() } else { renamed(program, id, read, call, demand)? };
            Some(vec![replace(module.expr(whole).span, &text)])
        }
        Edit::Pattern(pattern) => {
            let ExprKind::Assign { target, .. } = module.expr(pattern).kind else { return None };
            let stmt = module.stmt_of(pattern)?;
            let StmtKind::Assign { value: Some(whole), .. } = module.stmt(stmt).kind else { return None };
            let read = format!("{}.{variable}", program.text(id, whole));
            let guard = guard(program, id, pattern, literal, &read, variable)?;
            Some(vec![guard, replace(module.expr(pattern).span, program.text(id, target))])
        }
        Edit::Call(expr) => {
            let call = module.call(expr)?;
            let demand = environment::reader(program, id, expr)?.demand.as_deref()?;
            let ExprKind::Attribute { name_span, .. } = module.expr(call.callee).kind else { return None };
            let [before, fallback] = call.args[..] else { return None };
            let span = Span { start: before.span.end, end: fallback.span.end };
            Some(vec![replace(name_span, demand), replace(span, "")])
        }
        Edit::Method(expr) => {
            let call = module.call(expr)?;
            let ExprKind::Attribute { object, .. } = module.expr(call.callee).kind else { return None };
            let demand = demand_of_schema(program, id, object)?;
            let span = Span { start: module.expr(object).span.end, end: module.expr(expr).span.end };
            Some(vec![replace(span, &demand)])
        }
        Edit::Argument(_) | Edit::Field(_) => None,
    }
}

/// What makes a schema demand its value where `.default(…)` stood: fields of zod are demanded anyway.
fn demand_of_schema(program: &Program, id: ModuleId, chain: ExprId) -> Option<String> {
    let module = program.module(id);
    let mut root = chain;
    while let Some(call) = module.call(root)
        && let ExprKind::Attribute { object, .. } = module.expr(call.callee).kind
        && module.call(object).is_some()
    {
        if matches!(module.expr(call.callee).kind, ExprKind::Attribute { name, .. } if matches!(name.as_str(), "optional" | "nullish" | "allow"))
        {
            return None;
        }
        root = object;
    }
    if let Some(demand) = environment::reader(program, id, root).and_then(|reader| reader.demand.as_ref()) {
        return Some(format!(".{demand}()"));
    }
    let path = Resolver::new(program).entity(id, module.call(root)?.callee).library()?;
    let package = path.strip_prefix(crate::model::apis::JAVASCRIPT)?.split(['.', '/']).next()?;
    match package {
        "zod" => Some(String::new()),
        "joi" | "yup" => Some(".required()".to_owned()),
        _ => None,
    }
}

/// A call by another method of the same object.
fn renamed(program: &Program, id: ModuleId, expr: ExprId, call: &Call, method: &str) -> Option<String> {
    let module = program.module(id);
    let ExprKind::Attribute { name_span, .. } = module.expr(call.callee).kind else { return None };
    let whole = module.expr(expr).span;
    let text = |start: u32, end: u32| program.sources.slice(program.span_place(id, Span { start, end }));
    Some(format!("{}{method}{}", text(whole.start, name_span.start), text(name_span.end, whole.end)))
}

/// The statement that throws where a variable is not set, before the statement that reads it. The compiler then knows that
/// it is set, unless the read is in another function. Nothing where no statement can stand before, or where the variable is
/// read in some cases only.
fn guard(program: &Program, id: ModuleId, expr: ExprId, literal: ExprId, read: &str, variable: &str) -> Option<Intent> {
    let module = program.module(id);
    let mut before = module.expr(expr).span;
    let mut below = expr;
    let is_local = read.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$'));
    for around in module.around(expr) {
        match around {
            Around::Expr(parent) => {
                let is_sometimes = match &module.expr(parent).kind {
                    ExprKind::Conditional { test, .. } => *test != below,
                    ExprKind::Logical { operands, .. } => operands.first() != Some(&below),
                    _ => false,
                };
                if is_sometimes {
                    return None;
                }
                below = parent;
            }
            Around::Stmt(stmt, from) => {
                if matches!(module.block_parents[module.stmt_parents[stmt.index()].index()], Parent::Class(_)) {
                    return None;
                }
                // What is thrown in a `try` is caught there.
                if matches!(&module.stmt(stmt).kind, StmtKind::Try(tried) if !tried.handlers.is_empty() && from == Some(tried.body)) {
                    if is_local {
                        return None;
                    }
                    before = module.stmt(stmt).span;
                }
            }
            Around::Function(_) | Around::Class(_) => break,
        }
    }
    // The body of an arrow function is no statement.
    if !module.around(expr).find(|around| !matches!(around, Around::Expr(_))).is_some_and(|around| matches!(around, Around::Stmt(..))) {
        return None;
    }
    let file = program.sources.get(module.file);
    let quote = program.text(id, literal).chars().next().filter(|c| matches!(c, '"' | '\'')).unwrap_or('\'');
    let end = if file.text.lines().any(|line| line.trim_end().ends_with(';')) { ";" } else { "" };
    let text = throws(read, variable, quote, end);
    Some(Intent::InsertBefore { before: Place { file: module.file, span: before }, text })
}

fn throws(read: &str, variable: &str, quote: char, end: &str) -> String {
    format!("if (!{read}) {{\n    throw new Error({quote}{variable} is not set{quote}){end}\n}}")
}
