//! Statements and definitions of Python.

use ustr::Ustr;

use super::kinds::{Field, Kind};
use super::state::{Assignment, Child, Lowering, Value};
use crate::ir::program::*;
use crate::source::Span;

impl Lowering<'_> {
    /// Builds a node that is no expression.
    pub fn build_statement(&mut self, kind: Kind, span: Span, children: &[Child]) -> Value {
        match kind {
            Kind::Module | Kind::Block => {
                // The cases of a `match` come in a block.
                if children.iter().any(|c| matches!(c.value, Value::Case)) {
                    return Value::Nothing;
                }
                Value::Block(self.block(span, children))
            }
            Kind::Assignment => self.assignment(span, children),
            Kind::AugmentedAssignment => self.augmented(span, children),
            Kind::ExpressionStatement => self.expression_statement(span, children),
            Kind::Return => {
                let value = self.exprs(children).first().copied();
                self.statement(span, StmtKind::Return(value))
            }
            Kind::Raise => {
                let cause = self.expr_field(children, Field::Cause);
                let value = children.iter().filter(|c| c.field != Field::Cause).find_map(|c| self.as_expr(c));
                self.statement(span, StmtKind::Raise { value, cause })
            }
            Kind::Assert => {
                let parts = self.exprs(children);
                let test = parts.first().copied().unwrap_or_else(|| self.opaque(span, Vec::new()));
                self.statement(span, StmtKind::Assert { test, message: parts.get(1).copied() })
            }
            Kind::Delete => {
                let targets = self.exprs(children);
                for target in &targets {
                    self.builder.bind_target(*target, BindingKind::Opaque);
                }
                self.statement(span, StmtKind::Delete(targets.into()))
            }
            Kind::Pass => self.statement(span, StmtKind::Pass),
            Kind::Break => self.statement(span, StmtKind::Break),
            Kind::Continue => self.statement(span, StmtKind::Continue),
            Kind::Global | Kind::Nonlocal => {
                let names: Vec<Ustr> =
                    children.iter().filter_map(|c| if let Value::Ident(name) = c.value { Some(name) } else { None }).collect();
                match kind {
                    Kind::Global => self.builder.bind_in_module(&names),
                    _ => self.builder.bind_around(&names),
                }
                self.statement(span, StmtKind::Global(names.into()))
            }
            Kind::If => self.if_statement(span, children),
            Kind::Elif => {
                let test = self.expr_or_opaque(children, Field::Condition, span);
                Value::Branch(test, self.block_field(children, Field::Consequence, span))
            }
            Kind::Else => Value::Block(self.block_field(children, Field::Body, span)),
            Kind::Finally => Value::Block(self.block_field(children, Field::None, span)),
            Kind::For => self.for_statement(span, children),
            Kind::While => {
                let test = self.expr_or_opaque(children, Field::Condition, span);
                let body = self.block_field(children, Field::Body, span);
                let otherwise = Self::block_of(children, Kind::Else);
                self.statement(span, StmtKind::Loop(Box::new(Loop { kind: LoopKind::While(test), body, otherwise, is_async: false })))
            }
            Kind::Try => self.try_statement(span, children),
            Kind::Except => self.except(span, children),
            Kind::With => {
                let is_async = self.is_async(children);
                let items = children.iter().find_map(|c| if let Value::WithItems(items) = &c.value { Some(items.clone()) } else { None });
                let body = self.block_field(children, Field::Body, span);
                self.statement(span, StmtKind::With { items: items.unwrap_or_default().into(), body, is_async })
            }
            Kind::WithClause => {
                let mut items = Vec::new();
                for child in children {
                    match &child.value {
                        Value::WithItems(inner) => items.extend(inner.iter().copied()),
                        _ => items.extend(self.as_expr(child).map(|e| (e, None))),
                    }
                }
                Value::WithItems(items)
            }
            Kind::WithItem => self.with_item(span, children),
            Kind::Match => self.match_statement(span, children),
            Kind::CaseClause => self.case(span, children),
            Kind::CasePattern | Kind::ClassPattern | Kind::DictPattern | Kind::KeywordPattern | Kind::SplatPattern | Kind::UnionPattern => {
                self.pattern(kind, children)
            }
            Kind::FunctionDefinition => self.function_definition(span, children),
            Kind::Lambda => self.lambda(span, children),
            Kind::Parameters | Kind::LambdaParameters => self.parameters(children),
            Kind::DefaultParameter | Kind::TypedParameter | Kind::TypedDefaultParameter => self.parameter(kind, span, children),
            Kind::ClassDefinition => self.class_definition(span, children),
            Kind::Decorator => match self.exprs(children)[..] {
                [only] => Value::Expr(only),
                ref parts => Value::Expr(self.opaque(span, parts.to_vec())),
            },
            Kind::DecoratedDefinition => self.decorated(span, children),
            Kind::Import => self.import(span, children),
            Kind::ImportFrom | Kind::FutureImport => self.import_from(kind, span, children),
            Kind::AliasedImport => Self::aliased(children),
            Kind::RelativeImport => {
                let compact: String = self.slice(span).split(|c: char| c.is_whitespace() || c == '\\').collect();
                Value::Dotted(Ustr::from(&compact))
            }
            Kind::TypeAlias => {
                let parts = self.exprs(children);
                let _ = self.opaque(span, parts);
                self.statement(span, StmtKind::TypeAlias)
            }
            Kind::Error => self.error(span, children),
            // `print x` and `exec x` of Python 2 and what else has parts but no meaning here.
            _ => {
                let parts = self.exprs(children);
                self.statement(span, StmtKind::Opaque(parts.into(), Box::new([])))
            }
        }
    }

    pub(super) fn statement(&mut self, span: Span, kind: StmtKind) -> Value {
        Value::Stmt(self.builder.stmt(span, kind))
    }

    fn expression_statement(&mut self, span: Span, children: &[Child]) -> Value {
        if let Some(Child { value: Value::Assignment(assignment), .. }) = children.iter().find(|c| matches!(c.value, Value::Assignment(_)))
        {
            return self.assign(span, assignment);
        }
        let exprs = self.exprs(children);
        match exprs[..] {
            [only] => self.statement(span, StmtKind::Expr(only)),
            // `a, b` as a statement, or what is left of one that could not be read.
            _ => self.statement(span, StmtKind::Opaque(exprs.into(), Box::new([]))),
        }
    }

    fn assign(&mut self, span: Span, assignment: &Assignment) -> Value {
        let Assignment { targets, annotation, value, op } = assignment;
        if let (Some(op), [target], Some(value)) = (*op, &targets[..], *value) {
            self.builder.bind_target(*target, BindingKind::Opaque);
            return self.statement(span, StmtKind::AugAssign { target: *target, op, value });
        }
        for target in targets {
            match (value, annotation) {
                (Some(value), _) => self.builder.bind_target(*target, BindingKind::Value(*value)),
                (None, Some(annotation)) => self.builder.bind_target(*target, BindingKind::Declared(*annotation)),
                (None, None) => {}
            }
        }
        self.statement(span, StmtKind::Assign { targets: targets.clone().into(), annotation: *annotation, value: *value })
    }

    fn if_statement(&mut self, span: Span, children: &[Child]) -> Value {
        let test = self.expr_or_opaque(children, Field::Condition, span);
        let mut branches = vec![(test, self.block_field(children, Field::Consequence, span))];
        branches.extend(children.iter().filter_map(|c| if let Value::Branch(test, body) = c.value { Some((test, body)) } else { None }));
        let otherwise = Self::block_of(children, Kind::Else);
        self.statement(span, StmtKind::If { branches: branches.into(), otherwise })
    }

    fn for_statement(&mut self, span: Span, children: &[Child]) -> Value {
        let target = self.expr_or_opaque(children, Field::Left, span);
        let iter = self.expr_or_opaque(children, Field::Right, span);
        self.builder.bind_target(target, BindingKind::Item(iter));
        let body = self.block_field(children, Field::Body, span);
        let otherwise = Self::block_of(children, Kind::Else);
        let is_async = self.is_async(children);
        self.statement(span, StmtKind::Loop(Box::new(Loop { kind: LoopKind::For { target, iter }, body, otherwise, is_async })))
    }

    fn try_statement(&mut self, span: Span, children: &[Child]) -> Value {
        let body = self.block_field(children, Field::Body, span);
        let handlers = children.iter().filter_map(|c| if let Value::Handler(h) = &c.value { Some(h.clone()) } else { None }).collect();
        let otherwise = Self::block_of(children, Kind::Else);
        let finally = Self::block_of(children, Kind::Finally);
        self.statement(span, StmtKind::Try(Box::new(Try { body, handlers, otherwise, finally })))
    }

    fn except(&mut self, span: Span, children: &[Child]) -> Value {
        let mut target = self.expr_field(children, Field::Alias);
        let mut named = Vec::new();
        for child in children.iter().filter(|c| c.field != Field::Alias && c.kind != Kind::Block) {
            if let Value::As(types, alias) = child.value {
                named.push(types);
                target = Some(alias);
            } else {
                named.extend(self.as_expr(child));
            }
        }
        let types = match named[..] {
            [] => None,
            [only] => Some(only),
            // `except A, B:`
            [first, .., last] => {
                let span = self.builder.module().expr(first).span.to(self.builder.module().expr(last).span);
                Some(self.builder.expr(span, ExprKind::Tuple(named.into())))
            }
        };
        if let Some(target) = target {
            self.builder.bind_target(target, BindingKind::Exception(types));
        }
        let body = self.block_field(children, Field::None, span);
        Value::Handler(Handler { span, types, target, body })
    }

    fn with_item(&mut self, span: Span, children: &[Child]) -> Value {
        let item = match Self::field(children, Field::Value) {
            Some(Child { value: Value::As(context, target), .. }) => (*context, Some(*target)),
            Some(child) => (self.as_expr(child).unwrap_or_else(|| self.opaque(span, Vec::new())), None),
            None => (self.opaque(span, Vec::new()), None),
        };
        let items = match item {
            (whole, None) => self.listed_items(whole),
            _ => vec![item],
        };
        for (context, target) in &items {
            if let Some(target) = target {
                self.builder.bind_target(*target, BindingKind::Context(*context));
            }
        }
        Value::WithItems(items)
    }

    /// `(a, b as c,)`: a list of items that reads like a tuple.
    fn listed_items(&mut self, whole: ExprId) -> Vec<(ExprId, Option<ExprId>)> {
        let ExprKind::Tuple(parts) = self.builder.module().expr(whole).kind.clone() else { return vec![(whole, None)] };
        self.builder.retire(whole);
        let item = |part: &ExprId| match self.builder.module().expr(*part).kind {
            // What `b as c` is where no target is expected.
            ExprKind::Opaque(ref pair) if pair.len() == 2 => (pair[0], Some(pair[1]), Some(*part)),
            _ => (*part, None, None),
        };
        let items: Vec<_> = parts.iter().map(item).collect();
        items.iter().filter_map(|(.., pair)| *pair).for_each(|pair| self.builder.retire(pair));
        items.into_iter().map(|(context, target, _)| (context, target)).collect()
    }

    fn match_statement(&mut self, span: Span, children: &[Child]) -> Value {
        let subjects: Vec<ExprId> = children.iter().filter(|c| c.field == Field::Subject).filter_map(|c| self.as_expr(c)).collect();
        let subject = match subjects[..] {
            [only] => only,
            _ => self.builder.expr(span, ExprKind::Tuple(subjects.into())),
        };
        // A `match` inside a case of another took its own cases already.
        let first = self.cases.iter().position(|(at, _)| span.contains(*at)).unwrap_or(self.cases.len());
        let cases = self.cases.drain(first..).map(|(_, case)| case).collect();
        self.statement(span, StmtKind::Match { subject, cases })
    }

    fn case(&mut self, span: Span, children: &[Child]) -> Value {
        let mut pattern = Vec::new();
        for child in children.iter().filter(|c| c.field == Field::None && c.kind != Kind::Block) {
            match &child.value {
                Value::Exprs(parts) => pattern.extend(parts.iter().copied()),
                _ => pattern.extend(self.as_expr(child)),
            }
        }
        let guard = children.iter().find_map(|c| if let Value::Clause(Clause::If(test)) = c.value { Some(test) } else { None });
        let body = self.block_field(children, Field::Consequence, span);
        self.cases.push((span, Case { pattern: pattern.into(), guard, body }));
        Value::Case
    }

    /// A pattern: the names that it binds and the constants that it compares with, in order.
    fn pattern(&mut self, kind: Kind, children: &[Child]) -> Value {
        let mut parts = Vec::new();
        for (index, child) in children.iter().enumerate() {
            match &child.value {
                Value::Exprs(inner) => parts.extend(inner.iter().copied()),
                // The class of a class pattern and the keyword of a keyword pattern bind nothing.
                Value::Dotted(_) if kind == Kind::ClassPattern && index == 0 => parts.extend(self.as_expr(child)),
                Value::Ident(_) if kind == Kind::KeywordPattern && index == 0 => {}
                Value::Dotted(path) if !path.contains('.') => {
                    self.builder.bind(*path, child.span, BindingKind::Opaque);
                    parts.extend(self.as_expr(child));
                }
                Value::Ident(name) => {
                    self.builder.bind(*name, child.span, BindingKind::Opaque);
                    parts.extend(self.as_expr(child));
                }
                Value::As(value, target) => {
                    self.builder.bind_target(*target, BindingKind::Opaque);
                    parts.extend([*value, *target]);
                }
                _ => parts.extend(self.as_expr(child)),
            }
        }
        Value::Exprs(parts)
    }

    fn function_definition(&mut self, span: Span, children: &[Child]) -> Value {
        let (name, name_span) = match Self::field(children, Field::Name) {
            Some(Child { value: Value::Ident(name), span, .. }) => (*name, *span),
            _ => (Ustr::default(), span),
        };
        let params = match Self::field(children, Field::Parameters) {
            Some(Child { value: Value::Params(params), .. }) => params.clone(),
            _ => Vec::new(),
        };
        let returns = self.expr_field(children, Field::ReturnType);
        let body = self.block_field(children, Field::Body, span);
        let is_async = self.is_async(children);
        let is_generator = self.generators.pop().unwrap_or_default();
        let scope = self.builder.close_scope();
        let id = self.builder.function(Function {
            name,
            name_span,
            span,
            decorators: Box::new([]),
            params: params.into(),
            returns,
            body: FunctionBody::Block(body),
            is_async,
            is_generator,
            form: FunctionForm::Plain,
            class: None,
            scope,
            parent: Parent::Module,
        });
        self.builder.bind(name, name_span, BindingKind::Function(id));
        Value::Function(id)
    }

    fn lambda(&mut self, span: Span, children: &[Child]) -> Value {
        let params = match Self::field(children, Field::Parameters) {
            Some(Child { value: Value::Params(params), .. }) => params.clone(),
            _ => Vec::new(),
        };
        let body = self.expr_or_opaque(children, Field::Body, span);
        let is_generator = self.generators.pop().unwrap_or_default();
        let scope = self.builder.close_scope();
        let id = self.builder.function(Function {
            name: Ustr::default(),
            name_span: span,
            span,
            decorators: Box::new([]),
            params: params.into(),
            returns: None,
            body: FunctionBody::Expr(body),
            is_async: false,
            is_generator,
            form: FunctionForm::Plain,
            class: None,
            scope,
            parent: Parent::Module,
        });
        Value::Expr(self.builder.expr(span, ExprKind::Function(id)))
    }

    fn parameters(&mut self, children: &[Child]) -> Value {
        let mut params = Vec::new();
        let mut keyword_only = false;
        for child in children {
            let param = match &child.value {
                Value::Param(param) => Some(param.clone()),
                Value::Nothing | Value::Token => {
                    keyword_only |= child.kind == Kind::KeywordSeparator;
                    None
                }
                _ => self.as_expr(child).map(|target| self.plain_param(target, child)),
            };
            let Some(mut param) = param else { continue };
            if keyword_only && param.kind == ParamKind::Normal {
                param.kind = ParamKind::KeywordOnly;
            }
            keyword_only |= param.kind == ParamKind::Rest;
            params.push(param);
        }
        for (index, param) in params.iter().enumerate() {
            if param.name.is_empty() {
                self.builder.bind_target(param.target, BindingKind::Opaque);
            } else {
                let kind = BindingKind::Param(u32::try_from(index).unwrap_or(u32::MAX));
                self.builder.bind(param.name, self.builder.module().expr(param.target).span, kind);
            }
        }
        Value::Params(params)
    }

    /// A parameter from its target: a name, `*name`, `**name` or a pattern.
    fn plain_param(&mut self, target: ExprId, child: &Child) -> Param {
        let kind = match child.kind {
            Kind::ListSplatPattern => ParamKind::Rest,
            Kind::DictionarySplatPattern => ParamKind::KeywordRest,
            _ => ParamKind::Normal,
        };
        let target = if kind == ParamKind::Normal { target } else { self.unspread(target) };
        let name = match self.builder.module().expr(target).kind {
            ExprKind::Name(name) => name,
            _ => Ustr::default(),
        };
        Param { target, name, kind, annotation: None, default: None, decorators: Box::new([]), is_field: false, span: child.span }
    }

    fn parameter(&mut self, kind: Kind, span: Span, children: &[Child]) -> Value {
        let named = if kind == Kind::TypedParameter {
            children.iter().find(|c| c.field == Field::None && !matches!(c.value, Value::Nothing | Value::Token))
        } else {
            Self::field(children, Field::Name)
        };
        let Some((child, target)) = named.and_then(|c| self.as_expr(c).map(|e| (c, e))) else {
            return Value::Nothing;
        };
        let mut param = self.plain_param(target, child);
        param.annotation = self.expr_field(children, Field::Type);
        param.default = self.expr_field(children, Field::Value);
        param.span = span;
        Value::Param(param)
    }

    fn class_definition(&mut self, span: Span, children: &[Child]) -> Value {
        let (name, name_span) = match Self::field(children, Field::Name) {
            Some(Child { value: Value::Ident(name), span, .. }) => (*name, *span),
            _ => (Ustr::default(), span),
        };
        let bases = match Self::field(children, Field::Superclasses) {
            Some(Child { value: Value::Args(args), .. }) => args.clone(),
            _ => Vec::new(),
        };
        let body = self.block_field(children, Field::Body, span);
        let scope = self.builder.close_scope();
        let id = self.builder.class(Class {
            name,
            name_span,
            span,
            decorators: Box::new([]),
            bases: bases.into(),
            body,
            scope,
            methods: Vec::new(),
            parent: Parent::Module,
        });
        self.builder.bind(name, name_span, BindingKind::Class(id));
        Value::Class(id)
    }

    fn decorated(&mut self, span: Span, children: &[Child]) -> Value {
        let decorators: Vec<ExprId> = children.iter().filter(|c| c.kind == Kind::Decorator).filter_map(|c| self.as_expr(c)).collect();
        match Self::field(children, Field::Definition).map(|c| &c.value) {
            Some(Value::Function(id)) => {
                self.builder.decorate_function(*id, span, decorators);
                Value::Function(*id)
            }
            Some(Value::Class(id)) => {
                self.builder.decorate_class(*id, span, decorators);
                Value::Class(*id)
            }
            _ => self.statement(span, StmtKind::Opaque(decorators.into(), Box::new([]))),
        }
    }

    /// What the parser could not read: its readable parts are kept as a statement, or as an expression inside one.
    fn error(&mut self, span: Span, children: &[Child]) -> Value {
        self.builder.error(span);
        let mut exprs = Vec::new();
        let mut stmts = Vec::new();
        for child in children {
            match &child.value {
                Value::Stmt(_) | Value::Function(_) | Value::Class(_) | Value::Block(_) | Value::Handler(_) | Value::Branch(..) => {
                    stmts.extend(self.as_stmt(child));
                }
                Value::Args(args) => exprs.extend(args.iter().map(|a| a.value)),
                _ => exprs.extend(self.as_expr(child)),
            }
        }
        if stmts.is_empty() {
            Value::Expr(self.opaque(span, exprs))
        } else {
            self.statement(span, StmtKind::Opaque(exprs.into(), stmts.into()))
        }
    }
}
