//! The approval page: a real server process, real HTTP to its page, and what the sandbox stored as the judge.

mod bounds;
mod browser;
mod by_link;
mod by_token;
mod command_line;
mod decisions;
#[cfg(target_os = "linux")]
mod guesses;
#[cfg(unix)]
mod notify;
mod other_clients;
#[cfg(unix)]
mod terminal;

use crate::support::{Account, Era, Host, Person, command};
pub use browser::Browser;
use highlevel_store::{Store, sha256_hex};
use serde_json::Value;
use std::path::Path;

/// The key of the approver whom tests add.
pub const KEY: &str = "hlapprove_0123456789abcdef0123456789abcdef";

/// Adds an approver as `approvers add` does, who decides for these accounts.
pub async fn add_approver(state: &Path, name: &str, key: &str, accounts: &[&str]) {
    let accounts: Vec<String> = accounts.iter().map(ToString::to_string).collect();
    let added = Store::open(state.to_owned()).add_approver(name, &sha256_hex(key.as_bytes()), &accounts).await;
    assert!(added.unwrap());
}

/// A host whose person is asked on the page.
async fn host(account: &Account, flags: &[&str], era: Era, person: Person) -> Host {
    let host = Host::with(account, &[&["--confirm", "page"], flags].concat(), era, person).await;
    add_approver(host.state.path(), "Ana", KEY, &[]).await;
    host
}

/// Starts another server process on the same state directory.
async fn restarted(account: &Account, host: Host, flags: &[&str]) -> Host {
    let Host { session, state, .. } = host;
    session.cancel().await.unwrap();
    let mut command = command(account, state.path());
    command.args(["--confirm", "page"]).args(flags);
    Host::start(command, state, Era::Modern, Person::Absent).await
}

/// A browser at the page that an error names, where Ana is logged in.
async fn browser(error: &Value) -> Browser {
    let browser = Browser::at(error["approvalPage"].as_str().unwrap_or_else(|| panic!("no page: {error}")));
    browser.log_in(KEY).await;
    browser
}
