//! Names that modules pass on from others without naming them: `export * from`, `from … import *`.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};
use ustr::Ustr;

use crate::ir::program::{BindingKind, WHOLE};
use crate::model::program::{Link, ModuleId, Program};

/// What was found already, by module and name: the same few names are asked for again and again.
#[derive(Debug, Default)]
pub struct Stars(Vec<Mutex<FxHashMap<Ustr, Vec<Link>>>>);

impl Stars {
    /// Nothing yet, of so many modules.
    #[must_use]
    pub fn new(modules: usize) -> Self {
        Self((0..modules).map(|_| Mutex::default()).collect())
    }
}

impl Program {
    /// Where a name that a module does not bind may come from, because the module takes all that others have: of each way,
    /// the closest module that binds the name, and what libraries have of that name. Each module is asked once, however many
    /// ways lead to it.
    #[must_use]
    pub fn starred(&self, module: ModuleId, name: Ustr) -> Vec<Link> {
        let has_stars = self.bindings(module, self.module(module).exports, Ustr::from("*")).next().is_some();
        // The default is not passed on.
        if !has_stars || name == "default" || name == WHOLE {
            return Vec::new();
        }
        let Some(known) = self.stars.0.get(module.0 as usize) else { return Vec::new() };
        let known = || known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known().get(&name) {
            return found.clone();
        }
        let found = self.find_starred(module, name);
        known().insert(name, found.clone());
        found
    }

    fn find_starred(&self, module: ModuleId, name: Ustr) -> Vec<Link> {
        let (star, whole) = (Ustr::from("*"), Ustr::from(WHOLE));
        let bindings = |id: ModuleId, name: Ustr| self.bindings(id, self.module(id).exports, name);
        let mut found = Vec::new();
        let mut seen = FxHashSet::from_iter([module]);
        let mut todo = VecDeque::from([module]);
        while let Some(at) = todo.pop_front() {
            for binding in bindings(at, star) {
                let BindingKind::Import(import) = binding.kind else { continue };
                match self.import(at, import) {
                    Link::Module(from) if seen.insert(from) && self.exports(from, name) => {
                        let has_it = [name, whole].iter().any(|name| bindings(from, *name).next().is_some());
                        if has_it || self.submodule(from, &name).is_some() {
                            found.push(Link::Symbol(from, name));
                        } else {
                            todo.push_back(from);
                        }
                    }
                    Link::Library(path) if path != "?" => {
                        let path = self.apis.member(path, name);
                        found.extend(self.apis.row(path).map(|_| Link::Library(path)));
                    }
                    _ => {}
                }
            }
        }
        found
    }
}
