//! Builds a [`Module`]: fills the arenas, keeps parents and scopes. Shared by the languages.

use rustc_hash::{FxHashMap, FxHashSet};
use ustr::Ustr;

use crate::ir::program::*;
use crate::source::{FileId, Span};

/// A module under construction.
pub struct Builder {
    module: Module,
    /// Open scopes, innermost last.
    open: Vec<Open>,
    /// Targets of assignments that declare nothing, and what they are bound to.
    rebound: Vec<(ExprId, BindingKind)>,
}

/// A scope that is not yet closed.
struct Open {
    scope: ScopeId,
    of: ScopeOf,
    /// The names that `global`/`nonlocal` sends elsewhere.
    elsewhere: Vec<(Ustr, ScopeId)>,
}

/// What a scope is of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ScopeOf {
    /// The module.
    Module,
    /// A function or lambda.
    Function,
    /// A class body: functions in it do not see its names.
    Class,
    /// A comprehension.
    Comprehension,
    /// A block with names of its own.
    Block,
}

/// The parent of a statement that is in no block yet.
const NO_BLOCK: BlockId = BlockId(u32::MAX);

impl Builder {
    /// An empty module with its scope open.
    pub fn new(file: FileId, language: Language) -> Self {
        let scope = |kind| Scope { parent: None, kind, bindings: Vec::new() };
        let (scopes, exports) = match language {
            Language::Python => (vec![scope(ScopeKind::Module)], ScopeId(0)),
            Language::TypeScript => (vec![scope(ScopeKind::Module), scope(ScopeKind::Exports)], ScopeId(1)),
        };
        let module = Module {
            file,
            language,
            body: BlockId(0),
            exprs: Vec::new(),
            stmts: Vec::new(),
            blocks: Vec::new(),
            functions: Vec::new(),
            classes: Vec::new(),
            imports: Vec::new(),
            comments: Vec::new(),
            scopes,
            exports,
            expr_parents: Vec::new(),
            expr_scopes: Vec::new(),
            stmt_parents: Vec::new(),
            block_parents: Vec::new(),
            errors: Vec::new(),
        };
        Self { module, open: vec![Open { scope: ScopeId(0), of: ScopeOf::Module, elsewhere: Vec::new() }], rebound: Vec::new() }
    }

    /// The finished module.
    pub fn finish(mut self, body: BlockId) -> Module {
        // What broken syntax left without a block counts as the module's: any other block may lie inside it.
        for parent in &mut self.module.stmt_parents {
            if *parent == NO_BLOCK {
                *parent = body;
            }
        }
        self.module.body = body;
        self.rebind();
        if self.module.language == Language::TypeScript {
            // Much is bound once what stands around it is known.
            self.module.scopes.iter_mut().for_each(|scope| scope.bindings.sort_by_key(|binding| binding.span.start));
        }
        self.module.comments.sort_unstable();
        self.module.errors.sort_unstable();
        self.module
    }

    /// The module so far.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// Records a comment.
    pub fn comment(&mut self, span: Span) {
        self.module.comments.push(span);
    }

    /// Records a place without valid syntax.
    pub fn error(&mut self, span: Span) {
        self.module.errors.push(span);
    }

    /// Adds an expression and makes it the parent of its parts.
    pub fn expr(&mut self, span: Span, kind: ExprKind) -> ExprId {
        let id = ExprId::at(self.module.exprs.len());
        let parents = &mut self.module.expr_parents;
        kind.for_each_child(|child| parents[child.index()] = Parent::Expr(id));
        match kind {
            ExprKind::Function(function) => self.module.functions[function.index()].parent = Parent::Expr(id),
            ExprKind::Class(class) => self.module.classes[class.index()].parent = Parent::Expr(id),
            _ => {}
        }
        self.module.exprs.push(Expr { span, kind });
        self.module.expr_parents.push(Parent::Module);
        self.module.expr_scopes.push(self.scope());
        id
    }

    /// Makes an expression say nothing, because another has taken over its parts. It belongs to nothing either.
    pub fn retire(&mut self, id: ExprId) {
        self.module.exprs[id.index()].kind = ExprKind::Opaque(Box::new([]));
    }

    /// `left op right`; with `flat`, a chain of the same operator on the left takes the operand in.
    pub fn extend_binary(&mut self, span: Span, op: BinaryOp, left: ExprId, right: ExprId, flat: bool) -> ExprId {
        if flat
            && let Expr { kind: ExprKind::Binary { op: same, operands }, span: whole } = &mut self.module.exprs[left.index()]
            && *same == op
        {
            operands.push(right);
            *whole = span;
            self.module.expr_parents[right.index()] = Parent::Expr(left);
            return left;
        }
        self.expr(span, ExprKind::Binary { op, operands: vec![left, right] })
    }

    /// `left op right`; a chain of the same operator on the left takes the operand in.
    pub fn extend_logical(&mut self, span: Span, op: LogicalOp, left: ExprId, right: ExprId) -> ExprId {
        if let Expr { kind: ExprKind::Logical { op: same, operands }, span: whole } = &mut self.module.exprs[left.index()]
            && *same == op
        {
            operands.push(right);
            *whole = span;
            self.module.expr_parents[right.index()] = Parent::Expr(left);
            return left;
        }
        self.expr(span, ExprKind::Logical { op, operands: vec![left, right] })
    }

    /// Adds a statement and makes it the parent of its parts.
    pub fn stmt(&mut self, span: Span, kind: StmtKind) -> StmtId {
        let id = StmtId::at(self.module.stmts.len());
        let exprs = &mut self.module.expr_parents;
        kind.for_each_expr(|child| exprs[child.index()] = Parent::Stmt(id));
        let blocks = &mut self.module.block_parents;
        kind.for_each_block(|child| blocks[child.index()] = Parent::Stmt(id));
        match kind {
            StmtKind::Function(function) => self.module.functions[function.index()].parent = Parent::Stmt(id),
            StmtKind::Class(class) => self.module.classes[class.index()].parent = Parent::Stmt(id),
            _ => {}
        }
        self.module.stmts.push(Stmt { span, kind });
        // Replaced when the statement's block is made; until then any valid id serves.
        self.module.stmt_parents.push(NO_BLOCK);
        id
    }

    /// Adds a block and makes it the parent of its statements.
    pub fn block(&mut self, span: Span, stmts: Vec<StmtId>) -> BlockId {
        let id = BlockId::at(self.module.blocks.len());
        let mut todo = stmts.clone();
        while let Some(stmt) = todo.pop() {
            self.module.stmt_parents[stmt.index()] = id;
            if let StmtKind::Opaque(_, nested) = &self.module.stmts[stmt.index()].kind {
                todo.extend(nested.iter().copied());
            }
        }
        let falls_through = stmts.iter().all(|s| self.falls_through(*s));
        self.module.blocks.push(Block { stmts: stmts.into(), span, falls_through });
        self.module.block_parents.push(Parent::Module);
        id
    }

    fn falls_through(&self, stmt: StmtId) -> bool {
        let falls = |block: BlockId| self.module.block(block).falls_through;
        match &self.module.stmt(stmt).kind {
            StmtKind::Return(_) | StmtKind::Raise { .. } | StmtKind::Break | StmtKind::Continue => false,
            StmtKind::If { branches, otherwise } => otherwise.is_none_or(falls) || branches.iter().any(|(_, body)| falls(*body)),
            StmtKind::Loop(l) => match l.kind {
                LoopKind::While(test) => !matches!(self.module.expr(test).kind, ExprKind::Bool(true)) || self.breaks(l.body),
                LoopKind::For { .. } => true,
            },
            StmtKind::Try(t) => {
                let body = if let Some(otherwise) = t.otherwise { falls(t.body) && falls(otherwise) } else { falls(t.body) };
                t.finally.is_none_or(falls) && (body || t.handlers.iter().any(|h| falls(h.body)))
            }
            StmtKind::With { body, .. } => falls(*body),
            _ => true,
        }
    }

    /// Whether a block holds a `break` of the loop that it is the body of.
    fn breaks(&self, body: BlockId) -> bool {
        let mut todo = vec![body];
        while let Some(block) = todo.pop() {
            for stmt in &self.module.block(block).stmts {
                match &self.module.stmt(*stmt).kind {
                    StmtKind::Break => return true,
                    StmtKind::Loop(_) => {}
                    kind => kind.for_each_block(|b| todo.push(b)),
                }
            }
        }
        false
    }

    /// Adds a function and makes it the parent of its parts. Its `parent` is set when its declaration is added.
    pub fn function(&mut self, function: Function) -> FunctionId {
        let id = FunctionId::at(self.module.functions.len());
        let mut own = |expr: ExprId| self.module.expr_parents[expr.index()] = Parent::Function(id);
        function.decorators.iter().for_each(|d| own(*d));
        for param in &function.params {
            own(param.target);
            param.annotation.iter().chain(&param.default).chain(&param.decorators).for_each(|e| own(*e));
        }
        function.returns.iter().for_each(|r| own(*r));
        match function.body {
            FunctionBody::Expr(body) => own(body),
            FunctionBody::Block(body) => self.module.block_parents[body.index()] = Parent::Function(id),
        }
        self.module.scopes[function.scope.index()].kind = ScopeKind::Function(id);
        self.module.functions.push(function);
        id
    }

    /// Puts decorators on a function that was added before them.
    pub fn decorate_function(&mut self, id: FunctionId, span: Span, decorators: Vec<ExprId>) {
        for decorator in &decorators {
            self.module.expr_parents[decorator.index()] = Parent::Function(id);
        }
        let function = &mut self.module.functions[id.index()];
        function.decorators = decorators.into();
        function.span = span;
    }

    /// Adds a class and makes it the parent of its parts and the owner of its methods.
    pub fn class(&mut self, class: Class) -> ClassId {
        let id = ClassId::at(self.module.classes.len());
        for expr in class.decorators.iter().copied().chain(class.bases.iter().map(|b| b.value)) {
            self.module.expr_parents[expr.index()] = Parent::Class(id);
        }
        self.module.block_parents[class.body.index()] = Parent::Class(id);
        self.module.scopes[class.scope.index()].kind = ScopeKind::Class(id);
        let mut class = class;
        for stmt in self.module.statements(class.body) {
            if let StmtKind::Function(function) = self.module.stmt(stmt).kind {
                class.methods.push(function);
                self.module.functions[function.index()].class = Some(id);
            }
        }
        self.module.classes.push(class);
        id
    }

    /// Puts decorators on a class that was added before them.
    pub fn decorate_class(&mut self, id: ClassId, span: Span, decorators: Vec<ExprId>) {
        for decorator in &decorators {
            self.module.expr_parents[decorator.index()] = Parent::Class(id);
        }
        let class = &mut self.module.classes[id.index()];
        class.decorators = decorators.into();
        class.span = span;
    }

    /// Adds an import and binds its name.
    pub fn import(&mut self, import: Import) -> u32 {
        let index = u32::try_from(self.module.imports.len()).unwrap_or(u32::MAX);
        self.module.imports.push(import);
        self.bind(import.local, import.name_span, BindingKind::Import(index));
        index
    }

    /// Adds an import that binds no name here.
    pub fn unbound_import(&mut self, import: Import) -> u32 {
        let index = u32::try_from(self.module.imports.len()).unwrap_or(u32::MAX);
        self.module.imports.push(import);
        index
    }

    /// Exports something under a name.
    pub fn export(&mut self, name: Ustr, span: Span, kind: BindingKind) {
        self.bind_in(self.module.exports, name, span, kind);
    }

    /// Exports what a declaration of the module binds, under another name if one is given.
    pub fn export_declared(&mut self, span: Span, name: Option<Ustr>) {
        let declared: Vec<Binding> = self.module.scopes[0].bindings.iter().rev().take_while(|b| span.contains(b.span)).copied().collect();
        for binding in declared.into_iter().rev() {
            self.export(name.unwrap_or(binding.name), binding.span, binding.kind);
        }
    }

    /// Names a function that has no name of its own.
    pub fn name_function(&mut self, id: FunctionId, name: Ustr) {
        let function = &mut self.module.functions[id.index()];
        if function.name.is_empty() {
            function.name = name;
        }
    }

    /// Opens a scope inside the current one.
    pub fn open_scope(&mut self, of: ScopeOf) -> ScopeId {
        let id = ScopeId::at(self.module.scopes.len());
        let parent = Some(self.scope());
        // Functions and classes say which they are once they are made.
        let kind = if of == ScopeOf::Block { ScopeKind::Block } else { ScopeKind::Comprehension };
        self.module.scopes.push(Scope { parent, kind, bindings: Vec::new() });
        self.open.push(Open { scope: id, of, elsewhere: Vec::new() });
        id
    }

    /// Closes the innermost scope.
    pub fn close_scope(&mut self) -> ScopeId {
        let scope = self.scope();
        if self.open.len() > 1 {
            self.open.pop();
        }
        scope
    }

    /// The innermost open scope.
    pub fn scope(&self) -> ScopeId {
        self.open.last().map_or(ScopeId(0), |open| open.scope)
    }

    /// `global names`: bindings of them go to the module from here on.
    pub fn bind_in_module(&mut self, names: &[Ustr]) {
        if let Some(open) = self.open.last_mut() {
            open.elsewhere.extend(names.iter().map(|name| (*name, ScopeId(0))));
        }
    }

    /// `nonlocal names`: bindings of them go to the function around from here on that has the name, else to the nearest.
    pub fn bind_around(&mut self, names: &[Ustr]) {
        let Some((innermost, around)) = self.open.split_last_mut() else { return };
        for name in names {
            let functions = || around.iter().rev().filter(|open| open.of == ScopeOf::Function);
            let binds = |open: &&Open| self.module.scopes[open.scope.index()].bindings.iter().any(|b| b.name == *name);
            let passed_on = |open: &Open| open.elsewhere.iter().find(|(n, _)| n == name).map(|(_, scope)| *scope);
            let target = functions().find_map(|open| passed_on(open).or_else(|| binds(&open).then_some(open.scope)));
            let target = target.or_else(|| functions().next().map(|open| open.scope)).unwrap_or(ScopeId(0));
            innermost.elsewhere.push((*name, target));
        }
    }

    /// Binds a name in the innermost scope, or where it was redirected to.
    pub fn bind(&mut self, name: Ustr, span: Span, kind: BindingKind) {
        self.bind_in(self.scope_of_binding(self.open.len() - 1, name), name, span, kind);
    }

    /// Binds the target of `name := value`: comprehensions leave it to what is around them.
    pub fn bind_named(&mut self, target: ExprId, value: ExprId) {
        let Expr { span, kind: ExprKind::Name(name) } = *self.module.expr(target) else { return };
        let at = self.open.iter().rposition(|open| open.of != ScopeOf::Comprehension).unwrap_or(0);
        self.bind_in(self.scope_of_binding(at, name), name, span, BindingKind::Value(value));
    }

    /// Binds what `var` declares: the function around it has the name.
    pub fn bind_hoisted(&mut self, target: ExprId, kind: BindingKind) {
        let is_home = |open: &&Open| matches!(open.of, ScopeOf::Function | ScopeOf::Module);
        let home = self.open.iter().rev().find(is_home).map_or(ScopeId(0), |open| open.scope);
        self.bind_parts(target, kind, |_, _| home);
    }

    /// Binds what an assignment changes: the scope around that declares the name, which may come later; else the module.
    pub fn rebind_target(&mut self, target: ExprId, kind: BindingKind) {
        self.rebound.push((target, kind));
    }

    /// Binds what assignments change, now that everything is declared.
    fn rebind(&mut self) {
        let rebound = std::mem::take(&mut self.rebound);
        if rebound.is_empty() {
            return;
        }
        let scopes = self.module.scopes.iter().enumerate();
        let declared: FxHashSet<(ScopeId, Ustr)> =
            scopes.flat_map(|(index, scope)| scope.bindings.iter().map(move |b| (ScopeId::at(index), b.name))).collect();
        // What is exported by its declaration is what it becomes later, too.
        let places: FxHashMap<Span, Ustr> = self.module.scope(ScopeId(0)).bindings.iter().map(|b| (b.span, b.name)).collect();
        let exports = self.module.scope(self.module.exports).bindings.iter();
        let exported: FxHashMap<Ustr, Ustr> = exports.filter_map(|b| Some((*places.get(&b.span)?, b.name))).collect();
        for (target, kind) in rebound {
            let from = self.module.expr_scopes[target.index()];
            self.bind_parts(target, kind, |builder, name| {
                let around = std::iter::successors(Some(from), |scope| builder.module.scope(*scope).parent);
                let visible = |scope: &ScopeId| !matches!(builder.module.scope(*scope).kind, ScopeKind::Class(_));
                around.filter(visible).find(|scope| declared.contains(&(*scope, name))).unwrap_or(ScopeId(0))
            });
        }
        let first = self.module.scope(ScopeId(0)).bindings.iter();
        let again: Vec<Binding> = first.filter(|b| !places.contains_key(&b.span)).copied().collect();
        for binding in again {
            if let Some(name) = exported.get(&binding.name) {
                self.bind_in(self.module.exports, *name, binding.span, binding.kind);
            }
        }
    }

    /// The scope that a name is bound in by what stands in an open scope.
    fn scope_of_binding(&self, at: usize, name: Ustr) -> ScopeId {
        self.open.get(at).map_or(ScopeId(0), |open| open.elsewhere.iter().find(|(n, _)| *n == name).map_or(open.scope, |(_, to)| *to))
    }

    /// Binds a name in a scope.
    pub fn bind_in(&mut self, scope: ScopeId, name: Ustr, span: Span, kind: BindingKind) {
        self.module.scopes[scope.index()].bindings.push(Binding { name, span, kind });
    }

    /// Binds what an assignment target names: `kind` is for the whole of it, and `element` makes the kind for the part
    /// at an index of a pattern.
    pub fn bind_target(&mut self, target: ExprId, kind: BindingKind) {
        self.bind_parts(target, kind, |builder, name| builder.scope_of_binding(builder.open.len() - 1, name));
    }

    fn bind_parts(&mut self, target: ExprId, kind: BindingKind, scope: impl Fn(&Self, Ustr) -> ScopeId) {
        let mut todo = vec![(target, kind)];
        while let Some((target, kind)) = todo.pop() {
            let Expr { span, kind: shape } = self.module.expr(target).clone();
            match shape {
                ExprKind::Name(name) => {
                    let scope = scope(self, name);
                    self.bind_in(scope, name, span, kind);
                }
                ExprKind::Tuple(parts) | ExprKind::List(parts) => {
                    // What is taken apart: the whole value, or a part of it that is written out.
                    let value = match kind {
                        BindingKind::Value(value) => Some(value),
                        BindingKind::Element(whole, at) => self.module.element(whole, at),
                        _ => None,
                    };
                    for (index, part) in parts.iter().enumerate().rev() {
                        let at = self.position(value, &parts, index);
                        let part_kind = value.zip(at).map_or(BindingKind::Opaque, |(value, at)| BindingKind::Element(value, at));
                        todo.push((*part, part_kind));
                    }
                }
                ExprKind::Object(entries) => {
                    let whole = match kind {
                        BindingKind::Value(value) => Some(value),
                        BindingKind::Member(..) | BindingKind::Param(_) => Some(target),
                        _ => None,
                    };
                    for entry in entries.iter().rev() {
                        todo.push(match *entry {
                            Entry::Pair { key, value } => match (whole, &self.module.expr(key).kind) {
                                (Some(whole), ExprKind::String(key)) => (value, BindingKind::Member(whole, *key)),
                                _ => (value, BindingKind::Opaque),
                            },
                            Entry::Spread(rest) => (rest, BindingKind::Opaque),
                        });
                    }
                }
                // `name = default`.
                ExprKind::Assign { target, .. } => todo.push((target, kind)),
                ExprKind::Spread(inner) => todo.push((inner, BindingKind::Opaque)),
                _ => {}
            }
        }
    }

    /// The position in a value of what an element of a pattern takes: behind a `*rest`, only where the value is written out.
    fn position(&self, value: Option<ExprId>, pattern: &[ExprId], index: usize) -> Option<u32> {
        let is_spread = |part: &ExprId| matches!(self.module.expr(*part).kind, ExprKind::Spread(_));
        let at = if pattern[..index].iter().any(is_spread) {
            match &self.module.expr(value?).kind {
                ExprKind::Tuple(parts) | ExprKind::List(parts) if !parts.iter().any(is_spread) => {
                    parts.len().checked_sub(pattern.len() - index)?
                }
                _ => return None,
            }
        } else {
            index
        };
        u32::try_from(at).ok()
    }
}
