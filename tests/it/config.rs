//! Configuration: which file holds, what its keys mean, and what wrong ones are answered with.

use std::fs;
use std::path::Path;

use roadworthy::config::{self, Config, ConfigError, FailOn, Quantity, Selectable};
use roadworthy::finding::{Confidence, Severity};
use roadworthy::options::CheckOptions;
use roadworthy::progress::Progress;
use roadworthy::run;

const RULES: [Selectable; 3] = [
    Selectable { id: "missing-timeout", severity: Severity::Critical, category: "reliability" },
    Selectable { id: "hardcoded-secret", severity: Severity::Critical, category: "security" },
    Selectable { id: "oversized-memory", severity: Severity::High, category: "cost" },
];

/// A project whose root holds this `roadworthy.toml`.
fn load(text: &str) -> Result<Config, ConfigError> {
    load_files(&[("roadworthy.toml", text)], "")
}

/// A project of these files, seen from one of its folders.
fn load_files(files: &[(&str, &str)], start: &str) -> Result<Config, ConfigError> {
    let project = tempfile::tempdir().expect("a folder");
    for (path, text) in files {
        write(project.path(), path, text);
    }
    config::load(&project.path().join(start), project.path(), project.path(), &RULES)
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("a file");
}

fn message(result: Result<Config, ConfigError>) -> String {
    let text = result.expect_err("an error").to_string();
    // The folder is another one each time.
    let start = text.find("roadworthy.toml").or_else(|| text.find("pyproject.toml")).unwrap_or(0);
    text[start..].to_owned()
}

#[test]
fn defaults_hold_without_a_file() {
    let config = load_files(&[], "").expect("defaults");
    assert!(config.files.is_empty());
    assert_eq!((config.min_confidence, config.min_severity, config.fail_on), (Confidence::Medium, Severity::Low, FailOn::Low));
    assert_eq!(config.settings.memory, Quantity(512 << 20));
    assert!(RULES.iter().all(|rule| config.is_on(rule.id, "a.py")));
}

#[test]
fn an_empty_file_changes_nothing() {
    let config = load("").expect("an empty file");
    assert_eq!(config.files.len(), 1);
    assert_eq!(config.settings, config::Settings::default());
}

#[test]
fn the_closest_file_wins_whole() {
    let files = [
        ("roadworthy.toml", "max-instances = 3\nmin-instances = 1"),
        ("services/a/roadworthy.toml", "max-instances = 4"),
        ("services/a/src/app.py", ""),
    ];
    let config = load_files(&files, "services/a/src").expect("a configuration");
    assert_eq!((config.settings.max_instances, config.settings.min_instances), (4, 0));
    let config = load_files(&files, "services").expect("a configuration");
    assert_eq!(config.settings.max_instances, 3);
}

#[test]
fn nothing_above_the_stop_is_read() {
    let project = tempfile::tempdir().expect("a folder");
    write(project.path(), "roadworthy.toml", "max-instances = 3");
    write(project.path(), "inner/app.py", "");
    let inner = project.path().join("inner");
    let config = config::load(&inner, &inner, &inner, &RULES).expect("defaults");
    assert_eq!(config.settings.max_instances, 10);
}

#[test]
fn pyproject_counts_where_it_has_our_table() {
    let config =
        load_files(&[("pyproject.toml", "[project]\nname = 'x'\n[tool.roadworthy]\nmemory = '1Gi'")], "").expect("a configuration");
    assert_eq!(config.settings.memory, Quantity(1 << 30));
    let config = load_files(&[("pyproject.toml", "[project]\nname = 'roadworthy-user'")], "").expect("defaults");
    assert!(config.files.is_empty());
    let config = load_files(&[("pyproject.toml", "this is = not toml = at all")], "").expect("not ours");
    assert!(config.files.is_empty());
}

#[test]
fn our_own_file_goes_before_pyproject() {
    let files = [("pyproject.toml", "[tool.roadworthy]\nmax-instances = 3"), ("roadworthy.toml", "max-instances = 4")];
    assert_eq!(load_files(&files, "").expect("a configuration").settings.max_instances, 4);
}

#[test]
fn extend_inherits_keys_and_joins_lists() {
    let files = [
        (
            "common/base.toml",
            "root = true\nmax-instances = 3\nmin-instances = 2\nselect = ['cost']\nextend-exclude = ['old/']\n\
             [[overrides]]\npaths = ['lab/']\nmax-instances = 50\n",
        ),
        (
            "app/roadworthy.toml",
            "extend = '../common/base.toml'\nmax-instances = 4\nextend-exclude = ['older/']\n\
             [[overrides]]\npaths = ['lab/x.py']\nmax-instances = 60\n",
        ),
    ];
    let config = load_files(&files, "app").expect("a configuration");
    assert_eq!((config.settings.max_instances, config.settings.min_instances), (4, 2));
    assert_eq!(config.files.len(), 2);
    assert!(config.is_on("oversized-memory", "app/a.py") && !config.is_on("missing-timeout", "app/a.py"));
    assert!(config.exclude.match_file("old/a.py") && config.exclude.match_file("older/a.py") && config.exclude.match_file("dist/a.py"));
    assert_eq!(config.settings_for("app/lab/y.py").max_instances, 50);
    assert_eq!(config.settings_for("app/lab/x.py").max_instances, 60, "the closer file's override comes later");
    assert_eq!(config.settings_for("lab/x.py").max_instances, 4, "patterns are relative to the configuration file");
}

#[test]
fn root_is_not_inherited() {
    let project = tempfile::tempdir().expect("a folder");
    write(project.path(), "roadworthy.toml", "root = true");
    write(project.path(), "app/roadworthy.toml", "extend = '../roadworthy.toml'");
    assert!(config::is_root(project.path()).expect("readable"));
    assert!(!config::is_root(&project.path().join("app")).expect("readable"));
    assert!(!config::is_root(&project.path().join("nowhere")).expect("no file"));
}

#[test]
fn files_that_extend_each_other_are_an_error() {
    let files = [("a/roadworthy.toml", "\nextend = '../b/roadworthy.toml'"), ("b/roadworthy.toml", "extend = '../a/roadworthy.toml'")];
    let text = message(load_files(&files, "a"));
    assert!(text.contains("files extend each other") && text.contains(":1:10:"), "{text}");
    let text = message(load("extend = 'roadworthy.toml'"));
    assert!(text.contains("files extend each other"), "{text}");
}

#[test]
fn extending_nothing_is_an_error_at_the_path() {
    let text = message(load("max-instances = 3\nextend = 'nowhere.toml'"));
    assert!(text.starts_with("roadworthy.toml:2:10: cannot extend `nowhere.toml`"), "{text}");
}

#[test]
fn unknown_keys_are_errors_with_the_nearest_name() {
    assert_eq!(message(load("# first\nselct = ['security']")), "roadworthy.toml:2:1: unknown key `selct`; did you mean `select`?");
    let text = message(load("[[overrides]]\npaths = ['a']\nmax-instance = 2"));
    assert_eq!(text, "roadworthy.toml:3:1: unknown key `max-instance`; did you mean `max-instances`?");
    let text = message(load("[[service]]\npath = 'a'\nprovides = ['rate-limits']"));
    assert_eq!(text, "roadworthy.toml:3:13: unknown word `rate-limits`; did you mean `rate-limit`?");
    let text = message(load_files(&[("pyproject.toml", "[tool.roadworthy]\nmin-severty = 'low'")], ""));
    assert_eq!(text, "pyproject.toml:2:1: unknown key `min-severty`; did you mean `min-severity`?");
    let text = message(load("[[api]]\nnames = ['a.b']\ndocs = 'x'\nrole = ['http-call']"));
    assert_eq!(text, "roadworthy.toml:4:1: unknown key `role`; did you mean `roles`?");
}

#[test]
fn unknown_rules_are_errors_with_the_nearest_name() {
    let text = message(load("ignore = [\n  'security',\n  'mising-timeout',\n]"));
    assert_eq!(text, "roadworthy.toml:3:3: unknown rule, category, severity or preset `mising-timeout`; did you mean `missing-timeout`?");
    let text = message(load("[[overrides]]\npaths = ['a']\nselect = ['securty']"));
    assert!(text.ends_with("did you mean `security`?"), "{text}");
}

#[test]
fn wrong_types_and_words_are_errors_in_their_place() {
    let text = message(load("select = 'security'"));
    assert!(text.starts_with("roadworthy.toml:1:10: invalid type: string \"security\""), "{text}");
    assert!(message(load("max-instances = -1")).starts_with("roadworthy.toml:1:17:"));
    assert!(message(load("max-instances = true")).starts_with("roadworthy.toml:1:17:"));
    assert!(message(load("memory = '512 MB'")).contains("`512 MB` is not an amount of memory"));
    assert!(message(load("memory = 512")).starts_with("roadworthy.toml:1:10:"));
    assert_eq!(message(load("fail-on = 'hihg'")), "roadworthy.toml:1:11: unknown word `hihg`; did you mean `high`?");
    assert!(message(load("exclude = ['[z-a]']")).contains("pattern `[z-a]` cannot be read"));
    assert!(message(load("select = [")).starts_with("roadworthy.toml:1:"));
    assert!(message(load("exclude = ['[']")).contains("pattern `[` cannot be read: unclosed character class"));
    let text = message(load_files(&[("pyproject.toml", "[tool]\nroadworthy = 3")], ""));
    assert_eq!(text, "pyproject.toml:2:14: invalid type: integer `3`, expected a table");
}

#[test]
fn thresholds_of_nothing_are_errors_where_nothing_makes_no_sense() {
    assert_eq!(message(load("timeout-seconds = 0")), "roadworthy.toml:1:19: must be more than 0");
    assert_eq!(message(load("memory = '0Mi'")), "roadworthy.toml:1:10: must be more than 0");
    assert!(message(load("[[overrides]]\npaths = ['a']\ncpu = 0")).contains(":3:7: must be more than 0"));
    assert_eq!(load("min-instances = 0").expect("a configuration").settings.min_instances, 0);
}

#[test]
fn services_that_are_nowhere_are_errors_with_the_nearest_name() {
    let table = "[[service]]\npath = 'services/ordres'";
    let text = message(load_files(&[("roadworthy.toml", table), ("services/orders/main.py", "")], ""));
    assert_eq!(text, "roadworthy.toml: there is no `services/ordres` for a service; did you mean `orders`?");
}

#[test]
fn files_that_are_no_text_are_errors_where_they_are_ours() {
    let project = tempfile::tempdir().expect("a folder");
    let load = |bytes: &[u8]| {
        fs::write(project.path().join("pyproject.toml"), bytes).expect("a file");
        config::load(project.path(), project.path(), project.path(), &RULES)
    };
    assert!(message(load(b"[tool.roadworthy]\n# caf\xe9\n")).ends_with("cannot be read: it is not UTF-8"));
    assert!(load(b"[project]\n# caf\xe9\n").is_ok());
    let marked = load("\u{feff}[tool.roadworthy]\nmax-instances = 3".as_bytes()).expect("a configuration");
    assert_eq!(marked.settings.max_instances, 3);
}

#[test]
fn quantities_are_those_of_kubernetes() {
    for (text, bytes) in
        [("512Mi", 512 << 20), ("512M", 512_000_000), ("1.5Gi", 3 << 29), ("1G", 1_000_000_000), ("128", 128), ("2Ti", 2 << 40)]
    {
        assert_eq!(text.parse(), Ok(Quantity(bytes)), "{text}");
    }
    for text in ["", "Mi", "-1Mi", "1 Gi", "1gb", "1.", ".5Gi", "99999999999999999999Ti", "0x10"] {
        assert!(text.parse::<Quantity>().is_err(), "{text}");
    }
    assert_eq!(Quantity(512 << 20).to_string(), "512Mi");
    assert_eq!(Quantity(1_000_000).to_string(), "1M");
    assert_eq!(Quantity(7).to_string(), "7");
}

#[test]
fn the_narrower_word_wins() {
    let on = |text: &str, rule: &str| load(text).expect("a configuration").is_on(rule, "a.py");
    assert!(on("select = ['hardcoded-secret']\nignore = ['security']", "hardcoded-secret"));
    assert!(!on("select = ['security']\nignore = ['hardcoded-secret']", "hardcoded-secret"));
    assert!(!on("select = ['security']\nignore = ['critical']", "hardcoded-secret"), "of equals, the one that says no");
    assert!(!on("select = ['security']", "missing-timeout"));
    assert!(on("select = ['all']\nignore = ['cost']", "missing-timeout"));
    assert!(!on("select = []", "missing-timeout"));
}

#[test]
fn overrides_hold_for_their_paths() {
    let text = "ignore = ['cost']\n[[overrides]]\npaths = ['jobs/']\nselect = ['all']\nignore = ['missing-timeout']\nmemory = '2Gi'";
    let config = load(text).expect("a configuration");
    assert!(config.is_on("missing-timeout", "src/a.py") && !config.is_on("oversized-memory", "src/a.py"));
    assert!(!config.is_on("missing-timeout", "jobs/a.py") && config.is_on("oversized-memory", "jobs/deep/a.yaml"));
    assert_eq!(config.settings_for("jobs/a.py").memory, Quantity(2 << 30));
    assert_eq!(config.settings_for("src/a.py").memory, Quantity(512 << 20));
}

#[test]
fn the_command_line_goes_over_the_files() {
    let text = "ignore = ['cost']\n[[overrides]]\npaths = ['jobs/']\nignore = ['missing-timeout']";
    let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let mut config = load(text).expect("a configuration");
    config.set_command_line(&words(&["cost", "missing-timeout"]), &[]).expect("known words");
    assert!(
        config.is_on("oversized-memory", "a.py") && config.is_on("missing-timeout", "a.py") && !config.is_on("hardcoded-secret", "a.py")
    );
    assert!(!config.is_on("missing-timeout", "jobs/a.py"), "the project takes it away there");
    config.set_command_line(&[], &words(&["security"])).expect("known words");
    assert!(
        !config.is_on("hardcoded-secret", "a.py") && !config.is_on("oversized-memory", "a.py") && config.is_on("missing-timeout", "a.py")
    );
    let error = config.set_command_line(&words(&["oversize-memory"]), &[]).expect_err("an unknown word");
    assert_eq!(error.to_string(), "unknown rule `oversize-memory`; did you mean `oversized-memory`?");
}

#[test]
fn diagnostics_are_on_until_their_id_is_ignored() {
    let config = load("select = ['security']\n[[overrides]]\npaths = ['old/']\nignore = ['unused-suppression']").expect("a configuration");
    assert!(config.is_on("unused-suppression", "a.py") && !config.is_on("unused-suppression", "old/a.py"));
    assert!(!load("ignore = ['invalid-suppression']").expect("a configuration").is_on("invalid-suppression", "a.py"));
}

#[test]
fn services_are_placed_from_the_root() {
    let table = "[[service]]\npath = './api'\ndeployment = 'api'\nprovides = ['rate-limit']";
    let files = [("app/roadworthy.toml", table), ("app/api/main.py", "")];
    let config = load_files(&files, "app").expect("a configuration");
    assert_eq!(config.services[0].path, "app/api");
    assert_eq!(config.services[0].provides, [config::Provides::RateLimit]);
}

#[test]
fn show_states_everything_and_can_be_read_back() {
    let text = "memory = '1Gi'\nignore = ['cost']\n[[overrides]]\npaths = ['jobs/']\ncpu = 2\n\
                [[api]]\nnames = ['inhouse.get']\ndocs = 'wiki'\nroles = ['http-call']";
    let shown = load(text).expect("a configuration").show();
    assert!(
        shown.contains("memory = \"1Gi\"") && shown.contains("max-instances = 10") && shown.contains("select = [\"recommended\"]"),
        "{shown}"
    );
    let again = load(&shown).unwrap_or_else(|error| panic!("{error}\n{shown}"));
    assert_eq!(again.settings_for("jobs/a.py").cpu, 2);
    assert_eq!(again.apis[0].names, ["inhouse.get"]);
    assert!(!again.is_on("oversized-memory", "a.py"));
}

#[test]
fn the_schema_knows_every_key_and_no_other() {
    let schema = config::schema();
    let properties = schema["properties"].as_object().expect("properties");
    for key in ["select", "extend-exclude", "min-confidence", "max-page-size", "billable-hours-per-month", "overrides", "service", "api"] {
        assert!(properties.contains_key(key), "{key}");
        assert!(properties[key]["description"].is_string(), "{key} is documented");
    }
    assert_eq!(schema["additionalProperties"], false);
}

/// The files with a finding, in a run from the root over these paths.
fn found_in(files: &[(&str, &str)], paths: &[&str]) -> Vec<String> {
    let project = tempfile::tempdir().expect("a folder");
    for (path, text) in files {
        write(project.path(), path, text);
    }
    let paths = paths.iter().map(std::path::PathBuf::from).collect();
    let options = CheckOptions { paths, ..CheckOptions::new(project.path().to_path_buf()) };
    let report = run::check(&options, &Progress::default()).expect("a run").report;
    report.findings.iter().map(|finding| report.sources.get(finding.place.file).path.to_string()).collect()
}

#[test]
fn each_file_obeys_the_configuration_closest_to_it_whatever_is_checked_beside_it() {
    const CALL: &str = "import requests\n\nrequests.get(\"https://a.example\")\n";
    let files = [
        ("roadworthy.toml", "root = true\n"),
        ("m.py", CALL),
        ("a/roadworthy.toml", "ignore = [\"missing-timeout\"]\n"),
        ("a/m.py", CALL),
        ("a/b/roadworthy.toml", "min-severity = \"low\"\n"),
        ("a/b/m.py", CALL),
        ("c/pyproject.toml", "[tool.roadworthy]\nexclude = [\"old/\"]\ntest-paths = [\"checks/\"]\n"),
        ("c/m.py", CALL),
        ("c/old/m.py", CALL),
        ("c/checks/m.py", CALL),
        ("c/tests/m.py", CALL),
    ];
    assert_eq!(found_in(&files, &[]), ["a/b/m.py", "c/m.py", "c/tests/m.py", "m.py"]);
    assert_eq!(found_in(&files, &["a", "c"]), ["a/b/m.py", "c/m.py", "c/tests/m.py"]);
    assert_eq!(found_in(&files, &["a/m.py", "m.py"]), ["m.py"]);
    assert_eq!(found_in(&files, &["a/b"]), ["a/b/m.py"]);
    // What is wrong in a folder that nobody asked about is no error.
    let broken = [("roadworthy.toml", "root = true\n"), ("a/roadworthy.toml", "no-such-key = 1\n"), ("b/m.py", CALL)];
    assert_eq!(found_in(&broken, &["b"]), ["b/m.py"]);
}
