//! The mirror: filled from the account, updated by the tools' own writes, and queried by SQL.

mod all_accounts;
mod apart;
mod capped;
mod changes;
mod charts;
mod command_line;
mod daily;
mod drift;
mod filling;
mod freshness;
mod hostile;
mod killed;
mod money;
mod policy;
mod served_accounts;
mod soak;
mod spelling;
mod unreadable;
mod values;
mod waiting;
mod writes;

use crate::support::{Account, Api, Host, on_both_apis};
use highlevel_sandbox::SandboxConfig;
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};

/// An account of `n` contacts with a practically unlimited quota.
pub async fn account(api: Api, contacts: usize) -> Account {
    let config = SandboxConfig {
        api,
        contacts,
        rate_limit: 20_000,
        rate_window: Duration::from_secs(10),
        ..SandboxConfig::default()
    };
    Account::with(config).await
}

/// An account of `n` contacts that allows `rate_limit` requests a second.
pub async fn slow_account(api: Api, contacts: usize, rate_limit: u32) -> Account {
    let rate_window = Duration::from_secs(1);
    Account::with(SandboxConfig { api, contacts, rate_limit, rate_window, ..SandboxConfig::default() }).await
}

/// The rows of a statement.
pub async fn rows(host: &Host, sql: &str) -> Vec<Value> {
    answer(host, json!({"sql": sql})).await["rows"].as_array().unwrap().clone()
}

pub async fn answer(host: &Host, arguments: Value) -> Value {
    host.answer("query_crm", arguments).await
}

/// The first cell of a statement's only row.
pub async fn cell(host: &Host, sql: &str) -> Value {
    rows(host, sql).await[0][0].clone()
}

/// Repeats a statement until its first cell is as wanted: tables may be read after the answer.
pub async fn until(host: &Host, arguments: Value, wanted: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..400 {
        let answer = answer(host, arguments.clone()).await;
        if wanted(&answer) {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never came: {arguments}");
}

/// The ids of all objects of a kind that the API can report, as the sandbox stores them.
pub async fn true_ids(account: &Account, kind: &str) -> BTreeSet<String> {
    let objects = account.reported(kind).await;
    objects.iter().map(|object| object["id"].as_str().unwrap().to_owned()).collect()
}

/// The number of requests to a list since the last reset, by its path in the session API.
pub async fn requests_to(account: &Account, path: &str) -> usize {
    let path = account.list_path(path);
    account.requests().await.iter().filter(|request| request["path"] == path).count()
}
