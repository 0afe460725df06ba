//! What is said of a literal in code: how sure it is that it is a secret, by what it is bound to and what it is made of.

use std::borrow::Cow;

use crate::finding::Confidence;
use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::program::{ModuleId, Program};
use crate::model::secrets::bound::{Bound, How, bound, is_example};
use crate::model::secrets::stage::{Stage, is_for_tests, stage};
use crate::model::secrets::{self, Verdict};
use crate::model::{reasons, values};

/// What is said of a literal.
pub(super) struct Judged {
    pub secret: String,
    pub confidence: Confidence,
    /// What it is, where its form tells.
    pub kind: Option<&'static str>,
    pub bound: Bound,
}

pub(super) fn judge(program: &Program, id: ModuleId, literal: ExprId) -> Option<Judged> {
    let text = constant(program, id, literal)?;
    let found = secrets::find(&text);
    let is_named = text.len() >= 3 && !text.contains(secrets::HOLE);
    if found.is_none() && !is_named {
        return None;
    }
    let bound = bound(program, id, literal);
    if bound == Bound::Example || found.is_some() && is_example(program, id, literal) {
        return None;
    }
    if let Some(found) = found {
        // A sentence that shows the form of an address, or tells of one.
        let is_prose = bound == Bound::Documentation
            || text.split_whitespace().count() > 3
            || ["Example:", "example:", "e.g."].iter().any(|mark| text.contains(mark));
        if is_prose
            && matches!(found.kind, "a URL with a password" | "a secret")
            && (bound == Bound::Documentation || found.confidence == Confidence::Low)
        {
            return None;
        }
        let is_sent = stage(program, id, literal) == Stage::Browser;
        if is_sent && found.kind == "a secret" {
            return None;
        }
        // Applications on the web show their key of Google's to everybody.
        let is_shown = found.kind == "a Google API key" && (is_sent || is_web_config(program, id, literal));
        let is_aside = bound == Bound::Documentation || is_shown || is_for_tests(program, id);
        let confidence = if is_aside { Confidence::Low } else { found.confidence };
        return Some(Judged { secret: found.secret.to_owned(), confidence, kind: Some(found.kind), bound });
    }
    if !is_named {
        return None;
    }
    let text = whole(program, id, literal).map_or(text, Cow::Owned);
    let (sure, secret) = confidence(&bound, &text)?;
    // What lies around it is looked at last: most texts are bound to nothing that tells anything.
    if is_example(program, id, literal) {
        return None;
    }
    let is_strong = secrets::judge(secret) == Verdict::Strong;
    let confidence = match stage(program, id, literal) {
        _ if is_denied(program, id, literal) || is_search_key(program, id, literal) => Confidence::Low,
        _ if is_password(&bound) && is_demonstration(program, id, literal) => Confidence::Low,
        Stage::Development => Confidence::Low,
        Stage::Example if !is_strong => Confidence::Low,
        Stage::Browser => return None,
        _ => sure,
    };
    Some(Judged { secret: secret.to_owned(), confidence, kind: None, bound })
}

/// Whether the comment above says that it is no secret, whatever its name.
fn is_denied(program: &Program, id: ModuleId, literal: ExprId) -> bool {
    let above = program.module(id).stmt_of(literal).map(|stmt| reasons::above(program, id, stmt)).unwrap_or_default();
    ["not a secret", "not actually a secret", "not really a secret", "not secret", "not sensitive", "no secret"]
        .iter()
        .any(|words| above.contains(words))
}

fn is_password(bound: &Bound) -> bool {
    matches!(bound, Bound::Name(name, _) | Bound::Fallback { variable: name, .. } if secrets::is_password(name))
}

/// Whether the file, or what a literal is part of, is called after a demonstration: whoever tries the product is to use it.
fn is_demonstration(program: &Program, id: ModuleId, literal: ExprId) -> bool {
    let is_demo = |name: &str| secrets::words(name).iter().any(|word| matches!(word.as_str(), "demo" | "demos" | "sample" | "samples"));
    let module = program.module(id);
    let path = program.path(id);
    is_demo(path.rsplit('/').next().unwrap_or(path))
        || module.around(literal).any(|around| match around {
            Around::Function(function) => is_demo(&module.function(function).name),
            Around::Class(class) => is_demo(&module.class(class).name),
            Around::Stmt(stmt, _) => match &module.stmt(stmt).kind {
                StmtKind::Assign { targets, .. } => targets.iter().any(|target| match module.expr(*target).kind {
                    ExprKind::Name(name) | ExprKind::Attribute { name, .. } => is_demo(&name),
                    _ => false,
                }),
                _ => false,
            },
            Around::Expr(_) => false,
        })
}

/// Whether a literal is a key of Algolia's that only searches, which pages show to everybody: it is sent to the hosts that
/// only search, or stands in the configuration of a search box.
fn is_search_key(program: &Program, id: ModuleId, literal: ExprId) -> bool {
    let module = program.module(id);
    let is_key = |key: ExprId, name: &str| matches!(module.expr(key).kind, ExprKind::String(key) if key.eq_ignore_ascii_case(name));
    for around in module.around(literal) {
        match around {
            Around::Expr(expr) => match &module.expr(expr).kind {
                ExprKind::Object(entries) => {
                    let has = |name: &str| entries.iter().any(|entry| matches!(entry, Entry::Pair { key, .. } if is_key(*key, name)));
                    if has("apiKey") && has("appId") && has("indexName") {
                        return true;
                    }
                }
                ExprKind::Call(_) if program.callee(id, expr).library().is_some_and(|name| name.starts_with("js:algoliasearch/lite")) => {
                    return true;
                }
                _ => {}
            },
            Around::Stmt(stmt, _) => {
                let mut told = Vec::new();
                module.stmt(stmt).kind.for_each_expr(|expr| told.extend(module.descendants(expr)));
                return told.into_iter().any(|expr| {
                    matches!(&module.expr(expr).kind, ExprKind::String(_) | ExprKind::Template { .. })
                        && constant(program, id, expr).is_some_and(|text| text.contains("-dsn.algolia.net"))
                });
            }
            _ => return false,
        }
    }
    false
}

/// Whether a literal is the key in the configuration of an application on the web: `{ apiKey, authDomain, projectId }`
fn is_web_config(program: &Program, id: ModuleId, literal: ExprId) -> bool {
    let module = program.module(id);
    let mut around = module.around(literal).take_while(|around| matches!(around, Around::Expr(_)));
    around.any(|around| {
        let Around::Expr(object) = around else { return false };
        let ExprKind::Object(entries) = &module.expr(object).kind else { return false };
        let is = |entry: &Entry| matches!(entry, Entry::Pair { key, .. } if matches!(module.expr(*key).kind, ExprKind::String(key) if matches!(key.as_str(), "authDomain" | "messagingSenderId")));
        entries.iter().any(is)
    })
}

/// The constant text of a literal, with a mark where something is put in.
pub(super) fn constant(program: &Program, id: ModuleId, literal: ExprId) -> Option<Cow<'_, str>> {
    match &program.module(id).expr(literal).kind {
        ExprKind::String(text) => Some(Cow::Borrowed(text.as_str())),
        ExprKind::Template { parts, .. } => {
            let part = |part: &TemplatePart| match part {
                TemplatePart::Text(text, _) => text.to_string(),
                TemplatePart::Hole(_) => secrets::HOLE.to_string(),
            };
            Some(Cow::Owned(parts.iter().map(part).collect()))
        }
        _ => None,
    }
}

/// The whole of a concatenation, for its first part.
fn whole(program: &Program, id: ModuleId, literal: ExprId) -> Option<String> {
    let module = program.module(id);
    let Parent::Expr(parent) = module.expr_parents[literal.index()] else { return None };
    match &module.expr(parent).kind {
        ExprKind::Binary { op: BinaryOp::Add, operands } if operands.first() == Some(&literal) => values::text(program, id, parent),
        ExprKind::Binary { op: BinaryOp::Add, .. } => Some(String::new()),
        _ => None,
    }
}

/// How sure it is that a text is a secret where it is bound so, and the secret in it.
pub(super) fn confidence<'t>(bound: &Bound, text: &'t str) -> Option<(Confidence, &'t str)> {
    let (name, how) = match bound {
        Bound::Fallback { variable, .. } if secrets::is_secret(variable) => {
            let sure = match secrets::judge(text) {
                Verdict::Strong => strong(text),
                // Whatever it is made of, it signs: who has read the source signs, too.
                Verdict::Word | Verdict::Weak if secrets::is_signing_key(variable) => Confidence::Medium,
                Verdict::Nothing if secrets::is_signing_key(variable) && is_phrase(text) => Confidence::Medium,
                // A few words: `super secret jwt secret`.
                Verdict::Nothing if (2..6).contains(&text.split_whitespace().count()) && text.is_ascii() => Confidence::Low,
                Verdict::Nothing => return None,
                // Whoever guesses a phrase is let in; a word or two mostly stand for a value that nobody checks.
                Verdict::Weak if !secrets::is_default(text) => Confidence::Medium,
                Verdict::Word if secrets::words(text).len() > 2 && !secrets::is_default(text) => Confidence::Medium,
                Verdict::Placeholder | Verdict::Word | Verdict::Weak => Confidence::Low,
            };
            return Some((sure, text));
        }
        // What is signed with it is signed with what everybody can read, however it is made.
        Bound::Argument(_) => {
            let (_, text) = secrets::scheme_and_credential(text);
            let sure = match secrets::judge(text) {
                Verdict::Strong => strong(text),
                Verdict::Word | Verdict::Weak if secrets::is_default(text) && !secrets::is_careless(text) => Confidence::Low,
                Verdict::Word | Verdict::Weak => Confidence::Medium,
                Verdict::Placeholder if secrets::is_careless(text) => Confidence::Medium,
                Verdict::Nothing if is_phrase(text) => Confidence::Medium,
                Verdict::Nothing | Verdict::Placeholder => return None,
            };
            return Some((sure, text));
        }
        Bound::Name(name, how) if secrets::is_header(name) => {
            let (scheme, credential) = secrets::scheme_and_credential(text);
            let is_credential = scheme.is_some() && secrets::judge(credential) == Verdict::Strong;
            return (is_credential && *how != How::Returned).then_some((Confidence::High, credential));
        }
        Bound::Name(name, how) if secrets::is_secret(name) => (name.as_str(), *how),
        _ => return None,
    };
    let (_, text) = secrets::scheme_and_credential(text);
    let is_password = secrets::is_password(name);
    if name == text {
        return None;
    }
    let sure = match (secrets::judge(text), how) {
        (Verdict::Strong, How::Returned | How::Member) => Confidence::Medium,
        (Verdict::Strong, _) => strong(text),
        (verdict, _) if secrets::is_signing_key(name) && is_usable_key(name, verdict, how, text) && !same(name, text) => Confidence::Low,
        (_, How::Returned | How::Member) | (Verdict::Nothing | Verdict::Placeholder, _) => return None,
        _ if same(name, text) => return None,
        (Verdict::Word | Verdict::Weak, How::Variable | How::Argument | How::Default | How::Compared)
            if is_password && secrets::is_default(text) =>
        {
            Confidence::Low
        }
        (Verdict::Weak, How::Variable | How::Argument | How::Default) if is_password => Confidence::Medium,
        (Verdict::Weak, How::Entry) if is_password && secrets::is_mixed(text) => Confidence::Medium,
        (Verdict::Word, How::Entry) if is_password && text.len() > 4 && text.bytes().all(|b| b.is_ascii_digit()) => Confidence::Low,
        (Verdict::Weak, _) | (Verdict::Word, How::Variable | How::Argument | How::Default) if is_password => Confidence::Low,
        (Verdict::Weak, How::Variable | How::Argument | How::Default) if name.to_ascii_lowercase().contains("secret") => Confidence::Low,
        _ => return None,
    };
    Some((sure, text))
}

/// Whether a text that is no random one does as a key all the same: words do, where nothing says that they are a label, or
/// are to be replaced.
fn is_usable_key(name: &str, verdict: Verdict, how: How, text: &str) -> bool {
    let is_used = match verdict {
        Verdict::Word | Verdict::Weak => true,
        Verdict::Placeholder => secrets::is_careless(text),
        Verdict::Nothing => is_phrase(text),
        Verdict::Strong => false,
    };
    let is_lower = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.'));
    // What is but called `secret` may name one that is kept elsewhere.
    let words = secrets::words(text);
    let is_key = words.last().is_some_and(|last| last.ends_with("key")) || words.len() == 1;
    let is_meant = is_used && (is_key || name.len() > "secret".len());
    match how {
        How::Variable => is_used && (verdict != Verdict::Nothing || is_lower_phrase(text)),
        How::Argument => is_meant && (verdict != Verdict::Nothing || is_lower_phrase(text)),
        // An entry may be a message or a label, too.
        How::Entry => is_meant && is_lower && text.len() >= 12,
        How::Member | How::Default | How::Compared | How::Returned => false,
    }
}

/// A few words: `keyboard cat`.
fn is_phrase(text: &str) -> bool {
    let is_word = |word: &str| word.len() <= 24 && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '\'' | '.'));
    (2..6).contains(&text.split_whitespace().count()) && text.split_whitespace().all(is_word) && !secrets::is_placeholder(text)
}

fn is_lower_phrase(text: &str) -> bool {
    is_phrase(text) && !text.chars().any(char::is_uppercase)
}

/// Django writes a key into every new project, and says that it is for development.
pub(super) fn strong(text: &str) -> Confidence {
    if text.starts_with("django-insecure-") { Confidence::Medium } else { Confidence::High }
}

/// `ACCESS_TOKEN = "access_token"`
pub(super) fn same(name: &str, text: &str) -> bool {
    let (name, text) = (secrets::words(name), secrets::words(text));
    name == text || (text.len() == 1 && (name.contains(&text[0]) || name.concat() == text[0]))
}
