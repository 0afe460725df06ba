//! `unbounded-query`: a page size or a result set without an upper bound.

use ustr::Ustr;

use super::{Check, Context, Rule};
use crate::finding::{Confidence, Related, Severity};
use crate::fix::{Fix, Intent};
use crate::ir::program::{ExprId, Language};
use crate::model::apis::JAVASCRIPT;
use crate::model::page_sizes::{self, Most, PageSize, Slot};
use crate::model::program::{ModuleId, Program};
use crate::model::result_sets::{self, Extent, ResultSet, Source};
use crate::model::values::{self, Value};

pub const RULE: Rule = Rule {
    id: "unbounded-query",
    severity: Severity::Critical,
    page: include_str!("../../rules/unbounded-query.md"),
    checks: &[Check::Module(check)],
};

fn check(ctx: &mut Context<'_>, id: ModuleId) {
    let project = ctx.project;
    let file = project.program.module(id).file;
    let most = project.settings(file).max_page_size;
    #[expect(clippy::cast_precision_loss, reason = "page sizes are far below 2^53")]
    for size in page_sizes::too_large(project, id, most as f64) {
        let confidence = match size.most {
            _ if project.is_auxiliary(id) => Confidence::Low,
            // It may be a list in memory that is cut.
            Most::Any if size.is_only_slice => Confidence::Medium,
            Most::Any | Most::Declared(_) => Confidence::High,
            Most::Clamped(_) => Confidence::Medium,
        };
        let message = match size.most {
            Most::Any => format!("`{}` has no upper bound: whoever asks says how many rows are read", size.name),
            Most::Declared(n) | Most::Clamped(n) => format!("`{}` may be up to {n}: a page is {most} rows at most", size.name),
        };
        ctx.report(project.program.place(id, size.at), confidence, message, bound(&project.program, id, &size, most));
    }
    for set in result_sets::unlimited(project, id) {
        let extent = set.source.extent();
        let confidence = match () {
            () if project.is_auxiliary(id) || extent == Extent::Few || result_sets::is_kept(project, id, set.at) => Confidence::Low,
            () if set.is_handed_on || !set.source.is_resolved || extent == Extent::Some => Confidence::Medium,
            () => Confidence::High,
        };
        let language = project.program.module(id).language;
        let place = project.program.place(id, set.at);
        let finding = ctx.report(place, confidence, message(&set), fix(&set.source, language));
        if let Some((text, _)) = &set.source.text
            && !(text.file == place.file && place.span.start <= text.span.start && text.span.end <= place.span.end)
        {
            finding.related.push(Related { place: *text, message: "the query".to_owned() });
        }
    }
}

fn message(set: &ResultSet) -> String {
    let of = set.source.table.as_deref().filter(|table| !table.is_empty()).map(|table| format!(" from `{table}`")).unwrap_or_default();
    let how = match set.reader {
        Some(reader) => format!("`{reader}` reads the whole result{of}"),
        None => format!("The whole result{of} is read"),
    };
    format!("{how} into memory, and nothing limits how many rows it has")
}

/// An upper bound for a page size.
#[expect(clippy::cast_precision_loss, reason = "page sizes are far below 2^53")]
fn bound(program: &Program, id: ModuleId, size: &PageSize, most: u64) -> Fix {
    let module = program.module(id);
    let title = format!("Allow {most} at most");
    let place = |expr: ExprId| program.place(id, expr);
    let text = |expr: ExprId| program.text(id, expr);
    let file = module.file;
    let by_parameter = |annotation: Option<ExprId>, default: Option<ExprId>, is_field: bool| {
        let (library, function) = if is_field { ("pydantic", "Field") } else { ("fastapi", "Query") };
        let import = |module: &str, name: &str| Intent::AddImport { file, module: module.to_owned(), name: Some(name.to_owned()) };
        let imports_other = module
            .imports
            .iter()
            .any(|import| ["litestar", "ninja", "starlite", "robyn"].iter().any(|other| import.module.starts_with(other)));
        if imports_other && !is_field {
            return Vec::new();
        }
        let declared = match (default, annotation) {
            (Some(default), _) => {
                let is_more = matches!(values::value(program, id, default), Value::Number(n) if n > most as f64);
                let value = if is_more { most.to_string() } else { text(default).to_owned() };
                Intent::Replace { place: place(default), text: format!("{function}({value}, le={most})") }
            }
            (None, Some(annotation)) => {
                let text = format!("Annotated[{}, {function}(le={most})]", text(annotation));
                return vec![Intent::Replace { place: place(annotation), text }, import("typing", "Annotated"), import(library, function)];
            }
            (None, None) => return Vec::new(),
        };
        vec![declared, import(library, function)]
    };
    let replaced = |expr: ExprId, text: String| vec![Intent::Replace { place: place(expr), text }];
    let intents = match size.slot {
        Slot::Call(call, is_below) => {
            let (name, value) = if is_below { ("lt", most + 1) } else { ("le", most) };
            vec![Intent::SetArgument { call: place(call), name: name.to_owned(), value: value.to_string() }]
        }
        Slot::Parameter { annotation, default, is_field } => by_parameter(annotation, default, is_field),
        Slot::Around(expr) if module.language == Language::Python => replaced(expr, format!("min({}, {most})", text(expr))),
        Slot::Around(expr) => replaced(expr, format!("Math.min({}, {most})", text(expr))),
        Slot::Chain(call) if size.most == Most::Any => replaced(call, format!("{}.max({most})", text(call))),
        Slot::Object(object) => vec![Intent::SetKey { object: place(object), key: "maximum".to_owned(), value: most.to_string() }],
        Slot::Chain(_) | Slot::Elsewhere => Vec::new(),
    };
    if !intents.is_empty() {
        return Fix::unsafe_edit(title, intents);
    }
    let name = &size.name;
    let code = match (module.language, size.most) {
        (Language::Python, _) => format!("{name} = min({name}, {most})\n"),
        (Language::TypeScript, Most::Declared(_)) => format!(".max({most})\n"),
        (Language::TypeScript, _) if name.contains(char::is_whitespace) => format!("Math.min({name}, {most})\n"),
        (Language::TypeScript, _) => format!("const most = Math.min({name}, {most});\n"),
    };
    Fix::advice(title, code)
}

/// The same with a page, in the words of what runs it.
fn fix(source: &Source, language: Language) -> Fix {
    let table = source.table.as_deref().unwrap_or("Model");
    let api = source.api.map(|api: Ustr| api.as_str()).unwrap_or_default();
    let api = api.strip_prefix(JAVASCRIPT).unwrap_or(api);
    let is_of = |library: &str| api.starts_with(library);
    let code = match &source.text {
        Some((_, text)) => paged(text),
        None if is_of("django.") => format!("{table}.objects.filter(pk__gt=after).order_by(\"pk\")[:100]\n"),
        None if is_of("sqlalchemy.") || is_of("sqlmodel.") || is_of("flask_sqlalchemy.") => {
            format!(".where({table}.id > after).order_by({table}.id).limit(100)\n")
        }
        None if is_of("google.cloud.firestore") => ".order_by(\"created\").start_after(last).limit(100)\n".to_owned(),
        None if is_of("@google-cloud/firestore") => ".orderBy(\"created\").startAfter(last).limit(100)\n".to_owned(),
        None if is_of("google.cloud.bigquery") => "client.list_rows(table, max_results=100)\n".to_owned(),
        None if is_of("pymongo") || is_of("motor") => "find({\"_id\": {\"$gt\": after}}).sort(\"_id\").limit(100)\n".to_owned(),
        None if is_of("mongoose") || is_of("mongodb") => "find({ _id: { $gt: after } }).sort({ _id: 1 }).limit(100)\n".to_owned(),
        None if is_of("@prisma/client") => "findMany({ where: { id: { gt: after } }, orderBy: { id: \"asc\" }, take: 100 })\n".to_owned(),
        None if is_of("typeorm") => "find({ where: { id: MoreThan(after) }, order: { id: \"ASC\" }, take: 100 })\n".to_owned(),
        None if is_of("sequelize") => "findAll({ where: { id: { [Op.gt]: after } }, order: [[\"id\", \"ASC\"]], limit: 100 })\n".to_owned(),
        None if language == Language::Python => ".limit(100)\n".to_owned(),
        None => ".limit(100)\n".to_owned(),
    };
    Fix::advice("Read a page at a time, and hand its last key back as the cursor", code)
}

/// A text with a limit behind it.
fn paged(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.trim_end_matches(';').trim_end();
    let begins = if text.chars().count() > 160 { "SELECT … FROM …" } else { text };
    format!("{begins} LIMIT 100\n")
}
