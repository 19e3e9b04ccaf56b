//! `demo`: runs an MCP session with the embedded account, and prints what an assistant would do.

mod host;
mod person;
mod story;

use clap::Args;
use host::Host;
use std::{path::PathBuf, process::ExitCode};
use story::Story;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Print arguments and answers whole
    #[arg(long)]
    full: bool,
}

pub(super) async fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let state = StateDirectory::new();
    // Started as a host starts it.
    let mut server = tokio::process::Command::new(std::env::current_exe()?);
    server.args(["serve", "--sandbox", "--confirm", "auto", "--state-dir"]).arg(&state.0);
    let mut story = Story { host: Host::start(server)?, full: options.full };
    story.run().await?;
    story.host.end().await?;
    Ok(ExitCode::SUCCESS)
}

/// The state directory of this session, removed at its end.
struct StateDirectory(PathBuf);

impl StateDirectory {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("highlevel-mcp-demo-{}", std::process::id())))
    }
}

impl Drop for StateDirectory {
    fn drop(&mut self) {
        // An error is harmless: the only secret in it is the token of an embedded account that has ended.
        drop(std::fs::remove_dir_all(&self.0));
    }
}
