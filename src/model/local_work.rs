//! Work on values in hand: code that reaches nothing outside, and which errors it raises on values that do not fit.

mod javascript;
mod python;

use ustr::Ustr;

use self::javascript::Does;
use self::python::{FUNCTIONS, METHODS, MODULES, VERIFIERS, WITH_KEY, raised_by_method};
use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::cleanup::words;
use crate::model::program::{FunctionRef, Link, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::{outside, values};

/// How deep functions of the project are followed.
const DEPTH: u32 = 3;

/// What work on values in hand may raise; nothing if that cannot be named.
pub type Errors = Option<Vec<&'static str>>;

/// The errors that a block may raise if it does nothing but work on values in hand; nothing if it does more.
#[must_use]
pub fn of_block(program: &Program, id: ModuleId, block: BlockId) -> Option<Errors> {
    let mut work = Work::new(program);
    (work.does_only(id, block, DEPTH) && (work.is_sure || !work.is_doubtful)).then(|| work.into_errors())
}

/// Whether a block does nothing but look for parts of values in hand, and converts none.
#[must_use]
pub fn only_looks_up(program: &Program, id: ModuleId, block: BlockId) -> bool {
    let mut work = Work::new(program);
    let is_of_parts = |error: &&str| matches!(*error, "AttributeError" | "IndexError" | "KeyError" | "LookupError" | "TypeError");
    work.does_only(id, block, DEPTH) && work.errors.iter().all(is_of_parts)
}

/// Whether a block verifies something with a key.
#[must_use]
pub fn needs_key(program: &Program, id: ModuleId, block: BlockId) -> bool {
    let is_one = |expr: ExprId| program.callee(id, expr).library().is_some_and(|name| WITH_KEY.contains(&name.as_str()));
    let module = program.module(id);
    module.expressions(block).into_iter().any(|expr| module.call(expr).is_some() && is_one(expr))
}

/// Whether a block does nothing but work on values in hand, and read files.
#[must_use]
pub fn reads_files(program: &Program, id: ModuleId, block: BlockId) -> bool {
    let mut work = Work { may_read_files: true, ..Work::new(program) };
    work.does_only(id, block, DEPTH)
}

/// Whether an expression does nothing but that: `response.json()`.
#[must_use]
pub fn is_attempted(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    let mut work = Work::new(program);
    work.is_value(id, expr, DEPTH) && work.parses
}

/// Whether a block of Python reads a text only to see whether that can be read: `json.loads(text)`, and what follows from it.
#[must_use]
pub fn only_asks(program: &Program, id: ModuleId, block: BlockId) -> bool {
    let module = program.module(id);
    let Some((first, rest)) = module.block(block).stmts.split_first() else { return false };
    let StmtKind::Expr(value) = module.stmt(*first).kind else { return false };
    let name = module.call(value).and_then(|_| program.callee(id, value).library());
    let parses = name.is_some_and(|name| {
        FUNCTIONS.iter().any(|(names, raised)| names.contains(&name.as_str()) && raised.contains(&"ValueError"))
            || VERIFIERS.contains(&name.as_str())
    });
    let is_plain = |stmt: &StmtId| match module.stmt(*stmt).kind {
        StmtKind::Assign { value: Some(value), .. } | StmtKind::Return(Some(value)) => values::is_constant(program, id, value),
        _ => false,
    };
    parses && rest.iter().all(is_plain)
}

/// Whether a block of Python asks for the types of all that it works on first: `if isinstance(found, dict): found.get("id")`.
#[must_use]
pub fn checks_types(program: &Program, id: ModuleId, block: BlockId) -> bool {
    let module = program.module(id);
    let [only] = module.block(block).stmts[..] else { return false };
    let StmtKind::If { branches, otherwise: None } = &module.stmt(only).kind else { return false };
    let [(test, body)] = branches[..] else { return false };
    let checked: Vec<&str> = module
        .descendants(test)
        .into_iter()
        .filter(|part| program.callee(id, *part).library().is_some_and(|name| name == "isinstance"))
        .filter_map(|part| module.call(part)?.args.first())
        .map(|arg| program.text(id, arg.value))
        .collect();
    let is_checked = |expr: ExprId| match module.call(expr).map(|call| &module.expr(call.callee).kind) {
        Some(ExprKind::Attribute { object, .. }) => {
            program.callee(id, expr).library().is_some() || checked.contains(&program.text(id, *object))
        }
        _ => true,
    };
    let fits = |errors: Errors| errors.is_some_and(|errors| errors.iter().all(|error| matches!(*error, "AttributeError" | "TypeError")));
    !checked.is_empty() && module.expressions(body).into_iter().all(is_checked) && of_block(program, id, block).is_some_and(fits)
}

/// Whether all that a block of Python looks at is what its program was started with.
#[must_use]
pub fn reads_arguments(program: &Program, id: ModuleId, block: BlockId) -> bool {
    let module = program.module(id);
    let resolver = Resolver::new(program);
    let is_of_own = |expr: ExprId| matches!(program.callee(id, expr), Entity::Function(_) | Entity::Class(..));
    let exprs = module.expressions(block);
    let reads = |expr: &ExprId| {
        matches!(module.expr(*expr).kind, ExprKind::Attribute { .. })
            && resolver.entity(id, *expr).library().is_some_and(|name| name == "sys.argv")
    };
    exprs.iter().any(reads)
        && !exprs.iter().any(|expr| module.call(*expr).is_some() && is_of_own(*expr))
        && of_block(program, id, block).is_some()
}

/// Whether nothing in a block can raise: it binds constants, or has nothing to do.
#[must_use]
pub fn cannot_fail(module: &Module, block: BlockId) -> bool {
    let is_constant = |expr: ExprId| {
        module.descendants(expr).into_iter().all(|e| {
            matches!(
                module.expr(e).kind,
                ExprKind::Null
                    | ExprKind::Bool(_)
                    | ExprKind::Number(_)
                    | ExprKind::String(_)
                    | ExprKind::Ellipsis
                    | ExprKind::List(_)
                    | ExprKind::Tuple(_)
            ) || matches!(&module.expr(e).kind, ExprKind::Object(entries) if entries.is_empty())
        })
    };
    module.block(block).stmts.iter().all(|stmt| match &module.stmt(*stmt).kind {
        StmtKind::Pass | StmtKind::Continue | StmtKind::Break | StmtKind::Return(None) | StmtKind::Global(_) => true,
        StmtKind::Expr(value) | StmtKind::Return(Some(value)) => is_constant(*value),
        StmtKind::Assign { targets, value: Some(value), .. } => {
            is_constant(*value) && targets.iter().all(|target| matches!(module.expr(*target).kind, ExprKind::Name(_)))
        }
        _ => false,
    })
}

#[expect(clippy::struct_excessive_bools, reason = "what was seen on one walk, each on its own")]
struct Work<'p> {
    program: &'p Program,
    resolver: Resolver<'p>,
    errors: Vec<&'static str>,
    is_named: bool,
    /// Something is converted, looked up or computed for sure.
    is_sure: bool,
    /// `x.get(y)` may be of a dictionary, or of a client.
    is_doubtful: bool,
    /// A text is read, or a value checked, that may be of another kind.
    parses: bool,
    /// Files may be read, too.
    may_read_files: bool,
    /// Functions that are being looked at: they may call themselves.
    open: Vec<FunctionRef>,
}

impl<'p> Work<'p> {
    fn new(program: &'p Program) -> Self {
        Self {
            program,
            resolver: Resolver::new(program),
            errors: Vec::new(),
            is_named: true,
            is_sure: false,
            is_doubtful: false,
            parses: false,
            may_read_files: false,
            open: Vec::new(),
        }
    }
}

impl Work<'_> {
    fn does_only(&mut self, id: ModuleId, block: BlockId, depth: u32) -> bool {
        let module = self.program.module(id);
        let is_simple = |stmt: StmtId| match &module.stmt(stmt).kind {
            StmtKind::Expr(_) | StmtKind::Assign { .. } | StmtKind::AugAssign { .. } | StmtKind::Return(_) | StmtKind::If { .. } => true,
            StmtKind::Continue | StmtKind::Break | StmtKind::Pass | StmtKind::Delete(_) | StmtKind::Try(_) => true,
            StmtKind::Loop(l) => !l.is_async,
            // What is thrown here is caught here.
            StmtKind::Raise { .. } => true,
            StmtKind::Match { .. } => module.language == Language::TypeScript,
            // It is looked at where it is called.
            StmtKind::Function(_) => true,
            // `from urllib.parse import urlparse` right where it is used
            StmtKind::Import(imports) => imports.iter().all(|import| self.is_at_hand(id, *import)),
            _ => false,
        };
        let statements = module.statements(block);
        if !statements.iter().all(|stmt| is_simple(*stmt)) {
            return false;
        }
        if statements.iter().any(|stmt| matches!(module.stmt(*stmt).kind, StmtKind::AugAssign { .. })) {
            self.errors.push("TypeError");
        }
        module.expressions(block).into_iter().all(|expr| self.is_local(id, expr, depth))
    }

    fn is_value(&mut self, id: ModuleId, expr: ExprId, depth: u32) -> bool {
        self.program.module(id).descendants(expr).into_iter().all(|part| self.is_local(id, part, depth))
    }

    /// Whether an import brings in what works on values, or what the project has itself.
    fn is_at_hand(&self, id: ModuleId, import: u32) -> bool {
        const MODULES: [&str; 18] = [
            "ast",
            "base64",
            "binascii",
            "collections",
            "contextvars",
            "datetime",
            "decimal",
            "email",
            "fractions",
            "html",
            "ipaddress",
            "json",
            "math",
            "re",
            "time",
            "typing",
            "urllib",
            "uuid",
        ];
        match self.program.import(id, import) {
            Link::Library(name) => MODULES.contains(&name.split('.').next().unwrap_or_default()),
            Link::Module(_) | Link::Symbol(..) => self.program.module(id).language == Language::Python,
        }
    }

    fn is_local(&mut self, id: ModuleId, expr: ExprId, depth: u32) -> bool {
        let module = self.program.module(id);
        let is_callee =
            matches!(module.expr_parents[expr.index()], Parent::Expr(call) if module.call(call).is_some_and(|call| call.callee == expr));
        let is_raised =
            || matches!(module.expr_parents[expr.index()], Parent::Stmt(stmt) if matches!(module.stmt(stmt).kind, StmtKind::Raise { .. }));
        match &module.expr(expr).kind {
            // `raise InvalidId(value)`
            ExprKind::Call(_) if module.language == Language::Python && is_raised() => self.is_named = false,
            ExprKind::Call(call) => return self.is_local_call(id, expr, call, depth),
            ExprKind::Subscript { index, .. } => {
                let by_position = matches!(module.expr(*index).kind, ExprKind::Number(_) | ExprKind::Unary { .. });
                let is_slice = matches!(module.expr(*index).kind, ExprKind::Slice(_));
                if !is_slice {
                    self.errors.push(if by_position { "IndexError" } else { "KeyError" });
                }
                self.errors.push("TypeError");
                self.is_sure = true;
            }
            ExprKind::Attribute { .. } if is_callee => {}
            ExprKind::Attribute { .. } if matches!(self.resolver.entity(id, expr), Entity::Library(_) | Entity::Builtin(_)) => {}
            ExprKind::Attribute { .. } => self.errors.push("AttributeError"),
            ExprKind::Binary { .. } => self.errors.push("TypeError"),
            ExprKind::Compare { ops, .. }
                if ops.iter().any(|op| !matches!(op, CompareOp::Eq | CompareOp::NotEq | CompareOp::Is | CompareOp::IsNot)) =>
            {
                self.errors.push("TypeError");
            }
            // `await response.json()`
            ExprKind::Await(awaited) if is_reading(module, *awaited) => {}
            ExprKind::Await(awaited) if javascript::of_callee(self.program.callee(id, *awaited)) == Does::Parses => {}
            ExprKind::Await(awaited) if self.may_read_files && javascript::reads_files(self.program.callee(id, *awaited)) => {}
            // `for (let i = 0; i < n; i++)`
            ExprKind::Opaque(_) if drives_loop(module, expr) => {}
            // A regular expression.
            ExprKind::Opaque(parts) if parts.is_empty() && module.language == Language::TypeScript => {}
            // What is passed to `map` is called at once.
            ExprKind::Function(function) if module.language == Language::TypeScript => {
                let f = FunctionRef { module: id, function: *function };
                return depth > 0 && !module.function(*function).is_async && self.is_local_function(f, depth - 1);
            }
            ExprKind::Await(_) | ExprKind::Yield(_) | ExprKind::YieldFrom(_) | ExprKind::Opaque(_) => return false,
            _ => {}
        }
        true
    }

    fn is_local_call(&mut self, id: ModuleId, expr: ExprId, call: &Call, depth: u32) -> bool {
        let module = self.program.module(id);
        let callee = self.program.callee(id, expr);
        if module.language == Language::TypeScript {
            return self.is_local_in_javascript(id, expr, call, depth);
        }
        if let Some(name) = callee.library() {
            let name = name.as_str();
            let listed = FUNCTIONS.iter().find(|(names, _)| names.contains(&name)).map(|(_, raised)| *raised);
            if let Some(raised) = listed.or_else(|| MODULES.iter().find(|(module, _)| name.starts_with(module)).map(|(_, raised)| *raised))
            {
                self.errors.extend(raised);
                self.is_sure |= !raised.is_empty();
                return true;
            }
            if VERIFIERS.contains(&name) {
                self.errors.push("ValueError");
                self.is_named = false;
                return true;
            }
        }
        match callee {
            // A function of the project that does no more than that itself.
            Entity::Function(f) => depth > 0 && !self.program.function(f).is_async && self.is_local_function(f, depth - 1),
            // A class that only keeps what it is given.
            Entity::Class(module, class) => {
                let methods = &self.program.module(module).class(class).methods;
                let is_made = |method: &FunctionId| {
                    matches!(self.program.module(module).function(*method).name.as_str(), "__init__" | "__new__" | "__post_init__")
                };
                self.errors.extend(["TypeError", "ValueError"]);
                !methods.iter().any(is_made)
            }
            callee => {
                let ExprKind::Attribute { object, name, .. } = module.expr(call.callee).kind else { return false };
                let reaches_out = outside::is_known(self.program, callee) || outside::is_remote(module, object);
                let is_logged = callee.library().and_then(|name| self.program.apis.row(name)).is_some_and(|row| row.is(Role::Logging));
                if is_logged {
                    return true;
                }
                self.errors.push("AttributeError");
                self.errors.extend(raised_by_method(&name, call));
                let is_pattern = matches!(name.as_str(), "match" | "search" | "fullmatch" | "findall" | "finditer" | "sub")
                    && is_pattern(module, object);
                // A dictionary's key is mostly written out.
                let has_key = call.args.first().is_some_and(|arg| {
                    matches!(module.expr(arg.value).kind, ExprKind::String(_) | ExprKind::Number(_)) || is_constant_name(module, arg.value)
                });
                self.is_doubtful |= name == "get" && !(has_key || call.args.len() > 1 || is_constant_name(module, object));
                // `mirror.index()` asks a mirror.
                let takes_one = matches!(name.as_str(), "count" | "find" | "get" | "index" | "join" | "replace" | "rfind" | "setdefault");
                if takes_one && call.args.is_empty() {
                    return false;
                }
                let fills = matches!(name.as_str(), "add" | "insert" | "update");
                let is_own = matches!(module.expr(object).kind, ExprKind::Name(_));
                !reaches_out && ((METHODS.contains(&name.as_str()) && (is_own || !fills)) || is_pattern)
            }
        }
    }

    fn is_local_in_javascript(&mut self, id: ModuleId, expr: ExprId, call: &Call, depth: u32) -> bool {
        let module = self.program.module(id);
        let callee = self.program.callee(id, expr);
        // The language has no clause for a type: no error is named.
        self.is_named = false;
        match callee {
            Entity::Function(f) if self.program.function(f).is_async => return false,
            Entity::Function(f) if depth > 0 && self.is_local_function(f, depth - 1) => return true,
            Entity::Class(m, class) => {
                let class = self.program.module(m).class(class);
                return !class.methods.iter().any(|method| self.program.module(m).function(*method).name == "constructor");
            }
            _ => {}
        }
        let is_logged = callee.library().and_then(|name| self.program.apis.row(name)).is_some_and(|row| row.is(Role::Logging));
        let does = match (javascript::of_callee(callee), &module.expr(call.callee).kind) {
            (Does::More, ExprKind::Attribute { .. }) if is_reading(module, expr) => Does::Parses,
            (Does::More, ExprKind::Attribute { object, name, .. }) if name == "delete" && self.is_forgotten(id, expr, *object) => {
                Does::Computes
            }
            (Does::More, _) if outside::is_known(self.program, callee) => {
                if self.may_read_files && javascript::reads_files(callee) {
                    Does::Computes
                } else {
                    Does::More
                }
            }
            (Does::More, _) if values::is_configuration(self.program, id, expr) => Does::Computes,
            (Does::More, ExprKind::Attribute { object, name, .. })
                if outside::is_of_list(module, call) || !outside::is_remote(module, *object) =>
            {
                javascript::of_name(*name)
            }
            (Does::More, ExprKind::Name(name)) => javascript::of_name(*name),
            (does, _) => does,
        };
        self.is_sure |= does != Does::More;
        self.parses |= does == Does::Parses;
        is_logged || does != Does::More
    }

    /// Whether an entry is taken out of what was kept in a map, and nobody waits for more: `inner = all.get(key)`.
    fn is_forgotten(&self, id: ModuleId, call: ExprId, object: ExprId) -> bool {
        let module = self.program.module(id);
        let is_kept = |value: ExprId| self.program.callee(id, value).library().is_some_and(|name| name == "js:globalThis.Map.get");
        let bound = match module.expr(object).kind {
            ExprKind::Name(name) => self.resolver.scope_of_name(id, object, name).map(|(scope, _)| (scope, name)),
            _ => None,
        };
        let mut bindings = bound.into_iter().flat_map(|(scope, name)| self.program.bindings(id, scope, name));
        matches!(module.expr_parents[call.index()], Parent::Stmt(_))
            && bindings.any(|binding| matches!(binding.kind, BindingKind::Value(value) if is_kept(value)))
    }

    fn is_local_function(&mut self, f: FunctionRef, depth: u32) -> bool {
        let module = self.program.module(f.module);
        let function = module.function(f.function);
        // What it raises on purpose is its own.
        self.is_named = false;
        if self.open.contains(&f) {
            return true;
        }
        self.open.push(f);
        let is_local = match function.body {
            _ if !function.decorators.is_empty() || function.is_generator => false,
            FunctionBody::Block(body) => self.does_only(f.module, body, depth),
            FunctionBody::Expr(value) => self.is_value(f.module, value, depth),
        };
        self.open.pop();
        is_local
    }

    fn into_errors(mut self) -> Errors {
        self.errors.sort_unstable();
        self.errors.dedup();
        if self.errors.contains(&"LookupError") || (self.errors.contains(&"IndexError") && self.errors.contains(&"KeyError")) {
            self.errors.retain(|error| !matches!(*error, "IndexError" | "KeyError" | "LookupError"));
            self.errors.push("LookupError");
            self.errors.sort_unstable();
        }
        (self.is_named && !self.errors.is_empty() && self.errors.len() <= 5).then_some(self.errors)
    }
}

/// Whether an expression is what drives a loop: its test, and its step.
fn drives_loop(module: &Module, expr: ExprId) -> bool {
    matches!(module.expr_parents[expr.index()], Parent::Stmt(stmt)
        if matches!(&module.stmt(stmt).kind, StmtKind::Loop(l) if matches!(l.kind, LoopKind::While(test) if test == expr)))
}

/// `response.json()`: what has come is read.
fn is_reading(module: &Module, expr: ExprId) -> bool {
    let Some(call) = module.call(expr) else { return false };
    let reads =
        |callee: ExprId| matches!(module.expr(callee).kind, ExprKind::Attribute { name, .. } if javascript::READS.contains(&name.as_str()));
    module.language == Language::TypeScript && call.args.is_empty() && reads(call.callee)
}

fn is_constant_name(module: &Module, object: ExprId) -> bool {
    matches!(module.expr(object).kind, ExprKind::Name(name) if name.chars().all(|c| !c.is_lowercase()))
}

/// `DIGITS_RE`, `pattern`: a compiled regular expression by its name.
fn is_pattern(module: &Module, object: ExprId) -> bool {
    let is_it = |name: Ustr| words(&name).iter().any(|word| matches!(word.as_str(), "re" | "regex" | "regexp" | "pattern" | "rx"));
    is_constant_name(module, object)
        || matches!(module.expr(object).kind, ExprKind::Name(name) | ExprKind::Attribute { name, .. } if is_it(name))
}

/// Whether a call works on values in hand.
#[must_use]
pub fn is_call(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    let mut work = Work::new(program);
    program.module(id).call(expr).is_some_and(|call| work.is_local_call(id, expr, call, DEPTH))
}

/// Whether a call works on values in hand, or reads a file.
#[must_use]
pub fn is_call_or_file(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    let mut work = Work { may_read_files: true, ..Work::new(program) };
    program.module(id).call(expr).is_some_and(|call| work.is_local_call(id, expr, call, DEPTH))
}
