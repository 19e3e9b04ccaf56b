//! The journal, as its own commands show it.

use super::run;
use serde_json::Value;
use std::process::Command;

/// Every entry of a sound journal that has no open one, oldest first. `command` starts the server's program on it.
pub async fn closed_journal(command: impl Fn() -> Command) -> Vec<Value> {
    let journal = async |argument: &str| {
        let mut command = command();
        command.args(["journal", argument]);
        let ran = run(command).await;
        assert_eq!(ran.code, Some(0), "journal {argument}: {}{}", ran.stdout, ran.stderr);
        ran.stdout
    };
    journal("verify").await;
    let entries: Vec<Value> = journal("export").await.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for entry in &entries {
        assert_ne!(entry["outcome"], "unfinished", "left open: {entry}");
    }
    entries
}

/// The outcome that an entry has for an answer with this error code, if there is one.
pub fn journaled(code: Option<&str>) -> &'static str {
    match code {
        None => "done",
        Some("outcome_unknown") => "outcome_unknown",
        Some("cancelled") => "cancelled",
        Some(_) => "failed",
    }
}
