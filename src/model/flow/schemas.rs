//! Values that a schema of zod has let through: what it says of their fields.

use super::annotations::Annotated;
use super::evaluate::Evaluator;
use super::{Abstract, Origin, mapping};
use crate::ir::program::*;
use crate::model::program::ModuleId;
use crate::model::resolve::{Entity, Resolver};
use crate::model::values;

/// Schemas in schemas; deeper ones are text.
const MOST_NESTED: u8 = 6;

impl Evaluator<'_> {
    /// What `schema.parse(value)` and the like give; nothing if it is no schema in sight.
    pub(super) fn parsed(&self, schema: ExprId, method: &str, value: &Abstract) -> Option<Abstract> {
        let whole = match method {
            "parse" | "parseAsync" | "safeParse" | "safeParseAsync" => self.shaped(self.id, schema, value, MOST_NESTED)?,
            _ => return None,
        };
        Some(if method.starts_with("safe") { mapping(vec![(Abstract::constant_text("data"), whole)]) } else { whole })
    }

    fn shaped(&self, id: ModuleId, schema: ExprId, value: &Abstract, depth: u8) -> Option<Abstract> {
        let depth = depth.checked_sub(1)?;
        let resolver = Resolver::new(self.program);
        if let Some(tested) = self.tested(id, schema, value, depth) {
            return Some(tested);
        }
        match resolver.entity(id, schema) {
            Entity::Instance(class) if class == "js:zod.ZodNumber" => return Some(Abstract::of(Origin::Safe)),
            Entity::Instance(class) if class == "js:zod.ZodString" => return Some(value.derived()),
            _ => {}
        }
        let (id, mut at) = values::origin(self.program, id, schema);
        let module = self.program.module(id);
        // `z.object({ … }).strict()`: the call at the beginning says what it is, those behind it what more there is.
        let mut more = Vec::new();
        for _ in 0..16 {
            let call = module.call(at)?;
            let ExprKind::Attribute { object, name, .. } = module.expr(call.callee).kind else { return None };
            let made_by = resolver.entity(id, call.callee).library();
            match made_by.as_deref() {
                Some("js:zod.object" | "js:zod.strictObject" | "js:zod.looseObject") => {
                    more.push(call.args.first()?.value);
                    let mut fields = Vec::new();
                    for shape in more.into_iter().rev() {
                        let Some((m, entries)) = values::object_literal(self.program, id, shape) else { continue };
                        for entry in entries {
                            let Entry::Pair { key, value: field } = entry else { continue };
                            let key = values::text(self.program, m, *key)?;
                            let field = self.shaped(m, *field, value, depth).unwrap_or_else(|| value.derived());
                            fields.push((Abstract::constant_text(&key), field));
                        }
                    }
                    return Some(mapping(fields));
                }
                Some("js:zod.array" | "js:zod.set") => {
                    let item = self.shaped(id, call.args.first()?.value, value, depth);
                    return Some(super::callbacks::list_of(item.unwrap_or_else(|| value.derived())));
                }
                _ if matches!(name.as_str(), "extend" | "safeExtend" | "augment") => more.push(call.args.first()?.value),
                _ => {}
            }
            // A method: what it is called on.
            at = object;
        }
        None
    }

    /// What a schema lets through that tests it, or takes one of a few values: `z.string().refine(isTimezone)`, `z.enum(NAMES)`.
    fn tested(&self, id: ModuleId, schema: ExprId, value: &Abstract, depth: u8) -> Option<Abstract> {
        let (id, mut at) = values::origin(self.program, id, schema);
        let module = self.program.module(id);
        let resolver = Resolver::new(self.program);
        let mut best = value.origin;
        for _ in 0..16 {
            let Some(call) = module.call(at) else { break };
            let ExprKind::Attribute { object, name, .. } = module.expr(call.callee).kind else { break };
            let made_by = resolver.entity(id, call.callee).library();
            match (made_by.as_deref(), name.as_str()) {
                (Some("js:zod.enum" | "js:zod.nativeEnum" | "js:zod.literal" | "js:zod.boolean" | "js:zod.date" | "js:zod.uuid"), _)
                | (_, "uuid" | "guid" | "datetime" | "ulid" | "cuid" | "cuid2" | "nanoid") => best = best.min(Origin::Safe),
                // `z.union([z.literal("asc"), z.literal("desc")])`
                (Some("js:zod.union"), _) => {
                    let ExprKind::List(parts) = &module.expr(call.args.first()?.value).kind else { return None };
                    let shaped = |part: &ExprId| self.shaped(id, *part, value, depth).map_or(value.origin, |shaped| shaped.origin);
                    best = best.min(parts.iter().map(shaped).max()?);
                }
                // What is said of objects and lists says nothing of each part.
                (Some("js:zod.object" | "js:zod.array" | "js:zod.record" | "js:zod.any" | "js:zod.unknown"), _) => return None,
                (_, "refine" | "superRefine" | "check") => {
                    let test = call.args.first()?.value;
                    let closed = self.elsewhere(id).is_some_and(|inner| {
                        inner.accepted(&super::environment::Environment::default(), test, value).origin <= Origin::Safe
                    });
                    best = best.min(if closed { Origin::Safe } else { Origin::Checked });
                }
                (_, "regex") => {
                    let inner = self.elsewhere(id)?;
                    let is_whole = inner.regex(call.args.first()?.value).is_some_and(|regex| super::guards::is_whole(&regex));
                    best = best.min(if is_whole { Origin::Safe } else { Origin::Checked });
                }
                _ => {}
            }
            at = object;
        }
        (best < value.origin).then(|| Abstract::of(best))
    }

    /// What is known of an attribute by the annotation of the class that declares it.
    pub(super) fn declared(&self, expr: ExprId) -> Option<Abstract> {
        let ExprKind::Attribute { object, name, .. } = self.module().expr(expr).kind else { return None };
        let (Entity::Class(m, c) | Entity::Object(m, c)) = Resolver::new(self.program).entity(self.id, object) else { return None };
        let (m, fields) = values::assigned(self.program, m, c, name);
        let annotation = fields.iter().find_map(|field| field.annotation)?;
        (super::annotations::annotated(self.program, m, annotation) == Annotated::Number).then(|| Abstract::of(Origin::Safe))
    }
}
