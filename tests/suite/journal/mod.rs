//! The journal: its content, the detection of changes, and that it agrees with the account after a crash.

mod chain;
mod crash;
mod effects;
mod kills;
mod limits;
mod reconcile;
mod stream;

use crate::support::{Account, Ran, command, run};
use serde_json::{Value, json};
use std::{fs, path::Path};

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

/// The journal's files and their texts.
fn files(state: &Path) -> Vec<(String, String)> {
    let mut files: Vec<_> = fs::read_dir(state)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_name().to_str().unwrap().ends_with(".jsonl"))
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}
