//! Bulk work on the command line: files in and out, jobs in the foreground, scripts.

#[cfg(unix)]
mod examples;
mod export;
mod import;
mod jobs;
mod scripts;

use crate::support::{Account, Ran, command, run};
use highlevel_sandbox::SandboxConfig;
use serde_json::Value;
use std::{collections::HashMap, path::Path};

/// An account with a quota that no test reaches.
async fn account() -> Account {
    Account::with(SandboxConfig { rate_limit: 1_000_000, ..SandboxConfig::default() }).await
}

async fn ran(account: &Account, state: &Path, arguments: &[&str]) -> Ran {
    let mut command = command(account, state);
    command.args(arguments);
    run(command).await
}

/// The last line of stdout, which scripts read.
fn last(ran: &Ran) -> Value {
    let line = ran.stdout.lines().last().unwrap_or_else(|| panic!("nothing on stdout: {ran:?}"));
    serde_json::from_str(line).unwrap_or_else(|_| panic!("the last line is no JSON: {ran:?}"))
}

/// A file with so many leads.
fn leads(folder: &Path, count: usize) -> String {
    let mut csv = "firstName,lastName,email\n".to_owned();
    (1..=count).for_each(|number| csv.push_str(&format!("Row,Number{number},row{number}@import.example\n")));
    let file = folder.join("leads.csv");
    std::fs::write(&file, csv).unwrap();
    file.to_str().unwrap().to_owned()
}

/// How often each address of the leads is in the account.
async fn imported(account: &Account) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for contact in account.objects("contacts").await {
        if let Some(email) = contact["email"].as_str().filter(|email| email.ends_with("@import.example")) {
            *counts.entry(email.to_owned()).or_insert(0) += 1;
        }
    }
    counts
}

/// Checks that each lead is in the account once.
async fn assert_once(account: &Account, count: usize) {
    let imported = imported(account).await;
    assert_eq!(imported.len(), count, "lost");
    assert!(imported.values().all(|times| *times == 1), "doubled: {imported:?}");
}
