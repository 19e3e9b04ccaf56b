//! Updates, deletes and publishes against an API that misbehaves. A reported success took effect, a reported failure did
//! not, and nothing else is emptied, overwritten or lost.

mod applied;
mod doubt;
pub mod fake;
mod merging;
mod nulls;
mod order;
mod replace;
mod tags;
mod webhooks;

use crate::support::{Account, command, run};
use serde_json::Value;
use std::path::Path;

/// The object as the sandbox stores it.
async fn truth(account: &Account, kind: &str, id: &Value) -> Value {
    let objects = account.objects(kind).await;
    objects.into_iter().find(|object| object["id"] == *id).unwrap_or_default()
}

/// The bodies of a method's requests, in order.
async fn bodies(account: &Account, method: &str) -> Vec<Value> {
    let requests = account.requests().await;
    let body = |request: &Value| serde_json::from_str(request["body"].as_str().unwrap_or_default()).unwrap_or_default();
    requests.iter().filter(|request| request["method"] == method).map(body).collect()
}

/// The journal's lines in a state directory.
async fn journal(account: &Account, state: &Path) -> Vec<Value> {
    let mut command = command(account, state);
    command.args(["journal", "--json"]);
    let ran = run(command).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
