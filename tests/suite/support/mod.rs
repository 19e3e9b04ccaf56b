//! The tests' support: an account, hosts that start the server as a child process, and the command line.

mod account;
mod agency;
mod both;
mod cli;
mod host;
mod journal;
mod normal;
pub mod watch;
mod wire;

pub use account::Account;
pub use agency::Agency;
pub use both::{Api, Manners, has, live, reported};
pub(crate) use both::{in_all_manners, in_both_manners, on_both_apis};
pub use cli::{Ran, run, run_with_input};
pub use host::{CLIENT, Era, Host, Person, default_settings, error_of, params, structured};
pub use journal::{closed_journal, journaled};
pub use normal::stored_as;
pub use wire::Wire;

use highlevel_catalog::Catalog;
use std::{path::Path, process::Command};

/// The server's binary of this test run.
pub const BINARY: &str = env!("CARGO_BIN_EXE_highlevel-mcp");

/// The session API's tools.
pub fn tool_names() -> Vec<&'static str> {
    Catalog::session().names().collect()
}

/// The number of the session API's tools.
pub fn all_tools() -> usize {
    tool_names().len()
}

/// The server's command for this account, with a clean environment and its own state directory.
pub fn command(account: &Account, state: &Path) -> Command {
    let mut command = Command::new(BINARY);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", state).env("GHL_STATE_DIR", state);
    command.env("GHL_BASE_URL", account.url()).env("GHL_TOKEN_ID", account.token());
    if let Some(location) = account.location() {
        command.env("GHL_LOCATION_ID", location);
    }
    command
}
