//! Annotations: what instances they name, and what is injected.

use ustr::Ustr;

use super::{Entity, Resolver, is_class_name, javascript};
use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::apis::Role;
use crate::model::program::{Link, ModuleId};

impl Resolver<'_> {
    /// What `Depends(f)` injects.
    pub(super) fn injected(&self, module: ModuleId, expr: ExprId) -> Option<Entity> {
        let call = self.program.module(module).call(expr)?;
        let callee = self.of(module, call.callee).library()?;
        if !self.program.apis.row(callee)?.is(Role::Injection) {
            return None;
        }
        let Some(dependency) = call.args.first() else { return Some(Entity::Unknown) };
        Some(match self.of(module, dependency.value) {
            Entity::Function(f) => self.returned(f),
            Entity::Class(m, c) => Entity::Object(m, c),
            Entity::Library(class) if is_class_name(class) => Entity::Instance(class),
            _ => Entity::Unknown,
        })
    }

    /// An instance of what an annotation names.
    pub(super) fn instance(&self, module: ModuleId, annotation: ExprId) -> Entity {
        if !self.step() {
            return Entity::Unknown;
        }
        let m = self.program.module(module);
        match &m.expr(annotation).kind {
            ExprKind::String(text) => self.instance_of_text(module, text),
            // `A & B` of TypeScript is whatever is known of it.
            ExprKind::Binary { op: BinaryOp::Other, operands } => {
                operands.iter().map(|o| self.instance(module, *o)).find(|entity| *entity != Entity::Unknown).unwrap_or(Entity::Unknown)
            }
            ExprKind::Class(class) => Entity::Object(module, *class),
            ExprKind::Binary { op: BinaryOp::BitOr, operands } => {
                let mut found = Entity::Unknown;
                for operand in operands.iter().filter(|o| !matches!(m.expr(**o).kind, ExprKind::Null)) {
                    match self.instance(module, *operand) {
                        Entity::Unknown => {}
                        entity if found == Entity::Unknown => found = entity,
                        _ => return Entity::Unknown,
                    }
                }
                found
            }
            ExprKind::Subscript { object, index, .. } => {
                let parts: Vec<ExprId> = match &m.expr(*index).kind {
                    ExprKind::Tuple(parts) => parts.to_vec(),
                    _ => vec![*index],
                };
                let generic = self.of(module, *object);
                let last = generic.library().map(|path| Ustr::from(path.rsplit('.').next().unwrap_or_default()));
                match last.as_deref() {
                    Some("Annotated") => {
                        let injected = parts.iter().skip(1).find_map(|part| self.injected(module, *part));
                        let plain = parts.first().map_or(Entity::Unknown, |part| self.instance(module, *part));
                        if plain == Entity::Unknown { injected.unwrap_or(Entity::Unknown) } else { plain }
                    }
                    Some(
                        "Optional" | "Union" | "Final" | "ClassVar" | "Iterator" | "AsyncIterator" | "Generator" | "AsyncGenerator"
                        | "Awaitable" | "Required" | "NotRequired" | "Promise" | "Readonly" | "Partial" | "NonNullable",
                    ) => parts
                        .iter()
                        .find_map(|part| Some(self.instance(module, *part)).filter(|e| *e != Entity::Unknown))
                        .unwrap_or(Entity::Unknown),
                    Some("Coroutine") => parts.last().map_or(Entity::Unknown, |part| self.instance(module, *part)),
                    _ => instance_of(generic),
                }
            }
            ExprKind::Name(_) => match self.of(module, annotation) {
                // An alias of a type: `Db = Annotated[Session, Depends(get_db)]`.
                Entity::Unknown => self.alias(module, annotation),
                entity => self.instance_here(module, annotation, entity),
            },
            ExprKind::Attribute { .. } => self.instance_here(module, annotation, self.of(module, annotation)),
            _ => Entity::Unknown,
        }
    }

    /// An instance of what an annotation denotes, which may be the class that it stands in.
    fn instance_here(&self, module: ModuleId, annotation: ExprId, entity: Entity) -> Entity {
        match entity {
            Entity::Library(path) if matches!(path.as_str(), "typing.Self" | "typing_extensions.Self") => {
                let m = self.program.module(module);
                let class = m.around(annotation).find_map(|around| match around {
                    Around::Function(function) => m.function(function).class,
                    Around::Class(class) => Some(class),
                    _ => None,
                });
                class.map_or(Entity::Unknown, |class| Entity::Object(module, class))
            }
            entity => instance_of(entity),
        }
    }

    /// A name bound to a type expression.
    fn alias(&self, module: ModuleId, name: ExprId) -> Entity {
        let (mut module, expr) = (module, name);
        let ExprKind::Name(text) = self.program.module(module).expr(expr).kind else { return Entity::Unknown };
        let Some((mut scope, _)) = self.scope_of_name(module, expr, text) else { return Entity::Unknown };
        let mut text = text;
        // Through re-exports.
        for _ in 0..8 {
            let mut bindings = self.program.bindings(module, scope, text);
            let (Some(binding), None) = (bindings.next(), bindings.next()) else { return Entity::Unknown };
            match binding.kind {
                BindingKind::Value(value) => {
                    return match self.program.module(module).expr(value).kind {
                        ExprKind::Subscript { .. } | ExprKind::Binary { .. } | ExprKind::Class(_) => self.instance(module, value),
                        _ => Entity::Unknown,
                    };
                }
                BindingKind::Import(import) => match self.program.import(module, import) {
                    Link::Symbol(from, name) => (module, scope, text) = (from, self.program.module(from).exports, name),
                    _ => return Entity::Unknown,
                },
                _ => return Entity::Unknown,
            }
        }
        Entity::Unknown
    }

    /// `"redis.Redis"` in quotes.
    fn instance_of_text(&self, module: ModuleId, text: &str) -> Entity {
        let text = text.trim().trim_end_matches("| None").trim();
        let text = text.strip_prefix("Optional[").and_then(|t| t.strip_suffix(']')).unwrap_or(text);
        let mut parts = text.split('.');
        let Some(first) = parts.next().filter(|f| !f.is_empty() && f.chars().all(|c| c.is_alphanumeric() || c == '_')) else {
            return Entity::Unknown;
        };
        let mut entity = self.exported(module, Ustr::from(first));
        for part in parts {
            entity = self.member(entity, Ustr::from(part));
        }
        instance_of(entity)
    }
}

fn instance_of(entity: Entity) -> Entity {
    match entity {
        Entity::Library(path) if is_class_name(path) || javascript::is_path(path) => Entity::Instance(path),
        Entity::Class(m, c) => Entity::Object(m, c),
        _ => Entity::Unknown,
    }
}
