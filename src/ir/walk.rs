//! Walking the program model: children of a node, and what is around it. Nothing here recurses.

use super::program::*;

impl ExprKind {
    /// Calls `f` with each expression directly below, in source order.
    pub fn for_each_child(&self, mut f: impl FnMut(ExprId)) {
        match self {
            Self::Name(_)
            | Self::String(_)
            | Self::Number(_)
            | Self::Bool(_)
            | Self::Null
            | Self::Ellipsis
            | Self::Function(_)
            | Self::Class(_)
            | Self::Require(_) => {}
            Self::Attribute { object, .. } => f(*object),
            Self::Subscript { object, index, .. } => {
                f(*object);
                f(*index);
            }
            Self::Call(call) => {
                f(call.callee);
                call.args.iter().for_each(|arg| f(arg.value));
            }
            Self::Template { parts, tag } => {
                tag.iter().for_each(|t| f(*t));
                for part in parts {
                    if let TemplatePart::Hole(hole) = part {
                        f(*hole);
                    }
                }
            }
            Self::Binary { operands, .. } | Self::Logical { operands, .. } => operands.iter().for_each(|o| f(*o)),
            Self::Slice(items) | Self::List(items) | Self::Tuple(items) | Self::Set(items) | Self::Opaque(items) => {
                items.iter().for_each(|i| f(*i));
            }
            Self::Compare { operands, .. } => operands.iter().for_each(|o| f(*o)),
            Self::Unary { operand, .. } => f(*operand),
            Self::Conditional { test, then, otherwise } => {
                f(*test);
                f(*then);
                f(*otherwise);
            }
            Self::Object(entries) => {
                for entry in entries {
                    match entry {
                        Entry::Pair { key, value } => {
                            f(*key);
                            f(*value);
                        }
                        Entry::Spread(value) => f(*value),
                    }
                }
            }
            Self::Comprehension(comprehension) => {
                f(comprehension.element);
                comprehension.value.iter().for_each(|v| f(*v));
                for clause in &comprehension.clauses {
                    match clause {
                        Clause::For { target, iter } => {
                            f(*target);
                            f(*iter);
                        }
                        Clause::If(test) => f(*test),
                    }
                }
            }
            Self::Await(value) | Self::YieldFrom(value) | Self::Spread(value) => f(*value),
            Self::Yield(value) => value.iter().for_each(|v| f(*v)),
            Self::Assign { target, value } => {
                f(*target);
                f(*value);
            }
        }
    }
}

impl StmtKind {
    /// Calls `f` with each expression directly in the statement, those of nested blocks excluded.
    pub fn for_each_expr(&self, mut f: impl FnMut(ExprId)) {
        match self {
            Self::Expr(value) => f(*value),
            Self::Assign { targets, annotation, value } => {
                targets.iter().for_each(|t| f(*t));
                annotation.iter().for_each(|a| f(*a));
                value.iter().for_each(|v| f(*v));
            }
            Self::AugAssign { target, value, .. } => {
                f(*target);
                f(*value);
            }
            Self::Return(value) => value.iter().for_each(|v| f(*v)),
            Self::Raise { value, cause } => value.iter().chain(cause).for_each(|v| f(*v)),
            Self::Assert { test, message } => {
                f(*test);
                message.iter().for_each(|m| f(*m));
            }
            Self::Delete(targets) => targets.iter().for_each(|t| f(*t)),
            Self::If { branches, .. } => branches.iter().for_each(|(test, _)| f(*test)),
            Self::Loop(l) => match l.kind {
                LoopKind::For { target, iter } => {
                    f(target);
                    f(iter);
                }
                LoopKind::While(test) => f(test),
            },
            Self::Try(t) => t.handlers.iter().for_each(|h| h.types.iter().chain(&h.target).for_each(|e| f(*e))),
            Self::With { items, .. } => {
                for (context, target) in items {
                    f(*context);
                    target.iter().for_each(|t| f(*t));
                }
            }
            Self::Match { subject, cases } => {
                f(*subject);
                for case in cases {
                    case.pattern.iter().chain(&case.guard).for_each(|e| f(*e));
                }
            }
            Self::Opaque(exprs, _) => exprs.iter().for_each(|e| f(*e)),
            Self::Function(_)
            | Self::Class(_)
            | Self::Import(_)
            | Self::Global(_)
            | Self::Break
            | Self::Continue
            | Self::Pass
            | Self::TypeAlias => {}
        }
    }

    /// Calls `f` with each block directly in the statement; bodies of functions and classes excluded.
    pub fn for_each_block(&self, mut f: impl FnMut(BlockId)) {
        match self {
            Self::If { branches, otherwise } => {
                branches.iter().for_each(|(_, body)| f(*body));
                otherwise.iter().for_each(|b| f(*b));
            }
            Self::Loop(l) => {
                f(l.body);
                l.otherwise.iter().for_each(|b| f(*b));
            }
            Self::Try(t) => {
                f(t.body);
                t.handlers.iter().for_each(|h| f(h.body));
                t.otherwise.iter().chain(&t.finally).for_each(|b| f(*b));
            }
            Self::With { body, .. } => f(*body),
            Self::Match { cases, .. } => cases.iter().for_each(|c| f(c.body)),
            _ => {}
        }
    }
}

/// A step outwards from an expression.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Around {
    /// An expression that holds it.
    Expr(ExprId),
    /// A statement that holds it, directly or in a nested block, and the block it came from.
    Stmt(StmtId, Option<BlockId>),
    /// The function that it is in.
    Function(FunctionId),
    /// The class body that it is in.
    Class(ClassId),
}

impl Module {
    /// What is around an expression, from the inside out, up to the module.
    pub fn around(&self, expr: ExprId) -> impl Iterator<Item = Around> + '_ {
        self.outwards(self.expr_parents[expr.index()])
    }

    /// What is around a statement, the statement itself first.
    pub fn around_stmt(&self, stmt: StmtId) -> impl Iterator<Item = Around> + '_ {
        self.outwards(Parent::Stmt(stmt))
    }

    fn outwards(&self, mut parent: Parent) -> impl Iterator<Item = Around> + '_ {
        let mut from = None;
        std::iter::from_fn(move || match parent {
            Parent::Expr(id) => {
                parent = self.expr_parents[id.index()];
                Some(Around::Expr(id))
            }
            Parent::Stmt(id) => {
                let block = self.stmt_parents[id.index()];
                parent = self.block_parents[block.index()];
                Some(Around::Stmt(id, from.replace(block)))
            }
            Parent::Function(id) => {
                from = None;
                parent = self.function(id).parent;
                Some(Around::Function(id))
            }
            Parent::Class(id) => {
                from = None;
                parent = self.class(id).parent;
                Some(Around::Class(id))
            }
            Parent::Module => None,
        })
    }

    /// The statement that an expression is part of.
    #[must_use]
    pub fn stmt_of(&self, expr: ExprId) -> Option<StmtId> {
        self.around(expr).find_map(|a| match a {
            Around::Stmt(id, _) => Some(id),
            _ => None,
        })
    }

    /// The innermost function that an expression is in; its decorators and defaults count as in it.
    #[must_use]
    pub fn function_of(&self, expr: ExprId) -> Option<FunctionId> {
        self.around(expr).find_map(|a| match a {
            Around::Function(id) => Some(id),
            _ => None,
        })
    }

    /// The innermost function that a statement is in.
    #[must_use]
    pub fn function_of_stmt(&self, stmt: StmtId) -> Option<FunctionId> {
        self.around_stmt(stmt).find_map(|a| match a {
            Around::Function(id) => Some(id),
            _ => None,
        })
    }

    /// Whether `expr` is `root` or lies below it.
    #[must_use]
    pub fn is_within(&self, expr: ExprId, root: ExprId) -> bool {
        expr == root || self.around(expr).take_while(|a| matches!(a, Around::Expr(_))).any(|a| a == Around::Expr(root))
    }

    /// Whether an expression is in a scope, or in a block inside it: in the same function.
    #[must_use]
    pub fn is_in_block_of(&self, expr: ExprId, scope: ScopeId) -> bool {
        let mut at = self.expr_scopes[expr.index()];
        while at != scope {
            match self.scope(at) {
                Scope { kind: ScopeKind::Block, parent: Some(parent), .. } => at = *parent,
                _ => return false,
            }
        }
        true
    }

    /// Whether an expression is what is assigned to, as a whole.
    #[must_use]
    pub fn is_assigned(&self, expr: ExprId) -> bool {
        match self.expr_parents[expr.index()] {
            Parent::Stmt(stmt) => matches!(&self.stmt(stmt).kind, StmtKind::Assign { targets, .. } if targets.contains(&expr)),
            Parent::Expr(parent) => matches!(self.expr(parent).kind, ExprKind::Assign { target, .. } if target == expr),
            _ => false,
        }
    }

    /// Whether an expression is (part of) what a value is assigned to or matched by, not a value.
    #[must_use]
    pub fn is_pattern(&self, expr: ExprId) -> bool {
        let mut at = expr;
        loop {
            match self.expr_parents[at.index()] {
                Parent::Expr(parent) => match &self.expr(parent).kind {
                    ExprKind::Object(_) | ExprKind::Tuple(_) => at = parent,
                    ExprKind::Assign { target, .. } if *target == at => at = parent,
                    _ => return false,
                },
                Parent::Stmt(stmt) => {
                    return match &self.stmt(stmt).kind {
                        StmtKind::Assign { targets, .. } => targets.contains(&at),
                        StmtKind::Loop(l) => matches!(l.kind, LoopKind::For { target, .. } if target == at),
                        _ => false,
                    };
                }
                Parent::Function(function) => return self.function(function).params.iter().any(|param| param.target == at),
                Parent::Class(_) | Parent::Module => return false,
            }
        }
    }

    /// The expression and all below it that belong to the same function, parents before children.
    #[must_use]
    pub fn descendants(&self, root: ExprId) -> Vec<ExprId> {
        let mut found = vec![root];
        let mut next = 0;
        while next < found.len() {
            self.expr(found[next]).kind.for_each_child(|child| found.push(child));
            next += 1;
        }
        found
    }

    /// All statements of a block and of the blocks nested in it, bodies of functions and classes excluded, in source order.
    #[must_use]
    pub fn statements(&self, block: BlockId) -> Vec<StmtId> {
        let mut found = Vec::new();
        let mut todo: Vec<StmtId> = self.block(block).stmts.iter().rev().copied().collect();
        while let Some(id) = todo.pop() {
            found.push(id);
            let mut nested = Vec::new();
            let kind = &self.stmt(id).kind;
            kind.for_each_block(|b| nested.extend(self.block(b).stmts.iter().copied()));
            if let StmtKind::Opaque(_, stmts) = kind {
                nested.extend(stmts.iter().copied());
            }
            todo.extend(nested.into_iter().rev());
        }
        found
    }

    /// All expressions in a block, nested blocks included, bodies of functions and classes excluded.
    #[must_use]
    pub fn expressions(&self, block: BlockId) -> Vec<ExprId> {
        let mut found = Vec::new();
        for stmt in self.statements(block) {
            self.stmt(stmt).kind.for_each_expr(|e| found.extend(self.descendants(e)));
        }
        found
    }
}
