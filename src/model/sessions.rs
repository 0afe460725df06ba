//! Sessions of HTTP clients: whether one gives all its calls a timeout.

use crate::ir::program::*;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::values;

/// The adapter that requests mounts itself, which bounds nothing.
const PLAIN_ADAPTER: &str = "requests.adapters.HTTPAdapter";

/// Whether a session bounds its calls: its class overrides how requests are sent, an adapter of another class is mounted on
/// it, or its `request` method is replaced.
#[must_use]
pub fn bounds_its_calls(program: &Program, id: ModuleId, session: ExprId) -> bool {
    let resolver = Resolver::new(program);
    let class = match resolver.entity(id, session) {
        Entity::Object(m, c) => Some((m, c)),
        _ => resolver.class_above(id, session).map(|class| (id, class)),
    };
    if let Some((m, c)) = class {
        let sends = ["request", "send"].iter().any(|name| overrides(&resolver, m, c, name));
        if sends {
            return true;
        }
    }
    origins(program, id, session).into_iter().any(|(module, origin)| is_set_up(program, module, origin))
}

/// Whether an adapter of the project may bound what is sent through it: it sends itself, or knows of a timeout.
fn bounds(program: &Program, resolver: &Resolver<'_>, (module, class): (ModuleId, ClassId)) -> bool {
    let text = program.sources.get(program.module(module).file).slice(program.module(module).class(class).span);
    overrides(resolver, module, class, "send") || text.contains("timeout")
}

fn overrides(resolver: &Resolver<'_>, module: ModuleId, class: ClassId, name: &str) -> bool {
    matches!(resolver.member_of(Entity::Object(module, class), name.into()), Entity::Function(_))
}

/// The expressions that made a session: through names, attributes and functions of the project.
pub(super) fn origins(program: &Program, id: ModuleId, session: ExprId) -> Vec<(ModuleId, ExprId)> {
    let mut found = Vec::new();
    let mut todo = vec![values::origin(program, id, session)];
    while let Some(at) = todo.pop() {
        if found.contains(&at) || found.len() > 16 {
            continue;
        }
        found.push(at);
        let (module, expr) = at;
        if program.module(module).call(expr).is_some()
            && let Entity::Function(function) = program.callee(module, expr)
        {
            todo.extend(returned(program, function).into_iter().map(|value| values::origin(program, function.module, value)));
        }
    }
    found
}

fn returned(program: &Program, function: FunctionRef) -> Vec<ExprId> {
    let module = program.module(function.module);
    let body = match module.function(function.function).body {
        FunctionBody::Expr(value) => return vec![value],
        FunctionBody::Block(body) => body,
    };
    let value = |stmt: StmtId| match module.stmt(stmt).kind {
        StmtKind::Return(Some(value)) => Some(value),
        StmtKind::Expr(value) => match module.expr(value).kind {
            ExprKind::Yield(yielded) => yielded,
            _ => None,
        },
        _ => None,
    };
    module.statements(body).into_iter().filter_map(value).collect()
}

/// Whether the module that makes a session mounts an adapter of its own on it, or replaces its `request`.
fn is_set_up(program: &Program, id: ModuleId, origin: ExprId) -> bool {
    let module = program.module(id);
    let resolver = Resolver::new(program);
    let is_it = |object: ExprId| values::origin(program, id, object) == (id, origin);
    let mounts = module.expr_ids().any(|expr| {
        let Some(call) = module.call(expr) else { return false };
        let ExprKind::Attribute { object, name, .. } = module.expr(call.callee).kind else { return false };
        if name != "mount" || !is_it(object) {
            return false;
        }
        call.args.get(1).is_none_or(|arg| match resolver.entity(id, arg.value) {
            Entity::Instance(class) => class != PLAIN_ADAPTER,
            Entity::Object(m, c) => bounds(program, &resolver, (m, c)),
            _ => true,
        })
    });
    mounts
        || module.stmts.iter().any(|stmt| match &stmt.kind {
            StmtKind::Assign { targets, value: Some(_), .. } => targets.iter().any(|target| match module.expr(*target).kind {
                ExprKind::Attribute { object, name, .. } => matches!(&*name, "request" | "send") && is_it(object),
                _ => false,
            }),
            _ => false,
        })
}
