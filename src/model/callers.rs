//! Who calls a function of the project, where all who do can be seen.

use rustc_hash::{FxHashMap, FxHashSet};
use ustr::Ustr;

use crate::ir::program::*;
use crate::model::arguments;
use crate::model::calls::{Passed, passed};
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};

/// Calls of functions of the project, tests aside. Made when somebody asks.
#[derive(Debug)]
pub struct Callers {
    sites: FxHashMap<FunctionRef, Vec<(ModuleId, ExprId)>>,
    /// Names of functions that are handed on, or called on something that cannot be resolved.
    unclear: FxHashSet<Ustr>,
    /// Functions of JavaScript that are handed on: to whoever may call them.
    handed: FxHashSet<FunctionRef>,
}

impl Callers {
    /// Finds them.
    #[must_use]
    pub fn find(program: &Program) -> Self {
        let mut found = Self { sites: FxHashMap::default(), unclear: FxHashSet::default(), handed: FxHashSet::default() };
        let functions = program.code_ids().flat_map(|id| program.module(id).functions.iter().map(|function| function.name));
        let classes = program.code_ids().flat_map(|id| program.module(id).classes.iter().map(|class| class.name));
        let names: FxHashSet<Ustr> = functions.chain(classes).collect();
        let resolver = Resolver::new(program);
        for id in program.code_ids() {
            let module = program.module(id);
            let mut seen = FxHashSet::default();
            for site in &program.calls[id.0 as usize] {
                let Some(call) = module.call(site.expr) else { continue };
                match site.callee {
                    Entity::Function(_) | Entity::Class(..) => {
                        if let Some(function) = arguments::called(&resolver, site.callee) {
                            found.sites.entry(function).or_default().push((id, site.expr));
                        }
                        seen.insert(call.callee);
                    }
                    // A function of that name that is another one.
                    Entity::Library(name) if !name.starts_with('?') => {
                        seen.insert(call.callee);
                    }
                    _ => {}
                }
            }
            for expr in module.expr_ids() {
                if let ExprKind::Name(name) | ExprKind::Attribute { name, .. } = module.expr(expr).kind
                    && names.contains(&name)
                    && !seen.contains(&expr)
                    && !(module.language == Language::Python && is_type(module, expr))
                    && !(module.language == Language::TypeScript && (module.is_pattern(expr) || is_export(program, id, expr)))
                {
                    found.unclear.insert(name);
                    if module.language == Language::TypeScript
                        && let Entity::Function(function) = resolver.entity(id, expr)
                    {
                        found.handed.insert(function);
                    }
                }
            }
        }
        found
    }

    /// Whether a function may be called where nobody sees it, by its name: a constructor by that of its class.
    fn is_unclear(&self, program: &Program, function: FunctionRef) -> bool {
        let f = program.function(function);
        let module = program.module(function.module);
        match f.class.map(|class| module.class(class)).filter(|_| matches!(&*f.name, "__init__" | "constructor")) {
            // Whoever decorates a class may make its objects.
            Some(class) => self.unclear.contains(&class.name) || !class.decorators.is_empty(),
            None => self.unclear.contains(&f.name),
        }
    }

    /// The calls of a function that can be seen.
    #[must_use]
    pub fn of(&self, function: FunctionRef) -> &[(ModuleId, ExprId)] {
        self.sites.get(&function).map_or(&[], Vec::as_slice)
    }

    /// All calls of a function; nothing where one may be out of sight, or there is none.
    #[must_use]
    pub fn all_of(&self, program: &Program, function: FunctionRef) -> Option<&[(ModuleId, ExprId)]> {
        let f = program.function(function);
        let by_name = f.class.is_some() || program.module(function.module).language == Language::Python;
        let may_be_elsewhere = self.handed.contains(&function) || (by_name && self.is_unclear(program, function));
        self.sites.get(&function).map(Vec::as_slice).filter(|_| !may_be_elsewhere && f.decorators.is_empty())
    }

    /// Whether a function is called, and none of its calls passes this parameter.
    fn leave_out(&self, program: &Program, function: FunctionRef, index: usize) -> bool {
        let f = program.function(function);
        let Some(sites) = self.sites.get(&function).filter(|_| !self.is_unclear(program, function)) else { return false };
        // The receiver is not counted.
        let position = (f.params[index].kind == ParamKind::Normal).then(|| index - program.receivers(function));
        let is_left_out = |(id, expr): &(ModuleId, ExprId)| {
            let call = program.module(*id).call(*expr);
            call.is_some_and(|call| passed(program, *id, call, position, &f.params[index].name) == Passed::No)
        };
        sites.iter().all(is_left_out)
    }
}

/// Whether a file of JavaScript that others use keeps a function to itself and names it nowhere.
#[must_use]
pub fn is_unused(program: &Program, function: FunctionRef) -> bool {
    let module = program.module(function.module);
    let f = module.function(function.function);
    module.language == Language::TypeScript
        && !f.name.is_empty()
        && f.class.is_none()
        && matches!(f.parent, Parent::Stmt(stmt) if module.function_of_stmt(stmt).is_none())
        && module.scope(module.exports).bindings.iter().any(|binding| binding.name != f.name)
        && program.bindings(function.module, module.exports, f.name).next().is_none()
        && program.mentions(function.module, f.name).next().is_none()
}

/// Whether an expression of Python is part of an annotation, or a base of a class.
fn is_type(module: &Module, expr: ExprId) -> bool {
    let mut at = expr;
    loop {
        match module.expr_parents[at.index()] {
            Parent::Expr(parent) if matches!(module.expr(parent).kind, ExprKind::Call(_)) => return false,
            Parent::Expr(parent) => at = parent,
            Parent::Function(function) => {
                let f = module.function(function);
                return f.returns == Some(at) || f.params.iter().any(|param| param.annotation == Some(at));
            }
            Parent::Stmt(stmt) => return matches!(module.stmt(stmt).kind, StmtKind::Assign { annotation: Some(a), .. } if a == at),
            Parent::Class(class) => return module.class(class).bases.iter().any(|base| base.value == at),
            Parent::Module => return false,
        }
    }
}

/// Whether a mention of a function makes it known to other files, or gives it another name, which is seen through:
/// `module.exports = { get, post }`.
fn is_export(program: &Program, id: ModuleId, mention: ExprId) -> bool {
    let module = program.module(id);
    let says = |target: ExprId| {
        let text = program.text(id, target);
        text.starts_with("module.exports") || text.starts_with("exports.")
    };
    let mut at = mention;
    loop {
        match module.expr_parents[at.index()] {
            Parent::Stmt(stmt) => {
                return match &module.stmt(stmt).kind {
                    StmtKind::Assign { targets, .. } => at == mention || targets.iter().any(|target| says(*target)),
                    StmtKind::Return(_) => false,
                    _ => at == mention,
                };
            }
            Parent::Expr(parent) => match &module.expr(parent).kind {
                ExprKind::Object(_) => at = parent,
                ExprKind::Assign { target, .. } => return says(*target),
                _ => return false,
            },
            _ => return false,
        }
    }
}

/// What the calls of a function that can be seen pass for the parameter that a name stands for.
#[must_use]
pub fn some_given(program: &Program, id: ModuleId, name: ExprId) -> Vec<(ModuleId, ExprId)> {
    let Some((function, index)) = parameter(program, id, name) else { return Vec::new() };
    let position = index.checked_sub(program.receivers(function));
    let passes = |(at, expr): &(ModuleId, ExprId)| {
        let call = program.module(*at).call(*expr)?;
        match passed(program, *at, call, position, &program.function(function).params[index].name) {
            Passed::Value(module, value) => Some((module, value)),
            Passed::No | Passed::Unknown => None,
        }
    };
    program.callers().of(function).iter().filter_map(passes).collect()
}

/// The parameter that a name stands for, and its function.
fn parameter(program: &Program, id: ModuleId, name: ExprId) -> Option<(FunctionRef, usize)> {
    let module = program.module(id);
    let ExprKind::Name(text) = module.expr(name).kind else { return None };
    let (scope, count) = Resolver::new(program).scope_of_name(id, name, text)?;
    let ScopeKind::Function(function) = module.scope(scope).kind else { return None };
    let BindingKind::Param(index) = program.bindings(id, scope, text).next().filter(|_| count == 1)?.kind else { return None };
    let function = FunctionRef { module: id, function };
    let is_plain = |param: &&Param| param.name == text && param.kind == ParamKind::Normal;
    program.function(function).params.get(index as usize).filter(is_plain)?;
    Some((function, index as usize))
}

/// What all calls of a function pass for the parameter that a name stands for, its default where one passes nothing; nothing
/// at all where a call may be out of sight, or there is none.
#[must_use]
pub fn given(program: &Program, id: ModuleId, name: ExprId) -> Option<Vec<(ModuleId, ExprId)>> {
    let module = program.module(id);
    let (function, index) = parameter(program, id, name)?;
    let param = program.function(function).params.get(index)?;
    let mut values = Vec::new();
    for (at, expr) in program.callers().all_of(program, function)? {
        let call = program.module(*at).call(*expr)?;
        let value = if module.language == Language::TypeScript {
            if call.args.iter().take(index + 1).any(|arg| arg.kind != ArgKind::Positional) {
                return None;
            }
            call.args.get(index).map(|arg| (*at, arg.value))
        } else {
            match passed(program, *at, call, index.checked_sub(program.receivers(function)), &param.name) {
                Passed::Value(module, value) => Some((module, value)),
                Passed::No => None,
                Passed::Unknown => return None,
            }
        };
        values.extend(value.or(param.default.map(|default| (id, default))));
    }
    Some(values)
}

/// The default of a parameter, if it is what the parameter always has: all calls of the function can be seen, and none
/// passes anything else.
#[must_use]
pub fn default_in_use(program: &Program, function: FunctionRef, index: usize) -> Option<ExprId> {
    let f = program.function(function);
    let default = f.params.get(index)?.default?;
    // Whoever decorates a function may pass what cannot be seen, and so does the language that calls `__exit__`.
    let is_called_by_name = f.name == "__init__" || !f.name.starts_with("__");
    let is_plain = f.decorators.is_empty() && !f.name.is_empty() && is_called_by_name && index >= program.receivers(function);
    (is_plain && program.callers().leave_out(program, function, index)).then_some(default)
}
