//! The table of layers in docs/architecture.md is what the code does. The test reads the paths that every file of `src/`
//! and `crates/` names, and compares them with the table.
//!
//! A row names the files of a layer and the layers that it may use, by the last part of their paths:
//!
//! ```text
//! | Layer | May use | What it knows |
//! | `src/guard` | `service`, `core` | … |
//! ```
//!
//! `all below` stands for every row below.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests fail like tests")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

const BEGIN: &str = "<!-- layers: xtask/tests/layers.rs holds the code to this table -->";
const END: &str = "<!-- end of layers -->";
const ALL_BELOW: &str = "all below";

struct Layer {
    /// Its directories, and its files without `.rs`, from the project's directory.
    paths: Vec<PathBuf>,
    /// The names of the layers that it may use.
    may_use: BTreeSet<String>,
    /// Whether it may use every layer below it.
    uses_all_below: bool,
}

impl Layer {
    fn of_row(row: &str) -> Self {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 3, "a row has three cells: {row}");
        let paths = code_spans(cells[0]).map(PathBuf::from).collect();
        let may_use = code_spans(cells[1]).map(str::to_owned).collect();
        Self { paths, may_use, uses_all_below: cells[1] == ALL_BELOW }
    }

    fn has(&self, file: &Path) -> bool {
        self.paths.iter().any(|path| is_at(path, file))
    }

    /// The names that other layers use it by.
    fn names(&self) -> impl Iterator<Item = String> {
        self.paths.iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
    }
}

fn is_at(path: &Path, file: &Path) -> bool {
    file.starts_with(path) || file == path.with_extension("rs")
}

fn code_spans(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The rows of the table, from the top layer down.
fn layers() -> Vec<Layer> {
    let text = fs::read_to_string(project().join("docs/architecture.md")).unwrap();
    let (_, rest) = text.split_once(BEGIN).unwrap_or_else(|| panic!("docs/architecture.md has no {BEGIN}"));
    let (table, _) = rest.split_once(END).unwrap_or_else(|| panic!("docs/architecture.md has no {END}"));
    let rows = table.trim().lines().skip(2);
    rows.map(Layer::of_row).collect()
}

/// Every source file of the product, but the root of the library, which only names the modules.
fn files() -> Vec<PathBuf> {
    let mut directories = vec![project().join("src")];
    directories.extend(entries(&project().join("crates")).map(|package| package.join("src")));
    let mut files = Vec::new();
    while let Some(directory) = directories.pop() {
        for path in entries(&directory) {
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path.strip_prefix(project()).unwrap().to_owned());
            }
        }
    }
    files.retain(|file| file != Path::new("src/lib.rs"));
    files
}

fn entries(directory: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path())
}

/// The names of the crates, and of the root package's modules, that a file names.
fn used(file: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(project().join(file)).unwrap();
    let code: String =
        text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    let crates = after(&code, "highlevel_").map(ident).filter(|name| *name != "mcp").map(|name| name.replace('_', "-"));
    let mut used: BTreeSet<String> = crates.collect();
    if file.starts_with("src") {
        let to_root = "super::".repeat(depth(file));
        for prefix in ["crate::", "highlevel_mcp::", &to_root] {
            used.extend(after(&code, prefix).flat_map(heads));
        }
    }
    used
}

/// How many modules a file of the root package is below the crate's root.
fn depth(file: &Path) -> usize {
    let parts = file.iter().count() - 1;
    if file.ends_with("mod.rs") { parts - 1 } else { parts }
}

/// What follows each path prefix in the code.
fn after<'a>(code: &'a str, prefix: &'a str) -> impl Iterator<Item = &'a str> {
    code.match_indices(prefix).filter_map(|(at, found)| {
        let is_within_path = code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
        (!is_within_path).then(|| &code[at + found.len()..])
    })
}

fn ident(text: &str) -> &str {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

/// The first names of a path, or of every path in a group: `api` and `app` of `{api::Api, app::App}`.
fn heads(text: &str) -> Vec<String> {
    let Some(group) = text.strip_prefix('{') else { return vec![ident(text).to_owned()] };
    let mut heads = Vec::new();
    let (mut level, mut starts) = (0, true);
    for (at, c) in group.char_indices() {
        match c {
            '}' if level == 0 => break,
            '{' => level += 1,
            '}' => level -= 1,
            ',' if level == 0 => starts = true,
            c if starts && c.is_alphanumeric() => {
                heads.push(ident(&group[at..]).to_owned());
                starts = false;
            }
            _ => {}
        }
    }
    heads
}

#[test]
fn each_layer_uses_only_what_the_table_allows() {
    let layers = layers();
    let names: BTreeMap<String, usize> =
        layers.iter().enumerate().flat_map(|(row, layer)| layer.names().map(move |name| (name, row))).collect();
    let files = files();
    let mut wrong = Vec::new();
    let mut seen: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for file in &files {
        let Some(row) = layers.iter().position(|layer| layer.has(file)) else {
            wrong.push(format!("{} is in no layer", file.display()));
            continue;
        };
        for name in used(file) {
            let Some(&other) = names.get(&name).filter(|other| **other != row) else { continue };
            let layer = &layers[row];
            if other < row || !(layer.uses_all_below || layer.may_use.contains(&name)) {
                wrong.push(format!("{} uses {name}", file.display()));
            }
            seen.entry(row).or_default().insert(name);
        }
    }
    for (row, layer) in layers.iter().enumerate() {
        let used = seen.get(&row).cloned().unwrap_or_default();
        wrong.extend(layer.may_use.difference(&used).map(|name| format!("{:?} does not use {name}", layer.paths)));
        let gone = layer.paths.iter().filter(|path| !files.iter().any(|file| is_at(path, file)));
        wrong.extend(gone.map(|path| format!("there is no {}", path.display())));
    }
    assert!(wrong.is_empty(), "docs/architecture.md and the code differ:\n{}", wrong.join("\n"));
}

#[test]
fn the_paths_that_a_file_names_are_found() {
    assert_eq!(heads("{api::{Api, Page}, app::App, self}"), ["api", "app", "self"]);
    assert_eq!(heads("api::Api;"), ["api"]);
    assert_eq!(after("use super::super::x; a::super::y", "super::super::").map(ident).collect::<Vec<_>>(), ["x"]);
    assert_eq!((depth(Path::new("src/app.rs")), depth(Path::new("src/cli/mod.rs"))), (1, 1));
    assert_eq!(depth(Path::new("src/cli/demo/person.rs")), 3);
}
