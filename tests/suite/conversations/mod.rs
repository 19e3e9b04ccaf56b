//! Conversations, messages and workflows over the official API, with plain and live manners. The sandbox's own counts are
//! the judge of what was sent.

mod doubt;
mod reading;
mod sending;
mod workflows;

use crate::support::{Account, Api, Era, Host, Manners, Person};
use serde_json::{Value, json};

/// The manners of the tests: HighLevel's files, and what live accounts do.
const MANNERS: [&str; 2] = ["plain", "live,lag:300,settle:200"];

async fn account(manners: &str) -> Account {
    let manners: Manners = manners.parse().unwrap();
    Account::in_manners(Api::Official, manners).await
}

/// A host with a person who agrees.
async fn host(account: &Account) -> Host {
    Host::with(account, &[], Era::Modern, Person::agrees()).await
}

/// How many messages reached somebody, and how many workflows began or ended for a contact.
async fn effects(account: &Account) -> (u64, u64) {
    let effects = account.stats().await["effects"].clone();
    (effects["sends"].as_u64().unwrap(), effects["starts"].as_u64().unwrap())
}

/// How many requests of an operation arrived.
async fn count(account: &Account, operation: &str) -> u64 {
    account.stats().await["byOperation"][operation].as_u64().unwrap_or_default()
}

/// A contact of the account with these members.
async fn contact(account: &Account, members: Value) -> Value {
    let all = account.objects("contacts").await;
    let quiet = |contact: &&Value| contact.get("dnd").is_none() && contact.get("dndSettings").is_none();
    let id = text(all.iter().find(quiet).unwrap(), "id").to_owned();
    account.change("contacts", &id, members).await;
    account.find("contacts", |contact| contact["id"] == id.as_str()).await
}

fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object[name].as_str().unwrap_or_else(|| panic!("no {name}: {object}"))
}

fn data(list: &Value) -> &Vec<Value> {
    list["data"].as_array().unwrap()
}

fn sms(contact: &Value, body: &str) -> Value {
    json!({"contactId": contact["id"], "channel": "SMS", "body": body})
}
