//! What `cargo xtask docs` writes is up to date, and it notices and repairs what is not.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail like tests")]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};
use tempfile::TempDir;

/// The files with generated parts.
const GENERATED: [&str; 8] = [
    "docs/tools.md",
    "docs/accounts.md",
    "docs/operations.md",
    "docs/settings.md",
    "docs/prompts.md",
    "docs/sandbox.md",
    "manifest.json",
    "server.json",
];

fn project() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = project().join(path);
    fs::read_to_string(&path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()))
}

fn copy_of_the_documents() -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    fs::create_dir(copy.path().join("docs")).unwrap();
    for name in GENERATED {
        fs::write(copy.path().join(name), read(name)).unwrap();
    }
    copy
}

fn docs(dir: &Path, check: bool) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    // Generated parts must not depend on the machine's own settings.
    command.env("GHL_READ_ONLY", "1").env("GHL_TIMEOUT", "7").args(["docs", "--dir"]).arg(dir);
    if check {
        command.arg("--check");
    }
    command.output().unwrap()
}

#[test]
fn the_generated_parts_are_up_to_date() {
    let checked = docs(project(), true);
    assert_eq!(checked.status.code(), Some(0), "{checked:?}");
}

#[test]
fn a_stale_document_is_named_and_writing_it_heals_it() {
    for (name, from, to) in [
        ("docs/tools.md", "| `get_page` |", "| `get_paper` |"),
        ("docs/accounts.md", "POST /contacts/search", "POST /contact/search"),
        ("docs/operations.md", "658 operations", "12 operations"),
        ("docs/settings.md", "`GHL_TIMEOUT`", "`GHL_TIME`"),
        ("docs/prompts.md", "`ghl://page/{id}`", "`ghl://paper/{id}`"),
        ("docs/sandbox.md", "drop ", "dorp "),
        ("manifest.json", "\"get_page\"", "\"get_paper\""),
        (
            "server.json",
            "\"identifier\": \"highlevel-mcp\",\n      \"version\": \"",
            "\"identifier\": \"highlevel-mcp\",\n      \"version\": \"9",
        ),
    ] {
        let copy = copy_of_the_documents();
        let fresh = read(name);
        let edited = fresh.replacen(from, to, 1);
        assert_ne!(edited, fresh, "{name} has no {from}");
        fs::write(copy.path().join(name), edited).unwrap();
        let checked = docs(copy.path(), true);
        assert_eq!(checked.status.code(), Some(1), "{checked:?}");
        let stderr = String::from_utf8_lossy(&checked.stderr);
        assert!(stderr.contains(&format!("{name} is stale")), "{stderr}");
        assert!(stderr.contains("cargo xtask docs"), "{stderr}");
        assert_eq!(docs(copy.path(), false).status.code(), Some(0));
        assert_eq!(fs::read_to_string(copy.path().join(name)).unwrap(), fresh);
    }
}
