//! What the tests stand on: an account, hosts that start the server as a child process, and the command line.

mod account;
mod cli;
mod host;
mod watch;
mod wire;

pub use account::Account;
pub use cli::{Ran, run, run_with_input};
pub use host::{Era, Host, Person, error_of, params, structured};
pub use wire::Wire;

use std::{path::Path, process::Command};

/// The server's binary as this test run built it.
pub const BINARY: &str = env!("CARGO_BIN_EXE_highlevel-mcp");

/// How many tools there are.
pub fn all_tools() -> usize {
    highlevel_mcp::crm::ALL.len()
}

/// The server's command, with an environment that holds nothing of the machine's own settings, a state directory of its
/// own, and the account's address and token.
pub fn command(account: &Account, state: &Path) -> Command {
    let mut command = Command::new(BINARY);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", state).env("GHL_STATE_DIR", state);
    command.env("GHL_BASE_URL", account.url()).env("GHL_TOKEN_ID", account.token());
    command
}
