//! Operations that rows of data describe: tools, requests, guard, look-ups and journal are those of typed operations.

use crate::support::{Account, Api, Era, Host, Person, Ran, command, run};
use highlevel_catalog::Inverse;
use highlevel_mcp::api::Registry;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// Rows as docs/architecture.md and CONTRIBUTING.md describe them.
const ROWS: &str = r#"
# A list that the API gives whole.
{"name": "list_field_definitions", "title": "List custom fields", "description": "List the account's custom fields.", "toolset": "locations", "effect": "read", "method": "GET", "path": "/locations/{locationId}/customFields", "scopes": ["locations/customFields.readonly"], "answer": "many", "listMember": "customFields", "arguments": {"model": {"type": "string", "enum": ["contact", "opportunity", "all"]}}, "fields": {"name": {"type": "string"}, "fieldKey": {"type": "string"}}}
# An update whose answer shows nothing: the object is read back. It is guarded.
{"name": "set_deal_status", "title": "Set deal status", "description": "Set a deal's status.", "toolset": "opportunities", "effect": "update", "effectRules": [{"effect": "send", "when": {"argument": {"name": "status", "values": ["won"]}}}], "method": "PUT", "path": "/opportunities/{id}/status", "answer": {"one": "opportunity"}, "arguments": {"id": {"type": "string"}, "status": {"type": "string", "enum": ["open", "won", "lost", "abandoned"]}}, "required": ["id", "status"], "fields": {"status": {"type": "string"}}, "idField": "id", "readBack": {"get": "get_opportunity"}, "inverse": {"operation": "set_deal_status", "values": "before"}}
# Two creates of the same request: one says how it is looked up, one does not.
{"name": "add_lead", "title": "Add lead", "description": "Add a lead.", "toolset": "contacts", "effect": "create", "method": "POST", "path": "/contacts/", "answer": {"one": "contact"}, "arguments": {"email": {"type": "string"}}, "required": ["email"], "fields": {"email": {"type": "string"}}, "scopeFields": [{"name": "locationId", "of": "location"}], "lookup": {"list": "list_contacts", "fields": [{"name": "email", "filter": "email"}], "any": true}, "readBack": {"get": "get_contact"}}
{"name": "add_unknown_lead", "title": "Add lead", "description": "Add a lead.", "toolset": "contacts", "effect": "create", "method": "POST", "path": "/contacts/", "answer": {"one": "contact"}, "arguments": {"email": {"type": "string"}}, "required": ["email"], "scopeFields": [{"name": "locationId", "of": "location"}]}
"#;

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::with_rows(ROWS).unwrap());

async fn host(person: Person) -> (Account, Host) {
    let account = Account::of(Api::Official).await;
    let host = Host::of_registry(&account, Era::Modern, person, Some(&REGISTRY)).await;
    (account, host)
}

#[tokio::test]
async fn a_row_is_a_tool_behind_all_others() {
    let (_account, host) = host(Person::Absent).await;
    let tools = host.session.list_all_tools().await.unwrap();
    let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_ref()).collect();
    assert_eq!(names[names.len() - 4..], ["list_field_definitions", "set_deal_status", "add_lead", "add_unknown_lead"]);
    let status = serde_json::to_value(&tools[names.len() - 3]).unwrap();
    assert_eq!(status["inputSchema"]["required"], json!(["id", "status"]));
    assert!(status["inputSchema"]["properties"]["confirmationToken"].is_object(), "some calls need a person");
    assert_eq!(status["annotations"]["readOnlyHint"], false);
    for schema in [&status["inputSchema"], &status["outputSchema"]] {
        jsonschema::meta::validate(schema).unwrap();
    }
}

#[tokio::test]
async fn a_list_is_read_and_cut_like_any_other() {
    let (account, host) = host(Person::Absent).await;
    let all = host.answer("list_field_definitions", json!({"model": "all"})).await;
    let count = all["data"].as_array().unwrap().len();
    assert!(count > 2 && all["meta"].get("nextOffset").is_none(), "{all}");
    let part = host.answer("list_field_definitions", json!({"model": "all", "limit": 2, "fields": ["name"]})).await;
    assert_eq!((part["data"].as_array().unwrap().len(), &part["meta"]["nextOffset"]), (2, &json!(2)));
    assert!(part["data"][0].get("fieldKey").is_none() && part["data"][0]["name"].is_string());
    let error = host.error("list_field_definitions", json!({"model": "deal"})).await;
    assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!("model")));
    let requests = account.requests().await;
    let last = requests.last().unwrap();
    assert_eq!(last["path"], format!("/locations/{}/customFields", account.location().unwrap()));
    assert_eq!(last["status"], 200);
}

#[tokio::test]
async fn an_update_is_read_back_and_journaled() {
    let (account, host) = host(Person::Absent).await;
    let deal = account.find("opportunities", |deal| deal["status"] == "open").await;
    let changed = host.answer("set_deal_status", json!({"id": deal["id"], "status": "lost"})).await;
    assert_eq!((&changed["id"], &changed["status"], changed.get("notApplied")), (&deal["id"], &json!("lost"), None));
    let mut journal = command(&account, host.state.path());
    journal.args(["journal", "--json"]);
    let Ran { stdout, .. } = run(journal).await;
    assert!(stdout.contains("set_deal_status") && stdout.contains("\"done\""), "{stdout}");
    let spec = REGISTRY.catalog().find("set_deal_status").unwrap();
    assert_eq!(spec.inverse, Some(Inverse::to_before("set_deal_status")));
}

#[tokio::test]
async fn a_person_is_asked_where_the_row_says_so() {
    let (account, host) = host(Person::Absent).await;
    let deal = account.find("opportunities", |deal| deal["status"] == "open").await;
    let won = json!({"id": deal["id"], "status": "won"});
    let asked = host.error("set_deal_status", won.clone()).await;
    assert_eq!(asked["code"], "confirmation_required");
    assert_eq!(asked["preview"]["object"]["name"], deal["name"]);
    let mut agreed = won;
    agreed["confirmationToken"] = asked["confirmationToken"].clone();
    assert_eq!(host.answer("set_deal_status", agreed).await["status"], "won");
}

#[tokio::test]
async fn only_a_create_that_says_how_is_looked_up() {
    let (account, host) = host(Person::Absent).await;
    account.faults("500-after@POST /contacts/").await;
    let found = host.answer("add_lead", json!({"email": "row@lead.example"})).await;
    assert_eq!(found["email"], "row@lead.example");
    let error = host.error("add_unknown_lead", json!({"email": "other@lead.example"})).await;
    assert_eq!(error["code"], "outcome_unknown", "{error}");
    assert!(error.get("lookedIn").is_none(), "{error}");
    let emails = account.objects("contacts").await;
    let count = |email: &str| emails.iter().filter(|contact| contact["email"] == email).count();
    assert_eq!((count("row@lead.example"), count("other@lead.example")), (1, 1), "each was sent once");
}

#[tokio::test]
async fn the_laws_of_typed_operations_hold_for_rows() {
    let row = |name: &str, value: Value| {
        let mut row = json!({"name": "read_x", "title": "X", "description": "X.", "toolset": "contacts",
            "effect": "read", "method": "GET", "path": "/x", "answer": "many"});
        row[name] = value;
        Registry::with_rows(&row.to_string()).map(drop).map_err(|error| error.message)
    };
    assert_eq!(row("title", json!("Y")), Ok(()));
    for (name, value, law) in [
        ("effect", json!("create"), "a GET has the effect `read`"),
        ("method", json!("DELETE"), "the method DELETE and the effect `delete` go together"),
        ("clearable", json!(["a"]), "only an update has clearable fields"),
        ("path", json!("/x/{id}"), "{id}"),
        ("effect", json!("explode"), "explode"),
        ("colour", json!("red"), "colour"),
    ] {
        let error = row(name, value).unwrap_err();
        assert!(error.starts_with("Line 1 of the operations") && error.contains(law), "{error}");
    }
}

/// The row that CONTRIBUTING.md shows is a row.
#[test]
fn the_row_in_contributing_can_be_read() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/CONTRIBUTING.md")).unwrap();
    let (_, row) = text.split_once("```json\n").unwrap();
    let (row, _) = row.split_once("```").unwrap();
    let registry = Registry::with_rows(row).unwrap();
    assert!(registry.catalog().find("list_field_definitions").is_some());
}
