//! Nest: bodies that decorated parameters take, and the pipes that check them.

use super::Unchecked;
use super::fate::{self, Part, Spot};
use crate::ir::program::*;
use crate::model::program::{ModuleId, Program};
use crate::model::project::Project;
use crate::model::resolve::{Entity, Resolver};

/// The bodies that a module's controllers take and use without a schema.
pub(super) fn find(project: &Project, id: ModuleId) -> Vec<Unchecked> {
    let program = &project.program;
    let module = program.module(id);
    let mut found = Vec::new();
    for function in module.function_ids() {
        let f = module.function(function);
        for param in &f.params {
            let Some(call) = param.decorators.iter().find_map(|decorator| {
                let call = module.call(*decorator)?;
                let entity = Resolver::new(program).entity(id, call.callee).library();
                entity.is_some_and(|name| name == "js:@nestjs/common.Body").then_some(call)
            }) else {
                continue;
            };
            // A pipe of its own checks it; a key takes a part of the body.
            let has_pipe = call.args.iter().any(|arg| !matches!(module.expr(arg.value).kind, ExprKind::String(_)));
            let is_part = call.args.iter().any(|arg| matches!(module.expr(arg.value).kind, ExprKind::String(_)));
            if has_pipe || is_part || has_pipe_around(program, id, f) {
                continue;
            }
            let is_untyped = param.annotation.is_none_or(|annotation| is_untyped(program, id, annotation));
            if !is_untyped && has_global_pipe(project, id) {
                continue;
            }
            if !is_untyped && !is_seen(program, id, param) {
                continue;
            }
            let spot = match module.expr(param.target).kind {
                ExprKind::Name(name) => Spot::Name(id, f.scope, name),
                _ => continue,
            };
            let fate = fate::of(project, vec![(spot, Part::Whole)]);
            if fate.is_open() {
                found.push(Unchecked::new(param.target, true, fate));
            }
        }
    }
    found
}

/// Whether a type says nothing when the code runs: `any`, an interface, an object type.
fn is_untyped(program: &Program, id: ModuleId, annotation: ExprId) -> bool {
    let module = program.module(id);
    match &module.expr(annotation).kind {
        ExprKind::Name(name) => matches!(name.as_str(), "any" | "unknown" | "object" | "Object"),
        ExprKind::Subscript { object, .. } => {
            matches!(module.expr(*object).kind, ExprKind::Name(name) if name == "Record" || name == "Partial")
        }
        ExprKind::Object(_) => true,
        _ => matches!(program.text(id, annotation).trim_start_matches(':').trim(), "any" | "unknown" | "object"),
    }
}

/// Whether the class that a parameter is of is one of the project, with decorators that a pipe would check.
fn is_seen(program: &Program, id: ModuleId, param: &Param) -> bool {
    let Some(annotation) = param.annotation else { return false };
    matches!(Resolver::new(program).annotated(id, annotation), Entity::Object(..))
}

/// `@UsePipes(new ValidationPipe())` on a method or its class.
fn has_pipe_around(program: &Program, id: ModuleId, f: &Function) -> bool {
    let module = program.module(id);
    let class = f.class.map(|class| &module.class(class).decorators).into_iter().flatten();
    f.decorators.iter().chain(class).any(|decorator| {
        let Some(call) = module.call(*decorator) else { return false };
        let is_pipes =
            matches!(module.expr(call.callee).kind, ExprKind::Name(name) | ExprKind::Attribute { name, .. } if name == "UsePipes");
        is_pipes && call.args.iter().any(|arg| is_checking_pipe(program, id, arg.value))
    })
}

/// Whether a pipe checks what it is given: one of a library that is called so, or one of the project that can refuse.
fn is_checking_pipe(program: &Program, id: ModuleId, pipe: ExprId) -> bool {
    let module = program.module(id);
    let class = module.call(pipe).map_or(pipe, |call| call.callee);
    if let Entity::Class(m, c) = Resolver::new(program).entity(id, class) {
        let of_class = program.module(m);
        let is_pipe = |base: &Arg| {
            let text = program.text(m, base.value);
            text.contains("Pipe") && !text.contains("PipeTransform")
        };
        let refuses = of_class.class(c).methods.iter().any(|method| match of_class.function(*method).body {
            FunctionBody::Block(body) => {
                of_class.statements(body).iter().any(|stmt| matches!(of_class.stmt(*stmt).kind, StmtKind::Raise { .. }))
            }
            FunctionBody::Expr(_) => false,
        });
        return refuses || of_class.class(c).bases.iter().any(is_pipe);
    }
    let text = program.text(id, class);
    ["Valid", "Zod", "Joi", "Yup", "Schema"].iter().any(|word| text.contains(word))
}

/// Whether a pipe for the whole application is set by the package that a module is of.
fn has_global_pipe(project: &Project, id: ModuleId) -> bool {
    let program = &project.program;
    let package = program.package_of(id);
    let of_package = |other: ModuleId| {
        let of_other = program.package_of(other);
        of_other == package || package.starts_with(of_other) || of_other.starts_with(package)
    };
    program.code_ids().filter(|other| program.module(*other).language == Language::TypeScript && of_package(*other)).any(|other| {
        let module = program.module(other);
        let text = &program.sources.get(module.file).text;
        (text.contains("useGlobalPipes") || text.contains("APP_PIPE"))
            && module.expr_ids().any(|expr| match &module.expr(expr).kind {
                ExprKind::Call(call) => {
                    matches!(module.expr(call.callee).kind, ExprKind::Attribute { name, .. } if name == "useGlobalPipes")
                }
                ExprKind::Object(entries) => entries.iter().any(|entry| match entry {
                    Entry::Pair { value, .. } => matches!(module.expr(*value).kind, ExprKind::Name(name) if name == "APP_PIPE"),
                    Entry::Spread(_) => false,
                }),
                _ => false,
            })
    })
}
