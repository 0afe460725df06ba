//! `missing-input-validation`: a body that is used as it comes.

use std::fmt::Write as _;

use super::{Check, Context, Rule};
use crate::finding::{Confidence, Severity};
use crate::fix::Fix;
use crate::ir::program::Language;
use crate::model::bodies::{self, Key, Shape};
use crate::model::program::ModuleId;

pub const RULE: Rule = Rule {
    id: "missing-input-validation",
    severity: Severity::Critical,
    page: include_str!("../../rules/missing-input-validation.md"),
    checks: &[Check::Module(check)],
};

fn check(ctx: &mut Context<'_>, id: ModuleId) {
    let project = ctx.project;
    let module = project.program.module(id);
    for body in bodies::unchecked(project, id) {
        let confidence = match () {
            () if project.is_auxiliary(id) || body.is_checked_outside => Confidence::Low,
            () if body.goes_out_of_sight => Confidence::Medium,
            () => Confidence::High,
        };
        let what = if body.is_parameter { "This parameter takes the body as it comes" } else { "The body is used as it comes" };
        let but = if body.is_checked_outside { ": what is checked of it says little of what is used" } else { "" };
        let keys = body.keys.iter().take(4).map(|key| format!("`{}`", key.name)).collect::<Vec<_>>().join(", ");
        let keys = if keys.is_empty() { String::new() } else { format!("; {keys} may be missing, or anything") };
        let fix = Fix::advice("Describe the body, and let the framework check it", draft(module.language, &body.keys));
        ctx.report(project.program.place(id, body.at), confidence, format!("{what}{but}{keys}"), fix);
    }
    for class in bodies::bare(project, id) {
        let class = module.class(class);
        let message = format!("`{}` takes texts, lists or dictionaries of any length", class.name);
        let place = project.program.span_place(id, class.name_span);
        ctx.report(place, Confidence::Low, message, Fix::advice("Bound each field", "name: str = Field(max_length=200)\n"));
    }
}

/// A model of the keys that are read.
fn draft(language: Language, keys: &[Key]) -> String {
    let mut keys = keys.to_vec();
    if keys.is_empty() {
        keys.push(Key { name: "name".to_owned(), shape: Shape::Text, is_optional: false });
    }
    match language {
        Language::Python => python(&keys),
        Language::TypeScript => typescript(&keys),
    }
}

fn python(keys: &[Key]) -> String {
    let mut text = "class Body(BaseModel):\n".to_owned();
    for key in keys {
        let (of, bound) = match key.shape {
            Shape::Text => ("str", "max_length=200"),
            Shape::Number => ("int", "ge=0"),
            Shape::Flag => ("bool", ""),
            Shape::List => ("list[str]", "max_length=100"),
        };
        let is_name = key.name.chars().all(|c| c.is_alphanumeric() || c == '_') && !key.name.starts_with(|c: char| c.is_ascii_digit());
        let (name, alias) = if is_name { (key.name.clone(), String::new()) } else { (plain(&key.name), format!("alias=\"{}\"", key.name)) };
        let (of, default) = if key.is_optional { (format!("{of} | None"), "None") } else { (of.to_owned(), "") };
        let told: Vec<&str> = [default, bound, &alias].into_iter().filter(|part| !part.is_empty()).collect();
        let _ = match &told[..] {
            [] => writeln!(text, "    {name}: {of}"),
            ["None"] => writeln!(text, "    {name}: {of} = None"),
            _ => writeln!(text, "    {name}: {of} = Field({})", told.join(", ")),
        };
    }
    text
}

fn typescript(keys: &[Key]) -> String {
    let mut text = "const Body = z.object({\n".to_owned();
    for key in keys {
        let of = match key.shape {
            Shape::Text => "z.string().max(200)",
            Shape::Number => "z.number()",
            Shape::Flag => "z.boolean()",
            Shape::List => "z.array(z.string()).max(100)",
        };
        let is_name = key.name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$');
        let name = if is_name { key.name.clone() } else { format!("\"{}\"", key.name) };
        let optional = if key.is_optional { ".optional()" } else { "" };
        let _ = writeln!(text, "  {name}: {of}{optional},");
    }
    text.push_str("});\n");
    text
}

fn plain(name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    if plain.starts_with(|c: char| c.is_ascii_digit()) { format!("_{plain}") } else { plain }
}
