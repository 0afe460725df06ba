//! The grammars' kinds of nodes: a new version of one brings none that nobody decided about.

use roadworthy::lower::{python, typescript};

#[test]
fn every_kind_of_python_node_is_decided() {
    assert_eq!(python::undecided(), Vec::<String>::new(), "decide about these in src/lower/python/kinds.rs");
}

#[test]
fn every_kind_of_typescript_node_is_decided() {
    assert_eq!(typescript::undecided(), Vec::<String>::new(), "decide about these in src/lower/typescript/kinds.rs");
}
