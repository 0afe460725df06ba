//! Page sizes that JavaScript declares: fields of schemas, of classes that describe a query, parameters with decorators.

use super::{Limit, Named, PageSize, Slot, judged, named, uses};
use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::calls::Passed;
use crate::model::fields;
use crate::model::options;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::project::Project;
use crate::model::resolve::{Entity, Resolver};
use crate::model::values;

/// Methods of schemas that say how much a number may be at most.
const MAXIMA: [&str; 6] = ["max", "lte", "lt", "lessThan", "less", "maximum"];

/// Methods of schemas that check or change a value in ways that are not read.
const CHECKS: [&str; 14] = [
    "refine",
    "superRefine",
    "transform",
    "pipe",
    "custom",
    "test",
    "external",
    "check",
    "valid",
    "oneOf",
    "equal",
    "when",
    "overwrite",
    "catch",
];

/// What a number is declared with.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Declared {
    limit: Limit,
    slot: Slot,
}

/// The page sizes that a module declares.
pub(super) fn find(project: &Project, id: ModuleId) -> Vec<PageSize> {
    let program = &project.program;
    let module = program.module(id);
    let mut found = Vec::new();
    for expr in module.expr_ids() {
        let ExprKind::Object(entries) = &module.expr(expr).kind else { continue };
        for entry in entries {
            let Entry::Pair { key, value } = entry else { continue };
            let ExprKind::String(name) = module.expr(*key).kind else { continue };
            if named(&name) != Some(Named::Clearly) && name != "take" {
                continue;
            }
            let Some(declared) = declared(program, id, *value) else { continue };
            if !is_of_query(project, id, expr) {
                continue;
            }
            let uses = uses::Uses { limit: Limit::None, is_limit: true, is_used: true, slices: 0, others: 0 };
            if let Some(most) = judged(Named::Clearly, declared.limit, &uses) {
                found.push(PageSize { at: *key, name: name.to_string(), most, is_only_slice: uses.is_only_slice(), slot: declared.slot });
            }
        }
    }
    for function in module.function_ids() {
        found.extend(decorated(project, FunctionRef { module: id, function }));
    }
    for class in module.class_ids() {
        found.extend(of_class(project, id, class));
    }
    found
}

/// What a schema says of a number: `z.coerce.number().max(100)`, `Joi.number().integer()`, `{ type: "integer", maximum: 100 }`,
/// `Type.Integer({ maximum: 100 })`; nothing where it is none.
fn declared(program: &Program, id: ModuleId, value: ExprId) -> Option<Declared> {
    declared_within(program, id, value, 8)
}

fn declared_within(program: &Program, id: ModuleId, value: ExprId, depth: u8) -> Option<Declared> {
    let depth = depth.checked_sub(1)?;
    let module = program.module(id);
    if let ExprKind::Object(entries) = &module.expr(value).kind {
        let held = |key: &str| match options::held(program, id, value, key) {
            Passed::Value(at, held) => Some((at, held)),
            _ => None,
        };
        let (at, kind) = held("type")?;
        if !matches!(values::text(program, at, kind).as_deref(), Some("integer" | "number")) {
            return None;
        }
        let is_open = entries.iter().any(|entry| matches!(entry, Entry::Spread(_)));
        let closes = ["enum", "const", "$ref"].iter().any(|key| held(key).is_some()) || is_open;
        let maximum = held("maximum").or_else(|| held("exclusiveMaximum")).map(|(at, most)| Limit::of(program, at, most));
        let limit = if closes { Limit::Unseen } else { maximum.unwrap_or(Limit::None) };
        return Some(Declared { limit, slot: Slot::Object(value) });
    }
    let mut limit = Limit::None;
    let mut at = value;
    for _ in 0..16 {
        let call = module.call(at)?;
        let ExprKind::Attribute { object, name, .. } = module.expr(call.callee).kind else { return None };
        match name.as_str() {
            "number" | "bigint" | "int" if is_schema_library(program, id, object) => {
                return Some(Declared { limit, slot: Slot::Chain(at) });
            }
            "Integer" | "Number" if matches!(module.expr(object).kind, ExprKind::Name(name) if matches!(name.as_str(), "Type" | "t" | "T")) =>
            {
                let told = call.args.first().map_or(Passed::No, |arg| options::held(program, id, arg.value, "maximum"));
                let limit = match told {
                    Passed::Value(m, most) => Limit::of(program, m, most),
                    Passed::No => Limit::None,
                    Passed::Unknown => Limit::Unseen,
                };
                let slot = call.args.first().map_or(Slot::Elsewhere, |arg| Slot::Object(arg.value));
                return Some(Declared { limit, slot });
            }
            // `z.preprocess(Number, z.number())`
            "optional" | "nullable" if !call.args.is_empty() => return declared_within(program, id, call.args[0].value, depth),
            "preprocess" => return declared_within(program, id, call.args.get(1)?.value, depth),
            method if MAXIMA.contains(&method) => {
                limit = limit.and(call.args.first().map_or(Limit::Unseen, |arg| Limit::of(program, id, arg.value)));
            }
            method if CHECKS.contains(&method) => limit = limit.and(Limit::Unseen),
            _ => {}
        }
        at = object;
    }
    None
}

/// `z`, `z.coerce`, `Joi`, `yup`
fn is_schema_library(program: &Program, id: ModuleId, object: ExprId) -> bool {
    match Resolver::new(program).entity(id, object) {
        Entity::Library(name) => {
            let name = name.strip_prefix("js:").unwrap_or(&name);
            ["zod", "joi", "@hapi/joi", "yup", "valibot", "celebrate", "@vinejs/vine", "@hono/zod-openapi", "hono"]
                .iter()
                .any(|library| name.starts_with(library))
        }
        Entity::Unknown => {
            let text = program.text(id, object);
            matches!(text, "z" | "z.coerce" | "Joi" | "joi" | "yup" | "Yup" | "vine")
        }
        _ => false,
    }
}

/// Whether a request's query is checked by the schema that an object is a part of.
fn is_of_query(project: &Project, id: ModuleId, object: ExprId) -> bool {
    let program = &project.program;
    let module = program.module(id);
    let mut at = object;
    // Outwards: `z.object({ … }).strict()`, `query: z.object({ … })`, `querystring: { properties: { … } }`.
    for _ in 0..24 {
        match module.expr_parents[at.index()] {
            Parent::Expr(parent) => {
                match &module.expr(parent).kind {
                    ExprKind::Object(entries) => {
                        let key = entries.iter().find_map(|entry| match entry {
                            Entry::Pair { key, value } if *value == at => Some(*key),
                            _ => None,
                        });
                        if let Some(key) = key
                            && let ExprKind::String(key) = module.expr(key).kind
                        {
                            match key.as_str() {
                                "query" | "querystring" | "queryParams" | "searchParams" => return true,
                                "body" | "response" | "responses" | "output" | "200" => return false,
                                _ => {}
                            }
                        }
                    }
                    ExprKind::Call(call) if call.callee != at && is_applied_by(module, call, at) => return true,
                    // `z.object({ … }).parse(req.query)`
                    ExprKind::Attribute { object: inner, name, .. } if *inner == at && name.to_lowercase().contains("parse") => {
                        if let Parent::Expr(call) = module.expr_parents[parent.index()]
                            && let Some(call) = module.call(call)
                        {
                            return call.args.first().is_some_and(|arg| is_query(program, id, arg.value));
                        }
                    }
                    _ => {}
                }
                at = parent;
            }
            Parent::Stmt(stmt) => {
                let StmtKind::Assign { targets, .. } = &module.stmt(stmt).kind else { return false };
                return targets.iter().any(|target| match module.expr(*target).kind {
                    ExprKind::Name(name) => is_name_of_query(project, id, name, 3),
                    _ => false,
                });
            }
            _ => return false,
        }
    }
    false
}

/// `zValidator("query", schema)`, `procedure.input(schema)`
fn is_applied_by(module: &Module, call: &Call, schema: ExprId) -> bool {
    let (ExprKind::Name(method) | ExprKind::Attribute { name: method, .. }) = module.expr(call.callee).kind else { return false };
    let first = call.args.first().map(|arg| &module.expr(arg.value).kind);
    let by_place = matches!(first, Some(ExprKind::String(place)) if place == "query") && call.args.iter().any(|arg| arg.value == schema);
    let lower = method.to_lowercase();
    by_place || method == "input" || (lower.contains("query") && (lower.contains("valid") || lower.contains("parse")))
}

/// Whether a schema that has a name is applied to the query of a request, here or where it is imported.
fn is_name_of_query(project: &Project, id: ModuleId, name: ustr::Ustr, depth: u8) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let program = &project.program;
    let users = std::iter::once(id).chain(program.importers(id).iter().copied());
    users.into_iter().any(|user| {
        let module = program.module(user);
        program.mentions(user, name).any(|mention| {
            let is_name = matches!(module.expr(mention).kind, ExprKind::Name(_) | ExprKind::Attribute { .. });
            let Parent::Expr(parent) = module.expr_parents[mention.index()] else { return false };
            is_name
                && match &module.expr(parent).kind {
                    ExprKind::Attribute { object, name: method, .. } if *object == mention => {
                        let Parent::Expr(outer) = module.expr_parents[parent.index()] else { return false };
                        let Some(call) = module.call(outer).filter(|call| call.callee == parent) else { return false };
                        let checks = method.to_lowercase().contains("parse") || method.starts_with("valid");
                        if checks {
                            return call.args.first().is_some_and(|arg| is_query(program, user, arg.value));
                        }
                        // `base.extend({ … })` has a name of its own.
                        bound_name(module, outer).is_some_and(|next| next != name && is_name_of_query(project, user, next, depth))
                    }
                    ExprKind::Call(call) if call.callee != mention => {
                        if is_applied_by(module, call, mention) {
                            return true;
                        }
                        // `validate(req.query, schema)`, `base.merge(paging)`
                        call.args.iter().any(|arg| is_query(program, user, arg.value))
                            || bound_name(module, parent).is_some_and(|next| next != name && is_name_of_query(project, user, next, depth))
                    }
                    ExprKind::Object(entries) => entries.iter().any(|entry| match entry {
                        Entry::Pair { key, value } if *value == mention => {
                            matches!(module.expr(*key).kind, ExprKind::String(key) if matches!(key.as_str(), "query" | "querystring" | "queryParams"))
                        }
                        _ => false,
                    }),
                    _ => false,
                }
        })
    })
}

fn bound_name(module: &Module, expr: ExprId) -> Option<ustr::Ustr> {
    let mut at = expr;
    loop {
        match module.expr_parents[at.index()] {
            Parent::Expr(parent) if matches!(module.expr(parent).kind, ExprKind::Attribute { .. } | ExprKind::Call(_)) => at = parent,
            Parent::Stmt(stmt) => {
                let StmtKind::Assign { targets, .. } = &module.stmt(stmt).kind else { return None };
                return targets.iter().find_map(|target| match module.expr(*target).kind {
                    ExprKind::Name(name) => Some(name),
                    _ => None,
                });
            }
            _ => return None,
        }
    }
}

/// Whether an expression is the query of a request: `req.query`, `Object.fromEntries(url.searchParams)`.
fn is_query(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    let module = program.module(id);
    let says = |expr: ExprId| match module.expr(expr).kind {
        ExprKind::Name(name) | ExprKind::Attribute { name, .. } => {
            matches!(name.as_str(), "query" | "searchParams" | "queryStringParameters" | "getQuery" | "queries" | "params")
        }
        _ => false,
    };
    let within = |expr: ExprId| module.descendants(expr).into_iter().any(says);
    within(expr) || {
        let (at, origin) = values::origin(program, id, expr);
        at == id && origin != expr && within(origin)
    }
}

/// `@Query("take", ParseIntPipe) take: number`
fn decorated(project: &Project, function: FunctionRef) -> Vec<PageSize> {
    let (program, id) = (&project.program, function.module);
    let module = program.module(id);
    let mut found = Vec::new();
    for (index, param) in module.function(function.function).params.iter().enumerate() {
        let Some(call) = param.decorators.iter().find_map(|decorator| {
            let call = module.call(*decorator)?;
            has_role(program, id, call.callee, Role::RequestData).then_some(call)
        }) else {
            continue;
        };
        let Some(key) = call.args.first().and_then(|arg| values::text(program, id, arg.value)) else { continue };
        let Some(name) = named(&key) else { continue };
        let is_parsed = call.args.iter().skip(1).any(|arg| program.text(id, arg.value).contains("ParseInt"));
        let is_number = param.annotation.is_some_and(|annotation| program.text(id, annotation).trim_start_matches(':').trim() == "number");
        if !is_parsed && !is_number {
            continue;
        }
        // A pipe of the project may check anything.
        let others = call.args.iter().skip(1).filter(|arg| {
            let text = program.text(id, arg.value);
            !["ParseInt", "DefaultValue", "ParseFloat"].iter().any(|pipe| text.contains(pipe))
        });
        let declared = if others.count() > 0 { Limit::Unseen } else { Limit::None };
        let uses = uses::of_parameter(program, function, index);
        if let Some(most) = judged(name, declared, &uses) {
            found.push(PageSize { at: param.target, name: key, most, is_only_slice: uses.is_only_slice(), slot: Slot::Elsewhere });
        }
    }
    found
}

fn has_role(program: &Program, id: ModuleId, expr: ExprId, role: Role) -> bool {
    Resolver::new(program).entity(id, expr).library().and_then(|name| program.apis.row(name)).is_some_and(|row| row.is(role))
}

/// Fields of a class that describes the query of a request: `@Query() page: PageDto`.
fn of_class(project: &Project, id: ModuleId, class: ClassId) -> Vec<PageSize> {
    let program = &project.program;
    let module = program.module(id);
    let mut found = Vec::new();
    for field in fields::of(module, class) {
        let Some(name) = named(&field.name) else { continue };
        let decorators: Vec<&str> = field.decorators.iter().map(|decorator| program.text(id, *decorator)).collect();
        let says = |word: &str| decorators.iter().any(|text| text.contains(word));
        let is_number = says("IsInt") || says("IsNumber") || says("Type(() => Number)") || says("IsPositive");
        if !is_number || decorators.is_empty() || !is_class_of_query(project, id, class) {
            continue;
        }
        let mut limit = Limit::None;
        for decorator in field.decorators {
            let Some(call) = module.call(*decorator) else { continue };
            let (ExprKind::Name(called) | ExprKind::Attribute { name: called, .. }) = module.expr(call.callee).kind else { continue };
            match called.as_str() {
                "Max" => limit = limit.and(call.args.first().map_or(Limit::Unseen, |arg| Limit::of(program, id, arg.value))),
                "IsIn" | "IsEnum" | "Transform" | "Validate" | "Matches" | "Equals" => limit = limit.and(Limit::Unseen),
                _ if !matches!(Resolver::new(program).entity(id, call.callee), Entity::Library(_)) => limit = limit.and(Limit::Unseen),
                _ => {}
            }
        }
        let uses = uses::of(program, uses::Spot::Field(id, class, field.name));
        let uses = uses::Uses { is_used: true, ..uses };
        if let Some(most) = judged(name, limit, &uses) {
            found.push(PageSize {
                at: field.target,
                name: field.name.to_string(),
                most,
                is_only_slice: uses.is_only_slice(),
                slot: Slot::Elsewhere,
            });
        }
    }
    found
}

/// Whether some handler takes a class, or one that inherits it, as the query of a request.
fn is_class_of_query(project: &Project, id: ModuleId, class: ClassId) -> bool {
    let program = &project.program;
    let resolver = Resolver::new(program);
    let mut todo = vec![(id, class)];
    let mut seen = Vec::new();
    while let Some((m, c)) = todo.pop() {
        if seen.contains(&(m, c)) || seen.len() > 32 {
            continue;
        }
        seen.push((m, c));
        let name = program.module(m).class(c).name;
        for user in std::iter::once(m).chain(program.importers(m).iter().copied()) {
            let module = program.module(user);
            for function in &module.functions {
                for param in &function.params {
                    let is_it = param.annotation.is_some_and(|annotation| resolver.annotated(user, annotation) == Entity::Object(m, c));
                    let is_query = || {
                        param.decorators.iter().any(|decorator| {
                            let callee = module.call(*decorator).map(|call| &module.expr(call.callee).kind);
                            matches!(callee, Some(ExprKind::Name(name)) if matches!(name.as_str(), "Query" | "QueryParams" | "Queries"))
                        })
                    };
                    if is_it && is_query() {
                        return true;
                    }
                }
            }
            for other in module.class_ids() {
                let inherits = module.class(other).bases.iter().any(|base| resolver.entity(user, base.value) == Entity::Class(m, c));
                if inherits && module.class(other).name != name {
                    todo.push((user, other));
                }
            }
        }
    }
    false
}

/// What schemas and validators that a module uses say of a key of requests.
pub(super) fn said_of(project: &Project, id: ModuleId, key: &str) -> Limit {
    let program = &project.program;
    if program.module(id).language == Language::Python {
        return super::reads::UNSAID;
    }
    let users = std::iter::once(id).chain(program.imported_modules(id)).chain(program.importers(id).iter().copied());
    users.map(|user| said_in(program, user, key)).fold(Limit::None, Limit::and)
}

fn said_in(program: &Program, id: ModuleId, key: &str) -> Limit {
    let module = program.module(id);
    if module.language != Language::TypeScript || !program.sources.get(module.file).text.contains(key) {
        return Limit::None;
    }
    let mut limit = Limit::None;
    for expr in module.expr_ids() {
        match &module.expr(expr).kind {
            ExprKind::Object(entries) => {
                for entry in entries {
                    if let Entry::Pair { key: k, value } = entry
                        && matches!(module.expr(*k).kind, ExprKind::String(name) if name == key)
                        && let Some(declared) = declared(program, id, *value)
                    {
                        limit = limit.and(declared.limit);
                    }
                }
            }
            // `query("limit").isInt({ min: 1, max: 100 })`
            ExprKind::Call(call) => {
                let ExprKind::Attribute { name, .. } = module.expr(call.callee).kind else { continue };
                if matches!(name.as_str(), "isInt" | "isFloat" | "isNumeric" | "isIn" | "custom" | "customSanitizer")
                    && begins_with(program, id, call.callee, key)
                {
                    limit = limit.and(match call.args.first() {
                        Some(arg) if name == "isInt" || name == "isFloat" => match options::held(program, id, arg.value, "max") {
                            Passed::Value(m, most) => Limit::of(program, m, most),
                            Passed::No => Limit::None,
                            Passed::Unknown => Limit::Unseen,
                        },
                        Some(_) => Limit::Unseen,
                        None => Limit::None,
                    });
                }
            }
            _ => {}
        }
    }
    limit
}

/// Whether a chain begins with a call that names a key of the request: `query("limit").optional()`.
fn begins_with(program: &Program, id: ModuleId, chain: ExprId, key: &str) -> bool {
    let module = program.module(id);
    let mut at = chain;
    loop {
        match &module.expr(at).kind {
            ExprKind::Attribute { object, .. } => at = *object,
            ExprKind::Call(call) => {
                if call.args.first().and_then(|arg| values::text(program, id, arg.value)).is_some_and(|text| text == key) {
                    return true;
                }
                at = call.callee;
            }
            _ => return false,
        }
    }
}
