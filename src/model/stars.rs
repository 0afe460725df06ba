//! Names that modules pass on from others without naming them: `export * from`, `from … import *`.

use std::collections::VecDeque;

use rustc_hash::FxHashSet;
use ustr::Ustr;

use crate::ir::program::{BindingKind, WHOLE};
use crate::model::program::{Link, ModuleId, Program};

impl Program {
    /// Where a name that a module does not bind may come from, because the module takes all that others have: of each way,
    /// the closest module that binds the name, and what libraries have of that name. Each module is asked once, however many
    /// ways lead to it.
    #[must_use]
    pub fn starred(&self, module: ModuleId, name: Ustr) -> Vec<Link> {
        let (star, whole) = (Ustr::from("*"), Ustr::from(WHOLE));
        let mut found = Vec::new();
        // The default is not passed on.
        if name == "default" || name == whole {
            return found;
        }
        let bindings = |id: ModuleId, name: Ustr| self.bindings(id, self.module(id).exports, name);
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
