//! The grammar's kinds of nodes: a new version of it brings none that nobody decided about.

use roadworthy::lower::python;

#[test]
fn every_kind_of_python_node_is_decided() {
    assert_eq!(python::undecided(), Vec::<String>::new(), "decide about these in src/lower/python/kinds.rs");
}
