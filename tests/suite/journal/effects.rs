//! The content of a line, for each effect, each way of confirmation and each outcome.

use super::{account, contact, entries, events, journal, sound, texts};
use crate::support::{Account, CLIENT, Era, Host, Person, Wire, command};
use highlevel_sandbox::SandboxConfig;
use serde_json::{Value, json};

/// The only write in the journal.
async fn only(account: &Account, host: &Host) -> Value {
    let mut all = entries(account, host.state.path(), &[]).await;
    assert_eq!(all.len(), 1, "{all:?}");
    sound(account, host.state.path()).await;
    all.remove(0)
}

#[tokio::test]
async fn a_create_is_recorded_with_its_object() {
    let account = account().await;
    let host = Host::new(&account, &[]).await;
    let made = host.answer("create_contact", contact("one@example.com")).await;
    let entry = only(&account, &host).await;
    assert_eq!((&entry["tool"], &entry["outcome"]), (&json!("create_contact"), &json!("done")), "{entry}");
    assert_eq!((&entry["confirmation"], &entry["object"]), (&json!("none"), &made["id"]), "{entry}");
    assert_eq!((&entry["arguments"], &entry["after"]), (&contact("one@example.com"), &made), "{entry}");
    assert!(entry.get("before").is_none() && entry["time"].is_string() && entry["finished"].is_string(), "{entry}");
    assert_eq!(entry["client"]["name"], CLIENT, "{entry}");
    assert!(entry["client"]["session"].is_string() && entry["login"].is_string(), "{entry}");
    assert_eq!(entry["fields"], json!(["email", "firstName", "lastName"]), "{entry}");
    assert_eq!(events(host.state.path()).len(), 2, "one pair a call");
    #[cfg(unix)]
    for file in ["journal.db", "journal.db-wal", "journal.db-shm"] {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(host.state.path().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[tokio::test]
async fn an_update_is_recorded_with_the_object_before_and_after() {
    for (kind, tool, changes) in [
        ("contacts", "update_contact", json!({"phone": "+1-555-0199"})),
        ("contacts", "update_contact", json!({"customFields": {"plan": "pro"}})),
        ("opportunities", "update_opportunity", json!({"name": "Renamed"})),
        ("pages", "update_page", json!({"name": "Renamed"})),
    ] {
        let account = account().await;
        let old = account.find(kind, |object| object.get("status").is_none_or(|s| s != "published")).await;
        let host = Host::new(&account, &[]).await;
        let mut arguments = changes.clone();
        arguments["id"] = old["id"].clone();
        let after = host.answer(tool, arguments).await;
        let entry = only(&account, &host).await;
        let field = changes.as_object().unwrap().keys().next().unwrap();
        assert_eq!((&entry["before"]["id"], &entry["before"][field]), (&old["id"], &old[field]), "{tool}");
        assert_eq!((&entry["after"], &entry["object"]), (&after, &old["id"]), "{tool}");
        assert_ne!(entry["before"][field], entry["after"][field], "{tool}");
        let asked = if field == "customFields" { "customFields.plan" } else { field };
        assert_eq!(entry["fields"], json!([asked]), "{tool}");
        let requests = account.requests().await;
        assert_eq!(requests.len(), 2, "one read and one write: {requests:?}");
    }
}

#[tokio::test]
async fn the_read_before_an_update_can_be_turned_off() {
    let account = account().await;
    let old = account.find("opportunities", |_| true).await;
    let host = Host::new(&account, &["--journal-before", "off"]).await;
    host.answer("update_opportunity", json!({"id": old["id"], "name": "Renamed"})).await;
    let entry = only(&account, &host).await;
    assert!(entry.get("before").is_none() && entry["after"]["name"] == "Renamed", "{entry}");
    assert_eq!(account.requests().await.len(), 1);
}

#[tokio::test]
async fn deletes_and_publishes_record_how_they_were_confirmed() {
    for (era, person, way) in [
        (Era::Modern, Person::agrees(), "input_request"),
        (Era::Handshake, Person::agrees(), "form"),
        (Era::Modern, Person::Absent, "token"),
    ] {
        for (kind, tool) in [("webhooks", "delete_webhook"), ("pages", "publish_page")] {
            let account = account().await;
            let old = account.find(kind, |object| kind != "pages" || object["status"] == "draft").await;
            let host = Host::with(&account, &[], era, person.clone()).await;
            let mut arguments = json!({"id": old["id"]});
            if way == "token" {
                let asked = host.error(tool, arguments.clone()).await;
                assert!(entries(&account, host.state.path(), &[]).await.is_empty(), "asking is no attempt");
                arguments["confirmationToken"] = asked["confirmationToken"].clone();
            }
            host.answer(tool, arguments.clone()).await;
            let entry = only(&account, &host).await;
            assert_eq!((&entry["confirmation"], &entry["outcome"]), (&json!(way), &json!("done")), "{tool}");
            assert_eq!((&entry["object"], &entry["before"]["id"]), (&old["id"], &old["id"]), "{tool}");
            assert!(entry["arguments"].get("confirmationToken").is_none(), "{entry}");
            // After a deletion there is no object.
            assert_eq!(
                entry["after"]["status"],
                if kind == "pages" { json!("published") } else { Value::Null },
                "{entry}"
            );
            assert_eq!(entry.get("after").is_some(), kind == "pages", "{entry}");
        }
    }
}

#[tokio::test]
async fn outcomes_are_told_apart_and_filtered() {
    let account = account().await;
    let host = Host::new(&account, &["--timeout", "3"]).await;
    let state = host.state.path();
    host.answer("create_contact", contact("done@example.com")).await;
    account.faults("403@POST /contact*1").await;
    host.error("create_contact", contact("refused@example.com")).await;
    account.faults("drop@POST /contact*1").await;
    host.error("create_contact", contact("unknown@example.com")).await;
    // Reads, and calls that are refused before a request, are not writes.
    host.answer("list_contacts", json!({})).await;
    host.error("create_contact", json!({"firstName": "Ada"})).await;
    host.error("update_contact", json!({"id": "nobody", "phone": "1"})).await;
    let all = entries(&account, state, &[]).await;
    let outcomes: Vec<_> = all.iter().map(|entry| (entry["outcome"].clone(), entry["code"].clone())).collect();
    let expected = [
        (json!("done"), Value::Null),
        (json!("failed"), json!("forbidden")),
        (json!("outcome_unknown"), json!("outcome_unknown")),
    ];
    assert_eq!(outcomes, expected, "{all:?}");
    assert_eq!(entries(&account, state, &["--failed"]).await, all[1..]);
    assert_eq!(entries(&account, state, &["--since", "1h"]).await, all);
    assert_eq!(entries(&account, state, &["--since", all[1]["time"].as_str().unwrap()]).await, all[1..]);
    assert_eq!(entries(&account, state, &["--since", "2999-01-01T00:00:00Z"]).await, [] as [Value; 0]);
    assert_eq!(entries(&account, state, &["--tool", "create_contact"]).await, all);
    assert_eq!(entries(&account, state, &["--tool", "delete_page"]).await, [] as [Value; 0]);
    let table = journal(&account, state, &[]).await;
    assert_eq!(table.stdout.lines().count(), 4, "a head and three rows: {table:?}");
    assert!(table.stdout.contains("failed: forbidden") && table.stdout.contains("outcome_unknown"), "{table:?}");
    for wrong in [["--tool", "create_contcat"], ["--since", "yesterday"]] {
        assert_eq!(journal(&account, state, &wrong).await.code, Some(2), "{wrong:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_cancelled_before_it_is_sent_is_cancelled() {
    let account = Account::with(SandboxConfig::default()).await;
    let state = tempfile::tempdir().unwrap();
    let mut server = command(&account, state.path());
    server.args(["--rate-limit", "1", "--rate-window", "3600", "--timeout", "7200"]);
    let mut wire = Wire::start(server);
    wire.initialize("2025-11-25", json!({}));
    wire.call("get_current_user", json!({}));
    let id = wire.send("tools/call", json!({"name": "create_contact", "arguments": contact("late@example.com")}));
    super::crash::until(|| async { !entries(&account, state.path(), &[]).await.is_empty() }).await;
    wire.notify("notifications/cancelled", json!({"requestId": id}));
    let outcome = || async { entries(&account, state.path(), &[]).await[0]["outcome"].clone() };
    super::crash::until(|| async { outcome().await != "unfinished" }).await;
    assert_eq!(outcome().await, "cancelled");
    assert_eq!(account.stats().await["effects"]["creates"], 0);
}

#[tokio::test]
async fn neither_the_token_nor_a_secret_is_in_the_journal() {
    let canary = "canary-token-8f2c51d7";
    let config = SandboxConfig { extra_token: Some(canary.to_owned()), ..Default::default() };
    let account = Account::with(config).await;
    let host = Host::with(&account, &[], Era::Modern, Person::agrees()).await;
    let secret = "whsec \"quoted\" canary";
    let hook = json!({"url": "https://example.com/hook", "events": ["contact.created"], "secret": secret});
    host.answer("create_webhook", hook.clone()).await;
    account.faults("400@POST /webhook*1").await;
    host.error("create_webhook", hook).await;
    // Also if a caller passes the token and the secret in the wrong place.
    let mut odd = contact("odd@example.com");
    odd["source"] = canary.into();
    odd["customFields"] = json!({ "secret": "another canary", canary: "x" });
    host.call("create_contact", odd).await;
    let all = entries(&account, host.state.path(), &[]).await;
    assert_eq!(all.len(), 3, "{all:?}");
    assert_eq!(all[0]["arguments"]["secret"], "[hidden]", "{all:?}");
    let text = texts(host.state.path());
    assert!(!text.contains("canary"), "{text}");
    sound(&account, host.state.path()).await;
}
