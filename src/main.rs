//! The `highlevel-mcp` binary: parse, run, exit.

use std::process::ExitCode;

fn main() -> ExitCode {
    highlevel_mcp::cli::main()
}
