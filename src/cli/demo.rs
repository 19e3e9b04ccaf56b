//! `demo`: a real MCP session with the embedded account, printed so that a person sees what an assistant would do.

mod person;
mod story;

use clap::Args;
use person::Person;
use rmcp::{
    model::ProtocolVersion,
    service::{ClientLifecycleMode, ClientServiceExt},
    transport::TokioChildProcess,
};
use std::{path::PathBuf, process::ExitCode};
use story::Story;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Print arguments and answers whole
    #[arg(long)]
    full: bool,
}

pub(super) async fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let state = State::new();
    // The same program, started as a host starts it.
    let mut server = tokio::process::Command::new(std::env::current_exe()?);
    server.args(["serve", "--sandbox", "--confirm", "auto", "--state-dir"]).arg(&state.0);
    let newest = ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] };
    let person = Person::default();
    let session = person.clone().serve_with_lifecycle(TokioChildProcess::new(server)?, newest).await?;
    let mut story = Story { session, person, full: options.full };
    let told = story.tell().await;
    story.session.cancel().await?;
    told.map(|()| ExitCode::SUCCESS)
}

/// A state directory for this session alone, removed at its end.
struct State(PathBuf);

impl State {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("highlevel-mcp-demo-{}", std::process::id())))
    }
}

impl Drop for State {
    fn drop(&mut self) {
        // Left behind, it would hold an embedded account's token and nothing else.
        drop(std::fs::remove_dir_all(&self.0));
    }
}
