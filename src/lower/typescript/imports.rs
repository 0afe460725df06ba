//! Imports and exports, of both module systems.

use ustr::Ustr;

use super::kinds::{Field, Kind};
use super::state::{Child, Lowering, Specifier, Value};
use crate::ir::program::*;
use crate::source::Span;

impl Lowering<'_> {
    pub(super) fn module_node(&mut self, kind: Kind, span: Span, children: &[Child]) -> Value {
        match kind {
            Kind::Import => self.import(span, children),
            Kind::ImportClause => {
                let mut specifiers = Vec::new();
                for child in children {
                    match &child.value {
                        Value::Ident(local) => {
                            specifiers.push(Specifier { what: Imported::Name(Ustr::from("default")), local: *local, span: child.span });
                        }
                        Value::Specifier(specifier) => specifiers.push(*specifier),
                        Value::Specifiers(several) => specifiers.extend(several.iter().copied()),
                        _ => {}
                    }
                }
                Value::Specifiers(specifiers)
            }
            Kind::NamedImports | Kind::ExportClause => {
                Value::Specifiers(children.iter().filter_map(|c| if let Value::Specifier(s) = c.value { Some(s) } else { None }).collect())
            }
            Kind::ImportSpecifier | Kind::ExportSpecifier => match self.specified(children, Field::Name) {
                Some((name, span)) => {
                    let (local, span) = self.specified(children, Field::Alias).unwrap_or((name, span));
                    Value::Specifier(Specifier { what: Imported::Name(name), local, span })
                }
                None => Value::Nothing,
            },
            Kind::NamespaceImport | Kind::NamespaceExport => match children.iter().find_map(|c| self.named(c)) {
                Some((local, span)) => Value::Specifier(Specifier { what: Imported::Module, local, span }),
                None => Value::Nothing,
            },
            // `import x = require('y')`.
            Kind::ImportRequire => match children.iter().find(|c| c.field != Field::Source).and_then(|c| self.named(c)) {
                Some((local, span)) => Value::Specifier(Specifier { what: Imported::Module, local, span }),
                None => Value::Nothing,
            },
            // `import A = B.C`.
            Kind::ImportAlias => {
                let parts = self.exprs(children);
                let [target, value] = parts[..] else { return Value::Nothing };
                self.builder.bind_target(target, BindingKind::Value(value));
                self.statement(span, StmtKind::Assign { targets: Box::new([target]), annotation: None, value: Some(value) })
            }
            Kind::ImportAttribute => Value::Nothing,
            Kind::Export => self.export(span, children),
            // `namespace A { … }`: what it runs is seen, its names are its own.
            Kind::InternalModule | Kind::ModuleDeclaration => {
                let body = self.body_field(children, Field::Body, span);
                if let Some(Child { value: Value::Ident(name), span, .. }) = Self::field(children, Field::Name) {
                    self.builder.bind(*name, *span, BindingKind::Opaque);
                }
                Value::Stmt(self.bare_block(span, body))
            }
            _ => {
                let parts = self.exprs(children);
                if parts.is_empty() { Value::Nothing } else { Value::Expr(self.opaque(span, parts)) }
            }
        }
    }

    /// A name, written as such or in quotes.
    fn named(&self, child: &Child) -> Option<(Ustr, Span)> {
        match child.value {
            Value::Ident(name) => Some((name, child.span)),
            Value::Expr(id) => match self.builder.module().expr(id).kind {
                ExprKind::String(name) => Some((name, child.span)),
                _ => None,
            },
            _ => None,
        }
    }

    fn specified(&self, children: &[Child], field: Field) -> Option<(Ustr, Span)> {
        self.named(Self::field(children, field)?)
    }

    /// The path behind `from`.
    fn source(&self, children: &[Child]) -> Option<Ustr> {
        let from_require = children.iter().find(|c| c.kind == Kind::ImportRequire).map(|c| c.span);
        if let Some(span) = from_require {
            let quoted = self.slice(span).split(['\'', '"']).nth(1)?;
            return Some(Ustr::from(quoted));
        }
        self.specified(children, Field::Source).map(|(path, _)| path)
    }

    fn import(&mut self, span: Span, children: &[Child]) -> Value {
        let Some(module) = self.source(children) else {
            // `import A = B.C` comes inside of one.
            return children
                .iter()
                .find_map(|c| if let Value::Stmt(id) = c.value { Some(Value::Stmt(id)) } else { None })
                .unwrap_or(Value::Nothing);
        };
        let mut specifiers = Vec::new();
        for child in children {
            match &child.value {
                Value::Specifiers(several) => specifiers.extend(several.iter().copied()),
                Value::Specifier(one) => specifiers.push(*one),
                _ => {}
            }
        }
        let mut indices = Vec::new();
        for Specifier { what, local, span: name_span } in specifiers {
            indices.push(self.builder.import(Import { span, name_span, module, what, local }));
        }
        if indices.is_empty() {
            let local = Ustr::default();
            indices.push(self.builder.unbound_import(Import { span, name_span: span, module, what: Imported::Module, local }));
        }
        self.statement(span, StmtKind::Import(indices.into()))
    }

    fn export(&mut self, span: Span, children: &[Child]) -> Value {
        // Inside of a namespace it exports from there.
        let outermost = self.builder.scope() == ScopeId(0);
        let decorators: Vec<ExprId> = children.iter().filter(|c| c.kind == Kind::Decorator).filter_map(|c| self.as_expr(c)).collect();
        if let Some(module) = self.source(children) {
            return self.re_export(span, module, children);
        }
        if let Some(child) = Self::field(children, Field::Declaration) {
            if let Value::Class(id) = child.value
                && !decorators.is_empty()
            {
                self.builder.decorate_class(id, span, decorators);
            }
            if outermost {
                let name = self.has_word(children, "default").then(|| Ustr::from("default"));
                self.exported.push((child.span, name));
                self.builder.export_declared(child.span, name);
            }
            return match &child.value {
                Value::Stmts(stmts) => Value::Stmts(stmts.clone()),
                Value::Function(id) => self.statement(span, StmtKind::Function(*id)),
                Value::Class(id) => self.statement(span, StmtKind::Class(*id)),
                _ => self.as_stmt(child).map_or(Value::Nothing, Value::Stmt),
            };
        }
        if let Some(Child { value: Value::Specifiers(specifiers), .. }) = children.iter().find(|c| c.kind == Kind::ExportClause) {
            let mut named = Vec::new();
            for Specifier { what, local, span } in specifiers {
                let Imported::Name(name) = what else { continue };
                let value = self.builder.expr(*span, ExprKind::Name(*name));
                self.builder.export(*local, *span, BindingKind::Value(value));
                named.push(value);
            }
            return self.statement(span, StmtKind::Opaque(named.into(), Box::new([])));
        }
        // `export default value`, `export = value`.
        let value = children
            .iter()
            .filter(|c| c.kind != Kind::Decorator && !matches!(c.value, Value::Token | Value::Nothing))
            .find_map(|c| self.as_expr(c));
        let default = self.has_word(children, "default");
        // `export as namespace A` exports nothing to modules.
        let Some(value) = value.filter(|_| default || self.has_word(children, "=")) else { return Value::Nothing };
        if let ExprKind::Class(id) = self.builder.module().expr(value).kind
            && !decorators.is_empty()
        {
            self.builder.decorate_class(id, span, decorators);
        }
        if outermost {
            self.builder.export(Ustr::from(if default { "default" } else { WHOLE }), span, BindingKind::Value(value));
        }
        self.statement(span, StmtKind::Expr(value))
    }

    fn re_export(&mut self, span: Span, module: Ustr, children: &[Child]) -> Value {
        let mut specifiers = Vec::new();
        for child in children {
            match &child.value {
                Value::Specifiers(several) => specifiers.extend(several.iter().copied()),
                Value::Specifier(one) => specifiers.push(*one),
                _ => {}
            }
        }
        if specifiers.is_empty() {
            specifiers.push(Specifier { what: Imported::All, local: Ustr::from("*"), span });
        }
        let mut indices = Vec::new();
        for Specifier { what, local, span: name_span } in specifiers {
            let index = self.builder.unbound_import(Import { span, name_span, module, what, local });
            self.builder.export(local, name_span, BindingKind::Import(index));
            indices.push(index);
        }
        self.statement(span, StmtKind::Import(indices.into()))
    }

    /// `module.exports = …`, `exports.name = …`.
    pub(super) fn export_assigned(&mut self, target: ExprId, value: ExprId) {
        let module = self.builder.module();
        let is_name = |expr: ExprId, text: &str| matches!(module.expr(expr).kind, ExprKind::Name(name) if name == text);
        let is_exports = |expr: ExprId| match module.expr(expr).kind {
            ExprKind::Name(name) => name == "exports",
            ExprKind::Attribute { object, name, .. } => name == "exports" && is_name(object, "module"),
            _ => false,
        };
        let span = module.expr(target).span;
        let ExprKind::Attribute { object, name, .. } = module.expr(target).kind else { return };
        if name == "exports" && is_name(object, "module") {
            self.export_whole(span, value);
        } else if is_exports(object) {
            self.builder.export(name, span, BindingKind::Value(value));
        }
    }

    fn export_whole(&mut self, span: Span, value: ExprId) {
        let whole = self.builder.module().expr(value).kind.clone();
        self.builder.export(Ustr::from(WHOLE), span, BindingKind::Value(value));
        let ExprKind::Object(entries) = whole else { return };
        for entry in entries {
            match entry {
                Entry::Pair { key, value } => {
                    if let ExprKind::String(name) = self.builder.module().expr(key).kind {
                        self.builder.export(name, self.builder.module().expr(key).span, BindingKind::Value(value));
                    }
                }
                // `...require('./other')`.
                Entry::Spread(value) => {
                    if let ExprKind::Require(index) = self.builder.module().expr(value).kind {
                        self.builder.export(Ustr::from("*"), span, BindingKind::Import(index));
                    }
                }
            }
        }
    }
}
