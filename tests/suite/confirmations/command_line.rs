//! Confirmations on the command line: by token in scripts, in the terminal for people.

use super::{effects, id, page};
use crate::support::{Account, Era, Host, Person, Ran, command, run};
use rexpect::process::WaitStatus;
use serde_json::json;
use std::path::Path;

async fn call(account: &Account, state: &Path, arguments: &[&str]) -> Ran {
    let mut command = command(account, state);
    command.arg("call").args(arguments);
    run(command).await
}

#[tokio::test]
async fn a_script_confirms_with_the_token_from_the_first_call() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let draft = page(&account, "draft").await;
    let first = call(&account, state.path(), &["delete_page", "--id", id(&draft)]).await;
    assert_eq!(first.code, Some(8), "{first:?}");
    let token = first.json()["error"]["confirmationToken"].as_str().unwrap().to_owned();

    let alone = call(&account, state.path(), &["delete_page", "--id", id(&draft), "--yes"]).await;
    assert_eq!(alone.code, Some(2), "--yes alone is no confirmation: {alone:?}");
    let token_alone =
        call(&account, state.path(), &["delete_page", "--id", id(&draft), "--confirmation-token", &token]).await;
    assert_eq!(token_alone.code, Some(2), "{token_alone:?}");
    assert_eq!(effects(&account).await, 0);

    let confirmed = ["delete_page", "--id", id(&draft), "--yes", "--confirmation-token", &token];
    let second = call(&account, state.path(), &confirmed).await;
    assert_eq!((second.code, &second.json()["deleted"]), (Some(0), &json!(true)), "{second:?}");
    assert_eq!(effects(&account).await, 1);
}

/// Runs a command in its own terminal, types this when it asks, and returns its exit code and output.
async fn in_a_terminal(account: &Account, state: &Path, arguments: &[&str], typed: &str) -> (i32, String) {
    let mut command = command(account, state);
    command.args(arguments);
    let typed = typed.to_owned();
    let ran = tokio::task::spawn_blocking(move || {
        let mut terminal = rexpect::session::spawn_command(command, Some(30_000)).unwrap();
        let mut seen = String::new();
        // A command that refuses at once does not ask.
        if let Ok(before) = terminal.exp_string("[y/N]") {
            seen.push_str(&before);
            terminal.send_line(&typed).unwrap();
        }
        seen.push_str(&terminal.exp_eof().unwrap_or_default());
        match terminal.process().wait().unwrap() {
            WaitStatus::Exited(_, code) => (code, seen),
            other => panic!("ended by {other:?}: {seen}"),
        }
    });
    ran.await.unwrap()
}

#[tokio::test]
async fn a_person_is_asked_on_the_terminal() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let draft = page(&account, "draft").await;
    let arguments = ["call", "delete_page", "--id", id(&draft)];
    let (code, seen) = in_a_terminal(&account, state.path(), &arguments, "n").await;
    assert_eq!(code, 8, "{seen}");
    assert!(seen.contains(draft["name"].as_str().unwrap()) && seen.contains("declined"), "{seen}");
    assert_eq!(effects(&account).await, 0);
    let (code, seen) = in_a_terminal(&account, state.path(), &arguments, "yes").await;
    assert_eq!(code, 0, "{seen}");
    assert_eq!(effects(&account).await, 1);
}

#[tokio::test]
async fn with_human_confirmation_a_token_acts_only_after_a_person_approved_it_in_a_terminal() {
    let account = Account::new().await;
    let draft = page(&account, "draft").await;
    let host = Host::with(&account, &["--confirm", "human"], Era::Modern, Person::agrees()).await;
    let first = host.error("delete_page", json!({"id": id(&draft)})).await;
    assert_eq!(first["code"], "confirmation_required", "{first}");
    assert!(host.asked().is_empty(), "forms are not taken");
    let token = first["confirmationToken"].as_str().unwrap();
    assert!(first["message"].as_str().unwrap().contains(&format!("highlevel-mcp approve {token}")), "{first}");

    let with_token = |token: &str| json!({"id": id(&draft), "confirmationToken": token});
    let early = host.error("delete_page", with_token(token)).await;
    assert_eq!(early["code"], "confirmation_invalid", "{early}");
    assert!(early["message"].as_str().unwrap().contains("No person has approved"), "{early}");

    // Without a terminal no person can be asked.
    let mut approve = command(&account, host.state.path());
    approve.args(["approve", token]);
    let ran = run(approve).await;
    assert_eq!(ran.code, Some(8), "{ran:?}");
    // A decline invalidates the code, which cannot be approved afterwards.
    let (code, seen) = in_a_terminal(&account, host.state.path(), &["approve", token], "n").await;
    assert_eq!(code, 8, "{seen}");
    let (code, _) = in_a_terminal(&account, host.state.path(), &["approve", token], "y").await;
    assert_eq!(code, 8, "a declined code cannot be approved");
    let declined = host.error("delete_page", with_token(token)).await;
    assert_eq!(declined["code"], "confirmation_invalid");
    assert_eq!(effects(&account).await, 0);
    let token = declined["confirmationToken"].as_str().unwrap();

    let (code, seen) = in_a_terminal(&account, host.state.path(), &["approve", token], "y").await;
    assert_eq!(code, 0, "{seen}");
    assert!(seen.contains(draft["name"].as_str().unwrap()), "the person sees what it is about: {seen}");
    assert_eq!(host.answer("delete_page", with_token(token)).await["deleted"], true);
    assert_eq!(effects(&account).await, 1);
    let mut journal = command(&account, host.state.path());
    journal.args(["journal", "--json"]);
    assert_eq!(run(journal).await.json()["confirmation"], "human");
    let (code, _) = in_a_terminal(&account, host.state.path(), &["approve", token], "y").await;
    assert_eq!(code, 8, "a spent code cannot be approved again");
}

#[tokio::test]
async fn an_unknown_code_is_refused() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let (code, seen) = in_a_terminal(&account, state.path(), &["approve", "made-up"], "y").await;
    assert_eq!(code, 8, "{seen}");
    assert!(seen.contains("confirmation_invalid"), "{seen}");
}
