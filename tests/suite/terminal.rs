//! What commands print to a terminal: nothing that it would obey. Into a pipe the same goes as it is.

use crate::support::{Account, command, run};
use serde_json::{Value, json};
use std::path::Path;

/// Texts that a terminal obeys, or that nobody sees.
const HOSTILE: &str = "A\u{1b}[31m\u{9b}2J\u{7}\u{7f}\u{202e}\u{200b}\u{e0041}z";

fn is_hostile(c: char) -> bool {
    (c.is_control() && !['\n', '\r', '\t'].contains(&c))
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{200b}' | '\u{e0000}'..='\u{e007f}')
}

/// What a command shows in a terminal of its own.
async fn in_a_terminal(account: &Account, state: &Path, arguments: &[&str]) -> String {
    let mut command = command(account, state);
    command.args(arguments).env("COLUMNS", "4000");
    let shown = tokio::task::spawn_blocking(move || {
        let mut terminal = rexpect::session::spawn_command(command, Some(30_000)).unwrap();
        // It gives each byte as a character.
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
async fn the_journal_shows_a_terminal_nothing_that_it_obeys_and_a_pipe_all_of_it() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let contact = json!({"firstName": HOSTILE, "lastName": "B", "email": "terminal@example.com"});
    piped(&account, state.path(), &["call", "create_contact", "--json", &contact.to_string()]).await;
    let exact = piped(&account, state.path(), &["journal", "--json"]).await;
    let exact: Value = serde_json::from_str(exact.trim()).unwrap();
    assert_eq!(exact["arguments"]["firstName"], HOSTILE);
    let shown = in_a_terminal(&account, state.path(), &["journal", "--json"]).await;
    assert!(!shown.contains(is_hostile), "{shown:?}");
    // It is the same all the same: what cannot be seen is escaped.
    let shown: Value = serde_json::from_str(shown.trim()).unwrap();
    assert_eq!(shown, exact);
    for arguments in [&["journal"][..], &["journal", "verify"]] {
        let shown = in_a_terminal(&account, state.path(), arguments).await;
        assert!(!shown.contains(is_hostile), "{arguments:?}: {shown:?}");
    }
}

#[tokio::test]
async fn other_commands_show_a_terminal_nothing_that_it_obeys() {
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
