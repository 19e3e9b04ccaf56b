//! Every tool in a server process over the sandbox's official API, which checks each request by HighLevel's files.

mod calls;
mod deep;
mod doubt;
pub mod fake;
mod files;
mod lists;
mod names;
mod prism;
mod quota;
mod scopes;
mod tools;
mod values;

use crate::support::{Account, Host};
use highlevel_sandbox::SandboxConfig;
use serde_json::Value;

async fn official() -> (Account, Host) {
    let account = Account::with(SandboxConfig::official()).await;
    let host = Host::new(&account, &[]).await;
    (account, host)
}

/// The requests that were refused, without those of which a test expects it.
async fn refused(account: &Account) -> Vec<String> {
    let requests = account.requests().await;
    let is_refusal = |request: &&Value| request["status"].as_u64().is_some_and(|status| status >= 400);
    requests.iter().filter(is_refusal).map(Value::to_string).collect()
}
