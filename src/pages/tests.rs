use super::*;

const PAGE: &str = r#"---
title: Outbound call without a timeout
severity: high
category: reliability
cwe: 400
languages: [python, docker]
section: "§7"
---

A call without a timeout, e.g. v1.2 of `requests`, waits for ever. More follows.

## What to do

Pass one.

## Example

```python fail
requests.get(url)
```

```python pass
requests.get(url, timeout=10)
```

## Cases

### fail: two files

Prose is not read.

```python file=app/main.py
import app.client
# ## Cases
```

````markdown file=README.md
```python
x
```
````

```findings
app/client.py:3 high

app/client.py:5 medium
```

```diff
-a
+b
```

### pass: nothing

```yaml file=service.yaml
a: 1
```
"#;

#[test]
fn reads_the_front_matter() {
    let page = parse(PAGE).unwrap();
    assert_eq!(page.title, "Outbound call without a timeout");
    assert_eq!((page.severity, page.category, page.cwe), (Severity::High, Category::Reliability, Some(400)));
    assert_eq!(page.languages, ["python", "docker"]);
    assert_eq!(page.section, "§7");
}

#[test]
fn the_body_ends_before_the_cases() {
    let page = parse(PAGE).unwrap();
    assert!(page.body.starts_with("A call without"));
    assert!(page.body.ends_with("timeout=10)\n```"));
    assert_eq!(page.reason(), "A call without a timeout, e.g. v1.2 of `requests`, waits for ever.");
}

#[test]
fn examples_are_fences_that_say_fail_or_pass() {
    let page = parse(PAGE).unwrap();
    let fail = Example { language: "python", fails: true, text: "requests.get(url)\n" };
    let pass = Example { language: "python", fails: false, text: "requests.get(url, timeout=10)\n" };
    assert_eq!(page.examples, [fail, pass]);
}

#[test]
fn cases_hold_files_findings_and_a_diff() {
    let page = parse(PAGE).unwrap();
    let [fail, pass] = &page.cases[..] else { panic!("two cases") };
    assert_eq!((fail.name, fail.fails, fail.line), ("two files", true, 28));
    let files = [("app/main.py", "import app.client\n# ## Cases\n"), ("README.md", "```python\nx\n```\n")];
    assert_eq!(fail.files, files);
    assert_eq!(fail.findings, ["app/client.py:3 high", "app/client.py:5 medium"]);
    assert_eq!(fail.diff, Some("-a\n+b\n"));
    assert_eq!((pass.name, pass.fails), ("nothing", false));
    assert!(pass.findings.is_empty());
}

#[test]
fn ranges_let_a_command_rewrite_blocks() {
    let page = parse(PAGE).unwrap();
    let case = &page.cases[0];
    let mut text = PAGE.to_owned();
    text.replace_range(case.diff_range.clone().unwrap(), "-c\n+d\n");
    text.replace_range(case.findings_range.clone().unwrap(), "x.py:1 low\n");
    let again = parse(&text).unwrap();
    assert_eq!(again.cases[0].diff, Some("-c\n+d\n"));
    assert_eq!(again.cases[0].findings, ["x.py:1 low"]);
    assert!(PAGE[..case.end].ends_with("+b\n```\n"));
}

#[test]
fn mistakes_are_named_with_their_line() {
    let error = |page: &str| parse(page).map_err(|e| e.to_string()).unwrap_err();
    assert_eq!(error("title: x\n"), "line 1: a page starts with a `---` line");
    assert_eq!(error(&PAGE.replace("cwe: 400", "cve: 400")), "line 5: unknown key `cve`");
    assert_eq!(error(&PAGE.replace("severity: high\n", "")), "line 1: front matter without `severity`");
    assert_eq!(error(&PAGE.replace("severity: high", "severity: dire")), "line 3: unknown severity `dire`");
    assert_eq!(error(&PAGE.replace("### pass:", "### okay:")), "line 54: a case is headed `### fail: name` or `### pass: name`");
    assert_eq!(error(&PAGE.replace("yaml file=service.yaml", "yaml")).split(": ").next(), Some("line 56"));
    assert_eq!(error(&format!("{PAGE}\n```findings\nx\n")), "line 60: this fence is never closed");
    assert_eq!(error(&format!("{PAGE}\n```findings\nx\n```\n")), "line 54: a passing case that expects findings");
}

#[test]
fn every_page_of_this_repository_can_be_read() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/rules");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "md") {
            let text = std::fs::read_to_string(&path).unwrap();
            let page = parse(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert!(!page.cases.is_empty() && !page.examples.is_empty() && !page.reason().is_empty(), "{}", path.display());
        }
    }
}
