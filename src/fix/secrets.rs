//! Fixes of secrets: what demands a variable in the place of a fallback, and what to write instead of a literal.

mod javascript;

use super::{Fix, Intent};
use crate::ir::program::*;
use crate::model::program::{ModuleId, Program};
use crate::model::secrets;
use crate::model::secrets::bound::{Bound, How};
use crate::model::secrets::environment::{self, Edit};
use crate::source::{Place, Span};

/// The edit that takes a fallback away, or the code to write instead.
#[must_use]
pub fn fix(program: &Program, id: ModuleId, literal: ExprId, bound: &Bound) -> Fix {
    let name = match bound {
        Bound::Fallback { variable, .. } => variable.clone(),
        Bound::Name(name, _) if !secrets::is_header(name) => name.clone(),
        _ => "secret".to_owned(),
    };
    let variable = variable_name(&name);
    let is_javascript = program.module(id).language == Language::TypeScript;
    let edits = |edit: Edit| {
        if is_javascript && !matches!(edit, Edit::Argument(_)) {
            return javascript::without_fallback(program, id, literal, edit, &name);
        }
        without_fallback(program, id, edit)
    };
    if let Bound::Fallback { edit: Some(edit), .. } = bound
        && let Some(intents) = edits(*edit)
    {
        return Fix::unsafe_edit(format!("Demand `{name}`, and rotate the secret"), intents);
    }
    let text = program.text(id, literal);
    let title = "Read it from the environment, let Secret Manager fill that, and rotate the secret";
    if is_javascript {
        return Fix::advice(title, javascript::advice(program, id, literal, bound, &variable));
    }
    let code = match bound {
        Bound::Name(name, How::Compared) => format!("hmac.compare_digest({}, os.environ[\"{variable}\"])", snake(name)),
        Bound::Name(name, _) if secrets::is_header(name) => {
            let inner = text.trim_matches(['"', '\'']);
            let scheme = secrets::scheme_and_credential(inner).0.unwrap_or("Bearer");
            "\"Authorization\": f\"".to_owned() + scheme + " {os.environ['API_TOKEN']}\""
        }
        Bound::Name(name, How::Entry) => format!("\"{name}\": os.environ[\"{variable}\"]"),
        Bound::Name(name, How::Argument) => format!("{name}=os.environ[\"{variable}\"]"),
        Bound::Name(name, How::Default) => format!("def …({name}: str): ...  # the caller passes os.environ[\"{variable}\"]"),
        Bound::Name(name, How::Returned) => format!("return os.environ[\"{}\"]", variable_name(name)),
        Bound::Name(name, _) => format!("{name} = os.environ[\"{variable}\"]"),
        Bound::Argument(function) => format!("{function}(..., os.environ[\"SECRET_KEY\"])"),
        _ => format!("os.environ[\"{variable}\"]"),
    };
    Fix::advice(title, code)
}

fn variable_name(name: &str) -> String {
    secrets::words(name).join("_").to_uppercase()
}

/// A name in the style of Python.
#[must_use]
pub fn snake(name: &str) -> String {
    secrets::words(name).join("_")
}

fn without_fallback(program: &Program, id: ModuleId, edit: Edit) -> Option<Vec<Intent>> {
    let module = program.module(id);
    let file = module.file;
    match edit {
        Edit::Call(call) => demand(program, id, call, call),
        Edit::Whole(whole) => {
            let ExprKind::Logical { operands, .. } = &module.expr(whole).kind else { return None };
            let read = *operands.first()?;
            match environment::read(program, id, read)?.edit? {
                Edit::Call(_) => demand(program, id, read, whole),
                _ => Some(vec![Intent::Replace { place: program.place(id, whole), text: program.text(id, read).to_owned() }]),
            }
        }
        Edit::Argument(call) => {
            let call = module.call(call)?;
            let index = call.args.iter().position(|arg| matches!(arg.kind, ArgKind::Keyword(name) if name == "default")).or(Some(1))?;
            let (before, arg) = (call.args.get(index.checked_sub(1)?)?, call.args.get(index)?);
            let span = Span { start: before.span.end, end: arg.span.end };
            Some(vec![Intent::Replace { place: Place { file, span }, text: String::new() }])
        }
        Edit::Pattern(_) | Edit::Method(_) => None,
        Edit::Field(stmt) => {
            let StmtKind::Assign { targets, annotation: Some(annotation), value: Some(value) } = &module.stmt(stmt).kind else {
                return None;
            };
            // `Field(default="…", description=…)` goes on without its default.
            if let Some(call) = module.call(*value)
                && let Some(first) = call.args.first()
                && call.args.len() > 1
            {
                let is_default =
                    matches!(first.kind, ArgKind::Positional) || matches!(first.kind, ArgKind::Keyword(name) if name == "default");
                return is_default.then(|| vec![Intent::Replace { place: Place { file, span: first.span }, text: "...".to_owned() }]);
            }
            let text = format!("{}: {}", program.text(id, *targets.first()?), program.text(id, *annotation));
            Some(vec![Intent::Replace { place: Place { file, span: module.stmt(stmt).span }, text }])
        }
    }
}

/// Puts `os.environ["X"]` in the place of an expression, as this module calls `os`.
fn demand(program: &Program, id: ModuleId, read: ExprId, whole: ExprId) -> Option<Vec<Intent>> {
    let module = program.module(id);
    let call = module.call(read)?;
    let variable = program.text(id, call.args.first()?.value);
    let mut intents = Vec::new();
    let environ = match &module.expr(call.callee).kind {
        // `os.getenv`, `os.environ.get`, `environ.get`
        ExprKind::Attribute { object, name, .. } if name.starts_with("getenv") => format!("{}.environ", program.text(id, *object)),
        ExprKind::Attribute { object, .. } => program.text(id, *object).to_owned(),
        _ => {
            let imported = module.imports.iter().find(|import| import.module == "os" && import.what == Imported::Name("environ".into()));
            if imported.is_none() {
                intents.push(Intent::AddImport { file: module.file, module: "os".to_owned(), name: None });
            }
            imported.map_or_else(|| "os.environ".to_owned(), |import| import.local.to_string())
        }
    };
    intents.insert(0, Intent::Replace { place: program.place(id, whole), text: format!("{environ}[{variable}]") });
    Some(intents)
}

/// A name in the style of Kubernetes.
#[must_use]
pub fn kebab(name: &str) -> String {
    secrets::words(name).join("-")
}
