//! `approvals`, `approvers` and `approve`.

use super::{browser::Browser, host};
use crate::{
    confirmations::{effects, id, page},
    support::{Account, Era, Person, command, run},
};
use serde_json::json;
use std::{path::Path, process::Command};

fn with_arguments(account: &Account, state: &Path, arguments: &[&str]) -> Command {
    let mut command = command(account, state);
    command.args(arguments).env("USER", "carla");
    command
}

/// What a command prints in a terminal, where `answer` is typed first.
#[cfg(unix)]
async fn in_a_terminal(command: Command, answer: &'static str) -> String {
    let shown = tokio::task::spawn_blocking(move || {
        let mut terminal = rexpect::session::spawn_command(command, Some(30_000)).unwrap();
        if !answer.is_empty() {
            terminal.send_line(answer).unwrap();
        }
        terminal.exp_eof().unwrap()
    });
    shown.await.unwrap()
}

#[cfg(unix)]
#[tokio::test]
async fn a_terminal_gives_keys_and_one_time_links_and_lists_what_waits() {
    let account = Account::new().await;
    let draft = page(&account, "draft").await;
    let host = host(&account, &[], Era::Modern, Person::Absent).await;
    let state = host.state.path();
    let asked = host.error("delete_page", json!({"id": id(&draft)})).await;
    let listed = run(with_arguments(&account, state, &["approvals"])).await;
    assert!(listed.stdout.contains("test-host 1") && listed.stdout.contains("Delete page"), "{listed:?}");
    for arguments in [&["approvals", "link"][..], &["approvers", "add", "Bo"]] {
        let piped = run(with_arguments(&account, state, arguments)).await;
        assert_eq!(piped.code, Some(8), "without a terminal: {piped:?}");
    }

    let link = in_a_terminal(with_arguments(&account, state, &["approvals", "link"]), "").await;
    let link = link.split_whitespace().find(|word| word.contains("/open?key=")).unwrap().to_owned();
    let browser = Browser::at(&link);
    let key = browser.get(&link).await.hidden("key");
    let sent = browser.post("/approvals/open", &[("key", &key)]).await;
    assert!(browser.get(sent.location()).await.has("carla (terminal)"));

    let added = in_a_terminal(with_arguments(&account, state, &["approvers", "add", "Bo"]), "").await;
    let key = added.split_whitespace().find(|word| word.starts_with("hlapprove_")).unwrap().to_owned();
    let bo = Browser::at(&link);
    bo.log_in(&key).await;
    assert!(bo.get("/approvals").await.has("Delete page"));
    let approvers = run(with_arguments(&account, state, &["approvers", "list"])).await;
    assert!(approvers.stdout.contains("Bo  all accounts") && !approvers.stdout.contains(&key), "{approvers:?}");
    let removed = run(with_arguments(&account, state, &["approvers", "remove", "Bo"])).await;
    assert_eq!(removed.code, Some(0), "{removed:?}");
    assert!(bo.get("/approvals").await.has("Your approval key"), "their login ends at once");

    // `approve` works as it does for --confirm human.
    let code = asked["confirmationToken"].as_str().unwrap().to_owned();
    let approved = in_a_terminal(with_arguments(&account, state, &["approve", &code]), "yes").await;
    assert!(approved.contains("Approved."), "{approved}");
    let done = host.answer("delete_page", json!({"id": id(&draft), "confirmationToken": code})).await;
    assert_eq!(done["deleted"], true);
    assert_eq!(effects(&account).await, 1);
}
