//! What is looked up in a module by name, gathered once.

use rustc_hash::{FxHashMap, FxHashSet};
use ustr::Ustr;

use super::AttributeValue;
use crate::ir::program::*;

/// Indices of bindings by scope and name.
pub(super) fn bindings(module: &Module) -> FxHashMap<(ScopeId, Ustr), Vec<u32>> {
    let mut found: FxHashMap<(ScopeId, Ustr), Vec<u32>> = FxHashMap::default();
    for (scope, content) in module.scopes.iter().enumerate() {
        for (index, binding) in content.bindings.iter().enumerate() {
            found.entry((ScopeId::at(scope), binding.name)).or_default().push(u32::try_from(index).unwrap_or(u32::MAX));
        }
    }
    found
}

/// Members that are set on what a name stands for: names and members.
pub(super) fn members_set(module: &Module) -> FxHashSet<(Ustr, Ustr)> {
    let targets = module.stmts.iter().flat_map(|stmt| match &stmt.kind {
        StmtKind::Assign { targets, .. } => &targets[..],
        StmtKind::AugAssign { target, .. } => std::slice::from_ref(target),
        _ => &[],
    });
    let member = |target: &ExprId| match module.expr(*target).kind {
        ExprKind::Attribute { object, name, .. } => Some((object, name)),
        ExprKind::Subscript { object, index, .. } => match module.expr(index).kind {
            ExprKind::String(name) => Some((object, name)),
            _ => None,
        },
        _ => None,
    };
    let on_name = |(object, member): (ExprId, Ustr)| match module.expr(object).kind {
        ExprKind::Name(name) => Some((name, member)),
        _ => None,
    };
    targets.filter_map(member).filter_map(on_name).collect()
}

/// What is assigned to attributes of instances, by class and name.
pub(super) fn attributes(module: &Module) -> FxHashMap<(ClassId, Ustr), Vec<AttributeValue>> {
    let mut found: FxHashMap<(ClassId, Ustr), Vec<AttributeValue>> = FxHashMap::default();
    for id in module.class_ids() {
        let class = module.class(id);
        for method in class.methods.iter().copied() {
            let function = module.function(method);
            let receiver = match module.language {
                Language::Python => function.params.first().map(|param| param.name),
                Language::TypeScript => Some(Ustr::from("this")),
            };
            for param in function.params.iter().filter(|param| param.is_field) {
                let entry = AttributeValue { value: param.default, annotation: param.annotation, method: Some(method) };
                found.entry((id, param.name)).or_default().push(entry);
            }
            let (Some(receiver), FunctionBody::Block(body)) = (receiver, function.body) else { continue };
            for stmt in module.statements(body) {
                let StmtKind::Assign { targets, annotation, value } = &module.stmt(stmt).kind else { continue };
                for target in targets {
                    let ExprKind::Attribute { object, name, .. } = module.expr(*target).kind else { continue };
                    // `Server.instance = new Server()` is one of all.
                    let is_static = |name: Ustr| module.language == Language::TypeScript && name == class.name;
                    if matches!(module.expr(object).kind, ExprKind::Name(n) if n == receiver || is_static(n)) {
                        let entry = AttributeValue { value: *value, annotation: *annotation, method: Some(method) };
                        found.entry((id, name)).or_default().push(entry);
                    }
                }
            }
        }
        for stmt in module.statements(class.body) {
            let StmtKind::Assign { targets, annotation, value } = &module.stmt(stmt).kind else { continue };
            for target in targets {
                if let ExprKind::Name(name) = module.expr(*target).kind {
                    let entry = AttributeValue { value: *value, annotation: *annotation, method: None };
                    found.entry((id, name)).or_default().push(entry);
                }
            }
        }
    }
    found
}
