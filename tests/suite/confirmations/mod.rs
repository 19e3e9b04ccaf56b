//! A person confirms every delete and publish. Each way is tested with a real client over stdio, and judged by what the
//! sandbox stored.

mod bindings;
mod by_form;
mod by_setting;
mod by_token;
mod command_line;
mod previews;
mod rules;

use crate::support::Account;
use serde_json::Value;

/// A page with this status.
pub async fn page(account: &Account, status: &str) -> Value {
    account.find("pages", |page| page["status"] == status).await
}

pub fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap()
}

/// The number of writes that took effect.
pub async fn effects(account: &Account) -> u64 {
    let stats = account.stats().await;
    stats["effects"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum()
}
