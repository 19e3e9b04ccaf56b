//! `--allow-unconfirmed`: sends and starts that run without a person, within ceilings for all processes of a state
//! directory. The sandbox's objects are the judge of what was sent.

mod beyond;
mod ceilings;
mod doubt;
mod settings;

use crate::support::{Account, Api, Host, Person};
use highlevel_mcp::api::Registry;
use highlevel_sandbox::SandboxConfig;
use serde_json::{Value, json};
use std::{path::Path, sync::LazyLock};

/// Sends and starts over routes of the sandbox, with recipients by address, by contact, and by neither.
const ROWS: &str = r#"
{"name": "list_pipelines", "title": "List pipelines", "description": "List pipelines.", "toolset": "opportunities", "effect": "read", "method": "GET", "path": "/opportunities/pipelines", "answer": "many", "listMember": "pipelines", "scopeFields": [{"name": "locationId", "of": "location"}]}
{"name": "greet_lead", "title": "Greet lead", "description": "Greet.", "toolset": "contacts", "effect": "send", "effectRules": [{"effect": "money", "when": {"given": {"name": "source"}}}, {"effect": "send", "when": "always"}], "method": "POST", "path": "/contacts/", "answer": {"one": "contact"}, "arguments": {"email": {"type": "string"}, "source": {"type": "string"}}, "required": ["email"], "scopeFields": [{"name": "locationId", "of": "location"}]}
{"name": "start_deal", "title": "Start deal", "description": "Start.", "toolset": "opportunities", "effect": "start", "method": "POST", "path": "/opportunities/", "answer": {"one": "opportunity"}, "arguments": {"contactId": {"type": "string"}, "name": {"type": "string"}, "pipelineId": {"type": "string"}, "status": {"type": "string"}}, "required": ["contactId", "name"], "scopeFields": [{"name": "locationId", "of": "location"}]}
{"name": "win_deal", "title": "Win deal", "description": "Win.", "toolset": "opportunities", "effect": "update", "effectRules": [{"effect": "send", "when": {"argument": {"name": "status", "values": ["won"]}}}], "method": "PUT", "path": "/opportunities/{id}/status", "answer": {"one": "opportunity"}, "arguments": {"id": {"type": "string"}, "status": {"type": "string"}}, "required": ["id", "status"], "idField": "id", "readBack": {"get": "get_opportunity"}}
"#;

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::with_rows(ROWS).unwrap());

/// The flags that allow these tools, so many in an hour, and so many for one recipient in a day.
fn flags<'a>(tools: &'a str, hour: &'a str, day: &'a str) -> [&'a str; 6] {
    ["--allow-unconfirmed", tools, "--max-unconfirmed-per-hour", hour, "--max-unconfirmed-per-recipient-day", day]
}

async fn account() -> Account {
    let config = SandboxConfig { rate_limit: 100_000, daily_limit: 1_000_000, ..SandboxConfig::official() };
    Account::with(SandboxConfig { api: Api::Official, ..config }).await
}

/// A server of its own on a state directory, without a person.
async fn host(account: &Account, state: &Path, flags: &[&str]) -> Host {
    Host::sharing(account, state, &REGISTRY, flags, Person::Absent).await
}

fn greeting(number: usize) -> Value {
    json!({"email": format!("lead{number}@greet.example")})
}

/// How many greetings arrived.
async fn greeted(account: &Account) -> usize {
    let is_greeted =
        |contact: &&Value| contact["email"].as_str().is_some_and(|email| email.ends_with("@greet.example"));
    account.objects("contacts").await.iter().filter(is_greeted).count()
}

/// The arguments that start a deal of this name for a contact.
async fn deal(host: &Host, contact: &Value, name: &str) -> Value {
    deal_of(&host.answer("list_pipelines", json!({})).await, contact, name)
}

fn deal_of(pipelines: &Value, contact: &Value, name: &str) -> Value {
    json!({"contactId": contact["id"], "name": name, "status": "open", "pipelineId": pipelines["data"][0]["id"]})
}

/// How many deals of this name there are.
async fn deals(account: &Account, name: &str) -> usize {
    account.objects("opportunities").await.iter().filter(|deal| deal["name"] == name).count()
}
