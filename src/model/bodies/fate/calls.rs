//! What a call does with a body that it is given, itself or in an object.

use ustr::Ustr;

use super::super::{checks, middleware};
use super::attempts::is_refused_when_not_found;
use super::{Follow, Part, Spot};
use crate::ir::program::*;
use crate::model::cleanup::words;
use crate::model::implementations::is_abstract;
use crate::model::overrides::is_receiver;
use crate::model::program::{FunctionRef, Link, ModuleId, Program};
use crate::model::requests::Requests;
use crate::model::resolve::{Entity, Resolver};

impl Follow<'_> {
    /// What is put into an object: one of its entries, or all that it holds.
    pub(super) fn entry(&mut self, id: ModuleId, object: ExprId, entries: &[Entry], expr: ExprId, part: Part) {
        let module = self.program.module(id);
        let key = entries.iter().find_map(|entry| match entry {
            Entry::Pair { key, value } if *value == expr => Some(*key),
            _ => None,
        });
        // `{ ...defaults, ...body }`
        let Some(key) = key else {
            let behind = entries.iter().skip_while(|entry| !matches!(entry, Entry::Spread(spread) if *spread == expr));
            let keys = behind.filter_map(|entry| match entry {
                Entry::Pair { key, .. } => match module.expr(*key).kind {
                    ExprKind::String(key) => Some(key),
                    _ => None,
                },
                Entry::Spread(_) => None,
            });
            self.overridden.extend(keys);
            return self.becomes(id, object, part);
        };
        // GraphQL: the types of the query are the schema.
        if self.is_variable(id, object)
            || matches!(module.expr(key).kind, ExprKind::String(key) if key == "variables" || key == "variableValues")
        {
            self.fate.is_checked = true;
            return;
        }
        let call = match module.expr_parents[object.index()] {
            Parent::Expr(outer) => module.call(outer).filter(|call| call.callee != object).map(|call| (outer, call)),
            _ => None,
        };
        // `const raw = { title: form.get("title") }`: a schema may see that.
        let Some((outer, call)) = call else { return self.becomes(id, object, Part::Member) };
        let &ExprKind::String(key) = &module.expr(key).kind else { return self.used(part) };
        let callee = self.program.callee(id, outer);
        match (checks::of_call(self.program, id, call, callee), callee) {
            // `validate({ schema, value: req.body })`
            (checks::Verdict::Validates, _) if part == Part::Member => self.fate.is_checked = true,
            (checks::Verdict::Validates, _) => self.fate.is_validated = true,
            (checks::Verdict::Shows, _) => {}
            (_, Entity::Function(function)) => self.passed_under(function, call, object, key, part),
            _ => {
                self.used(part);
                self.goes_to(id, call, callee);
            }
        }
    }

    /// Marks what goes to something that may check it where nobody sees that: a component that is injected, a function that has
    /// many forms.
    fn goes_to(&mut self, id: ModuleId, call: &Call, callee: Entity) {
        self.fate.goes_out_of_sight |= match callee {
            Entity::Unknown => {
                is_component(self.program.module(id), call.callee)
                    || is_missing(self.program, id, call.callee)
                    || is_of_unseen(self.program, id, call.callee)
            }
            Entity::Function(function) => is_abstract(self.program.module(function.module), function.function),
            // A component of a library that no table knows.
            Entity::Library(name) => {
                let root = Ustr::from(name.split('.').next().unwrap_or_default());
                !self.program.apis.knows_root(root) && is_of_unseen(self.program, id, call.callee)
            }
            _ => false,
        };
    }

    /// Whether an object stands under the key of the variables of a query of GraphQL.
    pub(super) fn is_variable(&self, id: ModuleId, object: ExprId) -> bool {
        let module = self.program.module(id);
        let Parent::Expr(outer) = module.expr_parents[object.index()] else { return false };
        let ExprKind::Object(entries) = &module.expr(outer).kind else { return false };
        entries.iter().any(|entry| match entry {
            Entry::Pair { key, value } => {
                *value == object && matches!(module.expr(*key).kind, ExprKind::String(key) if key == "variables" || key == "variableValues")
            }
            Entry::Spread(_) => false,
        })
    }

    /// What a function of the project is passed under a key of an object.
    pub(super) fn passed_under(&mut self, function: FunctionRef, call: &Call, object: ExprId, key: Ustr, part: Part) {
        let module = self.program.module(function.module);
        let position = call.args.iter().position(|arg| arg.value == object && arg.kind == ArgKind::Positional);
        let Some(param) = position.and_then(|position| module.function(function.function).params.get(position)) else {
            return self.used(part);
        };
        match &module.expr(param.target).kind {
            ExprKind::Object(entries) => {
                let under = entries.iter().find_map(|entry| match entry {
                    Entry::Pair { key: k, value } if matches!(module.expr(*k).kind, ExprKind::String(name) if name == key) => Some(*value),
                    _ => None,
                });
                if let Some(target) = under {
                    self.bound(function.module, target, part);
                }
            }
            ExprKind::Name(name) => {
                let is_of_param = |member: &ExprId| {
                    matches!(module.expr(*member).kind, ExprKind::Attribute { object, .. }
                        if matches!(module.expr(object).kind, ExprKind::Name(owner) if owner == *name))
                };
                let within = module.function(function.function).span;
                let is_within = |member: &ExprId| within.contains(module.expr(*member).span);
                let members: Vec<ExprId> = self.program.mentions(function.module, key).filter(is_within).filter(is_of_param).collect();
                members.into_iter().for_each(|member| self.becomes(function.module, member, part));
                // The object goes on as a whole: to a schema, or to whatever uses it.
                let scope = module.function(function.function).scope;
                for mention in Resolver::new(self.program).uses(function.module, scope, *name) {
                    let Parent::Expr(parent) = module.expr_parents[mention.index()] else {
                        self.used(part);
                        continue;
                    };
                    match &module.expr(parent).kind {
                        ExprKind::Attribute { .. } => {}
                        ExprKind::Call(call) if call.callee != mention => {
                            let callee = self.program.callee(function.module, parent);
                            match checks::of_call(self.program, function.module, call, callee) {
                                checks::Verdict::Validates => self.fate.is_checked = true,
                                _ => self.used(part),
                            }
                        }
                        _ => self.used(part),
                    }
                }
            }
            _ => self.used(part),
        }
    }

    pub(super) fn argument(&mut self, id: ModuleId, at: ExprId, call: &Call, expr: ExprId, part: Part) {
        let module = self.program.module(id);
        let Some((position, arg)) = call.args.iter().enumerate().find(|(_, arg)| arg.value == expr) else { return };
        let callee = self.program.callee(id, at);
        let verdict = checks::of_call(self.program, id, call, callee);
        match verdict {
            checks::Verdict::Validates => {
                match part {
                    Part::Member => self.fate.is_checked = true,
                    Part::Raw | Part::Whole => self.fate.is_validated = true,
                }
                return;
            }
            checks::Verdict::Tests => return self.tested(part),
            checks::Verdict::Parses => {
                return match part {
                    Part::Raw => self.becomes(id, at, Part::Whole),
                    Part::Whole | Part::Member => self.inside.push((id, at)),
                };
            }
            checks::Verdict::Keeps => return self.becomes(id, at, part),
            checks::Verdict::Shows => return,
            checks::Verdict::Flags => {
                if self.is_test(id, at) {
                    self.tested(part);
                }
                return;
            }
            checks::Verdict::Other => {}
        }
        // `data.update(request.data)`
        if let (Part::Whole, ExprKind::Attribute { object, name, .. }) = (part, &module.expr(call.callee).kind)
            && *name == "update"
            && matches!(module.expr(*object).kind, ExprKind::Name(_))
            && matches!(callee, Entity::Unknown | Entity::Builtin(_))
        {
            return self.bound(id, *object, part);
        }
        // `user = User.get(form["user"])`, and `if not user: return`
        self.fate.is_checked_outside |= part == Part::Member && is_refused_when_not_found(module, at);
        if let Entity::Function(function) = callee
            && validates_by_name(self.program, function)
        {
            match part {
                Part::Member => self.fate.is_checked = true,
                Part::Raw | Part::Whole => self.fate.is_validated = true,
            }
            return;
        }
        let function = match callee {
            Entity::Function(function) => Some(function),
            Entity::Class(m, c) => {
                self.used(part);
                Resolver::new(self.program).constructor(m, c)
            }
            _ => None,
        };
        if let Some(function) = function {
            self.goes_to(id, call, callee);
            let f = self.program.function(function);
            let index = match arg.kind {
                ArgKind::Positional => Some(position + self.program.receivers(function)),
                ArgKind::Keyword(name) => f.params.iter().position(|param| param.name == name),
                ArgKind::Spread | ArgKind::KeywordSpread => None,
            };
            match index.and_then(|index| f.params.get(index)) {
                Some(param) if self.program.module(function.module).language == Language::TypeScript => {
                    self.bound(function.module, param.target, part);
                }
                Some(param) => self.todo.push((Spot::Name(function.module, f.scope, param.name), part)),
                None => self.used(part),
            }
            // What is not followed into its results is used there.
            if part == Part::Member {
                self.used(part);
            }
            return;
        }
        // A library that is given the request as well answers it.
        let requests = Requests::new(self.program, id);
        if call.args.iter().any(|other| other.value != expr && requests.is_request(other.value, 4)) {
            return;
        }
        self.used(part);
        self.goes_to(id, call, callee);
        // Handed to something out of sight that makes a value of it: `str(x)`, `decode(x)`.
        let gives_value = match &module.expr(call.callee).kind {
            ExprKind::Name(name) => name.starts_with(char::is_lowercase),
            // `validator.trim(code)`, `_.escape(text)`
            ExprKind::Attribute { name, .. } => is_of_text(name),
            _ => false,
        };
        if part == Part::Raw || gives_value {
            self.becomes(id, at, part);
        }
    }
}

/// What the methods of stores and brokers begin with, which check nothing.
const STORES: [&str; 11] = ["insert", "save", "put", "add", "set", "push", "publish", "send", "write", "query", "upsert"];

/// Whether what is called is a method of something that an object holds: `this.orders.place`.
fn is_component(module: &Module, callee: ExprId) -> bool {
    let ExprKind::Attribute { object, name, .. } = module.expr(callee).kind else { return false };
    if STORES.iter().any(|verb| name.starts_with(verb)) {
        return false;
    }
    let ExprKind::Attribute { object: owner, .. } = module.expr(object).kind else { return false };
    is_receiver(module, owner)
}

/// Whether what is called is a method of something that a function of the project gives, of which nobody sees what it is:
/// `const { orders } = await components()`, and `orders.place(body)`.
fn is_of_unseen(program: &Program, id: ModuleId, callee: ExprId) -> bool {
    let module = program.module(id);
    let ExprKind::Attribute { object, name, .. } = module.expr(callee).kind else { return false };
    if STORES.iter().any(|verb| name.starts_with(verb)) {
        return false;
    }
    let mut at = object;
    while let ExprKind::Attribute { object, .. } = module.expr(at).kind {
        at = object;
    }
    let ExprKind::Name(name) = module.expr(at).kind else { return false };
    let Some((scope, _)) = Resolver::new(program).scope_of_name(id, at, name) else { return false };
    let mut bindings = program.bindings(id, scope, name);
    let (Some(binding), None) = (bindings.next(), bindings.next()) else { return false };
    let (BindingKind::Member(given, _) | BindingKind::Value(given)) = binding.kind else { return false };
    let given = if let ExprKind::Await(inner) = module.expr(given).kind { inner } else { given };
    module.call(given).is_some() && matches!(program.callee(id, given), Entity::Function(_))
}

/// Whether a function is one that gives a text in another form.
fn is_of_text(name: &str) -> bool {
    let words = words(name);
    let said: Vec<&str> = words.iter().map(String::as_str).collect();
    matches!(
        said[..],
        ["trim" | "strip" | "lstrip" | "rstrip" | "escape" | "normalize" | "lower" | "upper", ..] | ["to", "lower" | "upper", ..]
    )
}

/// Whether what is called is imported from a module of the project that has nothing of that name.
fn is_missing(program: &Program, id: ModuleId, callee: ExprId) -> bool {
    let ExprKind::Name(name) = program.module(id).expr(callee).kind else { return false };
    let Some((scope, 1)) = Resolver::new(program).scope_of_name(id, callee, name) else { return false };
    let Some(BindingKind::Import(import)) = program.bindings(id, scope, name).next().map(|binding| binding.kind) else { return false };
    matches!(program.import(id, import), Link::Symbol(..))
}

/// Whether a function of the project applies a schema, and is called so: `Form.model_validate_form(data)`.
fn validates_by_name(program: &Program, function: FunctionRef) -> bool {
    let lower = program.function(function).name.to_ascii_lowercase();
    (lower.contains("valid") || lower.contains("schema")) && middleware::has_schema_inside(program, function)
}
