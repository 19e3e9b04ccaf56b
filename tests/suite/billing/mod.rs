//! Forms, invoices and payments over stdio against the official API, plain and with live manners. The expected requests and
//! answers are written by hand from HighLevel's files; the sandbox's stored objects and counts are the judge.

mod creates;
mod doubt;
mod forms;
mod lists;
mod sends;

use crate::support::{Account, Api, Era, Host, Manners, Person};
use serde_json::Value;

/// An account with these manners, and a host whose person agrees.
async fn agreeing(manners: Manners) -> (Account, Host) {
    let account = Account::in_manners(Api::Official, manners).await;
    let host = Host::with(&account, &[], Era::Modern, Person::agrees()).await;
    (account, host)
}

/// Plain and live manners.
fn all_manners() -> [Manners; 2] {
    [Manners::plain(), "live,lag:300".parse().unwrap()]
}

/// The id of a stored invoice with this status.
async fn invoice(account: &Account, status: &str) -> String {
    let found = account.find("invoices", |one| one["status"] == status && one["contactDetails"]["email"] != "").await;
    found["id"].as_str().unwrap().to_owned()
}

/// How often an invoice was sent.
async fn sends(account: &Account, id: &str) -> usize {
    let stored = account.find("invoices", |one| one["id"] == *id).await;
    stored["sends"].as_array().map_or(0, Vec::len)
}

/// The requests of an operation that arrived: the method, and the end of the path.
async fn arrived(account: &Account, method: &str, ending: &str) -> Vec<Value> {
    let mut requests = account.requests().await;
    requests.retain(|one| one["method"] == method && one["path"].as_str().unwrap().ends_with(ending));
    requests
}
