//! Page sizes that code reads from a request and turns into a number: `int(request.args["limit"])`, `Number(req.query.limit)`.

use ustr::Ustr;

use super::{Limit, Most, PageSize, Slot, judged, named, schemas, uses};
use crate::ir::program::*;
use crate::model::program::{ModuleId, Program};
use crate::model::project::Project;
use crate::model::requests::Requests;
use crate::model::resolve::{Entity, Resolver};
use crate::model::values;

/// How far a value is looked into.
const DEPTH: u8 = 10;

/// The page sizes that a module reads.
pub(super) fn find(project: &Project, id: ModuleId) -> Vec<PageSize> {
    let program = &project.program;
    let module = program.module(id);
    let reads = Reads { program, id, requests: Requests::new(program, id) };
    let mut found: Vec<PageSize> = Vec::new();
    for expr in module.expr_ids() {
        let Some(read) = reads.converted(expr) else { continue };
        let is_inside = |other: &PageSize| module.is_within(other.at, expr);
        let Some(name) = named(&read).filter(|_| project.is_reached(id, expr)) else { continue };
        let declared = schemas::said_of(project, id, &read);
        let uses = uses::of(program, uses::Spot::Expr(id, expr));
        if let Some(most) = judged(name, declared, &uses) {
            // What a schema says is checked elsewhere, if at all.
            let most = if let Most::Declared(n) = most { Most::Clamped(n) } else { most };
            // `Number(parseInt(x))`: the outermost.
            found.retain(|other| !is_inside(other));
            let slot = if most == Most::Any { Slot::Around(expr) } else { Slot::Elsewhere };
            found.push(PageSize { at: expr, name: read, most, is_only_slice: uses.is_only_slice(), slot });
        }
    }
    found
}

struct Reads<'p> {
    program: &'p Program,
    id: ModuleId,
    requests: Requests<'p>,
}

impl Reads<'_> {
    /// The key of the request that an expression turns into a number.
    fn converted(&self, expr: ExprId) -> Option<String> {
        let module = self.program.module(self.id);
        match &module.expr(expr).kind {
            ExprKind::Call(call) => {
                let callee = self.program.callee(self.id, expr);
                let converts = match callee {
                    Entity::Builtin(name) => name == "int",
                    Entity::Library(name) => matches!(
                        name.as_str(),
                        "js:globalThis.Number"
                            | "js:globalThis.parseInt"
                            | "js:globalThis.parseFloat"
                            | "js:globalThis.Number.parseInt"
                            | "js:globalThis.Number.parseFloat"
                    ),
                    _ => false,
                };
                if converts {
                    return self.read(call.args.first()?.value, DEPTH);
                }
                // Flask: `request.args.get("limit", 20, type=int)`
                let is_int = |arg: &Arg| {
                    matches!(arg.kind, ArgKind::Keyword(name) if name == "type")
                        && Resolver::new(self.program).entity(self.id, arg.value) == Entity::Builtin(Ustr::from("int"))
                };
                if call.args.iter().any(is_int) { self.read(expr, DEPTH) } else { None }
            }
            // `+req.query.limit`
            ExprKind::Unary { op: UnaryOp::Other, operand } if self.program.text(self.id, expr).starts_with('+') => {
                self.read(*operand, DEPTH)
            }
            _ => None,
        }
    }

    /// The key of the request that an expression reads, the one that a page size would have.
    fn read(&self, expr: ExprId, depth: u8) -> Option<String> {
        let depth = depth.checked_sub(1)?;
        let module = self.program.module(self.id);
        match &module.expr(expr).kind {
            ExprKind::Attribute { object, name, .. } if named(name).is_some() && self.requests.is_data(*object, depth) => {
                Some(name.to_string())
            }
            ExprKind::Subscript { object, index, .. } => {
                let key = values::text(self.program, self.id, *index)?;
                (named(&key).is_some() && self.requests.is_data(*object, depth)).then_some(key)
            }
            ExprKind::Call(call) => {
                // `request.args.get("limit")`, `c.req.query("limit")`
                if let ExprKind::Attribute { object, name, .. } = module.expr(call.callee).kind
                    && let Some(key) = call.args.first().and_then(|arg| values::text(self.program, self.id, arg.value))
                    && named(&key).is_some()
                    && ((matches!(name.as_str(), "get" | "pop") && self.requests.is_data(object, depth))
                        || self.requests.is_data(call.callee, depth))
                {
                    return Some(key);
                }
                // `String(x)`, `x.toString()`
                match module.expr(call.callee).kind {
                    ExprKind::Attribute { object, name, .. } if matches!(name.as_str(), "toString" | "trim" | "strip") => {
                        self.read(object, depth)
                    }
                    ExprKind::Name(_) => match self.program.callee(self.id, expr) {
                        Entity::Builtin(_) | Entity::Library(_) => self.read(call.args.first()?.value, depth),
                        _ => None,
                    },
                    _ => None,
                }
            }
            ExprKind::Logical { operands, .. } => operands.iter().find_map(|operand| self.read(*operand, depth)),
            ExprKind::Conditional { then, otherwise, .. } => [*then, *otherwise].into_iter().find_map(|branch| self.read(branch, depth)),
            ExprKind::Await(inner) => self.read(*inner, depth),
            ExprKind::Template { parts, tag: None } => parts.iter().find_map(|part| match part {
                TemplatePart::Hole(hole) => self.read(*hole, depth),
                TemplatePart::Text(..) => None,
            }),
            ExprKind::Name(name) => {
                let resolver = Resolver::new(self.program);
                let (scope, count) = resolver.scope_of_name(self.id, expr, *name)?;
                let binding = match count {
                    1 => self.program.bindings(self.id, scope, *name).next().copied(),
                    _ => resolver.reaching(self.id, scope, expr, *name),
                };
                match binding?.kind {
                    BindingKind::Value(value) if value != expr => self.read(value, depth),
                    // `const { limit = 20 } = req.query`
                    BindingKind::Member(whole, key) if named(&key).is_some() && self.requests.is_data(whole, depth) => {
                        Some(key.to_string())
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// Nothing is said elsewhere.
pub(super) const UNSAID: Limit = Limit::None;
