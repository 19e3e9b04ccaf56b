//! The scopes that a login was granted: a call without its scope is refused before it is sent.

use super::*;
use crate::support::{Era, Host, Person};
use highlevel_mcp::api;
use serde_json::json;

/// The requests to contacts.
async fn asked_contacts(account: &Account) -> usize {
    account.requests().await.iter().filter(|request| request["path"].as_str().unwrap().starts_with("/contacts")).count()
}

#[tokio::test]
async fn a_call_without_its_scope_is_not_sent_and_another_login_mends_it() {
    let account = account(1200).await;
    let state = tempfile::tempdir().unwrap();
    log_in(&account, state.path(), &["--scope", "contacts.readonly locations.readonly"]).await;
    let server = command(&account, state.path(), &[]);
    let host = Host::start(server, tempfile::tempdir().unwrap(), Era::Modern, Person::Absent).await;
    let lead = json!({"firstName": "Ada", "lastName": "Scoped", "email": "ada@scoped.example"});
    let error = host.error("create_contact", lead.clone()).await;
    assert_eq!((&error["code"], &error["scope"]), (&json!("unauthorized"), &json!("contacts.write")), "{error}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("create_contact needs") && message.contains("auth login"), "{message}");
    assert_eq!(asked_contacts(&account).await, 0, "nothing was sent");
    host.answer("list_contacts", json!({"limit": 1})).await;

    // Refreshes keep what is known.
    account.expire_tokens().await;
    host.answer("list_contacts", json!({"limit": 1})).await;
    let asked = asked_contacts(&account).await;
    assert_eq!(host.error("create_contact", lead.clone()).await["scope"], "contacts.write");
    assert_eq!(asked_contacts(&account).await, asked);

    // The running server follows the next login.
    log_in(&account, state.path(), &[]).await;
    host.answer("create_contact", lead).await;
}

/// The default consent has every scope that the tools need: no tool is refused for one.
#[tokio::test]
async fn the_usual_login_lacks_no_scope() {
    let account = account(1200).await;
    let state = tempfile::tempdir().unwrap();
    log_in(&account, state.path(), &[]).await;
    account.forget_requests().await;
    let listed = highlevel(&account, state.path(), &["doctor", "--scopes", "--json"]).await;
    assert_eq!(listed.code, Some(0), "{listed:?}");
    let scopes = listed.json()["scopes"].as_array().unwrap().clone();
    let tools = api::catalog(api::Api::Official).iter().flat_map(|spec| spec.scopes.iter());
    for scope in tools.map(AsRef::<str>::as_ref).chain(["users.readonly", "locations/customFields.readonly"]) {
        let listed = scopes.iter().find(|one| one["scope"] == scope).unwrap_or_else(|| panic!("{scope}: {scopes:?}"));
        assert_eq!(listed["status"], "granted", "{scope}");
    }
    assert_eq!(account.requests().await.len(), 0, "the login tells by itself");
}

#[tokio::test]
async fn doctor_lists_what_a_login_was_granted() {
    let account = account(1200).await;
    let state = tempfile::tempdir().unwrap();
    log_in(&account, state.path(), &["--scope", "contacts.readonly locations.readonly blogs/list.readonly"]).await;
    let listed = highlevel(&account, state.path(), &["doctor", "--scopes", "--json"]).await;
    let listed = listed.json();
    let status = |scope: &str| {
        let scopes = listed["scopes"].as_array().unwrap();
        scopes.iter().find(|one| one["scope"] == scope).unwrap_or_else(|| panic!("{scope}: {listed}"))["status"].clone()
    };
    for (scope, expected) in [
        ("contacts.readonly", "granted"),
        ("blogs/list.readonly", "granted"),
        ("contacts.write", "missing"),
        ("opportunities.readonly", "missing"),
    ] {
        assert_eq!(status(scope), expected, "{scope}");
    }
    let table = highlevel(&account, state.path(), &["doctor", "--scopes"]).await;
    assert!(table.stdout.contains("contacts.write") && table.stderr.contains("auth login"), "{table:?}");
}
