//! The project's own commands, run as `cargo xtask COMMAND`.

mod docs;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "The project's own commands")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write or check the generated parts of docs/, manifest.json and server.json
    Docs(docs::Options),
}

fn main() -> anyhow::Result<ExitCode> {
    match Cli::parse().command {
        Command::Docs(options) => docs::run(&options),
    }
}
