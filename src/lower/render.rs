//! The program model, written down in one line: what the parts are, not how they were spelled.

use std::fmt::Write;

use crate::ir::program::*;

/// The statements of a module.
pub fn render(module: &Module) -> String {
    Renderer(module).stmts(module.body)
}

/// An expression.
pub fn render_expr(module: &Module, id: ExprId) -> String {
    Renderer(module).expr(id)
}

/// `?` of optional chains.
fn mark(optional: bool) -> &'static str {
    if optional { "?" } else { "" }
}

struct Renderer<'m>(&'m Module);

impl Renderer<'_> {
    fn stmts(&self, block: BlockId) -> String {
        self.0.block(block).stmts.iter().map(|stmt| self.stmt(*stmt)).collect::<Vec<_>>().join("; ")
    }

    /// A block, with a mark where control cannot reach its end.
    fn block(&self, block: BlockId) -> String {
        let end = if self.0.block(block).falls_through { "" } else { "!" };
        format!("{{{}}}{end}", self.stmts(block))
    }

    fn otherwise(&self, word: &str, block: Option<BlockId>) -> String {
        block.map_or(String::new(), |block| format!(" {word} {}", self.block(block)))
    }

    fn list(&self, exprs: &[ExprId]) -> String {
        exprs.iter().map(|expr| self.expr(*expr)).collect::<Vec<_>>().join(", ")
    }

    fn maybe(&self, before: &str, expr: Option<ExprId>) -> String {
        expr.map_or(String::new(), |expr| format!("{before}{}", self.expr(expr)))
    }

    fn stmt(&self, id: StmtId) -> String {
        match &self.0.stmt(id).kind {
            StmtKind::Expr(value) => self.expr(*value),
            StmtKind::Assign { targets, annotation, value } => {
                format!("let {}{}{}", self.list(targets), self.maybe(": ", *annotation), self.maybe(" = ", *value))
            }
            StmtKind::AugAssign { target, op, value } => format!("{} {op:?}= {}", self.expr(*target), self.expr(*value)),
            StmtKind::Return(value) => format!("return{}", self.maybe(" ", *value)),
            StmtKind::Raise { value, cause } => format!("raise{}{}", self.maybe(" ", *value), self.maybe(" from ", *cause)),
            StmtKind::Assert { test, message } => format!("assert {}{}", self.expr(*test), self.maybe(", ", *message)),
            StmtKind::Delete(targets) => format!("del {}", self.list(targets)),
            StmtKind::If { branches, otherwise } => {
                let branches = branches.iter().map(|(test, body)| format!("if {} {}", self.expr(*test), self.block(*body)));
                branches.collect::<Vec<_>>().join(" el") + &self.otherwise("else", *otherwise)
            }
            StmtKind::Loop(l) => {
                let head = match l.kind {
                    LoopKind::For { target, iter } => format!("for {} in {}", self.expr(target), self.expr(iter)),
                    LoopKind::While(test) => format!("while {}", self.expr(test)),
                };
                let mark = if l.is_async { "async " } else { "" };
                format!("{mark}{head} {}{}", self.block(l.body), self.otherwise("else", l.otherwise))
            }
            StmtKind::Try(t) => {
                let mut text = format!("try {}", self.block(t.body));
                for handler in &t.handlers {
                    let head = format!("{}{}", self.maybe(" ", handler.types), self.maybe(" as ", handler.target));
                    let _ = write!(text, " except{head} {}", self.block(handler.body));
                }
                text + &self.otherwise("else", t.otherwise) + &self.otherwise("finally", t.finally)
            }
            StmtKind::With { items, body, is_async } => {
                let items = items.iter().map(|(context, target)| self.expr(*context) + &self.maybe(" as ", *target));
                let mark = if *is_async { "async " } else { "" };
                format!("{mark}with {} {}", items.collect::<Vec<_>>().join(", "), self.block(*body))
            }
            StmtKind::Match { subject, cases } => {
                let mut text = format!("match {}", self.expr(*subject));
                for case in cases {
                    let _ =
                        write!(text, " case <{}>{} {}", self.list(&case.pattern), self.maybe(" if ", case.guard), self.block(case.body));
                }
                text
            }
            StmtKind::Function(id) => self.function(*id),
            StmtKind::Class(id) => self.class(*id),
            StmtKind::Import(indices) => {
                let import = |index: &u32| {
                    let import = &self.0.imports[*index as usize];
                    let what = match import.what {
                        Imported::Module => String::new(),
                        Imported::Root => ".^".to_owned(),
                        Imported::Name(name) => format!(".{name}"),
                        Imported::All => ".*".to_owned(),
                    };
                    format!("{}{what} as {}", import.module, import.local)
                };
                format!("import {}", indices.iter().map(import).collect::<Vec<_>>().join(", "))
            }
            StmtKind::Global(names) => format!("global {}", names.iter().map(ustr::Ustr::as_str).collect::<Vec<_>>().join(", ")),
            StmtKind::Break => "break".to_owned(),
            StmtKind::Continue => "continue".to_owned(),
            StmtKind::Pass => "pass".to_owned(),
            StmtKind::TypeAlias => "type".to_owned(),
            StmtKind::Opaque(exprs, stmts) => {
                let stmts: Vec<String> = stmts.iter().map(|stmt| self.stmt(*stmt)).collect();
                format!("?({}){{{}}}", self.list(exprs), stmts.join("; "))
            }
        }
    }

    fn function(&self, id: FunctionId) -> String {
        let f = self.0.function(id);
        let decorators = self.decorators(&f.decorators);
        let form = match f.form {
            FunctionForm::Plain | FunctionForm::Arrow => "",
            FunctionForm::Static => "static ",
            FunctionForm::Getter => "get ",
            FunctionForm::StaticGetter => "static get ",
            FunctionForm::Setter => "set ",
        };
        let marks = [(f.is_async, "async "), (f.is_generator, "generator "), (f.class.is_some(), "method ")];
        let marks: String = marks.iter().filter(|(is_so, _)| *is_so).map(|(_, mark)| *mark).collect();
        let params: Vec<String> = f.params.iter().map(|param| self.param(param)).collect();
        let head = format!("{decorators}{form}{marks}def {}({}){}", f.name, params.join(", "), self.maybe(" -> ", f.returns));
        match f.body {
            FunctionBody::Block(body) => format!("{head} {}", self.block(body)),
            FunctionBody::Expr(value) => format!("{head} = {}", self.expr(value)),
        }
    }

    fn decorators(&self, decorators: &[ExprId]) -> String {
        decorators.iter().fold(String::new(), |text, decorator| text + "@" + &self.expr(*decorator) + " ")
    }

    fn param(&self, param: &Param) -> String {
        let kind = match param.kind {
            ParamKind::Normal => "",
            ParamKind::KeywordOnly => "kw ",
            ParamKind::Rest => "*",
            ParamKind::KeywordRest => "**",
        };
        let target = self.expr(param.target);
        assert!(param.name.is_empty() || param.name == target.as_str());
        let decorators = self.decorators(&param.decorators);
        let field = if param.is_field { "field " } else { "" };
        format!("{decorators}{field}{kind}{target}{}{}", self.maybe(": ", param.annotation), self.maybe(" = ", param.default))
    }

    fn class(&self, id: ClassId) -> String {
        let class = self.0.class(id);
        let decorators = self.decorators(&class.decorators);
        format!("{decorators}class {}({}) {}", class.name, self.args(&class.bases), self.block(class.body))
    }

    fn args(&self, args: &[Arg]) -> String {
        let arg = |arg: &Arg| match arg.kind {
            ArgKind::Positional => self.expr(arg.value),
            ArgKind::Keyword(name) => format!("{name}={}", self.expr(arg.value)),
            ArgKind::Spread => format!("*{}", self.expr(arg.value)),
            ArgKind::KeywordSpread => format!("**{}", self.expr(arg.value)),
        };
        args.iter().map(arg).collect::<Vec<_>>().join(", ")
    }

    fn expr(&self, id: ExprId) -> String {
        match &self.0.expr(id).kind {
            ExprKind::Name(name) => name.to_string(),
            ExprKind::Attribute { object, name, optional, .. } => format!("{}{}.{name}", self.expr(*object), mark(*optional)),
            ExprKind::Subscript { object, index, optional } => format!("{}{}[{}]", self.expr(*object), mark(*optional), self.expr(*index)),
            ExprKind::Slice(parts) => format!("slice({})", self.list(parts)),
            ExprKind::Call(call) => {
                let new = if call.is_new { "new " } else { "" };
                format!("{new}{}{}({})", self.expr(call.callee), mark(call.optional), self.args(&call.args))
            }
            ExprKind::String(text) => format!("{:?}", text.as_str()),
            ExprKind::Template { parts, tag } => {
                let part = |part: &TemplatePart| match part {
                    TemplatePart::Text(text, _) => format!("{:?}", text.as_str()),
                    TemplatePart::Hole(hole) => format!("{{{}}}", self.expr(*hole)),
                };
                let tag = tag.map_or("f".to_owned(), |tag| self.expr(tag));
                format!("{tag}<{}>", parts.iter().map(part).collect::<Vec<_>>().join(" "))
            }
            ExprKind::Number(digits) => digits.to_string(),
            ExprKind::Bool(value) => value.to_string(),
            ExprKind::Null => "null".to_owned(),
            ExprKind::Ellipsis => "...".to_owned(),
            ExprKind::Binary { op, operands } => format!("{op:?}({})", self.list(operands)),
            ExprKind::Logical { op, operands } => format!("{op:?}({})", self.list(operands)),
            ExprKind::Compare { operands, ops } => {
                let mut text = self.expr(operands[0]);
                for (op, operand) in ops.iter().zip(&operands[1..]) {
                    let _ = write!(text, " {op:?} {}", self.expr(*operand));
                }
                format!("({text})")
            }
            ExprKind::Unary { op, operand } => format!("{op:?}({})", self.expr(*operand)),
            ExprKind::Conditional { test, then, otherwise } => {
                format!("({} ? {} : {})", self.expr(*test), self.expr(*then), self.expr(*otherwise))
            }
            ExprKind::Object(entries) => {
                let entry = |entry: &Entry| match entry {
                    Entry::Pair { key, value } => format!("{}: {}", self.expr(*key), self.expr(*value)),
                    Entry::Spread(value) => format!("**{}", self.expr(*value)),
                };
                format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
            }
            ExprKind::List(items) => format!("[{}]", self.list(items)),
            ExprKind::Tuple(items) => format!("tuple({})", self.list(items)),
            ExprKind::Set(items) => format!("set({})", self.list(items)),
            ExprKind::Comprehension(c) => {
                let clause = |clause: &Clause| match clause {
                    Clause::For { target, iter } => format!(" for {} in {}", self.expr(*target), self.expr(*iter)),
                    Clause::If(test) => format!(" if {}", self.expr(*test)),
                };
                let clauses: String = c.clauses.iter().map(clause).collect();
                format!("{:?}({}{}{clauses})", c.kind, self.expr(c.element), self.maybe(": ", c.value))
            }
            ExprKind::Function(id) => format!("({})", self.function(*id)),
            ExprKind::Class(id) => format!("({})", self.class(*id)),
            ExprKind::Require(index) => format!("require({:?})", self.0.imports[*index as usize].module.as_str()),
            ExprKind::Await(value) => format!("await {}", self.expr(*value)),
            ExprKind::Yield(value) => format!("yield{}", self.maybe(" ", *value)),
            ExprKind::YieldFrom(value) => format!("yield from {}", self.expr(*value)),
            ExprKind::Spread(value) => format!("*{}", self.expr(*value)),
            ExprKind::Assign { target, value } => format!("({} := {})", self.expr(*target), self.expr(*value)),
            ExprKind::Opaque(parts) => format!("?({})", self.list(parts)),
        }
    }
}
