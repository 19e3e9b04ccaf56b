//! Commands print no control characters to a terminal. A pipe gets the same text unchanged.

use crate::support::{Account, command, run};
use serde_json::{Value, json};
use std::path::Path;

/// Escape sequences that a terminal obeys, and invisible characters.
const HOSTILE: &str = "A\u{1b}[31m\u{9b}2J\u{7}\u{7f}\u{202e}\u{200b}\u{e0041}z";

fn is_hostile(c: char) -> bool {
    (c.is_control() && !['\n', '\r', '\t'].contains(&c))
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{200b}' | '\u{e0000}'..='\u{e007f}')
}

/// What a command prints in a terminal.
async fn in_a_terminal(account: &Account, state: &Path, arguments: &[&str]) -> String {
    let mut command = command(account, state);
    command.args(arguments).env("COLUMNS", "4000");
    let shown = tokio::task::spawn_blocking(move || {
        let mut terminal = rexpect::session::spawn_command(command, Some(30_000)).unwrap();
        // rexpect returns each byte as a character.
        let bytes = terminal.exp_eof().unwrap().chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        String::from_utf8(bytes).unwrap()
    });
    shown.await.unwrap()
}

async fn piped(account: &Account, state: &Path, arguments: &[&str]) -> String {
    let mut command = command(account, state);
    command.args(arguments);
    run(command).await.stdout
}

#[tokio::test]
async fn the_journal_escapes_control_characters_in_a_terminal_alone() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let contact = json!({"firstName": HOSTILE, "lastName": "B", "email": "terminal@example.com"});
    piped(&account, state.path(), &["call", "create_contact", "--json", &contact.to_string()]).await;
    let exact = piped(&account, state.path(), &["journal", "--json"]).await;
    let exact: Value = serde_json::from_str(exact.trim()).unwrap();
    assert_eq!(exact["arguments"]["firstName"], HOSTILE);
    let shown = in_a_terminal(&account, state.path(), &["journal", "--json"]).await;
    assert!(!shown.contains(is_hostile), "{shown:?}");
    // The value is the same, because JSON escapes decode to it.
    let shown: Value = serde_json::from_str(shown.trim()).unwrap();
    assert_eq!(shown, exact);
    for arguments in [&["journal"][..], &["journal", "verify"]] {
        let shown = in_a_terminal(&account, state.path(), arguments).await;
        assert!(!shown.contains(is_hostile), "{arguments:?}: {shown:?}");
    }
}

#[tokio::test]
async fn other_commands_print_no_control_characters_to_a_terminal() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let id = account.objects("contacts").await[0]["id"].as_str().unwrap().to_owned();
    account.change("contacts", &id, json!({"firstName": HOSTILE, "companyName": HOSTILE})).await;
    let sql = format!("SELECT firstName AS \"{HOSTILE}\" FROM contacts WHERE id = '{id}'");
    for arguments in [
        vec!["call", "get_contact", "--id", &id],
        vec!["call", "get_contact", "--id", HOSTILE],
        vec!["query", &sql],
        vec!["query", "--format", "json", &sql],
        vec!["doctor"],
        vec!["tools", HOSTILE],
    ] {
        let shown = in_a_terminal(&account, state.path(), &arguments).await;
        assert!(!shown.contains(is_hostile), "{arguments:?}: {shown:?}");
    }
}
