//! `describe_crm` describes, in few tokens, everything that a statement needs, and nothing that does not work.

use crate::support::{Account, Api, Host, on_both_apis};
use highlevel_sandbox::SandboxConfig;
use highlevel_store::TABLES;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The described tables with their columns.
fn tables(described: &Value) -> BTreeMap<String, Vec<String>> {
    let columns = |text: &Value| {
        let text = text.as_str().unwrap();
        let columns = text.rsplit(": ").next().unwrap();
        columns.split(", ").map(str::to_owned).collect()
    };
    described["tables"].as_object().unwrap().iter().map(|(name, text)| (name.clone(), columns(text))).collect()
}

/// The object's value for a column: its member of this name, or its address's.
fn member<'a>(object: &'a Value, column: &str) -> &'a Value {
    let within = &object["address"][column];
    if within.is_null() { &object[column] } else { within }
}

async fn column(host: &Host, sql: String) -> Vec<Value> {
    let answer = host.answer("query_crm", json!({"sql": sql})).await;
    assert_eq!(answer["complete"], true, "{answer}");
    let rows = answer["rows"].as_array().unwrap();
    rows.iter().map(|row| row[0].clone()).collect()
}

/// Checks the cost of the description of an account of this size.
pub async fn is_short(host: &Host, contacts: usize) {
    let described = host.answer("describe_crm", json!({})).await;
    let tokens = tiktoken_rs::o200k_base().unwrap().encode_ordinary(&described.to_string()).len();
    assert!(tokens < 900, "{tokens} tokens: {described:#}");
    let rows = format!("{contacts} rows");
    assert!(described["tables"]["contacts"].as_str().unwrap().starts_with(&rows), "{described:#}");
}

on_both_apis!(the_sample_account_is_described_in_few_words);

async fn the_sample_account_is_described_in_few_words(api: Api) {
    let account = Account::with(SandboxConfig { api, ..SandboxConfig::default() }).await;
    let host = Host::new(&account, &[]).await;
    is_short(&host, 250).await;
    // After all tables were read, too.
    for table in TABLES.iter().filter(|table| account.has(table.tool)) {
        host.answer("query_crm", json!({"sql": format!("select count(*) from {}", table.name)})).await;
    }
    is_short(&host, 250).await;
}

#[tokio::test]
async fn exactly_the_described_columns_can_be_selected() {
    let account = Account::new().await;
    let host = Host::new(&account, &[]).await;
    let described = host.answer("describe_crm", json!({})).await;
    for (table, columns) in tables(&described) {
        let named =
            host.answer("query_crm", json!({"sql": format!("SELECT {} FROM {table}", columns.join(", "))})).await;
        let every = host.answer("query_crm", json!({"sql": format!("SELECT * FROM {table}")})).await;
        assert_eq!((&named["columns"], &named["rows"]), (&every["columns"], &every["rows"]), "{table}");
        assert!(!every["rows"].as_array().unwrap().is_empty(), "{table} is empty");
    }
}

/// A column that is wrongly empty would make "which have none?" answer wrong.
#[tokio::test]
async fn every_column_holds_as_many_values_as_the_account_has() {
    let account = Account::new().await;
    let host = Host::new(&account, &[]).await;
    let described = host.answer("describe_crm", json!({})).await;
    for (table, columns) in tables(&described) {
        if table.contains('_') {
            continue;
        }
        // The mirror has only the users that it met, and says that only one location is read in full.
        let met: BTreeSet<_> =
            column(&host, format!("SELECT id FROM {table}")).await.into_iter().map(|id| id.to_string()).collect();
        let mut objects = account.objects(&table).await;
        assert!(table == "users" || met.len() == objects.len(), "{table}");
        objects.retain(|object| met.contains(&object["id"].to_string()));
        objects.truncate(if table == "locations" { 1 } else { usize::MAX });
        for name in columns.iter().filter(|name| *name != "other") {
            let there = objects.iter().filter(|object| !member(object, name).is_null()).count();
            let first = if table == "locations" { objects[0]["id"].as_str().unwrap() } else { "" };
            let count = format!("SELECT count({name}) FROM {table} WHERE id = '{first}' OR '{first}' = ''");
            assert_eq!(column(&host, count).await, [there], "{table}.{name}");
        }
        // What a contact does not want to be disturbed by has no column.
        let more = |object: &&Value| !object["dnd"].is_null() || !object["dndSettings"].is_null();
        let more = objects.iter().filter(more).count();
        assert_eq!(column(&host, format!("SELECT count(other) FROM {table}")).await, [more], "{table}.other");
    }
}

#[tokio::test]
async fn the_described_values_of_a_column_are_those_in_it() {
    let account = Account::new().await;
    let host = Host::new(&account, &[]).await;
    let described = host.answer("describe_crm", json!({})).await;
    for (at, kind, name) in [
        ("opportunities.status", "opportunities", "status"),
        ("opportunities.stage", "opportunities", "stage"),
        ("opportunities.currency", "opportunities", "currency"),
        ("contacts.source", "contacts", "source"),
        ("campaigns.type", "campaigns", "type"),
        ("pages.status", "pages", "status"),
        ("funnels.type", "funnels", "type"),
    ] {
        let objects = account.objects(kind).await;
        let there: BTreeSet<_> = objects.iter().map(|object| object[name].as_str().unwrap()).collect();
        let shown: BTreeSet<_> = described["words"][at].as_str().unwrap().split(", ").collect();
        assert_eq!(shown, there, "{at}");
    }
    let keys: BTreeSet<_> = described["words"]["contact_fields.key"].as_str().unwrap().split(", ").collect();
    assert_eq!(keys, BTreeSet::from(["employees", "industry", "preferredContact"]));
    // The most frequent tag comes first.
    let tags = column(&host, "SELECT tag FROM contact_tags GROUP BY tag ORDER BY count(*) DESC, tag".into()).await;
    let shown: Vec<_> = described["words"]["contact_tags.tag"].as_str().unwrap().split(", ").collect();
    assert_eq!(json!(shown), json!(tags));
}

/// With `tables` only these are described, and only these are read.
#[tokio::test]
async fn the_wanted_tables_are_described() {
    let account = Account::new().await;
    let host = Host::new(&account, &["--exclude-tools", "list_pages"]).await;
    let described = host.answer("describe_crm", json!({"tables": ["campaigns", "Funnel_Pages"]})).await;
    let names: Vec<_> = described["tables"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["campaigns", "funnels", "funnel_pages"], "{described}");
    let words: Vec<_> = described["words"].as_object().unwrap().keys().collect();
    assert_eq!(words, ["campaigns.status", "campaigns.type", "funnels.type"], "{described}");
    let read = account.requests().await;
    assert!(read.iter().all(|request| request["path"] != "/contact"), "{read:?}");
    for (tool, argument, name, code, part) in [
        ("describe_crm", "tables", "campains", "invalid_arguments", "Did you mean campaigns?"),
        ("search_crm", "table", "contcts", "invalid_arguments", "Did you mean contacts?"),
        ("describe_crm", "tables", "pages", "policy_denied", "list_pages"),
        ("changes_since", "table", "messages", "policy_denied", "list_messages"),
    ] {
        let value = if argument == "tables" { json!([name]) } else { json!(name) };
        let error = host.error(tool, arguments(tool, argument, &value)).await;
        assert_eq!(error["code"], code, "{tool} {name}: {error}");
        assert!(error["message"].as_str().unwrap().contains(part), "{tool} {name}: {error}");
    }
}

/// The arguments of a call, with those that the tool requires.
fn arguments(tool: &str, name: &str, value: &Value) -> Value {
    match tool {
        "search_crm" => json!({"text": "x", name: value}),
        "changes_since" => json!({"since": "2025-01-01", name: value}),
        _ => json!({name: value}),
    }
}

#[tokio::test]
async fn hidden_tables_are_not_described() {
    let account = Account::new().await;
    let host = Host::new(&account, &["--exclude-tools", "list_pages"]).await;
    let described = host.answer("describe_crm", json!({})).await.to_string();
    assert!(!described.contains("slug") && !described.contains("pages.status"), "{described}");
    assert_eq!(host.error("query_crm", json!({"sql": "SELECT slug FROM pages"})).await["code"], "policy_denied");
}
