//! Which classes stand behind an interface or an abstract class.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use ustr::Ustr;

use crate::ir::program::*;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};

/// A class of the project.
type Class = (ModuleId, ClassId);

/// Which classes name which others as what they extend or implement, tests excluded.
#[derive(Debug, Default)]
pub struct Implementations {
    below: FxHashMap<Class, Vec<Class>>,
}

/// How many classes are looked at behind one.
const MOST: usize = 50;

impl Implementations {
    /// Finds them.
    #[must_use]
    pub fn find(program: &Program) -> Self {
        let ids: Vec<ModuleId> = program.code_ids().collect();
        let pairs: Vec<Vec<(Class, Class)>> = ids.into_par_iter().map(|id| above(program, id)).collect();
        let mut below: FxHashMap<Class, Vec<Class>> = FxHashMap::default();
        for (class, base) in pairs.into_iter().flatten() {
            below.entry(base).or_default().push(class);
        }
        Self { below }
    }

    /// The method that runs where an interface or an abstract class says only its name: that of the one class below that has it.
    #[must_use]
    pub fn only(&self, program: &Program, class: Class, name: Ustr) -> Option<FunctionRef> {
        let mut todo: Vec<Class> = self.below.get(&class)?.iter().copied().take(MOST + 2).collect();
        let mut seen: FxHashSet<Class> = FxHashSet::default();
        let mut found = None;
        while let Some((id, class)) = todo.pop() {
            // What has so many forms leads nowhere.
            if seen.len() > MOST || todo.len() > MOST {
                return None;
            }
            if !seen.insert((id, class)) {
                continue;
            }
            let module = program.module(id);
            let method = module.class(class).methods.iter().find(|method| module.function(**method).name == name);
            if let Some(method) = method
                && !is_abstract(module, *method)
                && found.replace(FunctionRef { module: id, function: *method }).is_some()
            {
                return None;
            }
            todo.extend(self.below.get(&(id, class)).into_iter().flatten());
        }
        found
    }
}

/// The classes of a module, each with what it extends or implements.
fn above(program: &Program, id: ModuleId) -> Vec<(Class, Class)> {
    let resolver = Resolver::new(program);
    let module = program.module(id);
    let is_above = |kind: &ArgKind| match kind {
        ArgKind::Positional => true,
        ArgKind::Keyword(name) => *name == "implements",
        _ => false,
    };
    let mut found = Vec::new();
    for class in module.class_ids() {
        for base in module.class(class).bases.iter().filter(|base| is_above(&base.kind)) {
            if let Entity::Class(m, c) = resolver.entity(id, base.value) {
                found.push(((id, class), (m, c)));
            }
        }
    }
    found
}

/// Whether a method of Python only says that there is one: `raise NotImplementedError`, `...`, or what is decorated so.
#[must_use]
pub fn is_abstract(module: &Module, method: FunctionId) -> bool {
    let f = module.function(method);
    let FunctionBody::Block(body) = f.body else { return false };
    let says_so = |decorator: &ExprId| matches!(module.expr(*decorator).kind, ExprKind::Name(name) | ExprKind::Attribute { name, .. } if name.starts_with("abstract"));
    let says_nothing = |stmt: &StmtId| match &module.stmt(*stmt).kind {
        StmtKind::Expr(value) => matches!(module.expr(*value).kind, ExprKind::Ellipsis | ExprKind::String(_)),
        StmtKind::Raise { .. } => true,
        // `pass`
        StmtKind::Opaque(exprs, stmts) => exprs.is_empty() && stmts.is_empty(),
        _ => false,
    };
    let stmts = &module.block(body).stmts;
    let is_only_named = |stmt: &StmtId| match &module.stmt(*stmt).kind {
        StmtKind::Expr(value) => matches!(module.expr(*value).kind, ExprKind::Ellipsis),
        StmtKind::Raise { value: Some(value), .. } => module
            .descendants(*value)
            .iter()
            .any(|part| matches!(module.expr(*part).kind, ExprKind::Name(name) if name == "NotImplementedError")),
        _ => false,
    };
    let is_said = || f.decorators.iter().any(says_so) || stmts.iter().any(is_only_named);
    module.language == Language::Python && stmts.iter().all(says_nothing) && is_said()
}
