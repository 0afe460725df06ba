//! What frameworks of Python fill from requests: parameters of handlers and of what is injected into them, models of a query.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::project::Project;
use crate::model::resolve::{Entity, Resolver};
use crate::model::routes::HandlerKind;

/// What says that the fields of a model are parameters of the query.
const OF_QUERY: [&str; 5] = ["Query", "Depends", "Parameter", "QueryParams", "Header"];

/// What frameworks fill from requests.
#[derive(Debug, Default)]
pub struct Taken {
    /// Functions whose parameters are filled: handlers, and what is injected into them.
    pub functions: FxHashSet<FunctionRef>,
    /// Models whose fields are parameters of the query.
    pub models: FxHashSet<(ModuleId, ClassId)>,
    injected: FxHashMap<FunctionRef, Vec<(FunctionRef, usize)>>,
}

impl Taken {
    /// The parameters that hold what a function gives, because it is injected there.
    #[must_use]
    pub fn injected_into(&self, function: FunctionRef) -> &[(FunctionRef, usize)] {
        self.injected.get(&function).map_or(&[], Vec::as_slice)
    }

    /// Finds it.
    #[must_use]
    pub fn find(project: &Project) -> Self {
        let program = &project.program;
        let mut taken = Self::default();
        taken
            .functions
            .extend(project.routes.handlers.iter().filter(|handler| handler.kind == HandlerKind::Route).map(|handler| handler.function));
        for id in program.code_ids().filter(|id| program.module(*id).language == Language::Python) {
            let module = program.module(id);
            for function in module.function_ids() {
                for (index, param) in module.function(function).params.iter().enumerate() {
                    let function = FunctionRef { module: id, function };
                    taken.of_parameter(project, function, param);
                    for dependency in dependencies(program, id, param) {
                        taken.injected.entry(dependency).or_default().push((function, index));
                    }
                }
            }
            // `dependencies=[Depends(window)]`
            for site in &program.calls[id.0 as usize] {
                let is_injection = site.callee.library().and_then(|name| program.apis.row(name)).is_some_and(|row| row.is(Role::Injection));
                if is_injection && let Some(arg) = module.call(site.expr).and_then(|call| call.args.first()) {
                    taken.injected(program, id, arg.value);
                }
            }
        }
        taken
    }

    fn injected(&mut self, program: &Program, id: ModuleId, dependency: ExprId) {
        match Resolver::new(program).entity(id, dependency) {
            Entity::Function(function) => drop(self.functions.insert(function)),
            Entity::Class(m, c) => self.class(program, m, c),
            _ => {}
        }
    }

    fn class(&mut self, program: &Program, id: ModuleId, class: ClassId) {
        match Resolver::new(program).constructor(id, class) {
            Some(constructor) => drop(self.functions.insert(constructor)),
            None => drop(self.models.insert((id, class))),
        }
    }

    /// `filters: Annotated[Filters, Query()]`, `paging: Paging = Depends()`
    fn of_parameter(&mut self, project: &Project, function: FunctionRef, param: &Param) {
        let (program, id) = (&project.program, function.module);
        let module = program.module(id);
        let Some(annotation) = param.annotation else { return };
        let said = param.default.into_iter().chain([annotation]);
        let is_of_query = said.flat_map(|expr| module.descendants(expr)).any(|expr| {
            let callee = match &module.expr(expr).kind {
                ExprKind::Call(call) => call.callee,
                // Ninja: `filters: Query[Filters]`
                ExprKind::Subscript { object, .. } => *object,
                _ => return false,
            };
            matches!(module.expr(callee).kind, ExprKind::Name(name) | ExprKind::Attribute { name, .. } if OF_QUERY.contains(&name.as_str()))
        });
        if !is_of_query {
            return;
        }
        let resolver = Resolver::new(program);
        for expr in module.descendants(annotation) {
            if let ExprKind::Name(_) | ExprKind::Attribute { .. } = module.expr(expr).kind
                && let Entity::Class(m, c) = resolver.entity(id, expr)
            {
                self.class(program, m, c);
            }
        }
    }
}

/// The functions of the project whose results a parameter is given: `user: User = Depends(current_user)`.
fn dependencies(program: &Program, id: ModuleId, param: &Param) -> Vec<FunctionRef> {
    let module = program.module(id);
    let said = param.default.into_iter().chain(param.annotation).flat_map(|expr| module.descendants(expr));
    let injected = said.filter_map(|expr| {
        let row = program.callee(id, expr).library().and_then(|name| program.apis.row(name))?;
        let dependency = module.call(expr).filter(|_| row.is(Role::Injection))?.args.first()?.value;
        match Resolver::new(program).entity(id, dependency) {
            Entity::Function(function) => Some(function),
            _ => None,
        }
    });
    injected.collect()
}
