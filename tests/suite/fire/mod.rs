//! Quota, token, writes under faults, hostile ids and secrets: judged by what the sandbox counted, not by the client's word.

mod canaries;
mod creates;
mod others;
mod paths;
mod quota;
mod secrets;
mod token;
mod wrapped;

use crate::support::{Account, Host};
use futures::future::join_all;
use rmcp::model::CallToolResult;
use serde_json::{Value, json};

/// Calls a tool so often at once.
async fn at_once(host: &Host, tool: &'static str, arguments: &Value, times: usize) -> Vec<CallToolResult> {
    join_all((0..times).map(|_| host.call(tool, arguments.clone()))).await
}

fn failures(results: &[CallToolResult]) -> Vec<String> {
    let failed = results.iter().filter(|result| result.is_error == Some(true));
    failed.map(|result| result.content[0].as_text().unwrap().text.clone()).collect()
}

/// How many requests of an operation the sandbox counted.
async fn count(account: &Account, operation: &str) -> u64 {
    account.stats().await["byOperation"].get(operation).and_then(Value::as_u64).unwrap_or(0)
}

fn contact(email: &str) -> Value {
    json!({"firstName": "Ada", "lastName": "Example", "email": email})
}
