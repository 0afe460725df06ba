//! Refusals: code that answers 429 because somebody asks too often, not because somebody else has said so.

use std::collections::{BTreeMap, BTreeSet};

use ustr::Ustr;

use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::apis::Role;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::routes::inherits;
use crate::model::uses::Uses;
use crate::model::values::{self, Value};
use crate::source::Place;

/// Names of constants that are the number 429.
const NAMES: [&str; 4] = ["HTTP_429_TOO_MANY_REQUESTS", "TOO_MANY_REQUESTS", "HTTP_TOO_MANY_REQUESTS", "too_many_requests"];

/// Names of exceptions and responses of libraries that mean it.
const CLASSES: [&str; 6] =
    ["TooManyRequests", "HTTPTooManyRequests", "HttpTooManyRequests", "TooManyRequestsException", "Throttled", "ThrottlerException"];

/// Keywords that take a status.
const KEYWORDS: [&str; 7] = ["status_code", "status", "http_status", "http_status_code", "code", "error_code", "statusCode"];

/// Functions that answer with the status they are given by position.
const ANSWERS: [&str; 17] = [
    "abort",
    "set_status",
    "send_error",
    "make_response",
    "halt",
    "HTTPException",
    "HttpError",
    "APIException",
    // Express, Fastify, Node, Hono, Koa, SvelteKit; exceptions of Nest and of Hono.
    "status",
    "sendStatus",
    "code",
    "writeHead",
    "throw",
    "error",
    "createError",
    "HttpException",
    "setStatus",
];

type ClassKey = (ModuleId, ClassId);

/// Finds the functions in the code of a service that refuse requests, and where they do.
#[must_use]
pub fn find(program: &Program, uses: &Uses<'_>) -> BTreeMap<FunctionRef, Place> {
    let finder = Finder { program, uses, resolver: Resolver::new(program), constants: constants(program, uses) };
    let mut found = BTreeMap::new();
    let mut meaning: BTreeSet<ClassKey> = BTreeSet::new();
    let mut answers = Vec::new();
    for id in uses.code() {
        for expr in program.module(id).expr_ids().filter(|expr| finder.is_429(id, *expr)) {
            match finder.around(id, expr) {
                Some(Within::Class(class)) => drop(meaning.insert((id, class))),
                Some(Within::Function(function)) if finder.answers(id, expr) => answers.push((function, expr)),
                _ => {}
            }
        }
    }
    for (function, expr) in &answers {
        let answers_errors = uses.answers_errors(*function);
        if answers_errors {
            meaning.extend(finder.handled(*function));
        }
        match finder.passed_on(function.module, *expr) {
            Some(caught) => meaning.extend(caught.into_iter().flat_map(|types| finder.classes(function.module, types))),
            None if !answers_errors => drop(found.insert(*function, program.place(function.module, *expr))),
            None => {}
        }
    }
    for class in finder.with_subclasses(meaning) {
        for (function, expr) in finder.raised(class) {
            if finder.passed_on(function.module, expr).is_none() {
                found.entry(function).or_insert_with(|| program.place(function.module, expr));
            }
        }
    }
    found
}

enum Within {
    Function(FunctionRef),
    /// The body of a class, or its constructor: instances mean it.
    Class(ClassId),
}

struct Finder<'p> {
    program: &'p Program,
    uses: &'p Uses<'p>,
    resolver: Resolver<'p>,
    constants: BTreeSet<Ustr>,
}

/// Names that are bound to 429 somewhere.
fn constants(program: &Program, uses: &Uses<'_>) -> BTreeSet<Ustr> {
    let mut found = BTreeSet::new();
    for id in uses.code() {
        let module = program.module(id);
        for (index, expr) in module.exprs.iter().enumerate() {
            if matches!(expr.kind, ExprKind::Number(digits) if digits == "429")
                && let Parent::Stmt(stmt) = module.expr_parents[index]
                && let StmtKind::Assign { targets, .. } = &module.stmt(stmt).kind
            {
                found.extend(targets.iter().filter_map(|target| match module.expr(*target).kind {
                    ExprKind::Name(name) => Some(name),
                    _ => None,
                }));
            }
        }
    }
    found
}

impl Finder<'_> {
    /// Whether an expression is the status 429, or an exception or response of a library that means it.
    fn is_429(&self, id: ModuleId, expr: ExprId) -> bool {
        match self.program.module(id).expr(expr).kind {
            ExprKind::Number(digits) => digits == "429",
            ExprKind::Name(name) | ExprKind::Attribute { name, .. } => {
                NAMES.contains(&name.as_str())
                    || (self.constants.contains(&name) && values::value(self.program, id, expr) == Value::Number(429.0))
                    || (CLASSES.contains(&name.as_str()) && matches!(self.resolver.entity(id, expr), Entity::Library(_)))
            }
            _ => false,
        }
    }

    /// What an expression is said for: a function, or a class whose instances mean it.
    fn around(&self, id: ModuleId, expr: ExprId) -> Option<Within> {
        let module = self.program.module(id);
        module.around(expr).find_map(|around| match around {
            Around::Function(function) => {
                let f = module.function(function);
                match f.class {
                    Some(class) if f.name == "__init__" && self.is_error(id, class) => Some(Within::Class(class)),
                    _ => Some(Within::Function(FunctionRef { module: id, function })),
                }
            }
            Around::Class(class) => self.is_error(id, class).then_some(Within::Class(class)),
            _ => None,
        })
    }

    /// Whether a class is an exception, or something that is answered: it extends what is out of sight, or one that is.
    fn is_error(&self, id: ModuleId, class: ClassId) -> bool {
        self.program.module(id).class(class).bases.iter().any(|base| base.kind == ArgKind::Positional)
    }

    /// Whether a status is what somebody is answered with.
    fn answers(&self, id: ModuleId, expr: ExprId) -> bool {
        let module = self.program.module(id);
        let is_class = |name: Ustr| CLASSES.contains(&name.as_str());
        if matches!(module.expr(expr).kind, ExprKind::Name(name) | ExprKind::Attribute { name, .. } if is_class(name)) {
            return self.is_given(id, expr);
        }
        // `HTTPStatus.TOO_MANY_REQUESTS.value`, `int(…)`
        let mut status = expr;
        while let Parent::Expr(parent) = module.expr_parents[status.index()] {
            match &module.expr(parent).kind {
                ExprKind::Attribute { name, .. } if *name == "value" || *name == "real" => status = parent,
                ExprKind::Call(call) if matches!(module.expr(call.callee).kind, ExprKind::Name(name) if name == "int") => status = parent,
                _ => break,
            }
        }
        match module.expr_parents[status.index()] {
            Parent::Expr(parent) => match &module.expr(parent).kind {
                ExprKind::Call(call) => self.is_passed_as_status(id, parent, call, status),
                ExprKind::Tuple(_) => self.is_given(id, parent),
                ExprKind::Object(entries) => entries.iter().any(|entry| match entry {
                    Entry::Pair { key, value } if *value == status => {
                        matches!(module.expr(*key).kind, ExprKind::String(key) if KEYWORDS.contains(&key.as_str()))
                    }
                    _ => false,
                }),
                _ => false,
            },
            Parent::Stmt(stmt) => match &module.stmt(stmt).kind {
                StmtKind::Assign { targets, .. } => targets.iter().any(
                    |target| matches!(module.expr(*target).kind, ExprKind::Attribute { name, .. } if KEYWORDS.contains(&name.as_str())),
                ),
                _ => false,
            },
            _ => false,
        }
    }

    fn is_passed_as_status(&self, id: ModuleId, expr: ExprId, call: &Call, status: ExprId) -> bool {
        let module = self.program.module(id);
        call.args.iter().any(|arg| {
            arg.value == status
                && match arg.kind {
                    ArgKind::Keyword(name) => KEYWORDS.contains(&name.as_str()),
                    ArgKind::Positional => {
                        let callee = &module.expr(call.callee).kind;
                        let named =
                            matches!(callee, ExprKind::Name(name) | ExprKind::Attribute { name, .. } if ANSWERS.contains(&name.as_str()));
                        named || self.is_given(id, expr)
                    }
                    ArgKind::Spread | ArgKind::KeywordSpread => false,
                }
        })
    }

    /// Whether a value is raised or returned, or is the exception of what is.
    fn is_given(&self, id: ModuleId, expr: ExprId) -> bool {
        let module = self.program.module(id);
        let Some(stmt) = module.stmt_of(expr) else { return false };
        matches!(module.stmt(stmt).kind, StmtKind::Return(_) | StmtKind::Raise { .. })
    }

    fn is_raised(&self, id: ModuleId, expr: ExprId) -> bool {
        let module = self.program.module(id);
        module.stmt_of(expr).is_some_and(|stmt| matches!(module.stmt(stmt).kind, StmtKind::Raise { .. }))
    }

    /// Whether an answer only passes on what somebody else has said: it stands where an exception is caught (of these
    /// types), or behind a test of what came back. A limiter that raises what is caught says it here.
    #[expect(clippy::option_option, reason = "not passed on, passed on whole, or a part of it")]
    fn passed_on(&self, id: ModuleId, expr: ExprId) -> Option<Option<ExprId>> {
        let module = self.program.module(id);
        for around in module.around(expr) {
            match around {
                Around::Stmt(stmt, Some(block)) => match &module.stmt(stmt).kind {
                    StmtKind::Try(t) => {
                        if let Some(handler) = t.handlers.iter().find(|handler| handler.body == block) {
                            let asks_limiter = module.expressions(t.body).into_iter().any(|e| self.is_limiter_call(id, e));
                            return (!asks_limiter).then_some(handler.types);
                        }
                    }
                    StmtKind::If { branches, .. } => {
                        let test = branches.iter().find(|(_, body)| *body == block).map(|(test, _)| *test);
                        if test.is_some_and(|test| self.asks_what_came_back(id, test)) {
                            return Some(None);
                        }
                    }
                    StmtKind::Match { cases, .. } => {
                        let case = cases.iter().find(|case| case.body == block);
                        if case.is_some_and(|case| case.pattern.iter().any(|e| self.is_429(id, *e))) {
                            return Some(None);
                        }
                    }
                    _ => {}
                },
                Around::Expr(outer) => {
                    if let ExprKind::Conditional { test, .. } = module.expr(outer).kind
                        && self.asks_what_came_back(id, test)
                    {
                        return Some(None);
                    }
                }
                Around::Function(_) | Around::Class(_) => return None,
                Around::Stmt(..) => {}
            }
        }
        None
    }

    fn is_limiter_call(&self, id: ModuleId, expr: ExprId) -> bool {
        let row = self.program.callee(id, expr).library().and_then(|name| self.program.apis.row(name));
        row.is_some_and(|row| row.is(Role::RateLimiter) || row.is(Role::Pacer))
    }

    /// `response.status_code == 429`, `isinstance(error, RateLimitError)`.
    fn asks_what_came_back(&self, id: ModuleId, test: ExprId) -> bool {
        let module = self.program.module(id);
        module.descendants(test).into_iter().any(|e| match &module.expr(e).kind {
            ExprKind::Number(digits) => *digits == "429",
            ExprKind::Name(name) => name == "isinstance" || NAMES.contains(&name.as_str()),
            ExprKind::Compare { ops, .. } => ops.contains(&CompareOp::InstanceOf),
            ExprKind::Attribute { name, .. } => matches!(name.as_str(), "status_code" | "statusCode") || NAMES.contains(&name.as_str()),
            _ => false,
        })
    }

    /// The classes of the project that a type of an `except` clause, or what is registered, names.
    fn classes(&self, id: ModuleId, types: ExprId) -> Vec<ClassKey> {
        let module = self.program.module(id);
        let exprs = match &module.expr(types).kind {
            ExprKind::Tuple(parts) => parts.to_vec(),
            _ => vec![types],
        };
        let class = |e| match self.resolver.entity(id, e) {
            Entity::Class(m, c) => Some((m, c)),
            _ => None,
        };
        exprs.into_iter().filter_map(class).collect()
    }

    /// The classes of the project whose errors a function answers.
    fn handled(&self, function: FunctionRef) -> Vec<ClassKey> {
        let module = self.program.module(function.module);
        let f = module.function(function.function);
        let decorators = f.decorators.iter().filter_map(|decorator| module.call(*decorator)).flat_map(|call| &call.args);
        let mut found: Vec<ClassKey> = decorators.flat_map(|arg| self.classes(function.module, arg.value)).collect();
        for (m, e) in self.uses.references(function.module, f.name, |entity| entity == Entity::Function(function)) {
            let module = self.program.module(m);
            let Parent::Expr(parent) = module.expr_parents[e.index()] else { continue };
            let args = module.call(parent).into_iter().flat_map(|call| &call.args);
            found.extend(args.flat_map(|arg| self.classes(m, arg.value)));
        }
        found
    }

    fn with_subclasses(&self, mut classes: BTreeSet<ClassKey>) -> BTreeSet<ClassKey> {
        if classes.is_empty() {
            return classes;
        }
        loop {
            let mut new = Vec::new();
            for id in self.uses.code() {
                let module = self.program.module(id);
                for class in module.class_ids().filter(|class| !classes.contains(&(id, *class))) {
                    let extends =
                        |base: &Arg| matches!(self.resolver.entity(id, base.value), Entity::Class(m, c) if classes.contains(&(m, c)));
                    if module.class(class).bases.iter().any(extends) {
                        new.push((id, class));
                    }
                }
            }
            if new.is_empty() {
                return classes;
            }
            classes.extend(new);
        }
    }

    /// Where instances of a class are raised, or returned if they are no exceptions.
    fn raised(&self, (module, class): ClassKey) -> Vec<(FunctionRef, ExprId)> {
        let name = self.program.module(module).class(class).name;
        let references = self.uses.references(module, name, |entity| entity == Entity::Class(module, class));
        let is_exception = inherits(self.program, &self.resolver, module, class, |base| {
            base.ends_with("Exception") || base.ends_with("Error") || base.ends_with("BaseException")
        });
        let given = references.into_iter().filter(|(m, e)| if is_exception { self.is_raised(*m, *e) } else { self.is_given(*m, *e) });
        given.filter_map(|(m, e)| Some((FunctionRef { module: m, function: self.program.module(m).function_of(e)? }, e))).collect()
    }
}
