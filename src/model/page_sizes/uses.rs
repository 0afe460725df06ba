//! What becomes of a page size: whether something limits it on the way, and whether it says how many rows are read.

use rustc_hash::FxHashSet;
use ustr::Ustr;

use super::{Limit, named};
use crate::ir::program::*;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::values::{self, Value};

/// How many expressions are followed of one value.
const MOST: usize = 400;

/// What is known of the uses of a value.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Uses {
    /// What limits it.
    pub(super) limit: Limit,
    /// It says how many rows something reads.
    pub(super) is_limit: bool,
    /// It is used at all.
    pub(super) is_used: bool,
    /// How often a list of JavaScript is cut by it.
    pub(super) slices: u32,
    /// How often it is handed to something else.
    pub(super) others: u32,
}

impl Uses {
    /// Whether all that is seen of it is that a list of JavaScript is cut.
    pub(super) fn is_only_slice(&self) -> bool {
        self.slices > 0 && self.others == 0
    }
}

/// Methods and functions whose argument is how many there are at most.
const TAKERS: [&str; 20] = [
    "limit",
    "take",
    "top",
    "head",
    "first",
    "fetchmany",
    "to_list",
    "slice",
    "sample",
    "nlargest",
    "limitToLast",
    "limit_to_last",
    "Paginator",
    "page_size",
    "pageSize",
    "islice",
    "topK",
    "FetchOptions",
    "paginate",
    "batchSize",
];

/// Arguments and keys that say how many there are at most.
const KEYS: [&str; 16] = [
    "limit",
    "$limit",
    "take",
    "first",
    "last",
    "max_results",
    "maxResults",
    "page_size",
    "pageSize",
    "per_page",
    "perPage",
    "length",
    "top",
    "hitsPerPage",
    "num_results",
    "fetch_size",
];

/// Where a value is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Spot {
    /// An expression that has it.
    Expr(ModuleId, ExprId),
    /// A name of a scope.
    Name(ModuleId, ScopeId, Ustr),
    /// A member of that name of whatever a module reads it of.
    Member(ModuleId, Ustr),
    /// A member of instances of a class, wherever they are seen.
    Field(ModuleId, ClassId, Ustr),
}

/// What becomes of a value.
pub(super) fn of(program: &Program, start: Spot) -> Uses {
    let mut follow = Follow {
        program,
        todo: vec![start],
        seen: FxHashSet::default(),
        uses: Uses { limit: Limit::None, is_limit: false, is_used: false, slices: 0, others: 0 },
    };
    for _ in 0..MOST {
        let Some(spot) = follow.todo.pop() else { break };
        if follow.seen.insert(spot) {
            follow.step(spot);
        }
    }
    follow.uses
}

/// What becomes of a parameter of a function.
pub(super) fn of_parameter(program: &Program, function: FunctionRef, index: usize) -> Uses {
    let f = program.function(function);
    of(program, Spot::Name(function.module, f.scope, f.params[index].name))
}

struct Follow<'p> {
    program: &'p Program,
    todo: Vec<Spot>,
    seen: FxHashSet<Spot>,
    uses: Uses,
}

impl Follow<'_> {
    fn step(&mut self, spot: Spot) {
        match spot {
            Spot::Expr(id, expr) => self.expression(id, expr),
            Spot::Name(id, scope, name) => {
                let uses = Resolver::new(self.program).uses(id, scope, name);
                self.todo.extend(uses.into_iter().map(|mention| Spot::Expr(id, mention)));
            }
            Spot::Member(id, name) => {
                let module = self.program.module(id);
                let members = self.program.mentions(id, name).filter(|expr| matches!(module.expr(*expr).kind, ExprKind::Attribute { .. }));
                let members: Vec<ExprId> = members.filter(|expr| !module.is_assigned(*expr) && !module.is_pattern(*expr)).collect();
                self.todo.extend(members.into_iter().map(|expr| Spot::Expr(id, expr)));
            }
            Spot::Field(m, c, name) => {
                let program = self.program;
                let resolver = Resolver::new(program);
                let users = std::iter::once(m).chain(program.importers(m).iter().copied());
                for id in users {
                    let module = program.module(id);
                    for expr in program.mentions(id, name) {
                        match &module.expr(expr).kind {
                            ExprKind::Attribute { object, .. } if resolver.entity(id, *object) == Entity::Object(m, c) => {
                                self.todo.push(Spot::Expr(id, expr));
                            }
                            // `const { limit } = page`
                            ExprKind::Name(_) => {
                                if let Some((scope, 1)) = resolver.scope_of_name(id, expr, name)
                                    && let Some(BindingKind::Member(whole, _)) = program.bindings(id, scope, name).next().map(|b| b.kind)
                                    && resolver.entity(id, whole) == Entity::Object(m, c)
                                {
                                    self.todo.push(Spot::Name(id, scope, name));
                                }
                            }
                            _ => {}
                        }
                    }
                }
            }
        }
    }

    fn limited(&mut self, limit: Limit) {
        self.uses.limit = self.uses.limit.and(limit);
    }

    fn becomes(&mut self, id: ModuleId, expr: ExprId) {
        self.todo.push(Spot::Expr(id, expr));
    }

    fn expression(&mut self, id: ModuleId, expr: ExprId) {
        self.uses.is_used = true;
        let module = self.program.module(id);
        let parent = match module.expr_parents[expr.index()] {
            Parent::Expr(parent) => parent,
            Parent::Stmt(stmt) => return self.assigned(id, stmt, expr),
            _ => return,
        };
        match &module.expr(parent).kind {
            ExprKind::Call(call) if call.callee != expr => self.argument(id, parent, call, expr),
            ExprKind::Compare { operands, ops } => self.compared(id, expr, operands, ops),
            ExprKind::Logical { .. }
            | ExprKind::Await(_)
            | ExprKind::Unary { op: UnaryOp::Other, .. }
            | ExprKind::Spread(_)
            | ExprKind::Tuple(_)
            | ExprKind::List(_) => {
                self.becomes(id, parent);
            }
            ExprKind::Conditional { test, .. } if *test != expr => self.becomes(id, parent),
            ExprKind::Binary { op: BinaryOp::Add, operands }
                if operands.iter().any(|o| matches!(module.expr(*o).kind, ExprKind::Number(_))) =>
            {
                self.becomes(id, parent);
            }
            ExprKind::Object(entries) => {
                let key = entries.iter().find_map(|entry| match entry {
                    Entry::Pair { key, value } if *value == expr => Some(*key),
                    _ => None,
                });
                if let Some(key) = key {
                    if let ExprKind::String(key) = module.expr(key).kind {
                        self.uses.is_limit |= KEYS.contains(&key.as_str());
                        self.passed_under(id, parent, key);
                    }
                    self.uses.others += 1;
                    self.becomes(id, parent);
                }
            }
            // `rows[:limit]`
            ExprKind::Slice(parts) if parts.last() == Some(&expr) => self.uses.is_limit = true,
            // `` `LIMIT ${limit}` ``
            ExprKind::Template { parts, .. } => {
                let before = parts.iter().take_while(|part| !matches!(part, TemplatePart::Hole(hole) if *hole == expr)).last();
                self.uses.others += 1;
                if let Some(TemplatePart::Text(text, _)) = before {
                    let words = text.trim_end().to_ascii_lowercase();
                    if ["limit", "top", "top (", "first", "limit=", "take"].iter().any(|word| words.ends_with(word)) {
                        self.uses.is_limit = true;
                    }
                }
            }
            ExprKind::Attribute { object, name, .. } if *object == expr && matches!(name.as_str(), "toString" | "toFixed" | "valueOf") => {
                if let Parent::Expr(call) = module.expr_parents[parent.index()] {
                    self.becomes(id, call);
                }
            }
            ExprKind::Assign { target, value } if *value == expr => self.named(id, *target),
            _ => {}
        }
    }

    fn assigned(&mut self, id: ModuleId, stmt: StmtId, expr: ExprId) {
        let module = self.program.module(id);
        match &module.stmt(stmt).kind {
            StmtKind::Assign { targets, value, .. } if *value == Some(expr) => {
                for target in targets {
                    self.named(id, *target);
                }
            }
            StmtKind::Match { .. } => self.limited(Limit::Unseen),
            _ => {}
        }
    }

    /// What is bound to the value.
    fn named(&mut self, id: ModuleId, target: ExprId) {
        let module = self.program.module(id);
        match module.expr(target).kind {
            ExprKind::Name(name) => {
                if let Some((scope, _)) = Resolver::new(self.program).scope_of_name(id, target, name) {
                    self.todo.push(Spot::Name(id, scope, name));
                }
            }
            ExprKind::Attribute { name, .. } => self.todo.push(Spot::Member(id, name)),
            ExprKind::Subscript { index, .. } => match module.expr(index).kind {
                ExprKind::String(key) if KEYS.contains(&key.as_str()) || named(&key).is_some() => self.uses.is_limit = true,
                _ => {}
            },
            _ => {}
        }
    }

    fn argument(&mut self, id: ModuleId, at: ExprId, call: &Call, expr: ExprId) {
        let module = self.program.module(id);
        let Some((position, arg)) = call.args.iter().enumerate().find(|(_, arg)| arg.value == expr) else { return };
        let callee = self.program.callee(id, at);
        let method = match module.expr(call.callee).kind {
            ExprKind::Attribute { name, .. } | ExprKind::Name(name) => name,
            _ => Ustr::default(),
        };
        match callee {
            Entity::Builtin(name) | Entity::Library(name) if matches!(name.as_str(), "min" | "js:globalThis.Math.min") => {
                let others: Vec<ExprId> = call.args.iter().map(|arg| arg.value).filter(|other| *other != expr).collect();
                let limits = others.iter().map(|other| Limit::of(self.program, id, *other));
                let limit = limits.fold(Limit::None, Limit::and);
                self.limited(limit);
                return self.becomes(id, at);
            }
            Entity::Function(function) => return self.passed(function, call, position, arg.kind),
            _ => {}
        }
        if matches!(method.as_str(), "clamp" | "clip") && position == 0 {
            let most = call.args.last().filter(|last| last.value != expr);
            return self.limited(most.map_or(Limit::Unseen, |most| Limit::of(self.program, id, most.value)));
        }
        if let ArgKind::Keyword(name) = arg.kind {
            self.uses.is_limit |= KEYS.contains(&name.as_str()) || named(&name) == Some(super::Named::Clearly);
        }
        let library = callee.library();
        let runs_sql = library.and_then(|name| self.program.apis.row(name)).is_some_and(|row| row.sql.is_some());
        if runs_sql
            || matches!(method.as_str(), "execute" | "query" | "bind" | "all" | "get") && position > 0
            || method == "bind"
            || method == "all"
        {
            self.uses.is_limit = true;
        }
        if TAKERS.contains(&method.as_str()) {
            self.uses.is_limit = true;
        }
        if method == "slice" {
            self.uses.slices += 1;
        }
        let converts = matches!(
            method.as_str(),
            "max"
                | "int"
                | "Number"
                | "parseInt"
                | "parseFloat"
                | "str"
                | "String"
                | "abs"
                | "round"
                | "floor"
                | "ceil"
                | "trunc"
                | "BigInt"
                | "float"
                | "cast"
        );
        if converts {
            self.becomes(id, at);
        } else if method != "slice" {
            self.uses.others += 1;
        }
        // What is called so may refuse it, out of sight.
        let checks = ["valid", "clamp", "check", "ensure", "bound", "normal", "sanit"];
        let lower = method.to_ascii_lowercase();
        if matches!(callee, Entity::Unknown | Entity::Library(_))
            && !converts
            && checks.iter().any(|word| lower.contains(word))
            && !lower.starts_with("is")
        {
            self.limited(Limit::Unseen);
        }
    }

    /// What a function of the project does with the value.
    fn passed(&mut self, function: FunctionRef, call: &Call, position: usize, kind: ArgKind) {
        let f = self.program.function(function);
        let index = match kind {
            ArgKind::Positional => Some(position + self.program.receivers(function)),
            ArgKind::Keyword(name) => f.params.iter().position(|param| param.name == name),
            _ => None,
        };
        let _ = call;
        if let Some(param) = index.and_then(|index| f.params.get(index)) {
            self.todo.push(Spot::Name(function.module, f.scope, param.name));
        }
    }

    /// What a function of the project does with a value that it is passed under a key: `page(user, { limit })`.
    fn passed_under(&mut self, id: ModuleId, object: ExprId, key: Ustr) {
        let module = self.program.module(id);
        let Parent::Expr(outer) = module.expr_parents[object.index()] else { return };
        let Some(position) = module.call(outer).and_then(|call| call.args.iter().position(|arg| arg.value == object)) else { return };
        let Entity::Function(function) = self.program.callee(id, outer) else { return };
        let inner = self.program.module(function.module);
        let index = position + self.program.receivers(function);
        let Some(param) = inner.function(function.function).params.get(index) else { return };
        match &inner.expr(param.target).kind {
            ExprKind::Object(entries) => {
                let under = entries.iter().find_map(|entry| match entry {
                    Entry::Pair { key: k, value } if matches!(inner.expr(*k).kind, ExprKind::String(name) if name == key) => Some(*value),
                    _ => None,
                });
                match under.map(|target| &inner.expr(target).kind) {
                    Some(ExprKind::Assign { target, .. }) => self.named(function.module, *target),
                    Some(ExprKind::Name(_)) => under.into_iter().for_each(|target| self.named(function.module, target)),
                    _ => {}
                }
            }
            ExprKind::Name(owner) => {
                let members = self.program.mentions(function.module, key).filter(|member| {
                    matches!(inner.expr(*member).kind, ExprKind::Attribute { object, .. }
                        if matches!(inner.expr(object).kind, ExprKind::Name(name) if name == *owner))
                });
                let members: Vec<ExprId> = members.collect();
                self.todo.extend(members.into_iter().map(|member| Spot::Expr(function.module, member)));
            }
            _ => {}
        }
    }

    fn compared(&mut self, id: ModuleId, expr: ExprId, operands: &[ExprId], ops: &[CompareOp]) {
        if ops.iter().any(|op| matches!(op, CompareOp::In | CompareOp::NotIn)) {
            if operands.first() == Some(&expr) {
                self.limited(Limit::Unseen);
            }
            return;
        }
        if !ops.iter().any(|op| matches!(op, CompareOp::Less | CompareOp::Greater)) {
            return;
        }
        let others = operands.iter().filter(|operand| **operand != expr);
        let limits = others.filter_map(|other| match values::value(self.program, id, *other) {
            Value::Number(n) if n <= 1.0 => None,
            Value::Number(n) => Some(Limit::At(n)),
            Value::Configuration => Some(Limit::Unseen),
            _ => is_bound_by_name(self.program.module(id), *other).then_some(Limit::Unseen),
        });
        let limit = limits.fold(Limit::None, Limit::and);
        self.limited(limit);
    }
}

/// Whether a name is, by the looks of it, that of an upper bound: `settings.max_page_size`, `LIMIT`.
fn is_bound_by_name(module: &Module, expr: ExprId) -> bool {
    match module.expr(expr).kind {
        ExprKind::Name(name) | ExprKind::Attribute { name, .. } => {
            let lower = name.to_ascii_lowercase();
            lower.contains("max") || lower.contains("limit") || !name.chars().any(char::is_lowercase)
        }
        _ => false,
    }
}
