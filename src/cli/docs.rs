//! `docs`: the parts of the project's documents that are generated, so that none of them can be stale unseen.

mod blocks;
mod manifests;
mod tables;

use super::{print, say};
use anyhow::Context;
use clap::Args;
use std::{fs, path::PathBuf, process::ExitCode};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Change nothing: end with status 1 and name each file that is stale
    #[arg(long)]
    check: bool,
    /// The project's directory
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
}

/// From a file's text to the same text with its generated parts as they are now.
type Renew = fn(&str) -> anyhow::Result<String>;

/// Every file with generated parts.
const FILES: [(&str, Renew); 7] = [
    ("docs/tools.md", |text| blocks::replace(text, "tools", &tables::tools())),
    ("docs/accounts.md", |text| blocks::replace(text, "apis", &tables::apis())),
    ("docs/settings.md", |text| blocks::replace(text, "settings", &tables::settings_by_heading())),
    ("docs/prompts.md", |text| {
        let text = blocks::replace(text, "prompts", &tables::prompts())?;
        blocks::replace(&text, "resources", &tables::resources())
    }),
    ("docs/sandbox.md", |text| {
        let text = blocks::replace(text, "flags", &tables::sandbox_flags())?;
        let text = blocks::replace(&text, "faults", &tables::faults())?;
        blocks::replace(&text, "manners", &tables::manners())
    }),
    ("manifest.json", manifests::bundle),
    ("server.json", manifests::registry),
];

pub(super) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let mut stale = 0;
    for (name, renew) in FILES {
        let path = options.dir.join(name);
        let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let renewed = renew(&text).with_context(|| format!("{} has another form than expected", path.display()))?;
        if renewed == text {
            continue;
        }
        stale += 1;
        if options.check {
            say(&format!("{name} is stale."));
        } else {
            fs::write(&path, renewed).with_context(|| format!("{} cannot be written", path.display()))?;
            print(&format!("{name} written."))?;
        }
    }
    match stale {
        0 => print(&format!("All {} files with generated parts are up to date.", FILES.len()))?,
        _ if options.check => {
            say("Write them with `cargo run -- docs`, and commit the result.");
            return Ok(ExitCode::FAILURE);
        }
        _ => {}
    }
    Ok(ExitCode::SUCCESS)
}
