//! What declarations of Python say of a page size: its type, and the bounds that a framework checks.

use super::Limit;
use crate::ir::program::*;
use crate::model::generics;
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::Resolver;
use crate::model::values::{self, Value};

/// What a declaration says.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Declared {
    /// It is a whole number, as far as can be told.
    pub(super) is_number: bool,
    /// Its upper bound.
    pub(super) limit: Limit,
    /// The call that such a bound stands in, or would.
    pub(super) call: Option<ExprId>,
    /// That call says `lt`.
    pub(super) is_below: bool,
}

/// What the annotation and the default of a parameter or a field say.
pub(super) fn of(program: &Program, id: ModuleId, annotation: Option<ExprId>, default: Option<ExprId>) -> Declared {
    let number = annotation.map(|annotation| is_number(program, id, annotation, 6));
    let by_default = default.is_some_and(|default| match program.module(id).expr(default).kind {
        ExprKind::Number(digits) => !digits.contains('.'),
        // `Query(50)`
        ExprKind::Call(_) => program
            .module(id)
            .call(default)
            .is_some_and(|call| call.args.iter().any(|arg| matches!(values::value(program, id, arg.value), Value::Number(_)))),
        _ => false,
    });
    let mut declared = Declared { is_number: number.unwrap_or(by_default), limit: Limit::None, call: None, is_below: false };
    for expr in annotation.into_iter().chain(default) {
        let (at, origin) = values::origin(program, id, expr);
        declared.read(program, at, origin, at == id);
        // `Annotated` types that have a name, inside a union.
        if let ExprKind::Binary { operands, .. } = &program.module(at).expr(origin).kind {
            for operand in operands {
                let (m, inner) = values::origin(program, at, *operand);
                if inner != *operand {
                    declared.read(program, m, inner, m == id);
                }
            }
        }
    }
    declared
}

impl Declared {
    fn read(&mut self, program: &Program, id: ModuleId, whole: ExprId, is_here: bool) {
        let module = program.module(id);
        for expr in module.descendants(whole) {
            let Some(call) = module.call(expr) else { continue };
            let (ExprKind::Name(name) | ExprKind::Attribute { name, .. }) = module.expr(call.callee).kind else { continue };
            if matches!(name.as_str(), "Le" | "Lt") {
                let limit = call.args.first().map_or(Limit::Unseen, |arg| Limit::of(program, id, arg.value));
                self.limit = self.limit.and(limit);
                continue;
            }
            // A function of the project may check anything: `AfterValidator(check)`.
            if matches!(name.as_str(), "AfterValidator" | "BeforeValidator" | "PlainValidator" | "WrapValidator" | "validator") {
                self.limit = self.limit.and(Limit::Unseen);
                continue;
            }
            if is_here && self.call.is_none() && name != "Depends" {
                self.call = Some(expr);
            }
            for arg in &call.args {
                let ArgKind::Keyword(name) = arg.kind else { continue };
                let less = match name.as_str() {
                    "le" | "max_value" | "maximum" => 0.0,
                    "lt" => 1.0,
                    _ => continue,
                };
                self.is_below |= name == "lt";
                let limit = match Limit::of(program, id, arg.value) {
                    Limit::At(n) => Limit::At(n - less),
                    _ if matches!(module.expr(arg.value).kind, ExprKind::Null) => Limit::None,
                    other => other,
                };
                self.limit = self.limit.and(limit);
            }
        }
    }
}

/// Whether an annotation is of whole numbers: `int`, `Optional[int]`, `PositiveInt`, `Annotated[int, …]`, or a name for one.
fn is_number(program: &Program, id: ModuleId, annotation: ExprId, depth: u8) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let module = program.module(id);
    let resolver = Resolver::new(program);
    match &module.expr(annotation).kind {
        ExprKind::Name(_) | ExprKind::Attribute { .. } => {
            let last = resolver.entity(id, annotation).library().map(|path| path.rsplit('.').next().unwrap_or_default().to_owned());
            match last.as_deref() {
                Some("int" | "PositiveInt" | "NonNegativeInt" | "StrictInt") => true,
                Some(_) => false,
                None => {
                    let (at, origin) = values::origin(program, id, annotation);
                    (at, origin) != (id, annotation) && is_number(program, at, origin, depth)
                }
            }
        }
        ExprKind::Binary { op: BinaryOp::BitOr, operands } => {
            let mut others = operands.iter().filter(|operand| !matches!(module.expr(**operand).kind, ExprKind::Null)).peekable();
            others.peek().is_some() && others.all(|operand| is_number(program, id, *operand, depth))
        }
        ExprKind::Subscript { object, index, .. } => {
            let (last, parts) = generics::taken_apart(program, id, *object, *index);
            match last.as_str() {
                "Annotated" | "Optional" | "Query" => parts.first().is_some_and(|part| is_number(program, id, *part, depth)),
                "Union" => {
                    let mut others = parts.iter().filter(|part| !matches!(module.expr(**part).kind, ExprKind::Null)).peekable();
                    others.peek().is_some() && others.all(|part| is_number(program, id, *part, depth))
                }
                _ => false,
            }
        }
        ExprKind::Call(call) => {
            matches!(module.expr(call.callee).kind, ExprKind::Name(name) | ExprKind::Attribute { name, .. } if name == "conint")
        }
        ExprKind::String(text) => text.trim() == "int",
        _ => false,
    }
}
