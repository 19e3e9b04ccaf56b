//! The journal: its content, the detection of changes, and that it agrees with the account after a crash.

mod chain;
mod crash;
mod effects;
mod images;
mod kills;
mod limits;
mod listing;
mod reconcile;
mod stream;
mod take_over;
mod wal;

use crate::support::{Account, Ran, command, run};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::{path::Path, time::Duration};

/// An account with a large quota.
async fn account() -> Account {
    let config = highlevel_sandbox::SandboxConfig { rate_limit: 5000, ..Default::default() };
    Account::with(config).await
}

fn contact(email: &str) -> Value {
    json!({"firstName": "Ada", "lastName": "Example", "email": email})
}

/// Runs `highlevel-mcp journal …` on a state directory.
async fn journal(account: &Account, state: &Path, arguments: &[&str]) -> Ran {
    let mut command = command(account, state);
    command.arg("journal").args(arguments);
    run(command).await
}

/// The writes in the output of `journal` with these flags.
async fn entries(account: &Account, state: &Path, flags: &[&str]) -> Vec<Value> {
    let ran = journal(account, state, &[&["--json"], flags].concat()).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Verifies the chain, and returns the output.
async fn sound(account: &Account, state: &Path) -> String {
    let ran = journal(account, state, &["verify"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran.stdout
}

/// The count and hash that `journal head` prints.
async fn head(account: &Account, state: &Path) -> (u64, String) {
    let ran = journal(account, state, &["head"]).await;
    let (count, hash) = ran.stdout.trim().split_once(' ').expect("count and hash");
    (count.parse().unwrap(), hash.to_owned())
}

/// Creates contacts on the command line, in one process each.
async fn create(account: &Account, state: &Path, flags: &[&str], emails: &[&str]) {
    for email in emails {
        let mut command = command(account, state);
        command.args(flags).args(["call", "create_contact", "--json", &contact(email).to_string()]);
        let ran = run(command).await;
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }
}

/// The journal's file.
fn database(state: &Path) -> Connection {
    let db = Connection::open(state.join("journal.db")).unwrap();
    db.busy_timeout(Duration::from_secs(5)).unwrap();
    db
}

/// The events of the journal, in their order: text and hash.
fn events(state: &Path) -> Vec<(String, String)> {
    let db = database(state);
    let mut events = db.prepare("SELECT body, hash FROM events ORDER BY position").unwrap();
    let events = events.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    events.map(Result::unwrap).collect()
}

/// Everything that the journal's file holds, as text.
fn texts(state: &Path) -> String {
    let db = database(state);
    let mut images = db.prepare("SELECT body FROM images WHERE body IS NOT NULL").unwrap();
    let images: Vec<String> = images.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let events: Vec<String> = events(state).into_iter().map(|(body, _)| body).collect();
    [events, images].concat().join("\n")
}
