//! search_operations and describe_operation over stdio.

use super::host;
use crate::support::Person;
use serde_json::{Value, json};

#[tokio::test]
async fn an_operation_is_described_with_an_example_that_runs() {
    let (account, host) = host(Person::Absent, &[]).await;
    let described = host.answer("describe_operation", json!({"operation": "contacts.create-note"})).await;
    assert_eq!(described["request"], "POST /contacts/{contactId}/notes");
    assert_eq!(described["effect"], "create");
    assert_eq!(described["scopes"], "contacts.write");
    let contact = account.objects("contacts").await[0]["id"].clone();
    let mut arguments = described["example"].clone();
    arguments["contactId"] = contact.clone();
    let made = host.answer("run_operation", super::run("contacts.create-note", arguments)).await;
    assert_eq!(made["note"]["contactId"], contact, "{made}");
}

#[tokio::test]
async fn one_argument_is_described_in_full() {
    let (_account, host) = host(Person::Absent, &[]).await;
    let asked = json!({"operation": "invoices.create-invoice", "argument": "items"});
    let part = host.answer("describe_operation", asked).await;
    let kind = part["type"].as_str().unwrap();
    assert!(kind.starts_with('[') && kind.contains("name!") && kind.contains("amount"), "{kind}");
    let error =
        host.error("describe_operation", json!({"operation": "invoices.create-invoice", "argument": "itms"})).await;
    assert_eq!(error["field"], "argument");
    assert!(error["message"].as_str().unwrap().contains("`items`"), "{error}");
}

#[tokio::test]
async fn an_unknown_operation_is_answered_with_the_nearest() {
    let (_account, host) = host(Person::Absent, &[]).await;
    for tool in ["describe_operation", "run_operation"] {
        let error = host.error(tool, json!({"operation": "contacts.creat-note"})).await;
        assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!("operation")));
        assert!(error["message"].as_str().unwrap().contains("`contacts.create-note`"), "{error}");
    }
}

/// The session API has none of these tools.
#[tokio::test]
async fn the_session_api_lists_none_of_them() {
    let account = crate::support::Account::new().await;
    let host = crate::support::Host::new(&account, &["--toolsets", "all"]).await;
    let tools = host.session.list_all_tools().await.unwrap();
    assert!(tools.iter().all(|tool| !tool.name.ends_with("_operation") && !tool.name.ends_with("_operations")));
    let error = host.error("run_operation", json!({"operation": "contacts.get-contact"})).await;
    assert_eq!(error["code"], "policy_denied", "{error}");
    assert!(error["message"].as_str().is_some_and(|text| text.contains("--api official")), "{error}");
    assert!(matches!(error["details"], Value::Null));
}
