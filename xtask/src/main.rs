//! The project's own commands, run as `cargo xtask COMMAND`.

mod docs;
mod openapi;
mod operations;

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
    /// Take the parts of HighLevel's OpenAPI files that tests need into tests/openapi
    Openapi(openapi::Options),
    /// Write or check the catalogue of all operations, from HighLevel's OpenAPI files
    Operations(operations::Options),
}

fn main() -> anyhow::Result<ExitCode> {
    match Cli::parse().command {
        Command::Docs(options) => docs::run(&options),
        Command::Openapi(options) => openapi::run(&options),
        Command::Operations(options) => operations::run(&options),
    }
}
