//! View classes: the methods of one that run per request, inherited ones included, and what its libraries answer for it.

use ustr::Ustr;

use super::HTTP_METHODS;
use crate::ir::program::*;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};

/// A class and the classes of the project that it inherits from, nearest first.
pub struct Lineage {
    /// The classes.
    pub classes: Vec<(ModuleId, ClassId)>,
    /// HTTP methods that classes of libraries answer.
    pub library: Vec<Ustr>,
    /// Whether all bases can be seen that may answer something.
    pub is_seen: bool,
}

/// The lineage of a class.
#[must_use]
pub fn lineage(program: &Program, id: ModuleId, class: ClassId) -> Lineage {
    let resolver = Resolver::new(program);
    let mut found = Lineage { classes: Vec::new(), library: Vec::new(), is_seen: true };
    let mut todo = vec![(id, class)];
    while let Some(at) = todo.pop() {
        if found.classes.contains(&at) {
            continue;
        }
        found.classes.push(at);
        let bases = program.module(at.0).class(at.1).bases.iter().filter(|base| base.kind == ArgKind::Positional);
        let first = todo.len();
        for base in bases {
            match resolver.entity(at.0, base.value) {
                Entity::Class(m, c) => todo.push((m, c)),
                Entity::Builtin(_) => {}
                Entity::Library(name) => match program.apis.row(name) {
                    Some(row) => found.library.extend(row.methods.iter().map(|method| Ustr::from(method))),
                    None => found.is_seen &= brings_nothing(name),
                },
                _ => found.is_seen = false,
            }
        }
        todo[first..].reverse();
    }
    found.library.sort();
    found.library.dedup();
    found
}

/// Whether a class of a library that no table knows answers nothing: mixins of Django and Django REST framework check, those
/// with forms aside.
fn brings_nothing(name: Ustr) -> bool {
    let is_theirs = ["django.", "rest_framework.", "abc.", "typing."].iter().any(|root| name.starts_with(root));
    is_theirs && !name.contains(".generic.") && !name.contains("formtools")
}

/// HTTP methods that the body of a view asks for: `request.method == "POST"`, `request.POST`.
#[must_use]
pub fn asked(program: &Program, view: FunctionRef) -> Vec<Ustr> {
    let module = program.module(view.module);
    let FunctionBody::Block(body) = module.function(view.function).body else { return Vec::new() };
    let mut found = Vec::new();
    let is_method = |expr: &ExprId| matches!(module.expr(*expr).kind, ExprKind::Attribute { name, .. } if name == "method");
    for expr in module.expressions(body) {
        match &module.expr(expr).kind {
            ExprKind::Compare { operands, .. } if operands.iter().any(is_method) => {
                for operand in operands.iter().flat_map(|operand| module.descendants(*operand)) {
                    if let ExprKind::String(text) = module.expr(operand).kind
                        && HTTP_METHODS.iter().any(|method| method.to_uppercase() == text)
                    {
                        found.push(Ustr::from(&text));
                    }
                }
            }
            ExprKind::Attribute { name, .. } if name == "POST" || name == "FILES" => found.push(Ustr::from("POST")),
            _ => {}
        }
    }
    found.sort();
    found.dedup();
    found
}
