//! `docs`: the generated parts of the project's documents. A check in CI keeps them from going stale.

mod blocks;
mod manifests;
mod tables;

use anyhow::Context;
use clap::Args;
use std::{
    fs,
    io::{Write, stderr, stdout},
    path::PathBuf,
    process::ExitCode,
};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Change nothing: end with status 1 and name each file that is stale
    #[arg(long)]
    check: bool,
    /// The project's directory
    #[arg(long, value_name = "DIR", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/.."))]
    dir: PathBuf,
}

/// Takes a file's text and returns it with its generated parts as they are now.
type Render = fn(&str) -> anyhow::Result<String>;

/// Every file with generated parts.
const FILES: [(&str, Render); 8] = [
    ("docs/tools.md", |text| blocks::replace(text, "tools", &tables::tools())),
    ("docs/accounts.md", |text| {
        let text = blocks::replace(text, "apis", &tables::apis())?;
        blocks::replace(&text, "scopes", &tables::scopes())
    }),
    ("docs/operations.md", |text| {
        let text = blocks::replace(text, "effects", &tables::effects())?;
        blocks::replace(&text, "locations", &tables::locations()?)
    }),
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

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let mut stale = 0;
    for (name, render) in FILES {
        let path = options.dir.join(name);
        let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let rendered = render(&text).with_context(|| format!("{} has another form than expected", path.display()))?;
        if rendered == text {
            continue;
        }
        stale += 1;
        if options.check {
            writeln!(stderr(), "{name} is stale.")?;
        } else {
            fs::write(&path, rendered).with_context(|| format!("{} cannot be written", path.display()))?;
            writeln!(stdout(), "{name} written.")?;
        }
    }
    match stale {
        0 => writeln!(stdout(), "All {} files with generated parts are up to date.", FILES.len())?,
        _ if options.check => {
            writeln!(stderr(), "Write them with `cargo xtask docs`, and commit the result.")?;
            return Ok(ExitCode::FAILURE);
        }
        _ => {}
    }
    Ok(ExitCode::SUCCESS)
}
