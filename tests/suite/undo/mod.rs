//! `undo_changes`: what was written goes back, exactly as it was; what others changed since stays, and what cannot be taken
//! back is said. The sandbox's own objects, dumped before and after, are the judge.

mod arguments;
mod created;
mod doubtful;
mod fields;
mod irrevocable;
mod many;
mod others;
mod single;

use crate::support::{Account, Host, command, run as run_command, stored_as};
use chrono::{SecondsFormat, Utc};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, time::Duration};

/// Objects by id, without what every write changes.
type Dump = BTreeMap<String, Map<String, Value>>;

/// Every object of a kind as the sandbox stores it. Tags are a set.
async fn dump(account: &Account, kind: &str) -> Dump {
    let objects = account.objects(kind).await.into_iter().map(|object| {
        let Value::Object(mut members) = object else { panic!("{object}") };
        for volatile in ["updatedAt", "dateUpdated"] {
            members.remove(volatile);
        }
        if let Some(Value::Array(tags)) = members.get_mut("tags") {
            tags.sort_by_key(Value::to_string);
        }
        (members["id"].as_str().unwrap().to_owned(), members)
    });
    objects.collect()
}

/// Checks field by field that an object is as it was. An account may normalise what is written back, such as a phone number.
fn same_object(before: &Map<String, Value>, after: &Map<String, Value>) {
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let empty = |value: &Value| {
        value.is_null()
            || value == ""
            || value.as_array().is_some_and(Vec::is_empty)
            || value.as_object().is_some_and(Map::is_empty)
    };
    for name in names {
        let value = |object: &Map<String, Value>| object.get(name).cloned().unwrap_or_default();
        let (old, new) = (value(before), value(after));
        if let (Value::Object(old), Value::Object(new)) = (&old, &new) {
            same_object(old, new);
            continue;
        }
        let is_same = old == new || (empty(&old) && empty(&new)) || stored_as(name, &new, &old);
        assert!(is_same, "{name}: was {old}, is {new}, of {}", json!(after));
    }
}

/// Checks that all objects are as they were.
fn same(before: &Dump, after: &Dump) {
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    for (id, object) in before {
        same_object(object, &after[id]);
    }
}

/// A time right now, for `since`.
fn now() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Runs a plan with the token that it offers, and waits for its end.
async fn run(host: &Host, plan: &Value) -> Value {
    let mut arguments = json!({"plan": plan["plan"]});
    if let Some(token) = plan.get("confirmationToken") {
        arguments["confirmationToken"] = token.clone();
    }
    let running = host.answer("run_bulk", arguments).await;
    ended(host, &running["job"]).await
}

async fn ended(host: &Host, job: &Value) -> Value {
    for _ in 0..1200 {
        let shown = host.answer("get_bulk", json!({"job": job})).await;
        if shown["state"] != "running" {
            return shown;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the job {job} does not end");
}

/// Plans an undo and runs it.
async fn undo(host: &Host, selection: Value) -> Value {
    let plan = host.answer("undo_changes", selection).await;
    run(host, &plan).await
}

/// The journal's entries, oldest first.
async fn entries(account: &Account, host: &Host) -> Vec<Value> {
    let mut command = command(account, host.state.path());
    command.args(["journal", "--json"]);
    let ran = run_command(command).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The number of the newest entry.
async fn newest(account: &Account, host: &Host) -> Value {
    entries(account, host).await.last().unwrap()["seq"].clone()
}

/// A contact with a company, a phone number, an address and tags, as the sandbox stores it.
async fn full_contact(account: &Account) -> Value {
    let is_full = |contact: &Value| {
        contact["companyName"].is_string()
            && contact["phone"].is_string()
            && contact["address"]["city"].is_string()
            && contact["tags"].as_array().is_some_and(|tags| !tags.is_empty())
    };
    account.find("contacts", is_full).await
}
