use super::*;
use crate::lower::typescript::{self, Dialect};
use crate::model::apis::{Apis, JAVASCRIPT};
use crate::model::program::{ModuleId, Program};

fn kind(path: &str) -> FileKind {
    if path.ends_with(".py") { FileKind::Python } else { FileKind::Manifest }
}

fn sources(files: &[(&str, &str)]) -> Sources {
    Sources::new(files.iter().map(|(path, text)| SourceFile::new(path, kind(path), text)).collect())
}

fn of(files: &[(&str, &str)]) -> (Sources, Dependencies) {
    let sources = sources(files);
    let lower = |(id, file): (FileId, &SourceFile)| {
        let tree = crate::lower::python::parse(&file.text)?;
        Some(crate::lower::python::lower(id, &file.text, &tree))
    };
    let modules: Vec<Module> = sources.iter().filter(|(_, file)| file.kind == FileKind::Python).filter_map(lower).collect();
    let packages = Dependencies::find(&sources, &modules);
    (sources, packages)
}

/// What is known of a package's version for code in a folder; `-` where nothing is.
fn known(files: &[(&str, &str)], folder: &str, ecosystem: Ecosystem, name: &str) -> String {
    let (sources, packages) = of(files);
    let versions = packages.versions(&sources, folder, ecosystem, name);
    assert_eq!(packages.unread(&sources), []);
    versions.map_or("-".to_owned(), |versions| versions.to_string())
}

#[test]
fn python_manifests() {
    for (file, text, name, expected) in [
        ("requirements.txt", "redis==4.5.1\n", "redis", "==4.5.1"),
        ("requirements.txt", "# all\nRedis[hiredis] >= 4.5 , < 5 ; python_version > '3.8'  # why\n", "redis", ">=4.5,<5"),
        ("requirements.txt", "redis==4.5.1 \\\n    --hash=sha256:abc \\\n    --hash=sha256:def\nhttpx\n", "redis", "==4.5.1"),
        ("requirements.txt", "redis==4.5.1 --hash=sha256:abc\n", "redis", "==4.5.1"),
        ("requirements.txt", "a==1; python_version<'3.9'\na==2; python_version>='3.9'\n", "a", ">=1,<=2"),
        ("requirements.txt", "redis\n", "redis", "*"),
        ("requirements.txt", "redis @ https://example.com/redis-4.zip#egg=redis\n", "redis", "*"),
        ("requirements.txt", "-e git+https://example.com/x.git#egg=redis\n--index-url https://x\n", "redis", "-"),
        ("requirements.txt", "google_genai==1.2\n", "google-genai", "==1.2"),
        ("requirements.txt", "google.genai==1.2\n", "google_genai", "==1.2"),
        ("requirements.txt", "", "redis", "-"),
        ("requirements.txt", "==4\n;;\n[x]\n\u{0}\n-r\n-r \n-rx\n@\n", "redis", "-"),
        ("requirements-dev.txt", "redis==4\n", "redis", "==4"),
        ("requirements/base.txt", "redis==4\n", "redis", "==4"),
        ("constraints.txt", "redis<5\n", "redis", "<5"),
        ("pyproject.toml", "[project]\nrequires-python = '>=3.11'\ndependencies = ['redis>=4,<5']\n", "redis", ">=4,<5"),
        ("pyproject.toml", "[project]\nrequires-python = '>=3.11'\n", "python", ">=3.11"),
        ("pyproject.toml", "[project.optional-dependencies]\ncache = ['redis~=4.5.0']\n", "redis", ">=4.5,<4.6"),
        ("pyproject.toml", "[dependency-groups]\ndev = [{include-group = 'x'}, 'redis<5']\n", "redis", "<5"),
        ("pyproject.toml", "[project]\ndependencies = ['redis>=4']\n[dependency-groups]\ndev = ['redis<3']\n", "redis", ">=4"),
        ("pyproject.toml", "[tool.poetry.dependencies]\npython = '^3.9'\nredis = '^4.5'\n", "redis", ">=4.5,<5"),
        ("pyproject.toml", "[tool.poetry.dependencies]\nredis = {version = '~4.5', extras = ['hiredis']}\n", "redis", ">=4.5,<4.6"),
        ("pyproject.toml", "[tool.poetry.dependencies]\nredis = {git = 'https://x'}\n", "redis", "*"),
        ("pyproject.toml", "[tool.poetry.dependencies]\nredis = [{version = '3', python = '<3.9'}, {version = '^4'}]\n", "redis", ">=3,<5"),
        ("pyproject.toml", "[tool.poetry.group.dev.dependencies]\nredis = '4.5'\n", "redis", "==4.5"),
        ("pyproject.toml", "[tool.pdm.dev-dependencies]\ntest = ['redis==4']\n", "redis", "==4"),
        ("pyproject.toml", "[tool.uv]\ndev-dependencies = ['redis==4']\n", "redis", "==4"),
        ("pyproject.toml", "[project]\ndependencies = ['redis==4']\n[tool.uv.sources]\nredis = {git = 'https://x'}\n", "redis", "*"),
        ("pyproject.toml", "[project]\ndependencies = ['redis==4']\n[tool.uv.sources]\nredis = {index = 'own'}\n", "redis", "==4"),
        ("pyproject.toml", "[project]\ndependencies = 'redis==4'\n[tool]\npoetry = 3\n", "redis", "-"),
        ("setup.cfg", "[options]\ninstall_requires =\n    # why\n    redis>=4\n    httpx\npython_requires = >=3.9\n", "redis", ">=4"),
        ("setup.cfg", "[options]\ninstall_requires = redis==4\n[options.extras_require]\nx = httpx==1\n", "httpx", "==1"),
        ("setup.cfg", "[metadata]\nname = redis==4\n", "redis", "-"),
        ("setup.py", "from setuptools import setup\nsetup(install_requires=['redis>=4,<5', *more])\n", "redis", ">=4,<5"),
        ("setup.py", "import setuptools\nREQUIRES = ['redis>=4']\nsetuptools.setup(install_requires=REQUIRES)\n", "redis", ">=4"),
        ("setup.py", "setup(install_requires=open('x').read().split())\n", "redis", "-"),
        ("Pipfile", "[packages]\nredis = '==4.5'\n[dev-packages]\npytest = '*'\n", "redis", "==4.5"),
        ("Pipfile", "[packages]\nredis = {version = '>=4', extras = ['x']}\n", "redis", ">=4"),
        ("Pipfile", "[requires]\npython_version = '3.9'\n", "python", ">=3.9,<3.10"),
    ] {
        assert_eq!(known(&[(file, text)], "app", Ecosystem::Python, name), expected, "{file}: {text}");
    }
}

#[test]
fn python_lock_files() {
    let uv = "version = 1\n[[package]]\nname = 'shop'\nversion = '0.1'\nsource = {editable = '.'}\n\
              [[package]]\nname = 'redis'\nversion = '4.5.1'\nsource = {registry = 'https://x'}\n";
    for (file, text, name, expected) in [
        ("poetry.lock", "[[package]]\nname = 'redis'\nversion = '4.5.1'\n\n[package.dependencies]\nx = '*'\n", "redis", "==4.5.1"),
        ("poetry.lock", "[[package]]\nname = 'a'\nversion = '1'\n[[package]]\nname = 'a'\nversion = '2'\n", "a", ">=1,<=2"),
        ("poetry.lock", "", "redis", "-"),
        ("uv.lock", uv, "redis", "==4.5.1"),
        ("uv.lock", uv, "shop", "-"),
        ("pdm.lock", "[metadata]\nx = 1\n[[package]]\nname = 'redis'\nversion = '4.5.1'\n", "redis", "==4.5.1"),
        ("pylock.toml", "lock-version = '1.0'\n[[packages]]\nname = 'redis'\nversion = '4.5.1'\n", "redis", "==4.5.1"),
        ("Pipfile.lock", r#"{"default": {"redis": {"version": "==4.5.1"}}, "develop": {"redis": {"version": "==3"}}}"#, "redis", "==4.5.1"),
        ("Pipfile.lock", r#"{"develop": {"pytest": {"version": "==8.1"}}}"#, "pytest", "==8.1"),
        ("Pipfile.lock", r#"{"default": {"redis": {"git": "https://x"}, "httpx": 3}}"#, "redis", "-"),
    ] {
        assert_eq!(known(&[(file, text)], "app", Ecosystem::Python, name), expected, "{file}: {text}");
    }
}

#[test]
fn node_manifests() {
    for (text, name, expected) in [
        (r#"{"dependencies": {"redis": "^4.6.0"}}"#, "redis", ">=4.6,<5"),
        (r#"{"dependencies": {"redis": "4.6.1"}}"#, "redis", "==4.6.1"),
        (r#"{"dependencies": {"redis": "latest"}}"#, "redis", "*"),
        (r#"{"dependencies": {"redis": "npm:redis@^3.1"}}"#, "redis", ">=3.1,<4"),
        (r#"{"dependencies": {"redis": "npm:@other/redis@^3.1"}}"#, "redis", "*"),
        (r#"{"dependencies": {"redis": "workspace:*"}}"#, "redis", "*"),
        (r#"{"dependencies": {"redis": "catalog:"}}"#, "redis", "*"),
        (r#"{"dependencies": {"redis": "redis/node-redis#v4"}}"#, "redis", "*"),
        (r#"{"devDependencies": {"redis": "^4"}, "peerDependencies": {"redis": ">=3"}}"#, "redis", ">=4,<5"),
        (r#"{"dependencies": {"redis": "^5"}, "devDependencies": {"redis": "^4"}}"#, "redis", ">=5,<6"),
        (r#"{"dependencies": {"@google-cloud/storage": "~7.1.2"}}"#, "@google-cloud/storage", ">=7.1.2,<7.2"),
        (r#"{"engines": {"node": ">=18"}}"#, "node", ">=18"),
        (r#"{"packageManager": "pnpm@9.1.0+sha512.abc"}"#, "pnpm", "==9.1"),
        (r#"{"dependencies": ["redis"], "engines": "x", "packageManager": 3, "workspaces": 1}"#, "redis", "-"),
        (r#"{"dependencies": {"redis": 3}}"#, "redis", "*"),
        ("{}", "redis", "-"),
    ] {
        assert_eq!(known(&[("package.json", text)], "src", Ecosystem::Node, name), expected, "{text}");
    }
}

#[test]
fn node_lock_files() {
    let v1 = r#"{"lockfileVersion": 1, "dependencies": {"redis": {"version": "3.1.2", "dependencies": {"ms": {"version": "1.0.0"}}}}}"#;
    let v2 = r#"{"lockfileVersion": 2, "packages": {"": {"version": "1.0.0"}, "node_modules/redis": {"version": "4.6.1"},
        "node_modules/a/node_modules/redis": {"version": "3.0.0"}}, "dependencies": {"redis": {"version": "4.6.1"}}}"#;
    let v3 = r#"{"lockfileVersion": 3, "packages": {"node_modules/@redis/client": {"version": "5.1.0", "peer": true},
        "node_modules/other": {"name": "redis", "version": "2.0.0"}}}"#;
    let classic = "# yarn lockfile v1\n\n\"@redis/client@^1.0.0\", \"@redis/client@^1.1.0\":\n  version \"1.1.2\"\n  resolved \"https://x\"\n\
                   \nredis@^4.0.0:\n  version \"4.6.1\"\n  dependencies:\n    ms \"2.0.0\"\n\nold@npm:redis@^3:\n  version \"3.1.2\"\n";
    let berry = "__metadata:\n  version: 6\n\n\"@redis/client@npm:^1.0.0, @redis/client@npm:^1.1.0\":\n  version: 1.1.2\n  resolution: \"@redis/client@npm:1.1.2\"\n\
                 \n\"redis@npm:4.6.1\":\n  version: 4.6.1\n\n\"old@npm:redis@^3\":\n  version: 3.1.2\n\n\"shop@workspace:.\":\n  version: 0.0.0-use.local\n";
    let pnpm5 = "lockfileVersion: 5.4\nspecifiers:\n  redis: ^4\ndependencies:\n  redis: 4.6.1_abc@1.0.0\npackages:\n  /redis/4.6.1: {}\n";
    let pnpm6 = "lockfileVersion: '6.0'\ndependencies:\n  redis:\n    specifier: ^4\n    version: 4.6.1(x@1.0.0)\ndevDependencies:\n  old:\n    specifier: npm:redis@3\n    version: /redis@3.1.2\n";
    let pnpm9 = "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      redis:\n        specifier: ^4\n        version: 4.6.1\n      own:\n        specifier: workspace:*\n        version: link:../own\npackages:\n  redis@4.6.1:\n    resolution: {integrity: x}\n";
    for (file, text, name, expected) in [
        ("package-lock.json", v1, "redis", "==3.1.2"),
        ("package-lock.json", v1, "ms", "-"),
        ("package-lock.json", v2, "redis", "==4.6.1"),
        ("npm-shrinkwrap.json", v3, "@redis/client", "==5.1"),
        ("package-lock.json", v3, "other", "-"),
        ("package-lock.json", "{}", "redis", "-"),
        ("package-lock.json", r#"{"packages": {"node_modules/redis": {"version": 4}}}"#, "redis", "-"),
        ("yarn.lock", classic, "redis", "==4.6.1"),
        ("yarn.lock", classic, "@redis/client", "==1.1.2"),
        ("yarn.lock", classic, "old", "-"),
        ("yarn.lock", "", "redis", "-"),
        ("yarn.lock", berry, "redis", "==4.6.1"),
        ("yarn.lock", berry, "@redis/client", "==1.1.2"),
        ("yarn.lock", berry, "old", "-"),
        ("yarn.lock", berry, "shop", "-"),
        ("pnpm-lock.yaml", pnpm5, "redis", "==4.6.1"),
        ("pnpm-lock.yaml", pnpm6, "redis", "==4.6.1"),
        ("pnpm-lock.yaml", pnpm6, "old", "-"),
        ("pnpm-lock.yaml", pnpm9, "redis", "==4.6.1"),
        ("pnpm-lock.yaml", pnpm9, "own", "-"),
        ("pnpm-lock.yaml", "", "redis", "-"),
        ("pnpm-lock.yaml", "dependencies: [redis]\nimporters: 3\n", "redis", "-"),
    ] {
        assert_eq!(known(&[(file, text)], "src", Ecosystem::Node, name), expected, "{file}: {text}");
    }
}

/// Files, a folder with code, and what is known there of redis.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, Ecosystem, &'a str);

#[test]
fn the_closest_manifest_and_its_lock_file_apply() {
    use Ecosystem::{Node, Python};
    const POETRY: (&str, &str) = ("poetry.lock", "[[package]]\nname = 'redis'\nversion = '5.2'\n");
    const UV: (&str, &str) = (
        "uv.lock",
        "[[package]]\nname = 'a'\nversion = '0'\nsource = {editable = 'services/a'}\n[[package]]\nname = 'redis'\nversion = '5.2'\n",
    );
    const NPM: (&str, &str) = (
        "package-lock.json",
        r#"{"packages": {"": {}, "services/a": {}, "services/b": {}, "node_modules/redis": {"version": "4.6.1"},
            "services/b/node_modules/redis": {"version": "3.1.2"}}}"#,
    );
    const PNPM: (&str, &str) = (
        "pnpm-lock.yaml",
        "importers:\n  .:\n    dependencies:\n      redis: {specifier: ^5, version: 5.1.0}\n  services/a:\n    dependencies:\n      redis: {specifier: ^3, version: 3.1.2}\n",
    );
    const YARN: (&str, &str) = ("yarn.lock", "redis@^4:\n  version \"4.6.1\"\n\nredis@^3:\n  version \"3.1.2\"\n");
    let unit = |wanted: &'static str| ("services/a/package.json", wanted);
    let cases: &[Case<'_>] = &[
        // A lock file says more than a manifest; one that does not fit it, nothing.
        (&[("pyproject.toml", "[project]\ndependencies = ['redis>=4']\n"), POETRY], "app", Python, "==5.2"),
        (&[("pyproject.toml", "[project]\ndependencies = ['redis<4']\n"), POETRY], "app", Python, "<4"),
        // What nothing names comes with something else.
        (&[("pyproject.toml", ""), POETRY], "app", Python, "==5.2"),
        // The unit's own manifest, not that around it; nor a lock file that is not its own.
        (&[("a/requirements.txt", "redis==3\n"), ("requirements.txt", "redis==5\n")], "a/b", Python, "==3"),
        (&[("a/requirements.txt", "redis==3\n"), ("requirements.txt", "redis==5\n")], "b", Python, "==5"),
        (&[("a/requirements.txt", "httpx\n"), ("requirements.txt", "redis==5\n")], "a", Python, "==5"),
        (&[("a/requirements.txt", "redis>=3\n"), POETRY], "a", Python, ">=3"),
        (&[("a/requirements.txt", "redis==3\n"), ("requirements.txt", "redis==5\n")], "ab", Python, "==5"),
        // Workspaces.
        (&[("services/a/pyproject.toml", "[project]\ndependencies = ['redis']\n"), UV], "services/a/src", Python, "==5.2"),
        (&[("services/b/pyproject.toml", "[project]\ndependencies = ['redis']\n"), UV], "services/b/src", Python, "*"),
        (
            &[
                ("services/b/pyproject.toml", "[project]\ndependencies = ['redis']\n"),
                ("pyproject.toml", "[tool.uv.workspace]\nmembers = ['services/*']\n"),
                UV,
            ],
            "services/b/src",
            Python,
            "==5.2",
        ),
        (&[unit(r#"{"dependencies": {"redis": "^4"}}"#), NPM], "services/a/src", Node, "==4.6.1"),
        (&[("services/b/package.json", r#"{"dependencies": {"redis": "^3"}}"#), NPM], "services/b", Node, "==3.1.2"),
        (&[("services/c/package.json", r#"{"dependencies": {"redis": "^4"}}"#), NPM], "services/c", Node, ">=4,<5"),
        (&[unit(r#"{"dependencies": {"redis": "^3"}}"#), PNPM], "services/a/src", Node, "==3.1.2"),
        (&[unit("{}"), PNPM, ("package.json", r#"{"dependencies": {"redis": "^5"}}"#)], "services/c", Node, "==5.1"),
        (
            &[unit(r#"{"dependencies": {"redis": "^3"}}"#), ("package.json", r#"{"workspaces": ["./services/*/"]}"#), YARN],
            "services/a/src",
            Node,
            "==3.1.2",
        ),
        (
            &[unit(r#"{"dependencies": {"redis": ">=3"}}"#), ("package.json", r#"{"workspaces": {"packages": ["services/*"]}}"#), YARN],
            "services/a",
            Node,
            ">=3.1.2,<=4.6.1",
        ),
        (
            &[unit(r#"{"dependencies": {"redis": "^3"}}"#), ("package.json", r#"{"workspaces": ["libs/*"]}"#), YARN],
            "services/a",
            Node,
            ">=3,<4",
        ),
        // What the other ecosystem says is about another package.
        (&[("requirements.txt", "redis==4\n")], "", Node, "-"),
        (&[("package.json", r#"{"dependencies": {"redis": "^4"}}"#)], "", Python, "-"),
        // Several files of one folder, and those that they take in.
        (&[("requirements.in", "redis>=4\n"), ("requirements.txt", "redis==4.5\n")], "", Python, "==4.5"),
        (&[("requirements.txt", "redis>=4\n-c constraints.txt\n"), ("constraints.txt", "redis<5\n")], "", Python, ">=4,<5"),
        (&[("requirements.txt", "redis==4\n"), ("requirements-dev.txt", "redis==5\n")], "", Python, "==4"),
        (
            &[
                ("a/requirements.txt", "-r ../deploy/requirements.txt\n"),
                ("deploy/requirements.txt", "-r ../a/requirements.txt\nredis==4\n"),
            ],
            "a",
            Python,
            "==4",
        ),
        (&[("a/requirements.txt", "-r ../../../x.txt\n-r missing.txt\nredis==4\n")], "a", Python, "==4"),
        (
            &[
                ("pyproject.toml", "[tool.setuptools.dynamic]\ndependencies = {file = ['deps/requirements.txt']}\n"),
                ("deps/requirements.txt", "redis==4\n"),
            ],
            "",
            Python,
            "==4",
        ),
        (
            &[("requirements/prod.txt", "-r base.txt\n"), ("requirements/base.txt", "redis==4\n"), ("requirements/dev.txt", "redis==5\n")],
            "app",
            Python,
            "==4",
        ),
        // Two that contradict each other.
        (&[("requirements.txt", "redis==4\n"), ("requirements-gpu.txt", "redis==5\n")], "", Python, ">=4,<=5"),
        (&[], "a/b", Python, "-"),
    ];
    for (files, folder, ecosystem, expected) in cases {
        assert_eq!(known(files, folder, *ecosystem, "redis"), *expected, "{files:?} {folder}");
    }
}

#[test]
fn rows_are_those_of_the_version_that_a_module_uses() {
    let wait = |manifest: &str| {
        let path = "src/rates.ts";
        let text = "import fetch from 'node-fetch';\n\nawait fetch('https://example.com', { timeout: 5000 });\n";
        let files = [SourceFile::new(path, FileKind::TypeScript, text), SourceFile::new("package.json", FileKind::Manifest, manifest)];
        let sources = Sources::new(files.into());
        let tree = typescript::parse(Dialect::of(path), text).expect("a tree");
        let id = sources.find(path).expect("the module");
        let modules = vec![typescript::lower(id, Dialect::of(path), text, &tree)];
        let program = Program::link(sources, modules, Apis::load(&[]).expect("the tables load"), &|_, _| None);
        let row = program.row(ModuleId(0), format!("{JAVASCRIPT}node-fetch").as_str().into()).expect("a row");
        row.timeout.as_ref().expect("a timeout").or.clone()
    };
    assert_eq!(wait(r#"{"dependencies": {"node-fetch": "^2.6.7"}}"#), ["timeout"]);
    assert_eq!(wait(r#"{"dependencies": {"node-fetch": "^3.3.2"}}"#), [""; 0]);
    assert_eq!(wait("{}"), [""; 0]);
}

#[test]
fn what_cannot_be_read_is_named_and_nothing_else() {
    for (file, text, reason) in [
        ("pyproject.toml", "[project\n", "at line 1"),
        ("Pipfile", "[packages]\nredis = \n", "at line 2"),
        ("poetry.lock", "package = 3\n", "invalid type"),
        ("uv.lock", "[[package]]\nversion = '1'\n", "missing field"),
        ("Pipfile.lock", "{", "EOF while parsing"),
        ("package.json", "{\"dependencies\": {,}}", "line 1"),
        ("package.json", "[]", "no object"),
        ("package-lock.json", "{\"packages\": []}", "invalid type"),
        ("package-lock.json", "<<<<<<< HEAD\n{}", "line 1"),
        ("yarn.lock", "<<<<<<< HEAD\nredis@^4:\n  version \"4\"\n", "line 1"),
        ("yarn.lock", "__metadata:\n  version: [6\n", "line"),
        ("pnpm-lock.yaml", "importers:\n  .: [\n", "line"),
        ("pnpm-lock.yaml", "a: b: c\n", "line 1"),
        ("package.json", &format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)), "recursion limit"),
    ] {
        let (sources, packages) = of(&[(file, text), ("requirements.txt", "redis==4\n")]);
        assert_eq!(packages.unread(&sources), [], "nothing was asked");
        let is_node = ["package", "yarn", "pnpm"].iter().any(|start| file.starts_with(start));
        let ecosystem = if is_node { Ecosystem::Node } else { Ecosystem::Python };
        let versions = packages.versions(&sources, "app", ecosystem, "redis").map(|versions| versions.to_string());
        assert_eq!(versions.as_deref(), (ecosystem == Ecosystem::Python).then_some("==4"), "{file}");
        let unread = packages.unread(&sources);
        assert!(matches!(&unread[..], [one] if one.path == file && one.reason.contains(reason)), "{file}: {unread:?}");
    }
}

#[test]
fn large_lock_files_are_read_once() {
    let mut text = String::from("{\"packages\": {");
    for index in 0..60_000 {
        text.push_str(&format!(
            "\"node_modules/package-{index}\": {{\"version\": \"1.2.{index}\", \"resolved\": \"https://registry.example/{index}.tgz\", \
             \"integrity\": \"sha512-{index:0>88}\", \"dependencies\": {{\"x\": \"^1\", \"y\": \"^2\"}}}},"
        ));
    }
    text.push_str("\"node_modules/redis\": {\"version\": \"4.6.1\"}}}");
    assert!(text.len() > 10 << 20);
    let (sources, packages) = of(&[("package-lock.json", &text)]);
    for index in 0..1000 {
        assert!(packages.versions(&sources, "src", Ecosystem::Node, &format!("package-{index}")).is_some());
    }
    assert_eq!(packages.versions(&sources, "src", Ecosystem::Node, "redis").map(|v| v.to_string()).as_deref(), Some("==4.6.1"));
}
