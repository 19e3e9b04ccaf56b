//! Quota, token, writes under faults, hostile ids and secrets, judged by the sandbox's counts.

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

/// Calls a tool `times` times at once.
async fn at_once(host: &Host, tool: &'static str, arguments: &Value, times: usize) -> Vec<CallToolResult> {
    join_all((0..times).map(|_| host.call(tool, arguments.clone()))).await
}

fn failures(results: &[CallToolResult]) -> Vec<String> {
    let failed = results.iter().filter(|result| result.is_error == Some(true));
    failed.map(|result| result.content[0].as_text().unwrap().text.clone()).collect()
}

/// The number of an operation's requests, as the sandbox counted them.
async fn count(account: &Account, operation: &str) -> u64 {
    account.stats().await["byOperation"].get(operation).and_then(Value::as_u64).unwrap_or(0)
}

fn contact(email: &str) -> Value {
    json!({"firstName": "Ada", "lastName": "Example", "email": email})
}
