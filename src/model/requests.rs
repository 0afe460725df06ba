//! Request objects, and what they hold.

use ustr::Ustr;

use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::flow::is_request_data;
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};

/// Members of JavaScript's request objects that hold what an outsider sent.
const DATA: [&str; 8] = ["query", "params", "body", "searchParams", "queryStringParameters", "payload", "headers", "cookies"];

/// What a request is called where nothing says that it is one.
const REQUESTS: [&str; 8] = ["request", "req", "ctx", "c", "context", "event", "url", "nextUrl"];

/// A look at the requests of a module.
#[derive(Clone, Copy, Debug)]
pub struct Requests<'p> {
    program: &'p Program,
    id: ModuleId,
}

impl<'p> Requests<'p> {
    /// Those of a module.
    #[must_use]
    pub fn new(program: &'p Program, id: ModuleId) -> Self {
        Self { program, id }
    }

    /// Whether an expression is what an outsider sent as a whole: `request.args`, `await request.json()`, `req.query`.
    #[must_use]
    pub fn is_data(&self, expr: ExprId, depth: u8) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let module = self.program.module(self.id);
        match &module.expr(expr).kind {
            ExprKind::Await(inner) => self.is_data(*inner, depth),
            ExprKind::Attribute { object, name, .. } => {
                let is_named = match module.language {
                    Language::Python => is_request_data(*name) && *name != "headers",
                    Language::TypeScript => DATA.contains(&name.as_str()) && !matches!(name.as_str(), "headers" | "cookies"),
                };
                is_named && self.is_request(*object, depth)
            }
            ExprKind::Call(call) => match module.expr(call.callee).kind {
                ExprKind::Attribute { .. } => self.is_data(call.callee, depth),
                // `new URLSearchParams(…)`, `getQuery(event)`
                ExprKind::Name(name) => matches!(name.as_str(), "getQuery" | "getRouterParams" | "URLSearchParams" | "useSearchParams"),
                _ => false,
            },
            ExprKind::Logical { operands, .. } => operands.iter().any(|operand| self.is_data(*operand, depth)),
            ExprKind::Name(name) => {
                let resolver = Resolver::new(self.program);
                let Some((scope, 1)) = resolver.scope_of_name(self.id, expr, *name) else { return false };
                match self.program.bindings(self.id, scope, *name).next().map(|binding| binding.kind) {
                    Some(BindingKind::Value(value)) if value != expr => self.is_data(value, depth),
                    Some(BindingKind::Member(whole, key)) => {
                        DATA.contains(&key.as_str()) && (self.is_request(whole, depth) || module.is_pattern(whole))
                    }
                    _ => false,
                }
            }
            _ => false,
        }
    }

    /// Whether an expression is a request object: by its class, or by its name where nothing is known of it.
    #[must_use]
    pub fn is_request(&self, expr: ExprId, depth: u8) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let module = self.program.module(self.id);
        match Resolver::new(self.program).entity(self.id, expr) {
            Entity::Instance(class) if self.program.apis.class_has_role(class, Role::Request) => return true,
            Entity::Library(name) if name.starts_with("flask.request") || name.starts_with("quart.request") => return true,
            Entity::Library(name) if self.is_answer(name) => return false,
            // `request = requests.get(url)`
            Entity::Instance(class) if !is_web(class) => return false,
            Entity::Function(_) | Entity::Class(..) | Entity::Module(_) | Entity::Object(..) => return false,
            _ => {}
        }
        match &module.expr(expr).kind {
            ExprKind::Name(name) => (REQUESTS.contains(&name.as_str()) && self.is_given(expr, *name, depth)) || self.is_url(expr, depth),
            ExprKind::Attribute { object, name, .. } => {
                REQUESTS.contains(&name.as_str()) && (self.is_request(*object, depth) || is_self(module, *object))
            }
            // `new URL(request.url)`
            ExprKind::Call(call) => matches!(module.expr(call.callee).kind, ExprKind::Name(name) if name == "URL"),
            _ => false,
        }
    }

    /// Whether a function is given the items of a list: `batch.map((request) => …)`.
    fn is_item(&self, scope: ScopeId) -> bool {
        let module = self.program.module(self.id);
        let ScopeKind::Function(function) = module.scope(scope).kind else { return false };
        let Parent::Expr(value) = module.function(function).parent else { return false };
        let Parent::Expr(outer) = module.expr_parents[value.index()] else { return false };
        let callee = module.call(outer).filter(|call| call.callee != value).map(|call| &module.expr(call.callee).kind);
        matches!(callee, Some(ExprKind::Attribute { name, .. })
            if matches!(name.as_str(), "map" | "forEach" | "filter" | "some" | "every" | "find" | "reduce" | "flatMap" | "sort"))
    }

    /// Whether a name is of something that a function is given, or that is imported, or of a request by another name.
    fn is_given(&self, expr: ExprId, name: Ustr, depth: u8) -> bool {
        let Some((scope, _)) = Resolver::new(self.program).scope_of_name(self.id, expr, name) else { return true };
        self.program.bindings(self.id, scope, name).all(|binding| match binding.kind {
            BindingKind::Param(_) => !self.is_item(scope),
            BindingKind::Import(_) | BindingKind::Member(..) | BindingKind::Declared(_) => true,
            BindingKind::Value(value) => value != expr && self.is_request(value, depth),
            _ => false,
        })
    }

    /// `const { searchParams } = new URL(request.url)`
    fn is_url(&self, expr: ExprId, depth: u8) -> bool {
        let module = self.program.module(self.id);
        let ExprKind::Name(name) = module.expr(expr).kind else { return false };
        let Some((scope, 1)) = Resolver::new(self.program).scope_of_name(self.id, expr, name) else { return false };
        match self.program.bindings(self.id, scope, name).next().map(|binding| binding.kind) {
            Some(BindingKind::Value(value)) if value != expr && module.call(value).is_some() => self.is_request(value, depth),
            _ => false,
        }
    }

    /// Whether a name of a library is that of what somebody else answers.
    fn is_answer(&self, name: Ustr) -> bool {
        self.program.apis.row(name).is_some_and(|row| row.is(Role::HttpCall))
    }
}

/// Whether a class is of a framework whose requests are not told by a row.
fn is_web(class: Ustr) -> bool {
    ["fastapi.", "starlette.", "flask.", "django.", "aiohttp.web", "sanic.", "js:next", "js:hono", "js:koa", "js:express", "js:fastify"]
        .iter()
        .any(|framework| class.starts_with(framework))
}

fn is_self(module: &Module, expr: ExprId) -> bool {
    matches!(module.expr(expr).kind, ExprKind::Name(name) if matches!(name.as_str(), "self" | "this"))
}
