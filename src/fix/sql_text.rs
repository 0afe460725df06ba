//! How a SQL text is written in the source, and what goes when its holes become placeholders.

use crate::ir::program::*;
use crate::model::program::{ModuleId, Program};
use crate::model::sql::Position;
use crate::source::Span;

/// A text with holes, as it is written.
pub(super) struct Written {
    /// What is filled in, in order.
    pub holes: Vec<ExprId>,
    /// Where the holes stand in the source.
    places: Vec<Hole>,
    /// What else goes: an `f`, the arguments of `%` and `.format`.
    pub removed: Vec<Span>,
    /// The whole expression.
    pub span: Span,
    /// Where its text ends, the closing mark left out.
    pub end: u32,
}

/// Where a hole stands.
#[derive(Clone, Copy)]
enum Hole {
    /// `{name}` of an f-string: text may stand beside it inside SQL's quotation marks.
    Braces(Span),
    /// `%s`, `{}`.
    Mark(Span),
    /// `${name}` of a template literal.
    Template(Span),
    /// From the end of one literal to the start of the next; `last` closes the first again.
    Between { span: Span, last: bool },
}

/// What a hole becomes: the source that goes, what follows the placeholder there, and the value to bind.
pub(super) struct Slot {
    pub span: Span,
    pub behind: &'static str,
    pub value: String,
}

impl Written {
    /// Reads how a text is written; nothing for shapes that cannot be edited in place.
    pub fn read(program: &Program, id: ModuleId, expr: ExprId) -> Option<Self> {
        let module = program.module(id);
        let span = module.expr(expr).span;
        let source = program.text(id, expr);
        let parts = match &module.expr(expr).kind {
            ExprKind::Template { parts, tag: None } if source.starts_with('`') => {
                let holes: Vec<ExprId> = parts.iter().filter_map(hole).collect();
                let places = holes.iter().map(|hole| Hole::Template(module.expr(*hole).span)).collect();
                return Some(Self { holes, places, removed: Vec::new(), span, end: span.end - 1 });
            }
            ExprKind::Template { parts, tag: None } if is_one_f_string(source) => {
                let holes: Vec<ExprId> = parts.iter().filter_map(hole).collect();
                let places = holes.iter().map(|hole| Hole::Braces(module.expr(*hole).span)).collect();
                let mark = if source.ends_with("\"\"\"") || source.ends_with("'''") { 3 } else { 1 };
                return Some(Self { holes, places, removed: vec![Span { end: span.start + 1, ..span }], span, end: span.end - mark });
            }
            ExprKind::Binary { op: BinaryOp::Mod, operands } => {
                let [left, right] = operands[..] else { return None };
                let holes = match &module.expr(right).kind {
                    ExprKind::Tuple(parts) => parts.to_vec(),
                    ExprKind::Object(_) => return None,
                    _ => vec![right],
                };
                (left, holes, marks(program, id, left, "%s")?)
            }
            ExprKind::Call(call) => {
                let ExprKind::Attribute { object, name, .. } = module.expr(call.callee).kind else { return None };
                if name != "format" || call.args.iter().any(|arg| arg.kind != ArgKind::Positional) {
                    return None;
                }
                (object, call.args.iter().map(|arg| arg.value).collect(), marks(program, id, object, "{}")?)
            }
            ExprKind::Binary { op: BinaryOp::Add, operands } => return concatenated(program, id, operands, span),
            _ => return None,
        };
        let (literal, holes, places) = parts;
        let removed = vec![Span { start: module.expr(literal).span.end, ..span }];
        // In parentheses of its own, the literal ends elsewhere.
        let file = &program.sources.get(module.file).text;
        if !file.get(removed[0].range())?.trim_start().starts_with(['%', '.']) {
            return None;
        }
        (holes.len() == places.len()).then_some(Self { holes, places, end: removed[0].start - 1, removed, span })
    }

    /// What a hole becomes, by its index.
    pub fn slot(&self, program: &Program, id: ModuleId, index: usize, position: Position) -> Option<Slot> {
        let text = &program.sources.get(program.module(id).file).text;
        let value = program.text(id, self.holes[index]).to_owned();
        let quoted = position == Position::Quoted;
        match self.places[index] {
            Hole::Braces(span) => braces(text, self.span, span, quoted),
            Hole::Template(span) => substitution(text, self.span, span, quoted),
            Hole::Mark(span) => Some(Slot { span: if quoted { unquoted(text, span, 0)? } else { span }, behind: "", value }),
            Hole::Between { span, last: false } => {
                Some(Slot { span: if quoted { unquoted(text, span, 1)? } else { span }, behind: "", value })
            }
            Hole::Between { span, last: true } => {
                let mark = if text.as_bytes().get(span.start as usize) == Some(&b'"') { "\"" } else { "'" };
                (!quoted).then_some(Slot { span, behind: mark, value })
            }
        }
    }
}

fn hole(part: &TemplatePart) -> Option<ExprId> {
    match part {
        TemplatePart::Hole(expr) => Some(*expr),
        TemplatePart::Text(..) => None,
    }
}

fn is_one_f_string(source: &str) -> bool {
    source.strip_prefix(['f', 'F']).is_some_and(is_one_literal)
}

/// Whether source text is one literal without a prefix.
fn is_one_literal(source: &str) -> bool {
    let mark = if source.starts_with("\"\"\"") || source.starts_with("'''") { &source[..3] } else { source.get(..1).unwrap_or_default() };
    matches!(mark.chars().next(), Some('"' | '\''))
        && source.len() >= 2 * mark.len()
        && !source[mark.len()..source.len() - mark.len()].contains(mark)
}

/// Where a literal has marks that a value is put in for; nothing if it has any other.
fn marks(program: &Program, id: ModuleId, literal: ExprId, mark: &str) -> Option<Vec<Hole>> {
    let module = program.module(id);
    let source = program.text(id, literal);
    if !matches!(module.expr(literal).kind, ExprKind::String(_)) || !is_one_literal(source) {
        return None;
    }
    let start = module.expr(literal).span.start as usize;
    let signs = source.matches(&mark[..1]).count();
    let found: Vec<Hole> = source.match_indices(mark).map(|(at, _)| Hole::Mark(Span::new(start + at, start + at + mark.len()))).collect();
    (signs == found.len()).then_some(found)
}

/// `"… = '" + name + "' AND …"`
fn concatenated(program: &Program, id: ModuleId, operands: &[ExprId], span: Span) -> Option<Written> {
    let module = program.module(id);
    let is_literal = |expr: &ExprId| matches!(module.expr(*expr).kind, ExprKind::String(_));
    let (mut holes, mut places) = (Vec::new(), Vec::new());
    let mut mark = None;
    for (index, operand) in operands.iter().enumerate() {
        if is_literal(operand) {
            let source = program.text(id, *operand);
            let own = source.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            // Literals that stand side by side, or with other marks, stay as they are.
            let follows_literal = index > 0 && is_literal(&operands[index - 1]);
            if !is_one_literal(source)
                || source.len() < 2
                || follows_literal
                || *mark.get_or_insert(own) != own
                || source.starts_with("\"\"\"")
            {
                return None;
            }
            continue;
        }
        let before = index.checked_sub(1).and_then(|at| operands.get(at)).filter(|before| is_literal(before))?;
        let start = module.expr(*before).span.end - 1;
        holes.push(*operand);
        places.push(match operands.get(index + 1) {
            Some(next) if is_literal(next) => Hole::Between { span: Span { start, end: module.expr(*next).span.start + 1 }, last: false },
            Some(_) => return None,
            None => Hole::Between { span: Span { start, end: span.end }, last: true },
        });
    }
    Some(Written { holes, places, removed: Vec::new(), span, end: span.end })
}

/// A span with the quotation marks of SQL around it, if they stand right beside it; `marks` of the language lie between.
fn unquoted(text: &str, span: Span, marks: u32) -> Option<Span> {
    let (start, end) = (span.start as usize, span.end as usize);
    let stands = text[..start].ends_with('\'') && text[end..].starts_with('\'');
    // In a literal with the same marks they would be escaped.
    let is_plain = marks == 0 || text.as_bytes().get(start) == Some(&b'"');
    (stands && is_plain && !text[..start - 1].ends_with('\\')).then_some(Span { start: span.start - 1, end: span.end + 1 })
}

/// What goes when a hole of an f-string becomes a placeholder: its braces, and the quotation marks with what they hold
/// beside it.
fn braces(text: &str, whole: Span, hole: Span, quoted: bool) -> Option<Slot> {
    let open = text[..hole.start as usize].rfind('{')?;
    let close = hole.end as usize + text[hole.end as usize..].find('}')?;
    // A conversion or a format would be lost.
    if text[open + 1..hole.start as usize].trim() != "" || text[hole.end as usize..close].trim() != "" {
        return None;
    }
    let source = text[hole.range()].to_owned();
    if !quoted {
        return Some(Slot { span: Span::new(open, close + 1), behind: "", value: source });
    }
    let before = text[whole.start as usize..open].rfind('\'').map(|at| whole.start as usize + at)?;
    let after = close + 1 + text[close + 1..whole.end as usize].find('\'')?;
    let (left, right) = (&text[before + 1..open], &text[close + 1..after]);
    if [left, right].iter().any(|part| part.contains(['{', '}', '\n', '"'])) {
        return None;
    }
    let value = if left.is_empty() && right.is_empty() { source } else { format!("f\"{left}{{{source}}}{right}\"") };
    (!value.contains('\\') && !has_quotes_inside(&value)).then_some(Slot { span: Span::new(before, after + 1), behind: "", value })
}

/// What goes when a hole of a template literal becomes a placeholder: the quotation marks of SQL go with it, and what they
/// hold beside it goes into a template of its own.
fn substitution(text: &str, whole: Span, hole: Span, quoted: bool) -> Option<Slot> {
    let open = text[..hole.start as usize].rfind("${")?;
    let close = hole.end as usize + text[hole.end as usize..].find('}')?;
    if text[open + 2..hole.start as usize].trim() != "" || text[hole.end as usize..close].trim() != "" {
        return None;
    }
    let value = text[hole.range()].to_owned();
    if !quoted {
        return Some(Slot { span: Span::new(open, close + 1), behind: "", value });
    }
    let before = text[whole.start as usize..open].rfind('\'').map(|at| whole.start as usize + at)?;
    let after = close + 1 + text[close + 1..whole.end as usize].find('\'')?;
    let (left, right) = (&text[before + 1..open], &text[close + 1..after]);
    if [left, right].iter().any(|part| part.contains(['{', '}', '\n', '\\'])) {
        return None;
    }
    let value = if left.is_empty() && right.is_empty() { value } else { format!("`{left}${{{value}}}{right}`") };
    Some(Slot { span: Span::new(before, after + 1), behind: "", value })
}

/// An f-string in an f-string needs other quotation marks before Python 3.12.
fn has_quotes_inside(value: &str) -> bool {
    value.strip_prefix("f\"").and_then(|rest| rest.strip_suffix('"')).is_some_and(|inside| inside.contains('"'))
}
