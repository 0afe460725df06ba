//! Objects and lists that are written out: what stands under a key or at a place, through names, modules, and what is taken
//! apart.

use ustr::Ustr;

use super::{Entity, Resolver};
use crate::ir::program::*;
use crate::model::program::{Link, ModuleId};

/// How many names and members may stand before what is written.
const MOST_NAMES: usize = 32;

/// Which part of an object or list.
#[derive(Clone, Copy)]
enum Part {
    Key(Ustr),
    Item(u32),
}

/// An expression of a module.
type Written = (ModuleId, ExprId);

impl Resolver<'_> {
    /// What stands under a key of an object that is written out.
    pub(super) fn under(&self, module: ModuleId, object: ExprId, key: Ustr) -> Entity {
        let part = self.may_be_written(module, object).then(|| self.part((module, object), Part::Key(key)));
        self.part_entity(part.flatten())
    }

    /// What stands at a place of a list that is written out.
    pub(super) fn item(&self, module: ModuleId, list: ExprId, index: u32) -> Entity {
        let part = self.may_be_written(module, list).then(|| self.part((module, list), Part::Item(index)));
        self.part_entity(part.flatten())
    }

    /// `{"read": requests.get}["read"]`, `[first, second][0]`, perhaps by a name that is bound once.
    pub(super) fn entry(&self, module: ModuleId, object: ExprId, index: ExprId) -> Entity {
        let part = self.index(module, index).filter(|_| self.may_be_written(module, object));
        self.part_entity(part.and_then(|part| self.part((module, object), part)))
    }

    /// Whether the first thing in a chain of members may be written out: most are parameters, or what calls give.
    fn may_be_written(&self, module: ModuleId, expr: ExprId) -> bool {
        let m = self.program.module(module);
        let is_ours = |import: u32| !matches!(self.program.import(module, import), Link::Library(_));
        let mut expr = expr;
        for _ in 0..MOST_NAMES {
            expr = match &m.expr(expr).kind {
                ExprKind::Object(_) | ExprKind::List(_) | ExprKind::Tuple(_) => return true,
                ExprKind::Require(import) => return is_ours(*import),
                ExprKind::Attribute { object, .. } | ExprKind::Subscript { object, .. } => *object,
                ExprKind::Await(inner) => *inner,
                ExprKind::Call(call) => match m.expr(call.callee).kind {
                    ExprKind::Attribute { name, .. } if name == "freeze" => return true,
                    // `clients()["http"]`, `utils.clients().http`
                    ExprKind::Name(name) => return self.may_be_function(module, call.callee, name),
                    ExprKind::Attribute { object, .. } => match m.expr(object).kind {
                        ExprKind::Name(name) => return self.may_be_function(module, object, name),
                        _ => return false,
                    },
                    _ => return false,
                },
                ExprKind::Name(name) => {
                    let Some((scope, 1)) = self.scope_of_name(module, expr, *name) else { return false };
                    match self.program.bindings(module, scope, *name).next().map(|binding| binding.kind) {
                        Some(BindingKind::Import(import)) => return is_ours(import),
                        Some(BindingKind::Member(whole, _)) if m.is_pattern(whole) => return true,
                        Some(BindingKind::Value(value) | BindingKind::Element(value, _) | BindingKind::Member(value, _)) => value,
                        _ => return false,
                    }
                }
                _ => return false,
            };
        }
        false
    }

    /// Whether a name may be of a function of the project.
    fn may_be_function(&self, module: ModuleId, expr: ExprId, name: Ustr) -> bool {
        let Some((scope, 1)) = self.scope_of_name(module, expr, name) else { return false };
        match self.program.bindings(module, scope, name).next().map(|binding| binding.kind) {
            Some(BindingKind::Function(_) | BindingKind::Value(_) | BindingKind::Member(..)) => true,
            Some(BindingKind::Import(import)) => !matches!(self.program.import(module, import), Link::Library(_)),
            _ => false,
        }
    }

    /// What stands under a key of the object that a pattern takes apart.
    pub(super) fn under_pattern(&self, module: ModuleId, pattern: ExprId, key: Ustr) -> Entity {
        let whole = self.pattern_value(module, pattern);
        self.part_entity(whole.and_then(|whole| self.part(whole, Part::Key(key))))
    }

    fn part_entity(&self, part: Option<Written>) -> Entity {
        part.map_or(Entity::Unknown, |(module, value)| self.of(module, value))
    }

    fn index(&self, module: ModuleId, index: ExprId) -> Option<Part> {
        match &self.program.module(module).expr(index).kind {
            ExprKind::String(key) => Some(Part::Key(*key)),
            ExprKind::Number(digits) => digits.parse().ok().map(Part::Item),
            _ => None,
        }
    }

    fn part(&self, whole: Written, part: Part) -> Option<Written> {
        let (module, literal) = self.literal(whole, part)?;
        let m = self.program.module(module);
        match (&m.expr(literal).kind, part) {
            (ExprKind::Object(entries), Part::Key(wanted)) => {
                for entry in entries.iter().rev() {
                    match *entry {
                        Entry::Pair { key, value } => match m.expr(key).kind {
                            ExprKind::String(key) if key == wanted => return Some((module, value)),
                            ExprKind::String(_) | ExprKind::Number(_) => {}
                            _ => return None,
                        },
                        Entry::Spread(inner) => match self.part((module, inner), part) {
                            Some(found) => return Some(found),
                            None if self.literal((module, inner), part).is_some() => {}
                            None => return None,
                        },
                    }
                }
                None
            }
            (_, Part::Item(index)) => m.element(literal, index).map(|item| (module, item)),
            _ => None,
        }
    }

    /// The literal that an expression stands for, if nobody sets the part that is asked for.
    fn literal(&self, whole: Written, part: Part) -> Option<Written> {
        let (mut module, mut expr) = whole;
        while self.step() {
            let m = self.program.module(module);
            (module, expr) = match &m.expr(expr).kind {
                ExprKind::Object(_) | ExprKind::List(_) | ExprKind::Tuple(_) => return Some((module, expr)),
                ExprKind::Await(inner) => (module, *inner),
                ExprKind::Call(call) => match self.of(module, call.callee) {
                    Entity::Library(name) if name == "js:globalThis.Object.freeze" => (module, call.args.first()?.value),
                    Entity::Function(f) => match self.results(f)[..] {
                        [only] => (f.module, only),
                        _ => return None,
                    },
                    _ => return None,
                },
                ExprKind::Require(import) => self.imported_value(module, *import)?,
                ExprKind::Name(name) => {
                    let (scope, count) = self.scope_of_name(module, expr, *name)?;
                    let is_set = matches!(part, Part::Key(key) if self.program.sets_member(module, *name, key));
                    let binding = self.program.bindings(module, scope, *name).next().filter(|_| count == 1 && !is_set)?;
                    self.bound_value(module, binding)?
                }
                ExprKind::Attribute { object, name, .. } => match self.of(module, *object) {
                    Entity::Module(from) => self.exported_value(from, *name)?,
                    Entity::Unknown => self.part((module, *object), Part::Key(*name))?,
                    _ => return None,
                },
                ExprKind::Subscript { object, index, .. } => {
                    let index = self.index(module, *index)?;
                    self.part((module, *object), index)?
                }
                _ => return None,
            };
        }
        None
    }

    fn bound_value(&self, module: ModuleId, binding: &Binding) -> Option<Written> {
        match binding.kind {
            BindingKind::Value(value) => Some((module, value)),
            BindingKind::Element(value, index) => self.part((module, value), Part::Item(index)),
            BindingKind::Member(whole, key) if self.program.module(module).is_pattern(whole) => {
                self.part(self.pattern_value(module, whole)?, Part::Key(key))
            }
            BindingKind::Member(whole, key) => match self.of(module, whole) {
                Entity::Module(from) => self.exported_value(from, key),
                _ => self.part((module, whole), Part::Key(key)),
            },
            BindingKind::Import(import) => self.imported_value(module, import),
            _ => None,
        }
    }

    fn imported_value(&self, module: ModuleId, import: u32) -> Option<Written> {
        match self.program.import(module, import) {
            Link::Symbol(from, name) => self.exported_value(from, name),
            Link::Module(from) => self.exported_value(from, Ustr::from(WHOLE)),
            Link::Library(_) => None,
        }
    }

    /// What a module exports under a name, if that is one value.
    fn exported_value(&self, module: ModuleId, name: Ustr) -> Option<Written> {
        if !self.step() {
            return None;
        }
        let exports = self.program.module(module).exports;
        let bound = |name: Ustr| self.program.bindings(module, exports, name);
        let mut bindings = bound(name).peekable();
        if bindings.peek().is_none() && name == "default" {
            bindings = bound(Ustr::from(WHOLE)).peekable();
        }
        if let Some(binding) = bindings.next() {
            return self.bound_value(module, binding).filter(|_| bindings.next().is_none());
        }
        self.program.starred(module, name).into_iter().find_map(|star| match star {
            Link::Symbol(from, name) => self.exported_value(from, name),
            _ => None,
        })
    }

    /// What a pattern takes apart, where that is written out.
    fn pattern_value(&self, module: ModuleId, pattern: ExprId) -> Option<Written> {
        let m = self.program.module(module);
        match m.expr_parents[pattern.index()] {
            Parent::Expr(parent) if self.step() => match &m.expr(parent).kind {
                ExprKind::Object(entries) => {
                    let key = entries.iter().find_map(|entry| match *entry {
                        Entry::Pair { key, value } if value == pattern => self.index(module, key),
                        _ => None,
                    });
                    self.part(self.pattern_value(module, parent)?, key?)
                }
                _ => None,
            },
            Parent::Stmt(stmt) => match &m.stmt(stmt).kind {
                StmtKind::Assign { targets, value: Some(value), .. } if targets.contains(&pattern) => Some((module, *value)),
                _ => None,
            },
            _ => None,
        }
    }
}
