//! Applying fixes: what changes in files, and what does not.

use std::fs;
use std::path::Path;

use roadworthy::fix::Applicability;
use roadworthy::options::CheckOptions;
use roadworthy::progress::Progress;
use roadworthy::run::{self, Fixed};
use tempfile::TempDir;

const CALL: &str = "import requests\n\nrequests.get('https://example.com')\n";
const MENDED: &str = "import requests\n\nrequests.get('https://example.com', timeout=10)\n";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().expect("a folder");
    for (path, text) in files {
        fs::write(directory.path().join(path), text).expect("a file");
    }
    directory
}

fn fix(directory: &Path, up_to: Applicability) -> Fixed {
    let options = CheckOptions::new(directory.to_path_buf());
    run::fix(&options, up_to, true, &Progress::default()).expect("a result")
}

fn read(directory: &TempDir, path: &str) -> String {
    fs::read_to_string(directory.path().join(path)).expect("the file")
}

/// The text of a file after safe fixes.
fn safely(path: &str, text: &str) -> String {
    let directory = folder(&[(path, text)]);
    fix(directory.path(), Applicability::Safe);
    read(&directory, path)
}

#[test]
fn an_unused_suppression_goes_alone() {
    let unused = "# roadworthy: ignore[missing-timeout] -- unused";
    let cases = [
        (format!("y = 2  # noqa: E501  {unused}\n"), "y = 2  # noqa: E501\n"),
        (format!("y = 2  {unused}  # noqa: E501\n"), "y = 2  # noqa: E501\n"),
        (format!("# keep  {unused}\ny = 2\n"), "# keep\ny = 2\n"),
        (format!("y = 2\n    {unused}\nz = 3\n"), "y = 2\nz = 3\n"),
        (format!("y = 2  {unused}"), "y = 2"),
        (format!("{unused}\n"), ""),
        (format!("y = 2  {unused}\r\nz = 3\r\n"), "y = 2\r\nz = 3\r\n"),
        (format!("y = 2\r\n{unused}\r\nz = 3\r\n"), "y = 2\r\nz = 3\r\n"),
        ("y = 2  # roadworthy: ignore[missing-timeout] -- a\r\n".to_owned(), "y = 2\r\n"),
    ];
    for (text, expected) in cases {
        assert_eq!(safely("a.py", &text), expected, "{text:?}");
    }
    assert_eq!(safely("Dockerfile", &format!("FROM scratch\r\n{unused}\r\nCMD a\r\n")), "FROM scratch\r\nCMD a\r\n");
}

#[test]
fn one_fix_that_cannot_be_written_costs_no_other() {
    let directory = folder(&[("b.py", CALL)]);
    let closed = directory.path().join("a");
    fs::create_dir(&closed).expect("a folder");
    fs::write(closed.join("a.py"), CALL).expect("a file");
    let permissions = |read_only: bool| {
        let mut permissions = fs::metadata(&closed).expect("a folder").permissions();
        permissions.set_readonly(read_only);
        fs::set_permissions(&closed, permissions).expect("permissions");
    };
    permissions(true);
    // Whoever is root may write everything.
    let writable = fs::write(closed.join("x"), "").is_ok();
    let fixed = fix(directory.path(), Applicability::Unsafe);
    permissions(false);
    assert_eq!(read(&directory, "b.py"), MENDED);
    if !writable {
        assert_eq!(read(&directory, "a/a.py"), CALL);
        let failed: Vec<(&str, &str)> = fixed.left.report.failed.iter().map(|file| (&*file.path, &*file.reason)).collect();
        assert_eq!(failed, [("a/a.py", "cannot be written: permission denied")]);
        assert_eq!((fixed.applied, fixed.left.report.findings.len()), (1, 1));
    }
}

#[cfg(unix)]
#[test]
fn links_and_modes_stay() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    let directory = folder(&[("a.py", CALL)]);
    let outside = folder(&[("c.py", CALL)]);
    let at = |name: &str| directory.path().join(name);
    fs::hard_link(at("a.py"), at("other.txt")).expect("a link");
    symlink(outside.path().join("c.py"), at("c.py")).expect("a link");
    fs::set_permissions(at("a.py"), fs::Permissions::from_mode(0o750)).expect("permissions");
    fix(directory.path(), Applicability::Unsafe);
    assert_eq!((read(&directory, "a.py"), read(&directory, "other.txt")), (MENDED.to_owned(), MENDED.to_owned()));
    assert_eq!(fs::metadata(at("a.py")).expect("the file").mode() & 0o777, 0o750);
    assert!(at("c.py").is_symlink());
    assert_eq!(read(&outside, "c.py"), MENDED);
}

/// Only root may give files away, and only then there is an owner to lose.
#[cfg(unix)]
#[test]
fn owners_stay() {
    use std::os::unix::fs::{MetadataExt, chown};
    let directory = folder(&[("a.py", CALL)]);
    let path = directory.path().join("a.py");
    if chown(&path, Some(12345), Some(12345)).is_err() {
        return;
    }
    fix(directory.path(), Applicability::Unsafe);
    let owner = fs::metadata(&path).expect("the file");
    assert_eq!((owner.uid(), owner.gid(), read(&directory, "a.py")), (12345, 12345, MENDED.to_owned()));
}

#[test]
fn calls_within_calls_are_mended_in_bearable_time() {
    let depth = 400;
    let calls = format!("import requests\n\n{}'x'{}\n", "requests.get(".repeat(depth), ")".repeat(depth));
    let directory = folder(&[("a.py", &calls)]);
    fix(directory.path(), Applicability::Unsafe);
    assert_eq!(read(&directory, "a.py").matches("timeout=10").count(), depth);
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_whose_name_is_no_text_is_named_and_left_alone() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let directory = folder(&[("b.py", CALL)]);
    let path = directory.path().join(OsStr::from_bytes(b"caf\xe9.py"));
    fs::write(&path, CALL).expect("a file");
    let fixed = fix(directory.path(), Applicability::Unsafe);
    assert_eq!(fs::read_to_string(&path).expect("the file"), CALL);
    let failed = &fixed.left.report.failed;
    assert!(failed.iter().any(|file| file.reason == "its name is not UTF-8"), "{failed:?}");
    assert_eq!(failed.len(), 1);
}
