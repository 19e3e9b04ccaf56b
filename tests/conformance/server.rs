//! The server with the fixtures of the conformance suite: `tests/conformance/run` builds and judges it.

use std::process::ExitCode;

fn main() -> ExitCode {
    highlevel_mcp::cli::main()
}
