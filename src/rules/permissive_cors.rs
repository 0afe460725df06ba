//! `permissive-cors`: any site may read what a service answers.

use rustc_hash::FxHashSet;

use super::{Check, Context, Rule};
use crate::finding::{Confidence, Severity};
use crate::fix::{Fix, Intent};
use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::apis::{Cors, Role};
use crate::model::calls::{Passed, passed, spelled};
use crate::model::options::{self, Slot};
use crate::model::origins::{self, Any, HEADER};
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::runtimes::Runtime;
use crate::model::secrets::environment;
use crate::model::values::{self, Value};
use crate::model::{browser, development};

pub const RULE: Rule = Rule {
    id: "permissive-cors",
    severity: Severity::High,
    page: include_str!("../../rules/permissive-cors.md"),
    checks: &[Check::Call(check), Check::Module(check_module)],
};

/// Where the origins come from in a fix.
const FROM_PYTHON: &str = "os.environ[\"ALLOWED_ORIGINS\"].split(\",\")";
const FROM_SCRIPT: &str = "process.env.ALLOWED_ORIGINS?.split(\",\") ?? []";

/// What follows where credentials are allowed.
const AS_USER: &str = ", with credentials: any site can act as the signed-in user";

/// Settings of Django's `corsheaders`, and of its older versions.
const DJANGO: [&str; 2] = ["CORS_ALLOW_ALL_ORIGINS", "CORS_ORIGIN_ALLOW_ALL"];
const DJANGO_LISTS: [&str; 4] =
    ["CORS_ALLOWED_ORIGIN_REGEXES", "CORS_ORIGIN_REGEX_WHITELIST", "CORS_ALLOWED_ORIGINS", "CORS_ORIGIN_WHITELIST"];

/// What makes a call too permissive.
struct Open {
    any: Any,
    /// The key that says so; nothing where nothing is said.
    key: Option<String>,
    /// What it is said with.
    value: Option<(ModuleId, ExprId)>,
}

fn check(ctx: &mut Context<'_>, id: ModuleId, expr: ExprId, callee: Entity) {
    let program = &ctx.project.program;
    let Some(call) = program.module(id).call(expr) else { return };
    set_by_hand(ctx, id, expr, call);
    // `app.add_middleware(CORSMiddleware, …)`
    let resolver = Resolver::new(program);
    let row = |entity: Entity| entity.library().and_then(|name| Some((name, program.apis.row(name)?.cors.as_ref()?)));
    let handed = || call.args.iter().take(2).find_map(|arg| row(resolver.entity(id, arg.value)).map(|found| (found, true)));
    let Some(((name, cors), is_handed)) = row(callee).map(|found| (found, false)).or_else(handed) else { return };
    // `fastify.register(cors, { … })`: its options come behind it.
    let Some(mut open) = found(program, id, call, cors, is_handed) else { return };
    if development::runs(program, id, expr) || (open.key.is_none() && is_incomplete(program, id, call, name.as_str())) {
        return;
    }
    let configured = if open.key.is_none() && name.starts_with("flask_cors.") { settings(program, "CORS_ORIGINS") } else { Vec::new() };
    if !configured.is_empty() {
        let any = configured.iter().find_map(|(at, value)| Some((*at, *value, origins::any(program, *at, *value)?)));
        let Some((at, value, any)) = any else { return };
        open = Open { any, key: Some("CORS_ORIGINS".to_owned()), value: Some((at, value)) };
    }
    let is_configured = |(at, value): &(ModuleId, ExprId)| values::value(program, *at, *value) == Value::Bool(true);
    let by_setting = !configured.is_empty() && settings(program, "CORS_SUPPORTS_CREDENTIALS").iter().any(is_configured);
    let is_said = |key: &String| told(program, id, call, cors, key, is_handed) != Passed::No;
    let with_credentials = by_setting
        || cors.credentials.iter().any(|key| is_true(program, id, call, cors, key, is_handed))
        || (cors.with_credentials && !cors.credentials.iter().any(is_said));
    let confidence = match open.any {
        _ if ctx.project.is_tool(id) || ctx.project.is_sample(id) => Confidence::Low,
        _ if with_credentials => Confidence::High,
        _ => Confidence::Medium,
    };
    let api = if is_handed { name.rsplit(['.', ':']).next().unwrap_or_default().to_owned() } else { spelled(program, id, call, name) };
    let how = match (&open.key, open.any) {
        (None, _) => format!("`{api}` without origins allows any"),
        (Some(key), Any::Star) => format!("`*` in `{key}` of `{api}` allows any origin"),
        (Some(key), Any::Pattern) => format!("the pattern in `{key}` of `{api}` matches any origin"),
        (Some(key), Any::Reflected) => format!("`{key}` of `{api}` allows whatever origin asks"),
        (Some(key), Any::Fallback) => format!("`{key}` of `{api}` allows any origin where the environment names none"),
    };
    let then = if with_credentials { AS_USER } else { "" };
    let fix = fix(program, id, expr, call, cors, &open, is_handed);
    ctx.report(program.place(id, expr), confidence, format!("{how}{then}"), fix);
}

/// Whether an extension of Flask is made without an app: `init_app` is called later.
fn is_incomplete(program: &Program, id: ModuleId, call: &Call, name: &str) -> bool {
    program.module(id).language == Language::Python && name.ends_with("_cors.CORS") && call.args.is_empty()
}

/// The values of a setting of Flask, wherever it is given one: `app.config["CORS_ORIGINS"] = […]`, in a class of settings.
fn settings(program: &Program, name: &str) -> Vec<(ModuleId, ExprId)> {
    let mut found = Vec::new();
    for id in program.code_ids() {
        let module = program.module(id);
        if module.language != Language::Python || !program.sources.get(module.file).text.contains(name) {
            continue;
        }
        for stmt in &module.stmts {
            let StmtKind::Assign { targets, value: Some(value), .. } = &stmt.kind else { continue };
            let is_it = |target: &ExprId| match module.expr(*target).kind {
                ExprKind::Name(target) => target == name,
                ExprKind::Subscript { index, .. } => matches!(module.expr(index).kind, ExprKind::String(key) if key == name),
                _ => false,
            };
            if targets.iter().any(is_it) {
                found.push((id, *value));
            }
        }
    }
    found
}

/// A key of a call's settings.
fn told(program: &Program, id: ModuleId, call: &Call, cors: &Cors, key: &str, is_handed: bool) -> Passed {
    if program.module(id).language == Language::Python {
        return passed(program, id, call, None, key);
    }
    let mut positions = cors.options.clone();
    if is_handed {
        positions.0 = vec![1];
    }
    options::told(program, id, call, &positions, key)
}

fn is_true(program: &Program, id: ModuleId, call: &Call, cors: &Cors, key: &str, is_handed: bool) -> bool {
    matches!(told(program, id, call, cors, key, is_handed), Passed::Value(at, value) if values::value(program, at, value) == Value::Bool(true))
}

/// What makes a call allow any origin.
fn found(program: &Program, id: ModuleId, call: &Call, cors: &Cors, is_handed: bool) -> Option<Open> {
    let keys = cors.origins.iter().map(|key| (key, false)).chain(cors.patterns.iter().map(|key| (key, true)));
    let mut is_said = false;
    for (key, is_pattern) in keys {
        match told(program, id, call, cors, key, is_handed) {
            Passed::Value(at, value) => {
                is_said = true;
                let any = if is_pattern { origins::any_pattern(program, at, value) } else { origins::any(program, at, value) };
                if let Some(any) = any {
                    return Some(Open { any, key: Some(key.clone()), value: Some((at, value)) });
                }
            }
            Passed::Unknown => is_said = true,
            Passed::No => {}
        }
    }
    for key in &cors.flags {
        if let Passed::Value(at, value) = told(program, id, call, cors, key, is_handed) {
            is_said = true;
            if values::value(program, at, value) == Value::Bool(true) {
                return Some(Open { any: Any::Reflected, key: Some(key.clone()), value: Some((at, value)) });
            }
        }
    }
    if let Some(by_path) = &cors.by_path
        && let Passed::Value(at, value) = told(program, id, call, cors, by_path, is_handed)
    {
        // A pattern of paths alone says nothing of origins.
        is_said |= values::text(program, at, value).is_none();
        if let Some((at, value)) =
            by_paths(program, at, value, &cors.origins).into_iter().find(|(at, value)| origins::any(program, *at, *value).is_some())
        {
            return Some(Open { any: origins::any(program, at, value)?, key: Some(by_path.clone()), value: Some((at, value)) });
        }
    }
    // Options out of sight may say anything.
    let is_hidden = call.args.iter().any(|arg| matches!(arg.kind, ArgKind::KeywordSpread | ArgKind::Spread))
        || (program.module(id).language == Language::TypeScript && is_hidden(program, id, call, cors, is_handed));
    (cors.open && !is_said && !is_hidden).then_some(Open { any: Any::Star, key: None, value: None })
}

/// Whether a call of JavaScript is given options that cannot be seen.
fn is_hidden(program: &Program, id: ModuleId, call: &Call, cors: &Cors, is_handed: bool) -> bool {
    let positions = if is_handed { vec![1] } else { cors.options.0.clone() };
    positions.iter().filter_map(|position| call.args.get(*position)).any(|arg| values::object_literal(program, id, arg.value).is_none())
}

/// The values of these keys in a dictionary of dictionaries.
fn by_paths(program: &Program, id: ModuleId, expr: ExprId, keys: &[String]) -> Vec<(ModuleId, ExprId)> {
    let Some((at, entries)) = values::object_literal(program, id, expr) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in entries {
        let Entry::Pair { value, .. } = entry else { continue };
        let Some((at, inner)) = values::object_literal(program, at, *value) else { continue };
        for entry in inner {
            if let Entry::Pair { key, value } = entry
                && values::text(program, at, *key).is_some_and(|key| keys.contains(&key))
            {
                found.push((at, *value));
            }
        }
    }
    found
}

fn fix(program: &Program, id: ModuleId, expr: ExprId, call: &Call, cors: &Cors, open: &Open, is_handed: bool) -> Fix {
    let title = "Allow the origins that the environment names";
    let place = program.place(id, expr);
    let import = Intent::AddImport { file: place.file, module: "os".to_owned(), name: None };
    if program.module(id).language == Language::Python {
        if let Some((at, value)) = open.value.filter(|_| open.key.as_ref() == cors.by_path.as_ref()) {
            let file = program.module(at).file;
            let replace = Intent::Replace { place: program.place(at, value), text: FROM_PYTHON.to_owned() };
            return Fix::unsafe_edit(title, vec![replace, Intent::AddImport { file, module: "os".to_owned(), name: None }]);
        }
        let is_pattern = open.key.as_ref().is_some_and(|key| cors.patterns.contains(key));
        let is_argument = |key: &String| cors.origins.contains(key) || cors.patterns.contains(key);
        let name = open.key.clone().filter(is_argument).unwrap_or_else(|| cors.origins[0].clone());
        let value = if is_pattern { "os.environ[\"ALLOWED_ORIGIN_REGEX\"]" } else { FROM_PYTHON }.to_owned();
        return Fix::unsafe_edit(title, vec![Intent::SetArgument { call: place, name, value }, import]);
    }
    let key = open.key.clone().unwrap_or_else(|| cors.origins[0].clone());
    let is_flag = cors.flags.contains(&key);
    if let Some((at, value)) = open.value.filter(|(at, _)| *at == id || !is_flag) {
        let is_shorthand = program.text(at, value) == key;
        let text = if is_flag { format!("{{ origin: {FROM_SCRIPT} }}") } else { FROM_SCRIPT.to_owned() };
        let last = key.rsplit('.').next().unwrap_or_default();
        let text = if is_shorthand { format!("{last}: {text}") } else { text };
        return Fix::unsafe_edit(title, vec![Intent::Replace { place: program.place(at, value), text }]);
    }
    let mut positions = cors.options.clone();
    if is_handed {
        positions.0 = vec![1];
    }
    match (options::slot(program, id, call, &positions), key.contains('.')) {
        (Some(Slot::Literal(object)), false) => {
            let set = Intent::SetKey { object: program.place(id, object), key, value: FROM_SCRIPT.to_owned() };
            Fix::unsafe_edit(title, vec![set])
        }
        (Some(Slot::Argument(position)), false) => {
            Fix::unsafe_edit(title, vec![Intent::PassArgument { call: place, position, value: format!("{{ {key}: {FROM_SCRIPT} }}") }])
        }
        _ => Fix::advice(title, format!("{}({{ origin: {FROM_SCRIPT} }})\n", program.text(id, call.callee))),
    }
}

/// `response.headers["Access-Control-Allow-Origin"] = "*"`, `res.setHeader("Access-Control-Allow-Origin", "*")`.
fn set_by_hand(ctx: &mut Context<'_>, id: ModuleId, expr: ExprId, call: &Call) {
    let program = &ctx.project.program;
    let module = program.module(id);
    let (ExprKind::Attribute { name, .. } | ExprKind::Name(name)) = module.expr(call.callee).kind else { return };
    let is_name = matches!(module.expr(call.callee).kind, ExprKind::Name(_));
    // `@Header("Access-Control-Allow-Origin", "*")`
    if is_name && program.callee(id, expr).library().as_deref() != Some("js:@nestjs/common.Header") {
        return;
    }
    if !is_name
        && !matches!(
            name.as_str(),
            "set" | "setHeader" | "header" | "append" | "add" | "add_header" | "send_header" | "setdefault" | "__setitem__"
        )
    {
        return;
    }
    let [Arg { value: header, .. }, Arg { value, .. }, ..] = call.args[..] else { return };
    if is_header(program, id, header) {
        report_header(ctx, id, expr, value);
    }
}

fn is_header(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    matches!(program.module(id).expr(expr).kind, ExprKind::String(text) if text.eq_ignore_ascii_case(HEADER))
        || values::text(program, id, expr).is_some_and(|text| text.eq_ignore_ascii_case(HEADER))
}

fn check_module(ctx: &mut Context<'_>, id: ModuleId) {
    let program = &ctx.project.program;
    let module = program.module(id);
    for index in 0..module.stmts.len() {
        let stmt = StmtId::at(index);
        let StmtKind::Assign { targets, value: Some(value), .. } = &module.stmt(stmt).kind else { continue };
        let [target] = targets[..] else { continue };
        match module.expr(target).kind {
            ExprKind::Subscript { index, .. } if is_header(program, id, index) => report_header(ctx, id, target, *value),
            ExprKind::Name(name) if module.language == Language::Python && module.function_of_stmt(stmt).is_none() => {
                django(ctx, id, stmt, &name, *value);
            }
            _ => {}
        }
    }
    for expr in module.expr_ids() {
        let ExprKind::Object(entries) = &module.expr(expr).kind else { continue };
        // `{ key: "Access-Control-Allow-Origin", value: "*" }` of Next.
        let under = |name: &str| environment::entry(program, id, entries, name);
        if let (Some(key), Some(value)) = (under("key"), under("value"))
            && is_header(program, id, key)
        {
            report_header(ctx, id, expr, value);
        }
        for entry in entries {
            if let Entry::Pair { key, value } = entry
                && is_header(program, id, *key)
                && !is_sent_out(program, id, expr)
            {
                report_header(ctx, id, *key, *value);
            }
        }
    }
}

/// Whether an object holds headers of a request that the program makes itself.
fn is_sent_out(program: &Program, id: ModuleId, object: ExprId) -> bool {
    program.module(id).around(object).any(|around| match around {
        Around::Expr(outer) => program
            .callee(id, outer)
            .library()
            .and_then(|name| program.apis.row(name))
            .is_some_and(|row| row.is(Role::HttpCall) || row.is(Role::Client)),
        _ => false,
    })
}

fn report_header(ctx: &mut Context<'_>, id: ModuleId, at: ExprId, value: ExprId) {
    let program = &ctx.project.program;
    let file = program.sources.get(program.module(id).file);
    // Next's configuration is read where it serves, too.
    let is_served = file.name().starts_with("next.config.");
    let is_shown = !is_served && (ctx.project.runtimes.of(id) == Runtime::Browser || browser::is_browser_code(program, id));
    // What builds the front end serves it to whoever works on it.
    let is_of_build =
        ["vite.config.", "webpack.", "vue.config.", "rspack.config.", "rsbuild.config."].iter().any(|name| file.name().starts_with(name));
    let is_silent = is_shown || is_of_build || is_of_files(program.module(id), at);
    let Some(any) = origins::any(program, id, value).filter(|_| !is_silent) else { return };
    if (any == Any::Reflected && is_asked_about(program, id, value)) || development::runs(program, id, at) {
        return;
    }
    let how = match any {
        Any::Reflected => "allows whatever origin asks",
        Any::Fallback => "allows any origin where the environment names none",
        Any::Star | Any::Pattern => "allows any origin",
    };
    let code = match program.module(id).language {
        Language::Python => {
            "origin = request.headers.get(\"Origin\")\nif origin in ALLOWED_ORIGINS:\n    response.headers[\"Access-Control-Allow-Origin\"] = origin\n    response.headers[\"Vary\"] = \"Origin\"\n"
        }
        Language::TypeScript => {
            "const origin = req.headers.origin;\nif (ALLOWED_ORIGINS.has(origin)) {\n  res.setHeader(\"Access-Control-Allow-Origin\", origin);\n  res.setHeader(\"Vary\", \"Origin\");\n}\n"
        }
    };
    let fix = Fix::advice("Answer with the origin if it is one of yours", code);
    let with_credentials = allows_credentials(program, id, at);
    let confidence = match with_credentials {
        _ if (ctx.project.is_tool(id) && !is_served) || ctx.project.is_sample(id) => Confidence::Low,
        true => Confidence::High,
        false => Confidence::Medium,
    };
    let then = if with_credentials { AS_USER } else { "" };
    ctx.report(program.place(id, at), confidence, format!("`Access-Control-Allow-Origin` set by hand {how}{then}"), fix);
}

/// Whether a header is set on files that a server sends as they are: `serveStatic(folder, { setHeaders: (res) => … })`.
fn is_of_files(module: &Module, at: ExprId) -> bool {
    let key_of = |function: FunctionId| {
        let Parent::Expr(value) = module.function(function).parent else { return None };
        let Parent::Expr(object) = module.expr_parents[value.index()] else { return None };
        let ExprKind::Object(entries) = &module.expr(object).kind else { return None };
        entries.iter().find_map(|entry| match entry {
            Entry::Pair { key, value: v } if *v == value => Some(*key),
            _ => None,
        })
    };
    let is_it = |key: ExprId| matches!(module.expr(key).kind, ExprKind::String(key) if key == "setHeaders");
    module.function_of(at).and_then(key_of).is_some_and(is_it)
}

/// Whether credentials are allowed where a header is set: in the same object, or in the same function.
fn allows_credentials(program: &Program, id: ModuleId, at: ExprId) -> bool {
    const CREDENTIALS: &str = "Access-Control-Allow-Credentials";
    let module = program.module(id);
    let file = program.sources.get(module.file);
    if !file.text.to_ascii_lowercase().contains(&CREDENTIALS.to_ascii_lowercase()) {
        return false;
    }
    let around = |expr: ExprId| match module.expr_parents[expr.index()] {
        Parent::Expr(parent) => Some(parent).filter(|parent| matches!(module.expr(*parent).kind, ExprKind::Object(_))),
        _ => None,
    };
    let is_it = |text: &str| text.eq_ignore_ascii_case(CREDENTIALS);
    // `[{ key: "…", value: "…" }, { key: "…", value: "…" }]`
    let in_list = |expr: ExprId| {
        let header = if matches!(module.expr(expr).kind, ExprKind::Object(_)) { expr } else { around(expr)? };
        match module.expr_parents[header.index()] {
            Parent::Expr(list) => Some(list).filter(|list| matches!(module.expr(*list).kind, ExprKind::List(_))),
            _ => None,
        }
    };
    module.expr_ids().any(|expr| {
        matches!(module.expr(expr).kind, ExprKind::String(text) if is_it(&text))
            && match (in_list(at), around(at)) {
                (Some(list), _) => in_list(expr) == Some(list),
                (None, Some(object)) => around(expr) == Some(object),
                (None, None) => run_together(module, expr, at),
            }
    })
}

/// Whether two expressions of a function may both be evaluated: none is in a branch that the other is not in.
fn run_together(module: &Module, one: ExprId, other: ExprId) -> bool {
    let blocks = |expr: ExprId| -> Vec<BlockId> {
        let around = module.around(expr).take_while(|around| !matches!(around, Around::Function(_)));
        around
            .filter_map(|around| if let Around::Stmt(stmt, _) = around { Some(module.stmt_parents[stmt.index()]) } else { None })
            .collect()
    };
    let is_within = |inner: &[BlockId], outer: &[BlockId]| outer.first().is_none_or(|block| inner.contains(block));
    let (one_in, other_in) = (blocks(one), blocks(other));
    module.function_of(one) == module.function_of(other) && (is_within(&one_in, &other_in) || is_within(&other_in, &one_in))
}

/// Whether the function around a value asks whether it is one of some: `if (ALLOWED.has(origin))`. That it is there at all is no
/// such question.
fn is_asked_about(program: &Program, id: ModuleId, value: ExprId) -> bool {
    let module = program.module(id);
    let Some(function) = module.function_of(value) else { return false };
    let FunctionBody::Block(body) = module.function(function).body else { return false };
    let written = program.text(id, value);
    let tests = module.statements(body).into_iter().flat_map(|stmt| match &module.stmt(stmt).kind {
        StmtKind::If { branches, .. } => branches.iter().map(|(test, _)| *test).collect::<Vec<_>>(),
        _ => Vec::new(),
    });
    let mut todo: Vec<ExprId> = tests.collect();
    let mut seen = FxHashSet::default();
    while let Some(test) = todo.pop() {
        if !seen.insert(test) {
            continue;
        }
        match &module.expr(test).kind {
            // `bool(origin)`, `Boolean(origin)`
            ExprKind::Call(call) if matches!(module.expr(call.callee).kind, ExprKind::Name(name) if name == "bool" || name == "Boolean") => {
                todo.extend(call.args.iter().map(|arg| arg.value));
            }
            ExprKind::Logical { operands, .. } => todo.extend(operands),
            ExprKind::Unary { op: UnaryOp::Not, operand } => todo.push(*operand),
            ExprKind::Compare { operands, .. } if operands.iter().any(|o| matches!(module.expr(*o).kind, ExprKind::Null)) => {}
            _ if program.text(id, test).contains(written) && program.text(id, test) != written => return true,
            // `allow = origin in ALLOWED`, and `if allow:`
            ExprKind::Name(flag) => {
                let Some((scope, _)) = Resolver::new(program).scope_of_name(id, test, *flag) else { continue };
                let values = program.bindings(id, scope, *flag).filter_map(|binding| match binding.kind {
                    BindingKind::Value(value) if value != test => Some(value),
                    _ => None,
                });
                todo.extend(values.filter(|value| !matches!(module.expr(*value).kind, ExprKind::Name(_))));
            }
            _ => {}
        }
    }
    false
}

/// `CORS_ALLOW_ALL_ORIGINS = True`
fn django(ctx: &mut Context<'_>, id: ModuleId, stmt: StmtId, name: &str, value: ExprId) {
    let program = &ctx.project.program;
    let module = program.module(id);
    let is_all = DJANGO.contains(&name) && values::value(program, id, value) == Value::Bool(true);
    let is_wide = || {
        DJANGO_LISTS.contains(&name) && (origins::any_pattern(program, id, value).is_some() || origins::any(program, id, value).is_some())
    };
    let is_of_debug = |around| match around {
        Around::Stmt(outer, Some(block)) => matches!(&module.stmt(outer).kind, StmtKind::If { branches, .. }
            if branches.first().is_some_and(|(test, body)| *body == block && matches!(module.expr(*test).kind, ExprKind::Name(name) if name == "DEBUG"))),
        _ => false,
    };
    if (!is_all && !is_wide()) || development::is_only(program, id, stmt) || module.around_stmt(stmt).any(is_of_debug) {
        return;
    }
    // Settings are spread over the files of a folder.
    let folder = program.sources.get(module.file).directory();
    let is_beside = |at: ModuleId| program.sources.get(program.module(at).file).directory() == folder;
    let allows = |(at, value): (ModuleId, ExprId)| is_beside(at) && values::value(program, at, value) == Value::Bool(true);
    let with_credentials = settings(program, "CORS_ALLOW_CREDENTIALS").into_iter().any(allows);
    let then = if with_credentials { AS_USER } else { "" };
    let place = program.span_place(id, module.stmt(stmt).span);
    let import = Intent::AddImport { file: place.file, module: "os".to_owned(), name: None };
    let replace = Intent::Replace { place, text: format!("CORS_ALLOWED_ORIGINS = {FROM_PYTHON}") };
    let fix = Fix::unsafe_edit("Allow the origins that the environment names", vec![replace, import]);
    let confidence = if with_credentials { Confidence::High } else { Confidence::Medium };
    ctx.report(place, confidence, format!("`{name}` allows any origin{then}"), fix);
}
