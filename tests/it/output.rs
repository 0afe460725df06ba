//! The outputs of a report that was made by hand: what people and machines get to read.

use std::path::{Path, PathBuf};
use std::time::Duration;

use roadworthy::finding::{Confidence, Finding, Related, Severity};
use roadworthy::fix::edit::Edit;
use roadworthy::fix::{Applicability, Fix};
use roadworthy::output::{Format, OutputContext, Paint, statistics};
use roadworthy::report::{Report, Unread};
use roadworthy::rules::Rule;
use roadworthy::source::{FileId, FileKind, Place, SourceFile, Sources, Span};

const TIMEOUT_PAGE: &str = r#"---
title: Outbound call without a timeout
severity: high
category: reliability
cwe: 400
languages: [python]
section: "§7"
---

A call without a timeout holds its worker for as long as the other side likes. Under load all workers wait.

## What to do

Pass `timeout=`.

## Example

```python fail
requests.get(url)
```

## Cases

### pass: nothing

```python file=a.py
```
"#;

const SQL_PAGE: &str = r#"---
title: SQL built from parts
severity: critical
category: security
cwe: 89
languages: [python]
section: "§1"
---

Whoever can write a part of a query can write all of it.

## Cases
"#;

const LIMIT_PAGE: &str = r#"---
title: No rate limit
severity: critical
category: security
cwe: 770
languages: [python]
section: "§5"
---

One caller can take all the capacity there is.
"#;

static RULES: [Rule; 3] = [
    Rule { id: "missing-rate-limit", severity: Severity::Critical, page: LIMIT_PAGE, checks: &[] },
    Rule { id: "missing-timeout", severity: Severity::High, page: TIMEOUT_PAGE, checks: &[] },
    Rule { id: "sql-injection", severity: Severity::Critical, page: SQL_PAGE, checks: &[] },
];

const CLIENT: &str = r#"import requests

BASE = "https://prices.example.com"


def price(sku: str) -> dict:
	response = requests.get(f"{BASE}/価格/{sku}", headers={"Accept": "application/json"})
	return response.json()


def refresh(body: dict) -> None:
    requests.post(
        f"{BASE}/refresh",
        json=body,
        headers={
            "Accept": "application/json",
        },
    )
"#;

const MAIN: &str = r#"from fastapi import FastAPI

from app import db

app = FastAPI(title="Orders")


@app.get("/orders")
def orders(day: str):
    return db.orders(day)


@app.post("/orders")
def create(order: dict):
    return db.create(order)
"#;

const DB: &str = r#"from google.cloud import bigquery

client = bigquery.Client()


def orders(day: str):
    query = f"SELECT id, total FROM shop.orders WHERE day = '{day}'"
    return [dict(row) for row in client.query(query).result()]
"#;

/// The place of the `nth` occurrence of a text.
fn place(sources: &Sources, path: &str, text: &str, nth: usize) -> Place {
    let file = sources.find(path).unwrap();
    let (start, _) = sources.get(file).text.match_indices(text).nth(nth).unwrap();
    Place { file, span: Span::new(start, start + text.len()) }
}

fn insert(at: Place, text: &str) -> Edit {
    Edit { file: at.file, span: Span { start: at.span.end, end: at.span.end }, text: text.to_owned() }
}

fn finding(rule: &'static str, severity: Severity, place: Place, message: &str, fix: Fix) -> Finding {
    Finding {
        rule,
        severity,
        confidence: Confidence::High,
        place,
        symbol: String::new(),
        message: message.to_owned(),
        related: Vec::new(),
        trace: Vec::new(),
        fix,
        secret: None,
        saving_usd_per_month: None,
    }
}

fn report(files: &[(&str, FileKind, &str)]) -> Report {
    Report {
        root: PathBuf::from("/repo/shop"),
        sources: Sources::new(files.iter().map(|(path, kind, text)| SourceFile::new(path, *kind, text)).collect()),
        findings: Vec::new(),
        secrets: Vec::new(),
        checked: files.len(),
        skipped: Vec::new(),
        failed: Vec::new(),
        passed_by: Vec::new(),
        elapsed: Duration::from_millis(38),
    }
}

/// A report with every kind of thing in it.
fn sample() -> (Report, Vec<Vec<Edit>>) {
    let mut report = report(&[
        ("app/client.py", FileKind::Python, CLIENT),
        ("app/db.py", FileKind::Python, DB),
        ("app/main.py", FileKind::Python, MAIN),
        ("deploy/my service.yaml", FileKind::Yaml, "a: 1\n"),
    ]);
    report.skipped.push(Unread { path: "infra/main.tf".to_owned(), reason: "Terraform is not supported".to_owned() });
    report
        .failed
        .push(Unread { path: "deploy/my service.yaml".to_owned(), reason: "line 3: mapping values are not allowed here".to_owned() });
    let sources = &report.sources;

    let get = place(sources, "app/client.py", r#"requests.get(f"{BASE}/価格/{sku}", headers={"Accept": "application/json"})"#, 0);
    let timeout = "Pass a timeout of 10 seconds";
    let timeout_get = Fix::unsafe_edit(timeout, Vec::new());
    let get_edit = insert(place(sources, "app/client.py", r#""application/json"}"#, 0), ", timeout=10");

    let post = place(sources, "app/client.py", "requests.post(", 0);
    let end = place(sources, "app/client.py", "        },\n    )", 0);
    let post = Place { span: post.span.to(end.span), ..post };
    let post_edit = insert(place(sources, "app/client.py", "        },\n", 0), "        timeout=10,\n");
    let mut post_finding = finding(
        "missing-timeout",
        Severity::High,
        post,
        "`requests.post` without a timeout waits for ever",
        Fix::unsafe_edit(timeout, Vec::new()),
    );
    "refresh".clone_into(&mut post_finding.symbol);

    let sink = place(sources, "app/db.py", "client.query(query)", 0);
    let mut sql = finding(
        "sql-injection",
        Severity::Critical,
        sink,
        "`day` from the request is pasted into the query that BigQuery runs",
        Fix {
            applicability: Applicability::Unsafe,
            ..Fix::advice(
                "Bind `day` as a query parameter",
                "config = bigquery.QueryJobConfig(\n    query_parameters=[bigquery.ScalarQueryParameter(\"day\", \"STRING\", day)],\n)\n",
            )
        },
    );
    let text = r#"f"SELECT id, total FROM shop.orders WHERE day = '{day}'""#;
    sql.trace = vec![
        Related::new(place(sources, "app/main.py", "day: str", 0), "a query parameter of the handler"),
        Related::new(place(sources, "app/main.py", "db.orders(day)", 0), "is passed on"),
        Related::new(place(sources, "app/db.py", text, 0), "becomes part of the text"),
        Related::new(sink, "is run"),
    ];
    sql.related = vec![Related::new(place(sources, "app/db.py", "{day}", 0), "the value goes in here")];
    let sql_edits = vec![
        Edit {
            file: sink.file,
            span: place(sources, "app/db.py", text, 0).span,
            text: "\"SELECT id, total FROM shop.orders WHERE day = @day\"".to_owned(),
        },
        insert(place(sources, "app/db.py", "client.query(query", 0), ", job_config=config"),
    ];

    let app = place(sources, "app/main.py", r#"FastAPI(title="Orders")"#, 0);
    let mut limit = finding(
        "missing-rate-limit",
        Severity::Critical,
        app,
        "no rate limiter is attached to this app, whose 2 handlers answer anybody",
        Fix::advice("Attach a limiter", "limiter = Limiter(key_func=get_remote_address)\napp.state.limiter = limiter\n"),
    );
    limit.confidence = Confidence::Medium;
    limit.saving_usd_per_month = Some(10.804);
    limit.related = (0..7)
        .map(|_| Related::new(place(sources, "app/main.py", "@app.post(\"/orders\")", 0), "writes without a limit"))
        .chain([Related::new(place(sources, "app/db.py", "bigquery.Client()", 0), "pays by the query")])
        .collect();
    let unused = finding(
        "unused-suppression",
        Severity::Low,
        app,
        "nothing is found here that `missing-retry` would suppress",
        Fix::safe_edit("Remove the comment", Vec::new()),
    );

    report.findings = vec![
        finding("missing-timeout", Severity::High, get, "`requests.get` without a timeout waits for ever", timeout_get),
        post_finding,
        sql,
        limit,
        unused,
    ];
    let edits = vec![vec![get_edit], vec![post_edit], sql_edits, Vec::new(), Vec::new()];
    (report, edits)
}

fn render(format: Format, context: &OutputContext<'_>) -> String {
    let mut out = Vec::new();
    format.write(context, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn sample_as(format: Format) -> String {
    let (report, edits) = sample();
    render(format, &OutputContext::new(&report, &RULES, &edits, Path::new("/repo")))
}

#[test]
fn pretty() {
    insta::assert_snapshot!(sample_as(Format::Pretty));
}

#[test]
fn concise() {
    insta::assert_snapshot!(sample_as(Format::Concise));
}

#[test]
fn json() {
    insta::assert_snapshot!(sample_as(Format::Json));
}

#[test]
fn sarif() {
    insta::assert_snapshot!(sample_as(Format::Sarif));
}

#[test]
fn sarif_is_valid_against_the_schema_of_oasis() {
    // One pattern of the published schema has a bracket too many, which is no regular expression.
    let schema = include_str!("data/sarif-schema-2.1.0.json").replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}$");
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    let empty = report(&[]);
    let none = render(Format::Sarif, &OutputContext::new(&empty, &RULES, &[], Path::new("/repo")));
    for log in [sample_as(Format::Sarif), none] {
        let log: serde_json::Value = serde_json::from_str(&log).unwrap();
        let errors: Vec<String> = validator.iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
}

#[test]
fn statistics_count_by_rule() {
    let (report, edits) = sample();
    let mut out = Vec::new();
    statistics::write(&OutputContext::new(&report, &RULES, &edits, Path::new("/repo")), &mut out).unwrap();
    insta::assert_snapshot!(String::from_utf8(out).unwrap());
}

#[test]
fn nothing_found() {
    let report = report(&[("app/main.py", FileKind::Python, MAIN)]);
    let context = OutputContext::new(&report, &RULES, &[], Path::new("/repo/shop"));
    assert_eq!(render(Format::Pretty, &context), "no findings · 1 file checked · 38 ms\n");
    assert_eq!(render(Format::Concise, &context), "no findings · 1 file checked · 38 ms\n");
}

#[test]
fn quiet_runs_still_name_what_failed() {
    let (report, edits) = sample();
    let mut context = OutputContext::new(&report, &RULES, &edits, Path::new("/repo"));
    context.quiet = true;
    let text = render(Format::Concise, &context);
    assert!(text.ends_with("incomplete shop/deploy/my service.yaml: line 3: mapping values are not allowed here\n"), "{text}");
}

#[test]
fn colours() {
    let (report, edits) = sample();
    let mut context = OutputContext::new(&report, &RULES, &edits, Path::new("/repo"));
    context.paint = Paint::new(true);
    let coloured = render(Format::Pretty, &context);
    insta::assert_snapshot!(coloured.replace('\u{1b}', "␛"));
    // Colours are all that they add.
    let mut plain = String::new();
    for (index, part) in coloured.split('\u{1b}').enumerate() {
        plain.push_str(if index == 0 { part } else { part.split_once('m').unwrap().1 });
    }
    assert_eq!(plain, sample_as(Format::Pretty));
}

/// Reports with one finding at a byte range of one file.
fn excerpt(text: &str, start: usize, end: usize, width: usize) -> String {
    let mut report = report(&[("a.py", FileKind::Python, text)]);
    let place = Place { file: FileId(0), span: Span::new(start, end) };
    report.findings = vec![finding("x", Severity::Low, place, "m", Fix::advice("f", ""))];
    let mut context = OutputContext::new(&report, &[], &[], Path::new("/repo/shop"));
    context.width = width;
    context.quiet = true;
    render(Format::Pretty, &context)
}

#[test]
fn long_lines_are_cut_around_the_place() {
    let line = format!("{}TARGET{}", "ab ".repeat(100), " cd".repeat(10_000));
    insta::assert_snapshot!(excerpt(&line, 300, 306, 80));
    insta::assert_snapshot!(excerpt(&line, 0, line.len(), 80));
}

#[test]
fn excerpts_survive_odd_texts() {
    for text in ["", "\n", "\r\n\r\n", "\t\t\t", "日本語\n", "a\u{1b}[31mb\r\nc", "\u{feff}x", "e\u{301}\u{202e}x"] {
        for start in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
            for end in (start..=text.len()).filter(|at| text.is_char_boundary(*at)) {
                let shown = excerpt(text, start, end, 40);
                assert!(shown.starts_with("low[x] m\n") && !shown.contains('\u{1b}'), "{text:?} {start} {end}\n{shown}");
            }
        }
    }
}

#[test]
fn spans_off_the_text_do_no_harm() {
    for (start, end) in [(1, 2), (2, 900), (900, 901)] {
        assert!(excerpt("日本", start, end, 40).starts_with("low[x] m\n"));
    }
}

#[test]
fn the_order_of_edits_in_files_is_kept() {
    let mut report = report(&[("a.py", FileKind::Python, "one\n".repeat(30).as_str()), ("b.py", FileKind::Python, "two\n")]);
    let place = |file, start, end| Place { file: FileId(file), span: Span::new(start, end) };
    let fix = Fix { applicability: Applicability::Safe, ..Fix::safe_edit("Change three places", Vec::new()) };
    report.findings = vec![finding("x", Severity::Low, place(0, 80, 83), "m", fix)];
    let edit = |file, start, end, text: &str| Edit { file: FileId(file), span: Span::new(start, end), text: text.to_owned() };
    let edits = vec![vec![edit(0, 0, 0, "import x\n"), edit(0, 80, 83, "1"), edit(0, 84, 87, "2"), edit(1, 0, 3, "2")]];
    let context = OutputContext::new(&report, &[], &edits, Path::new("/repo/shop"));
    insta::assert_snapshot!(render(Format::Pretty, &context));
}

#[test]
fn services_that_lack_the_same_are_told_once_to_people() {
    let mut report = report(&[
        ("a/main.py", FileKind::Python, "app = FastAPI()\n"),
        ("b/main.py", FileKind::Python, "app = FastAPI()\n"),
        ("c/main.py", FileKind::Python, "app = FastAPI()\n"),
    ]);
    let missing = |path: &str| {
        let app = place(&report.sources, path, "FastAPI()", 0);
        finding("missing-rate-limit", Severity::Critical, app, "no rate limiter is attached", Fix::advice("Attach one", "limit()\n"))
    };
    report.findings = vec![missing("a/main.py"), missing("b/main.py"), missing("c/main.py")];
    let edits = vec![Vec::new(); 3];
    let context = OutputContext::new(&report, &RULES, &edits, Path::new("/repo/shop"));
    insta::assert_snapshot!(render(Format::Pretty, &context));
    let json: serde_json::Value = serde_json::from_str(&render(Format::Json, &context)).unwrap();
    assert_eq!(json["findings"].as_array().map(Vec::len), Some(3));
}
