//! Page sizes that Python's frameworks take from a request by themselves: parameters of handlers and of what is injected into
//! them, fields of models that describe a query.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Limit, Named, PageSize, Slot, declarations, judged, named, uses};
use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::fields;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::project::Project;
use crate::model::resolve::{Entity, Resolver};
use crate::model::routes::{Handler, HandlerKind};
use crate::model::values;

/// Frameworks whose handlers take nothing but parts of the path as parameters.
const BY_PATH: [&str; 8] = ["flask.", "django.", "rest_framework.", "aiohttp.", "starlette.", "sanic.", "quart.", "tornado."];

/// What says that the fields of a model are parameters of the query.
const OF_QUERY: [&str; 5] = ["Query", "Depends", "Parameter", "QueryParams", "Header"];

/// The page sizes that a module declares.
pub(super) fn find(project: &Project, id: ModuleId) -> Vec<PageSize> {
    let taken = project.taken();
    let mut found = Vec::new();
    for function in project.program.module(id).function_ids() {
        let function = FunctionRef { module: id, function };
        if taken.functions.contains(&function) {
            found.extend(of_function(project, function));
        }
    }
    for class in project.program.module(id).class_ids() {
        if taken.models.contains(&(id, class)) {
            found.extend(of_model(project, id, class));
        }
    }
    found
}

/// What frameworks fill from requests.
#[derive(Debug, Default)]
pub struct Taken {
    functions: FxHashSet<FunctionRef>,
    models: FxHashSet<(ModuleId, ClassId)>,
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

fn of_function(project: &Project, function: FunctionRef) -> Vec<PageSize> {
    let (program, id) = (&project.program, function.module);
    let f = program.function(function);
    let handler = project.routes.handler(function);
    let mut found = Vec::new();
    for (index, param) in f.params.iter().enumerate().skip(program.receivers(function)) {
        let Some(name) = named(&param.name) else { continue };
        let is_matched = handler.and_then(|handler| converter(handler, &param.name));
        if let Some(handler) = handler.filter(|_| is_matched.is_none())
            && takes_paths_only(project, handler)
        {
            continue;
        }
        let declared = declarations::of(program, id, param.annotation, param.default);
        let by_path = is_matched.as_deref().map_or(Limit::None, most_of);
        if !declared.is_number && is_matched.is_none() {
            continue;
        }
        let uses = uses::of_parameter(program, function, index);
        if let Some(most) = judged(name, declared.limit.and(by_path), &uses) {
            let slot = match declared.call {
                Some(call) => Slot::Call(call, declared.is_below),
                None if is_matched.is_some() => Slot::Elsewhere,
                None => Slot::Parameter { annotation: param.annotation, default: param.default, is_field: false },
            };
            found.push(PageSize { at: param.target, name: param.name.to_string(), most, is_only_slice: uses.is_only_slice(), slot });
        }
    }
    found
}

/// The converter that a route's path gives a parameter: `int` of `/top/<int:count>`.
fn converter(handler: &Handler, name: &str) -> Option<String> {
    let path = handler.path.as_deref()?;
    path.split(['<', '{']).skip(1).find_map(|rest| {
        let inside = rest.split(['>', '}']).next().unwrap_or_default();
        match inside.rsplit_once(':') {
            Some((converter, of)) if of == name && converter.starts_with("int") => Some(converter.to_owned()),
            Some((of, "int")) if of == name => Some("int".to_owned()),
            _ => None,
        }
    })
}

/// `int(max=100)`
fn most_of(converter: &str) -> Limit {
    let said = converter.split_once("max=").map(|(_, rest)| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
    said.map_or(Limit::None, |digits| digits.parse().map_or(Limit::Unseen, Limit::At))
}

/// Whether a handler's parameters come from the path, and nothing else.
fn takes_paths_only(project: &Project, handler: &Handler) -> bool {
    if handler.class.is_some() {
        return true;
    }
    let resolver = Resolver::new(&project.program);
    let by_app = handler.on.map(|(id, on)| resolver.entity(id, on));
    let of = match by_app {
        Some(Entity::Instance(class)) => Some(class),
        Some(Entity::Library(name)) => Some(name),
        _ => None,
    };
    let by_decorator = || {
        let (id, f) = (handler.function.module, project.program.function(handler.function));
        f.decorators.iter().find_map(|decorator| {
            let callee = project.program.module(id).call(*decorator).map_or(*decorator, |call| call.callee);
            resolver.entity(id, callee).library()
        })
    };
    let Some(of) = of.or_else(by_decorator) else { return true };
    BY_PATH.iter().any(|framework| of.starts_with(framework))
}

fn of_model(project: &Project, id: ModuleId, class: ClassId) -> Vec<PageSize> {
    let program = &project.program;
    let module = program.module(id);
    let mut found = Vec::new();
    for field in fields::of(module, class) {
        let Some(Named::Clearly | Named::Perhaps) = named(&field.name) else { continue };
        let declared = declarations::of(program, id, field.annotation, field.value);
        if !declared.is_number || is_validated(program, id, class, &field.name) {
            continue;
        }
        let uses = uses::of(program, uses::Spot::Field(id, class, field.name));
        // Whoever takes the model as a whole uses it somewhere.
        let uses = uses::Uses { is_used: true, ..uses };
        if let Some(most) = named(&field.name).and_then(|name| judged(name, declared.limit, &uses)) {
            let slot = match declared.call {
                Some(call) => Slot::Call(call, declared.is_below),
                None => Slot::Parameter { annotation: field.annotation, default: field.value, is_field: true },
            };
            found.push(PageSize { at: field.target, name: field.name.to_string(), most, is_only_slice: uses.is_only_slice(), slot });
        }
    }
    found
}

/// Whether a method of a model checks a field: `@field_validator("limit")`.
fn is_validated(program: &Program, id: ModuleId, class: ClassId, field: &str) -> bool {
    let module = program.module(id);
    module.class(class).methods.iter().any(|method| {
        module.function(*method).decorators.iter().any(|decorator| {
            let Some(call) = module.call(*decorator) else { return false };
            let (ExprKind::Name(name) | ExprKind::Attribute { name, .. }) = module.expr(call.callee).kind else { return false };
            let is_of_field =
                call.args.iter().any(|arg| values::text(program, id, arg.value).is_some_and(|text| text == field || text == "*"));
            (name.ends_with("field_validator") || name == "validator") && is_of_field
                || name == "model_validator"
                || name == "root_validator"
        })
    })
}
