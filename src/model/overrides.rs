//! Attributes that are set elsewhere than in the class that has them.

use rustc_hash::{FxHashMap, FxHashSet};
use ustr::Ustr;

use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};

/// A class of the project.
type Class = (ModuleId, ClassId);

/// Who sets which attributes, tests aside. Made when somebody asks.
#[derive(Debug, Default)]
pub struct Overrides {
    /// Classes that set an attribute.
    setters: FxHashMap<Ustr, Vec<Class>>,
    /// Attributes that are set on an object of a class, by others.
    outside: FxHashSet<(Class, Ustr)>,
    /// Attributes that are set on something that cannot be resolved.
    anywhere: FxHashSet<Ustr>,
}

impl Overrides {
    /// Finds them.
    #[must_use]
    pub fn find(program: &Program) -> Self {
        let mut found = Self::default();
        let resolver = Resolver::new(program);
        for id in program.code_ids() {
            for (class, name) in program.attributes_of(id) {
                found.setters.entry(name).or_default().push((id, class));
            }
            let module = program.module(id);
            for stmt in &module.stmts {
                let targets = match &stmt.kind {
                    StmtKind::Assign { targets, .. } => &targets[..],
                    StmtKind::AugAssign { target, .. } => std::slice::from_ref(target),
                    _ => continue,
                };
                for target in targets {
                    let ExprKind::Attribute { object, name, .. } = module.expr(*target).kind else { continue };
                    match resolver.entity(id, object) {
                        // What the class itself does is known.
                        Entity::Object(..) if is_receiver(module, object) && matches!(stmt.kind, StmtKind::Assign { .. }) => {}
                        Entity::Object(m, c) | Entity::Class(m, c) => {
                            found.outside.insert(((m, c), name));
                        }
                        Entity::Unknown => {
                            found.anywhere.insert(name);
                        }
                        _ => {}
                    }
                }
            }
        }
        found
    }

    /// Whether an attribute that `declared` sets is something else in an object that is known to be of `class`: a class that
    /// inherits it sets another, or somebody from outside.
    #[must_use]
    pub fn set_anew(&self, program: &Program, class: (ModuleId, ClassId), declared: (ModuleId, ClassId), name: Ustr) -> bool {
        let resolver = Resolver::new(program);
        let is_set = |on: &Class| self.outside.contains(&(*on, name));
        let is_below = |below: &Class| *below != declared && inherits(program, &resolver, *below, class);
        self.anywhere.contains(&name) || is_set(&class) || is_set(&declared) || self.setters.get(&name).into_iter().flatten().any(is_below)
    }
}

/// Whether an expression is `this`, or the first parameter of the method around it.
pub(super) fn is_receiver(module: &Module, expr: ExprId) -> bool {
    if module.language == Language::TypeScript {
        return matches!(module.expr(expr).kind, ExprKind::Name(name) if name == "this");
    }
    let function = module.around(expr).find_map(|around| match around {
        Around::Function(function) if module.function(function).class.is_some() => Some(function),
        _ => None,
    });
    let receiver = function.and_then(|function| module.function(function).params.first());
    matches!((&module.expr(expr).kind, receiver), (ExprKind::Name(name), Some(param)) if *name == param.name)
}

/// Whether a class is another one, or inherits from it.
pub(super) fn inherits(program: &Program, resolver: &Resolver<'_>, class: Class, from: Class) -> bool {
    let (mut todo, mut seen) = (vec![class], Vec::new());
    while let Some(at) = todo.pop() {
        if at == from {
            return true;
        }
        if seen.contains(&at) {
            continue;
        }
        seen.push(at);
        let bases = program.module(at.0).class(at.1).bases.iter().filter(|base| base.kind == ArgKind::Positional);
        todo.extend(bases.filter_map(|base| match resolver.entity(at.0, base.value) {
            Entity::Class(m, c) => Some((m, c)),
            _ => None,
        }));
    }
    false
}
