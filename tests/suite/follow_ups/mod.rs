//! Notes, tasks, upserts and deletions over the official API, judged by what the sandbox stored.

mod deletions;
mod tasks;
mod upserts;

use crate::support::{Account, Api, Era, Host, Manners, Person, command};
use highlevel_sandbox::SandboxConfig;
use serde_json::Value;
use std::path::Path;

/// An account in these manners, with a host whose person agrees.
async fn with(manners: Manners, flags: &[&str]) -> (Account, Host) {
    let account = Account::in_manners(Api::Official, manners).await;
    let host = Host::with(&account, flags, Era::Modern, Person::agrees()).await;
    (account, host)
}

/// An account that follows HighLevel's files, with a host whose person agrees.
async fn plain() -> (Account, Host) {
    let account = Account::with(SandboxConfig::official()).await;
    let host = Host::with(&account, &[], Era::Modern, Person::agrees()).await;
    (account, host)
}

/// A further server process with this state directory.
async fn process(account: &Account, state: &Path) -> Host {
    Host::start(command(account, state), tempfile::tempdir().unwrap(), Era::Modern, Person::Absent).await
}

fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object[name].as_str().unwrap_or_default()
}

async fn stored(account: &Account, kind: &str, id: &str) -> Option<Value> {
    account.objects(kind).await.into_iter().find(|object| object["id"] == id)
}

fn data(list: &Value) -> &Vec<Value> {
    list["data"].as_array().unwrap()
}

/// The bodies of the requests with this method and path.
async fn bodies(account: &Account, method: &str, path: &str) -> Vec<Value> {
    let requests = account.requests().await;
    let sent = requests.iter().filter(|request| request["method"] == method && request["path"] == path);
    sent.map(|request| serde_json::from_str(request["body"].as_str().unwrap_or("null")).unwrap_or_default()).collect()
}
