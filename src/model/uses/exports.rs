//! Names that one thing has in several files: what is exported here is imported there, under another name perhaps.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};
use ustr::Ustr;

use super::{Uses, Variable};
use crate::ir::program::*;
use crate::model::program::{Link, ModuleId, Program};
use crate::model::resolve::Entity;
use crate::model::routes::javascript::names_by_place;

/// How many files a name may be handed through.
const FILES: u32 = 8;

/// Names that are given to things where they are imported.
#[derive(Default)]
pub(super) struct Elsewhere {
    /// By the name that something is exported under.
    renamed: FxHashMap<Ustr, BTreeSet<Ustr>>,
    /// By the module: of the whole of it, and of its default export.
    modules: FxHashMap<ModuleId, BTreeSet<Ustr>>,
    /// By the canonical name of what a library exports.
    libraries: FxHashMap<Ustr, BTreeSet<Ustr>>,
    /// Where a library stands that is asked for by a call.
    required: FxHashMap<Ustr, Vec<(ModuleId, ExprId)>>,
    /// Modules that others import.
    imported: FxHashSet<ModuleId>,
}

impl Elsewhere {
    pub(super) fn new(program: &Program, code: &BTreeSet<ModuleId>) -> Self {
        let mut found = Self::default();
        for id in code {
            let module = program.module(*id);
            found.imported.extend(program.imported_modules(*id));
            for (index, import) in module.imports.iter().enumerate() {
                if let Imported::Name(name) = import.what
                    && name != import.local
                {
                    found.renamed.entry(name).or_default().insert(import.local);
                }
                if module.language == Language::TypeScript
                    && let Ok(index) = u32::try_from(index)
                {
                    found.lead(program.import(*id, index), import.local);
                }
            }
            if module.language != Language::TypeScript {
                continue;
            }
            for expr in module.expr_ids() {
                if let ExprKind::Require(import) = module.expr(expr).kind
                    && let Link::Library(path) = program.import(*id, import)
                {
                    found.required.entry(path).or_default().push((*id, expr));
                }
            }
            for binding in module.scopes.iter().flat_map(|scope| &scope.bindings) {
                match binding.kind {
                    BindingKind::Member(_, name) if name != binding.name => {
                        found.renamed.entry(name).or_default().insert(binding.name);
                    }
                    BindingKind::Value(value) => {
                        if let ExprKind::Require(import) = module.expr(value).kind {
                            found.lead(program.import(*id, import), binding.name);
                        }
                    }
                    _ => {}
                }
            }
        }
        found
    }

    fn lead(&mut self, link: Link, local: Ustr) {
        match link {
            Link::Library(path) => drop(self.libraries.entry(path).or_default().insert(local)),
            Link::Module(id) => drop(self.modules.entry(id).or_default().insert(local)),
            Link::Symbol(id, name) if name == "default" => drop(self.modules.entry(id).or_default().insert(local)),
            Link::Symbol(..) => {}
        }
    }

    /// Names, and those that they are imported under.
    pub(super) fn renamed(&self, mut names: BTreeSet<Ustr>) -> BTreeSet<Ustr> {
        let mut todo: Vec<Ustr> = names.iter().copied().collect();
        while let Some(name) = todo.pop() {
            let new = self.renamed.get(&name).into_iter().flatten().copied();
            todo.extend(new.filter(|name| *name != "default" && names.insert(*name)));
        }
        names
    }

    pub(super) fn of_module(&self, module: ModuleId) -> impl Iterator<Item = Ustr> {
        self.modules.get(&module).into_iter().flatten().copied()
    }

    pub(super) fn of_library(&self, name: Ustr) -> impl Iterator<Item = Ustr> {
        self.libraries.get(&name).into_iter().flatten().copied()
    }

    pub(super) fn required(&self, name: Ustr) -> impl Iterator<Item = (ModuleId, ExprId)> {
        self.required.get(&name).into_iter().flatten().copied()
    }
}

impl Uses<'_> {
    /// Expressions that read a variable.
    pub(super) fn reads(&self, variable: Variable) -> Vec<(ModuleId, ExprId)> {
        let is_exported = variable.scope == ScopeId(0) || variable.scope == self.program.module(variable.module).exports;
        let names = if is_exported { self.aliases(variable.module, variable.name) } else { BTreeSet::from([variable.name]) };
        let exprs = names.into_iter().flat_map(|name| self.named(name));
        exprs.filter(|(m, e)| self.is_of(*m, *e, variable)).collect()
    }

    /// The names under which a module exports an expression's value: `module.exports = value`, `export default value`.
    pub(super) fn exported(&self, id: ModuleId, expr: ExprId) -> Vec<Variable> {
        let module = self.program.module(id);
        if module.language != Language::TypeScript {
            return Vec::new();
        }
        let exports = module.scope(module.exports).bindings.iter();
        let is_it = |binding: &&Binding| matches!(binding.kind, BindingKind::Value(value) if value == expr);
        exports.filter(is_it).map(|binding| Variable { module: id, scope: module.exports, name: binding.name }).collect()
    }

    /// Whether a variable is what a module exports that belongs to the service, and that no other imports: what has found it
    /// by its place (plugins in a folder) takes that.
    pub(super) fn is_found_by_place(&self, variable: Variable) -> bool {
        let module = self.program.module(variable.module);
        let is_export = variable.scope == module.exports;
        let is_main = is_export && (variable.name == "default" || variable.name == WHOLE);
        // `export const { GET, POST } = …`
        let is_named =
            || (is_export || variable.scope == ScopeId(0)) && names_by_place(self.program, variable.module).contains(&variable.name);
        module.language == Language::TypeScript && !self.elsewhere().imported.contains(&variable.module) && (is_main || is_named())
    }

    /// Whether a name, or a member of a module, is a variable.
    fn is_of(&self, id: ModuleId, expr: ExprId, variable: Variable) -> bool {
        let module = self.program.module(id);
        let mut at = match module.expr(expr).kind {
            ExprKind::Name(name) => {
                let Some((scope, _)) = self.resolver.scope_of_name(id, expr, name) else { return false };
                Variable { module: id, scope, name }
            }
            ExprKind::Attribute { object, name, .. } => match self.resolver.entity(id, object) {
                Entity::Module(from) => self.of_export(from, name),
                _ => return false,
            },
            _ => return false,
        };
        for _ in 0..FILES {
            if at == variable {
                return true;
            }
            match self.source(at) {
                Some(source) => at = source,
                None => return false,
            }
        }
        false
    }

    /// The variable that a module exports under a name: the default export of a `CommonJS` module is the whole of it.
    fn of_export(&self, module: ModuleId, name: Ustr) -> Variable {
        let scope = self.program.module(module).exports;
        let is_whole = name == "default" && self.program.bindings(module, scope, name).next().is_none();
        Variable { module, scope, name: if is_whole { Ustr::from(WHOLE) } else { name } }
    }

    /// The variable that one is imported or exported from.
    fn source(&self, at: Variable) -> Option<Variable> {
        let module = self.program.module(at.module);
        let follow = |link: Link| match link {
            Link::Symbol(from, name) => Some(self.of_export(from, name)),
            Link::Module(from) if module.language == Language::TypeScript => Some(self.of_export(from, Ustr::from(WHOLE))),
            _ => None,
        };
        let mut bindings = self.program.bindings(at.module, at.scope, at.name);
        if module.language == Language::Python {
            return bindings.find_map(|binding| match binding.kind {
                BindingKind::Import(import) => follow(self.program.import(at.module, import)),
                _ => None,
            });
        }
        let Some(binding) = bindings.next() else {
            return if at.scope == module.exports { self.starred(at) } else { None };
        };
        match binding.kind {
            BindingKind::Import(import) => follow(self.program.import(at.module, import)),
            BindingKind::Member(whole, name) => match self.resolver.entity(at.module, whole) {
                Entity::Module(from) => Some(self.of_export(from, name)),
                _ => None,
            },
            BindingKind::Value(value) => match module.expr(value).kind {
                ExprKind::Require(import) => follow(self.program.import(at.module, import)),
                ExprKind::Name(name) if at.scope == module.exports => {
                    let (scope, _) = self.resolver.scope_of_name(at.module, value, name)?;
                    Some(Variable { scope, name, ..at })
                }
                _ => self.declared(at, binding),
            },
            _ => self.declared(at, binding),
        }
    }

    /// `export const limiter = …` is a variable of the module itself.
    fn declared(&self, at: Variable, binding: &Binding) -> Option<Variable> {
        let is_same = |other: &Binding| other.kind == binding.kind;
        let scope = ScopeId(0);
        let is_export = at.scope == self.program.module(at.module).exports && at.scope != scope;
        let mut here = self.program.bindings(at.module, scope, at.name);
        (is_export && here.any(is_same)).then_some(Variable { scope, ..at })
    }

    /// `export * from './limiters'`.
    fn starred(&self, at: Variable) -> Option<Variable> {
        let is_exported = at.scope == self.program.module(at.module).exports;
        let stars = if is_exported { self.program.starred(at.module, at.name) } else { Vec::new() };
        stars.into_iter().find_map(|star| match star {
            Link::Symbol(from, name) => Some(self.of_export(from, name)),
            _ => None,
        })
    }
}
