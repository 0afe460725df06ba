//! The fate of a value: it is passed on, bound, returned; in the end something takes it, or nothing does.

use ustr::Ustr;

use super::items::Items;
use super::{Uses, Variable, is_error_handler};
use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::apis::Role;
use crate::model::program::{FunctionRef, ModuleId};
use crate::model::resolve::Entity;

/// Functions that look at a value and do nothing with it.
const ONLY_LOOK: [&str; 10] = ["isinstance", "issubclass", "print", "repr", "str", "type", "id", "hasattr", "callable", "bool"];

/// Attributes that an application runs by when something is put there.
const RUN_BY: [&str; 4] = ["wsgi_app", "asgi_app", "middleware_stack", "before_request_funcs"];

/// Where a value goes next.
enum Next {
    /// Something takes it, or nothing does.
    End(bool),
    /// It is part of this.
    Expr(ExprId),
    /// It is bound to these, in this module.
    Bound(ModuleId, Vec<ExprId>),
    /// A function gives it.
    Returned(FunctionId),
    /// A class inherits from it.
    Inherited(ClassId),
}

impl Uses<'_> {
    /// Whether code that runs makes something of a value: passes it to something, decorates a function that runs with it,
    /// acts on it. Being bound to a name that nobody reads is nothing, nor is being asked for an attribute.
    #[must_use]
    pub fn takes_effect(&self, id: ModuleId, expr: ExprId) -> bool {
        let module = self.program.module(id);
        let mut at = expr;
        loop {
            if self.exported(id, at).into_iter().any(|variable| self.is_variable_taken(variable)) {
                return true;
            }
            match self.next(id, at, at == expr) {
                Next::End(taken) => return taken,
                Next::Expr(outer) => at = outer,
                Next::Bound(module, targets) => return targets.into_iter().any(|target| self.is_read(module, target)),
                Next::Returned(function) => {
                    let function = FunctionRef { module: id, function };
                    return self.is_result_taken(function);
                }
                Next::Inherited(class) => {
                    let name = module.class(class).name;
                    let variable = Variable { module: id, scope: ScopeId(0), name };
                    return self.once(variable, || self.is_class_used(id, class) || self.is_view(id, class));
                }
            }
        }
    }

    fn next(&self, id: ModuleId, expr: ExprId, is_first: bool) -> Next {
        let module = self.program.module(id);
        match module.expr_parents[expr.index()] {
            Parent::Expr(parent) => self.in_expr(id, expr, parent, is_first),
            Parent::Stmt(stmt) => self.in_stmt(id, expr, stmt),
            Parent::Function(function) => {
                let f = module.function(function);
                let function = FunctionRef { module: id, function };
                Next::End(if f.decorators.contains(&expr) { self.decorates(function, expr) } else { self.is_live(function) })
            }
            Parent::Class(class) => {
                let c = module.class(class);
                if c.decorators.contains(&expr) {
                    Next::End(self.is_class_used(id, class) || self.is_view(id, class))
                } else {
                    Next::Inherited(class)
                }
            }
            Parent::Module => Next::End(true),
        }
    }

    fn in_expr(&self, id: ModuleId, expr: ExprId, parent: ExprId, is_first: bool) -> Next {
        let module = self.program.module(id);
        match &module.expr(parent).kind {
            // `limiter.consume(caller).then(…)`: what is done with what a call gives is done with the call.
            ExprKind::Attribute { .. }
                if module.language == Language::TypeScript && matches!(module.expr(expr).kind, ExprKind::Call(_) | ExprKind::Await(_)) =>
            {
                Next::Expr(parent)
            }
            // What is done with the members of something is looked at there.
            ExprKind::Attribute { .. } => match self.items(id, expr) {
                Some(Items::Kept(list)) => Next::Expr(list),
                Some(Items::Bound(module, item)) => Next::Bound(module, vec![item]),
                Some(Items::Handed(call)) => Next::End(self.runs_around(id, call)),
                None => Next::End(false),
            },
            ExprKind::Template { .. } => Next::End(false),
            ExprKind::Compare { .. } => Next::End(module.call(expr).is_some() && self.runs_around(id, parent)),
            ExprKind::Call(call) if call.callee != expr => {
                let only_looks = matches!(module.expr(call.callee).kind, ExprKind::Name(name) if ONLY_LOOK.contains(&name.as_str()));
                let logs = self
                    .program
                    .callee(id, parent)
                    .library()
                    .and_then(|name| self.program.apis.row(name))
                    .is_some_and(|row| row.is(Role::Logging));
                if only_looks || logs || is_error_handler(module, call.callee) {
                    return Next::End(false);
                }
                if self.is_app(id, parent) { Next::End(self.runs_around(id, parent)) } else { Next::Expr(parent) }
            }
            ExprKind::Object(entries) => {
                let is_key = entries.iter().any(|entry| matches!(entry, Entry::Pair { key, .. } if *key == expr));
                if is_key || self.is_error_table(id, parent) { Next::End(false) } else { Next::Expr(parent) }
            }
            ExprKind::Assign { target, value } if *value == expr => {
                if is_first && module.call(expr).is_some() {
                    Next::End(self.runs_around(id, parent))
                } else {
                    Next::Bound(id, vec![*target])
                }
            }
            ExprKind::Assign { .. } => Next::End(false),
            _ => Next::Expr(parent),
        }
    }

    fn in_stmt(&self, id: ModuleId, expr: ExprId, stmt: StmtId) -> Next {
        let module = self.program.module(id);
        let runs = || {
            let function = module.function_of_stmt(stmt).map(|function| FunctionRef { module: id, function });
            function.is_none_or(|function| self.is_live(function))
        };
        match &module.stmt(stmt).kind {
            StmtKind::Expr(_) => {
                let acts = !matches!(module.expr(expr).kind, ExprKind::Name(_) | ExprKind::Attribute { .. } | ExprKind::String(_));
                Next::End(acts && runs())
            }
            StmtKind::Assign { targets, value: Some(value), .. } if *value == expr => Next::Bound(id, targets.to_vec()),
            StmtKind::Assign { .. } | StmtKind::Delete(_) => Next::End(false),
            StmtKind::Return(_) => match module.function_of_stmt(stmt) {
                Some(function) if runs() => Next::Returned(function),
                _ => Next::End(false),
            },
            _ => Next::End(runs()),
        }
    }

    /// Whether an expression creates an app or a router.
    pub(super) fn is_app(&self, id: ModuleId, call: ExprId) -> bool {
        let is = |name: Ustr| self.program.apis.class_has_role(name, Role::App) || self.program.apis.class_has_role(name, Role::Router);
        match self.program.callee(id, call) {
            Entity::Library(name) => is(name),
            Entity::Class(m, c) => crate::model::routes::inherits(self.program, &self.resolver, m, c, is),
            _ => false,
        }
    }

    pub(super) fn is_view(&self, id: ModuleId, class: ClassId) -> bool {
        let is_view = |name| self.program.apis.class_has_role(name, Role::View);
        crate::model::routes::inherits(self.program, &self.resolver, id, class, is_view)
    }

    /// Whether what is bound to a target is read and takes effect there.
    fn is_read(&self, id: ModuleId, target: ExprId) -> bool {
        let module = self.program.module(id);
        match &module.expr(target).kind {
            ExprKind::Name(name) => {
                let scope = module.expr_scopes[target.index()];
                if let ScopeKind::Class(class) = module.scope(scope).kind {
                    // A field of a view, of settings: whoever made the class reads it.
                    return self.is_view(id, class) || self.is_class_used(id, class);
                }
                if is_setting(name) {
                    return true;
                }
                self.variable(id, target).is_some_and(|variable| self.is_variable_taken(variable))
            }
            ExprKind::Attribute { name, .. } => {
                if RUN_BY.contains(&name.as_str()) {
                    return self.runs_around(id, target);
                }
                let variable = Variable { module: id, scope: ScopeId(u32::MAX), name: *name };
                let attributes = || self.named(*name);
                let is_attribute = |m: ModuleId, e: ExprId| matches!(self.program.module(m).expr(e).kind, ExprKind::Attribute { .. });
                self.once(variable, || attributes().any(|(m, e)| is_attribute(m, e) && self.is_taken(m, e)))
            }
            ExprKind::Tuple(parts) | ExprKind::List(parts) => parts.iter().any(|part| self.is_read(id, *part)),
            // `const { success } = …`
            ExprKind::Object(entries) => entries.iter().any(|entry| match entry {
                Entry::Pair { value, .. } | Entry::Spread(value) => self.is_read(id, *value),
            }),
            ExprKind::Subscript { object, .. } => self.is_read(id, *object),
            _ => false,
        }
    }

    /// Whether a variable is read, and what is read takes effect.
    fn is_variable_taken(&self, variable: Variable) -> bool {
        self.once(variable, || self.is_found_by_place(variable) || self.reads(variable).into_iter().any(|(m, e)| self.is_taken(m, e)))
    }

    /// The variable that a name is assigned to.
    pub(super) fn variable(&self, id: ModuleId, target: ExprId) -> Option<Variable> {
        let module = self.program.module(id);
        let ExprKind::Name(name) = module.expr(target).kind else { return None };
        let scope = self.resolver.scope_of_name(id, target, name).map_or(module.expr_scopes[target.index()], |(scope, _)| scope);
        Some(Variable { module: id, scope, name })
    }

    /// Whether a name, where it is read, takes effect; where it is assigned to, or is a parameter, it does not.
    fn is_taken(&self, id: ModuleId, expr: ExprId) -> bool {
        let module = self.program.module(id);
        if let Parent::Function(function) = module.expr_parents[expr.index()]
            && module.function(function).params.iter().any(|param| param.target == expr)
        {
            return false;
        }
        if let Parent::Stmt(stmt) = module.expr_parents[expr.index()]
            && let StmtKind::Assign { targets, .. } = &module.stmt(stmt).kind
            && targets.contains(&expr)
        {
            return false;
        }
        self.takes_effect(id, expr)
    }

    /// Whether what a function gives takes effect where it is called or injected.
    fn is_result_taken(&self, function: FunctionRef) -> bool {
        let f = self.program.function(function);
        if self.routes.handler(function).is_some() || f.name.is_empty() {
            return true;
        }
        let variable = Variable { module: function.module, scope: ScopeId(0), name: f.name };
        self.once(variable, || {
            if f.class.is_some() {
                true
            } else {
                let references = self.references(function.module, f.name, |entity| entity == Entity::Function(function));
                references.into_iter().any(|(m, e)| {
                    let inside = self.program.module(m).around(e).any(|a| a == Around::Function(function.function));
                    !(m == function.module && inside) && self.takes_effect(m, e)
                })
            }
        })
    }

    /// Looks at a variable, unless that is known or what is going on already.
    fn once(&self, variable: Variable, look: impl FnOnce() -> bool) -> bool {
        if let Some(known) = self.read.borrow().get(&variable) {
            return *known;
        }
        self.read.borrow_mut().insert(variable, false);
        let found = self.deeper(look);
        self.read.borrow_mut().insert(variable, found);
        found
    }
}

/// Whether a name is one that Django reads from settings, or where its routes are.
fn is_setting(name: &str) -> bool {
    matches!(name, "MIDDLEWARE" | "MIDDLEWARE_CLASSES" | "AUTHENTICATION_BACKENDS" | "REST_FRAMEWORK" | "urlpatterns")
}
