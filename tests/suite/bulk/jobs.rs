//! Jobs while they run: cancelled, resumed, left by a process, beside a chat, with a token that ends.

use super::{ended, run};
use crate::support::{Account, Api, Era, Host, Person, Wire, command};
use highlevel_sandbox::SandboxConfig;
use serde_json::{Value, json};
use std::{path::Path, time::Duration};

/// An account whose writes take so long that a job of some dozens of rows can be watched.
async fn slow() -> Account {
    let account = Account::with(SandboxConfig { rate_limit: 100_000, ..SandboxConfig::default() }).await;
    account.faults("latency-after:150@write").await;
    account
}

async fn host_in(account: &Account, state: &Path) -> Host {
    let mut command = command(account, state);
    command.env("GHL_STATE_DIR", state);
    Host::start(command, tempfile::tempdir().unwrap(), Era::Modern, Person::Absent).await
}

fn plan_of(count: u32) -> Value {
    json!({
        "operation": "update_contact",
        "sql": format!("SELECT id FROM contacts ORDER BY id LIMIT {count}"),
        "template": {"companyName": "Bulk Inc"},
    })
}

/// Plans an update of so many contacts and begins it, without waiting for the answer. Returns the job.
fn begun(wire: &mut Wire, count: u32) -> Value {
    let plan = wire.call("plan_bulk", plan_of(count))["structuredContent"].clone();
    let token = json!({"plan": plan["plan"], "confirmationToken": plan["confirmationToken"]});
    wire.send("tools/call", json!({"name": "run_bulk", "arguments": token}));
    plan["plan"].clone()
}

async fn renamed(account: &Account) -> usize {
    account.objects("contacts").await.iter().filter(|contact| contact["companyName"] == "Bulk Inc").count()
}

/// After a kill, each row was written once, or is reported as one that nobody knows of: a request that the kill cut off.
async fn each_once(account: &Account, done: &Value, count: u64) {
    let rows = |state: &str| done["rows"][state].as_u64().unwrap_or(0);
    assert_eq!(rows("done") + rows("unknown"), count, "{done}");
    assert_eq!(renamed(account).await as u64, rows("done"), "{done}");
    assert!(rows("unknown") <= 12, "at most those that were under way: {done}");
    assert_eq!(most_writes_of_one(account).await, 1);
}

/// How often a PUT of each contact arrived.
async fn most_writes_of_one(account: &Account) -> usize {
    let mut counts = std::collections::HashMap::new();
    for request in account.requests().await.iter().filter(|request| request["method"] == "PUT") {
        *counts.entry(request["path"].to_string()).or_insert(0) += 1;
    }
    counts.into_values().max().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_is_cancelled_between_rows_and_resumed() {
    let account = slow().await;
    account.faults("latency-after:600@write").await;
    let state = tempfile::tempdir().unwrap();
    let mut wire = Wire::start(command(&account, state.path()));
    wire.initialize("2025-11-25", json!({}));
    let plan = begun(&mut wire, 200);
    while renamed(&account).await < 5 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let cancel = json!({"job": plan, "action": "cancel"});
    let cancelled = wire.call("get_bulk", cancel)["structuredContent"].clone();
    assert_eq!(cancelled["state"], "cancelled", "{cancelled}");
    let resumed = wire.call("get_bulk", json!({"job": plan, "action": "resume"}))["structuredContent"].clone();
    assert_eq!(resumed["state"], "running", "a host without progress is answered soon: {resumed}");
    assert!(resumed["note"].as_str().unwrap().contains("get_bulk"), "{resumed}");
    account.faults("").await;
    let host = host_in(&account, state.path()).await;
    let done = ended(&host, &plan).await;
    assert_eq!(done["rows"], json!({"done": 200}), "{done}");
    assert_eq!((renamed(&account).await, most_writes_of_one(&account).await), (200, 1));
}

/// Of two processes one works a job. When it is killed, the other one takes over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_process_takes_over() {
    let account = slow().await;
    let state = tempfile::tempdir().unwrap();
    let mut first = Wire::start(command(&account, state.path()));
    first.initialize("2025-11-25", json!({}));
    let second = host_in(&account, state.path()).await;
    let plan = begun(&mut first, 120);
    while renamed(&account).await < 10 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    first.child.kill().unwrap();
    first.child.wait().unwrap();
    let done = ended(&second, &plan).await;
    each_once(&account, &done, 120).await;
}

/// A job that nobody has worked for more than an hour waits for a person's word.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_job_waits_for_resume() {
    let account = slow().await;
    let state = tempfile::tempdir().unwrap();
    let mut wire = Wire::start(command(&account, state.path()));
    wire.initialize("2025-11-25", json!({}));
    let plan = begun(&mut wire, 100);
    while renamed(&account).await < 5 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    wire.child.kill().unwrap();
    wire.child.wait().unwrap();
    let db = rusqlite::Connection::open(state.path().join("jobs.db")).unwrap();
    db.execute("UPDATE jobs SET worked_at = worked_at - 3700000", []).unwrap();
    drop(db);
    let written = renamed(&account).await;
    let host = host_in(&account, state.path()).await;
    // Longer than the time between two looks for jobs that others left.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let now = renamed(&account).await;
    assert!(now < 100 && now <= written + 12, "it went on by itself: {written}, then {now}");
    let listed = host.answer("get_bulk", json!({})).await;
    assert_eq!(listed["jobs"][0]["job"], plan, "{listed}");
    host.answer("get_bulk", json!({"job": plan, "action": "resume"})).await;
    let done = ended(&host, &plan).await;
    each_once(&account, &done, 100).await;
}

/// A token that ends in the night stops the job once, with the reason, and not row by row.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_ends_stops_the_job_and_loses_no_row() {
    let account = Account::with(SandboxConfig { api: Api::Official, ..SandboxConfig::official() }).await;
    let host = Host::new(&account, &[]).await;
    let plan = host.answer("plan_bulk", plan_of(60)).await;
    account.faults("401@write+30").await;
    let _ = run(&host, &plan).await;
    let stopped = ended(&host, &plan["plan"]).await;
    assert_eq!((&stopped["state"], &stopped["why"]["code"]), (&json!("stopped"), &json!("unauthorized")), "{stopped}");
    assert!(stopped["rows"].get("failed").is_none(), "no row failed by it: {stopped}");
    account.faults("").await;
    host.answer("get_bulk", json!({"job": plan["plan"], "action": "resume"})).await;
    let done = ended(&host, &plan["plan"]).await;
    assert_eq!(done["rows"], json!({"done": 60}), "{done}");
}

/// A row of unknown outcome is sent again by nobody but a person who names it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_row_is_never_sent_again_by_itself() {
    let account = Account::in_manners(Api::Official, crate::support::live()).await;
    let host = Host::new(&account, &[]).await;
    let contact = account.find("contacts", |contact| contact["phone"].is_string()).await;
    let rows = json!([{"contactId": contact["id"], "body": "first"}, {"contactId": contact["id"], "body": "second"}]);
    let plan = host.answer("plan_bulk", json!({"operation": "contacts.create-note", "rows": rows})).await;
    // A passthrough create has no look-up: after a dropped answer nothing can tell.
    account.faults("drop@write*1").await;
    run(&host, &plan).await;
    let done = ended(&host, &plan["plan"]).await;
    assert_eq!(done["rows"], json!({"done": 1, "unknown": 1}), "{done}");
    let sent = |requests: Vec<Value>| {
        requests.iter().filter(|r| r["method"] == "POST" && r["path"].as_str().unwrap().ends_with("/notes")).count()
    };
    assert_eq!(sent(account.requests().await), 2);
    let number = done["problems"][0]["row"].clone();
    host.answer("get_bulk", json!({"job": plan["plan"], "action": "resume"})).await;
    ended(&host, &plan["plan"]).await;
    assert_eq!(sent(account.requests().await), 2, "resume does not send it again");
    let retry = json!({"job": plan["plan"], "action": "retry", "rows": [number]});
    let asked = host.error("get_bulk", retry.clone()).await;
    assert_eq!(asked["code"], "confirmation_required", "{asked}");
    assert!(asked["message"].as_str().unwrap().contains("may have been done"), "{asked}");
    let mut agreed = retry;
    agreed["confirmationToken"] = asked["confirmationToken"].clone();
    host.answer("get_bulk", agreed).await;
    let done = ended(&host, &plan["plan"]).await;
    assert_eq!(done["rows"], json!({"done": 2}), "{done}");
    assert_eq!(sent(account.requests().await), 3);
}
