//! Imports.

use ustr::Ustr;

use super::kinds::{Field, Kind};
use super::state::{Child, Lowering, Value};
use crate::ir::program::*;
use crate::source::Span;

impl Lowering<'_> {
    pub(super) fn import(&mut self, span: Span, children: &[Child]) -> Value {
        let mut indices = Vec::new();
        for child in children {
            let import = match &child.value {
                Value::Dotted(path) => {
                    let root = path.split('.').next().unwrap_or_default();
                    let what = if root.len() == path.len() { Imported::Module } else { Imported::Root };
                    Import { span, name_span: child.span, module: *path, what, local: Ustr::from(root) }
                }
                Value::Aliased(path, alias, name_span) => {
                    Import { span, name_span: *name_span, module: *path, what: Imported::Module, local: *alias }
                }
                _ => continue,
            };
            indices.push(self.builder.import(import));
        }
        self.statement(span, StmtKind::Import(indices.into()))
    }

    pub(super) fn import_from(&mut self, kind: Kind, span: Span, children: &[Child]) -> Value {
        let module = match Self::field(children, Field::ModuleName).map(|c| &c.value) {
            Some(Value::Dotted(path)) => *path,
            _ if kind == Kind::FutureImport => Ustr::from("__future__"),
            _ => Ustr::default(),
        };
        let mut indices = Vec::new();
        for child in children {
            let import = match &child.value {
                Value::Dotted(name) if child.field == Field::Name => {
                    Import { span, name_span: child.span, module, what: Imported::Name(*name), local: *name }
                }
                Value::Aliased(name, alias, name_span) => {
                    Import { span, name_span: *name_span, module, what: Imported::Name(*name), local: *alias }
                }
                _ if child.kind == Kind::WildcardImport => {
                    Import { span, name_span: child.span, module, what: Imported::All, local: Ustr::from("*") }
                }
                _ => continue,
            };
            indices.push(self.builder.import(import));
        }
        self.statement(span, StmtKind::Import(indices.into()))
    }

    pub(super) fn aliased(children: &[Child]) -> Value {
        match (Self::field(children, Field::Name), Self::field(children, Field::Alias)) {
            (Some(Child { value: Value::Dotted(path), .. }), Some(Child { value: Value::Ident(alias), span, .. })) => {
                Value::Aliased(*path, *alias, *span)
            }
            _ => Value::Nothing,
        }
    }
}
