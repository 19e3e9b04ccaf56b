//! `operations`: the catalogue of the official API's operations, from HighLevel's OpenAPI files.
//!
//! Each group has one file in `crates/operations/data/catalogue`, with one operation a line. Only facts are taken: names,
//! types, allowed values, scopes. `corrections.jsonl` holds what is wrong in HighLevel's files; it is applied on every
//! run. The command reports what changed since the last one.

mod changes;
mod corrections;
mod extract;
mod paging;
mod schema;

use anyhow::{Context, bail};
use clap::Args;
use corrections::Part;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    io::{Write, stdout},
    path::{Path, PathBuf},
    process::ExitCode,
};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/operations/data");

/// The operations of each group, in the files' order.
type Groups = BTreeMap<String, Vec<Value>>;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The directory of HighLevel's files: those of v2, with those of v3 in v3/
    dir: PathBuf,
    /// Write nothing. Fail if the files would give another catalogue
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let data = Path::new(DATA);
    let catalogue = data.join("catalogue");
    let mut groups = extract::groups(&options.dir)?;
    let corrections = fs::read_to_string(data.join("corrections.jsonl")).context("corrections.jsonl cannot be read")?;
    let corrections = corrections::read(&corrections)?;
    corrections::apply(&mut groups, &corrections, Part::Facts)?;
    paging::add_lists(&mut groups);
    corrections::apply(&mut groups, &corrections, Part::Derived)?;
    let changes = changes::between(&read(&catalogue)?, &groups);
    for line in &changes {
        writeln!(stdout(), "{line}")?;
    }
    let count: usize = groups.values().map(Vec::len).sum();
    if options.check {
        if !changes.is_empty() {
            bail!("{} changes: run `cargo xtask operations {}`", changes.len(), options.dir.display());
        }
    } else {
        write(&catalogue, &groups)?;
    }
    writeln!(stdout(), "{count} operations in {} groups.", groups.len())?;
    Ok(ExitCode::SUCCESS)
}

/// The catalogue as it is.
fn read(catalogue: &Path) -> anyhow::Result<Groups> {
    let mut groups = Groups::new();
    if !catalogue.exists() {
        return Ok(groups);
    }
    for file in fs::read_dir(catalogue)? {
        let path = file?.path();
        let group = path.file_stem().context("a file's name")?.to_string_lossy().into_owned();
        let lines = fs::read_to_string(&path)?;
        let operations = lines.lines().map(serde_json::from_str).collect::<Result<_, _>>();
        groups.insert(group, operations.with_context(|| format!("{} cannot be read", path.display()))?);
    }
    Ok(groups)
}

fn write(catalogue: &Path, groups: &Groups) -> anyhow::Result<()> {
    if catalogue.exists() {
        fs::remove_dir_all(catalogue)?;
    }
    fs::create_dir_all(catalogue)?;
    for (group, operations) in groups {
        let lines: String = operations.iter().map(|operation| format!("{operation}\n")).collect();
        fs::write(catalogue.join(format!("{group}.jsonl")), lines)?;
    }
    Ok(())
}
