//! `journal`, `journal show` and `journal export`: filters, limits, and what a person sees.

use super::{account, contact, create, entries, journal};
use crate::support::{Era, Host, Person, command};
use serde_json::json;

/// The e-mail addresses of the entries with these flags.
async fn emails(account: &crate::support::Account, state: &std::path::Path, flags: &[&str]) -> Vec<String> {
    let all = entries(account, state, flags).await;
    all.iter().map(|entry| entry["arguments"]["email"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn entries_are_found_by_time_account_client_tool_and_object() {
    let account = account().await;
    let host = Host::new(&account, &[]).await;
    let state = host.state.path();
    let made = host.answer("create_contact", contact("one@example.com")).await;
    let id = made["id"].as_str().unwrap();
    host.answer("update_contact", json!({"id": id, "phone": "+1-555-0199"})).await;
    host.answer("create_contact", contact("two@example.com")).await;
    let location = host.answer("get_default_location", json!({})).await["id"].clone();
    create(&account, state, &["--location-id", location.as_str().unwrap()], &["three@example.com"]).await;
    let all = entries(&account, state, &[]).await;
    assert_eq!(all.len(), 4);
    let time = |at: usize| all[at]["time"].as_str().unwrap();

    assert_eq!(emails(&account, state, &["--object", id]).await, ["one@example.com", ""]);
    assert_eq!(emails(&account, state, &["--object", id, "--tool", "update_contact"]).await, [""]);
    assert_eq!(emails(&account, state, &["--since", time(1), "--until", time(3)]).await, ["", "two@example.com"]);
    for client in ["highlevel-mcp call", "highlevel-mcp"] {
        assert_eq!(emails(&account, state, &["--client", client]).await, ["three@example.com"]);
    }
    assert_eq!(emails(&account, state, &["--client", "test-host"]).await.len(), 3);
    assert_eq!(emails(&account, state, &["--client", "test"]).await, [] as [&str; 0]);
    let location = all[3]["location"].as_str().unwrap();
    assert_eq!(emails(&account, state, &["--account", location]).await, ["three@example.com"]);
    // The setting of this name, before the subcommand, means the same.
    let mut before = command(&account, state);
    before.args(["--account", location, "journal", "export"]);
    assert_eq!(crate::support::run(before).await.json()["arguments"]["email"], "three@example.com");
    let name = all[0]["account"].as_str().unwrap();
    assert_eq!(emails(&account, state, &["--account", name]).await.len(), 4);
    assert_eq!(emails(&account, state, &["--account", "nobody"]).await, [] as [&str; 0]);
    assert_eq!(emails(&account, state, &["--limit", "2"]).await, ["two@example.com", "three@example.com"]);
    assert_eq!(
        emails(&account, state, &["--limit", "2", "--tool", "create_contact", "--until", time(3)]).await,
        ["one@example.com", "two@example.com"]
    );

    let table = journal(&account, state, &["--limit", "3"]).await;
    assert!(table.stderr.contains("newest 3 entries. There are more"), "{table:?}");
    let rows: Vec<&str> = table.stdout.lines().collect();
    assert!(
        rows.len() == 4 && rows[0].contains("ACCOUNT") && rows[3].contains(location),
        "several locations: {table:?}"
    );
    let table = journal(&account, state, &["--client", "test-host"]).await;
    assert!(!table.stdout.contains("ACCOUNT") && table.stdout.contains("test-host 1"), "one account: {table:?}");
    assert_eq!(table.stderr, "", "{table:?}");
    let export = journal(&account, state, &["export", "--tool", "update_contact"]).await.json();
    assert_eq!(export["after"]["phone"], "+1-555-0199", "{export}");
    assert_eq!(journal(&account, state, &["--limit", "0"]).await.code, Some(2));
}

#[tokio::test]
async fn an_entry_is_shown_as_a_difference() {
    let account = account().await;
    let host = Host::with(&account, &[], Era::Modern, Person::agrees()).await;
    let state = host.state.path();
    let page = account.find("pages", |page| page["status"] == "draft").await;
    let id = page["id"].as_str().unwrap();
    host.answer("update_page", json!({"id": id, "content": "<p>one</p>\n<p>two</p>\n<p>three</p>"})).await;
    host.answer("update_page", json!({"id": id, "name": "Renamed", "content": "<p>one</p>\n<p>2</p>\n<p>three</p>"}))
        .await;
    let seq = entries(&account, state, &[]).await[1]["seq"].as_u64().unwrap();
    let shown = journal(&account, state, &["show", &seq.to_string()]).await;
    assert_eq!(shown.code, Some(0), "{shown:?}");
    let by_outcome = journal(&account, state, &["show", &(seq + 1).to_string()]).await;
    assert_eq!(by_outcome.stdout, shown.stdout, "the number of its outcome finds it as well");
    for line in [
        &format!("object     {id}"),
        "tool       update_page",
        "outcome    done",
        "Asked to change",
        "    - <p>two</p>",
        "    + <p>2</p>",
        &format!("  name: {} → \"Renamed\"", page["name"]),
        "Changed beside",
    ] {
        assert!(
            shown.stdout.lines().any(|shown| shown == line || shown.trim_end() == format!("  {line}")),
            "{line}: {}",
            shown.stdout
        );
    }
    let beside = shown.stdout.split("Changed beside").nth(1).unwrap();
    assert!(beside.contains("updatedAt: ") && !beside.contains("name"), "{beside}");
    host.answer("delete_page", json!({"id": id})).await;
    let seq = entries(&account, state, &[]).await[2]["seq"].to_string();
    let shown = journal(&account, state, &["show", &seq]).await.stdout;
    assert!(shown.contains("The object before") && shown.contains("name: \"Renamed\""), "{shown}");
    let none = journal(&account, state, &["show", "999"]).await;
    assert!(none.code == Some(1) && none.stderr.contains("no entry 999"), "{none:?}");
}

#[tokio::test]
async fn an_export_of_many_entries_is_read_in_pages() {
    let account = account().await;
    let host = Host::new(&account, &[]).await;
    let number = |number: usize| format!("n{number}@example.com");
    for at in 0..130 {
        host.answer("create_contact", contact(&number(at))).await;
    }
    let all = emails(&account, host.state.path(), &[]).await;
    assert_eq!(all, (0..130).map(number).collect::<Vec<_>>());
    let newest = emails(&account, host.state.path(), &["--limit", "75"]).await;
    assert_eq!(newest, (55..130).map(number).collect::<Vec<_>>());
    let mut command = command(&account, host.state.path());
    command.args(["journal"]);
    let table = crate::support::run(command).await;
    assert!(table.stdout.lines().count() == 101 && table.stderr.contains("newest 100 entries"), "{table:?}");
    let export = journal(&account, host.state.path(), &["export"]).await;
    assert_eq!(export.stdout, journal(&account, host.state.path(), &["--json"]).await.stdout, "--json is the export");
}
