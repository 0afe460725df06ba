//! Discovery: which files are read, as what, and what the others are answered with.

use std::fs;
use std::path::{Path, PathBuf};

use roadworthy::config::{self, Config, Patterns};
use roadworthy::discover::{Discovered, Options, Scope, ScopeError, discover};
use roadworthy::report::Listed;
use roadworthy::report::Unread;
use roadworthy::source::{Encoding, FileKind};

/// A folder with these files in it; `.git/` makes it a project root.
struct Project(tempfile::TempDir);

impl Project {
    fn new(files: &[(&str, &str)]) -> Self {
        let project = Self(tempfile::tempdir().expect("a folder"));
        for (path, text) in files {
            project.write(path, text.as_bytes());
        }
        project
    }

    fn root(&self) -> PathBuf {
        self.0.path().canonicalize().expect("a folder")
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.0.path().join(path);
        if path.to_string_lossy().ends_with('/') {
            fs::create_dir_all(path).expect("a folder");
            return;
        }
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }

    fn run(&self, paths: &[&str]) -> Discovered {
        self.run_with(paths, &Asked::default())
    }

    fn run_with(&self, paths: &[&str], asked: &Asked) -> Discovered {
        let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
        let cwd = self.root().join(asked.cwd);
        let scope = Scope::resolve(&paths, asked.stdin.map(|(path, _)| Path::new(path)), &cwd, true).expect("a scope");
        let config = config(&scope);
        let exclude = Patterns::new(asked.exclude.iter().map(|p| (*p).to_owned()).collect()).expect("patterns");
        let options = Options {
            exclude: &exclude,
            force_exclude: asked.force_exclude,
            threads: asked.threads,
            stdin: asked.stdin.map(|(_, text)| text.as_bytes()),
        };
        discover(&scope, &config, &options)
    }
}

#[derive(Default)]
struct Asked {
    cwd: &'static str,
    exclude: &'static [&'static str],
    force_exclude: bool,
    threads: usize,
    stdin: Option<(&'static str, &'static str)>,
}

fn config(scope: &Scope) -> Config {
    config::load(&scope.start, &scope.stop, &scope.root, &[]).expect("a configuration")
}

/// Paths of files that are judged.
fn judged(found: &Discovered) -> Vec<String> {
    found.listing().into_iter().filter(|line| line.judged_as.is_some()).map(|line| line.path).collect()
}

/// Paths of all files that were read.
fn read(found: &Discovered) -> Vec<String> {
    found.sources.iter().map(|(_, file)| file.path.to_string()).collect()
}

fn reason<'a>(unread: &'a [Unread], path: &str) -> Option<&'a str> {
    unread.iter().find(|u| u.path == path).map(|u| &*u.reason)
}

const EMPTY_GIT: (&str, &str) = (".git/", "");

#[test]
fn what_a_tsconfig_extends_is_read() {
    let project = Project::new(&[
        (".git/", ""),
        ("tsconfig.json", r#"{ "extends": ["./base.json", "./config/paths", "@shop/tsconfig/service.json"] }"#),
        ("base.json", r#"{ "extends": "./more" }"#),
        ("more.json", r#"{ "extends": "./base.json" }"#),
        ("config/paths.json", "{}"),
        ("config/other.json", "{}"),
        ("packages/tsconfig/package.json", r#"{ "name": "@shop/tsconfig" }"#),
        ("packages/tsconfig/service.json", "{}"),
    ]);
    let discovered = project.run(&["."]);
    let read: Vec<&str> = discovered.sources.iter().map(|(_, file)| &*file.path).collect();
    let expected = [
        "base.json",
        "config/paths.json",
        "more.json",
        "packages/tsconfig/package.json",
        "packages/tsconfig/service.json",
        "tsconfig.json",
    ];
    assert_eq!(read, expected);
}

#[test]
fn kinds_are_told_by_name() {
    let project = Project::new(&[EMPTY_GIT, ("a.py", ""), ("Dockerfile", ""), ("s.yaml", ""), ("requirements.txt", ""), ("README.md", "")]);
    let found = project.run(&["."]);
    let kinds: Vec<(&str, FileKind)> = found.sources.iter().map(|(_, file)| (&*file.path, file.kind)).collect();
    let expected = [
        ("Dockerfile", FileKind::Dockerfile),
        ("a.py", FileKind::Python),
        ("requirements.txt", FileKind::Manifest),
        ("s.yaml", FileKind::Yaml),
    ];
    assert_eq!(kinds, expected);
    assert_eq!(found.checked(), 3);
    assert_eq!((found.skipped, found.failed), (vec![], vec![]));
}

#[test]
fn the_root_is_evidence_and_the_paths_are_reported() {
    let project = Project::new(&[EMPTY_GIT, ("a/x.py", ""), ("b/y.py", ""), ("b/deep/z.py", "")]);
    let found = project.run(&["b"]);
    assert_eq!(found.root, project.root());
    assert_eq!(read(&found), ["a/x.py", "b/deep/z.py", "b/y.py"]);
    assert_eq!(judged(&found), ["b/deep/z.py", "b/y.py"]);
}

#[test]
fn a_root_marked_by_configuration_ends_the_project() {
    let project = Project::new(&[EMPTY_GIT, ("a/x.py", ""), ("b/roadworthy.toml", "root = true"), ("b/src/y.py", "")]);
    let found = project.run(&["b/src"]);
    assert_eq!(found.root, project.root().join("b"));
    assert_eq!(read(&found), ["src/y.py"]);
    project.write("b/roadworthy.toml", b"root = false");
    assert_eq!(project.run(&["b/src"]).root, project.root());
}

#[test]
fn without_a_marked_root_the_path_is_all_there_is() {
    let project = Project::new(&[("a/x.py", ""), ("a/y.py", ""), ("b/z.py", "")]);
    assert_eq!(read(&project.run(&["a"])), ["x.py", "y.py"]);
    let found = project.run(&["a/x.py"]);
    assert_eq!(found.root, project.root().join("a"));
    assert_eq!(read(&found), ["x.py"], "a lone file does not drag its neighbours in");
    assert_eq!(read(&project.run(&["a", "b"])), ["a/x.py", "a/y.py", "b/z.py"]);
}

#[test]
fn configuration_is_looked_for_up_to_the_root_or_the_working_directory() {
    let project = Project::new(&[("roadworthy.toml", "exclude = ['old/']"), ("a/old/x.py", ""), ("a/y.py", "")]);
    assert_eq!(judged(&project.run(&["a"])), ["y.py"]);
    let inside = Asked { cwd: "a", ..Asked::default() };
    assert_eq!(judged(&project.run_with(&["."], &inside)), ["old/x.py", "y.py"]);
}

#[test]
fn ignore_files_and_hidden_files_are_obeyed() {
    let project = Project::new(&[
        EMPTY_GIT,
        (".gitignore", "one.py\n"),
        (".ignore", "two.py\n"),
        (".roadworthyignore", "three/\n"),
        ("one.py", ""),
        ("two.py", ""),
        ("three/x.py", ""),
        (".hidden/x.py", ""),
        (".github/workflows/deploy.yml", ""),
        ("node_modules/x.py", ""),
        ("a/venv/lib/x.py", ""),
        ("a/dist/x.py", ""),
        ("a/kept.py", ""),
    ]);
    assert_eq!(judged(&project.run(&[])), [".github/workflows/deploy.yml", "a/kept.py"]);
}

#[test]
fn what_was_given_is_judged_although_it_is_ignored() {
    let project = Project::new(&[
        EMPTY_GIT,
        (".gitignore", "gen/\n*.tmp.py\n"),
        ("gen/x.py", ""),
        ("gen/y.tmp.py", ""),
        (".hidden/x.py", ""),
        ("dist/deep/x.py", ""),
    ]);
    assert_eq!(judged(&project.run(&["gen/x.py"])), ["gen/x.py"]);
    assert_eq!(judged(&project.run(&["gen"])), ["gen/x.py"], "what is ignored inside stays so");
    assert_eq!(judged(&project.run(&[".hidden"])), [".hidden/x.py"]);
    assert_eq!(judged(&project.run(&["dist"])), ["dist/deep/x.py"]);
    let forced = project.run_with(&["gen/x.py"], &Asked { force_exclude: true, ..Asked::default() });
    assert_eq!(judged(&forced), [] as [&str; 0]);
    assert_eq!(reason(&forced.skipped, "gen/x.py"), Some("ignored or excluded"));
}

#[test]
fn excludes_of_the_command_line_are_relative_to_the_working_directory() {
    let project = Project::new(&[EMPTY_GIT, ("a/old/x.py", ""), ("old/x.py", ""), ("a/y.py", "")]);
    let asked = Asked { cwd: "a", exclude: &["/old/"], ..Asked::default() };
    assert_eq!(judged(&project.run_with(&[".."], &asked)), ["a/y.py", "old/x.py"]);
}

#[test]
fn test_code_is_told_below_the_path_that_was_given() {
    let project = Project::new(&[
        EMPTY_GIT,
        ("fixtures/app/main.py", ""),
        ("fixtures/app/tests/helper.py", ""),
        ("fixtures/app/test_main.py", ""),
        ("conftest.py", ""),
        ("main.py", ""),
    ]);
    assert_eq!(judged(&project.run(&["."])), ["main.py"]);
    assert_eq!(judged(&project.run(&["fixtures/app"])), ["fixtures/app/main.py"]);
    assert_eq!(judged(&project.run(&[".", "fixtures/app"])), ["fixtures/app/main.py", "main.py"]);
    assert_eq!(judged(&project.run(&["fixtures/app/main.py", "fixtures/app/test_main.py"])), ["fixtures/app/main.py"]);
    let forced = Asked { force_exclude: true, ..Asked::default() };
    assert_eq!(judged(&project.run_with(&["main.py", "fixtures/app/main.py"], &forced)), ["main.py"]);
    let listed = project.run(&["conftest.py"]).listing();
    assert_eq!(listed, [Listed { path: "conftest.py".into(), judged_as: None, reason: Some("test code".into()) }]);
}

#[test]
fn what_is_not_supported_is_named() {
    let project = Project::new(&[
        EMPTY_GIT,
        ("main.tf.json", ""),
        ("docker-compose.yml", ""),
        ("app.yaml", "runtime: python312\n"),
        ("web/app.min.js", ""),
        ("chart/Chart.yaml", "name: x\n"),
        ("chart/values.yaml", "a: 1\n"),
        ("chart/templates/service.yaml", "{{ x }}\n"),
        ("chart/service.yaml", "apiVersion: serving.knative.dev/v1\n"),
        ("run/app.yaml", "apiVersion: serving.knative.dev/v1\n"),
        ("run/app.json", "{\"apiVersion\": \"serving.knative.dev/v1\"}\n"),
        ("run/data.json", "{}\n"),
    ]);
    let found = project.run(&["."]);
    let skipped: Vec<(&str, &str)> = found.skipped.iter().map(|u| (&*u.path, &*u.reason)).collect();
    let expected = [
        ("app.yaml", "App Engine: not supported"),
        ("chart/Chart.yaml", "Helm chart: not supported"),
        ("chart/templates/service.yaml", "Helm chart: not supported"),
        ("chart/values.yaml", "Helm chart: not supported"),
        ("docker-compose.yml", "compose file: not supported"),
        ("main.tf.json", "Terraform in JSON: not supported"),
        ("run/app.json", "Cloud Run JSON: not supported, YAML is"),
        ("web/app.min.js", "minified"),
    ];
    assert_eq!(skipped, expected);
    assert_eq!(judged(&found), ["chart/service.yaml", "run/app.yaml"]);
}

#[test]
fn reasons_are_only_given_within_the_paths() {
    let project = Project::new(&[EMPTY_GIT, ("a/main.tf.json", ""), ("b/main.tf.json", "")]);
    assert_eq!(project.run(&["b"]).skipped.len(), 1);
    assert_eq!(project.run(&["a/main.tf.json", "b"]).skipped.len(), 2);
}

#[test]
fn a_file_of_no_known_kind_is_answered_when_it_was_given() {
    let project = Project::new(&[EMPTY_GIT, ("README.md", ""), ("a.json", "{}")]);
    assert_eq!(reason(&project.run(&["a.json"]).skipped, "a.json"), Some("not a kind of file that is judged"));
    assert_eq!(reason(&project.run(&["README.md"]).skipped, "README.md"), Some("not a kind of file that is judged"));
    assert_eq!(project.run(&["."]).skipped, []);
}

#[test]
fn generated_files_are_evidence_and_named() {
    let header = concat!("# Generated by the protocol buffer compiler.  DO NOT", " EDIT!\n");
    let project = Project::new(&[EMPTY_GIT, ("a_pb2.py", ""), ("b.py", header), ("poetry.lock", header), ("c.py", "")]);
    let found = project.run(&["."]);
    assert_eq!(judged(&found), ["c.py"]);
    assert_eq!(read(&found).len(), 4);
    assert_eq!((reason(&found.skipped, "a_pb2.py"), reason(&found.skipped, "b.py")), (Some("generated"), Some("generated")));
}

#[test]
fn large_and_binary_files_are_named() {
    let project = Project::new(&[EMPTY_GIT, ("empty.py", "")]);
    project.write("large.py", "x = 1\n".repeat(400_000).as_bytes());
    project.write("chain.py", format!("x = {}1", "1 + ".repeat(100_000)).as_bytes());
    project.write("nul.py", b"x = 1\0");
    let noise: Vec<u8> = (0..1_000_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8 | 1).collect();
    project.write("noise.py", &noise);
    let found = project.run(&["."]);
    assert_eq!(judged(&found), ["chain.py", "empty.py"]);
    assert_eq!(reason(&found.skipped, "large.py"), Some("over 2 MiB"));
    assert_eq!(reason(&found.skipped, "nul.py"), Some("binary"));
    assert_eq!(reason(&found.skipped, "noise.py"), Some("binary"));
}

#[test]
fn every_encoding_becomes_text() {
    let project = Project::new(&[EMPTY_GIT, ("crlf.py", "x = 1\r\ny = 2\r\n")]);
    project.write("bom.py", b"\xef\xbb\xbfx = 1\n");
    project.write("latin.py", b"x = 'caf\xe9'\n");
    let utf16: Vec<u8> = "\u{feff}x = 1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    project.write("utf16.py", &utf16);
    let found = project.run(&["."]);
    let texts: Vec<(&str, &str, Encoding)> = found.sources.iter().map(|(_, file)| (&*file.path, &*file.text, file.encoding)).collect();
    let expected = [
        ("bom.py", "x = 1\n", Encoding::Utf8Bom),
        ("crlf.py", "x = 1\r\ny = 2\r\n", Encoding::Utf8),
        ("latin.py", "x = 'caf\u{fffd}'\n", Encoding::Lossy),
        ("utf16.py", "x = 1\n", Encoding::Lossy),
    ];
    assert_eq!(texts, expected);
    assert_eq!(found.sources.get(found.sources.find("bom.py").expect("read")).position(0).column, 1);
}

#[test]
fn a_text_from_standard_input_takes_the_place_of_a_file() {
    let project = Project::new(&[EMPTY_GIT, ("a/x.py", "old"), ("b/x.py", "other")]);
    let found = project.run_with(&[], &Asked { stdin: Some(("a/x.py", "new")), ..Asked::default() });
    assert_eq!(judged(&found), ["a/x.py"]);
    assert_eq!(read(&found), ["a/x.py", "b/x.py"]);
    assert_eq!(&*found.sources.get(found.sources.find("a/x.py").expect("read")).text, "new");
    let found = project.run_with(&[], &Asked { stdin: Some(("nowhere/new.py", "new")), force_exclude: true, ..Asked::default() });
    assert_eq!(judged(&found), ["nowhere/new.py"]);
    assert_eq!(found.failed, []);
}

#[test]
fn a_text_from_standard_input_needs_no_project() {
    let project = Project::new(&[("x.py", "")]);
    let found = project.run_with(&[], &Asked { stdin: Some(("nowhere/deep/new.py", "new")), ..Asked::default() });
    assert_eq!((judged(&found), found.failed.len()), (vec!["new.py".to_owned()], 0));
}

#[test]
fn a_path_that_does_not_exist_is_an_error() {
    let project = Project::new(&[EMPTY_GIT]);
    let error = Scope::resolve(&["nowhere".into()], None, &project.root(), true).expect_err("an error");
    assert!(matches!(error, ScopeError::NotFound(..)));
    assert_eq!(error.to_string(), "cannot check `nowhere`: no such file or directory");
}

#[test]
fn a_wrong_configuration_on_the_way_up_is_an_error_unless_it_is_not_wanted() {
    let project = Project::new(&[EMPTY_GIT, ("a/roadworthy.toml", "rot = true"), ("a/b/x.py", "")]);
    let paths = [PathBuf::from("a/b")];
    let error = Scope::resolve(&paths, None, &project.root(), true).expect_err("an error").to_string();
    assert!(error.ends_with("a/roadworthy.toml:1:1: unknown key `rot`; did you mean `root`?"), "{error}");
    assert!(Scope::resolve(&paths, None, &project.root(), false).is_ok());
}

#[test]
fn neither_threads_nor_order_change_the_result() {
    let names: Vec<String> = (0..200).map(|i| format!("d{}/{}/f{i}.py", i % 7, i % 3)).collect();
    let mut files: Vec<(&str, &str)> = names.iter().map(|name| (&**name, "x = 1\n")).collect();
    files.push(EMPTY_GIT);
    files.push(("d1/main.tf.json", ""));
    let project = Project::new(&files);
    let one = project.run_with(&["d1", "d2"], &Asked { threads: 1, ..Asked::default() });
    for (paths, threads) in [(["d1", "d2"], 4), (["d2", "d1"], 8), (["d2", "./d1/"], 0)] {
        let other = project.run_with(&paths, &Asked { threads, ..Asked::default() });
        assert_eq!((one.listing(), read(&one)), (other.listing(), read(&other)));
    }
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn links_are_survived_and_broken_ones_named() {
        let project = Project::new(&[EMPTY_GIT, ("a/x.py", ""), ("requirements.txt", "flask\n")]);
        let at = |path: &str| project.root().join(path);
        symlink("..", at("a/loop")).expect("a link");
        symlink("self.py", at("self.py")).expect("a link");
        symlink("nowhere.py", at("dangling.py")).expect("a link");
        symlink("nowhere.md", at("dangling.md")).expect("a link");
        symlink("a/x.py", at("alias.py")).expect("a link");
        symlink("../requirements.txt", at("a/requirements.txt")).expect("a link");
        let outside = Project::new(&[("o.py", "")]);
        symlink(outside.root(), at("outside")).expect("a link");
        symlink(outside.root().join("o.py"), at("o.py")).expect("a link");

        let found = project.run(&["."]);
        assert_eq!(judged(&found), ["a/x.py", "o.py"]);
        assert!(read(&found).contains(&"a/requirements.txt".to_owned()));
        assert_eq!(reason(&found.failed, "dangling.py"), Some("dangling symlink"));
        assert!(reason(&found.failed, "self.py").is_some());
        assert_eq!(found.failed.len(), 2);
        assert_eq!(reason(&found.skipped, "alias.py"), Some("link to a/x.py"));
        assert_eq!(reason(&found.skipped, "outside"), Some("link to a folder outside the project"));

        assert_eq!(judged(&project.run(&["alias.py"])), ["alias.py"], "it was asked for");
        assert_eq!(reason(&project.run(&["dangling.py"]).failed, "dangling.py"), Some("dangling symlink"));
    }

    #[test]
    fn a_folder_that_cannot_be_read_is_named() {
        let project = Project::new(&[EMPTY_GIT, ("locked/x.py", ""), ("y.py", "")]);
        let locked = project.root().join("locked");
        fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).expect("permissions");
        // The superuser may read everything, so that there is nothing to see.
        let readable = fs::read_dir(&locked).is_ok();
        let found = project.run(&["."]);
        fs::set_permissions(&locked, fs::Permissions::from_mode(0o755)).expect("permissions");
        if !readable {
            assert_eq!(reason(&found.failed, "locked"), Some("permission denied"));
        }
        assert!(judged(&found).contains(&"y.py".to_owned()));
    }

    #[test]
    fn what_is_no_regular_file_is_not_opened() {
        let project = Project::new(&[EMPTY_GIT, ("y.py", "")]);
        let listener = std::os::unix::net::UnixListener::bind(project.root().join("socket.py"));
        let found = project.run(&["."]);
        assert!(listener.is_ok());
        assert_eq!(reason(&found.skipped, "socket.py"), Some("not a regular file"));
        assert_eq!(judged(&found), ["y.py"]);
    }
}
