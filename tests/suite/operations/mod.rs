//! Every operation of the official API: found, described and run, behind the same guard as the tools.

mod all;
mod described;
mod downloads;
mod found;
mod guarded;
mod location;
mod pages;
mod run;
mod secrets;
mod sends;
mod uploads;

use crate::support::{Account, Api, Era, Host, Person};
use serde_json::{Value, json};

async fn host(person: Person, flags: &[&str]) -> (Account, Host) {
    let account = Account::of(Api::Official).await;
    let host = Host::with(&account, flags, Era::Modern, person).await;
    (account, host)
}

/// The arguments of run_operation.
fn run(operation: &str, arguments: Value) -> Value {
    json!({"operation": operation, "arguments": arguments})
}
