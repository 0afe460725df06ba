//! What names hold at one point of a function.

use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use ustr::Ustr;

use super::{Abstract, Origin};
use crate::ir::program::ScopeId;

/// What the environment knows values of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Key {
    /// A name of a scope.
    Name(ScopeId, Ustr),
    /// An attribute, as written: `self.query`, of what its first name stands for.
    Path(Option<ScopeId>, Ustr),
}

/// What names hold. A copy costs nothing until one of the two changes.
#[derive(Clone, Debug, Default)]
pub(super) struct Environment(Rc<FxHashMap<Key, Abstract>>);

impl Environment {
    pub(super) fn get(&self, key: &Key) -> Option<&Abstract> {
        self.0.get(key)
    }

    pub(super) fn insert(&mut self, key: Key, value: Abstract) {
        Rc::make_mut(&mut self.0).insert(key, value);
    }

    /// What the attributes of a name hold, by name.
    pub(super) fn attributes(&self, of: Ustr) -> Vec<(Arc<str>, Abstract)> {
        let mut found: Vec<(Arc<str>, Abstract)> = Vec::new();
        for (key, value) in self.0.iter() {
            if let Key::Path(_, path) = key
                && let Some(name) = path.strip_prefix(of.as_str()).and_then(|rest| rest.strip_prefix('.'))
                && !name.contains(['.', '[', '('])
            {
                found.push((name.into(), value.clone()));
            }
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    }
}

/// What holds where two ways meet.
pub(super) fn joined(first: Option<Environment>, second: Environment) -> Environment {
    let Some(mut first) = first else { return second };
    if Rc::ptr_eq(&first.0, &second.0) {
        return first;
    }
    // What was found harmless on one way only is whatever it was.
    let is_improved = |key: &Key, value: &Abstract| matches!(key, Key::Path(..)) && value.origin <= Origin::Safe;
    let all = Rc::make_mut(&mut first.0);
    all.retain(|key, value| !is_improved(key, value) || second.0.contains_key(key));
    for (key, value) in second.0.iter() {
        match all.get_mut(key) {
            Some(old) if old != value => *old = old.join(value),
            Some(_) => {}
            None if is_improved(key, value) => {}
            None => {
                all.insert(*key, value.clone());
            }
        }
    }
    first
}
