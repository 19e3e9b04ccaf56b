//! `approve` compares the object when the person agrees, as the page does.

use super::{Browser, KEY, add_approver, host};
use crate::{
    confirmations::{effects, id, page},
    support::{Account, BINARY, Era, Host, Person, command},
};
use serde_json::json;
use std::process::Command;

/// Runs a command in a terminal. Whenever it asks, does what comes next: changes the page's name, then types this.
async fn typed(
    account: &Account,
    mut command: Command,
    code: &str,
    page: &str,
    answers: &[(Option<&str>, &str)],
) -> String {
    command.args(["approve", code]);
    let terminal = tokio::task::spawn_blocking(move || rexpect::session::spawn_command(command, Some(30_000)).unwrap());
    let mut terminal = terminal.await.unwrap();
    let mut seen = String::new();
    for (name, answer) in answers {
        let asked = tokio::task::spawn_blocking(move || {
            let seen = terminal.exp_string("[y/N]").unwrap();
            (terminal, seen)
        });
        let (back, shown) = asked.await.unwrap();
        (terminal, seen) = (back, seen + &shown);
        if let Some(name) = name {
            account.change("pages", page, json!({"name": name})).await;
        }
        terminal.send_line(answer).unwrap();
    }
    let ended = tokio::task::spawn_blocking(move || terminal.exp_eof().unwrap_or_default());
    seen + &ended.await.unwrap()
}

#[tokio::test]
async fn a_yes_to_what_has_changed_since_is_not_taken() {
    for mode in ["human", "page"] {
        let account = Account::new().await;
        let draft = page(&account, "draft").await;
        let arguments = json!({"id": id(&draft)});
        let host = Host::with(&account, &["--confirm", mode], Era::Modern, Person::Absent).await;
        add_approver(host.state.path(), "Ana", KEY, &[]).await;
        let terminal = || command(&account, host.state.path());
        let asked = host.error("delete_page", arguments.clone()).await;
        let code = asked["confirmationToken"].as_str().unwrap();

        // Declined, once the person sees what it is now.
        let answers = [(Some("Now the home page"), "y"), (None, "n")];
        let seen = typed(&account, terminal(), code, id(&draft), &answers).await;
        let (before, after) = seen.split_once("Not approved: it changed").unwrap_or_else(|| panic!("{mode}: {seen}"));
        assert!(before.contains(draft["name"].as_str().unwrap()) && !before.contains("Now the home page"), "{seen}");
        assert!(after.contains("Now the home page") && after.contains("no longer valid"), "{mode}: {seen}");

        // Changed while the question is open, twice; the last one is agreed to.
        let asked = host.error("delete_page", arguments.clone()).await;
        let code = asked["confirmationToken"].as_str().unwrap();
        let answers = [(Some("Second"), "y"), (Some("Third"), "y"), (None, "y")];
        let seen = typed(&account, terminal(), code, id(&draft), &answers).await;
        assert_eq!(seen.matches("Not approved: it changed").count(), 2, "{mode}: {seen}");
        assert!(seen.contains("Approved. Repeat the call"), "{mode}: {seen}");
        assert_eq!(effects(&account).await, 0, "{mode}: only the call acts");
        let confirmed = json!({"id": id(&draft), "confirmationToken": code});
        let done = host.answer("delete_page", confirmed).await;
        assert_eq!((&done["deleted"], effects(&account).await), (&json!(true), 1), "{mode}: {done}");
    }
}

#[tokio::test]
async fn what_a_terminal_cannot_read_is_compared_by_the_call_and_what_is_gone_is_not_approved() {
    let account = Account::new().await;
    let draft = page(&account, "draft").await;
    let host = host(&account, &[], Era::Modern, Person::Absent).await;
    // Another user's terminal has the state directory, and no credential.
    let elsewhere = || {
        let mut command = Command::new(BINARY);
        command.env_clear().env("HOME", host.state.path()).env("GHL_STATE_DIR", host.state.path());
        command
    };
    let arguments = json!({"id": id(&draft)});
    let asked = host.error("publish_page", arguments.clone()).await;
    let code = asked["confirmationToken"].as_str().unwrap();
    let seen = typed(&account, elsewhere(), code, id(&draft), &[(Some("Renamed"), "y")]).await;
    assert!(seen.contains("was not compared") && seen.contains("Approved."), "{seen}");
    let confirmed = json!({"id": id(&draft), "confirmationToken": code});
    let error = host.error("publish_page", confirmed).await;
    assert_eq!(error["code"], "confirmation_invalid", "the call compares: {error}");

    let asked = host.error("delete_page", arguments).await;
    let code = asked["confirmationToken"].as_str().unwrap();
    account.remove("pages", id(&draft)).await;
    let seen = typed(&account, command(&account, host.state.path()), code, id(&draft), &[(None, "y")]).await;
    assert!(seen.contains("Not approved, because it could not be read again") && !seen.contains("Approved."), "{seen}");
    let shown = Browser::at(asked["approvalPage"].as_str().unwrap());
    shown.log_in(KEY).await;
    assert!(shown.get("/approvals").await.has("Agree</button>"), "it waits on");
    assert_eq!(effects(&account).await, 0);
}
