//! Keys that services share: code that compares what a request brings with a value of configuration, and turns away whoever
//! brings another. A key that is looked up, a user's own, is none.

use ustr::Ustr;

use crate::ir::program::*;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::secrets::words;
use crate::model::values::{self, Value};

mod guards;

pub use guards::guard_all;

/// How many calls, and how many names, are followed.
const DEPTH: u32 = 3;

/// Words of what a key is called. Passwords are what people type.
const KEYS: [&str; 8] = ["key", "keys", "apikey", "secret", "secrets", "token", "tokens", "bearer"];

/// Methods that give a header, whatever they are of.
const HEADER_METHODS: [&str; 3] = ["header", "getHeader", "getHeaders"];

/// Members of a request that hold what its sender says of itself.
const SENT: [&str; 6] = ["headers", "META", "query", "query_params", "searchParams", "args"];

/// Parameters that `FastAPI` fills from headers, or from what checks them.
const INJECTED: [&str; 7] = ["Header", "Security", "APIKeyHeader", "APIKeyQuery", "HTTPBearer", "HTTPAuthorizationCredentials", "Query"];

/// Functions that compare texts in constant time.
const COMPARING: [&str; 8] = [
    "compare_digest",
    "constant_time_compare",
    "safe_str_cmp",
    "timingSafeEqual",
    "safeCompare",
    "secureCompare",
    "safeEqual",
    "constantTimeEqual",
];

/// Methods whose answer lets a request pass or not.
const DECIDING: [&str; 2] = ["canActivate", "has_permission"];

/// What a function turns away: all that have no key, but for these paths.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Refusal {
    /// Paths that it lets pass.
    pub exempt: Vec<String>,
}

/// Whether a function turns away whoever has no key, before it does anything else.
#[must_use]
pub fn refuses(program: &Program, function: FunctionRef) -> Option<Refusal> {
    refuses_within(program, function, DEPTH)
}

fn refuses_within(program: &Program, function: FunctionRef, depth: u32) -> Option<Refusal> {
    let depth = depth.checked_sub(1)?;
    let f = program.function(function);
    let check = Check { program, id: function.module, module: program.module(function.module), depth, decides: is_deciding(&f.name) };
    match f.body {
        FunctionBody::Block(body) => check.block(body),
        FunctionBody::Expr(value) if check.decides => check.is_right(value).then(Refusal::default),
        FunctionBody::Expr(_) => None,
    }
}

fn is_deciding(name: &str) -> bool {
    DECIDING.contains(&name)
}

struct Check<'p> {
    program: &'p Program,
    id: ModuleId,
    module: &'p Module,
    depth: u32,
    /// Whether the function's answer is yes or no.
    decides: bool,
}

impl Check<'_> {
    fn block(&self, body: BlockId) -> Option<Refusal> {
        let mut refusal = Refusal::default();
        let mut todo: Vec<StmtId> = self.module.block(body).stmts.iter().rev().copied().collect();
        let enter = |todo: &mut Vec<StmtId>, block: BlockId| todo.extend(self.module.block(block).stmts.iter().rev());
        while let Some(stmt) = todo.pop() {
            match &self.module.stmt(stmt).kind {
                StmtKind::Try(t) => enter(&mut todo, t.body),
                StmtKind::With { body, .. } => enter(&mut todo, *body),
                StmtKind::If { branches, otherwise } => {
                    for (test, body) in branches {
                        let leaves = !self.module.block(*body).falls_through || self.aborts(*body);
                        if self.is_wrong(*test) && self.says_no(*body) && (leaves || otherwise.is_some()) {
                            return Some(refusal);
                        }
                        if self.is_right(*test) && (otherwise.is_some_and(|o| self.says_no(o)) || leaves && self.say_no(&todo)) {
                            return Some(refusal);
                        }
                        let paths = self.paths(*test);
                        if self.is_configured(*test) {
                            enter(&mut todo, *body);
                        } else if paths.is_some() && (leaves || otherwise.is_some()) {
                            refusal.exempt.extend(paths.unwrap_or_default());
                        } else if leaves && !self.says_no(*body) && !self.asks_method(*test) {
                            return None;
                        }
                    }
                    if let Some(otherwise) = otherwise {
                        enter(&mut todo, *otherwise);
                    }
                }
                StmtKind::Return(value) => {
                    let decides = value.is_some_and(|value| self.decides && self.is_right(value));
                    return (decides || value.is_some_and(|value| self.is_left_to_another(value))).then_some(refusal);
                }
                StmtKind::Expr(value) | StmtKind::Assign { value: Some(value), .. } if self.is_left_to_another(*value) => {
                    return Some(refusal);
                }
                StmtKind::Raise { .. } => return None,
                _ => {}
            }
        }
        None
    }

    /// Whether an expression calls a function that turns away whoever has no key.
    fn is_left_to_another(&self, value: ExprId) -> bool {
        let mut at = value;
        while let ExprKind::Await(inner) = self.module.expr(at).kind {
            at = inner;
        }
        self.module.call(at).is_some()
            && match self.program.callee(self.id, at) {
                Entity::Function(called) => {
                    refuses_within(self.program, called, self.depth).is_some_and(|refusal| refusal.exempt.is_empty())
                }
                _ => false,
            }
    }

    /// Whether a test holds for whoever has no key.
    fn is_wrong(&self, test: ExprId) -> bool {
        self.judges(test, false)
    }

    /// Whether a test holds for those alone who have the key.
    fn is_right(&self, test: ExprId) -> bool {
        self.judges(test, true)
    }

    fn judges(&self, test: ExprId, right: bool) -> bool {
        let mut todo = vec![(test, right)];
        // Of several, one is enough for `a && key === KEY` and `!a || key !== KEY`; others of the other kind only say whether
        // there is a key at all.
        while let Some((at, right)) = todo.pop() {
            match &self.module.expr(at).kind {
                ExprKind::Unary { op: UnaryOp::Not, operand } => todo.push((*operand, !right)),
                ExprKind::Await(inner) => todo.push((*inner, right)),
                ExprKind::Logical { op: LogicalOp::And, operands } if right => todo.extend(operands.iter().map(|o| (*o, right))),
                ExprKind::Logical { op: LogicalOp::Or, operands } if !right => todo.extend(operands.iter().map(|o| (*o, right))),
                ExprKind::Logical { operands, .. } => {
                    let rest: Vec<ExprId> = operands.iter().copied().filter(|o| !self.is_configured(*o)).collect();
                    if let [only] = rest[..] {
                        todo.push((only, right));
                    }
                }
                ExprKind::Compare { operands, ops } => {
                    let ([a, b], [op]) = (&operands[..], &ops[..]) else { continue };
                    let is_kind = match op {
                        CompareOp::Eq | CompareOp::In => right,
                        CompareOp::NotEq | CompareOp::NotIn => !right,
                        _ => false,
                    };
                    if is_kind && self.compares(*a, *b) {
                        return true;
                    }
                }
                ExprKind::Call(call) if right => {
                    let named = match self.module.expr(call.callee).kind {
                        ExprKind::Name(name) | ExprKind::Attribute { name, .. } => Some(name),
                        _ => None,
                    };
                    if named.is_some_and(|name| COMPARING.contains(&name.as_str()))
                        && let [a, b, ..] = &call.args[..]
                        && self.compares(a.value, b.value)
                    {
                        return true;
                    }
                    if let Entity::Function(called) = self.program.callee(self.id, at)
                        && tells(self.program, called, self.depth)
                    {
                        return true;
                    }
                }
                _ => {}
            }
        }
        false
    }

    fn compares(&self, a: ExprId, b: ExprId) -> bool {
        let is_pair = |key, sent| self.is_key(key) && self.is_sent(sent);
        is_pair(a, b) || is_pair(b, a)
    }

    /// Whether a value is, or is made of, a key that configuration holds.
    fn is_key(&self, expr: ExprId) -> bool {
        let (at, origin) = values::origin(self.program, self.id, expr);
        [(self.id, expr), (at, origin)].into_iter().any(|(id, expr)| {
            let module = self.program.module(id);
            let parts = module.descendants(expr);
            let is_configured = |part: &ExprId| values::value(self.program, id, *part) == Value::Configuration;
            let is_named = |part: &ExprId| match module.expr(*part).kind {
                ExprKind::Name(name) | ExprKind::Attribute { name, .. } | ExprKind::String(name) => is_key_name(&name),
                _ => false,
            };
            parts.iter().any(is_configured) && parts.iter().any(is_named)
        })
    }

    /// Whether a value comes from a header of a request, or its address.
    fn is_sent(&self, expr: ExprId) -> bool {
        let resolver = Resolver::new(self.program);
        let mut todo = vec![(expr, DEPTH)];
        while let Some((at, left)) = todo.pop() {
            for part in self.module.descendants(at) {
                match &self.module.expr(part).kind {
                    ExprKind::Attribute { name, .. } if SENT.contains(&name.as_str()) => return true,
                    ExprKind::Call(call) if self.gives_header(part, call) => return true,
                    ExprKind::Name(name) => {
                        if name == "headers" {
                            return true;
                        }
                        let Some((scope, _)) = resolver.scope_of_name(self.id, part, *name) else { continue };
                        for binding in self.program.bindings(self.id, scope, *name) {
                            match binding.kind {
                                BindingKind::Param(index) if self.is_sent_param(scope, index) => return true,
                                BindingKind::Value(value) | BindingKind::Element(value, _) | BindingKind::Member(value, _) if left > 0 => {
                                    todo.push((value, left - 1));
                                }
                                _ => {}
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
        false
    }

    fn gives_header(&self, expr: ExprId, call: &Call) -> bool {
        let is_text = || call.args.first().is_some_and(|arg| values::text(self.program, self.id, arg.value).is_some());
        let by_name = match self.module.expr(call.callee).kind {
            ExprKind::Attribute { object, name, .. } => {
                let of_request = matches!(self.module.expr(object).kind, ExprKind::Name(of) if matches!(of.as_str(), "req" | "request"));
                is_text() && (HEADER_METHODS.contains(&name.as_str()) || name == "get" && of_request)
            }
            ExprKind::Name(name) => matches!(name.as_str(), "getHeader" | "get_authorization_header" | "getRequestHeader"),
            _ => false,
        };
        by_name || self.program.callee(self.id, expr).library().is_some_and(|name| name == "js:next/headers.headers")
    }

    /// Whether a parameter holds what a request brings: it is injected, or called so.
    fn is_sent_param(&self, scope: ScopeId, index: u32) -> bool {
        let ScopeKind::Function(function) = self.module.scope(scope).kind else { return false };
        let Some(param) = self.module.function(function).params.get(index as usize) else { return false };
        let is_injected = |expr: ExprId| {
            self.module.descendants(expr).into_iter().any(|part| match self.module.expr(part).kind {
                ExprKind::Name(name) | ExprKind::Attribute { name, .. } => INJECTED.contains(&name.as_str()),
                _ => false,
            })
        };
        param.annotation.is_some_and(is_injected)
            || param.default.is_some_and(is_injected)
            || words(&param.name)
                .iter()
                .any(|word| KEYS.contains(&word.as_str()) || matches!(word.as_str(), "authorization" | "header" | "credentials"))
    }

    /// Whether the last thing that a block does is a call that does not come back: `abort(401)`, `ctx.throw(401)`.
    fn aborts(&self, block: BlockId) -> bool {
        let last = self.module.block(block).stmts.last().map(|stmt| &self.module.stmt(*stmt).kind);
        let Some(StmtKind::Expr(value)) = last else { return false };
        self.module.call(*value).is_some_and(|call| match self.module.expr(call.callee).kind {
            ExprKind::Name(name) | ExprKind::Attribute { name, .. } => matches!(name.as_str(), "abort" | "throw"),
            _ => false,
        })
    }

    /// Whether a block answers that somebody may not.
    fn says_no(&self, block: BlockId) -> bool {
        let stmts = self.module.statements(block);
        self.say_no(&stmts) || self.module.expressions(block).into_iter().any(|expr| self.is_no(expr))
    }

    fn say_no(&self, stmts: &[StmtId]) -> bool {
        stmts.iter().any(|stmt| {
            let kind = &self.module.stmt(*stmt).kind;
            let mut exprs = Vec::new();
            kind.for_each_expr(|expr| exprs.extend(self.module.descendants(expr)));
            match kind {
                StmtKind::Raise { .. } => true,
                StmtKind::Return(Some(value)) if self.decides => matches!(self.module.expr(*value).kind, ExprKind::Bool(false)),
                _ => exprs.into_iter().any(|expr| self.is_no(expr)),
            }
        })
    }

    fn is_no(&self, expr: ExprId) -> bool {
        let says_no = |name: &str| {
            let name = name.to_ascii_lowercase();
            ["unauthorized", "forbidden", "permissiondenied", "notauthenticated", "not_authenticated"]
                .iter()
                .any(|word| name.contains(word))
        };
        match &self.module.expr(expr).kind {
            ExprKind::Number(digits) => digits.len() == 3 && digits.starts_with('4'),
            ExprKind::Name(name) | ExprKind::Attribute { name, .. } => says_no(name),
            ExprKind::Call(call) => {
                matches!(self.module.expr(call.callee).kind, ExprKind::Name(name) if name == "abort" || name == "next" && !call.args.is_empty())
            }
            _ => false,
        }
    }

    /// Whether a test asks for nothing but configuration: whether there is a key, where it runs.
    fn is_configured(&self, test: ExprId) -> bool {
        let mut todo = vec![test];
        while let Some(at) = todo.pop() {
            match &self.module.expr(at).kind {
                ExprKind::Unary { operand, .. } => todo.push(*operand),
                ExprKind::Logical { operands, .. } => todo.extend(operands),
                ExprKind::Compare { operands, .. } => todo.extend(operands.iter()),
                _ if values::is_constant(self.program, self.id, at) => {}
                _ => return false,
            }
        }
        true
    }

    /// The paths that a test lets through, where it asks for nothing else and all are written there.
    fn paths(&self, test: ExprId) -> Option<Vec<String>> {
        let (mut todo, mut found) = (vec![test], Vec::new());
        while let Some(at) = todo.pop() {
            match &self.module.expr(at).kind {
                ExprKind::Logical { op: LogicalOp::Or, operands } => todo.extend(operands),
                ExprKind::Compare { operands, ops } if matches!(&ops[..], [CompareOp::Eq | CompareOp::In]) => {
                    if !operands.iter().any(|operand| is_address(self.module, *operand)) {
                        return None;
                    }
                    for operand in operands.iter().filter(|operand| !is_address(self.module, **operand)) {
                        let (id, origin) = values::origin(self.program, self.id, *operand);
                        let items = match &self.program.module(id).expr(origin).kind {
                            ExprKind::List(items) | ExprKind::Tuple(items) | ExprKind::Set(items) => items.to_vec(),
                            _ => vec![origin],
                        };
                        for item in items {
                            found.push(values::text(self.program, id, item)?);
                        }
                    }
                }
                ExprKind::Call(call) => {
                    let ExprKind::Attribute { object, name, .. } = self.module.expr(call.callee).kind else { return None };
                    let first = call.args.first()?.value;
                    match name.as_str() {
                        "startsWith" | "startswith" if is_address(self.module, object) => {
                            found.push(format!("{}*", values::text(self.program, self.id, first)?));
                        }
                        "includes" if is_address(self.module, first) => {
                            let (id, origin) = values::origin(self.program, self.id, object);
                            let ExprKind::List(items) = &self.program.module(id).expr(origin).kind else { return None };
                            for item in items {
                                found.push(values::text(self.program, id, *item)?);
                            }
                        }
                        _ => return None,
                    }
                }
                _ => return None,
            }
        }
        Some(found)
    }

    fn asks_method(&self, test: ExprId) -> bool {
        self.module
            .descendants(test)
            .into_iter()
            .any(|part| matches!(self.module.expr(part).kind, ExprKind::String(text) if text == "OPTIONS"))
    }
}

/// `req.path`, `request.url.path`
fn is_address(module: &Module, expr: ExprId) -> bool {
    matches!(module.expr(expr).kind, ExprKind::Attribute { name, .. } if matches!(name.as_str(), "path" | "url" | "pathname" | "originalUrl"))
}

/// Whether a function says yes to those alone who have the key: all that it returns is a comparison, or no.
fn tells(program: &Program, function: FunctionRef, depth: u32) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let module = program.module(function.module);
    let check = Check { program, id: function.module, module, depth, decides: false };
    let results = Resolver::new(program).results(function);
    let is_no = |value: &ExprId| matches!(module.expr(*value).kind, ExprKind::Bool(false));
    results.iter().any(|value| check.is_right(*value)) && results.iter().all(|value| is_no(value) || check.is_right(*value))
}

fn is_key_name(name: &str) -> bool {
    name.len() < 60 && words(name).iter().any(|word| KEYS.contains(&word.as_str()))
}

/// What a decorator of a handler, a hook or a dependency is written as: the function that it runs.
fn function_of(program: &Program, id: ModuleId, expr: ExprId) -> Option<FunctionRef> {
    match Resolver::new(program).entity(id, expr) {
        Entity::Function(function) => Some(function),
        Entity::Class(m, c) | Entity::Object(m, c) => method(program, m, c, "__call__").or_else(|| method(program, m, c, "canActivate")),
        _ => None,
    }
}

fn method(program: &Program, module: ModuleId, class: ClassId, name: &str) -> Option<FunctionRef> {
    let m = program.module(module);
    let name = Ustr::from(name);
    m.class(class).methods.iter().find(|f| m.function(**f).name == name).map(|f| FunctionRef { module, function: *f })
}
