//! `accounts.toml` is edited while a server runs: it is served anew, and no call goes by an entry that is not there any more.

use crate::support::{Agency, Api, Host, Wire};
use serde_json::{Value, json};
use std::{
    fs,
    time::{Duration, Instant},
};

async fn write(host: &Host, account: Option<&str>, number: usize) -> Result<Value, Value> {
    let mut contact = json!({"firstName": "Ada", "lastName": "L", "email": format!("edited{number}@example.com")});
    if let Some(account) = account {
        contact["account"] = json!(account);
    }
    let result = host.call("create_contact", contact).await;
    match result.is_error {
        Some(true) => Err(crate::support::error_of(&result)),
        _ => Ok(result.structured_content.unwrap()),
    }
}

/// Writes until the server says what is to be seen, since it looks at the file every few seconds.
async fn eventually(host: &Host, account: Option<&str>, number: usize, seen: &str) -> Value {
    let until = Instant::now() + Duration::from_secs(30);
    while Instant::now() < until {
        let outcome = write(host, account, number).await;
        let shown = outcome.clone().unwrap_or_else(|error| error);
        if shown.to_string().contains(seen) {
            return shown;
        }
        assert!(outcome.is_err(), "written while it was to be refused: {shown}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never seen: {seen}");
}

/// The numbers of the contacts that were written into an account.
async fn written(agency: &Agency, account: &str) -> Vec<String> {
    let contacts = agency.account(account).objects("contacts").await;
    let emails = contacts.iter().filter_map(|contact| contact["email"].as_str()?.strip_prefix("edited"));
    let mut numbers: Vec<String> = emails.map(|email| email.replace("@example.com", "")).collect();
    numbers.sort();
    numbers
}

#[tokio::test]
async fn a_change_is_served_and_what_moved_waits_until_the_host_lists_again() {
    let agency = Agency::new(Api::Session, &["North", "South"]).await;
    let host = agency.host(&[]).await;
    write(&host, Some("North"), 1).await.unwrap();
    let before = fs::read_to_string(agency.file()).unwrap();

    // A policy takes effect, and is taken back.
    agency.write("", |name| if name == "South" { "read-only = true".to_owned() } else { String::new() });
    let south = agency.account("South").location_id();
    assert_eq!(write(&host, Some(&south), 2).await.unwrap_err()["code"], "policy_denied", "at once");
    eventually(&host, Some("South"), 2, "read-only").await;
    write(&host, Some("North"), 3).await.unwrap();
    fs::write(agency.file(), format!("# a remark\n{before}")).unwrap();
    eventually(&host, Some("South"), 4, "edited4").await;

    // The names change places: each stands for the other's location.
    let (north, south) = (agency.account("North"), agency.account("South"));
    let swapped = before.replace("\"North\"", "\"?\"").replace("\"South\"", "\"North\"").replace("\"?\"", "\"South\"");
    fs::write(agency.file(), swapped).unwrap();
    let refused = write(&host, Some("North"), 5).await.unwrap_err();
    assert_eq!((&refused["code"], &refused["account"]), (&json!("policy_denied"), &json!("North")), "{refused}");
    let refused = eventually(&host, Some("North"), 6, "list_accounts").await;
    assert_eq!(refused["code"], "policy_denied", "{refused}");
    for other in ["South", &north.location_id(), &south.location_id()] {
        let refused = write(&host, Some(other), 7).await.unwrap_err();
        assert!(refused["message"].as_str().unwrap().contains("list_accounts"), "{refused}");
    }
    let read = host.error("list_contacts", json!({"account": "North", "limit": 1})).await;
    assert_eq!(read["code"], "policy_denied", "{read}");
    let question = json!({"account": "all", "sql": "SELECT 1"});
    assert_eq!(host.error("query_crm", question).await["code"], "policy_denied");
    let listed = host.answer("list_accounts", json!({})).await;
    assert_eq!(listed["accounts"][0]["name"], "South", "{listed}");
    write(&host, Some("North"), 8).await.unwrap();
    assert_eq!(
        (written(&agency, "North").await, written(&agency, "South").await),
        (vec!["1".to_owned(), "3".to_owned()], vec!["4".to_owned(), "8".to_owned()])
    );
}

#[tokio::test]
async fn accounts_come_and_go_and_a_broken_file_stops_writes_alone() {
    let agency = Agency::new(Api::Session, &["North", "South", "West"]).await;
    let all = fs::read_to_string(agency.file()).unwrap();
    let two: String = all.split("[[account]]").take(3).collect::<Vec<_>>().join("[[account]]");
    fs::write(agency.file(), &two).unwrap();
    let host = agency.host(&[]).await;
    let unknown = write(&host, Some("West"), 1).await.unwrap_err();
    assert_eq!(unknown["code"], "invalid_arguments", "{unknown}");
    fs::write(agency.file(), &all).unwrap();
    eventually(&host, Some("West"), 2, "edited2").await;
    fs::write(agency.file(), &two).unwrap();
    assert_eq!(write(&host, Some("West"), 3).await.unwrap_err()["code"], "policy_denied", "at once");
    eventually(&host, Some("West"), 4, "there is no account").await;

    // A file that cannot be read stops writes, and reads go on.
    fs::write(agency.file(), "[[account]\nname = ").unwrap();
    let refused = write(&host, Some("North"), 5).await.unwrap_err();
    assert!(refused["message"].as_str().unwrap().contains("accounts.toml"), "{refused}");
    host.answer("list_contacts", json!({"account": "North", "limit": 1})).await;
    fs::write(agency.file(), &two).unwrap();
    write(&host, Some("North"), 6).await.unwrap();
    fs::remove_file(agency.file()).unwrap();
    assert_eq!(write(&host, Some("North"), 7).await.unwrap_err()["code"], "policy_denied");
    assert_eq!(written(&agency, "West").await, ["2"]);
    assert_eq!(written(&agency, "North").await, ["6"]);
}

#[tokio::test]
async fn the_one_account_that_is_served_is_watched_too() {
    let agency = Agency::new(Api::Session, &["North", "South"]).await;
    let host = agency.host(&["--account", "North"]).await;
    write(&host, None, 1).await.unwrap();
    agency.write("", |name| if name == "North" { "read-only = true".to_owned() } else { String::new() });
    let refused = write(&host, None, 2).await.unwrap_err();
    assert_eq!(refused["code"], "policy_denied", "{refused}");
    agency.write("", |name| if name == "South" { "read-only = true".to_owned() } else { String::new() });
    eventually(&host, None, 3, "edited3").await;
    assert_eq!(written(&agency, "North").await, ["1", "3"]);
}

/// The methods of the next notifications, until one is `last`.
fn notified(wire: &mut Wire, last: &str) -> Vec<String> {
    let mut methods = Vec::new();
    loop {
        let line = wire.line();
        let Some(method) = line["method"].as_str() else { continue };
        methods.push(method.to_owned());
        if method == last {
            return methods;
        }
    }
}

const TOOLS: &str = "notifications/tools/list_changed";
const RESOURCES: &str = "notifications/resources/list_changed";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hosts_of_both_eras_are_told_without_a_call() {
    let agency = Agency::new(Api::Session, &["North", "South"]).await;
    let mut legacy = Wire::start(agency.command());
    let hello = legacy.initialize("2025-11-25", json!({}));
    for list in ["tools", "prompts", "resources"] {
        assert_eq!(hello["result"]["capabilities"][list]["listChanged"], true, "{hello}");
    }
    assert!(hello["result"]["capabilities"]["logging"].is_object(), "{hello}");
    assert!(legacy.ask("logging/setLevel", json!({"level": "info"}))["result"].is_object());
    let mut modern = Wire::start(agency.command());
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "wire", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let wanted = json!({"toolsListChanged": true, "resourcesListChanged": true});
    let listening = modern.send("subscriptions/listen", json!({"notifications": wanted, "_meta": meta}));
    let accepted = modern.line();
    assert_eq!(accepted["method"], "notifications/subscriptions/acknowledged", "{accepted}");
    let listed = modern.ask("tools/list", json!({"_meta": meta}));
    assert_eq!((&listed["result"]["ttlMs"], &listed["result"]["cacheScope"]), (&json!(60_000), &json!("private")));

    let no_level = modern.ask("logging/setLevel", json!({"level": "info", "_meta": meta}));
    assert_eq!(no_level["error"]["code"], -32601, "{no_level}");

    // Contacts are hidden in both accounts, with their resource.
    agency.write("", |_| "exclude-tools = [\"get_contact\"]".to_owned());
    let logged = loop {
        let line = legacy.line();
        if line["method"] == "notifications/message" {
            break line["params"].clone();
        }
    };
    assert_eq!((&logged["level"], &logged["logger"]), (&json!("info"), &json!("highlevel-mcp")), "{logged}");
    assert!(logged["data"].as_str().unwrap().starts_with("accounts.toml has changed"), "{logged}");
    fs::write(agency.file(), "[[account]\nname = ").unwrap();
    let warned = loop {
        let line = legacy.line();
        if line["params"]["level"] == "warning" {
            break line["params"]["data"].clone();
        }
    };
    assert_eq!(warned, "accounts.toml has changed and cannot be served", "no more than that");
    agency.write("", |_| "exclude-tools = [\"get_contact\", \"list_pages\"]".to_owned());
    assert!(notified(&mut legacy, TOOLS).contains(&TOOLS.to_owned()));
    assert_eq!(notified(&mut modern, RESOURCES), [TOOLS, RESOURCES], "and not prompts, which were not asked for");
    let templates = modern.ask("resources/templates/list", json!({"_meta": meta}));
    assert!(!templates.to_string().contains("contact/{id}"), "{templates}");
    let tools = legacy.ask("tools/list", json!({}));
    assert!(!tools.to_string().contains("\"get_contact\""), "the list is a new one");
    assert!(tools["result"].get("ttlMs").is_none(), "an earlier protocol has no such member");

    // The end of input ends what listens.
    modern.close_input();
    assert_eq!(modern.answer_to(listening)["result"]["resultType"], "complete");
    assert_eq!(modern.exit_code(), Some(0));
}
