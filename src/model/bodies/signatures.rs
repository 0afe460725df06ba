//! Webhooks: whether the signature of a request is verified, by a handler or by what runs before it.

use crate::ir::program::*;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::values;

/// Methods that verify a signature, whatever library they are of.
const VERIFIERS: [&str; 20] = [
    "construct_event",
    "constructEvent",
    "constructEventAsync",
    "compare_digest",
    "timingSafeEqual",
    "is_valid_request",
    "isValidRequest",
    "verify_signature",
    "verifySignature",
    "validate_signature",
    "validateSignature",
    "verify_webhook",
    "verifyWebhook",
    "verify_webhook_signature",
    "verifyWebhookSignature",
    "verifyAndReceive",
    "validateRequest",
    "verify_slack_signature",
    "verifyKey",
    "construct_webhook_event",
];

/// How far functions are followed.
const DEPTH: u8 = 3;

/// Whether a function verifies a signature, itself or by functions of the project that it calls.
pub(super) fn verifies(program: &Program, function: FunctionRef) -> bool {
    verifies_within(program, function, DEPTH)
}

fn verifies_within(program: &Program, function: FunctionRef, depth: u8) -> bool {
    let id = function.module;
    let module = program.module(id);
    let expressions = match module.function(function.function).body {
        FunctionBody::Block(body) => module.expressions(body),
        FunctionBody::Expr(value) => module.descendants(value),
    };
    expressions.into_iter().any(|expr| {
        let Some(call) = module.call(expr) else {
            // A function in it: a decorator's wrapper.
            return match module.expr(expr).kind {
                ExprKind::Compare { ref operands, ref ops } => {
                    is_secret_compared(program, id, operands, ops) && is_refused_by(module, expr, ops)
                }
                ExprKind::Function(inner) => depth > 0 && verifies_within(program, FunctionRef { module: id, function: inner }, depth - 1),
                _ => false,
            };
        };
        let (ExprKind::Name(name) | ExprKind::Attribute { name, .. }) = module.expr(call.callee).kind else { return false };
        let looks_at_signature = || {
            let text = program.text(id, expr).to_ascii_lowercase();
            text.contains("signature") || text.contains("webhook") || text.contains("svix")
        };
        if VERIFIERS.contains(&name.as_str()) || (matches!(name.as_str(), "verify" | "unwrap") && looks_at_signature()) {
            return true;
        }
        match program.callee(id, expr) {
            Entity::Function(called) => depth > 0 && called != function && verifies_within(program, called, depth - 1),
            // Out of sight, and called so.
            Entity::Unknown | Entity::Library(_) => {
                let lower = name.to_ascii_lowercase();
                lower.contains("signature") && ["verify", "valid", "check", "ensure", "assert"].iter().any(|word| lower.contains(word))
            }
            _ => false,
        }
    }) || nested(module, function.function)
        .any(|inner| depth > 0 && verifies_within(program, FunctionRef { module: id, function: inner }, depth - 1))
}

/// `request.headers.get("X-Hook-Secret") != SECRET`
fn is_secret_compared(program: &Program, id: ModuleId, operands: &[ExprId], ops: &[CompareOp]) -> bool {
    if !ops.iter().all(|op| matches!(op, CompareOp::Eq | CompareOp::NotEq)) {
        return false;
    }
    let texts: Vec<String> = operands.iter().map(|operand| program.text(id, *operand).to_ascii_lowercase()).collect();
    let is_header = |text: &String| text.contains("headers") || text.contains(".header(");
    let is_secret = |text: &String| ["secret", "token", "signature", "apikey", "api_key"].iter().any(|word| text.contains(word));
    let of_header = |operand: &ExprId| {
        let (at, origin) = values::origin(program, id, *operand);
        is_header(&program.text(at, origin).to_ascii_lowercase())
    };
    let header = operands.iter().position(of_header);
    let is_own = |index: usize| {
        let text = &texts[index];
        let is_literal = matches!(program.module(id).expr(operands[index]).kind, ExprKind::String(_));
        is_secret(text) && !is_literal && !text.contains("req.") && !text.contains("request.") && !text.contains("client")
    };
    header.is_some_and(|header| (0..texts.len()).any(|index| index != header && is_own(index)))
}

/// Whether a comparison that fails ends what is done: `if (given !== SECRET) return`, `if given == SECRET: … else: abort()`.
fn is_refused_by(module: &Module, comparison: ExprId, ops: &[CompareOp]) -> bool {
    let mut at = comparison;
    let stmt = loop {
        match module.expr_parents[at.index()] {
            Parent::Expr(parent) => at = parent,
            Parent::Stmt(stmt) => break stmt,
            _ => return false,
        }
    };
    let StmtKind::If { branches, otherwise } = &module.stmt(stmt).kind else { return false };
    // `abort(403)` does not come back.
    let aborts = |expr: &ExprId| {
        let callee = module.call(*expr).map(|call| &module.expr(call.callee).kind);
        matches!(callee, Some(ExprKind::Name(name) | ExprKind::Attribute { name, .. }) if *name == "abort")
    };
    let ends = |block: BlockId| !module.block(block).falls_through || module.expressions(block).iter().any(aborts);
    if ops.contains(&CompareOp::NotEq) {
        return branches.iter().any(|(test, block)| *test == at && ends(*block));
    }
    otherwise.is_some_and(ends)
}

/// Functions that are defined by statements of a function.
fn nested(module: &Module, function: FunctionId) -> impl Iterator<Item = FunctionId> + '_ {
    let stmts = match module.function(function).body {
        FunctionBody::Block(body) => module.statements(body),
        FunctionBody::Expr(_) => Vec::new(),
    };
    stmts.into_iter().filter_map(|stmt| match module.stmt(stmt).kind {
        StmtKind::Function(inner) => Some(inner),
        _ => None,
    })
}

/// The function of the project that an expression stands for, or that makes what it stands for: `validate`, `validate(schema)`.
pub(super) fn function_of(program: &Program, id: ModuleId, expr: ExprId) -> Option<FunctionRef> {
    let module = program.module(id);
    let resolver = Resolver::new(program);
    let direct = |expr: ExprId| match resolver.entity(id, expr) {
        Entity::Function(function) => Some(function),
        _ => None,
    };
    direct(expr).or_else(|| direct(module.call(expr)?.callee))
}
